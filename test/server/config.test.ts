import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { readConfig } from '../../server/config.ts'
import { CongvanError } from '../../server/errors.ts'

function problemsOf(environment: Record<string, string>): string {
  try {
    readConfig(environment)
  } catch (error) {
    expect(error).to.be.instanceOf(CongvanError)
    expect((error as CongvanError).code).to.equal('CONFIGURATION_INVALID')
    return String((error as CongvanError).params.problems)
  }
  throw new Error('the configuration was accepted')
}

describe('config', () => {
  let folder: string
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'congvan-config-'))
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  it('needs only the node’s name', () => {
    const config = readConfig({ CONGVAN_NODE_ID: 'xa', PATH: '/bin' })
    expect(config.host).to.equal('127.0.0.1')
    expect(config.databaseUrl).to.equal(undefined)
    expect(config.limits.fileBytes).to.equal(50_000_000)
  })

  it('has no setting for what a guess at a password costs', () => {
    expect(readConfig({ CONGVAN_NODE_ID: 'xa' }).limits.passwordLogCost).to.equal(15)
    for (const name of ['CONGVAN_PASSWORD_LOG_COST', 'CONGVAN_PASSWORD_COST']) {
      expect(problemsOf({ CONGVAN_NODE_ID: 'xa', [name]: '10' })).to.contain(name)
    }
  })

  it('reports all problems at once, unknown names among them', () => {
    const problems = problemsOf({
      CONGVAN_PORT: '99999',
      CONGVAN_NODE_ID: 'Tỉnh A',
      CONGVAN_MAX_FILE_SIZE: '1',
      DATABASE_URL: 'mysql://x',
    })
    for (const name of ['CONGVAN_PORT', 'CONGVAN_NODE_ID', 'CONGVAN_MAX_FILE_SIZE', 'DATABASE_URL']) {
      expect(problems).to.contain(name)
    }
    expect(problems.split('\n')).to.have.length(4)
    expect(problems).to.contain('CONGVAN_MAX_FILE_BYTES?')
  })

  it('takes one host for the database, not a list', () => {
    const problems = problemsOf({
      CONGVAN_NODE_ID: 'xa',
      DATABASE_URL: 'postgres://app:hush@a:5432,b:5432/db',
    })
    expect(problems).to.equal('  - DATABASE_URL: chỉ một máy / one host only')
  })

  it('does not repeat a password in its problems', () => {
    const problems = problemsOf({ CONGVAN_NODE_ID: 'xa', DATABASE_URL: 'postgres://app:hush@/' })
    expect(problems).not.to.contain('hush')
  })

  it('refuses plain HTTP on another address unless the proxy in front is named', () => {
    expect(problemsOf({ CONGVAN_NODE_ID: 'xa', CONGVAN_HOST: '0.0.0.0' })).to.contain('CONGVAN_BEHIND_PROXY')
    const config = readConfig({
      CONGVAN_NODE_ID: 'xa',
      CONGVAN_HOST: '0.0.0.0',
      CONGVAN_BEHIND_PROXY: 'nginx',
    })
    expect(config.host).to.equal('0.0.0.0')
  })

  it('reads a file, over which the environment wins', () => {
    const file = join(folder, 'node.env')
    writeFileSync(file, 'CONGVAN_NODE_ID=tinh\nCONGVAN_PORT=9001\nCONGVAN_WRONG=1\n')
    expect(problemsOf({ CONGVAN_CONFIG: file })).to.contain('CONGVAN_WRONG')
    writeFileSync(file, 'CONGVAN_NODE_ID=tinh\nCONGVAN_PORT=9001\n')
    const config = readConfig({ CONGVAN_CONFIG: file, CONGVAN_PORT: '9002' })
    expect([config.nodeId, config.port]).to.deep.equal(['tinh', 9002])
  })

  it('takes an empty setting for none, in the file and in the environment', () => {
    const file = join(folder, 'node.env')
    writeFileSync(file, 'CONGVAN_NODE_ID=tinh\nCONGVAN_PUBLIC_URL=\nDATABASE_URL=\n')
    const config = readConfig({ CONGVAN_CONFIG: file, CONGVAN_PORT: '' })
    expect([config.publicUrl, config.databaseUrl, config.port]).to.deep.equal([undefined, undefined, 8080])
    expect(readConfig({ CONGVAN_NODE_ID: 'xa', CONGVAN_CONFIG: '' }).nodeId).to.equal('xa')
  })

  it('refuses an owner of a database that it was not told of', () => {
    const owner = { CONGVAN_OWNER_DATABASE_URL: 'postgres://owner:x@localhost/congvan' }
    expect(problemsOf({ CONGVAN_NODE_ID: 'xa', ...owner })).to.contain('DATABASE_URL')
  })

  it('says what is wrong in Vietnamese and English, and guesses no name that only begins alike', () => {
    const problems = problemsOf({ CONGVAN_NODE_ID: 'xa', CONGVAN_PORT: 'x', CONGVAN_X: '1' })
    expect(problems.split('\n')).to.deep.equal([
      '  - CONGVAN_X: tên không có / unknown name',
      '  - CONGVAN_PORT: phải là số / must be a number',
    ])
  })

  it('names a configuration file that cannot be read', () => {
    expect(problemsOf({ CONGVAN_NODE_ID: 'xa', CONGVAN_CONFIG: '/nowhere/x.env' })).to.contain(
      '/nowhere/x.env',
    )
  })
})
