/** Who sees a document in quarantine: the one who drafted it, and nobody else of the agency. Pure. */
import { CongvanError } from '../errors.ts'
import type { DocumentRow } from './document-store.ts'
import { requireNotSealed } from './recall.ts'

export function isHidden(document: Pick<DocumentRow, 'state' | 'createdBy'>, userId: string): boolean {
  return document.state === 'quarantined' && document.createdBy !== userId
}

/**
 * Refuses everybody but the drafter as if the document did not exist.
 *
 * @throws CongvanError `NOT_FOUND`
 */
export function requireOwnQuarantine(
  document: Pick<DocumentRow, 'id' | 'state' | 'createdBy'>,
  userId: string,
): void {
  if (isHidden(document, userId)) {
    throw new CongvanError('NOT_FOUND', { what: `document ${document.id}` })
  }
}

/**
 * Refuses to open what is in quarantine, what came in and was not examined yet (its page may show a mark of secrecy),
 * what came in with such a mark, and what was given up to its issuer, for everybody.
 *
 * @throws CongvanError `DOCUMENT_IN_QUARANTINE`, `VERIFICATION_PENDING`, `SECRET_MARK_HELD`, `DOCUMENT_RECALLED`
 */
export function requireOpenable(document: Pick<DocumentRow, 'state' | 'incoming' | 'recall'>): void {
  const { state, incoming } = document
  requireNotSealed(document)
  if (state === 'quarantined') throw new CongvanError('DOCUMENT_IN_QUARANTINE')
  const mark = incoming?.secretMark ?? null
  if (mark !== null) throw new CongvanError('SECRET_MARK_HELD', { mark })
  if (state === 'arrived') throw new CongvanError('VERIFICATION_PENDING')
}
