import type { FindingTexts } from './entry.ts'

/** The form of CMS signatures and what they say of times. */
export const cmsTexts = {
  INPUT_TOO_LARGE: { vi: 'Tệp quá lớn', en: 'The file is too large' },
  DER_MALFORMED: { vi: 'Dữ liệu bên trong chữ ký bị hỏng', en: 'The data inside the signature are broken' },
  CMS_MALFORMED: { vi: 'Dữ liệu chữ ký (CMS) bị hỏng', en: 'The data of the signature (CMS) are broken' },
  CMS_VERSION: {
    vi: 'Số phiên bản trong chữ ký không khớp với nội dung',
    en: 'A version number in the signature does not fit its contents',
  },
  SIGNER_COUNT: {
    vi: 'Chữ ký phải có đúng một người ký',
    en: 'The signature must have exactly one signer',
  },
  SIGNER_IDENTIFIER: {
    vi: 'Tên nơi cấp trong chữ ký viết khác trong chứng thư',
    en: 'The issuer is written otherwise than in the certificate',
  },
  CONTENT_TYPE_MISMATCH: {
    vi: 'Loại nội dung đã ký không phải loại ghi trong chữ ký',
    en: 'The content is of another type than was signed',
  },
  CONTENT_ENCLOSED: {
    vi: 'Chữ ký rời mà lại kèm nội dung',
    en: 'A signature that should stand apart holds content',
  },
  NO_SIGNED_ATTRIBUTES: {
    vi: 'Chữ ký thiếu các thuộc tính bắt buộc, không rõ ký bằng chứng thư nào',
    en: 'The signature lacks the attributes that tie it to its certificate',
  },
  SIGNED_ATTRIBUTE: {
    vi: 'Một thuộc tính của chữ ký thiếu, thừa hoặc bị hỏng',
    en: 'An attribute of the signature is missing, repeated or broken',
  },
  SIGNED_ATTRIBUTE_UNREADABLE: {
    vi: 'Một thuộc tính thêm của chữ ký không đọc được',
    en: 'A further attribute of the signature cannot be read',
  },
  SIGNED_ATTRIBUTES_AS_CONTENT: {
    vi: 'Nội dung là thuộc tính của một chữ ký khác: dấu hiệu giả mạo',
    en: 'The content is the attributes of another signature: a sign of forgery',
  },
  SIGNED_ATTRIBUTES_NOT_SORTED: {
    vi: 'Thuộc tính của chữ ký không xếp đúng thứ tự',
    en: 'The attributes of the signature are not in their order',
  },
  ALGORITHM_MISMATCH: {
    vi: 'Các thuật toán ghi trong chữ ký không khớp nhau',
    en: 'The algorithms named in the signature do not agree',
  },
  ALGORITHM_NOT_LISTED: {
    vi: 'Thuật toán không có trong danh mục của Việt Nam (TT 15/2025/TT-BKHCN)',
    en: 'The algorithm is not listed in Vietnam (TT 15/2025/TT-BKHCN)',
  },
  ALGORITHM_UNSUPPORTED: {
    vi: 'Thuật toán không được hỗ trợ, không kiểm tra được',
    en: 'The algorithm is not supported, so that nothing can be said',
  },
  SIGNATURE_CHECKS_LIMITED: {
    vi: 'Tệp đòi kiểm tra quá nhiều chữ ký, không kiểm tra hết được',
    en: 'The file asks for more signature checks than are made',
  },
  DIGEST_ALGORITHM_NOT_DECLARED: {
    vi: 'Chữ ký dùng hàm băm mà không khai báo',
    en: 'The signature uses a digest that it does not declare',
  },
  WEAK_DIGEST: { vi: 'Hàm băm không còn an toàn', en: 'The digest is no longer safe' },
  WEAK_KEY: { vi: 'Khóa quá ngắn, không còn an toàn', en: 'The key is too short to be safe' },
  COUNTER_SIGNATURE_IN_PADES: {
    vi: 'Chữ ký xác nhận kèm theo không dùng trong PDF, chưa được xét',
    en: 'Counter-signatures have no place in a PDF and were not judged',
  },
  COUNTER_SIGNATURE_UNREADABLE: {
    vi: 'Có chữ ký xác nhận kèm theo không đọc được',
    en: 'A counter-signature cannot be read',
  },
  SIGNATURE_POLICY_NOT_PROCESSED: {
    vi: 'Chữ ký nêu một chính sách ký riêng, chưa được xét',
    en: 'The signature names a policy of its own, which was not applied',
  },

  TIMESTAMP_MALFORMED: { vi: 'Dấu thời gian bị hỏng', en: 'The time-stamp is broken' },
  CONTENT_TIMESTAMP_CONTRADICTS: {
    vi: 'Dấu thời gian ký kèm nội dung lại là của dữ liệu khác',
    en: 'The time-stamp signed with the content is over other data',
  },
  CONTENT_TIMESTAMP_MALFORMED: {
    vi: 'Dấu thời gian của nội dung bị hỏng',
    en: 'The time-stamp over the content is broken',
  },
  TIMESTAMP_IMPRINT_MISMATCH: {
    vi: 'Dấu thời gian đóng cho dữ liệu khác',
    en: 'The time-stamp is over other data',
  },
  TIMESTAMP_NOT_PROVEN: {
    vi: 'Dấu thời gian chưa chứng minh được thời điểm ký',
    en: 'The time-stamp does not prove the time of signing',
  },
  TIMESTAMP_OUTSIDE_CERTIFICATE: {
    vi: 'Dấu thời gian đóng ngoài hạn của chứng thư máy chủ thời gian',
    en: 'The certificate of the time-stamp authority was not valid at that time',
  },
  TIMESTAMP_NOT_EVALUATED: { vi: 'Dấu thời gian chưa được xét', en: 'The time-stamp was not evaluated' },
  ARCHIVE_TIMESTAMP_NOT_EVALUATED: {
    vi: 'Dấu thời gian lưu trữ lâu dài chưa được xét',
    en: 'Archive time-stamps were not evaluated',
  },
  WEAK_TIMESTAMP_IMPRINT: {
    vi: 'Dấu thời gian dùng hàm băm yếu',
    en: 'The time-stamp is over a weak digest',
  },
  CLAIMED_TIME_AFTER_PROVEN_TIME: {
    vi: 'Thời gian người ký khai muộn hơn dấu thời gian',
    en: 'The time that the signer claims is later than the time-stamp',
  },
  CLAIMED_TIME_BEFORE_CONTENT_TIMESTAMP: {
    vi: 'Thời gian người ký khai sớm hơn dấu thời gian của nội dung',
    en: 'The time that the signer claims is before the time-stamp of the content',
  },
} as const satisfies FindingTexts
