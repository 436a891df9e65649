import { randomUUID } from 'node:crypto'
import type { Agency } from '../directory/agency-store.ts'
import type { IssuedDocument } from '../documents/issued-document.ts'
import type { DocumentMessage } from '../edxml/envelope.ts'

/**
 * The document message of an issued document: what the clerk entered and what was issued, nothing else. Pure but for
 * the random name of the attachment.
 *
 * @param recipients the agencies with the codes by which they are addressed
 */
export function buildMessage(
  document: IssuedDocument,
  sender: Agency,
  recipients: readonly { readonly code: string; readonly agency: Agency }[],
  times: { readonly now: Date; readonly notAfter: Date },
): DocumentMessage {
  const { signer, file } = document
  return {
    from: { organId: document.senderCode, organName: sender.name },
    to: recipients.map(({ code, agency }) => ({ organId: code, organName: agency.name })),
    documentId: document.documentCode,
    code: { codeNumber: document.codeNumber, codeNotation: document.codeNotation },
    promulgationInfo: {
      ...(document.place === null ? {} : { place: document.place }),
      promulgationDate: document.promulgationDate,
    },
    // 2 = administrative, as the checkers in use read it; the name is what counts.
    documentType: { type: 2, typeName: document.kind },
    subject: document.subject,
    signerInfo: {
      ...(signer.competence === null ? {} : { competence: signer.competence }),
      ...(signer.position === null ? {} : { position: signer.position }),
      fullName: signer.name,
    },
    ...(document.dueDate === null ? {} : { dueDate: document.dueDate }),
    otherInfo: { priority: document.urgency },
    responseFor: [],
    traceHeaders: [{ organId: document.senderCode, timestamp: times.now }],
    notAfter: times.notAfter,
    attachments: [
      {
        contentId: `cid:${randomUUID()}`,
        contentType: file.contentType,
        attachmentName: file.name,
        sha256: file.sha256,
        length: file.length,
      },
    ],
  }
}
