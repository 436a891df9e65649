import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Knex } from 'knex'
import type { UserActor } from '../../../server/actor.ts'
import type { NodeContext } from '../../../server/context.ts'
import { openLog } from '../../../server/log.ts'
import type { BookFonts } from '../../../server/registers/book-pdf.ts'
import type { Series } from '../../../server/registers/register.ts'
import { type AssignedNumber, assignNumber } from '../../../server/registers/register-store.ts'
import { cloneDatabase, type TestDatabase } from '../../support/database.ts'

/** What the registers need of a node: a database of its own and a clock that tests turn. */
export interface RegisterNode {
  readonly database: TestDatabase
  readonly context: NodeContext
  setClock(time: string): void
  addAgency(name: string): Promise<UserActor>
  enter(actor: UserActor, entry: NewEntry): Promise<AssignedNumber & { documentId: string }>
}

export interface NewEntry {
  readonly series?: Series
  readonly symbol?: string
  readonly kind?: string
  readonly subject?: string
  readonly at?: string
  readonly date?: string
  readonly author?: string
  readonly unit?: string
}

export async function openRegisterNode(start: string): Promise<RegisterNode> {
  const database = await cloneDatabase()
  let now = new Date(start)
  const context: NodeContext = {
    nodeId: 'nut-thu',
    publicUrl: 'http://127.0.0.1:0',
    clock: () => now,
    db: database.db,
    queue: { put: async () => {}, work: async () => {}, stop: async () => {} },
    log: openLog({ level: 'silent' }),
    limits: {
      fileBytes: 5_000_000,
      jsonBytes: 100_000,
      envelopeBytes: 1_000_000,
      messageBytes: 7_000_000,
      recipients: 100,
      hops: 16,
      clockSkewSeconds: 120,
      deliveryHours: 24,
      statusQueryHours: 72,
      passwordLogCost: 10,
    },
  }
  return {
    database,
    context,
    setClock(time) {
      now = new Date(time)
    },
    async addAgency(name) {
      const agencyId = randomUUID()
      await database.db.asNode(async (trx: Knex) => {
        await trx('agencies').insert({ id: agencyId })
        await trx('agency_terms').insert({
          agency_id: agencyId,
          valid_from: '2020-09-15',
          name,
          name_folded: 'uy ban',
          level: 'commune',
          hosting_node: 'nut-thu',
          issuer: 'nut-thu',
        })
      })
      const userId = randomUUID()
      return { kind: 'user', userId, login: 'van.thu', displayName: 'Văn thư', agencyId, roles: ['clerk'] }
    },
    async enter(actor, entry) {
      const documentId = randomUUID()
      const series = entry.series ?? 'outgoing:general'
      const assigned = await database.db.asAgency({ agencyId: actor.agencyId }, (trx) =>
        assignNumber(trx, {
          agencyId: actor.agencyId,
          series,
          documentId,
          symbol: entry.symbol ?? (series.startsWith('incoming') ? '' : 'UBND-VP'),
          entry: {
            kind: entry.kind ?? 'Công văn',
            subject: entry.subject ?? 'V/v thử sổ',
            signer: 'Người ký 1',
            author: entry.author ?? 'Sở thử nghiệm',
            documentNumber: '15',
            documentSymbol: 'QĐ-STN',
            documentDate: '2026-01-02',
            ...(entry.unit === undefined ? {} : { unit: entry.unit }),
          },
          now: entry.at === undefined ? now : new Date(entry.at),
          ...(entry.date === undefined ? {} : { date: entry.date }),
        }),
      )
      return { ...assigned, documentId }
    },
  }
}

export function bookFonts(): BookFonts {
  const require = createRequire(import.meta.url)
  const read = (face: string) => readFileSync(require.resolve(`@expo-google-fonts/tinos/${face}.ttf`))
  return { regular: read('400Regular/Tinos_400Regular'), bold: read('700Bold/Tinos_700Bold') }
}
