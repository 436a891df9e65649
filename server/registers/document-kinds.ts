/**
 * The 29 kinds of administrative documents (NĐ 30/2020/NĐ-CP art 7) and their 27 abbreviations (Phụ lục III, I).
 * Công văn and thư công have none. Case matters: `QyĐ`, `CTr`, `TTr`.
 */
export interface DocumentKind {
  readonly name: string
  readonly abbreviation: string | null
}

const kinds = {
  'Nghị quyết': 'NQ',
  'Quyết định': 'QĐ',
  'Chỉ thị': 'CT',
  'Quy chế': 'QC',
  'Quy định': 'QyĐ',
  'Thông cáo': 'TC',
  'Thông báo': 'TB',
  'Hướng dẫn': 'HD',
  'Chương trình': 'CTr',
  'Kế hoạch': 'KH',
  'Phương án': 'PA',
  'Đề án': 'ĐA',
  'Dự án': 'DA',
  'Báo cáo': 'BC',
  'Biên bản': 'BB',
  'Tờ trình': 'TTr',
  'Hợp đồng': 'HĐ',
  'Công văn': null,
  'Công điện': 'CĐ',
  'Bản ghi nhớ': 'BGN',
  'Bản thỏa thuận': 'BTT',
  'Giấy ủy quyền': 'GUQ',
  'Giấy mời': 'GM',
  'Giấy giới thiệu': 'GGT',
  'Giấy nghỉ phép': 'GNP',
  'Phiếu gửi': 'PG',
  'Phiếu chuyển': 'PC',
  'Phiếu báo': 'PB',
  'Thư công': null,
} as const satisfies Record<string, string | null>

export const documentKinds: readonly DocumentKind[] = Object.entries(kinds).map(([name, abbreviation]) => ({
  name,
  abbreviation,
}))

/** Where the tone mark stands on `oa`, `oe`, `uy` is a matter of taste (`thỏa`, `thoả`); both name the same kind. */
function comparable(name: string): string {
  const spaced = name.trim().replace(/\s+/g, ' ').toLowerCase().normalize('NFD')
  return spaced.replace(/([ou])([\u0300\u0301\u0303\u0309\u0323])([aey])/g, '$1$3$2').normalize('NFC')
}

/** The kind of this name, in any case and either spelling; `undefined` when there is none. */
export function findKind(name: string): DocumentKind | undefined {
  const wanted = comparable(name)
  return documentKinds.find((kind) => comparable(kind.name) === wanted)
}
