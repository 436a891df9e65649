import { z } from 'zod'
import type { JobData } from '../queue.ts'
import { sealAnnouncement } from './announce.ts'
import { consignBranch } from './consign-branch.ts'
import { recoverLostJobs } from './recover.ts'
import type { RelayDeps } from './relay-deps.ts'
import { sendReturn } from './return.ts'
import { sendBranch } from './send.ts'

const attempt = z.int().min(0)
const branchJob = z.strictObject({ branch: z.uuid(), attempt })
const returnJob = z.union([
  z.strictObject({ return: z.uuid(), attempt }),
  z.strictObject({ announcement: z.uuid() }),
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
}

/** Starts handling the relay's queues, and looks for jobs that were lost: now, and from time to time. */
export async function startRelayWorkers(deps: RelayDeps, options: RelayWorkerOptions): Promise<RelayWorkers> {
  const { queue } = deps.context
  await queue.work('relay-send', options.concurrency, (data, signal) =>
    sendBranch(deps, branchJob.parse(data), signal),
  )
  await queue.work('document-consign', options.concurrency, (data) =>
    consignBranch(deps, branchJob.parse(data)),
  )
  await queue.work('relay-return', options.concurrency, (data) => runReturn(deps, data))
  let round = recover(deps)
  const timer = setInterval(() => {
    round = round.then(() => recover(deps))
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
async function recover(deps: RelayDeps): Promise<void> {
  try {
    await recoverLostJobs(deps)
  } catch (error) {
    deps.context.log.warn({ error: String(error) }, 'relay: could not look for lost jobs')
  }
}

async function runReturn(deps: RelayDeps, data: JobData): Promise<void> {
  const job = returnJob.parse(data)
  if ('announcement' in job) await sealAnnouncement(deps, job.announcement)
  else await sendReturn(deps, job)
}
