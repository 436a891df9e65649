import type { RequestHandler } from 'express'

/** One request that was answered, or whose caller went away before. */
export interface AnsweredRequest {
  readonly method: string
  /** The pattern of the route, e.g. `/api/v1/documents/:id`; `other` where none matched. */
  readonly route: string
  readonly status: number
}

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'])
const areas = ['/api/v1', '/relay/v1'] as const

/** Tells how long each request took, by the pattern of its route: paths hold ids and would never end. */
export function requestTimes(tell: (request: AnsweredRequest, seconds: number) => void): RequestHandler {
  return (request, response, next) => {
    const began = performance.now()
    response.once('close', () => {
      const method = methods.has(request.method) ? request.method : 'other'
      // 499, as nginx has it: the caller did not wait for the answer.
      const status = response.writableFinished ? response.statusCode : 499
      tell({ method, route: routeOf(request), status }, (performance.now() - began) / 1000)
    })
    next()
  }
}

/** Set by express once a route has matched; below which mount it lies is not kept there. */
function routeOf(request: {
  readonly originalUrl: string
  readonly route?: { readonly path?: unknown }
}): string {
  const path = request.route?.path
  if (typeof path !== 'string') return 'other'
  const area = areas.find((one) => request.originalUrl.startsWith(`${one}/`) || request.originalUrl === one)
  return `${area ?? ''}${path}`
}
