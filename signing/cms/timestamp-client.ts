/** A client of time-stamping authorities over HTTP (RFC 3161 section 3.4), the transport being the caller's. */
import { randomBytes } from 'node:crypto'
import type { DigestAlgorithm } from '../algorithms.ts'
import { SigningError } from '../errors.ts'
import type { TimestampProvider } from './timestamp-provider.ts'
import { type TimestampRequest, writeTimestampRequest } from './timestamp-request.ts'
import { readTimestampResponse } from './timestamp-response.ts'

/**
 * Posts `body` and answers the body of a successful response. It throws when there is none, when it has more than
 * `maxBytes` or another media type than `accept`, and when `signal` says to give up.
 */
export type TimestampTransport = (
  url: string,
  body: Uint8Array,
  options: {
    readonly contentType: string
    readonly accept: string
    readonly maxBytes: number
    readonly signal: AbortSignal
  },
) => Promise<Uint8Array>

export interface TimestampClientOptions {
  readonly transport: TimestampTransport
  /** Addresses of authorities, the preferred one first. */
  readonly servers: readonly string[]
  /** Policy to be asked for, dotted decimal; each authority's own by default. */
  readonly policy?: string
  readonly clock: () => Date
  /** Waits so many milliseconds; ends early, by whatever way, when `signal` says so. */
  readonly delay: (milliseconds: number, signal: AbortSignal) => Promise<void>
  /** 16 or more bytes that nobody can guess; default those of `node:crypto`. */
  readonly randomNonce?: () => Uint8Array
  /** For one attempt, milliseconds; default 10 s. */
  readonly timeout?: number
  /** Of a response; default 128 kB. */
  readonly maxBytes?: number
  /** How often the servers are gone through before giving up; default 2. */
  readonly rounds?: number
  /** After its first failure a server is left alone for so long, then twice as long, up to 64 times; default 1 s. */
  readonly backOff?: number
  /** Gives the whole up. */
  readonly signal?: AbortSignal
}

interface Server {
  readonly url: string
  failures: number
  /** Before this moment it is asked only when no other server is left. */
  restsUntil: number
}

const MOST_DOUBLINGS = 6

/**
 * A provider that asks the servers one after the other until one answers with a token that holds against the request.
 * What it knows of the servers' failures stays with the provider, so that a batch does not wait for a dead server at
 * each file. Several calls may run at once.
 *
 * `timestamp` throws SigningError `TIMESTAMP_REJECTED` when every server refuses the request, which trying again does
 * not change, and `TIMESTAMP_UNAVAILABLE` in other cases; the reason names each server's last failure.
 */
export function timestampClient(options: TimestampClientOptions): TimestampProvider {
  const { clock, delay, rounds = 2, backOff = 1000 } = options
  const servers: Server[] = options.servers.map((url) => ({ url, failures: 0, restsUntil: 0 }))
  if (servers.length === 0) throw new RangeError('no time-stamp server is given')
  const given = options.signal ?? new AbortController().signal

  function failed(server: Server): void {
    const pause = backOff * 2 ** Math.min(server.failures, MOST_DOUBLINGS)
    server.failures += 1
    server.restsUntil = clock().getTime() + pause
  }

  return {
    async timestamp({ algorithm, value }) {
      const refused = new Map<Server, SigningError>()
      const problems = new Map<Server, string>()
      for (let round = 0; round < rounds; round += 1) {
        const now = clock().getTime()
        const open = servers.filter((server) => !refused.has(server))
        const rested = open.filter(({ restsUntil }) => restsUntil <= now)
        if (round > 0 && open.length > 0 && rested.length === 0) {
          const soonest = Math.min(...open.map(({ restsUntil }) => restsUntil))
          await delay(soonest - now, given)
        }
        // Those at rest come last: when all others fail, waiting for nothing would be worse.
        for (const server of [...rested, ...open.filter((one) => !rested.includes(one))]) {
          if (given.aborted) throw new SigningError('TIMESTAMP_UNAVAILABLE', { reason: 'aborted' })
          try {
            const token = await ask(server.url, algorithm, value, options, given)
            server.failures = 0
            server.restsUntil = 0
            return token
          } catch (error) {
            problems.set(server, error instanceof Error ? error.message : String(error))
            if (error instanceof SigningError && error.code === 'TIMESTAMP_REJECTED')
              refused.set(server, error)
            else failed(server)
          }
        }
        if (refused.size === servers.length) break
      }
      const reason = [...problems].map(([{ url }, problem]) => `${url}: ${problem}`).join('; ')
      const code = refused.size === servers.length ? 'TIMESTAMP_REJECTED' : 'TIMESTAMP_UNAVAILABLE'
      throw new SigningError(code, { reason })
    },
  }
}

async function ask(
  url: string,
  algorithm: DigestAlgorithm,
  digest: Uint8Array,
  options: TimestampClientOptions,
  given: AbortSignal,
): Promise<Uint8Array> {
  const { transport, policy, delay, timeout = 10_000, maxBytes = 128 * 1024 } = options
  const nonce = (options.randomNonce ?? (() => randomBytes(16)))()
  const request: TimestampRequest = {
    algorithm,
    digest,
    nonce,
    certificates: true,
    ...(policy === undefined ? {} : { policy }),
  }
  const attempt = new AbortController()
  const signal = AbortSignal.any([attempt.signal, given])
  // However the delay ends early, the attempt is over by then; whoever ended it has told why.
  const late = delay(timeout, signal)
    .catch(() => undefined)
    .then((): never => {
      throw new Error(given.aborted ? 'aborted' : `no answer within ${timeout} ms`)
    })
  try {
    const response = await Promise.race([
      transport(url, writeTimestampRequest(request), {
        contentType: 'application/timestamp-query',
        accept: 'application/timestamp-reply',
        maxBytes,
        signal,
      }),
      late,
    ])
    if (response.length > maxBytes) throw new Error(`response of more than ${maxBytes} bytes`)
    return readTimestampResponse(response, request)
  } finally {
    attempt.abort()
  }
}
