/**
 * Invitations: how one operator tells another where a node is and what its key is, in a file that cannot be changed on
 * the way unnoticed. That it comes from whom it says, the two find out by comparing the fingerprint by voice.
 */
import { z } from 'zod'
import { type KeyProvider, nodeKeyFingerprint } from '../../signing/index.ts'
import { CongvanError } from '../errors.ts'
import { nodeIdSchema } from './agency-entry.ts'
import {
  certificateForm,
  fingerprintForm,
  instantForm,
  readLetter,
  readLetterKey,
  requireSignature,
  writeLetter,
} from './node-letter.ts'
import type { PeerRelation } from './peer-store.ts'

export const INVITATION_FORMAT = 'congvan-invitation-v1'

const form = z.strictObject({
  node: nodeIdSchema,
  url: z.url({ protocol: /^https?$/ }).max(300),
  /** What the node that reads this is to be for the one that wrote it. */
  relation: z.enum(['parent', 'child']),
  /** The one node that is invited; null: whoever has the file. */
  invited: nodeIdSchema.nullable(),
  fingerprint: fingerprintForm,
  certificate: certificateForm,
  /** Fingerprint of the directory's root, for `CONGVAN_DIRECTORY_ROOT` of the invited node. */
  directoryRoot: fingerprintForm.nullable(),
  versions: z.array(z.int().positive()).min(1).max(20),
  issuedAt: instantForm,
  expiresAt: instantForm,
})
export type InvitationLetter = z.infer<typeof form>

/** What an invitation says, once its signature and its time hold. */
export interface Invitation {
  readonly nodeId: string
  readonly url: string
  /** What the writing node becomes for the one that reads. */
  readonly relation: PeerRelation
  readonly keyFingerprint: string
  readonly directoryRoot: string | null
  readonly expiresAt: Date
}

export interface InvitationTerms {
  readonly nodeId: string
  readonly publicUrl: string
  /** What the invited node is to become for this one. */
  readonly relation: PeerRelation
  readonly invited: string | null
  readonly directoryRoot: string | null
  readonly versions: readonly number[]
  readonly from: Date
  readonly to: Date
}

export function writeInvitation(terms: InvitationTerms, key: KeyProvider): Promise<Uint8Array> {
  const letter: InvitationLetter = {
    node: terms.nodeId,
    url: new URL(terms.publicUrl).origin,
    relation: terms.relation,
    invited: terms.invited,
    fingerprint: nodeKeyFingerprint(key.certificate),
    certificate: Buffer.from(key.certificate).toString('base64'),
    directoryRoot: terms.directoryRoot,
    versions: [...terms.versions],
    issuedAt: terms.from.toISOString(),
    expiresAt: terms.to.toISOString(),
  }
  return writeLetter(INVITATION_FORMAT, letter, { signature: key })
}

export interface InvitationReader {
  readonly nodeId: string
  readonly now: Date
  readonly clockSkewSeconds: number
  readonly versions: readonly number[]
}

/**
 * @throws CongvanError `LETTER_INVALID` (changed, or no invitation), `LETTER_EXPIRED`, `INVITATION_NOT_FOR_US`
 */
export function readInvitation(bytes: Uint8Array, reader: InvitationReader): Invitation {
  const { letter, signatures } = readLetter(bytes, INVITATION_FORMAT, form, ['signature'])
  const key = readLetterKey(letter.certificate)
  requireSignature(INVITATION_FORMAT, letter, signatures.signature, key)
  if (key.fingerprint !== letter.fingerprint) {
    throw new CongvanError('LETTER_INVALID', { reason: 'fingerprint ≠ certificate' })
  }
  requireInTime(letter, reader)
  const notForUs = (reason: string) => new CongvanError('INVITATION_NOT_FOR_US', { reason })
  if (letter.node === reader.nodeId)
    throw notForUs(`do chính nút này lập / made by this very node (${letter.node})`)
  if (letter.invited !== null && letter.invited !== reader.nodeId) {
    throw notForUs(`mời nút ${letter.invited} / it invites the node ${letter.invited}`)
  }
  if (!letter.versions.some((one) => reader.versions.includes(one))) {
    const versions = `${letter.versions.join(', ')} ≠ ${reader.versions.join(', ')}`
    throw notForUs(`khác phiên bản giao thức / no common version of the protocol (${versions})`)
  }
  return {
    nodeId: letter.node,
    url: letter.url,
    relation: letter.relation === 'child' ? 'parent' : 'child',
    keyFingerprint: key.fingerprint,
    directoryRoot: letter.directoryRoot,
    expiresAt: new Date(letter.expiresAt),
  }
}

/** @throws CongvanError `LETTER_EXPIRED`, `LETTER_INVALID` for one from the future */
export function requireInTime(
  letter: { readonly issuedAt: string; readonly expiresAt: string },
  { now, clockSkewSeconds }: Pick<InvitationReader, 'now' | 'clockSkewSeconds'>,
): void {
  if (new Date(letter.expiresAt) <= now)
    throw new CongvanError('LETTER_EXPIRED', { expired: letter.expiresAt })
  if (new Date(letter.issuedAt).getTime() > now.getTime() + clockSkewSeconds * 1000) {
    throw new CongvanError('LETTER_INVALID', {
      reason: `lập lúc ${letter.issuedAt}, sau giờ của nút này / it was made at ${letter.issuedAt}, later than this node’s clock`,
    })
  }
}
