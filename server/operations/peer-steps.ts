import type { Language } from '../../signing/index.ts'
import { fillText } from './fill-text.ts'

/**
 * The steps of `congvan peer test`, in their order, and what may be wrong at each, in words for the operator with what
 * to do. Pure. `{name}` stands for a parameter.
 */
export const peerSteps = [
  /** It is entered here and switched on. */
  'entered',
  /** Its name resolves and its port takes connections. */
  'connection',
  /** Its TLS certificate is good for its name. */
  'tls',
  /** A node of this program answers there, of that name, that speaks a version of the protocol which we do. */
  'protocol',
  'clock',
  /** Its signed answer is by one of its keys. */
  'identity',
  /** It takes our signature for ours. */
  'authentication',
  /** It opens what we have sealed, and we what it has. */
  'ping',
] as const
export type PeerStep = (typeof peerSteps)[number]

export type PeerFindingCode = keyof typeof peerFindings

/** What was found at one step. */
export interface StepResult {
  readonly step: PeerStep
  /** `skipped`: an earlier step failed on which it rests, or it does not apply. */
  readonly state: 'passed' | 'warning' | 'failed' | 'skipped'
  readonly code?: PeerFindingCode
  readonly params: Readonly<Record<string, string | number>>
  /** For the step as a whole, milliseconds. */
  readonly ms?: number
}

interface Finding {
  readonly vi: string
  readonly en: string
  readonly remedy: { readonly vi: string; readonly en: string }
}

export const peerFindings = {
  SWITCHED_OFF: {
    vi: 'nút đang bị tắt tại đây: {reason}',
    en: 'the node is switched off here: {reason}',
    remedy: { vi: 'bật lại: congvan peer enable {peer}', en: 'switch it on: congvan peer enable {peer}' },
  },
  NO_KEY: {
    vi: 'không có khóa nào của nút còn hiệu lực',
    en: 'no key of the node is valid now',
    remedy: {
      vi: 'hỏi người vận hành nút {peer} vân tay khóa mới, rồi "congvan peer key add" (nút dưới) hoặc "congvan peer add" (nút trên)',
      en: 'ask the operator of {peer} for its new fingerprint, then "congvan peer key add" (a child) or "congvan peer add" (the parent)',
    },
  },
  NAME_UNKNOWN: {
    vi: 'không phân giải được tên máy {host}',
    en: 'the host name {host} does not resolve',
    remedy: { vi: 'kiểm tra địa chỉ đã nhập và DNS', en: 'check the URL entered here, and DNS' },
  },
  CONNECTION_REFUSED: {
    vi: 'máy {host} từ chối kết nối ở cổng {port}',
    en: 'the host {host} refuses connections at port {port}',
    remedy: {
      vi: 'nút bên kia có đang chạy không; cổng có đúng không; tường lửa có chặn không',
      en: 'is the other node running, is the port right, does a firewall refuse it?',
    },
  },
  CONNECTION_TIMEOUT: {
    vi: 'máy {host}:{port} không trả lời trong {seconds} giây',
    en: 'the host {host}:{port} did not answer within {seconds} s',
    remedy: {
      vi: 'kiểm tra đường mạng và tường lửa hai bên',
      en: 'check the line and the firewalls of both sides',
    },
  },
  CONNECTION_FAILED: {
    vi: 'không kết nối được {host}:{port}: {reason}',
    en: '{host}:{port} cannot be connected to: {reason}',
    remedy: { vi: 'kiểm tra đường mạng', en: 'check the network' },
  },
  TLS_NONE: {
    vi: 'kết nối không mã hóa (http)',
    en: 'the connection is not encrypted (http)',
    remedy: {
      vi: 'đặt proxy TLS trước nút {peer} và nhập lại địa chỉ https',
      en: 'put a TLS proxy in front of {peer} and enter its https URL',
    },
  },
  TLS_UNTRUSTED: {
    vi: 'chứng thư TLS của {host} không được tin: {reason}',
    en: 'the TLS certificate of {host} is not trusted: {reason}',
    remedy: {
      vi: 'bên kia cài đủ chuỗi chứng thư; nếu do CA riêng cấp, thêm CA đó vào NODE_EXTRA_CA_CERTS của nút này',
      en: 'the other side has to serve its whole chain; for a private CA add it to NODE_EXTRA_CA_CERTS of this node',
    },
  },
  TLS_NAME: {
    vi: 'chứng thư TLS không phải của tên máy {host} ({reason})',
    en: 'the TLS certificate is not for the host name {host} ({reason})',
    remedy: {
      vi: 'sửa địa chỉ, hoặc bên kia đổi chứng thư',
      en: 'correct the URL, or they change their certificate',
    },
  },
  TLS_EXPIRED: {
    vi: 'chứng thư TLS của {host} hết hạn {ends}',
    en: 'the TLS certificate of {host} ended on {ends}',
    remedy: { vi: 'bên kia gia hạn chứng thư', en: 'the other side renews its certificate' },
  },
  TLS_ENDS: {
    vi: 'chứng thư TLS của {host} sắp hết hạn ({ends})',
    en: 'the TLS certificate of {host} ends soon ({ends})',
    remedy: { vi: 'nhắc bên kia gia hạn', en: 'remind the other side to renew it' },
  },
  TLS_FAILED: {
    vi: 'bắt tay TLS với {host} thất bại: {reason}',
    en: 'the TLS handshake with {host} failed: {reason}',
    remedy: { vi: 'cổng này có phải cổng TLS không', en: 'is this port one for TLS?' },
  },
  NO_NODE: {
    vi: 'ở {url} không phải một nút: {reason}',
    en: 'no node answers at {url}: {reason}',
    remedy: {
      vi: 'kiểm tra địa chỉ; proxy bên kia phải chuyển /relay/v1 tới nút',
      en: 'check the URL; the proxy there has to pass /relay/v1 on to the node',
    },
  },
  OTHER_NODE: {
    vi: 'ở {url} là nút {found}, không phải {peer}',
    en: 'at {url} there is the node {found}, not {peer}',
    remedy: { vi: 'nhập lại đúng địa chỉ', en: 'enter the right URL' },
  },
  NO_COMMON_VERSION: {
    vi: 'bên kia nói giao thức phiên bản {theirs}, nút này nói {ours}',
    en: 'the other side speaks version {theirs} of the protocol, this node {ours}',
    remedy: { vi: 'nâng cấp bên cũ hơn', en: 'upgrade the older side' },
  },
  CLOCK_OFF: {
    vi: 'đồng hồ bên kia lệch {seconds} giây (cho phép {allowed})',
    en: 'the clock there differs by {seconds} s ({allowed} are allowed)',
    remedy: {
      vi: 'bật đồng bộ giờ (NTP) ở bên sai',
      en: 'switch time synchronisation (NTP) on where it is wrong',
    },
  },
  NOT_ITS_KEY: {
    vi: 'câu trả lời không được ký bằng khóa đã biết của nút: {reason}',
    en: 'the answer is not signed by a known key of the node: {reason}',
    remedy: {
      vi: 'đối chiếu vân tay với người vận hành bên kia; nếu họ đã đổi khóa, ghi khóa mới; nếu không, có kẻ ở giữa',
      en: 'compare fingerprints with their operator: if they have changed their key, enter the new one; if not, somebody is in between',
    },
  },
  UNKNOWN_THERE: {
    vi: 'bên kia không nhận chữ ký của nút này: {reason}',
    en: 'the other side does not take this node’s signature: {reason}',
    remedy: {
      vi: 'người vận hành bên kia chạy: congvan peer add {own} --url {ownUrl} --relation {inverse} --fingerprint {fingerprint} (hoặc congvan peer enable {own})',
      en: 'their operator runs: congvan peer add {own} --url {ownUrl} --relation {inverse} --fingerprint {fingerprint} (or congvan peer enable {own})',
    },
  },
  PING_UNKNOWN: {
    vi: 'bên kia chạy phiên bản cũ, chưa trả lời gói thử',
    en: 'the other side runs an older version that answers no pings',
    remedy: { vi: 'không cần làm gì; các bước khác đã đạt', en: 'nothing: the other steps have passed' },
  },
  PING_REFUSED: {
    vi: 'bên kia từ chối gói thử: {reason}',
    en: 'the other side refuses the ping: {reason}',
    remedy: { vi: 'xem nhật ký bên kia', en: 'see the log of the other node' },
  },
  ANSWER_BROKEN: {
    vi: 'biên nhận của gói thử không dùng được: {reason}',
    en: 'the receipt for the ping cannot be used: {reason}',
    remedy: {
      vi: 'có thể proxy ở giữa sửa nội dung; bên kia kiểm tra khóa của nút',
      en: 'a proxy in between may change what passes; the other side checks its node key',
    },
  },
  AWAY: {
    vi: 'nút không trả lời: {reason}',
    en: 'the node does not answer: {reason}',
    remedy: { vi: 'thử lại sau; xem nhật ký bên kia', en: 'try again later; see the log of the other node' },
  },
} as const satisfies Record<string, Finding>

/** A step in words: what was found, and where something is wrong what to do; empty where there is nothing to say. */
export function describeStep(result: StepResult, language: Language): { text: string; remedy: string } {
  const { step, code, params } = result
  if (code !== undefined) {
    const finding = peerFindings[code]
    return { text: fillText(finding[language], params), remedy: fillText(finding.remedy[language], params) }
  }
  const shown: Partial<Record<PeerStep, readonly string[]>> = {
    entered: ['url', 'relation'],
    connection: ['address'],
    tls: ['protocol', 'ends'],
    protocol: ['versions'],
    clock: ['seconds'],
    identity: ['key'],
  }
  const words = (shown[step] ?? []).flatMap((name) =>
    params[name] === undefined ? [] : [String(params[name])],
  )
  return { text: words.join(' '), remedy: '' }
}
