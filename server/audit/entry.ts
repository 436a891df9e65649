/**
 * Log entries: their kinds, canonical bytes and commitments. Pure.
 *
 * Canonical bytes are JSON by RFC 8785 (JCS) restricted to what needs no judgement: objects, arrays, strings in
 * NFC, integers within ±2^53−1, booleans and null; keys sorted by UTF-16 code units; no insignificant space; UTF-8.
 * The hash of an entry is that of a Merkle tree leaf: SHA-256(0x00 ‖ bytes) (RFC 9162 section 2.1.1).
 *
 * Personal data never stands in an entry. In its place stands a commitment: HMAC-SHA-256 keyed by a random salt of
 * 32 bytes over the UTF-8 of the value in NFC, hexadecimal. Who holds salt and value can open it; once the salt is
 * erased nobody can, and the entry's hash stays what it was.
 */
import { createHash, createHmac } from 'node:crypto'

export const LOG_ENTRY_VERSION = 1

/** Every act that the log knows. A new act gets a new kind; a kind never changes its meaning. */
export const entryKinds = [
  'node.started',
  'user.created',
  'user.role-granted',
  'user.role-revoked',
  'user.disabled',
  'user.enabled',
  'user.unlocked',
  'user.password-changed',
  'user.password-reset',
  'user.second-factor-on',
  'user.second-factor-off',
  'user.recovery-code-used',
  'user.signed-in',
  'user.signed-out',
  'user.sign-in-failed',
  'user.locked',
  'right.confirmed',
  'right.reverted',
  'token.created',
  'token.revoked',
  'directory.imported',
  'directory.part-accepted',
  'directory.part-published',
  'directory.node-key-registered',
  'peer.added',
  'peer.disabled',
  'peer.enabled',
  'calendar.imported',
  'agency.founded',
  'agency.renamed',
  'agency.moved',
  'agency.recoded',
  'agency.closed',
  'document.drafted',
  'document.file-uploaded',
  'document.quarantine-ended',
  'document.edited',
  'document.revised',
  'document.checked',
  'document.presented',
  'document.returned',
  'document.commented',
  'document.dispatched-on-paper',
  'document.paper-returned',
  'document.paper-sent-back',
  'agency.settings-changed',
  'authorisation.granted',
  'authorisation.revoked',
  'document.refused-secret',
  'document.file-attached',
  'document.file-removed',
  'document.file-signed',
  'document.copied',
  'document.copy-issued',
  'document.forwarded',
  'document.recalled',
  'document.recall-requested',
  'document.recall-agreed',
  'document.recall-declined',
  'document.update-requested',
  'document.update-agreed',
  'document.update-declined',
  'document.linked',
  'copy-authority.granted',
  'copy-authority.ended',
  'document.read',
  'document.permitted',
  'document.permit-withdrawn',
  'document.restricted',
  'document.unrestricted',
  'dossier.opened',
  'dossier.edited',
  'dossier.document-added',
  'dossier.document-removed',
  'dossier.permitted',
  'dossier.permit-withdrawn',
  'dossier.restricted',
  'dossier.unrestricted',
  'dossier.closed',
  'dossier.exported',
  'document.signed-individual',
  'document.numbered',
  'document.number-filled',
  'document.issued',
  'document.cancelled',
  'document.dispatched',
  'document.redispatched',
  'document.arrived',
  'document.verified',
  'document.accepted',
  'document.refused',
  'document.assigned',
  'document.reassigned',
  'document.instructed',
  'document.deadline-extended',
  'document.reminded',
  'document.contributed',
  'document.answered',
  'document.registration-edited',
  'document.secret-mark-held',
  'document.processing',
  'document.completed',
  'delivery.receipt',
  'delivery.status',
  'relay.accepted',
  'relay.receipt',
  'relay.status',
  'relay.rejected',
  'relay.redriven',
  'relay.cancelled',
  'log.exported',
  'register.series-set',
  'register.closed',
  'register.corrected',
  'register.exported',
] as const
export type EntryKind = (typeof entryKinds)[number]

export type CanonicalValue =
  | string
  | number
  | boolean
  | null
  | readonly CanonicalValue[]
  | { readonly [key: string]: CanonicalValue }

export interface EntryInput {
  /** UUID of the entry. */
  readonly id: string
  readonly nodeId: string
  /** The agency in whose name it was done; null for an act of the node. */
  readonly agencyId: string | null
  readonly kind: EntryKind
  readonly occurredAt: Date
  /** `user:<uuid>`, `console`, `node:<id>`. */
  readonly actor: string
  /** What it was done to, e.g. `document:<uuid>`. */
  readonly subject: string
  /** Facts of the act, none of them personal data: hashes, codes, numbers, states. */
  readonly facts: Readonly<Record<string, CanonicalValue>>
  /** Commitments by field name, hexadecimal. */
  readonly commitments: Readonly<Record<string, string>>
}

/** The canonical bytes of an entry. Their field set is version 1, published with vectors in the tests. */
export function canonicalEntry(input: EntryInput): Uint8Array {
  return canonicalJson({
    v: LOG_ENTRY_VERSION,
    id: input.id,
    node: input.nodeId,
    agency: input.agencyId,
    kind: input.kind,
    at: input.occurredAt.toISOString(),
    actor: input.actor,
    subject: input.subject,
    facts: input.facts,
    commitments: input.commitments,
  })
}

/** @throws RangeError for a number that is no safe integer or a string that is not well-formed Unicode. */
export function canonicalJson(value: CanonicalValue): Uint8Array {
  return Buffer.from(serialise(value), 'utf8')
}

function serialise(value: CanonicalValue): string {
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new RangeError(`no safe integer: ${value}`)
    return String(value === 0 ? 0 : value)
  }
  if (typeof value === 'string') return quote(value)
  if (Array.isArray(value)) return `[${value.map((one: CanonicalValue) => serialise(one)).join(',')}]`
  const entries = Object.entries(value as Readonly<Record<string, CanonicalValue>>)
  return `{${entries
    .map(([key, one]): [string, CanonicalValue] => [key.normalize('NFC'), one])
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([key, one]) => `${quote(key)}:${serialise(one)}`)
    .join(',')}}`
}

function quote(text: string): string {
  if (!text.isWellFormed()) throw new RangeError('a string with a lone surrogate has no canonical form')
  return JSON.stringify(text.normalize('NFC'))
}

export function leafHash(canonical: Uint8Array): Uint8Array {
  return createHash('sha256').update(Uint8Array.of(0)).update(canonical).digest()
}

/** The commitment to a personal value under a salt of 32 bytes, hexadecimal. */
export function commitment(salt: Uint8Array, value: string): string {
  return createHmac('sha256', salt).update(value.normalize('NFC'), 'utf8').digest('hex')
}
