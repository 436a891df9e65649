import { setTimeout as delay } from 'node:timers/promises'
import type { Actor } from '../actor.ts'
import type { NodeContext } from '../context.ts'
import type { AgencyTransaction, NodeTransaction } from '../db.ts'
import { CongvanError } from '../errors.ts'
import { appendLogEntry, isSettled, ownTransaction, readLogEntries, type StoredEntry } from './audit-store.ts'

export interface LogRange {
  readonly from?: Date | undefined
  readonly to?: Date | undefined
}

/**
 * Streams the log of the caller's own scope as JSON lines: an agency's entries for its auditor, the node's own for
 * the operator. A line is `{"position","leafHash","entry"}`; `entry` holds the canonical bytes as text, exactly as
 * they were hashed, so that a reader can hash them again. The export is itself an entry, written first: what is
 * streamed ends before it, and an act that was under way at that moment is waited for, so that no entry can appear
 * later in what was exported already. Entry and first page are done before anything is answered, so that a failure
 * there is still told as one.
 *
 * @throws CongvanError `LOG_BUSY` when an older transaction does not end
 */
export async function exportLog(
  context: NodeContext,
  actor: Actor,
  range: LogRange,
): Promise<AsyncGenerator<string>> {
  const now = context.clock()
  const agencyId = actor.kind === 'user' ? actor.agencyId : null
  const bounds = {
    ...(range.from === undefined ? {} : { from: range.from }),
    ...(range.to === undefined ? {} : { to: range.to }),
  }
  const inScope = <T>(work: (trx: AgencyTransaction | NodeTransaction) => Promise<T>): Promise<T> =>
    agencyId === null ? context.db.asNode(work) : context.db.asAgency({ agencyId }, work)

  const boundary = await inScope(async (trx) => {
    await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, agencyId, {
      kind: 'log.exported',
      subject: agencyId === null ? `node:${context.nodeId}` : `agency:${agencyId}`,
      facts: { from: range.from?.toISOString() ?? null, to: range.to?.toISOString() ?? null },
    })
    return ownTransaction(trx)
  })
  await untilSettled(() => inScope((trx) => isSettled(trx, boundary)))
  const readPage = (after: string) => inScope((trx) => readLogEntries(trx, { ...bounds, after, boundary }))
  const first = await readPage('0')
  return linesOf(first, readPage)
}

/** Transactions here last milliseconds; one that hangs is ended by the database after a minute. */
const TRIES = 200
const PAUSE_MS = 50

async function untilSettled(ask: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    if (await ask()) return
    await delay(PAUSE_MS)
  }
  throw new CongvanError('LOG_BUSY')
}

/** A page a transaction: a slow reader holds no connection while it reads. */
async function* linesOf(
  first: readonly StoredEntry[],
  readPage: (after: string) => Promise<StoredEntry[]>,
): AsyncGenerator<string> {
  for (let page = first; ; ) {
    for (const row of page) {
      const entry = row.entry.toString('utf8')
      yield `${JSON.stringify({ position: row.position, leafHash: row.leafHash.toString('hex'), entry })}\n`
    }
    const last = page.at(-1)
    if (last === undefined) return
    page = await readPage(last.position)
  }
}
