import type { AgencyTransaction, NodeTransaction } from '../db.ts'
import type { Queue } from '../queue.ts'
import { urgencyClass } from './urgency.ts'

/**
 * The jobs of the relay. Each is put in the transaction of the row that it serves, names the row's number, by which a
 * job that was overtaken knows that it is stale, and goes by the urgency of its document.
 */
interface Due {
  readonly id: string
  /** Counts what was put in the queue for the row. */
  readonly attempt: number
  readonly urgency: number
}

interface Context {
  readonly queue: Queue
}

/** @param startAfter when it is due; now when left out */
export async function putBranchJob(
  trx: NodeTransaction,
  { queue }: Context,
  branch: Due & { readonly nextHop: string | null },
  startAfter?: Date,
): Promise<void> {
  const name = branch.nextHop === null ? 'document-consign' : 'relay-send'
  await queue.put(trx, name, { branch: branch.id, attempt: branch.attempt }, settings(branch, startAfter))
}

/** @param startAfter when it is due; now when left out */
export async function putReturnJob(
  trx: NodeTransaction,
  { queue }: Context,
  message: Due,
  startAfter?: Date,
): Promise<void> {
  const data = { return: message.id, attempt: message.attempt }
  await queue.put(trx, 'relay-return', data, settings(message, startAfter))
}

/** What became of a branch, to be asked of the peer that was given it. @param startAfter when it is due; now when left out */
export async function putQuestionJob(
  trx: NodeTransaction,
  { queue }: Context,
  question: { readonly branchId: string; readonly attempt: number; readonly urgency: number },
  startAfter?: Date,
): Promise<void> {
  const data = { question: question.branchId, attempt: question.attempt }
  await queue.put(trx, 'relay-return', data, settings(question, startAfter))
}

/** What a clerk here did, to be sealed and sent back. */
export async function putAnnouncementJob(
  trx: NodeTransaction | AgencyTransaction,
  { queue }: Context,
  announcement: { readonly id: string; readonly urgency: number },
  startAfter?: Date,
): Promise<void> {
  const data = { announcement: announcement.id }
  await queue.put(trx, 'relay-return', data, settings(announcement, startAfter))
}

/** Makes due what waits for a peer that is there again, some of it at a time. */
export async function putWakeJob(
  trx: NodeTransaction,
  { queue }: Context,
  peer: string,
  startAfter?: Date,
): Promise<void> {
  await queue.put(trx, 'relay-send', { wake: peer }, settings({ urgency: 3 }, startAfter))
}

function settings({ urgency }: { readonly urgency: number }, startAfter: Date | undefined) {
  const { priority } = urgencyClass(urgency)
  return { priority, ...(startAfter === undefined ? {} : { startAfter }) }
}
