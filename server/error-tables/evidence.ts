import type { ErrorEntry } from './entry.ts'

/** Bundles of evidence of what became of a sent document. */
export const evidenceErrors = {
  EVIDENCE_NONE: {
    status: 404,
    exit: 65,
    vi: 'Văn bản {id} chưa được gửi qua liên thông: chưa có chứng cứ nào',
    en: 'the document {id} was never dispatched: there is no evidence',
  },
  EVIDENCE_TOO_LARGE: {
    status: 413,
    exit: 65,
    vi: 'Gói chứng cứ vượt quá {entries} tệp hoặc {bytes} byte',
    en: 'the bundle of evidence has more than {entries} files or {bytes} bytes',
  },
  EVIDENCE_UNREADABLE: {
    status: 422,
    exit: 3,
    vi: 'Không đọc được gói chứng cứ: {reason}',
    en: 'the bundle of evidence cannot be read: it {reason}',
    hint: {
      vi: 'dùng đúng tệp đã tải về, chưa giải nén và nén lại; nếu vẫn lỗi, xin gói mới từ cơ quan gửi',
      en: 'use the very file that was downloaded, never packed again; else ask the sender for a new one',
    },
  },
} as const satisfies Record<string, ErrorEntry>
