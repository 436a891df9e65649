/**
 * Who sends a request and who answered it: HTTP message signatures (RFC 9421) by node keys, in one fixed profile.
 *
 * - A request signs `@method @authority @path @query content-digest`; an answer `@status content-digest` and of its
 *   request (`;req`) `@method @path signature`. Exactly these components, in this order; one signature; the tag
 *   below; parameters `created`, `nonce`, `keyid`, `tag` and, if wanted, `expires`. Anything else is refused.
 * - `keyid` is `NODE/FINGERPRINT`. The key itself comes along in the field `node-key` (SPKI, DER): it needs no
 *   protection, since its SHA-256 must be the fingerprint, and whether that one is the node's is asked of the caller.
 * - ECDSA P-256 with SHA-256, r‖s. No body is the digest of zero bytes.
 *
 * The signature covers the digest, not the body: a body is proven when its last byte was hashed (`proveBody`).
 * That a nonce is new is the caller's to check, against the database that all processes of a node share.
 */
import { createPublicKey, type KeyObject, randomBytes, verify } from 'node:crypto'
import {
  component,
  componentIdentity,
  createSignature,
  type FieldOccurrence,
  isSignatureError,
  type SignatureComponent,
  type SignatureMessage,
  type UntrustedSignatureCandidate,
  verifySignature,
} from 'http-message-sig'
import { type KeyProvider, nodeKeyFingerprint, SigningError } from '../../signing/index.ts'
import { CongvanError } from '../errors.ts'
import { formatContentDigest, parseContentDigest } from './content-digest.ts'
import { publicKeyOf, signP1363 } from './node-signature.ts'

export const RELAY_TAG = 'congvan-relay-v1'

const ALGORITHM = 'ecdsa-p256-sha256'
const LABEL = 'congvan'
const REQUEST_COMPONENTS: readonly SignatureComponent[] = [
  '@method',
  '@authority',
  '@path',
  '@query',
  'content-digest',
]
const RESPONSE_COMPONENTS: readonly SignatureComponent[] = [
  '@status',
  'content-digest',
  component('@method', { req: true }),
  component('@path', { req: true }),
  component('signature', { req: true }),
]
const PARAMETERS = new Set(['created', 'expires', 'nonce', 'keyid', 'tag'])
const NONCE = /^[A-Za-z0-9_-]{16,64}$/
const KEY_ID = /^([a-z0-9][a-z0-9-]{0,62})\/([0-9a-f]{64})$/

/** Header fields in the order and number in which they stand in the message. */
export type Fields = readonly (readonly [name: string, value: string])[]

export interface SignedBy {
  readonly nodeId: string
  readonly key: KeyProvider
  readonly now: Date
}

export interface RequestHead {
  readonly method: string
  /** The absolute target URI, its authority that of the receiving node's public URL. */
  readonly url: string
}

/** The fields to add to a request. */
export async function signRequest(
  by: SignedBy,
  request: RequestHead & { readonly contentDigest: Uint8Array },
): Promise<Record<string, string>> {
  const digest: [string, string] = ['content-digest', formatContentDigest(request.contentDigest)]
  return sign(by, asRequest(request, [digest]), REQUEST_COMPONENTS, digest)
}

/** The fields to add to an answer; `signature` is the `signature` field of the request that it answers. */
export async function signResponse(
  by: SignedBy,
  response: { readonly status: number; readonly contentDigest: Uint8Array },
  request: RequestHead & { readonly signature: string },
): Promise<Record<string, string>> {
  const digest: [string, string] = ['content-digest', formatContentDigest(response.contentDigest)]
  const message = asResponse(response.status, [digest], request)
  return sign(by, message, RESPONSE_COMPONENTS, digest)
}

async function sign(
  by: SignedBy,
  message: SignatureMessage,
  components: readonly SignatureComponent[],
  digest: readonly [string, string],
): Promise<Record<string, string>> {
  const publicKey = publicKeyOf(by.key)
  const fields = await createSignature(message, {
    label: LABEL,
    components,
    parameters: {
      created: Math.floor(by.now.getTime() / 1000),
      nonce: randomBytes(18).toString('base64url'),
      keyid: `${by.nodeId}/${publicKey.fingerprint}`,
      tag: RELAY_TAG,
    },
    signer: { algorithm: ALGORITHM, sign: (data) => signP1363(by.key, data) },
  })
  return {
    [digest[0]]: digest[1],
    'signature-input': fields.signatureInput,
    signature: fields.signature,
    'node-key': `:${publicKey.spki.toString('base64')}:`,
  }
}

export interface VerifyOptions {
  readonly now: Date
  readonly clockSkewSeconds: number
  /** Fingerprints of the keys that are the node's now; empty for a node that is no peer. */
  readonly keysOf: (nodeId: string) => Promise<readonly string[]>
}

/** What a valid signature proves. */
export interface VerifiedMessage {
  readonly nodeId: string
  readonly keyFingerprint: string
  readonly created: Date
  /** After this moment the signature is refused for its age, so its nonce need not be kept longer. */
  readonly usableUntil: Date
  readonly nonce: string
  /** SHA-256 that the body must have. */
  readonly contentDigest: Uint8Array
  /** The `signature` field, which the answer binds to. */
  readonly signature: string
}

/** @throws CongvanError `PEER_NOT_AUTHENTICATED` */
export function verifyRequest(
  request: RequestHead & { readonly fields: Fields },
  options: VerifyOptions,
): Promise<VerifiedMessage> {
  return check(asRequest(request, request.fields), request.fields, REQUEST_COMPONENTS, options)
}

/** @throws CongvanError `PEER_NOT_AUTHENTICATED`; the client turns it into `PEER_ANSWER_NOT_AUTHENTIC` */
export function verifyResponse(
  response: { readonly status: number; readonly fields: Fields },
  request: RequestHead & { readonly signature: string },
  options: VerifyOptions,
): Promise<VerifiedMessage> {
  const message = asResponse(response.status, response.fields, request)
  return check(message, response.fields, RESPONSE_COMPONENTS, options)
}

async function check(
  message: SignatureMessage,
  fields: Fields,
  components: readonly SignatureComponent[],
  options: VerifyOptions,
): Promise<VerifiedMessage> {
  const signature = only(fields, 'signature')
  only(fields, 'signature-input')
  const contentDigest = parseContentDigest(only(fields, 'content-digest'))
  if (contentDigest === undefined) throw refused('content-digest is no sha-256 of RFC 9530')
  const sent = readKey(only(fields, 'node-key'))
  try {
    const { parameters } = await verifySignature(message, {
      policy: {
        algorithms: [ALGORITHM],
        requiredComponents: components,
        requiredParameters: ['created', 'nonce', 'keyid', 'tag'],
        maxAge: 0,
        clockSkew: options.clockSkewSeconds,
        now: options.now.getTime() / 1000,
      },
      resolveVerifier: (candidate) => resolve(candidate, components, sent, options),
    })
    const created = Number(parameters.created)
    return {
      nodeId: nodeOf(parameters.keyid),
      keyFingerprint: sent.fingerprint,
      created: new Date(created * 1000),
      usableUntil: new Date((created + options.clockSkewSeconds) * 1000),
      nonce: String(parameters.nonce),
      contentDigest,
      signature,
    }
  } catch (error) {
    if (!isSignatureError(error)) throw error
    // Our own refusals and a database that is away come back as the cause of the library's error.
    if (error.code === 'ResolverFailed' && error.cause instanceof Error) throw error.cause
    throw refused(error.message)
  }
}

/** Everything about the signature that needs no cryptography, before any is done. */
async function resolve(
  candidate: UntrustedSignatureCandidate,
  components: readonly SignatureComponent[],
  sent: { readonly key: KeyObject; readonly fingerprint: string },
  options: VerifyOptions,
) {
  const covered = candidate.components.map((one) => componentIdentity(one))
  const wanted = components.map((one) => componentIdentity(one))
  if (covered.join() !== wanted.join()) throw refused('other components are signed than the profile names')
  const { parameters } = candidate
  const unknown = Object.keys(parameters).find((name) => !PARAMETERS.has(name))
  if (unknown !== undefined) throw refused(`parameter ${unknown} is not in the profile`)
  if (parameters.tag !== RELAY_TAG) throw refused(`the tag is not ${RELAY_TAG}`)
  if (!NONCE.test(String(parameters.nonce))) throw refused('the nonce is malformed')
  const nodeId = nodeOf(parameters.keyid)
  if (parameters.keyid !== `${nodeId}/${sent.fingerprint}`) throw refused('keyid and node-key differ')
  if (!(await options.keysOf(nodeId)).includes(sent.fingerprint)) {
    throw refused(`this key is not one of the node ${nodeId}, or that is no peer`)
  }
  return {
    algorithm: ALGORITHM,
    verify: (data: Uint8Array, signature: Uint8Array) =>
      signature.length === 64 &&
      verify('sha256', data, { key: sent.key, dsaEncoding: 'ieee-p1363' }, signature),
  }
}

function nodeOf(keyId: unknown): string {
  const nodeId = typeof keyId === 'string' ? KEY_ID.exec(keyId)?.[1] : undefined
  if (nodeId === undefined) throw refused('keyid is not NODE/FINGERPRINT')
  return nodeId
}

function readKey(value: string): { key: KeyObject; fingerprint: string } {
  const text = /^:([A-Za-z0-9+/]{1,400}={0,2}):$/.exec(value)?.[1]
  if (text === undefined) throw refused('node-key is malformed')
  try {
    const der = Buffer.from(text, 'base64')
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' })
    if (!key.export({ type: 'spki', format: 'der' }).equals(der)) throw refused('node-key is not DER')
    if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') throw refused('node-key is not on P-256')
    return { key, fingerprint: nodeKeyFingerprint(key) }
  } catch (error) {
    if (error instanceof CongvanError || error instanceof SigningError) throw error
    throw refused('node-key is no public key')
  }
}

/** A field that must stand in the message exactly once. */
function only(fields: Fields, name: string): string {
  const found = fields.filter(([one]) => one.toLowerCase() === name)
  if (found.length !== 1) throw refused(`the field ${name} stands ${found.length} times in the message`)
  return found[0]?.[1] ?? ''
}

function asRequest(request: RequestHead, fields: Fields) {
  return {
    kind: 'request' as const,
    method: request.method,
    targetUri: request.url,
    fields: named(fields),
  }
}

function asResponse(status: number, fields: Fields, request: RequestHead & { readonly signature: string }) {
  return {
    kind: 'response' as const,
    status,
    fields: named(fields),
    request: asRequest(request, [['signature', request.signature]]),
  }
}

/** Only what a signature can cover: an unrelated field with odd bytes is none of its business. */
function named(fields: Fields): FieldOccurrence[] {
  return fields
    .map(([name, value]) => ({ name: name.toLowerCase(), value }))
    .filter((one) => ['content-digest', 'signature', 'signature-input'].includes(one.name))
}

function refused(reason: string): CongvanError {
  return new CongvanError('PEER_NOT_AUTHENTICATED', { reason })
}
