/** Mức độ khẩn in words (NĐ 30/2020 Phụ lục I, III.2b; Phụ lục VI, III.1d). Pure. */
const words = [
  { vi: 'thường', en: 'ordinary' },
  { vi: 'khẩn', en: 'urgent' },
  { vi: 'thượng khẩn', en: 'very urgent' },
  { vi: 'hỏa tốc', en: 'express' },
  // Has no basis in the decree; messages bring it.
  { vi: 'hỏa tốc hẹn giờ', en: 'express with a set time' },
] as const

export function urgencyWords(urgency: number): { readonly vi: string; readonly en: string } {
  return words[urgency] ?? { vi: `mức ${urgency}`, en: `level ${urgency}` }
}
