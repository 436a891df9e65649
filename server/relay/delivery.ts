/**
 * The states of a delivery (lượt gửi): one envelope on its way to one recipient. Pure.
 *
 * A delivery moves on two axes that are told apart because their messages travel independently:
 *
 * - *transport*, by receipts of nodes: queued → relayed → consigned | undeliverable | expired. The last three are
 *   terminal: of each (delivery, series) exactly one terminal receipt exists (design 4, ETSI EN 319 522-1 clause 6.2).
 * - *handling*, by what the recipient's clerk did: arrived 01 → refused 02 | accepted 03 → assigned 04 →
 *   processing 05 → completed 06.
 *
 * Each axis only ever moves forward, so the order in which the same messages arrive does not matter: a status 03
 * that overtakes the receipt of the consignment is kept, and the receipt that follows changes nothing people see.
 */

import type { StatusCode } from '../edxml/codes.ts'
import { type ReceiptEvent, terminalEvents } from '../edxml/receipt.ts'

export const transportStates = ['queued', 'relayed', 'consigned', 'undeliverable', 'expired'] as const
export type TransportState = (typeof transportStates)[number]

/** In ascending order: a later one covers an earlier one. */
export const handlingStates = [
  'none',
  'arrived',
  'refused',
  'accepted',
  'assigned',
  'processing',
  'completed',
] as const
export type HandlingState = (typeof handlingStates)[number]

/** What people are shown. */
export const deliveryStates = [
  'queued',
  'relayed',
  'arrived',
  'refused',
  'accepted',
  'assigned',
  'processing',
  'completed',
  'undeliverable',
  'expired',
] as const
export type DeliveryState = (typeof deliveryStates)[number]

export interface DeliveryProgress {
  readonly transport: TransportState
  readonly handling: HandlingState
}

export type DeliveryEvent =
  | { readonly kind: 'receipt'; readonly code: ReceiptEvent }
  | { readonly kind: 'status'; readonly code: StatusCode }

/** What an event moves; an event that is not named on an axis leaves that axis alone. */
const transportAfter: Partial<Record<ReceiptEvent, TransportState>> = {
  SubmissionAcceptance: 'queued',
  RelayAcceptance: 'relayed',
  ContentConsignment: 'consigned',
  ContentConsignmentFailure: 'undeliverable',
  RelayRejection: 'undeliverable',
  Expiry: 'expired',
}

const handlingAfterReceipt: Partial<Record<ReceiptEvent, HandlingState>> = {
  ContentHandover: 'accepted',
  ContentHandoverFailure: 'refused',
}

/** 13, 15 and 16 belong to recall and update: they stand in the history and move nothing here. */
const handlingAfterStatus: Partial<Record<StatusCode, HandlingState>> = {
  '01': 'arrived',
  '02': 'refused',
  '03': 'accepted',
  '04': 'assigned',
  '05': 'processing',
  '06': 'completed',
}

export function isTerminalEvent(event: ReceiptEvent): boolean {
  return (terminalEvents as readonly ReceiptEvent[]).includes(event)
}

/** Whether no receipt can change the transport any more. */
export function isSettled(progress: DeliveryProgress): boolean {
  return transportRank(progress.transport) === SETTLED
}

export const newDelivery: DeliveryProgress = { transport: 'queued', handling: 'none' }

const SETTLED = 2

function transportRank(state: TransportState): number {
  return state === 'queued' ? 0 : state === 'relayed' ? 1 : SETTLED
}

/**
 * The progress after an event. Repeating an event changes nothing.
 *
 * @returns `contradiction` when the event is a terminal receipt other than the one that settled the delivery; the
 *   caller refuses such a message
 */
export function applyEvent(
  progress: DeliveryProgress,
  event: DeliveryEvent,
): DeliveryProgress | 'contradiction' {
  if (event.kind === 'status') {
    return { ...progress, handling: later(progress.handling, handlingAfterStatus[event.code] ?? 'none') }
  }
  const handling = later(progress.handling, handlingAfterReceipt[event.code] ?? 'none')
  const wanted = transportAfter[event.code] ?? progress.transport
  if (isSettled(progress)) {
    const contradicts = isTerminalEvent(event.code) && wanted !== progress.transport
    return contradicts ? 'contradiction' : { ...progress, handling }
  }
  const forward = transportRank(wanted) > transportRank(progress.transport)
  return { transport: forward ? wanted : progress.transport, handling }
}

function later(a: HandlingState, b: HandlingState): HandlingState {
  return handlingStates.indexOf(b) > handlingStates.indexOf(a) ? b : a
}

/** The one state that people see: a failed transport first, then what the recipient did, then how far it got. */
export function deliveryState(progress: DeliveryProgress): DeliveryState {
  const { transport, handling } = progress
  if (transport === 'undeliverable' || transport === 'expired') return transport
  if (handling !== 'none') return handling
  return transport === 'consigned' ? 'arrived' : transport
}
