/**
 * Decoding of cross-reference and object streams (ISO 32000-2, 7.4): FlateDecode with or without a predictor,
 * ASCIIHexDecode, or no filter. Content streams are never decoded here: a signature is about their raw bytes.
 */
import { inflateSync } from 'node:zlib'
import { latin1Text, malformed } from './lexer.ts'
import { pdfLimits } from './limits.ts'
import { isArray, isDict, isInteger, isName, type PdfDict, type PdfValue } from './objects.ts'

/**
 * @param position where the stream begins, for messages
 * @param most decoded bytes; a cross-reference stream may not be longer than its entries either
 * @throws SigningError `PDF_MALFORMED` on another filter, broken data or too much output
 */
export function decodeStream(
  dict: PdfDict,
  raw: Uint8Array,
  position: number,
  most: number = pdfLimits.decodedStreamBytes,
): Uint8Array {
  const filters = listOf(dict.entries.get('Filter'))
  const parameters = listOf(dict.entries.get('DecodeParms'))
  if (filters.length > mostFilters) throw malformed(position, 'too many filters on a structural stream')
  const decoded = filters.reduce<Uint8Array>((data, filter, i) => {
    // What is deciphered already (7.4.10).
    if (i === 0 && isName(filter, 'Crypt')) return data
    if (isName(filter, 'ASCIIHexDecode')) return decodeHex(data, position)
    if (!isName(filter, 'FlateDecode')) throw malformed(position, 'unsupported filter of a structural stream')
    return decodeFlate(dict, parameters[i] ?? null, data, position, most)
  }, raw)
  if (decoded.length > most) throw malformed(position, 'data of a stream is too long')
  return decoded
}

/** `Crypt`, `ASCIIHexDecode` and `FlateDecode`, each once. */
const mostFilters = 3

/** A filter entry, which may be a value or an array. */
function listOf(value: PdfValue | undefined): readonly PdfValue[] {
  if (isArray(value)) return value.items
  return value === undefined || value === null ? [] : [value]
}

/** ASCIIHexDecode (7.4.2): digits up to `>`, white space between them. */
function decodeHex(data: Uint8Array, position: number): Uint8Array {
  const end = data.indexOf(0x3e)
  const text = latin1Text(data, 0, end < 0 ? data.length : end).replace(/[\0\t\n\f\r ]+/g, '')
  if (!/^[0-9A-Fa-f]*$/.test(text)) throw malformed(position, 'hexadecimal data of a stream is broken')
  return Buffer.from(text.length % 2 === 0 ? text : `${text}0`, 'hex')
}

function decodeFlate(
  dict: PdfDict,
  parameters: PdfValue,
  raw: Uint8Array,
  position: number,
  most: number,
): Uint8Array {
  if (parameters !== null && !isDict(parameters))
    throw malformed(position, 'DecodeParms must be a dictionary')
  const predictor = parameters === null ? undefined : readPredictor(parameters, position)
  const decoded = Math.min(most, isName(dict.entries.get('Type'), 'XRef') ? entryBytes(dict) : most)
  const rows = predictor === undefined ? 0 : Math.ceil(decoded / predictor.row)
  const data = inflate(raw, decoded + rows, position)
  return predictor === undefined ? data : undoPng(data, predictor.pixel, predictor.row, position)
}

/** An end of line after the last entry is tolerated. */
const slack = 2

/**
 * How many entries a cross-reference stream has by its own dictionary (7.5.8.2); not a number where the dictionary
 * says nothing that could be counted, which its reader refuses.
 */
export function declaredEntries(dict: PdfDict): number {
  const index = dict.entries.get('Index') ?? null
  const size = dict.entries.get('Size') ?? null
  return sum(isArray(index) ? index.items.filter((_, i) => i % 2 === 1) : [size])
}

/** How long its data is by that; `Infinity` where that cannot be said. */
function entryBytes(dict: PdfDict): number {
  const widths = dict.entries.get('W')
  const row = isArray(widths) ? sum(widths.items) : Number.NaN
  const bytes = declaredEntries(dict) * row + slack
  return Number.isSafeInteger(bytes) && bytes >= slack ? bytes : Infinity
}

function sum(items: readonly PdfValue[]): number {
  return items.reduce<number>((total, item) => total + (isInteger(item) ? item : Number.NaN), 0)
}

function inflate(raw: Uint8Array, most: number, position: number): Uint8Array {
  try {
    return inflateSync(raw, { maxOutputLength: Math.max(1, most) })
  } catch (cause) {
    throw malformed(position, 'compressed data is broken or too long', cause)
  }
}

/** Bytes of a pixel and of a row; undefined where nothing is predicted. */
function readPredictor(
  parameters: PdfDict,
  position: number,
): { readonly pixel: number; readonly row: number } | undefined {
  const predictor = parameter(parameters, 'Predictor', 1, 15, position)
  if (predictor === 1) return undefined
  if (predictor < 10) throw malformed(position, `unsupported predictor ${predictor}`)
  const colors = parameter(parameters, 'Colors', 1, 32, position)
  const bits = parameter(parameters, 'BitsPerComponent', 8, 16, position)
  const columns = parameter(parameters, 'Columns', 1, 1 << 20, position)
  return { pixel: (colors * bits + 7) >> 3, row: (colors * bits * columns + 7) >> 3 }
}

function parameter(
  parameters: PdfDict,
  key: string,
  fallback: number,
  highest: number,
  position: number,
): number {
  const value = parameters.entries.get(key) ?? fallback
  if (!isInteger(value) || value < 1 || value > highest) throw malformed(position, `${key} is out of range`)
  return value
}

/** The PNG predictors (RFC 2083, section 6); every row names its own. */
function undoPng(data: Uint8Array, pixel: number, row: number, position: number): Uint8Array {
  const rows = data.length / (row + 1)
  if (!Number.isInteger(rows)) throw malformed(position, 'predicted data does not end with a whole row')
  const out = new Uint8Array(rows * row)
  for (let y = 0; y < rows; y += 1) {
    const type = data[y * (row + 1)] ?? 0
    if (type > 4) throw malformed(position, 'unknown PNG predictor')
    for (let x = 0; x < row; x += 1) {
      const at = y * row + x
      const left = x >= pixel ? (out[at - pixel] ?? 0) : 0
      const up = y > 0 ? (out[at - row] ?? 0) : 0
      const upLeft = y > 0 && x >= pixel ? (out[at - row - pixel] ?? 0) : 0
      out[at] = (data[y * (row + 1) + 1 + x] ?? 0) + predicted(type, left, up, upLeft)
    }
  }
  return out
}

function predicted(type: number, left: number, up: number, upLeft: number): number {
  switch (type) {
    case 1:
      return left
    case 2:
      return up
    case 3:
      return (left + up) >> 1
    case 4: {
      const estimate = left + up - upLeft
      const [a, b, c] = [Math.abs(estimate - left), Math.abs(estimate - up), Math.abs(estimate - upLeft)]
      return a <= b && a <= c ? left : b <= c ? up : upLeft
    }
    default:
      return 0
  }
}
