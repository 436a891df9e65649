/**
 * Opens sealed envelopes. The same bytes are opened several times on their way through a node: when they are offered,
 * when they are committed and when they go on. Whether a seal holds for the key that it names depends on the bytes
 * alone, so the newest are remembered by their hash, as many as `KEPT_BYTES` hold.
 */
import { createHash } from 'node:crypto'
import type { DocumentMessage } from './envelope.ts'
import { openByOwnKey } from './own-key.ts'
import { openSealedDocument } from './seal.ts'
import type { Opened } from './sealed-xml.ts'

/** Bytes of envelopes whose messages are remembered in a process. */
const KEPT_BYTES = 4 * 1024 * 1024

/** In the order of their last use. */
const kept = new Map<string, { readonly opened: Opened<DocumentMessage>; readonly length: number }>()
let keptBytes = 0

/**
 * Opens an envelope by the key that it names itself; whose that key is, is still to be asked.
 *
 * @throws SigningError where the seal does not hold; CongvanError `INPUT_INVALID` where the content is no document message
 */
export function openEnvelope(bytes: Uint8Array): Opened<DocumentMessage> {
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const known = kept.get(sha256)
  const entry = known ?? { opened: openByOwnKey(openSealedDocument, bytes), length: bytes.length }
  kept.delete(sha256)
  kept.set(sha256, entry)
  if (known === undefined) forgetOldest(bytes.length)
  return entry.opened
}

function forgetOldest(added: number): void {
  keptBytes += added
  for (const [sha256, { length }] of kept) {
    if (keptBytes <= KEPT_BYTES) return
    kept.delete(sha256)
    keptBytes -= length
  }
}

/**
 * Opens an envelope of the node's own store, which noted the key when it took it.
 *
 * @throws SigningError where the seal does not hold or is by another key
 */
export function openOwnEnvelope(bytes: Uint8Array, sealKey: string): Opened<DocumentMessage> {
  const opened = openEnvelope(bytes)
  return opened.keyFingerprint === sealKey
    ? opened
    : openSealedDocument(bytes, { keyFingerprints: [sealKey] })
}
