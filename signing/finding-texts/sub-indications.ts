import type { SubIndication } from '../report.ts'
import type { FindingText } from './entry.ts'

/** Why a verdict is what it is; words that clerks know from their signing tools where there are such. */
export const subIndicationTexts = {
  FORMAT_FAILURE: {
    vi: 'Tài liệu sai cấu trúc hoặc bị sửa sau khi ký',
    en: 'Broken structure, or changed after signing',
  },
  HASH_FAILURE: { vi: 'Tài liệu đã bị thay đổi', en: 'The document was changed' },
  SIG_CRYPTO_FAILURE: { vi: 'Giá trị chữ ký không đúng', en: 'The signature value does not hold' },
  REVOKED: { vi: 'Chứng thư số đã bị thu hồi', en: 'The certificate is revoked' },
  EXPIRED: { vi: 'Chứng thư số đã hết hạn sử dụng', en: 'The certificate has expired' },
  NOT_YET_VALID: { vi: 'Chứng thư số chưa có hiệu lực', en: 'The certificate is not yet valid' },
  SIG_CONSTRAINTS_FAILURE: {
    vi: 'Chữ ký không đạt điều kiện',
    en: 'The signature does not meet a condition',
  },
  CHAIN_CONSTRAINTS_FAILURE: {
    vi: 'Chứng thư số không được dùng vào việc này',
    en: 'The certificate may not be used for this',
  },
  CERTIFICATE_CHAIN_GENERAL_FAILURE: {
    vi: 'Đường dẫn chứng thực không hợp lệ',
    en: 'The certification path is invalid',
  },
  CRYPTO_CONSTRAINTS_FAILURE: {
    vi: 'Thuật toán không còn an toàn hoặc không hỗ trợ',
    en: 'An algorithm is no longer safe, or not supported',
  },
  CRYPTO_CONSTRAINTS_FAILURE_NO_POE: {
    vi: 'Thuật toán không còn an toàn, không rõ ký từ bao giờ',
    en: 'An algorithm is no longer safe, and the time of signing is not proven',
  },
  POLICY_PROCESSING_ERROR: {
    vi: 'Không xét được chính sách ký',
    en: 'The signature policy could not be processed',
  },
  SIGNATURE_POLICY_NOT_AVAILABLE: {
    vi: 'Không có chính sách ký mà chữ ký nêu',
    en: 'The signature policy that is named is not at hand',
  },
  TIMESTAMP_ORDER_FAILURE: {
    vi: 'Thứ tự các dấu thời gian không đúng',
    en: 'The time-stamps are in the wrong order',
  },
  NO_SIGNING_CERTIFICATE_FOUND: {
    vi: 'Không tìm thấy chứng thư số của người ký',
    en: 'The certificate of the signer was not found',
  },
  NO_CERTIFICATE_CHAIN_FOUND: {
    vi: 'Chứng thư số chưa được tin cậy: không có đường dẫn tới gốc tin cậy',
    en: 'The certificate is not trusted: no path to a trust anchor',
  },
  REVOKED_NO_POE: {
    vi: 'Chứng thư số đã bị thu hồi, không rõ ký trước hay sau',
    en: 'The certificate is revoked; whether before or after signing is not proven',
  },
  REVOKED_CA_NO_POE: {
    vi: 'Chứng thư số của cơ quan cấp đã bị thu hồi',
    en: 'The certificate of the issuer is revoked',
  },
  OUT_OF_BOUNDS_NOT_REVOKED: {
    vi: 'Chứng thư số đã hết hạn, chưa bị thu hồi',
    en: 'The certificate has expired and was not revoked',
  },
  OUT_OF_BOUNDS_NO_POE: {
    vi: 'Chứng thư số hết hạn hoặc chưa có hiệu lực vào lúc xét, không rõ ký từ bao giờ',
    en: 'The certificate is not valid at the time of judgement, and the time of signing is not proven',
  },
  NO_POE: { vi: 'Không chứng minh được thời điểm ký', en: 'The time of signing is not proven' },
  TRY_LATER: {
    vi: 'Chưa kiểm tra được tình trạng thu hồi',
    en: 'Revocation could not be checked',
  },
  SIGNED_DATA_NOT_FOUND: { vi: 'Không có dữ liệu được ký', en: 'The signed data are not there' },
  GENERIC: { vi: 'Không xét được', en: 'It could not be judged' },
} as const satisfies Readonly<Record<SubIndication, FindingText>>
