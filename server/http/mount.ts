/** Puts routes on express: narrows what comes in, asks who acts, checks the permission, checks what goes out. */
import { randomUUID } from 'node:crypto'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import express, { type Request, type Response, Router } from 'express'
import { z } from 'zod'
import type { Language } from '../../signing/index.ts'
import type { Actor } from '../actor.ts'
import { CongvanError } from '../errors.ts'
import { issueWords } from '../issue-words.ts'
import { languageOf } from './error-handler.ts'
import { readClaim, withIdempotency } from './idempotency.ts'
import type { RateLimiter } from './rate-limit.ts'
import type { RawResponse, Route } from './route.ts'

export interface MountOptions {
  readonly clock: () => Date
  readonly maxJsonBytes: number
  /** Who sent this request; `undefined` when it carries no valid credentials. */
  readonly authenticate: (request: Request, now: Date) => Promise<Actor | undefined>
  /** Throws when the actor lacks the permission of the route. */
  readonly authorise: (actor: Actor, access: Route['access']) => void
  /** How often one may ask; left out, as often as one likes. */
  readonly rates?: RateLimiter
}

const ANYONE: Actor = { kind: 'node', nodeId: 'anonymous' }

export function mountRoutes(routes: readonly Route[], options: MountOptions): Router {
  const router = Router({ caseSensitive: true, strict: true })
  for (const one of routes) {
    const readBody = bodyReader(one, options)
    router[one.method](one.path, (request, response, next) => {
      serve(one, readBody, request, response, options).catch(next)
    })
  }
  return router
}

type BodyReader = (request: Request, response: Response) => Promise<Uint8Array>

function bodyReader(one: Route, options: MountOptions): BodyReader {
  if (one.body === undefined) return async () => new Uint8Array()
  const limit = isBytes(one.body) ? one.body.maxBytes : options.maxJsonBytes
  const read = express.raw({ type: () => true, limit })
  return async (request, response) => {
    await new Promise<void>((accept, reject) => {
      read(request, response, (error?: unknown) => (error === undefined ? accept() : reject(error)))
    })
    return Buffer.isBuffer(request.body) ? request.body : new Uint8Array()
  }
}

async function serve(
  one: Route,
  readBody: BodyReader,
  request: Request,
  response: Response,
  options: MountOptions,
): Promise<void> {
  const now = options.clock()
  // Who asks is known before a byte of the body is kept: nobody fills the memory who may not even call.
  const actor = await identify(one, request, options, now)
  const ifMatch = readIfMatch(one, request.get('if-match'))
  const raw = await readBody(request, response)
  const language = languageOf(request.get('accept-language'))
  const path = request.originalUrl
  const claimed =
    one.method === 'post' && one.access !== 'public'
      ? withIdempotency(actor, readClaim(request.get('idempotency-key'), { method: 'POST', path, body: raw }))
      : actor
  const result = await one.handle({
    params: narrow(one.params, request.params, 'path', language),
    query: narrow(one.query, request.query, 'query', language),
    body: isBytes(one.body) ? raw : narrowJson(one.body, raw, language),
    actor: claimed,
    language,
    now,
    requestId: randomUUID(),
    remoteAddress: request.ip ?? '',
    ...(ifMatch === undefined ? {} : { ifMatch }),
  })
  await answer(one, result, request, response)
}

async function identify(one: Route, request: Request, options: MountOptions, now: Date): Promise<Actor> {
  await options.rates?.admitAddress(request.ip ?? '')
  if (one.access === 'public') return ANYONE
  const actor = await options.authenticate(request, now)
  if (actor === undefined) throw new CongvanError('NOT_AUTHENTICATED')
  await options.rates?.admitUser(actor)
  options.authorise(actor, one.access)
  return actor
}

async function answer(one: Route, result: unknown, request: Request, response: Response): Promise<void> {
  response.status(one.status)
  if ('raw' in one.response) {
    const raw = result as RawResponse
    response.type(raw.contentType)
    for (const [name, value] of Object.entries(raw.headers ?? {})) response.setHeader(name, value)
    if (raw.body instanceof Uint8Array) response.send(Buffer.from(raw.body))
    else await stream(raw.body, response)
    return
  }
  // A response that does not match its schema is our defect and must not reach a client that relies on it.
  const answer: unknown = one.response.parse(result)
  const version = versionOf(answer)
  if (version !== undefined) {
    response.setHeader('ETag', `"${version}"`)
    if (one.method === 'get' && isKnown(`"${version}"`, request.get('if-none-match'))) {
      response.status(304).end()
      return
    }
  }
  response.json(answer)
}

/** Whether the caller has this very version already (RFC 9110 section 13.1.2, weak comparison). */
function isKnown(etag: string, ifNoneMatch: string | undefined): boolean {
  if (ifNoneMatch === undefined) return false
  const known = ifNoneMatch.split(',').map((one) => one.trim().replace(/^W\//, ''))
  return known.includes('*') || known.includes(etag)
}

/** @throws CongvanError `PRECONDITION_REQUIRED`, `INPUT_INVALID` for an ETag that this API never gave */
function readIfMatch(one: Route, header: string | undefined): number | undefined {
  if (one.precondition === undefined) return undefined
  if (header === undefined) {
    if (one.precondition === 'required') throw new CongvanError('PRECONDITION_REQUIRED')
    return undefined
  }
  const version = /^"(\d{1,9})"$/.exec(header.trim())?.[1]
  if (version === undefined) {
    throw new CongvanError('INPUT_INVALID', { field: 'If-Match', reason: '"<version>"' })
  }
  return Number(version)
}

function versionOf(answer: unknown): number | undefined {
  if (typeof answer !== 'object' || answer === null || !('version' in answer)) return undefined
  return typeof answer.version === 'number' ? answer.version : undefined
}

async function stream(body: Readable, response: Response): Promise<void> {
  try {
    await pipeline(body, response)
  } catch (error) {
    // Who asked has gone: there is nobody to tell, and nothing wrong here.
    if (!(error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE'))
      throw error
  }
}

export function isBytes(body: Route['body']): body is Extract<Route['body'], { kind: 'bytes' }> {
  return body !== undefined && 'kind' in body && body.kind === 'bytes'
}

function narrowJson(schema: Route['body'], raw: Uint8Array, language: Language): unknown {
  if (schema === undefined || isBytes(schema)) return undefined
  let value: unknown = {}
  if (raw.length > 0) {
    try {
      value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(raw))
    } catch {
      throw new CongvanError('INPUT_INVALID', {
        field: 'body',
        reason: language === 'vi' ? 'không phải JSON mã hóa UTF-8' : 'no JSON in UTF-8',
      })
    }
  }
  return narrow(schema, value, 'body', language)
}

/**
 * A value as its schema describes it.
 *
 * @throws CongvanError `INPUT_INVALID` with the first problems, each named by its path: `body.recipients.3: …`
 */
function narrow(schema: z.ZodType | undefined, value: unknown, where: string, language: Language): unknown {
  if (schema === undefined) return undefined
  const parsed = schema.safeParse(value, { error: issueWords(language) })
  const issues = parsed.success ? brokenText(parsed.data, [], language) : parsed.error.issues
  if (parsed.success && issues.length === 0) return parsed.data
  const first = issues.slice(0, 5)
  const field = first.map((issue) => [where, ...issue.path.map(String)].join('.')).join(', ')
  throw new CongvanError('INPUT_INVALID', { field, reason: first.map((issue) => issue.message).join('; ') })
}

interface Issue {
  readonly path: readonly PropertyKey[]
  readonly message: string
}

/** Texts that neither the database nor the log can keep: with a NUL, or with half of a surrogate pair. */
function brokenText(value: unknown, path: readonly PropertyKey[], language: Language): Issue[] {
  if (typeof value === 'string') {
    if (value.isWellFormed() && !value.includes('\0')) return []
    const message = language === 'vi' ? 'có ký tự không hợp lệ' : 'has an invalid character'
    return [{ path, message }]
  }
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, one]) => brokenText(one, [...path, key], language))
}

export const uuidParams = z.strictObject({ id: z.uuid() })
