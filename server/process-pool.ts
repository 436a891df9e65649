/**
 * Several processes of one node on one machine, behind one port (`congvan serve --workers N`).
 *
 * This process owns what there is once: the embedded PostgreSQL and the migrations. It takes no request and no job.
 * Each worker is a whole node process on the same database and folder; connections are handed to them in turn by
 * `node:cluster`. A worker that ends is started again; what it had in hand is taken over by the others, or by its
 * successor, when its signs of life stop. When this process dies, however it dies, the workers see their channel
 * close and end at once, as if they were killed.
 */
import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import type { Config } from './config.ts'
import { CongvanError } from './errors.ts'
import type { Logger } from './log.ts'
import { migrate } from './migrate.ts'
import { openPlace, type Place } from './place.ts'

/** A worker drains for 20 s at most; one that is still there then is not stopping at all. */
const STOP_TIMEOUT_MS = 30_000
/** Until a worker that could not run at all is started again. */
const AGAIN_MS = 1_000

export interface ProcessPool {
  /** Where the node listens. */
  readonly url: string
  stop(): Promise<void>
}

export interface PoolOptions {
  readonly workers: number
  readonly log: Logger
  /** The program and arguments of a worker, which tells `{ url }` by `process.send` once it listens. */
  readonly program: { readonly exec: string; readonly args: readonly string[] }
}

/** What a worker tells when it listens. */
export interface ReadyMessage {
  readonly url: string
}

/**
 * Starts the workers and resolves when all of them listen.
 *
 * @throws CongvanError those of a start; `WORKER_FAILED` when a worker ends before it ever listened
 */
export async function startPool(config: Config, options: PoolOptions): Promise<ProcessPool> {
  const { log, workers } = options
  const place = await openPlace(config, log)
  try {
    if (place.ownerUrl !== undefined) await migrate(place.ownerUrl, place.applicationUrl)
    return await runWorkers(place, workers, options)
  } catch (error) {
    await place.close()
    throw error
  }
}

async function runWorkers(place: Place, count: number, { log, program }: PoolOptions): Promise<ProcessPool> {
  cluster.setupPrimary({ exec: program.exec, args: [...program.args] })
  const running = new Set<Worker>()
  let stopping = false
  let started = false
  const failed = Promise.withResolvers<never>()
  failed.promise.catch(() => {})

  const launch = (): Promise<ReadyMessage> => {
    // The application's role alone: the schema is brought up by this process.
    const worker = cluster.fork({
      DATABASE_URL: place.applicationUrl,
      CONGVAN_OWNER_DATABASE_URL: undefined,
    })
    running.add(worker)
    // A connection is handed over, or a signal sent, to one that was killed a moment ago: it ends, this process does not.
    worker.on('error', (error) => log.warn({ worker: worker.process.pid, error: String(error) }, 'worker'))
    const ready = new Promise<ReadyMessage>((accept) => worker.once('message', accept))
    worker.once('exit', (code, signal) => {
      running.delete(worker)
      if (stopping) return
      if (!started) {
        failed.reject(new CongvanError('WORKER_FAILED', { reason: String(signal ?? code) }))
        return
      }
      log.warn({ worker: worker.process.pid, code, signal }, 'a worker process ended and is started again')
      void delay(signal === 'SIGKILL' ? 0 : AGAIN_MS).then(() => {
        if (!stopping) void launch()
      })
    })
    return ready
  }

  const stop = async () => {
    stopping = true
    await Promise.all([...running].map(stopWorker))
    await place.close()
  }
  try {
    const ready = Promise.all(Array.from({ length: count }, launch))
    const [first] = await Promise.race([ready, failed.promise])
    started = true
    return { url: first?.url ?? '', stop }
  } catch (error) {
    stopping = true
    await Promise.all([...running].map(stopWorker))
    throw error
  }
}

async function stopWorker(worker: Worker): Promise<void> {
  const { process: child } = worker
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  const cut = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
  await ended
  clearTimeout(cut)
}
