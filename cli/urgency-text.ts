import type { Language } from '../signing/index.ts'
import type { Bilingual } from './command.ts'

/** Mức độ khẩn in words (NĐ 30/2020 Phụ lục VI, III.1d); 4 has no basis there, but messages bring it. */
const words: readonly Bilingual[] = [
  { vi: 'thường', en: 'ordinary' },
  { vi: 'khẩn', en: 'urgent' },
  { vi: 'thượng khẩn', en: 'very urgent' },
  { vi: 'hỏa tốc', en: 'express' },
  { vi: 'hỏa tốc hẹn giờ', en: 'express with a set time' },
]

export function urgencyText(urgency: number, language: Language): string {
  return words[urgency]?.[language] ?? String(urgency)
}
