/** Looks at what a node's tables say about its place in the network, and at its neighbours and processes. */
import { readStoredContent } from '../directory/part.ts'
import { currentParts } from '../directory/part-store.ts'
import { listPeers } from '../directory/peer-store.ts'
import { evaluateAlerts } from './alerts.ts'
import { type DoctorFinding, finding } from './doctor-findings.ts'
import type { NodeFacts } from './facts.ts'
import { readOwnKeyEntries } from './figures-store.ts'
import { describeStep } from './peer-steps.ts'
import { type PeerTester, testPeer } from './test-peer.ts'

/** @param pinned `CONGVAN_DIRECTORY_ROOT` */
export async function examineDirectory(
  { context }: Pick<PeerTester, 'context'>,
  fingerprint: string,
  pinned: string | undefined,
): Promise<DoctorFinding[]> {
  const now = context.clock()
  return context.db.asNode(async (trx) => {
    const peers = await listPeers(trx, now)
    const hasParent = peers.some((one) => one.relation === 'parent')
    const root = (await currentParts(trx)).find((one) => one.isRoot)
    const found: DoctorFinding[] = []
    if (pinned === undefined && hasParent) found.push(finding('directory', 'error', 'ROOT_NOT_PINNED'))
    if (root === undefined) {
      found.push(finding('directory', 'warning', 'DIRECTORY_EMPTY'))
    } else if (pinned !== undefined) {
      const { issuer, nodes } = readStoredContent(root.bytes)
      const keys = nodes.find((one) => one.id === issuer)?.keys ?? []
      if (!keys.some((one) => one.fingerprint === pinned)) {
        found.push(finding('directory', 'error', 'ROOT_DIFFERS', { pinned }))
      }
    }
    const entries = await readOwnKeyEntries(trx, context.nodeId)
    const counts = entries.some(
      (one) =>
        one.fingerprint === fingerprint &&
        one.validFrom <= now &&
        (one.validTo === null || one.validTo > now),
    )
    if (entries.length === 0) found.push(finding('directory', 'warning', 'NOT_IN_DIRECTORY'))
    else if (!counts) found.push(finding('directory', 'error', 'KEY_NOT_IN_DIRECTORY', { fingerprint }))
    const isLocal = (url: string) => /\/\/(127\.|localhost|\[::1\])/.test(url)
    if (isLocal(context.publicUrl) && peers.some((one) => !isLocal(one.url))) {
      found.push(finding('directory', 'error', 'URL_LOCAL', { url: context.publicUrl }))
    }
    return found
  })
}

/** How many neighbours are asked at a time. */
const AT_ONCE = 8

/** Each neighbour as `congvan peer test` sees it, shortened to the steps that are not well. */
export async function examinePeers(tester: PeerTester): Promise<DoctorFinding[]> {
  const peers = await tester.context.db.asNode((trx) => listPeers(trx, tester.context.clock()))
  const found: DoctorFinding[] = []
  for (let at = 0; at < peers.length; at += AT_ONCE) {
    const tests = peers.slice(at, at + AT_ONCE).map((one) => testPeer(tester, one.nodeId))
    for (const { peer, steps } of await Promise.all(tests)) {
      const troubles = steps.filter((one) => one.code !== undefined)
      if (troubles.length === 0) found.push(finding('peers', 'ok', 'FINE', { what: peer }))
      for (const step of troubles) {
        const vi = describeStep(step, 'vi')
        const en = describeStep(step, 'en')
        found.push({
          area: 'peers',
          severity: step.state === 'failed' ? 'error' : 'warning',
          code: 'FINE',
          params: { peer, step: step.step, code: step.code ?? '' },
          own: {
            text: { vi: `${peer}: ${vi.text}`, en: `${peer}: ${en.text}` },
            remedy: { vi: vi.remedy, en: en.remedy },
          },
        })
      }
    }
  }
  return found
}

export interface SeenProcess {
  readonly id: string
  readonly version: string
  readonly silentSeconds: number
}

/** A process that was silent for longer is taken for gone. */
const SILENT_SECONDS = 30

export function aliveAmong(processes: readonly SeenProcess[]): SeenProcess[] {
  return processes.filter((one) => one.silentSeconds < SILENT_SECONDS)
}

export function examineProcesses(processes: readonly SeenProcess[]): DoctorFinding[] {
  const alive = aliveAmong(processes)
  if (alive.length === 0) return [finding('processes', 'warning', 'NO_PROCESS')]
  const versions = [...new Set(alive.map((one) => one.version))].sort()
  return versions.length === 1
    ? [finding('processes', 'ok', 'FINE', { what: `${alive.length} × ${versions[0]}` })]
    : [finding('processes', 'warning', 'VERSIONS_DIFFER', { versions: versions.join(', ') })]
}

/** What stands stuck or soon will; peers were looked at one by one already. */
export function examineAlerts(facts: NodeFacts, clockSkewSeconds: number): DoctorFinding[] {
  return evaluateAlerts(facts, { clockSkewSeconds }).map(({ code, severity, params }) =>
    finding('alerts', severity, code, params),
  )
}
