/** The text that the content of a form XObject shows, as far as its fonts tell (ISO 32000-2, 9.4 and 9.10.2). */
import { SigningError } from '../errors.ts'
import { decodeStream } from './filters.ts'
import { type FontDecoder, fontDecoder } from './font-text.ts'
import { isRegular, Lexer } from './lexer.ts'
import {
  type IndirectObject,
  isArray,
  isDict,
  isName,
  isString,
  type PdfDict,
  type PdfValue,
} from './objects.ts'
import { parseValue } from './parser.ts'
import type { Snapshot } from './snapshot.ts'

/** Longest content that is read, decoded, in bytes. */
const mostContent = 256 * 1024

/** Undefined where the content cannot be read, draws more than text and lines, or has a font that tells nothing. */
export function readShownText(snapshot: Snapshot, form: IndirectObject): string | undefined {
  return readWith(snapshot, form, (reader, content) => reader.read(content))
}

/**
 * The texts that the content shows, one for each text object, as far as its fonts tell; what else it draws is passed
 * over. Undefined where the content cannot be read.
 */
export function readShownTexts(snapshot: Snapshot, form: IndirectObject): readonly string[] | undefined {
  return readWith(snapshot, form, (reader, content) => reader.readParts(content))
}

function readWith<T>(
  snapshot: Snapshot,
  form: IndirectObject,
  read: (reader: TextReader, content: Uint8Array) => T,
): T | undefined {
  const { value: dict, stream } = form
  if (stream === undefined || !isDict(dict)) return undefined
  try {
    const raw = snapshot.file.streamData(form)
    if (raw === undefined) return undefined
    const content = decodeStream(dict, raw, stream.start, mostContent)
    // Many fields may have one long appearance.
    snapshot.file.countVisits(Math.ceil(content.length / bytesPerVisit))
    return read(new TextReader(snapshot, snapshot.dictEntry(dict, 'Resources')), content)
  } catch (error) {
    if (error instanceof SigningError) return undefined
    throw error
  }
}

/** How much content is as much work as one object. */
const bytesPerVisit = 8

/** Operands before one operator. */
const mostOperands = 64

class TextReader {
  readonly #snapshot: Snapshot
  readonly #resources: PdfDict | undefined
  readonly #decoders = new Map<string, FontDecoder | undefined>()
  #decoder: FontDecoder | undefined
  #text = ''

  constructor(snapshot: Snapshot, resources: PdfDict | undefined) {
    this.#snapshot = snapshot
    this.#resources = resources
  }

  read(content: Uint8Array): string | undefined {
    const known = this.#walk(content, (operator, operands) => this.#execute(operator, operands))
    return known ? this.#text : undefined
  }

  readParts(content: Uint8Array): string[] {
    const parts: string[] = []
    this.#walk(content, (operator, operands) => {
      if (operator === 'BT') this.#text = ''
      else this.#execute(operator, operands)
      if (operator === 'ET' && this.#text !== '') parts.push(this.#text)
      return true
    })
    return parts
  }

  /** False where `act` said so of an operator, or the content cannot be followed. */
  #walk(content: Uint8Array, act: (operator: string, operands: readonly PdfValue[]) => boolean): boolean {
    const lexer = new Lexer(content, 0)
    let operands: PdfValue[] = []
    for (lexer.skipSpace(); lexer.peek() !== undefined; lexer.skipSpace()) {
      const operator = operatorAt(lexer)
      if (operator === undefined) {
        operands.push(parseValue(lexer))
        if (operands.length > mostOperands) return false
        continue
      }
      if (!act(operator, operands)) return false
      operands = []
    }
    return true
  }

  /** False where nothing is known of what the operator shows. */
  #execute(operator: string, operands: readonly PdfValue[]): boolean {
    const last = operands.at(-1) ?? null
    switch (operator) {
      case 'Tf':
        return this.#useFont(operands[0] ?? null)
      case 'Tj':
      case "'":
      case '"':
        return this.#show(last)
      case 'TJ':
        return isArray(last) && last.items.every((item) => !isString(item) || this.#show(item))
      // Images, other forms and shadings can show anything.
      case 'Do':
      case 'BI':
      case 'sh':
        return false
      // Text may be painted over.
      case 'f':
      case 'F':
      case 'f*':
      case 'B':
      case 'B*':
      case 'b':
      case 'b*':
        return this.#text === ''
      // Text that is not filled is perhaps not seen (9.3.6).
      case 'Tr':
        return last === 0 || last === 2
      default:
        return true
    }
  }

  #useFont(name: PdfValue): boolean {
    if (!isName(name)) return false
    const known = this.#decoders.get(name.name)
    if (known === undefined && !this.#decoders.has(name.name)) {
      const fonts =
        this.#resources === undefined ? undefined : this.#snapshot.dictEntry(this.#resources, 'Font')
      const font = fonts === undefined ? undefined : this.#snapshot.dictEntry(fonts, name.name)
      this.#decoders.set(name.name, font === undefined ? undefined : fontDecoder(this.#snapshot, font))
    }
    this.#decoder = this.#decoders.get(name.name)
    return true
  }

  #show(value: PdfValue): boolean {
    if (!isString(value)) return false
    if (value.bytes.length === 0) return true
    const text = this.#decoder?.(value.bytes)
    if (text === undefined) return false
    this.#text += text
    return true
  }
}

/** The operator that stands at the lexer's place; undefined where an operand stands there. */
function operatorAt(lexer: Lexer): string | undefined {
  const start = lexer.position
  const byte = lexer.peek() ?? 0
  const isLetter =
    (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a) || byte === 0x27 || byte === 0x22
  if (!isLetter) return undefined
  while (isRegular(lexer.peek())) lexer.position += 1
  const word = Buffer.from(lexer.bytes.subarray(start, lexer.position)).toString('latin1')
  if (word !== 'true' && word !== 'false' && word !== 'null') return word
  lexer.position = start
  return undefined
}
