import {
  SigningError,
  type VerificationPolicy,
  type VerificationReport,
  verifyPdf,
} from '../../signing/index.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { CanonicalValue } from '../audit/entry.ts'
import type { NodeContext } from '../context.ts'
import { withNodeTables } from '../db.ts'
import { readSettings } from './agency-settings-store.ts'
import { archiveTrust } from './archive-trust.ts'
import { type DocumentState, requireTransition } from './document.ts'
import { type FileVerdict, listSeparateFiles, recordVerdict } from './document-files-store.ts'
import { type DocumentServices, policyAt, type TrustStore } from './document-services.ts'
import { changeDocument, lockDocument, readDocument } from './document-store.ts'
import { type IncomingDocument, removePending } from './pending-verification-store.ts'
import { findProvenance } from './provenance-store.ts'
import { insertReport } from './report-store.ts'
import { readLatestRevision } from './revision-store.ts'
import { matchSender, senderCodes } from './sender-match.ts'
import { isFailed, verifyFiles } from './verify-files.ts'

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
  services: Pick<DocumentServices, 'files' | 'trust'>,
  { agencyId, documentId }: IncomingDocument,
): Promise<Verified> {
  const now = context.clock()
  const before = await context.db.asAgency({ agencyId }, async (trx) => {
    const document = await readDocument(trx, documentId)
    const revision = await readLatestRevision(trx, documentId)
    const { incoming, promulgationDate } = document
    const provenance = await findProvenance(trx, documentId)
    // Of a document that was passed on the agency that sent it first has signed, not the one that it came from.
    const issuer = provenance?.originCode ?? incoming?.senderCode
    const sender = issuer === undefined ? null : await senderCodes(trx, issuer, promulgationDate, now)
    const separate = await listSeparateFiles(trx, documentId)
    const { attachmentTypes } = await readSettings(trx)
    return { document, revision, sender, provenance, separate, attachmentTypes }
  })
  if (before.document.direction === 'outgoing') requireTransition(before.document.state, 'verify')
  if (before.document.state !== 'arrived') {
    await context.db.asNode((trx) => removePending(trx, { agencyId, documentId }))
    return knownVerdict(before.document)
  }
  const bytes = await services.files.read(before.revision.sha256)
  const isCopy = before.provenance != null && before.provenance.copyForm !== null
  const { report, policy } = judgeReceived(bytes, services.trust, now, isCopy)
  const verdicts = await verifyFiles(services.files, before.separate, {
    trust: services.trust,
    now,
    issuer: before.sender,
    allowedTypes: before.attachmentTypes,
  })
  const judgedBy = await archiveTrust(context, services.files, policy)
  const { indication, subIndication } = verdictOf(report)
  const senderMatches = before.sender && matchSender(bytes, before.sender)
  return context.db.asAgency({ agencyId }, async (trx) => {
    const document = await lockDocument(trx, documentId)
    if (document.state !== 'arrived') return knownVerdict(document)
    const holds = authentic(report) && !verdicts.some(isFailed)
    const { to } = requireTransition(document.state, holds ? 'verify' : 'fail-verification')
    const { revision } = before.revision
    await insertReport(trx, agencyId, documentId, {
      revision,
      madeAt: now,
      policy: judgedBy,
      report,
      senderMatches,
    })
    for (const verdict of verdicts) await recordVerdict(trx, documentId, verdict)
    await changeDocument(trx, documentId, to, { indication, subIndication, senderMatches }, now)
    await withNodeTables(trx, (node) => removePending(node, { agencyId, documentId }))
    const actor = { kind: 'node', nodeId: context.nodeId } as const
    await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, agencyId, {
      kind: 'document.verified',
      subject: `document:${documentId}`,
      facts: {
        file: before.revision.sha256,
        indication,
        subIndication,
        signatures: report.signatures.length,
        ...separateFacts(verdicts),
        senderMatches,
      },
    })
    return { state: to, indication, subIndication }
  })
}

/** What the log says of separate files: how many, and what is wrong with which. */
function separateFacts(verdicts: readonly FileVerdict[]): Record<string, CanonicalValue> {
  if (verdicts.length === 0) return {}
  const found = verdicts.filter((one) => one.findings.length > 0)
  return {
    separate: verdicts.length,
    findings: found.map(({ position, findings }) => `${position}: ${findings.join(' ')}`),
  }
}

/**
 * The stored bytes, judged as an issued document; where the message says that it is a copy (NĐ 30/2020 art 25), by the
 * agency's signature alone, which is all that a copy bears.
 */
function judgeReceived(
  bytes: Uint8Array,
  trust: TrustStore,
  now: Date,
  isCopy: boolean,
): { report: VerificationReport; policy: VerificationPolicy } {
  const policy = policyAt(trust, now, isCopy ? 'scanned-copy' : 'issued')
  try {
    return { report: verifyPdf(bytes, policy), policy }
  } catch (error) {
    if (!(error instanceof SigningError)) throw error
    return { report: unreadable(error), policy }
  }
}

/** What is no PDF at all arrived all the same: the clerk returns it. */
function unreadable(error: SigningError): VerificationReport {
  return {
    format: null,
    indication: 'TOTAL_FAILED',
    subIndication: 'FORMAT_FAILURE',
    signatures: [],
    errors: [{ code: error.code, message: error.message }],
  }
}

/** What failed, or carries no signature, can only be returned to its sender (NĐ 30/2020 art 21.2b). */
function authentic({ indication, signatures }: VerificationReport): boolean {
  return signatures.length > 0 && (indication === 'TOTAL_PASSED' || indication === 'INDETERMINATE')
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
