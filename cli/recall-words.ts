import type { Language } from '../signing/index.ts'
import type { DocumentDetails } from './client/forms.ts'
import type { Bilingual } from './command.ts'
import { vietnamDateText } from './vietnam-date-text.ts'

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

const updates: Readonly<Record<string, Bilingual>> = {
  agreed: { vi: 'đã cập nhật', en: 'updated' },
  declined: { vi: 'đã từ chối cập nhật', en: 'update declined' },
}

export function updateText(update: string, language: Language): string {
  return updates[update]?.[language] ?? update
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

/** How a document stands to others, one text each: recalled, replaced, corrected, and what it asks itself. */
export function relationTexts(
  { recall, relations }: Pick<DocumentDetails, 'recall' | 'relations'>,
  language: Language,
): string[] {
  const say = (vi: string, en: string) => (language === 'vi' ? vi : en)
  const texts = recall == null ? [] : [recallText(recall, language)]
  if (relations === undefined) return texts
  const {
    replaces,
    corrects,
    replacedBy,
    correctedBy,
    updates: changed,
    updatedBy,
    requests,
    asks,
  } = relations
  const equal = (differs: boolean) =>
    differs ? say(' (KHÁC HÌNH THỨC, trái Điều 18.3)', ' (OF ANOTHER FORM, against art 18.3)') : ''
  for (const one of replaces) {
    texts.push(`${say('thay thế', 'replaces')} ${one.id ?? one.code}${equal(one.kindDiffers)}`)
  }
  for (const one of corrects) texts.push(`${say('đính chính', 'corrects')} ${one.id ?? one.code}`)
  for (const one of replacedBy) {
    texts.push(`${say('được thay thế bởi', 'replaced by')} ${one.id ?? '…'}${equal(one.kindDiffers)}`)
  }
  for (const one of correctedBy) texts.push(`${say('được đính chính bởi', 'corrected by')} ${one ?? '…'}`)
  for (const one of changed ?? []) texts.push(`${say('cập nhật', 'updates')} ${one.id ?? one.code}`)
  for (const one of updatedBy ?? []) texts.push(`${say('được cập nhật bởi', 'updated by')} ${one ?? '…'}`)
  for (const { type, state, change } of requests) {
    if (type !== 'update') continue
    const due = change?.dueDate == null ? '' : `${say(': thời hạn ', ': deadline ')}${change.dueDate}`
    const what =
      state === 'open' ? say('nơi gửi cập nhật', 'the sender updates') : updateText(state, language)
    texts.push(`${what}${due}`)
  }
  const returns = relations.paperReturns ?? []
  if (requests.some((one) => one.asksPaper === true) && returns.length === 0) {
    texts.push(say('PHẢI GỬI LẠI BẢN GIẤY', 'PAPER TO BE SENT BACK'))
  }
  for (const { party, copies, on } of returns) {
    const when = on === null ? '' : `: ${copies} (${party}, ${vietnamDateText(on)})`
    texts.push(
      on === null
        ? say('không nhận bản giấy', 'no paper was received')
        : `${say('bản giấy gửi lại', 'paper sent back')}${when}`,
    )
  }
  if (asks !== null) {
    const what =
      asks.type === 'recall' ? say('yêu cầu thu hồi', 'recalls') : say('yêu cầu cập nhật', 'updates')
    const foreign = asks.notTheIssuer
      ? say(' (KHÔNG PHẢI CƠ QUAN BAN HÀNH: không có giá trị)', ' (NOT THE ISSUER: counts for nothing)')
      : ''
    texts.push(`${what} ${asks.code}${foreign}`)
  }
  return texts
}
