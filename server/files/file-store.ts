/**
 * Files by the SHA-256 of their bytes, on disk: `files/ab/cd/<sha256>` below one folder.
 *
 * Order of durable steps of `put`, and what a crash after each leaves behind:
 * 1. bytes go to `incoming/upload-<uuid>.part`, which is then synced: an upload that nobody refers to; it is swept
 *    by age when a store is opened;
 * 2. the name changes to its place (atomic): the whole file under its own hash, or nothing;
 * 3. the folder is synced: only now does `put` return, and only now may a database row name the file.
 */
import { createHash, randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { CongvanError } from '../errors.ts'

export interface StoredFile {
  /** Lower-case hexadecimal. */
  readonly sha256: string
  /** Bytes. */
  readonly length: number
}

export interface FileStore {
  /**
   * Stores bytes durably; the same content twice is one file.
   *
   * @param limit bytes; one more is refused
   * @throws CongvanError `INPUT_TOO_LARGE`, `STORAGE_FULL`, `STORAGE_FAILED`; nothing is kept then. An error of the
   *   source passes through.
   */
  put(source: AsyncIterable<Uint8Array> | Uint8Array, limit: number): Promise<StoredFile>
  /**
   * The whole file, its hash checked again.
   *
   * @throws CongvanError `STORAGE_DAMAGED` when it is missing or its bytes no longer have this hash
   */
  read(sha256: string): Promise<Uint8Array>
  /** The file as a stream, its hash not checked: for receivers who check it themselves. */
  open(sha256: string): Readable
  has(sha256: string): Promise<boolean>
  /** Removes a file for good; no error when there is none. Whether it may go is decided by `file-hold-store.ts`. */
  erase(sha256: string): Promise<void>
}

/** The part of a file handle that writing needs. */
export type WritableFile = Pick<FileHandle, 'write' | 'sync' | 'close'>

export interface FileStoreOptions {
  readonly folder: string
  /** Uploads left by a killed process are swept when they are older than a day at this time. */
  readonly now: Date
  /** How a new file is opened; the default is the file system's own. */
  readonly openForWriting?: (path: string) => Promise<WritableFile>
}

const SHA256 = /^[0-9a-f]{64}$/
const UPLOAD = /^upload-[0-9a-f-]{36}\.part$/
const SWEEP_AGE_MS = 24 * 60 * 60 * 1000

/** Opens a store, makes its folders and sweeps old uploads of this store's own names. */
export async function openFileStore(options: FileStoreOptions): Promise<FileStore> {
  const places = { files: join(options.folder, 'files'), incoming: join(options.folder, 'incoming') }
  const openForWriting = options.openForWriting ?? ((path: string) => open(path, 'wx', 0o600))
  await storing(async () => {
    for (const place of Object.values(places)) await mkdir(place, { recursive: true, mode: 0o700 })
    await syncFolder(options.folder)
  })
  await sweep(places.incoming, options.now)

  const placeOf = (sha256: string): string => {
    if (!SHA256.test(sha256)) throw new RangeError(`no SHA-256 in lower-case hexadecimal: ${sha256}`)
    return join(places.files, sha256.slice(0, 2), sha256.slice(2, 4), sha256)
  }

  return {
    async put(source, limit) {
      const upload = join(places.incoming, `upload-${randomUUID()}.part`)
      try {
        const stored = await writeUpload(upload, source, limit, openForWriting)
        await storing(() => moveIntoPlace(upload, placeOf(stored.sha256), places.files, stored))
        return stored
      } finally {
        await rm(upload, { force: true })
      }
    },
    async read(sha256) {
      const bytes = await readFile(placeOf(sha256)).catch((error: unknown) => {
        throw damaged(sha256, error)
      })
      if (createHash('sha256').update(bytes).digest('hex') !== sha256) {
        throw new CongvanError('STORAGE_DAMAGED', { sha256, reason: 'hash' })
      }
      return bytes
    },
    open(sha256) {
      const stream = createReadStream(placeOf(sha256))
      // A file that is gone is told to whoever reads; without a listener until then it would end the process.
      stream.on('error', () => {})
      return stream
    },
    async has(sha256) {
      return (await sizeOf(placeOf(sha256))) !== undefined
    },
    async erase(sha256) {
      const place = placeOf(sha256)
      await storing(async () => {
        await rm(place, { force: true })
        if ((await sizeOf(join(place, '..'))) !== undefined) await syncFolder(join(place, '..'))
      })
    },
  }
}

async function writeUpload(
  path: string,
  source: AsyncIterable<Uint8Array> | Uint8Array,
  limit: number,
  openForWriting: (path: string) => Promise<WritableFile>,
): Promise<StoredFile> {
  const file = await storing(() => openForWriting(path))
  try {
    const hash = createHash('sha256')
    let length = 0
    for await (const chunk of source instanceof Uint8Array ? [source] : source) {
      length += chunk.length
      if (length > limit) throw new CongvanError('INPUT_TOO_LARGE', { limit })
      hash.update(chunk)
      await storing(() => writeAll(file, chunk))
    }
    await storing(() => file.sync())
    return { sha256: hash.digest('hex'), length }
  } finally {
    await storing(() => file.close())
  }
}

async function writeAll(file: WritableFile, chunk: Uint8Array): Promise<void> {
  let written = 0
  while (written < chunk.length) {
    const { bytesWritten } = await file.write(chunk, written, chunk.length - written)
    written += bytesWritten
  }
}

/** A file of the same name and length is the same content: it is kept, and its folder entry made durable. */
async function moveIntoPlace(
  upload: string,
  place: string,
  files: string,
  stored: StoredFile,
): Promise<void> {
  const outer = join(place, '..', '..')
  const inner = join(place, '..')
  for (const [folder, parent] of [
    [outer, files],
    [inner, outer],
  ] as const) {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await syncFolder(parent)
  }
  if ((await sizeOf(place)) !== stored.length) await rename(upload, place)
  await syncFolder(inner)
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw new CongvanError('STORAGE_FAILED', { reason: codeOf(error) }, { cause: error })
  }
}

async function sweep(incoming: string, now: Date): Promise<void> {
  for (const name of await readdir(incoming)) {
    if (!UPLOAD.test(name)) continue
    const path = join(incoming, name)
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }))
    if (now.getTime() - mtimeMs > SWEEP_AGE_MS) await rm(path, { force: true })
  }
}

const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

/** Runs a step on disk; what the disk says becomes `STORAGE_FULL` or `STORAGE_FAILED`. */
async function storing<T>(step: () => Promise<T>): Promise<T> {
  try {
    return await step()
  } catch (error) {
    if (error instanceof CongvanError) throw error
    const code = codeOf(error)
    if (FULL.has(code)) throw new CongvanError('STORAGE_FULL', {}, { cause: error })
    throw new CongvanError('STORAGE_FAILED', { reason: code }, { cause: error })
  }
}

function damaged(sha256: string, error: unknown): CongvanError {
  const reason = codeOf(error) === 'ENOENT' ? 'missing' : codeOf(error)
  return new CongvanError('STORAGE_DAMAGED', { sha256, reason }, { cause: error })
}

function codeOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code
  return error instanceof Error ? error.message : String(error)
}
