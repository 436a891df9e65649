import type { Peer } from '../directory/peer-store.ts'
import { openByOwnKey } from '../edxml/own-key.ts'
import { openReceipt } from '../edxml/receipt.ts'
import { CongvanError } from '../errors.ts'
import { askPeer, jsonCall, requirePeer, type SendFailure, sendFailureOf, unreadable } from './ask-peer.ts'
import { findBranch } from './branch-store.ts'
import { conclude, park, type QuestionItem } from './conclude-question.ts'
import { giveUp } from './give-up.ts'
import { lineOf } from './log-line.ts'
import { sealProblem } from './open-sealed.ts'
import { askLeave, noteTry, type Pass, takeProbe } from './peer-health.ts'
import { type PeerSlots, unlimitedSlots } from './peer-slots.ts'
import { type QuestionAnswer, type QuestionRequest, questionAnswer } from './protocol.ts'
import { answerProblem, type Judged, judgeAnswer, notAskedText, PATH_NOT_ASKED } from './question.ts'
import { failuresOf, findQuestion } from './question-store.ts'
import { terminalReceipts } from './receipt-store.ts'
import { takeMessage } from './receive-message.ts'
import type { RelayDeps } from './relay-deps.ts'
import { parkedUntil, returnBackOff } from './retry.ts'

/** A job of `relay-return`: stale when the row's number has moved on. */
export interface QuestionJob {
  /** Id of the branch that it is about. */
  readonly question: string
  readonly attempt: number
}

/**
 * Asks the next hop what became of deliveries whose time is past, and at the origin declares expired what is not
 * consigned and never will be (design 4).
 *
 * Receipts in the answer are taken as any that come back: checked, stored, sent on. What is not known yet is asked again
 * until the question's time is over; then the origin declares the expiry with a reason that says so, and a node between
 * leaves it to the origin.
 *
 * Order of durable steps, and what a crash after each leaves behind: the receipts one by one, the expiries one by one,
 * then the question's own end or next time. A crash in between leaves the question queued; asked again, it finds less
 * to ask about.
 *
 * @throws CongvanError of this node's own database; the queue runs the job again
 */
export async function askQuestion(
  deps: RelayDeps,
  job: QuestionJob,
  options: { readonly slots?: PeerSlots } = {},
): Promise<void> {
  const { context } = deps
  const found = await context.db.asNode(async (trx) => {
    const question = await findQuestion(trx, job.question)
    if (question === undefined || question.attempt !== job.attempt || question.state !== 'queued') return
    const branch = await findBranch(trx, question.branchId)
    if (branch === undefined) return
    const ended = await terminalReceipts(trx, branch, branch.recipients)
    const asked = branch.recipients.filter((code) => !ended.has(code) && !question.never.includes(code))
    return { item: { question, branch, asked }, leave: await askLeave(trx, question.peer, context.clock()) }
  })
  if (found === undefined) return
  const { item, leave } = found
  const { question, branch, asked } = item
  // The recipients of a branch that was given up have ended, or gone on in others.
  if (asked.length === 0 || branch.state === 'failed') {
    await conclude(deps, item, { never: [], open: new Map() }, undefined, null)
    return
  }
  if (branch.state !== 'done') {
    await awaitCommit(deps, item)
    return
  }
  if (leave.kind === 'wait') {
    await waitForPeer(deps, item, leave.until)
    return
  }
  const place = await (options.slots ?? unlimitedSlots).enter(question.peer)
  if (typeof place === 'number') {
    await park(deps, item, 'peer-slow', new Date(context.clock().getTime() + place))
    return
  }
  try {
    const granted =
      leave.kind === 'go'
        ? leave
        : await context.db.asNode((trx) => takeProbe(trx, question.peer, context.clock()))
    if (granted.kind === 'wait') await waitForPeer(deps, item, granted.until)
    else await tryQuestion(deps, item, granted.pass)
  } finally {
    place()
  }
}

/** A peer that is left alone is not asked, not even for the last time: past the question's time it counts as silent. */
async function waitForPeer(deps: RelayDeps, item: QuestionItem, until: Date): Promise<void> {
  const now = deps.context.clock()
  if (now >= item.question.giveUpAt) {
    await conclude(deps, item, nobodySaid(item), undefined, null)
    return
  }
  const runAfter = parkedUntil(until, now, { ...item.question, attempt: 1 }, deps.random())
  await park(deps, item, 'peer-left-alone', runAfter)
}

/**
 * The peer was asked to commit and has not answered: the same offer, made again, is the question, and it is made by the
 * branch's own job. Here is only seen to that it ends. Nodes between leave the end to the origin.
 */
async function awaitCommit(deps: RelayDeps, item: QuestionItem): Promise<void> {
  const { question, branch } = item
  const now = deps.context.clock()
  if (now >= question.giveUpAt && branch.previous === null) {
    const failure = { outcome: 'expired', code: PATH_NOT_ASKED, reason: question.peer } as const
    const text = notAskedText(question.peer)
    if (await giveUp(deps, branch, { ...failure, text }, true)) {
      await conclude(deps, item, { never: [], open: new Map() }, undefined, null)
      return
    }
  }
  await park(deps, item, 'committing', new Date(now.getTime() + returnBackOff.longestDelayMs))
}

async function tryQuestion(deps: RelayDeps, item: QuestionItem, pass: Pass): Promise<void> {
  let peer: Peer | undefined
  let said: QuestionAnswer
  try {
    peer = await requirePeer(deps, item.question.peer)
    said = await ask(deps, peer, item)
  } catch (error) {
    const failure = sendFailureOf(error, true)
    // A neighbour that the operator has not enabled was not asked: that says nothing of it.
    const freeAt = await noteTry(deps, pass, peer === undefined ? undefined : seenOf(failure))
    if (failure === undefined) throw error
    await conclude(deps, item, nobodySaid(item), failure, freeAt)
    return
  }
  await noteTry(deps, pass, 'answered')
  for (const xml of said.receipts) await takeReceipt(deps, item, xml)
  const { branch, asked } = item
  const known = await deps.context.db.asNode(async (trx) => ({
    ended: new Set((await terminalReceipts(trx, branch, asked)).keys()),
    failed: new Set((await failuresOf(trx, branch, asked)).keys()),
  }))
  await conclude(deps, item, judgeAnswer(asked, item.question.peer, said, known), undefined, null)
}

/** A peer of an earlier version, which serves no such path, is there and well all the same. */
function seenOf(failure: SendFailure | undefined): SendFailure['outcome'] | 'answered' | undefined {
  return failure?.problem?.code === 'NOT_FOUND' ? 'answered' : failure?.outcome
}

async function ask(deps: RelayDeps, peer: Peer, { branch, asked }: QuestionItem): Promise<QuestionAnswer> {
  const { id, series, envelopeSha256 } = branch
  const request: QuestionRequest = { branch: id, series, envelopeSha256, recipients: [...asked] }
  const call = jsonCall('POST', '/relay/v1/questions', request)
  const maxAnswerBytes = 1_000_000 + asked.length * 20_000
  const said = await askPeer(deps, peer, { ...call, maxAnswerBytes }, questionAnswer)
  const problem = answerProblem(asked, said)
  if (problem !== undefined) throw unreadable(peer.nodeId, problem)
  return said
}

/** What a receipt of the answer is refused for, as against an error of this node's own. */
const refusals: ReadonlySet<string> = new Set([
  'RELAY_MESSAGE_REJECTED',
  'RELAY_RECEIPT_CONTRADICTS',
  'RELAY_DIRECTORY_BEHIND',
  'RELAY_TOO_EARLY',
  'INPUT_TOO_LARGE',
])

/** One that is not believed holds up no other; what it is about stays open. */
async function takeReceipt(
  deps: RelayDeps,
  { question, branch }: QuestionItem,
  message: string,
): Promise<void> {
  const { context } = deps
  const { envelopeSha256, series } = branch
  try {
    const recipients = namedIn(Buffer.from(message, 'base64'))
    const request = { kind: 'receipt' as const, message, envelopeSha256, series, recipients }
    await takeMessage(deps, question.peer, request, context.clock())
  } catch (error) {
    if (!(error instanceof CongvanError) || !refusals.has(error.code)) throw error
    const line = { ...lineOf(branch), code: error.code, reason: error.message }
    context.log.warn(line, 'relay: a receipt in an answer is not believed')
  }
}

function namedIn(xml: Uint8Array): string[] {
  try {
    return [...openByOwnKey(openReceipt, xml).message.recipients]
  } catch (error) {
    const reason = sealProblem(error)
    throw reason === undefined ? error : new CongvanError('RELAY_MESSAGE_REJECTED', { reason })
  }
}

function nobodySaid({ question, asked }: QuestionItem): Judged {
  return judgeAnswer(asked, question.peer, undefined, { ended: new Set(), failed: new Set() })
}
