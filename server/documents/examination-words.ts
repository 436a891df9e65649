/** The words of an examination, for clerks. Pure. */
import { fillMessage } from '../../signing/index.ts'
import type { Examination, ExaminationCode, ExaminationFinding, Overall } from './examination.ts'

interface Words {
  readonly vi: string
  readonly en: string
}

export const overallWords: Readonly<Record<Overall, Words>> = {
  valid: { vi: 'hợp lệ', en: 'valid' },
  invalid: { vi: 'không hợp lệ', en: 'not valid' },
  undecided: { vi: 'chưa đủ căn cứ', en: 'undecided' },
}

const words: Readonly<Record<ExaminationCode, Words>> = {
  FILE_UNREADABLE: { vi: 'Không mở được tệp ({reason})', en: 'the file cannot be opened ({reason})' },
  CHANGED_AFTER_SIGNING: {
    vi: 'Tài liệu đã bị thay đổi sau chữ ký {signature}',
    en: 'the document was changed after signature {signature}',
  },
  SIGNATURE_BROKEN: {
    vi: 'Chữ ký {signature} không khớp nội dung ({reason})',
    en: 'signature {signature} does not fit the content ({reason})',
  },
  NOT_SIGNED: { vi: 'Văn bản không có chữ ký số', en: 'the document bears no digital signature' },
  SIGNATURE_INVALID: {
    vi: 'Chữ ký {signature} không hợp lệ ({reason})',
    en: 'signature {signature} is not valid ({reason})',
  },
  SIGNATURE_UNCERTAIN: {
    vi: 'Chưa đủ căn cứ về chữ ký {signature} ({reason})',
    en: 'signature {signature} is undecided ({reason})',
  },
  REVOCATION_UNCHECKED: {
    vi: 'Không kiểm tra được tình trạng thu hồi của chứng thư ở chữ ký {signature} (không phải là đã bị thu hồi)',
    en: 'whether the certificate of {signature} was revoked could not be checked (which is not: it was revoked)',
  },
  SIGNED_OUT_OF_ORDER: {
    vi: 'Cơ quan ký số trước người có thẩm quyền',
    en: 'the agency signed before the person with authority',
  },
  SENDER_NOT_SIGNER: {
    vi: 'Cơ quan ký số ({signer}) không phải cơ quan gửi ({sender})',
    en: 'the agency that signed ({signer}) is not the one that sent it ({sender})',
  },
  AGENCY_UNNAMED: {
    vi: 'Chứng thư số của cơ quan không có mã định danh để đối chiếu với cơ quan gửi ({sender})',
    en: 'the certificate of the agency names no code to compare with the sender ({sender})',
  },
  AGENCIES_DIFFER: {
    vi: 'Chữ ký cá nhân {signature} thuộc cơ quan khác ({found})',
    en: 'the person of {signature} signs for another agency ({found})',
  },
  SIGNER_DIFFERS: {
    vi: 'Người ký ghi trong văn bản là "{expected}", chứng thư số ghi "{found}"',
    en: 'the document names "{expected}" as signer, the certificate "{found}"',
  },
  TITLE_DIFFERS: {
    vi: 'Chức vụ ghi trong văn bản là "{expected}", chứng thư số ghi "{found}"',
    en: 'the document names the title "{expected}", the certificate "{found}"',
  },
  PUBLIC_CA_TOO_LATE: {
    vi: 'Chữ ký {signature} dùng chứng thư công cộng ({authority}) từ {since} trở đi, khi đã phải dùng chứng thư chuyên dùng công vụ',
    en: 'signature {signature} rests on a public certificate ({authority}) though public-duty ones are due since {since}',
  },
  OTHER_CA: {
    vi: 'Chữ ký {signature} không dùng chứng thư chuyên dùng công vụ mà của "{authority}"',
    en: 'signature {signature} rests on no public-duty certificate but on one of "{authority}"',
  },
  NUMBER_DIFFERS: {
    vi: 'Số, ký hiệu trên văn bản là {found}, trong gói tin là {expected}',
    en: 'the page shows the number {found}, the message {expected}',
  },
  NUMBER_NOT_FOUND: {
    vi: 'Không đọc được số, ký hiệu trên văn bản để đối chiếu với {expected}',
    en: 'no number could be read on the page to compare with {expected}',
  },
  INDIVIDUAL_MISSING: {
    vi: 'Thiếu chữ ký số của người có thẩm quyền',
    en: 'the signature of the person with authority is missing',
  },
  AGENCY_MISSING: { vi: 'Thiếu chữ ký số của cơ quan', en: 'the signature of the agency is missing' },
  SCANNED_COPY: {
    vi: 'Bản sao điện tử: chỉ có chữ ký số của cơ quan sao',
    en: 'an electronic copy: it bears the signature of the copying agency alone',
  },
  FILE_MISSING: {
    vi: 'Thiếu tệp "{name}" nêu trong gói tin',
    en: 'the file "{name}" of the message is missing',
  },
  ANNEX_UNSIGNED: {
    vi: 'Phụ lục "{name}" là tệp riêng mà không có chữ ký số của cơ quan',
    en: 'the annex "{name}" is a file of its own without the signature of the agency',
  },
  FILE_INVALID: {
    vi: 'Chữ ký số trên tệp "{name}" không hợp lệ',
    en: 'a signature on "{name}" is not valid',
  },
  FILE_UNUSUAL: { vi: 'Tệp "{name}": {reason}', en: 'the file "{name}": {reason}' },
  FIELD_MISSING: {
    vi: 'Gói tin thiếu thông tin để vào sổ: {field}',
    en: 'the message lacks what the register needs: {field}',
  },
  TEXT_UNREADABLE: {
    vi: 'Không đọc được chữ trên trang; phải xem bằng mắt',
    en: 'the text of the pages cannot be read; it must be looked at',
  },
  SECRET_MARK: { vi: 'Có dấu chỉ độ mật "{mark}"', en: 'it shows the mark of secrecy "{mark}"' },
}

/** A finding in both languages. */
export function wordsOf({ code, params }: ExaminationFinding): Words {
  return { vi: fillMessage(words[code].vi, params), en: fillMessage(words[code].en, params) }
}

/** The word over the whole, in both languages. */
export function overallWord({ overall }: Pick<Examination, 'overall'>): Words {
  return overallWords[overall]
}
