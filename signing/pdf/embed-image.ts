/** A picture in a new revision: an image XObject (ISO 32000-2, 8.9.5), its transparency as a soft mask (11.6.5.2). */
import { deflateSync } from 'node:zlib'
import type { RevisionWriter } from './append-writer.ts'
import { looksLikeJpeg, readJpegHeader } from './jpeg.ts'
import { type PdfReference, type PdfValue, pdfArray, pdfDict, pdfName } from './objects.ts'
import { type PngImage, readPng } from './png.ts'
import { looksLikePng, unsupportedImage } from './png-chunks.ts'

export interface EmbeddedImage {
  readonly reference: PdfReference
  /** In pixels. */
  readonly width: number
  readonly height: number
}

/** Longest picture in bytes. */
const mostBytes = 16 * 1024 * 1024

/**
 * Adds the picture to the revision. The bytes of a JPEG are taken as they are; a PNG is unpacked, since PDF keeps
 * colour and transparency apart.
 *
 * @throws SigningError `IMAGE_UNSUPPORTED` for what is neither, is broken or too large
 */
export function embedImage(writer: RevisionWriter, bytes: Uint8Array): EmbeddedImage {
  if (bytes.length > mostBytes) throw unsupportedImage(`it is longer than ${mostBytes} bytes`)
  if (looksLikePng(bytes)) return embedPng(writer, bytes)
  if (looksLikeJpeg(bytes)) return embedJpeg(writer, bytes)
  throw unsupportedImage('it is neither PNG nor JPEG')
}

function embedPng(writer: RevisionWriter, bytes: Uint8Array): EmbeddedImage {
  return embedPixels(writer, readPng(bytes))
}

/** Adds a picture that was read already. */
export function embedPixels(
  writer: RevisionWriter,
  { width, height, colors, samples, alpha }: PngImage,
): EmbeddedImage {
  const add = (colorSpace: string, data: Uint8Array, mask?: PdfReference): PdfReference => {
    const filter = { Filter: pdfName('FlateDecode') }
    return writer.addStream(
      imageDict(width, height, colorSpace, { ...filter, SMask: mask }),
      deflateSync(data),
    )
  }
  const mask = alpha === undefined ? undefined : add('DeviceGray', alpha)
  return { reference: add(colors === 1 ? 'DeviceGray' : 'DeviceRGB', samples, mask), width, height }
}

function embedJpeg(writer: RevisionWriter, bytes: Uint8Array): EmbeddedImage {
  const { width, height, components, inverted } = readJpegHeader(bytes)
  const colorSpace = { 1: 'DeviceGray', 3: 'DeviceRGB', 4: 'DeviceCMYK' }[components]
  const dict = imageDict(width, height, colorSpace, {
    Filter: pdfName('DCTDecode'),
    Decode: inverted ? pdfArray([1, 0, 1, 0, 1, 0, 1, 0]) : undefined,
  })
  return { reference: writer.addStream(dict, bytes), width, height }
}

function imageDict(
  width: number,
  height: number,
  colorSpace: string,
  entries: Readonly<Record<string, PdfValue | undefined>>,
) {
  return pdfDict({
    Type: pdfName('XObject'),
    Subtype: pdfName('Image'),
    Width: width,
    Height: height,
    ColorSpace: pdfName(colorSpace),
    BitsPerComponent: 8,
    ...entries,
  })
}
