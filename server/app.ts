/** The express application: a flat list of mounts. */
import express, { type Express } from 'express'
import { authenticate, authorise } from './auth/authenticate.ts'
import { CongvanError } from './errors.ts'
import { errorHandler } from './http/error-handler.ts'
import { mountRoutes } from './http/mount.ts'
import { describeApi } from './http/openapi.ts'
import type { Services } from './services.ts'

export interface Health {
  /** False from the moment a stop was asked for. */
  accepting: boolean
}

export function createApp(services: Services, health: Health, version: string): Express {
  const { context, apiRoutes } = services
  const app = express()
  app.disable('x-powered-by')
  app.set('etag', false)
  app.set('query parser', 'simple')
  app.use((_request, response, next) => {
    response.setHeader('Cache-Control', 'no-store')
    response.setHeader('X-Content-Type-Options', 'nosniff')
    next()
  })
  app.get('/healthz', (_request, response) => {
    response.json({ status: 'ok' })
  })
  app.get('/readyz', (_request, response, next) => {
    ready(services, health).then(() => response.json({ status: 'ready' }), next)
  })
  const description = describeApi(apiRoutes, version)
  app.get('/openapi.json', (_request, response) => {
    response.json(description)
  })
  app.use(
    '/api/v1',
    mountRoutes(apiRoutes, {
      clock: context.clock,
      maxJsonBytes: context.limits.jsonBytes,
      authenticate: (request, now) => authenticate(context.db, request.get('authorization'), now),
      authorise,
    }),
  )
  app.use('/relay/v1', services.peerRouter)
  app.use((request, _response, next) => next(new CongvanError('NOT_FOUND', { what: request.path })))
  app.use(errorHandler(context.log))
  return app
}

async function ready(services: Services, health: Health): Promise<void> {
  if (!health.accepting) throw new CongvanError('SHUTTING_DOWN')
  await services.context.db.ping()
}
