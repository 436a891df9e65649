/** Objects out of tokens (ISO 32000-2, 7.3). */
import { valueCost } from './allowance.ts'
import { isDigit, isRegular, isWhitespace, type Lexer, malformed } from './lexer.ts'
import { pdfLimits } from './limits.ts'
import type { IndirectObject, PdfArray, PdfDict, PdfValue, Span } from './objects.ts'

/** Reads the value at the lexer's place, which must be on its first byte or on space before it. */
export function parseValue(lexer: Lexer, depth = 0): PdfValue {
  if (depth > pdfLimits.nesting) throw malformed(lexer.position, 'nested too deep')
  lexer.skipSpace()
  const start = lexer.position
  const byte = lexer.peek()
  switch (byte) {
    case undefined:
      throw malformed(start, 'a value is expected, not the end')
    case 0x2f: {
      const name = parseName(lexer)
      lexer.spend(valueCost.name + name.length)
      return { kind: 'name', name }
    }
    case 0x28: {
      const bytes = lexer.literalString()
      lexer.spend(valueCost.string + bytes.length)
      return { kind: 'string', bytes, hex: false, span: { start, end: lexer.position } }
    }
    case 0x3c: {
      if (lexer.peek(1) === 0x3c) return parseDict(lexer, depth)
      const bytes = lexer.hexString()
      lexer.spend(valueCost.string + bytes.length)
      return { kind: 'string', bytes, hex: true, span: { start, end: lexer.position } }
    }
    case 0x5b:
      return parseArray(lexer, depth)
    case 0x74:
      lexer.expect('true')
      return true
    case 0x66:
      lexer.expect('false')
      return false
    case 0x6e:
      lexer.expect('null')
      return null
    default:
      return isDigit(byte) ? parseNumberOrReference(lexer) : lexer.number()
  }
}

function parseNumberOrReference(lexer: Lexer): PdfValue {
  const value = lexer.number()
  lexer.spend(valueCost.number)
  if (!Number.isSafeInteger(value)) return value
  const after = lexer.position
  if (isWhitespace(lexer.peek())) {
    lexer.skipSpace()
    if (isDigit(lexer.peek())) {
      const digits = lexer.position
      while (isDigit(lexer.peek())) lexer.position += 1
      const length = lexer.position - digits
      const generation = length <= 5 ? decimal(lexer.bytes, digits, lexer.position) : -1
      if (generation >= 0 && isWhitespace(lexer.peek())) {
        lexer.skipSpace()
        if (lexer.take('R')) {
          lexer.spend(valueCost.reference)
          return { kind: 'reference', number: value, generation }
        }
      }
    }
  }
  lexer.position = after
  return value
}

function decimal(bytes: Uint8Array, start: number, end: number): number {
  let value = 0
  for (let i = start; i < end; i += 1) value = value * 10 + ((bytes[i] ?? 0x30) - 0x30)
  return value
}

function parseArray(lexer: Lexer, depth: number): PdfArray {
  const start = lexer.position
  const items: PdfValue[] = []
  lexer.spend(valueCost.array)
  lexer.position += 1
  for (;;) {
    lexer.skipSpace()
    if (lexer.peek() === 0x5d) {
      lexer.position += 1
      return { kind: 'array', items, span: { start, end: lexer.position } }
    }
    if (lexer.peek() === undefined) throw malformed(start, 'array without an end')
    if (items.length >= pdfLimits.items) throw malformed(start, 'array is too long')
    lexer.spend(valueCost.item)
    items.push(parseValue(lexer, depth + 1))
  }
}

/** A name without null characters: they are forbidden (7.3.5), and readers that keep names as C strings end them there. */
function parseName(lexer: Lexer): string {
  const name = lexer.name()
  if (name.includes('\0')) throw malformed(lexer.position, 'a name has a null character')
  return name
}

/** The dictionary at the lexer's place, which must be on `<<`. */
export function parseDict(lexer: Lexer, depth = 0): PdfDict {
  const start = lexer.position
  if (lexer.peek() !== 0x3c || lexer.peek(1) !== 0x3c) throw malformed(start, 'a dictionary is expected')
  lexer.spend(valueCost.dict)
  lexer.position += 2
  const entries = new Map<string, PdfValue>()
  let duplicates: Set<string> | undefined
  for (;;) {
    lexer.skipSpace()
    if (lexer.peek() === 0x3e && lexer.peek(1) === 0x3e) {
      lexer.position += 2
      const span = { start, end: lexer.position }
      return duplicates === undefined
        ? { kind: 'dict', entries, span }
        : { kind: 'dict', entries, span, duplicates }
    }
    if (lexer.peek() !== 0x2f)
      throw malformed(lexer.position, 'a key or the end of the dictionary is expected')
    if (entries.size >= pdfLimits.items) throw malformed(start, 'dictionary is too long')
    const key = parseName(lexer)
    lexer.spend(valueCost.entry + key.length)
    const value = parseValue(lexer, depth + 1)
    if (entries.has(key)) {
      duplicates ??= new Set()
      duplicates.add(key)
    }
    entries.set(key, value)
  }
}

/**
 * The indirect object at `lexer`. A stream's length comes from its dictionary and is checked against the
 * `endstream` that must follow; nothing is searched for.
 *
 * @param lengthOf resolves an indirect `/Length`
 */
export function parseIndirectObject(
  lexer: Lexer,
  lengthOf: (length: PdfValue | undefined) => number | undefined,
): IndirectObject {
  const start = lexer.position
  lexer.spend(valueCost.object)
  const number = lexer.integer('object number')
  lexer.skipSpace()
  const generation = lexer.integer('generation number')
  lexer.skipSpace()
  lexer.expect('obj')
  const value = parseValue(lexer)
  lexer.skipSpace()
  let stream: Span | undefined
  if (lexer.at('stream')) {
    if (typeof value !== 'object' || value?.kind !== 'dict') {
      throw malformed(lexer.position, 'stream without a dictionary')
    }
    stream = parseStreamSpan(lexer, lengthOf(value.entries.get('Length')))
    lexer.skipSpace()
  }
  lexer.expect('endobj')
  return { number, generation, value, stream, span: { start, end: lexer.position } }
}

function parseStreamSpan(lexer: Lexer, length: number | undefined): Span {
  const keyword = lexer.position
  lexer.position += 'stream'.length
  // Some writers put spaces before the line feed or leave it out after a carriage return. All readers take that alike,
  // and the length must lead to "endstream" all the same.
  while (lexer.peek() === 0x20 || lexer.peek() === 0x09) lexer.position += 1
  if (lexer.peek() !== 0x0d && lexer.peek() !== 0x0a)
    throw malformed(lexer.position, '"stream" must end with a line feed')
  lexer.skipEndOfLine()
  if (length === undefined) throw malformed(keyword, 'stream without a length')
  const start = lexer.position
  const end = start + length
  if (end > lexer.end) throw malformed(keyword, 'stream is longer than the file')
  lexer.position = end
  lexer.skipEndOfLine()
  if (!lexer.at('endstream')) throw malformed(end, 'the length of the stream does not lead to "endstream"')
  lexer.position += 'endstream'.length
  if (isRegular(lexer.peek())) throw malformed(lexer.position, '"endstream" is expected')
  return { start, end }
}
