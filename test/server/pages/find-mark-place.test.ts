/** Where an empty box for number and date is found on the first page of what was signed elsewhere. */
import { expect } from 'chai'
import type { CongvanError } from '../../../server/errors.ts'
import { findMarkPlace } from '../../../server/pages/find-mark-place.ts'
import { type Line, pageOf } from './page-texts.ts'

const mm = 72 / 25.4
const wide = { width: 120 * mm, height: 11 * mm }
const narrow = { width: 70 * mm, height: 20 * mm }
/** The head of a letter with the least upper margin that the decree allows, 20 mm. */
const head: Line[] = [
  { text: 'ỦY BAN NHÂN DÂN', x: 35, y: 24, width: 55 },
  { text: 'CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM', x: 110, y: 24, width: 85 },
]

/** In millimetres from the left and the upper edge. */
function placed(lines: readonly Line[], ink: readonly { x: number; y: number; w: number; h: number }[] = []) {
  const drawn = ink.map(({ x, y, w, h }) => ({
    what: 'drawing' as const,
    box: { left: x * mm, bottom: (297 - y - h) * mm, width: w * mm, height: h * mm },
  }))
  const { left, bottom, width, height } = findMarkPlace(pageOf(lines), drawn, [wide, narrow]).box
  return { left: left / mm, top: 297 - (bottom + height) / mm, width: width / mm, height: height / mm }
}

describe('pages: a place for number and date in the agency’s signature', () => {
  it('is above the letterhead, in the upper right corner within the margin', () => {
    const { left, top, width, height } = placed(head)
    expect([width, height]).to.deep.equal([120, 11])
    expect(left + width).to.be.closeTo(195, 0.1)
    expect(top).to.be.closeTo(6, 0.1)
    expect(top + height, 'clear of the letterhead').to.be.lessThan(24 - 13 / mm)
  })

  it('gives way to text, lines and pictures: to the left, to a narrower form, or further down', () => {
    const beside = placed(head, [{ x: 180, y: 0, w: 30, h: 19 }])
    expect(beside.left + beside.width).to.be.lessThan(180)
    expect(beside.top).to.be.closeTo(6, 0.1)
    const narrower = placed(head, [
      { x: 0, y: 0, w: 210, h: 60 },
      { x: 90, y: 60, w: 30, h: 237 },
    ])
    expect(narrower.width).to.equal(70)
    expect(narrower.top).to.be.greaterThan(60)
    const below = placed(head, [{ x: 0, y: 0, w: 210, h: 100 }])
    expect(below.width).to.equal(120)
    expect(below.top).to.be.within(100, 110)
  })

  it('is not there on a full page, and none is made up', () => {
    const rows = Array.from({ length: 29 }, (_, i) => ({ text: 'chữ', x: 5, y: 5 + i * 10, width: 200 }))
    for (const lines of [rows, undefined])
      expect(() => findMarkPlace(lines && pageOf(lines), [], [wide, narrow]))
        .to.throw()
        .satisfies((error: CongvanError) => error.code === 'PLACE_NOT_FOUND')
  })
})
