import type { Language } from '../signing/index.ts'
import type { Bilingual } from './command.ts'

/** States of documents and deliveries as clerks call them. */
const words: Readonly<Record<string, Bilingual>> = {
  quarantined: { vi: 'đang cách ly', en: 'in quarantine' },
  erased: { vi: 'đã xóa', en: 'erased' },
  draft: { vi: 'dự thảo', en: 'draft' },
  presented: { vi: 'đã trình ký', en: 'presented for signing' },
  signed: { vi: 'đã ký cá nhân', en: 'signed by the person' },
  numbered: { vi: 'đã cấp số', en: 'numbered' },
  issued: { vi: 'đã phát hành', en: 'issued' },
  dispatched: { vi: 'đã gửi', en: 'dispatched' },
  cancelled: { vi: 'đã hủy', en: 'cancelled' },
  queued: { vi: 'chờ gửi', en: 'queued' },
  relayed: { vi: 'đang chuyển', en: 'on its way' },
  arrived: { vi: 'đã đến', en: 'arrived' },
  verified: { vi: 'đã kiểm tra', en: 'verified' },
  'failed-verification': { vi: 'không hợp lệ', en: 'verification failed' },
  accepted: { vi: 'đã tiếp nhận', en: 'accepted' },
  refused: { vi: 'từ chối tiếp nhận', en: 'refused' },
  assigned: { vi: 'đã phân công', en: 'assigned' },
  processing: { vi: 'đang xử lý', en: 'processing' },
  completed: { vi: 'hoàn thành', en: 'completed' },
  expired: { vi: 'hết hạn gửi', en: 'expired' },
  undeliverable: { vi: 'không gửi được', en: 'undeliverable' },
}

/** A state in words; one that this program does not know stays as it is. */
export function stateText(state: string, language: Language): string {
  return words[state]?.[language] ?? state
}
