import type { ErrorEntry } from './entry.ts'

/** Peers as their operators keep them, and what operators watch. */
export const operationsErrors = {
  METRICS_CLOSED: {
    status: 403,
    exit: 77,
    vi: 'Số liệu vận hành không mở cho nơi này',
    en: 'the metrics are not open to this address',
    hint: {
      vi: 'người vận hành: đọc tại chính máy của nút, hoặc đặt CONGVAN_METRICS_TOKEN_FILE là tệp chứa mã từ 16 ký tự và gửi "Authorization: Bearer <mã>"',
      en: 'operators: read them at the node’s own machine, or set CONGVAN_METRICS_TOKEN_FILE to a file with a token of 16 characters or more and send "Authorization: Bearer <token>"',
    },
  },
  METRICS_TOKEN_WRONG: {
    status: 401,
    exit: 77,
    vi: 'Số liệu vận hành cần mã đọc đúng (Authorization: Bearer)',
    en: 'the metrics want the right token (Authorization: Bearer)',
    hint: {
      vi: 'mã nằm trong tệp do CONGVAN_METRICS_TOKEN_FILE chỉ ra trên máy của nút',
      en: 'it stands in the file named by CONGVAN_METRICS_TOKEN_FILE on the node’s machine',
    },
  },
  PING_REJECTED: {
    status: 422,
    exit: 65,
    vi: 'Gói thử bị từ chối: {reason}',
    en: 'the ping was rejected: {reason}',
  },
  NODE_KEY_END_PAST: {
    status: 422,
    exit: 65,
    vi: 'Không chấm dứt lùi khóa {fingerprint} của nút {node} về {at}: những gì nó đã ký từ lúc đó sẽ mất giá trị',
    en: 'the key {fingerprint} of the node {node} cannot be ended in the past ({at}): what it has signed since would lose its worth',
    hint: {
      vi: 'bỏ --at để chấm dứt ngay bây giờ, hoặc nêu một lúc sau này',
      en: 'leave out --at to end it now, or name a time to come',
    },
  },
  NODE_KEY_ENDED: {
    status: 409,
    exit: 65,
    vi: 'Khóa {fingerprint} của nút {node} đã được đặt chấm dứt lúc {at}; khóa đã chấm dứt không dùng lại',
    en: 'the key {fingerprint} of the node {node} was given its end at {at}; a key that was ended is never used again',
    hint: {
      vi: 'tạo khóa mới: congvan cert node-key, rồi congvan cert next-key',
      en: 'make a new key: congvan cert node-key, then congvan cert next-key',
    },
  },
  LETTER_INVALID: {
    status: 422,
    exit: 65,
    vi: 'Tệp không dùng được: {reason}',
    en: 'the file cannot be used: {reason}',
    hint: {
      vi: 'xin người vận hành nút kia tệp mới, gửi bằng đường khác',
      en: 'ask the operator of the other node for a new file, by another way',
    },
  },
  LETTER_EXPIRED: {
    status: 422,
    exit: 65,
    vi: 'Tệp đã hết hạn lúc {expired}',
    en: 'the file expired at {expired}',
    hint: {
      vi: 'xin người vận hành nút kia tệp mới',
      en: 'ask the operator of the other node for a new one',
    },
  },
  INVITATION_NOT_FOR_US: {
    status: 422,
    exit: 65,
    vi: 'Thư mời không dành cho nút này: {reason}',
    en: 'the invitation is not for this node: {reason}',
  },
  INVITATION_DIFFERS: {
    status: 422,
    exit: 65,
    vi: 'Thư mời khác với điều bạn nêu ở {field}: trong tệp là {found}, bạn nêu {wanted}; chưa thêm nút nào',
    en: 'the invitation differs from what you gave for {field}: the file has {found}, you gave {wanted}; no node was added',
    hint: {
      vi: 'nếu vân tay khác: tệp không phải của nút kia, gọi lại cho người vận hành của họ theo số đã biết',
      en: 'if the fingerprint differs, the file is not theirs: call their operator at a number that you knew before',
    },
  },
  NODE_KEY_IS_LAST: {
    status: 409,
    exit: 65,
    vi: 'Khóa {fingerprint} là khóa cuối cùng còn hiệu lực của nút {node}; chưa thay đổi gì',
    en: 'the key {fingerprint} is the last one of the node {node} that counts; nothing was changed',
    hint: {
      vi: 'ghi khóa mới trước (congvan peer key add), hoặc tắt nút đó (congvan peer disable)',
      en: 'enter the new key first (congvan peer key add), or switch the node off (congvan peer disable)',
    },
  },
  NEXT_KEY_UNPROVEN: {
    status: 422,
    exit: 65,
    vi: 'Thông báo khóa mới của nút {node} do khóa {fingerprint} ký, không phải khóa đang dùng của nút đó',
    en: 'the announcement of the next key of {node} is signed by the key {fingerprint}, which is not in use by that node',
    hint: {
      vi: 'gọi người vận hành nút đó; nếu khóa cũ đã mất, đối chiếu vân tay khóa mới rồi "congvan peer key add NODE --fingerprint HEX"',
      en: 'call its operator; if the old key is lost, compare the fingerprint of the new one, then "congvan peer key add NODE --fingerprint HEX"',
    },
  },
} as const satisfies Record<string, ErrorEntry>
