/** Routes over real HTTP under `/api/v1`, asked by actors of the test's choice: what stands between is what serves. */
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import type { Actor } from '../../server/actor.ts'
import { authorise } from '../../server/auth/authenticate.ts'
import type { NodeContext } from '../../server/context.ts'
import { errorHandler } from '../../server/http/error-handler.ts'
import { mountRoutes } from '../../server/http/mount.ts'
import type { Route } from '../../server/http/route.ts'

export interface Asking {
  readonly json?: unknown
  /** Sent as it is, instead of `json`. */
  readonly text?: string
  readonly ifMatch?: string | null
}

export interface Answered {
  readonly status: number
  readonly headers: Headers
  readonly bytes: Buffer
  /** The JSON of the answer, `{}` where it is none. */
  readonly body: Record<string, unknown>
}

export interface ServedRoutes {
  ask(actor: Actor | undefined, method: string, path: string, asking?: Asking): Promise<Answered>
  close(): Promise<void>
}

export async function serveRoutes(context: NodeContext, routes: readonly Route[]): Promise<ServedRoutes> {
  const actors = new Map<string, Actor>()
  const app = express()
  app.use(
    '/api/v1',
    mountRoutes(routes, {
      clock: context.clock,
      maxJsonBytes: context.limits.jsonBytes,
      authenticate: async (request) => actors.get(request.get('authorization') ?? ''),
      authorise,
    }),
  )
  app.use(errorHandler(context.log))
  const server = createServer(app)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1`
  return {
    async ask(actor, method, path, { json, text, ifMatch = null } = {}) {
      const name = actor === undefined ? '' : JSON.stringify(actor)
      const authorization = Buffer.from(name).toString('base64')
      if (actor !== undefined) actors.set(authorization, actor)
      const sent = json === undefined ? text : JSON.stringify(json)
      const response = await fetch(base + path, {
        method,
        headers: {
          authorization,
          ...(method === 'POST' ? { 'idempotency-key': randomUUID() } : {}),
          ...(ifMatch === null ? {} : { 'if-match': ifMatch }),
        },
        ...(sent === undefined ? {} : { body: sent }),
      })
      const bytes = Buffer.from(await response.arrayBuffer())
      const isJson = /json\b/.test(response.headers.get('content-type') ?? '')
      const body = isJson ? (JSON.parse(bytes.toString('utf8')) as Record<string, unknown>) : {}
      return { status: response.status, headers: response.headers, bytes, body }
    },
    close() {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}
