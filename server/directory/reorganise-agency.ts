import type { OperatorActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { EntryKind } from '../audit/entry.ts'
import type { NodeContext } from '../context.ts'
import type { NodeTransaction } from '../db.ts'
import { CongvanError } from '../errors.ts'
import type { ActReport, ActTerms, AgencyAct, ReadAgencyWork } from './agency-act.ts'
import { type AgencyEntry, entryProblems, isValidOn, vietnamDay } from './agency-entry.ts'
import { findAgencyByCode, findAgencyById } from './agency-store.ts'
import { operatorClaim } from './claim.ts'
import type { Directory } from './derive.ts'
import { describeAct } from './describe-act.ts'
import { previewDirectory, writeDirectory } from './directory-store.ts'
import type { ImportProblem } from './import-file.ts'
import { importProblems } from './import-problems.ts'
import { ownEntries, saveOwnAgencies } from './own-entries-store.ts'
import { type PartEntries, sameEntries } from './part.ts'
import { lockDirectory } from './part-store.ts'
import { putPublication } from './publish-part.ts'
import { changeCode, changeTerms, close, found } from './reorganise.ts'

/** How far from today an act may take effect, days. */
const PAST_DAYS = 3 * 366
const FUTURE_DAYS = 2 * 366

const kinds: Readonly<Record<AgencyAct['act'], EntryKind>> = {
  found: 'agency.founded',
  rename: 'agency.renamed',
  move: 'agency.moved',
  recode: 'agency.recoded',
  close: 'agency.closed',
}

/**
 * Founds, renames, moves, recodes or closes an agency of this node's part of the directory from a day on. Entry,
 * derived directory, log entry and the job that publishes the next part commit together.
 *
 * @throws CongvanError `NOT_FOUND`; `AGENCY_OF_OTHER_NODE` when another node signs for it; `AGENCY_ACT_INVALID` naming
 *   the field; `AGENCY_CODE_MALFORMED`
 */
export async function reorganiseAgency(
  context: NodeContext,
  readWork: ReadAgencyWork,
  actor: OperatorActor,
  act: AgencyAct,
  terms: ActTerms,
): Promise<ActReport> {
  const now = context.clock()
  const { on, basis, dryRun } = terms
  requireDay(act, on, vietnamDay(now))
  return context.db.asNode(async (trx) => {
    await lockDirectory(trx)
    const own = await ownEntries(trx, context.nodeId)
    const before = await requireOwn(trx, own, act, on)
    const after = await apply(trx, before, act, on)
    if (before !== undefined && sameEntry(before, after))
      throw invalid(act, 'body', 'không đổi gì / changes nothing')
    const next: PartEntries = {
      ...own,
      agencies: [...own.agencies.filter((one) => one.id !== after.id), after],
    }
    const directory = await previewDirectory(trx, context.nodeId, { own: next })
    await requireSound(trx, context.nodeId, own, after, directory, act, on)
    const report = await describeAct(trx, context, readWork, before, after, act, terms, vietnamDay(now))
    if (dryRun) return report
    await saveOwnAgencies(trx, [after], [], now)
    await writeDirectory(trx, directory)
    await putPublication(context, trx)
    await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, null, {
      kind: kinds[act.act],
      subject: `agency:${after.id}`,
      facts: {
        on,
        basis,
        changes: report.changes.map(({ field, from, to }) => ({ field, from, to })),
      },
    })
    return report
  }, operatorClaim(actor))
}

function requireDay(act: AgencyAct, on: string, today: string): void {
  const distance = (Date.parse(on) - Date.parse(today)) / 86_400_000
  if (distance >= -PAST_DAYS && distance <= FUTURE_DAYS) return
  throw invalid(
    act,
    'on',
    `${on} cách hôm nay quá xa (trước không quá 3 năm, sau không quá 2 năm) / is too far from today`,
  )
}

/** The entry as this node states it; `undefined` for an agency that is only now founded. */
async function requireOwn(
  trx: NodeTransaction,
  own: PartEntries,
  act: AgencyAct,
  on: string,
): Promise<AgencyEntry | undefined> {
  if (act.act === 'found') return undefined
  const entry = own.agencies.find((one) => one.id === act.id)
  if (entry === undefined) {
    const known = await trx('agency_terms')
      .where('agency_id', act.id)
      .orderBy('valid_from', 'desc')
      .first<{ name: string; issuer: string } | undefined>('name', 'issuer')
    if (known === undefined) throw new CongvanError('NOT_FOUND', { what: `agency ${act.id}` })
    throw new CongvanError('AGENCY_OF_OTHER_NODE', { name: known.name, node: known.issuer })
  }
  if (entry.closedOn !== null && (entry.closedOn <= on || act.act === 'close')) {
    throw invalid(act, 'on', `cơ quan đóng từ ngày ${entry.closedOn} / the agency is closed from that day on`)
  }
  if (!entry.terms.some((term) => isValidOn(term, on))) {
    throw invalid(act, 'on', `chưa có cơ quan vào ngày ${on} / the agency does not exist yet on that day`)
  }
  return entry
}

async function apply(
  trx: NodeTransaction,
  before: AgencyEntry | undefined,
  act: AgencyAct,
  on: string,
): Promise<AgencyEntry> {
  if (act.act === 'found') return found({ ...act, on })
  if (before === undefined) throw new TypeError('only a founding has no entry before it')
  switch (act.act) {
    case 'rename':
      return changeTerms(before, { name: act.name }, on)
    case 'move': {
      const { act: _act, id: _id, ...patch } = act
      return changeTerms(before, patch, on)
    }
    case 'recode':
      return changeCode(before, act.code, on)
    case 'close':
      return close(before, on, await findSuccessors(trx, act, on))
  }
}

async function findSuccessors(
  trx: NodeTransaction,
  act: Extract<AgencyAct, { act: 'close' }>,
  on: string,
): Promise<string[]> {
  const ids: string[] = []
  for (const named of act.successors) {
    const isId = /^[0-9a-f]{8}-/.test(named)
    const agency = isId ? await findAgencyById(trx, named, on) : await findAgencyByCode(trx, named, on)
    if (agency === undefined || (agency.closedOn !== null && agency.closedOn <= on)) {
      throw invalid(
        act,
        'successors',
        `không có cơ quan ${named} vào ngày ${on} / no such agency on that day`,
      )
    }
    ids.push(agency.id)
  }
  return ids
}

/** Everything that the new entry would break, by itself or against the rest of the directory. */
async function requireSound(
  trx: NodeTransaction,
  ownNode: string,
  own: PartEntries,
  after: AgencyEntry,
  directory: Directory,
  act: AgencyAct,
  on: string,
): Promise<void> {
  const place = 'agency'
  const file = {
    agencies: [after],
    remove: [],
    places: new Map([[after.id, place]]),
    ids: new Set([after.id]),
    problems: entryProblems(after).map((one) => ({ place, ...one })),
  }
  const known = await previewDirectory(trx, ownNode)
  const old = new Set(
    importProblems({
      ownNode,
      file: { ...file, agencies: [], problems: [] },
      before: own,
      directory: known,
    }).map(key),
  )
  const problems = importProblems({ ownNode, file, before: own, directory }).filter(
    (one) => !old.has(key(one)),
  )
  const parentId = after.terms.find((term) => isValidOn(term, on))?.parentId
  const parentThere = directory.terms.some((term) => term.agencyId === parentId && isValidOn(term, on))
  if (typeof parentId === 'string' && !parentThere && problems.length === 0) {
    throw invalid(
      act,
      'parentId',
      `cơ quan cấp trên không còn hoặc chưa có vào ngày ${on} / does not exist on that day`,
    )
  }
  const [first] = problems
  if (first === undefined) return
  throw invalid(act, first.field, problems.map((one) => one.reason).join('; '))
}

function key(one: ImportProblem): string {
  return `${one.field} ${one.reason}`
}

function sameEntry(one: AgencyEntry, other: AgencyEntry): boolean {
  const alone = (agency: AgencyEntry) => ({ nodes: [], agencies: [agency], tombstones: [] })
  return sameEntries(alone(one), alone(other))
}

function invalid({ act }: AgencyAct, field: string, reason: string): CongvanError {
  return new CongvanError('AGENCY_ACT_INVALID', { act, field, reason })
}
