import { randomUUID } from 'node:crypto'
import type { Agency } from '../directory/agency-store.ts'
import { copyAbbreviations } from '../documents/copy-forms.ts'
import { isPriority } from '../edxml/codes.ts'
import type { Attachment, Business, DocumentMessage, OtherInfo } from '../edxml/envelope.ts'
import type { IssuedDocument } from '../outgoing/issued-document.ts'
import { ATTACHMENT_LABEL, annexLabels } from './message-files.ts'

/**
 * The document message of an issued document, or of one that is passed on: what the clerk entered or the sender said,
 * and the files, nothing else. Pure but for the random names of the attachments. How files, copies and earlier senders
 * are told is described in `message-files.ts`.
 *
 * @param recipients the agencies with the codes by which they are addressed
 * @param business what the envelope is for, when it is not a new document
 */
export function buildMessage(
  document: IssuedDocument,
  sender: Agency,
  recipients: readonly { readonly code: string; readonly agency: Agency }[],
  times: { readonly now: Date; readonly notAfter: Date },
  business?: Business,
): DocumentMessage {
  const { signer, copy } = document
  const labels = annexLabels(document.files.filter((one) => one.kind === 'annex').length)
  return {
    from: { organId: document.senderCode, organName: sender.name },
    to: recipients.map(({ code, agency }) => ({ organId: code, organName: agency.name })),
    documentId: document.documentCode,
    code: { codeNumber: document.codeNumber, codeNotation: document.codeNotation },
    promulgationInfo: {
      ...(document.place === null ? {} : { place: document.place }),
      promulgationDate: document.promulgationDate,
    },
    // 1 = legal normative, 2 = administrative, as the checkers in use read it; the name is what counts.
    documentType: { type: document.normative ? 1 : 2, typeName: document.kind },
    subject: document.subject,
    ...(copy?.part == null ? {} : { content: copy.part }),
    signerInfo: {
      ...(signer.competence === null ? {} : { competence: signer.competence }),
      ...(signer.position === null ? {} : { position: signer.position }),
      fullName: signer.name,
    },
    ...(document.dueDate === null ? {} : { dueDate: document.dueDate }),
    otherInfo: otherInfo(document, labels),
    responseFor: document.responseFor === undefined ? [] : [document.responseFor],
    ...(business === undefined ? {} : { business }),
    traceHeaders: [
      ...document.earlier.map(({ organId, timestamp }) => ({
        ...(organId === null ? {} : { organId }),
        timestamp: new Date(timestamp),
      })),
      { organId: document.senderCode, timestamp: times.now },
    ],
    notAfter: times.notAfter,
    attachments: attachments(document, labels),
  }
}

function otherInfo({ urgency, copy }: IssuedDocument, labels: readonly string[]): OtherInfo {
  return {
    // A received document may carry a code of another table, which we do not write.
    priority: isPriority(urgency) ? urgency : 0,
    ...(copy === null ? {} : { typerNotation: copyAbbreviations[copy.form] }),
    ...(copy?.source == null ? {} : { referenceCodes: copy.source }),
    ...(labels.length === 0 ? {} : { appendixes: [...labels] }),
  }
}

function attachments({ files }: IssuedDocument, labels: readonly string[]): Attachment[] {
  const annexes = labels.values()
  return files.map((file) => {
    const description =
      file.kind === 'main' ? undefined : file.kind === 'annex' ? annexes.next().value : ATTACHMENT_LABEL
    return {
      contentId: `cid:${randomUUID()}`,
      contentType: file.contentType,
      ...(description === undefined ? {} : { description }),
      attachmentName: file.name,
      sha256: file.sha256,
      length: file.length,
    }
  })
}
