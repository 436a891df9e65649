/** The digests by which documents are found again that seem to be the same. Pure. */
import { createHash } from 'node:crypto'
import type { DocumentRow } from './document-store.ts'

/** The digest by which the same identifier is found again, in whichever normal form it came. */
export function codeKey({ documentCode }: Pick<DocumentRow, 'documentCode'>): string {
  return digest(documentCode ?? '')
}

/** The digest of what a number and symbol of one year and sender are: they are given once (NĐ 30/2020 art 15.1). */
export function symbolKey(
  document: Pick<DocumentRow, 'promulgationDate' | 'codeNumber' | 'codeNotation'>,
  senderCode: string,
): string {
  const year = document.promulgationDate?.slice(0, 4) ?? '-'
  return digest(`${senderCode} ${year} ${document.codeNumber ?? ''}/${document.codeNotation}`)
}

function digest(text: string): string {
  return createHash('sha256').update(text.normalize('NFC')).digest('hex')
}
