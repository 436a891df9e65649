import type { FindingTexts } from './entry.ts'

/** The form of a PDF and of its signatures. */
export const pdfTexts = {
  PDF_NOT_A_PDF: { vi: 'Tệp không phải là PDF', en: 'The file is not a PDF' },
  PDF_MALFORMED: {
    vi: 'Tệp PDF bị hỏng hoặc tải chưa hết; hãy lấy lại tệp',
    en: 'The PDF is broken or incomplete: fetch it again',
  },
  PDF_ENCRYPTED: {
    vi: 'PDF có mật khẩu; cần mật khẩu để xem chữ ký',
    en: 'The PDF has a password, which is needed to read its signatures',
  },
  PDF_PASSWORD_WRONG: { vi: 'Mật khẩu mở PDF không đúng', en: 'The password of the PDF is wrong' },
  HEADER_NOT_AT_START: {
    vi: 'Trước đầu PDF có dữ liệu lạ',
    en: 'Foreign data stand before the beginning of the PDF',
  },
  DATA_AFTER_END: { vi: 'Sau cuối PDF có dữ liệu lạ', en: 'Foreign data stand after the end of the PDF' },
  XREF_OFFSET_WRONG: {
    vi: 'Mục lục của PDF ghi sai vị trí, nhưng vẫn đọc được',
    en: 'The index of the PDF is at another place than it says, but was found',
  },
  XREF_TABLE_IRREGULAR: {
    vi: 'Mục lục của PDF viết không đúng quy cách, nhưng vẫn đọc được',
    en: 'The index of the PDF is written irregularly, but can be read',
  },
  SIGNATURES_TOO_MANY: {
    vi: 'Tệp có quá nhiều chữ ký, không xét hết',
    en: 'The file has more signatures than are judged',
  },
  SIGNATURE_SHARED: {
    vi: 'Nhiều ô chữ ký dùng chung một chữ ký',
    en: 'Several signature fields share one signature',
  },
  SIGNATURE_UNREACHABLE: {
    vi: 'Có chữ ký không nằm trong ô nào của tài liệu',
    en: 'A signature stands in no field of the document',
  },
  SIGNATURE_DICTIONARY_MISSING: {
    vi: 'Ô chữ ký không chứa chữ ký đọc được',
    en: 'The signature field holds no readable signature',
  },
  SIGNATURE_DICTIONARY_AMBIGUOUS: {
    vi: 'Dữ liệu chữ ký có mục bị lặp, có thể hiểu theo hai cách',
    en: 'The signature has repeated entries and can be read in two ways',
  },
  SIGNATURE_TYPE_WRONG: {
    vi: 'Chữ ký ghi sai loại của nó',
    en: 'The signature does not bear the type that it should',
  },
  BYTE_RANGE_MALFORMED: {
    vi: 'Phạm vi đã ký ghi không đúng quy cách',
    en: 'The signed range is not written as it must be',
  },
  BYTE_RANGE_OUTSIDE_FILE: {
    vi: 'Phạm vi đã ký nằm ngoài tệp; tệp có thể bị cắt',
    en: 'The signed range reaches outside of the file, which may be cut off',
  },
  BYTE_RANGE_GAP_IS_NOT_CONTENTS: {
    vi: 'Chữ ký bỏ ngoài phạm vi nhiều hơn chính nó, có thể bị chèn nội dung',
    en: 'The signature leaves out more than itself, so that content may have been inserted',
  },
  CONTENTS_MALFORMED: { vi: 'Dữ liệu chữ ký bị hỏng', en: 'The data of the signature are broken' },
  CONTENTS_PADDING_NOT_ZERO: {
    vi: 'Chỗ đệm sau chữ ký có dữ liệu lạ',
    en: 'The padding behind the signature holds foreign data',
  },
  REVISION_NOT_COVERED: {
    vi: 'Chữ ký không phủ hết phiên bản của nó',
    en: 'The signature does not cover all of its revision',
  },
  SUBFILTER_UNKNOWN: { vi: 'Loại chữ ký PDF không quen biết', en: 'The kind of PDF signature is not known' },
  SUBFILTER_UNSUPPORTED: {
    vi: 'Loại chữ ký PDF cũ, không còn được xét',
    en: 'An old kind of PDF signature that is no longer judged',
  },
  LEGACY_PROFILE: {
    vi: 'Chữ ký theo định dạng cũ, vẫn được chấp nhận',
    en: 'The signature is of an old form, which is still accepted',
  },
  SIGNING_TIME_IN_PADES: {
    vi: 'Thời gian ký nằm ở chỗ mà PAdES không dùng',
    en: 'The signing time stands where PAdES does not use it',
  },
  CHANGES_NOT_LISTED: {
    vi: 'Còn nhiều thay đổi khác sau chữ ký không được liệt kê',
    en: 'There are more changes after the signature than are listed',
  },
  SIGNING_TIME_MALFORMED: {
    vi: 'Thời gian ký ghi không đúng quy cách',
    en: 'The signing time is not written as it must be',
  },
  SEED_VALUE_VIOLATED: {
    vi: 'Chữ ký không đáp ứng yêu cầu mà ô chữ ký đặt ra',
    en: 'The signature is not what its field demands',
  },
  SEED_VALUE_NOT_EVALUATED: {
    vi: 'Ô chữ ký đặt ra yêu cầu mà phần mềm không xét được',
    en: 'The field demands something of its signature that cannot be judged here',
  },
  PROFILE_NOT_MET: {
    vi: 'Thiếu chữ ký mà loại văn bản này cần',
    en: 'A signature that this kind of document needs is missing',
  },
  PROFILE_AGENCIES_DIFFER: {
    vi: 'Người ký và cơ quan ký không cùng một cơ quan',
    en: 'The person and the agency that signed do not belong together',
  },
} as const satisfies FindingTexts
