import { expect } from 'chai'
import { openLog } from '../../server/log.ts'
import { enterProcess, listProcesses, type OwnProcess } from '../../server/process-register.ts'
import { cloneDatabase, type TestDatabase } from '../support/database.ts'

const HOUR_MS = 3_600_000

describe('the processes of a node', () => {
  let database: TestDatabase
  const entered: OwnProcess[] = []
  const enter = async () => {
    const own = await enterProcess(database.db, openLog({ level: 'silent' }), '1.2.3', HOUR_MS)
    entered.push(own)
    return own
  }
  beforeEach(async () => {
    database = await cloneDatabase()
  })
  afterEach(async () => {
    for (const own of entered.splice(0)) await own.leave()
    await database.drop()
  })

  const claims = async (processes: readonly OwnProcess[], round: string) =>
    (await Promise.all(processes.map((one) => one.claimRound(round, HOUR_MS)))).filter(Boolean).length
  /** Lets time pass for a round: by the database's clock, the only one that counts. */
  const pass = (name: string, ms: number) =>
    database.db.asNode((trx) =>
      trx('rounds')
        .where({ name })
        .update({ next_at: trx.raw('next_at - make_interval(secs => ?)', [ms / 1000]) }),
    )

  it('lets one of those that ask at once do a round, and one again when its period is over', async () => {
    const processes = await Promise.all(Array.from({ length: 6 }, enter))
    expect(await claims(processes, 'sweep')).to.equal(1)
    expect(await claims(processes, 'sweep')).to.equal(0)
    expect(await claims(processes, 'alerts'), 'another round').to.equal(1)
    // Free a little before the period ends: the timers of the processes do not beat together.
    await pass('sweep', HOUR_MS * 0.7)
    expect(await claims(processes, 'sweep')).to.equal(0)
    await pass('sweep', HOUR_MS * 0.1)
    expect(await claims(processes, 'sweep')).to.equal(1)
    expect(await claims(processes, 'sweep')).to.equal(0)
  })

  it('gives the next round to another when the one that had it was killed', async () => {
    const [killed, other] = [await enter(), await enter()]
    expect(await killed.claimRound('sweep', HOUR_MS)).to.equal(true)
    await pass('sweep', HOUR_MS)
    expect(await other.claimRound('sweep', HOUR_MS)).to.equal(true)
    const owners = await database.db.asNode((trx) => trx('rounds').pluck('owner'))
    expect(owners).to.deep.equal([other.id])
  })

  it('lists those that run, forgets one that left, and after a day one that was killed', async () => {
    const [first, killed] = [await enter(), await enter()]
    const ids = async () => (await database.db.asNode(listProcesses)).map((one) => one.id).sort()
    expect(await ids()).to.deep.equal([first.id, killed.id].sort())
    const [listed] = await database.db.asNode(listProcesses)
    expect(listed).to.include({ pid: process.pid, version: '1.2.3' })
    await first.leave()
    expect(await ids()).to.deep.equal([killed.id])
    await database.db.asNode((trx) =>
      trx('processes')
        .where({ id: killed.id })
        .update({ seen_at: trx.raw("now() - interval '25 hours'") }),
    )
    const next = await enter()
    expect(await ids()).to.deep.equal([next.id])
  })
})
