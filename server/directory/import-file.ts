/**
 * Reads a file of agencies, CSV or JSON, into entries. Pure. Every problem is found in one pass, each with its place.
 *
 * CSV: one row is one dated code of one agency; the rows of an agency share its id. Columns `id code codeGeneration
 * validFrom validTo name level parentId hostingNode codeProvenance`, and if wanted `closedOn successors` (ids with
 * spaces between). An agency whose codes have all ended is closed on the day the last one ended. Name, level, parent
 * and node hold while the rows that state them do.
 *
 * JSON: `{ "agencies": [entry…], "remove": [id…] }` with entries as in `agency-entry.ts`.
 */
import { z } from 'zod'
import {
  type AgencyEntry,
  agencyEntrySchema,
  type CodeEntry,
  codeEntrySchema,
  entryProblems,
  type TermEntry,
  termEntrySchema,
} from './agency-entry.ts'
import { type CsvRecord, parseCsv } from './csv.ts'

export interface ImportProblem {
  /** Line of the CSV text, or place in the JSON (`agencies.3.codes.0`). */
  readonly place: string
  readonly field: string
  readonly reason: string
}

export interface ImportFile {
  readonly agencies: readonly AgencyEntry[]
  /** Ids whose entries are taken out for good; CSV has none. */
  readonly remove: readonly string[]
  /** Where an agency stands in the file, by id, for problems that show later. */
  readonly places: ReadonlyMap<string, string>
  /** Every id that the file gives an entry, also where the entry is wrong. */
  readonly ids: ReadonlySet<string>
  readonly problems: readonly ImportProblem[]
}

export type ImportFormat = 'csv' | 'json'

const required = ['id', 'code', 'codeGeneration', 'validFrom', 'name', 'level', 'hostingNode'] as const
const optional = ['validTo', 'parentId', 'codeProvenance', 'closedOn', 'successors'] as const
type Column = (typeof required)[number] | (typeof optional)[number]

export function readImportFile(bytes: Uint8Array, format: ImportFormat): ImportFile {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return failed({ place: '1', field: 'file', reason: 'không phải UTF-8 / is not UTF-8' })
  }
  const file = format === 'csv' ? readCsv(text) : readJson(text)
  return { ...file, problems: once(file.problems) }
}

/** A date that is wrong is wrong in the code and in the term alike; it is told once. */
function once(problems: readonly ImportProblem[]): ImportProblem[] {
  return [...new Map(problems.map((one) => [JSON.stringify(one), one])).values()]
}

function failed(...problems: ImportProblem[]): ImportFile {
  return { agencies: [], remove: [], places: new Map(), ids: new Set(), problems }
}

interface Row {
  readonly line: number
  readonly id: string
  readonly code: CodeEntry
  readonly term: TermEntry
  readonly closedOn: string | null
  readonly successors: readonly string[]
}

function readCsv(text: string): ImportFile {
  const { records, problems: broken } = parseCsv(text)
  const problems: ImportProblem[] = broken.map((one) => ({
    place: String(one.line),
    field: 'row',
    reason: one.reason,
  }))
  const [header, ...body] = records
  const wrong = headerProblems(header)
  if (header === undefined || wrong.length > 0) return failed(...problems, ...wrong)
  const rows: Row[] = []
  for (const record of body) {
    const row = readRow(header, record)
    if ('problems' in row) problems.push(...row.problems)
    else rows.push(row)
  }
  const places = new Map<string, string>()
  const agencies: AgencyEntry[] = []
  for (const group of Map.groupBy(rows, (row) => row.id).values()) {
    const place = group.map((row) => row.line).join(', ')
    const entry = toEntry(group)
    places.set(entry.id, place)
    problems.push(...entryProblems(entry).map((one) => ({ place, ...one })))
    agencies.push(entry)
  }
  const column = header.fields.indexOf('id')
  const ids = new Set(body.map((record) => record.fields[column]?.trim().toLowerCase() ?? ''))
  return { agencies, remove: [], places, ids, problems }
}

function headerProblems(header: CsvRecord | undefined): ImportProblem[] {
  const columns: readonly string[] = header?.fields ?? []
  const known: readonly string[] = [...required, ...optional]
  const problem = (field: string, reason: string) => ({ place: '1', field, reason })
  return [
    ...required
      .filter((name) => !columns.includes(name))
      .map((name) => problem(name, 'thiếu cột / missing column')),
    ...columns
      .filter((name) => !known.includes(name))
      .map((name) => problem(name, 'cột lạ / unknown column')),
    ...columns
      .filter((name, index) => columns.indexOf(name) !== index)
      .map((name) => problem(name, 'cột lặp / repeated column')),
  ]
}

function readRow(header: CsvRecord, record: CsvRecord): Row | { problems: ImportProblem[] } {
  const cell = (name: Column): string => record.fields[header.fields.indexOf(name)]?.trim() ?? ''
  const orNull = (name: Column): string | null => cell(name) || null
  const dates = { validFrom: cell('validFrom'), validTo: orNull('validTo') }
  const parsed = rowSchema.safeParse({
    id: cell('id'),
    code: {
      code: cell('code'),
      generation: cell('codeGeneration'),
      provenance: orNull('codeProvenance'),
      ...dates,
    },
    term: {
      name: cell('name'),
      level: cell('level'),
      parentId: orNull('parentId'),
      hostingNode: cell('hostingNode'),
      ...dates,
    },
    closedOn: orNull('closedOn'),
    successors: cell('successors').split(/\s+/).filter(Boolean),
  })
  if (parsed.success) return { line: record.line, ...parsed.data }
  return {
    problems: parsed.error.issues.map((issue) => ({
      place: String(record.line),
      field: columnOf(issue.path),
      reason: issue.message,
    })),
  }
}

const rowSchema = z.strictObject({
  id: agencyEntrySchema.shape.id,
  code: codeEntrySchema,
  term: termEntrySchema,
  closedOn: agencyEntrySchema.shape.closedOn,
  successors: agencyEntrySchema.shape.successors,
})

function columnOf(path: readonly PropertyKey[]): string {
  const last = path.findLast((one) => typeof one === 'string') ?? 'row'
  return { generation: 'codeGeneration', provenance: 'codeProvenance' }[String(last)] ?? String(last)
}

/** All rows of one agency: equal codes and equal terms that touch or overlap become one dated entry each. */
function toEntry(rows: readonly Row[]): AgencyEntry {
  const codes = merge(
    rows.map((row) => row.code),
    (one) => `${one.generation} ${one.code} ${one.provenance}`,
  )
  const terms = merge(
    rows.map((row) => row.term),
    (one) => JSON.stringify([one.name, one.level, one.parentId, one.hostingNode]),
  )
  const ends = codes.map((one) => one.validTo)
  const lastEnd = ends.includes(null) ? null : (ends.toSorted().at(-1) ?? null)
  return {
    id: rows[0]?.id ?? '',
    codes,
    terms,
    closedOn: rows.find((row) => row.closedOn !== null)?.closedOn ?? lastEnd,
    successors: [...new Set(rows.flatMap((row) => row.successors))],
  }
}

function merge<T extends { validFrom: string; validTo: string | null }>(
  all: readonly T[],
  key: (one: T) => string,
): T[] {
  const merged: T[] = []
  for (const one of all.toSorted((a, b) => (a.validFrom < b.validFrom ? -1 : 1))) {
    const index = merged.findIndex(
      (other) => key(other) === key(one) && (other.validTo === null || one.validFrom <= other.validTo),
    )
    const before = merged[index]
    if (before === undefined) merged.push(one)
    else if (before.validTo !== null && (one.validTo === null || one.validTo > before.validTo)) {
      merged[index] = { ...before, validTo: one.validTo }
    }
  }
  return merged
}

const jsonSchema = z.strictObject({
  agencies: z.array(z.unknown()).max(50_000),
  remove: z.array(agencyEntrySchema.shape.id).max(50_000).default([]),
})

function readJson(text: string): ImportFile {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'no JSON'
    return failed({ place: '1', field: 'file', reason })
  }
  const outer = jsonSchema.safeParse(value)
  if (!outer.success) {
    return failed(
      ...outer.error.issues.map((issue) => ({
        place: '$',
        field: issue.path.join('.') || 'file',
        reason: issue.message,
      })),
    )
  }
  const problems: ImportProblem[] = []
  const agencies: AgencyEntry[] = []
  const places = new Map<string, string>()
  const ids = new Set<string>()
  for (const [index, one] of outer.data.agencies.entries()) {
    const place = `agencies.${index}`
    const parsed = agencyEntrySchema.safeParse(one)
    const id = z.object({ id: z.string() }).safeParse(one)
    if (id.success) ids.add(id.data.id.toLowerCase())
    if (parsed.success) {
      if (places.has(parsed.data.id)) problems.push({ place, field: 'id', reason: 'lặp lại / repeated' })
      places.set(parsed.data.id, place)
      problems.push(...entryProblems(parsed.data).map((problem) => ({ place, ...problem })))
      agencies.push(parsed.data)
    } else {
      for (const issue of parsed.error.issues) {
        problems.push({ place, field: issue.path.join('.') || 'agency', reason: issue.message })
      }
    }
  }
  return { agencies, remove: outer.data.remove, places, ids, problems }
}
