/**
 * Decoding of cross-reference and object streams (ISO 32000-2, 7.4): FlateDecode with or without a predictor, or no
 * filter. Content streams are never decoded here: a signature is about their raw bytes.
 */
import { inflateSync } from 'node:zlib'
import { malformed } from './lexer.ts'
import { pdfLimits } from './limits.ts'
import { isArray, isDict, isInteger, isName, type PdfDict, type PdfValue } from './objects.ts'

/**
 * @param position where the stream begins, for messages
 * @throws SigningError `PDF_MALFORMED` on another filter, broken data or too much output
 */
export function decodeStream(dict: PdfDict, raw: Uint8Array, position: number): Uint8Array {
  const filter = only(dict.entries.get('Filter'), position)
  const parameters = only(dict.entries.get('DecodeParms'), position)
  if (filter === undefined) return raw
  if (!isName(filter, 'FlateDecode')) throw malformed(position, 'unsupported filter of a structural stream')
  const data = inflate(raw, position)
  if (parameters === undefined) return data
  if (!isDict(parameters)) throw malformed(position, 'DecodeParms must be a dictionary')
  return undoPredictor(parameters, data, position)
}

/** The single element of a filter entry, which may be a value or an array of one. */
function only(value: PdfValue | undefined, position: number): PdfValue | undefined {
  if (!isArray(value)) return value ?? undefined
  if (value.items.length > 1) throw malformed(position, 'more than one filter on a structural stream')
  return value.items[0] ?? undefined
}

function inflate(raw: Uint8Array, position: number): Uint8Array {
  try {
    return inflateSync(raw, { maxOutputLength: pdfLimits.decodedStreamBytes })
  } catch (cause) {
    throw malformed(position, 'compressed data is broken or too long', cause)
  }
}

function undoPredictor(parameters: PdfDict, data: Uint8Array, position: number): Uint8Array {
  const predictor = parameter(parameters, 'Predictor', 1, 15, position)
  if (predictor === 1) return data
  if (predictor < 10) throw malformed(position, `unsupported predictor ${predictor}`)
  const colors = parameter(parameters, 'Colors', 1, 32, position)
  const bits = parameter(parameters, 'BitsPerComponent', 8, 16, position)
  const columns = parameter(parameters, 'Columns', 1, 1 << 20, position)
  return undoPng(data, (colors * bits + 7) >> 3, (colors * bits * columns + 7) >> 3, position)
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
