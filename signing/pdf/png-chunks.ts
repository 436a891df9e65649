/** The chunks of a PNG (ISO/IEC 15948 clauses 5 and 11). */
import { crc32 } from 'node:zlib'
import { SigningError } from '../errors.ts'

/** Enough for a page scanned at 400 dpi; what a picture may take in memory follows from it. */
const mostPixels = 16_000_000

/** A fault of a picture. */
export function unsupportedImage(reason: string, cause?: unknown): SigningError {
  return new SigningError('IMAGE_UNSUPPORTED', { reason }, cause === undefined ? undefined : { cause })
}

const signature = Buffer.from('89504e470d0a1a0a', 'hex')

export function looksLikePng(bytes: Uint8Array): boolean {
  return Buffer.compare(bytes.subarray(0, 8), signature) === 0
}

export interface PngHeader {
  readonly width: number
  readonly height: number
  /** Bits a sample. */
  readonly depth: number
  /** 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGB and alpha. */
  readonly type: number
  readonly channels: number
  readonly interlaced: boolean
}

export interface PngChunks {
  readonly header: PngHeader
  readonly palette: Uint8Array
  readonly transparency: Buffer | undefined
  readonly data: readonly Uint8Array[]
}

/** Every chunk is checked by its CRC; chunks that say nothing about samples are passed over. */
export function readChunks(bytes: Uint8Array): PngChunks {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let header: PngHeader | undefined
  let palette = new Uint8Array(0)
  let transparency: Buffer | undefined
  const data: Uint8Array[] = []
  for (let at = 8; ; ) {
    if (at + 12 > buffer.length) throw unsupportedImage('the PNG ends too early')
    const length = buffer.readUInt32BE(at)
    const type = buffer.toString('latin1', at + 4, at + 8)
    const end = at + 8 + length
    if (end + 4 > buffer.length) throw unsupportedImage('the PNG ends too early')
    if (crc32(buffer.subarray(at + 4, end)) !== buffer.readUInt32BE(end))
      throw unsupportedImage(`the checksum of chunk ${JSON.stringify(type)} is wrong`)
    const content = buffer.subarray(at + 8, end)
    if (type === 'IHDR') header = readHeader(content)
    if (type === 'PLTE') palette = Uint8Array.from(content)
    if (type === 'tRNS') transparency = content
    if (type === 'IDAT') data.push(content)
    if (type === 'IEND') break
    at = end + 4
  }
  if (header === undefined) throw unsupportedImage('the PNG has no header')
  return { header, palette, transparency, data }
}

const channelsOfType: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }
const depthsOfType: Readonly<Record<number, readonly number[]>> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
}

function readHeader(content: Buffer): PngHeader {
  if (content.length !== 13) throw unsupportedImage('the header of the PNG is broken')
  const [width, height] = [content.readUInt32BE(0), content.readUInt32BE(4)]
  const [depth, type, compression, filter, interlace] = content.subarray(8)
  const channels = channelsOfType[type ?? -1]
  if (
    depth === undefined ||
    type === undefined ||
    channels === undefined ||
    !depthsOfType[type]?.includes(depth)
  )
    throw unsupportedImage('the PNG has a kind of colour that does not exist')
  if (compression !== 0 || filter !== 0) throw unsupportedImage('the PNG has an unknown compression')
  if (interlace !== 0 && interlace !== 1) throw unsupportedImage('the PNG has an unknown interlacing')
  if (width === 0 || height === 0 || width * height > mostPixels)
    throw unsupportedImage(`${width} × ${height} pixels are none or too many`)
  return { width, height, depth, type, channels, interlaced: interlace === 1 }
}
