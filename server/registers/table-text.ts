/** Breaking text into the lines of a table's cells. Pure. */

/** The width of a text in points, in the face and size of the table. */
export type Measure = (text: string) => number

/**
 * The lines of a text in a column, broken between words; a word that is wider than the column is broken where it has
 * to be. No line is wider than the column.
 *
 * @param width of the column, points
 */
export function wrapText(text: string, width: number, measure: Measure): string[] {
  const lines: string[] = []
  const space = measure(' ')
  for (const paragraph of text.split(/\r\n|[\r\n]/)) {
    let line = ''
    let used = 0
    for (const word of paragraph.split(/[ \t]+/).flatMap((one) => breakWord(one, width, measure))) {
      if (word === '') continue
      const wide = measure(word)
      if (line !== '' && used + space + wide > width) {
        lines.push(line)
        line = ''
        used = 0
      }
      used += (line === '' ? 0 : space) + wide
      line = line === '' ? word : `${line} ${word}`
    }
    if (line !== '') lines.push(line)
  }
  return lines
}

function breakWord(word: string, width: number, measure: Measure): string[] {
  if (measure(word) <= width) return [word]
  const parts: string[] = []
  let part = ''
  let used = 0
  for (const letter of word) {
    const wide = measure(letter)
    if (part !== '' && used + wide > width) {
      parts.push(part)
      part = ''
      used = 0
    }
    part += letter
    used += wide
  }
  return part === '' ? parts : [...parts, part]
}
