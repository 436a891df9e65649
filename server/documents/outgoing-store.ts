/** What only an outgoing document has, in columns of `documents`; see `document-store.ts` for the rest of the row. */
import type { AgencyTransaction } from '../db.ts'
import type { DocumentState } from './document.ts'
import type { Signer } from './document-store.ts'

/** Whether it goes out as an electronic document only, or with paper beside it. */
export type Transmission = 'electronic' | 'parallel'

export interface Paper {
  /** Nơi nhận bản giấy; empty: the electronic recipients get paper too. */
  readonly recipients: readonly string[]
  /** Số lượng bản. */
  readonly copies: number
  readonly reason: string | null
}

export interface OutgoingPart {
  /** The advisory body in whose name it is issued; null: the agency itself. */
  readonly council: string | null
  /** A legal normative document (văn bản quy phạm pháp luật). */
  readonly normative: boolean
  /** The incoming document that it answers. */
  readonly inReplyTo: string | null
  /** null: electronically only. */
  readonly paper: Paper | null
  /** Đơn vị, người nhận bản lưu. */
  readonly keptBy: string | null
  readonly keptCopies: number
  readonly draftingUnit: string | null
  readonly draftingAssignedBy: string | null
  /** When file or metadata of the draft were last changed; what was checked before is to be checked again. */
  readonly contentChangedAt: Date | null
  /** When the last of those who sign did. */
  readonly signedAt: Date | null
  readonly numberedBy: string | null
  readonly issuedAt: Date | null
  readonly dispatchedAt: Date | null
}

interface Row {
  readonly issuing_council: string | null
  readonly normative: boolean
  readonly in_reply_to: string | null
  readonly transmission: Transmission
  readonly paper_reason: string | null
  readonly paper_copies: number
  readonly paper_recipients: string[]
  readonly kept_by: string | null
  readonly kept_copies: number
  readonly drafting_unit: string | null
  readonly drafting_assigned_by: string | null
  readonly content_changed_at: Date | null
  readonly signed_at: Date | null
  readonly numbered_by: string | null
  readonly issued_at: Date | null
  readonly dispatched_at: Date | null
}

const columns = [
  'issuing_council',
  'normative',
  'in_reply_to',
  'transmission',
  'paper_reason',
  'paper_copies',
  'paper_recipients',
  'kept_by',
  'kept_copies',
  'drafting_unit',
  'drafting_assigned_by',
  'content_changed_at',
  'signed_at',
  'numbered_by',
  'issued_at',
  'dispatched_at',
] as const

/** `undefined` for a document that is not there or came in. */
export async function findOutgoing(trx: AgencyTransaction, id: string): Promise<OutgoingPart | undefined> {
  const row = await trx('documents')
    .where({ id, direction: 'outgoing' })
    .first<Row | undefined>(...columns)
  if (row === undefined) return undefined
  return {
    council: row.issuing_council,
    normative: row.normative,
    inReplyTo: row.in_reply_to,
    paper:
      row.transmission === 'electronic'
        ? null
        : { recipients: row.paper_recipients, copies: row.paper_copies, reason: row.paper_reason },
    keptBy: row.kept_by,
    keptCopies: row.kept_copies,
    draftingUnit: row.drafting_unit,
    draftingAssignedBy: row.drafting_assigned_by,
    contentChangedAt: row.content_changed_at,
    signedAt: row.signed_at,
    numberedBy: row.numbered_by,
    issuedAt: row.issued_at,
    dispatchedAt: row.dispatched_at,
  }
}

/** What was said of a draft, whole. */
export interface DraftFacts {
  readonly kind: string
  readonly subject: string
  readonly symbol: string
  readonly council: string | null
  readonly normative: boolean
  readonly urgency: number
  readonly place: string | null
  readonly signer: Signer
  readonly recipients: readonly string[]
  readonly dueDate: string | null
  readonly inReplyTo: string | null
  readonly paper: Paper | null
  readonly keptBy: string | null
  readonly keptCopies: number
  readonly draftingUnit: string | null
  readonly draftingAssignedBy: string | null
}

/** Writes all that was said of a draft; the database refuses it once the document is issued. */
export async function writeDraft(
  trx: AgencyTransaction,
  id: string,
  facts: DraftFacts,
  now: Date,
): Promise<void> {
  await trx('documents')
    .where({ id })
    .update({
      kind: facts.kind,
      subject: facts.subject,
      code_notation: facts.symbol,
      issuing_council: facts.council,
      normative: facts.normative,
      urgency: facts.urgency,
      place: facts.place,
      signer_name: facts.signer.name,
      signer_position: facts.signer.position,
      signer_competence: facts.signer.competence,
      recipients: JSON.stringify(facts.recipients),
      due_date: facts.dueDate,
      in_reply_to: facts.inReplyTo,
      transmission: facts.paper === null ? 'electronic' : 'parallel',
      paper_reason: facts.paper?.reason ?? null,
      paper_copies: facts.paper?.copies ?? 0,
      paper_recipients: JSON.stringify(facts.paper?.recipients ?? []),
      kept_by: facts.keptBy,
      kept_copies: facts.keptCopies,
      drafting_unit: facts.draftingUnit,
      drafting_assigned_by: facts.draftingAssignedBy,
      content_changed_at: now,
      updated_at: now,
    })
}

/** What the steps of an outgoing document leave in its row. */
export interface OutgoingStep {
  readonly contentChangedAt?: Date
  /** null: the signatures were given up with the version they stood on. */
  readonly signedAt?: Date | null
  readonly numberedBy?: string
  readonly issuedAt?: Date
  readonly dispatchedAt?: Date
}

export async function changeOutgoing(
  trx: AgencyTransaction,
  id: string,
  state: DocumentState,
  step: OutgoingStep,
  now: Date,
): Promise<void> {
  const given = {
    content_changed_at: step.contentChangedAt,
    signed_at: step.signedAt,
    numbered_by: step.numberedBy,
    issued_at: step.issuedAt,
    dispatched_at: step.dispatchedAt,
  }
  const set = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
  await trx('documents')
    .where({ id })
    .update({ state, updated_at: now, ...set })
}

/**
 * Records that paper went out: from then on the document counts as dispatched, if it did not before.
 *
 * @param paper all that went out so far, beside what was planned
 */
export async function recordPaper(
  trx: AgencyTransaction,
  id: string,
  paper: Paper,
  now: Date,
): Promise<void> {
  await trx('documents')
    .where({ id })
    .update({
      state: 'dispatched',
      transmission: 'parallel',
      paper_reason: paper.reason,
      paper_copies: paper.copies,
      paper_recipients: JSON.stringify(paper.recipients),
      dispatched_at: trx.raw('coalesce(dispatched_at, ?)', [now]),
      updated_at: now,
    })
}

/** Other outgoing documents under the same number and symbol in the same year (NĐ 30/2020 Phụ lục VI, III.1h). */
export async function findOutgoingDuplicates(
  trx: AgencyTransaction,
  document: {
    readonly id: string
    readonly codeNumber: string | null
    readonly codeNotation: string
    readonly promulgationDate: string | null
  },
): Promise<string[]> {
  const { codeNumber, promulgationDate } = document
  if (codeNumber === null || promulgationDate === null) return []
  const year = promulgationDate.slice(0, 4)
  return trx('documents')
    .where({ direction: 'outgoing', code_number: codeNumber, code_notation: document.codeNotation })
    .whereBetween('promulgation_date', [`${year}-01-01`, `${year}-12-31`])
    .whereNot({ id: document.id })
    .orderBy(['created_at', 'id'])
    .limit(20)
    .pluck<string[]>('id')
}

export interface OpenDocument {
  readonly id: string
  readonly state: DocumentState
  readonly kind: string
  readonly subject: string
  readonly codeNumber: string | null
  readonly codeNotation: string
  readonly urgency: number
  readonly signedAt: Date
  readonly numberedBy: string | null
  readonly restricted: boolean
}

/** Signed and not dispatched, the longest waiting first. */
export async function listNotDispatched(
  trx: AgencyTransaction,
  query: {
    readonly states: readonly DocumentState[]
    readonly after?: { readonly at: Date; readonly id: string }
    readonly limit: number
  },
): Promise<OpenDocument[]> {
  const select = trx('documents')
    .where({ direction: 'outgoing' })
    // The whole condition of the index is repeated, so that the index is taken.
    .whereIn('state', ['signed', 'numbered', 'issued'])
    .whereIn('state', [...query.states])
    .whereNotNull('signed_at')
    .orderBy(['signed_at', 'id'])
    .limit(query.limit)
  if (query.after !== undefined) {
    select.whereRaw('(signed_at, id) > (?, ?)', [query.after.at, query.after.id])
  }
  return select.select({
    id: 'id',
    state: 'state',
    kind: 'kind',
    subject: 'subject',
    codeNumber: 'code_number',
    codeNotation: 'code_notation',
    urgency: 'urgency',
    signedAt: 'signed_at',
    numberedBy: 'numbered_by',
    restricted: 'restricted',
  })
}
