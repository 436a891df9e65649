/**
 * Where people and the agency sign: between title and name of each signer (box 7c), and the seal over the left third of
 * that (box 8; NĐ 30/2020 Phụ lục I, Phần I, II.7d and II.8a). Pure.
 */
import { individualSignatureField, letterFields } from '../../signing/index.ts'
import { CongvanError } from '../errors.ts'
import type { FoundPlace } from './number-places.ts'
import type { PageText } from './page-text.ts'
import type { TextLine } from './text-lines.ts'

/** Who signs, as the page names the person. */
export interface LetterSigner {
  /** Họ tên. */
  readonly name: string
  /** Chức vụ, which may stand above the name in any case of letters. */
  readonly position?: string
}

/** Sizes in points: the largest and smallest box of an individual, its distance from the lines around it. */
const largest = { width: 132, height: 62 } as const
const smallest = { width: 60, height: 28 } as const
const margin = 2
/** The most room between title and name. */
const mostRoom = 230
/** How far the middles of title and name may be apart, as a share of the page's width. */
const sameColumn = 0.06

/** A signer's box, with the lines that it belongs to: title above, name below. */
export interface IndividualPlace extends FoundPlace {
  readonly block: readonly TextLine[]
}

/** Between them a signature stands. */
interface SignerBlock {
  readonly page: PageText
  readonly title: TextLine
  readonly name: TextLine
}

/**
 * The box of each signer, in their order.
 * @throws CongvanError `PLACE_NOT_FOUND`, `PLACE_AMBIGUOUS`
 */
export function findIndividualPlaces(
  pages: readonly PageText[],
  signers: readonly LetterSigner[],
): IndividualPlace[] {
  const blocks = signers.map((signer, i) => findBlock(pages, signer, i + 1))
  return blocks.map((block, i) => {
    const neighbours = blocks.filter(
      (other) => other !== block && other.page === block.page && isBeside(other, block),
    )
    return boxBetween(block, neighbours, i + 1)
  })
}

/**
 * The room in which the seal stands, at its real size and over the left third of an individual's picture, however wide
 * the picture is in its box: one that fills it has its left third further left than a narrow one.
 *
 * @param diameter of the seal in points
 */
export function sealPlaceOver(individual: FoundPlace, diameter: number): FoundPlace {
  const { left, bottom, width, height } = individual.box
  const middle = bottom + height / 2
  // From the left third of a picture that fills the box to that of one a third as wide.
  const right = left + width / 2 - width / 18
  const widest = left + width / 3
  return {
    field: letterFields.agencySignature,
    page: individual.page,
    box: {
      left: widest - diameter,
      bottom: middle - diameter / 2,
      width: right - widest + diameter,
      height: diameter,
    },
  }
}

function findBlock(pages: readonly PageText[], signer: LetterSigner, position: number): SignerBlock {
  const named = pages.flatMap((page) =>
    page.lines
      .filter((line) => line.upright && isName(line.text, signer.name))
      .map((name) => ({ page, name })),
  )
  const blocks = named.flatMap(({ page, name }) => {
    const title = titleAbove(page, name, signer)
    return title === undefined ? [] : [{ page, title, name }]
  })
  const [block, another] = blocks
  if (another !== undefined)
    throw new CongvanError('PLACE_AMBIGUOUS', { ...about(position), count: blocks.length })
  if (block !== undefined) return block
  throw named.length === 0
    ? notFound(position, `không thấy họ tên "${signer.name}"`, `the name "${signer.name}" was not found`)
    : notFound(
        position,
        `phía trên họ tên "${signer.name}" không có chức vụ và khoảng trống để ký`,
        `no title with room for a signature stands above "${signer.name}"`,
      )
}

/** A line with the name alone, or after military rank or academic title: `Đại tá`, `PGS. TS.`. */
function isName(text: string, name: string): boolean {
  const [line, wanted] = [folded(text), folded(name)]
  if (line === wanted) return true
  if (!line.endsWith(` ${wanted}`) && !line.endsWith(`.${wanted}`)) return false
  const before = line.slice(0, -wanted.length).trim()
  return (
    /^(?:(?:gs|pgs|ts|ths|bs|ks|cn|tskh|luật sư|bác sĩ|kỹ sư)[.\s]*)+$/u.test(before) || ranks.test(before)
  )
}

const ranks = /^(?:thiếu|trung|thượng|đại)\s+(?:tá|úy|uý|tướng)\.?$|^đại tướng$/u

/** The nearest line above the name in its column, if it is a title and leaves room. */
function titleAbove(page: PageText, name: TextLine, signer: LetterSigner): TextLine | undefined {
  const above = page.lines
    .filter(
      (line) => line.upright && line.baseline > name.baseline + name.size * 0.8 && shareColumn(line, name),
    )
    .toSorted((a, b) => a.baseline - b.baseline)[0]
  if (above === undefined || !isTitle(above.text, signer)) return undefined
  if (Math.abs(middleOf(above) - middleOf(name)) > page.width * sameColumn) return undefined
  const room = floorOf(above) - ceilingOf(name)
  return room <= mostRoom && room >= name.size ? above : undefined
}

function isTitle(text: string, { position }: LetterSigner): boolean {
  if (position !== undefined && folded(text) === folded(position)) return true
  return /\p{Lu}/u.test(text) && !/\p{Ll}/u.test(text.replace(/^(?:TM|KT|TL|TUQ|Q|Tm|Kt|Tl|Tuq)\./u, ''))
}

function boxBetween(
  block: SignerBlock,
  neighbours: readonly SignerBlock[],
  position: number,
): IndividualPlace {
  const { page, title, name } = block
  const floor = ceilingOf(name) + margin
  const room = floorOf(title) - margin - floor
  const centre = (middleOf(name) + middleOf(title)) / 2
  const halves = [
    largest.width / 2,
    centre - margin,
    page.width - centre - margin,
    ...neighbours.map((other) => Math.abs(middleOf(other.name) - centre) / 2 - margin),
  ]
  const width = 2 * Math.min(...halves)
  const height = Math.min(largest.height, room)
  if (height < smallest.height || width < smallest.width) {
    const millimetres = Math.floor((height < smallest.height ? height : width) * (25.4 / 72))
    throw notFound(
      position,
      `giữa chức vụ và họ tên chỉ có ${millimetres} mm`,
      `there are only ${millimetres} mm between title and name`,
    )
  }
  return {
    field: individualSignatureField(position),
    page: page.page,
    box: { left: centre - width / 2, bottom: floor + (room - height) / 2, width, height },
    block: [...titleLines(page, title), name],
  }
}

/** A title may take several lines: `TM. ỦY BAN NHÂN DÂN`, `KT. CHỦ TỊCH`, `PHÓ CHỦ TỊCH`. */
function titleLines(page: PageText, lowest: TextLine): TextLine[] {
  const lines = [lowest]
  for (const line of page.lines.toSorted((a, b) => a.baseline - b.baseline)) {
    const last = lines.at(-1) ?? lowest
    const step = line.baseline - last.baseline
    if (line.upright && step > last.size * 0.5 && step < last.size * 2.2 && shareColumn(line, last))
      lines.push(line)
  }
  return lines.slice(0, 4)
}

function isBeside(a: SignerBlock, b: SignerBlock): boolean {
  return ceilingOf(a.name) < floorOf(b.title) && ceilingOf(b.name) < floorOf(a.title)
}

/** Capitals with their diacritics reach about a font size above the baseline, letters a fifth below it. */
function ceilingOf(line: TextLine): number {
  return line.baseline + line.size * 0.9
}

function floorOf(line: TextLine): number {
  return line.baseline - line.size * 0.22
}

function middleOf({ box }: TextLine): number {
  return box.left + box.width / 2
}

function shareColumn(a: TextLine, b: TextLine): boolean {
  return a.box.left < b.box.left + b.box.width && b.box.left < a.box.left + a.box.width
}

function folded(text: string): string {
  return text.normalize('NFC').toLocaleLowerCase('vi').replace(/\s+/gu, ' ').trim()
}

function about(position: number): { field: string; fieldVi: string } {
  return { field: `the signature of signer ${position}`, fieldVi: `chữ ký của người ký thứ ${position}` }
}

function notFound(position: number, reasonVi: string, reason: string): CongvanError {
  return new CongvanError('PLACE_NOT_FOUND', { ...about(position), reason, reasonVi })
}
