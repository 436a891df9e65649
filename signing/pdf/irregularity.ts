/** What is not as the standard has it, but reads the same to everybody: noted while a file is opened. */
import { latin1Text } from './lexer.ts'

export interface Irregularity {
  readonly code: 'HEADER_NOT_AT_START' | 'DATA_AFTER_END' | 'XREF_OFFSET_WRONG' | 'XREF_TABLE_IRREGULAR'
  /** Byte at which it stands. */
  readonly position: number
  readonly reason: string
}

/** Takes note of an irregularity. */
export type Note = (code: Irregularity['code'], position: number, reason: string) => void

/** How far beside the mark an offset of a cross-reference section may be. */
const leeway = 8

/** A cross-reference section as it begins, if nothing stands before it that could belong to the word. */
const sectionStart =
  /(?<![A-Za-z0-9])(?:xref(?![A-Za-z0-9])|\d{1,10}[\0\t\n\f\r ]+\d{1,5}[\0\t\n\f\r ]+obj(?![A-Za-z0-9]))/g

/**
 * Where a cross-reference section stands to which `offset` is to point: there, or, where nothing is, at the only one
 * that begins a few bytes beside.
 */
export function locateSection(bytes: Uint8Array, offset: number, note: Note): number {
  const from = Math.max(0, offset - leeway)
  const text = latin1Text(bytes, from, offset + leeway + 32)
  const starts = [...text.matchAll(sectionStart)].map(({ index }) => from + index)
  // White space before the section is no fault.
  if (starts.some((start) => start >= offset && /^[\0\t\n\f\r ]*$/.test(latin1Text(bytes, offset, start)))) {
    return offset
  }
  const near = starts.filter((start) => start <= offset + leeway)
  const [only] = near
  if (only === undefined || near.length > 1) return offset
  note('XREF_OFFSET_WRONG', offset, `the cross-reference section stands at byte ${only}`)
  return only
}

/** Whether two offsets are those of one section, give or take what is tolerated. */
export function isNearby(offset: number, section: number): boolean {
  return Math.abs(offset - section) <= leeway
}
