/**
 * The one place that turns an error into an HTTP answer: problem JSON (RFC 9457) with our stable code, in the
 * language the caller asked for. What we did not foresee becomes `INTERNAL` with a reference that stands in the
 * operational log; its text never leaves the process.
 */
import { randomUUID } from 'node:crypto'
import type { ErrorRequestHandler, Response } from 'express'
import type { Language } from '../../signing/index.ts'
import { translate } from '../db.ts'
import {
  CongvanError,
  describeError,
  type ErrorCode,
  type ErrorParams,
  errorEntry,
  isKnownError,
} from '../errors.ts'
import type { Logger } from '../log.ts'
import { statusTitle } from './status-titles.ts'

/** The language asked for with the highest weight (RFC 9110 section 12.5.4), of the two there are; else Vietnamese. */
export function languageOf(acceptLanguage: string | undefined): Language {
  let best: { language: Language; weight: number } = { language: 'vi', weight: 0 }
  for (const wish of (acceptLanguage ?? '').toLowerCase().split(',')) {
    const [, language, weight = '1'] =
      /^\s*(vi|en)(?:-[\w-]*)?\s*(?:;\s*q=([\d.]{1,5}))?\s*$/.exec(wish) ?? []
    if ((language === 'vi' || language === 'en') && Number(weight) > best.weight) {
      best = { language, weight: Number(weight) }
    }
  }
  return best.language
}

/** The body of an answer of type `application/problem+json`. */
export interface Problem {
  readonly type: 'about:blank'
  readonly status: number
  readonly code: ErrorCode
  /** What the status means: the same for every problem with it (RFC 9457 section 4.2.1). */
  readonly title: string
  /** What is wrong here. */
  readonly detail: string
  readonly params: ErrorParams
  readonly hint?: string
}

/** What the caller is told about an error; what we did not foresee is written to the operational log. */
export function describeProblem(error: unknown, language: Language, log: Logger): Problem {
  const known = asKnown(error, log)
  const entry = errorEntry(known.code)
  const text = describeError(known, language)
  return {
    type: 'about:blank',
    status: entry.status,
    code: text.code,
    title: statusTitle(entry.status)[language],
    detail: text.message,
    params: known.params,
    ...(text.hint === undefined ? {} : { hint: text.hint }),
  }
}

export function sendProblem(response: Response, error: unknown, language: Language, log: Logger): void {
  const body = describeProblem(error, language, log)
  if (response.headersSent) {
    // A stream that broke half way: cutting the connection is the only honest answer left.
    response.destroy()
    return
  }
  if (body.status === 503) response.setHeader('Retry-After', '5')
  if (body.status === 429) response.setHeader('Retry-After', String(body.params.seconds ?? 60))
  response.status(body.status).type('application/problem+json').send(JSON.stringify(body))
}

function asKnown(error: unknown, log: Logger) {
  const translated = translate(error)
  if (isKnownError(translated)) {
    if (errorEntry(translated.code).status >= 500) {
      log.warn({ code: translated.code, cause: String(translated.cause ?? '') }, translated.message)
    }
    return translated
  }
  const foreign = asForeign(translated)
  if (foreign !== undefined) return foreign
  const reference = randomUUID()
  const stack = translated instanceof Error ? translated.stack : String(translated)
  log.error({ reference, stack }, 'unforeseen error')
  return new CongvanError('INTERNAL', { reference })
}

/** Errors of express and its body readers that are the caller's: they carry a 4xx status and a type. */
function asForeign(error: unknown): CongvanError | undefined {
  if (typeof error !== 'object' || error === null || !('status' in error)) return undefined
  if (error.status === 413) {
    return new CongvanError('INPUT_TOO_LARGE', { limit: 'limit' in error ? String(error.limit) : '?' })
  }
  if (typeof error.status === 'number' && error.status >= 400 && error.status < 500) {
    return new CongvanError('INPUT_INVALID', { field: 'request', reason: 'malformed' })
  }
  return undefined
}

export function errorHandler(log: Logger): ErrorRequestHandler {
  return (error, request, response, _next) => {
    sendProblem(response, error, languageOf(request.headers['accept-language']), log)
  }
}
