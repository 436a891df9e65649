/** What `congvan doctor` may find, in words for the operator with what to do about each. Pure. */
import type { Language } from '../../signing/index.ts'
import { alertTexts } from './alerts.ts'
import { fillText } from './fill-text.ts'

export const doctorAreas = [
  'configuration',
  'program',
  'files',
  'key',
  'database',
  'trust',
  'directory',
  'processes',
  'peers',
  'alerts',
] as const
export type DoctorArea = (typeof doctorAreas)[number]

export type Severity = 'ok' | 'warning' | 'error' | 'skipped'

/** `ok`: the area was looked at and is as it should be; `skipped`: it could not be looked at. */
export interface DoctorFinding {
  readonly area: DoctorArea
  readonly severity: Severity
  readonly code: keyof typeof doctorTexts | keyof typeof alertTexts | 'FINE' | 'NOT_LOOKED_AT'
  readonly params: Readonly<Record<string, string | number>>
  /** Words of another table (an error, a step to a peer), where they are more exact. */
  readonly own?: { readonly text: Record<Language, string>; readonly remedy: Record<Language, string> }
}

export function finding(
  area: DoctorArea,
  severity: Severity,
  code: DoctorFinding['code'],
  params: DoctorFinding['params'] = {},
): DoctorFinding {
  return { area, severity, code, params }
}

/** A finding in words. */
export function describeFinding(found: DoctorFinding, language: Language): { text: string; remedy: string } {
  const { code, params, own } = found
  if (own !== undefined) return { text: own.text[language], remedy: own.remedy[language] }
  if (code === 'FINE') return { text: String(params.what ?? ''), remedy: '' }
  if (code === 'NOT_LOOKED_AT') {
    return { text: language === 'vi' ? 'chưa xem được' : 'could not be looked at', remedy: '' }
  }
  const entry = { ...alertTexts, ...doctorTexts }[code]
  return { text: fillText(entry[language], params), remedy: fillText(entry.remedy[language], params) }
}

interface Entry {
  readonly vi: string
  readonly en: string
  readonly remedy: { readonly vi: string; readonly en: string }
}

export const doctorTexts = {
  SETTINGS_WRONG: {
    vi: 'cấu hình sai:\n{problems}',
    en: 'the configuration is wrong:\n{problems}',
    remedy: {
      vi: 'sửa các biến nêu trên; xem congvan serve --help',
      en: 'correct them; see congvan serve --help',
    },
  },
  RUNTIME_OLD: {
    vi: 'đang chạy bằng Node {found}, cần {wanted} trở lên',
    en: 'it runs on Node {found}, {wanted} or newer is wanted',
    remedy: {
      vi: 'cài lại bằng npm ci để có Node đi kèm',
      en: 'install again with npm ci, which brings its Node',
    },
  },
  FOLDER_MISSING: {
    vi: 'chưa có thư mục dữ liệu {folder}',
    en: 'the data folder {folder} does not exist',
    remedy: {
      vi: 'kiểm tra CONGVAN_DATA; nút mới: congvan cert node-key, rồi congvan serve',
      en: 'check CONGVAN_DATA; for a new node: congvan cert node-key, then congvan serve',
    },
  },
  FOLDER_READ_ONLY: {
    vi: 'không ghi được vào {folder}',
    en: '{folder} cannot be written to',
    remedy: { vi: 'cấp quyền cho người dùng chạy nút', en: 'give the user that runs the node the right to' },
  },
  FILE_OPEN_TO_OTHERS: {
    vi: 'tệp bí mật {file} để người dùng khác đọc được (quyền {mode})',
    en: 'the secret file {file} can be read by other users (mode {mode})',
    remedy: { vi: 'chmod 600 {file}', en: 'chmod 600 {file}' },
  },
  KEY_UNUSABLE: {
    vi: 'khóa của nút không dùng được: {reason}',
    en: 'the node’s key cannot be used: {reason}',
    remedy: {
      vi: 'kiểm tra CONGVAN_NODE_KEY_FILE và CONGVAN_NODE_CERTIFICATE_FILE; nút mới: congvan cert node-key',
      en: 'check CONGVAN_NODE_KEY_FILE and CONGVAN_NODE_CERTIFICATE_FILE; for a new node: congvan cert node-key',
    },
  },
  DATABASE_NEVER_STARTED: {
    vi: 'chưa có cơ sở dữ liệu: nút chưa chạy lần nào',
    en: 'there is no database yet: the node was never started',
    remedy: { vi: 'chạy congvan serve', en: 'run congvan serve' },
  },
  DATABASE_AWAY: {
    vi: 'cơ sở dữ liệu không trả lời: {reason}',
    en: 'the database does not answer: {reason}',
    remedy: {
      vi: 'PostgreSQL có đang chạy không; DATABASE_URL có đúng máy, cổng, tên và mật khẩu không',
      en: 'is PostgreSQL running; does DATABASE_URL name the right host, port, name and password?',
    },
  },
  DATABASE_OLD: {
    vi: 'PostgreSQL {found}, cần {wanted} trở lên',
    en: 'PostgreSQL {found}, {wanted} or newer is wanted',
    remedy: { vi: 'nâng cấp PostgreSQL', en: 'upgrade PostgreSQL' },
  },
  DATABASE_ENCODING: {
    vi: 'cơ sở dữ liệu mã hóa {found}, cần UTF8',
    en: 'the database is encoded in {found}, UTF8 is wanted',
    remedy: {
      vi: 'tạo lại cơ sở dữ liệu với encoding UTF8',
      en: 'make the database anew with encoding UTF8',
    },
  },
  DATABASE_NOT_DURABLE: {
    vi: 'PostgreSQL đặt {setting} = {value}: mất điện có thể mất văn bản đã báo là nhận',
    en: 'PostgreSQL has {setting} = {value}: a power cut may lose documents that were receipted',
    remedy: { vi: 'đặt {setting} = on', en: 'set {setting} = on' },
  },
  CONNECTIONS_FEW: {
    vi: 'PostgreSQL cho {most} kết nối, các tiến trình của nút có thể cần {wanted}',
    en: 'PostgreSQL allows {most} connections, the processes of the node may want {wanted}',
    remedy: {
      vi: 'tăng max_connections, hoặc giảm CONGVAN_DATABASE_POOL hay số tiến trình',
      en: 'raise max_connections, or lower CONGVAN_DATABASE_POOL or the number of processes',
    },
  },
  SCHEMA_OLD: {
    vi: 'lược đồ {found} cũ hơn chương trình ({wanted})',
    en: 'the schema {found} is older than the program ({wanted})',
    remedy: { vi: 'congvan migrate', en: 'congvan migrate' },
  },
  SCHEMA_NEW: {
    vi: 'lược đồ {found} mới hơn chương trình ({wanted})',
    en: 'the schema {found} is newer than the program ({wanted})',
    remedy: { vi: 'nâng cấp chương trình ở máy này', en: 'upgrade the program on this machine' },
  },
  ROLE_TOO_MIGHTY: {
    vi: 'vai trò {role} của DATABASE_URL vượt qua được phân tách dữ liệu giữa các cơ quan ({why})',
    en: 'the role {role} of DATABASE_URL can see past the separation of agencies’ data ({why})',
    remedy: {
      vi: 'dùng một vai trò thường (login noinherit) cho DATABASE_URL, vai trò chủ cho CONGVAN_OWNER_DATABASE_URL',
      en: 'use an ordinary role (login noinherit) for DATABASE_URL and the owner for CONGVAN_OWNER_DATABASE_URL',
    },
  },
  TABLE_UNPROTECTED: {
    vi: 'bảng {table} không bắt buộc phân tách dữ liệu giữa các cơ quan',
    en: 'the table {table} does not force the separation of agencies’ data',
    remedy: {
      vi: 'alter table {table} enable row level security; alter table {table} force row level security',
      en: 'alter table {table} enable row level security; alter table {table} force row level security',
    },
  },
  TRUST_EMPTY: {
    vi: 'không có chứng thư gốc nào trong {paths}: mọi chữ ký sẽ không xác định được',
    en: 'there is no trust anchor in {paths}: no signature can be judged',
    remedy: {
      vi: 'chép chứng thư gốc và CRL của các CA được công nhận vào đó',
      en: 'put the anchors and revocation lists of the recognised CAs there',
    },
  },
  TRUST_UNREADABLE: {
    vi: 'không đọc được {file}',
    en: '{file} cannot be read',
    remedy: {
      vi: 'thay tệp (PEM hoặc DER), hoặc bỏ đi',
      en: 'replace the file (PEM or DER), or take it away',
    },
  },
  TRUST_NO_LISTS: {
    vi: 'không có danh sách thu hồi (CRL) nào: văn bản đến không kiểm tra được thu hồi',
    en: 'there is no revocation list: incoming documents cannot be checked for revocation',
    remedy: {
      vi: 'đặt CRL của các CA vào {paths} và cập nhật bằng lịch (cron)',
      en: 'put the lists of the CAs into {paths} and renew them by a timer',
    },
  },
  ROOT_NOT_PINNED: {
    vi: 'chưa đặt CONGVAN_DIRECTORY_ROOT: nút không nhận danh bạ của nút nào khác',
    en: 'CONGVAN_DIRECTORY_ROOT is not set: no other node’s directory is accepted',
    remedy: {
      vi: 'hỏi người vận hành nút gốc vân tay khóa; thư mời của nút trên cũng có',
      en: 'ask the root’s operator for its fingerprint; the parent’s invitation names it too',
    },
  },
  ROOT_DIFFERS: {
    vi: 'danh bạ do khóa khác khóa gốc đã ghim ký: ghim {pinned}',
    en: 'the directory’s root has another key than the pinned one: {pinned} is pinned',
    remedy: {
      vi: 'đối chiếu với người vận hành nút gốc rồi sửa CONGVAN_DIRECTORY_ROOT',
      en: 'compare with the root’s operator, then correct CONGVAN_DIRECTORY_ROOT',
    },
  },
  DIRECTORY_EMPTY: {
    vi: 'chưa nhận được danh bạ của nút gốc',
    en: 'the root’s part of the directory has not arrived',
    remedy: {
      vi: 'congvan peer list: nút trên đã được nhập và đã nhập nút này chưa',
      en: 'congvan peer list: is the parent entered here, and this node there?',
    },
  },
  NOT_IN_DIRECTORY: {
    vi: 'nút này chưa có trong danh bạ',
    en: 'this node is not in the directory',
    remedy: {
      vi: 'gửi thư mời cho người vận hành nút trên: congvan peer invite --relation parent --out FILE',
      en: 'send the parent’s operator an invitation: congvan peer invite --relation parent --out FILE',
    },
  },
  KEY_NOT_IN_DIRECTORY: {
    vi: 'khóa đang dùng {fingerprint} không còn hoặc chưa có hiệu lực theo danh bạ',
    en: 'the key in use {fingerprint} does not count by the directory now',
    remedy: {
      vi: 'nút trên ghi khóa này (congvan peer key add), hoặc quay lại khóa cũ',
      en: 'the parent enters it (congvan peer key add), or this node goes back to its old key',
    },
  },
  NO_PROCESS: {
    vi: 'không có tiến trình nào của nút đang chạy',
    en: 'no process of the node is running',
    remedy: { vi: 'chạy congvan serve', en: 'run congvan serve' },
  },
  VERSIONS_DIFFER: {
    vi: 'các tiến trình chạy nhiều phiên bản: {versions}',
    en: 'the processes run several versions: {versions}',
    remedy: {
      vi: 'nếu không phải đang nâng cấp: khởi động lại tiến trình cũ',
      en: 'unless an upgrade is under way, restart the older ones',
    },
  },
  URL_LOCAL: {
    vi: 'nút khác không gọi được {url}',
    en: 'other nodes cannot reach {url}',
    remedy: { vi: 'đặt CONGVAN_PUBLIC_URL', en: 'set CONGVAN_PUBLIC_URL' },
  },
} as const satisfies Record<string, Entry>
