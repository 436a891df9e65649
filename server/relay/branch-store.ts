import type { NodeTransaction } from '../db.ts'

/**
 * A branch (nhánh): the recipients of an envelope that one hop carries.
 *
 * queued → committing → done | failed. `committing` is written before the commit is asked for: from then on only
 * the peer can say whether it took the branch.
 */
export interface Branch {
  readonly id: string
  readonly envelopeSha256: string
  readonly series: number
  /** The peer that gets it; null when its recipients are hosted here. */
  readonly nextHop: string | null
  /** The peer that gave it here and its name for it; null at the origin. */
  readonly previous: { readonly peer: string; readonly branch: string } | null
  /** Nodes so far, origin first, this node last. */
  readonly path: readonly string[]
  /** SHA-256 of this node's receipt for it, which the next node's receipts name. */
  readonly previousReceipt: string | null
  readonly notAfter: Date
  readonly state: BranchState
  /** Counts what was put in the queue; a job of another number is stale. */
  readonly attempt: number
  /** Counts the runs of its jobs; what an older run finds out counts for nothing. */
  readonly run: number
  /** Tries that came to nothing. */
  readonly failures: number
  /** Priority of its document, 0 to 4; see `urgency.ts`. */
  readonly urgency: number
  readonly recipients: readonly string[]
}

export type BranchState = 'queued' | 'committing' | 'done' | 'failed'

interface BranchRow {
  readonly id: string
  readonly envelope_sha256: string
  readonly series: number
  readonly next_hop: string | null
  readonly previous_peer: string | null
  readonly previous_branch: string | null
  readonly path: string[]
  readonly previous_receipt: string | null
  readonly not_after: Date
  readonly state: BranchState
  readonly attempt: number
  readonly run: number
  readonly failures: number
  readonly urgency: number
}

export type NewBranch = Omit<Branch, 'attempt' | 'failures' | 'run'> & {
  /** Tries of the branch that it comes from. */
  readonly failures?: number
  /** When it is due, if later than now. */
  readonly runAfter?: Date
}

/**
 * Stores a branch with its recipients.
 *
 * @returns the recipients that another branch of the same envelope and series has already; empty = stored. When it
 *   is not empty the caller must roll back.
 */
export async function insertBranch(trx: NodeTransaction, branch: NewBranch, now: Date): Promise<string[]> {
  const stored = trx('branches').insert({
    id: branch.id,
    envelope_sha256: branch.envelopeSha256,
    series: branch.series,
    next_hop: branch.nextHop,
    previous_peer: branch.previous?.peer ?? null,
    previous_branch: branch.previous?.branch ?? null,
    path: [...branch.path],
    previous_receipt: branch.previousReceipt,
    not_after: branch.notAfter,
    state: branch.state,
    failures: branch.failures ?? 0,
    urgency: branch.urgency,
    run_after: branch.runAfter ?? now,
    created_at: now,
    settled_at: isOpen(branch.state) ? null : now,
  })
  if (branch.recipients.length === 0) {
    await stored
    return []
  }
  const recipients = trx('branch_recipients')
    .insert(
      branch.recipients.map((recipient) => ({
        envelope_sha256: branch.envelopeSha256,
        series: branch.series,
        recipient,
        branch_id: branch.id,
      })),
    )
    .onConflict(['envelope_sha256', 'series', 'recipient'])
    .ignore()
    .returning<{ recipient: string }[]>('recipient')
  const [, rows] = await Promise.all([stored, recipients])
  const taken = new Set(rows.map((row) => row.recipient))
  return branch.recipients.filter((recipient) => !taken.has(recipient))
}

/** Whether it is still to be done. */
export function isOpen(state: BranchState): boolean {
  return state === 'queued' || state === 'committing'
}

export async function findBranch(trx: NodeTransaction, id: string): Promise<Branch | undefined> {
  const row = await trx('branches').where({ id }).first<BranchRow | undefined>('*')
  return row === undefined ? undefined : toBranch(trx, row)
}

/** The branch with its row locked until the transaction ends. */
export async function lockBranch(trx: NodeTransaction, id: string): Promise<Branch | undefined> {
  const row = await trx('branches').where({ id }).forUpdate().first<BranchRow | undefined>('*')
  return row === undefined ? undefined : toBranch(trx, row)
}

/** The branch that carries an envelope's delivery to one recipient through this node. */
export async function branchOfDelivery(
  trx: NodeTransaction,
  delivery: { readonly envelopeSha256: string; readonly series: number; readonly recipient: string },
): Promise<Branch | undefined> {
  const found = await trx('branch_recipients')
    .where({
      envelope_sha256: delivery.envelopeSha256,
      series: delivery.series,
      recipient: delivery.recipient,
    })
    .first<{ branch_id: string } | undefined>('branch_id')
  return found === undefined ? undefined : findBranch(trx, found.branch_id)
}

/** Those of the recipients whose delivery came here from a peer. */
export async function recipientsFromPeer(
  trx: NodeTransaction,
  peer: string,
  deliveries: {
    readonly envelopeSha256: string
    readonly series: number
    readonly recipients: readonly string[]
  },
): Promise<string[]> {
  return trx('branch_recipients as r')
    .join('branches as b', 'b.id', 'r.branch_id')
    .where({
      'r.envelope_sha256': deliveries.envelopeSha256,
      'r.series': deliveries.series,
      'b.previous_peer': peer,
    })
    .whereIn('r.recipient', [...deliveries.recipients])
    .orderBy('r.recipient')
    .pluck<string[]>('r.recipient')
}

/** Whether this node has still to carry an envelope to somebody, in whichever attempt series. */
export async function hasOpenBranch(trx: NodeTransaction, envelopeSha256: string): Promise<boolean> {
  const found = await trx('branch_recipients as r')
    .join('branches as b', 'b.id', 'r.branch_id')
    .where('r.envelope_sha256', envelopeSha256)
    .whereIn('b.state', ['queued', 'committing'])
    .first<{ id: string } | undefined>('b.id')
  return found !== undefined
}

/** As `branchOfDelivery`, of the newest attempt series that reached this node. */
export async function latestBranchOfDelivery(
  trx: NodeTransaction,
  delivery: { readonly envelopeSha256: string; readonly recipient: string },
): Promise<Branch | undefined> {
  const found = await trx('branch_recipients')
    .where({ envelope_sha256: delivery.envelopeSha256, recipient: delivery.recipient })
    .orderBy('series', 'desc')
    .first<{ branch_id: string } | undefined>('branch_id')
  return found === undefined ? undefined : findBranch(trx, found.branch_id)
}

async function toBranch(trx: NodeTransaction, row: BranchRow): Promise<Branch> {
  const recipients = await trx('branch_recipients')
    .where({ branch_id: row.id })
    .orderBy('recipient')
    .pluck<string[]>('recipient')
  const { previous_peer: peer, previous_branch: branch } = row
  return {
    id: row.id,
    envelopeSha256: row.envelope_sha256,
    series: row.series,
    nextHop: row.next_hop,
    previous: peer === null || branch === null ? null : { peer, branch },
    path: row.path,
    previousReceipt: row.previous_receipt,
    notAfter: row.not_after,
    state: row.state,
    attempt: row.attempt,
    run: row.run,
    failures: row.failures,
    urgency: row.urgency,
    recipients,
  }
}

/**
 * The branch of a job that is still to be done, for one run of it. A job may run twice at a time, because the queue
 * took the first run for dead; from here on only the later run may ask for the commit or judge the branch.
 */
export async function claimBranch(
  trx: NodeTransaction,
  job: { readonly branch: string; readonly attempt: number },
): Promise<Branch | undefined> {
  const [row]: BranchRow[] = await trx('branches')
    .where({ id: job.branch, attempt: job.attempt })
    .whereIn('state', ['queued', 'committing'])
    .update({ run: trx.raw('run + 1') })
    .returning('*')
  return row === undefined ? undefined : toBranch(trx, row)
}

/** @returns false when a later run has taken the branch over, or it has ended: the peer must not be asked then */
export async function markCommitting(
  trx: NodeTransaction,
  { id, run, attempt }: Pick<Branch, 'id' | 'run' | 'attempt'>,
): Promise<boolean> {
  const rows = await trx('branches')
    .where({ id, run, attempt })
    .whereIn('state', ['queued', 'committing'])
    .update({ state: 'committing' })
    .returning('id')
  return rows.length > 0
}

/** Ends a branch: taken by the peer or by the recipients here (`done`), or given up (`failed`). */
export async function settleBranch(
  trx: NodeTransaction,
  id: string,
  end: { readonly state: 'done' | 'failed'; readonly outcome: string; readonly reason?: string },
  now: Date,
): Promise<void> {
  await trx('branches')
    .where({ id })
    .update({ state: end.state, outcome: end.outcome, reason: end.reason ?? null, settled_at: now })
}

/** Notes a failed try and when the next is due. @returns the number that the next job must carry */
export async function postponeBranch(
  trx: NodeTransaction,
  id: string,
  failure: { readonly outcome: string; readonly reason: string; readonly runAfter: Date },
): Promise<number> {
  const rows = await trx('branches')
    .where({ id })
    .update({
      attempt: trx.raw('attempt + 1'),
      failures: trx.raw('failures + 1'),
      outcome: failure.outcome,
      reason: failure.reason,
      run_after: failure.runAfter,
    })
    .returning<{ attempt: number }[]>('attempt')
  return rows[0]?.attempt ?? 0
}

/** Gives some recipients of a branch to another branch, which must be there without recipients of its own. */
export async function moveRecipients(
  trx: NodeTransaction,
  from: Branch,
  to: string,
  recipients: readonly string[],
): Promise<void> {
  await trx('branch_recipients')
    .where({ branch_id: from.id })
    .whereIn('recipient', [...recipients])
    .update({ branch_id: to })
}
