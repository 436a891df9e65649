import cluster from 'node:cluster'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { readConfig } from '../../server/config.ts'
import { openLog } from '../../server/log.ts'
import { startPool } from '../../server/process-pool.ts'

const log = openLog({ level: 'silent' })

describe('process pool', () => {
  let folder: string
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'congvan-pool-'))
  })
  after(() => rmSync(folder, { recursive: true }))

  // The pool itself asks nothing of the database; its workers here are no nodes.
  const config = () =>
    readConfig({
      CONGVAN_NODE_ID: 'tw',
      CONGVAN_DATA: folder,
      DATABASE_URL: 'postgres://congvan:-@127.0.0.1:1/congvan',
    })
  const program = (text: string) => {
    const exec = join(folder, 'worker.mjs')
    writeFileSync(exec, text)
    return { exec, args: [] }
  }

  it('outlives a worker to which nothing can be said any more', async () => {
    const worker = `process.send({ url: 'http://127.0.0.1:8080' }); process.once('SIGTERM', () => process.exit(0))`
    const pool = await startPool(config(), { workers: 2, log, program: program(worker) })
    try {
      expect(pool.url).to.equal('http://127.0.0.1:8080')
      // As Node tells it when a connection was to be handed to a worker that had just been killed.
      const [one] = Object.values(cluster.workers ?? {})
      expect(() => one?.process.emit('error', new Error('write EPIPE'))).not.to.throw()
    } finally {
      await pool.stop()
    }
    expect(Object.values(cluster.workers ?? {})).to.deep.equal([])
  })

  it('does not start when a worker cannot, and leaves none behind', async () => {
    const started = startPool(config(), { workers: 2, log, program: program('process.exit(3)') })
    const error: unknown = await started.catch((caught: unknown) => caught)
    expect(error).to.include({ code: 'WORKER_FAILED' })
    expect(error).to.have.nested.property('params.reason', '3')
    expect(Object.values(cluster.workers ?? {})).to.deep.equal([])
  })
})
