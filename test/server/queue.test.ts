import { expect } from 'chai'
import { openLog } from '../../server/log.ts'
import { openQueue, type Queue } from '../../server/queue.ts'
import { cloneDatabase, type TestDatabase } from '../support/database.ts'

const NAME = 'relay-send'

describe('queue', () => {
  let database: TestDatabase
  const queues: Queue[] = []
  const open = async () => {
    const queue = await openQueue(database.url, openLog({ level: 'silent' }), { max: 3 })
    queues.push(queue)
    return queue
  }
  beforeEach(async () => {
    database = await cloneDatabase()
  })
  afterEach(async () => {
    for (const queue of queues.splice(0)) await queue.stop(2_000)
    await database.drop()
  })
  const put = (queue: Queue, job: number) => database.db.asNode((trx) => queue.put(trx, NAME, { job }))

  it('lets a slow job hold up no other', async () => {
    const queue = await open()
    const slow = Promise.withResolvers<void>()
    const others = Promise.withResolvers<void>()
    const done: number[] = []
    await queue.work(NAME, 2, async ({ job }) => {
      if (job === 0) await slow.promise
      done.push(Number(job))
      if (done.length === 5) others.resolve()
    })
    for (let job = 0; job <= 5; job++) await put(queue, job)
    await others.promise
    expect([...done].sort()).to.deep.equal([1, 2, 3, 4, 5])
    slow.resolve()
  })

  it('does what is put here at once, not when it next looks by itself', async function () {
    // Looking every two seconds, sixteen jobs, each put when the one before is done, would take half a minute.
    this.timeout(12_000)
    const queue = await open()
    let handled = Promise.withResolvers<number>()
    await queue.work(NAME, 1, async ({ job }) => handled.resolve(Number(job)))
    for (let job = 1; job <= 16; job++) {
      handled = Promise.withResolvers<number>()
      await put(queue, job)
      expect(await handled.promise).to.equal(job)
    }
  })

  it('does what another process has put', async () => {
    const [worker, other] = [await open(), await open()]
    const handled = Promise.withResolvers<number>()
    await worker.work(NAME, 1, async ({ job }) => handled.resolve(Number(job)))
    await put(other, 7)
    expect(await handled.promise).to.equal(7)
  })

  it('knows nothing of a job whose transaction was rolled back', async () => {
    const queue = await open()
    const handled: number[] = []
    const last = Promise.withResolvers<void>()
    await queue.work(NAME, 1, async ({ job }) => {
      handled.push(Number(job))
      if (job === 2) last.resolve()
    })
    const failed = database.db.asNode(async (trx) => {
      await queue.put(trx, NAME, { job: 1 })
      throw new Error('half way')
    })
    expect(await failed.catch((error: Error) => error.message)).to.equal('half way')
    await put(queue, 2)
    await last.promise
    expect(handled).to.deep.equal([2])
  })
})
