import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeTransaction } from '../db.ts'
import { askPeer, jsonCall, requirePeer, type SendFailure, sendFailureOf, unreadable } from './ask-peer.ts'
import { recipientsFromPeer } from './branch-store.ts'
import { type MessageRequest, messageAnswer } from './protocol.ts'
import { findReceipt } from './receipt-store.ts'
import type { RelayDeps } from './relay-deps.ts'
import { mayRetry, nextAttempt, returnBackOff } from './retry.ts'
import { findReturn, lockReturn, postponeReturn, type Return, settleReturn } from './return-store.ts'
import { findStatusMessage } from './status-store.ts'

/** A job of `relay-return`: stale when the row's number has moved on. */
export interface ReturnJob {
  readonly return: string
  readonly attempt: number
}

/**
 * Hands a receipt or status to the hop before this one. Its bytes are stored, so every try sends the same message,
 * and the peer answers the same.
 *
 * A crash before the peer's answer is noted leaves the row queued: it is sent again and changes nothing there.
 *
 * @throws CongvanError of this node's own database; the queue runs the job again
 */
export async function sendReturn(deps: RelayDeps, job: ReturnJob): Promise<void> {
  const { db } = deps.context
  const found = await db.asNode(async (trx) => {
    const row = await findReturn(trx, job.return)
    if (row === undefined || row.attempt !== job.attempt || row.state !== 'queued') return undefined
    return { row, request: await requestOf(trx, row) }
  })
  if (found === undefined) return
  const { row, request } = found
  try {
    const peer = await requirePeer(deps, row.peer)
    const answer = await askPeer(deps, peer, jsonCall('POST', '/relay/v1/messages', request), messageAnswer)
    if (answer.message !== row.messageSha256) throw unreadable(row.peer, `it took ${answer.message}`)
  } catch (error) {
    const failure = sendFailureOf(error, true)
    if (failure === undefined) throw error
    await noteFailure(deps, row, failure)
    return
  }
  await db.asNode(async (trx) => {
    const now = deps.context.clock()
    const locked = await lockReturn(trx, row.id)
    if (locked?.state === 'queued') await settleReturn(trx, row.id, { state: 'done', outcome: 'taken' }, now)
  })
}

async function requestOf(trx: NodeTransaction, row: Return): Promise<MessageRequest> {
  if (row.kind === 'status') {
    const status = await findStatusMessage(trx, row.messageSha256)
    if (status === undefined) throw new Error(`return ${row.id} has lost its message`)
    const { envelopeSha256, series, recipient } = status
    const message = Buffer.from(status.xml).toString('base64')
    return { kind: 'status', message, envelopeSha256, series, recipients: [recipient] }
  }
  const receipt = await findReceipt(trx, row.messageSha256)
  if (receipt === undefined) throw new Error(`return ${row.id} has lost its message`)
  const { envelopeSha256, series } = receipt
  const recipients = await recipientsFromPeer(trx, row.peer, receipt)
  const message = Buffer.from(receipt.xml).toString('base64')
  return { kind: 'receipt', message, envelopeSha256, series, recipients }
}

async function noteFailure(deps: RelayDeps, row: Return, failure: SendFailure): Promise<void> {
  const { context } = deps
  const now = context.clock()
  const random = deps.random()
  const retry = mayRetry(failure.outcome)
  const runAfter = retry ? nextAttempt(row.failures + 1, now, row.giveUpAt, random, returnBackOff) : null
  await context.db.asNode(async (trx) => {
    const locked = await lockReturn(trx, row.id)
    if (locked?.state !== 'queued' || locked.attempt !== row.attempt) return
    if (runAfter !== null) {
      const attempt = await postponeReturn(trx, row.id, { ...failure, runAfter })
      await context.queue.put(trx, 'relay-return', { return: row.id, attempt }, { startAfter: runAfter })
      return
    }
    await settleReturn(trx, row.id, { state: 'failed', ...failure }, now)
    const actor = { kind: 'node', nodeId: context.nodeId } as const
    await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, null, {
      kind: 'relay.rejected',
      subject: `message:${row.messageSha256}`,
      facts: { peer: row.peer, outcome: failure.outcome, code: failure.code },
    })
  })
  context.log.warn(
    { return: row.id, peer: row.peer, outcome: failure.outcome, reason: failure.reason, runAfter },
    runAfter === null ? 'relay: a message was given up' : 'relay: a message will be sent again',
  )
}
