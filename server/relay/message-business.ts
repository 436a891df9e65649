/**
 * What a document message is for, in the elements of `Bussiness` (QCVN 102:2016). Pure.
 *
 * - Recall (1) and update (2): the target is `Bussiness/DocumentId`, or where that is missing, as in real recalls,
 *   `MessageHeader/DocumentId`; the notice itself bears its own number. New, update, replacement and recall may share one
 *   DocumentId, so an id alone says nothing.
 *   An update's own header says what is new: its `DueDate` is that of the document it is about.
 * - Replacement (3): the targets are those of `ReplacementInfo`; real messages name one twice.
 * - Correction (đính chính, NĐ 30/2020 art 18.3): the standard has no type for it. It is a new document (0), a công văn,
 *   whose `Bussiness/DocumentId` names another document of the same sender.
 *
 * Status 13 ("yêu cầu lấy lại") is not sent: the recall's own envelope asks the same with the notice that the law wants
 * (art 18.4b), and has a delivery, receipts and an answer of its own, which a status lacks.
 */
import type { Business, DocumentMessage } from '../edxml/envelope.ts'
import { sameKey } from '../edxml/values.ts'
import type { ArrivedBusiness } from '../incoming/record-arrival.ts'

export const CORRECTION_REASON = 'Đính chính'

/** @returns nothing for a document that is simply new */
export function businessOf(message: DocumentMessage): ArrivedBusiness | undefined {
  const { business, documentId } = message
  if (business === undefined) return undefined
  const { businessDocType: type, businessDocReason } = business
  const reason = businessDocReason ?? null
  const targetCode = business.documentId ?? documentId
  const asked = { targetCode, reason, change: null, asksPaper: false }
  if (type === 1) {
    return { type, request: { ...asked, type, asksPaper: asksForPaper(reason) }, links: [] }
  }
  if (type === 2) return { type, request: { ...asked, type, change: changeIn(message) }, links: [] }
  if (type === 3) {
    const named = new Map(
      (business.replacementInfoList ?? []).map((one) => [one.documentId.normalize('NFC'), one.documentId]),
    )
    return {
      type,
      request: null,
      links: [...named.values()].map((code) => ({ kind: 'replaces', targetCode: code })),
    }
  }
  const corrects = business.documentId !== undefined && !sameKey(business.documentId, documentId)
  return corrects ? { type, request: null, links: [{ kind: 'corrects', targetCode }] } : undefined
}

/** What an update says anew. `DocumentInfo` and `DocumentReceiver` tell which parts count. */
function changeIn({ business, dueDate }: DocumentMessage) {
  const info = business?.businessDocumentInfo
  const receivers = (info?.receiverList ?? []).map((one) => ({
    code: one.organId,
    added: one.receiverType === 1,
  }))
  return {
    ...(dueDate !== undefined && info?.documentInfo !== 0 ? { dueDate } : {}),
    ...(info?.documentReceiver === 1 && receivers.length > 0 ? { receivers } : {}),
  }
}

/**
 * @param asksPaper the document went out on paper too. edXML has no element for that: it stands before the reason, in
 *   words, of which as much is kept as fits; the notice itself says all of it
 */
export function recallOf(targetCode: string, reason: string, asksPaper = false): Business {
  const said = asksPaper ? [...`${PAPER_BACK} ${reason}`].slice(0, MOST_REASON).join('') : reason
  return { documentId: targetCode, businessDocType: 1, businessDocReason: said }
}

const PAPER_BACK = 'Văn bản có bản giấy: đề nghị gửi lại bản giấy đã nhận (NĐ 30/2020, Điều 18.4a).'
/** The longest `BussinessDocReason`, characters. */
const MOST_REASON = 500

/** Whether a recall speaks of paper, in whichever sender's words; too often is better than not. */
function asksForPaper(reason: string | null): boolean {
  return reason?.normalize('NFC').toLocaleLowerCase('vi').includes('bản giấy') ?? false
}

/** @param change what the update says anew: whether the header does, and how the recipients change, by code */
export function updateOf(
  targetCode: string,
  change: {
    readonly reason: string
    readonly hasHeader: boolean
    readonly added: readonly string[]
    readonly removed: readonly string[]
  },
): Business {
  const receiverList = [
    ...change.added.map((organId) => ({ organId, receiverType: 1 as const })),
    ...change.removed.map((organId) => ({ organId, receiverType: 0 as const })),
  ]
  return {
    documentId: targetCode,
    businessDocType: 2,
    businessDocReason: change.reason,
    businessDocumentInfo: {
      documentInfo: change.hasHeader ? 1 : 0,
      documentReceiver: receiverList.length === 0 ? 0 : 1,
      ...(receiverList.length === 0 ? {} : { receiverList }),
    },
  }
}

export function replacementOf(targetCodes: readonly string[], reason: string | undefined): Business {
  return {
    businessDocType: 3,
    ...(reason === undefined ? {} : { businessDocReason: reason }),
    replacementInfoList: targetCodes.map((documentId) => ({ documentId })),
  }
}

export function correctionOf(targetCode: string): Business {
  return { documentId: targetCode, businessDocType: 0, businessDocReason: CORRECTION_REASON }
}
