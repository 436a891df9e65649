import {
  type Indication,
  type Language,
  type SignatureReport,
  type SubIndication,
  subIndicationMeaning,
  type VerificationReport,
} from '../signing/index.ts'
import type { Bilingual } from './command.ts'
import { findingText } from './finding-words.ts'
import { displayWidth, padEnd, safeText } from './terminal-text.ts'
import { adviceFor } from './verify/advice.ts'
import { signerName } from './verify/signer-name.ts'

/**
 * The report of one file for people (reference 4.8): the verdict and what to do about it, then each signature: who,
 * when, whether it is whole, what changed since, and only then the technical particulars.
 */
export function reportText(file: string, report: VerificationReport, language: Language): string {
  const lines = [`${safeText(file)}: ${verdict(report, language)}`]
  for (const error of report.errors) lines.push(`  ! ${safeText(findingText(error, language))}`)
  const advice = adviceFor(report)?.[language]
  if (advice !== undefined) lines.push(`  → ${advice}`)
  for (const [index, signature] of report.signatures.entries()) {
    const own = adviceFor({ ...signature, errors: [] })?.[language]
    lines.push('', ...signatureLines(index + 1, signature, own === advice ? undefined : own, language))
  }
  return report.signatures.length === 0 ? lines.join('\n') : `${lines.join('\n')}\n`
}

export interface VerifyCounts {
  readonly passed: number
  readonly failed: number
  readonly undecided: number
  readonly unread: number
}

export function summaryText(counts: VerifyCounts, language: Language): string {
  const { passed, failed, undecided, unread } = counts
  const total = passed + failed + undecided + unread
  return language === 'vi'
    ? `${total} tệp: ${passed} hợp lệ, ${failed} không hợp lệ, ${undecided} chưa đủ căn cứ hoặc không có chữ ký, ${unread} không đọc được`
    : `${total} files: ${passed} valid, ${failed} invalid, ${undecided} undecided or unsigned, ${unread} unread`
}

const verdicts: Readonly<Record<Indication, Bilingual>> = {
  TOTAL_PASSED: { vi: 'HỢP LỆ', en: 'VALID' },
  TOTAL_FAILED: { vi: 'KHÔNG HỢP LỆ', en: 'INVALID' },
  INDETERMINATE: { vi: 'CHƯA ĐỦ CĂN CỨ', en: 'UNDECIDED' },
  NO_SIGNATURE: { vi: 'KHÔNG CÓ CHỮ KÝ', en: 'NO SIGNATURE' },
}

const roles: Readonly<Record<SignatureReport['role'], Bilingual>> = {
  individual: { vi: 'chữ ký số cá nhân', en: 'signature of an individual' },
  agency: { vi: 'chữ ký số cơ quan', en: 'signature of an agency' },
  timestamp: { vi: 'dấu thời gian', en: 'time-stamp' },
  unknown: { vi: 'chữ ký chưa rõ vai trò', en: 'signature of unknown role' },
}

const labels = {
  time: { vi: 'Thời gian ký', en: 'Signing time' },
  integrity: { vi: 'Nội dung', en: 'Content' },
  after: { vi: 'Sau khi ký', en: 'After signing' },
  advice: { vi: 'Nên làm', en: 'What to do' },
  warning: { vi: 'Lưu ý', en: 'Note' },
  coverage: { vi: 'Phạm vi ký', en: 'Coverage' },
  signer: { vi: 'Chứng thư của', en: 'Certificate of' },
  issuer: { vi: 'Nơi cấp', en: 'Issued by' },
  serial: { vi: 'Số hiệu', en: 'Serial number' },
  field: { vi: 'Ô chữ ký', en: 'Field' },
  algorithms: { vi: 'Kỹ thuật', en: 'Technical' },
} as const satisfies Record<string, Bilingual>

const coverages: Readonly<Record<SignatureReport['coverage'], Bilingual>> = {
  'whole-file': { vi: 'toàn bộ tệp', en: 'the whole file' },
  revision: { vi: 'toàn bộ một phiên bản trước của tệp', en: 'a whole earlier revision of the file' },
  partial: { vi: 'một phần của tệp', en: 'a part of the file' },
}

const changes: Readonly<Record<SignatureReport['changesAfter'], Bilingual>> = {
  none: { vi: 'không có thay đổi', en: 'no change' },
  permitted: { vi: 'có thay đổi được phép:', en: 'permitted changes:' },
  forbidden: { vi: 'CÓ THAY ĐỔI KHÔNG ĐƯỢC PHÉP:', en: 'FORBIDDEN CHANGES:' },
}

function verdict(
  judged: { indication: Indication; subIndication: SubIndication | null },
  language: Language,
): string {
  const word = verdicts[judged.indication][language]
  if (judged.subIndication === null) return word
  return `${word}: ${subIndicationMeaning(judged.subIndication, language)} [${judged.subIndication}]`
}

function signatureLines(
  position: number,
  signature: SignatureReport,
  advice: string | undefined,
  language: Language,
): string[] {
  const { signer } = signature
  const facts: [Bilingual, string][] = [
    [labels.time, signingTime(signature, language)],
    [labels.integrity, integrity(signature.cryptoIntact, language)],
    [labels.after, changes[signature.changesAfter][language]],
  ]
  for (const change of signature.changes) facts.push([labels.after, `- ${findingText(change, language)}`])
  if (advice !== undefined) facts.push([labels.advice, advice])
  for (const warning of signature.warnings) facts.push([labels.warning, findingText(warning, language)])
  facts.push([labels.coverage, coverageText(signature, language)])
  if (signer !== null) {
    facts.push([labels.signer, signer.subject])
    facts.push([labels.issuer, signer.issuer])
    facts.push([labels.serial, signer.serial])
  }
  if (signature.field !== null) facts.push([labels.field, signature.field])
  const technical = [signature.level, signature.digestAlgorithm, signature.signatureAlgorithm]
  facts.push([labels.algorithms, technical.filter((name) => name !== null).join(', ')])

  const width = Math.max(...Object.values(labels).map((label) => displayWidth(label[language]))) + 2
  const who = signer === null ? unknownSigner[language] : signerName(signer.subject)
  let previous: Bilingual | undefined
  return [
    `  ${position}. ${safeText(who)} (${roles[signature.role][language]}): ${verdict(signature, language)}`,
    ...facts.map(([label, text]) => {
      // A label stands once for all its lines.
      const shown = label === previous ? '' : `${label[language]}:`
      previous = label
      return `     ${padEnd(shown, width)}${safeText(text)}`
    }),
  ]
}

/** Who countersigns answers for another's signature, not for the content. */
function coverageText({ coverage, counterSigns }: SignatureReport, language: Language): string {
  if (counterSigns === undefined) return coverages[coverage][language]
  const position = counterSigns.replace(/^sig-/, '')
  return language === 'vi' ? `xác nhận chữ ký ${position}` : `countersigns signature ${position}`
}

const unknownSigner: Bilingual = { vi: 'không rõ người ký', en: 'unknown signer' }

function signingTime({ claimedTime, provenTime }: SignatureReport, language: Language): string {
  const vietnamese = language === 'vi'
  const parts: string[] = []
  if (provenTime !== null) {
    const proven = vietnamese ? 'dấu thời gian chứng minh đã có trước lúc này' : 'proven by a time-stamp'
    parts.push(`${localTime(provenTime)} (${proven})`)
  }
  if (claimedTime !== null && claimedTime !== provenTime) {
    const claimed = vietnamese ? 'người ký khai' : 'claimed by the signer'
    const unproven = vietnamese ? ', chưa có gì chứng minh' : ', not proven'
    parts.push(`${localTime(claimedTime)} (${claimed}${provenTime === null ? unproven : ''})`)
  }
  return parts.length > 0 ? parts.join('; ') : vietnamese ? 'không ghi' : 'not stated'
}

function integrity(intact: boolean | null, language: Language): string {
  if (intact === null) return language === 'vi' ? 'không kiểm tra được' : 'could not be checked'
  if (intact) return language === 'vi' ? 'phần đã ký còn nguyên vẹn' : 'the signed bytes are intact'
  return language === 'vi' ? 'PHẦN ĐÃ KÝ ĐÃ BỊ THAY ĐỔI' : 'THE SIGNED BYTES WERE CHANGED'
}

/** As signing tools in Vietnam print it: `06.01.2025 08:00:00 +07:00`. */
function localTime(iso: string): string {
  const time = new Date(iso)
  if (Number.isNaN(time.getTime())) return iso
  const shifted = new Date(time.getTime() + 7 * 3600_000).toISOString()
  const [date = '', clock = ''] = shifted.split('T')
  return `${date.split('-').reverse().join('.')} ${clock.slice(0, 8)} +07:00`
}
