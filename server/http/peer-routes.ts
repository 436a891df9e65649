/**
 * Serves `/relay/v1`: proves who asks before a handler sees anything, and signs what is answered, errors too.
 *
 * A request without any signature field gets an unsigned refusal: there is nothing to bind an answer to.
 */
import { finished, type Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { type NextFunction, type Request, type Response, Router } from 'express'
import type { KeyProvider } from '../../signing/index.ts'
import { CongvanError } from '../errors.ts'
import type { Logger } from '../log.ts'
import { proveBody, sha256 } from './content-digest.ts'
import { describeProblem } from './error-handler.ts'
import { type Fields, signResponse, type VerifiedMessage, verifyRequest } from './message-signature.ts'

/** The versions of the protocol between nodes that this program speaks, newest first. */
export const RELAY_VERSIONS = [1] as const

/** How a peer route takes its body: not at all, whole in memory, or as a stream that proves itself at its end. */
export type PeerBody =
  | { readonly kind: 'none' }
  | { readonly kind: 'bytes'; readonly maxBytes: number }
  | { readonly kind: 'stream'; readonly maxBytes: number }

export interface PeerRequest {
  /** Id of the authenticated node that asks. */
  readonly peer: string
  readonly peerKeyFingerprint: string
  readonly params: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  /** The proven body of a `bytes` route; empty otherwise. */
  readonly body: Uint8Array
  /**
   * The body of a `stream` route. Its bytes are unproven until it ends; it fails at the end when the digest is
   * wrong. Nothing may count as received before `pipeline(stream, …)` has resolved.
   */
  readonly stream: Readable
  readonly now: Date
}

export interface PeerReply {
  readonly status: number
  readonly contentType?: string
  readonly body?: Uint8Array
}

export interface PeerRoute {
  readonly method: 'get' | 'put' | 'post'
  /** Below `/relay/v1`, express form: `/offers/:id`. */
  readonly path: string
  readonly body: PeerBody
  readonly handle: (request: PeerRequest) => Promise<PeerReply>
}

/** What authentication asks of the directory and of the database, in one transaction. */
export interface PeerRegister {
  prove<T>(work: (asked: AskedOfPeers) => Promise<T>): Promise<T>
}

export interface AskedOfPeers {
  /** Fingerprints of the keys that are an enabled peer's at a moment; empty for anybody else. */
  keysOf(nodeId: string, at: Date): Promise<readonly string[]>
  /** Notes a nonce; false when it was used before, by whichever process of this node. */
  claimNonce(keyFingerprint: string, nonce: string, usableUntil: Date): Promise<boolean>
}

export interface PeerRoutesOptions {
  readonly nodeId: string
  /** The configured public URL; its authority is what peers sign. */
  readonly publicUrl: string
  readonly key: KeyProvider
  readonly clock: () => Date
  readonly log: Logger
  readonly clockSkewSeconds: number
  readonly register: PeerRegister
  /** Told of every request whose signature holds. */
  readonly onRequest?: (peer: string) => void
}

/** A JSON answer of a peer route. */
export function jsonReply(value: unknown, status = 200): PeerReply {
  return { status, contentType: 'application/json', body: Buffer.from(JSON.stringify(value)) }
}

/** The router to mount at `/relay/v1`. `GET /relay/v1` itself names the versions, to anybody who asks. */
export function mountPeerRoutes(routes: readonly PeerRoute[], options: PeerRoutesOptions): Router {
  const router = Router({ caseSensitive: true, strict: true })
  router.get('/', (request, response, next) => {
    const versions = jsonReply({ node: options.nodeId, versions: RELAY_VERSIONS })
    answer(request, response, versions, options).catch(next)
  })
  for (const one of routes) {
    router[one.method](one.path, (request, response, next) => {
      serve(one, request, options)
        .catch((error: unknown) => problemReply(error, options.log))
        .then((reply) => answer(request, response, reply, options))
        .catch(next)
    })
  }
  router.use((request, response, next) => {
    const unknown = problemReply(new CongvanError('NOT_FOUND', { what: request.originalUrl }), options.log)
    answer(request, response, unknown, options).catch(next)
  })
  // What the router itself cannot read, such as a path with a broken percent sign: a peer believes no unsigned answer.
  router.use((error: unknown, request: Request, response: Response, next: NextFunction) => {
    if (response.headersSent) next(error)
    else answer(request, response, problemReply(error, options.log), options).catch(next)
  })
  return router
}

async function serve(one: PeerRoute, request: Request, options: PeerRoutesOptions): Promise<PeerReply> {
  const now = options.clock()
  const verified = await authenticate(request, options, now)
  options.onRequest?.(verified.nodeId)
  const stream = provenStream(request, one.body, verified)
  const body = one.body.kind === 'stream' ? new Uint8Array() : await buffer(stream)
  return one.handle({
    peer: verified.nodeId,
    peerKeyFingerprint: verified.keyFingerprint,
    params: pathParams(request),
    query: new URL(targetUrl(request, options)).searchParams,
    body,
    stream,
    now,
  })
}

async function authenticate(
  request: Request,
  options: PeerRoutesOptions,
  now: Date,
): Promise<VerifiedMessage> {
  const signed = { method: request.method, url: targetUrl(request, options), fields: fieldsOf(request) }
  return options.register.prove(async (asked) => {
    const verified = await verifyRequest(signed, {
      now,
      clockSkewSeconds: options.clockSkewSeconds,
      keysOf: (nodeId) => asked.keysOf(nodeId, now),
    })
    // Only after the signature holds: otherwise anybody could fill the table of nonces.
    const isNew = await asked.claimNonce(verified.keyFingerprint, verified.nonce, verified.usableUntil)
    if (!isNew) throw new CongvanError('PEER_NOT_AUTHENTICATED', { reason: 'this request was sent before' })
    return verified
  })
}

function provenStream(request: Request, body: PeerBody, verified: VerifiedMessage): Readable {
  const maxBytes = body.kind === 'none' ? 0 : body.maxBytes
  const proven = proveBody(verified.contentDigest, maxBytes)
  // A client that goes away half way must fail the reader, not leave it waiting.
  finished(request, { writable: false }, (error) => {
    if (error) proven.destroy(error)
  })
  // A reader that never starts would otherwise turn the failed proof into an uncaught error.
  proven.on('error', () => {})
  return request.pipe(proven)
}

async function answer(
  request: Request,
  response: Response,
  reply: PeerReply,
  options: PeerRoutesOptions,
): Promise<void> {
  const body = reply.body ?? new Uint8Array()
  for (const [name, value] of Object.entries(await signatureOf(request, reply.status, body, options))) {
    response.setHeader(name, value)
  }
  // What was not read of the request is not waited for.
  if (!request.complete) response.setHeader('connection', 'close')
  response.setHeader('cache-control', 'no-store')
  response.setHeader('content-length', body.length)
  if (reply.contentType !== undefined) response.setHeader('content-type', reply.contentType)
  response.status(reply.status).end(body)
}

/** The fields that bind the answer to its request; none where the request has no signature to bind to. */
async function signatureOf(
  request: Request,
  status: number,
  body: Uint8Array,
  options: PeerRoutesOptions,
): Promise<Record<string, string>> {
  const signatures = fieldsOf(request).filter(([name]) => name === 'signature')
  const signature = signatures[0]?.[1] ?? ''
  const target = safeTarget(request, options)
  if (signatures.length !== 1 || !/^[\x20-\x7e]+$/.test(signature) || target === undefined) return {}
  return signResponse(
    { nodeId: options.nodeId, key: options.key, now: options.clock() },
    { status, contentDigest: sha256(body) },
    { method: request.method, url: target, signature },
  )
}

function problemReply(error: unknown, log: Logger): PeerReply {
  const problem = describeProblem(error, 'en', log)
  return {
    status: problem.status,
    contentType: 'application/problem+json',
    body: Buffer.from(JSON.stringify(problem)),
  }
}

/** The URI that the peer signed: our public authority, its path and query as they came. */
function targetUrl(request: Request, options: PeerRoutesOptions): string {
  const path = request.originalUrl
  if (!/^\/(?!\/)[\x21-\x7e]*$/.test(path) || path.includes('#')) {
    throw new CongvanError('PEER_NOT_AUTHENTICATED', { reason: 'the request target is no plain path' })
  }
  return `${new URL(options.publicUrl).origin}${path}`
}

function safeTarget(request: Request, options: PeerRoutesOptions): string | undefined {
  try {
    return targetUrl(request, options)
  } catch {
    return undefined
  }
}

function fieldsOf(request: Request): Fields {
  const raw = request.rawHeaders
  return Array.from({ length: raw.length / 2 }, (_, index) => [
    (raw[2 * index] ?? '').toLowerCase(),
    raw[2 * index + 1] ?? '',
  ])
}

function pathParams(request: Request): Record<string, string> {
  return Object.fromEntries(Object.entries(request.params).map(([name, value]) => [name, String(value)]))
}
