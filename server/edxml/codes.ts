/**
 * The code lists of edXML (QCVN 102:2016/BTTTT as seen in messages of the national axis; the official lists are not
 * published in full). They are data: a code that stands in no table is kept as it came and has no label.
 */

export interface CodeLabel {
  readonly vi: string
  readonly en: string
}

/** What the recipient's clerk did; 13 goes the other way, from the sender. */
export const statusCodes = {
  '01': { vi: 'Đã đến', en: 'arrived' },
  '02': { vi: 'Từ chối tiếp nhận', en: 'refused' },
  '03': { vi: 'Đã tiếp nhận', en: 'accepted' },
  '04': { vi: 'Phân công', en: 'assigned' },
  '05': { vi: 'Đang xử lý', en: 'processing' },
  '06': { vi: 'Hoàn thành', en: 'completed' },
  '13': { vi: 'Yêu cầu lấy lại', en: 'recall requested' },
  '15': { vi: 'Đồng ý cập nhật hoặc lấy lại', en: 'update or recall agreed' },
  // NĐ 30/2020 art 18.4b gives no right to this answer; it exists in practice.
  '16': { vi: 'Từ chối cập nhật hoặc lấy lại', en: 'update or recall declined' },
} as const satisfies Record<string, CodeLabel>

export type StatusCode = keyof typeof statusCodes

/** The element is spelt `BussinessDocType` in the standard. */
export const businessDocTypes = {
  0: { vi: 'Văn bản mới', en: 'new' },
  1: { vi: 'Thu hồi', en: 'recall' },
  2: { vi: 'Cập nhật', en: 'update' },
  3: { vi: 'Thay thế', en: 'replacement' },
} as const satisfies Record<number, CodeLabel>

export type BusinessDocType = keyof typeof businessDocTypes

/** NĐ 30/2020 knows the levels up to 3; 4 is read and not offered. */
export const priorities = {
  0: { vi: 'Thường', en: 'normal' },
  1: { vi: 'Khẩn', en: 'urgent' },
  2: { vi: 'Thượng khẩn', en: 'very urgent' },
  3: { vi: 'Hỏa tốc', en: 'express' },
  4: { vi: 'Hỏa tốc hẹn giờ', en: 'express with a set time' },
} as const satisfies Record<number, CodeLabel>

export type Priority = keyof typeof priorities

export const receiverTypes = {
  0: { vi: 'Bỏ khỏi nơi nhận', en: 'removed from the recipients' },
  1: { vi: 'Thêm vào nơi nhận', en: 'added to the recipients' },
} as const satisfies Record<number, CodeLabel>

export type ReceiverType = keyof typeof receiverTypes

/** Sources disagree whether 0 or 1 means "không chỉ đạo"; both are read so. */
export const steeringTypes = {
  0: { vi: 'Không chỉ đạo', en: 'not steering' },
  1: { vi: 'Không chỉ đạo', en: 'not steering' },
  2: { vi: 'Chỉ đạo', en: 'steering' },
  3: { vi: 'Báo cáo', en: 'report' },
} as const satisfies Record<number, CodeLabel>

export function isStatusCode(code: string): code is StatusCode {
  return Object.hasOwn(statusCodes, code)
}

export function isPriority(code: number): code is Priority {
  return Object.hasOwn(priorities, code)
}

/** The label of a code, or undefined for one that is in no table. */
export function codeLabel(
  table: Readonly<Record<string, CodeLabel>>,
  code: string | number,
): CodeLabel | undefined {
  return Object.hasOwn(table, code) ? table[code] : undefined
}
