import { randomUUID } from 'node:crypto'
import { CongvanError, describeError, type ErrorText, errorEntry, isKnownError } from '../server/errors.ts'
import type { Language } from '../signing/index.ts'

/** An error as it is told: text from the table of errors, and the exit code that belongs to it. */
export interface Failure extends ErrorText {
  readonly exit: number
  /** Ties a defect told to a person to the stack trace that `--debug` prints. */
  readonly reference?: string
}

/** Any thrown value in words. What is in no table is a defect of ours: `INTERNAL` with a reference. */
export function describeFailure(error: unknown, language: Language): Failure {
  if (isKnownError(error)) {
    return { ...describeError(error, language), exit: errorEntry(error.code).exit }
  }
  const reference = randomUUID().slice(0, 8)
  const internal = new CongvanError('INTERNAL', { reference })
  return { ...describeError(internal, language), exit: errorEntry('INTERNAL').exit, reference }
}

/** The members that go into JSON. */
export function failureJson(failure: Failure): Record<string, string> {
  return {
    code: failure.code,
    message: failure.message,
    ...(failure.hint === undefined ? {} : { hint: failure.hint }),
    ...(failure.reference === undefined ? {} : { reference: failure.reference }),
  }
}

/** The stack of an unexpected error with those of its causes, for `--debug`. */
export function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const own = error.stack ?? `${error.name}: ${error.message}`
  return error.cause === undefined ? own : `${own}\ncaused by: ${stackOf(error.cause)}`
}
