import {
  SigningError,
  type VerificationPolicy,
  type VerificationReport,
  verifyPdf,
} from '../../signing/index.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import { withNodeTables } from '../db.ts'
import { archiveTrust } from './archive-trust.ts'
import { type DocumentState, requireTransition } from './document.ts'
import { type DocumentServices, policyAt, type TrustStore } from './document-services.ts'
import { changeDocument, lockDocument, readDocument } from './document-store.ts'
import { type IncomingDocument, removePending } from './pending-verification-store.ts'
import { insertReport } from './report-store.ts'
import { readLatestRevision } from './revision-store.ts'
import { matchSender, senderCodes } from './sender-match.ts'

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
    const sender = incoming && (await senderCodes(trx, incoming.senderCode, promulgationDate, now))
    return { document, revision, sender }
  })
  if (before.document.direction === 'outgoing') requireTransition(before.document.state, 'verify')
  if (before.document.state !== 'arrived') {
    await context.db.asNode((trx) => removePending(trx, { agencyId, documentId }))
    return knownVerdict(before.document)
  }
  const bytes = await services.files.read(before.revision.sha256)
  const { report, policy } = judgeReceived(bytes, services.trust, now)
  const judgedBy = await archiveTrust(context, services.files, policy)
  const { indication, subIndication } = verdictOf(report)
  const senderMatches = before.sender && matchSender(bytes, before.sender)
  return context.db.asAgency({ agencyId }, async (trx) => {
    const document = await lockDocument(trx, documentId)
    if (document.state !== 'arrived') return knownVerdict(document)
    const { to } = requireTransition(document.state, authentic(report) ? 'verify' : 'fail-verification')
    const { revision } = before.revision
    await insertReport(trx, agencyId, documentId, {
      revision,
      madeAt: now,
      policy: judgedBy,
      report,
      senderMatches,
    })
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
        senderMatches,
      },
    })
    return { state: to, indication, subIndication }
  })
}

/**
 * The stored bytes, judged as an issued document; with the agency's signature alone, as the electronic copy of a
 * paper document (sao y by scanning, NĐ 30/2020 art 25.1c), which bears no other.
 */
function judgeReceived(
  bytes: Uint8Array,
  trust: TrustStore,
  now: Date,
): { report: VerificationReport; policy: VerificationPolicy } {
  const policy = policyAt(trust, now, 'issued')
  try {
    const report = verifyPdf(bytes, policy)
    const { signatures } = report
    if (signatures.length === 0 || signatures.some((one) => one.role !== 'agency')) return { report, policy }
    const copy = policyAt(trust, now, 'scanned-copy')
    return { report: verifyPdf(bytes, copy), policy: copy }
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
