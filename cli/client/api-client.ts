/**
 * The client's side of `/api/v1`. Every POST carries an idempotency key, and a request whose answer was lost is
 * asked again with the same key: the node does it once and answers the same.
 */
import { createHash, randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import { CongvanError, errorFromCode, isKnownError } from '../../server/errors.ts'
import type { Language } from '../../signing/index.ts'
import { safeText } from '../terminal-text.ts'

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
  /** The version (ETag) that a change is based on. */
  readonly ifMatch?: number
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** What a node says may be anybody's words: they are shown on a terminal, never obeyed by it. */
const param = z.union([z.string().transform(safeLines), z.number()])
const problemForm = z.object({
  code: z.string().max(100),
  params: z.record(z.string(), param).default({}),
})

/** How long an answer may take, beside the time that the request itself needs on a slow line. */
const ANSWER_MS = 60_000
/** Bytes that the slowest line worth waiting for carries in a millisecond: 50 MB take eight minutes. */
const SLOWEST = 100

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
  get<T extends z.ZodType>(path: string, form: T, request: ApiRequest = {}): Promise<z.output<T>> {
    return this.send('GET', path, request, (response) => this.parse(response, form))
  }

  post<T extends z.ZodType>(path: string, form: T, request: ApiRequest = {}): Promise<z.output<T>> {
    return this.send('POST', path, request, (response) => this.parse(response, form))
  }

  /** A change of something that is there; `ifMatch` names the version that it is based on. */
  put<T extends z.ZodType>(path: string, form: T, request: ApiRequest = {}): Promise<z.output<T>> {
    return this.send('PUT', path, request, (response) => this.parse(response, form))
  }

  patch<T extends z.ZodType>(path: string, form: T, request: ApiRequest = {}): Promise<z.output<T>> {
    return this.send('PATCH', path, request, (response) => this.parse(response, form))
  }

  delete<T extends z.ZodType>(path: string, form: T, request: ApiRequest = {}): Promise<z.output<T>> {
    return this.send('DELETE', path, request, (response) => this.parse(response, form))
  }

  getBytes(path: string, request: ApiRequest = {}): Promise<Uint8Array> {
    return this.send('GET', path, request, async (response) => new Uint8Array(await response.arrayBuffer()))
  }

  /**
   * The body piece by piece as it comes, for answers too long for memory. It may take any time as a whole.
   *
   * @throws CongvanError `NODE_UNREACHABLE` also while it is read, when the line is cut before its end
   */
  async *getStream(path: string, request: ApiRequest = {}): AsyncGenerator<Uint8Array> {
    const body = await this.send('GET', path, request, async (response) => response.body)
    try {
      for await (const piece of body ?? []) yield piece
    } catch (error) {
      throw this.unreachable(error)
    }
  }

  private async parse<T extends z.ZodType>(response: Response, form: T): Promise<z.output<T>> {
    const text = await response.text()
    const parsed = form.safeParse(jsonOf(text))
    if (!parsed.success) throw this.unknownAnswer(response.status)
    return parsed.data
  }

  /** Asks, and reads the answer, again where either was lost on the way. */
  private async send<T>(
    method: Method,
    path: string,
    request: ApiRequest,
    read: (response: Response) => Promise<T>,
  ): Promise<T> {
    const key = request.idempotencyKey ?? randomUUID()
    const retries = this.options.retries ?? 3
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.sendOnce(method, path, request, key, read)
      } catch (error) {
        const again = error instanceof CongvanError && transient.has(error.code) && attempt < retries
        if (!again) throw error
        await delay(200 * 2 ** attempt)
      }
    }
  }

  private async sendOnce<T>(
    method: Method,
    path: string,
    request: ApiRequest,
    key: string,
    read: (response: Response) => Promise<T>,
  ): Promise<T> {
    const url = new URL(`${this.url}/api/v1${path}`)
    for (const [name, value] of Object.entries(request.query ?? {})) {
      if (value !== undefined) url.searchParams.set(name, value)
    }
    const body = request.json === undefined ? request.bytes : Buffer.from(JSON.stringify(request.json))
    const patience = new AbortController()
    const timer = setTimeout(() => patience.abort(), ANSWER_MS + (body?.length ?? 0) / SLOWEST)
    try {
      const response = await fetch(url, {
        method,
        redirect: 'error',
        signal: patience.signal,
        headers: this.headersOf(method, request, key),
        ...(body === undefined ? {} : { body: body as NonNullable<RequestInit['body']> }),
      })
      if (!response.ok) throw this.asError(response.status, await response.text())
      // What is streamed, or as large as a document, may take longer than the answer's beginning.
      clearTimeout(timer)
      return await read(response)
    } catch (error) {
      throw isKnownError(error) ? error : this.unreachable(error)
    } finally {
      clearTimeout(timer)
    }
  }

  private headersOf(method: Method, request: ApiRequest, key: string): Record<string, string> {
    const { token, language = 'vi' } = this.options
    const type =
      request.json !== undefined
        ? 'application/json'
        : request.bytes && (request.contentType ?? 'application/pdf')
    return {
      'accept-language': language,
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(method === 'POST' ? { 'idempotency-key': key } : {}),
      ...(request.ifMatch === undefined ? {} : { 'if-match': `"${request.ifMatch}"` }),
      ...(type === undefined ? {} : { 'content-type': type }),
    }
  }

  private asError(status: number, text: string): Error {
    const problem = problemForm.safeParse(jsonOf(text))
    if (!problem.success) return this.unknownAnswer(status)
    return errorFromCode(problem.data.code, problem.data.params) ?? this.unknownAnswer(status)
  }

  private unknownAnswer(status: number): CongvanError {
    return new CongvanError('NODE_ANSWER_UNKNOWN', { node: this.url, status })
  }

  private unreachable(error: unknown): CongvanError {
    return new CongvanError('NODE_UNREACHABLE', { node: this.url, reason: reasonOf(error) }, { cause: error })
  }
}

/** The list of problems of an import has several lines. */
function safeLines(text: string): string {
  return text.split('\n').map(safeText).join('\n')
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const transient = new Set<string>(['NODE_UNREACHABLE', 'DATABASE_UNAVAILABLE', 'SHUTTING_DOWN'])

/** `fetch` hides why it failed in the cause of its error. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  if (cause instanceof AggregateError) return String(cause.errors[0])
  return cause instanceof Error ? cause.message : String(cause)
}
