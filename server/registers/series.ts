/**
 * How an agency cuts its number series in a year (NĐ 30/2020/NĐ-CP art 15.1). Pure.
 *
 * The head of the agency decides for administrative documents (15.1c): one series, one for each kind, or one for each
 * group of kinds. Every kind of legal normative document has its own (15.1a), and so has a council that issues in its
 * own name (Phụ lục I, II.3a). Specialised kinds take the number and symbol that their sector prescribes (15.1b); what
 * law registers apart takes no number of the others (4.2b). Copies on paper share one (Phụ lục I, Phần II, II.1c).
 */
import { z } from 'zod'
import { documentKinds, findKind } from './document-kinds.ts'
import { GENERAL_SERIES, type Series } from './register.ts'

const slug = z
  .string()
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'a-z 0-9 -')
  .max(40)
const title = z.string().trim().normalize('NFC').min(1).max(200)

export const seriesRules = z.strictObject({
  cut: z.enum(['general', 'per-kind', 'per-group']).default('general'),
  /** Groups of kinds that share a series; a kind in no group is in the general one. */
  groups: z
    .array(z.strictObject({ series: slug, title, kinds: z.array(title).min(1).max(40) }))
    .max(40)
    .default([]),
  /** Kinds that a sector prescribes (văn bản chuyên ngành). */
  specialised: z
    .array(
      z.strictObject({
        series: slug,
        kind: title,
        /** What the symbol must look like: text and `*` for any group, e.g. `GPXD-*`. */
        symbol: z.string().regex(/^[\p{L}\p{N}&.*/-]{1,30}$/u),
        /** Digits that a number has at least. */
        digits: z.int().min(1).max(8).default(2),
      }),
    )
    .max(100)
    .default([]),
  /** Advisory bodies that issue in their own name with the agency's seal or signature. */
  councils: z
    .array(z.strictObject({ series: slug, name: title }))
    .max(100)
    .default([]),
  /** Registers of their own for what law has registered separately. */
  separate: z
    .array(
      z.strictObject({
        series: slug,
        title,
        book: z.enum(['outgoing', 'incoming']),
        kinds: z.array(title).min(1).max(40),
      }),
    )
    .max(40)
    .default([]),
})
export type SeriesRules = z.output<typeof seriesRules>

/** What is in force where the agency has decided nothing. */
export const defaultRules: SeriesRules = seriesRules.parse({})

/** Kinds of legal normative documents (QCVN 102:2016/SĐ1:2022, list A) that are no administrative kinds as well. */
const normativeOnly = [
  'Hiến pháp',
  'Bộ luật',
  'Luật',
  'Pháp lệnh',
  'Lệnh',
  'Nghị quyết liên tịch',
  'Nghị định',
  'Thông tư',
  'Thông tư liên tịch',
]

/** Kinds that are administrative or normative, as the drafter says (nghị quyết, quyết định, chỉ thị). */
const perhapsNormative = ['Nghị quyết', 'Quyết định', 'Chỉ thị'].map(keyOf)

/** The kind of this name that is a legal normative one and nothing else, in its own spelling. */
export function normativeKind(kind: string): string | undefined {
  return normativeOnly.find((one) => keyOf(one) === keyOf(kind))
}

/** Whether a document of this kind may be a legal normative one. */
export function canBeNormative(kind: string): boolean {
  return normativeKind(kind) !== undefined || perhapsNormative.includes(keyOf(kind))
}

/** The advisory body of this name, of those that have a series. */
export function councilNamed(rules: SeriesRules, name: string): SeriesRules['councils'][number] | undefined {
  return rules.councils.find((one) => keyOf(one.name) === keyOf(name))
}

/** The kind of this name that law has registered apart, in the spelling of the agency's rules. */
export function kindApart(rules: SeriesRules, kind: string): string | undefined {
  return rules.separate
    .filter((one) => one.book === 'outgoing')
    .flatMap((one) => one.kinds)
    .find((one) => keyOf(one) === keyOf(kind))
}

export interface SeriesQuestion {
  readonly kind: string
  /** The advisory body in whose name it is issued. */
  readonly council?: string
  /** Whether it is a legal normative document, where a kind can be both (nghị quyết, quyết định, chỉ thị). */
  readonly normative?: boolean
}

/** The series of an outgoing document, or `undefined` for a council that has none. */
export function seriesOf(
  rules: SeriesRules,
  { kind, council, normative }: SeriesQuestion,
): Series | undefined {
  if (council !== undefined) {
    const found = councilNamed(rules, council)
    return found && `outgoing:${found.series}`
  }
  const key = keyOf(kind)
  if (normative === true || normativeKind(kind) !== undefined) return `outgoing:qppl-${slugOf(kind)}`
  const specialised = rules.specialised.find((one) => keyOf(one.kind) === key)
  if (specialised !== undefined) return `outgoing:${specialised.series}`
  const separate = separateOf(rules, 'outgoing', kind)
  if (separate !== undefined) return separate
  if (rules.cut === 'per-group') {
    const group = rules.groups.find((one) => one.kinds.some((name) => keyOf(name) === key))
    return group === undefined ? GENERAL_SERIES : `outgoing:${group.series}`
  }
  return rules.cut === 'per-kind' ? `outgoing:${kindSeries(kind)}` : GENERAL_SERIES
}

/** The series of an incoming document: one for all (art 22.2), but for what law has registered separately. */
export function incomingSeriesOf(rules: SeriesRules, kind: string): Series {
  return separateOf(rules, 'incoming', kind) ?? 'incoming'
}

function separateOf(rules: SeriesRules, book: 'outgoing' | 'incoming', kind: string): Series | undefined {
  const found = rules.separate.find(
    (one) => one.book === book && one.kinds.some((name) => keyOf(name) === keyOf(kind)),
  )
  return found && `${book}:${found.series}`
}

/** The specialised kind of this name, for checking a symbol that no administrative kind knows. */
export function specialisedKind(
  rules: SeriesRules,
  kind: string,
): SeriesRules['specialised'][number] | undefined {
  return rules.specialised.find((one) => keyOf(one.kind) === keyOf(kind))
}

/** Whether a symbol is what the sector prescribes: `*` in the pattern stands for one or more characters. */
export function fitsPattern(symbol: string, pattern: string): boolean {
  const source = pattern
    .split('*')
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('[\\p{L}\\p{N}&.-]+')
  return new RegExp(`^${source}$`, 'u').test(symbol.normalize('NFC'))
}

/**
 * Kinds without an abbreviation have symbols of one form (`UBND-VP`): in series of their own two documents could get
 * the same number and symbol, so they share one.
 */
function kindSeries(name: string): string {
  const kind = findKind(name)
  return kind !== undefined && kind.abbreviation === null ? 'cong-van' : slugOf(name)
}

export interface RuleProblem {
  readonly field: string
  readonly reason: string
  readonly reasonVi: string
}

/** The first thing wrong with a cut beyond its form: a name or a kind used twice, or a reserved name. */
export function ruleProblem(rules: SeriesRules): RuleProblem | undefined {
  const parts = (['groups', 'specialised', 'councils', 'separate'] as const).flatMap((part) =>
    rules[part].map((one, index) => ({ field: `${part}.${index}`, one })),
  )
  const names = new Set<string>(['general', ...documentKinds.map((kind) => kindSeries(kind.name))])
  const kinds = new Set<string>()
  for (const { field, one } of parts) {
    if (names.has(one.series) || one.series.startsWith('qppl-')) {
      const reason = `the name "${one.series}" is taken`
      return { field: `${field}.series`, reason, reasonVi: `tên "${one.series}" đã có` }
    }
    names.add(one.series)
    for (const kind of 'kinds' in one ? one.kinds : 'kind' in one ? [one.kind] : []) {
      if (kinds.has(keyOf(kind))) {
        return { field, reason: `"${kind}" twice`, reasonVi: `loại "${kind}" nêu hai lần` }
      }
      kinds.add(keyOf(kind))
    }
  }
  return undefined
}

/**
 * Whether a change leaves every series as it was and only adds some: a council that was founded, a kind that a sector
 * prescribes anew. Such a series begins at 01 within the year and disturbs no other.
 */
export function isAddition(before: SeriesRules, after: SeriesRules): boolean {
  const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other)
  const kept = (part: 'specialised' | 'councils' | 'separate') =>
    before[part].every((one) => after[part].some((other) => same(one, other)))
  const administrative = (kind: string) => findKind(kind) !== undefined
  const added = [
    ...after.specialised.filter((one) => !before.specialised.some((other) => same(one, other))),
    ...after.separate.filter((one) => !before.separate.some((other) => same(one, other))),
  ]
  return (
    before.cut === after.cut &&
    same(before.groups, after.groups) &&
    kept('specialised') &&
    kept('councils') &&
    kept('separate') &&
    !added.some((one) => ('kinds' in one ? one.kinds : [one.kind]).some(administrative))
  )
}

/** A name in one spelling, so that `Giấy uỷ quyền` and `giấy ủy quyền` are one kind. */
function keyOf(name: string): string {
  return (findKind(name)?.name ?? name).trim().replace(/\s+/g, ' ').toLowerCase().normalize('NFC')
}

function slugOf(name: string): string {
  return keyOf(name)
    .normalize('NFD')
    .replace(/đ/g, 'd')
    .replace(/\p{M}/gu, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 50)
}
