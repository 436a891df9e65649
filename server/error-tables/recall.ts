import type { ErrorEntry } from './entry.ts'

/** Recall, replacement and correction of documents. */
export const recallErrors = {
  DOCUMENT_FROZEN: {
    status: 409,
    exit: 65,
    vi: 'Văn bản đã bị cơ quan mình thu hồi: chỉ xem được, không sửa, không gửi',
    en: 'the document was recalled by its own agency: it can be seen, neither changed nor sent',
  },
  DOCUMENT_RECALLED: {
    status: 409,
    exit: 65,
    vi: 'Văn bản đã bị cơ quan ban hành thu hồi: nội dung không còn mở được',
    en: 'the document was recalled by its issuer: its content opens no more',
  },
  RECALL_PENDING: {
    status: 409,
    exit: 65,
    vi: 'Cơ quan ban hành đang thu hồi văn bản này: cần trả lời yêu cầu thu hồi trước',
    en: 'the issuer recalls this document: the recall must be answered first',
    hint: {
      vi: 'congvan inbox recall-agree ID (hoặc recall-decline ID --reason …)',
      en: 'congvan inbox recall-agree ID (or recall-decline ID --reason …)',
    },
  },
  RECALL_NOT_SENT: {
    status: 409,
    exit: 65,
    vi: 'Không có gì để thu hồi: {reasonVi}',
    en: 'there is nothing to recall: {reason}',
  },
  RECALL_RECIPIENT_UNKNOWN: {
    status: 422,
    exit: 65,
    vi: 'Văn bản chưa từng gửi tới {codes}',
    en: 'the document was never sent to {codes}',
  },
  RECALL_NOTICE_MISSING: {
    status: 422,
    exit: 65,
    vi: 'Văn bản đã rời nút để tới {codes}: cần văn bản thông báo thu hồi đã phát hành',
    en: 'the document has left for {codes}: an issued notice of recall is needed',
    hint: {
      vi: 'soạn, ký, phát hành thông báo thu hồi rồi nêu --notice ID',
      en: 'draft, sign and issue a notice of recall, then name it by --notice ID',
    },
  },
  RECALL_NOTICE_WRONG: {
    status: 422,
    exit: 65,
    vi: 'Văn bản này không dùng làm thông báo thu hồi được: {reasonVi}',
    en: 'this document cannot be the notice of recall: {reason}',
  },
  RECALL_OVERTAKEN: {
    status: 503,
    exit: 75,
    vi: 'Văn bản đang rời nút đúng lúc thu hồi, chưa thu hồi được',
    en: 'the document was leaving at the very moment of the recall, which was not carried out',
    hint: { vi: 'thử lại sau giây lát', en: 'try again in a moment' },
  },
  RECALL_NOT_REQUESTED: {
    status: 409,
    exit: 65,
    vi: 'Cơ quan ban hành không yêu cầu thu hồi văn bản này',
    en: 'the issuer has not recalled this document',
  },
  RECALL_NOTICE_UNSEEN: {
    status: 409,
    exit: 65,
    vi: 'Chưa trả lời được: thông báo thu hồi {notice} đang ở trạng thái "{state}"',
    en: 'it cannot be answered yet: the notice of recall {notice} is "{state}"',
    hint: {
      vi: 'thông báo thu hồi phải qua kiểm tra chữ ký trước',
      en: 'the notice of recall must pass verification first',
    },
  },
  PAPER_NOT_RECALLED: {
    status: 409,
    exit: 65,
    vi: 'Văn bản chưa bị thu hồi: chưa có bản giấy nào phải gửi lại',
    en: 'the document was not recalled: no paper of it is to come back',
  },
  PAPER_RETURN_UNKNOWN: {
    status: 422,
    exit: 65,
    vi: 'Chưa từng gửi bản giấy tới "{name}"; đã gửi tới: {known}',
    en: 'no paper went to "{name}"; it went to: {known}',
  },
  PAPER_RETURN_TOO_MANY: {
    status: 422,
    exit: 65,
    vi: 'Nhận lại {copies} bản giấy, nhưng chỉ còn {left} bản chưa về',
    en: '{copies} paper copies came back, only {left} are out',
  },
  PAPER_RETURN_DAY_WRONG: {
    status: 422,
    exit: 65,
    vi: 'Ngày gửi lại bản giấy {day} phải từ {from} đến {to}',
    en: 'the day {day} on which paper went back must lie between {from} and {to}',
  },
  PAPER_RETURN_RECORDED: {
    status: 409,
    exit: 65,
    vi: 'Đã ghi nhận gửi lại bản giấy hoặc không có bản giấy: không ghi "không có" lần nữa',
    en: 'it is recorded already that paper was sent back, or that there was none',
  },
  REPLACEMENT_KIND_DIFFERS: {
    status: 422,
    exit: 65,
    vi: 'Văn bản thay thế phải cùng hình thức: {old} không thay được bằng {new}',
    en: 'a replacement has the form of what it replaces: {old} cannot be replaced by {new}',
    hint: {
      vi: 'sai sót về thể thức, kỹ thuật trình bày thì đính chính bằng công văn: --corrects ID',
      en: 'an error of form is corrected by a letter (công văn): --corrects ID',
    },
  },
  CORRECTION_NOT_LETTER: {
    status: 422,
    exit: 65,
    vi: 'Đính chính phải bằng công văn, không bằng {kind}',
    en: 'a correction is made by a letter (công văn), not by {kind}',
  },
  UPDATE_EMPTY: {
    status: 422,
    exit: 65,
    vi: 'Cập nhật phải nêu thời hạn mới hoặc nơi nhận thay đổi',
    en: 'an update says a new deadline or how the recipients change',
    hint: {
      vi: 'ghi thời hạn mới (dueDate) cho văn bản cập nhật, hoặc nêu --add-recipient, --remove-recipient',
      en: 'give the updating document the new deadline (dueDate), or use --add-recipient, --remove-recipient',
    },
  },
  UPDATE_NOT_REQUESTED: {
    status: 409,
    exit: 65,
    vi: 'Không có yêu cầu cập nhật nào của văn bản này còn chờ trả lời',
    en: 'no update of this document waits for an answer',
  },
  LINKED_DOCUMENT_WRONG: {
    status: 422,
    exit: 65,
    vi: 'Không thay thế, đính chính, cập nhật được văn bản {id}: {reasonVi}',
    en: 'the document {id} cannot be replaced, corrected or updated: {reason}',
  },
} as const satisfies Record<string, ErrorEntry>
