/**
 * What one process counts of its own work: requests, tries to hand things to peers, how long deliveries took, and how
 * the process itself is doing. In memory only, from zero at its start; Prometheus is made for that.
 */
import { type EventLoopUtilization, monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Meter } from '../context.ts'
import type { PoolUse } from '../db.ts'

export interface ProcessMetricsOptions {
  readonly node: string
  /** Of the program, e.g. `0.2.0`. */
  readonly version: string
  /** Names this process among those of the node, in the label `process`. */
  readonly process: string
  readonly pool: () => PoolUse
}

export interface ProcessMetrics {
  readonly process: string
  readonly meter: Meter
  /** One answered request. `route` is the pattern (`/api/v1/documents/:id`), never the path itself. */
  answered(
    request: { readonly method: string; readonly route: string; readonly status: number },
    seconds: number,
  ): void
  /** All figures with their label `process`, as `prom-client` aggregates them. */
  figures(): Promise<ProcessFigures>
  close(): void
}

export type ProcessFigures = Awaited<ReturnType<Registry['getMetricsAsJSON']>>

/** Seconds; a request of a person should end in the first, one with a large file in the last. */
const REQUEST_BUCKETS = [0.005, 0.02, 0.05, 0.15, 0.5, 1.5, 5, 15, 60]
/** Seconds; from a neighbour on the same machine to a delivery that waited for days. */
const DELIVERY_BUCKETS = [0.1, 0.5, 1, 2, 5, 15, 60, 300, 1_800, 7_200, 43_200, 259_200, 1_209_600]

export function openProcessMetrics(options: ProcessMetricsOptions): ProcessMetrics {
  const registry = new Registry()
  registry.setDefaultLabels({ process: options.process })
  const work = workMetrics(registry)
  const close = machineMetrics(registry, options)
  return {
    process: options.process,
    meter: {
      sent: (peer, what, outcome) => work.sends.inc({ peer, what, outcome }),
      committed: (peer, seconds) => work.commits.observe({ peer }, Math.max(0, seconds)),
      delivered: (event, seconds) => work.deliveries.observe({ event }, Math.max(0, seconds)),
    },
    answered({ method, route, status }, seconds) {
      work.requests.inc({ method, route, status: String(status) })
      work.durations.observe({ method, route }, seconds)
    },
    figures: () => registry.getMetricsAsJSON(),
    close,
  }
}

function workMetrics(registry: Registry) {
  const registers = [registry]
  return {
    requests: new Counter({
      name: 'congvan_http_requests_total',
      help: 'Requests answered, by route and status',
      labelNames: ['method', 'route', 'status'],
      registers,
    }),
    durations: new Histogram({
      name: 'congvan_http_request_seconds',
      help: 'Time from a request to the end of its answer',
      labelNames: ['method', 'route'],
      buckets: REQUEST_BUCKETS,
      registers,
    }),
    sends: new Counter({
      name: 'congvan_sends_total',
      help: 'Tries to hand a branch (documents) or a return (receipts, statuses) to a peer, by how they ended',
      labelNames: ['peer', 'what', 'outcome'],
      registers,
    }),
    deliveries: new Histogram({
      name: 'congvan_delivery_seconds',
      help: 'Time from the dispatch of a document here to the terminal receipt of one recipient, by its event',
      labelNames: ['event'],
      buckets: DELIVERY_BUCKETS,
      registers,
    }),
    commits: new Histogram({
      name: 'congvan_offer_commit_seconds',
      help: 'Time from the offer of a peer to its commit here',
      labelNames: ['peer'],
      buckets: DELIVERY_BUCKETS,
      registers,
    }),
  }
}

/** Memory, processor, event loop and database connections. @returns how to stop measuring */
function machineMetrics(registry: Registry, options: ProcessMetricsOptions): () => void {
  const registers = [registry]
  new Gauge({
    name: 'congvan_build_info',
    help: 'Always 1; the labels say what runs',
    labelNames: ['node', 'version', 'runtime'],
    registers,
  }).set({ node: options.node, version: options.version, runtime: process.version }, 1)
  new Gauge({
    name: 'process_start_time_seconds',
    help: 'When the process started, Unix time',
    registers,
  }).set(Math.round(performance.timeOrigin / 1000))
  gauge(registry, 'process_resident_memory_bytes', 'Memory that the process holds', () =>
    process.memoryUsage.rss(),
  )
  gauge(registry, 'nodejs_heap_used_bytes', 'Heap in use', () => process.memoryUsage().heapUsed)
  const loop = eventLoop()
  gauge(
    registry,
    'nodejs_eventloop_lag_p99_seconds',
    'Delay of the event loop since the last reading',
    loop.delay,
  )
  gauge(
    registry,
    'nodejs_eventloop_utilization_ratio',
    'Share of time in which the event loop was busy',
    loop.busy,
  )
  new Counter({
    name: 'process_cpu_seconds_total',
    help: 'Processor time used',
    registers,
    collect() {
      const { user, system } = process.cpuUsage()
      this.reset()
      this.inc((user + system) / 1e6)
    },
  })
  new Gauge({
    name: 'congvan_database_connections',
    help: 'Connections of this process to PostgreSQL, and requests that wait for one',
    labelNames: ['state'],
    registers,
    collect() {
      const { used, free, waiting } = options.pool()
      for (const [state, count] of Object.entries({ used, free, waiting })) this.set({ state }, count)
    },
  })
  return loop.stop
}

function gauge(registry: Registry, name: string, help: string, read: () => number): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    collect() {
      this.set(read())
    },
  })
}

function eventLoop() {
  const histogram = monitorEventLoopDelay({ resolution: 20 })
  histogram.enable()
  let before: EventLoopUtilization = performance.eventLoopUtilization()
  return {
    delay() {
      const nanoseconds = histogram.percentile(99)
      histogram.reset()
      return Number.isFinite(nanoseconds) ? nanoseconds / 1e9 : 0
    },
    busy() {
      const now = performance.eventLoopUtilization()
      const { utilization } = performance.eventLoopUtilization(now, before)
      before = now
      return Number.isFinite(utilization) ? utilization : 0
    },
    stop: () => void histogram.disable(),
  }
}
