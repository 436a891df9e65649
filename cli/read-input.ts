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

/** Reads through a stream even when the size is known: a pipe or a growing file has none to rely on. */
async function readFileWithin(file: string, limit: number): Promise<Uint8Array> {
  const handle = await open(file, 'r')
  try {
    const { size } = await handle.stat()
    if (size > limit) throw new CongvanError('INPUT_TOO_LARGE', { limit })
    return await readStream(handle.createReadStream({ autoClose: false, highWaterMark: 1 << 20 }), limit)
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
