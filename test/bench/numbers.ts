/**
 * Numbers for 50 clerks at once, held against the least that gapless numbers can cost: one row that is locked, moved
 * on by one and committed, over as many connections.
 */
import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { assignNumber } from '../../server/registers/register-store.ts'
import type { Books } from './books-place.ts'
import { BUSY_AGENCY } from './fill-books.ts'
import { type Measure, median, rounded } from './measure.ts'

const CLERKS = 50
const ROUNDS = 5
const ROUND_MS = 3_000
const NOW = new Date('2026-12-31T09:00:00+07:00')

export async function measureNumbers(books: Books): Promise<Measure[]> {
  const raw = new pg.Pool({ connectionString: books.superuserUrl, max: 10 })
  await raw.query('create table raw_counter (id integer primary key, last integer not null)')
  await raw.query('insert into raw_counter values (1, 0)')
  const before = await lastNumber(raw)
  const values: number[] = []
  const raws: number[] = []
  let given = 0
  for (let round = 0; round < ROUNDS; round += 1) {
    raws.push((await together(() => countUp(raw))).rate)
    const numbers = await together(() => nextNumber(books))
    given += numbers.count
    values.push(numbers.rate)
  }
  const gapless = await lastAndCount(raw)
  await raw.query('drop table raw_counter')
  await raw.end()
  const ratio = median(values.map((value, i) => value / (raws[i] ?? Number.NaN)))
  return [
    {
      name: 'next numbers, 50 clerks at once',
      value: rounded(median(values)),
      unit: '1/s',
      raw: rounded(median(raws)),
      ratio: rounded(ratio),
      target: 'ratio >= 0.5',
      met: ratio >= 0.5,
    },
    {
      name: 'numbers missing or doubled among those given',
      value: Math.abs(gapless.last - before - given) + Math.abs(gapless.last - gapless.count),
      unit: 'numbers',
      raw: given,
      ratio: 0,
      target: 'value = 0',
      met: gapless.last - before === given && gapless.last === gapless.count,
    },
  ]
}

async function together(work: () => Promise<unknown>): Promise<{ rate: number; count: number }> {
  const start = performance.now()
  let count = 0
  await Promise.all(
    Array.from({ length: CLERKS }, async () => {
      while (performance.now() - start < ROUND_MS) {
        await work()
        count += 1
      }
    }),
  )
  return { rate: (count * 1000) / (performance.now() - start), count }
}

async function countUp(pool: pg.Pool): Promise<void> {
  const client = await pool.connect()
  try {
    await client.query('begin')
    await client.query('select last from raw_counter where id = 1 for update')
    await client.query('update raw_counter set last = last + 1 where id = 1')
    await client.query('commit')
  } finally {
    client.release()
  }
}

function nextNumber({ db }: Books): Promise<unknown> {
  return db.asAgency({ agencyId: BUSY_AGENCY }, (trx) =>
    assignNumber(trx, {
      agencyId: BUSY_AGENCY,
      series: 'outgoing:general',
      documentId: randomUUID(),
      symbol: 'UBND-VP',
      entry: { kind: 'Công văn', subject: 'Về việc triển khai kế hoạch công tác năm', signer: 'Người ký 1' },
      now: NOW,
    }),
  )
}

const series = `agency_id = '${BUSY_AGENCY}' and year = 2026 and series = 'outgoing:general'`

async function lastNumber(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ last_number: number }>(
    `select last_number from registers where ${series}`,
  )
  return rows[0]?.last_number ?? 0
}

async function lastAndCount(pool: pg.Pool): Promise<{ last: number; count: number }> {
  const { rows } = await pool.query<{ last: number; count: number }>(
    `select max(number) as last, count(distinct number)::int as count from register_numbers where ${series}`,
  )
  return { last: rows[0]?.last ?? 0, count: rows[0]?.count ?? 0 }
}
