import type { ErrorEntry } from './entry.ts'

/** Agencies over time, calendar of working days. */
export const agenciesErrors = {
  AGENCY_ACT_INVALID: {
    status: 422,
    exit: 65,
    vi: 'Không thực hiện được ({act}), {field}: {reason}; chưa đổi gì',
    en: 'this cannot be done ({act}), {field}: {reason}; nothing was changed',
  },
  AGENCY_OF_OTHER_NODE: {
    status: 409,
    exit: 65,
    vi: 'Cơ quan "{name}" thuộc phần danh bạ do nút {node} ký',
    en: 'the agency "{name}" stands in the part of the directory that node {node} signs',
    hint: {
      vi: 'người vận hành nút {node} thực hiện việc này',
      en: 'the operator of node {node} does this',
    },
  },
  CALENDAR_GAPS: {
    status: 422,
    exit: 65,
    vi: 'Lịch năm {year} còn thiếu hoặc mâu thuẫn ở {count} chỗ; chưa nhập gì:\n{problems}',
    en: 'the calendar of {year} has {count} gaps or contradictions; nothing was imported:\n{problems}',
    hint: {
      vi: 'sửa các dòng này theo thông báo nghỉ lễ của năm rồi nhập lại',
      en: 'mend these rows by the year’s announcement of holidays and import again',
    },
  },
  CALENDAR_INCOMPLETE: {
    status: 409,
    exit: 65,
    vi: 'Chưa nhập lịch ngày làm việc của năm {years}; hạn chỉ tính theo cuối tuần',
    en: 'no calendar of working days was imported for {years}; terms count weekends alone',
    hint: {
      vi: 'người vận hành nút nhập bằng "congvan calendar import"',
      en: 'the operator of the node imports it with "congvan calendar import"',
    },
  },
} as const satisfies Record<string, ErrorEntry>
