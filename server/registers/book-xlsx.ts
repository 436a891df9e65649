import writeXlsxFile, { type Row, type Sheet, type SheetData } from 'write-excel-file/node'
import { bookTitles, extentLines } from './book.ts'
import type { BookContent, Section } from './book-content.ts'

/** Rows that one sheet of the format can hold, less those of the head. */
const MAX_ROWS = 1_048_000

/**
 * A book as XLSX: one sheet a series, with the lines of the first page above the headings. Every cell is a text, so
 * nothing in it is a formula.
 */
export async function bookXlsx(content: BookContent): Promise<Uint8Array> {
  const sheets: Sheet<never>[] = []
  for (const [index, section] of content.sections.entries()) {
    sheets.push(sheet(content, await sectionData(content, section), section.title, index))
  }
  if (sheets.length === 0) sheets.push(sheet(content, headRows(content, []), '', 0))
  return writeXlsxFile(sheets, { fontFamily: 'Times New Roman', fontSize: 12 }).toBuffer()
}

function sheet(content: BookContent, data: SheetData, title: string, index: number): Sheet<never> {
  // Thirty-one characters, and none that the format forbids, make the name of a sheet.
  const name = `${index + 1} ${title}`
    .replace(/[[\]:*?/\\]/g, ' ')
    .slice(0, 31)
    .trim()
  return {
    data,
    sheet: name,
    columns: content.columns.map((one) => ({ width: one.width * 1.5 })),
    orientation: 'landscape',
  }
}

async function sectionData(content: BookContent, section: Section): Promise<SheetData> {
  const rows: Row[] = [...headRows(content, [section.title, ...extentLines(section)])]
  for await (const piece of section.pieces()) {
    for (const entry of piece) {
      if (rows.length > MAX_ROWS) return rows
      rows.push(content.columns.map((one) => ({ value: one.cell(entry), type: String, wrap: true })))
    }
  }
  return rows
}

function headRows(content: BookContent, lines: readonly string[]): SheetData {
  const bold = (value: string) => ({ value, type: String, fontWeight: 'bold' as const })
  const above = [
    content.parentName ?? '',
    content.agencyName,
    `${bookTitles[content.book]} - NĂM ${content.year}`,
  ]
  return [
    ...[...above, ...lines].filter((text) => text !== '').map((text): Row => [bold(text)]),
    content.columns.map((one) => ({
      ...bold(one.heading),
      align: 'center' as const,
      wrap: true,
      borderStyle: 'thin' as const,
    })),
    content.columns.map((_, index) => ({
      value: `(${index + 1})`,
      type: String,
      align: 'center' as const,
      borderStyle: 'thin' as const,
    })),
  ]
}
