/** What the codes of a font stand for (ISO 32000-2, 9.6.5 and 9.10.2), as far as the font tells. */
import { decodeStream } from './filters.ts'
import {
  type IndirectObject,
  isArray,
  isDict,
  isInteger,
  isName,
  isReference,
  type PdfDict,
  type PdfValue,
} from './objects.ts'
import type { Snapshot } from './snapshot.ts'

/** Text of a string shown in the font; undefined where a code stands for nothing known. */
export type FontDecoder = (bytes: Uint8Array) => string | undefined

/** Undefined where the font says nothing of what its codes stand for. */
export function fontDecoder(snapshot: Snapshot, font: PdfDict): FontDecoder | undefined {
  const map = toUnicode(snapshot, font)
  if (map !== undefined) return (bytes) => decodeMapped(bytes, map)
  const subtype = snapshot.entry(font, 'Subtype')
  const isSimple = ['Type1', 'TrueType', 'MMType1'].some((name) => isName(subtype, name))
  return isSimple ? simpleDecoder(snapshot, font) : undefined
}

interface UnicodeMap {
  /** Bytes of a code. */
  readonly width: number
  readonly texts: ReadonlyMap<number, string>
}

/** Longest map that is read, decoded, in bytes; most codes of one font. */
const mostMap = 1024 * 1024
const mostCodes = 65_536

function toUnicode(snapshot: Snapshot, font: PdfDict): UnicodeMap | undefined {
  const entry = font.entries.get('ToUnicode')
  const object = isReference(entry) ? snapshot.target(entry) : undefined
  if (object?.stream === undefined || !isDict(object.value)) return undefined
  if (knownMaps.has(object)) return knownMaps.get(object)
  const raw = snapshot.file.streamData(object)
  if (raw === undefined) return undefined
  const data = decodeStream(object.value, raw, object.stream.start, mostMap)
  // As much work as many objects, where a file has many fonts that share what they are compressed from.
  snapshot.file.countVisits(Math.ceil(data.length / bytesPerVisit))
  const map = parseMap(Buffer.from(data).toString('latin1'))
  knownMaps.set(object, map)
  return map
}

/** What was read out of an object that all fields of a form may use. */
const knownMaps = new WeakMap<IndirectObject, UnicodeMap | undefined>()

const bytesPerVisit = 64

function parseMap(text: string): UnicodeMap | undefined {
  const texts = new Map<number, string>()
  let width = 0
  for (const { 1: kind, index } of text.matchAll(/begin(codespacerange|bfchar|bfrange)/g)) {
    const end = text.indexOf(`end${kind}`, index)
    const body = text.slice(index, end < 0 ? undefined : end)
    if (kind === 'codespacerange') width = (/<([0-9A-Fa-f]+)>/.exec(body)?.[1]?.length ?? 0) / 2
    else if (kind === 'bfchar') {
      for (const [, code = '', target = ''] of body.matchAll(/<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f ]+)>/g))
        texts.set(Number.parseInt(code, 16), utf16(target))
    } else if (!readRanges(body, texts)) return undefined
    if (texts.size > mostCodes) return undefined
  }
  return Number.isInteger(width) && width >= 1 && width <= 4 ? { width, texts } : undefined
}

function readRanges(body: string, texts: Map<number, string>): boolean {
  const ranges = /<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>\s*(?:<([0-9A-Fa-f]+)>|\[([^\]]*)\])/g
  for (const [, first = '', last = '', start, list] of body.matchAll(ranges)) {
    const [from, to] = [Number.parseInt(first, 16), Number.parseInt(last, 16)]
    if (to - from + texts.size > mostCodes) return false
    const targets =
      list === undefined ? undefined : [...list.matchAll(/<([0-9A-Fa-f]+)>/g)].map(([, one = '']) => one)
    const base = utf16(start ?? '')
    for (let code = from; code <= to; code += 1) {
      const target = targets?.[code - from]
      if (targets !== undefined) texts.set(code, utf16(target ?? ''))
      else
        texts.set(
          code,
          base.slice(0, -1) + String.fromCharCode(base.charCodeAt(base.length - 1) + code - from),
        )
    }
  }
  return true
}

function utf16(hex: string): string {
  const bytes = Buffer.from(hex.replaceAll(' ', '').padStart(4, '0'), 'hex')
  return bytes.length % 2 === 0 ? bytes.swap16().toString('utf16le') : ''
}

function decodeMapped(bytes: Uint8Array, { width, texts }: UnicodeMap): string | undefined {
  if (bytes.length % width !== 0) return undefined
  let text = ''
  for (let at = 0; at < bytes.length; at += width) {
    let code = 0
    for (let i = 0; i < width; i += 1) code = code * 256 + (bytes[at + i] ?? 0)
    const one = texts.get(code)
    if (one === undefined) return undefined
    text += one
  }
  return text
}

const latin = new TextDecoder('windows-1252')

function simpleDecoder(snapshot: Snapshot, font: PdfDict): FontDecoder | undefined {
  const encoding = snapshot.entry(font, 'Encoding')
  const base = isDict(encoding) ? snapshot.entry(encoding, 'BaseEncoding') : encoding
  const name = snapshot.entry(font, 'BaseFont')
  const descriptor = snapshot.dictEntry(font, 'FontDescriptor')
  const embedded = ['FontFile', 'FontFile2', 'FontFile3'].some((key) => descriptor?.entries.has(key))
  // A symbol font and an embedded one without an encoding number their glyphs as they like.
  if (isName(name) && /Symbol|Dingbats/i.test(name.name)) return undefined
  if (base === null && (embedded || !isName(name))) return undefined
  const isWin = isName(base, 'WinAnsiEncoding')
  const differences = isDict(encoding)
    ? readDifferences(snapshot, encoding)
    : new Map<number, string | undefined>()
  return (bytes) => {
    let text = ''
    for (const code of bytes) {
      const one = differences.has(code) ? differences.get(code) : plainCharacter(code, isWin)
      if (one === undefined) return undefined
      text += one
    }
    return text
  }
}

/** All Latin encodings agree on ASCII, but for two quotation marks that are told apart by no one. */
function plainCharacter(code: number, isWin: boolean): string | undefined {
  if (code >= 0x20 && code <= 0x7e) return String.fromCharCode(code)
  if (code === 0x09 || code === 0x0a || code === 0x0d) return ' '
  return isWin && code >= 0x80 ? latin.decode(Uint8Array.of(code)) : undefined
}

function readDifferences(snapshot: Snapshot, encoding: PdfDict): Map<number, string | undefined> {
  const found = new Map<number, string | undefined>()
  const list: PdfValue = snapshot.entry(encoding, 'Differences')
  let code = 0
  for (const entry of isArray(list) ? list.items.slice(0, 1024) : []) {
    const item = snapshot.resolve(entry)
    if (isInteger(item)) code = item
    else if (isName(item)) {
      found.set(code, characterOf(item.name))
      code += 1
    }
  }
  return found
}

const punctuation: Readonly<Record<string, string>> = {
  space: ' ',
  exclam: '!',
  quotedbl: '"',
  numbersign: '#',
  dollar: '$',
  percent: '%',
  ampersand: '&',
  quotesingle: "'",
  quoteright: '\u2019',
  parenleft: '(',
  parenright: ')',
  asterisk: '*',
  plus: '+',
  comma: ',',
  hyphen: '-',
  period: '.',
  slash: '/',
  zero: '0',
  one: '1',
  two: '2',
  three: '3',
  four: '4',
  five: '5',
  six: '6',
  seven: '7',
  eight: '8',
  nine: '9',
  colon: ':',
  semicolon: ';',
  less: '<',
  equal: '=',
  greater: '>',
  question: '?',
  at: '@',
  bracketleft: '[',
  backslash: '\\',
  bracketright: ']',
  asciicircum: '^',
  underscore: '_',
  grave: '`',
  quoteleft: '\u2018',
  braceleft: '{',
  bar: '|',
  braceright: '}',
  asciitilde: '~',
  Euro: '\u20ac',
}

/** The character of a glyph name, as far as names tell it. */
function characterOf(name: string): string | undefined {
  if (/^[A-Za-z]$/.test(name)) return name
  const code = /^uni([0-9A-F]{4})$/.exec(name)?.[1]
  if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16))
  return Object.hasOwn(punctuation, name) ? punctuation[name] : undefined
}
