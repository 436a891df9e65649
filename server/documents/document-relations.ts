/**
 * How a document stands to others of the same issuer, as people are told it: recalled by which notice and what became of
 * that, what its sender asks of it, what it replaces or corrects and what has taken its place.
 */
import { z } from 'zod'
import type { UserActor } from '../actor.ts'
import type { AgencyTransaction } from '../db.ts'
import { readerOf } from './document-access-store.ts'
import { readReadable } from './document-list-store.ts'
import type { DocumentRow } from './document-store.ts'
import { findByCode } from './duplicate-store.ts'
import { type DocumentLink, linksFrom, linksTo } from './link-store.ts'
import { readPaperReturns } from './paper-return-store.ts'
import { type RecallOrder, readOrdersByNotice, readRecallOrders } from './recall-order-store.ts'
import { type IncomingRequest, requestOfNotice, requestsAbout } from './request-store.ts'

const time = z.iso.datetime()
/** Another document of the agency; null where it is not here, or not for the reader to see. */
const other = z.uuid().nullable()

const change = z.strictObject({
  dueDate: z.iso.date().nullable().optional(),
  receivers: z.array(z.strictObject({ code: z.string(), added: z.boolean() })).optional(),
})

const request = z.strictObject({
  type: z.enum(['recall', 'update']),
  state: z.enum(['waiting', 'open', 'agreed', 'declined']),
  notice: other,
  reason: z.string().nullable(),
  change: change.nullable(),
  /** A recall that speaks of paper copies, which are sent back (NĐ 30/2020 art 18.4a). */
  asksPaper: z.boolean(),
  previous: change.nullable(),
  requestedAt: time,
  decided: z.strictObject({ by: z.string(), at: time, text: z.string().nullable() }).nullable(),
})

const link = z.strictObject({
  code: z.string(),
  id: other,
  /** NĐ 30/2020 art 18.3 wants a replacement of equal form; a received one that is not is shown, not refused. */
  kindDiffers: z.boolean(),
})

export const documentRelations = z.strictObject({
  /** Own recalls of this document, oldest first. */
  recalls: z.array(
    z.strictObject({
      notice: other,
      reason: z.string(),
      by: z.string(),
      at: time,
      recipients: z.array(z.strictObject({ code: z.string(), way: z.enum(['cancelled', 'notice']) })),
    }),
  ),
  /** Paper of this recalled document that came back, or that was sent back to its issuer; copies 0: there was none. */
  paperReturns: z.array(
    z.strictObject({
      party: z.string(),
      copies: z.int(),
      on: z.iso.date().nullable(),
      by: z.string(),
      at: time,
    }),
  ),
  /** Own documents for which this one is the notice of recall. */
  noticeOf: z.array(z.uuid()),
  /** What the sender of this document asks of it, oldest first. */
  requests: z.array(request),
  /** What this message asks of another document. */
  asks: z
    .strictObject({
      type: z.enum(['recall', 'update']),
      state: z.enum(['waiting', 'open', 'agreed', 'declined']),
      code: z.string(),
      document: other,
      /** A document with this identifier is here, of another sender: the order is not the issuer's and counts for nothing. */
      notTheIssuer: z.boolean(),
    })
    .nullable(),
  replaces: z.array(link),
  corrects: z.array(link),
  replacedBy: z.array(z.strictObject({ id: other, kindDiffers: z.boolean() })),
  correctedBy: z.array(other),
  /** Own documents that this one updates, and those that update it. */
  updates: z.array(link),
  updatedBy: z.array(other),
})
export type DocumentRelations = z.input<typeof documentRelations>

/** Of documents that the actor may not see only that they are there. */
export async function readRelations(
  trx: AgencyTransaction,
  actor: UserActor,
  document: DocumentRow,
): Promise<DocumentRelations> {
  const { id, direction } = document
  const isOutgoing = direction === 'outgoing'
  const orders = isOutgoing ? await readRecallOrders(trx, id) : []
  const asNotice = isOutgoing ? await readOrdersByNotice(trx, id) : []
  const requests = isOutgoing ? [] : await requestsAbout(trx, id)
  const asked = isOutgoing ? undefined : await requestOfNotice(trx, id)
  const returns = document.recall === null ? [] : await readPaperReturns(trx, id)
  const older = await linksFrom(trx, id)
  const newer = await linksTo(trx, id)
  const see = await readableOf(trx, actor, [
    ...orders.map((one) => one.noticeId),
    ...asNotice.map((one) => one.documentId),
    ...requests.map((one) => one.noticeId),
    asked?.targetId ?? null,
    ...older.map((one) => one.targetId),
    ...newer.map((one) => one.documentId),
  ])
  const idOf = (wanted: string | null) => (wanted !== null && see.has(wanted) ? wanted : null)
  const differs = (wanted: string | null) => {
    const kind = wanted === null ? undefined : see.get(wanted)?.kind
    return kind !== undefined && !sameKind(kind, document.kind)
  }
  const toOlder = (kind: DocumentLink['kind']) =>
    older
      .filter((one) => one.kind === kind)
      .map((one) => ({
        code: one.targetCode,
        id: idOf(one.targetId),
        kindDiffers: kind === 'replaces' && differs(one.targetId),
      }))
  return {
    recalls: orders.map((one) => viewOrder(one, idOf)),
    paperReturns: returns.map((one) => ({ ...one, by: one.by.name, at: one.at.toISOString() })),
    noticeOf: [...new Set(asNotice.flatMap((one) => idOf(one.documentId) ?? []))],
    requests: requests.map((one) => viewRequest(one, idOf)),
    asks: asked === undefined ? null : await viewAsked(trx, asked, idOf),
    replaces: toOlder('replaces'),
    corrects: toOlder('corrects'),
    replacedBy: newer
      .filter((one) => one.kind === 'replaces')
      .map((one) => ({ id: idOf(one.documentId), kindDiffers: differs(one.documentId) })),
    correctedBy: newer.filter((one) => one.kind === 'corrects').map((one) => idOf(one.documentId)),
    updates: toOlder('updates'),
    updatedBy: newer.filter((one) => one.kind === 'updates').map((one) => idOf(one.documentId)),
  }
}

/** Kinds are compared as names: sources disagree on their numbers. */
export function sameKind(one: string, other: string): boolean {
  const plain = (kind: string) => kind.normalize('NFC').trim().toLocaleLowerCase('vi')
  return plain(one) === plain(other)
}

async function readableOf(
  trx: AgencyTransaction,
  actor: UserActor,
  ids: readonly (string | null)[],
): Promise<Map<string, DocumentRow>> {
  const wanted = [...new Set(ids.filter((id) => id !== null))]
  const rows = await readReadable(trx, readerOf(actor), wanted)
  return new Map(rows.map((row) => [row.id, row]))
}

type IdOf = (id: string | null) => string | null

function viewOrder(one: RecallOrder, idOf: IdOf): DocumentRelations['recalls'][number] {
  return {
    notice: idOf(one.noticeId),
    reason: one.reason,
    by: one.by.name,
    at: one.at.toISOString(),
    recipients: one.recipients.map(({ code, way }) => ({ code, way })),
  }
}

function viewRequest(one: IncomingRequest, idOf: IdOf): DocumentRelations['requests'][number] {
  return {
    type: typeName(one),
    state: one.state,
    notice: idOf(one.noticeId),
    reason: one.reason,
    change: one.change as z.input<typeof change> | null,
    asksPaper: one.asksPaper,
    previous: one.previous as z.input<typeof change> | null,
    requestedAt: one.requestedAt.toISOString(),
    decided: one.decided && {
      by: one.decided.by.name,
      at: one.decided.at.toISOString(),
      text: one.decided.text,
    },
  }
}

async function viewAsked(
  trx: AgencyTransaction,
  asked: IncomingRequest,
  idOf: IdOf,
): Promise<DocumentRelations['asks']> {
  return {
    type: typeName(asked),
    state: asked.state,
    code: asked.targetCode,
    document: idOf(asked.targetId),
    // Of its own sender it would have been linked.
    notTheIssuer: asked.state === 'waiting' && (await findByCode(trx, asked.targetCode)).length > 0,
  }
}

function typeName({ type }: IncomingRequest): 'recall' | 'update' {
  return type === 1 ? 'recall' : 'update'
}
