/** Two databases of one durable PostgreSQL, a small and a large one, filled alike. */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { type Database, openDatabase } from '../../server/db.ts'
import { startEmbeddedPostgres } from '../../server/embedded-postgres.ts'
import { migrate } from '../../server/migrate.ts'
import { fillBooks } from './fill-books.ts'

const PASSWORD = 'only-for-bench'
/** As many connections as a node has by default. */
const POOL = 10

export interface Books {
  readonly size: number
  /** Under the application's role, as a node works. */
  readonly db: Database
  readonly url: string
  readonly superuserUrl: string
}

export interface BooksPlace {
  readonly small: Books
  readonly large: Books
  close(): Promise<void>
}

export async function openBooks(sizes: {
  readonly small: number
  readonly large: number
}): Promise<BooksPlace> {
  const folder = mkdtempSync(join(tmpdir(), 'congvan-bench-'))
  chmodSync(folder, 0o711)
  const postgres = await startEmbeddedPostgres({ folder, runAs: process.env.CONGVAN_PG_USER ?? 'nobody' })
  const opened: Database[] = []
  const superuser = new pg.Client({ connectionString: postgres.superuserUrl() })
  await superuser.connect()
  await superuser.query(`create role bench_owner login createrole password '${PASSWORD}'`)
  await superuser.query(`create role bench login noinherit password '${PASSWORD}'`)
  const open = async (name: string, size: number): Promise<Books> => {
    await superuser.query(`create database ${name} owner bench_owner`)
    const url = (role: string) => `postgres://${role}:${PASSWORD}@127.0.0.1:${postgres.port}/${name}`
    await migrate(url('bench_owner'), url('bench'))
    const superuserUrl = postgres.superuserUrl(name)
    const client = new pg.Client({ connectionString: superuserUrl })
    await client.connect()
    process.stderr.write(`bench: writing ${size} documents\n`)
    await fillBooks(client, size)
    await client.end()
    const db = openDatabase({ url: url('bench'), poolSize: POOL })
    opened.push(db)
    return { size, db, url: url('bench'), superuserUrl }
  }
  const small = await open('bench_small', sizes.small)
  const large = await open('bench_large', sizes.large)
  await superuser.end()
  return {
    small,
    large,
    async close() {
      for (const db of opened) await db.close()
      await postgres.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
