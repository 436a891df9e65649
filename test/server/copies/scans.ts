/** Scans as a scanner writes them, and as it should not: one picture a page, drawn over the whole of it. */
import { degrees, PDFDict, PDFDocument, PDFName, PDFNumber } from 'pdf-lib'

export interface ScanPage {
  readonly dpi?: number
  readonly colour?: boolean
  readonly widthMm?: number
  readonly heightMm?: number
  /** Of each side of the page that the picture covers. */
  readonly share?: number
  /** The page is stored on its side and shown upright. */
  readonly turned?: boolean
  /** The picture is drawn by a form. */
  readonly inForm?: boolean
}

export interface ScanOptions extends ScanPage {
  readonly version?: string
  readonly pages?: readonly ScanPage[]
}

const mm = 72 / 25.4

export async function scan({ version = '1.7', pages, ...page }: ScanOptions = {}): Promise<Uint8Array> {
  const pdf = await PDFDocument.create()
  for (const one of pages ?? [page]) addPage(pdf, one)
  const bytes = await pdf.save({ useObjectStreams: version > '1.4' })
  bytes.set(Buffer.from(version), '%PDF-'.length)
  return bytes
}

function addPage(pdf: PDFDocument, options: ScanPage): void {
  const { dpi = 200, colour = true, widthMm = 210, heightMm = 297, share = 1, turned = false } = options
  const [width, height] = turned ? [heightMm * mm, widthMm * mm] : [widthMm * mm, heightMm * mm]
  const page = pdf.addPage([width, height])
  if (turned) page.setRotation(degrees(90))
  const pixels = [width * share, height * share].map((points) => Math.ceil((points / 72) * dpi))
  const [across = 1, down = 1] = pixels
  const image = pdf.context.flateStream(new Uint8Array(across * down * (colour ? 3 : 1)).fill(0xee), {
    Type: 'XObject',
    Subtype: 'Image',
    Width: across,
    Height: down,
    BitsPerComponent: 8,
    ColorSpace: colour ? 'DeviceRGB' : 'DeviceGray',
  })
  const reference = pdf.context.register(image)
  const draw = `q ${width * share} 0 0 ${height * share} 0 0 cm /Im0 Do Q`
  const resources = pdf.context.obj({ XObject: { Im0: reference } })
  if (options.inForm !== true) {
    page.node.set(PDFName.of('Resources'), resources)
    page.node.set(PDFName.of('Contents'), pdf.context.register(pdf.context.flateStream(draw)))
    return
  }
  const form = pdf.context.flateStream(draw, {
    Type: 'XObject',
    Subtype: 'Form',
    BBox: [0, 0, width, height].map((value) => PDFNumber.of(value)),
  })
  if (resources instanceof PDFDict) form.dict.set(PDFName.of('Resources'), resources)
  const outer = pdf.context.obj({ XObject: { Fm0: pdf.context.register(form) } })
  page.node.set(PDFName.of('Resources'), outer)
  // A picture inside the content, whose bytes look like an operator.
  const content = 'BI /W 1 /H 1 /BPC 8 /CS /G ID x/Im9 Do EI q 1 0 0 1 0 0 cm /Fm0 Do Q'
  page.node.set(PDFName.of('Contents'), pdf.context.register(pdf.context.flateStream(content)))
}
