import type { ErrorEntry } from './entry.ts'

/** Handling of incoming documents. */
export const incomingErrors = {
  SECRET_MARK_HELD: {
    status: 409,
    exit: 65,
    vi: 'Văn bản đến có dấu chỉ độ mật "{mark}": không mở, không đăng ký, chỉ được trả lại',
    en: 'the incoming document shows the mark of secrecy "{mark}": it is not opened or registered, only returned',
    hint: {
      vi: 'từ chối với lý do state-secret; văn bản mật gửi theo quy định về bảo vệ bí mật nhà nước',
      en: 'refuse it with the reason state-secret; secret documents go another way',
    },
  },
  VERIFICATION_PENDING: {
    status: 409,
    exit: 65,
    vi: 'Văn bản đến chưa được kiểm tra (chữ ký số, dấu chỉ độ mật) nên chưa ai được mở',
    en: 'the incoming document was not examined yet (signatures, marks of secrecy) and is opened by nobody before',
    hint: {
      vi: 'chờ trong giây lát; nếu vẫn vậy, văn thư yêu cầu kiểm tra (verification)',
      en: 'wait a moment; if that does not help, the clerk asks for its verification',
    },
  },
  REFUSAL_TEXT_MISSING: {
    status: 422,
    exit: 65,
    vi: 'Lý do "khác" phải nêu bằng lời; nơi gửi sẽ đọc đúng những lời đó',
    en: 'the reason "other" must be given in words, which the sender will read as they are',
  },
  DUPLICATE_UNCONFIRMED: {
    status: 409,
    exit: 65,
    vi: 'Có {count} văn bản đến trùng mã định danh hoặc trùng số, ký hiệu và cơ quan ban hành: {documents}',
    en: '{count} incoming documents have the same identifier, or the same number, symbol and sender: {documents}',
    hint: {
      vi: 'từ chối với lý do duplicate, hoặc tiếp nhận và nêu lý do vẫn đăng ký (duplicateReason)',
      en: 'refuse it as a duplicate, or accept it and say why it is registered all the same (duplicateReason)',
    },
  },
  DUPLICATE_IDENTICAL: {
    status: 409,
    exit: 65,
    vi: 'Đây là bản gửi lặp của văn bản đã đăng ký số đến {number}/{year}: cùng mã định danh, cùng nội dung',
    en: 'this is a copy of the document registered as number {number} of {year}: same identifier, same content',
    hint: {
      vi: 'từ chối với lý do duplicate; một văn bản không có hai số đến',
      en: 'refuse it as a duplicate: one document has one incoming number',
    },
  },
  DOCUMENT_INCOMPLETE: {
    status: 409,
    exit: 65,
    vi: 'Văn bản không đầy đủ: {findings}',
    en: 'the document is incomplete: {findings}',
    hint: {
      vi: 'từ chối với lý do incomplete; hoặc đọc báo cáo kiểm tra rồi tiếp nhận và nêu lý do (incompleteReason)',
      en: 'refuse it as incomplete; or read the report and accept it with a reason (incompleteReason)',
    },
  },
  REGISTRATION_CLOSED: {
    status: 409,
    exit: 65,
    vi: 'Thông tin đăng ký chỉ sửa được trước khi tiếp nhận; sau đó phải sửa sổ, có lý do',
    en: 'the fields of the register are entered before acceptance; afterwards the register is corrected with a reason',
  },
  ASSIGNEE_UNKNOWN: {
    status: 422,
    exit: 65,
    vi: 'Không có người dùng "{user}" ở cơ quan này',
    en: 'there is no user "{user}" in this agency',
  },
  ASSIGNEE_NOT_ENTITLED: {
    status: 422,
    exit: 65,
    vi: 'Người dùng "{user}" không có quyền xử lý văn bản',
    en: 'the user "{user}" may not process documents',
    hint: {
      vi: 'quản trị cấp vai trò có quyền xử lý, hoặc phân công người khác',
      en: 'have a role granted that may, or assign somebody else',
    },
  },
  ASSIGNEE_TWICE: {
    status: 422,
    exit: 65,
    vi: '"{party}" được nêu hai lần; mỗi văn bản có đúng một chủ trì và các đơn vị, người phối hợp khác nhau',
    en: '"{party}" is named twice: there is one lead, and each co-operates once',
  },
  ASSIGNEE_WRONG: {
    status: 403,
    exit: 77,
    vi: 'Văn bản được giao cho "{lead}" chủ trì; chỉ người chủ trì làm bước này',
    en: 'the document was assigned to "{lead}", who alone does this step',
    hint: {
      vi: 'lãnh đạo hoặc văn thư phân công lại nếu cần',
      en: 'a leader or the clerk can assign it to somebody else',
    },
  },
  DEADLINE_PAST: {
    status: 422,
    exit: 65,
    vi: 'Thời hạn {date} đã qua (hôm nay là {today})',
    en: 'the deadline {date} has passed (today is {today})',
  },
  DEADLINE_NOT_LATER: {
    status: 422,
    exit: 65,
    vi: 'Gia hạn phải sau thời hạn hiện tại {current}',
    en: 'an extension must be later than the present deadline {current}',
  },
  PARTY_UNKNOWN: {
    status: 404,
    exit: 66,
    vi: 'Không có đơn vị, người xử lý thứ {position} đang làm việc với văn bản này',
    en: 'nobody handles this document at position {position}',
  },
  ANSWER_MISSING: {
    status: 422,
    exit: 65,
    vi: 'Hoàn thành phải nêu văn bản trả lời, hoặc lý do không cần trả lời',
    en: 'completion names the document that answers, or says why no answer is needed',
    hint: {
      vi: 'nêu answer là văn bản đi đã gửi, hoặc noAnswerReason',
      en: 'give answer, an outgoing document that was sent, or noAnswerReason',
    },
  },
  ANSWER_NOT_SENT: {
    status: 409,
    exit: 65,
    vi: 'Văn bản trả lời chưa được gửi đi (trạng thái {state})',
    en: 'the answering document was not sent yet (it is {state})',
    hint: {
      vi: 'gửi văn bản trả lời; văn bản đến khi đó tự hoàn thành nếu không còn chờ trả lời khác',
      en: 'send it; the incoming document is then completed by itself unless more answers are awaited',
    },
  },
} as const satisfies Record<string, ErrorEntry>
