/** The express application: a flat list of mounts. */
import express, { type Express, type Request } from 'express'
import type { Language } from '../signing/index.ts'
import { authenticate, authorise } from './auth/authenticate.ts'
import { CongvanError } from './errors.ts'
import { DOCS_POLICY, DOCS_STYLE, renderDocs } from './http/docs-page.ts'
import { errorHandler, languageOf } from './http/error-handler.ts'
import { mountRoutes } from './http/mount.ts'
import { describeApi } from './http/openapi.ts'
import { openRateLimiter } from './http/rate-limit.ts'
import { requestTimes } from './http/request-times.ts'
import { admitToMetrics } from './operations/metrics-access.ts'
import { METRICS_CONTENT_TYPE } from './operations/metrics-page.ts'
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
  // Behind a named proxy the address is what that one hop says; without one, nobody's word is taken for it.
  app.set('trust proxy', services.behindProxy ? 1 : false)
  app.use(requestTimes(services.metrics.answered))
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
  app.get('/metrics', (request, response, next) => {
    tellMetrics(services, request).then((text) => {
      response.setHeader('Content-Type', METRICS_CONTENT_TYPE)
      response.end(text)
    }, next)
  })
  const description = describeApi(apiRoutes, version)
  app.get('/openapi.json', (_request, response) => {
    response.json(description)
  })
  mountDocs(app, description)
  app.use(
    '/api/v1',
    mountRoutes(apiRoutes, {
      clock: context.clock,
      maxJsonBytes: context.limits.jsonBytes,
      authenticate: (request, now) => {
        const caller = { authorization: request.get('authorization'), address: request.ip ?? '' }
        return authenticate(context.db, services.accounts.settings, caller, now)
      },
      authorise,
      rates: openRateLimiter(services.rates),
    }),
  )
  app.use('/relay/v1', services.peerRouter)
  app.use((request, _response, next) => next(new CongvanError('NOT_FOUND', { what: request.path })))
  app.use(errorHandler(context.log))
  return app
}

/** The reference at `/docs`; each language is rendered when it is first asked for. */
function mountDocs(app: Express, description: unknown): void {
  const pages = new Map<Language, string>()
  app.get('/docs', (request, response) => {
    const { lang } = request.query
    const language = lang === 'vi' || lang === 'en' ? lang : languageOf(request.get('accept-language'))
    const page = pages.get(language) ?? renderDocs(description, language)
    pages.set(language, page)
    response.setHeader('Content-Security-Policy', DOCS_POLICY)
    response.setHeader('Content-Language', language)
    response.setHeader('Referrer-Policy', 'no-referrer')
    response.setHeader('Vary', 'Accept-Language')
    response.type('html').send(page)
  })
  app.get('/docs/style.css', (_request, response) => {
    response.type('css').send(DOCS_STYLE)
  })
}

async function tellMetrics({ metrics, context }: Services, request: Request): Promise<string> {
  const marks = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via']
  try {
    await admitToMetrics(metrics.access, {
      remoteAddress: request.socket.remoteAddress,
      authorization: request.get('authorization'),
      isForwarded: marks.some((name) => request.headers[name] !== undefined),
    })
  } catch (error) {
    if (error instanceof Error && error.cause !== undefined) {
      context.log.warn({ error: String(error.cause) }, 'metrics: the token file cannot be used')
    }
    throw error
  }
  return metrics.page.render()
}

async function ready(services: Services, health: Health): Promise<void> {
  if (!health.accepting) throw new CongvanError('SHUTTING_DOWN')
  await services.context.db.ping()
}
