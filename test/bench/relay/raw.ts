/** The costs that bound the relay, taken in the same run: keys, a durable transaction, a request of 100 kB. */
import { randomBytes } from 'node:crypto'
import { Agent, createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import pg from 'pg'
import { rawCosts } from '../raw.ts'

export const BODY_BYTES = 100_000
const ROUND_MS = 1_500

export interface RawRates {
  readonly ecSign: number
  readonly ecVerify: number
  readonly rsaSign: number
  readonly rsaVerify: number
  /** Durable transactions of four statements, over eight connections. */
  readonly transactions: number
  /** POSTs of 100 kB, answered when the last byte is read, over eight connections. */
  readonly posts: number
}

export interface RawCostsOfRelay {
  measure(): Promise<RawRates>
  close(): Promise<void>
}

const AT_ONCE = 8

export async function openRawCosts(superuserUrl: string): Promise<RawCostsOfRelay> {
  const pool = new pg.Pool({ connectionString: superuserUrl, max: AT_ONCE })
  await pool.query('create table raw_rows (id bigint generated always as identity primary key, text text)')
  const server = createServer((incoming, outgoing) => {
    incoming.resume()
    incoming.once('end', () => outgoing.end('{}'))
  })
  await new Promise<void>((accept) => server.listen(0, '127.0.0.1', accept))
  const agent = new Agent({ keepAlive: true })
  const body = randomBytes(BODY_BYTES)
  const keys = rawCosts()
  return {
    async measure() {
      return {
        ecSign: await rateOf(1, keys.ecSign),
        ecVerify: await rateOf(1, keys.ecVerify),
        rsaSign: await rateOf(1, keys.rsaSign),
        rsaVerify: await rateOf(1, keys.rsaVerify),
        transactions: await rateOf(AT_ONCE, () => transaction(pool)),
        posts: await rateOf(AT_ONCE, () => post(server, agent, body)),
      }
    },
    async close() {
      await pool.query('drop table raw_rows')
      await pool.end()
      agent.destroy()
      await new Promise((accept) => server.close(accept))
    },
  }
}

async function rateOf(atOnce: number, work: () => unknown | Promise<unknown>): Promise<number> {
  const start = performance.now()
  let count = 0
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (performance.now() - start < ROUND_MS) {
        await work()
        count += 1
      }
    }),
  )
  return (count * 1000) / (performance.now() - start)
}

async function transaction(pool: pg.Pool): Promise<void> {
  const client = await pool.connect()
  try {
    await client.query('begin')
    for (let i = 0; i < 4; i += 1) await client.query('insert into raw_rows (text) values ($1)', ['một hàng'])
    await client.query('commit')
  } finally {
    client.release()
  }
}

function post(server: Server, agent: Agent, body: Buffer): Promise<void> {
  const { port } = server.address() as AddressInfo
  return new Promise((accept, reject) => {
    const out = request({ host: '127.0.0.1', port, method: 'POST', agent }, (response) => {
      response.resume()
      response.once('end', accept)
    })
    out.once('error', reject)
    out.end(body)
  })
}
