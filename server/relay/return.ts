import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeTransaction } from '../db.ts'
import type { Peer } from '../directory/peer-store.ts'
import { askPeer, jsonCall, requirePeer, type SendFailure, sendFailureOf, unreadable } from './ask-peer.ts'
import { recipientsFromPeer } from './branch-store.ts'
import { askLeave, noteTry, type Pass, takeProbe } from './peer-health.ts'
import { type PeerSlots, unlimitedSlots } from './peer-slots.ts'
import { type MessageRequest, messageAnswer } from './protocol.ts'
import { findReceipt } from './receipt-store.ts'
import type { RelayDeps } from './relay-deps.ts'
import { putReturnJob } from './relay-jobs.ts'
import { mayRetry, nextAttempt, parkedUntil, returnBackOff } from './retry.ts'
import {
  findReturn,
  lockReturn,
  parkReturn,
  postponeReturn,
  type Return,
  settleReturn,
} from './return-store.ts'
import { findStatusMessage } from './status-store.ts'

/** A job of `relay-return`: stale when the row's number has moved on. */
export interface ReturnJob {
  readonly return: string
  readonly attempt: number
}

/**
 * Hands a receipt or status to the hop before this one. Its bytes are stored, so every try sends the same message,
 * and the peer answers the same. A peer that is left alone or has enough in hand is not asked, as in `sendBranch`.
 *
 * A crash before the peer's answer is noted leaves the row queued: it is sent again and changes nothing there.
 *
 * @throws CongvanError of this node's own database; the queue runs the job again
 */
export async function sendReturn(
  deps: RelayDeps,
  job: ReturnJob,
  options: { readonly slots?: PeerSlots } = {},
): Promise<void> {
  const { context } = deps
  const found = await context.db.asNode(async (trx) => {
    const row = await findReturn(trx, job.return)
    if (row === undefined || row.attempt !== job.attempt || row.state !== 'queued') return undefined
    return { row, leave: await askLeave(trx, row.peer, context.clock()) }
  })
  if (found === undefined) return
  const { row, leave } = found
  if (leave.kind === 'wait') {
    await waitForPeer(deps, row, leave.until)
    return
  }
  const place = await (options.slots ?? unlimitedSlots).enter(row.peer)
  if (typeof place === 'number') {
    const runAfter = new Date(context.clock().getTime() + place)
    await park(deps, row, { outcome: 'peer-slow', reason: row.peer, runAfter })
    return
  }
  try {
    const granted =
      leave.kind === 'go'
        ? leave
        : await context.db.asNode((trx) => takeProbe(trx, row.peer, context.clock()))
    if (granted.kind === 'wait') await waitForPeer(deps, row, granted.until)
    else await tryReturn(deps, row, granted.pass)
  } finally {
    place()
  }
}

async function waitForPeer(deps: RelayDeps, row: Return, until: Date): Promise<void> {
  const runAfter = parkedUntil(until, deps.context.clock(), row, deps.random())
  await park(deps, row, { outcome: 'peer-left-alone', reason: row.peer, runAfter })
}

async function park(
  { context }: RelayDeps,
  row: Return,
  wait: { readonly outcome: string; readonly reason: string; readonly runAfter: Date },
): Promise<void> {
  const runAfter = wait.runAfter > row.giveUpAt ? row.giveUpAt : wait.runAfter
  await context.db.asNode(async (trx) => {
    const locked = await lockReturn(trx, row.id)
    if (locked?.state !== 'queued' || locked.attempt !== row.attempt) return
    const attempt = await parkReturn(trx, row.id, { ...wait, runAfter })
    await putReturnJob(trx, context, { ...row, attempt }, runAfter)
  })
}

async function tryReturn(deps: RelayDeps, row: Return, pass: Pass): Promise<void> {
  const { context } = deps
  const request = await context.db.asNode((trx) => requestOf(trx, row))
  let peer: Peer | undefined
  try {
    peer = await requirePeer(deps, row.peer)
    const answer = await askPeer(deps, peer, jsonCall('POST', '/relay/v1/messages', request), messageAnswer)
    if (answer.message !== row.messageSha256) throw unreadable(row.peer, `it took ${answer.message}`)
  } catch (error) {
    const failure = sendFailureOf(error, true)
    const freeAt = await noteTry(deps, pass, peer === undefined ? undefined : failure?.outcome)
    context.meter?.sent(pass.peer, 'return', failure?.outcome ?? 'own-error')
    if (failure === undefined) throw error
    await noteFailure(deps, row, failure, freeAt, request)
    return
  }
  await noteTry(deps, pass, 'answered')
  context.meter?.sent(pass.peer, 'return', 'taken')
  context.log.info(returnLine(row, request), 'relay: a message was handed back')
  await context.db.asNode(async (trx) => {
    const now = context.clock()
    const locked = await lockReturn(trx, row.id)
    if (locked?.state === 'queued') await settleReturn(trx, row.id, { state: 'done', outcome: 'taken' }, now)
  })
}

/** What a line of the operational log about a message on its way back names; see `log-line.ts`. */
function returnLine(row: Return, { envelopeSha256: envelope, series, kind }: MessageRequest) {
  return { envelope, series, kind, message: row.messageSha256, return: row.id, peer: row.peer }
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

/** @param peerFreeAt for a peer that is left alone now: when the message may be tried */
async function noteFailure(
  deps: RelayDeps,
  row: Return,
  failure: SendFailure,
  peerFreeAt: Date | null,
  request: MessageRequest,
): Promise<void> {
  const { context } = deps
  const now = context.clock()
  const random = deps.random()
  const retry = mayRetry(failure.outcome)
  const next = retry ? nextAttempt(row.failures + 1, now, row.giveUpAt, random, returnBackOff) : null
  const runAfter = next === null || peerFreeAt === null || peerFreeAt > row.giveUpAt ? next : peerFreeAt
  await context.db.asNode(async (trx) => {
    const locked = await lockReturn(trx, row.id)
    if (locked?.state !== 'queued' || locked.attempt !== row.attempt) return
    if (runAfter !== null) {
      const attempt = await postponeReturn(trx, row.id, { ...failure, runAfter })
      await putReturnJob(trx, context, { ...row, attempt }, runAfter)
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
    { ...returnLine(row, request), outcome: failure.outcome, reason: failure.reason, runAfter },
    runAfter === null ? 'relay: a message was given up' : 'relay: a message will be sent again',
  )
}
