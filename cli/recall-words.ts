import type { Language } from '../signing/index.ts'
import type { Bilingual } from './command.ts'

/** Where a document stands in a recall, as clerks call it. */
const words: Readonly<Record<string, Bilingual>> = {
  ordered: { vi: 'ĐÃ THU HỒI', en: 'RECALLED' },
  requested: { vi: 'NƠI GỬI YÊU CẦU THU HỒI', en: 'RECALL REQUESTED' },
  agreed: { vi: 'ĐÃ THU HỒI', en: 'RECALLED' },
  declined: { vi: 'đã từ chối thu hồi', en: 'recall declined' },
}

/** One that this program does not know stays as it is. */
export function recallText(recall: string, language: Language): string {
  return words[recall]?.[language] ?? recall
}

/** What a row of deliveries says of the recall: cancelled, asked, or the recipient's answer. */
export function recallAnswerText(
  recall: { readonly way: string; readonly answer: { readonly code: string } | null } | null | undefined,
  language: Language,
): string {
  if (recall == null) return ''
  if (recall.way === 'cancelled') return language === 'vi' ? 'đã hủy' : 'cancelled'
  const code = recall.answer?.code
  const said: Bilingual =
    code === '15'
      ? { vi: 'đồng ý thu hồi', en: 'recall agreed' }
      : code === '16'
        ? { vi: 'từ chối thu hồi', en: 'recall declined' }
        : { vi: 'chờ trả lời thu hồi', en: 'recall not answered' }
  return said[language]
}
