/**
 * Who may see a document: permitting it to people of the agency, withdrawing it, restricting it to named people
 * (NĐ 30/2020 Phụ lục VI, III.3b, III.3c, IV.1b). Each act states its reason, stands in the log, and waits on the
 * agency's list of changed rights until it is confirmed.
 */
import type { UserActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { EntryKind } from '../audit/entry.ts'
import type { NodeContext } from '../context.ts'
import type { AgencyTransaction } from '../db.ts'
import { CongvanError } from '../errors.ts'
import { requireVersion } from '../http/route.ts'
import {
  type AccessReason,
  findOpenDossier,
  grantAccess,
  lockReadableAnyway,
  readAccess,
  requireReadable,
  type StoredAccess,
  setRestricted,
  withdrawAccess,
} from './document-access-store.ts'
import { type DocumentRead, listReads } from './document-reads-store.ts'
import type { DocumentRow } from './document-store.ts'
import { findPerson, namesOfUsers } from './people-store.ts'
import { type RightChange, recordRightChange } from './right-change-store.ts'

export interface Permit {
  readonly documentId: string
  /** Login or id of somebody with a role in the agency. */
  readonly user: string
  /** The rule or decision behind it. */
  readonly reason: string
}

export interface Permitted {
  readonly documentId: string
  readonly userId: string
  /** False where the user had this right already; then nothing was written. */
  readonly changed: boolean
}

/**
 * Lets a person of the agency see a document.
 *
 * @throws CongvanError `NOT_FOUND`, `USER_NOT_OF_AGENCY`, `DOCUMENT_IN_QUARANTINE`
 */
export async function permitDocument(
  context: NodeContext,
  actor: UserActor,
  { documentId, user, reason }: Permit,
): Promise<Permitted> {
  const now = context.clock()
  const { agencyId } = actor
  return context.db.asAgency(actor, async (trx) => {
    await lockForRights(trx, actor, documentId)
    const userId = await requirePerson(trx, agencyId, user, now)
    const by = actor.userId
    const grant = { agencyId, documentId, userId, as: 'permitted', by, at: now, reason } as const
    const changed = await grantAccess(trx, grant)
    if (changed) {
      const change = { documentId, userId, reason, now, act: 'permitted' } as const
      await record(trx, context, actor, change)
    }
    return { documentId, userId, changed }
  })
}

export interface Withdrawn {
  readonly documentId: string
  readonly userId: string
  /** The causes for which the person could see it. */
  readonly withdrawn: readonly AccessReason[]
  /** Whether the person still sees it, as a member of a dossier that holds it. */
  readonly throughDossier: boolean
}

/**
 * Takes away what a person was given on a document. Rights through a dossier end with the membership of that dossier;
 * the one who drafted a document still sees it while it is in quarantine.
 *
 * @throws CongvanError `NOT_FOUND`, `DOCUMENT_IN_QUARANTINE`, `ACCESS_NOT_GIVEN`, `ACCESS_LAST_READER`
 */
export async function withdrawDocument(
  context: NodeContext,
  actor: UserActor,
  { documentId, user, reason }: Permit,
): Promise<Withdrawn> {
  const now = context.clock()
  return context.db.asAgency(actor, async (trx) => {
    const document = await lockForRights(trx, actor, documentId)
    const userId = await personOrId(trx, actor.agencyId, user, now)
    const withdrawal = { by: actor.userId, at: now, reason }
    const withdrawn = await withdrawAccess(trx, { documentId, userId }, withdrawal)
    if (withdrawn.length === 0) throw new CongvanError('ACCESS_NOT_GIVEN', { user })
    const left = (await readAccess(trx, documentId)).filter((one) => one.withdrawn === null)
    if (document.restricted && left.length === 0) throw new CongvanError('ACCESS_LAST_READER')
    const before = { as: withdrawn }
    await record(trx, context, actor, { documentId, userId, reason, now, act: 'withdrawn', before })
    return { documentId, userId, withdrawn, throughDossier: left.some((one) => one.userId === userId) }
  })
}

export interface Restrict {
  readonly documentId: string
  readonly restricted: boolean
  readonly reason: string
  readonly ifMatch?: number
}

/**
 * Restricts a document to the people who have a right of their own on it, the actor being one of them from now on; or
 * ends that.
 *
 * @throws CongvanError `NOT_FOUND`, `DOCUMENT_IN_QUARANTINE`, `VERSION_STALE`, `DOSSIER_OPEN_TO_ALL` while it lies in a
 *   dossier that is not restricted
 */
export async function restrictDocument(
  context: NodeContext,
  actor: UserActor,
  { documentId, restricted, reason, ifMatch }: Restrict,
): Promise<{ id: string; restricted: boolean; version: number }> {
  const now = context.clock()
  const { agencyId, userId } = actor
  return context.db.asAgency(actor, async (trx) => {
    const document = await lockForRights(trx, actor, documentId)
    requireVersion(document.version, ifMatch)
    if (document.restricted === restricted) return { id: documentId, restricted, version: document.version }
    let named = false
    if (restricted) {
      await refuseOpenDossiers(trx, documentId)
      const grant = { agencyId, documentId, userId, as: 'handler', by: userId, at: now, reason } as const
      named = await grantAccess(trx, grant)
    }
    await setRestricted(trx, documentId, restricted, now)
    const act = restricted ? 'restricted' : 'unrestricted'
    await record(trx, context, actor, { documentId, userId: null, reason, now, act, before: { named } })
    return { id: documentId, restricted, version: document.version + 1 }
  })
}

export interface NamedAccess extends StoredAccess {
  /** The names of accounts, where they still are. */
  readonly name: string | null
}

/** Who may see a document by a right of their own, now and formerly. @throws CongvanError `NOT_FOUND` */
export async function listAccess(
  context: NodeContext,
  actor: UserActor,
  documentId: string,
): Promise<{ document: DocumentRow; access: NamedAccess[] }> {
  const { agencyId, userId } = actor
  return context.db.asAgency({ agencyId, userId }, async (trx) => {
    const document = await requireReadable(trx, actor, documentId)
    const access = await readAccess(trx, documentId)
    const ids = access.map((one) => one.userId)
    const names = await namesOfUsers(trx, ids)
    return { document, access: access.map((one) => ({ ...one, name: names.get(one.userId) ?? null })) }
  })
}

export interface ReadsPage {
  readonly items: readonly (DocumentRead & { readonly name: string | null })[]
  readonly next: { readonly at: Date; readonly id: string } | null
}

/** Who opened what of a document, newest first. @throws CongvanError `NOT_FOUND` */
export async function readHistory(
  context: NodeContext,
  actor: UserActor,
  query: {
    readonly documentId: string
    readonly after?: { readonly at: Date; readonly id: string }
    readonly limit: number
  },
): Promise<ReadsPage> {
  const { agencyId, userId } = actor
  return context.db.asAgency({ agencyId, userId }, async (trx) => {
    await requireReadable(trx, actor, query.documentId)
    const found = await listReads(trx, { ...query, limit: query.limit + 1 })
    const reads = found.slice(0, query.limit)
    const ids = reads.map((one) => one.userId)
    const names = await namesOfUsers(trx, ids)
    const last = reads.at(-1)
    return {
      items: reads.map((one) => ({ ...one, name: names.get(one.userId) ?? null })),
      next: found.length > reads.length && last !== undefined ? { at: last.at, id: last.id } : null,
    }
  })
}

/** What is in quarantine is its drafter's alone: nobody is let in. */
async function lockForRights(
  trx: AgencyTransaction,
  actor: UserActor,
  documentId: string,
): Promise<DocumentRow> {
  const document = await lockReadableAnyway(trx, actor, documentId)
  if (document.state === 'quarantined') throw new CongvanError('DOCUMENT_IN_QUARANTINE')
  return document
}

/** @throws CongvanError `USER_NOT_OF_AGENCY` */
export async function requirePerson(
  trx: AgencyTransaction,
  agencyId: string,
  user: string,
  now: Date,
): Promise<string> {
  const person = await findPerson(trx, agencyId, user, now)
  if (person === undefined) throw new CongvanError('USER_NOT_OF_AGENCY', { user })
  return person.userId
}

/** Who has left the agency is named by login or id all the same: it is what a right is withdrawn for. */
async function personOrId(
  trx: AgencyTransaction,
  agencyId: string,
  user: string,
  now: Date,
): Promise<string> {
  return UUID.test(user) ? user.toLowerCase() : requirePerson(trx, agencyId, user, now)
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** Members of a dossier see all that is in it: a restricted document lies in restricted dossiers only. */
export async function refuseOpenDossiers(trx: AgencyTransaction, documentId: string): Promise<void> {
  const code = await findOpenDossier(trx, documentId)
  if (code !== undefined) throw new CongvanError('DOSSIER_OPEN_TO_ALL', { code })
}

interface Change {
  readonly documentId: string
  readonly userId: string | null
  readonly reason: string
  readonly now: Date
  readonly act: 'permitted' | 'withdrawn' | 'restricted' | 'unrestricted'
  /** What undoing it needs to know; see `undo-document-right.ts`. */
  readonly before?: { readonly as: readonly AccessReason[] } | { readonly named: boolean }
}

const kinds = {
  permitted: ['document.permitted', 'document-permitted'],
  withdrawn: ['document.permit-withdrawn', 'document-withdrawn'],
  restricted: ['document.restricted', 'document-restricted'],
  unrestricted: ['document.unrestricted', 'document-unrestricted'],
} as const satisfies Record<Change['act'], readonly [EntryKind, RightChange['kind']]>

async function record(
  trx: AgencyTransaction,
  context: NodeContext,
  actor: UserActor,
  { documentId, userId, reason, now, act, before }: Change,
): Promise<void> {
  const { agencyId } = actor
  const subject = `document:${documentId}`
  const [entry, kind] = kinds[act]
  await recordRightChange(trx, { agencyId, kind, subject, userId, reason, by: actor.userId, at: now, before })
  await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, agencyId, {
    kind: entry,
    subject,
    facts: userId === null ? {} : { user: userId },
    personal: { reason },
  })
}
