/** What PDF must know of a JPEG (ITU-T T.81) to show its bytes as they are. */
import { unsupportedImage } from './png-chunks.ts'

export interface JpegHeader {
  readonly width: number
  readonly height: number
  readonly components: 1 | 3 | 4
  /** Adobe's four-colour pictures are stored inverted. */
  readonly inverted: boolean
}

export function looksLikeJpeg(bytes: Uint8Array): boolean {
  return bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff
}

/** Baseline, extended and progressive frames, which `DCTDecode` knows (ISO 32000-2, 7.4.8). */
const frames: ReadonlySet<number> = new Set([0xc0, 0xc1, 0xc2])

/** @throws SigningError `IMAGE_UNSUPPORTED` */
export function readJpegHeader(bytes: Uint8Array): JpegHeader {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let inverted = false
  for (let at = 2; ; ) {
    if (at + 4 > buffer.length || buffer[at] !== 0xff) throw unsupportedImage('the JPEG has no frame')
    const marker = buffer[at + 1] ?? 0
    if (marker === 0xff) {
      at += 1
      continue
    }
    const length = buffer.readUInt16BE(at + 2)
    const content = buffer.subarray(at + 4, at + 2 + length)
    if (length < 2 || at + 2 + length > buffer.length) throw unsupportedImage('the JPEG ends too early')
    if (marker === 0xee && content.toString('latin1', 0, 5) === 'Adobe') inverted = true
    if (frames.has(marker)) return readFrame(content, inverted)
    // A scan before any frame, the end of the picture, or a kind of frame that no reader of PDF knows.
    const otherFrame = marker >= 0xc3 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)
    if (marker === 0xda || marker === 0xd9 || otherFrame)
      throw unsupportedImage('the JPEG is of a kind that PDF does not know')
    at += 2 + length
  }
}

function readFrame(content: Buffer, inverted: boolean): JpegHeader {
  if (content.length < 6 || content[0] !== 8) throw unsupportedImage('the JPEG does not have 8 bits a sample')
  const [height, width, components] = [content.readUInt16BE(1), content.readUInt16BE(3), content[5]]
  if (width === 0 || height === 0) throw unsupportedImage('the JPEG has no size')
  if (components !== 1 && components !== 3 && components !== 4)
    throw unsupportedImage('the JPEG has an unknown number of colours')
  return { width, height, components, inverted: inverted && components === 4 }
}
