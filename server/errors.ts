/**
 * The one table of errors: code → HTTP status, CLI exit code, messages and hint in Vietnamese and English.
 *
 * A code is stable and language-free; clients branch on it. Exit codes follow sysexits(3) beyond the four of
 * `verify`: 64 usage, 65 bad data, 66 input missing, 69 service away, 70 our defect, 73 cannot create,
 * 74 input/output, 75 try again, 77 not permitted, 78 configuration.
 */
import {
  fillMessage,
  type Language,
  SigningError,
  type SigningErrorCode,
  signingErrors,
} from '../signing/errors.ts'

import { accessErrors } from './error-tables/access.ts'
import { accountsErrors } from './error-tables/accounts.ts'
import { agenciesErrors } from './error-tables/agencies.ts'
import { attachmentsErrors } from './error-tables/attachments.ts'
import { documentErrors } from './error-tables/documents.ts'
import type { ErrorEntry } from './error-tables/entry.ts'
import { evidenceErrors } from './error-tables/evidence.ts'
import { exchangeErrors } from './error-tables/exchange.ts'
import { generalErrors } from './error-tables/general.ts'
import { incomingErrors } from './error-tables/incoming.ts'
import { operationsErrors } from './error-tables/operations.ts'
import { outgoingErrors } from './error-tables/outgoing.ts'
import { placementErrors } from './error-tables/placement.ts'
import { recallErrors } from './error-tables/recall.ts'
import { registersErrors } from './error-tables/registers.ts'

export type { ErrorEntry } from './error-tables/entry.ts'

const ownErrors = {
  ...generalErrors,
  ...exchangeErrors,
  ...evidenceErrors,
  ...documentErrors,
  ...accessErrors,
  ...accountsErrors,
  ...agenciesErrors,
  ...attachmentsErrors,
  ...incomingErrors,
  ...operationsErrors,
  ...outgoingErrors,
  ...placementErrors,
  ...recallErrors,
  ...registersErrors,
} as const

/** How a failure of the signing library looks from outside: bad input of the caller, unless said otherwise. */
const signingStatus: Partial<Record<SigningErrorCode, { status: number; exit: number }>> = {
  INPUT_TOO_LARGE: { status: 413, exit: 65 },
  KEY_WRONG_PASSWORD: { status: 400, exit: 77 },
  PDF_FIELD_ALREADY_SIGNED: { status: 409, exit: 65 },
  PDF_NO_CHANGES_PERMITTED: { status: 409, exit: 65 },
  TIMESTAMP_REJECTED: { status: 502, exit: 69 },
  TIMESTAMP_RESPONSE_INVALID: { status: 502, exit: 69 },
  TIMESTAMP_UNAVAILABLE: { status: 503, exit: 75 },
}

export type OwnErrorCode = keyof typeof ownErrors
export type ErrorCode = OwnErrorCode | SigningErrorCode

/** What a clerk can do about a file that the signing library refuses. */
const signingHints: Partial<Record<SigningErrorCode, ErrorEntry['hint']>> = {
  PDF_NOT_A_PDF: { vi: 'xuất văn bản ra PDF rồi làm lại', en: 'export the document as PDF and try again' },
  PDF_MALFORMED: {
    vi: 'tệp có thể chưa tải hết; lấy lại tệp hoặc xuất lại PDF',
    en: 'the file may be incomplete: fetch it or export it as PDF again',
  },
  PDF_FIELD_NOT_FOUND: {
    vi: 'dùng mẫu văn bản có sẵn ô số, ngày và hai ô chữ ký',
    en: 'use a template that has the fields for number, date and both signatures',
  },
  PDF_BOX_NOT_EMPTY: {
    vi: 'chọn một ô trống khác ở trang 1 bằng --number-box',
    en: 'choose another, empty box on page 1 by --number-box',
  },
  MARK_BOX_TOO_SMALL: {
    vi: 'chọn một ô lớn hơn ở trang 1 bằng --number-box',
    en: 'choose a larger box on page 1 by --number-box',
  },
}

export function errorEntry(code: ErrorCode): ErrorEntry {
  if (code in ownErrors) return ownErrors[code as OwnErrorCode]
  const signing = code as SigningErrorCode
  const hint = signingHints[signing]
  return {
    ...(signingStatus[signing] ?? { status: 422, exit: 65 }),
    ...signingErrors[signing],
    ...(hint === undefined ? {} : { hint }),
  }
}

/** All codes, for the API description and for tests. */
export function errorCodes(): ErrorCode[] {
  return [...new Set([...Object.keys(ownErrors), ...Object.keys(signingErrors)])] as ErrorCode[]
}

export type ErrorParams = Readonly<Record<string, string | number>>

export class CongvanError extends Error {
  override readonly name = 'CongvanError'
  readonly code: OwnErrorCode
  readonly params: ErrorParams

  constructor(code: OwnErrorCode, params: ErrorParams = {}, options?: { cause?: unknown }) {
    super(fillMessage(ownErrors[code].en, params), options)
    this.code = code
    this.params = params
  }
}

/** What a person is told about an error: its code, message and hint in one language. */
export interface ErrorText {
  readonly code: ErrorCode
  readonly message: string
  readonly hint?: string
}

export function describeError(error: CongvanError | SigningError, language: Language): ErrorText {
  const entry = errorEntry(error.code)
  const message = fillMessage(entry[language], error.params)
  return entry.hint === undefined
    ? { code: error.code, message }
    : { code: error.code, message, hint: fillMessage(entry.hint[language], error.params) }
}

export function isKnownError(error: unknown): error is CongvanError | SigningError {
  return error instanceof CongvanError || error instanceof SigningError
}

/**
 * The error that a node's problem JSON tells of, so that a client throws what the server threw. `undefined` when
 * the code is in no table of ours: then the node is newer, or no node of ours.
 */
export function errorFromCode(code: string, params: ErrorParams): CongvanError | SigningError | undefined {
  if (Object.hasOwn(ownErrors, code)) return new CongvanError(code as OwnErrorCode, params)
  if (Object.hasOwn(signingErrors, code)) return new SigningError(code as SigningErrorCode, params)
  return undefined
}
