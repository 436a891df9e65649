import type { UserActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import type { AgencyTransaction } from '../db.ts'
import { vietnamDay } from '../directory/agency-entry.ts'
import { announceStatus } from '../documents/announce-status.ts'
import { requireTransition } from '../documents/document.ts'
import { lockReadable, readerOf } from '../documents/document-access-store.ts'
import { readReadable } from '../documents/document-list-store.ts'
import type { DocumentServices } from '../documents/document-services.ts'
import { changeDocument, type DocumentRow } from '../documents/document-store.ts'
import { type Duplicate, findDuplicates } from '../documents/duplicate-store.ts'
import { findLatestReport } from '../documents/report-store.ts'
import { isSameContent } from '../documents/revision-store.ts'
import { CongvanError } from '../errors.ts'
import { requireVersion } from '../http/route.ts'
import type { BookEntry } from '../registers/entry.ts'
import { assignNumber, chooseIncomingSeries } from '../registers/register-store.ts'
import { yearOf } from '../registers/vietnam-date.ts'
import { currentRegistration, enterFields } from './register-incoming.ts'
import { type Registration, type RegistrationEdit, requireFields } from './registration.ts'

export interface Acceptance {
  readonly id: string
  /** The clerk has read the report and accepts although the verdict is not certain, or another agency signed. */
  readonly acceptIndeterminate: boolean
  /** Why it is registered although another document seems to be the same. */
  readonly duplicateReason?: string | undefined
  /** Why it is registered although a file, or the signature on an annex, is missing. */
  readonly incompleteReason?: string | undefined
  /** Fields of the register as the clerk enters them. */
  readonly fields?: RegistrationEdit | undefined
  /** The version that the clerk has read; left out: whichever is there. */
  readonly ifMatch?: number | undefined
}

export interface Accepted {
  readonly id: string
  readonly state: 'accepted'
  /** Số đến. */
  readonly incomingNumber: number
  readonly year: number
  /** Ngày đến, `YYYY-MM-DD`. */
  readonly date: string
}

/**
 * Accepts an incoming document: it gets the next incoming number of the year (NĐ 30/2020 art 22.2), stands in the book
 * with what the message says or the clerk has entered, and its sender is told 03.
 *
 * @throws CongvanError `NOT_FOUND`, `VERSION_STALE`, `DOCUMENT_STATE_WRONG`, `SECRET_MARK_HELD`; `VERIFICATION_FAILED` for one that
 *   failed verification; `VERIFICATION_INDETERMINATE` where more than revocation data is lacking, `SENDER_NOT_SIGNER`
 *   where the agency that signed is not the one that sent it, and the clerk has not said so; `DOCUMENT_INCOMPLETE` and
 *   `DUPLICATE_UNCONFIRMED` without a reason, `DUPLICATE_IDENTICAL` for a copy of what has its number; and what the book
 *   refuses: `REGISTER_FIELD_MISSING`, `REGISTER_CLOSED`, `DATE_BEFORE_LAST`
 */
export async function acceptDocument(
  context: NodeContext,
  services: Pick<DocumentServices, 'announce'>,
  actor: UserActor,
  acceptance: Acceptance,
): Promise<Accepted> {
  const { id, acceptIndeterminate, fields } = acceptance
  const now = context.clock()
  return context.db.asAgency(actor, async (trx) => {
    const document = await lockReadable(trx, actor, id)
    requireVersion(document.version, acceptance.ifMatch)
    requireAuthentic(document, acceptIndeterminate)
    const transition = requireTransition(document.state, 'accept')
    await requireComplete(trx, document, acceptance.incompleteReason)
    const duplicates = await requireSingle(trx, actor, document, acceptance.duplicateReason)
    if (fields !== undefined) await enterFields(trx, context, actor, document, fields, now)
    const registration = await currentRegistration(trx, document)
    requireFields(registration)
    const series = await chooseIncomingSeries(trx, yearOf(vietnamDay(now)), registration.typeName)
    // The series is locked from here to the end: nothing is looked up under the lock.
    const { number, year, date } = await assignNumber(trx, {
      agencyId: actor.agencyId,
      series,
      documentId: id,
      symbol: '',
      entry: incomingEntry(registration, actor.userId),
      now,
    })
    const numbered = { incomingNumber: number, incomingYear: year, registeredAt: now }
    await changeDocument(trx, id, transition.to, numbered, now)
    await logAcceptance(trx, context, actor, document, acceptance, { number, year, date, duplicates }, now)
    const description = `Đã tiếp nhận, số đến ${number} năm ${year}`
    await announceStatus(trx, services.announce, document, transition, description, now)
    return { id, state: 'accepted', incomingNumber: number, year, date }
  })
}

function requireAuthentic({ state, incoming }: DocumentRow, acceptIndeterminate: boolean): void {
  if (incoming === null) return
  const { indication, subIndication, secretMark: mark } = incoming
  if (mark !== null && state !== 'refused') throw new CongvanError('SECRET_MARK_HELD', { mark })
  const params = { indication: indication ?? '-', subIndication: subIndication ?? '-' }
  if (state === 'failed-verification') throw new CongvanError('VERIFICATION_FAILED', params)
  const certain = indication !== 'INDETERMINATE' || subIndication === 'TRY_LATER'
  if (state === 'verified' && !certain && !acceptIndeterminate) {
    throw new CongvanError('VERIFICATION_INDETERMINATE', params)
  }
  if (state === 'verified' && incoming.senderMatches === false && !acceptIndeterminate) {
    throw new CongvanError('SENDER_NOT_SIGNER', { sender: incoming.senderCode })
  }
}

/** Whether a signature of the main file is missing is part of its verdict; a file is not. */
const incomplete = new Set(['FILE_MISSING', 'ANNEX_UNSIGNED'])

async function requireComplete(
  trx: AgencyTransaction,
  { id }: DocumentRow,
  reason: string | undefined,
): Promise<void> {
  if (reason !== undefined) return
  const findings = (await findLatestReport(trx, id))?.examination?.findings ?? []
  const missing = findings.filter((one) => incomplete.has(one.code))
  if (missing.length === 0) return
  const named = missing.map((one) => `${one.code} ${one.params.name ?? ''}`).join('; ')
  throw new CongvanError('DOCUMENT_INCOMPLETE', { findings: named.slice(0, 500) })
}

/**
 * The clerk is warned before registering and may go on with a reason (Phụ lục VI, III.1h); an identical copy of what
 * has its number never gets a second one (Luật GDĐT 20/2023/QH15 art 16.2b).
 */
async function requireSingle(
  trx: AgencyTransaction,
  actor: UserActor,
  document: DocumentRow,
  reason: string | undefined,
): Promise<readonly Duplicate[]> {
  const duplicates = await findDuplicates(trx, document)
  for (const one of duplicates) {
    if (one.number === null || one.year === null || one.same !== 'code') continue
    if (await isSameContent(trx, one.id, document.id)) {
      throw new CongvanError('DUPLICATE_IDENTICAL', { number: one.number, year: one.year })
    }
  }
  if (duplicates.length > 0 && reason === undefined) {
    const documents = await nameThose(trx, actor, duplicates)
    throw new CongvanError('DUPLICATE_UNCONFIRMED', { count: duplicates.length, documents })
  }
  return duplicates
}

/** Of what the clerk may not read there is only that it is there. */
async function nameThose(
  trx: AgencyTransaction,
  actor: UserActor,
  duplicates: readonly Duplicate[],
): Promise<string> {
  const ids = duplicates.map((one) => one.id)
  const readable = new Set((await readReadable(trx, readerOf(actor), ids)).map((one) => one.id))
  const named = duplicates.filter((one) => readable.has(one.id)).map(nameOf)
  const hidden = duplicates.length - named.length
  return [...named.slice(0, 5), ...(hidden === 0 ? [] : [`${hidden} × [hạn chế]`])].join('; ')
}

function nameOf({ id, number, year }: Duplicate): string {
  return number === null ? id : `${id} (số đến ${number}/${year})`
}

/** What the incoming book shows of a document (NĐ 30/2020 Phụ lục IV, VI). */
function incomingEntry(registration: Registration, enteredBy: string): BookEntry {
  return {
    kind: registration.typeName,
    subject: registration.subject,
    signer: registration.fullName,
    author: registration.organName,
    documentNumber: registration.codeNumber,
    documentSymbol: registration.codeNotation,
    documentDate: registration.issuedDate,
    deadline: registration.dueDate,
    note: registration.description,
    enteredBy,
  }
}

async function logAcceptance(
  trx: AgencyTransaction,
  context: NodeContext,
  actor: UserActor,
  { id, incoming }: DocumentRow,
  { duplicateReason, incompleteReason }: Acceptance,
  given: { number: number; year: number; date: string; duplicates: readonly Duplicate[] },
  now: Date,
): Promise<void> {
  await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, actor.agencyId, {
    kind: 'document.accepted',
    subject: `document:${id}`,
    facts: {
      incomingNumber: given.number,
      year: given.year,
      date: given.date,
      indication: incoming?.indication ?? null,
      subIndication: incoming?.subIndication ?? null,
      senderMatches: incoming?.senderMatches ?? null,
      duplicates: given.duplicates.map((one) => one.id),
    },
    personal: {
      ...(duplicateReason === undefined ? {} : { duplicateReason }),
      ...(incompleteReason === undefined ? {} : { incompleteReason }),
    },
  })
}
