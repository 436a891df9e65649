/** A document with fields of every kind, as other programs make them, and what is done to it. */
import {
  isReference,
  type PdfDict,
  type PdfReference,
  type PdfValue,
  pdfArray,
  pdfDict,
  pdfName,
  pdfText,
} from '../../../signing/pdf/objects.ts'
import { type Forgery, forge } from './forge.ts'
import { smallPdf } from './small-pdf.ts'

export interface FormOptions {
  /** Entries of the text field `note` and its widget. */
  readonly note?: Record<string, PdfValue>
  readonly form?: Record<string, PdfValue>
  /** Done to the document before anything is signed. */
  readonly before?: (forgery: Forgery) => void
}

export const noteBox = [20, 100, 120, 116]

const helvetica = pdfDict({
  Type: pdfName('Font'),
  Subtype: pdfName('Type1'),
  BaseFont: pdfName('Helvetica'),
  Encoding: pdfName('WinAnsiEncoding'),
})

/** Fields `note` and `other` (text), `choice`, `check`, `radio`, `Sig1` (visible) and `Sig2`, unsigned. */
export async function ordinaryForm(options: FormOptions = {}): Promise<Uint8Array> {
  return forge(await smallPdf({ fields: false }), (forgery) => {
    options.before?.(forgery)
    const { writer, page, root, change } = forgery
    const font = writer.add(helvetica)
    const widget = (
      name: string,
      type: string,
      rect: readonly number[],
      more: Record<string, PdfValue> = {},
    ) =>
      writer.add(
        pdfDict({
          Type: pdfName('Annot'),
          Subtype: pdfName('Widget'),
          FT: pdfName(type),
          T: pdfText(name),
          Rect: pdfArray([...rect]),
          P: page.reference,
          F: 4,
          DA: pdfText('/Helv 10 Tf 0 g'),
          ...more,
        }),
      )
    const state = (content: string) => writer.addStream(boxOf([0, 0, 12, 12]), Buffer.from(content))
    const states = (on: string) => ({
      AP: pdfDict({ N: pdfDict({ [on]: state('0 0 12 12 re f'), Off: state('0 0 12 12 re S') }) }),
      AS: pdfName('Off'),
    })
    const radio = writer.allocate()
    const buttons = ['one', 'two'].map((on, i) =>
      writer.add(
        pdfDict({
          Type: pdfName('Annot'),
          Subtype: pdfName('Widget'),
          Parent: radio,
          Rect: pdfArray([200 + 20 * i, 60, 212 + 20 * i, 72]),
          ...states(on),
        }),
      ),
    )
    writer.set(
      radio,
      pdfDict({ FT: pdfName('Btn'), Ff: 1 << 15, T: pdfText('radio'), Kids: pdfArray(buttons) }),
    )
    const options_ = pdfArray([
      pdfArray([pdfText('a'), pdfText('Alpha')]),
      pdfArray([pdfText('b'), pdfText('Beta')]),
    ])
    const fields = [
      widget('note', 'Tx', noteBox, options.note),
      widget('other', 'Tx', [20, 120, 120, 136]),
      widget('choice', 'Ch', [130, 100, 190, 116], { Ff: 1 << 17, Opt: options_ }),
      widget('check', 'Btn', [200, 100, 212, 112], states('Yes')),
      widget('Sig1', 'Sig', [20, 10, 120, 50], { DA: null }),
      widget('Sig2', 'Sig', [150, 10, 250, 50], { DA: null }),
    ]
    change(page.reference, { Annots: pdfArray([...fields, ...buttons]) })
    const resources = pdfDict({ Font: pdfDict({ Helv: font }) })
    const acroForm = writer.add(
      pdfDict({
        Fields: pdfArray([...fields, radio]),
        DR: resources,
        DA: pdfText('/Helv 0 Tf 0 g'),
        ...options.form,
      }),
    )
    change(root, { AcroForm: acroForm })
  })
}

export function boxOf(box: readonly number[], resources?: PdfValue): PdfDict {
  return pdfDict({
    Type: pdfName('XObject'),
    Subtype: pdfName('Form'),
    BBox: pdfArray([...box]),
    ...(resources === undefined ? {} : { Resources: resources }),
  })
}

/** The font of the form, as its own object. */
export function formFont({ snapshot }: Forgery): PdfReference {
  const form = snapshot.dictEntry(snapshot.catalog, 'AcroForm')
  const resources = form === undefined ? undefined : snapshot.dictEntry(form, 'DR')
  const fonts = resources === undefined ? undefined : snapshot.dictEntry(resources, 'Font')
  const font = fonts?.entries.get('Helv')
  if (!isReference(font)) throw new Error('no font')
  return font
}

/** A new appearance that shows a text in the form's font, or in another one. */
export function textAppearance(forgery: Forgery, text: string, font: PdfValue = formFont(forgery)): PdfDict {
  const resources = pdfDict({ Font: pdfDict({ Helv: font }) })
  const content = `/Tx BMC q BT /Helv 10 Tf 2 4 Td (${text}) Tj ET Q EMC`
  return pdfDict({
    N: forgery.writer.addStream(boxOf([0, 0, 100, 16], resources), Buffer.from(content, 'latin1')),
  })
}

export function fillNote(forgery: Forgery, value: string, shown = value): void {
  forgery.change(forgery.field('note').reference, { V: pdfText(value), AP: textAppearance(forgery, shown) })
}
