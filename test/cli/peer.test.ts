import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { expect } from 'chai'
import { ask, isYes } from '../../cli/ask.ts'
import { plainFingerprint, spokenFingerprint } from '../../cli/fingerprint.ts'
import { Output } from '../../cli/output.ts'
import { readConfig } from '../../server/config.ts'
import { openLog } from '../../server/log.ts'
import { makeNodeKey, type RunningNode, startNode } from '../../server/main.ts'
import { cloneDatabase, type TestDatabase } from '../support/database.ts'
import { jsonLines, runHere } from './run-congvan.ts'

/** A node as its operator has it: a data folder, a database, a running process and commands at its machine. */
interface Operated {
  readonly env: Record<string, string>
  readonly fingerprint: string
  running: RunningNode
  readonly database: TestDatabase
}

describe('congvan peer', () => {
  let folder: string
  let tw: Operated
  let tinh: Operated
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'congvan-peer-'))
    tw = await open('tw')
    tinh = await open('tinh', { CONGVAN_DIRECTORY_ROOT: tw.fingerprint })
  })
  after(async () => {
    for (const node of [tw, tinh]) {
      await node.running.stop()
      await node.database.drop()
    }
    rmSync(folder, { recursive: true })
  })

  const open = async (id: string, more: Record<string, string> = {}): Promise<Operated> => {
    const database = await cloneDatabase()
    const env: Record<string, string> = {
      CONGVAN_NODE_ID: id,
      CONGVAN_DATA: join(folder, id),
      CONGVAN_PORT: '0',
      DATABASE_URL: database.url,
      CONGVAN_OWNER_DATABASE_URL: database.ownerUrl,
      ...more,
    }
    const { fingerprint } = await makeNodeKey(readConfig(env), new Date(), 1)
    const running = await start(env)
    return { env: { ...env, CONGVAN_PUBLIC_URL: running.url }, fingerprint, running, database }
  }
  const start = (env: Record<string, string>) =>
    startNode(readConfig(env), { log: openLog({ level: 'silent' }) })
  const run = (node: Operated, ...args: string[]) => runHere([...args, '--lang', 'en'], { env: node.env })
  const file = (name: string) => join(folder, name)

  it('brings two nodes together by their invitations and the fingerprints that their operators compared', async () => {
    const invited = await run(
      tw,
      'peer',
      'invite',
      '--relation',
      'child',
      '--to',
      'tinh',
      '--out',
      file('tw.json'),
    )
    expect(invited.exit, invited.stderr).to.equal(0)
    expect(invited.stdout).to.contain(spokenFingerprint(tw.fingerprint))
    expect(invited.stderr).to.contain('read the fingerprint above out to them')
    await run(tinh, 'peer', 'invite', '--relation', 'parent', '--out', file('tinh.json'))
    const add = (fingerprint: string[], ...more: string[]) =>
      run(tinh, 'peer', 'add', '--invitation', file('tw.json'), ...fingerprint, ...more)
    // A script cannot say that it has compared anything.
    const unsaid = await add([])
    expect([unsaid.exit, unsaid.stderr.includes('--fingerprint is missing')]).to.deep.equal([64, true])
    const wrong = await add(['--fingerprint', tinh.fingerprint])
    expect(wrong.exit).to.equal(65)
    expect(wrong.stderr).to.contain('no node was added').and.to.contain('call their operator')
    expect((await run(tinh, 'peer', 'list', '--json')).stdout).to.equal('')
    const spoken = spokenFingerprint(tw.fingerprint).toUpperCase()
    const added = await add(['--fingerprint', spoken], '--relation', 'parent')
    expect(added.exit, added.stderr).to.equal(0)
    expect(added.stdout).to.equal(`tw ${tw.running.url} (parent)\n`)
    expect(added.stderr).to.contain(`CONGVAN_DIRECTORY_ROOT=${tw.fingerprint}`)
  })

  it('tells the step at which the other side does not know this node yet, and passes once it does', async () => {
    const early = await run(tinh, 'peer', 'test', 'tw')
    expect(early.exit).to.equal(1)
    expect(early.stdout).to.match(/^FAILED +it knows this node/m)
    expect(early.stderr).to.contain(`congvan peer add tinh --url ${tinh.running.url} --relation child`)
    await run(tw, 'peer', 'add', '--invitation', file('tinh.json'), '--fingerprint', tinh.fingerprint)
    for (const [node, other] of [
      [tinh, 'tw'],
      [tw, 'tinh'],
    ] as const) {
      const tested = await run(node, 'peer', 'test', other, '--json')
      expect(tested.exit, tested.stdout).to.equal(0)
      const [result] = jsonLines(tested.stdout)
      expect(result).to.include({ peer: other, ok: true })
    }
  })

  it('switches a neighbour off with a reason and on again, and lists how it is', async () => {
    expect((await run(tw, 'peer', 'disable', 'tinh')).exit).to.equal(64)
    expect((await run(tw, 'peer', 'disable', 'tinh', '--reason', 'bảo trì')).exit).to.equal(0)
    const listed = await run(tw, 'peer', 'list')
    expect(listed.stdout).to.match(/tinh +child +off: bảo trì +closed/)
    const refused = await run(tinh, 'peer', 'test', 'tw')
    expect([refused.exit, refused.stderr.includes('congvan peer enable tinh')]).to.deep.equal([1, true])
    expect((await run(tw, 'peer', 'enable', 'tinh')).exit).to.equal(0)
    expect((await run(tinh, 'peer', 'test', 'tw')).exit).to.equal(0)
    const [peer] = jsonLines((await run(tw, 'peer', 'list', '--json')).stdout)
    expect(peer).to.include({ peer: 'tinh', enabled: true, breaker: 'closed' })
    expect(peer?.lastRequestAt).to.be.a('string')
    expect((await run(tw, 'peer', 'disable', 'khong-co', '--reason', 'x')).exit).to.equal(66)
  })

  it('changes the key of a node while both keys count, and ends the old one', async () => {
    const paths = { key: file('next.pem'), certificate: file('next.crt'), out: file('next.json') }
    const options = ['--key', paths.key, '--certificate', paths.certificate, '--out', paths.out]
    const made = await run(tinh, 'cert', 'next-key', ...options, '--json')
    expect(made.exit, made.stderr).to.equal(0)
    const fingerprint = String(jsonLines(made.stdout)[0]?.fingerprint)
    expect((await run(tinh, 'cert', 'next-key', ...options)).exit).to.equal(73)
    const added = await run(tw, 'peer', 'key', 'add', 'tinh', '--announcement', paths.out)
    expect(added.exit, added.stderr).to.equal(0)
    expect(added.stdout).to.contain(spokenFingerprint(fingerprint))
    const keys = async () => jsonLines((await run(tw, 'peer', 'list', '--json')).stdout)[0]?.keyFingerprints
    expect(await keys()).to.have.members([tinh.fingerprint, fingerprint])
    await tinh.running.stop()
    const port = new URL(tinh.running.url).port
    const switched = { CONGVAN_NODE_KEY_FILE: paths.key, CONGVAN_NODE_CERTIFICATE_FILE: paths.certificate }
    Object.assign(tinh.env, switched)
    tinh.running = await start({ ...tinh.env, CONGVAN_PORT: port })
    const tested = await run(tw, 'peer', 'test', 'tinh')
    expect(tested.exit, tested.stdout).to.equal(0)
    expect(tested.stdout).to.contain(fingerprint)
    expect((await run(tw, 'peer', 'key', 'end', 'tinh', '--fingerprint', tinh.fingerprint)).exit).to.equal(0)
    expect(await keys()).to.deep.equal([fingerprint])
    const last = await run(tw, 'peer', 'key', 'end', 'tinh', '--fingerprint', fingerprint)
    expect([last.exit, last.stderr.includes('is the last one')]).to.deep.equal([65, true])
    expect((await run(tinh, 'peer', 'test', 'tw')).exit).to.equal(0)
  })

  it('reads fingerprints as people say and type them', () => {
    const plain = 'ab12cd34'.repeat(8)
    expect(spokenFingerprint(plain).split('   ')).to.deep.equal(Array(4).fill('ab12 cd34 ab12 cd34'))
    for (const typed of [plain.toUpperCase(), spokenFingerprint(plain), plain.replace(/(..)(?=.)/g, '$1:')]) {
      expect(plainFingerprint(typed)).to.equal(plain)
    }
  })

  it('asks the person at the terminal, and takes nothing but a yes for one', async () => {
    const answers = {
      có: true,
      yes: true,
      'C\u006f\u0301': true,
      không: false,
      '': false,
      'yes, I think': false,
    }
    for (const [answer, wanted] of Object.entries(answers)) {
      const stdin = Object.assign(new PassThrough(), { isTTY: true })
      const stderr = new PassThrough()
      const io = { stdin, stdout: new PassThrough(), stderr, env: {}, now: () => new Date() }
      const context = { io, output: new Output(io), language: 'vi', json: false, debug: false } as const
      const asked = ask({ vi: 'Có không?', en: 'Yes?' }, '--x', context)
      stdin.write(`${answer}\n`)
      expect(isYes(await asked), answer).to.equal(wanted)
    }
  })
})
