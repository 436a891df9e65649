/** Lines of text on a page, put together from the runs that a PDF shows in whatever order. Pure. */

/** A box in points on the page as a viewer shows it, from the lower left corner of what is seen. */
export interface TextBox {
  readonly left: number
  readonly bottom: number
  readonly width: number
  readonly height: number
}

/** Text that one operator shows, in NFC. */
export interface TextRun {
  readonly text: string
  readonly box: TextBox
  /** Height of the baseline above the lower edge of the page. */
  readonly baseline: number
  /** Font size in points. */
  readonly size: number
  /** False for text that does not run from left to right of the page as seen. */
  readonly upright: boolean
}

/** Runs on one baseline with no wide gap between them: a line of a column, a cell of a table, a mark in its box. */
export interface TextLine {
  /** NFC; words parted by one blank. */
  readonly text: string
  readonly box: TextBox
  readonly baseline: number
  readonly size: number
  readonly upright: boolean
  readonly runs: readonly TextRun[]
}

/** A gap wider than this share of the font size parts two lines: no word space, justified or not, is as wide. */
const columnGap = 1.6
/** A gap wider than this share of the font size is a blank that the PDF does not write. */
const wordGap = 0.15

/**
 * Lines from top to bottom, and from left to right on one height. Runs of blanks alone are no text and part lines as
 * empty room of their width does.
 */
export function assembleLines(runs: readonly TextRun[]): TextLine[] {
  const shown = runs.filter(({ text }) => text.trim() !== '')
  const rows = rowsOf(shown.filter(({ upright }) => upright))
  const lines = rows.flatMap((row) => segmentsOf(row).map(lineOf))
  const turned = shown.filter(({ upright }) => !upright).map((run) => lineOf([run]))
  return [...lines, ...turned]
}

/** Runs whose baselines are about equal; a superscript belongs to the line that it stands in. */
function rowsOf(runs: readonly TextRun[]): TextRun[][] {
  const rows: TextRun[][] = []
  for (const run of runs.toSorted((a, b) => b.baseline - a.baseline)) {
    const row = rows.at(-1)
    const [first] = row ?? []
    if (row !== undefined && first !== undefined && isLevel(first, run)) row.push(run)
    else rows.push([run])
  }
  return rows.map((row) => row.toSorted((a, b) => a.box.left - b.box.left))
}

function isLevel(a: TextRun, b: TextRun): boolean {
  return Math.abs(a.baseline - b.baseline) <= 0.25 * Math.min(a.size, b.size)
}

function segmentsOf(row: readonly TextRun[]): TextRun[][] {
  const segments: TextRun[][] = []
  let right = Number.NEGATIVE_INFINITY
  for (const run of row) {
    const segment = segments.at(-1)
    if (segment !== undefined && run.box.left - right <= columnGap * run.size) segment.push(run)
    else segments.push([run])
    right = Math.max(right, run.box.left + run.box.width)
  }
  return segments
}

function lineOf(runs: readonly TextRun[]): TextLine {
  const [first] = runs
  if (first === undefined) throw new RangeError('a line without text')
  let text = ''
  let right = first.box.left
  for (const run of runs) {
    const gap = run.box.left - right > wordGap * run.size
    text += gap && text !== '' ? ` ${run.text}` : run.text
    right = run.box.left + run.box.width
  }
  return {
    // Letters and their diacritics may come in runs of their own.
    text: text.normalize('NFC').replace(/\s+/gu, ' ').trim(),
    box: around(runs.map(({ box }) => box)),
    baseline: first.baseline,
    size: Math.max(...runs.map(({ size }) => size)),
    upright: first.upright,
    runs,
  }
}

/** The smallest box around boxes, of which there is at least one. */
export function around(boxes: readonly TextBox[]): TextBox {
  const left = Math.min(...boxes.map((box) => box.left))
  const bottom = Math.min(...boxes.map((box) => box.bottom))
  const right = Math.max(...boxes.map((box) => box.left + box.width))
  const top = Math.max(...boxes.map((box) => box.bottom + box.height))
  return { left, bottom, width: right - left, height: top - bottom }
}

/** Whether two boxes share more than a margin on every side; edges that touch do not overlap. */
export function overlaps(a: TextBox, b: TextBox, margin = 0): boolean {
  return (
    a.left + margin < b.left + b.width &&
    b.left + margin < a.left + a.width &&
    a.bottom + margin < b.bottom + b.height &&
    b.bottom + margin < a.bottom + a.height
  )
}

/** All text of pages, a line each, as it is searched. */
export function plainText(pages: readonly { readonly lines: readonly TextLine[] }[]): string {
  return pages.map(({ lines }) => lines.map(({ text }) => text).join('\n')).join('\n\n')
}
