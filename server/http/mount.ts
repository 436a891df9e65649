/** Puts routes on express: narrows what comes in, asks who acts, checks the permission, checks what goes out. */
import { randomUUID } from 'node:crypto'
import { pipeline } from 'node:stream/promises'
import express, { type Request, type Response, Router } from 'express'
import { z } from 'zod'
import type { Actor } from '../actor.ts'
import { CongvanError } from '../errors.ts'
import { languageOf } from './error-handler.ts'
import { readClaim, withIdempotency } from './idempotency.ts'
import type { RawResponse, Route } from './route.ts'

export interface MountOptions {
  readonly clock: () => Date
  readonly maxJsonBytes: number
  /** Who sent this request; `undefined` when it carries no valid credentials. */
  readonly authenticate: (request: Request, now: Date) => Promise<Actor | undefined>
  /** Throws when the actor lacks the permission of the route. */
  readonly authorise: (actor: Actor, access: Route['access']) => void
}

const ANYONE: Actor = { kind: 'node', nodeId: 'anonymous' }

export function mountRoutes(routes: readonly Route[], options: MountOptions): Router {
  const router = Router({ caseSensitive: true, strict: true })
  for (const one of routes) {
    const limit = isBytes(one.body) ? one.body.maxBytes : options.maxJsonBytes
    const readBody = express.raw({ type: () => true, limit })
    const handlers = one.body === undefined ? [] : [readBody]
    router[one.method](one.path, ...handlers, (request, response, next) => {
      serve(one, request, response, options).catch(next)
    })
  }
  return router
}

async function serve(one: Route, request: Request, response: Response, options: MountOptions): Promise<void> {
  const now = options.clock()
  const actor = await identify(one, request, options, now)
  const raw: Uint8Array = Buffer.isBuffer(request.body) ? request.body : new Uint8Array()
  const path = request.originalUrl
  const claimed =
    one.method === 'post' && one.access !== 'public'
      ? withIdempotency(actor, readClaim(request.get('idempotency-key'), { method: 'POST', path, body: raw }))
      : actor
  const result = await one.handle({
    params: narrow(one.params, request.params, 'path'),
    query: narrow(one.query, request.query, 'query'),
    body: isBytes(one.body) ? raw : narrowJson(one.body, raw),
    actor: claimed,
    language: languageOf(request.get('accept-language')),
    now,
    requestId: randomUUID(),
    remoteAddress: request.ip ?? '',
  })
  await answer(one, result, response)
}

async function identify(one: Route, request: Request, options: MountOptions, now: Date): Promise<Actor> {
  if (one.access === 'public') return ANYONE
  const actor = await options.authenticate(request, now)
  if (actor === undefined) throw new CongvanError('NOT_AUTHENTICATED')
  options.authorise(actor, one.access)
  return actor
}

async function answer(one: Route, result: unknown, response: Response): Promise<void> {
  response.status(one.status)
  response.setHeader('Cache-Control', 'no-store')
  if ('raw' in one.response) {
    const raw = result as RawResponse
    response.type(raw.contentType)
    for (const [name, value] of Object.entries(raw.headers ?? {})) response.setHeader(name, value)
    if (raw.body instanceof Uint8Array) response.send(Buffer.from(raw.body))
    else await pipeline(raw.body, response)
    return
  }
  // A response that does not match its schema is our defect and must not reach a client that relies on it.
  response.json(one.response.parse(result))
}

export function isBytes(body: Route['body']): body is Extract<Route['body'], { kind: 'bytes' }> {
  return body !== undefined && 'kind' in body && body.kind === 'bytes'
}

function narrowJson(schema: Route['body'], raw: Uint8Array): unknown {
  if (schema === undefined || isBytes(schema)) return undefined
  let value: unknown = {}
  if (raw.length > 0) {
    try {
      value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(raw))
    } catch {
      throw new CongvanError('INPUT_INVALID', { field: 'body', reason: 'no JSON in UTF-8' })
    }
  }
  return narrow(schema, value, 'body')
}

/** The first problems of a value, named by their path: `body.recipients[3]: …`. */
export function narrow(schema: z.ZodType | undefined, value: unknown, where: string): unknown {
  if (schema === undefined) return undefined
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const first = parsed.error.issues.slice(0, 5)
  const field = first.map((issue) => [where, ...issue.path.map(String)].join('.')).join(', ')
  throw new CongvanError('INPUT_INVALID', { field, reason: first.map((issue) => issue.message).join('; ') })
}

export const uuidParams = z.strictObject({ id: z.uuid() })
