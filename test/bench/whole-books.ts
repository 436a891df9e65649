/** What reads a whole year: the statistics of a province, and a book that is printed. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { NodeContext } from '../../server/context.ts'
import { countDocuments } from '../../server/statistics/count-documents.ts'
import type { Books } from './books-place.ts'
import { YEAR } from './fill-books.ts'
import { type Measure, measureBound, median } from './measure.ts'

const operator = { kind: 'operator', userId: null, login: 'console' } as const
const ROUNDS = 7

export async function measureStatistics({ db }: Books): Promise<Measure[]> {
  const context = {
    db,
    nodeId: 'nut-thu',
    clock: () => new Date(`${YEAR}-12-31T09:00:00+07:00`),
  } as NodeContext
  const measures: Measure[] = []
  for (const by of ['month', 'agency', 'kind', 'level'] as const) {
    const times: number[] = []
    for (let round = 0; round < ROUNDS; round += 1) {
      const start = performance.now()
      await countDocuments(context, operator, {
        from: `${YEAR}-01-01`,
        to: `${YEAR}-12-31`,
        by,
        branch: 'H40',
      })
      times.push((performance.now() - start) / 1000)
    }
    measures.push(measureBound(`statistics of a province and a year, by ${by}`, median(times), 's', 1))
  }
  return measures
}

export async function measurePrinting({ url }: Books): Promise<Measure[]> {
  const program = fileURLToPath(new URL('print-book.ts', import.meta.url))
  // As the launcher starts a node: with the compiled code that an earlier start left.
  const cache = fileURLToPath(new URL('../../node_modules/.cache/congvan', import.meta.url))
  const print = () =>
    promisify(execFile)(process.execPath, [program, url], {
      env: { ...process.env, NODE_COMPILE_CACHE: cache },
    })
  await print()
  const { stdout } = await print()
  const { seconds, megabytes } = JSON.parse(stdout) as { seconds: number; megabytes: number }
  return [
    measureBound('a register year of 10,000 rows as PDF', seconds, 's', 10),
    measureBound('its greatest memory, the process included', megabytes, 'MB', 200),
  ]
}
