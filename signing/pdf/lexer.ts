/** The tokens of PDF syntax (ISO 32000-2, 7.2 and 7.3) over a byte buffer. */

import { SigningError } from '../errors.ts'
import type { Allowance } from './allowance.ts'
import { pdfLimits } from './limits.ts'

export function malformed(position: number, reason: string, cause?: unknown): SigningError {
  return new SigningError('PDF_MALFORMED', { position, reason }, cause === undefined ? undefined : { cause })
}

const WHITESPACE = 1
const DELIMITER = 2

const classes = new Uint8Array(256)
for (const byte of [0x00, 0x09, 0x0a, 0x0c, 0x0d, 0x20]) classes[byte] = WHITESPACE
for (const character of '()<>[]{}/%') classes[character.charCodeAt(0)] = DELIMITER

export function isWhitespace(byte: number | undefined): boolean {
  return byte !== undefined && classes[byte] === WHITESPACE
}

/** Neither white space nor a delimiter; the end of the input is not regular. */
export function isRegular(byte: number | undefined): boolean {
  return byte !== undefined && classes[byte] === 0
}

export function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39
}

/** Value of a hexadecimal digit, or -1. */
export function hexDigit(byte: number | undefined): number {
  if (byte === undefined) return -1
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  if (byte >= 0x41 && byte <= 0x46) return byte - 0x37
  if (byte >= 0x61 && byte <= 0x66) return byte - 0x57
  return -1
}

/** Value of two hexadecimal digits, or -1. */
function hexPair(first: number | undefined, second: number | undefined): number {
  const [high, low] = [hexDigit(first), hexDigit(second)]
  return high < 0 || low < 0 ? -1 : high * 16 + low
}

/** Bytes as text, one character a byte. */
export function latin1Text(bytes: Uint8Array, start: number, end: number): string {
  const from = Math.min(start, bytes.length)
  const length = Math.max(0, Math.min(end, bytes.length) - from)
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, length).toString('latin1')
}

/** A place in a buffer and the ways to move it on. */
export class Lexer {
  readonly bytes: Uint8Array
  /** Nothing at or after this offset is read. */
  readonly end: number
  position: number
  readonly #allowance: Allowance | undefined

  constructor(bytes: Uint8Array, position: number, end: number = bytes.length, allowance?: Allowance) {
    this.bytes = bytes
    this.position = position
    this.end = end
    this.#allowance = allowance
  }

  /** Accounts for a value that was or is to be made. */
  spend(bytes: number): void {
    if (this.#allowance?.spend(bytes) === false) throw malformed(this.position, 'too many values')
  }

  peek(ahead = 0): number | undefined {
    const at = this.position + ahead
    return at < this.end ? this.bytes[at] : undefined
  }

  /** Skips white space and comments. */
  skipSpace(): void {
    for (;;) {
      this.skipWhitespace()
      if (this.peek() !== 0x25) return
      this.skipComment()
    }
  }

  skipWhitespace(): void {
    const { bytes, end } = this
    let at = this.position
    while (at < end && classes[bytes[at] ?? 0] === WHITESPACE) at += 1
    this.position = at
  }

  /** Moves past one end-of-line marker: CR LF, LF or CR. */
  skipEndOfLine(): void {
    if (this.peek() === 0x0d) this.position += 1
    if (this.peek() === 0x0a) this.position += 1
  }

  private skipComment(): void {
    for (let byte = this.peek(); byte !== undefined && byte !== 0x0a && byte !== 0x0d; byte = this.peek()) {
      this.position += 1
    }
  }

  /** Whether the keyword stands here as a whole token. */
  at(keyword: string): boolean {
    for (let i = 0; i < keyword.length; i += 1) if (this.peek(i) !== keyword.charCodeAt(i)) return false
    return !isRegular(this.peek(keyword.length))
  }

  /** Takes the keyword if it stands here. */
  take(keyword: string): boolean {
    if (!this.at(keyword)) return false
    this.position += keyword.length
    return true
  }

  expect(keyword: string): void {
    if (!this.take(keyword)) throw malformed(this.position, `"${keyword}" is expected`)
  }

  /** An unsigned integer of plain digits, as in object headers and cross-reference tables. */
  integer(what: string): number {
    const start = this.position
    let value = 0
    while (isDigit(this.peek())) {
      value = value * 10 + ((this.peek() ?? 0) - 0x30)
      this.position += 1
      if (this.position - start > 15) throw malformed(start, `${what} is too large`)
    }
    if (this.position === start || isRegular(this.peek())) throw malformed(start, `${what} is expected`)
    return value
  }

  /** A number object (7.3.3); no exponents, no radix. */
  number(): number {
    const { bytes, end, position: start } = this
    let at = start
    let value = 0
    for (; at < end; at += 1) {
      const digit = (bytes[at] ?? 0) - 0x30
      if (digit < 0 || digit > 9) break
      value = value * 10 + digit
    }
    // Most numbers are short, whole and without a sign.
    if (at === start || at - start > 9 || (at < end && isRegular(bytes[at]))) return this.#otherNumber()
    this.position = at
    return value
  }

  /** Up to 15 digits and a power of ten are exact, and so their quotient is the number that is nearest. */
  #otherNumber(): number {
    const { bytes, end, position: start } = this
    const sign = bytes[start]
    const first = sign === 0x2d || sign === 0x2b ? start + 1 : start
    let at = first
    let value = 0
    let point = -1
    for (; at < end; at += 1) {
      const byte = bytes[at] ?? 0
      if (byte >= 0x30 && byte <= 0x39) value = value * 10 + (byte - 0x30)
      else if (byte === 0x2e && point < 0) point = at
      else break
    }
    const digits = at - first - (point < 0 ? 0 : 1)
    if (digits === 0 || digits > 15 || (at < end && isRegular(bytes[at]))) return this.#unusualNumber()
    this.position = at
    const size = point < 0 ? value : value / 10 ** (at - point - 1)
    return sign === 0x2d ? -size : size
  }

  #unusualNumber(): number {
    const start = this.position
    while (isRegular(this.peek())) this.position += 1
    if (this.position - start > 64) throw malformed(start, 'number is too long')
    const text = latin1Text(this.bytes, start, this.position)
    if (!/^[+-]?(\d+\.?\d*|\.\d+)$/.test(text)) throw malformed(start, 'number is expected')
    return Number(text)
  }

  /** The name after a solidus (7.3.5). */
  name(): string {
    const start = this.position
    let name = ''
    const { bytes, end } = this
    let at = start + 1
    for (; at < end; at += 1) {
      const byte = bytes[at] ?? 0
      if (classes[byte] !== 0) break
      const code = byte === 0x23 && at + 2 < end ? hexPair(bytes[at + 1], bytes[at + 2]) : -1
      // A number sign without two digits is itself, as in names before PDF 1.2: all readers take it so.
      if (code >= 0) at += 2
      name += String.fromCharCode(code >= 0 ? code : byte)
      if (name.length > pdfLimits.nameBytes) throw malformed(start, 'name is too long')
    }
    this.position = at
    return name
  }

  /** The bytes of a literal string `(...)` (7.3.4.2). */
  literalString(): Uint8Array {
    const start = this.position
    this.position += 1
    const plain = this.#plainString()
    if (plain !== undefined) return plain
    const out: number[] = []
    let open = 1
    for (;;) {
      const byte = this.peek()
      if (byte === undefined) throw malformed(start, 'string without an end')
      if (out.length > pdfLimits.literalBytes) throw malformed(start, 'string is too long')
      this.position += 1
      if (byte === 0x5c) {
        this.escape(out)
        continue
      }
      if (byte === 0x28) open += 1
      if (byte === 0x29) {
        open -= 1
        if (open === 0) return Uint8Array.from(out)
      }
      if (byte === 0x0d) {
        if (this.peek() === 0x0a) this.position += 1
        out.push(0x0a)
      } else {
        out.push(byte)
      }
    }
  }

  /** A string without escapes, inner parentheses and ends of lines: a copy of its bytes. */
  #plainString(): Uint8Array | undefined {
    const { bytes, end, position } = this
    let at = position
    for (; at < end; at += 1) {
      const byte = bytes[at]
      if (byte === 0x29) break
      if (byte === 0x5c || byte === 0x28 || byte === 0x0d) return undefined
    }
    if (at >= end || at - position > pdfLimits.literalBytes) return undefined
    this.position = at + 1
    return Uint8Array.prototype.slice.call(bytes, position, at)
  }

  private escape(out: number[]): void {
    const byte = this.peek()
    if (byte === undefined) return
    if (byte >= 0x30 && byte <= 0x37) {
      let value = 0
      for (let i = 0; i < 3; i += 1) {
        const digit = this.peek()
        if (digit === undefined || digit < 0x30 || digit > 0x37) break
        value = value * 8 + (digit - 0x30)
        this.position += 1
      }
      out.push(value & 0xff)
      return
    }
    if (byte === 0x0a || byte === 0x0d) {
      this.skipEndOfLine()
      return
    }
    this.position += 1
    out.push(escapes[byte] ?? byte)
  }

  /** The bytes of a hexadecimal string `<...>` (7.3.4.3). */
  hexString(): Uint8Array {
    const start = this.position
    this.position += 1
    const close = this.bytes.indexOf(0x3e, this.position)
    if (close < 0 || close >= this.end) throw malformed(start, 'hexadecimal string without an end')
    const plain = Buffer.from(latin1Text(this.bytes, this.position, close), 'hex')
    if (plain.length * 2 === close - this.position) {
      this.position = close + 1
      return plain
    }
    const out = new Uint8Array((close - this.position + 1) >> 1)
    let digits = 0
    for (; this.position < close; this.position += 1) {
      const byte = this.bytes[this.position]
      if (isWhitespace(byte)) continue
      const digit = hexDigit(byte)
      if (digit < 0) throw malformed(this.position, 'hexadecimal digit is expected')
      const index = digits >> 1
      out[index] = (out[index] ?? 0) | (digits % 2 === 0 ? digit << 4 : digit)
      digits += 1
    }
    this.position += 1
    return out.subarray(0, (digits + 1) >> 1)
  }
}

const escapes: Readonly<Record<number, number>> = {
  110: 0x0a,
  114: 0x0d,
  116: 0x09,
  98: 0x08,
  102: 0x0c,
}
