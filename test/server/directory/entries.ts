import { createHash } from 'node:crypto'
import type { AgencyCode } from '../../../server/directory/agency-code.ts'
import { parseAgencyCode } from '../../../server/directory/agency-code.ts'
import type { AgencyEntry, AgencyLevel, TermEntry } from '../../../server/directory/agency-entry.ts'

/** The same id for the same code in every test. */
export function idOf(code: string): string {
  const hex = createHash('sha256').update(code).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

const levels: readonly AgencyLevel[] = ['province', 'district', 'commune']

/** An open-ended agency with one code. */
export function agency(
  code: string,
  hostingNode: string,
  more: Partial<TermEntry> & Partial<Omit<AgencyEntry, 'id'>> = {},
): AgencyEntry {
  const parsed: AgencyCode = parseAgencyCode(code)
  const { codes, terms, closedOn, successors, ...term } = more
  const dates = { validFrom: term.validFrom ?? '2020-09-15', validTo: term.validTo ?? null }
  const level =
    term.level ?? (code.startsWith('G') ? 'central' : (levels[parsed.groups.length - 1] ?? 'commune'))
  return {
    id: idOf(code),
    codes: codes ?? [{ code, generation: parsed.generation, provenance: 'synthetic', ...dates }],
    terms: terms ?? [{ name: `Cơ quan ${code}`, parentId: null, ...term, level, hostingNode, ...dates }],
    closedOn: closedOn ?? dates.validTo,
    successors: successors ?? [],
  }
}

export function asJsonFile(agencies: readonly AgencyEntry[], remove: readonly string[] = []): Uint8Array {
  return Buffer.from(JSON.stringify({ agencies, remove }))
}
