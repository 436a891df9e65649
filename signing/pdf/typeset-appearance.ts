/** A signature's box with several texts, each in a size, face and place of its own, and perhaps a seal beside them. */
import { addAppearance } from './appearance.ts'
import type { RevisionWriter } from './append-writer.ts'
import { embedFont } from './embed-font.ts'
import { embedPixels } from './embed-image.ts'
import type { Rectangle } from './form.ts'
import type { Ink } from './ink.ts'
import { type PdfReference, pdfDict } from './objects.ts'
import type { Rotation } from './page-place.ts'
import { decimal, upright } from './upright.ts'

export interface TypesetText {
  readonly text: string
  readonly face: 'upright' | 'italic'
  /** In points. */
  readonly size: number
  /** Beginning of the baseline, in points from the lower left corner of the box as it is seen. */
  readonly left: number
  readonly baseline: number
}

/** TrueType fonts with all letters of the texts; their licence must permit embedding. */
export interface TypesetFonts {
  readonly upright: Uint8Array
  readonly italic: Uint8Array
}

/** Black texts; each is a text object of its own, so that whoever reads the box can tell them apart. */
export interface TypesetAppearance {
  readonly fonts: TypesetFonts
  readonly texts: readonly TypesetText[]
  readonly seal?: { readonly picture: Ink; readonly at: Rectangle }
}

/**
 * Adds the form XObject; the same appearance gives the same bytes.
 * @throws SigningError `PDF_TEXT_NOT_ENCODABLE`
 */
export function typesetAppearance(
  writer: RevisionWriter,
  box: Rectangle,
  rotation: Rotation,
  { fonts, texts, seal }: TypesetAppearance,
): PdfReference {
  const image = seal === undefined ? undefined : embedPixels(writer, seal.picture)
  const textsIn = (face: TypesetText['face']): string[] =>
    texts.filter((one) => one.face === face).map(({ text }) => text)
  const embed = (face: TypesetText['face']) =>
    textsIn(face).length === 0 ? undefined : embedFont(writer, fonts[face], textsIn(face))
  const faces = { upright: embed('upright'), italic: embed('italic') }
  const names = { upright: 'F0', italic: 'F1' } as const
  const content = [
    'q',
    ...upright(box, rotation),
    ...(seal === undefined ? [] : ['q', `${placed(seal.at)} cm`, '/Im0 Do', 'Q']),
    ...texts.flatMap(({ text, face, size, left, baseline }) => [
      'BT',
      '0 g',
      `/${names[face]} ${decimal(size)} Tf`,
      `${decimal(left)} ${decimal(baseline)} Td`,
      `${faces[face]?.encode(text) ?? '<>'} Tj`,
      'ET',
    ]),
    'Q',
    '',
  ].join('\n')
  const resources = pdfDict({
    Font: pdfDict({ F0: faces.upright?.reference, F1: faces.italic?.reference }),
    XObject: image === undefined ? undefined : pdfDict({ Im0: image.reference }),
  })
  return addAppearance(writer, box, resources, content)
}

function placed({ left, bottom, width, height }: Rectangle): string {
  return [width, 0, 0, height, left, bottom].map(decimal).join(' ')
}
