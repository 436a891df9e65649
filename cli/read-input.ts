import { open } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { CongvanError } from '../server/errors.ts'
import type { Language } from '../signing/index.ts'
import type { Io } from './io.ts'
import { systemReason } from './system-reason.ts'

/** Larger files are refused before they are read. A document may have 50 MB (NB161 art 8.4). */
export const maxInputBytes = 256 * 1024 * 1024

/** The part of a command's context that reading needs. */
export interface InputContext {
  readonly io: Pick<Io, 'stdin'>
  readonly language: Language
}

/**
 * Reads a whole file, or standard input for `-`.
 *
 * @throws CongvanError `FILE_UNREADABLE` or `INPUT_TOO_LARGE`
 */
export async function readInput(
  file: string,
  context: InputContext,
  limit: number = maxInputBytes,
): Promise<Uint8Array> {
  try {
    return file === '-' ? await readStream(context.io.stdin, limit) : await readFileWithin(file, limit)
  } catch (error) {
    if (error instanceof CongvanError) throw error
    const reason = systemReason(error, context.language)
    throw new CongvanError('FILE_UNREADABLE', { file, reason }, { cause: error })
  }
}

/**
 * Reads a regular file into a buffer of its size, which costs a batch of small files no more memory than they have. A
 * pipe has no size to rely on, and neither has a file that turns out longer than it was: those go through a stream.
 */
async function readFileWithin(file: string, limit: number): Promise<Uint8Array> {
  const handle = await open(file, 'r')
  try {
    const stat = await handle.stat()
    if (stat.size > limit) throw new CongvanError('INPUT_TOO_LARGE', { limit })
    if (stat.isFile()) {
      // One byte more shows that the file has grown.
      const buffer = new Uint8Array(stat.size + 1)
      let length = 0
      while (length < buffer.length) {
        const { bytesRead } = await handle.read(buffer, length, buffer.length - length, length)
        if (bytesRead === 0) return buffer.subarray(0, length)
        length += bytesRead
      }
    }
    const start = stat.isFile() ? { start: 0 } : {}
    return await readStream(
      handle.createReadStream({ autoClose: false, highWaterMark: 1 << 20, ...start }),
      limit,
    )
  } finally {
    await handle.close()
  }
}

async function readStream(stream: Readable, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of stream) {
    const bytes: Uint8Array = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
    size += bytes.length
    if (size > limit) throw new CongvanError('INPUT_TOO_LARGE', { limit })
    chunks.push(bytes)
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, size)
}
