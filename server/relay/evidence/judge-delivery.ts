/** Whether the receipts and statuses of one delivery make one complete and consistent history. Pure. */
import { isStatusCode, type StatusCode } from '../../edxml/codes.ts'
import type { DocumentMessage, StatusMessage } from '../../edxml/envelope.ts'
import { type Receipt, type ReceiptEvent, terminalEvents } from '../../edxml/receipt.ts'
import { sameKey } from '../../edxml/values.ts'
import type { BundleDelivery } from './bundle.ts'
import type { Findings } from './findings.ts'
import type { BundledSeal, OpenedBundle } from './open-bundle.ts'

/** What each event may follow; `null` begins a chain. A new attempt series follows the end of the one before. */
const predecessors: Readonly<Record<ReceiptEvent, readonly (ReceiptEvent | null)[]>> = {
  SubmissionAcceptance: [null, ...terminalEvents],
  SubmissionRejection: [null],
  RelayAcceptance: ['SubmissionAcceptance', 'RelayAcceptance'],
  RelayRejection: ['SubmissionAcceptance', 'RelayAcceptance'],
  RelayFailure: ['SubmissionAcceptance', 'RelayAcceptance'],
  ContentConsignment: ['SubmissionAcceptance', 'RelayAcceptance'],
  ContentConsignmentFailure: ['SubmissionAcceptance', 'RelayAcceptance'],
  ContentHandover: ['ContentConsignment'],
  ContentHandoverFailure: ['ContentConsignment'],
  Expiry: ['SubmissionAcceptance', 'RelayFailure'],
}

/** The clerk's acts that a node's own receipt accompanies. */
const handovers: Partial<Record<StatusCode, ReceiptEvent>> = {
  '02': 'ContentHandoverFailure',
  '03': 'ContentHandover',
}

/** What a recipient may answer; 13 is the sender's. */
const answers: readonly string[] = ['01', '02', '03', '04', '05', '06', '15', '16']

type SealedReceipt = BundledSeal<Receipt>

export interface DeliveryHistory {
  readonly envelope: BundledSeal<DocumentMessage>
  readonly delivery: BundleDelivery
  /** From the submission on, in the order of the chain. */
  readonly receipts: readonly SealedReceipt[]
  readonly statuses: readonly BundledSeal<StatusMessage>[]
  readonly terminal: SealedReceipt | null
}

export function judgeDelivery(
  bundle: OpenedBundle,
  delivery: BundleDelivery,
  findings: Findings,
): DeliveryHistory | undefined {
  const envelope = bundle.envelopes.get(delivery.envelope)
  if (envelope === undefined) return undefined
  const receipts = delivery.receipts.flatMap((sha256) => bundle.receipts.get(sha256) ?? [])
  const own = receipts.filter((one) => {
    if (isAbout(one.message, delivery)) return true
    findings.add('RECEIPT_FOREIGN', { file: one.file })
    return false
  })
  for (const one of own) judgeLink(bundle, delivery, one, findings)
  const statuses = delivery.statuses.flatMap((sha256) => bundle.statuses.get(sha256) ?? [])
  const mine = statuses.filter((one) => judgeStatus(envelope.message, delivery, one, findings))
  judgeHandovers(delivery, own, mine, findings)
  return {
    envelope,
    delivery,
    receipts: inOrder(bundle, own),
    statuses: mine.toSorted((a, b) => a.message.timestamp.getTime() - b.message.timestamp.getTime()),
    terminal: judgeEnd(delivery, own, findings),
  }
}

function isAbout(receipt: Receipt, { envelope, series, recipient }: BundleDelivery): boolean {
  return (
    receipt.envelopeSha256 === envelope && receipt.series === series && receipt.recipients.includes(recipient)
  )
}

/** Whether a receipt follows what it may follow, about the same delivery. */
function judgeLink(
  bundle: OpenedBundle,
  delivery: BundleDelivery,
  { file, message }: SealedReceipt,
  findings: Findings,
): void {
  const { event, previousReceiptSha256 } = message
  const allowed = predecessors[event]
  if (previousReceiptSha256 === null) {
    if (!allowed.includes(null)) findings.add('CHAIN_ORDER', { file, event, previous: '–' })
    return
  }
  const previous = bundle.receipts.get(previousReceiptSha256)
  if (previous === undefined) {
    const agency = delivery.recipient
    findings.add('CHAIN_INCOMPLETE', { agency, receipt: previousReceiptSha256, file })
    return
  }
  if (!allowed.includes(previous.message.event)) {
    findings.add('CHAIN_ORDER', { file, event, previous: previous.message.event })
  }
  // A new attempt may name its recipient by a newer code.
  const follows =
    event === 'SubmissionAcceptance'
      ? previous.message.series < delivery.series && bundle.envelopes.has(previous.message.envelopeSha256)
      : isAbout(previous.message, delivery)
  if (!follows) findings.add('RECEIPT_FOREIGN', { file: previous.file })
}

function judgeEnd(
  { recipient: agency }: BundleDelivery,
  receipts: readonly SealedReceipt[],
  findings: Findings,
): SealedReceipt | null {
  const ends = receipts.filter(({ message }) =>
    (terminalEvents as readonly ReceiptEvent[]).includes(message.event),
  )
  if (ends.length === 0) findings.add('NOT_ENDED', { agency })
  if (ends.length > 1) {
    const events = ends.map(({ message }) => `${message.event} ${message.issuingNode}`).join(', ')
    findings.add('TERMINALS_CONTRADICT', { agency, events })
  }
  return ends.length === 1 ? (ends[0] ?? null) : null
}

function judgeStatus(
  document: DocumentMessage,
  { recipient: agency }: BundleDelivery,
  { file, message }: BundledSeal<StatusMessage>,
  findings: Findings,
): boolean {
  const { from, responseFor, statusCode } = message
  const { code } = document
  const fits =
    from.organId === agency &&
    responseFor.organId === document.from.organId &&
    sameKey(responseFor.documentId, document.documentId) &&
    sameKey(responseFor.code, `${code.codeNumber}/${code.codeNotation}`) &&
    responseFor.promulgationDate === document.promulgationInfo.promulgationDate
  if (!fits) findings.add('STATUS_FOREIGN', { file, agency })
  if (!isStatusCode(statusCode) || !answers.includes(statusCode)) {
    findings.add('STATUS_CODE_WRONG', { file, code: statusCode })
  }
  return fits
}

function judgeHandovers(
  { recipient: agency }: BundleDelivery,
  receipts: readonly SealedReceipt[],
  statuses: readonly BundledSeal<StatusMessage>[],
  findings: Findings,
): void {
  const events = new Set(receipts.map(({ message }) => message.event))
  if (events.has('ContentHandover') && events.has('ContentHandoverFailure')) {
    findings.add('HANDOVERS_CONTRADICT', { agency })
  }
  for (const { message } of statuses) {
    const event = isStatusCode(message.statusCode) ? handovers[message.statusCode] : undefined
    if (event === undefined || events.has(event)) continue
    findings.add('HANDOVER_MISSING', { agency, code: message.statusCode, event })
  }
}

function inOrder(bundle: OpenedBundle, receipts: readonly SealedReceipt[]): SealedReceipt[] {
  const depths = new Map(receipts.map((one) => [one, depth(bundle, one)]))
  return receipts.toSorted((a, b) => (depths.get(a) ?? 0) - (depths.get(b) ?? 0) || byTime(a, b))
}

/** How many receipts stand before one. */
function depth(bundle: OpenedBundle, receipt: SealedReceipt): number {
  const seen = new Set<string>()
  for (let at: SealedReceipt | undefined = receipt; at !== undefined && !seen.has(at.sha256); ) {
    seen.add(at.sha256)
    const previous: string | null = at.message.previousReceiptSha256
    at = previous === null ? undefined : bundle.receipts.get(previous)
  }
  return seen.size
}

function byTime(a: SealedReceipt, b: SealedReceipt): number {
  return a.message.time.getTime() - b.message.time.getTime()
}
