import type { FindingTexts } from './entry.ts'

/** XML files and their signatures. */
export const xmlTexts = {
  XML_MALFORMED: { vi: 'Tệp XML bị hỏng', en: 'The XML is broken' },
  XML_DOCTYPE_FORBIDDEN: {
    vi: 'XML có khai báo DOCTYPE, không được phép',
    en: 'The XML has a DOCTYPE, which is forbidden',
  },
  XML_LIMIT_EXCEEDED: { vi: 'XML quá lớn hoặc quá phức tạp', en: 'The XML is too large or too complex' },
  XML_ENCODING_UNSUPPORTED: { vi: 'XML không dùng bảng mã UTF-8', en: 'The XML is not encoded in UTF-8' },
  XML_DUPLICATE_ID: {
    vi: 'Hai phần của XML mang cùng một Id: dấu hiệu giả mạo',
    en: 'Two parts of the XML bear one Id: a sign of forgery',
  },
  XML_NOT_SIGNED: { vi: 'XML không có chữ ký', en: 'The XML has no signature' },
  XML_PROFILE_UNSUPPORTED: {
    vi: 'Chữ ký XML không theo dạng mà chương trình xét',
    en: 'The XML signature is not of a form that is judged',
  },
  XML_SIGNATURE_MALFORMED: {
    vi: 'Cấu trúc chữ ký XML bị hỏng',
    en: 'The structure of the XML signature is broken',
  },
  XML_DIGEST_MISMATCH: {
    vi: 'Nội dung XML đã bị thay đổi sau khi ký',
    en: 'The XML was changed after it was signed',
  },
  XML_SIGNATURE_INVALID: {
    vi: 'Giá trị chữ ký XML không đúng',
    en: 'The XML signature value does not hold',
  },
  XML_READERS_DISAGREE: {
    vi: 'XML có thể hiểu theo hai cách',
    en: 'The XML can be read in two ways',
  },
  XML_NOT_CANONICAL: {
    vi: 'XML không chuẩn hóa được để kiểm tra',
    en: 'The XML cannot be brought to the form that was signed',
  },
  XML_TRANSFORM_UNSUPPORTED: {
    vi: 'Chữ ký dùng phép biến đổi XML không được phép hoặc không hỗ trợ',
    en: 'The signature uses a transform that is not allowed or not supported',
  },
  XML_DATA_NOT_FOUND: {
    vi: 'Không tìm thấy dữ liệu mà chữ ký XML nói đến',
    en: 'Data that the XML signature refers to were not found',
  },
  XML_KEY_NOT_ALLOWED: {
    vi: 'XML được ký bằng khóa không được chấp nhận',
    en: 'The XML is signed by a key that is not accepted',
  },
  XML_KEY_VALUE_MISMATCH: {
    vi: 'Khóa ghi trong chữ ký không phải của chứng thư số',
    en: 'The key given in the signature is not that of the certificate',
  },
  XML_MANIFEST_MISMATCH: {
    vi: 'Một tệp trong danh sách kèm theo không khớp',
    en: 'An entry of the list that was signed does not hold',
  },
  XML_MANIFEST_NOT_CHECKED: {
    vi: 'Danh sách kèm theo có mục chưa kiểm tra được',
    en: 'An entry of the list that was signed could not be checked',
  },
  XML_PARTLY_COVERED: {
    vi: 'Chữ ký chỉ phủ một phần của tệp; phần còn lại ai cũng sửa được',
    en: 'The signature covers only a part of the file; anyone may change the rest',
  },
  XML_UNSIGNED_TWIN: {
    vi: 'Có phần chưa ký trùng tên với phần đã ký: có thể bị đánh tráo',
    en: 'An unsigned part bears the name of a signed one and may stand in for it',
  },
  XML_NOTHING_SIGNED: {
    vi: 'Chữ ký không ký nội dung nào',
    en: 'The signature signs no content',
  },
  XML_TEXT_SPLIT: {
    vi: 'Có chú thích chưa ký chen giữa phần chữ đã ký: phần mềm khác có thể đọc thiếu',
    en: 'An unsigned comment parts a signed text: other programs may read less of it',
  },
  SIGNED_PROPERTIES_MISPLACED: {
    vi: 'Các thuộc tính đã ký không nằm trong chữ ký của chúng',
    en: 'The signed properties do not stand in the signature that they belong to',
  },
  XML_TIMESTAMP_NOT_CHECKED: {
    vi: 'Có dấu thời gian không kiểm tra được',
    en: 'A time-stamp could not be checked',
  },
  SIGNED_PROPERTIES_NOT_COVERED: {
    vi: 'Các thuộc tính của chữ ký không được ký cùng',
    en: 'The properties of the signature are not signed with it',
  },
  SIGNED_PROPERTIES_TYPE_MISSING: {
    vi: 'Tham chiếu tới thuộc tính của chữ ký thiếu loại',
    en: 'The reference to the signed properties does not bear its type',
  },
  QUALIFYING_TARGET_MISMATCH: {
    vi: 'Thuộc tính kèm theo không trỏ đúng vào chữ ký',
    en: 'The properties do not point at their signature',
  },
  DATA_OBJECT_FORMAT_DANGLING: {
    vi: 'Mô tả định dạng không trỏ vào phần nào đã ký',
    en: 'A description of the format points at nothing that is signed',
  },
  SIGNING_TIME_UNREADABLE: {
    vi: 'Thời gian ký ghi không đúng quy cách',
    en: 'The signing time is not written as it must be',
  },
  XADES_PROPERTIES_NOT_EVALUATED: {
    vi: 'Chữ ký có thuộc tính thêm chưa được xét',
    en: 'The signature has further properties, which were not evaluated',
  },
} as const satisfies FindingTexts
