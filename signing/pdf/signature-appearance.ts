/**
 * What a visible signature shows inside its box: a picture, lines of text, or both. Everything is drawn inside the
 * form's own box and without a matrix of the form, so that nothing can reach the page around it; on a turned page the
 * content is turned the other way and stands upright.
 */
import { addAppearance, padding, signatureText, type TextAlignment } from './appearance.ts'
import type { RevisionWriter } from './append-writer.ts'
import { embedFont } from './embed-font.ts'
import { type EmbeddedImage, embedImage, embedPixels } from './embed-image.ts'
import type { Rectangle } from './form.ts'
import { type InkColour, readInk } from './ink.ts'
import { type PdfReference, pdfDict } from './objects.ts'
import type { Rotation } from './page-place.ts'
import { type TypesetAppearance, typesetAppearance } from './typeset-appearance.ts'
import { decimal, seenSize, upright } from './upright.ts'

export interface TextAppearance {
  /** A TrueType font with all letters of the lines; its licence must permit embedding. */
  readonly fontBytes: Uint8Array
  readonly lines: readonly string[]
  /** Largest font size in points; smaller where the box asks for it. Default 10, as NĐ 30/2020/NĐ-CP wants. */
  readonly fontSize?: number
  /** Default black. */
  readonly colour?: 'black' | InkColour
  /** Default left. */
  readonly align?: TextAlignment
}

export interface ImageAppearance {
  /** PNG (with transparency) or JPEG; shown as large as the room allows, its proportions kept, in the middle. */
  readonly image: Uint8Array
  /** Where the picture stands to the text: left of it (default), above it, or behind it over the whole box. */
  readonly arrangement?: 'beside' | 'above' | 'behind'
}

/** A picture of a handwritten signature or of a seal, as NĐ 30/2020 Phụ lục I, Phần I, II.7d and II.8a want them. */
export interface InkAppearance {
  /** PNG with a transparent ground; its transparent margins are cut off. */
  readonly ink: Uint8Array
  readonly colour: InkColour
  /**
   * Where in the box the ink stands, in points from the lower left corner as it is seen; default as large as the box
   * allows, its proportions kept, in the middle.
   */
  readonly at?: Rectangle
}

/** What a visible signature shows. The page around its box is never touched. */
export type SignatureAppearance =
  | InkAppearance
  | TypesetAppearance
  | TextAppearance
  | ImageAppearance
  | (TextAppearance & ImageAppearance)

/** The share of the box that a picture beside or above text takes at most. */
const imageShare = 0.4

/**
 * Adds the form XObject.
 *
 * @param box the widget's, in default user space
 * @param rotation of the page
 * @throws SigningError `PDF_TEXT_NOT_ENCODABLE`, `IMAGE_UNSUPPORTED`, `APPEARANCE_NOT_TRANSPARENT`,
 *   `APPEARANCE_COLOUR_WRONG`
 */
export function signatureAppearance(
  writer: RevisionWriter,
  box: Rectangle,
  rotation: Rotation,
  appearance: SignatureAppearance,
): PdfReference {
  if ('ink' in appearance) return inkAppearance(writer, box, rotation, appearance)
  if ('texts' in appearance) return typesetAppearance(writer, box, rotation, appearance)
  const turned = rotation === 90 || rotation === 270
  const whole = area(0, 0, turned ? box.height : box.width, turned ? box.width : box.height)
  const image = 'image' in appearance ? embedImage(writer, appearance.image) : undefined
  const text = 'lines' in appearance && appearance.lines.length > 0 ? appearance : undefined
  const font = text === undefined ? undefined : embedFont(writer, text.fontBytes, text.lines)
  const arrangement = ('arrangement' in appearance ? appearance.arrangement : undefined) ?? 'beside'
  const both = image !== undefined && text !== undefined
  const [imageArea, textArea] = both ? divide(whole, arrangement, image) : [whole, whole]
  const content = [
    'q',
    ...upright(box, rotation),
    ...(image === undefined ? [] : drawImage(image, imageArea)),
    ...(font === undefined || text === undefined
      ? []
      : signatureText(textArea, text.lines, font, {
          size: text.fontSize ?? 10,
          color: operators[text.colour ?? 'black'],
          align: text.align ?? 'left',
          inTheMiddle: image !== undefined || text.align === 'centre',
        })),
    'Q',
    '',
  ].join('\n')
  const resources = pdfDict({
    Font: font === undefined ? undefined : pdfDict({ F0: font.reference }),
    XObject: image === undefined ? undefined : pdfDict({ Im0: image.reference }),
  })
  return addAppearance(writer, box, resources, content)
}

const operators = { black: '0 g', blue: '0 0.2 0.7 rg', red: '0.85 0 0 rg' } as const

function inkAppearance(
  writer: RevisionWriter,
  box: Rectangle,
  rotation: Rotation,
  { ink, colour, at }: InkAppearance,
): PdfReference {
  const picture = readInk(ink, colour)
  const image = embedPixels(writer, picture)
  const seen = seenSize(box, rotation)
  const { left, bottom, width, height } = at ?? fitted(picture, seen)
  const matrix = [width, 0, 0, height, left, bottom].map(decimal).join(' ')
  const content = ['q', ...upright(box, rotation), 'q', `${matrix} cm`, '/Im0 Do', 'Q', 'Q', ''].join('\n')
  return addAppearance(writer, box, pdfDict({ XObject: pdfDict({ Im0: image.reference }) }), content)
}

/** The largest box of a picture's proportions in the middle of another one. */
export function fitted(
  picture: { readonly width: number; readonly height: number },
  room: { readonly width: number; readonly height: number },
): Rectangle {
  const scale = Math.min(room.width / picture.width, room.height / picture.height)
  const [width, height] = [picture.width * scale, picture.height * scale]
  return area((room.width - width) / 2, (room.height - height) / 2, width, height)
}

function area(left: number, bottom: number, width: number, height: number): Rectangle {
  return { left, bottom, width, height }
}

/** The parts of the box for picture and text; the picture takes no more room than it fills. */
function divide(
  whole: Rectangle,
  arrangement: 'beside' | 'above' | 'behind',
  image: EmbeddedImage,
): readonly [image: Rectangle, text: Rectangle] {
  const { width, height } = whole
  if (arrangement === 'behind') return [whole, whole]
  if (arrangement === 'beside') {
    const share = Math.min(width * imageShare, (height * image.width) / image.height)
    return [area(0, 0, share, height), area(share, 0, width - share, height)]
  }
  const share = Math.min(height * imageShare, (width * image.height) / image.width)
  return [area(0, height - share, width, share), area(0, 0, width, height - share)]
}

function drawImage({ width, height }: EmbeddedImage, room: Rectangle): string[] {
  // A box too small for any margin shows the picture to its edges.
  const margin = Math.min(padding, room.width / 4, room.height / 4)
  const scale = Math.min((room.width - 2 * margin) / width, (room.height - 2 * margin) / height)
  const [w, h] = [width * scale, height * scale]
  const x = room.left + (room.width - w) / 2
  const y = room.bottom + (room.height - h) / 2
  return ['q', `${decimal(w)} 0 0 ${decimal(h)} ${decimal(x)} ${decimal(y)} cm`, '/Im0 Do', 'Q']
}
