/**
 * An agency's entry as an act of reorganisation leaves it: founded, renamed, moved, given another code, closed. Pure.
 *
 * What was true stays true: an act ends a dated row on its day and begins the next one. Where a later change of the
 * same thing is planned already, an act holds until then.
 */
import { parseAgencyCode } from './agency-code.ts'
import {
  type AgencyEntry,
  type AgencyLevel,
  type CodeEntry,
  isValidOn,
  type TermEntry,
} from './agency-entry.ts'

export interface Founding {
  readonly id: string
  /** One code, or one of each generation. */
  readonly codes: readonly string[]
  readonly name: string
  readonly level: AgencyLevel
  readonly parentId: string | null
  readonly hostingNode: string
  /** The first day on which it exists, `YYYY-MM-DD` in Việt Nam. */
  readonly on: string
}

export type TermPatch = Partial<Pick<TermEntry, 'name' | 'level' | 'parentId' | 'hostingNode'>>

/** Where codes of this registry come from; the import has other words for codes found elsewhere. */
const PROVENANCE = 'registry'

/** @throws CongvanError `AGENCY_CODE_MALFORMED` */
export function found(input: Founding): AgencyEntry {
  const { id, codes, name, level, parentId, hostingNode, on } = input
  const dates = { validFrom: on, validTo: null }
  return {
    id,
    codes: codes.map((code) => codeFrom(code, on)),
    terms: [{ name, level, parentId, hostingNode, ...dates }],
    closedOn: null,
    successors: [],
  }
}

/**
 * The entry with another name, level, parent or hosting node from a day on. A row that says the same as the one
 * before it becomes one with it.
 */
export function changeTerms(entry: AgencyEntry, patch: TermPatch, on: string): AgencyEntry {
  const inForce = entry.terms.find((term) => isValidOn(term, on))
  const terms = entry.terms.toSorted(byBeginning).flatMap((term): TermEntry[] => {
    if (inForce === undefined || (term.validTo !== null && term.validTo <= on)) return [term]
    const next = { ...term, ...stillSame(patch, inForce, term, entry.terms, on) }
    return term.validFrom < on
      ? [
          { ...term, validTo: on },
          { ...next, validFrom: on },
        ]
      : [next]
  })
  return { ...entry, terms: joined(terms, sameTerm) }
}

/** Of a patch, what has not been changed again between the day of the act and the beginning of a term. */
function stillSame(
  patch: TermPatch,
  inForce: TermEntry,
  term: TermEntry,
  all: readonly TermEntry[],
  on: string,
): TermPatch {
  const until = all.filter((one) => one.validFrom > on && one.validFrom <= term.validFrom)
  const kept = Object.entries(patch).filter(([key]) =>
    until.every((one) => one[key as keyof TermPatch] === inForce[key as keyof TermPatch]),
  )
  return Object.fromEntries(kept)
}

/**
 * The entry with another code from a day on: the code of the same generation ends that day. Where a later code is
 * planned already, the new one holds until then.
 *
 * @throws CongvanError `AGENCY_CODE_MALFORMED`
 */
export function changeCode(entry: AgencyEntry, code: string, on: string): AgencyEntry {
  const next = codeFrom(code, on)
  const later = entry.codes
    .filter((one) => one.generation === next.generation && one.validFrom > on)
    .map((one) => one.validFrom)
    .sort()
  const codes = entry.codes.flatMap((one): CodeEntry[] => {
    if (one.generation !== next.generation || !isValidOn(one, on)) return [one]
    return one.validFrom < on ? [{ ...one, validTo: on }] : []
  })
  return { ...entry, codes: joined([...codes, { ...next, validTo: later[0] ?? null }], sameCode) }
}

/** The entry closed on a day: the first on which the agency no longer exists. Rows that would begin later are gone. */
export function close(entry: AgencyEntry, on: string, successors: readonly string[]): AgencyEntry {
  const cut = <T extends { validFrom: string; validTo: string | null }>(rows: readonly T[]): T[] =>
    rows
      .filter((one) => one.validFrom < on)
      .map((one) => (one.validTo === null || one.validTo > on ? { ...one, validTo: on } : one))
  return {
    ...entry,
    codes: cut(entry.codes),
    terms: cut(entry.terms),
    closedOn: on,
    successors: [...new Set(successors)],
  }
}

function codeFrom(code: string, on: string): CodeEntry {
  const { generation } = parseAgencyCode(code)
  return { code, generation, validFrom: on, validTo: null, provenance: PROVENANCE }
}

/** Rows in order, those that touch and say the same made one. */
function joined<T extends { validFrom: string; validTo: string | null }>(
  rows: readonly T[],
  same: (one: T, other: T) => boolean,
): T[] {
  const result: T[] = []
  for (const row of rows.toSorted(byBeginning)) {
    const index = result.findLastIndex((one) => one.validTo === row.validFrom && same(one, row))
    const before = result[index]
    if (before === undefined) result.push(row)
    else result[index] = { ...before, validTo: row.validTo }
  }
  return result
}

function sameTerm(one: TermEntry, other: TermEntry): boolean {
  return (['name', 'level', 'parentId', 'hostingNode'] as const).every((key) => one[key] === other[key])
}

function sameCode(one: CodeEntry, other: CodeEntry): boolean {
  return one.code === other.code && one.generation === other.generation
}

function byBeginning(one: { validFrom: string }, other: { validFrom: string }): number {
  return one.validFrom < other.validFrom ? -1 : one.validFrom > other.validFrom ? 1 : 0
}
