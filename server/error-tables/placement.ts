import type { ErrorEntry } from './entry.ts'

/** Places of signatures and marks on the page. */
export const placementErrors = {
  PAGE_TEXT_UNREADABLE: {
    status: 422,
    exit: 65,
    vi: 'Không đọc được chữ trên trang của PDF: {reasonVi}',
    en: 'the text of the pages could not be read: {reason}',
    hint: { vi: 'xuất lại PDF từ phần mềm soạn thảo', en: 'export the PDF again from the word processor' },
  },
  SCAN_NOT_DECLARED: {
    status: 422,
    exit: 65,
    vi: 'Trang đầu không có chữ đọc được (bản chụp, bản quét); văn thư phải cam kết đã xem và không có dấu chỉ độ mật',
    en: 'the first page has no text that can be read (a scan); the clerk has to declare that no mark of secrecy is on it',
    hint: {
      vi: 'xem trang đầu rồi cam kết lại với scanDeclared',
      en: 'look at the first page and declare again with scanDeclared',
    },
  },
  PLACE_NOT_FOUND: {
    status: 422,
    exit: 65,
    vi: 'Không tìm thấy chỗ cho {fieldVi} trên văn bản: {reasonVi}',
    en: 'no place for {field} was found on the document: {reason}',
    hint: {
      vi: 'sửa bản thảo cho đúng thể thức, hoặc chỉ rõ trang và vị trí (mm)',
      en: 'set the draft as the rules want it, or give page and place in mm',
    },
  },
  PLACE_AMBIGUOUS: {
    status: 422,
    exit: 65,
    vi: 'Có {count} chỗ có thể là chỗ của {fieldVi}; hãy chỉ rõ trang và vị trí (mm)',
    en: '{count} places could be that of {field}; give page and place in mm',
  },
  PLACE_COVERS_TEXT: {
    status: 422,
    exit: 65,
    vi: 'Ô {fieldVi} ở trang {page} đè lên chữ: "{text}"',
    en: 'the box of {field} on page {page} lies over text: "{text}"',
    hint: {
      vi: 'chừa khoảng trống cho chữ ký, số và ngày',
      en: 'leave room for signatures, number and date',
    },
  },
  PLACE_OFF_PAGE: {
    status: 422,
    exit: 65,
    vi: 'Ô {fieldVi} nằm ngoài trang {page} (rộng {width} mm, cao {height} mm)',
    en: 'the box of {field} is outside of page {page} ({width} by {height} mm)',
  },
  DATE_PRINTED_DIFFERS: {
    status: 409,
    exit: 65,
    vi: 'Văn bản in sẵn "{printed}" nhưng ngày cấp số là {date}',
    en: 'the document has "{printed}" printed on it, but its date is {date}',
    hint: {
      vi: 'trả lại để sửa bản thảo: chừa trống ngày, tháng',
      en: 'return it: the draft should leave day and month open',
    },
  },
} as const satisfies Record<string, ErrorEntry>
