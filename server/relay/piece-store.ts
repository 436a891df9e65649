/**
 * Files on their way in, piece by piece, before length and hash of the whole are known to hold. One file on disk for
 * each file of an offer, below one folder of its own.
 *
 * Bytes count only after `write` has returned and the database says how many there are; what lies beyond that
 * number (a cut connection, a piece whose digest was wrong, a crash) is overwritten by the next piece.
 */
import { createReadStream } from 'node:fs'
import { constants, type FileHandle, mkdir, open, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { CongvanError } from '../errors.ts'

export interface PieceName {
  readonly offerId: string
  readonly sha256: string
}

export interface PieceStore {
  /**
   * Writes a piece at an offset and syncs it.
   *
   * @returns the number of bytes written
   * @throws CongvanError `STORAGE_FULL`, `STORAGE_FAILED`; whatever the source throws
   */
  write(name: PieceName, offset: number, source: AsyncIterable<Uint8Array>): Promise<number>
  /** The bytes `[from, to)`. */
  read(name: PieceName, from: number, to: number): Readable
  discard(name: PieceName): Promise<void>
}

export interface PieceStoreOptions {
  readonly folder: string
  /** Pieces of offers that were never finished are swept when they have not been touched for 30 days at this time. */
  readonly now: Date
}

const UUID = /^[0-9a-f-]{36}$/
const SHA256 = /^[0-9a-f]{64}$/
const PIECE = /^[0-9a-f-]{36}\.[0-9a-f]{64}\.part$/
const SWEEP_AGE_MS = 30 * 24 * 60 * 60 * 1000

/** Opens a store, makes its folder and sweeps what was forgotten in it. */
export async function openPieceStore(options: PieceStoreOptions): Promise<PieceStore> {
  await storing(() => mkdir(options.folder, { recursive: true, mode: 0o700 }))
  await sweep(options.folder, options.now)
  const place = ({ offerId, sha256 }: PieceName): string => {
    if (!UUID.test(offerId) || !SHA256.test(sha256)) throw new RangeError('no name of a piece')
    return join(options.folder, `${offerId}.${sha256}.part`)
  }
  return {
    async write(name, offset, source) {
      const file = await storing(() => open(place(name), constants.O_CREAT | constants.O_WRONLY, 0o600))
      try {
        return await writeFrom(file, offset, source)
      } finally {
        await file.close()
      }
    },
    read(name, from, to) {
      if (to <= from) return Readable.from([])
      const stream = createReadStream(place(name), { start: from, end: to - 1 })
      // Another run of the same job may discard the piece before whoever asked begins to read: the reader is told then,
      // and until then nobody listens, which would end the process.
      stream.on('error', () => {})
      return stream
    },
    discard: (name) => storing(() => rm(place(name), { force: true })),
  }
}

async function writeFrom(
  file: FileHandle,
  offset: number,
  source: AsyncIterable<Uint8Array>,
): Promise<number> {
  let at = offset
  for await (const chunk of source) {
    for (let done = 0; done < chunk.length; ) {
      const start = done
      const { bytesWritten } = await storing(() => file.write(chunk, start, chunk.length - start, at))
      done += bytesWritten
      at += bytesWritten
    }
  }
  await storing(() => file.sync())
  return at - offset
}

async function sweep(folder: string, now: Date): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!PIECE.test(name)) continue
    const path = join(folder, name)
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }))
    if (now.getTime() - mtimeMs > SWEEP_AGE_MS) await rm(path, { force: true })
  }
}

const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

async function storing<T>(step: () => Promise<T>): Promise<T> {
  try {
    return await step()
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    if (FULL.has(code)) throw new CongvanError('STORAGE_FULL', {}, { cause: error })
    throw new CongvanError('STORAGE_FAILED', { reason: code }, { cause: error })
  }
}
