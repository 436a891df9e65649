import {
  chmodSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { readConfig } from '../../../server/config.ts'
import { CongvanError } from '../../../server/errors.ts'
import { openLog } from '../../../server/log.ts'
import { startNode } from '../../../server/main.ts'
import { directoryFiles, PASSWORD } from '../../server/api/node.ts'
import { until } from '../../server/api/steps.ts'
import { cloneDatabase, type TestDatabase } from '../../support/database.ts'
import { jsonLines } from '../run-congvan.ts'
import { type Ended, runCommand, runWith, type Serving, startServe } from './node-process.ts'

/** One node from its first key on, on the embedded PostgreSQL, every step by the real command. */
describe('congvan serve and the commands beside it', function () {
  this.timeout(120_000)
  let folder: string
  let env: Record<string, string>
  let serving: Serving | undefined
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'congvan-serve-'))
    chmodSync(folder, 0o711)
    env = {
      CONGVAN_NODE_ID: 'nut-thu',
      CONGVAN_DATA: join(folder, 'data'),
      CONGVAN_PORT: '0',
      HOME: folder,
      XDG_CONFIG_HOME: '',
      // As a machine without a locale has it: everything must stay UTF-8.
      LC_ALL: 'C',
      LANG: 'C',
    }
    writeFileSync(join(folder, 'password'), `${PASSWORD}\n`, { mode: 0o600 })
    const [centre = '', ...others] = directoryFiles('nut-thu').map((content) => content.toString())
    const rows = others.map((text) => text.slice(text.indexOf('\n') + 1))
    writeFileSync(join(folder, 'danh-ba.csv'), [centre, ...rows].join(''))
  })
  after(async () => {
    await serving?.stop('SIGTERM')
    rmSync(folder, { recursive: true, force: true })
  })

  const run = (...args: string[]): Promise<Ended> => runCommand(args, { env })
  /** The same inside this process, where a process of its own would show nothing more. */
  const here = (...args: string[]): Promise<Ended> => runWith(args, env)
  const signIn = (login: string) => ['user', 'sign-in', login, '--node', serving?.url ?? '', ...password()]
  const password = (file = 'password') => ['--password-file', join(folder, file)]
  async function ok(ended: Promise<Ended>): Promise<string> {
    const { exit, stdout, stderr } = await ended
    expect(exit, stderr).to.equal(0)
    return stdout
  }
  const cluster = () => clusterOf(join(folder, 'data'))
  const isStopped = () => !existsSync(join(cluster(), 'postmaster.pid'))
  const postmasterPid = () => Number(readFileSync(join(cluster(), 'postmaster.pid'), 'utf8').split('\n')[0])

  it('makes the node’s key once, for its owner only, and prints the fingerprint to compare', async () => {
    const [made] = jsonLines(await ok(run('cert', 'node-key', '--json')))
    expect(made?.fingerprint).to.match(/^[0-9a-f]{64}$/)
    expect(statSync(String(made?.keyFile)).mode & 0o777).to.equal(0o600)
    env.CONGVAN_DIRECTORY_ROOT = String(made?.fingerprint)
    const before = readFileSync(String(made?.keyFile))
    const again = await here('cert', 'node-key')
    expect([again.exit, again.stdout]).to.deep.equal([73, ''])
    expect(again.stderr).to.contain('không ghi đè')
    expect(readFileSync(String(made?.keyFile)).equals(before)).to.equal(true)
  })

  it('leaves no key behind when there is a certificate already', async () => {
    const data = join(folder, 'half')
    const half = { ...env, CONGVAN_DATA: data, CONGVAN_NODE_CERTIFICATE_FILE: join(folder, 'other.pem') }
    writeFileSync(join(folder, 'other.pem'), 'một chứng thư khác')
    const { exit, stderr } = await runWith(['cert', 'node-key'], half)
    expect([exit, stderr.includes('other.pem')]).to.deep.equal([73, true])
    expect(existsSync(join(data, 'node-key.pem'))).to.equal(false)
  })

  it('migrates, imports the directory and makes the first administrator, each alone', async () => {
    const [migrated] = jsonLines(await ok(run('migrate', '--json'))) as { migrations: string[] }[]
    expect(migrated?.migrations[0]).to.equal('0001_tenancy.ts')
    expect(isStopped(), 'PostgreSQL ended with the command').to.equal(true)
    const [report] = jsonLines(await ok(here('agency', 'import', join(folder, 'danh-ba.csv'), '--json')))
    expect(report).to.include({ dryRun: false, skipped: 0 })
    const added = ['user', 'add', 'quan-tri', '--administrator', 'H40.19.6', ...password()]
    expect(await ok(run(...added))).to.match(/^quan-tri [0-9a-f-]{36}\n$/)
    expect(isStopped()).to.equal(true)
  })

  it('serves, says where, and lets commands at its console work beside it', async () => {
    serving = await startServe({ env })
    expect(serving.url).to.match(/^http:\/\/127\.0\.0\.1:\d+$/)
    await ok(run('user', 'add', 'van-thu', '--clerk', 'H40.19.6', ...password()))
    await ok(here('user', 'add', 'kiem-tra', '--auditor', 'H40.19.6', ...password()))
    const preview = await ok(here('agency', 'import', join(folder, 'danh-ba.csv'), '--preview', '--json'))
    expect(jsonLines(preview)[0]).to.deep.include({ dryRun: true, changes: [] })
    expect(await ok(here('migrate', '--json'))).to.equal('{"migrations":[]}\n')
    const twice = await here('user', 'add', 'van-thu', '--clerk', 'H40', ...password())
    expect(twice.exit).to.equal(65)
    expect(twice.stderr).to.contain('Tên đăng nhập "van-thu" đã có')
    expect((await fetch(`${serving.url}/readyz`)).status).to.equal(200)
  })

  it('refuses a second serve on the same data folder, and goes on', async () => {
    const second = await run('serve')
    expect([second.exit, second.stdout]).to.deep.equal([69, ''])
    expect(second.stderr).to.match(/Thư mục dữ liệu .*\/data đang được một tiến trình khác dùng \(pid \d+\)/)
    expect(second.stderr).to.contain(`pid ${serving?.child.pid}`).and.contain('DATABASE_URL')
    expect((await fetch(`${serving?.url}/readyz`)).status).to.equal(200)
  })

  it('lets people sign in, look into the inbox, and export the log', async () => {
    writeFileSync(join(folder, 'wrong'), 'không phải mật khẩu\n')
    const node = serving?.url ?? ''
    const failed = await here('user', 'sign-in', 'van-thu', '--node', node, ...password('wrong'))
    expect([failed.exit, failed.stdout]).to.deep.equal([77, ''])
    expect(failed.stderr).to.equal('congvan: Sai tên đăng nhập hoặc mật khẩu\n')

    const shown = await ok(run(...signIn('van-thu')))
    expect(shown).to.contain('van-thu').and.not.contain('cv_')
    expect(await ok(run('inbox', '--json'))).to.equal('')
    const agencies = await ok(here('agency', 'list', 'hai minh'))
    expect(agencies).to.contain('H40.19.6').and.contain('Ủy ban nhân dân xã Hải Minh')
    const forbidden = await here('log', 'export')
    expect(forbidden.exit).to.equal(77)
    expect(forbidden.stderr).to.contain('không được xuất nhật ký trao đổi')

    await ok(here(...signIn('kiem-tra')))
    const from = ['--from', '2020-01-01T00:00:00+07:00', '--to', '2100-01-01T00:00:00Z']
    const entries = jsonLines(await ok(run('log', 'export', ...from, '--format', 'jsonl')))
    expect(entries.length).to.be.greaterThan(3)
    for (const one of entries) expect(Object.keys(one)).to.deep.equal(['position', 'leafHash', 'entry'])
    expect(await ok(here('log', 'export', '--from', '2100-01-01T00:00:00Z'))).to.equal('')
  })

  it('outlives its PostgreSQL: killed, that is started again, and the API with it', async () => {
    const before = postmasterPid()
    process.kill(before, 'SIGKILL')
    await until('the API', async () => {
      const { status } = await fetch(`${serving?.url}/readyz`)
      return status === 200 && postmasterPid() !== before ? true : undefined
    })
    await ok(here('log', 'export'))
    expect(serving?.child.exitCode).to.equal(null)
  })

  it('stops in order on SIGTERM: exit 0, PostgreSQL with it, every line of the log a JSON object', async () => {
    expect(await serving?.stop('SIGTERM')).to.equal(0)
    expect(isStopped()).to.equal(true)
    const log = serving?.stderr() ?? ''
    for (const line of log.trim().split('\n'))
      expect(JSON.parse(line)).to.include.keys('level', 'time', 'msg')
    expect(log).to.contain('node stopped').and.not.contain(PASSWORD)
  })

  it('killed, leaves a database that the console uses and the next serve takes over; SIGINT ends that too', async () => {
    const killed = await startServe({ env })
    expect(await killed.stop('SIGKILL')).to.equal('SIGKILL')
    expect(isStopped()).to.equal(false)
    await ok(here('user', 'add', 'sau-khi-chet', '--leader', 'H40.19.6', ...password()))
    serving = await startServe({ env })
    await ok(here(...signIn('sau-khi-chet')))
    expect(await serving.stop('SIGINT')).to.equal(0)
    expect(isStopped()).to.equal(true)
    serving = undefined
  })
})

describe('congvan serve where it cannot start', function () {
  this.timeout(60_000)
  let folder: string
  let env: Record<string, string>
  let database: TestDatabase
  before(async () => {
    database = await cloneDatabase()
    folder = mkdtempSync(join(tmpdir(), 'congvan-refused-'))
    chmodSync(folder, 0o711)
    env = {
      CONGVAN_NODE_ID: 'nut-thu',
      CONGVAN_DATA: join(folder, 'data'),
      CONGVAN_PORT: '0',
      DATABASE_URL: database.url,
      HOME: folder,
    }
  })
  after(async () => {
    await database.drop()
    rmSync(folder, { recursive: true, force: true })
  })

  async function refusal(changes: Record<string, string>): Promise<CongvanError> {
    const started = await startNode(readConfig({ ...env, ...changes }), {
      log: openLog({ level: 'silent' }),
    }).catch((error: unknown) => error)
    if (started instanceof CongvanError) return started
    throw new Error(`no error of ours: ${String(started)}`)
  }

  it('names every problem of the configuration at once, exit 78, and touches nothing', async () => {
    const { exit, stdout, stderr } = await runCommand(['serve'], {
      env: { ...env, CONGVAN_NODE_ID: 'Nút', CONGVAN_PORT: 'x', CONGVAN_HOST: '0.0.0.0', CONGVAN_PROT: '1' },
    })
    expect([exit, stdout]).to.deep.equal([78, ''])
    for (const name of ['CONGVAN_NODE_ID', 'CONGVAN_PORT', 'CONGVAN_HOST', 'CONGVAN_PROT']) {
      expect(stderr).to.match(new RegExp(`^congvan: {3}- ${name}: .*`, 'm'))
    }
    expect(existsSync(join(folder, 'data'))).to.equal(false)
  })

  it('wants a node key that nobody else can read', async () => {
    expect(await refusal({})).to.include({ code: 'NODE_KEY_UNUSABLE' })
    await runWith(['cert', 'node-key'], env)
    const key = join(folder, 'data', 'node-key.pem')
    chmodSync(key, 0o644)
    expect((await refusal({})).message).to.contain('chmod 600')
    chmodSync(key, 0o600)
  })

  it('tells a database that is away from one that refuses', async () => {
    const at = (change: (url: URL) => void) => {
      const url = new URL(database.url)
      change(url)
      return { DATABASE_URL: url.href }
    }
    const port = String(await freePort())
    const away = await refusal(at((url) => Object.assign(url, { port })))
    expect(away.code).to.equal('DATABASE_UNAVAILABLE')
    const wrong = await refusal(at((url) => Object.assign(url, { password: 'sai' })))
    expect(wrong).to.include({ code: 'DATABASE_REFUSED' })
    expect(wrong.message).to.contain('password authentication failed').and.not.contain('sai@')
    const unknown = await refusal(at((url) => Object.assign(url, { pathname: '/khong_co' })))
    expect(unknown).to.include({ code: 'DATABASE_REFUSED' })
  })

  it('says that its address is taken, and ends: exit 69, nothing left open', async () => {
    const server = createServer()
    const port = await listenOn(server)
    try {
      const taken = await runCommand(['serve'], { env: { ...env, CONGVAN_PORT: String(port) } })
      expect([taken.exit, taken.stdout]).to.deep.equal([69, ''])
      expect(taken.stderr).to.contain(`127.0.0.1:${port}`).and.contain('CONGVAN_PORT')
    } finally {
      server.close()
    }
  })

  it('takes wrong options for what they are: exit 64, naming the option', async () => {
    const peer = (node: string, url: string, fingerprint: string) =>
      `peer add ${node} --url ${url} --relation parent --fingerprint ${fingerprint}`.split(' ')
    const wrong: [string[], string][] = [
      [['cert', 'node-key', '--years', '0'], '--years: ít nhất 1'],
      [peer('tw', 'x', 'a'.repeat(64)), '--url: không phải địa chỉ'],
      [peer('tw', 'http://a', 'a'), '--fingerprint: cần 64 chữ số'],
      [peer('Nút', 'http://a', 'a'.repeat(64)), 'tên nút'],
      [['log', 'export', '--format', 'csv'], '--format: phải là một trong: jsonl'],
      [['log', 'export', '--from', 'hôm qua', '--node', 'http://a'], 'hôm qua'],
      [['inbox', '--limit', '0'], '--limit: ít nhất 1'],
      [['inbox', '--node', 'abc'], '--node'],
      [['inbox', '--node', 'http://x:hush@a'], '--node'],
      [['user', 'add', 'ai', '--password-file', '/dev/null'], 'cần ít nhất một vai trò'],
      [['user', 'add', 'ai', '--operator'], '--password-file'],
      [['agency', 'import', 'danh-ba.txt'], '.csv'],
      [['send', 'x'], '--to'],
    ]
    for (const [args, told] of wrong) {
      const { exit, stdout, stderr } = await runWith(args, env)
      expect([exit, stdout], `${args.join(' ')}: ${stderr}`).to.deep.equal([64, ''])
      expect(stderr, args.join(' ')).to.contain(told)
    }
  })

  it('runs as a normal user too, on the embedded PostgreSQL, in a folder closed to others', async function () {
    if (process.getuid?.() !== 0) {
      process.stderr.write('      skipped: the tests above run as a normal user already\n')
      this.skip()
    }
    const [uid, gid] = idsOf(process.env.CONGVAN_PG_USER ?? 'nobody')
    const home = mkdtempSync(join(tmpdir(), 'congvan-user-'))
    chownSync(home, uid, gid)
    chmodSync(home, 0o700)
    try {
      const own = {
        CONGVAN_NODE_ID: 'nut-thu',
        CONGVAN_DATA: join(home, 'data'),
        CONGVAN_PORT: '0',
        HOME: home,
      }
      const options = { env: own, uid, gid, cwd: home }
      const made = await runCommand(['cert', 'node-key'], options)
      expect(made.exit, made.stderr).to.equal(0)
      const serving = await startServe(options)
      expect((await fetch(`${serving.url}/readyz`)).status).to.equal(200)
      expect(await serving.stop('SIGTERM')).to.equal(0)
      expect(statSync(join(home, 'data', 'postgres', 'cluster')).uid).to.equal(uid)
    } finally {
      rmSync(home, { recursive: true, force: true })
    }
  })
})

/** Where the cluster of a data folder lies: named by a file when the server runs as another user. */
function clusterOf(data: string): string {
  const named = join(data, 'location')
  return join(existsSync(named) ? readFileSync(named, 'utf8').trim() : join(data, 'postgres'), 'cluster')
}

function idsOf(user: string): [number, number] {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((one) => one.startsWith(`${user}:`))
  const [, , uid, gid] = line?.split(':') ?? []
  return [Number(uid), Number(gid)]
}

function listenOn(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : 0)
    })
  })
}

async function freePort(): Promise<number> {
  const server = createServer()
  const port = await listenOn(server)
  await new Promise((resolve) => server.close(resolve))
  return port
}
