import type { FindingTexts } from './entry.ts'

/** Certificates, their paths and revocation. */
export const certificateTexts = {
  CERTIFICATE_MALFORMED: { vi: 'Chứng thư số bị hỏng', en: 'The certificate is broken' },
  CRL_MALFORMED: { vi: 'Danh sách thu hồi bị hỏng', en: 'The revocation list is broken' },
  OCSP_MALFORMED: { vi: 'Câu trả lời OCSP bị hỏng', en: 'The OCSP response is broken' },
  SIGNING_CERTIFICATE_NOT_NAMED: {
    vi: 'Chữ ký không ghi rõ chứng thư số của người ký',
    en: 'The signature does not name the certificate of its signer',
  },
  SIGNING_CERTIFICATE_V1: {
    vi: 'Chứng thư số của người ký chỉ được ghi bằng hàm băm cũ SHA-1',
    en: 'The certificate of the signer is named by the old digest SHA-1 only',
  },
  SIGNING_CERTIFICATE_MISMATCH: {
    vi: 'Chứng thư số không phải là chứng thư ghi trong chữ ký',
    en: 'The certificate is not the one that the signature names',
  },
  EMBEDDED_CERTIFICATE_EXCHANGED: {
    vi: 'Một chứng thư số kèm theo đã bị tráo',
    en: 'A certificate in the signature was exchanged',
  },
  ISSUER_SERIAL_MISMATCH: {
    vi: 'Số hiệu chứng thư ghi trong chữ ký không đúng',
    en: 'The serial number given in the signature is another one',
  },
  AUTHORITY_KEY_IDENTIFIER_MISMATCH: {
    vi: 'Chứng thư số ghi khóa của nơi cấp không khớp',
    en: 'A certificate names another key than that of its issuer',
  },
  WEAK_CA_SIGNATURE: {
    vi: 'Chứng thư của cơ quan cấp được ký bằng thuật toán yếu, tạm chấp nhận',
    en: 'The certificate of the authority is signed by a weak algorithm, which is still tolerated',
  },
  JUDGED_AT_PROVEN_TIME: {
    vi: 'Chứng thư số được xét tại thời điểm mà dấu thời gian chứng minh',
    en: 'The certificate was judged at the time that the time-stamp proves',
  },
  SIGNED_AFTER_EXPIRY: {
    vi: 'Ký sau khi chứng thư số đã hết hạn',
    en: 'Signed after the certificate had expired',
  },
  SIGNED_AFTER_REVOCATION: {
    vi: 'Ký sau khi chứng thư số đã bị thu hồi',
    en: 'Signed after the certificate was revoked',
  },
  SIGNED_BEFORE_CERTIFICATE: {
    vi: 'Chữ ký có trước khi chứng thư số có hiệu lực',
    en: 'The signature is older than its certificate',
  },
  PATH_SEARCH_LIMITED: {
    vi: 'Đã dừng tìm đường dẫn chứng thực vì quá nhiều khả năng',
    en: 'The search for a certification path was stopped, there were too many',
  },
  NAME_CONSTRAINTS_LIMITED: {
    vi: 'Chứng thư số có quá nhiều ràng buộc tên, không xét hết',
    en: 'The certificates have more name constraints than are compared',
  },
  REVOCATION_SEARCH_LIMITED: {
    vi: 'Có quá nhiều danh sách thu hồi, không xét hết',
    en: 'There are more revocation lists than are looked at',
  },
  REVOCATION_NOT_CHECKED: {
    vi: 'Chưa kiểm tra chứng thư số có bị thu hồi không; thêm --crl, --ocsp hoặc --online',
    en: 'Whether the certificate is revoked was not checked: add --crl, --ocsp or --online',
  },
  REVOCATION_NOT_AVAILABLE: {
    vi: 'Nơi cấp không công bố việc thu hồi của chứng thư số này',
    en: 'The issuer publishes no revocation of this certificate',
  },
  REVOCATION_DATA_UNREADABLE: {
    vi: 'Có dữ liệu thu hồi không đọc được',
    en: 'Some revocation data cannot be read',
  },
  ONLINE_ISSUER_NOT_FETCHED: {
    vi: 'Không tải được chứng thư của nơi cấp',
    en: 'The certificate of the issuer could not be fetched',
  },
  ONLINE_REVOCATION_NOT_FETCHED: {
    vi: 'Không tải được dữ liệu thu hồi; hãy thử lại sau',
    en: 'Revocation data could not be fetched: try again later',
  },
  ONLINE_REVOCATION_NOT_PUBLISHED: {
    vi: 'Chứng thư số không cho biết nơi tra cứu thu hồi',
    en: 'The certificate does not say where its revocation can be looked up',
  },
} as const satisfies FindingTexts
