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
  // The client's side
  KEY_ROLE_WRONG: {
    status: 400,
    exit: 65,
    vi: 'Chứng thư số này dùng cho "{found}", bước này cần chữ ký của "{wanted}"',
    en: 'this certificate is for "{found}", this step needs the signature of "{wanted}"',
  },
  DOWNLOAD_DAMAGED: {
    status: 502,
    exit: 74,
    vi: 'Tệp tải về của văn bản {id} không khớp giá trị băm; chưa ký gì',
    en: 'the file downloaded of document {id} does not match its hash; nothing was signed',
    hint: {
      vi: 'thử lại; nếu còn lỗi, báo người vận hành nút',
      en: 'try again; then tell the operator of the node',
    },
  },
  DEMO_FOLDER_FOREIGN: {
    status: 500,
    exit: 73,
    vi: 'Thư mục {folder} có tệp không phải của chạy thử; không xóa gì',
    en: 'the folder {folder} holds files that are not the demo’s; nothing was removed',
    hint: { vi: 'chọn thư mục trống bằng --folder', en: 'choose an empty folder with --folder' },
  },
  DEMO_TIMED_OUT: {
    status: 500,
    exit: 1,
    vi: 'Chạy thử: chờ quá lâu mà chưa có {what}',
    en: 'the demo waited too long for {what}',
    hint: { vi: 'xem node.log trong thư mục chạy thử', en: 'see node.log in the folder of the demo' },
  },
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
  TOO_MANY_SIGN_INS: {
    status: 503,
    exit: 75,
    vi: 'Quá nhiều người đăng nhập cùng lúc',
    en: 'too many sign-ins at the same time',
    hint: { vi: 'thử lại sau vài giây', en: 'try again in a few seconds' },
  },
  NOT_PERMITTED: {
    status: 403,
    exit: 77,
    vi: 'Vai trò của bạn không được {actVi} ({permission})',
    en: 'your role may not {act} ({permission})',
  },
  AGENCY_NOT_YOURS: {
    status: 403,
    exit: 77,
    vi: 'Tài khoản này không có vai trò nào ở cơ quan {codeVi}',
    en: 'this account has no role in {code}',
    hint: {
      vi: 'quản trị của cơ quan cấp vai trò cho tài khoản',
      en: 'the administrator of the agency grants roles to accounts',
    },
  },
  TOKEN_SHOWN_ALREADY: {
    status: 409,
    exit: 65,
    vi: 'Mã truy cập {id} đã được tạo bằng chính yêu cầu này và chỉ hiện một lần',
    en: 'the token {id} was made by this very request and is shown only once',
    hint: {
      vi: 'thu hồi mã đó rồi tạo mã khác',
      en: 'revoke it and make another one',
    },
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
  ADDRESS_UNUSABLE: {
    status: 500,
    exit: 69,
    vi: 'Không mở được địa chỉ {address}: {reason}',
    en: 'the address {address} cannot be opened: {reason}',
    hint: { vi: 'đổi CONGVAN_HOST hoặc CONGVAN_PORT', en: 'change CONGVAN_HOST or CONGVAN_PORT' },
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
    vi: 'Cơ sở dữ liệu không trả lời',
    en: 'the database does not answer',
    // Lost at the commit, nobody knows which; the idempotency key makes the second try safe either way.
    hint: {
      vi: 'thử lại sau; cùng một yêu cầu gửi lại chỉ được làm một lần',
      en: 'try again later; the same request repeated is done once',
    },
  },
  DATABASE_REFUSED: {
    status: 503,
    exit: 78,
    vi: 'PostgreSQL không cho dùng cơ sở dữ liệu đã cấu hình: {reason}',
    en: 'PostgreSQL refuses the configured database: {reason}',
    hint: {
      vi: 'kiểm tra DATABASE_URL và CONGVAN_OWNER_DATABASE_URL',
      en: 'check DATABASE_URL and CONGVAN_OWNER_DATABASE_URL',
    },
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
  NODE_ANSWER_UNKNOWN: {
    status: 502,
    exit: 69,
    vi: 'Nút {node} trả lời không đúng dạng (HTTP {status})',
    en: 'the node {node} answered in no form we know (HTTP {status})',
    hint: { vi: 'kiểm tra địa chỉ nút', en: 'check the address of the node' },
  },
  LOG_BUSY: {
    status: 503,
    exit: 75,
    vi: 'Nhật ký đang được ghi bởi một việc chưa xong',
    en: 'an act under way still writes to the log',
    hint: { vi: 'thử lại sau ít phút', en: 'try again in a few minutes' },
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
  // Node to node
  PEER_NOT_AUTHENTICATED: {
    status: 401,
    exit: 77,
    vi: 'Không xác thực được nút gửi yêu cầu: {reason}',
    en: 'the requesting node is not authenticated: {reason}',
  },
  PEER_ANSWER_NOT_AUTHENTIC: {
    status: 502,
    exit: 69,
    vi: 'Câu trả lời không chứng tỏ được là của nút {node}: {reason}',
    en: 'the answer is not proven to come from the node {node}: {reason}',
    hint: {
      vi: 'kiểm tra địa chỉ và dấu vân tay khóa của nút',
      en: 'check the address and the key fingerprint of the node',
    },
  },
  PEER_FAULT: {
    status: 502,
    exit: 69,
    vi: 'Nút {node} trả lời lỗi {code}: {title}',
    en: 'the node {node} answered the error {code}: {title}',
  },
  // Relay: the typed faults of /relay/v1 and what a clerk meets when dispatching
  DISPATCH_INVALID: {
    status: 422,
    exit: 65,
    vi: 'Không gửi được văn bản: {reason}',
    en: 'the document cannot be dispatched: {reason}',
  },
  RELAY_COLLISION: {
    status: 409,
    exit: 65,
    vi: 'Mã {id} đã dùng cho nội dung khác',
    en: 'the id {id} was used for other content',
  },
  RELAY_OFF_ROUTE: {
    status: 422,
    exit: 65,
    vi: 'Nút {peer} không nằm trên đường đi của gói tin: {reason}',
    en: 'the node {peer} is not on the route of this envelope: {reason}',
  },
  RELAY_LOOP: {
    status: 422,
    exit: 65,
    vi: 'Gói tin đi vòng: nút {node} đã có trong đường đi',
    en: 'the envelope goes round in a loop: the node {node} is in its path already',
  },
  RELAY_TOO_MANY_HOPS: {
    status: 422,
    exit: 65,
    vi: 'Gói tin đã qua {count} nút, quá giới hạn {limit}',
    en: 'the envelope passed {count} nodes, more than the limit of {limit}',
  },
  RELAY_EXPIRED: {
    status: 422,
    exit: 65,
    vi: 'Gói tin đã hết hạn chuyển lúc {notAfter}',
    en: 'the envelope expired at {notAfter}',
  },
  RELAY_ENVELOPE_REJECTED: {
    status: 422,
    exit: 65,
    vi: 'Gói tin bị từ chối: {reason}',
    en: 'the envelope was rejected: {reason}',
  },
  RELAY_RECIPIENTS_REFUSED: {
    status: 422,
    exit: 65,
    vi: 'Không chuyển được tới {codes}: {reason}',
    en: 'the envelope cannot be taken for {codes}: {reason}',
  },
  RELAY_DIRECTORY_BEHIND: {
    status: 409,
    exit: 75,
    vi: 'Danh bạ của nút này chưa có {what}',
    en: 'the directory of this node does not have {what} yet',
    hint: { vi: 'thử lại sau', en: 'try again later' },
  },
  RELAY_OFFERS_TOO_MANY: {
    status: 503,
    exit: 75,
    vi: 'Nút {peer} có {count} đề nghị chuyển chưa hoàn tất',
    en: 'the node {peer} has {count} offers that it has not committed',
    hint: { vi: 'thử lại sau', en: 'try again later' },
  },
  RELAY_OFFER_UNKNOWN: {
    status: 404,
    exit: 65,
    vi: 'Không có đề nghị chuyển {id}',
    en: 'there is no offer {id}',
  },
  RELAY_FILES_MISSING: {
    status: 409,
    exit: 65,
    vi: 'Còn {count} tệp chưa nhận đủ',
    en: '{count} files are not complete yet',
  },
  RELAY_FILE_MISMATCH: {
    status: 422,
    exit: 65,
    vi: 'Tệp {sha256} không đúng băm hoặc độ dài đã khai; phần đã nhận bị bỏ',
    en: 'the file {sha256} does not have the hash or length in the manifest; what was received is discarded',
  },
  RELAY_PIECE_MISPLACED: {
    status: 409,
    exit: 65,
    vi: 'Đoạn tệp bắt đầu ở byte {from}, nút đã có {have} byte',
    en: 'the piece begins at byte {from}, the node has {have} bytes',
  },
  RELAY_MESSAGE_REJECTED: {
    status: 422,
    exit: 65,
    vi: 'Biên nhận hoặc trạng thái bị từ chối: {reason}',
    en: 'the receipt or status was rejected: {reason}',
  },
  RELAY_ANSWER_UNREADABLE: {
    status: 502,
    exit: 69,
    vi: 'Câu trả lời của nút {node} không dùng được: {reason}',
    en: 'the answer of the node {node} cannot be used: {reason}',
  },
  RELAY_RECEIPT_CONTRADICTS: {
    status: 409,
    exit: 65,
    vi: 'Biên nhận {event} cho {recipient} trái với biên nhận kết thúc đã có',
    en: 'the receipt {event} for {recipient} contradicts the terminal receipt that is there already',
  },
  // Documents and registers
  DOCUMENT_STATE_WRONG: {
    status: 409,
    exit: 65,
    vi: 'Văn bản đang ở trạng thái "{stateVi}", không {eventVi} được',
    en: 'the document is "{state}", which does not allow "{event}"',
    hint: { vi: 'xem lại văn bản rồi làm bước kế tiếp', en: 'look at the document and do its next step' },
  },
  DOCUMENT_IN_QUARANTINE: {
    status: 409,
    exit: 65,
    vi: 'Văn bản còn trong vùng cách ly, chưa ai được đọc',
    en: 'the document is still in quarantine and may be read by nobody',
    hint: {
      vi: 'văn thư cam kết văn bản không có bí mật nhà nước để kết thúc cách ly',
      en: 'the clerk ends the quarantine by declaring that it holds no state secret',
    },
  },
  DOCUMENT_FILE_MISSING: {
    status: 409,
    exit: 65,
    vi: 'Văn bản chưa có tệp PDF',
    en: 'the document has no PDF file yet',
    hint: { vi: 'tải tệp PDF lên trước', en: 'upload the PDF first' },
  },
  DOCUMENT_CHANGED: {
    status: 409,
    exit: 75,
    vi: 'Văn bản vừa được người khác thay đổi; chưa có gì được ghi',
    en: 'the document was changed by somebody else meanwhile; nothing was written',
    hint: { vi: 'tải bản mới nhất về và làm lại', en: 'download the latest revision and do it again' },
  },
  DOCUMENT_FILL_MISSING: {
    status: 409,
    exit: 65,
    vi: 'Số và ngày đã cấp nhưng chưa được ghi lên văn bản',
    en: 'number and date are assigned but do not stand on the document yet',
    hint: {
      vi: 'gọi lại bước cấp số; số cũ được giữ nguyên',
      en: 'ask for the number again; it stays the same',
    },
  },
  DRAFT_ALREADY_SIGNED: {
    status: 422,
    exit: 65,
    vi: 'Dự thảo tải lên đã có chữ ký số; hãy tải bản chưa ký',
    en: 'the uploaded draft carries a digital signature already; upload the unsigned one',
  },
  SIGNATURE_NOT_AN_EXTENSION: {
    status: 422,
    exit: 65,
    vi: 'Tệp tải lên không phải là bản hiện có cộng đúng một chữ ký: {reasonVi}',
    en: 'the upload is not the current revision plus exactly one signature: {reason}',
    hint: { vi: 'tải bản mới nhất về rồi ký lại', en: 'download the latest revision and sign it again' },
  },
  SIGNER_WRONG: {
    status: 422,
    exit: 65,
    vi: 'Chữ ký không đúng người ký: {fieldVi} cần là "{expectedVi}", chứng thư số ghi "{foundVi}"',
    en: 'the wrong signer: {field} should be "{expected}", the certificate says "{found}"',
  },
  SIGNATURE_REJECTED: {
    status: 422,
    exit: 65,
    vi: 'Chữ ký số không được chấp nhận: {indication} ({subIndication})',
    en: 'the signature is not acceptable: {indication} ({subIndication})',
    hint: {
      vi: 'kiểm tra chứng thư số còn hạn, không bị thu hồi, và nút có chứng thư gốc tin cậy',
      en: 'check that the certificate is valid and not revoked, and that the node has its trust anchor',
    },
  },
  SECRET_MARK_FOUND: {
    status: 422,
    exit: 65,
    vi: 'Có dấu chỉ độ mật "{mark}" ở {field}; văn bản mật không được đưa vào hệ thống, nội dung không được lưu',
    en: 'the mark of secrecy "{mark}" stands in {field}; secret documents may not enter, nothing of it was kept',
  },
  DOCUMENT_KIND_UNKNOWN: {
    status: 422,
    exit: 65,
    vi: 'Không có loại văn bản hành chính "{kind}" (NĐ 30/2020 Điều 7)',
    en: 'there is no kind of administrative document "{kind}" (NĐ 30/2020 art 7)',
  },
  SYMBOL_WRONG: {
    status: 422,
    exit: 65,
    vi: 'Ký hiệu "{symbol}" không đúng cho loại "{kind}"; ví dụ đúng: {example}',
    en: 'the symbol "{symbol}" does not fit the kind "{kind}"; an example that does: {example}',
  },
  NUMBER_TAKEN: {
    status: 409,
    exit: 65,
    vi: 'Số, ký hiệu {number} đã dùng trong năm {year}',
    en: 'the number and symbol {number} are used already in {year}',
  },
  VERIFICATION_FAILED: {
    status: 409,
    exit: 65,
    vi: 'Văn bản không qua kiểm tra chữ ký số ({indication}, {subIndication}); không được tiếp nhận',
    en: 'the document failed verification ({indication}, {subIndication}) and may not be accepted',
    hint: { vi: 'từ chối và trả lại kèm lý do', en: 'refuse it with a reason' },
  },
  SENDER_NOT_SIGNER: {
    status: 409,
    exit: 65,
    vi: 'Chữ ký số của cơ quan trên văn bản không phải của cơ quan gửi ({sender})',
    en: 'the agency that signed the document is not the one that sent it ({sender})',
    hint: {
      vi: 'xem báo cáo kiểm tra; nếu vẫn tiếp nhận, đặt acceptIndeterminate',
      en: 'read the verification report; to accept all the same, set acceptIndeterminate',
    },
  },
  VERIFICATION_INDETERMINATE: {
    status: 409,
    exit: 65,
    vi: 'Chưa xác định được chữ ký số có giá trị hay không ({subIndication})',
    en: 'it is not certain that the signatures are valid ({subIndication})',
    hint: {
      vi: 'xem báo cáo kiểm tra; nếu vẫn tiếp nhận, đặt acceptIndeterminate',
      en: 'read the verification report; to accept all the same, set acceptIndeterminate',
    },
  },
  STORAGE_DAMAGED: {
    status: 500,
    exit: 74,
    vi: 'Tệp {sha256} trong kho bị hỏng hoặc mất: {reason}',
    en: 'the stored file {sha256} is damaged or missing: {reason}',
    hint: {
      vi: 'báo người vận hành khôi phục từ bản sao lưu',
      en: 'tell the operator to restore it from a backup',
    },
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
