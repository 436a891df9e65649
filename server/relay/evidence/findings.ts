/**
 * What can be found about a bundle of evidence. `false`: something in it is not true. `open`: nothing is false by this,
 * but something is missing or not to be trusted, so not all is proven. Pure.
 */
import { fillMessage, type Language } from '../../../signing/index.ts'

interface FindingText {
  readonly severity: 'false' | 'open'
  readonly vi: string
  readonly en: string
}

export const evidenceFindings = {
  // Files of the bundle
  FILE_UNLISTED: {
    severity: 'false',
    vi: '{file}: không có trong mục lục của gói',
    en: '{file}: stands in no list of the bundle',
  },
  FILE_CHANGED: {
    severity: 'false',
    vi: '{file}: nội dung đã bị thay đổi, không đúng giá trị băm trong tên',
    en: '{file}: was changed, it does not have the hash that names it',
  },
  FILE_FOREIGN: {
    severity: 'false',
    vi: '{file}: gói tin không kê tệp này',
    en: '{file}: no envelope brings this file',
  },
  FILE_RENAMED: {
    severity: 'false',
    vi: '{file}: mục lục ghi tên "{name}", gói tin đã niêm phong ghi "{sealed}"',
    en: '{file}: the index calls it "{name}", the sealed envelope "{sealed}"',
  },
  HELPER_WRONG: {
    severity: 'false',
    vi: '{file}: không khớp dữ liệu mà nó được trích ra',
    en: '{file}: differs from what it was taken out of',
  },
  HOW_TO_UNKNOWN: {
    severity: 'open',
    vi: '{file}: do phiên bản khác của chương trình viết (bản hướng dẫn {version}), chưa so được; đừng chạy lệnh trong đó khi chưa đọc kỹ',
    en: '{file}: was written by another version of the program (text {version}) and cannot be compared; do not run its commands unread',
  },
  FILE_MISSING: { severity: 'open', vi: '{file}: thiếu trong gói', en: '{file}: is missing' },
  // Seals and who was entitled to them
  SEAL_BROKEN: {
    severity: 'false',
    vi: '{file}: dấu niêm phong không đúng ({reason})',
    en: '{file}: the seal does not hold ({reason})',
  },
  KEY_NOT_OF_NODE: {
    severity: 'false',
    vi: '{file}: khóa {fingerprint} không phải của nút {node} lúc {time}',
    en: '{file}: the key {fingerprint} was not that of node {node} at {time}',
  },
  KEY_NOT_TRUSTED: {
    severity: 'open',
    vi: 'Chưa có căn cứ để tin khóa {fingerprint} là của nút {node}',
    en: 'nothing shows yet that the key {fingerprint} is that of node {node}',
  },
  NODE_NOT_HOST: {
    severity: 'false',
    vi: '{file}: nút {node} không phục vụ cơ quan {agency} lúc {time}, không có quyền ký điều này',
    en: '{file}: the node {node} did not host the agency {agency} at {time} and may not say this',
  },
  HOST_UNKNOWN: {
    severity: 'open',
    vi: 'Danh bạ trong gói không cho biết nút nào phục vụ cơ quan {agency}',
    en: 'the directory in the bundle does not tell which node hosts the agency {agency}',
  },
  NODE_OFF_ROUTE: {
    severity: 'open',
    vi: '{file}: theo danh bạ trong gói, nút {node} không nằm trên đường tới {agency}',
    en: '{file}: by the directory in the bundle the node {node} is not on the way to {agency}',
  },
  DIRECTORY_PART_BROKEN: {
    severity: 'false',
    vi: '{file}: phần danh bạ không đúng ({reason})',
    en: '{file}: the part of the directory does not hold ({reason})',
  },
  DIRECTORY_PART_NOT_ENTITLED: {
    severity: 'false',
    vi: '{file}: không do khóa của nút {node} ký, hoặc danh bạ không có nút này',
    en: '{file}: is not signed by a key of node {node}, or the directory does not know this node',
  },
  DIRECTORY_MISSING: {
    severity: 'open',
    vi: 'Gói không có danh bạ từ nút gốc: không chứng minh được nút nào phục vụ cơ quan nào',
    en: 'there is no directory from the root: which node hosted which agency is not proven',
  },
  DIRECTORY_NOT_TRUSTED: {
    severity: 'open',
    vi: 'Nút nào phục vụ cơ quan nào: danh bạ do nút gốc {node} ký bằng khóa {fingerprint}; đối chiếu khóa này ở nguồn khác (CA không cho biết nút nào là gốc), rồi thêm --root {fingerprint} hoặc đặt chứng thư của nút gốc vào tệp --trust',
    en: 'which node hosted which agency: the directory is signed by the root {node} with the key {fingerprint}; compare it elsewhere (no authority tells which node is the root), then add --root {fingerprint} or put the root’s certificate into the file of --trust',
  },
  // Envelopes and deliveries
  ENVELOPE_FOREIGN: {
    severity: 'false',
    vi: '{file}: gói tin mang văn bản khác ({document}), không phải văn bản của gói chứng cứ',
    en: '{file}: the envelope brings another document ({document}) than that of the bundle',
  },
  DELIVERY_TWICE: {
    severity: 'false',
    vi: 'Nơi nhận {agency}: mục lục kê một lượt gửi hai lần',
    en: 'recipient {agency}: the index tells of one delivery twice',
  },
  RECIPIENT_FOREIGN: {
    severity: 'false',
    vi: 'Nơi nhận {agency} không có trong gói tin đã niêm phong',
    en: 'the recipient {agency} does not stand in the sealed envelope',
  },
  // Receipts
  RECEIPT_FOREIGN: {
    severity: 'false',
    vi: '{file}: biên nhận không nói về lượt gửi này (gói tin, lần gửi hoặc nơi nhận khác)',
    en: '{file}: the receipt is about another delivery (envelope, series or recipient)',
  },
  CHAIN_ORDER: {
    severity: 'false',
    vi: '{file}: {event} không thể nối sau {previous}',
    en: '{file}: {event} cannot follow {previous}',
  },
  CHAIN_INCOMPLETE: {
    severity: 'open',
    vi: 'Nơi nhận {agency}: thiếu biên nhận {receipt} mà {file} nối tiếp',
    en: 'recipient {agency}: the receipt {receipt}, which {file} follows, is missing',
  },
  TERMINALS_CONTRADICT: {
    severity: 'false',
    vi: 'Nơi nhận {agency}: có nhiều biên nhận kết thúc trái nhau ({events})',
    en: 'recipient {agency}: several terminal receipts contradict each other ({events})',
  },
  HANDOVERS_CONTRADICT: {
    severity: 'false',
    vi: 'Nơi nhận {agency}: vừa có biên nhận tiếp nhận vừa có biên nhận từ chối',
    en: 'recipient {agency}: there are receipts both of acceptance and of refusal',
  },
  NOT_ENDED: {
    severity: 'open',
    vi: 'Nơi nhận {agency}: chưa có biên nhận kết thúc, lượt gửi còn trên đường khi gói được lập',
    en: 'recipient {agency}: there is no terminal receipt, the delivery was under way',
  },
  RECIPIENT_MISSING: {
    severity: 'open',
    vi: 'Nơi nhận {agency} có trong gói tin nhưng gói không có chứng cứ nào về lượt gửi này',
    en: 'the recipient {agency} stands in the envelope, the bundle has no evidence of it',
  },
  TIME_IMPLAUSIBLE: {
    severity: 'false',
    vi: '{file}: thời điểm {time} không thể đúng ({why})',
    en: '{file}: the time {time} cannot be right ({why})',
  },
  // Statuses
  STATUS_FOREIGN: {
    severity: 'false',
    vi: '{file}: trạng thái không trả lời văn bản này hoặc không phải của {agency}',
    en: '{file}: the status does not answer this document or is not by {agency}',
  },
  STATUS_CODE_WRONG: {
    severity: 'false',
    vi: '{file}: mã trạng thái {code} không phải là lời đáp cho một văn bản',
    en: '{file}: the status code {code} is no answer to a document',
  },
  HANDOVER_MISSING: {
    severity: 'open',
    vi: 'Nơi nhận {agency}: có trạng thái {code} nhưng thiếu biên nhận {event}',
    en: 'recipient {agency}: there is the status {code} without the receipt {event}',
  },
  // The signatures in the files
  SIGNATURE_FALSE: {
    severity: 'false',
    vi: '{file}: chữ ký số trong tệp không hợp lệ ({reason})',
    en: '{file}: a signature in the file is invalid ({reason})',
  },
  SIGNATURE_OPEN: {
    severity: 'open',
    vi: '{file}: chữ ký số trong tệp chưa đủ căn cứ ({reason})',
    en: '{file}: the signatures in the file are undecided ({reason})',
  },
} as const satisfies Record<string, FindingText>

export type EvidenceFindingCode = keyof typeof evidenceFindings

export interface EvidenceFinding {
  readonly code: EvidenceFindingCode
  readonly severity: 'false' | 'open'
  readonly params: Readonly<Record<string, string | number>>
}

export function evidenceFindingText({ code, params }: EvidenceFinding, language: Language): string {
  return fillMessage(evidenceFindings[code][language], params)
}

/** Collects findings, each once. */
export class Findings {
  readonly #byKey = new Map<string, EvidenceFinding>()

  add(code: EvidenceFindingCode, params: Readonly<Record<string, string | number>> = {}): void {
    this.#byKey.set(JSON.stringify([code, params]), {
      code,
      severity: evidenceFindings[code].severity,
      params,
    })
  }

  /** What is false first. */
  all(): EvidenceFinding[] {
    const found = [...this.#byKey.values()]
    return [
      ...found.filter((one) => one.severity === 'false'),
      ...found.filter((one) => one.severity === 'open'),
    ]
  }
}
