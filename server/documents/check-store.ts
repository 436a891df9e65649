/** The only SQL of `document_checks` and `document_comments`: what was said of a version, by whom and when. */
import { randomUUID } from 'node:crypto'
import type { AgencyTransaction } from '../db.ts'
import type { CheckKind } from './agency-settings.ts'

/** A check of a version (NĐ 30/2020 art 12). */
export interface Check {
  readonly id: string
  readonly kind: CheckKind
  readonly revision: number
  readonly passed: boolean
  readonly remark: string | null
  readonly checkedBy: string
  readonly checkedByName: string
  readonly checkedAt: Date
}

export async function insertCheck(
  trx: AgencyTransaction,
  agencyId: string,
  documentId: string,
  check: Omit<Check, 'id'>,
): Promise<string> {
  const id = randomUUID()
  await trx('document_checks').insert({
    agency_id: agencyId,
    document_id: documentId,
    id,
    kind: check.kind,
    revision: check.revision,
    passed: check.passed,
    remark: check.remark,
    checked_by: check.checkedBy,
    checked_by_name: check.checkedByName,
    checked_at: check.checkedAt,
  })
  return id
}

/** All checks of a document, the first one first. */
export async function readChecks(trx: AgencyTransaction, documentId: string): Promise<Check[]> {
  return trx('document_checks').where({ document_id: documentId }).orderBy('position').select({
    id: 'id',
    kind: 'kind',
    revision: 'revision',
    passed: 'passed',
    remark: 'remark',
    checkedBy: 'checked_by',
    checkedByName: 'checked_by_name',
    checkedAt: 'checked_at',
  })
}

/** An opinion on a document or a version of it. */
export interface Comment {
  readonly id: string
  /** The version it is about; null: the document as a whole. */
  readonly revision: number | null
  readonly comment: string
  readonly authorId: string
  readonly authorName: string
  readonly madeAt: Date
}

export async function insertComment(
  trx: AgencyTransaction,
  agencyId: string,
  documentId: string,
  comment: Omit<Comment, 'id'>,
): Promise<string> {
  const id = randomUUID()
  await trx('document_comments').insert({
    agency_id: agencyId,
    document_id: documentId,
    id,
    revision: comment.revision,
    comment: comment.comment,
    author_id: comment.authorId,
    author_name: comment.authorName,
    made_at: comment.madeAt,
  })
  return id
}

/** All comments on a document, the first one first. */
export async function readComments(trx: AgencyTransaction, documentId: string): Promise<Comment[]> {
  return trx('document_comments').where({ document_id: documentId }).orderBy('position').select({
    id: 'id',
    revision: 'revision',
    comment: 'comment',
    authorId: 'author_id',
    authorName: 'author_name',
    madeAt: 'made_at',
  })
}
