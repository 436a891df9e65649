import { z } from 'zod'
import type { JobData } from '../queue.ts'
import { sealAnnouncement } from './announce.ts'
import { noteUnsealed } from './announcement-store.ts'
import { askQuestion } from './ask-question.ts'
import { consignBranch } from './consign-branch.ts'
import { wakePeer } from './peer-health.ts'
import { type PeerSlots, peerSlots } from './peer-slots.ts'
import { recoverLostJobs } from './recover.ts'
import type { RelayDeps } from './relay-deps.ts'
import { sendReturn } from './return.ts'
import { sendBranch } from './send.ts'

const attempt = z.int().min(0)
const branchJob = z.strictObject({ branch: z.uuid(), attempt })
const sendJob = z.union([branchJob, z.strictObject({ wake: z.string() })])
const returnJob = z.union([
  z.strictObject({ return: z.uuid(), attempt }),
  z.strictObject({ announcement: z.uuid() }),
  z.strictObject({ question: z.uuid(), attempt }),
])

export interface RelayWorkers {
  /** Resolves when the search for lost jobs has ended; the workers themselves end with the queue. */
  stop(): Promise<void>
}

export interface RelayWorkerOptions {
  /** Jobs of each queue at a time. */
  readonly concurrency: number
  /** How often lost jobs are looked for, milliseconds. */
  readonly recoveryIntervalMs?: number
  /** Whether this process looks for them in this round; of several processes on one database one does. */
  readonly claim?: () => Promise<boolean>
}

/** Starts handling the relay's queues, and looks for jobs that were lost: now, and from time to time. */
export async function startRelayWorkers(deps: RelayDeps, options: RelayWorkerOptions): Promise<RelayWorkers> {
  const { queue } = deps.context
  const perPeer = Math.max(1, Math.floor(options.concurrency / 2))
  const monotonicMs = () => performance.now()
  // Apart, so that documents for a slow peer do not keep its receipts.
  const [sending, returning] = [peerSlots({ perPeer, monotonicMs }), peerSlots({ perPeer, monotonicMs })]
  await queue.work('relay-send', options.concurrency, async (data, signal) => {
    const job = sendJob.parse(data)
    if ('wake' in job) await wakePeer(deps, job.wake)
    else await sendBranch(deps, job, { signal, slots: sending })
  })
  await queue.work('document-consign', options.concurrency, (data) =>
    consignBranch(deps, branchJob.parse(data)),
  )
  await queue.work('relay-return', options.concurrency, (data) => runReturn(deps, data, returning))
  let round = recover(deps)
  const timer = setInterval(() => {
    round = round.then(() => recover(deps, options.claim))
  }, options.recoveryIntervalMs ?? 60_000)
  timer.unref()
  return {
    async stop() {
      clearInterval(timer)
      await round
    },
  }
}

/** One search; what fails is tried again in the next one, so it is only reported. */
async function recover(deps: RelayDeps, claim?: () => Promise<boolean>): Promise<void> {
  try {
    if ((await claim?.()) === false) return
    await recoverLostJobs(deps)
  } catch (error) {
    deps.context.log.warn({ error: String(error) }, 'relay: could not look for lost jobs')
  }
}

async function runReturn(deps: RelayDeps, data: JobData, slots: PeerSlots): Promise<void> {
  const job = returnJob.parse(data)
  if ('announcement' in job) await sealNoted(deps, job.announcement)
  else if ('question' in job) await askQuestion(deps, job, { slots })
  else await sendReturn(deps, job, { slots })
}

/** Seals what a clerk did; what it fails on, such as a lost envelope, is noted for the operator. */
async function sealNoted(deps: RelayDeps, id: string): Promise<void> {
  try {
    await sealAnnouncement(deps, id)
  } catch (error) {
    await deps.context.db.asNode((trx) => noteUnsealed(trx, id, String(error)))
    throw error
  }
}
