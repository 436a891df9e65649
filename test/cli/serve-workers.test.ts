import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { Agent, get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { expect } from 'chai'
import { readConfig } from '../../server/config.ts'
import { makeNodeKey } from '../../server/main.ts'
import { listProcesses } from '../../server/process-register.ts'
import { cloneDatabase, type TestDatabase } from '../support/database.ts'
import { launcher } from './run-congvan.ts'

describe('congvan serve --workers', function () {
  this.timeout(60_000)
  let folder: string
  let database: TestDatabase
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'congvan-workers-'))
    database = await cloneDatabase()
  })
  after(async () => {
    await database?.drop()
    rmSync(folder, { recursive: true, force: true })
  })

  const living = async () => (await database.db.asNode(listProcesses)).map((one) => one.pid).sort()

  /** Over a connection of its own: the pids of the processes whose figures the one that answered tells. */
  const answering = async (url: string): Promise<number[]> => {
    const request = get(`${url}/metrics`, { agent: new Agent({ keepAlive: false }) })
    const [response] = await once(request, 'response')
    const page = await text(response)
    expect(response.statusCode, page).to.equal(200)
    return [...page.matchAll(/^congvan_build_info\{.*process="[^/]+\/(\d+)\//gm)].map((one) => Number(one[1]))
  }

  it('serves with both on one port, replaces one that was killed, and ends all at SIGTERM', async () => {
    const env = {
      CONGVAN_NODE_ID: 'tw',
      CONGVAN_DATA: folder,
      CONGVAN_PORT: '0',
      CONGVAN_LOG_LEVEL: 'error',
      DATABASE_URL: database.url,
      CONGVAN_OWNER_DATABASE_URL: database.ownerUrl,
    }
    await makeNodeKey(readConfig(env), new Date(), 1)
    const keeper = spawn(process.execPath, [launcher, 'serve', '--workers', '2', '--json'], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const ended = once(keeper, 'exit')
    try {
      const [line] = await once(createInterface(keeper.stdout), 'line')
      const { url, workers } = JSON.parse(line)
      expect(workers).to.equal(2)
      const first = await living()
      expect(first).to.have.length(2)
      expect(first).not.to.include(keeper.pid)

      const seen = new Set<number>()
      while (seen.size < 2) for (const pid of await answering(url)) seen.add(pid)
      expect([...seen].sort()).to.deep.equal(first)

      const [killed = 0, other = 0] = first
      process.kill(killed, 'SIGKILL')
      const replaced = async () => (await living()).find((pid) => !first.includes(pid))
      // Asked only once the keeper knows: a connection that it hands to one that was just killed is lost.
      let next: number | undefined
      while (next === undefined) next = await replaced()
      seen.clear()
      while (!seen.has(other) || !seen.has(next)) for (const pid of await answering(url)) seen.add(pid)

      keeper.kill('SIGTERM')
      expect(await ended).to.deep.equal([0, null])
      // Those that stopped in order are not listed any more; the killed one is known by its silence.
      expect(await living()).to.deep.equal([killed])
      for (const pid of [other, next]) expect(() => process.kill(pid, 0)).to.throw(/ESRCH/)
    } finally {
      keeper.kill('SIGKILL')
    }
  })
})
