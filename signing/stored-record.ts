/** Preparations of signatures as JSON text: bytes in base64, the form named so that another one is refused. */
import { type DigestAlgorithm, type SignatureScheme, signatureAlgorithms } from './algorithms.ts'
import { SigningError } from './errors.ts'

export type StoredField = string | number | null | Uint8Array | readonly Uint8Array[]

/** @param format name and version of what is stored */
export function storeRecord(format: string, fields: Readonly<Record<string, StoredField>>): string {
  const entries = Object.entries(fields).map(([key, value]) => [key, plain(value)])
  return JSON.stringify({ format, ...Object.fromEntries(entries) })
}

function plain(value: StoredField): string | number | null | readonly string[] {
  if (value === null || typeof value === 'string' || typeof value === 'number') return value
  return value instanceof Uint8Array ? base64(value) : value.map(base64)
}

/** Reads back what `storeRecord` wrote. Everything throws SigningError `PREPARED_SIGNATURE_MALFORMED`. */
export class StoredRecord {
  private readonly fields: Readonly<Record<string, unknown>>

  constructor(stored: string, format: string) {
    let value: unknown
    try {
      value = JSON.parse(stored)
    } catch (cause) {
      throw new SigningError('PREPARED_SIGNATURE_MALFORMED', { reason: 'it is no JSON' }, { cause })
    }
    this.fields = typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {}
    if (this.fields.format !== format) throw broken('format')
  }

  text(key: string, pattern?: RegExp): string {
    const value = this.fields[key]
    if (typeof value === 'string' && (pattern?.test(value) ?? true)) return value
    throw broken(key)
  }

  /** A whole number from 0 to `most`. */
  integer(key: string, most: number): number {
    const value = this.fields[key]
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= most) return value
    throw broken(key)
  }

  bytes(key: string): Uint8Array {
    return decode(this.fields[key]) ?? fail(key)
  }

  bytesOrNull(key: string): Uint8Array | null {
    return this.fields[key] === null ? null : this.bytes(key)
  }

  byteStrings(key: string): readonly Uint8Array[] {
    const value: unknown = this.fields[key]
    if (!Array.isArray(value)) throw broken(key)
    return value.map((item: unknown) => decode(item) ?? fail(key))
  }

  /** The fields `digestAlgorithm` and `signatureScheme`, which must go together. */
  algorithm(): { digestAlgorithm: DigestAlgorithm['name']; signatureScheme: SignatureScheme } {
    const scheme = this.text('signatureScheme')
    const digest = this.text('digestAlgorithm')
    const found = signatureAlgorithms.find((one) => one.scheme === scheme && one.digest.name === digest)
    if (found === undefined) throw broken('signatureScheme')
    return { digestAlgorithm: found.digest.name, signatureScheme: found.scheme }
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}

/** Undefined for anything but base64 as it is written here. */
function decode(value: unknown): Uint8Array | undefined {
  if (typeof value !== 'string') return undefined
  const bytes = Buffer.from(value, 'base64')
  return bytes.toString('base64') === value ? bytes : undefined
}

function broken(key: string): SigningError {
  return new SigningError('PREPARED_SIGNATURE_MALFORMED', { reason: `"${key}" is missing or wrong` })
}

function fail(key: string): never {
  throw broken(key)
}
