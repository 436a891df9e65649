/**
 * Looking agencies up. A code alone identifies nobody: official codes pass to other agencies, so every question
 * carries a day. Works in an agency's and in the node's transaction: the directory is public to both.
 */
import type { AgencyTransaction, NodeTransaction } from '../db.ts'
import { CongvanError } from '../errors.ts'
import { type CodeGeneration, parseAgencyCode } from './agency-code.ts'
import { type AgencyLevel, foldName, isValidOn } from './agency-entry.ts'

export type DirectoryTransaction = AgencyTransaction | NodeTransaction

export interface DatedCode {
  readonly code: string
  readonly generation: CodeGeneration
  readonly validFrom: string
  readonly validTo: string | null
  readonly provenance: string | null
}

export interface AgencyReference {
  readonly id: string
  readonly code: string
  readonly name: string
}

/** An agency as it is on one day. */
export interface Agency {
  readonly id: string
  /** The code to show and to send: the QĐ 20 form if valid that day, else the QCVN form, else the latest one. */
  readonly code: string
  /** All codes it ever had or will have, oldest first. */
  readonly codes: readonly DatedCode[]
  readonly name: string
  readonly level: AgencyLevel
  readonly parentId: string | null
  readonly hostingNode: string
  readonly closedOn: string | null
  readonly successors: readonly AgencyReference[]
}

interface AgencyRow {
  readonly id: string
  readonly name: string
  readonly level: AgencyLevel
  readonly parent_id: string | null
  readonly hosting_node: string
  readonly closed_on: string | null
  readonly codes: DatedCode[]
  readonly successors: { id: string; name: string; codes: DatedCode[] }[]
}

const codesOf = (agency: string) => `(
  select coalesce(json_agg(json_build_object('code', k.code, 'generation', k.generation,
    'validFrom', k.valid_from, 'validTo', k.valid_to, 'provenance', k.provenance)
    order by k.valid_from, k.generation), '[]')
  from agency_codes k where k.agency_id = ${agency})`

/** The term in force on the day, or for a closed agency its last one. */
const termOf = (agency: string) => `
  select * from agency_terms x where x.agency_id = ${agency} and x.valid_from <= :date
  order by x.valid_from desc limit 1`

const SELECT_AGENCY = `
  select a.id, t.name, t.level, t.parent_id, t.hosting_node, c.closed_on,
    ${codesOf('a.id')} as codes,
    (select coalesce(json_agg(json_build_object('id', s.successor_id, 'name', n.name,
       'codes', ${codesOf('s.successor_id')}) order by n.name), '[]')
     from agency_successors s
     join lateral (${termOf('s.successor_id')}) n on true
     where s.agency_id = a.id) as successors
  from agencies a
  join lateral (${termOf('a.id')}) t on true
  left join agency_closures c on c.agency_id = a.id`

async function select(
  trx: DirectoryTransaction,
  condition: string,
  bindings: Readonly<Record<string, string | number | null | string[]>> & { date: string },
): Promise<Agency[]> {
  const { rows } = await trx.raw<{ rows: AgencyRow[] }>(`${SELECT_AGENCY} ${condition}`, bindings)
  return rows.map((row) => toAgency(row, bindings.date))
}

function toAgency(row: AgencyRow, date: string): Agency {
  return {
    id: row.id,
    code: preferredCode(row.codes, date),
    codes: row.codes,
    name: row.name,
    level: row.level,
    parentId: row.parent_id,
    hostingNode: row.hosting_node,
    closedOn: row.closed_on,
    successors: row.successors.map((one) => ({
      id: one.id,
      code: preferredCode(one.codes, date),
      name: one.name,
    })),
  }
}

function preferredCode(codes: readonly DatedCode[], date: string): string {
  const valid = codes.filter((one) => isValidOn(one, date))
  const chosen = valid.find((one) => one.generation === 'qd20') ?? valid[0] ?? codes.at(-1)
  return chosen?.code ?? ''
}

/**
 * The agency that bears a code on a day.
 *
 * @param date `YYYY-MM-DD` in Viet Nam
 */
export async function findAgencyByCode(
  trx: DirectoryTransaction,
  code: string,
  date: string,
): Promise<Agency | undefined> {
  const found = await select(
    trx,
    `where a.id = (
       select k.agency_id from agency_codes k
       where k.code = :code and k.valid_from <= :date and (k.valid_to is null or k.valid_to > :date))`,
    { code, date },
  )
  return found[0]
}

/** The agencies that bear codes on a day, by those codes; what nobody bears is left out. */
export async function findAgenciesByCode(
  trx: DirectoryTransaction,
  codes: readonly string[],
  date: string,
): Promise<Map<string, Agency>> {
  const found = await select(
    trx,
    `where a.id in (
       select k.agency_id from agency_codes k
       where k.code = any(:codes) and k.valid_from <= :date and (k.valid_to is null or k.valid_to > :date))`,
    { codes: [...codes], date },
  )
  const wanted = new Set(codes)
  return new Map(
    found.flatMap((agency) =>
      agency.codes
        .filter((one) => wanted.has(one.code) && isValidOn(one, date))
        .map((one): [string, Agency] => [one.code, agency]),
    ),
  )
}

/** The agency as it is on a day; a closed one as it last was; nothing before its first day. */
export async function findAgencyById(
  trx: DirectoryTransaction,
  id: string,
  date: string,
): Promise<Agency | undefined> {
  const found = await select(trx, 'where a.id = :id', { id, date })
  return found[0]
}

/**
 * The agency that may send and receive under a code on a day.
 *
 * @throws CongvanError `AGENCY_CODE_MALFORMED`; `AGENCY_CODE_UNKNOWN`; `AGENCY_CLOSED`, naming the successors
 */
export async function requireOpenAgency(
  trx: DirectoryTransaction,
  code: string,
  date: string,
): Promise<Agency> {
  parseAgencyCode(code)
  const found = await findAgencyByCode(trx, code, date)
  if (found !== undefined) return found
  const last = await lastBearer(trx, code, date)
  if (last === undefined || last.closedOn === null || last.closedOn > date) {
    throw new CongvanError('AGENCY_CODE_UNKNOWN', { code, date })
  }
  throw agencyClosed(code, last)
}

/**
 * Whether an agency is closed on a day: from then on it sends nothing, gets nothing and its books are frozen. Its
 * people and auditors read on.
 *
 * @param day `YYYY-MM-DD` in Việt Nam; `vietnamDay(now)` for today
 */
export async function isClosed(trx: DirectoryTransaction, agencyId: string, day: string): Promise<boolean> {
  const row = await trx('agency_closures')
    .where('agency_id', agencyId)
    .andWhere('closed_on', '<=', day)
    .first<object | undefined>('agency_id')
  return row !== undefined
}

/** @throws CongvanError `AGENCY_CLOSED`, naming the successors, from the day on which the agency is closed */
export async function requireNotClosed(
  trx: DirectoryTransaction,
  agencyId: string,
  day: string,
): Promise<void> {
  if (!(await isClosed(trx, agencyId, day))) return
  const agency = await findAgencyById(trx, agencyId, day)
  if (agency !== undefined) throw agencyClosed(agency.code, agency)
}

function agencyClosed(code: string, agency: Agency): CongvanError {
  return new CongvanError('AGENCY_CLOSED', {
    code,
    date: agency.closedOn ?? '',
    successors: successorsText(agency.successors) || '-',
  })
}

/** The successors as people are told of them: `H40.1 Sở Nội vụ; H41 …`. Empty when there are none. */
export function successorsText(successors: readonly AgencyReference[]): string {
  return successors.map((one) => `${one.code} ${one.name}`).join('; ')
}

/** One time during which an agency bore a code. */
export interface Bearer {
  readonly agency: AgencyReference
  readonly validFrom: string
  readonly validTo: string | null
  readonly closedOn: string | null
}

/** Everybody who ever bore a code or will, oldest first: official codes pass from one agency to another. */
export async function listBearers(trx: DirectoryTransaction, code: string): Promise<Bearer[]> {
  const { rows } = await trx.raw<{
    rows: {
      id: string
      name: string
      valid_from: string
      valid_to: string | null
      closed_on: string | null
    }[]
  }>(
    `select k.agency_id as id, k.valid_from, k.valid_to, c.closed_on,
       (select t.name from agency_terms t where t.agency_id = k.agency_id
          and (t.valid_from <= k.valid_from or t.valid_from < coalesce(k.valid_to, 'infinity'))
        order by t.valid_from desc limit 1) as name
     from agency_codes k left join agency_closures c on c.agency_id = k.agency_id
     where k.code = ? order by k.valid_from`,
    [code],
  )
  return rows.map((row) => ({
    agency: { id: row.id, code, name: row.name },
    validFrom: row.valid_from,
    validTo: row.valid_to,
    closedOn: row.closed_on,
  }))
}

/** The agencies directly below one, as they are on a day. */
export async function listChildren(
  trx: DirectoryTransaction,
  parentId: string,
  date: string,
): Promise<AgencyReference[]> {
  const found = await select(
    trx,
    'where t.parent_id = :parentId and (t.valid_to is null or t.valid_to > :date) order by t.name_folded, a.id',
    { parentId, date },
  )
  return found.map(({ id, code, name }) => ({ id, code, name }))
}

/** Who bore the code last before the day. */
async function lastBearer(
  trx: DirectoryTransaction,
  code: string,
  date: string,
): Promise<Agency | undefined> {
  const found = await select(
    trx,
    `where a.id = (
       select k.agency_id from agency_codes k where k.code = :code and k.valid_to <= :date
       order by k.valid_to desc limit 1)`,
    { code, date },
  )
  return found[0]
}

export interface AgencyFilter {
  /** The day that is asked about, `YYYY-MM-DD`. */
  readonly date: string
  /** Words of the name, with or without diacritics, or the beginning of a code. */
  readonly q?: string
  readonly parentId?: string
  readonly hostingNode?: string
  readonly limit: number
  /** The id of the last agency of the page before. */
  readonly after?: string
}

/** Agencies that exist on a day, by name; the next page starts after the last id of this one. */
export async function listAgencies(trx: DirectoryTransaction, filter: AgencyFilter): Promise<Agency[]> {
  const q = filter.q?.trim() ?? ''
  return select(
    trx,
    `where (t.valid_to is null or t.valid_to > :date)
       and (cast(:parentId as uuid) is null or t.parent_id = cast(:parentId as uuid))
       and (cast(:hostingNode as text) is null or t.hosting_node = :hostingNode)
       and (:q = '' or t.name_folded like :words or exists (
         select 1 from agency_codes k where k.agency_id = a.id and k.code like :prefix
           and k.valid_from <= :date and (k.valid_to is null or k.valid_to > :date)))
       and (cast(:after as uuid) is null or (t.name_folded, a.id) > (
         select y.name_folded, y.agency_id from agency_terms y
         where y.agency_id = cast(:after as uuid) and y.valid_from <= :date order by y.valid_from desc limit 1))
     order by t.name_folded, a.id limit :limit`,
    {
      date: filter.date,
      parentId: filter.parentId ?? null,
      hostingNode: filter.hostingNode ?? null,
      q,
      words: `%${escapeLike(foldName(q)).replaceAll(' ', '%')}%`,
      prefix: `${escapeLike(q)}%`,
      after: filter.after ?? null,
      limit: filter.limit,
    },
  )
}

function escapeLike(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&')
}
