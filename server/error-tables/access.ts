import type { ErrorEntry } from './entry.ts'

/** Permissions on documents and dossiers; dossiers themselves. */
export const accessErrors = {
  USER_NOT_OF_AGENCY: {
    status: 422,
    exit: 65,
    vi: 'Tài khoản "{user}" không có vai trò nào ở cơ quan này',
    en: 'the account "{user}" has no role in this agency',
    hint: {
      vi: 'kiểm tra tên đăng nhập; quản trị của cơ quan cấp vai trò',
      en: 'check the login name; the administrator of the agency grants roles',
    },
  },
  ACCESS_NOT_GIVEN: {
    status: 409,
    exit: 65,
    vi: 'Tài khoản "{user}" không có quyền xem nào đã cấp trực tiếp ở đây để thu hồi',
    en: 'the account "{user}" has no right given here that could be withdrawn',
    hint: {
      vi: 'quyền có từ hồ sơ thì thu hồi ở hồ sơ; quyền theo vai trò thì hạn chế văn bản',
      en: 'a right through a dossier ends with its membership; against a role restrict the document',
    },
  },
  ACCESS_LAST_READER: {
    status: 409,
    exit: 65,
    vi: 'Đây là người cuối cùng được xem; phải cấp quyền cho người khác trước',
    en: 'this is the last person who may see it; permit it to somebody else first',
  },
  DOSSIER_OPEN_TO_ALL: {
    status: 409,
    exit: 65,
    vi: 'Hồ sơ {code} không hạn chế nên không thể chứa văn bản hạn chế',
    en: 'the dossier {code} is not restricted and so cannot hold a restricted document',
    hint: { vi: 'hạn chế hồ sơ trước', en: 'restrict the dossier first' },
  },
  DOSSIER_HOLDS_RESTRICTED: {
    status: 409,
    exit: 65,
    vi: 'Hồ sơ có {count} văn bản hạn chế nên phải giữ chế độ hạn chế',
    en: 'the dossier holds {count} restricted documents and has to stay restricted',
    hint: {
      vi: 'bỏ hạn chế các văn bản hoặc đưa chúng ra khỏi hồ sơ trước',
      en: 'end the restriction of those documents or take them out first',
    },
  },
  DOSSIER_EXISTS: {
    status: 409,
    exit: 65,
    vi: 'Năm {year} đã có hồ sơ số, ký hiệu "{notation}"',
    en: 'the year {year} has a dossier "{notation}" already',
    hint: { vi: 'chọn số, ký hiệu khác', en: 'choose another notation' },
  },
  DOSSIER_CLOSED: {
    status: 409,
    exit: 65,
    vi: 'Hồ sơ {code} đã kết thúc, không thay đổi được',
    en: 'the dossier {code} is closed and cannot be changed',
  },
  DOSSIER_NOT_YOURS: {
    status: 403,
    exit: 77,
    vi: 'Chỉ người lập hồ sơ hoặc người được giao giữ hồ sơ {code} mới được làm việc này',
    en: 'only the maker of the dossier {code} or who keeps it with them may do this',
  },
  DOSSIER_NOT_READY: {
    status: 409,
    exit: 65,
    vi: 'Chưa kết thúc được hồ sơ: {problemsVi}',
    en: 'the dossier cannot be closed yet: {problems}',
    hint: {
      vi: 'xem danh mục kiểm tra của hồ sơ, xử lý từng mục rồi kết thúc lại',
      en: 'see the checklist of the dossier, settle each point and close it again',
    },
  },
  DOCUMENT_IN_DOSSIER: {
    status: 409,
    exit: 65,
    vi: 'Văn bản đã có trong hồ sơ {code}',
    en: 'the document is in the dossier {code} already',
  },
  STATISTICS_PERIOD_WRONG: {
    status: 400,
    exit: 65,
    vi: 'Kỳ thống kê {from} đến {to} không hợp lệ: ngày đầu không sau ngày cuối, dài nhất {years} năm',
    en: 'the period {from} to {to} cannot be counted: it must not end before it begins and last at most {years} years',
  },
} as const satisfies Record<string, ErrorEntry>
