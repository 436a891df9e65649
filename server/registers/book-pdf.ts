/**
 * A book as PDF, A4 landscape: cover, first page, then the table with its headings on every page (NĐ 30/2020 Phụ lục
 * IV; arts 16.2b, 22.3b). It is written while the entries are read, page by page, whatever the length of the book.
 */
import { once } from 'node:events'
import { PassThrough, type Readable } from 'node:stream'
import PDFDocument from 'pdfkit'
import { bookTitles, type Entry, extentLines, printedDay } from './book.ts'
import type { BookContent, Section } from './book-content.ts'
import { type Glyphs, openGlyphs } from './pdf-glyphs.ts'
import { type Measure, wrapText } from './table-text.ts'

/** Faces metric-compatible with Times New Roman, as TrueType files. */
export interface BookFonts {
  readonly regular: Uint8Array
  readonly bold: Uint8Array
}

const MARGIN = { left: 57, right: 40, top: 45, bottom: 45 }
const SIZE = 9
const LINE = 11.5
const PADDING = 3

/** @returns the bytes of the PDF as they are made; an error on the way ends the stream with it */
export function bookPdf(content: BookContent, fonts: BookFonts): Readable {
  const out = new PassThrough()
  writeBook(content, fonts, out).catch((error: unknown) => {
    out.destroy(error instanceof Error ? error : new Error(String(error)))
  })
  return out
}

async function writeBook(content: BookContent, fonts: BookFonts, out: PassThrough): Promise<void> {
  const doc = new PDFDocument({
    size: 'A4',
    layout: 'landscape',
    margins: { top: 0, bottom: 0, left: 0, right: 0 },
    pdfVersion: '1.7',
    lang: 'vi',
    font: '',
    info: { Title: `${bookTitles[content.book]} NĂM ${content.year}`, Author: content.agencyName },
    autoFirstPage: false,
  } as PDFKit.PDFDocumentOptions)
  doc.registerFont('regular', Buffer.from(fonts.regular))
  doc.registerFont('bold', Buffer.from(fonts.bold))
  let full = false
  doc.on('data', (chunk: Buffer) => {
    full = !out.write(chunk)
  })
  doc.on('end', () => out.end())
  const sheets = new Sheets(doc, content)
  sheets.cover()
  sheets.firstPage()
  for (const section of content.sections) {
    sheets.beginTable(section)
    for await (const piece of section.pieces()) {
      for (const entry of piece) sheets.row(entry)
      if (out.destroyed) return
      // Whoever reads decides the pace; between the pieces others have their turn.
      if (full) await once(out, 'drain')
      else await new Promise((resolve) => setImmediate(resolve))
    }
    sheets.endTable()
  }
  doc.end()
}

/** The pages as they are laid out, one after the other. */
class Sheets {
  private readonly doc: PDFKit.PDFDocument
  private readonly content: BookContent
  private readonly widths: readonly number[]
  private readonly regular: Glyphs
  private readonly bold: Glyphs
  private readonly headings: readonly string[][]
  private page = 0
  private y = 0
  private section: Section | undefined

  constructor(doc: PDFKit.PDFDocument, content: BookContent) {
    this.doc = doc
    this.content = content
    const total = content.columns.reduce((sum, one) => sum + one.width, 0)
    const usable = 841.89 - MARGIN.left - MARGIN.right
    this.widths = content.columns.map((one) => (one.width / total) * usable)
    this.regular = openGlyphs(doc, 'regular', SIZE)
    this.bold = openGlyphs(doc, 'bold', SIZE)
    this.headings = content.columns.map((one, index) =>
      wrapText(one.heading.normalize('NFC'), this.inner(index), this.bold.measure),
    )
  }

  /** Bìa. */
  cover(): void {
    this.newPage()
    this.frame()
    this.titles(this.content)
  }

  /** Trang đầu: the same, and what the book holds. */
  firstPage(): void {
    this.newPage()
    const { sections, closedOn } = this.content
    this.titles(this.content)
    const entries = sections.reduce((sum, one) => sum + one.entries, 0)
    const closing = closedOn === null ? 'Sổ chưa đóng' : `Đóng sổ ngày ${printedDay(closedOn)}`
    this.centred(`Tổng số ${entries} dòng đăng ký. ${closing}.`, 'regular', 13, 430)
  }

  beginTable(section: Section): void {
    this.section = section
    this.tablePage()
  }

  row(entry: Entry): void {
    const cells = this.content.columns.map((one, index) =>
      wrapText(one.cell(entry).normalize('NFC'), this.inner(index), this.regular.measure),
    )
    const lines = Math.max(1, ...cells.map((one) => one.length))
    if (this.y + rowHeight(lines) > this.bottom() && lines <= this.linesOfPage()) this.tablePage()
    // A line that is longer than a page (a hundred recipients) goes on on the next.
    for (let from = 0; from < lines; ) {
      const room = Math.floor((this.bottom() - this.y - 2 * PADDING) / LINE)
      if (room < 1) {
        this.tablePage()
        continue
      }
      const taken = Math.min(room, lines - from)
      this.cells(cells, from, taken)
      from += taken
    }
  }

  endTable(): void {
    this.section = undefined
  }

  private titles(content: BookContent): void {
    const { parentName, agencyName, book, year, sections } = content
    if (parentName !== null) this.centred(parentName.toUpperCase(), 'regular', 14, 85)
    this.centred(agencyName.toUpperCase(), 'bold', 14, 108)
    this.centred(bookTitles[book], 'bold', 26, 205)
    this.centred(`NĂM ${year}`, 'bold', 18, 250)
    let y = 300
    for (const section of sections.slice(0, 6)) {
      const title = section.title === '' ? '' : `${section.title}: `
      this.centred(`${title}${extentLines(section).join('. ')}`, 'regular', 13, y)
      y += 20
    }
    if (sections.length > 6) this.centred(`và ${sections.length - 6} hệ thống số khác`, 'regular', 13, y)
  }

  private newPage(): void {
    this.doc.addPage()
    this.page += 1
    this.y = MARGIN.top
  }

  private tablePage(): void {
    this.newPage()
    const { agencyName, book, year } = this.content
    const title = this.section?.title ? ` - ${this.section.title}` : ''
    this.text(`${bookTitles[book]} NĂM ${year}${title}`, 'bold', 10, MARGIN.left, 25)
    this.text(agencyName, 'regular', 10, MARGIN.left, 563)
    const label = `Trang ${this.page}`
    const width = this.doc.font('regular').fontSize(10).widthOfString(label)
    this.text(label, 'regular', 10, 841.89 - MARGIN.right - width, 563)
    const lines = Math.max(...this.headings.map((one) => one.length))
    this.cells(this.headings, 0, lines, 'bold')
    this.cells(
      this.headings.map((_, index) => [`(${index + 1})`]),
      0,
      1,
      'bold',
    )
  }

  /** Some lines of one row, with its border. Headings stand in the middle of their column. */
  private cells(
    cells: readonly string[][],
    from: number,
    lines: number,
    face: 'regular' | 'bold' = 'regular',
  ): void {
    const height = rowHeight(lines)
    const glyphs = face === 'bold' ? this.bold : this.regular
    glyphs.usePage()
    let borders = '0.5 w\n'
    let texts = ''
    let x = MARGIN.left
    for (const [index, cell] of cells.entries()) {
      const width = this.widths[index] ?? 0
      borders += `${x.toFixed(2)} ${this.y.toFixed(2)} ${width.toFixed(2)} ${height} re\n`
      for (let line = 0; line < lines; line += 1) {
        const text = cell[from + line]
        if (text === undefined) break
        const indent = face === 'bold' ? (width - glyphs.measure(text)) / 2 : PADDING
        texts += glyphs.show(text, x + indent, this.y + PADDING + line * LINE)
      }
      x += width
    }
    this.doc.addContent(`${borders}S\n${texts}`)
    this.y += height
  }

  private centred(text: string, face: 'regular' | 'bold', size: number, y: number): void {
    const measure: Measure = (one) => this.doc.font(face).fontSize(size).widthOfString(one)
    for (const [index, line] of wrapText(text.normalize('NFC'), 700, measure).entries()) {
      this.text(line, face, size, (841.89 - measure(line)) / 2, y + index * size * 1.3)
    }
  }

  private text(text: string, face: 'regular' | 'bold', size: number, x: number, y: number): void {
    this.doc.font(face).fontSize(size).text(text.normalize('NFC'), x, y, { lineBreak: false })
  }

  private frame(): void {
    this.doc
      .lineWidth(2)
      .rect(30, 30, 841.89 - 60, 595.28 - 60)
      .stroke()
    this.doc
      .lineWidth(0.5)
      .rect(35, 35, 841.89 - 70, 595.28 - 70)
      .stroke()
  }

  private inner(index: number): number {
    return (this.widths[index] ?? 0) - 2 * PADDING
  }

  private bottom(): number {
    return 595.28 - MARGIN.bottom
  }

  private linesOfPage(): number {
    return Math.floor((this.bottom() - MARGIN.top) / LINE) - 8
  }
}

function rowHeight(lines: number): number {
  return lines * LINE + 2 * PADDING
}
