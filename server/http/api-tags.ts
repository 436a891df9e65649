import type { Language } from '../../signing/index.ts'

/** The parts of the API, in the order in which a reader meets them; every route's `tag` is one of these. */
export const apiTags: Readonly<Record<string, Readonly<Record<Language, string>>>> = {
  auth: { vi: 'Đăng nhập, mã truy cập', en: 'Signing in and tokens' },
  users: { vi: 'Tài khoản và vai trò', en: 'Accounts and roles' },
  access: { vi: 'Quyền xem văn bản, hồ sơ', en: 'Permissions on documents and dossiers' },
  directory: { vi: 'Danh bạ cơ quan, nút liền kề', en: 'Agencies and neighbouring nodes' },
  calendar: { vi: 'Lịch ngày làm việc', en: 'Calendar of working days' },
  settings: { vi: 'Thiết lập của cơ quan', en: 'Settings of the agency' },
  documents: { vi: 'Văn bản đi và đến', en: 'Documents, outgoing and incoming' },
  outgoing: { vi: 'Văn bản đi', en: 'Outgoing documents' },
  incoming: { vi: 'Văn bản đến', en: 'Incoming documents' },
  attachments: { vi: 'Phụ lục, tệp kèm, bản sao', en: 'Annexes, attachments, copies' },
  copies: { vi: 'Bản sao', en: 'Copies' },
  register: { vi: 'Sổ đăng ký văn bản', en: 'Registers' },
  registers: { vi: 'Sổ đăng ký văn bản', en: 'Registers' },
  search: { vi: 'Tìm kiếm', en: 'Searching' },
  dossiers: { vi: 'Hồ sơ', en: 'Dossiers' },
  deliveries: { vi: 'Gửi và theo dõi', en: 'Sending and tracking' },
  statistics: { vi: 'Thống kê', en: 'Statistics' },
  log: { vi: 'Nhật ký trao đổi', en: 'The log' },
}
