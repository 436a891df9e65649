import { createHash } from 'node:crypto'
import type { Attachment, DocumentMessage } from '../edxml/envelope.ts'
import { separateFiles } from './message-files.ts'

/** What makes two messages to one agency the same (design 5, duplicate key), whatever their envelopes. Pure. */
export interface ContentKey {
  /** From.OrganId. */
  readonly fromCode: string
  /** DocumentId. */
  readonly documentCode: string
  /** BussinessDocType: new, recall, update and replacement may share one DocumentId. */
  readonly business: number
  readonly contentSha256: string
}

/**
 * The key of a message. Its content is the main file and the others in their order, each with its kind; and where it is
 * not simply a new document, what it asks, since two updates may bring the same file.
 */
export function contentKeyOf(message: DocumentMessage, document: Attachment): ContentKey {
  const { business, dueDate } = message
  const asked = business === undefined ? [] : [JSON.stringify([business, dueDate ?? null]).normalize('NFC')]
  const files = separateFiles(message, document).map((one) => `${one.kind} ${one.sha256}`)
  return {
    fromCode: message.from.organId.normalize('NFC'),
    documentCode: message.documentId.normalize('NFC'),
    business: business?.businessDocType ?? 0,
    contentSha256: createHash('sha256')
      .update([`main ${document.sha256}`, ...files, ...asked].join('\n'))
      .digest('hex'),
  }
}
