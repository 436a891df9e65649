/** Whether each seal of a bundle is by a node that was entitled to say what it says. Pure. */
import type { Receipt, ReceiptEvent } from '../../edxml/receipt.ts'
import type { Findings } from './findings.ts'
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

function judgeSpeaker(judge: Judge, { file, message, sealedAt }: BundledSeal<Receipt>, bundle: OpenedBundle) {
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
  for (const code of message.recipients) {
    const last = judge.trust.lastHost(code, envelope.sealedAt)
    if (kind === 'host') {
      // As the nodes themselves judge: who hosted it then, or who hosted it last before it closed.
      if (last !== issuingNode) judgeHost(judge, file, issuingNode, code, [message.time, sealedAt])
    } else if (last === undefined) {
      judge.findings.add('HOST_UNKNOWN', { agency: code })
    } else {
      const origin = judge.trust.sealer(from.organId, envelope)
      if (judge.trust.onWay(issuingNode, origin, last) === 'no') {
        judge.findings.add('NODE_OFF_ROUTE', { file, node: issuingNode, agency: code })
      }
    }
  }
}

/** Hosted at one of the times will do: an act and its seal may lie on both sides of a move. */
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
