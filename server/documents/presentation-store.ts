/** The only SQL of `document_presentations` and `document_signers`: to whom a version was presented for signing. */
import type { AgencyTransaction } from '../db.ts'
import type { Reader } from './document-list-store.ts'

export type PresentationOutcome = 'returned' | 'withdrawn' | 'superseded' | 'signed' | 'cancelled'

/** One of those who sign in turn. */
export interface PlannedSigner {
  readonly position: number
  readonly userId: string
  /** Họ tên, as in the certificate. */
  readonly name: string
  /** Chức vụ. */
  readonly title: string | null
  /** Quyền hạn, with its prefix. */
  readonly competence: string | null
  readonly authorisationId: string | null
  /** The revision that this person's signature made; null before. */
  readonly signedRevision: number | null
  readonly signedAt: Date | null
}

export interface Presentation {
  readonly round: number
  /** The version presented. */
  readonly revision: number
  readonly presentedBy: string
  readonly presentedByName: string
  readonly presentedAt: Date
  readonly note: string | null
  /** null while it is open. */
  readonly outcome: PresentationOutcome | null
  /** Why it was returned or withdrawn. */
  readonly remark: string | null
  readonly closedBy: string | null
  readonly closedByName: string | null
  readonly closedAt: Date | null
  readonly signers: readonly PlannedSigner[]
}

interface Row {
  readonly round: number
  readonly revision: number
  readonly presented_by: string
  readonly presented_by_name: string
  readonly presented_at: Date
  readonly note: string | null
  readonly outcome: PresentationOutcome | null
  readonly remark: string | null
  readonly closed_by: string | null
  readonly closed_by_name: string | null
  readonly closed_at: Date | null
}

interface SignerRow {
  readonly round: number
  readonly position: number
  readonly user_id: string
  readonly name: string
  readonly title: string | null
  readonly competence: string | null
  readonly authorisation_id: string | null
  readonly signed_revision: number | null
  readonly signed_at: Date | null
}

export type NewPresentation = Pick<
  Presentation,
  'round' | 'revision' | 'presentedBy' | 'presentedByName' | 'presentedAt' | 'note'
> & { readonly signers: readonly Omit<PlannedSigner, 'signedRevision' | 'signedAt'>[] }

export async function insertPresentation(
  trx: AgencyTransaction,
  agencyId: string,
  documentId: string,
  presentation: NewPresentation,
): Promise<void> {
  const key = { agency_id: agencyId, document_id: documentId, round: presentation.round }
  await trx('document_presentations').insert({
    ...key,
    revision: presentation.revision,
    presented_by: presentation.presentedBy,
    presented_by_name: presentation.presentedByName,
    presented_at: presentation.presentedAt,
    note: presentation.note,
  })
  await trx('document_signers').insert(
    presentation.signers.map((one) => ({
      ...key,
      position: one.position,
      user_id: one.userId,
      name: one.name,
      title: one.title,
      competence: one.competence,
      authorisation_id: one.authorisationId,
    })),
  )
}

/** All presentations of a document, the first one first. */
export async function readPresentations(trx: AgencyTransaction, documentId: string): Promise<Presentation[]> {
  const rows: Row[] = await trx('document_presentations')
    .where({ document_id: documentId })
    .orderBy('round')
    .select('*')
  const signers: SignerRow[] = await trx('document_signers')
    .where({ document_id: documentId })
    .orderBy(['round', 'position'])
    .select('*')
  return rows.map((row) => ({
    round: row.round,
    revision: row.revision,
    presentedBy: row.presented_by,
    presentedByName: row.presented_by_name,
    presentedAt: row.presented_at,
    note: row.note,
    outcome: row.outcome,
    remark: row.remark,
    closedBy: row.closed_by,
    closedByName: row.closed_by_name,
    closedAt: row.closed_at,
    signers: signers.filter((one) => one.round === row.round).map(signerOf),
  }))
}

function signerOf(row: SignerRow): PlannedSigner {
  return {
    position: row.position,
    userId: row.user_id,
    name: row.name,
    title: row.title,
    competence: row.competence,
    authorisationId: row.authorisation_id,
    signedRevision: row.signed_revision,
    signedAt: row.signed_at,
  }
}

export async function closePresentation(
  trx: AgencyTransaction,
  documentId: string,
  round: number,
  closed: {
    readonly outcome: PresentationOutcome
    readonly remark: string | null
    readonly by: string
    readonly byName: string
    readonly at: Date
  },
): Promise<void> {
  await trx('document_presentations').where({ document_id: documentId, round }).whereNull('outcome').update({
    outcome: closed.outcome,
    remark: closed.remark,
    closed_by: closed.by,
    closed_by_name: closed.byName,
    closed_at: closed.at,
  })
}

export async function recordSigned(
  trx: AgencyTransaction,
  documentId: string,
  round: number,
  position: number,
  signed: { readonly revision: number; readonly at: Date },
): Promise<void> {
  await trx('document_signers')
    .where({ document_id: documentId, round, position })
    .update({ signed_revision: signed.revision, signed_at: signed.at })
}

/** A document that waits for a person's signature. */
export interface WaitingDocument {
  readonly id: string
  readonly kind: string
  readonly subject: string
  readonly urgency: number
  readonly revision: number
  readonly position: number
  readonly presentedAt: Date
  readonly presentedByName: string
  /** Whether those before have signed. */
  readonly turn: boolean
}

const MOST_WAITING = 500

/** What was presented to a person who may still see it, and not signed yet; the most urgent first, then the longest waiting. */
export async function listWaiting(
  trx: AgencyTransaction,
  { userId, readsAll }: Reader,
): Promise<WaitingDocument[]> {
  const { rows } = await trx.raw<{ rows: WaitingDocument[] }>(
    `select d.id, d.kind, d.subject, d.urgency, p.revision, s.position,
       p.presented_at as "presentedAt", p.presented_by_name as "presentedByName",
       not exists (
         select from document_signers b
         where b.agency_id = s.agency_id and b.document_id = s.document_id and b.round = s.round
           and b.position < s.position and b.signed_revision is null) as turn
     from document_signers s
     join document_presentations p
       on p.agency_id = s.agency_id and p.document_id = s.document_id and p.round = s.round
     join documents d on d.agency_id = s.agency_id and d.id = s.document_id
     where s.user_id = :userId and s.signed_revision is null and p.outcome is null
       and (not d.restricted and :readsAll or exists (
         select from document_access a
         where a.agency_id = d.agency_id and a.document_id = d.id and a.user_id = :userId
           and a.withdrawn_at is null))
     order by d.urgency desc, p.presented_at, d.id
     limit :limit`,
    { userId, readsAll, limit: MOST_WAITING },
  )
  return rows
}
