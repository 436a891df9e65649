/**
 * What a draft may call itself, and which series its number will come from (NĐ 30/2020/NĐ-CP art 15.1; Phụ lục I,
 * Phần I, II.3). Pure.
 */
import { CongvanError } from '../errors.ts'
import { findKind } from './document-kinds.ts'
import { exampleSymbol, isSymbol, type Series, symbolFits } from './register.ts'
import {
  canBeNormative,
  councilNamed,
  fitsPattern,
  kindApart,
  normativeKind,
  type SeriesRules,
  seriesOf,
  specialisedKind,
} from './series.ts'

export interface DraftKindQuestion {
  readonly kind: string
  /** Ký hiệu, what follows the number and the slash. */
  readonly symbol: string
  /** The advisory body in whose name it is issued; null: the agency itself. */
  readonly council: string | null
  /** Whether the drafter calls it a legal normative document. */
  readonly normative: boolean
}

/** What the rules are held against besides the agency's own cut of series. */
export interface DraftKindGround {
  readonly rules: SeriesRules
  /** Years of issue that the symbol of a normative document may bear, the first as example. */
  readonly years: readonly [number, ...number[]]
  /** Whether the agency is of the central level. */
  readonly central: boolean
  /** Viết tắt tên cơ quan, where the agency has said it. */
  readonly shortName: string | null
}

export interface DraftKind {
  /** Under its own spelling. */
  readonly name: string
  /** Under the spelling of the agency's rules. */
  readonly council: string | null
  readonly normative: boolean
  readonly series: Series
}

/**
 * The kind of a draft, with its symbol held against the kind.
 *
 * - A specialised kind has the symbol that its sector prescribes (art 15.1b); one registered apart has any (art 4.2b).
 * - A legal normative document shows number, year, kind and issuer (Luật 64/2025/QH15 art 7.3): the symbol begins with
 *   the year, `2026/QĐ-UBND`. So it never meets the `QĐ-UBND` of the administrative series. Those kinds that are
 *   normative alone are issued at the central level only (art 4).
 * - An advisory body that issues in its own name stands in the symbol, not the agency (Phụ lục I, II.3).
 *
 * @throws CongvanError `DOCUMENT_KIND_UNKNOWN`, `SYMBOL_WRONG`, `SYMBOL_NOT_PRESCRIBED`, `SYMBOL_YEAR_WRONG`,
 *   `KIND_NOT_NORMATIVE`, `KIND_CENTRAL_ONLY`, `COUNCIL_NOT_NORMATIVE`, `COUNCIL_SYMBOL_WRONG`, `SERIES_UNKNOWN`
 */
export function kindOfDraft(asked: DraftKindQuestion, ground: DraftKindGround): DraftKind {
  const { rules } = ground
  const name = kindNamed(rules, asked.kind)
  if (asked.normative && !canBeNormative(name)) throw new CongvanError('KIND_NOT_NORMATIVE', { kind: name })
  const normative = asked.normative || normativeKind(name) !== undefined
  const council = asked.council === null ? null : councilOf(asked.council, ground)
  if (council !== null && normative) throw new CongvanError('COUNCIL_NOT_NORMATIVE', { council })
  if (normativeKind(name) !== undefined && !ground.central) {
    throw new CongvanError('KIND_CENTRAL_ONLY', { kind: name })
  }
  requireSymbol({ name, normative }, asked.symbol, ground)
  if (council !== null) requireCouncilSymbol(name, council, asked.symbol, ground.shortName)
  const series = seriesOf(rules, { kind: name, normative, ...(council === null ? {} : { council }) })
  if (series === undefined) throw new CongvanError('SERIES_UNKNOWN', { name, year: ground.years[0] })
  return { name, council, normative, series }
}

/**
 * A kind that the agency issues, under its own spelling.
 *
 * @throws CongvanError `DOCUMENT_KIND_UNKNOWN`
 */
export function kindNamed(rules: SeriesRules, kind: string): string {
  const found =
    specialisedKind(rules, kind)?.kind ??
    findKind(kind)?.name ??
    normativeKind(kind) ??
    kindApart(rules, kind)
  if (found === undefined) throw new CongvanError('DOCUMENT_KIND_UNKNOWN', { kind })
  return found
}

function councilOf(name: string, { rules, years }: DraftKindGround): string {
  const found = councilNamed(rules, name)
  if (found === undefined) throw new CongvanError('SERIES_UNKNOWN', { name, year: years[0] })
  return found.name
}

function requireSymbol(
  { name, normative }: Pick<DraftKind, 'name' | 'normative'>,
  symbol: string,
  { rules, years }: DraftKindGround,
): void {
  if (normative) {
    requireNormativeSymbol(name, symbol, years)
    return
  }
  const specialised = specialisedKind(rules, name)
  if (specialised !== undefined) {
    if (fitsPattern(symbol, specialised.symbol)) return
    throw new CongvanError('SYMBOL_NOT_PRESCRIBED', { symbol, kind: name, pattern: specialised.symbol })
  }
  const kind = findKind(name)
  if (kind === undefined ? isSymbol(symbol) : symbolFits(symbol, kind)) return
  const example = kind === undefined ? 'UBND-VP' : exampleSymbol(kind)
  throw new CongvanError('SYMBOL_WRONG', { symbol, kind: name, example })
}

/** The National Assembly and its Standing Committee show their term in place of a kind: `64/2025/QH15`. */
const OF_ASSEMBLY = /^(QH|UBTVQH)\d{1,2}$/

const EXAMPLES: Readonly<Record<string, string>> = { 'Nghị định': 'NĐ-CP', 'Thông tư': 'TT-BNV' }

function requireNormativeSymbol(name: string, symbol: string, years: DraftKindGround['years']): void {
  const [, year = '', rest = ''] = /^(\d{4})\/(.+)$/.exec(symbol) ?? []
  const kind = findKind(name)
  const example = `${years[0]}/${kind === undefined ? (EXAMPLES[name] ?? 'QH15') : exampleSymbol(kind)}`
  if (!years.includes(Number(year))) {
    throw new CongvanError('SYMBOL_YEAR_WRONG', { symbol, kind: name, year: years[0], example })
  }
  const fits = OF_ASSEMBLY.test(rest) || symbolFits(rest, kind ?? { name, abbreviation: null })
  if (!fits) throw new CongvanError('SYMBOL_WRONG', { symbol, kind: name, example })
}

/** With the agency's own abbreviation, numbers of the council could be those of the agency. */
function requireCouncilSymbol(name: string, council: string, symbol: string, shortName: string | null): void {
  const [first, second] = symbol.normalize('NFC').split('-')
  // The issuer follows the abbreviation of the kind, where there is one.
  const issuer = (findKind(name)?.abbreviation ?? null) === null ? first : second
  if (shortName !== null && issuer === shortName.normalize('NFC')) {
    throw new CongvanError('COUNCIL_SYMBOL_WRONG', { symbol, council, shortName })
  }
}
