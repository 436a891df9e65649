import type { ErrorEntry } from './entry.ts'

/** The client, requests, who acts, and the machine beneath. */
export const generalErrors = {
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
  VERIFIER_ENDED: {
    status: 500,
    exit: 70,
    vi: 'Việc kiểm tra tệp này bị dừng giữa chừng: {reason}',
    en: 'the verification of this file ended before its time: {reason}',
    hint: { vi: 'kiểm tra riêng tệp này', en: 'verify this file alone' },
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
} as const satisfies Record<string, ErrorEntry>
