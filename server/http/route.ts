/**
 * A route is one object: method, path, permission, schemas and handler stand together, and the API description
 * is made from the same objects that serve the requests.
 */
import type { Readable } from 'node:stream'
import type { z } from 'zod'
import type { Language } from '../../signing/index.ts'
import type { Actor, OperatorActor, Permission, UserActor } from '../actor.ts'
import { CongvanError } from '../errors.ts'

/** Who may call: anybody, anybody signed in, or who has a permission in the table of `auth/permissions.ts`. */
export type Access = 'public' | 'signed-in' | { readonly permission: Permission }

export type Precondition = 'required' | 'optional'

export interface Bytes {
  readonly kind: 'bytes'
  readonly contentType: string
  /** The largest body accepted, in bytes. */
  readonly maxBytes: number
}

/** A body of raw bytes, read whole before the handler runs so that its digest can guard the idempotency key. */
export function bytesBody(contentType: string, maxBytes: number): Bytes {
  return { kind: 'bytes', contentType, maxBytes }
}

/** A response that is not JSON: bytes or a stream of known type. */
export interface RawResponse {
  readonly contentType: string
  readonly body: Uint8Array | Readable
  readonly headers?: Readonly<Record<string, string>>
}

export interface RequestContext<Params, Query, Body> {
  readonly params: Params
  readonly query: Query
  readonly body: Body
  readonly actor: Actor
  readonly language: Language
  readonly now: Date
  readonly requestId: string
  readonly remoteAddress: string
  /** The version that the caller's change is based on (`If-Match`); see `requireVersion`. */
  readonly ifMatch?: number
}

export interface Route {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete'
  /** Express form, e.g. `/documents/:id`. Below `/api/v1` for people, absolute when it begins with `//`. */
  readonly path: string
  readonly access: Access
  readonly summary: { readonly vi: string; readonly en: string }
  readonly tag: string
  /** Whether a change must, or may, say which version it is based on. An answer with `version` carries its ETag. */
  readonly precondition?: Precondition
  readonly params?: z.ZodType
  readonly query?: z.ZodType
  readonly body?: z.ZodType | Bytes
  /** The JSON answer; `raw` for bytes of the named content type. */
  readonly response: z.ZodType | { readonly raw: string }
  readonly status: 200 | 201 | 204
  readonly handle: (context: RequestContext<unknown, unknown, unknown>) => Promise<unknown>
}

type Parsed<S, Otherwise> = S extends z.ZodType ? z.output<S> : S extends Bytes ? Uint8Array : Otherwise
type Answer<R> = R extends z.ZodType ? z.input<R> : RawResponse

/** Gives a route its types: the handler sees what its schemas have narrowed and must answer what they promise. */
export function route<
  P extends z.ZodType | undefined = undefined,
  Q extends z.ZodType | undefined = undefined,
  B extends z.ZodType | Bytes | undefined = undefined,
  R extends z.ZodType | { readonly raw: string } = z.ZodType,
>(definition: {
  readonly method: Route['method']
  readonly path: string
  readonly access: Access
  readonly summary: { readonly vi: string; readonly en: string }
  readonly tag: string
  readonly precondition?: Precondition
  readonly params?: P
  readonly query?: Q
  readonly body?: B
  readonly response: R
  readonly status?: 200 | 201 | 204
  readonly handle: (
    context: RequestContext<Parsed<P, undefined>, Parsed<Q, undefined>, Parsed<B, undefined>>,
  ) => Promise<Answer<R>>
}): Route {
  return { status: 200, ...definition } as unknown as Route
}

/** The actor as a person of an agency; a route with an agency's permission is never reached by anyone else. */
export function asUser(actor: Actor): UserActor {
  if (actor.kind !== 'user') throw new TypeError('this route was opened to an actor without an agency')
  return actor
}

export function asOperator(actor: Actor): OperatorActor {
  if (actor.kind !== 'operator') throw new TypeError('this route was opened to an actor who is no operator')
  return actor
}

/**
 * Refuses a change that was made on top of a version that is no longer the current one: no change is lost silently.
 *
 * @param ifMatch the version that the caller saw; left out where the route leaves that to the caller
 * @throws CongvanError `VERSION_STALE`
 */
export function requireVersion(current: number, ifMatch: number | undefined): void {
  if (ifMatch !== undefined && ifMatch !== current) {
    throw new CongvanError('VERSION_STALE', { seen: ifMatch, current })
  }
}
