import type { ErrorEntry } from './entry.ts'

/** Annex files, copies, forwarding. */
export const attachmentsErrors = {
  ATTACHMENT_NAME_INVALID: {
    status: 422,
    exit: 65,
    vi: 'Tên tệp "{name}" không gửi được: chỉ chữ không dấu, số và gạch nối, không quá 50 ký tự, không trùng tệp khác',
    en: 'the file name "{name}" may not be sent: letters without diacritics, digits and hyphens, at most 50 characters, no other file’s',
    hint: { vi: 'đổi tên thành {suggestion}', en: 'rename it to {suggestion}' },
  },
  ATTACHMENT_TYPE_NOT_ALLOWED: {
    status: 422,
    exit: 65,
    vi: 'Loại tệp "{extension}" không được đính kèm; được phép: {allowed}',
    en: 'files of type "{extension}" may not be attached; allowed are {allowed}',
  },
  ATTACHMENT_CONTENT_MISMATCH: {
    status: 422,
    exit: 65,
    vi: 'Nội dung tệp "{name}" không phải là {extension}',
    en: 'the content of "{name}" is not {extension}',
    hint: { vi: 'lưu lại tệp đúng định dạng', en: 'save the file in the format that its name says' },
  },
  ATTACHMENTS_TOO_MANY: {
    status: 422,
    exit: 65,
    vi: 'Văn bản đã có {most} tệp, nhiều nhất được phép',
    en: 'the document has {most} files already, the most that it may have',
  },
  ANNEX_NOT_PDF: {
    status: 422,
    exit: 65,
    vi: 'Phụ lục là tệp riêng phải là PDF để cơ quan ký số ("{name}")',
    en: 'an annex in a file of its own must be a PDF, so that the agency can sign it ("{name}")',
    hint: {
      vi: 'xuất phụ lục ra PDF, hoặc gửi kèm như tài liệu tham khảo (attachment)',
      en: 'export the annex as PDF, or send the file along as an attachment',
    },
  },
  ANNEX_UNSIGNED: {
    status: 409,
    exit: 65,
    vi: 'Tệp riêng "{name}" (vị trí {position}) chưa có chữ ký số của cơ quan',
    en: 'the separate file "{name}" (position {position}) does not carry the agency’s signature yet',
    hint: {
      vi: 'ký số cơ quan lên từng phụ lục, tài liệu PDF kèm theo trước khi phát hành',
      en: 'sign every separate PDF as the agency before the document is issued',
    },
  },
  MARK_COVERS_TEXT: {
    status: 422,
    exit: 65,
    vi: 'Chữ ký số của cơ quan sẽ che chữ "{text}" ở trang đầu',
    en: 'the agency’s signature would cover the text "{text}" on the first page',
    hint: {
      vi: 'đặt chữ ký thấp xuống {down} mm, hoặc ở chỗ trống khác của trang đầu',
      en: 'put the signature {down} mm lower, or in another free place of the first page',
    },
  },
  MARK_NOT_ON_FIRST_PAGE: {
    status: 422,
    exit: 65,
    vi: 'Chữ ký số của cơ quan phải ở trang đầu, không phải trang {page}',
    en: 'the agency’s signature has to stand on the first page, not on page {page}',
    hint: {
      vi: 'Nghị định 30/2020/NĐ-CP, Phụ lục I: góc trên, bên phải, trang đầu',
      en: 'Decree 30/2020/NĐ-CP, appendix I: the top right corner of the first page',
    },
  },
  FILE_NOT_TO_BE_SIGNED: {
    status: 409,
    exit: 65,
    vi: 'Tệp ở vị trí {position} không phải ký: không phải PDF, đã ký, hoặc là tệp chính',
    en: 'the file at position {position} is not to be signed: it is no PDF, is signed already, or is the main file',
  },
  MESSAGE_TOO_LARGE: {
    status: 413,
    exit: 65,
    vi: 'Các tệp của văn bản sau khi mã hóa dài {length} byte, quá giới hạn {limit} byte của một thông điệp',
    en: 'the document’s files take {length} bytes once encoded, more than the {limit} of one message',
    hint: { vi: 'giảm dung lượng hoặc bớt tệp đính kèm', en: 'make the files smaller or send fewer of them' },
  },
  DECLARATION_NEEDED: {
    status: 422,
    exit: 65,
    vi: 'Cần cam kết tệp đính kèm không có bí mật nhà nước',
    en: 'it has to be declared that the attached file holds no state secret',
  },
  COPY_ROUTE_NOT_ALLOWED: {
    status: 422,
    exit: 65,
    vi: 'Không có hình thức {formVi} từ {fromVi} sang {toVi} (NĐ 30/2020 Điều 25)',
    en: 'there is no {form} from {from} to {to} (NĐ 30/2020 art 25)',
    hint: {
      vi: 'văn bản điện tử cần gửi tiếp thì chuyển tiếp nguyên bản gốc (document forward)',
      en: 'forward the original instead (document forward)',
    },
  },
  COPY_SOURCE_WRONG: {
    status: 422,
    exit: 65,
    vi: 'Nguồn không dùng để sao được: {reasonVi}',
    en: 'this source cannot be copied: {reason}',
  },
  COPY_AUTHORITY_MISSING: {
    status: 422,
    exit: 65,
    vi: 'Người quyết định sao không có thẩm quyền vào ngày {date}',
    en: 'who decided the copy has no authority to on {date}',
    hint: {
      vi: 'người đứng đầu cơ quan quy định thẩm quyền ký bản sao (NĐ 30/2020 Điều 27.1)',
      en: 'the head of the agency settles who may sign copies (NĐ 30/2020 art 27.1)',
    },
  },
  AGENCY_SHORT_NAME_MISSING: {
    status: 409,
    exit: 65,
    vi: 'Cơ quan chưa đặt tên viết tắt nên chưa có ký hiệu bản sao',
    en: 'the agency has not set its short name, which the symbol of a copy needs',
    hint: {
      vi: 'người quản trị đặt shortName trong thiết lập của cơ quan',
      en: 'an administrator sets shortName in the settings of the agency',
    },
  },
  NOT_A_COPY: {
    status: 409,
    exit: 65,
    vi: 'Văn bản này không phải bản sao điện tử do cơ quan lập',
    en: 'this document is no electronic copy made by the agency',
  },
  IS_A_COPY: {
    status: 409,
    exit: 65,
    vi: 'Văn bản này là bản sao; dùng chức năng sao văn bản',
    en: 'this document is a copy; use what is there for copies',
  },
  SCAN_NOT_ACCEPTABLE: {
    status: 422,
    exit: 65,
    vi: 'Bản quét không đạt tiêu chuẩn (PDF từ 1.4, ảnh màu, từ 200 dpi, tỷ lệ 100%): {reasonVi}',
    en: 'the scan does not meet the standard (PDF 1.4 or later, in colour, at least 200 dpi, at 100 %): {reason}',
    hint: { vi: 'quét lại bản giấy', en: 'scan the paper again' },
  },
  FORWARD_NOT_ALLOWED: {
    status: 409,
    exit: 65,
    vi: 'Không chuyển tiếp được văn bản này: {reasonVi}',
    en: 'this document may not be passed on: {reason}',
  },
  INTERNAL_CIRCULATION: {
    status: 409,
    exit: 65,
    vi: 'Văn bản có chỉ dẫn LƯU HÀNH NỘI BỘ, không được chuyển ra ngoài cơ quan',
    en: 'the document is marked LƯU HÀNH NỘI BỘ: it stays inside the agency',
    hint: {
      vi: 'nếu người có thẩm quyền cho phép, chuyển tiếp kèm lý do (overrideReason)',
      en: 'where somebody with authority permits it, give the reason (overrideReason)',
    },
  },
} as const satisfies Record<string, ErrorEntry>
