/**
 * A part (phần danh bạ): what one node signs about the nodes below it and the agencies that they host.
 *
 * A part is a JWS in compact form (RFC 7515), ES256, over canonical JSON (`audit/entry.ts`). Its header carries the
 * signer's public key; whether that key may sign for the issuer is judged against the part of the issuer's parent,
 * up to the pinned fingerprint of the root (`accept-part.ts`). Bytes are kept and passed on as they came.
 */
import { createHash, createPublicKey, type KeyObject } from 'node:crypto'
import { compactVerify } from 'jose'
import { z } from 'zod'
import { type KeyProvider, nodeKeyFingerprint } from '../../signing/index.ts'
import { type CanonicalValue, canonicalJson } from '../audit/entry.ts'
import { CongvanError } from '../errors.ts'
import { publicKeyOf, signP1363 } from '../http/node-signature.ts'
import { type AgencyEntry, agencyEntrySchema, nodeIdSchema } from './agency-entry.ts'

export const PART_FORMAT = 'congvan-directory-part-v1'
/** About 20,000 agencies. */
export const MAX_PART_BYTES = 32_000_000
export const PART_CONTENT_TYPE = 'application/jose'

/** A key of a node and the time in which what it signs counts; ISO 8601 UTC, half-open. */
export interface KeyEntry {
  readonly fingerprint: string
  readonly validFrom: string
  readonly validTo: string | null
}

/** A node below the issuer; in the root's part also the root itself. */
export interface NodeEntry {
  readonly id: string
  readonly url: string | null
  /** Old keys stay with their time, so that old signatures can still be judged. */
  readonly keys: readonly KeyEntry[]
}

/** What once stood in this issuer's part and never comes back. */
export interface Tombstone {
  readonly kind: 'agency' | 'node'
  readonly id: string
  readonly removedAt: string
}

export interface PartEntries {
  readonly nodes: readonly NodeEntry[]
  readonly agencies: readonly AgencyEntry[]
  readonly tombstones: readonly Tombstone[]
}

export interface PartContent extends PartEntries {
  readonly issuer: string
  /** 1, 2, 3 … */
  readonly version: number
  /** SHA-256 of the bytes of the version before, hexadecimal; null in the first. */
  readonly previous: string | null
  readonly signedAt: string
}

export interface DecodedPart {
  readonly content: PartContent
  /** The key whose signature holds over the bytes. */
  readonly keyFingerprint: string
  readonly bytes: Uint8Array
  /** Of `bytes`, hexadecimal. */
  readonly sha256: string
}

const instant = z.iso.datetime({ precision: 3 })
const fingerprint = z.string().regex(/^[0-9a-f]{64}$/)

const contentSchema = z.strictObject({
  format: z.literal(PART_FORMAT),
  issuer: nodeIdSchema,
  version: z.int().positive(),
  previous: fingerprint.nullable(),
  signedAt: instant,
  nodes: z
    .array(
      z.strictObject({
        id: nodeIdSchema,
        url: z.string().max(300).nullable(),
        keys: z
          .array(z.strictObject({ fingerprint, validFrom: instant, validTo: instant.nullable() }))
          .max(100),
      }),
    )
    .max(20_000),
  agencies: z.array(agencyEntrySchema).max(50_000),
  tombstones: z
    .array(z.strictObject({ kind: z.enum(['agency', 'node']), id: z.string().max(63), removedAt: instant }))
    .max(50_000),
})

const headerSchema = z.strictObject({
  alg: z.literal('ES256'),
  typ: z.literal(PART_FORMAT),
  jwk: z.strictObject({
    kty: z.literal('EC'),
    crv: z.literal('P-256'),
    x: z.base64url().length(43),
    y: z.base64url().length(43),
  }),
})

/** The entries in the one order in which they are signed, so that equal entries are equal bytes. */
export function sortedEntries(entries: PartEntries): PartEntries {
  const by =
    <T>(key: (one: T) => string) =>
    (a: T, b: T) =>
      key(a) < key(b) ? -1 : 1
  return {
    nodes: entries.nodes
      .map((node) => ({ ...node, keys: node.keys.toSorted(by((key) => key.validFrom + key.fingerprint)) }))
      .toSorted(by((node) => node.id)),
    agencies: entries.agencies
      .map((agency) => ({
        ...agency,
        codes: agency.codes.toSorted(by((code) => code.validFrom + code.code)),
        terms: agency.terms.toSorted(by((term) => term.validFrom)),
        successors: agency.successors.toSorted(),
      }))
      .toSorted(by((agency) => agency.id)),
    tombstones: entries.tombstones.toSorted(by((one) => `${one.kind} ${one.id}`)),
  }
}

/** Whether two sets of entries would be signed as the same bytes. */
export function sameEntries(one: PartEntries, other: PartEntries): boolean {
  const bytes = ({ nodes, agencies, tombstones }: PartEntries) =>
    Buffer.from(canonicalJson(asCanonical(sortedEntries({ nodes, agencies, tombstones }))))
  return bytes(one).equals(bytes(other))
}

/** Signs a part with the issuer's node key. */
export async function signPart(content: PartContent, key: KeyProvider): Promise<DecodedPart> {
  const { spki } = publicKeyOf(key)
  const { x, y } = createPublicKey({ key: spki, format: 'der', type: 'spki' }).export({ format: 'jwk' })
  const header = canonicalJson(
    asCanonical({ alg: 'ES256', typ: PART_FORMAT, jwk: { kty: 'EC', crv: 'P-256', x, y } }),
  )
  const payload = canonicalJson(asCanonical({ format: PART_FORMAT, ...content, ...sortedEntries(content) }))
  const input = `${base64url(header)}.${base64url(payload)}`
  const signature = await signP1363(key, Buffer.from(input))
  return decodePart(Buffer.from(`${input}.${base64url(signature)}`))
}

/**
 * Reads a part and checks its signature by the key that it carries.
 *
 * @throws CongvanError `DIRECTORY_FEED_REJECTED` with `why` `malformed` or `signature-invalid`
 */
export async function decodePart(bytes: Uint8Array): Promise<DecodedPart> {
  if (bytes.length > MAX_PART_BYTES) throw rejected('?', 'malformed', `longer than ${MAX_PART_BYTES} bytes`)
  const text = Buffer.from(bytes).toString('latin1')
  const key = readHeader(text)
  let payload: Uint8Array
  try {
    payload = (await compactVerify(text, key, { algorithms: ['ES256'] })).payload
  } catch (error) {
    throw rejected('?', 'signature-invalid', error instanceof Error ? error.message : String(error))
  }
  const { format: _format, ...content } = readContent(payload)
  return {
    content,
    keyFingerprint: nodeKeyFingerprint(key),
    bytes,
    sha256: createHash('sha256').update(bytes).digest('hex'),
  }
}

/** The content of a part that this node stored, so after `decodePart` had checked its signature and its form. */
export function readStoredContent(bytes: Uint8Array): PartContent {
  const payload = Buffer.from(bytes).toString('latin1').split('.')[1] ?? ''
  return JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as PartContent
}

function readHeader(text: string): KeyObject {
  try {
    const encoded = text.slice(0, text.indexOf('.'))
    const header = headerSchema.parse(JSON.parse(Buffer.from(encoded, 'base64url').toString('utf8')))
    return createPublicKey({ key: header.jwk, format: 'jwk' })
  } catch {
    throw rejected('?', 'malformed', 'no JWS of this format')
  }
}

function readContent(payload: Uint8Array): z.output<typeof contentSchema> {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload))
  } catch {
    throw rejected('?', 'malformed', 'the payload is no JSON in UTF-8')
  }
  const parsed = contentSchema.safeParse(value)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw rejected('?', 'malformed', `${issue?.path.join('.')}: ${issue?.message}`)
  }
  // One content has one byte form: what was checked is what another reader of the bytes sees.
  if (!Buffer.from(canonicalJson(asCanonical(parsed.data))).equals(payload)) {
    throw rejected(parsed.data.issuer, 'malformed', 'the payload is not canonical')
  }
  return parsed.data
}

export type RejectionReason =
  | 'malformed'
  | 'signature-invalid'
  /** No part in force lists the issuer: perhaps its parent's part has not arrived yet. */
  | 'issuer-unknown'
  /** Signed by a key that was not the issuer's at that time. */
  | 'wrong-key'
  | 'signed-in-future'
  | 'rolled-back'
  /** The same version with other bytes, or a version that does not continue the one that is stored. */
  | 'collision'
  | 'entry-vanished'
  /** An entry that this issuer may not sign. */
  | 'out-of-scope'
  | 'own-part'
  | 'no-root'

const dependsOnOthers: readonly RejectionReason[] = ['issuer-unknown', 'wrong-key', 'out-of-scope']

/** Whether the same bytes may be accepted once newer parts of the issuer's ancestors are there. */
export function mayPassLater(why: string | number | undefined): boolean {
  return dependsOnOthers.some((one) => one === why)
}

export function rejected(issuer: string, why: RejectionReason, detail: string): CongvanError {
  return new CongvanError('DIRECTORY_FEED_REJECTED', { issuer, why, reason: `${why}: ${detail}` })
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url')
}

/** The types of this file hold only what canonical JSON knows. */
function asCanonical(value: object): CanonicalValue {
  return value as unknown as CanonicalValue
}
