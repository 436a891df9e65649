/**
 * The text of a PDF's pages, with its places. A PDF is a program by somebody else: it is read in a thread of its own
 * that ends when it takes too long or too much memory, and the node goes on.
 */
import { createHash } from 'node:crypto'
import { Piscina } from 'piscina'
import { CongvanError } from '../errors.ts'
import type { TextLine } from './text-lines.ts'

export { findSecretMarkOnPage } from './page-marks.ts'
export { plainText, type TextBox, type TextLine, type TextRun } from './text-lines.ts'

/** The text that one page shows, its own and that of stamps and text boxes laid over it. */
export interface PageText {
  /** 1 is the first. */
  readonly page: number
  /** Of the page as a viewer shows it, in points. */
  readonly width: number
  readonly height: number
  /** Size of these points in 1/72 inch: the page's `/UserUnit`, nearly always 1. */
  readonly unit: number
  /** From top to bottom, and from left to right on one height. */
  readonly lines: readonly TextLine[]
}

/** Why no text could be had. */
export type UnreadableReason = 'broken' | 'encrypted' | 'time' | 'memory' | 'size'

export interface PageTextLimits {
  /** Longest file in bytes. */
  readonly fileBytes: number
  /** Pages that are read, from the first. */
  readonly pages: number
  /** Characters that are read, from the first. */
  readonly characters: number
  /** From the moment a thread is free. */
  readonly milliseconds: number
}

export const pageTextLimits: PageTextLimits = {
  fileBytes: 200 * 1024 * 1024,
  pages: 500,
  characters: 1_000_000,
  milliseconds: 15_000,
}

/** What the thread is given. */
export interface PageTextTask {
  readonly bytes: Uint8Array
  readonly pages: number
  readonly characters: number
}

/** What the thread answers. */
export type PageTextTaskResult =
  | { readonly pages: readonly PageText[]; readonly whole: boolean }
  | { readonly reason: UnreadableReason }

/** Threads that read page after page; they start when they are needed and end when nothing is asked for a while. */
export interface PageTextReader {
  /** @throws CongvanError `PAGE_TEXT_UNREADABLE` */
  read(bytes: Uint8Array, limits?: Partial<PageTextLimits>): Promise<PageText[]>
  close(): Promise<void>
}

/** What a thread's JavaScript heap may take. */
const heapMegabytes = 384
/** By how much the whole process may grow while a file is read: unpacked streams lie outside of any heap. */
const growthBytes = 900 * 1024 * 1024
const watchEveryMs = 50
const idleMs = 20_000
/** Files whose text is remembered: one document often goes to many agencies of a node, and each looks at it. */
const remembered = 16
/** A longer text is not remembered, in lines of all its pages. */
const rememberedLines = 5_000

/**
 * @param threads how many files are read at a time
 */
export function openPageTextReader(threads = 1): PageTextReader {
  const pool = new Piscina<PageTextTask, PageTextTaskResult>({
    name: 'readPages',
    filename: new URL('./page-text-worker.ts', import.meta.url).href,
    minThreads: 0,
    maxThreads: threads,
    idleTimeout: idleMs,
    resourceLimits: { maxOldGenerationSizeMb: heapMegabytes, maxYoungGenerationSizeMb: 64 },
    // A thread needs nothing of the environment, which may name secrets.
    env: {},
  })
  const turns = new Turns(threads)
  const known = new Map<string, Promise<PageTextTaskResult>>()
  return {
    async read(bytes, limits = {}) {
      const bounds = { ...pageTextLimits, ...limits }
      if (bytes.length > bounds.fileBytes) throw unreadable('size')
      const hash = createHash('sha256').update(bytes).digest('hex')
      const key = `${hash} ${bounds.pages} ${bounds.characters} ${bounds.milliseconds}`
      const reading = known.get(key) ?? turns.take(() => run(pool, bytes, bounds))
      known.delete(key)
      known.set(key, reading)
      for (const oldest of known.keys()) {
        if (known.size <= remembered) break
        known.delete(oldest)
      }
      const answer = await reading
      if ('reason' in answer) {
        // Perhaps for want of time or memory: it is read again when it is asked for again.
        known.delete(key)
        throw unreadable(answer.reason)
      }
      const lines = answer.pages.reduce((sum, page) => sum + page.lines.length, 0)
      if (lines > rememberedLines) known.delete(key)
      return [...answer.pages]
    },
    close: () => pool.destroy(),
  }
}

export interface ReadPageTextOptions extends Partial<PageTextLimits> {
  /** Without one a thread is started for this file alone. */
  readonly reader?: PageTextReader
}

/**
 * The text of a PDF, page by page: what is read ends at the limits without an error.
 *
 * @throws CongvanError `PAGE_TEXT_UNREADABLE` with the reason: `broken`, `encrypted`, `time`, `memory`, `size`
 */
export async function readPageText(
  bytes: Uint8Array,
  { reader, ...limits }: ReadPageTextOptions = {},
): Promise<PageText[]> {
  if (reader !== undefined) return reader.read(bytes, limits)
  const own = openPageTextReader()
  try {
    return await own.read(bytes, limits)
  } finally {
    await own.close()
  }
}

async function run(
  pool: Piscina<PageTextTask, PageTextTaskResult>,
  bytes: Uint8Array,
  { pages, characters, milliseconds }: PageTextLimits,
): Promise<PageTextTaskResult> {
  const abort = new AbortController()
  let reason: UnreadableReason | undefined
  const stop = (why: UnreadableReason): void => {
    reason ??= why
    abort.abort()
  }
  const before = process.memoryUsage.rss()
  const clock = setTimeout(() => stop('time'), milliseconds)
  const watch = setInterval(() => {
    if (process.memoryUsage.rss() - before > growthBytes + bytes.length) stop('memory')
  }, watchEveryMs)
  // The thread takes this copy with it, and pdf.js writes into what it is given.
  const copy = Uint8Array.from(bytes)
  try {
    return await pool.run(
      { bytes: copy, pages, characters },
      { signal: abort.signal, transferList: [copy.buffer] },
    )
  } catch (error) {
    if (reason !== undefined) return { reason }
    if (isOutOfMemory(error)) return { reason: 'memory' }
    return { reason: 'broken' }
  } finally {
    clearTimeout(clock)
    clearInterval(watch)
  }
}

function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY'
}

function unreadable(reason: UnreadableReason): CongvanError {
  return new CongvanError('PAGE_TEXT_UNREADABLE', { reason, reasonVi: reasonsVi[reason] })
}

const reasonsVi: Readonly<Record<UnreadableReason, string>> = {
  broken: 'tệp hỏng',
  encrypted: 'tệp có mật khẩu',
  time: 'đọc quá lâu',
  memory: 'tệp cần quá nhiều bộ nhớ',
  size: 'tệp quá lớn',
}

/** Hands out turns in order, so that the time of a file is counted from when its thread is free. */
class Turns {
  #free: number
  readonly #waiting: (() => void)[] = []

  constructor(count: number) {
    this.#free = count
  }

  async take<T>(act: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1
    else await new Promise<void>((start) => this.#waiting.push(start))
    try {
      return await act()
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#free += 1
      else next()
    }
  }
}
