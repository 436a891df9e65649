/** Text of pages for tests: one thread for all of a file's tests, and pages made up of lines. */
import { openPageTextReader, type PageText, type PageTextReader } from '../../../server/pages/page-text.ts'
import { assembleLines, type TextRun } from '../../../server/pages/text-lines.ts'

export type OpenedReader = PageTextReader

export function openReader(): OpenedReader {
  return openPageTextReader()
}

export interface Line {
  readonly text: string
  /** Millimetres from the left and from the upper edge of A4 to the beginning of the baseline. */
  readonly x: number
  readonly y: number
  readonly size?: number
  /** Millimetres; default as wide as such a text is about. */
  readonly width?: number
}

const mm = 72 / 25.4

export function runOf({ text, x, y, size = 13, width }: Line): TextRun {
  const baseline = (297 - y) * mm
  const box = {
    left: x * mm,
    bottom: baseline - 0.22 * size,
    width: width === undefined ? text.length * 0.55 * size : width * mm,
    height: 1.1 * size,
  }
  return { text, box, baseline, size, upright: true }
}

/** A page of A4 with these lines. */
export function pageOf(lines: readonly Line[]): PageText {
  return { page: 1, width: 210 * mm, height: 297 * mm, unit: 1, lines: assembleLines(lines.map(runOf)) }
}
