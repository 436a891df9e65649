import type {
  Indication,
  Language,
  SignatureReport,
  SubIndication,
  VerificationReport,
} from '../signing/index.ts'
import type { Bilingual } from './command.ts'
import { findingText } from './finding-words.ts'
import { displayWidth, padEnd, safeText } from './terminal-text.ts'

/** The report of one file for people (reference 4.8): the verdict first, then each signature with its facts. */
export function reportText(file: string, report: VerificationReport, language: Language): string {
  const lines = [`${safeText(file)}: ${verdict(report, language)}`]
  for (const error of report.errors) lines.push(`  ! ${safeText(findingText(error, language))}`)
  for (const [index, signature] of report.signatures.entries()) {
    lines.push('', ...signatureLines(index + 1, signature, language))
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

/** The words that clerks know from their signing tool where there are such (reference 4.7). */
const reasons: Readonly<Partial<Record<SubIndication, Bilingual>>> = {
  FORMAT_FAILURE: {
    vi: 'tài liệu sai cấu trúc hoặc bị sửa sau khi ký',
    en: 'broken structure, or changed after signing',
  },
  HASH_FAILURE: { vi: 'tài liệu đã bị thay đổi', en: 'the document was changed' },
  SIG_CRYPTO_FAILURE: { vi: 'giá trị chữ ký không đúng', en: 'the signature value does not hold' },
  REVOKED: { vi: 'chứng thư số đã bị thu hồi', en: 'the certificate is revoked' },
  REVOKED_NO_POE: {
    vi: 'chứng thư số đã bị thu hồi, không rõ ký trước hay sau',
    en: 'the certificate is revoked, before or after signing is unknown',
  },
  REVOKED_CA_NO_POE: {
    vi: 'chứng thư số của cơ quan cấp đã bị thu hồi',
    en: 'the certificate of the issuer is revoked',
  },
  EXPIRED: { vi: 'chứng thư số đã hết hạn sử dụng', en: 'the certificate has expired' },
  NOT_YET_VALID: { vi: 'chứng thư số chưa có hiệu lực', en: 'the certificate is not yet valid' },
  OUT_OF_BOUNDS_NO_POE: {
    vi: 'thời điểm xét nằm ngoài hạn của chứng thư số',
    en: 'outside the validity of the certificate at the time of judgement',
  },
  OUT_OF_BOUNDS_NOT_REVOKED: {
    vi: 'chứng thư số đã hết hạn, chưa bị thu hồi',
    en: 'the certificate has expired and was not revoked',
  },
  NO_CERTIFICATE_CHAIN_FOUND: {
    vi: 'chứng thư số không tin cậy: không có đường dẫn tới gốc tin cậy',
    en: 'no path to a trust anchor',
  },
  CERTIFICATE_CHAIN_GENERAL_FAILURE: {
    vi: 'đường dẫn chứng thực không hợp lệ',
    en: 'the certification path is invalid',
  },
  CHAIN_CONSTRAINTS_FAILURE: {
    vi: 'đường dẫn chứng thực không đạt điều kiện',
    en: 'the certification path breaks a constraint',
  },
  NO_SIGNING_CERTIFICATE_FOUND: {
    vi: 'không tìm thấy chứng thư số của người ký',
    en: 'the signing certificate was not found',
  },
  SIG_CONSTRAINTS_FAILURE: { vi: 'chữ ký không đạt điều kiện', en: 'the signature breaks a constraint' },
  CRYPTO_CONSTRAINTS_FAILURE: { vi: 'thuật toán không còn an toàn', en: 'an algorithm is no longer safe' },
  CRYPTO_CONSTRAINTS_FAILURE_NO_POE: {
    vi: 'thuật toán không còn an toàn',
    en: 'an algorithm is no longer safe',
  },
  SIGNED_DATA_NOT_FOUND: { vi: 'không có dữ liệu được ký', en: 'the signed data is not there' },
  TIMESTAMP_ORDER_FAILURE: { vi: 'thứ tự dấu thời gian sai', en: 'time-stamps are in the wrong order' },
  NO_POE: { vi: 'không chứng minh được thời điểm ký', en: 'the time of signing is not proven' },
  TRY_LATER: { vi: 'không kiểm tra được tình trạng thu hồi', en: 'revocation could not be checked' },
}

const roles: Readonly<Record<SignatureReport['role'], Bilingual>> = {
  individual: { vi: 'chữ ký số cá nhân', en: 'signature of an individual' },
  agency: { vi: 'chữ ký số cơ quan', en: 'signature of an agency' },
  timestamp: { vi: 'dấu thời gian', en: 'time-stamp' },
  unknown: { vi: 'chữ ký chưa rõ vai trò', en: 'signature of unknown role' },
}

const labels = {
  signer: { vi: 'Người ký', en: 'Signer' },
  issuer: { vi: 'Nơi cấp chứng thư', en: 'Issuer' },
  serial: { vi: 'Số hiệu chứng thư', en: 'Serial number' },
  time: { vi: 'Thời gian ký', en: 'Signing time' },
  integrity: { vi: 'Toàn vẹn', en: 'Integrity' },
  coverage: { vi: 'Phạm vi ký', en: 'Coverage' },
  after: { vi: 'Sau khi ký', en: 'After signing' },
  algorithms: { vi: 'Thuật toán', en: 'Algorithms' },
  warning: { vi: 'Cảnh báo', en: 'Warning' },
} as const satisfies Record<string, Bilingual>

const coverages: Readonly<Record<SignatureReport['coverage'], Bilingual>> = {
  'whole-file': { vi: 'toàn bộ tệp', en: 'the whole file' },
  revision: { vi: 'toàn bộ một phiên bản trước của tệp', en: 'a whole earlier revision of the file' },
  partial: { vi: 'một phần của tệp', en: 'a part of the file' },
}

const changes: Readonly<Record<SignatureReport['changesAfter'], Bilingual>> = {
  none: { vi: 'không có thay đổi', en: 'no change' },
  permitted: { vi: 'có thay đổi được phép', en: 'permitted changes' },
  forbidden: { vi: 'CÓ THAY ĐỔI KHÔNG ĐƯỢC PHÉP', en: 'FORBIDDEN CHANGES' },
}

function verdict(
  judged: { indication: Indication; subIndication: SubIndication | null },
  language: Language,
): string {
  const word = verdicts[judged.indication][language]
  if (judged.subIndication === null) return word
  const reason = reasons[judged.subIndication]?.[language]
  return reason === undefined
    ? `${word} (${judged.subIndication})`
    : `${word} (${judged.subIndication}: ${reason})`
}

function signatureLines(position: number, signature: SignatureReport, language: Language): string[] {
  const facts: [Bilingual, string][] = []
  if (signature.signer !== null) {
    facts.push([labels.signer, signature.signer.subject])
    facts.push([labels.serial, signature.signer.serial])
    facts.push([labels.issuer, signature.signer.issuer])
  }
  facts.push([labels.time, signingTime(signature, language)])
  facts.push([labels.integrity, integrity(signature.cryptoIntact, language)])
  facts.push([labels.coverage, coverages[signature.coverage][language]])
  facts.push([labels.after, changes[signature.changesAfter][language]])
  for (const change of signature.changes) facts.push([labels.after, `- ${findingText(change, language)}`])
  const algorithms = [signature.level, signature.digestAlgorithm, signature.signatureAlgorithm]
  facts.push([labels.algorithms, algorithms.filter((name) => name !== null).join(', ')])
  for (const warning of signature.warnings) facts.push([labels.warning, findingText(warning, language)])

  const width = Math.max(...Object.values(labels).map((label) => displayWidth(label[language]))) + 2
  const field = signature.field === null ? signature.id : signature.field
  return [
    `  ${position}. ${safeText(field)}, ${roles[signature.role][language]}: ${verdict(signature, language)}`,
    ...facts.map(([label, text]) => `     ${padEnd(`${label[language]}:`, width)}${safeText(text)}`),
  ]
}

function signingTime(signature: SignatureReport, language: Language): string {
  const { claimedTime, provenTime } = signature
  const parts: string[] = []
  if (provenTime !== null) {
    parts.push(
      `${localTime(provenTime)} (${language === 'vi' ? 'theo dấu thời gian' : 'proven by a time-stamp'})`,
    )
  }
  if (claimedTime !== null) {
    parts.push(`${localTime(claimedTime)} (${language === 'vi' ? 'người ký khai' : 'claimed by the signer'})`)
  }
  return parts.length > 0 ? parts.join('; ') : language === 'vi' ? 'không ghi' : 'not stated'
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
