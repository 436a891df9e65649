/**
 * Announcements of a node's next key: signed by the key in use, which its parent knows, and by the next one, which
 * shows that the node holds it. So no fingerprint need be compared again.
 */
import { z } from 'zod'
import { type KeyProvider, nodeKeyFingerprint } from '../../signing/index.ts'
import { CongvanError } from '../errors.ts'
import { nodeIdSchema } from './agency-entry.ts'
import { requireInTime } from './invitation.ts'
import {
  certificateForm,
  fingerprintForm,
  instantForm,
  readLetter,
  readLetterKey,
  requireSignature,
  writeLetter,
} from './node-letter.ts'

export const NEXT_KEY_FORMAT = 'congvan-next-key-v1'

const form = z.strictObject({
  node: nodeIdSchema,
  current: fingerprintForm,
  currentCertificate: certificateForm,
  next: fingerprintForm,
  nextCertificate: certificateForm,
  issuedAt: instantForm,
  expiresAt: instantForm,
})

export interface NextKey {
  readonly nodeId: string
  /** The key that signed the announcement; whether it is the node's is for the caller to know. */
  readonly current: string
  readonly next: string
  readonly nextEndsAt: Date
}

export function writeNextKey(
  node: { readonly nodeId: string; readonly from: Date; readonly to: Date },
  current: KeyProvider,
  next: KeyProvider,
): Promise<Uint8Array> {
  const base64 = (key: KeyProvider) => Buffer.from(key.certificate).toString('base64')
  const letter: z.infer<typeof form> = {
    node: node.nodeId,
    current: nodeKeyFingerprint(current.certificate),
    currentCertificate: base64(current),
    next: nodeKeyFingerprint(next.certificate),
    nextCertificate: base64(next),
    issuedAt: node.from.toISOString(),
    expiresAt: node.to.toISOString(),
  }
  return writeLetter(NEXT_KEY_FORMAT, letter, { signature: current, nextSignature: next })
}

/** @throws CongvanError `LETTER_INVALID`, `LETTER_EXPIRED` */
export function readNextKey(
  bytes: Uint8Array,
  reader: { readonly now: Date; readonly clockSkewSeconds: number },
): NextKey {
  const { letter, signatures } = readLetter(bytes, NEXT_KEY_FORMAT, form, ['signature', 'nextSignature'])
  const current = readLetterKey(letter.currentCertificate)
  const next = readLetterKey(letter.nextCertificate)
  requireSignature(NEXT_KEY_FORMAT, letter, signatures.signature, current)
  requireSignature(NEXT_KEY_FORMAT, letter, signatures.nextSignature, next)
  const isSound =
    current.fingerprint === letter.current &&
    next.fingerprint === letter.next &&
    letter.current !== letter.next
  if (!isSound) throw new CongvanError('LETTER_INVALID', { reason: 'fingerprint ≠ certificate' })
  requireInTime(letter, reader)
  return {
    nodeId: letter.node,
    current: current.fingerprint,
    next: next.fingerprint,
    nextEndsAt: next.certificate.validToDate,
  }
}
