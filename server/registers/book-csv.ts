import type { BookContent } from './book-content.ts'

const BYTE_ORDER_MARK = '\uFEFF'

/**
 * A book as CSV (RFC 4180): headings, their numbers (1)-(10), then every entry. It begins with a byte order mark, by
 * which spreadsheets know UTF-8.
 */
export async function* bookCsv(content: BookContent): AsyncGenerator<string> {
  const { columns } = content
  const headings = columns.map((one) => one.heading)
  const numbers = columns.map((_, index) => `(${index + 1})`)
  yield `${BYTE_ORDER_MARK}${csvLine(headings)}${csvLine(numbers)}`
  for (const section of content.sections) {
    for await (const piece of section.pieces()) {
      yield piece.map((entry) => csvLine(columns.map((one) => one.cell(entry)))).join('')
    }
  }
}

function csvLine(cells: readonly string[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`
}

/**
 * What other agencies wrote may begin like a formula, and a spreadsheet would run it: an apostrophe before it makes
 * it text.
 */
function csvCell(text: string): string {
  const harmless = /^[\s]*[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n;]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}
