/**
 * The HTTP server of a node, with limits on how slowly a request may arrive: a client that sends a byte now and then
 * (slow loris) would otherwise hold its connection for ever. Node answers such a request 408 and cuts the connection;
 * nothing of it is kept, and requests on other connections do not wait for it.
 */
import { createServer, type Server } from 'node:http'

export interface ArrivalLimits {
  /** Longest time for the head of a request, from its first byte, milliseconds. */
  readonly headersMs: number
  /** Longest time for a whole request, head and body, milliseconds. */
  readonly requestMs: number
  /** How often connections are looked at: a limit is kept to this accuracy, milliseconds. */
  readonly checkMs: number
}

/** A request may take as long as 50 MB take over the line of a commune that carries 100 kB a second. */
export const arrivalLimits: ArrivalLimits = { headersMs: 15_000, requestMs: 600_000, checkMs: 5_000 }

export function createHttpServer(limits: ArrivalLimits = arrivalLimits): Server {
  return createServer({
    requestTimeout: limits.requestMs,
    headersTimeout: limits.headersMs,
    connectionsCheckingInterval: limits.checkMs,
    keepAliveTimeout: 15_000,
  })
}
