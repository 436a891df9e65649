/**
 * An empty box on the first page for number and date, where the agency's signature shows them itself: above the
 * letterhead in the upper right corner, where the decree has such a signature stand on other files (NĐ 30/2020 Phụ lục
 * I, Phần I, II.8b), or else the highest free place on the page. Pure.
 */
import { issueMarkField, type PageInk } from '../../signing/index.ts'
import { CongvanError } from '../errors.ts'
import type { FoundPlace } from './number-places.ts'
import type { PageText } from './page-text.ts'
import { overlaps, type TextBox } from './text-lines.ts'

const mm = 72 / 25.4
/** What stays free along the edges of the page: printers do not reach further. */
const edge = { side: 10 * mm, top: 6 * mm, bottom: 10 * mm } as const
/** Distance of the box from the right edge: the least right margin of an official document (I.1 of the same part). */
const rightMargin = 15 * mm
/** Distance from what stands around it, and from one place that is tried to the next, in points. */
const [apart, step] = [6, 6]
/** Shares of the height of the page, from below, in which a place is sought, one after the other. */
const zones = [
  [0.9, 1],
  [0.5, 0.9],
  [0, 0.5],
] as const

interface Size {
  readonly width: number
  readonly height: number
}

/**
 * @param sizes of the boxes that would do, the one to be preferred first
 * @throws CongvanError `PLACE_NOT_FOUND`
 */
export function findMarkPlace(
  page: PageText | undefined,
  ink: readonly PageInk[],
  sizes: readonly Size[],
): FoundPlace {
  if (page === undefined) throw notFound('văn bản không có trang nào', 'the document has no page')
  const taken = [...page.lines.flatMap(({ runs }) => runs.map(reachOf)), ...ink.map(({ box }) => box)]
  for (const [from, to] of zones) {
    for (const size of sizes) {
      const box = freeBox(page, taken, size, from * page.height, to * page.height)
      if (box !== undefined) return { field: issueMarkField, page: page.page, box }
    }
  }
  const least = sizes.map(({ width, height }) => `${inMm(width)} × ${inMm(height)}`)
  throw notFound(
    `trang 1 không còn chỗ trống ${least.join(' hoặc ')} mm`,
    `page 1 has no free box of ${least.join(' or ')} mm`,
  )
}

/** From above, and on one height from the right. */
function freeBox(
  page: PageText,
  taken: readonly TextBox[],
  { width, height }: Size,
  from: number,
  to: number,
): TextBox | undefined {
  const highest = Math.min(page.height - edge.top, to) - height
  const lowest = Math.max(edge.bottom, from)
  for (let bottom = highest; bottom >= lowest; bottom -= step) {
    const row = taken.filter(
      (one) => one.bottom < bottom + height + apart && bottom - apart < one.bottom + one.height,
    )
    for (let left = page.width - rightMargin - width; left >= edge.side; left -= 2 * step) {
      const box = { left, bottom, width, height }
      if (!row.some((other) => overlaps(widened(box), other, 0))) return box
    }
  }
  return undefined
}

function widened({ left, bottom, width, height }: TextBox): TextBox {
  return {
    left: left - apart,
    bottom: bottom - apart,
    width: width + 2 * apart,
    height: height + 2 * apart,
  }
}

/** From below the descenders to above the capitals with their diacritics. */
function reachOf({
  box,
  baseline,
  size,
  upright,
}: {
  box: TextBox
  baseline: number
  size: number
  upright: boolean
}): TextBox {
  return upright
    ? { left: box.left, bottom: baseline - size * 0.25, width: box.width, height: size * 1.2 }
    : box
}

function inMm(points: number): number {
  return Math.ceil((points / mm) * 10) / 10
}

function notFound(reasonVi: string, reason: string): CongvanError {
  return new CongvanError('PLACE_NOT_FOUND', {
    field: 'number and date',
    fieldVi: 'số và ngày',
    reason,
    reasonVi,
  })
}
