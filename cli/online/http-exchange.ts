/** One HTTP request to an address that was looked up and allowed before the connection is made. */
import { lookup } from 'node:dns/promises'
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'

export interface Address {
  readonly address: string
  readonly family: 4 | 6
}

export interface ExchangeOptions {
  /** Which addresses may be talked to. */
  readonly allow: (address: string) => boolean
  /** All addresses of a host name; default the system's resolver. */
  readonly resolve?: (host: string) => Promise<readonly Address[]>
  /** Redirects followed, at most 3, which is the default. */
  readonly redirects?: 0 | 1 | 2 | 3
  /** For the whole, redirects and body included, milliseconds; default 15 s. */
  readonly timeout?: number
}

export interface Exchange {
  readonly url: string
  /** Posted when given. */
  readonly body?: Uint8Array
  readonly contentType?: string
  readonly accept: string
  readonly maxBytes: number
  /** The media type that the answer must have; default any. */
  readonly expect?: string
  readonly signal?: AbortSignal
}

/** Why no answer came; the message is for people. */
export class ExchangeError extends Error {
  override readonly name = 'ExchangeError'
}

const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308]
/** Redirects after which a POST is repeated as it was; after the others it would become a GET. */
const REPEATING: readonly number[] = [307, 308]

/**
 * Answers the body of a response with status 200. Every address, of redirects too, is checked: the name is resolved
 * first, all of its addresses must be allowed, and the connection goes to the one that was checked, so that a second
 * answer of the name server cannot lead elsewhere. Proxies of the environment, cookies and credentials are not used.
 *
 * @throws ExchangeError
 */
export async function exchange(wanted: Exchange, options: ExchangeOptions): Promise<Uint8Array> {
  const limit = AbortSignal.timeout(options.timeout ?? 15_000)
  const signal = wanted.signal === undefined ? limit : AbortSignal.any([limit, wanted.signal])
  const most = options.redirects ?? 3
  let url = parseUrl(wanted.url)
  for (let redirects = 0; ; redirects += 1) {
    const response = await send(url, wanted, options, signal)
    const { statusCode = 0, headers } = response
    if (statusCode === 200) return readBody(response, wanted, signal)
    response.destroy()
    if (!REDIRECTS.includes(statusCode) || headers.location === undefined) {
      throw new ExchangeError(`HTTP status ${statusCode}`)
    }
    if (redirects >= most) throw new ExchangeError(`more than ${most} redirects`)
    if (wanted.body !== undefined && !REPEATING.includes(statusCode)) {
      throw new ExchangeError(`HTTP status ${statusCode} in answer to a POST`)
    }
    url = parseUrl(headers.location, url)
  }
}

function parseUrl(text: string, base?: URL): URL {
  const url = URL.parse(text, base?.href)
  if (url === null) throw new ExchangeError(`not a URL: ${text.slice(0, 200)}`)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new ExchangeError(`only http and https: ${url.protocol}`)
  }
  if (url.username !== '' || url.password !== '') throw new ExchangeError('a URL with credentials')
  return url
}

async function send(
  url: URL,
  wanted: Exchange,
  options: ExchangeOptions,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const chosen = await untilAborted(checkedAddress(url, options), signal)
  // `net` looks an address up even when told by us; for a literal in the URL it connects to what was checked here.
  const pinned: LookupFunction = (_host, { all }, answer) => {
    if (all === true) answer(null, [chosen])
    else answer(null, chosen.address, chosen.family)
  }
  const secure = url.protocol === 'https:'
  // Agents of our own: those of the process may go through a proxy.
  const agent = secure ? new HttpsAgent() : new HttpAgent()
  const headers: Record<string, string | number> = {
    accept: wanted.accept,
    'accept-encoding': 'identity',
    'user-agent': 'congvan',
    ...(wanted.body === undefined ? {} : { 'content-length': wanted.body.length }),
    ...(wanted.contentType === undefined ? {} : { 'content-type': wanted.contentType }),
  }
  const method = wanted.body === undefined ? 'GET' : 'POST'
  return new Promise((resolve, reject) => {
    const request = (secure ? httpsRequest : httpRequest)(
      url,
      { method, headers, agent, signal, lookup: pinned, maxHeaderSize: 16 * 1024 },
      resolve,
    )
    request.on('error', (error) => reject(failure(error, signal)))
    request.end(wanted.body)
  })
}

async function checkedAddress(
  url: URL,
  { allow, resolve = systemAddresses }: ExchangeOptions,
): Promise<Address> {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const family = isIP(host)
  let addresses: readonly Address[]
  try {
    addresses = family === 4 || family === 6 ? [{ address: host, family }] : await resolve(host)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    throw new ExchangeError(`no address of ${host} (${code})`, { cause: error })
  }
  const [first] = addresses
  if (first === undefined) throw new ExchangeError(`no address of ${host}`)
  const refused = addresses.find(({ address }) => !allow(address))
  if (refused !== undefined)
    throw new ExchangeError(`${refused.address} is not an address of the public network`)
  return first
}

async function systemAddresses(host: string): Promise<readonly Address[]> {
  const found = await lookup(host, { all: true, order: 'ipv4first' })
  return found.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 }))
}

async function readBody(
  response: IncomingMessage,
  wanted: Exchange,
  signal: AbortSignal,
): Promise<Uint8Array> {
  try {
    const { headers } = response
    const type = headers['content-type']?.split(';')[0]?.trim().toLowerCase()
    if (wanted.expect !== undefined && type !== wanted.expect) {
      throw new ExchangeError(`${type ?? 'no media type'} in place of ${wanted.expect}`)
    }
    const encoding = headers['content-encoding']
    if (encoding !== undefined && encoding !== 'identity') throw new ExchangeError(`encoding ${encoding}`)
    const tooLarge = new ExchangeError(`more than ${wanted.maxBytes} bytes`)
    if (Number(headers['content-length'] ?? 0) > wanted.maxBytes) throw tooLarge
    const chunks: Buffer[] = []
    let size = 0
    for await (const chunk of response) {
      size += chunk.length
      if (size > wanted.maxBytes) throw tooLarge
      chunks.push(chunk)
    }
    return Buffer.concat(chunks, size)
  } catch (error) {
    throw failure(error, signal)
  } finally {
    response.destroy()
  }
}

/** `dns.lookup` cannot be stopped; whoever waits for it can be. */
function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(failure(signal.reason, signal))
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}

function failure(error: unknown, signal: AbortSignal): ExchangeError {
  if (error instanceof ExchangeError) return error
  if (signal.aborted) {
    const late = signal.reason instanceof DOMException && signal.reason.name === 'TimeoutError'
    return new ExchangeError(late ? 'no answer in time' : 'aborted', { cause: error })
  }
  const code =
    error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
  return new ExchangeError(code ?? String(error), { cause: error })
}
