/**
 * CSV as RFC 4180 has it, strictly: fields separated by commas, quoted where they hold a comma, a quote or a line
 * break; records end with CRLF or LF; every record as many fields as the first. A byte order mark is taken off. Pure.
 */

export interface CsvRecord {
  /** The line of the text on which it begins, from 1. */
  readonly line: number
  readonly fields: readonly string[]
}

export interface CsvProblem {
  readonly line: number
  readonly reason: string
}

export interface CsvTable {
  readonly records: readonly CsvRecord[]
  readonly problems: readonly CsvProblem[]
}

/** A field and what ends it. */
const QUOTED = /"([^"]*(?:""[^"]*)*)"(,|\r?\n|$)/y
const PLAIN = /([^",\r\n]*)(,|\r?\n|$)/y

/** Reads as far as quoting can be understood; records of the wrong length are problems and are left out. */
export function parseCsv(input: string): CsvTable {
  const text = input.startsWith('\ufeff') ? input.slice(1) : input
  const records: CsvRecord[] = []
  const problems: CsvProblem[] = []
  let position = 0
  let line = 1
  while (position < text.length) {
    const fields: string[] = []
    const begin = line
    for (let end = ','; end === ','; ) {
      const pattern = text[position] === '"' ? QUOTED : PLAIN
      pattern.lastIndex = position
      const found = pattern.exec(text)
      if (found === null) {
        problems.push({ line, reason: 'dấu nháy kép sai chỗ hoặc không đóng / a stray or unclosed quote' })
        return { records, problems }
      }
      fields.push((found[1] ?? '').replaceAll('""', '"'))
      line += found[0].split('\n').length - 1
      position = pattern.lastIndex
      end = found[2] ?? ''
    }
    const wanted = records[0]?.fields.length ?? fields.length
    if (fields.length === wanted) records.push({ line: begin, fields })
    else {
      problems.push({
        line: begin,
        reason: `${fields.length} cột, cần ${wanted} / columns, wanted ${wanted}`,
      })
    }
  }
  return { records, problems }
}
