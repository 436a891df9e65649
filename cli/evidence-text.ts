/** What a bundle of evidence proves, in the words of a clerk or a judge. */
import { type AspectVerdict, type EvidenceAspect, evidenceAspects } from '../server/relay/evidence/aspects.ts'
import { evidenceFindingText } from '../server/relay/evidence/findings.ts'
import type {
  EvidenceReport,
  EvidenceStep,
  ProvenDelivery,
} from '../server/relay/evidence/verify-evidence.ts'
import type { Language } from '../signing/index.ts'
import type { Bilingual } from './command.ts'
import { safeText } from './terminal-text.ts'
import { signerName } from './verify/signer-name.ts'

const verdicts: Readonly<Record<EvidenceReport['verdict'], Bilingual>> = {
  PROVEN: {
    vi: 'ĐƯỢC CHỨNG MINH: mọi điều dưới đây có chứng cứ đầy đủ',
    en: 'PROVEN: all that stands below',
  },
  FALSE: {
    vi: 'CÓ ĐIỀU SAI: không dùng làm chứng cứ khi chưa làm rõ',
    en: 'FALSE: something in it is not true',
  },
  INCOMPLETE: {
    vi: 'CHƯA ĐỦ CĂN CỨ: không có gì sai, nhưng chưa chứng minh được hết',
    en: 'INCOMPLETE: nothing is false, but not all is proven',
  },
}

const aspects: Readonly<Record<EvidenceAspect, Bilingual>> = {
  files: { vi: 'Các tệp đủ và còn nguyên', en: 'the files are all there and unchanged' },
  signatures: {
    vi: 'Chữ ký số của người ký và của cơ quan trên văn bản',
    en: 'the signatures of people and of the agency on the document',
  },
  seals: {
    vi: 'Dấu niêm phong của mọi gói tin, biên nhận, trạng thái',
    en: 'the seal of every envelope, receipt and status',
  },
  course: {
    vi: 'Diễn biến với từng nơi nhận, theo lời các nút: đủ, không mâu thuẫn',
    en: 'the course of events at every recipient, as the nodes tell it: complete, without contradiction',
  },
  nodes: {
    vi: 'Khóa đã niêm phong là của đúng các nút được nêu tên',
    en: 'the keys of the seals are those of the nodes that are named',
  },
  hosting: {
    vi: 'Các nút ấy có quyền: phục vụ nơi gửi, nơi nhận hoặc nằm trên đường đi',
    en: 'these nodes were entitled: hosts of sender and recipients, or on the way',
  },
}

const aspectVerdicts: Readonly<Record<AspectVerdict, Bilingual>> = {
  holds: { vi: 'ĐÚNG', en: 'HOLDS' },
  false: { vi: 'SAI', en: 'FALSE' },
  open: { vi: 'CHƯA ĐỦ', en: 'OPEN' },
}

/** What a receipt says happened; `{node}` is who sealed it. */
const events: Readonly<Record<EvidenceStep['event'], Bilingual>> = {
  SubmissionAcceptance: {
    vi: 'nút {node} của cơ quan gửi đã nhận gửi',
    en: 'accepted for sending by the sender’s node {node}',
  },
  SubmissionRejection: { vi: 'nút {node} từ chối nhận gửi', en: 'refused for sending by the node {node}' },
  RelayAcceptance: { vi: 'nút {node} đã nhận chuyển tiếp', en: 'taken over by the node {node}' },
  RelayRejection: { vi: 'KHÔNG CHUYỂN ĐƯỢC, nút {node} xác nhận', en: 'NOT RELAYED, says the node {node}' },
  RelayFailure: { vi: 'nút {node} chưa chuyển tiếp được', en: 'the node {node} could not pass it on' },
  ContentConsignment: {
    vi: 'ĐÃ ĐẾN: nút {node} đã đặt văn bản trước văn thư nơi nhận',
    en: 'ARRIVED: laid before the recipient’s clerk by the node {node}',
  },
  ContentConsignmentFailure: {
    vi: 'KHÔNG ĐẾN: nút {node} không giao được cho nơi nhận',
    en: 'NOT ARRIVED: the node {node} could not lay it before the recipient',
  },
  ContentHandover: { vi: 'văn thư nơi nhận đã tiếp nhận', en: 'accepted by the recipient’s clerk' },
  ContentHandoverFailure: {
    vi: 'văn thư nơi nhận từ chối tiếp nhận',
    en: 'refused by the recipient’s clerk',
  },
  Expiry: { vi: 'HẾT HẠN CHUYỂN, nút {node} xác nhận', en: 'EXPIRED, says the node {node}' },
}

const words = {
  document: { vi: 'Văn bản', en: 'Document' },
  from: { vi: 'Nơi gửi', en: 'From' },
  file: { vi: 'Tệp', en: 'File' },
  to: { vi: 'Nơi nhận', en: 'To' },
  again: { vi: 'lần gửi', en: 'attempt' },
  open: { vi: 'chưa có biên nhận kết thúc', en: 'no terminal receipt' },
  status: { vi: 'trạng thái', en: 'status' },
  aspects: { vi: 'Xét từng điều', en: 'Point by point' },
  findings: { vi: 'Phát hiện', en: 'Findings' },
  false: { vi: 'SAI', en: 'FALSE' },
  openFinding: { vi: 'CHƯA ĐỦ', en: 'OPEN' },
  unsigned: { vi: 'không có chữ ký số', en: 'not signed' },
} as const satisfies Record<string, Bilingual>

export function evidenceText(file: string, report: EvidenceReport, language: Language): string {
  const word = (name: keyof typeof words) => words[name][language]
  const lines = [`${file}: ${verdicts[report.verdict][language]}`]
  const { document } = report
  if (document !== null) {
    lines.push(
      `${word('document')}: ${document.code}, ${localDay(document.promulgationDate)}: ${document.subject}`,
    )
    lines.push(
      `${word('from')}: ${document.from.organName} (${document.from.organId}), ${localTime(document.sealedAt)}`,
    )
  }
  for (const one of report.files) {
    const signers = (one.signatures?.signatures ?? []).map(
      (signature) => `${signerName(signature.signer?.subject ?? '?')}: ${signature.indication}`,
    )
    const shown = signers.length > 0 ? signers.join('; ') : word('unsigned')
    lines.push(`${word('file')}: ${one.name} (SHA-256 ${one.sha256}) – ${shown}`)
  }
  for (const one of report.deliveries) lines.push('', ...deliveryLines(one, language))
  if (report.findings.length > 0) {
    lines.push('', `${word('aspects')}:`)
    for (const one of evidenceAspects) {
      lines.push(`  [${aspectVerdicts[report.aspects[one]][language]}] ${aspects[one][language]}`)
    }
    lines.push('', `${word('findings')}:`)
    for (const one of report.findings) {
      const kind = word(one.severity === 'false' ? 'false' : 'openFinding')
      lines.push(`  [${kind}] ${evidenceFindingText(one, language)} [${one.code}]`)
    }
  }
  return lines.map(safeText).join('\n')
}

function deliveryLines(delivery: ProvenDelivery, language: Language): string[] {
  const { recipient, recipientName, series, terminal } = delivery
  const again = series > 1 ? `, ${words.again[language]} ${series}` : ''
  const lines = [`${words.to[language]}: ${recipientName} (${recipient})${again}`]
  const told = [
    ...delivery.steps.map((one) => ({ time: one.time, text: stepText(one, language) })),
    ...delivery.statuses.map((one) => ({
      time: one.time,
      text: `${words.status[language]} ${one.code}${one.description === null ? '' : `: ${one.description}`}`,
    })),
  ].toSorted((a, b) => Date.parse(a.time) - Date.parse(b.time))
  for (const one of told) lines.push(`  ${localTime(one.time)}  ${one.text}`)
  if (terminal === null) lines.push(`  ${words.open[language]}`)
  return lines
}

function stepText({ event, node, reason, reasonText }: EvidenceStep, language: Language): string {
  const why = [reason, reasonText].filter((one) => one !== null).join(': ')
  return `${events[event][language].replace('{node}', node)}${why === '' ? '' : ` (${why})`}`
}

/** `10.03.2025 09:00:00 +07:00`, as signing tools in Vietnam print it. */
function localTime(iso: string): string {
  const [day = '', clock = ''] = new Date(Date.parse(iso) + 7 * 3_600_000).toISOString().split('T')
  return `${localDay(day)} ${clock.slice(0, 8)} +07:00`
}

function localDay(day: string): string {
  return day.split('-').reverse().join('.')
}
