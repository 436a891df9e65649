/** What the relay sends: an issued document with the bytes that were frozen, and the mark that it has gone out. */
import type { AgencyTransaction } from '../db.ts'
import type { CopyForm } from '../documents/copy-forms.ts'
import { findCopyOf } from '../documents/copy-store.ts'
import { requireTransition } from '../documents/document.ts'
import { type DocumentFile, type FileKind, listFiles } from '../documents/document-files-store.ts'
import { type DocumentRow, lockDocument, readDocument, type Signer } from '../documents/document-store.ts'
import { changeOutgoing, findOutgoing } from '../documents/outgoing-store.ts'
import type { TraceStep } from '../documents/provenance-store.ts'
import { requireNotRecalled } from '../documents/recall.ts'
import { readLatestRevision } from '../documents/revision-store.ts'
import { CongvanError } from '../errors.ts'
import { recordDispatch } from '../registers/follow-store.ts'
import { printedCode } from '../registers/register.ts'
import { normativeKind } from '../registers/series.ts'
import { requireFilesSigned } from './sign-separate-file.ts'

export interface SentFile {
  readonly kind: FileKind
  readonly sha256: string
  /** Bytes. */
  readonly length: number
  readonly name: string
  readonly contentType: string
}

/** What a message says of a copy. */
export interface SentCopy {
  readonly form: CopyForm
  readonly part: string | null
  /** DocumentId of what was copied, or its number and symbol where it has none. */
  readonly source: string | null
}

export interface IssuedDocument {
  readonly id: string
  readonly agencyId: string
  /** DocumentId of the message: `OrganId,YYYY/MM/DD,Số/KýHiệu`. */
  readonly documentCode: string
  /** From.OrganId: the agency's code at the time of issue; of a document that is passed on that of today. */
  readonly senderCode: string
  /** Số as printed, `05`. */
  readonly codeNumber: string
  /** Ký hiệu, `UBND-VP`. */
  readonly codeNotation: string
  /** `YYYY-MM-DD`. */
  readonly promulgationDate: string
  readonly place: string | null
  /** Tên loại. */
  readonly kind: string
  /** Whether it is a legal normative document, where this agency knows. */
  readonly normative: boolean
  readonly subject: string
  readonly signer: Signer
  /** 0 thường, 1 khẩn, 2 thượng khẩn, 3 hỏa tốc. */
  readonly urgency: number
  /** `YYYY-MM-DD`. */
  readonly dueDate: string | null
  /** Agency codes that the clerk named when drafting; may be empty. */
  readonly recipients: readonly string[]
  /** The main file. */
  readonly file: SentFile
  /** All files, the main one first. */
  readonly files: readonly SentFile[]
  readonly copy: SentCopy | null
  /** The document that it answers, as its sender named it; left out where it answers none. */
  readonly responseFor?: {
    readonly organId: string
    /** Số/KýHiệu. */
    readonly code: string
    readonly documentId: string
    readonly promulgationDate: string
  }
  /** Who had it before this agency, the first sender first; empty for a document of its own. */
  readonly earlier: readonly TraceStep[]
}

/**
 * An issued document as the relay sends it, locked until the transaction ends. One that was dispatched before can be
 * read again: further recipients are a further dispatch.
 *
 * @throws CongvanError `NOT_FOUND`, `DOCUMENT_STATE_WRONG`, `DOCUMENT_IN_QUARANTINE`, `ANNEX_UNSIGNED`, `DOCUMENT_FROZEN`
 */
export async function readIssuedForDispatch(
  trx: AgencyTransaction,
  documentId: string,
): Promise<IssuedDocument> {
  const document = await lockDocument(trx, documentId)
  requireNotRecalled(document)
  if (document.state !== 'dispatched') requireTransition(document.state, 'dispatch')
  await requireFilesSigned(trx, documentId)
  const revision = await readLatestRevision(trx, documentId)
  if (revision.kind !== 'issued') throw lacksIssue(documentId)
  const copy = await findCopyOf(trx, documentId)
  // A copy says what its source said: it goes nowhere either.
  const source = copy?.sourceDocumentId ?? null
  if (source !== null) requireNotRecalled(await readDocument(trx, source))
  const { documentCode } = document
  if (documentCode === null) throw lacksIssue(documentId)
  return asSent(document, await listFiles(trx, documentId), {
    senderCode: documentCode.slice(0, documentCode.indexOf(',')),
    copy:
      copy === undefined
        ? null
        : { form: copy.form, part: copy.part, source: copy.source.documentCode ?? copy.source.code },
    earlier: [],
    normative:
      (await findOutgoing(trx, documentId))?.normative === true || normativeKind(document.kind) !== undefined,
    ...(await answerOf(trx, documentId)),
  })
}

/** What an envelope has room for; what came in may be longer. */
const LONGEST_CODE = 42
const LONGEST_ID = 200

/** What the message says of the document that is answered; nothing where its sender gave it no identifier. */
async function answerOf(
  trx: AgencyTransaction,
  documentId: string,
): Promise<Pick<IssuedDocument, 'responseFor'>> {
  const inReplyTo = (await findOutgoing(trx, documentId))?.inReplyTo ?? null
  if (inReplyTo === null) return {}
  const { incoming, documentCode, codeNumber, codeNotation, promulgationDate } = await readDocument(
    trx,
    inReplyTo,
  )
  if (incoming === null || documentCode === null || codeNumber === null || promulgationDate === null)
    return {}
  const code = printedCode(codeNumber, codeNotation)
  if (code.length > LONGEST_CODE || documentCode.length > LONGEST_ID) return {}
  return {
    responseFor: {
      organId: incoming.senderCode,
      code,
      documentId: documentCode,
      promulgationDate,
    },
  }
}

/** A document with number, date and identifier as the relay takes it. */
export function asSent(
  document: DocumentRow,
  files: readonly DocumentFile[],
  own: Pick<IssuedDocument, 'senderCode' | 'copy' | 'earlier' | 'normative' | 'responseFor'>,
): IssuedDocument {
  const { documentCode, codeNumber, promulgationDate } = document
  const sent = files.map(({ kind, sha256, length, name, contentType }) => ({
    kind,
    sha256,
    length,
    name,
    contentType,
  }))
  const [main] = sent
  if (documentCode === null || codeNumber === null || promulgationDate === null || main?.kind !== 'main') {
    throw lacksIssue(document.id)
  }
  return {
    id: document.id,
    agencyId: document.agencyId,
    documentCode,
    codeNumber,
    codeNotation: document.codeNotation,
    promulgationDate,
    place: document.place,
    kind: document.kind,
    subject: document.subject,
    signer: document.signer,
    urgency: document.urgency,
    dueDate: document.dueDate,
    recipients: document.recipients,
    file: main,
    files: sent,
    ...own,
  }
}

function lacksIssue(documentId: string): CongvanError {
  return new CongvanError('STORAGE_FAILED', { reason: `document ${documentId} lacks its issue` })
}

/**
 * Marks an issued document as sent; for one that was sent before nothing changes. The log entry
 * `document.dispatched` belongs to the caller, who knows envelope and recipients. The outgoing book gets day and
 * recipients, those of a later dispatch beside the earlier ones.
 *
 * @param recipients their names, as the book shows them
 * @throws CongvanError `NOT_FOUND`, `DOCUMENT_STATE_WRONG`, `DOCUMENT_IN_QUARANTINE`
 */
export async function markDispatched(
  trx: AgencyTransaction,
  documentId: string,
  at: Date,
  recipients: readonly string[] = [],
): Promise<void> {
  const { state } = await lockDocument(trx, documentId)
  const outgoing = await findOutgoing(trx, documentId)
  await recordDispatch(trx, {
    documentId,
    at,
    recipients,
    ...(outgoing?.paper == null ? {} : { copies: outgoing.paper.copies }),
    ...(outgoing?.keptBy == null ? {} : { keptBy: outgoing.keptBy }),
  })
  if (state === 'dispatched') return
  const { to } = requireTransition(state, 'dispatch')
  await changeOutgoing(trx, documentId, to, { dispatchedAt: at }, at)
}
