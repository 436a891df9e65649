/**
 * The agency's signature on separate annex files and on electronic copies: no picture, black upright text of size 10 in
 * the top right corner of the first page (NĐ 30/2020 Phụ lục I, Phần I, II.8b and III.1d; Phần II, I.3).
 */
import { padding } from './appearance.ts'
import { measureFont } from './measure-font.ts'
import { type FieldPlace, seenPage } from './page-place.ts'
import { readPages } from './pages.ts'
import { type OpenOptions, openPdf } from './pdf-file.ts'
import type { TextAppearance } from './signature-appearance.ts'

const mm = 72 / 25.4
const size = 10
/** A mark wider than this is broken into lines. */
const widest = 95 * mm
/** Distance of the mark from the right and the upper edge of the page: inside the margin, and printable. */
const fromEdge = { right: 10 * mm, top: 6 * mm } as const

/**
 * The time of signing in Việt Nam, by the calendar and by ISO 8601 for its zone: `05.03.2020 14:25:16 +07:00`.
 */
export function signingTimeText(time: Date): string {
  const [date = '', clock = ''] = new Date(time.getTime() + 7 * 3_600_000).toISOString().split('T')
  return `${date.split('-').reverse().join('.')} ${clock.slice(0, 8)} +07:00`
}

/**
 * On a file that goes with a document: `15/QĐ-BNV; 05.03.2020 14:25:16 +07:00`.
 * @param code Số and ký hiệu of the document
 * @param fontBytes a TrueType font metric-compatible with Times New Roman
 */
export function annexMark(code: string, time: Date, fontBytes: Uint8Array): TextAppearance {
  return mark([`${code};`, signingTimeText(time)], fontBytes)
}

/**
 * On an electronic copy: `SAO Y, Ủy ban nhân dân xã Hải Minh, 05.03.2020 14:25:16 +07:00`.
 * @param form Hình thức sao
 * @param agency the agency that makes the copy
 */
export function copyMark(
  form: 'SAO Y' | 'SAO LỤC' | 'TRÍCH SAO',
  agency: string,
  time: Date,
  fontBytes: Uint8Array,
): TextAppearance {
  return mark([`${form},`, ...`${agency},`.split(' '), signingTimeText(time)], fontBytes)
}

/** The parts set in as few lines as their width allows; a part is never broken. */
function mark(parts: readonly string[], fontBytes: Uint8Array): TextAppearance {
  const { width } = measureFont(fontBytes)
  const lines: string[] = []
  for (const part of parts) {
    const line = lines.at(-1)
    const longer = line === undefined ? part : `${line} ${part}`
    if (line !== undefined && width(longer, size) <= widest) lines[lines.length - 1] = longer
    else lines.push(part)
  }
  return { fontBytes, lines, fontSize: size, align: 'right', colour: 'black' }
}

/** Width and height of the box that shows a mark in its own size, in points. */
export function markSize(appearance: TextAppearance): { readonly width: number; readonly height: number } {
  const font = measureFont(appearance.fontBytes)
  // A hundredth more than needed, since text is made smaller by hundredths where it does not fit.
  return {
    width: Math.max(...appearance.lines.map((line) => font.width(line, size)), 0) + 2 * padding + 0.2,
    height: font.lineHeight(size) * appearance.lines.length + 2 * padding + 0.2,
  }
}

/**
 * The top right corner of the first page as it is seen.
 * @param down how much lower, in points, where a header stands in the corner
 * @throws SigningError as `openPdf`
 */
export function markPlace(
  pdf: Uint8Array,
  appearance: TextAppearance,
  options: OpenOptions & { readonly down?: number } = {},
): FieldPlace {
  const { down = 0, ...opening } = options
  const snapshot = openPdf(pdf, opening).latest
  const [page] = readPages(snapshot)
  const { width: across, height: up } =
    page === undefined ? { width: 0, height: 0 } : seenPage(snapshot, page)
  const { width, height } = markSize(appearance)
  return {
    page: 1,
    left: across - fromEdge.right - width,
    bottom: up - fromEdge.top - height - down,
    width,
    height,
  }
}
