import type { NodeContext } from '../context.ts'
import type { Route } from '../http/route.ts'
import { accessRoutes } from './access-routes.ts'
import type { DocumentServices } from './document-services.ts'
import { readingRoutes } from './reading-routes.ts'

/** Documents of both directions below `/api/v1`: reading them, and who may. */
export function documentRoutes(context: NodeContext, services: DocumentServices): Route[] {
  return [...readingRoutes(context, services), ...accessRoutes(context)]
}
