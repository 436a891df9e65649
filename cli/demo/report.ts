/** What the demo found out, as the JSON of `--once --json` and as tables for people. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type VerificationPolicy, type VerificationReport, verifyPdf } from '../../signing/index.ts'
import type { Delivery } from '../client/deliveries.ts'
import { answerOf, finalStatuses, type ReceivedDocument, type SentDocument } from './journey.ts'
import { agencies, people } from './people.ts'
import { type NodeId, type Places, parentOf } from './places.ts'

export interface DeliveryReport {
  readonly recipient: string
  readonly hops: readonly { from: string | null; to: string; receipt: string; time: string }[]
  readonly statuses: readonly { code: string; time: string }[]
  readonly terminal: string | null
  /** Of the bytes that the recipient opened. */
  readonly sha256: string
}

export interface DocumentReport {
  readonly number: string
  readonly sha256: string
  readonly verify: { readonly indication: string }
  readonly deliveries: readonly DeliveryReport[]
}

export interface JourneyReport {
  readonly document: DocumentReport
  /** What did not hold, in words; empty when all did. */
  readonly problems: readonly string[]
  readonly verification: VerificationReport
}

/** Compares what happened with what had to happen. */
export function reportJourney(
  places: Places,
  sent: SentDocument,
  received: readonly ReceivedDocument[],
  deliveries: readonly Delivery[],
  now: Date,
): JourneyReport {
  const problems: string[] = []
  const policy = trustOf(places, now)
  const [first] = received
  const verification = verifyPdf(first?.bytes ?? new Uint8Array(), policy)
  for (const one of received) {
    if (verifyPdf(one.bytes, policy).indication !== 'TOTAL_PASSED')
      problems.push(`${one.agency}: not TOTAL_PASSED`)
  }
  const reports = deliveries.map((one) => deliveryReport(one, received))
  for (const [index, one] of deliveries.entries()) {
    problems.push(...problemsOf(sent, one, reports[index]?.sha256).map((text) => `${one.recipient}: ${text}`))
  }
  const wanted = Object.keys(sent.mission.answers).length
  if (deliveries.length !== wanted) problems.push(`${deliveries.length} deliveries instead of ${wanted}`)
  return {
    document: {
      number: sent.number,
      sha256: sent.sha256,
      verify: { indication: verification.indication },
      deliveries: reports,
    },
    problems,
    verification,
  }
}

function deliveryReport(one: Delivery, received: readonly ReceivedDocument[]): DeliveryReport {
  const opened = received.find(({ agency }) => agencies[agency].code === one.recipient)
  return {
    recipient: one.recipient,
    hops: one.hops.map(({ from, to, receipt, time }) => ({ from, to, receipt, time })),
    statuses: inOrder(one.statuses.map(({ code, time }) => ({ code, time }))),
    terminal: one.terminal?.event ?? null,
    sha256: opened === undefined ? '' : createHash('sha256').update(opened.bytes).digest('hex'),
  }
}

/** In the order of a document's life; the clerk's statuses carry whole seconds, so their times may tie. */
function inOrder(statuses: readonly { code: string; time: string }[]): { code: string; time: string }[] {
  return [...statuses].sort((a, b) => a.code.localeCompare(b.code))
}

function problemsOf(sent: SentDocument, one: Delivery, receivedSha256: string | undefined): string[] {
  const problems: string[] = []
  const route = routeOf(sent, one.recipient)
  const travelled = one.hops.map((hop) => hop.to)
  if (travelled.join(' ') !== route.join(' '))
    problems.push(`hops ${travelled.join(' → ')}, not ${route.join(' → ')}`)
  if (one.terminal?.event !== 'ContentConsignment')
    problems.push(`terminal receipt ${one.terminal?.event ?? 'missing'}`)
  const codes = one.statuses.map((status) => status.code)
  const wanted = finalStatuses[answerOf(sent.mission, one.recipient)]
  if ([...codes].sort().join(' ') !== [...wanted].sort().join(' '))
    problems.push(`statuses ${codes.join(' ')}`)
  if (receivedSha256 !== sent.sha256) problems.push('the received bytes are not the issued bytes')
  return problems
}

/** The nodes after the sender's, up to the common ancestor and down again. */
function routeOf(sent: SentDocument, recipientCode: string): NodeId[] {
  const from = agencies[people[sent.mission.clerk].agency].node
  const to = Object.values(agencies).find((one) => one.code === recipientCode)?.node ?? from
  const [up, down] = [ancestors(from), ancestors(to)]
  const rising = up.slice(0, up.findIndex((node) => down.includes(node)) + 1)
  const falling = down
    .slice(
      0,
      down.findIndex((node) => up.includes(node)),
    )
    .reverse()
  return [...rising.slice(1), ...falling]
}

function ancestors(node: NodeId): NodeId[] {
  const parent = parentOf[node]
  return parent === undefined ? [node] : [node, ...ancestors(parent)]
}

function trustOf(places: Places, time: Date): VerificationPolicy {
  const read = (ending: string) =>
    readdirSync(places.trustFolder)
      .filter((name) => name.endsWith(ending))
      .map((name) => readFileSync(join(places.trustFolder, name)))
  return {
    trustAnchors: read('root.crt'),
    untrusted: read('government-ca.crt'),
    crls: read('.crl'),
    ocspResponses: [],
    time,
    requireRevocation: true,
    legacy: false,
    profile: 'issued',
  }
}
