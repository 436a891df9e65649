/** xã → huyện → tỉnh → trung ương, each a node of its own, until every receipt is back with the sender. */
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { z } from 'zod'
import type { ApiClient } from '../../../cli/client/api-client.ts'
import { type LetterMaker, openLetterMaker } from '../../support/plant/letters.ts'
import type { Plant } from '../../support/plant/plant.ts'
import type { FourLevels } from '../../support/plant/tree.ts'
import { type LoadResult, paced } from './load.ts'

const LOOK_EVERY_MS = 20
const PATIENCE_MS = 300_000

export interface ChainBench {
  /** Dispatches so many letters at once; the rate is from the first dispatch to the last receipt. */
  run(count: number): Promise<LoadResult>
  /** From dispatch to the last receipt, at half of a rate. */
  runAtHalf(count: number, rate: number): Promise<LoadResult>
  close(): Promise<void>
}

export async function openChainBench(plant: Plant, tree: FourLevels): Promise<ChainBench> {
  const home = plant.node('xa')
  const maker = await openLetterMaker(plant, home, tree.commune)
  const client = await plant.clerk(tree.commune.code)
  const pool = new pg.Pool({ connectionString: home.superuserUrl, max: 2 })
  const to = tree.central.code
  const run = async (count: number): Promise<LoadResult> => {
    const letters = await make(maker, count)
    const start = performance.now()
    const times: number[] = []
    await Promise.all(
      letters.map(async (id) => {
        await dispatch(client, id, [to])
        await untilBack(pool, id)
        times.push(performance.now() - start)
      }),
    )
    const ms = performance.now() - start
    const sorted = times.toSorted((a, b) => a - b)
    return { count, rate: (count * 1000) / ms, p95: sorted[Math.floor(count * 0.95)] ?? ms }
  }
  return {
    run,
    async runAtHalf(count, rate) {
      return paced(await make(maker, count), rate / 2, async (id) => {
        await dispatch(client, id, [to])
        await untilBack(pool, id)
      })
    },
    async close() {
      await pool.end()
      await maker.close()
    },
  }
}

export async function make(maker: LetterMaker, count: number): Promise<string[]> {
  const made: string[] = []
  for (let i = 0; i < count; i += 1) made.push((await maker.make()).id)
  return made
}

export async function dispatch(client: ApiClient, id: string, recipients: readonly string[]): Promise<void> {
  await client.post(`/documents/${id}/dispatch`, z.unknown(), { json: { recipients } })
}

/** Until the sender's node has the terminal receipt of every delivery of a document, and each receipt before it. */
export async function untilBack(pool: pg.Pool, documentId: string): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS
  for (;;) {
    const { rows } = await pool.query<{ open: string }>(
      `select count(*) as open from deliveries d where d.document_id = $1 and (d.transport <> 'consigned'
         or exists (select 1 from delivery_events e where e.delivery_id = d.id and e.previous_receipt is not null
           and not exists (select 1 from delivery_events p
             where p.delivery_id = d.id and p.message_sha256 = e.previous_receipt)))`,
      [documentId],
    )
    if (rows[0]?.open === '0') return
    if (performance.now() > deadline) throw new Error(`the receipts of ${documentId} did not come back`)
    await delay(LOOK_EVERY_MS)
  }
}
