/** The rows of a PNG: filters taken off, samples of any depth as bytes (ISO/IEC 15948 clauses 7 and 9). */
import { type PngHeader, unsupportedImage } from './png-chunks.ts'

export interface Samples {
  /** 8 bits a sample. */
  readonly values: Uint8Array
  /** As in the file, for palettes and for comparison with the colour that is transparent. */
  readonly exact: Uint8Array | Uint16Array
}

/** First column and row of the passes of an interlaced picture, and their distances (8.2). */
const passes = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const

interface Pass {
  readonly x: number
  readonly y: number
  readonly stepX: number
  readonly stepY: number
  /** The picture that the pass makes up by itself. */
  readonly header: PngHeader
  /** Bytes of one of its rows. */
  readonly stride: number
}

function passesOf(header: PngHeader): Pass[] {
  const { width, height, channels, depth, interlaced } = header
  const all = interlaced ? passes : ([[0, 0, 1, 1]] as const)
  return all
    .map(([x, y, stepX, stepY]) => {
      const own = {
        ...header,
        width: Math.ceil((width - x) / stepX),
        height: Math.ceil((height - y) / stepY),
      }
      return { x, y, stepX, stepY, header: own, stride: Math.ceil((own.width * channels * depth) / 8) }
    })
    .filter((pass) => pass.header.width > 0 && pass.header.height > 0)
}

/** How many bytes the rows have with the bytes that name their filters. */
export function bytesOfImage(header: PngHeader): number {
  return passesOf(header).reduce((sum, { stride, header: { height } }) => sum + (stride + 1) * height, 0)
}

/** The samples of the whole picture. @param rows as many bytes as `bytesOfImage` tells */
export function readSamples(rows: Uint8Array, header: PngHeader): Samples {
  const { width, height, depth, channels } = header
  const step = Math.max(1, (channels * depth) >> 3)
  if (!header.interlaced) {
    return unpackSamples(unfilter(rows, Math.ceil((width * channels * depth) / 8), height, step), header)
  }
  const count = width * height * channels
  const values = new Uint8Array(count)
  const exact = depth === 16 ? new Uint16Array(count) : new Uint8Array(count)
  let at = 0
  for (const { x, y, stepX, stepY, header: own, stride } of passesOf(header)) {
    const end = at + (stride + 1) * own.height
    const part = unpackSamples(unfilter(rows.subarray(at, end), stride, own.height, step), own)
    at = end
    for (let pixel = 0; pixel < own.width * own.height; pixel += 1) {
      const column = x + (pixel % own.width) * stepX
      const row = y + Math.floor(pixel / own.width) * stepY
      for (let i = 0; i < channels; i += 1) {
        const to = (row * width + column) * channels + i
        values[to] = part.values[pixel * channels + i] ?? 0
        exact[to] = part.exact[pixel * channels + i] ?? 0
      }
    }
  }
  return { values, exact }
}

/** Takes off the filter of each row (9.2); `step` is the distance in bytes to the same sample of the pixel before. */
function unfilter(rows: Uint8Array, stride: number, height: number, step: number): Uint8Array {
  const out = new Uint8Array(stride * height)
  for (let y = 0; y < height; y += 1) {
    const from = y * (stride + 1)
    const to = y * stride
    const filter = rows[from] ?? 0
    if (filter > 4) throw unsupportedImage('a row of the PNG has an unknown filter')
    for (let i = 0; i < stride; i += 1) {
      const left = i >= step ? (out[to + i - step] ?? 0) : 0
      const above = y > 0 ? (out[to + i - stride] ?? 0) : 0
      const corner = y > 0 && i >= step ? (out[to + i - stride - step] ?? 0) : 0
      out[to + i] = (rows[from + 1 + i] ?? 0) + predicted(filter, left, above, corner)
    }
  }
  return out
}

function predicted(filter: number, left: number, above: number, corner: number): number {
  switch (filter) {
    case 1:
      return left
    case 2:
      return above
    case 3:
      return (left + above) >> 1
    case 4: {
      const [a, b, c] = [
        Math.abs(above - corner),
        Math.abs(left - corner),
        Math.abs(left + above - 2 * corner),
      ]
      return a <= b && a <= c ? left : b <= c ? above : corner
    }
    default:
      return 0
  }
}

/** Samples as bytes, and as they are in the file. */
function unpackSamples(rows: Uint8Array, { width, height, depth, channels }: PngHeader): Samples {
  if (depth === 8) return { values: rows, exact: rows }
  const count = width * height * channels
  const values = new Uint8Array(count)
  if (depth === 16) {
    const exact = new Uint16Array(count)
    for (let i = 0; i < count; i += 1) {
      values[i] = rows[i * 2] ?? 0
      exact[i] = ((rows[i * 2] ?? 0) << 8) | (rows[i * 2 + 1] ?? 0)
    }
    return { values, exact }
  }
  const exact = new Uint8Array(count)
  const perRow = width * channels
  const stride = Math.ceil((perRow * depth) / 8)
  const highest = (1 << depth) - 1
  for (let i = 0; i < count; i += 1) {
    const column = i % perRow
    const byte = rows[Math.floor(i / perRow) * stride + ((column * depth) >> 3)] ?? 0
    const value = (byte >> (8 - depth - ((column * depth) & 7))) & highest
    exact[i] = value
    values[i] = (value * 255) / highest
  }
  return { values, exact }
}
