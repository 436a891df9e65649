import type { ErrorEntry } from './entry.ts'

/** Registers, series, years and searching. */
export const registersErrors = {
  REGISTER_CLOSED: {
    status: 409,
    exit: 65,
    vi: 'Sổ {book} năm {year} đã đóng, không ghi và không sửa được nữa',
    en: 'the {book} register of {year} is closed; nothing can be entered or changed in it',
    hint: {
      vi: 'văn bản của năm mới được đăng ký vào sổ của năm mới; cơ quan đã đóng thì cơ quan kế thừa đăng ký',
      en: 'register in the book of the new year; for a closed agency its successor registers',
    },
  },
  REGISTER_YEAR_RUNNING: {
    status: 409,
    exit: 65,
    vi: 'Năm {year} chưa hết, chưa đóng sổ được',
    en: 'the year {year} has not ended; its register cannot be closed yet',
    hint: {
      vi: 'đóng sổ từ ngày 01 tháng 01 năm sau, hoặc khi cơ quan đã đóng',
      en: 'close it from 1 January of the next year, or once the agency is closed',
    },
  },
  REGISTER_NOT_WHOLE: {
    status: 403,
    exit: 77,
    vi: 'Sổ {book} năm {year} có văn bản hạn chế mà bạn không được xem; bản in của sổ phải đủ mọi cột',
    en: 'the {book} register of {year} holds restricted documents that you may not read; a printed book shows all columns',
    hint: {
      vi: 'văn thư in sổ để ký và lưu; bạn xuất được dạng CSV hoặc XLSX, phần hạn chế ghi "[hạn chế]"',
      en: 'the clerk prints the book that is signed and kept; CSV and XLSX you can export, with "[hạn chế]" for what is restricted',
    },
  },
  DATE_IN_FUTURE: {
    status: 422,
    exit: 65,
    vi: 'Ngày {date} ở tương lai; hôm nay là {today} (giờ Việt Nam)',
    en: 'the date {date} lies in the future; today is {today} in Việt Nam',
  },
  DATE_BEFORE_LAST: {
    status: 409,
    exit: 65,
    vi: 'Ngày {date} trước ngày của số vừa cấp ({last}); số lớn hơn không được mang ngày sớm hơn',
    en: 'the date {date} lies before that of the last number ({last}); a higher number never has an earlier date',
    hint: {
      vi: 'nếu đồng hồ máy chủ sai, báo người vận hành; nếu không, dùng ngày {last} trở đi',
      en: 'if the clock of the server is wrong, tell the operator; otherwise use {last} or later',
    },
  },
  DATE_IN_OTHER_YEAR: {
    status: 422,
    exit: 65,
    vi: 'Ngày {date} không thuộc năm {year}; văn bản của năm cũ không lấy số của năm mới',
    en: 'the date {date} is not in {year}; a document of another year takes no number of this one',
  },
  REGISTER_FIELD_MISSING: {
    status: 422,
    exit: 65,
    vi: 'Thiếu "{fieldVi}", không đăng ký được',
    en: '"{field}" is missing; the document cannot be registered',
    hint: { vi: 'bổ sung thông tin văn bản rồi làm lại', en: 'complete the document’s data and try again' },
  },
  REGISTER_ENTRY_UNKNOWN: {
    status: 404,
    exit: 66,
    vi: 'Sổ không có dòng số {number} của {series} năm {year}',
    en: 'the register has no number {number} of {series} in {year}',
  },
  SERIES_IN_USE: {
    status: 409,
    exit: 65,
    vi: 'Năm {year} đã cấp số theo cách chia hiện tại; không đổi giữa năm khi không nêu lý do',
    en: 'numbers of {year} were given under the present series; no change within the year without a reason',
    hint: {
      vi: 'đặt cách chia mới cho năm sau, hoặc nêu lý do; hệ thống số mới sẽ đi tiếp sau số lớn nhất đã cấp',
      en: 'set it for the next year, or give a reason: new series then go on after the highest number given',
    },
  },
  SERIES_RULE_INVALID: {
    status: 422,
    exit: 65,
    vi: 'Cách chia hệ thống số không hợp lệ ở {field}: {reasonVi}',
    en: 'the series are not well cut at {field}: {reason}',
  },
  SERIES_UNKNOWN: {
    status: 422,
    exit: 65,
    vi: 'Chưa có hệ thống số cho "{name}" trong năm {year}',
    en: 'there is no series for "{name}" in {year}',
    hint: {
      vi: 'xem các hệ thống số: congvan register series',
      en: 'see the series: congvan register series',
    },
  },
  SYMBOL_NOT_PRESCRIBED: {
    status: 422,
    exit: 65,
    vi: 'Ký hiệu "{symbol}" không đúng mẫu "{pattern}" quy định cho {kind}',
    en: 'the symbol "{symbol}" is not as prescribed for {kind}: "{pattern}"',
    hint: {
      vi: 'dấu * trong mẫu là một nhóm chữ viết tắt bất kỳ; xem: congvan register series',
      en: 'the * stands for any abbreviation; see: congvan register series',
    },
  },
  SYMBOL_YEAR_WRONG: {
    status: 422,
    exit: 65,
    vi: 'Ký hiệu "{symbol}" của văn bản quy phạm pháp luật phải bắt đầu bằng năm ban hành, ví dụ đúng: {example}',
    en: 'the symbol "{symbol}" of a legal normative document has to begin with the year of issue: {example}',
    hint: {
      vi: 'số và ký hiệu in thành số/năm/ký hiệu; nếu đã ký, trả lại dự thảo để sửa ký hiệu',
      en: 'it is printed as number/year/symbol; if it is signed, return it to change the symbol',
    },
  },
  KIND_NOT_NORMATIVE: {
    status: 422,
    exit: 65,
    vi: '{kind} không phải loại văn bản quy phạm pháp luật',
    en: '{kind} is no kind of legal normative document',
    hint: {
      vi: 'nghị quyết, quyết định, chỉ thị có thể là văn bản quy phạm pháp luật',
      en: 'nghị quyết, quyết định and chỉ thị may be legal normative documents',
    },
  },
  KIND_CENTRAL_ONLY: {
    status: 422,
    exit: 65,
    vi: '{kind} do cơ quan ở trung ương ban hành, cơ quan không có thẩm quyền',
    en: '{kind} is issued at the central level only; it is not the agency’s to issue',
  },
  COUNCIL_NOT_NORMATIVE: {
    status: 422,
    exit: 65,
    vi: 'Tổ chức tư vấn "{council}" không ban hành văn bản quy phạm pháp luật',
    en: 'the advisory body "{council}" issues no legal normative documents',
  },
  COUNCIL_SYMBOL_WRONG: {
    status: 422,
    exit: 65,
    vi: 'Ký hiệu "{symbol}" ghi cơ quan ({shortName}) là nơi ban hành; văn bản của {council} ghi chữ viết tắt của tổ chức đó',
    en: 'the symbol "{symbol}" names the agency ({shortName}) as issuer; a document of {council} bears that body’s abbreviation',
  },
  SEARCH_EMPTY: {
    status: 400,
    exit: 65,
    vi: 'Câu tìm kiếm không có chữ hay số nào',
    en: 'the search has neither letters nor digits',
  },
} as const satisfies Record<string, ErrorEntry>
