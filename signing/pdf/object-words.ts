/** What a reader that repairs a file takes for the beginning or the end of an object, wherever it stands. */
import { isDigit, isWhitespace } from './lexer.ts'

const ends = ['endstream', 'endobj', 'startxref'] as const

/** Whether the bytes hold such words. */
export function holdsObjectWords(bytes: Uint8Array): boolean {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (ends.some((word) => buffer.includes(word))) return true
  for (let at = buffer.indexOf('trailer'); at >= 0; at = buffer.indexOf('trailer', at + 1)) {
    let next = at + 'trailer'.length
    while (isWhitespace(bytes[next])) next += 1
    if (bytes[next] === 0x3c && bytes[next + 1] === 0x3c) return true
  }
  for (let at = buffer.indexOf('obj'); at >= 0; at = buffer.indexOf('obj', at + 1)) {
    if (!isAlphanumeric(bytes[at + 3]) && headerBefore(bytes, at) !== undefined) return true
  }
  return false
}

/** As `holdsObjectWords`, of text of one character a byte. */
export function resemblesObjects(text: string): boolean {
  return holdsObjectWords(Buffer.from(text, 'latin1'))
}

/** The header of an indirect object. */
export interface ObjectHeader {
  readonly start: number
  readonly number: number
  readonly generation: number
}

/** The two numbers before the word `obj` that stands at `at`, with white space after each. */
export function headerBefore(bytes: Uint8Array, at: number): ObjectHeader | undefined {
  const generation = numberBefore(bytes, at)
  const number = generation && numberBefore(bytes, generation.start)
  return number && { start: number.start, number: number.value, generation: generation.value }
}

function numberBefore(bytes: Uint8Array, end: number): { start: number; value: number } | undefined {
  let last = end
  while (last > 0 && isWhitespace(bytes[last - 1])) last -= 1
  let start = last
  while (start > 0 && isDigit(bytes[start - 1])) start -= 1
  if (start === last || last === end) return undefined
  let value = 0
  for (let at = start; at < last; at += 1) value = value * 10 + ((bytes[at] ?? 0x30) - 0x30)
  return { start, value }
}

function isAlphanumeric(byte: number | undefined): boolean {
  if (byte === undefined) return false
  return isDigit(byte) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a)
}
