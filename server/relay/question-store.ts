/**
 * The only SQL of `branch_questions`, and what is asked of the relay's other tables to put and to answer questions.
 */
import type { NodeTransaction } from '../db.ts'
import type { BranchState } from './branch-store.ts'

/** The question to a peer what became of the deliveries of one branch that it was given. */
export interface Question {
  readonly branchId: string
  readonly peer: string
  readonly state: 'queued' | 'done' | 'failed'
  /** Counts what was put in the queue; a job of another number is stale. */
  readonly attempt: number
  readonly failures: number
  readonly giveUpAt: Date
  /** Recipients that are known never to be consigned. */
  readonly never: readonly string[]
  readonly urgency: number
}

interface QuestionRow {
  readonly branch_id: string
  readonly peer: string
  readonly state: 'queued' | 'done' | 'failed'
  readonly attempt: number
  readonly failures: number
  readonly give_up_at: Date
  readonly never: string[]
  readonly urgency: number
}

function toQuestion(row: QuestionRow): Question {
  return {
    branchId: row.branch_id,
    peer: row.peer,
    state: row.state,
    attempt: row.attempt,
    failures: row.failures,
    giveUpAt: row.give_up_at,
    never: row.never,
    urgency: row.urgency,
  }
}

/** @returns false when there is a question about the branch already */
export async function insertQuestion(
  trx: NodeTransaction,
  question: Pick<Question, 'branchId' | 'peer' | 'giveUpAt' | 'urgency'>,
  now: Date,
): Promise<boolean> {
  const inserted = await trx('branch_questions')
    .insert({
      branch_id: question.branchId,
      peer: question.peer,
      state: 'queued',
      run_after: now,
      give_up_at: question.giveUpAt,
      urgency: question.urgency,
      created_at: now,
    })
    .onConflict('branch_id')
    .ignore()
    .returning('branch_id')
  return inserted.length > 0
}

export async function findQuestion(trx: NodeTransaction, branchId: string): Promise<Question | undefined> {
  const row = await trx('branch_questions').where({ branch_id: branchId }).first<QuestionRow | undefined>('*')
  return row === undefined ? undefined : toQuestion(row)
}

/** The question with its row locked until the transaction ends. */
export async function lockQuestion(trx: NodeTransaction, branchId: string): Promise<Question | undefined> {
  const row = await trx('branch_questions')
    .where({ branch_id: branchId })
    .forUpdate()
    .first<QuestionRow | undefined>('*')
  return row === undefined ? undefined : toQuestion(row)
}

/** What the last asking came to. */
export interface Asked {
  readonly outcome: string
  readonly reason: string | null
  readonly never: readonly string[]
  readonly waitsFor: string | null
}

export async function settleQuestion(
  trx: NodeTransaction,
  branchId: string,
  end: Asked & { readonly state: 'done' | 'failed' },
  now: Date,
): Promise<void> {
  const { state } = end
  await trx('branch_questions')
    .where({ branch_id: branchId })
    .update({ ...columnsOf(end), state, settled_at: now })
}

/** Notes what was said and when it is asked again. @returns the number that the next job must carry */
export async function postponeQuestion(
  trx: NodeTransaction,
  branchId: string,
  asked: Asked & { readonly runAfter: Date; readonly failures: number },
): Promise<number> {
  const rows = await trx('branch_questions')
    .where({ branch_id: branchId })
    .update({
      ...columnsOf(asked),
      attempt: trx.raw('attempt + 1'),
      failures: asked.failures,
      run_after: asked.runAfter,
    })
    .returning<{ attempt: number }[]>('attempt')
  return rows[0]?.attempt ?? 0
}

function columnsOf({ outcome, reason, never, waitsFor }: Asked) {
  return { outcome, reason, never: [...never], waits_for: waitsFor }
}

/** Makes a waiting question due. @returns what the job must carry; undefined when none waits for later than now */
export async function hastenQuestion(
  trx: NodeTransaction,
  branchId: string,
  now: Date,
): Promise<{ branchId: string; attempt: number; urgency: number } | undefined> {
  const [row] = await trx('branch_questions')
    .where({ branch_id: branchId, state: 'queued' })
    .where('run_after', '>', now)
    .update({ attempt: trx.raw('attempt + 1'), run_after: now })
    .returning<{ attempt: number; urgency: number }[]>(['attempt', 'urgency'])
  return row === undefined ? undefined : { branchId, ...row }
}

/** As `takeOverdueBranches`, for questions. */
export async function takeOverdueQuestions(
  trx: NodeTransaction,
  before: Date,
  now: Date,
): Promise<{ branchId: string; attempt: number; urgency: number }[]> {
  const rows = await trx('branch_questions')
    .where({ state: 'queued' })
    .where('run_after', '<', before)
    .update({ attempt: trx.raw('attempt + 1'), run_after: now })
    .returning<{ branch_id: string; attempt: number; urgency: number }[]>(['branch_id', 'attempt', 'urgency'])
  return rows.map(({ branch_id: branchId, ...row }) => ({ ...row, branchId }))
}

/**
 * Looks, once for each branch, at what was given to a peer from here and whose `notAfter` was before a moment.
 *
 * @returns those with a delivery that has no terminal receipt; the caller puts the questions
 */
export async function reviewBranches(
  trx: NodeTransaction,
  before: Date,
  now: Date,
  most: number,
): Promise<{ id: string; peer: string; urgency: number }[]> {
  const { rows } = await trx.raw<{ rows: { id: string; peer: string; urgency: number }[] }>(
    `with due as (
       select id from branches
       where previous_peer is null and next_hop is not null and state in ('committing', 'done')
         and reviewed_at is null and not_after < :before
       order by not_after limit :most for update skip locked),
     reviewed as (
       update branches b set reviewed_at = :now from due where b.id = due.id
       returning b.id, b.next_hop as peer, b.urgency)
     select r.id, r.peer, r.urgency from reviewed r
     where exists (
       select 1 from branch_recipients d where d.branch_id = r.id and not exists (
         select 1 from receipt_recipients t where t.terminal and t.envelope_sha256 = d.envelope_sha256
           and t.series = d.series and t.recipient = d.recipient))`,
    { before, now, most },
  )
  return rows
}

export async function markReviewed(trx: NodeTransaction, branchId: string, now: Date): Promise<void> {
  await trx('branches').where({ id: branchId }).whereNull('reviewed_at').update({ reviewed_at: now })
}

interface Deliveries {
  readonly envelopeSha256: string
  readonly series: number
}

/** For each recipient the first RelayFailure that came about its delivery, with its reason. */
export async function failuresOf(
  trx: NodeTransaction,
  { envelopeSha256, series }: Deliveries,
  recipients: readonly string[],
): Promise<Map<string, { sha256: string; reason: string | null }>> {
  const rows: { recipient: string; sha256: string; reason: string | null }[] = await trx(
    'receipt_recipients as t',
  )
    .join('receipts as r', 'r.sha256', 't.receipt_sha256')
    .where({ 't.envelope_sha256': envelopeSha256, 't.series': series, 'r.event': 'RelayFailure' })
    .whereIn('t.recipient', [...recipients])
    .orderBy([{ column: 'r.stored_at', order: 'desc' }, 'r.sha256'])
    .select('t.recipient', 'r.sha256', 'r.reason')
  // The last of a key is kept: the earliest.
  return new Map(rows.map(({ recipient, ...failure }) => [recipient, failure]))
}

/** The offer by which a peer gave this node a branch; undefined for anybody else's and for another envelope. */
export async function findOfferOf(
  trx: NodeTransaction,
  peer: string,
  asked: Deliveries & { readonly branch: string },
): Promise<{ id: string; recipients: string[]; isCommitted: boolean } | undefined> {
  const row = await trx('offers')
    .where({ peer, branch: asked.branch, series: asked.series, envelope_sha256: asked.envelopeSha256 })
    .first<{ id: string; recipients: string[]; committed_at: Date | null } | undefined>(
      'id',
      'recipients',
      'committed_at',
    )
  if (row === undefined) return undefined
  return { id: row.id, recipients: row.recipients, isCommitted: row.committed_at !== null }
}

/** How a delivery goes on from here, and what was found out about it further on. */
export interface Onward {
  readonly recipient: string
  readonly branchId: string
  readonly state: BranchState
  /** Null: it is for an agency here. */
  readonly nextHop: string | null
  readonly notAfter: Date
  readonly urgency: number
  readonly isAsked: boolean
  /** The node further on that has not said yet, as far as was asked. */
  readonly waitsFor: string | null
  /** Whether the next hop said that it is never consigned. */
  readonly isNever: boolean
}

export async function onwardOf(
  trx: NodeTransaction,
  { envelopeSha256, series }: Deliveries,
  recipients: readonly string[],
): Promise<Map<string, Onward>> {
  const rows: (Omit<Onward, 'isAsked' | 'isNever'> & { never: string[] | null })[] = await trx(
    'branch_recipients as d',
  )
    .join('branches as b', 'b.id', 'd.branch_id')
    .leftJoin('branch_questions as q', 'q.branch_id', 'b.id')
    .where({ 'd.envelope_sha256': envelopeSha256, 'd.series': series })
    .whereIn('d.recipient', [...recipients])
    .select({
      recipient: 'd.recipient',
      branchId: 'b.id',
      state: 'b.state',
      nextHop: 'b.next_hop',
      notAfter: 'b.not_after',
      urgency: 'b.urgency',
      never: 'q.never',
      waitsFor: 'q.waits_for',
    })
  return new Map(
    rows.map(({ never, ...row }) => [
      row.recipient,
      { ...row, isAsked: never !== null, isNever: never?.includes(row.recipient) ?? false },
    ]),
  )
}
