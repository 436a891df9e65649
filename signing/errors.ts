/**
 * Every failure that the signing library reports, from one closed list.
 *
 * A code is stable and language-free; the two messages are for people. Placeholders in braces are filled
 * from `params`. Judgements on a signature (a wrong digest, a revoked certificate) are not errors: they are
 * verdicts in the report (`report.ts`). An error means that the question itself could not be answered.
 */
export const signingErrors = {
  INPUT_TOO_LARGE: {
    vi: 'Tệp vượt quá giới hạn {limit} byte',
    en: 'the file is larger than the limit of {limit} bytes',
  },
  PDF_NOT_A_PDF: { vi: 'Tệp không phải là PDF', en: 'the file is not a PDF' },
  PDF_MALFORMED: {
    vi: 'Cấu trúc PDF bị hỏng tại byte {position}: {reason}',
    en: 'the structure of the PDF is broken at byte {position}: {reason}',
  },
  PDF_ENCRYPTED: {
    vi: 'PDF được mã hóa ({reason}); hãy cho biết mật khẩu hoặc bỏ mật khẩu trước khi ký',
    en: 'the PDF is encrypted ({reason}); give its password, or remove the password before signing',
  },
  PDF_PASSWORD_WRONG: {
    vi: 'Mật khẩu không mở được PDF',
    en: 'the password does not open the PDF',
  },
  PDF_NO_CHANGES_PERMITTED: {
    vi: 'Chữ ký "{field}" đã khóa tài liệu: không được thêm chữ ký hoặc thay đổi nào nữa',
    en: 'the signature "{field}" locks the document: no further signature or change is permitted',
  },
  PDF_FIELD_NOT_FOUND: {
    vi: 'Không có trường "{field}" trong PDF',
    en: 'the PDF has no field "{field}"',
  },
  PDF_FIELD_ALREADY_SIGNED: {
    vi: 'Trường chữ ký "{field}" đã được ký',
    en: 'the signature field "{field}" is already signed',
  },
  PDF_FIELD_BOX_WRONG: {
    vi: 'Ô của trường “{field}” không đúng quy cách: {reason}',
    en: 'the box of field "{field}" is not as it must be: {reason}',
  },
  PDF_FIELD_LOCKED: {
    vi: 'Trường "{field}" bị một chữ ký trước khóa lại',
    en: 'the field "{field}" is locked by an earlier signature',
  },
  PDF_TEXT_NOT_ENCODABLE: {
    vi: 'Phông chữ không có ký tự "{character}"',
    en: 'the font has no glyph for "{character}"',
  },
  PDF_FIELD_LOCK_CONFLICT: {
    vi: 'Trường chữ ký "{field}" đã quy định một khóa khác với khóa được yêu cầu',
    en: 'the signature field "{field}" prescribes another lock than the one asked for',
  },
  PDF_TEXT_TOO_WIDE: {
    vi: 'Nội dung "{text}" quá dài so với trường "{field}"',
    en: 'the text "{text}" is too wide for the field "{field}"',
  },
  PDF_UNEXPECTED_CHANGES: {
    vi: 'Bản PDF mới thay đổi nhiều hơn được phép: {reason}',
    en: 'the new PDF changes more than it may: {reason}',
  },
  PDF_FIELD_EXISTS: {
    vi: 'PDF đã có trường "{field}"',
    en: 'the PDF has a field "{field}" already',
  },
  PDF_CERTIFICATION_NOT_FIRST: {
    vi: 'Chữ ký chứng nhận phải là chữ ký đầu tiên; trường "{field}" đã được ký',
    en: 'a certification must be the first signature; the field "{field}" is signed already',
  },
  PDF_SEED_VALUE_CONFLICT: {
    vi: 'Trường chữ ký "{field}" đòi hỏi /{entry} mà chữ ký này không đáp ứng',
    en: 'the signature field "{field}" demands a /{entry} that this signature does not have',
  },
  PDF_PAGE_NOT_FOUND: {
    vi: 'PDF không có trang {page}; tài liệu có {pages} trang',
    en: 'the PDF has no page {page}; it has {pages} pages',
  },
  PDF_PLACE_OUTSIDE_PAGE: {
    vi: 'Ô của trường "{field}" không nằm trong trang {page} (rộng {width}, cao {height} điểm)',
    en: 'the box of the field "{field}" is not inside page {page} ({width} by {height} points)',
  },
  PDF_BOX_NOT_EMPTY: {
    vi: 'Ô ở trang {page} không trống: có {whatVi}',
    en: 'the box on page {page} is not empty: it holds {what}',
  },
  MARK_BOX_TOO_SMALL: {
    vi: 'Ô rộng {width} mm, cao {height} mm không đủ chỗ cho số và ngày: cần ít nhất {neededWidth} x {neededHeight} mm',
    en: 'a box of {width} by {height} mm has no room for number and date: at least {neededWidth} by {neededHeight} mm are needed',
  },
  IMAGE_UNSUPPORTED: {
    vi: 'Không dùng được ảnh này: {reason}',
    en: 'the image cannot be used: {reason}',
  },
  APPEARANCE_NOT_TRANSPARENT: {
    vi: 'Ảnh chữ ký hoặc dấu phải có nền trong suốt; ảnh này chỉ trong suốt {percent}%',
    en: 'the picture of a signature or seal must have a transparent ground; of this one {percent}% is transparent',
  },
  APPEARANCE_COLOUR_WRONG: {
    vi: 'Ảnh phải có màu {colourVi}; chỉ {percent}% nét của ảnh này có màu đó',
    en: 'the picture must be {colour}; only {percent}% of its ink is',
  },
  APPEARANCE_SIZE_WRONG: {
    vi: 'Kích thước ảnh không đúng: {reasonVi}',
    en: 'the picture has the wrong size: {reason}',
  },
  SIGNATURE_TOO_LARGE: {
    vi: 'Chữ ký dài {size} byte, chỗ dành sẵn chỉ có {reserved} byte',
    en: 'the signature is {size} bytes long, only {reserved} bytes were reserved',
  },
  PREPARED_SIGNATURE_MISMATCH: {
    vi: 'Chữ ký không khớp với tài liệu đã chuẩn bị: {reason}',
    en: 'the signature does not fit the prepared document: {reason}',
  },
  PREPARED_SIGNATURE_MALFORMED: {
    vi: 'Bản lưu của chữ ký đang chờ bị hỏng: {reason}',
    en: 'the stored prepared signature is broken: {reason}',
  },
  DER_MALFORMED: {
    vi: 'Dữ liệu DER bị hỏng tại byte {position}: {reason}',
    en: 'broken DER at byte {position}: {reason}',
  },
  CMS_MALFORMED: { vi: 'Cấu trúc CMS bị hỏng: {reason}', en: 'the CMS structure is broken: {reason}' },
  CERTIFICATE_MALFORMED: {
    vi: 'Chứng thư số bị hỏng: {reason}',
    en: 'the certificate is broken: {reason}',
  },
  CRL_MALFORMED: { vi: 'Danh sách thu hồi bị hỏng: {reason}', en: 'the CRL is broken: {reason}' },
  OCSP_MALFORMED: {
    vi: 'Trả lời OCSP bị hỏng: {reason}',
    en: 'the OCSP response is broken: {reason}',
  },
  TIMESTAMP_REJECTED: {
    vi: 'Máy chủ dấu thời gian từ chối yêu cầu: {reason}',
    en: 'the time-stamp authority refuses the request: {reason}',
  },
  TIMESTAMP_RESPONSE_INVALID: {
    vi: 'Trả lời của máy chủ dấu thời gian không đúng với yêu cầu: {reason}',
    en: 'the answer of the time-stamp authority does not hold: {reason}',
  },
  TIMESTAMP_UNAVAILABLE: {
    vi: 'Không lấy được dấu thời gian: {reason}',
    en: 'no time-stamp could be had: {reason}',
  },
  KEY_WRONG_PASSWORD: {
    vi: 'Sai mật khẩu của tệp khóa PKCS#12',
    en: 'wrong password for the PKCS#12 key file',
  },
  KEY_FILE_MALFORMED: {
    vi: 'Tệp khóa PKCS#12 bị hỏng: {reason}',
    en: 'the PKCS#12 key file is broken: {reason}',
  },
  KEY_UNSUPPORTED: {
    vi: 'Loại khóa không được hỗ trợ: {reason}',
    en: 'unsupported kind of key: {reason}',
  },
  KEY_CERTIFICATE_MISMATCH: {
    vi: 'Khóa bí mật không khớp với chứng thư số',
    en: 'the private key does not belong to the certificate',
  },
  CERTIFICATE_EXPIRED: {
    vi: 'Chứng thư số của {subject} đã hết hạn ngày {notAfter}',
    en: 'the certificate of {subject} expired on {notAfter}',
  },
  CERTIFICATE_NOT_YET_VALID: {
    vi: 'Chứng thư số của {subject} chưa có hiệu lực trước ngày {notBefore}',
    en: 'the certificate of {subject} is not valid before {notBefore}',
  },
  CERTIFICATE_WRONG_USE: {
    vi: 'Chứng thư số của {subject} không được dùng để ký văn bản',
    en: 'the certificate of {subject} may not be used to sign documents',
  },
  ALGORITHM_UNSUPPORTED: {
    vi: 'Thuật toán không được hỗ trợ: {algorithm}',
    en: 'unsupported algorithm: {algorithm}',
  },
  XML_MALFORMED: { vi: 'XML không hợp lệ: {reason}', en: 'the XML is not well-formed: {reason}' },
  XML_DOCTYPE_FORBIDDEN: {
    vi: 'XML có khai báo DOCTYPE hoặc thực thể, không được phép',
    en: 'the XML has a DOCTYPE or an entity declaration, which is forbidden',
  },
  XML_LIMIT_EXCEEDED: {
    vi: 'XML vượt giới hạn: {limit}',
    en: 'the XML exceeds a limit: {limit}',
  },
  XML_ENCODING_UNSUPPORTED: {
    vi: 'XML phải dùng bảng mã UTF-8: {reason}',
    en: 'the XML must be encoded in UTF-8: {reason}',
  },
  XML_DUPLICATE_ID: {
    vi: 'Nhiều phần tử XML có cùng Id "{id}"',
    en: 'several XML elements have the same Id "{id}"',
  },
  XML_PLACE_NOT_FOUND: {
    vi: 'XML phải có đúng một phần tử {element} để đặt chữ ký, tìm thấy {count}',
    en: 'the XML must have exactly one element {element} to hold the signature, found {count}',
  },
  XML_ALREADY_SIGNED: {
    vi: 'XML đã có chữ ký hoặc dùng tiền tố dành cho chữ ký',
    en: 'the XML has a signature already or uses a prefix reserved for it',
  },
  XML_SIGNATURE_COVERS_PLACE: {
    vi: 'Chữ ký "{signature}" bao trùm vị trí đặt chữ ký mới; thêm vào đó sẽ làm hỏng chữ ký này',
    en: 'the signature "{signature}" covers the place of the new one; adding to it would break that signature',
  },
  XML_NOT_SIGNED: { vi: 'XML không có chữ ký', en: 'the XML has no signature' },
  XML_PROFILE_UNSUPPORTED: {
    vi: 'XML không theo dạng niêm phong được hỗ trợ: {reason}',
    en: 'the XML does not follow the supported sealed profile: {reason}',
  },
  XML_SIGNATURE_MALFORMED: {
    vi: 'Cấu trúc chữ ký XML bị hỏng: {reason}',
    en: 'the structure of the XML signature is broken: {reason}',
  },
  XML_DIGEST_MISMATCH: {
    vi: 'Nội dung XML đã bị thay đổi sau khi ký ({reference})',
    en: 'the XML was changed after it was signed ({reference})',
  },
  XML_SIGNATURE_INVALID: {
    vi: 'Giá trị chữ ký XML không đúng với chứng thư số trong tệp',
    en: 'the XML signature value does not hold for the certificate in the file',
  },
  XML_READERS_DISAGREE: {
    vi: 'Hai trình đọc XML độc lập đọc tệp này khác nhau',
    en: 'two independent readers of XML read this file differently',
  },
  XML_NOT_CANONICAL: {
    vi: 'XML không có dạng chuẩn tắc: {reason}',
    en: 'the XML has no canonical form: {reason}',
  },
  XML_TRANSFORM_UNSUPPORTED: {
    vi: 'Phép biến đổi trong chữ ký XML không được chấp nhận: {transform}',
    en: 'a transform of the XML signature is not accepted: {transform}',
  },
  XML_DATA_NOT_FOUND: {
    vi: 'Không có dữ liệu được ký: {uri}',
    en: 'the signed data is not at hand: {uri}',
  },
  XML_KEY_NOT_ALLOWED: {
    vi: 'XML được ký bằng khóa không được chấp nhận (SHA-256 của khóa: {fingerprint})',
    en: 'the XML is signed by a key that is not accepted (SHA-256 of the key: {fingerprint})',
  },
} as const satisfies Record<string, { vi: string; en: string }>

export type SigningErrorCode = keyof typeof signingErrors
export type Language = 'vi' | 'en'

/** Fills `{name}` placeholders; a name without a value stays visible, so that a forgotten one is seen. */
export function fillMessage(template: string, params: Readonly<Record<string, string | number>>): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => String(params[name] ?? whole))
}

export class SigningError extends Error {
  override readonly name = 'SigningError'
  readonly code: SigningErrorCode
  readonly params: Readonly<Record<string, string | number>>

  /** @param params values for the message; `position` is a byte offset into the input where one is known. */
  constructor(
    code: SigningErrorCode,
    params: Readonly<Record<string, string | number>> = {},
    options?: { cause?: unknown },
  ) {
    super(fillMessage(signingErrors[code].en, params), options)
    this.code = code
    this.params = params
  }

  messageIn(language: Language): string {
    return fillMessage(signingErrors[this.code][language], this.params)
  }
}
