/** Whether the times that nodes state can be true beside each other. Each node has its own clock. Pure. */
import type { Receipt } from '../../edxml/receipt.ts'
import type { Findings } from './findings.ts'
import type { BundledSeal, OpenedBundle } from './open-bundle.ts'

/** How far two clocks may differ, as nodes allow it by default. */
export const CLOCK_DIFFERENCE_MS = 120_000

const reasons = {
  future: 'ở tương lai / lies in the future',
  beforeSeal: 'trước khi gói tin được niêm phong / before the envelope was sealed',
  sealedEarly: 'sau khi chính nó được niêm phong / after it was sealed itself',
  beforePrevious: 'trước biên nhận mà nó nối tiếp / before the receipt that it follows',
  afterEnd: 'sau hạn chuyển của gói tin / after the end of the envelope’s time',
  beforeEnd: 'trước hạn chuyển của gói tin / before the end of the envelope’s time',
} as const

export function judgeTimes(bundle: OpenedBundle, now: Date, findings: Findings): void {
  const add = (file: string, time: Date, why: keyof typeof reasons) =>
    findings.add('TIME_IMPLAUSIBLE', { file, time: time.toISOString(), why: reasons[why] })
  const isBefore = (a: Date, b: Date) => a.getTime() < b.getTime() - CLOCK_DIFFERENCE_MS
  const seals = [...bundle.envelopes.values(), ...bundle.receipts.values(), ...bundle.statuses.values()]
  for (const { file, sealedAt } of seals) if (isBefore(now, sealedAt)) add(file, sealedAt, 'future')
  for (const one of bundle.receipts.values()) {
    for (const why of receiptProblems(bundle, one, isBefore)) add(one.file, one.message.time, why)
  }
  for (const { envelope, statuses } of bundle.index.deliveries) {
    const sealed = bundle.envelopes.get(envelope)?.sealedAt
    for (const sha256 of statuses) {
      const status = bundle.statuses.get(sha256)
      if (status === undefined || sealed === undefined) continue
      const { timestamp } = status.message
      if (isBefore(timestamp, sealed)) add(status.file, timestamp, 'beforeSeal')
      if (isBefore(status.sealedAt, timestamp)) add(status.file, timestamp, 'sealedEarly')
    }
  }
}

function receiptProblems(
  bundle: OpenedBundle,
  { message, sealedAt }: BundledSeal<Receipt>,
  isBefore: (a: Date, b: Date) => boolean,
): (keyof typeof reasons)[] {
  const { event, time, previousReceiptSha256 } = message
  const envelope = bundle.envelopes.get(message.envelopeSha256)
  const previous = bundle.receipts.get(previousReceiptSha256 ?? '')
  const notAfter = envelope?.message.notAfter
  const problems: (keyof typeof reasons)[] = []
  if (envelope !== undefined && isBefore(time, envelope.sealedAt)) problems.push('beforeSeal')
  if (isBefore(sealedAt, time)) problems.push('sealedEarly')
  if (previous !== undefined && isBefore(time, previous.message.time)) problems.push('beforePrevious')
  if (notAfter !== undefined) {
    if (event === 'ContentConsignment' && isBefore(notAfter, time)) problems.push('afterEnd')
    if (event === 'Expiry' && isBefore(time, notAfter)) problems.push('beforeEnd')
  }
  return problems
}
