/** The fault suite in its short form: a few of each. The whole of it is `npm run test:faults`. */
import { expect } from 'chai'
import { runFaults } from './run.ts'

describe('faults under load', function () {
  this.timeout(480_000)

  it('loses nothing, doubles nothing and keeps every receipt, number and log entry', async () => {
    const given = process.env.CONGVAN_FAULT_SEED
    const seed = given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given)
    const lines: string[] = []
    const run = await runFaults({ seed, short: true, say: (text) => lines.push(text) })
    const told = `CONGVAN_FAULT_SEED=${seed}\n${lines.join('\n')}`
    expect(run.rows.length, told).to.be.greaterThan(10)
    const [row] = run.rows
    expect(row?.findings.deliveries ?? 0, told).to.be.greaterThan(20)
    expect(run.clean, told).to.equal(true)
  })
})
