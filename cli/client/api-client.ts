/**
 * The client's side of `/api/v1`. Every POST carries an idempotency key, and a request whose answer was lost is
 * asked again with the same key: the node does it once and answers the same.
 */
import { createHash, randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import { CongvanError, errorFromCode } from '../../server/errors.ts'
import type { Language } from '../../signing/index.ts'

export interface ApiClientOptions {
  /** Base URL of the node, e.g. `http://127.0.0.1:8080`. */
  readonly url: string
  readonly token?: string
  readonly language?: Language
  /** How often a lost answer is asked for again. */
  readonly retries?: number
}

export interface ApiRequest {
  readonly query?: Readonly<Record<string, string | undefined>>
  readonly json?: unknown
  readonly bytes?: Uint8Array
  readonly contentType?: string
  /** A key of the caller's, so that running the same command again does nothing twice. Random by default. */
  readonly idempotencyKey?: string
}

const problemForm = z.object({
  code: z.string().max(100),
  params: z.record(z.string(), z.union([z.string(), z.number()])).default({}),
})

const REQUEST_TIMEOUT_MS = 60_000

/** A key that is the same for the same act on the same content. */
export function derivedKey(...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(createHash('sha256').update(part).digest())
  return hash.digest('hex')
}

export class ApiClient {
  readonly url: string
  private readonly options: ApiClientOptions

  constructor(options: ApiClientOptions) {
    this.options = options
    this.url = options.url.replace(/\/+$/, '')
  }

  /** @throws CongvanError with the node's own code; `NODE_UNREACHABLE`, `NODE_ANSWER_UNKNOWN` */
  async get<T extends z.ZodType>(path: string, form: T, request: ApiRequest = {}): Promise<z.output<T>> {
    return this.parse(await this.send('GET', path, request), form)
  }

  async post<T extends z.ZodType>(path: string, form: T, request: ApiRequest = {}): Promise<z.output<T>> {
    return this.parse(await this.send('POST', path, request), form)
  }

  async getBytes(path: string, request: ApiRequest = {}): Promise<Uint8Array> {
    return new Uint8Array(await (await this.send('GET', path, request)).arrayBuffer())
  }

  /** The body as it comes, for answers too long for memory. */
  async getStream(path: string, request: ApiRequest = {}): Promise<ReadableStream<Uint8Array>> {
    const response = await this.send('GET', path, request)
    if (response.body === null) throw this.unknownAnswer(response.status)
    return response.body
  }

  private async parse<T extends z.ZodType>(response: Response, form: T): Promise<z.output<T>> {
    let body: unknown
    try {
      body = await response.json()
    } catch {
      throw this.unknownAnswer(response.status)
    }
    const parsed = form.safeParse(body)
    if (!parsed.success) throw this.unknownAnswer(response.status)
    return parsed.data
  }

  private async send(method: 'GET' | 'POST', path: string, request: ApiRequest): Promise<Response> {
    const key = request.idempotencyKey ?? randomUUID()
    const retries = this.options.retries ?? 3
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.sendOnce(method, path, request, key)
      } catch (error) {
        const again = error instanceof CongvanError && transient.has(error.code) && attempt < retries
        if (!again) throw error
        await delay(200 * 2 ** attempt)
      }
    }
  }

  private async sendOnce(
    method: 'GET' | 'POST',
    path: string,
    request: ApiRequest,
    key: string,
  ): Promise<Response> {
    const url = new URL(`${this.url}/api/v1${path}`)
    for (const [name, value] of Object.entries(request.query ?? {})) {
      if (value !== undefined) url.searchParams.set(name, value)
    }
    const body = request.json === undefined ? request.bytes : JSON.stringify(request.json)
    let response: Response
    try {
      response = await fetch(url, {
        method,
        redirect: 'error',
        signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
        headers: {
          'accept-language': this.options.language ?? 'vi',
          ...(this.options.token === undefined ? {} : { authorization: `Bearer ${this.options.token}` }),
          ...(method === 'POST' ? { 'idempotency-key': key } : {}),
          ...(body === undefined
            ? {}
            : {
                'content-type':
                  request.json === undefined
                    ? (request.contentType ?? 'application/pdf')
                    : 'application/json',
              }),
        },
        ...(body === undefined ? {} : { body: body as NonNullable<RequestInit['body']> }),
      })
    } catch (error) {
      throw new CongvanError(
        'NODE_UNREACHABLE',
        { node: this.url, reason: reasonOf(error) },
        { cause: error },
      )
    }
    if (response.ok) return response
    throw await this.asError(response)
  }

  private async asError(response: Response): Promise<Error> {
    const problem = problemForm.safeParse(await response.json().catch(() => undefined))
    if (!problem.success) return this.unknownAnswer(response.status)
    return errorFromCode(problem.data.code, problem.data.params) ?? this.unknownAnswer(response.status)
  }

  private unknownAnswer(status: number): CongvanError {
    return new CongvanError('NODE_ANSWER_UNKNOWN', { node: this.url, status })
  }
}

const transient = new Set<string>(['NODE_UNREACHABLE', 'DATABASE_UNAVAILABLE', 'SHUTTING_DOWN'])

/** `fetch` hides why it failed in the cause of its error. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  if (cause instanceof AggregateError) return String(cause.errors[0])
  return cause instanceof Error ? cause.message : String(cause)
}
