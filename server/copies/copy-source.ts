/** What a copy is made of: whether it may be, and what it says of itself. */
import type { UserActor } from '../actor.ts'
import type { AgencyTransaction } from '../db.ts'
import type { CopyForm } from '../documents/copy-forms.ts'
import { type CopySource, findCopy, findCopyOf } from '../documents/copy-store.ts'
import type { DocumentState } from '../documents/document.ts'
import { requireReadable } from '../documents/document-access-store.ts'
import { type DocumentRow, readDocument, type Signer } from '../documents/document-store.ts'
import { findProvenance } from '../documents/provenance-store.ts'
import { requireNotRecalled } from '../documents/recall.ts'
import { readLatestRevision } from '../documents/revision-store.ts'
import { CongvanError } from '../errors.ts'
import { findSecretField } from '../pages/secret-marks.ts'
import { printedCode } from '../registers/register.ts'
import type { CopyRequest, PaperSource } from './copy-request.ts'

export interface FoundSource {
  readonly source: CopySource
  /** Số, ký hiệu and địa danh apart, as an electronic copy carries them. */
  readonly codeNumber: string
  readonly codeNotation: string
  readonly place: string | null
  readonly signer: Signer
  readonly documentId: string | null
  /** Whether that document is restricted to named people: so is what is made of it. */
  readonly restricted: boolean
  readonly copyId: string | null
  /** The signed original; null for paper. */
  readonly sha256: string | null
}

/**
 * Finds the source that a request names and refuses one that may not be copied: sao y only of what is no copy itself,
 * sao lục only of a sao y, an electronic one only once it is issued or accepted with valid signatures, and nothing
 * secret (NĐ 30/2020 arts 25.1b, 25.2b, 27.2).
 *
 * @throws CongvanError `NOT_FOUND`, `COPY_SOURCE_WRONG`, `SECRET_MARK_FOUND`
 */
export async function findSource(
  trx: AgencyTransaction,
  actor: UserActor,
  request: Pick<CopyRequest, 'form' | 'from' | 'source'>,
): Promise<FoundSource> {
  const { found, copyForm } = await readSource(trx, actor, request)
  const isElectronic = found.sha256 !== null
  if (isElectronic !== (request.from === 'electronic')) {
    throw wrong(
      `the source is ${isElectronic ? 'electronic' : 'on paper'}`,
      `nguồn là văn bản ${isElectronic ? 'điện tử' : 'giấy'}`,
    )
  }
  if (request.form === 'sao-luc' && copyForm !== 'sao-y') {
    throw wrong('sao lục is made from a sao y', 'sao lục phải được thực hiện từ bản sao y')
  }
  if (request.form === 'sao-y' && copyForm !== null) {
    throw wrong(
      'it is a copy itself: make sao lục of a sao y',
      'nguồn là bản sao: từ bản sao y thì dùng sao lục',
    )
  }
  requireNoSecret(found)
  return found
}

interface Read {
  readonly found: FoundSource
  /** The form of the source, where it is a copy itself. */
  readonly copyForm: CopyForm | null
}

async function readSource(
  trx: AgencyTransaction,
  actor: UserActor,
  { source }: Pick<CopyRequest, 'source'>,
): Promise<Read> {
  if ('paper' in source) return { found: fromPaper(source.paper), copyForm: source.paper.copyForm ?? null }
  if ('documentId' in source) return readElectronic(trx, actor, source.documentId)
  const copy = await findCopy(trx, source.copyId)
  if (copy === undefined || copy.to !== 'paper') {
    throw new CongvanError('NOT_FOUND', { what: `copy ${source.copyId} on paper` })
  }
  const { sourceDocumentId } = copy
  const original = sourceDocumentId === null ? undefined : await requireReadable(trx, actor, sourceDocumentId)
  if (original !== undefined) requireNotRecalled(original)
  const [codeNumber = '', codeNotation = ''] = splitCode(copy.source.code)
  const found: FoundSource = {
    source: copy.source,
    codeNumber,
    codeNotation,
    place: copy.source.place ?? null,
    signer: copy.source.signer,
    documentId: sourceDocumentId,
    restricted: original?.restricted ?? false,
    copyId: copy.id,
    sha256: null,
  }
  return { found, copyForm: copy.form }
}

function fromPaper(paper: PaperSource): FoundSource {
  const signer: Signer = {
    name: paper.signer.name,
    position: paper.signer.position ?? null,
    competence: paper.signer.competence ?? null,
  }
  const place = paper.place ?? null
  return {
    source: {
      kind: paper.kind,
      subject: paper.subject,
      code: printedCode(paper.number, paper.symbol),
      date: paper.date,
      agency: paper.agency,
      documentCode: null,
      place,
      signer,
    },
    codeNumber: paper.number,
    codeNotation: paper.symbol,
    place,
    signer,
    documentId: null,
    restricted: false,
    copyId: null,
    sha256: null,
  }
}

const accepted: ReadonlySet<DocumentState> = new Set(['accepted', 'assigned', 'processing', 'completed'])

async function readElectronic(trx: AgencyTransaction, actor: UserActor, id: string): Promise<Read> {
  const document = await requireReadable(trx, actor, id)
  requireNotRecalled(document)
  const { codeNumber, promulgationDate, documentCode } = document
  const revision = await readLatestRevision(trx, id)
  if (!isOriginal(document) || codeNumber === null || promulgationDate === null) {
    throw wrong(
      'it is neither issued nor accepted with valid signatures',
      'văn bản chưa phát hành, hoặc chưa được tiếp nhận với chữ ký số hợp lệ',
    )
  }
  const own = await findCopyOf(trx, id)
  const came = await findProvenance(trx, id)
  const found: FoundSource = {
    source: {
      kind: document.kind,
      subject: document.subject,
      code: printedCode(codeNumber, document.codeNotation),
      date: promulgationDate,
      agency: own?.source.agency ?? document.incoming?.senderName ?? document.incoming?.senderCode ?? '',
      documentCode,
      place: document.place,
      signer: document.signer,
    },
    codeNumber,
    codeNotation: document.codeNotation,
    place: document.place,
    signer: document.signer,
    documentId: id,
    restricted: document.restricted,
    copyId: own?.id ?? null,
    sha256: revision.sha256,
  }
  return { found, copyForm: own?.form ?? came?.copyForm ?? null }
}

/**
 * What was made of a document is finished, issued and sent only while that one is not recalled.
 *
 * @throws CongvanError `DOCUMENT_FROZEN`, `DOCUMENT_RECALLED`, `RECALL_PENDING`
 */
export async function requireSourceNotRecalled(
  trx: AgencyTransaction,
  { sourceDocumentId }: { readonly sourceDocumentId: string | null },
): Promise<void> {
  if (sourceDocumentId !== null) requireNotRecalled(await readDocument(trx, sourceDocumentId))
}

/** A document with its valid signatures: issued here, or received, judged and accepted. */
function isOriginal({ state, incoming }: DocumentRow): boolean {
  if (incoming === null) return state === 'issued' || state === 'dispatched'
  const { indication, subIndication } = incoming
  const holds =
    indication === 'TOTAL_PASSED' || (indication === 'INDETERMINATE' && subIndication === 'TRY_LATER')
  return accepted.has(state) && holds
}

function requireNoSecret({ source, codeNotation }: FoundSource): void {
  const secret = findSecretField({ kind: source.kind, subject: source.subject, symbol: codeNotation })
  if (secret !== undefined) throw new CongvanError('SECRET_MARK_FOUND', secret)
}

function splitCode(code: string): [string, string] {
  const slash = code.indexOf('/')
  return [code.slice(0, slash), code.slice(slash + 1)]
}

function wrong(reason: string, reasonVi: string): CongvanError {
  return new CongvanError('COPY_SOURCE_WRONG', { reason, reasonVi })
}
