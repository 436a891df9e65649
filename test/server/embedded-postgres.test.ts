import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect } from 'chai'
import pg from 'pg'

interface Said {
  readonly event: string
  readonly url?: string
  readonly port?: number
  readonly code?: string
}

/** A process that owns a cluster; every line it says can be awaited. */
class Holder {
  readonly child: ChildProcess
  private readonly lines: AsyncIterator<string>

  constructor(folder: string, env: Record<string, string> = {}) {
    const script = join(import.meta.dirname, '../support/hold-postgres.ts')
    const user = process.env.CONGVAN_PG_USER ?? 'nobody'
    this.child = spawn(process.execPath, [script, folder, user], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, ...env },
    })
    if (this.child.stdout === null) throw new Error('no stdout')
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]()
  }

  async said(): Promise<Said> {
    const line = await this.lines.next()
    if (line.done) throw new Error('the holder ended')
    return JSON.parse(line.value) as Said
  }

  async stop(): Promise<void> {
    this.child.stdin?.end()
    if (this.child.exitCode === null) await once(this.child, 'exit')
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL')
    await once(this.child, 'exit')
  }
}

async function query<T extends pg.QueryResultRow>(url: string | undefined, sql: string): Promise<T[]> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  try {
    return (await client.query<T>(sql)).rows
  } finally {
    await client.end().catch(() => {})
  }
}

/** Where the cluster of a data folder lies: named by a file when the server runs as another user. */
function place(folder: string): string {
  const named = join(folder, 'location')
  return existsSync(named) ? readFileSync(named, 'utf8').trim() : join(folder, 'postgres')
}

describe('embedded PostgreSQL', () => {
  let base: string
  before(() => {
    base = mkdtempSync(join(tmpdir(), 'congvan-embedded-'))
    chmodSync(base, 0o711)
  })
  after(() => rmSync(base, { recursive: true, force: true }))

  it('is UTF-8 even under LC_ALL=C', async () => {
    const holder = new Holder(join(base, 'locale'), { LC_ALL: 'C', LANG: 'C' })
    const { url } = await holder.said()
    const [row] = await query<{ server_encoding: string }>(url, 'show server_encoding')
    await holder.stop()
    expect(row?.server_encoding).to.equal('UTF8')
  })

  it('survives kill -9 of its owner: the next owner goes on and nothing is lost', async () => {
    const folder = join(base, 'killed')
    const first = new Holder(folder)
    const { url } = await first.said()
    await query(url, 'create table kept (n int)')
    await query(url, 'insert into kept values (42)')
    await first.kill()
    const second = new Holder(folder)
    const again = await second.said()
    expect(again.event).to.equal('ready')
    expect(await query(again.url, 'select n from kept')).to.deep.equal([{ n: 42 }])
    await second.stop()
  })

  it('refuses a second owner with the pid of the first', async () => {
    const folder = join(base, 'second')
    const first = new Holder(folder)
    await first.said()
    const second = new Holder(folder)
    expect(await second.said()).to.deep.equal({ event: 'failed', code: 'EMBEDDED_POSTGRES_IN_USE' })
    await second.stop()
    await first.stop()
  })

  it('starts the server again when it was killed, on the same port', async () => {
    const folder = join(base, 'server-killed')
    const holder = new Holder(folder)
    const { port, url } = await holder.said()
    const root = place(folder)
    const [pid] = readFileSync(join(root, 'cluster/postmaster.pid'), 'utf8').split('\n')
    process.kill(Number(pid), 'SIGKILL')
    expect((await holder.said()).event).to.equal('restart')
    // The restart is announced before it is done; each try below waits for the server's own answer.
    let answered: { port: string }[] = []
    for (let tries = 0; tries < 200 && answered.length === 0; tries++) {
      answered = await query<{ port: string }>(url, 'show port').catch(() => [])
      if (answered.length === 0) await new Promise((accept) => setTimeout(accept, 50))
    }
    expect(answered).to.deep.equal([{ port: String(port) }])
    await holder.stop()
  })

  it('starts it again also when a process of the killed server lingers for a while', async () => {
    const holder = new Holder(join(base, 'lingering'))
    const { port, url } = await holder.said()
    const root = place(join(base, 'lingering'))
    const client = new pg.Client({ connectionString: url })
    client.on('error', () => {})
    await client.connect()
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
    const lingering = rows[0]?.pid ?? 0
    const [pid] = readFileSync(join(root, 'cluster/postmaster.pid'), 'utf8').split('\n')
    process.kill(lingering, 'SIGSTOP')
    process.kill(Number(pid), 'SIGKILL')
    // The stopped backend holds the shared memory, and PostgreSQL refuses to start beside it.
    const refused = () =>
      readFileSync(join(root, 'postgres.log'), 'utf8').includes('pre-existing shared memory block')
    for (let tries = 0; tries < 400 && !refused(); tries++)
      await new Promise((accept) => setTimeout(accept, 25))
    expect(refused()).to.equal(true)
    process.kill(lingering, 'SIGCONT')
    let answered: { port: string }[] = []
    for (let tries = 0; tries < 200 && answered.length === 0; tries++) {
      answered = await query<{ port: string }>(url, 'show port').catch(() => [])
      if (answered.length === 0) await new Promise((accept) => setTimeout(accept, 50))
    }
    expect(answered).to.deep.equal([{ port: String(port) }])
    await client.end().catch(() => {})
    await holder.stop()
    expect(existsSync(join(root, 'cluster/postmaster.pid'))).to.equal(false)
  })

  it('works in a folder that other users cannot enter', async () => {
    const closed = join(base, 'closed')
    mkdirSync(closed, { mode: 0o700 })
    const holder = new Holder(join(closed, 'data'))
    const said = await holder.said()
    await holder.stop()
    expect(said.event).to.equal('ready')
  })
})
