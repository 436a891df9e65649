import type { Writable } from 'node:stream'
import { CongvanError } from '../server/errors.ts'
import type { Io } from './io.ts'
import { displayWidth, safeText, tableLines } from './terminal-text.ts'

/** The reader of standard output has gone (`congvan … | head`): stop quietly, as other programs do. */
export class OutputClosed extends Error {
  override readonly name = 'OutputClosed'
}

/**
 * What a command writes. The rules:
 *
 * - Results, and nothing else, go to standard output: text, or one JSON object a line with `--json`.
 * - Messages and errors go to standard error and begin with `congvan: `.
 * - Progress goes to standard error only when that is a terminal, on one line that is erased again.
 * - Every write is awaited, so a slow reader slows the command and nothing piles up in memory.
 */
export class Output {
  private readonly io: Io
  private progressShown = false
  private failed: Error | undefined

  constructor(io: Io) {
    this.io = io
    // Without a listener an EPIPE would end the process with a stack trace. The failed write reports it.
    io.stdout.on('error', (error) => {
      this.failed = error
    })
    // Whoever closed standard error does not want to be told.
    io.stderr.on('error', () => {})
  }

  /** One or more lines of results. */
  async result(text: string): Promise<void> {
    this.clearProgress()
    if (this.failed !== undefined) throw outputFailure(this.failed)
    await write(this.io.stdout, `${text}\n`)
  }

  /** One JSON object on a line of its own. */
  async json(value: unknown): Promise<void> {
    await this.result(jsonLine(value))
  }

  async table(rows: readonly (readonly string[])[]): Promise<void> {
    if (rows.length > 0) await this.result(tableLines(rows).join('\n'))
  }

  /** A message to the person at the keyboard. */
  message(text: string): void {
    this.clearProgress()
    // Names of files, peers and signers stand in messages.
    for (const line of text.split('\n')) this.io.stderr.write(`congvan: ${safeText(line)}\n`)
  }

  /** A line for standard error as it stands: a stack trace, an error as JSON. */
  diagnostic(text: string): void {
    this.clearProgress()
    this.io.stderr.write(`${text}\n`)
  }

  /** How far the work has come; replaced by the next one, erased before anything else is written. */
  progress(text: string): void {
    if (this.io.stderr.isTTY !== true) return
    const columns = Math.max(20, (this.io.stderr.columns ?? 80) - 1)
    this.clearProgress()
    this.io.stderr.write(shorten(safeText(text), columns))
    this.progressShown = true
  }

  clearProgress(): void {
    if (!this.progressShown) return
    this.io.stderr.write('\r\x1b[2K')
    this.progressShown = false
  }
}

/** JSON with the control characters escaped that `JSON.stringify` leaves as they are. */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

function write(stream: Writable, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(text, (error) => {
      if (error === null || error === undefined) resolve()
      else reject(outputFailure(error))
    })
  })
}

function outputFailure(error: Error): Error {
  const code = 'code' in error ? error.code : undefined
  if (code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED') return new OutputClosed()
  if (code === 'ENOSPC' || code === 'EDQUOT') return new CongvanError('STORAGE_FULL', {}, { cause: error })
  return new CongvanError('STORAGE_FAILED', { reason: error.message }, { cause: error })
}

function shorten(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text
  let kept = text
  while (kept !== '' && displayWidth(kept) > columns - 1) kept = kept.slice(0, -1)
  return `${kept}…`
}
