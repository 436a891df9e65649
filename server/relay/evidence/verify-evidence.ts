/**
 * Verifies a bundle of evidence without any node, database or network: what it proves, and everything that is wrong
 * with it or missing. Pure but for the work of it.
 */
import type { DocumentMessage } from '../../edxml/envelope.ts'
import type { Receipt, ReceiptEvent } from '../../edxml/receipt.ts'
import { type AspectVerdict, type EvidenceAspect, judgeAspects } from './aspects.ts'
import { type EvidenceFinding, Findings } from './findings.ts'
import { type DeliveryHistory, judgeDelivery } from './judge-delivery.ts'
import { type JudgedFile, judgeFiles } from './judge-files.ts'
import { judgeSeals } from './judge-seals.ts'
import { judgeTimes } from './judge-times.ts'
import { nodeTrust, type RootFound, type TrustGiven } from './node-trust.ts'
import { type BundledSeal, type OpenedBundle, openBundle } from './open-bundle.ts'

export interface EvidenceStep {
  readonly event: ReceiptEvent
  readonly node: string
  /** ISO 8601. */
  readonly time: string
  readonly reason: string | null
  readonly reasonText: string | null
  /** SHA-256 of the receipt. */
  readonly receipt: string
}

export interface ProvenDelivery {
  readonly envelope: string
  readonly series: number
  readonly recipient: string
  readonly recipientName: string
  readonly steps: readonly EvidenceStep[]
  /** How it ended; null while it has not. */
  readonly terminal: EvidenceStep | null
  readonly statuses: readonly { code: string; time: string; description: string | null; message: string }[]
}

export interface EvidenceDocument {
  readonly documentId: string
  /** Số/KýHiệu. */
  readonly code: string
  /** `YYYY-MM-DD`. */
  readonly promulgationDate: string
  readonly subject: string
  readonly from: { readonly organId: string; readonly organName: string }
  /** When its first envelope was sealed; ISO 8601. */
  readonly sealedAt: string
}

export interface EvidenceReport {
  /** `FALSE`: something is not true. `INCOMPLETE`: nothing is false, not all is proven. */
  readonly verdict: 'PROVEN' | 'FALSE' | 'INCOMPLETE'
  /** The verdict on each question by itself; all hold where it is proven. */
  readonly aspects: Readonly<Record<EvidenceAspect, AspectVerdict>>
  readonly document: EvidenceDocument | null
  readonly root: RootFound | null
  readonly files: readonly JudgedFile[]
  readonly deliveries: readonly ProvenDelivery[]
  readonly findings: readonly EvidenceFinding[]
}

/**
 * @param now no seal may be later; beyond that the machine's clock does not matter
 * @throws CongvanError `EVIDENCE_UNREADABLE` for what is no bundle
 */
export async function verifyEvidence(zip: Uint8Array, given: TrustGiven, now: Date): Promise<EvidenceReport> {
  const findings = new Findings()
  const bundle = await openBundle(zip, findings)
  const trust = nodeTrust(bundle.parts, given, findings)
  judgeSeals(bundle, trust, findings)
  judgeTimes(bundle, now, findings)
  const files = judgeFiles(bundle, given, findings)
  const histories = bundle.index.deliveries.flatMap((one) => judgeDelivery(bundle, one, findings) ?? [])
  requireOneDocument(bundle, findings)
  requireAllRecipients(bundle, findings)
  const found = findings.all()
  return {
    verdict: found.length === 0 ? 'PROVEN' : found[0]?.severity === 'false' ? 'FALSE' : 'INCOMPLETE',
    aspects: judgeAspects(found),
    document: documentOf(bundle),
    root: trust.root,
    files,
    deliveries: histories.map(provenDelivery),
    findings: found,
  }
}

/**
 * A bundle is about one document, which several envelopes may have brought: else the receipts of one document would
 * prove the delivery of another.
 */
function requireOneDocument({ envelopes }: OpenedBundle, findings: Findings): void {
  const [first, ...others] = bySeal(envelopes)
  if (first === undefined) return
  const wanted = identityOf(first.message)
  for (const { file, message } of others) {
    if (identityOf(message) !== wanted) {
      findings.add('ENVELOPE_FOREIGN', { file, document: message.documentId })
    }
  }
}

function identityOf({
  from,
  documentId,
  code,
  promulgationInfo,
  subject,
  attachments,
}: DocumentMessage): string {
  const files = attachments.map((one) => `${one.contentType} ${one.sha256}`)
  const { codeNumber, codeNotation } = code
  const named = [
    from.organId,
    documentId,
    codeNumber,
    codeNotation,
    promulgationInfo.promulgationDate,
    subject,
  ]
  return JSON.stringify([...named, ...files])
}

function bySeal(envelopes: OpenedBundle['envelopes']) {
  return [...envelopes.values()].toSorted((a, b) => a.sealedAt.getTime() - b.sealedAt.getTime())
}

/**
 * Every recipient of an envelope has a delivery: who is left out could be the one who never got it. Nobody has one
 * twice: two lists of receipts could each hide that the other contradicts it.
 */
function requireAllRecipients({ envelopes, index }: OpenedBundle, findings: Findings): void {
  const told = new Set(index.deliveries.map((one) => `${one.envelope} ${one.recipient}`))
  const seen = new Set<string>()
  for (const { envelope, series, recipient: agency } of index.deliveries) {
    const key = `${envelope} ${series} ${agency}`
    if (seen.has(key)) findings.add('DELIVERY_TWICE', { agency })
    seen.add(key)
    const to = envelopes.get(envelope)?.message.to
    if (to?.every((one) => one.organId !== agency)) findings.add('RECIPIENT_FOREIGN', { agency })
  }
  for (const { sha256, message } of envelopes.values()) {
    for (const { organId: agency } of message.to) {
      if (!told.has(`${sha256} ${agency}`)) findings.add('RECIPIENT_MISSING', { agency })
    }
  }
}

function documentOf({ envelopes }: OpenedBundle): EvidenceDocument | null {
  const [first] = bySeal(envelopes)
  if (first === undefined) return null
  const { documentId, code, promulgationInfo, subject, from }: DocumentMessage = first.message
  return {
    documentId,
    code: `${code.codeNumber}/${code.codeNotation}`,
    promulgationDate: promulgationInfo.promulgationDate,
    subject,
    from: { organId: from.organId, organName: from.organName },
    sealedAt: first.sealedAt.toISOString(),
  }
}

function provenDelivery({
  envelope,
  delivery,
  receipts,
  statuses,
  terminal,
}: DeliveryHistory): ProvenDelivery {
  const { recipient } = delivery
  const addressed = envelope.message.to.find((one) => one.organId === recipient)
  return {
    envelope: delivery.envelope,
    series: delivery.series,
    recipient,
    recipientName: addressed?.organName ?? recipient,
    steps: receipts.map(stepOf),
    terminal: terminal === null ? null : stepOf(terminal),
    statuses: statuses.map(({ sha256, message }) => ({
      code: message.statusCode,
      time: message.timestamp.toISOString(),
      description: message.description ?? null,
      message: sha256,
    })),
  }
}

function stepOf({ sha256, message }: BundledSeal<Receipt>): EvidenceStep {
  return {
    event: message.event,
    node: message.issuingNode,
    time: message.time.toISOString(),
    reason: message.reasonCode ?? null,
    reasonText: message.reasonText ?? null,
    receipt: sha256,
  }
}
