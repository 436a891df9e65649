/**
 * Asks another node, and believes only what it has signed.
 *
 * Every outcome is one of: the peer's answer (2xx, signature and digest verified), the peer's own fault
 * (`PEER_FAULT`, verified as well), `NODE_UNREACHABLE` (nothing is known of what the peer did: the request may be
 * repeated, it is signed anew), or `PEER_ANSWER_NOT_AUTHENTIC` (somebody answered who could not prove to be it).
 */
import { Readable } from 'node:stream'
import { z } from 'zod'
import type { KeyProvider } from '../../signing/index.ts'
import { CongvanError, type ErrorParams } from '../errors.ts'
import { sameDigest, sha256 } from './content-digest.ts'
import { signRequest, verifyResponse } from './message-signature.ts'

/** A node as its neighbour knows it. */
export interface PeerAddress {
  readonly nodeId: string
  /** Its public URL: scheme and authority, no path. */
  readonly url: string
  /** Fingerprints of the keys that are its own now. */
  readonly keyFingerprints: readonly string[]
}

/** A body too large for memory; the stream is opened once per request and must yield exactly these bytes. */
export interface StreamedBody {
  readonly open: () => Readable
  /** SHA-256 of all bytes of the stream. */
  readonly sha256: Uint8Array
  readonly length: number
}

export interface PeerCall {
  readonly method: 'GET' | 'PUT' | 'POST'
  /** Absolute path, each segment encoded already, e.g. `/relay/v1/offers`. */
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  readonly body?: Uint8Array | StreamedBody
  readonly contentType?: string
  /** For the whole exchange; 30 s by default. */
  readonly timeoutMs?: number
  /** Ends the exchange early, e.g. when the node stops. */
  readonly signal?: AbortSignal
  /** The largest answer that is read, bytes; 1 MB by default. */
  readonly maxAnswerBytes?: number
}

export interface PeerAnswer {
  readonly status: number
  readonly contentType: string
  readonly body: Uint8Array
  /** The key that signed the answer. */
  readonly keyFingerprint: string
  /** When it was signed, by the peer's clock, to the second. */
  readonly signedAt?: Date
}

export interface PeerClient {
  /** @throws CongvanError `NODE_UNREACHABLE`, `PEER_ANSWER_NOT_AUTHENTIC`, `PEER_FAULT`, `INPUT_TOO_LARGE` */
  request(peer: PeerAddress, call: PeerCall): Promise<PeerAnswer>
}

export interface PeerClientOptions {
  readonly nodeId: string
  readonly key: KeyProvider
  readonly clock: () => Date
  readonly clockSkewSeconds?: number
  readonly fetch?: typeof fetch
  /** Told of every answer whose signature holds: when it was signed, by the peer's clock. */
  readonly onAnswer?: (peer: string, signedAt: Date) => void
}

export function createPeerClient(options: PeerClientOptions): PeerClient {
  const doFetch = options.fetch ?? fetch
  return {
    async request(peer, call) {
      const url = targetUrl(peer.url, call)
      const contentDigest = digestOf(call.body)
      const by = { nodeId: options.nodeId, key: options.key, now: options.clock() }
      const signed = await signRequest(by, { method: call.method, url, contentDigest })
      const timeout = AbortSignal.timeout(call.timeoutMs ?? 30_000)
      const signal = call.signal === undefined ? timeout : AbortSignal.any([timeout, call.signal])
      const answer = await exchange(doFetch, peer, url, call, signed, signal)
      return prove(options, peer, call, { url, signature: signed.signature ?? '' }, answer)
    },
  }
}

interface RawAnswer {
  readonly status: number
  readonly headers: Headers
  readonly body: Uint8Array
}

async function exchange(
  doFetch: typeof fetch,
  peer: PeerAddress,
  url: string,
  call: PeerCall,
  signed: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<RawAnswer> {
  try {
    const response = await doFetch(url, {
      method: call.method,
      headers: {
        ...signed,
        // The digest is over the bytes on the wire; a coding on the way would change them.
        'accept-encoding': 'identity',
        ...(call.body === undefined
          ? {}
          : { 'content-type': call.contentType ?? 'application/octet-stream' }),
      },
      redirect: 'manual',
      signal,
      ...bodyOf(call.body),
    })
    const body = await readLimited(response, call.maxAnswerBytes ?? 1_000_000)
    return { status: response.status, headers: response.headers, body }
  } catch (error) {
    if (error instanceof CongvanError) throw error
    throw new CongvanError(
      'NODE_UNREACHABLE',
      { node: peer.nodeId, reason: reasonOf(error) },
      { cause: error },
    )
  }
}

async function prove(
  options: PeerClientOptions,
  peer: PeerAddress,
  call: PeerCall,
  request: { readonly url: string; readonly signature: string },
  answer: RawAnswer,
): Promise<PeerAnswer> {
  if (!answer.headers.has('signature') && isFromTheWay(answer.status)) {
    throw new CongvanError('NODE_UNREACHABLE', { node: peer.nodeId, reason: `HTTP ${answer.status}` })
  }
  let keyFingerprint: string
  let signedAt: Date
  try {
    const verified = await verifyResponse(
      { status: answer.status, fields: [...answer.headers] },
      { method: call.method, ...request },
      {
        now: options.clock(),
        clockSkewSeconds: options.clockSkewSeconds ?? 120,
        keysOf: async (nodeId) => (nodeId === peer.nodeId ? peer.keyFingerprints : []),
      },
    )
    if (!sameDigest(verified.contentDigest, sha256(answer.body))) throw notAuthentic(peer, 'content-digest')
    keyFingerprint = verified.keyFingerprint
    signedAt = verified.created
    options.onAnswer?.(peer.nodeId, verified.created)
  } catch (error) {
    if (!(error instanceof CongvanError) || error.code !== 'PEER_NOT_AUTHENTICATED') throw error
    throw notAuthentic(peer, `HTTP ${answer.status}, ${error.params.reason}`)
  }
  if (answer.status < 200 || answer.status > 299) throw peerFault(peer, answer)
  return {
    status: answer.status,
    contentType: answer.headers.get('content-type') ?? '',
    body: answer.body,
    keyFingerprint,
    signedAt,
  }
}

/** Statuses with which a proxy or balancer speaks for a node that is away or too busy. */
function isFromTheWay(status: number): boolean {
  return [408, 429, 500, 502, 503, 504].includes(status)
}

/** The peer's own error, as its problem JSON tells it. */
export interface PeerProblem {
  readonly status: number
  readonly code: string
  /** What is wrong, in the peer's words. */
  readonly detail: string
  readonly params: ErrorParams
}

const problemSchema = z.looseObject({
  code: z.string().max(100),
  // For the operator's eyes only: one too long is cut, since the code beside it decides what follows.
  detail: z
    .string()
    .transform((text) => text.slice(0, 1_000))
    .optional(),
  // Where an older node says it.
  title: z
    .string()
    .transform((text) => text.slice(0, 1_000))
    .default(''),
  params: z.record(z.string(), z.union([z.string(), z.number()])).default({}),
})

function peerFault(peer: PeerAddress, answer: RawAnswer): CongvanError {
  const problem = readProblem(answer)
  return new CongvanError(
    'PEER_FAULT',
    { node: peer.nodeId, code: problem.code, status: problem.status, title: problem.detail },
    { cause: problem },
  )
}

function readProblem(answer: RawAnswer): PeerProblem {
  try {
    const value = problemSchema.parse(
      JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(answer.body)),
    )
    const { code, title, detail = title, params } = value
    return { status: answer.status, code, detail, params }
  } catch {
    return { status: answer.status, code: `HTTP_${answer.status}`, detail: '', params: {} }
  }
}

/** The peer's problem behind a `PEER_FAULT`; `undefined` for every other error. */
export function peerProblemOf(error: unknown): PeerProblem | undefined {
  return error instanceof CongvanError && error.code === 'PEER_FAULT'
    ? (error.cause as PeerProblem)
    : undefined
}

function targetUrl(base: string, call: PeerCall): string {
  const query = new URLSearchParams(call.query).toString()
  return `${new URL(base).origin}${call.path}${query === '' ? '' : `?${query}`}`
}

function digestOf(body: PeerCall['body']): Uint8Array {
  return body === undefined || body instanceof Uint8Array ? sha256(body ?? new Uint8Array()) : body.sha256
}

function bodyOf(body: PeerCall['body']): RequestInit {
  if (body === undefined) return {}
  if (body instanceof Uint8Array) return { body: Uint8Array.from(body) }
  return { body: Readable.toWeb(body.open()) as unknown as ReadableStream, duplex: 'half' }
}

async function readLimited(response: Response, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of response.body ?? []) {
    length += chunk.length
    if (length > maxBytes) throw new CongvanError('INPUT_TOO_LARGE', { limit: maxBytes })
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'TimeoutError') return 'timeout'
  const cause = error.cause
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') return cause.code
  return error.message
}

function notAuthentic(peer: PeerAddress, reason: string): CongvanError {
  return new CongvanError('PEER_ANSWER_NOT_AUTHENTIC', { node: peer.nodeId, reason })
}
