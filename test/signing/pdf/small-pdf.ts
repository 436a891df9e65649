/** Small PDFs for tests, made by pdf-lib: an independent writer of what our reader reads. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { PDFDict, PDFDocument, PDFHexString, PDFName, type PDFRef, PDFString, StandardFonts } from 'pdf-lib'
import { letterFields } from '../../../signing/pdf/letter-fields.ts'

const require = createRequire(import.meta.url)

/** Tinos Regular, for fills and appearances. */
export const fontBytes: Uint8Array = readFileSync(
  require.resolve('@expo-google-fonts/tinos/400Regular/Tinos_400Regular.ttf'),
)

export interface SmallPdfOptions {
  /** Cross-reference and object streams instead of a table. */
  readonly objectStreams?: boolean
  /** The four fields of a letter; without them the document has no form. */
  readonly fields?: boolean
  readonly pages?: number
  /** The agency's field has a signature dictionary of pdf-lib's, which covers nothing. */
  readonly hollowSignature?: boolean
}

const identifier = PDFHexString.of('00112233445566778899aabbccddeeff')

export async function smallPdf(options: SmallPdfOptions = {}): Promise<Uint8Array> {
  const pdf = await PDFDocument.create({ updateMetadata: false })
  pdf.setTitle('Văn bản nhỏ')
  const font = await pdf.embedFont(StandardFonts.Helvetica)
  for (let i = 0; i < (options.pages ?? 1); i += 1) {
    pdf.addPage([300, 200]).drawText(`Pay 100 to A, page ${i + 1}`, { x: 20, y: 150, size: 12, font })
  }
  if (options.fields !== false) addFields(pdf, options.hollowSignature === true)
  pdf.context.trailerInfo.ID = pdf.context.obj([identifier, identifier])
  return pdf.save({
    useObjectStreams: options.objectStreams === true,
    addDefaultPage: false,
    updateFieldAppearances: false,
  })
}

function addFields(pdf: PDFDocument, hollowSignature: boolean): void {
  const { context } = pdf
  const page = pdf.getPage(0)
  const root = context.nextRef()
  const signature = context.nextRef()
  const field = (parent: PDFRef, name: string, type: string, rect: number[]): PDFRef =>
    context.register(
      context.obj({
        Type: 'Annot',
        Subtype: 'Widget',
        FT: type,
        T: PDFString.of(name.slice(name.lastIndexOf('.') + 1)),
        Parent: parent,
        Rect: rect,
        P: page.ref,
        F: 4,
        ...(type === 'Tx' ? { DA: PDFString.of('/Helv 10 Tf 0 g') } : {}),
      }),
    )
  const texts = [
    field(root, letterFields.number, 'Tx', [20, 100, 80, 116]),
    field(root, letterFields.date, 'Tx', [90, 100, 240, 116]),
  ]
  const signatures = [
    field(signature, letterFields.individualSignature, 'Sig', [20, 20, 140, 80]),
    field(signature, letterFields.agencySignature, 'Sig', [0, 0, 0, 0]),
  ]
  if (hollowSignature) {
    const entries = { SubFilter: 'ETSI.CAdES.detached', ByteRange: [0, 10, 20, 30] }
    const dict = context.obj({ ...entries, Contents: PDFHexString.of('3003020105') })
    const field = context.lookup(signatures[1], PDFDict)
    field.set(PDFName.of('V'), context.register(dict))
  }
  context.assign(signature, context.obj({ T: PDFString.of('signature'), Parent: root, Kids: signatures }))
  context.assign(root, context.obj({ T: PDFString.of('congvan'), Kids: [...texts, signature] }))
  page.node.set(PDFName.of('Annots'), context.obj([...texts, ...signatures]))
  pdf.catalog.set(PDFName.of('AcroForm'), context.register(context.obj({ Fields: [root], SigFlags: 3 })))
}

/** What stands in a file as text, for looking at it. */
export function asText(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1')
}

/** The bytes with one part replaced by another of the same length. */
export function replaced(bytes: Uint8Array, part: string, by: string): Uint8Array {
  const at = Buffer.from(bytes).lastIndexOf(part, undefined, 'latin1')
  if (at < 0 || part.length !== by.length) throw new Error(`cannot replace "${part}"`)
  const copy = Uint8Array.from(bytes)
  copy.set(Buffer.from(by, 'latin1'), at)
  return copy
}
