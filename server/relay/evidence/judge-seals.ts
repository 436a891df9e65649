/** Whether each seal of a bundle is by a node that was entitled to say what it says. Pure. */
import type { Receipt, ReceiptEvent } from '../../edxml/receipt.ts'
import type { Findings } from './findings.ts'
import { CLOCK_DIFFERENCE_MS } from './judge-times.ts'
import type { NodeTrust, Seal } from './node-trust.ts'
import type { BundledSeal, OpenedBundle } from './open-bundle.ts'

/** Who may give a receipt: the sender's node, a node on the way, or the node that hosts the recipient. */
const speakers: Readonly<Record<ReceiptEvent, 'origin' | 'way' | 'host'>> = {
  SubmissionAcceptance: 'origin',
  SubmissionRejection: 'origin',
  RelayAcceptance: 'way',
  RelayRejection: 'way',
  RelayFailure: 'way',
  ContentConsignment: 'host',
  ContentConsignmentFailure: 'host',
  ContentHandover: 'host',
  ContentHandoverFailure: 'host',
  Expiry: 'origin',
}

export function judgeSeals(bundle: OpenedBundle, trust: NodeTrust, findings: Findings): void {
  const judge = { trust, findings }
  for (const envelope of bundle.envelopes.values()) {
    const { from } = envelope.message
    const origin = trust.sealer(from.organId, envelope)
    judgeKey(judge, envelope.file, origin, envelope)
    judgeHost(judge, envelope.file, origin, from.organId, [envelope.sealedAt])
  }
  for (const receipt of bundle.receipts.values()) {
    judgeKey(judge, receipt.file, receipt.message.issuingNode, receipt)
    judgeSpeaker(judge, receipt, bundle)
  }
  for (const status of bundle.statuses.values()) {
    const { organId } = status.message.from
    const node = trust.sealer(organId, status)
    judgeKey(judge, status.file, node, status)
    judgeHost(judge, status.file, node, organId, [status.sealedAt])
  }
}

interface Judge {
  readonly trust: NodeTrust
  readonly findings: Findings
}

function judgeKey({ trust, findings }: Judge, file: string, node: string, seal: Seal): void {
  const { keyFingerprint: fingerprint, sealedAt } = seal
  if (trust.keyOf(node, seal) === 'no') {
    findings.add('KEY_NOT_OF_NODE', { file, node, fingerprint, time: sealedAt.toISOString() })
  } else if (!trust.believes(node, seal)) {
    findings.add('KEY_NOT_TRUSTED', { node, fingerprint })
  }
}

function judgeSpeaker(judge: Judge, receipt: BundledSeal<Receipt>, bundle: OpenedBundle) {
  const { file, message, sealedAt } = receipt
  const envelope = bundle.envelopes.get(message.envelopeSha256)
  // What no envelope of the bundle is named by is told of where the deliveries are judged.
  if (envelope === undefined) return
  const { from } = envelope.message
  const { issuingNode } = message
  const kind = speakers[message.event]
  if (kind === 'origin') {
    judgeHost(judge, file, issuingNode, from.organId, [envelope.sealedAt])
    return
  }
  const { trust, findings } = judge
  for (const code of message.recipients) {
    const lastUntil = (until?: Date) => trust.lastHost(code, envelope.sealedAt, until)
    if (kind === 'host') {
      // As the nodes themselves judge: who hosted it then, or who hosted it last before it closed. Not who hosts it since.
      // A seal long after the act makes nobody its host.
      const late = new Date(Math.min(sealedAt.getTime(), message.time.getTime() + CLOCK_DIFFERENCE_MS))
      if (lastUntil(message.time) !== issuingNode) {
        judgeHost(judge, file, issuingNode, code, [message.time, late])
      }
      continue
    }
    // The way led to its host of then, and may have turned to a later one.
    const hosts = [envelope.sealedAt, message.time, undefined].flatMap((until) => lastUntil(until) ?? [])
    if (hosts.length === 0) {
      findings.add('HOST_UNKNOWN', { agency: code })
      continue
    }
    const origin = trust.sealer(from.organId, envelope)
    const answers = hosts.map((host) => trust.onWay(issuingNode, origin, host))
    if (answers.includes('yes')) continue
    // A node that the directory does not know is on no way, whoever has certified its key.
    if (answers.includes('no') || trust.keyOf(issuingNode, receipt) === 'unknown') {
      findings.add('NODE_OFF_ROUTE', { file, node: issuingNode, agency: code })
    }
  }
}

/** Hosted at one of the times will do: clocks that differ may lie on both sides of a move. */
function judgeHost(
  { trust, findings }: Judge,
  file: string,
  node: string,
  agency: string,
  times: readonly Date[],
): void {
  const answers = times.map((at) => trust.hosted(node, agency, at))
  if (answers.includes('yes')) return
  if (answers.includes('unknown')) findings.add('HOST_UNKNOWN', { agency })
  else findings.add('NODE_NOT_HOST', { file, node, agency, time: times[0]?.toISOString() ?? '' })
}
