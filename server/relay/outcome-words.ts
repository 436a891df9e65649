/** What operators read for an outcome. Pure. */
import type { SendOutcome } from './retry.ts'

interface Words {
  readonly vi: string
  readonly en: string
}

/** Beside the outcomes of a send: why something waits that was not tried, or ended without one. */
type Noted = SendOutcome | 'peer-left-alone' | 'peer-slow' | 'rerouted'

const words: Readonly<Record<Noted, Words>> = {
  'recipients-refused': {
    vi: 'nút kia không nhận cho nơi nhận này',
    en: 'the peer takes nothing for this recipient',
  },
  'envelope-refused': { vi: 'nút kia từ chối gói tin', en: 'the peer refuses the envelope' },
  'message-refused': {
    vi: 'nút kia từ chối biên nhận hoặc trạng thái',
    en: 'the peer refuses the receipt or status',
  },
  'receipt-contradicts': {
    vi: 'biên nhận trái với biên nhận đã có',
    en: 'the receipt contradicts one that is there',
  },
  expired: { vi: 'đã quá hạn chuyển', en: 'its time has run out' },
  cancelled: { vi: 'đã hủy trước khi chuyển', en: 'cancelled before it left' },
  collision: { vi: 'mã đã dùng cho nội dung khác', en: 'the id was used for other content' },
  'off-route': {
    vi: 'nút kia thấy đường đi sai: danh bạ hai bên khác nhau',
    en: 'not on the peer’s route: the two directories differ',
  },
  loop: { vi: 'gói tin đi vòng', en: 'the envelope goes in a loop' },
  'too-many-hops': { vi: 'qua quá nhiều nút', en: 'too many nodes on its way' },
  'too-large': { vi: 'quá lớn với nút kia', en: 'too large for the peer' },
  'request-refused': {
    vi: 'nút kia không hiểu yêu cầu: khác phiên bản?',
    en: 'the peer does not understand: another version?',
  },
  unreachable: { vi: 'không nối được tới nút kia', en: 'the peer cannot be reached' },
  'not-authenticated': {
    vi: 'nút kia không nhận ra nút này: so vân tay khóa và đồng hồ',
    en: 'the peer does not know this node: compare key fingerprints and clocks',
  },
  'clocks-apart': {
    vi: 'đồng hồ hai nút lệch nhau quá mức cho phép',
    en: 'the two clocks differ by more than is allowed',
  },
  busy: { vi: 'nút kia đang bận hoặc đang dừng', en: 'the peer is busy or stopping' },
  'offers-too-many': {
    vi: 'nút kia còn quá nhiều đề nghị chưa hoàn tất',
    en: 'too many offers are open at the peer',
  },
  'storage-full': { vi: 'nút kia hết chỗ lưu tệp', en: 'the peer’s storage is full' },
  'storage-damaged': { vi: 'kho tệp của nút kia hỏng', en: 'the peer’s file store is damaged' },
  'database-away': { vi: 'nút kia mất cơ sở dữ liệu', en: 'the peer’s database is away' },
  'files-missing': { vi: 'nút kia chưa đủ tệp', en: 'the peer lacks files' },
  'file-damaged': { vi: 'tệp hỏng trên đường', en: 'a file was damaged on the way' },
  'offer-forgotten': { vi: 'nút kia đã quên đề nghị chuyển', en: 'the peer has forgotten the offer' },
  'directory-behind': {
    vi: 'danh bạ của nút kia chưa cập nhật',
    en: 'the peer’s directory lags behind',
  },
  'answer-lost': { vi: 'đã hỏi, chưa có câu trả lời', en: 'asked, the answer was lost' },
  'answer-unreadable': {
    vi: 'câu trả lời không chứng tỏ được là của nút kia hoặc không đọc được',
    en: 'the answer cannot be read or is not proven to be the peer’s',
  },
  'peer-defect': { vi: 'nút kia gặp lỗi', en: 'the peer has a defect' },
  'peer-left-alone': {
    vi: 'nút kia đang tạm nghỉ sau nhiều lần hỏng',
    en: 'the peer is left alone after many failures',
  },
  'peer-slow': { vi: 'nút kia chậm, đang chờ lượt', en: 'the peer is slow, waiting in line' },
  rerouted: { vi: 'đã chuyển sang đường khác', en: 'goes by another way' },
}

/** @param outcome as it stands in the tables; another program's may stand there too */
export function outcomeWords(outcome: string): Words {
  return Object.hasOwn(words, outcome) ? words[outcome as Noted] : { vi: outcome, en: outcome }
}
