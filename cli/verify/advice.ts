import type { SubIndication, VerificationReport } from '../../signing/index.ts'
import type { Bilingual } from '../command.ts'

const refuse: Bilingual = {
  vi: 'không dùng tệp này; đề nghị nơi gửi gửi lại bản đã ký',
  en: 'do not use this file; ask the sender for the signed original',
}
const askSender: Bilingual = {
  vi: 'chưa nên chấp nhận; hỏi lại nơi gửi',
  en: 'do not accept it yet; ask the sender',
}
const askForTime: Bilingual = {
  vi: 'cần bằng chứng về thời điểm ký; đề nghị nơi gửi ký lại kèm dấu thời gian',
  en: 'the time of signing has to be proven; ask the sender to sign again with a time-stamp',
}

const bySubIndication: Readonly<Record<SubIndication, Bilingual>> = {
  FORMAT_FAILURE: refuse,
  HASH_FAILURE: refuse,
  SIG_CRYPTO_FAILURE: refuse,
  REVOKED: refuse,
  EXPIRED: refuse,
  NOT_YET_VALID: refuse,
  SIG_CONSTRAINTS_FAILURE: askSender,
  CHAIN_CONSTRAINTS_FAILURE: {
    vi: 'chứng thư số này không dùng để ký văn bản; đề nghị nơi gửi ký bằng chứng thư đúng loại',
    en: 'this certificate is not for signing documents; ask the sender to sign with the right one',
  },
  CERTIFICATE_CHAIN_GENERAL_FAILURE: askSender,
  CRYPTO_CONSTRAINTS_FAILURE: {
    vi: 'đề nghị nơi gửi ký lại bằng thuật toán hiện hành',
    en: 'ask the sender to sign again with a current algorithm',
  },
  CRYPTO_CONSTRAINTS_FAILURE_NO_POE: askForTime,
  POLICY_PROCESSING_ERROR: askSender,
  SIGNATURE_POLICY_NOT_AVAILABLE: askSender,
  TIMESTAMP_ORDER_FAILURE: askSender,
  NO_SIGNING_CERTIFICATE_FOUND: {
    vi: 'thêm chứng thư số của người ký bằng --untrusted',
    en: 'give the certificate of the signer with --untrusted',
  },
  NO_CERTIFICATE_CHAIN_FOUND: {
    vi: 'nếu tin nơi cấp chứng thư này thì thêm chứng thư gốc của họ bằng --trust; nếu không, không chấp nhận',
    en: 'if you trust this issuer, give its root with --trust; otherwise do not accept the file',
  },
  REVOKED_NO_POE: refuse,
  REVOKED_CA_NO_POE: refuse,
  OUT_OF_BOUNDS_NOT_REVOKED: askForTime,
  OUT_OF_BOUNDS_NO_POE: askForTime,
  NO_POE: askForTime,
  TRY_LATER: {
    vi: 'kiểm tra lại với --online, hoặc đưa danh sách thu hồi mới bằng --crl',
    en: 'verify again with --online, or give a current revocation list with --crl',
  },
  SIGNED_DATA_NOT_FOUND: {
    vi: 'đặt tệp gốc cạnh tệp chữ ký: TÊN và TÊN.p7s',
    en: 'put the original beside the signature: NAME and NAME.p7s',
  },
  GENERIC: askSender,
}

const byError: Readonly<Record<string, Bilingual>> = {
  PDF_ENCRYPTED: {
    vi: 'mở bằng mật khẩu: --password-file TỆP',
    en: 'open it with its password: --password-file FILE',
  },
  PDF_PASSWORD_WRONG: {
    vi: 'kiểm tra lại mật khẩu trong tệp của --password-file',
    en: 'check the password in the file of --password-file',
  },
  FILE_UNREADABLE: {
    vi: 'kiểm tra tên tệp và quyền đọc',
    en: 'check the name of the file and the right to read it',
  },
  PROFILE_NOT_MET: {
    vi: 'văn bản chưa đủ chữ ký; đề nghị nơi gửi ký đủ',
    en: 'signatures are missing; ask the sender for them',
  },
}

const unsigned: Bilingual = {
  vi: 'tệp chưa được ký số, không có giá trị như văn bản điện tử đã ký',
  en: 'the file is not signed and does not count as a signed document',
}

/** What to do about a verdict; undefined where it passed. */
export function adviceFor({
  indication,
  subIndication,
  errors,
}: Pick<VerificationReport, 'indication' | 'subIndication' | 'errors'>): Bilingual | undefined {
  if (indication === 'TOTAL_PASSED') return undefined
  if (indication === 'NO_SIGNATURE') return unsigned
  for (const { code } of errors) {
    const known = Object.hasOwn(byError, code) ? byError[code] : undefined
    if (known !== undefined) return known
  }
  return subIndication === null ? undefined : bySubIndication[subIndication]
}
