/** What the document security store (ISO 32000-2, 12.8.4.3) holds; offered to path validation, trusted in nothing. */
import type { EmbeddedRevocation } from '../cms/carried-material.ts'
import { SigningError } from '../errors.ts'
import { decodeStream } from './filters.ts'
import { pdfLimits } from './limits.ts'
import { type IndirectObject, isDict, isReference, type PdfDict } from './objects.ts'
import type { Snapshot } from './snapshot.ts'

/** Entries beyond this number are not looked at. */
const mostEntries = 500

/** The material of a revision; undefined where it has no store. What is broken in it is left out. */
export function readSecurityStore(snapshot: Snapshot): EmbeddedRevocation | undefined {
  const store = snapshot.dictEntry(snapshot.catalog, 'DSS')
  if (store === undefined) return undefined
  const reader = new StoreReader(snapshot)
  return {
    certificates: reader.read(store, 'Certs'),
    crls: reader.read(store, 'CRLs'),
    ocspResponses: reader.read(store, 'OCSPs'),
  }
}

/** How many bytes DEFLATE can make of one. */
const mostExpansion = 1032

class StoreReader {
  readonly #snapshot: Snapshot
  readonly #seen = new Set<IndirectObject>()
  /** Bytes that may still be decoded. */
  #left: number = pdfLimits.securityStoreBytes

  constructor(snapshot: Snapshot) {
    this.#snapshot = snapshot
  }

  /** The streams of one list that no list has had yet. */
  read(store: PdfDict, key: string): Uint8Array[] {
    const items = this.#snapshot.arrayEntry(store, key)?.items ?? []
    return items.slice(0, mostEntries).flatMap((item) => {
      if (!isReference(item)) return []
      try {
        const object = this.#snapshot.target(item)
        return object === undefined ? [] : this.#decode(object)
      } catch (error) {
        if (error instanceof SigningError) return []
        throw error
      }
    })
  }

  #decode(object: IndirectObject): Uint8Array[] {
    const { value, stream } = object
    if (stream === undefined || !isDict(value) || this.#seen.has(object) || this.#left <= 0) return []
    this.#seen.add(object)
    const raw = this.#snapshot.file.streamData(object) ?? new Uint8Array(0)
    const before = this.#left
    // What is broken may have cost as much as its bytes can cost.
    this.#left -= Math.min(before, raw.length * mostExpansion)
    const data = decodeStream(value, raw, stream.start, before)
    this.#left = before - data.length
    return [data]
  }
}
