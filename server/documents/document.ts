/**
 * The life of a document: its states, and the one table of transitions between them (design 4). Pure.
 *
 * Outgoing: quarantined → draft → presented → signed → numbered → issued → dispatched, or cancelled before it is
 * issued; whatever changes the draft before it has a number takes it back to draft.
 * Incoming: arrived → verified | failed-verification → accepted | refused → assigned → processing → completed.
 */
import { CongvanError } from '../errors.ts'

export type Direction = 'outgoing' | 'incoming'

export const outgoingStates = [
  'quarantined',
  'draft',
  'presented',
  'signed',
  'numbered',
  'issued',
  'dispatched',
  'cancelled',
] as const
export const incomingStates = [
  'arrived',
  'verified',
  'failed-verification',
  'accepted',
  'refused',
  'assigned',
  'processing',
  'completed',
] as const
export const documentStates = [...outgoingStates, ...incomingStates] as const
export type DocumentState = (typeof documentStates)[number]

export type DocumentEvent =
  | 'draft'
  | 'end-quarantine'
  | 'edit'
  | 'revise'
  | 'check'
  | 'present'
  | 'return'
  | 'sign'
  | 'sign-in-turn'
  | 'number'
  | 'issue'
  | 'issue-copy'
  | 'dispatch'
  | 'cancel'
  | 'arrive'
  | 'verify'
  | 'fail-verification'
  | 'accept'
  | 'refuse'
  | 'assign'
  | 'reassign'
  | 'direct'
  | 'process'
  | 'complete'

/** What the sender is told: QCVN 102:2016 StatusCode, as far as the recipient's clerk causes it. */
export type StatusCode = '01' | '02' | '03' | '04' | '05' | '06'

export interface Transition {
  readonly event: DocumentEvent
  /** `null`: the document comes into being. */
  readonly from: DocumentState | null
  readonly to: DocumentState
  /** The status that the sender gets. 01 is given by the receiving node with its receipt, the others by a clerk. */
  readonly status?: StatusCode
}

export const transitions: readonly Transition[] = [
  { event: 'draft', from: null, to: 'quarantined' },
  { event: 'end-quarantine', from: 'quarantined', to: 'draft' },
  { event: 'edit', from: 'quarantined', to: 'quarantined' },
  { event: 'edit', from: 'draft', to: 'draft' },
  { event: 'revise', from: 'draft', to: 'draft' },
  { event: 'revise', from: 'presented', to: 'draft' },
  { event: 'revise', from: 'signed', to: 'draft' },
  { event: 'check', from: 'draft', to: 'draft' },
  { event: 'check', from: 'presented', to: 'presented' },
  { event: 'check', from: 'signed', to: 'signed' },
  { event: 'present', from: 'draft', to: 'presented' },
  { event: 'return', from: 'presented', to: 'draft' },
  { event: 'return', from: 'signed', to: 'draft' },
  { event: 'sign', from: 'draft', to: 'signed' },
  // Of several who sign in turn, each but the last.
  { event: 'sign-in-turn', from: 'presented', to: 'presented' },
  { event: 'sign', from: 'presented', to: 'signed' },
  { event: 'number', from: 'signed', to: 'numbered' },
  { event: 'issue', from: 'numbered', to: 'issued' },
  // Of a copy that the agency has made: nobody signs it in person, and it gets no number.
  { event: 'issue-copy', from: 'draft', to: 'issued' },
  { event: 'dispatch', from: 'issued', to: 'dispatched' },
  { event: 'cancel', from: 'draft', to: 'cancelled' },
  { event: 'cancel', from: 'presented', to: 'cancelled' },
  { event: 'cancel', from: 'signed', to: 'cancelled' },
  { event: 'cancel', from: 'numbered', to: 'cancelled' },
  { event: 'arrive', from: null, to: 'arrived', status: '01' },
  { event: 'verify', from: 'arrived', to: 'verified' },
  { event: 'fail-verification', from: 'arrived', to: 'failed-verification' },
  { event: 'accept', from: 'verified', to: 'accepted', status: '03' },
  { event: 'refuse', from: 'verified', to: 'refused', status: '02' },
  { event: 'refuse', from: 'failed-verification', to: 'refused', status: '02' },
  { event: 'assign', from: 'accepted', to: 'assigned', status: '04' },
  { event: 'reassign', from: 'assigned', to: 'assigned' },
  { event: 'reassign', from: 'processing', to: 'processing' },
  // Instructions, extensions, reminders: while the document is somebody's to handle.
  { event: 'direct', from: 'assigned', to: 'assigned' },
  { event: 'direct', from: 'processing', to: 'processing' },
  { event: 'process', from: 'assigned', to: 'processing', status: '05' },
  { event: 'complete', from: 'processing', to: 'completed', status: '06' },
]

/** The transition that an event makes from a state; `undefined` where the table has none. */
export function findTransition(from: DocumentState | null, event: DocumentEvent): Transition | undefined {
  return transitions.find((one) => one.from === from && one.event === event)
}

/** @throws CongvanError `DOCUMENT_STATE_WRONG`, or `DOCUMENT_IN_QUARANTINE` where that is the reason */
export function requireTransition(from: DocumentState, event: DocumentEvent): Transition {
  const transition = findTransition(from, event)
  if (transition !== undefined) return transition
  if (from === 'quarantined') throw new CongvanError('DOCUMENT_IN_QUARANTINE')
  throw new CongvanError('DOCUMENT_STATE_WRONG', {
    state: from,
    stateVi: stateNames[from],
    event,
    eventVi: eventNames[event],
  })
}

/** What a clerk calls the states. */
export const stateNames: Readonly<Record<DocumentState, string>> = {
  quarantined: 'cách ly',
  draft: 'dự thảo',
  presented: 'đã trình ký',
  signed: 'đã ký',
  numbered: 'đã cấp số',
  issued: 'đã phát hành',
  dispatched: 'đã gửi',
  cancelled: 'đã hủy',
  arrived: 'đã đến',
  verified: 'đã kiểm tra',
  'failed-verification': 'không qua kiểm tra',
  accepted: 'đã tiếp nhận',
  refused: 'đã từ chối',
  assigned: 'đã phân công',
  processing: 'đang xử lý',
  completed: 'hoàn thành',
}

const eventNames: Readonly<Record<DocumentEvent, string>> = {
  draft: 'soạn',
  'end-quarantine': 'kết thúc cách ly',
  edit: 'sửa',
  revise: 'thay bản thảo',
  check: 'kiểm tra bản thảo',
  present: 'trình ký',
  return: 'trả lại',
  sign: 'ký',
  'sign-in-turn': 'ký',
  number: 'cấp số',
  issue: 'phát hành',
  'issue-copy': 'phát hành bản sao',
  dispatch: 'gửi',
  cancel: 'hủy',
  arrive: 'nhận',
  verify: 'kiểm tra',
  'fail-verification': 'kiểm tra',
  accept: 'tiếp nhận',
  refuse: 'từ chối',
  assign: 'phân công',
  reassign: 'phân công lại',
  direct: 'chỉ đạo, gia hạn, đôn đốc',
  process: 'chuyển sang xử lý',
  complete: 'hoàn thành',
}
