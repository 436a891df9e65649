/**
 * Marks of secrecy on the first page: TUYỆT MẬT, TỐI MẬT, MẬT in box 10a, in the upper left (NĐ 30/2020 Phụ lục I,
 * Phần I, III.2a and IV). Pure, over the lines of the page and their places.
 *
 * A mark is a line of its own that says nothing else: `bảo vệ bí mật nhà nước` in a sentence is none, nor is the last
 * word of a heading or a paragraph that was broken before it, nor a heading of a table that names all three.
 */
import type { PageText } from './page-text.ts'
import type { TextLine } from './text-lines.ts'

const MARK = 'TUYỆT MẬT|TỐI MẬT|MẬT'
const URGENCY = 'HỎA TỐC|HOẢ TỐC|THƯỢNG KHẨN|KHẨN'

/** As it is engraved; a stamp may have a frame of signs about it. */
const framed = new RegExp(`^[^\\p{L}\\p{N}]*(${MARK})[^\\p{L}\\p{N}]*$`, 'u')
const withUrgency = new RegExp(
  `^[^\\p{L}\\p{N}]*(${MARK})\\s*[-–—/,;]?\\s*(?:${URGENCY})[^\\p{L}\\p{N}]*$`,
  'u',
)
/** A form that tells its degree: `Độ mật: Tối mật`. */
const told = /^(?:mức )?độ (?:khẩn, độ )?mật\s*[:：-]\s*(tuyệt mật|tối mật|mật)\P{L}*$/iu
/** Only brackets and quotation marks: in the body a dash begins an item of a list. */
const bare = new RegExp(`^[([{<«"“]?\\s*(${MARK})\\s*[)\\]}>»"”]?$`, 'u')

/** The left column of the head, which ends at about two fifths of the text; boxes 2, 3, 5b, 10a, 10b stand in it. */
const columnEnd = 0.48
/** What stands in the upper half of the page can be part of its head. */
const headEnd = 0.5
/** Nothing of the body stands in this upper part of the page. */
const topEnd = 0.82

/** The mark of secrecy that a page shows, as it should be written; `undefined` when there is none. */
export function findSecretMarkOnPage(page: PageText): string | undefined {
  for (const line of page.lines) {
    const text = joined(line.text)
    const degree = told.exec(text)?.[1]
    if (degree !== undefined) return asMark(degree)
    const found = markIn(page, line, text)
    if (found !== undefined) return asMark(found)
  }
  return undefined
}

function markIn(page: PageText, line: TextLine, text: string): string | undefined {
  const centre = line.box.left + line.box.width / 2
  const height = line.box.bottom + line.box.height / 2
  const inHead = centre < page.width * columnEnd && height > page.height * headEnd
  const atTop = height > page.height * topEnd
  if (!inHead && !atTop) return undefined
  const found = (framed.exec(text) ?? withUrgency.exec(text))?.[1]
  if (found === undefined || isInList(page, line)) return undefined
  if (continuesHeading(page, line)) return undefined
  // A paragraph may begin in the upper half: there its last word, or an item of a list, is no mark.
  if (continuesParagraph(page, line)) return undefined
  const below = line.box.bottom + line.box.height < (titleTop(page) ?? 0)
  return below && !bare.test(text) ? undefined : found
}

/** Two marks side by side are headings of a table, or choices of a form. */
function isInList(page: PageText, line: TextLine): boolean {
  return page.lines.some(
    (other) =>
      other !== line &&
      Math.abs(other.baseline - line.baseline) < line.size &&
      framed.test(joined(other.text)),
  )
}

/** Whether the line goes on what the line above it says in capitals too, in the same size and about the same middle. */
function continuesHeading(page: PageText, line: TextLine): boolean {
  const above = lineAbove(page, line)
  if (above === undefined || !isCapital(above.text) || /[.:;]$/u.test(above.text)) return false
  const off = Math.abs(middle(above) - middle(line))
  return off < page.width * 0.02 && above.box.width > page.width * 0.22
}

/** Whether the line ends a paragraph: the line above begins further left or at the same place, and runs far on. */
function continuesParagraph(page: PageText, line: TextLine): boolean {
  const above = lineAbove(page, line)
  if (above === undefined || /[.:;]$/u.test(above.text)) return false
  return above.box.left <= line.box.left + line.size * 4 && above.box.width > page.width * 0.5
}

function lineAbove(page: PageText, line: TextLine): TextLine | undefined {
  return page.lines.findLast(
    (other) =>
      other.upright &&
      other.baseline > line.baseline + line.size * 0.5 &&
      other.baseline - line.baseline < line.size * 1.9 &&
      Math.abs(other.size - line.size) <= line.size * 0.06 &&
      other.box.left < line.box.left + line.box.width &&
      line.box.left < other.box.left + other.box.width,
  )
}

/** Where the body begins: at the addressees. */
function titleTop(page: PageText): number | undefined {
  const line = page.lines.find(({ text }) => /^kính gửi\s*:/iu.test(text))
  return line === undefined ? undefined : line.box.bottom + line.box.height
}

/** Letters set apart for effect, `M Ậ T`, come together; words of one letter do not exist in capitals here. */
function joined(text: string): string {
  const normal = text.normalize('NFC').replace(/\s+/gu, ' ').trim()
  return /^(?:\p{Lu} )+\p{Lu}$/u.test(normal) ? unspaced(normal) : normal
}

function unspaced(text: string): string {
  const letters = text.replaceAll(' ', '')
  return letters.replace(/^(TUYỆT|TỐI)(?=MẬT$)/u, '$1 ')
}

function isCapital(text: string): boolean {
  return /\p{Lu}/u.test(text) && !/\p{Ll}/u.test(text)
}

function middle({ box }: TextLine): number {
  return box.left + box.width / 2
}

function asMark(found: string): string {
  return found.replace(/\s+/g, ' ').toUpperCase()
}

/** Fewer letters than any letterhead has: what a scanner or a copier writes on a picture of a page. */
const fewestLetters = 40

/** Whether a page is a picture, as a scan is, or shows so little text that it can only be one. */
export function isWithoutText(page: PageText | undefined): boolean {
  const letters = page?.lines.reduce((sum, { text }) => sum + (text.match(/\p{L}/gu)?.length ?? 0), 0) ?? 0
  return letters < fewestLetters
}
