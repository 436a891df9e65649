/**
 * What widgets show (ISO 32000-2, 12.5.5): the text of a filled field and the lines in a signature's box. An appearance
 * is clipped to its widget, so nothing of it can reach the page around.
 */
import { SigningError } from '../errors.ts'
import type { RevisionWriter } from './append-writer.ts'
import type { EmbeddedFont } from './embed-font.ts'
import type { Rectangle } from './form.ts'
import {
  isString,
  type PdfDict,
  type PdfReference,
  type PdfValue,
  pdfArray,
  pdfDict,
  pdfName,
  textOf,
} from './objects.ts'
import type { Rotation } from './page-place.ts'
import { decimal, seenSize, upright } from './upright.ts'

/** Room left and right of a text inside its field, in points, as viewers leave it. */
export const padding = 2

export interface TextStyle {
  /** In points. */
  readonly size: number
  /** A colour operator with its operands, such as `0 g`. */
  readonly color: string
}

/** Size and colour out of a default appearance string (12.7.4.3); what else stands in it is not taken over. */
export function textStyleOf(defaultAppearance: PdfValue): TextStyle {
  const text = isString(defaultAppearance) ? textOf(defaultAppearance).slice(0, 256) : ''
  const size = Number(/(?:^|\s)(\d+(?:\.\d+)?)\s+Tf(?:\s|$)/.exec(text)?.[1] ?? 0)
  const number = String.raw`\d*\.?\d+`
  const color = new RegExp(
    String.raw`(?:^|\s)(${number}\s+g|(?:${number}\s+){3}rg|(?:${number}\s+){4}k)(?:\s|$)`,
  ).exec(text)?.[1]
  return { size: size > 0 ? size : 12, color: color ?? '0 g' }
}

/** 0 left, 1 centred, 2 right, as in a field's `/Q`. */
export type Quadding = 0 | 1 | 2

export interface LineOfText {
  readonly field: string
  readonly text: string
  readonly font: EmbeddedFont
  readonly style: TextStyle
  readonly quadding: Quadding
}

/**
 * The appearance of a one-line text field, upright on a page shown turned. In a box just high enough for a line the text stands on the bottom, its
 * descenders inside, so that it shares the baseline of the printed line around it; in a higher box it is centred.
 *
 * @throws SigningError `PDF_TEXT_TOO_WIDE` when the text would be cut off
 */
export function textFieldAppearance(
  writer: RevisionWriter,
  box: Rectangle,
  rotation: Rotation,
  line: LineOfText,
): PdfReference {
  const { font, style, text } = line
  const seen = seenSize(box, rotation)
  const width = font.width(text, style.size)
  const room = seen.width - 2 * padding
  // The padding is a courtesy; only what would leave the box is refused.
  if (width > seen.width - padding) throw new SigningError('PDF_TEXT_TOO_WIDE', { field: line.field, text })
  const x = padding + (room - width) * (line.quadding / 2)
  const lineHeight = (font.ascent + font.descent) * style.size
  const spare = Math.max(0, seen.height - lineHeight)
  const y = font.descent * style.size + (spare > lineHeight / 4 ? spare / 2 : 0)
  const content = [
    '/Tx BMC',
    'q',
    ...upright(box, rotation),
    'BT',
    style.color,
    `/F0 ${decimal(style.size)} Tf`,
    `${decimal(x)} ${decimal(y)} Td`,
    `${font.encode(text)} Tj`,
    'ET',
    'Q',
    'EMC',
    '',
  ].join('\n')
  return addAppearance(writer, box, pdfDict({ Font: pdfDict({ F0: font.reference }) }), content)
}

export type TextAlignment = 'left' | 'centre' | 'right'

/** How lines of text stand in their room. */
interface BlockStyle {
  /** The largest, in points. */
  readonly size: number
  /** A colour operator with its operands. */
  readonly color: string
  readonly align: TextAlignment
  /** In the middle of the height, not from the top. */
  readonly inTheMiddle: boolean
}

/**
 * Lines of text in the largest size up to `size` at which all fit: from the top, or in the middle of the height.
 * @returns operators for a content stream that has the font as `F0`
 */
export function signatureText(
  room: Rectangle,
  lines: readonly string[],
  font: EmbeddedFont,
  { size, color, align, inTheMiddle }: BlockStyle,
): string[] {
  const leading = font.ascent + font.descent
  const widest = Math.max(...lines.map((line) => font.width(line, 1)), 0)
  const fitting = Math.min(
    size,
    (room.height - 2 * padding) / (leading * Math.max(1, lines.length)),
    widest === 0 ? size : (room.width - 2 * padding) / widest,
  )
  const used = Math.max(0.1, Math.floor(fitting * 100) / 100)
  const spare = inTheMiddle ? Math.max(0, room.height - leading * used * lines.length) / 2 : padding
  const top = room.bottom + room.height - spare - font.ascent * used
  const share = { left: 0, centre: 1 / 2, right: 1 }[align]
  const indents = lines.map(
    (line) => padding + Math.max(0, room.width - 2 * padding - font.width(line, used)) * share,
  )
  return [
    'BT',
    color,
    `/F0 ${decimal(used)} Tf`,
    ...lines.flatMap((line, i) => {
      const x = (indents[i] ?? 0) - (indents[i - 1] ?? -room.left)
      const y = i === 0 ? top : -leading * used
      return [`${decimal(x)} ${decimal(y)} Td`, `${font.encode(line)} Tj`]
    }),
    'ET',
  ]
}

/** An appearance that shows nothing. */
export function emptyAppearance(writer: RevisionWriter, box: Rectangle): PdfReference {
  return writer.addStream(formDict(box, pdfDict({})), new Uint8Array(0))
}

/** Adds a form XObject whose box is that of a widget of this size. */
export function addAppearance(
  writer: RevisionWriter,
  box: Rectangle,
  resources: PdfDict,
  content: string,
): PdfReference {
  return writer.addStream(formDict(box, resources), Buffer.from(content, 'latin1'))
}

function formDict(box: Rectangle, resources: PdfDict): PdfDict {
  return pdfDict({
    Type: pdfName('XObject'),
    Subtype: pdfName('Form'),
    BBox: pdfArray([0, 0, round(box.width), round(box.height)]),
    Resources: resources,
  })
}

/** A thousandth of a point is finer than any printer. */
function round(value: number): number {
  return Math.round(value * 1000) / 1000
}
