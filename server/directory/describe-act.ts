import type { NodeContext } from '../context.ts'
import type { NodeTransaction } from '../db.ts'
import type { ActChange, ActReport, ActTerms, ActWarning, AgencyAct, ReadAgencyWork } from './agency-act.ts'
import { type AgencyEntry, isValidOn } from './agency-entry.ts'
import { listBearers, listChildren } from './agency-store.ts'

/** What changes, what the agency has in hand, and what an operator had better know before. */
export async function describeAct(
  trx: NodeTransaction,
  context: NodeContext,
  readWork: ReadAgencyWork,
  before: AgencyEntry | undefined,
  after: AgencyEntry,
  act: AgencyAct,
  { on, dryRun }: ActTerms,
  today: string,
): Promise<ActReport> {
  const changes = changesOn(before, after, on)
  const state = before ?? after
  const term = state.terms.find((one) => isValidOn(one, on))
  const isHere = before !== undefined && term?.hostingNode === context.nodeId
  return {
    dryRun,
    act: act.act,
    on,
    agency: { id: after.id, code: codesOn(state, on), name: term?.name ?? '' },
    changes,
    work: isHere ? await readWork(trx, after.id) : null,
    children: before === undefined ? [] : await listChildren(trx, after.id, on),
    warnings: await warningsOf(trx, before, after, act, on, today, changes, context.nodeId),
  }
}

async function warningsOf(
  trx: NodeTransaction,
  before: AgencyEntry | undefined,
  after: AgencyEntry,
  act: AgencyAct,
  on: string,
  today: string,
  changes: readonly ActChange[],
  ownNode: string,
): Promise<ActWarning[]> {
  const warnings: ActWarning[] = []
  const warn = (code: ActWarning['code'], message: string) => warnings.push({ code, message })
  if (on < today) warn('IN_THE_PAST', `${on} đã qua / lies in the past`)
  const next = [...after.terms, ...after.codes].map((one) => one.validFrom).filter((one) => one > on)
  if (next.length > 0) {
    warn('CHANGES_AGAIN', `còn thay đổi đã định từ ngày ${next.sort()[0]} / changes again from then on`)
  }
  const newCodes = act.act === 'found' ? act.codes : act.act === 'recode' ? [act.code] : []
  for (const code of newCodes) {
    const others = (await listBearers(trx, code)).filter((one) => one.agency.id !== after.id)
    if (others.length > 0) {
      const names = others.map((one) => `${one.agency.name} (${one.validFrom} – ${one.validTo ?? '…'})`)
      warn('CODE_BORNE_BEFORE', `${code} là mã của / is or was the code of: ${names.join('; ')}`)
    }
  }
  const host = changes.find((one) => one.field === 'hostingNode')
  if (before !== undefined && host?.from === ownNode && act.act !== 'close') {
    warn(
      'LEAVES_THIS_NODE',
      `văn bản, sổ và tài khoản ở lại nút ${ownNode} / its documents and accounts stay here`,
    )
  }
  if (act.act === 'close' && after.successors.length === 0) {
    warn('NO_SUCCESSOR', 'không nêu cơ quan kế thừa / no successor is named')
  }
  return warnings
}

/** What an agency is on a day, before and after, field by field. */
function changesOn(before: AgencyEntry | undefined, after: AgencyEntry, on: string): ActChange[] {
  const state = (entry: AgencyEntry | undefined): Readonly<Record<ActChange['field'], string | null>> => {
    const term = entry?.terms.find((one) => isValidOn(one, on))
    return {
      code: entry === undefined ? null : codesOn(entry, on) || null,
      name: term?.name ?? null,
      level: term?.level ?? null,
      parentId: term?.parentId ?? null,
      hostingNode: term?.hostingNode ?? null,
      closedOn: entry?.closedOn ?? null,
      successors: entry?.successors.join(' ') || null,
    }
  }
  const [from, to] = [state(before), state(after)]
  const fields = Object.keys(from) as ActChange['field'][]
  return fields
    .filter((field) => from[field] !== to[field])
    .map((field) => ({ field, from: from[field], to: to[field] }))
}

/** The codes valid on a day, that of QĐ 20/2020 first. */
function codesOn(entry: AgencyEntry, on: string): string {
  return entry.codes
    .filter((one) => isValidOn(one, on))
    .toSorted((a, b) => (a.generation > b.generation ? -1 : 1))
    .map((one) => one.code)
    .join(' ')
}
