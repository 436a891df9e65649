/** Answers of OCSP responders, CRLs and issuers on disk, by the question. */
import { createHash, randomBytes } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { OnlineCache } from '../../signing/index.ts'

export interface DiskCacheOptions {
  /** Made, for its owner alone, when the first answer is stored. */
  readonly folder: string
  /** All files together, bytes; default 256 MB. The oldest go first. */
  readonly mostBytes?: number
  /** Default 5000. */
  readonly mostFiles?: number
}

interface Header {
  readonly key: string
  /** ISO 8601. */
  readonly until: string
  /** Of what follows, hexadecimal. */
  readonly sha256: string
}

const LONGEST_HEADER = 16 * 1024
const NAME = /^[0-9a-f]{64}$/
/** The folder is looked through at the first answer stored and again after this part of the bounds. */
const PRUNE_AFTER = 0.1

/**
 * A file is a line of JSON and then the bytes. It is made beside its place and renamed, so a crash leaves a whole file
 * or a `.tmp` that pruning removes. What cannot be read, is of another question, out of date or was cut off is as if
 * it were not there; and what is read is judged like an answer of the network. Failures to write are not told: a cache
 * is a convenience.
 */
export function diskCache(options: DiskCacheOptions): OnlineCache {
  const { folder, mostBytes = 256 * 1024 * 1024, mostFiles = 5000 } = options
  let files = Number.POSITIVE_INFINITY
  let bytes = 0
  const pathOf = (key: string): string => join(folder, sha256(Buffer.from(key)))
  return {
    async get(key, now) {
      try {
        const path = pathOf(key)
        const found = await stat(path)
        if (!found.isFile() || found.size > mostBytes) return undefined
        return bodyOf(await readFile(path), key, now)
      } catch {
        return undefined
      }
    },
    async put(key, value, until) {
      try {
        const header: Header = { key, until: until.toISOString(), sha256: sha256(value) }
        const line = Buffer.from(`${JSON.stringify(header)}\n`)
        if (line.length > LONGEST_HEADER || line.length + value.length > mostBytes) return
        await mkdir(folder, { recursive: true, mode: 0o700 })
        if (files >= mostFiles * PRUNE_AFTER || bytes >= mostBytes * PRUNE_AFTER) {
          await prune(folder, mostBytes, mostFiles)
          files = 0
          bytes = 0
        }
        files += 1
        bytes += value.length
        const path = pathOf(key)
        const beside = `${path}.${randomBytes(6).toString('hex')}.tmp`
        const file = await open(beside, 'wx', 0o600)
        try {
          await file.writev([line, value])
        } finally {
          await file.close()
        }
        await rename(beside, path)
      } catch {
        // No room, no right to write: the answer is asked for again next time.
      }
    },
  }
}

function bodyOf(bytes: Buffer, key: string, now: Date): Uint8Array | undefined {
  const end = bytes.subarray(0, LONGEST_HEADER).indexOf('\n')
  if (end < 0) return undefined
  const header: unknown = JSON.parse(bytes.toString('utf8', 0, end))
  if (typeof header !== 'object' || header === null) return undefined
  const body = bytes.subarray(end + 1)
  const isOurs = 'key' in header && header.key === key && 'sha256' in header && header.sha256 === sha256(body)
  const until = 'until' in header && typeof header.until === 'string' ? Date.parse(header.until) : Number.NaN
  return isOurs && until > now.getTime() ? body : undefined
}

/** Removes what is left over from crashes, then the oldest files, until a fifth of the bounds is free. */
async function prune(folder: string, mostBytes: number, mostFiles: number): Promise<void> {
  const files: { path: string; size: number; time: number }[] = []
  const hourAgo = Date.now() - 3600_000
  for (const name of await readdir(folder)) {
    const path = join(folder, name)
    const found = await stat(path).catch(() => undefined)
    if (found === undefined || !found.isFile()) continue
    if (NAME.test(name)) files.push({ path, size: found.size, time: found.mtimeMs })
    else if (name.endsWith('.tmp') && found.mtimeMs < hourAgo) await rm(path, { force: true })
  }
  let bytes = files.reduce((sum, { size }) => sum + size, 0)
  let count = files.length
  for (const { path, size } of files.toSorted((a, b) => a.time - b.time)) {
    if (bytes <= mostBytes * 0.8 && count <= mostFiles * 0.8) break
    await rm(path, { force: true })
    bytes -= size
    count -= 1
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
