/**
 * What the fields that occur all over the API mean, in Vietnamese and English, for those whose schema says nothing
 * itself. A field that means something special says so where it is defined (`.describe('… / …')`).
 */
const words: Readonly<Record<string, string>> = {
  id: 'mã định danh bên trong / identifier',
  agencyId: 'cơ quan / the agency',
  agencyCode: 'mã định danh của cơ quan / code of the agency',
  documentId: 'văn bản / the document',
  userId: 'tài khoản / the account',
  deliveryId: 'lượt gửi / the delivery',
  dossierId: 'hồ sơ / the dossier',
  parentId: 'cơ quan cấp trên / the agency above',
  nodeId: 'nút liên thông / the node',
  hostingNode: 'nút đặt cơ quan / the node that hosts the agency',
  code: 'mã / code',
  codes: 'các mã / codes',
  name: 'tên / name',
  displayName: 'tên hiển thị / the name that is shown',
  login: 'tên đăng nhập / login name',
  password: 'mật khẩu / password',
  role: 'vai trò / role',
  roles: 'các vai trò / roles',
  permission: 'quyền / permission',
  scopes: 'các quyền của mã truy cập / permissions that a token is confined to',
  token: 'mã truy cập, chỉ hiện một lần / the token, shown only once',
  label: 'nhãn / label',
  level: 'cấp hành chính / level of government',
  version: 'phiên bản, cũng là ETag / version, the ETag too',
  state: 'trạng thái / state',
  status: 'mã trạng thái edXML / status of edXML',
  kind: 'loại / kind',
  direction: 'đi hay đến / outgoing or incoming',
  subject: 'trích yếu / subject',
  symbol: 'ký hiệu / symbol',
  number: 'số / number',
  date: 'ngày, YYYY-MM-DD, giờ Việt Nam / a day in Việt Nam',
  year: 'năm / year',
  month: 'tháng / month',
  from: 'từ / from',
  to: 'đến / to',
  on: 'ngày hiệu lực / the day from which it holds',
  place: 'địa danh / place',
  urgency: '0 thường, 1 khẩn, 2 thượng khẩn, 3 hỏa tốc / 0 normal to 3 at once',
  dueDate: 'hạn trả lời / to be answered by',
  recipients: 'nơi nhận / recipients',
  recipient: 'nơi nhận / recipient',
  signer: 'người ký / who signs',
  position: 'chức vụ / position',
  competence: 'quyền hạn ký (TM., KT.…) / the competence in which one signs',
  reason: 'lý do / reason',
  remark: 'ghi chú / remark',
  note: 'ghi chú / note',
  text: 'nội dung bằng lời / in words',
  instruction: 'ý kiến chỉ đạo / instruction',
  lead: 'chủ trì / who leads',
  cooperating: 'phối hợp / who cooperates',
  unit: 'đơn vị / unit',
  fileName: 'tên tệp / name of the file',
  contentType: 'kiểu nội dung / type of the content',
  length: 'độ dài, byte / length in bytes',
  sha256: 'giá trị băm SHA-256, hệ 16 / SHA-256, hexadecimal',
  revision: 'bản thứ mấy, từ 1 / the revision, from 1',
  createdAt: 'thời điểm tạo, ISO 8601 / when it was made',
  updatedAt: 'thời điểm sửa cuối / when it was last changed',
  expiresAt: 'thời điểm hết hạn / when it ends',
  at: 'thời điểm / when',
  by: 'ai / who',
  validFrom: 'hiệu lực từ / from when on',
  validTo: 'hết hiệu lực từ / until when, itself not included',
  closedOn: 'ngày đầu tiên không còn tồn tại / the first day on which it no longer exists',
  successors: 'cơ quan kế thừa / who took over',
  fingerprint: 'vân tay khóa, SHA-256 / fingerprint of the key',
  url: 'địa chỉ / address',
  enabled: 'đang dùng / whether it is in use',
  limit: 'số dòng của một trang, tối đa 200 / rows of a page',
  after: 'con trỏ trang sau / cursor of the next page',
  cursor: 'con trỏ trang sau / cursor of the next page',
  next: 'con trỏ trang sau; null: hết / cursor of the next page; null: no more',
  q: 'các từ cần tìm, có dấu hoặc không / words to look for, with or without diacritics',
  dryRun: 'chỉ xem trước, không ghi / only preview, write nothing',
  format: 'định dạng / format',
  indication: 'kết luận kiểm tra chữ ký (ETSI EN 319 102-1) / verdict on the signatures',
  subIndication: 'lý do của kết luận / reason of the verdict',
  warnings: 'cảnh báo / warnings',
  message: 'lời giải thích / explanation',
  changes: 'các thay đổi / changes',
  deliveries: 'các lượt gửi / deliveries',
  documents: 'các văn bản / documents',
  agencies: 'các cơ quan / agencies',
  count: 'số lượng / how many',
}

type Json = { [key: string]: unknown }

/** What a field of that name means; `undefined` when the name alone says nothing. */
export function fieldWord(name: string): string | undefined {
  return Object.hasOwn(words, name) ? words[name] : undefined
}

/** Writes the words beside every property of a JSON schema that has none of its own. Changes its argument. */
export function describeFields(schema: unknown): void {
  if (typeof schema !== 'object' || schema === null) return
  if (Array.isArray(schema)) {
    for (const one of schema) describeFields(one)
    return
  }
  const properties = (schema as Json).properties
  if (typeof properties === 'object' && properties !== null) {
    for (const [name, property] of Object.entries(properties as Record<string, Json>)) {
      const word = fieldWord(name)
      if (word !== undefined && typeof property === 'object') property.description ??= word
    }
  }
  for (const one of Object.values(schema)) describeFields(one)
}
