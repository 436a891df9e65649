/**
 * The values a PDF is made of (ISO 32000-2, 7.3), as read or as they are to be written.
 *
 * Numbers, booleans and null are JavaScript's own. A stream is no value: it stands only at the top of an indirect
 * object (`IndirectObject`). Values that were read remember where they stand, because a signature speaks of bytes.
 */
export type PdfValue = null | boolean | number | PdfName | PdfString | PdfReference | PdfArray | PdfDict

export interface PdfName {
  readonly kind: 'name'
  /** Without the solidus and with `#xx` decoded; one character a byte. */
  readonly name: string
}

export interface PdfString {
  readonly kind: 'string'
  readonly bytes: Uint8Array
  /** Written as `<...>`. */
  readonly hex: boolean
  /** The string of an encrypted file could not be deciphered, so that `bytes` are as they stand in the file. */
  readonly undecipherable?: true
  /** Place of the whole token, delimiters included; absent for a string of ours. */
  readonly span?: Span
}

export interface PdfReference {
  readonly kind: 'reference'
  readonly number: number
  readonly generation: number
}

export interface PdfArray {
  readonly kind: 'array'
  readonly items: readonly PdfValue[]
  readonly span?: Span
}

export interface PdfDict {
  readonly kind: 'dict'
  readonly entries: ReadonlyMap<string, PdfValue>
  readonly span?: Span
  /** Keys that stand more than once (7.3.7 forbids that; readers differ in which one they take). */
  readonly duplicates?: ReadonlySet<string>
}

/** Offsets into the buffer that was read: the file, or a decoded object stream. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** One `number generation obj … endobj`, or an object out of an object stream. */
export interface IndirectObject {
  readonly number: number
  readonly generation: number
  readonly value: PdfValue
  /** The stream's raw bytes in the file, when the value is a stream's dictionary. */
  readonly stream: Span | undefined
  /** From the object number to past `endobj`; undefined for an object out of an object stream. */
  readonly span: Span | undefined
}

export function pdfName(name: string): PdfName {
  return { kind: 'name', name }
}

export function pdfReference(number: number, generation = 0): PdfReference {
  return { kind: 'reference', number, generation }
}

export function pdfArray(items: readonly PdfValue[]): PdfArray {
  return { kind: 'array', items }
}

/** A dictionary from an object literal, in its order; `undefined` leaves a key out. */
export function pdfDict(entries: Readonly<Record<string, PdfValue | undefined>>): PdfDict {
  const kept = new Map<string, PdfValue>()
  for (const [key, value] of Object.entries(entries)) if (value !== undefined) kept.set(key, value)
  return { kind: 'dict', entries: kept }
}

/** A copy with some keys set (or, by `undefined`, taken out). */
export function withEntries(dict: PdfDict, changes: Readonly<Record<string, PdfValue | undefined>>): PdfDict {
  const entries = new Map(dict.entries)
  for (const [key, value] of Object.entries(changes)) {
    if (value === undefined) entries.delete(key)
    else entries.set(key, value)
  }
  return { kind: 'dict', entries }
}

/** A byte string written in hexadecimal. */
export function pdfHexString(bytes: Uint8Array): PdfString {
  return { kind: 'string', bytes, hex: true }
}

/** A text string (7.9.2.2): as it is where ASCII suffices, otherwise UTF-16BE with its mark. */
export function pdfText(text: string): PdfString {
  if (/^[\x20-\x7e]*$/.test(text)) return { kind: 'string', bytes: Buffer.from(text, 'latin1'), hex: false }
  const utf16 = Buffer.from(`\ufeff${text}`, 'utf16le').swap16()
  return { kind: 'string', bytes: utf16, hex: true }
}

/** The text of a text string: UTF-16BE or UTF-8 by its mark, otherwise PDFDocEncoding. */
export function textOf(value: PdfString): string {
  const { bytes } = value
  if (bytes[0] === 0xfe && bytes[1] === 0xff) {
    const even = Buffer.from(bytes.subarray(2, bytes.length - (bytes.length % 2)))
    return even.swap16().toString('utf16le')
  }
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
    return new TextDecoder().decode(bytes)
  }
  let text = ''
  for (const byte of bytes) text += pdfDocCharacters[byte] ?? String.fromCharCode(byte)
  return text
}

/** Where PDFDocEncoding differs from Latin-1 (ISO 32000-2, annex D.2). */
const pdfDocCharacters: Readonly<Record<number, string>> = Object.fromEntries([
  ...[...'\u02d8\u02c7\u02c6\u02d9\u02dd\u02db\u02da\u02dc'].map((character, i) => [0x18 + i, character]),
  ...[
    ...'\u2022\u2020\u2021\u2026\u2014\u2013\u0192\u2044\u2039\u203a\u2212\u2030\u201e\u201c\u201d\u2018\u2019\u201a\u2122\ufb01\ufb02\u0141\u0152\u0160\u0178\u017d\u0131\u0142\u0153\u0161\u017e',
  ].map((character, i) => [0x80 + i, character]),
  [0xa0, '\u20ac'],
])

/** Text in PDFDocEncoding; undefined where that has not all of its characters. */
export function pdfDocBytes(text: string): Uint8Array | undefined {
  const bytes = [...text].map((character) => {
    const special = Object.entries(pdfDocCharacters).find(([, one]) => one === character)
    const code = special === undefined ? (character.codePointAt(0) ?? 0) : Number(special[0])
    return special !== undefined || (code <= 0xff && pdfDocCharacters[code] === undefined) ? code : -1
  })
  return bytes.includes(-1) ? undefined : Uint8Array.from(bytes)
}

export function isName(value: PdfValue | undefined, name?: string): value is PdfName {
  return isKind(value, 'name') && (name === undefined || value.name === name)
}

export function isReference(value: PdfValue | undefined): value is PdfReference {
  return isKind(value, 'reference')
}

export function isString(value: PdfValue | undefined): value is PdfString {
  return isKind(value, 'string')
}

export function isArray(value: PdfValue | undefined): value is PdfArray {
  return isKind(value, 'array')
}

export function isDict(value: PdfValue | undefined): value is PdfDict {
  return isKind(value, 'dict')
}

export function isInteger(value: PdfValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value)
}

type Composite = Exclude<PdfValue, null | boolean | number>

function isKind<K extends Composite['kind']>(
  value: PdfValue | undefined,
  kind: K,
): value is Extract<Composite, { kind: K }> {
  return typeof value === 'object' && value !== null && value.kind === kind
}

/** Whether two values say the same, wherever they stand and however they are written. References by number. */
export function sameValue(a: PdfValue | undefined, b: PdfValue | undefined): boolean {
  if (a === b) return true
  if (isName(a)) return isName(b, a.name)
  if (isReference(a)) return isReference(b) && a.number === b.number && a.generation === b.generation
  if (isString(a)) {
    return isString(b) && a.undecipherable === b.undecipherable && Buffer.compare(a.bytes, b.bytes) === 0
  }
  if (isArray(a)) {
    return (
      isArray(b) &&
      a.items.length === b.items.length &&
      a.items.every((item, i) => sameValue(item, b.items[i]))
    )
  }
  return isDict(a) && isDict(b) && differingKeys(a, b).length === 0 && !a.duplicates && !b.duplicates
}

/** The keys whose values differ or that only one of the two has. */
export function differingKeys(a: PdfDict, b: PdfDict): string[] {
  const keys = new Set([...a.entries.keys(), ...b.entries.keys()])
  return [...keys].filter((key) => !sameValue(a.entries.get(key), b.entries.get(key)))
}
