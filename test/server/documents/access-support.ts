/** Agencies with people and documents as rows, for tests of who sees what: no file, no key, no signature. */
import { createHash, randomUUID } from 'node:crypto'
import type { Knex } from 'knex'
import type { AgencyRole, UserActor } from '../../../server/actor.ts'
import type { NodeContext } from '../../../server/context.ts'
import { grantAccess } from '../../../server/documents/document-access-store.ts'
import { insertDocument, type NewDocument } from '../../../server/documents/document-store.ts'
import { openLog } from '../../../server/log.ts'
import { cloneDatabase, type TestDatabase } from '../../support/database.ts'

export const START = new Date('2026-03-02T08:00:00+07:00')

export interface Office {
  readonly database: TestDatabase
  readonly context: NodeContext
  setClock(time: Date): void
  /** A new agency that this node hosts. */
  found(code: string, level?: string, parentId?: string): Promise<string>
  /** A new account with roles in the agency. */
  hire(agencyId: string, ...roles: AgencyRole[]): Promise<UserActor>
  /** A new document of the agency; by default an outgoing one of nobody in state `draft`. */
  write(agencyId: string, given?: Partial<NewDocument>): Promise<string>
}

export async function openOffice(): Promise<Office> {
  const database = await cloneDatabase()
  let now = START
  let counter = 0
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
      messageBytes: 10_000_000,
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
      now = time
    },
    async found(code, level = 'commune', parentId) {
      const agencyId = randomUUID()
      await database.db.asNode(async (trx: Knex) => {
        await trx('agencies').insert({ id: agencyId })
        const term = { agency_id: agencyId, valid_from: '2020-09-15', issuer: 'nut-thu' }
        await trx('agency_codes').insert({ ...term, code, generation: 'qd20' })
        const place = { name: `Cơ quan ${code}`, name_folded: `co quan ${code}`, hosting_node: 'nut-thu' }
        await trx('agency_terms').insert({ ...term, ...place, level, parent_id: parentId ?? null })
      })
      return agencyId
    },
    async hire(agencyId, ...roles) {
      const userId = randomUUID()
      const login = `nguoi-${userId.slice(0, 8)}`
      await database.db.asNode(async (trx: Knex) => {
        const user = { id: userId, login, display_name: 'Người dùng', password_hash: '-', created_at: START }
        await trx('users').insert(user)
        const member = { agency_id: agencyId, user_id: userId, granted_at: START }
        await trx('memberships').insert(roles.map((role) => ({ ...member, role })))
      })
      return { kind: 'user', userId, login, displayName: 'Người dùng', agencyId, roles }
    },
    async write(agencyId, given = {}) {
      counter += 1
      const id = given.id ?? randomUUID()
      const createdAt = new Date(now.getTime() + counter)
      const document = { ...plain(agencyId, id, createdAt), ...given }
      await database.db.asAgency({ agencyId }, async (trx) => {
        await insertDocument(trx, document)
        const { createdBy } = document
        if (createdBy === null) return
        await grantAccess(trx, {
          agencyId,
          documentId: id,
          userId: createdBy,
          as: 'drafter',
          by: null,
          at: createdAt,
        })
      })
      return id
    },
  }
}

function plain(agencyId: string, id: string, createdAt: Date): NewDocument {
  return {
    id,
    agencyId,
    direction: 'outgoing',
    state: 'draft',
    kind: 'Công văn',
    subject: `Về việc thử nghiệm ${id}`,
    codeNumber: null,
    codeNotation: 'UBND-VP',
    promulgationDate: null,
    place: null,
    urgency: 0,
    dueDate: null,
    signer: { name: 'Người ký 1', position: null, competence: null },
    recipients: [],
    documentCode: null,
    createdBy: null,
    createdAt,
    incoming: null,
  }
}

/** What makes a document an incoming one. */
export function arrived(senderCode: string): Pick<NewDocument, 'direction' | 'state' | 'incoming'> {
  const envelopeSha256 = createHash('sha256').update(randomUUID()).digest('hex')
  return {
    direction: 'incoming',
    state: 'arrived',
    incoming: { envelopeSha256, senderCode, senderName: null, recipientCode: 'H40', secretMark: null },
  }
}
