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

export interface ErrorEntry {
  readonly status: number
  readonly exit: number
  readonly vi: string
  readonly en: string
  readonly hint?: { readonly vi: string; readonly en: string }
}

const ownErrors = {
  // Requests and input
  INPUT_INVALID: {
    status: 400,
    exit: 65,
    vi: 'Dữ liệu không hợp lệ ở {field}: {reason}',
    en: 'invalid input at {field}: {reason}',
  },
  INPUT_TOO_LARGE: {
    status: 413,
    exit: 65,
    vi: 'Dữ liệu vượt quá giới hạn {limit} byte',
    en: 'the input is larger than the limit of {limit} bytes',
  },
  USAGE: { status: 400, exit: 64, vi: 'Sai cách dùng: {reason}', en: 'usage: {reason}' },
  NOT_FOUND: { status: 404, exit: 66, vi: 'Không tìm thấy {what}', en: '{what} was not found' },
  FILE_UNREADABLE: {
    status: 400,
    exit: 66,
    vi: 'Không đọc được tệp {file}: {reason}',
    en: 'the file {file} cannot be read: {reason}',
  },
  FILE_EXISTS: {
    status: 409,
    exit: 73,
    vi: 'Tệp {file} đã có, không ghi đè',
    en: 'the file {file} exists already and is not overwritten',
  },
  IDEMPOTENCY_KEY_MISSING: {
    status: 400,
    exit: 70,
    vi: 'Yêu cầu POST thiếu tiêu đề Idempotency-Key',
    en: 'the POST request lacks the Idempotency-Key header',
  },
  IDEMPOTENCY_KEY_REUSED: {
    status: 422,
    exit: 65,
    vi: 'Khóa Idempotency-Key đã dùng cho một yêu cầu khác',
    en: 'this Idempotency-Key was used for another request',
  },
  // Who acts
  NOT_AUTHENTICATED: {
    status: 401,
    exit: 77,
    vi: 'Chưa đăng nhập hoặc phiên đã hết hạn',
    en: 'not signed in, or the session has ended',
    hint: { vi: 'đăng nhập bằng "congvan user sign-in"', en: 'sign in with "congvan user sign-in"' },
  },
  SIGN_IN_FAILED: {
    status: 401,
    exit: 77,
    vi: 'Sai tên đăng nhập hoặc mật khẩu',
    en: 'wrong login name or password',
  },
  NOT_PERMITTED: {
    status: 403,
    exit: 77,
    vi: 'Vai trò của bạn không có quyền "{permission}"',
    en: 'your role does not have the permission "{permission}"',
  },
  USER_EXISTS: {
    status: 409,
    exit: 65,
    vi: 'Tên đăng nhập "{login}" đã có',
    en: 'the login name "{login}" is taken',
  },
  AGENCY_NOT_HOSTED: {
    status: 409,
    exit: 65,
    vi: 'Cơ quan "{code}" không đặt tại nút này mà tại nút {node}',
    en: 'the agency "{code}" is not hosted by this node but by node {node}',
  },
  // The machine beneath
  CONFIGURATION_INVALID: {
    status: 500,
    exit: 78,
    vi: 'Cấu hình có lỗi:\n{problems}',
    en: 'the configuration has problems:\n{problems}',
  },
  NODE_KEY_UNUSABLE: {
    status: 500,
    exit: 78,
    vi: 'Không dùng được khóa của nút ({file}): {reason}',
    en: 'the node’s key cannot be used ({file}): {reason}',
    hint: { vi: 'tạo khóa bằng "congvan cert node-key"', en: 'make one with "congvan cert node-key"' },
  },
  DATABASE_UNAVAILABLE: {
    status: 503,
    exit: 69,
    vi: 'Cơ sở dữ liệu không trả lời; chưa có gì được ghi',
    en: 'the database does not answer; nothing was written',
    hint: { vi: 'thử lại sau', en: 'try again later' },
  },
  DATABASE_SCHEMA_OLD: {
    status: 503,
    exit: 78,
    vi: 'Lược đồ cơ sở dữ liệu ({found}) cũ hơn chương trình ({wanted})',
    en: 'the database schema ({found}) is older than this program ({wanted})',
    hint: { vi: 'chạy "congvan migrate"', en: 'run "congvan migrate"' },
  },
  DATABASE_SCHEMA_NEW: {
    status: 503,
    exit: 78,
    vi: 'Lược đồ cơ sở dữ liệu ({found}) mới hơn chương trình ({wanted}); chương trình không khởi động',
    en: 'the database schema ({found}) is newer than this program ({wanted}); it does not start',
    hint: { vi: 'nâng cấp chương trình', en: 'upgrade the program' },
  },
  EMBEDDED_POSTGRES_IN_USE: {
    status: 503,
    exit: 69,
    vi: 'Thư mục dữ liệu {folder} đang được một tiến trình khác dùng (pid {pid})',
    en: 'the data folder {folder} is in use by another process (pid {pid})',
    hint: {
      vi: 'dừng tiến trình đó, hoặc đặt DATABASE_URL để nhiều tiến trình dùng chung một PostgreSQL',
      en: 'stop that process, or set DATABASE_URL so that several processes share one PostgreSQL',
    },
  },
  EMBEDDED_POSTGRES_FAILED: {
    status: 503,
    exit: 69,
    vi: 'PostgreSQL nhúng không khởi động được: {reason}',
    en: 'the embedded PostgreSQL did not start: {reason}',
  },
  STORAGE_FULL: {
    status: 507,
    exit: 74,
    vi: 'Hết chỗ trên đĩa; chưa có gì được ghi',
    en: 'the disk is full; nothing was written',
    hint: { vi: 'báo người vận hành, rồi thử lại', en: 'tell the operator, then try again' },
  },
  STORAGE_FAILED: {
    status: 500,
    exit: 74,
    vi: 'Không ghi được tệp: {reason}',
    en: 'the file could not be stored: {reason}',
  },
  NODE_UNREACHABLE: {
    status: 502,
    exit: 69,
    vi: 'Không kết nối được nút {node}: {reason}',
    en: 'the node {node} cannot be reached: {reason}',
  },
  SHUTTING_DOWN: { status: 503, exit: 75, vi: 'Nút đang dừng', en: 'the node is stopping' },
  INTERNAL: {
    status: 500,
    exit: 70,
    vi: 'Lỗi của chương trình (mã {reference}); hãy báo người vận hành',
    en: 'a defect of the program (reference {reference}); please tell the operator',
  },
  // Directory
  AGENCY_CODE_MALFORMED: {
    status: 400,
    exit: 65,
    vi: 'Mã định danh "{code}" sai dạng: {reason}',
    en: 'the agency code "{code}" is malformed: {reason}',
  },
  AGENCY_CODE_UNKNOWN: {
    status: 404,
    exit: 65,
    vi: 'Không có cơ quan nào mang mã "{code}" vào ngày {date}',
    en: 'no agency has the code "{code}" on {date}',
  },
  AGENCY_CLOSED: {
    status: 409,
    exit: 65,
    vi: 'Cơ quan "{code}" đã đóng từ ngày {date}; cơ quan kế thừa: {successors}',
    en: 'the agency "{code}" is closed since {date}; successors: {successors}',
  },
  DIRECTORY_IMPORT_INVALID: {
    status: 422,
    exit: 65,
    vi: 'Danh bạ có {count} lỗi, chưa nhập gì:\n{problems}',
    en: 'the directory has {count} problems, nothing was imported:\n{problems}',
  },
  DIRECTORY_FEED_REJECTED: {
    status: 422,
    exit: 65,
    vi: 'Phần danh bạ của nút {issuer} bị từ chối: {reason}',
    en: 'the directory part of node {issuer} was rejected: {reason}',
  },
  NO_ROUTE: {
    status: 422,
    exit: 65,
    vi: 'Không có đường đi tới cơ quan "{code}": {reason}',
    en: 'there is no route to the agency "{code}": {reason}',
  },
} as const satisfies Record<string, ErrorEntry>

/** How a failure of the signing library looks from outside: bad input of the caller, unless said otherwise. */
const signingStatus: Partial<Record<SigningErrorCode, { status: number; exit: number }>> = {
  INPUT_TOO_LARGE: { status: 413, exit: 65 },
  KEY_WRONG_PASSWORD: { status: 400, exit: 77 },
  PDF_FIELD_ALREADY_SIGNED: { status: 409, exit: 65 },
  PDF_NO_CHANGES_PERMITTED: { status: 409, exit: 65 },
}

export type OwnErrorCode = keyof typeof ownErrors
export type ErrorCode = OwnErrorCode | SigningErrorCode

export function errorEntry(code: ErrorCode): ErrorEntry {
  if (code in ownErrors) return ownErrors[code as OwnErrorCode]
  const messages = signingErrors[code as SigningErrorCode]
  return { ...(signingStatus[code as SigningErrorCode] ?? { status: 422, exit: 65 }), ...messages }
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
