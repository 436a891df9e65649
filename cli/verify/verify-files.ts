/** Verifies many files on worker threads, the results in the order of the files. */
import { fileURLToPath } from 'node:url'
import { Piscina } from 'piscina'
import { CongvanError } from '../../server/errors.ts'
import type { Language } from '../../signing/index.ts'
import { describeFailure, failureJson } from '../failure.ts'
import { type FileResult, unreadFile } from './verify-file.ts'

export interface ManyFilesOptions {
  /** Threads at most. */
  readonly jobs: number
  /** Module of the threads; it exports `verifyOne(file)`. */
  readonly worker: URL
  /** Handed to each thread as it starts. */
  readonly settings: { readonly language: Language }
  /** For what a thread cannot do, such as standard input; undefined: it can. */
  readonly here: (file: string) => Promise<FileResult> | undefined
}

/** Files in work or waiting to be told, for each thread: enough that none waits for a slow neighbour's turn. */
const AHEAD = 4
/** A thread that needs more is ended; a process of many threads must not take all memory. */
const MOST_HEAP_MB = 1536

/**
 * Yields one result for each file, in their order. At most a few files for each thread are read ahead, whatever their
 * number. A file whose thread dies is told as one about which nothing can be said, and a new thread goes on.
 */
export async function* verifyFiles(
  files: readonly string[],
  options: ManyFilesOptions,
): AsyncGenerator<FileResult> {
  const { jobs, worker, settings, here } = options
  const threads = Math.max(1, Math.min(jobs, files.length))
  const pool = new Piscina<string, FileResult>({
    filename: fileURLToPath(worker),
    name: 'verifyOne',
    minThreads: threads,
    maxThreads: threads,
    workerData: settings,
    // One at a time: when a thread dies it is known by whose fault.
    concurrentTasksPerWorker: 1,
    resourceLimits: { maxOldGenerationSizeMb: MOST_HEAP_MB },
  })
  const running: Promise<FileResult>[] = []
  let next = 0
  const start = (): void => {
    const file = files[next]
    next += 1
    if (file === undefined) return
    running.push(here(file) ?? pool.run(file).catch((error: unknown) => endedFile(error, settings.language)))
  }
  try {
    while (running.length < threads * AHEAD && next < files.length) start()
    for (let result = running.shift(); result !== undefined; result = running.shift()) {
      yield await result
      start()
    }
  } finally {
    // Whoever stops early leaves files in work; the pool takes their answers for an error once it is being destroyed.
    await Promise.allSettled(running)
    await pool.destroy()
  }
}

function endedFile(error: unknown, language: Language): FileResult {
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined
  const reason = code ?? (error instanceof Error ? error.message : String(error))
  return unreadFile(failureJson(describeFailure(new CongvanError('VERIFIER_ENDED', { reason }), language)))
}
