import type { VerificationReport } from '../../signing/index.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import { type AgencyTransaction, withNodeTables } from '../db.ts'
import { readSettings } from '../documents/agency-settings-store.ts'
import { type DocumentState, requireTransition } from '../documents/document.ts'
import { listSeparateFiles, recordVerdict } from '../documents/document-files-store.ts'
import type { DocumentServices } from '../documents/document-services.ts'
import { changeDocument, type DocumentRow, lockDocument, readDocument } from '../documents/document-store.ts'
import { findProvenance } from '../documents/provenance-store.ts'
import { isSealed } from '../documents/recall.ts'
import { insertReport } from '../documents/report-store.ts'
import { readLatestRevision } from '../documents/revision-store.ts'
import { signersOf } from '../documents/signature-facts.ts'
import { setContentText } from '../search/search-store.ts'
import { archiveTrust } from './archive-trust.ts'
import { type Examined, examineReceived, findSecretMarkIn, type SeparateFile } from './examine-received.ts'
import { linkArrived } from './link-arrived.ts'
import { type IncomingDocument, removePending } from './pending-verification-store.ts'
import { registrationOf } from './registration.ts'
import { readRegistrationEdits } from './registration-store.ts'
import { matchSender, senderCodes } from './sender-match.ts'
import { verifyFiles } from './verify-files.ts'

export interface Verified {
  readonly state: DocumentState
  readonly indication: string | null
  readonly subIndication: string | null
}

/**
 * Verifies an incoming document before the clerk sees it as ready (NĐ 30/2020 art 21.2a): the stored bytes, by the
 * node's trust store. The whole report is archived with what it was judged by, and whether the agency that signed is
 * the one that sent it.
 *
 * It needs no key and can be repeated: one that is verified already stays as it is. Killed in the middle, the
 * document is still `arrived` and the job comes again; given up by the queue, `recoverLostVerifications` puts it again.
 *
 * @throws CongvanError `NOT_FOUND`, `DOCUMENT_STATE_WRONG` for an outgoing one, `STORAGE_DAMAGED`, `STORAGE_FULL`
 */
export async function verifyIncoming(
  context: NodeContext,
  services: Pick<DocumentServices, 'files' | 'trust' | 'pageText'>,
  { agencyId, documentId }: IncomingDocument,
): Promise<Verified> {
  const now = context.clock()
  const before = await context.db.asAgency({ agencyId }, (trx) => lookUp(trx, documentId, now))
  if (before.document.direction === 'outgoing') requireTransition(before.document.state, 'verify')
  if (before.document.state !== 'arrived' || isSealed(before.document)) {
    await context.db.asNode((trx) => removePending(trx, { agencyId, documentId }))
    return knownVerdict(before.document)
  }
  const { files, trust, pageText } = services
  const bytes = await files.read(before.revision.sha256)
  const verdicts = await verifyFiles(files, before.files, {
    trust,
    now,
    issuer: before.sender,
    allowedTypes: before.settings.attachmentTypes,
  })
  const separate: SeparateFile[] = []
  for (const [index, verdict] of verdicts.entries()) {
    const file = before.files[index]
    if (file === undefined) continue
    const secretMark = await findSecretMarkIn(await files.read(file.sha256), pageText)
    separate.push({ kind: file.kind, name: file.name, verdict, secretMark })
  }
  const signers = signersOf(bytes)
  const senderMatches = before.sender && matchSender(signers, before.sender)
  const received = { ...before, bytes, signers, senderMatches, separate }
  const examined = await examineReceived(received, trust, pageText, before.settings, now)
  const judgedBy = await archiveTrust(context, files, examined.policy)
  return context.db.asAgency({ agencyId }, async (trx) => {
    const document = await lockDocument(trx, documentId)
    if (document.state !== 'arrived' || isSealed(document)) return knownVerdict(document)
    const { revision } = before.revision
    const { report, examination } = examined
    const stored = { revision, madeAt: now, policy: judgedBy, report, senderMatches, examination }
    // Sent together; the report first, since the statistics of the document's new state are made from it.
    const reported = insertReport(trx, agencyId, documentId, stored)
    const judged = verdicts.map((one) => recordVerdict(trx, documentId, one))
    const concluded = conclusion(trx, document, examined, senderMatches, now)
    const logged = logVerdict(trx, context, document, before.revision.sha256, examined, senderMatches, now)
    const [verdict] = await Promise.all([concluded, reported, logged, ...judged])
    await withNodeTables(trx, (node) => removePending(node, { agencyId, documentId }))
    await linkArrived(trx, context, documentId)
    return verdict
  })
}

async function lookUp(trx: AgencyTransaction, documentId: string, now: Date) {
  const [document, provenance, edits, revision, settings, files] = await Promise.all([
    readDocument(trx, documentId),
    findProvenance(trx, documentId),
    readRegistrationEdits(trx, documentId),
    readLatestRevision(trx, documentId),
    readSettings(trx),
    listSeparateFiles(trx, documentId),
  ])
  const { incoming, promulgationDate } = document
  // Of a document that was passed on the agency that sent it first has signed, not the one that it came from.
  const issuer = provenance?.originCode ?? incoming?.senderCode
  return {
    document,
    revision,
    sender: issuer === undefined ? null : await senderCodes(trx, issuer, promulgationDate, now),
    settings,
    files,
    missingFiles: provenance?.missing ?? [],
    isCopy: provenance != null && provenance.copyForm !== null,
    registration: registrationOf(document, edits, null),
  }
}

/**
 * What failed can only be returned to its sender (NĐ 30/2020 art 21.2b). What shows a mark of secrecy is held from here
 * on: opened by nobody, not searched, only returned; the words of anything else can be searched.
 */
async function conclusion(
  trx: AgencyTransaction,
  document: DocumentRow,
  { report, examination, secretMark, text }: Examined,
  senderMatches: boolean | null,
  now: Date,
): Promise<Verified> {
  const event = examination.overall === 'invalid' ? 'fail-verification' : 'verify'
  const { to } = requireTransition(document.state, event)
  const { indication, subIndication } = verdictOf(report)
  const verdict = { indication, subIndication, senderMatches }
  const held = secretMark === null ? {} : { secretMark }
  await Promise.all([
    changeDocument(trx, document.id, to, { ...verdict, ...held }, now),
    ...(text === null ? [] : [setContentText(trx, document.agencyId, document.id, text)]),
  ])
  return { state: to, indication, subIndication }
}

async function logVerdict(
  trx: AgencyTransaction,
  context: NodeContext,
  document: DocumentRow,
  file: string,
  { report, examination, secretMark }: Examined,
  senderMatches: boolean | null,
  now: Date,
): Promise<void> {
  const log = { nodeId: context.nodeId, actor: { kind: 'node', nodeId: context.nodeId } as const, now }
  const subject = `document:${document.id}`
  const { indication, subIndication } = verdictOf(report)
  await appendLogEntry(trx, log, document.agencyId, {
    kind: 'document.verified',
    subject,
    facts: {
      file,
      indication,
      subIndication,
      signatures: report.signatures.length,
      senderMatches,
      overall: examination.overall,
      findings: [...new Set(examination.findings.map((one) => one.code))].sort(),
    },
  })
  if (secretMark === null || document.incoming?.secretMark != null) return
  await appendLogEntry(trx, log, document.agencyId, {
    kind: 'document.secret-mark-held',
    subject,
    facts: { field: 'page 1', mark: secretMark },
  })
}

/**
 * The verdict as the clerk's acceptance depends on it. `TRY_LATER`, which says that only revocation data is lacking,
 * is not told while anything else is uncertain too.
 */
function verdictOf(report: VerificationReport): Pick<VerificationReport, 'indication' | 'subIndication'> {
  const { indication, subIndication, signatures, errors } = report
  if (indication !== 'INDETERMINATE' || subIndication !== 'TRY_LATER') return { indication, subIndication }
  if (errors.length > 0) return { indication, subIndication: 'SIG_CONSTRAINTS_FAILURE' }
  const graver = signatures.find(
    (one) => one.indication === 'INDETERMINATE' && one.subIndication !== 'TRY_LATER',
  )
  return { indication, subIndication: graver === undefined ? subIndication : graver.subIndication }
}

function knownVerdict(document: {
  readonly state: DocumentState
  readonly incoming: { readonly indication: string | null; readonly subIndication: string | null } | null
}): Verified {
  return {
    state: document.state,
    indication: document.incoming?.indication ?? null,
    subIndication: document.incoming?.subIndication ?? null,
  }
}
