import type { Finding, Language } from '../signing/index.ts'

/**
 * What the codes of findings mean, in Vietnamese. The signing library's own messages are English and carry the
 * details of the case; they stay visible beside these words.
 */
const vietnamese: Readonly<Record<string, string>> = {
  LEGACY_PROFILE: 'chữ ký theo định dạng cũ',
  REVOCATION_NOT_CHECKED: 'chưa kiểm tra tình trạng thu hồi',
  REVOCATION_DATA_UNREADABLE: 'có dữ liệu thu hồi không đọc được',
  NO_CERTIFICATE_CHAIN_FOUND: 'không có đường dẫn tới gốc tin cậy',
  PATH_SEARCH_LIMITED: 'đã dừng tìm đường dẫn chứng thực vì quá nhiều khả năng',
  WEAK_CA_SIGNATURE: 'chứng thư của cơ quan cấp được ký bằng thuật toán yếu',
  WEAK_DIGEST: 'hàm băm không còn an toàn',
  WEAK_KEY: 'khóa quá ngắn',
  WEAK_TIMESTAMP_IMPRINT: 'dấu thời gian dùng hàm băm yếu',
  SIGNING_CERTIFICATE_NOT_NAMED: 'chữ ký không ghi rõ chứng thư số của người ký',
  SIGNING_CERTIFICATE_V1: 'chứng thư số chỉ được ghi bằng SHA-1',
  SIGNING_TIME_IN_PADES: 'thời gian ký nằm ở chỗ mà PAdES không dùng',
  TIMESTAMP_NOT_EVALUATED: 'dấu thời gian chưa được xét',
  TIMESTAMP_MALFORMED: 'dấu thời gian bị hỏng',
  SIGNED_DATA_NOT_FOUND: 'không có dữ liệu được ký',
  NO_SIGNING_CERTIFICATE_FOUND: 'không tìm thấy chứng thư số của người ký',
  SIGNED_ATTRIBUTES_NOT_SORTED: 'thuộc tính ký không xếp theo DER',
  DIGEST_ALGORITHM_NOT_DECLARED: 'hàm băm không được khai báo',
  CONTENT_ENCLOSED: 'chữ ký rời mà lại kèm nội dung',
  CMS_MALFORMED: 'cấu trúc CMS bị hỏng',
  PDF_MALFORMED: 'cấu trúc PDF bị hỏng',
  PDF_ENCRYPTED: 'PDF được mã hóa',
  DER_MALFORMED: 'dữ liệu DER bị hỏng',
  ALGORITHM_NOT_LISTED: 'thuật toán không có trong danh mục được chấp nhận',
  ALGORITHM_UNSUPPORTED: 'thuật toán không được hỗ trợ',
  PROFILE_NOT_MET: 'thiếu chữ ký mà loại văn bản này cần',
  SIGNATURE_ADDED: 'thêm một chữ ký',
  TIMESTAMP_ADDED: 'thêm một dấu thời gian',
  FIELD_FILLED: 'điền số hoặc ngày văn bản',
  SECURITY_STORE_ADDED: 'thêm dữ liệu để kiểm tra lâu dài',
  SECURITY_STORE_CHANGED: 'dữ liệu để kiểm tra lâu dài bị sửa',
  SIGNATURE_CHANGED: 'một chữ ký bị sửa hoặc bị gỡ',
  SIGNATURE_UNREACHABLE: 'có chữ ký không tìm tới được từ tài liệu',
  VISIBLE_SIGNATURE_FIELD_ADDED: 'thêm một ô chữ ký hiện trên trang',
  FIELD_ADDED: 'thêm trường biểu mẫu',
  FIELD_CHANGED: 'trường biểu mẫu bị sửa',
  FIELD_LOCKED: 'trường đã khóa bị sửa',
  FORM_CHANGED: 'biểu mẫu bị sửa',
  PAGE_CHANGED: 'trang bị sửa',
  CATALOG_CHANGED: 'cấu trúc tài liệu bị sửa',
  ROOT_CHANGED: 'gốc của tài liệu bị thay',
  INFO_CHANGED: 'thông tin mô tả bị sửa',
  OBJECT_CHANGED: 'nội dung tài liệu bị sửa',
  OBJECT_REMOVED: 'nội dung tài liệu bị gỡ',
  REVISION_UNREADABLE: 'phần thêm vào sau không đọc được',
  REVISION_NOT_COVERED: 'chữ ký không phủ hết phiên bản của nó',
  NO_CHANGES_PERMITTED: 'một chữ ký trước không cho phép thay đổi nữa',
  XML_NOT_SIGNED: 'XML không có chữ ký',
  XML_PROFILE_UNSUPPORTED: 'chữ ký XML không theo dạng mà chương trình xét',
  XML_DIGEST_MISMATCH: 'nội dung không khớp với giá trị băm đã ký',
  XML_SIGNATURE_INVALID: 'giá trị chữ ký không đúng',
}

/** A finding on one line: its code, what it means, and the details. */
export function findingText({ code, message }: Finding, language: Language): string {
  const words = language === 'vi' ? vietnamese[code] : undefined
  return words === undefined ? `${code}: ${message}` : `${code}: ${words} (${message})`
}
