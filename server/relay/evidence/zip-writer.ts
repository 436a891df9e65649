/**
 * The one form of ZIP (PKWARE APPNOTE 6.3.10) in which evidence is written: entries stored without compression, one
 * after the other without a gap, ASCII names, no extra fields, no comments, no ZIP64. Any unzip program reads it, and
 * a reader can demand exactly this form (`zip-reader.ts`). Pure.
 */
import { crc32 } from 'node:zlib'
import { CongvanError } from '../../errors.ts'

export interface ZipEntry {
  readonly name: string
  /** Asked for when its turn comes, so that one file at a time is in memory. */
  readonly bytes: () => Promise<Uint8Array>
}

export const LOCAL_HEADER = 0x04034b50
export const CENTRAL_HEADER = 0x02014b50
export const END_RECORD = 0x06054b50
export const LOCAL_LENGTH = 30
export const CENTRAL_LENGTH = 46
export const END_LENGTH = 22
/** Version 1.0 of the format: stored entries need no more. */
export const VERSION_NEEDED = 10
/** A Unix host, so that the mode of the files is understood. */
const MADE_BY = (3 << 8) | 20
/** A regular file, readable by everyone: `0100644` in the upper half. */
const FILE_MODE = (0o100644 << 16) >>> 0
const MOST_ENTRIES = 0xffff
const MOST_BYTES = 0xffffffff

/**
 * The bytes of a ZIP file, piece by piece.
 *
 * @param time stands at every entry, as the clock on the wall in Việt Nam shows it
 * @throws CongvanError `EVIDENCE_TOO_LARGE` beyond 65,535 entries or 4 GiB; what `bytes` of an entry throws
 */
export async function* writeZip(entries: readonly ZipEntry[], time: Date): AsyncGenerator<Uint8Array> {
  if (entries.length >= MOST_ENTRIES) throw tooLarge()
  const stamp = dosTime(time)
  const directory: Buffer[] = []
  let offset = 0
  for (const { name, bytes: read } of entries) {
    const bytes = await read()
    const fields = { name: Buffer.from(name, 'ascii'), length: bytes.length, crc: crc32(bytes), stamp }
    const header = localHeader(fields)
    directory.push(centralHeader(fields, offset))
    offset += header.length + bytes.length
    if (offset >= MOST_BYTES) throw tooLarge()
    yield header
    yield bytes
  }
  const central = Buffer.concat(directory)
  if (offset + central.length >= MOST_BYTES) throw tooLarge()
  yield central
  yield endRecord(entries.length, central.length, offset)
}

interface Fields {
  readonly name: Buffer
  readonly length: number
  readonly crc: number
  readonly stamp: number
}

/** What a local header and an entry of the directory have in common, from `version needed` to the lengths. */
function common({ name, length, crc, stamp }: Fields): Buffer {
  const part = Buffer.alloc(26)
  part.writeUInt16LE(VERSION_NEEDED, 0)
  part.writeUInt32LE(stamp, 6)
  part.writeUInt32LE(crc, 10)
  part.writeUInt32LE(length, 14)
  part.writeUInt32LE(length, 18)
  part.writeUInt16LE(name.length, 22)
  return part
}

function localHeader(fields: Fields): Buffer {
  return Buffer.concat([number(LOCAL_HEADER, 4), common(fields), fields.name])
}

function centralHeader(fields: Fields, offset: number): Buffer {
  return Buffer.concat([
    number(CENTRAL_HEADER, 4),
    number(MADE_BY, 2),
    common(fields),
    Buffer.alloc(6),
    number(FILE_MODE, 4),
    number(offset, 4),
    fields.name,
  ])
}

function endRecord(count: number, length: number, offset: number): Buffer {
  return Buffer.concat([
    number(END_RECORD, 4),
    Buffer.alloc(4),
    number(count, 2),
    number(count, 2),
    number(length, 4),
    number(offset, 4),
    Buffer.alloc(2),
  ])
}

function number(value: number, bytes: 2 | 4): Buffer {
  const buffer = Buffer.alloc(bytes)
  buffer.writeUIntLE(value, 0, bytes)
  return buffer
}

/** Date in the upper, time in the lower half; two seconds are the smallest step (APPNOTE 4.4.6). */
function dosTime(time: Date): number {
  const local = new Date(time.getTime() + 7 * 3_600_000)
  const date = ((local.getUTCFullYear() - 1980) << 9) | ((local.getUTCMonth() + 1) << 5) | local.getUTCDate()
  const clock =
    (local.getUTCHours() << 11) | (local.getUTCMinutes() << 5) | Math.floor(local.getUTCSeconds() / 2)
  return ((date << 16) | clock) >>> 0
}

function tooLarge(): CongvanError {
  return new CongvanError('EVIDENCE_TOO_LARGE', { entries: MOST_ENTRIES, bytes: MOST_BYTES })
}
