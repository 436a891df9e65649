import type { ErrorEntry } from './entry.ts'

/** Accounts, sign-in, rights and rates. */
export const accountsErrors = {
  TOKEN_EXPIRED: {
    status: 401,
    exit: 77,
    vi: 'Phiên hoặc mã truy cập đã hết hạn lúc {at}',
    en: 'the session or token expired at {at}',
    hint: {
      vi: 'đăng nhập lại bằng "congvan user sign-in"; mã truy cập của kịch bản thì tạo mã mới',
      en: 'sign in again with "congvan user sign-in"; a script needs a new token',
    },
  },
  SESSION_IDLE: {
    status: 401,
    exit: 77,
    vi: 'Phiên đã đóng vì không dùng quá {minutes} phút',
    en: 'the session was not used for {minutes} minutes and has ended',
    hint: { vi: 'đăng nhập lại bằng "congvan user sign-in"', en: 'sign in with "congvan user sign-in"' },
  },
  ACCOUNT_LOCKED: {
    status: 429,
    exit: 75,
    vi: 'Đăng nhập sai quá nhiều lần; thử lại sau {seconds} giây',
    en: 'too many failed sign-ins; try again in {seconds} seconds',
    hint: {
      vi: 'ở nơi tài khoản đã từng đăng nhập, mật khẩu đúng vẫn được nhận; nếu quên mật khẩu, nhờ người quản trị cơ quan cấp lại',
      en: 'the right password is still taken where the account was signed in before; if it is forgotten, ask the administrator of the agency for a new one',
    },
  },
  ADDRESS_LOCKED: {
    status: 429,
    exit: 75,
    vi: 'Từ địa chỉ này đăng nhập sai quá nhiều lần; thử lại sau {seconds} giây',
    en: 'too many failed sign-ins from this address; try again in {seconds} seconds',
  },
  TOO_MANY_REQUESTS: {
    status: 429,
    exit: 75,
    vi: 'Quá nhiều yêu cầu; thử lại sau {seconds} giây',
    en: 'too many requests; try again in {seconds} seconds',
  },
  OTP_REQUIRED: {
    status: 401,
    exit: 77,
    vi: 'Tài khoản này cần mã xác thực thứ hai',
    en: 'this account wants the code of its second factor',
    hint: {
      vi: 'nhập mã 6 chữ số của ứng dụng xác thực, hoặc một mã khôi phục',
      en: 'give the 6 digits that the authenticator shows, or a recovery code',
    },
  },
  OTP_WRONG: {
    status: 401,
    exit: 77,
    vi: 'Mã xác thực không đúng',
    en: 'the code of the second factor is wrong',
    hint: {
      vi: 'kiểm tra giờ của điện thoại; mã đổi sau mỗi 30 giây',
      en: 'check the clock of the phone; the code changes every 30 seconds',
    },
  },
  OTP_USED: {
    status: 401,
    exit: 77,
    vi: 'Mã xác thực này đã dùng rồi',
    en: 'this code of the second factor was used already',
    hint: { vi: 'chờ mã kế tiếp (30 giây)', en: 'wait for the next one (30 seconds)' },
  },
  PASSWORD_WRONG: {
    status: 403,
    exit: 77,
    vi: 'Mật khẩu đang dùng không đúng',
    en: 'the present password is wrong',
  },
  PASSWORD_CHANGE_REQUIRED: {
    status: 403,
    exit: 77,
    vi: 'Phải đổi mật khẩu được cấp trước khi làm việc khác',
    en: 'the password given to this account must be changed before anything else',
    hint: { vi: 'chạy "congvan user password"', en: 'run "congvan user password"' },
  },
  PASSWORD_EXPIRED: {
    status: 401,
    exit: 77,
    vi: 'Mật khẩu cấp một lần đã hết hạn',
    en: 'the one-time password has expired',
    hint: { vi: 'nhờ người quản trị cấp lại', en: 'ask the administrator for a new one' },
  },
  SECOND_FACTOR_REQUIRED: {
    status: 403,
    exit: 77,
    vi: 'Vai trò của bạn phải bật xác thực hai lớp trước khi làm việc khác',
    en: 'your role must enrol a second factor before anything else',
    hint: { vi: 'chạy "congvan user totp enrol"', en: 'run "congvan user totp enrol"' },
  },
  TOTP_ENROLLED: {
    status: 409,
    exit: 65,
    vi: 'Tài khoản đã bật xác thực hai lớp',
    en: 'the account has a second factor already',
    hint: { vi: 'tắt trước rồi bật lại', en: 'take it off first' },
  },
  TOTP_NOT_ENROLLED: {
    status: 409,
    exit: 65,
    vi: 'Tài khoản chưa bật xác thực hai lớp',
    en: 'the account has no second factor to confirm or to take off',
    hint: { vi: 'bắt đầu bằng "congvan user totp enrol"', en: 'begin with "congvan user totp enrol"' },
  },
  SECRET_SHOWN_ALREADY: {
    status: 409,
    exit: 65,
    vi: 'Bí mật này đã được tạo bằng chính yêu cầu này và chỉ hiện một lần',
    en: 'this secret was made by this very request and is shown only once',
    hint: { vi: 'yêu cầu cấp lại', en: 'ask for another one' },
  },
  ACCOUNT_KEY_UNUSABLE: {
    status: 500,
    exit: 78,
    vi: 'Không dùng được khóa bảo vệ tài khoản ({file}): {reason}',
    en: 'the key that seals accounts cannot be used ({file}): {reason}',
    hint: {
      vi: 'khôi phục tệp khóa từ bản sao lưu; mọi tiến trình của một nút dùng chung một khóa',
      en: 'restore the file from the backup; all processes of a node share one key',
    },
  },
  SCOPE_NOT_YOURS: {
    status: 403,
    exit: 77,
    vi: 'Không tạo được mã truy cập rộng hơn quyền của mình: {scopes}',
    en: 'a token cannot reach further than its owner: {scopes}',
  },
  RIGHTS_OF_ONESELF: {
    status: 403,
    exit: 77,
    vi: 'Không ai tự cấp, tự thu quyền hoặc tự khóa tài khoản của mình',
    en: 'nobody grants or takes rights of one’s own, or closes one’s own account',
    hint: {
      vi: 'nhờ quản trị khác của cơ quan hoặc người vận hành nút',
      en: 'ask another administrator of the agency or the operator of the node',
    },
  },
  ACCOUNT_OF_OTHERS_TOO: {
    status: 403,
    exit: 77,
    vi: 'Tài khoản này còn phục vụ nơi khác; chỉ người vận hành nút được làm việc này',
    en: 'this account serves elsewhere too; only the operator of the node may do this',
  },
  RIGHT_CHANGE_SETTLED: {
    status: 409,
    exit: 65,
    vi: 'Thay đổi về quyền này đã được xử lý ({outcome})',
    en: 'this change of rights was settled before ({outcome})',
  },
  RIGHT_CHANGE_OWN: {
    status: 403,
    exit: 77,
    vi: 'Người thay đổi quyền và người có quyền được thay đổi không tự xác nhận hay hoàn nguyên thay đổi đó',
    en: 'who changed a right, and whose right it is, does not confirm or undo that change',
  },
  RIGHT_UNCONFIRMED: {
    status: 403,
    exit: 77,
    vi: 'Quyền hoặc tài khoản của chính bạn vừa được thay đổi và còn chờ xác nhận',
    en: 'your own right or account was changed and waits for confirmation itself',
    hint: {
      vi: 'nhờ lãnh đạo khác của cơ quan xác nhận thay đổi đó trước',
      en: 'ask another leader of the agency to confirm that change first',
    },
  },
} as const satisfies Record<string, ErrorEntry>
