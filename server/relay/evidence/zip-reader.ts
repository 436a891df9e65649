/**
 * Reads a ZIP file strictly: only the form that `zip-writer.ts` writes, byte for byte. What other readers would see
 * in it is what is seen here: no second entry of a name, no bytes between entries, no name that leads out of the
 * folder, nothing compressed (so nothing that grows), no second directory. Pure.
 */
import { crc32 } from 'node:zlib'
import { CongvanError } from '../../errors.ts'
import {
  CENTRAL_HEADER,
  CENTRAL_LENGTH,
  END_LENGTH,
  END_RECORD,
  LOCAL_HEADER,
  LOCAL_LENGTH,
  VERSION_NEEDED,
} from './zip-writer.ts'

/** Folders and names in lower case, and a few names in capitals at the top: nothing that any system misreads. */
const NAME = /^(?:[a-z][a-z0-9-]*\/)*[A-Za-z0-9][A-Za-z0-9-]*(?:\.[a-z0-9]+)*$/
const LONGEST_NAME = 200

/**
 * The entries of a ZIP file by name, in their order. The bytes are views of the file's own.
 *
 * @throws CongvanError `EVIDENCE_UNREADABLE` naming the entry and what is wrong with it
 */
export function readZip(file: Uint8Array): Map<string, Uint8Array> {
  const zip = Buffer.from(file.buffer, file.byteOffset, file.length)
  const { count, start } = readEnd(zip)
  const entries = new Map<string, Uint8Array>()
  const seen = new Set<string>()
  let local = 0
  let at = start
  for (let index = 0; index < count; index += 1) {
    const entry = readEntry(zip, at, local)
    if (entry.end > start) throw broken(entry.name, 'nằm ngoài vùng dữ liệu / lies outside the data')
    const folded = entry.name.toLowerCase()
    if (seen.has(folded)) throw broken(entry.name, 'bị trùng tên / is there twice')
    seen.add(folded)
    entries.set(entry.name, entry.bytes)
    local = entry.end
    at = entry.next
  }
  if (local !== start) throw broken('-', 'có byte thừa giữa các mục / has bytes between its entries')
  if (at !== zip.length - END_LENGTH) throw broken('-', 'mục lục ZIP sai độ dài / has a wrong directory')
  return entries
}

function readEnd(zip: Buffer): { count: number; start: number } {
  const at = zip.length - END_LENGTH
  if (at < 0 || zip.readUInt32LE(at) !== END_RECORD) {
    throw broken('-', 'không phải tệp ZIP nguyên vẹn / is no complete ZIP file')
  }
  const count = zip.readUInt16LE(at + 10)
  const start = zip.readUInt32LE(at + 16)
  const sound =
    zip.readUInt32LE(at + 4) === 0 &&
    zip.readUInt16LE(at + 8) === count &&
    start + zip.readUInt32LE(at + 12) === at &&
    zip.readUInt16LE(at + 20) === 0
  if (!sound) throw broken('-', 'phần kết thúc ZIP không đúng dạng / has an end record of another form')
  return { count, start }
}

interface Entry {
  readonly name: string
  readonly bytes: Uint8Array
  /** Where its bytes end. */
  readonly end: number
  /** Where the next entry of the directory begins. */
  readonly next: number
}

/** @param local where its bytes must begin: right after those of the entry before */
function readEntry(zip: Buffer, at: number, local: number): Entry {
  const limit = zip.length - END_LENGTH
  if (at + CENTRAL_LENGTH > limit || zip.readUInt32LE(at) !== CENTRAL_HEADER) {
    throw broken('-', 'mục lục ZIP bị hỏng / has a damaged directory')
  }
  const nameLength = zip.readUInt16LE(at + 28)
  const next = at + CENTRAL_LENGTH + nameLength
  if (next > limit) throw broken('-', 'mục lục ZIP bị hỏng / has a damaged directory')
  const name = zip.toString('latin1', at + CENTRAL_LENGTH, next)
  if (nameLength > LONGEST_NAME || !NAME.test(name))
    throw broken(name, 'có tên không cho phép / has a bad name')
  // From the version needed to the length of the extra field: the same 26 bytes stand before the data.
  const fields = zip.subarray(at + 6, at + 32)
  requireStored(name, fields)
  if (zip.readUInt16LE(at + 32) !== 0 || zip.readUInt16LE(at + 34) !== 0) {
    throw broken(name, 'có ghi chú hoặc nhiều đĩa / has a comment or several disks')
  }
  if (zip.readUInt32LE(at + 42) !== local) {
    throw broken(name, 'không nối tiếp mục trước / does not follow the entry before')
  }
  const begin = local + LOCAL_LENGTH + nameLength
  const end = begin + fields.readUInt32LE(18)
  if (end > limit) throw broken(name, 'dài hơn cả tệp / is longer than the file')
  const same =
    zip.readUInt32LE(local) === LOCAL_HEADER &&
    zip.subarray(local + 4, local + LOCAL_LENGTH).equals(fields) &&
    zip.toString('latin1', local + LOCAL_LENGTH, begin) === name
  if (!same) throw broken(name, 'có hai phần đầu khác nhau / has two headers that differ')
  const bytes = zip.subarray(begin, end)
  if (crc32(bytes) !== fields.readUInt32LE(10)) throw broken(name, 'sai CRC-32 / has a wrong CRC-32')
  return { name, bytes, end, next }
}

function requireStored(name: string, fields: Buffer): void {
  const stored =
    fields.readUInt16LE(0) === VERSION_NEEDED &&
    fields.readUInt16LE(2) === 0 &&
    fields.readUInt16LE(4) === 0 &&
    fields.readUInt32LE(14) === fields.readUInt32LE(18) &&
    fields.readUInt16LE(24) === 0
  if (!stored) throw broken(name, 'được nén, mã hóa hoặc có trường lạ / is compressed, encrypted or extended')
}

function broken(name: string, reason: string): CongvanError {
  return new CongvanError('EVIDENCE_UNREADABLE', { reason: name === '-' ? reason : `"${name}" ${reason}` })
}
