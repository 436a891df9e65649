/** Requests of one file through the caller's transport and cache, within a budget. */

/** One request. The transport throws when there is no successful answer of at most `maxBytes`. */
export interface OnlineRequest {
  readonly url: string
  /** Posted when given, otherwise it is a GET. */
  readonly body?: Uint8Array
  readonly contentType?: string
  readonly accept: string
  readonly maxBytes: number
}

export type OnlineTransport = (request: OnlineRequest) => Promise<Uint8Array>

/** Keeps answers by a key that names the question. What it answers is checked as if it had just come in. */
export interface OnlineCache {
  /** Undefined when there is none; it never throws for the sake of what is stored. */
  get(key: string, now: Date): Promise<Uint8Array | undefined>
  put(key: string, value: Uint8Array, until: Date): Promise<void>
}

/** What was read from an answer, and until when it may be kept; undefined: not at all. */
interface Read<T> {
  readonly value: T
  readonly until: Date | undefined
}

/** `fresh` is false for what the cache answered. It throws when the answer is of no use. */
type Reader<T> = (bytes: Uint8Array, fresh: boolean) => Read<T>

export interface FetcherOptions {
  readonly transport: OnlineTransport
  readonly cache?: OnlineCache
  readonly mostRequests?: number
  readonly mostBytes?: number
}

const ACCEPT = {
  ocsp: 'application/ocsp-response',
  crl: 'application/pkix-crl, */*;q=0.5',
  issuer: 'application/pkix-cert, application/pkcs7-mime, */*;q=0.5',
} as const

export class Fetcher {
  readonly #options: FetcherOptions
  readonly #time: Date
  #requests: number
  #bytes: number

  constructor(options: FetcherOptions, time: Date) {
    this.#options = options
    this.#time = time
    this.#requests = options.mostRequests ?? 24
    this.#bytes = options.mostBytes ?? 64 * 1024 * 1024
  }

  get<T>(url: string, maxBytes: number, kind: 'crl' | 'issuer', read: Reader<T>): Promise<T> {
    return this.#answer(`${kind} ${url}`, { url, accept: ACCEPT[kind], maxBytes }, read)
  }

  /** @param question its `id` stands for the body in the cache, for the body has a nonce */
  post<T>(
    url: string,
    question: { readonly id: string; readonly body: Uint8Array },
    maxBytes: number,
    read: Reader<T>,
  ): Promise<T> {
    const request = { url, body: question.body, contentType: 'application/ocsp-request', accept: ACCEPT.ocsp }
    return this.#answer(`ocsp ${question.id} ${url}`, { ...request, maxBytes }, read)
  }

  async #answer<T>(key: string, request: OnlineRequest, read: Reader<T>): Promise<T> {
    const kept = await this.#kept(key, read)
    if (kept !== undefined) return kept.value
    if (this.#requests <= 0 || this.#bytes <= 0) throw new Error('too many requests for one file')
    this.#requests -= 1
    const maxBytes = Math.min(request.maxBytes, this.#bytes)
    const bytes = await this.#options.transport({ ...request, maxBytes })
    this.#bytes -= bytes.length
    if (bytes.length > maxBytes) throw new Error(`answer of more than ${maxBytes} bytes`)
    const { value, until } = read(bytes, true)
    if (until !== undefined && until > this.#time) await this.#options.cache?.put(key, bytes, until)
    return value
  }

  async #kept<T>(key: string, read: Reader<T>): Promise<Read<T> | undefined> {
    const bytes = await this.#options.cache?.get(key, this.#time)
    if (bytes === undefined) return undefined
    try {
      return read(bytes, false)
    } catch {
      // Broken, hostile or of no use for this certificate: ask again.
      return undefined
    }
  }
}
