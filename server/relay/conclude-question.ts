import type { SendFailure } from './ask-peer.ts'
import type { Branch } from './branch-store.ts'
import { declareExpiry } from './expire.ts'
import { lineOf } from './log-line.ts'
import { type Judged, notAskedText, PATH_NOT_ASKED } from './question.ts'
import {
  type Asked,
  failuresOf,
  lockQuestion,
  postponeQuestion,
  type Question,
  settleQuestion,
} from './question-store.ts'
import type { RelayDeps } from './relay-deps.ts'
import { putQuestionJob } from './relay-jobs.ts'
import { nextAttempt, returnBackOff } from './retry.ts'

/** A question that is due, with what it is about. */
export interface QuestionItem {
  readonly question: Question
  readonly branch: Branch
  /** Recipients about whom nothing is known yet. */
  readonly asked: readonly string[]
}

/** Lets a question wait that was not put. */
export async function park(
  deps: RelayDeps,
  { question }: QuestionItem,
  outcome: string,
  runAfter: Date,
): Promise<void> {
  const { context } = deps
  const now = context.clock()
  // At the end of its time it is looked at once more.
  const due = runAfter > question.giveUpAt && now < question.giveUpAt ? question.giveUpAt : runAfter
  const { never, failures, peer } = question
  await context.db.asNode(async (trx) => {
    const locked = await lockQuestion(trx, question.branchId)
    if (locked?.state !== 'queued' || locked.attempt !== question.attempt) return
    const wait = { outcome, reason: null, never, waitsFor: peer, failures, runAfter: due }
    const attempt = await postponeQuestion(trx, question.branchId, wait)
    await putQuestionJob(trx, context, { ...question, attempt }, due)
  })
}

/**
 * Notes what became known: at the origin declares what has ended, then ends the question or says when it is put again.
 * Past the question's time what is open is called expired at the origin, and left to it by every other node.
 *
 * @param failure why the peer could not be asked
 * @param peerFreeAt for a peer that is left alone now: when it may be asked
 */
export async function conclude(
  deps: RelayDeps,
  item: QuestionItem,
  judged: Judged,
  failure: SendFailure | undefined,
  peerFreeAt: Date | null,
): Promise<void> {
  const { context } = deps
  const { question, branch } = item
  const now = context.clock()
  const isOver = now >= question.giveUpAt
  if (branch.previous === null) await declareEnds(deps, branch, judged, isOver, now)
  const [waitsFor = null] = judged.open.values()
  const asked: Asked = {
    outcome: failure?.outcome ?? (judged.open.size === 0 ? 'answered' : 'open'),
    reason: failure?.reason ?? null,
    never: [...new Set([...question.never, ...judged.never])],
    waitsFor,
  }
  const failures = question.failures + 1
  const next = nextAttempt(failures, now, question.giveUpAt, deps.random(), returnBackOff)
  const runAfter = next === null || peerFreeAt === null || peerFreeAt > question.giveUpAt ? next : peerFreeAt
  await context.db.asNode(async (trx) => {
    const locked = await lockQuestion(trx, question.branchId)
    if (locked?.state !== 'queued' || locked.attempt !== question.attempt) return
    if (judged.open.size === 0 || runAfter === null) {
      const state = judged.open.size === 0 ? 'done' : 'failed'
      await settleQuestion(trx, question.branchId, { ...asked, state }, now)
      return
    }
    const attempt = await postponeQuestion(trx, question.branchId, { ...asked, failures, runAfter })
    await putQuestionJob(trx, context, { ...question, attempt }, runAfter)
  })
  const line = { ...lineOf(branch), outcome: asked.outcome, never: judged.never.length, waitsFor, runAfter }
  context.log.info(line, 'relay: asked what became of it')
}

async function declareEnds(
  deps: RelayDeps,
  branch: Branch,
  { never, open }: Judged,
  isOver: boolean,
  now: Date,
): Promise<void> {
  const ends = [...never, ...(isOver ? open.keys() : [])]
  if (ends.length === 0) return
  const failures = await deps.context.db.asNode((trx) => failuresOf(trx, branch, ends))
  for (const recipient of ends) {
    const failure = failures.get(recipient)
    const previousReceipt = failure?.sha256 ?? branch.previousReceipt
    const silent = open.get(recipient)
    const reason =
      silent === undefined
        ? { code: failure?.reason ?? 'RELAY_EXPIRED', previousReceipt }
        : { code: PATH_NOT_ASKED, text: notAskedText(silent), previousReceipt }
    const isExpired = await declareExpiry(deps, branch, recipient, reason, now)
    if (isExpired && silent !== undefined) {
      const line = { ...lineOf(branch), recipient, waitsFor: silent }
      deps.context.log.warn(line, 'relay: called expired without an answer')
    }
  }
}
