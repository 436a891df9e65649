/**
 * Single characters of a line of print and where they stand, so that a gap inside a run of text can be found. Pure.
 *
 * A PDF tells the width of a run, not of its characters: they share it in the proportions of Times New Roman, in which
 * official documents are set (NĐ 30/2020 Phụ lục I, Phần I, I.4). In another face the places are near enough for a gap.
 */
import type { PageText } from './page-text.ts'
import type { TextRun } from './text-lines.ts'

export interface PlacedCharacter {
  readonly character: string
  readonly left: number
  readonly right: number
}

/** All runs on one baseline, from left to right: the lines of all columns. */
export interface PrintedRow {
  readonly baseline: number
  readonly size: number
  /** Blanks stand for empty room between runs. */
  readonly characters: readonly PlacedCharacter[]
  /** The characters, one code unit each. */
  readonly text: string
}

/** The rows of a page between two heights, told as shares of the page, and between two shares of its width. */
export function rowsOf(
  page: PageText,
  area: { readonly from: number; readonly to: number; readonly left?: number; readonly right?: number },
): PrintedRow[] {
  const runs = page.lines
    .flatMap((line) => line.runs)
    .filter((run) => {
      const at = run.baseline / page.height
      const start = run.box.left / page.width
      return (
        run.upright &&
        at >= area.from &&
        at <= area.to &&
        start >= (area.left ?? 0) &&
        start <= (area.right ?? 1)
      )
    })
  const rows: TextRun[][] = []
  for (const run of runs.toSorted((a, b) => b.baseline - a.baseline)) {
    const row = rows.at(-1)
    const first = row?.[0]
    if (row !== undefined && first !== undefined && first.baseline - run.baseline <= first.size * 0.25)
      row.push(run)
    else rows.push([run])
  }
  return rows.map(rowOf)
}

function rowOf(runs: readonly TextRun[]): PrintedRow {
  const characters: PlacedCharacter[] = []
  for (const run of runs.toSorted((a, b) => a.box.left - b.box.left)) {
    const last = characters.at(-1)
    if (last !== undefined && run.box.left > last.right)
      characters.push({ character: ' ', left: last.right, right: run.box.left })
    characters.push(...charactersOf(run))
  }
  const [first] = runs
  return {
    baseline: first?.baseline ?? 0,
    size: first?.size ?? 0,
    characters,
    text: characters.map(({ character }) => character).join(''),
  }
}

function charactersOf({ text, box }: TextRun): PlacedCharacter[] {
  // One code unit each, so that a match in the text is a range of the characters.
  const units = text.split('')
  const weights = units.map(weightOf)
  const sum = weights.reduce((total, weight) => total + weight, 0)
  let left = box.left
  return units.map((character, i) => {
    const width = sum === 0 ? 0 : (box.width * (weights[i] ?? 0)) / sum
    const placed = { character, left, right: left + width }
    left += width
    return placed
  })
}

/** Advance widths of Times New Roman in thousandths of the size, for what they tell apart. */
function weightOf(character: string): number {
  if (/[\s.,:;/|'‘’!ijltf\u00a0…]/u.test(character))
    return character === '…' ? 1000 : /[jl:;/!]/u.test(character) ? 278 : 250
  if (/\p{M}/u.test(character)) return 0
  if (/[0-9_]/u.test(character)) return 500
  const base = character.normalize('NFD').charAt(0)
  if (/[MW]/u.test(base)) return 900
  if (/[mw]/u.test(base)) return 750
  if (/[Iit]/u.test(base)) return 310
  if (/\p{Lu}/u.test(base)) return 690
  return 470
}
