/** Reads a PNG (ISO/IEC 15948) into what PDF shows: samples of colour and, apart from them, of transparency. */
import { inflateSync } from 'node:zlib'
import { type PngHeader, readChunks, unsupportedImage } from './png-chunks.ts'
import { bytesOfImage, readSamples, type Samples } from './png-rows.ts'

export interface PngImage {
  readonly width: number
  readonly height: number
  readonly colors: 1 | 3
  /** 8 bits a sample, rows from the top. */
  readonly samples: Uint8Array
  /** One byte a pixel, 255 is opaque; undefined where every pixel is. */
  readonly alpha: Uint8Array | undefined
}

/** @throws SigningError `IMAGE_UNSUPPORTED` */
export function readPng(bytes: Uint8Array): PngImage {
  const { header, palette, transparency, data } = readChunks(bytes)
  const { width, height, type } = header
  const samples = readSamples(inflate(data, bytesOfImage(header)), header)
  if (type === 3) return fromPalette(header, samples, palette, transparency)
  const colors = type === 0 || type === 4 ? 1 : 3
  if (type === 0 || type === 2) {
    const alpha = colorKey(samples.exact, header, transparency)
    return { width, height, colors, samples: samples.values, alpha }
  }
  return { width, height, colors, ...splitAlpha(samples.values, colors) }
}

/** Exactly the bytes that the header announces: a longer stream is not unpacked. */
function inflate(data: readonly Uint8Array[], size: number): Uint8Array {
  let rows: Uint8Array
  try {
    rows = inflateSync(Buffer.concat(data), { maxOutputLength: size })
  } catch (cause) {
    throw unsupportedImage('the data of the PNG cannot be unpacked', cause)
  }
  if (rows.length !== size) throw unsupportedImage('the PNG has too little data')
  return rows
}

function fromPalette(
  { width, height }: PngHeader,
  { exact }: Samples,
  palette: Uint8Array,
  transparency: Uint8Array | undefined,
): PngImage {
  const samples = new Uint8Array(width * height * 3)
  const alpha = transparency === undefined ? undefined : new Uint8Array(width * height)
  for (let pixel = 0; pixel < width * height; pixel += 1) {
    const index = exact[pixel] ?? 0
    if (index * 3 + 3 > palette.length) throw unsupportedImage('a pixel has a colour that the palette lacks')
    samples.set(palette.subarray(index * 3, index * 3 + 3), pixel * 3)
    if (alpha !== undefined) alpha[pixel] = transparency?.[index] ?? 255
  }
  return { width, height, colors: 3, samples, alpha }
}

/** One colour of a picture without alpha may stand for what is transparent (11.3.2.1). */
function colorKey(
  exact: Uint8Array | Uint16Array,
  { width, height, channels }: PngHeader,
  transparency: Buffer | undefined,
): Uint8Array | undefined {
  if (transparency === undefined) return undefined
  if (transparency.length !== channels * 2)
    throw unsupportedImage('the transparent colour of the PNG is broken')
  const key = Array.from({ length: channels }, (_, i) => transparency.readUInt16BE(i * 2))
  const alpha = new Uint8Array(width * height).fill(255)
  for (let pixel = 0; pixel < alpha.length; pixel += 1) {
    if (key.every((value, i) => exact[pixel * channels + i] === value)) alpha[pixel] = 0
  }
  return alpha
}

function splitAlpha(
  values: Uint8Array,
  colors: 1 | 3,
): { readonly samples: Uint8Array; readonly alpha: Uint8Array | undefined } {
  const pixels = values.length / (colors + 1)
  const samples = new Uint8Array(pixels * colors)
  const alpha = new Uint8Array(pixels)
  let opaque = true
  for (let pixel = 0, from = 0, to = 0; pixel < pixels; pixel += 1) {
    for (let i = 0; i < colors; i += 1) samples[to++] = values[from++] ?? 0
    const value = values[from++] ?? 0
    alpha[pixel] = value
    opaque &&= value === 255
  }
  return { samples, alpha: opaque ? undefined : alpha }
}
