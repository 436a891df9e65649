import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { PassThrough } from 'node:stream'
import { expect } from 'chai'
import { findCredentials, findNode, storeSession } from '../../../cli/client/credentials.ts'
import type { Io } from '../../../cli/io.ts'
import { CongvanError } from '../../../server/errors.ts'

const NOW = new Date('2026-03-02T01:00:00Z')

describe('cli/client: credentials', () => {
  let home: string
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'congvan-home-'))
  })
  afterEach(() => rmSync(home, { recursive: true, force: true }))

  const io = (env: Record<string, string> = {}): Io => ({
    stdin: new PassThrough(),
    stdout: new PassThrough(),
    stderr: new PassThrough(),
    env: { HOME: home, ...env },
    now: () => NOW,
  })
  const session = (token: string, hours = 1) => ({
    token,
    expiresAt: new Date(NOW.getTime() + hours * 3_600_000).toISOString(),
    login: 'vt.xa',
  })
  function codeOf(act: () => unknown): string {
    try {
      act()
    } catch (error) {
      if (error instanceof CongvanError) return error.code
      throw error
    }
    return 'none'
  }

  it('keeps a session readable by its owner only, and nothing beside the file', () => {
    const file = storeSession(io(), 'http://a', session('cv_a'))
    expect(file).to.equal(join(home, '.config', 'congvan', 'sessions.json'))
    expect(statSync(file).mode & 0o777).to.equal(0o600)
    expect(statSync(dirname(file)).mode & 0o777).to.equal(0o700)
    storeSession(io(), 'http://b', session('cv_b'))
    expect(readdirSync(dirname(file))).to.deep.equal(['sessions.json'])
    expect(readFileSync(file, 'utf8')).to.contain('cv_a').and.contain('cv_b')
  })

  it('keeps it under XDG_CONFIG_HOME where that is set', () => {
    const file = storeSession(io({ XDG_CONFIG_HOME: join(home, 'xdg') }), 'http://a', session('cv_a'))
    expect(file).to.equal(join(home, 'xdg', 'congvan', 'sessions.json'))
  })

  it('speaks to the node last signed in to, unless another is named', () => {
    storeSession(io(), 'http://a', session('cv_a'))
    storeSession(io(), 'http://b:8080', session('cv_b'))
    expect(findCredentials(io(), {})).to.deep.equal({ url: 'http://b:8080', token: 'cv_b' })
    expect(findCredentials(io(), { node: 'http://a/' })).to.deep.equal({ url: 'http://a', token: 'cv_a' })
    const env = { CONGVAN_NODE: 'http://a' }
    expect(findCredentials(io(env), {})).to.deep.equal({ url: 'http://a', token: 'cv_a' })
    expect(findNode(io(env), 'http://c')).to.equal('http://c')
    expect(findNode(io({ CONGVAN_NODE: '' }), undefined)).to.equal('http://b:8080')
  })

  it('takes no session that has ended or belongs to another node, and no node from nowhere', () => {
    expect(codeOf(() => findNode(io(), undefined))).to.equal('USAGE')
    storeSession(io(), 'http://a', session('cv_a', 0))
    expect(codeOf(() => findCredentials(io(), {}))).to.equal('NOT_AUTHENTICATED')
    expect(codeOf(() => findCredentials(io(), { node: 'http://b' }))).to.equal('NOT_AUTHENTICATED')
  })

  it('refuses what is no address of a node before anything is sent there', () => {
    const wrong = [
      'abc',
      'localhost:8080',
      'ftp://a',
      'file:///etc/passwd',
      'http://me:secret@a',
      'http://a?x=1',
    ]
    for (const node of wrong)
      expect(
        codeOf(() => findNode(io(), node)),
        node,
      ).to.equal('USAGE')
    expect(findNode(io(), 'https://truc.example.gov.vn/congvan/')).to.equal(
      'https://truc.example.gov.vn/congvan',
    )
  })

  it('reads a token from a file, and never repeats what stands in it', () => {
    const file = join(home, 'token')
    writeFileSync(file, 'cv_abc\n')
    expect(findCredentials(io({ CONGVAN_TOKEN_FILE: file }), { node: 'http://a' }).token).to.equal('cv_abc')
    for (const content of ['cv_abc\ncv_def\n', '', 'cv_ạ', 'x'.repeat(1_000)]) {
      writeFileSync(file, content)
      try {
        findCredentials(io(), { node: 'http://a', tokenFile: file })
        expect.fail('the file was taken')
      } catch (error) {
        expect((error as CongvanError).code).to.equal('FILE_UNREADABLE')
        expect((error as CongvanError).message).not.to.contain('cv_')
      }
    }
    rmSync(file)
    expect(codeOf(() => findCredentials(io(), { node: 'http://a', tokenFile: file }))).to.equal(
      'FILE_UNREADABLE',
    )
  })

  it('asks to sign in again where the file of sessions is of no use', () => {
    const file = storeSession(io(), 'http://a', session('cv_a'))
    for (const content of ['', '{', '[]', '{"sessions":5}']) {
      writeFileSync(file, content)
      expect(
        codeOf(() => findCredentials(io(), { node: 'http://a' })),
        content,
      ).to.equal('NOT_AUTHENTICATED')
    }
    chmodSync(file, 0o644)
    storeSession(io(), 'http://a', session('cv_new'))
    expect(statSync(file).mode & 0o777).to.equal(0o600)
    expect(existsSync(`${file}.${process.pid}`)).to.equal(false)
  })
})
