import type { ErrorEntry } from './entry.ts'

/** Documents and registers. */
export const documentErrors = {
  // Documents and registers
  DOCUMENT_STATE_WRONG: {
    status: 409,
    exit: 65,
    vi: 'Văn bản đang ở trạng thái "{stateVi}", không {eventVi} được',
    en: 'the document is "{state}", which does not allow "{event}"',
    hint: { vi: 'xem lại văn bản rồi làm bước kế tiếp', en: 'look at the document and do its next step' },
  },
  DOCUMENT_IN_QUARANTINE: {
    status: 409,
    exit: 65,
    vi: 'Văn bản còn trong vùng cách ly, chưa ai được đọc',
    en: 'the document is still in quarantine and may be read by nobody',
    hint: {
      vi: 'văn thư cam kết văn bản không có bí mật nhà nước để kết thúc cách ly',
      en: 'the clerk ends the quarantine by declaring that it holds no state secret',
    },
  },
  DOCUMENT_FILE_MISSING: {
    status: 409,
    exit: 65,
    vi: 'Văn bản chưa có tệp PDF',
    en: 'the document has no PDF file yet',
    hint: { vi: 'tải tệp PDF lên trước', en: 'upload the PDF first' },
  },
  DOCUMENT_CHANGED: {
    status: 409,
    exit: 75,
    vi: 'Văn bản vừa được người khác thay đổi; chưa có gì được ghi',
    en: 'the document was changed by somebody else meanwhile; nothing was written',
    hint: { vi: 'tải bản mới nhất về và làm lại', en: 'download the latest revision and do it again' },
  },
  DOCUMENT_FILL_MISSING: {
    status: 409,
    exit: 65,
    vi: 'Số và ngày đã cấp nhưng chưa được ghi lên văn bản',
    en: 'number and date are assigned but do not stand on the document yet',
    hint: {
      vi: 'gọi lại bước cấp số; số cũ được giữ nguyên',
      en: 'ask for the number again; it stays the same',
    },
  },
  DRAFT_ALREADY_SIGNED: {
    status: 422,
    exit: 65,
    vi: 'Dự thảo tải lên đã có chữ ký số; hãy tải bản chưa ký',
    en: 'the uploaded draft carries a digital signature already; upload the unsigned one',
  },
  SIGNATURE_NOT_AN_EXTENSION: {
    status: 422,
    exit: 65,
    vi: 'Tệp tải lên không phải là bản hiện có cộng đúng một chữ ký: {reasonVi}',
    en: 'the upload is not the current revision plus exactly one signature: {reason}',
    hint: { vi: 'tải bản mới nhất về rồi ký lại', en: 'download the latest revision and sign it again' },
  },
  SIGNER_WRONG: {
    status: 422,
    exit: 65,
    vi: 'Chữ ký không đúng người ký: {fieldVi} cần là "{expectedVi}", chứng thư số ghi "{foundVi}"',
    en: 'the wrong signer: {field} should be "{expected}", the certificate says "{found}"',
  },
  SIGNATURE_REJECTED: {
    status: 422,
    exit: 65,
    vi: 'Chữ ký số không được chấp nhận: {indication} ({subIndication})',
    en: 'the signature is not acceptable: {indication} ({subIndication})',
    hint: {
      vi: 'kiểm tra chứng thư số còn hạn, không bị thu hồi, và nút có chứng thư gốc tin cậy',
      en: 'check that the certificate is valid and not revoked, and that the node has its trust anchor',
    },
  },
  SECRET_MARK_FOUND: {
    status: 422,
    exit: 65,
    vi: 'Có dấu chỉ độ mật "{mark}" ở {field}; văn bản mật không được đưa vào hệ thống, nội dung không được lưu',
    en: 'the mark of secrecy "{mark}" stands in {field}; secret documents may not enter, nothing of it was kept',
  },
  DOCUMENT_KIND_UNKNOWN: {
    status: 422,
    exit: 65,
    vi: 'Không có loại văn bản hành chính "{kind}" (NĐ 30/2020 Điều 7)',
    en: 'there is no kind of administrative document "{kind}" (NĐ 30/2020 art 7)',
  },
  SYMBOL_WRONG: {
    status: 422,
    exit: 65,
    vi: 'Ký hiệu "{symbol}" không đúng cho loại "{kind}"; ví dụ đúng: {example}',
    en: 'the symbol "{symbol}" does not fit the kind "{kind}"; an example that does: {example}',
  },
  NUMBER_TAKEN: {
    status: 409,
    exit: 65,
    vi: 'Số, ký hiệu {number} đã dùng trong năm {year}',
    en: 'the number and symbol {number} are used already in {year}',
  },
  VERIFICATION_FAILED: {
    status: 409,
    exit: 65,
    vi: 'Văn bản không qua kiểm tra chữ ký số ({indication}, {subIndication}); không được tiếp nhận',
    en: 'the document failed verification ({indication}, {subIndication}) and may not be accepted',
    hint: { vi: 'từ chối và trả lại kèm lý do', en: 'refuse it with a reason' },
  },
  SENDER_NOT_SIGNER: {
    status: 409,
    exit: 65,
    vi: 'Chữ ký số của cơ quan trên văn bản không phải của cơ quan gửi ({sender})',
    en: 'the agency that signed the document is not the one that sent it ({sender})',
    hint: {
      vi: 'xem báo cáo kiểm tra; nếu vẫn tiếp nhận, đặt acceptIndeterminate',
      en: 'read the verification report; to accept all the same, set acceptIndeterminate',
    },
  },
  VERIFICATION_INDETERMINATE: {
    status: 409,
    exit: 65,
    vi: 'Chưa xác định được chữ ký số có giá trị hay không ({subIndication})',
    en: 'it is not certain that the signatures are valid ({subIndication})',
    hint: {
      vi: 'xem báo cáo kiểm tra; nếu vẫn tiếp nhận, đặt acceptIndeterminate',
      en: 'read the verification report; to accept all the same, set acceptIndeterminate',
    },
  },
  STORAGE_DAMAGED: {
    status: 500,
    exit: 74,
    vi: 'Tệp {sha256} trong kho bị hỏng hoặc mất: {reason}',
    en: 'the stored file {sha256} is damaged or missing: {reason}',
    hint: {
      vi: 'báo người vận hành khôi phục từ bản sao lưu',
      en: 'tell the operator to restore it from a backup',
    },
  },
} as const satisfies Record<string, ErrorEntry>
