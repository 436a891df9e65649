/**
 * An agency as a part of the directory states it: permanent id, dated codes, dated terms. Pure.
 *
 * All dates are days (`YYYY-MM-DD`) in Asia/Ho_Chi_Minh; an interval holds from its first day on and before its
 * `validTo`, and without one it is open-ended.
 */
import { z } from 'zod'
import { CongvanError } from '../errors.ts'
import { type CodeGeneration, parseAgencyCode } from './agency-code.ts'

export type AgencyLevel = 'central' | 'province' | 'district' | 'commune'

export interface Interval {
  readonly validFrom: string
  readonly validTo: string | null
}

export interface CodeEntry extends Interval {
  readonly code: string
  readonly generation: CodeGeneration
  /** Where the code is known from, e.g. `found`, `derived`, `synthetic`; null when nothing is said. */
  readonly provenance: string | null
}

/** What was true of the agency during one time: name, level, parent, hosting node. */
export interface TermEntry extends Interval {
  readonly name: string
  readonly level: AgencyLevel
  readonly parentId: string | null
  readonly hostingNode: string
}

export interface AgencyEntry {
  readonly id: string
  readonly codes: readonly CodeEntry[]
  readonly terms: readonly TermEntry[]
  /** The first day on which it no longer existed. */
  readonly closedOn: string | null
  /** Ids of the agencies that took over; many-to-many (Luật 72/2025/QH15 and its reorganisations). */
  readonly successors: readonly string[]
}

const day = z.iso.date('YYYY-MM-DD')
const id = z.uuid().toLowerCase()
export const nodeIdSchema = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'a-z 0-9 -')
const interval = { validFrom: day, validTo: day.nullable() }

export const codeEntrySchema = z.strictObject({
  code: z.string().min(1).max(35),
  generation: z.enum(['qcvn102', 'qd20']),
  ...interval,
  provenance: z.string().max(50).nullable(),
})

export const termEntrySchema = z.strictObject({
  name: z.string().trim().normalize('NFC').min(1).max(300),
  level: z.enum(['central', 'province', 'district', 'commune']),
  parentId: id.nullable(),
  hostingNode: nodeIdSchema,
  ...interval,
})

export const agencyEntrySchema = z.strictObject({
  id,
  codes: z.array(codeEntrySchema).min(1).max(100),
  terms: z.array(termEntrySchema).min(1).max(100),
  closedOn: day.nullable(),
  successors: z.array(id).max(100),
})

export interface EntryProblem {
  readonly field: string
  readonly reason: string
}

/** All that is wrong with an entry on its own; empty when it holds together. */
export function entryProblems(entry: AgencyEntry): EntryProblem[] {
  return [...codeProblems(entry), ...termProblems(entry), ...closureProblems(entry)]
}

function codeProblems(entry: AgencyEntry): EntryProblem[] {
  const problems: EntryProblem[] = []
  for (const one of entry.codes) {
    try {
      parseAgencyCode(one.code, one.generation)
    } catch (error) {
      if (!(error instanceof CongvanError)) throw error
      problems.push({ field: 'code', reason: String(error.params.reason) })
    }
    if (!isForward(one)) problems.push({ field: 'validTo', reason: backwards(one) })
  }
  for (const [one, other] of overlaps(entry.codes)) {
    if (one.generation === other.generation) {
      problems.push({
        field: 'code',
        reason: `${one.code} và ${other.code} cùng hiệu lực / are valid at the same time`,
      })
    }
  }
  return problems
}

function termProblems(entry: AgencyEntry): EntryProblem[] {
  const problems: EntryProblem[] = []
  for (const one of entry.terms) {
    if (!isForward(one)) problems.push({ field: 'validTo', reason: backwards(one) })
    if (one.parentId === entry.id) {
      problems.push({ field: 'parentId', reason: 'chính nó / the agency itself' })
    }
  }
  for (const [one, other] of overlaps(entry.terms)) {
    const field =
      (['name', 'level', 'parentId', 'hostingNode'] as const).find((key) => one[key] !== other[key]) ?? 'name'
    problems.push({
      field,
      reason: `"${one[field]}" và "${other[field]}" cùng hiệu lực / hold at the same time`,
    })
  }
  if (problems.length === 0) {
    for (const code of entry.codes) {
      if (!isCovered(code, entry.terms)) {
        problems.push({
          field: 'validFrom',
          reason: `mã ${code.code} hiệu lực khi chưa có tên / the code is valid while no name is`,
        })
      }
    }
  }
  return problems
}

function closureProblems(entry: AgencyEntry): EntryProblem[] {
  const { closedOn } = entry
  const problems: EntryProblem[] = []
  if (closedOn !== null) {
    const late = [...entry.codes, ...entry.terms].find(
      (one) => one.validTo === null || one.validTo > closedOn,
    )
    if (late !== undefined) {
      problems.push({
        field: 'closedOn',
        reason: `có dòng còn hiệu lực sau ${closedOn} / a row stays valid after it`,
      })
    }
  } else if (entry.successors.length > 0) {
    problems.push({ field: 'successors', reason: 'cơ quan chưa đóng / the agency is not closed' })
  }
  if (entry.successors.includes(entry.id)) {
    problems.push({ field: 'successors', reason: 'chính nó / the agency itself' })
  }
  return problems
}

function isForward(one: Interval): boolean {
  return one.validTo === null || one.validTo > one.validFrom
}

function backwards(one: Interval): string {
  return `${one.validTo} không sau ${one.validFrom} / is not after it`
}

/** Whether two half-open intervals share a day. */
export function overlap(one: Interval, other: Interval): boolean {
  return (
    (one.validTo === null || other.validFrom < one.validTo) &&
    (other.validTo === null || one.validFrom < other.validTo)
  )
}

function overlaps<T extends Interval>(all: readonly T[]): [T, T][] {
  return all.flatMap((one, index) =>
    all
      .slice(index + 1)
      .filter((other) => overlap(one, other))
      .map((other): [T, T] => [one, other]),
  )
}

function isCovered(wanted: Interval, by: readonly Interval[]): boolean {
  let reached = wanted.validFrom
  for (const one of by.toSorted((a, b) => (a.validFrom < b.validFrom ? -1 : 1))) {
    if (one.validFrom > reached) break
    if (one.validTo === null) return true
    if (one.validTo > reached) reached = one.validTo
  }
  return wanted.validTo !== null && reached >= wanted.validTo
}

export function isValidOn(one: Interval, date: string): boolean {
  return one.validFrom <= date && (one.validTo === null || date < one.validTo)
}

/** The day in Viet Nam (+07:00, no daylight saving time) at a moment, whatever the machine's zone. */
export function vietnamDay(at: Date): string {
  return new Date(at.getTime() + 7 * 3_600_000).toISOString().slice(0, 10)
}

/** For searching: lower case, no diacritics, `đ` as `d`. */
export function foldName(name: string): string {
  return name
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/[đĐ]/g, 'd')
    .toLowerCase()
    .replace(/\s+/g, ' ')
    .trim()
}
