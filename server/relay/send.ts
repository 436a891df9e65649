import { afterCommit } from '../after-commit.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { Peer } from '../directory/peer-store.ts'
import { openOwnEnvelope } from '../edxml/open-envelope.ts'
import { readReceipts, sortReceipts } from './answered-receipts.ts'
import { askPeer, jsonCall, requirePeer, sendFailureOf } from './ask-peer.ts'
import { type Branch, claimBranch, isOpen, lockBranch, markCommitting, settleBranch } from './branch-store.ts'
import { findEnvelope, readEnvelopeBytes } from './envelope-store.ts'
import { deadlineOf, giveUp, handleFailure } from './give-up.ts'
import { lineOf } from './log-line.ts'
import { insertPeerFiles, type ManifestFile } from './offer-store.ts'
import { passBack } from './pass-back.ts'
import { askLeave, noteTry, type Pass, takeProbe } from './peer-health.ts'
import { type PeerSlots, unlimitedSlots } from './peer-slots.ts'
import { commitAnswer, type OfferRequest } from './protocol.ts'
import type { SealedReceipt } from './receipt-store.ts'
import { manifestOf } from './receive.ts'
import type { RelayDeps } from './relay-deps.ts'
import { putBranchJob } from './relay-jobs.ts'
import { rerouteBranch } from './reroute.ts'
import { parkedUntil } from './retry.ts'
import { sendFiles } from './send-files.ts'
import { sendOffer } from './send-offer.ts'
import { parkBranch } from './waiting-branch-store.ts'

/** A job of `relay-send` or `document-consign`: stale when the branch's number has moved on. */
export interface BranchJob {
  readonly branch: string
  readonly attempt: number
}

/** The branch of a job that is still to be done, claimed for this run. */
export async function branchOfJob(deps: RelayDeps, job: BranchJob): Promise<Branch | undefined> {
  return deps.context.db.asNode((trx) => claimBranch(trx, job))
}

export interface SendOptions {
  /** Aborted when the queue takes the run for dead. */
  readonly signal?: AbortSignal
  /** What this process has in hand of each peer. */
  readonly slots?: PeerSlots
}

/**
 * Hands one branch to its next hop: offer, files, commit. The same code runs the first time, after a failure and
 * after a crash; the peer's answers say what is left to do.
 *
 * Order of durable steps, and what a crash after each leaves behind:
 * 1. the peer has the offer and some files: the next run goes on from there;
 * 2. the branch is `committing`: the next run asks the peer what became of it;
 * 3. the peer has committed: the next run gets the same receipts;
 * 4. one transaction stores the receipts, puts the jobs that carry them back and ends the branch.
 *
 * An outcome that may be retried puts the next job in the transaction that notes it; an error of this node's own
 * (its database is away) is thrown, and the queue runs the job again.
 *
 * The queue may run a job again while it still runs. The later run claims the branch; the earlier one ends at the
 * latest before it would ask for the commit, and what it finds out changes nothing.
 *
 * A peer that is left alone (`breaker.ts`) or has enough in hand is not asked: the branch waits, which is no failure of
 * its own. One whose recipient has moved goes by its new way.
 */
export async function sendBranch(deps: RelayDeps, job: BranchJob, options: SendOptions = {}): Promise<void> {
  const { context } = deps
  const found = await context.db.asNode(async (trx) => {
    const branch = await claimBranch(trx, job)
    if (branch === undefined || branch.nextHop === null) return undefined
    const peer = branch.nextHop
    return { branch, peer, leave: await askLeave(trx, peer, context.clock()) }
  })
  if (found === undefined) return
  const { branch, peer, leave } = found
  if (branch.state === 'queued' && context.clock() > deadlineOf(context, branch)) {
    // Nobody was ever asked to take it, so nobody can have taken it.
    await giveUp(deps, branch, { outcome: 'expired', code: 'RELAY_EXPIRED', reason: 'notAfter' }, false)
    return
  }
  if (branch.attempt > 0 && branch.state === 'queued' && (await rerouteBranch(deps, branch))) return
  if (leave.kind === 'wait') {
    await waitForPeer(deps, branch, leave.until)
    return
  }
  const place = await (options.slots ?? unlimitedSlots).enter(peer)
  if (typeof place === 'number') {
    await waitForPlace(deps, branch, place)
    return
  }
  try {
    const granted =
      leave.kind === 'go' ? leave : await context.db.asNode((trx) => takeProbe(trx, peer, context.clock()))
    if (granted.kind === 'wait') await waitForPeer(deps, branch, granted.until)
    else await tryBranch(deps, branch, granted.pass, options.signal)
  } finally {
    place()
  }
}

/** The peer is left alone: nothing is asked, and nothing counted. */
async function waitForPeer(deps: RelayDeps, branch: Branch, until: Date): Promise<void> {
  const runAfter = parkedUntil(until, deps.context.clock(), branch, deps.random())
  await park(deps, branch, { outcome: 'peer-left-alone', reason: `${branch.nextHop}`, runAfter })
}

/** This process has as much of the peer in hand as it may. */
async function waitForPlace(deps: RelayDeps, branch: Branch, ms: number): Promise<void> {
  const runAfter = new Date(deps.context.clock().getTime() + ms)
  await park(deps, branch, { outcome: 'peer-slow', reason: `${branch.nextHop}`, runAfter })
}

async function park(
  { context }: RelayDeps,
  branch: Branch,
  wait: { readonly outcome: string; readonly reason: string; readonly runAfter: Date },
): Promise<void> {
  // Not past its time, when it is ended. What the peer was asked to commit has none.
  const deadline = branch.state === 'committing' ? wait.runAfter : deadlineOf(context, branch)
  const runAfter = wait.runAfter > deadline ? new Date(deadline.getTime() + 1) : wait.runAfter
  await context.db.asNode(async (trx) => {
    const locked = await lockBranch(trx, branch.id)
    if (locked?.run !== branch.run || locked.attempt !== branch.attempt || !isOpen(locked.state)) return
    const attempt = await parkBranch(trx, branch.id, { ...wait, runAfter })
    await putBranchJob(trx, context, { ...locked, attempt }, runAfter)
  })
}

/** One try, with leave to ask the peer; says of the peer what the try has shown before it notes what became of the branch. */
async function tryBranch(
  deps: RelayDeps,
  branch: Branch,
  pass: Pass,
  signal: AbortSignal | undefined,
): Promise<void> {
  const progress = { committing: branch.state === 'committing' }
  let sent: Sent | undefined
  let peer: Peer | undefined
  try {
    peer = await requirePeer(deps, pass.peer)
    sent = await handOver(deps, branch, peer, progress, signal)
  } catch (error) {
    signal?.throwIfAborted()
    const failure = sendFailureOf(error, progress.committing)
    // A neighbour that the operator has not enabled was not asked: that says nothing of it.
    const freeAt = await noteTry(deps, pass, peer === undefined ? undefined : failure?.outcome)
    deps.context.meter?.sent(pass.peer, 'branch', failure?.outcome ?? 'own-error')
    if (failure === undefined) throw error
    await handleFailure(deps, branch, failure, progress.committing, freeAt)
    return
  }
  await noteTry(deps, pass, 'answered')
  if (sent === undefined) return
  deps.context.meter?.sent(pass.peer, 'branch', 'committed')
  await settle(deps, branch, peer, sent)
}

interface Sent {
  readonly receipts: readonly SealedReceipt[]
  readonly files: readonly ManifestFile[]
}

async function handOver(
  deps: RelayDeps,
  branch: Branch,
  peer: Peer,
  progress: { committing: boolean },
  signal: AbortSignal | undefined,
): Promise<Sent | undefined> {
  const { db } = deps.context
  const { bytes, files } = await readEnvelope(deps, branch)
  const request: OfferRequest = {
    branch: branch.id,
    series: branch.series,
    envelope: Buffer.from(bytes).toString('base64'),
    recipients: [...branch.recipients],
    path: [...branch.path],
    previousReceipt: branch.previousReceipt,
    notAfter: branch.notAfter.toISOString(),
  }
  const answer = await sendOffer(deps, peer, request, files, answerBytes(branch))
  if (answer.state === 'committed') return { receipts: await readReceipts(deps, branch, peer, answer), files }
  const needed = files.filter((file) => answer.needs.includes(file.sha256))
  await sendFiles(deps, peer, answer.offer, needed)
  signal?.throwIfAborted()
  if (!(await db.asNode((trx) => markCommitting(trx, branch)))) return undefined
  progress.committing = true
  const commit = jsonCall('POST', `/relay/v1/offers/${answer.offer}/commit`, {})
  const committed = await askPeer(
    deps,
    peer,
    { ...commit, maxAnswerBytes: answerBytes(branch) },
    commitAnswer,
  )
  return { receipts: await readReceipts(deps, branch, peer, committed), files }
}

/** Room for a receipt of each recipient, base64. */
function answerBytes(branch: Branch): number {
  return 1_000_000 + branch.recipients.length * 20_000
}

async function readEnvelope(
  deps: RelayDeps,
  branch: Branch,
): Promise<{ bytes: Uint8Array; files: ManifestFile[] }> {
  const [bytes, envelope] = await deps.context.db.asNode((trx) =>
    Promise.all([readEnvelopeBytes(trx, branch.envelopeSha256), findEnvelope(trx, branch.envelopeSha256)]),
  )
  if (bytes === undefined || envelope === undefined) {
    throw new Error(`branch ${branch.id} has lost its envelope`)
  }
  const { message } = openOwnEnvelope(bytes, envelope.sealKey)
  return { bytes, files: manifestOf(message.attachments) }
}

async function settle(deps: RelayDeps, branch: Branch, peer: Peer, sent: Sent): Promise<void> {
  const { context } = deps
  await context.db.asNode(async (trx) => {
    const now = context.clock()
    const locked = await lockBranch(trx, branch.id)
    if (locked?.state !== 'queued' && locked?.state !== 'committing') return
    const { holding, contradicting } = await sortReceipts(trx, branch, sent.receipts)
    const evidence = holding.map((sealed) => ({ kind: 'receipt' as const, sealed }))
    await passBack(trx, context, evidence, now, [locked])
    const actor = { kind: 'node', nodeId: context.nodeId } as const
    for (const { sha256, receipt } of contradicting) {
      await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, null, {
        kind: 'relay.rejected',
        subject: `message:${sha256}`,
        facts: {
          peer: peer.nodeId,
          outcome: 'receipt-contradicts',
          code: 'RELAY_RECEIPT_CONTRADICTS',
          envelope: receipt.envelopeSha256,
          event: receipt.event,
          recipients: receipt.recipients,
        },
      })
    }
    const hashes = sent.files.map((file) => file.sha256)
    await insertPeerFiles(trx, peer.nodeId, hashes, now)
    await settleBranch(trx, branch.id, { state: 'done', outcome: 'committed' }, now)
    afterCommit(trx, () => context.log.info(lineOf(branch), 'relay: handed on'))
  })
}
