/** What the document security store (ISO 32000-2, 12.8.4.3) holds; offered to path validation, trusted in nothing. */
import type { EmbeddedRevocation } from '../cms/carried-material.ts'
import { SigningError } from '../errors.ts'
import { decodeStream } from './filters.ts'
import { isDict, isReference, type PdfDict } from './objects.ts'
import type { Snapshot } from './snapshot.ts'

/** Entries beyond this number are not looked at. */
const mostEntries = 500

/** The material of a revision; undefined where it has no store. What is broken in it is left out. */
export function readSecurityStore(snapshot: Snapshot): EmbeddedRevocation | undefined {
  const store = snapshot.dictEntry(snapshot.catalog, 'DSS')
  if (store === undefined) return undefined
  return {
    certificates: readStreams(snapshot, store, 'Certs'),
    crls: readStreams(snapshot, store, 'CRLs'),
    ocspResponses: readStreams(snapshot, store, 'OCSPs'),
  }
}

function readStreams(snapshot: Snapshot, store: PdfDict, key: string): Uint8Array[] {
  const items = snapshot.arrayEntry(store, key)?.items ?? []
  return items.slice(0, mostEntries).flatMap((item) => {
    if (!isReference(item)) return []
    try {
      const object = snapshot.target(item)
      if (object?.stream === undefined || !isDict(object.value)) return []
      const { start, end } = object.stream
      return [decodeStream(object.value, snapshot.file.bytes.subarray(start, end), start)]
    } catch (error) {
      if (error instanceof SigningError) return []
      throw error
    }
  })
}
