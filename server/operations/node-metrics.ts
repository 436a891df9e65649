/** The facts of the whole node as metrics: the same figures whichever of its processes is asked. */
import { Gauge, Registry } from 'prom-client'
import { type AlertSettings, evaluateAlerts } from './alerts.ts'
import type { NodeFacts } from './facts.ts'

export interface FileUse {
  readonly count: number
  readonly bytes: number
}

/** A registry that holds the figures of one moment. */
export function nodeMetrics(facts: NodeFacts, files: FileUse | undefined, settings: AlertSettings): Registry {
  const registry = new Registry()
  const gauge = (name: string, help: string, labelNames: readonly string[] = []) =>
    new Gauge({ name, help, labelNames: [...labelNames], registers: [registry] })
  queueMetrics(gauge, facts)
  peerMetrics(gauge, facts)
  ownMetrics(gauge, facts, files)
  const alerts = gauge('congvan_alert', 'Alerts that are on, each 1', ['code', 'severity', 'subject'])
  for (const { code, severity, subject } of evaluateAlerts(facts, settings)) {
    alerts.set({ code, severity, subject }, 1)
  }
  return registry
}

type MakeGauge = (name: string, help: string, labelNames?: readonly string[]) => Gauge

function queueMetrics(gauge: MakeGauge, facts: NodeFacts): void {
  const labels = ['queue', 'peer', 'urgency']
  const depth = gauge(
    'congvan_queue_depth',
    'What waits, by queue, peer (empty: this node) and urgency 0-4',
    labels,
  )
  const oldest = gauge('congvan_queue_oldest_seconds', 'Age of the oldest that waits', labels)
  for (const { queue, peer, urgency, depth: count, oldestSeconds } of facts.queues) {
    const where = { queue, peer, urgency: String(urgency) }
    depth.set(where, count)
    oldest.set(where, oldestSeconds)
  }
  const jobs = gauge('congvan_jobs', 'Jobs by queue: waiting, active, or given up in the last day (dead)', [
    'queue',
    'state',
  ])
  for (const { queue, ...counts } of facts.jobs) {
    for (const [state, count] of Object.entries(counts)) jobs.set({ queue, state }, count)
  }
}

const breakerStates = ['closed', 'open', 'half-open'] as const

function peerMetrics(gauge: MakeGauge, facts: NodeFacts): void {
  const enabled = gauge('congvan_peer_enabled', '1 for a peer in use, 0 for one that is switched off', [
    'peer',
    'relation',
  ])
  const breaker = gauge('congvan_peer_breaker', '1 for the state that the breaker of a peer is in', [
    'peer',
    'state',
  ])
  const answer = gauge('congvan_peer_last_answer_seconds', 'When a peer last answered, Unix time', ['peer'])
  const request = gauge('congvan_peer_last_request_seconds', 'When a peer last asked, Unix time', ['peer'])
  const clock = gauge('congvan_clock_ahead_seconds', 'How far a clock is ahead of this machine’s', ['of'])
  clock.set({ of: 'database' }, facts.databaseAheadSeconds)
  for (const one of facts.peers) {
    const { peer, relation } = one
    enabled.set({ peer, relation }, one.enabled ? 1 : 0)
    for (const state of breakerStates) breaker.set({ peer, state }, state === one.breaker ? 1 : 0)
    if (one.lastAnswerAt !== null) answer.set({ peer }, unixTime(one.lastAnswerAt))
    if (one.lastRequestAt !== null) request.set({ peer }, unixTime(one.lastRequestAt))
    if (one.clockAheadSeconds !== null) clock.set({ of: `peer:${peer}` }, one.clockAheadSeconds)
  }
  const offers = gauge('congvan_offers_open', 'Offers of a peer that are neither committed nor refused', [
    'peer',
  ])
  for (const { peer, count } of facts.offers) offers.set({ peer }, count)
}

function ownMetrics(gauge: MakeGauge, facts: NodeFacts, files: FileUse | undefined): void {
  const disk = gauge('congvan_disk_bytes', 'The disk beneath a folder: free and size', ['folder', 'what'])
  for (const { folder, freeBytes, sizeBytes } of facts.disks) {
    disk.set({ folder, what: 'free' }, freeBytes)
    disk.set({ folder, what: 'size' }, sizeBytes)
  }
  const ends = gauge(
    'congvan_certificate_remaining_days',
    'Days until a certificate, a key’s entry in the directory or a revocation list ends, of an agency the first; negative once it has',
    ['kind', 'name'],
  )
  for (const { kind, name, endsAt } of facts.certificates) {
    ends.set({ kind, name }, (endsAt.getTime() - facts.now.getTime()) / 86_400_000)
  }
  const signing = gauge(
    'congvan_signing_certificates',
    'Certificates with which an agency (agency) or its people (individual) have signed here in the last 90 days',
    ['agency', 'role'],
  )
  for (const { kind, name: agency, count } of facts.certificates) {
    if (count !== undefined) signing.set({ agency, role: kind.replace('-certificate', '') }, count)
  }
  gauge('congvan_log_position', 'The last number given to an entry of the log').set(facts.logPosition)
  const standbys = gauge(
    'congvan_database_standbys',
    'Standbys connected; wanted: 1 when commits wait for one',
    ['what'],
  )
  standbys.set({ what: 'connected' }, facts.standbys.connected)
  standbys.set({ what: 'wanted' }, facts.standbys.wanted ? 1 : 0)
  if (files === undefined) return
  gauge('congvan_files', 'Stored files').set(files.count)
  gauge('congvan_files_bytes', 'Size of all stored files').set(files.bytes)
}

function unixTime(time: Date): number {
  return time.getTime() / 1000
}
