/** Pictures and marks of signatures as the decree wants them, measured on pages that poppler draws. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { drawPng, sealPicture, signaturePicture } from '../../../fixtures/documents/letter-pictures.ts'
import { makePlainLetter, type PlainLetterOptions } from '../../../fixtures/documents/plain-letter.ts'
import { addLetterFields } from '../../../signing/pdf/add-letter-fields.ts'
import { readInk } from '../../../signing/pdf/ink.ts'
import { letterFields } from '../../../signing/pdf/letter-fields.ts'
import {
  annexMark,
  copyMark,
  markPlace,
  markSize,
  signingTimeText,
} from '../../../signing/pdf/letter-marks.ts'
import { individualAppearance, sealAppearance } from '../../../signing/pdf/letter-pictures.ts'
import type { FieldPlace } from '../../../signing/pdf/page-place.ts'
import { requireProgram } from '../../support/programs.ts'
import { seedTime } from '../cms/signatures.ts'
import { inFolder } from './checkers.ts'
import { codeOf } from './code-of.ts'
import { draw, inkBox } from './pictures.ts'
import { makeSigners, type Signers, signField } from './signers.ts'
import { fontBytes } from './small-pdf.ts'

const { individualSignature, agencySignature } = letterFields
const mm = 72 / 25.4
const dpi = 100
const wave = signaturePicture()
const round = sealPicture()
type Color = readonly [number, number, number]

const isBlue = ([r, g, b]: Color) => b > r + 60 && b > g + 40
const isRed = ([r, g, b]: Color) => r > g + 60 && r > b + 60
const isBlack = ([r, g, b]: Color) => r < 110 && g < 110 && b < 110

/** The box of ink of a colour in millimetres from the left and the upper edge of the page. */
function inkOf(pdf: Uint8Array, isInk: (color: Color, x: number, y: number) => boolean) {
  const raster = draw(pdf, 1, dpi)
  const box = inkBox(raster, isInk)
  if (box === undefined) throw new Error('no ink of that colour')
  const scale = 25.4 / dpi
  return {
    left: box.left * scale,
    right: box.right * scale,
    top: (raster.height - box.top) * scale,
    bottom: (raster.height - box.bottom) * scale,
    width: (box.right - box.left) * scale,
    height: (box.top - box.bottom) * scale,
  }
}

const empty: PlainLetterOptions = { signers: [] }
/** The room of the individual and of a seal of 36 mm, in points from the lower left corner. */
const individual: FieldPlace = { page: 1, left: 300, bottom: 150, width: 132, height: 62 }
const seal: FieldPlace = {
  page: 1,
  left: 344 - 36 * mm,
  bottom: 181 - 18 * mm,
  width: 36 * mm + 15,
  height: 36 * mm,
}

describe('pictures of signatures on a letter', () => {
  let signers: Signers

  before(async function () {
    requireProgram(this, 'pdftoppm')
    signers = await makeSigners()
  })

  async function sealed(page: PlainLetterOptions, image: Uint8Array) {
    const prepared = addLetterFields(await makePlainLetter(page), [
      { name: individualSignature, place: individual },
      { name: agencySignature, place: seal },
    ])
    const appearance = individualAppearance({ image, time: '', fontBytes })
    const signed = await signField(prepared, signers.individual, individualSignature, { appearance })
    const placed = sealAppearance(signed, { image: round, diameterMm: 36 })
    const pdf = await signField(signed, signers.agency, agencySignature, { appearance: placed.appearance })
    return { pdf, covered: placed.covered, deviates: placed.deviates }
  }

  const pages: readonly (readonly [string, PlainLetterOptions])[] = [
    ['a plain page', empty],
    ['a page turned by 90', { ...empty, rotate: 90 }],
    ['a page turned by 180', { ...empty, rotate: 180 }],
    ['a page turned by 270', { ...empty, rotate: 270 }],
    ['a media box off the origin, within a crop box', { ...empty, offset: [200, -80], crop: 15 }],
    ['a turned page with both', { ...empty, rotate: 90, offset: [-50, 30], crop: 10 }],
  ]
  for (const [label, page] of pages) {
    it(`stand where they belong on ${label}: blue in the middle, red over its left third, 36 mm wide [K043 K044]`, async () => {
      const { pdf, covered, deviates } = await sealed(page, wave)
      const blue = inkOf(pdf, isBlue)
      const red = inkOf(pdf, isRed)
      const middle = { x: (300 + 66) / mm, y: 297 - (150 + 31) / mm }
      // The seal lies over the left end of the blue ink: its right end and its height are what can be measured.
      expect(blue.right, 'right end').to.be.closeTo((366 + pictureWidth(wave) / 2) / mm, 0.5)
      expect((blue.top + blue.bottom) / 2, 'height of the middle').to.be.closeTo(middle.y, 0.5)
      expect(red.width).to.be.closeTo(36, 0.4)
      expect(red.height).to.be.closeTo(36, 0.4)
      const width = pictureWidth(wave) / mm
      expect(red.right).to.be.closeTo(middle.x - width / 2 + width / 3, 0.4)
      expect((red.top + red.bottom) / 2).to.be.closeTo(middle.y, 0.4)
      expect(covered).to.be.closeTo(1 / 3, 0.01)
      expect(deviates).to.equal(false)
    })
  }

  /** As wide as a picture is drawn in the box of 132 by 62 points. */
  function pictureWidth(image: Uint8Array): number {
    const ink = readInk(image, 'blue')
    return ink.width * Math.min(132 / ink.width, 62 / ink.height)
  }

  it('moves the seal with a narrow picture, and tells when it cannot cover a third [K044]', async () => {
    const narrow = await sealed(empty, signaturePicture(420, 380))
    expect(narrow.covered).to.be.closeTo(1 / 3, 0.01)
    const prepared = addLetterFields(await makePlainLetter(empty), [
      { name: individualSignature, place: individual },
      { name: agencySignature, place: { ...seal, left: seal.left - 30, width: 36 * mm } },
    ])
    const signed = await signField(prepared, signers.individual, individualSignature, {
      appearance: individualAppearance({ image: wave, time: '', fontBytes }),
    })
    const placed = sealAppearance(signed, { image: round, diameterMm: 36 })
    expect(placed.deviates).to.equal(true)
    expect(placed.covered).to.be.lessThan(0.2)
  })

  it('without a picture show name and time in blue, in the middle of the box', async () => {
    const prepared = addLetterFields(await makePlainLetter({ signers: [], body: [] }), [
      { name: individualSignature, place: individual },
    ])
    const appearance = individualAppearance({
      name: 'Người ký 1',
      time: signingTimeText(seedTime),
      fontBytes,
    })
    const signed = await signField(prepared, signers.individual, individualSignature, { appearance })
    const blue = inkOf(signed, isBlue)
    expect((blue.left + blue.right) / 2).to.be.closeTo(366 / mm, 0.7)
    expect(blue.left).to.be.greaterThan(300 / mm)
    expect(blue.right).to.be.lessThan(432 / mm)
  })

  describe('are refused', () => {
    const picture = (pixel: (x: number, y: number) => readonly [number, number, number, number]) =>
      drawPng(300, 300, pixel)
    const disc = (color: Color, ground: readonly [number, number, number, number] = [0, 0, 0, 0]) =>
      picture((x, y) => (Math.hypot(x - 150, y - 150) < 110 ? [...color, 255] : ground))

    it('in another colour: black, red for a person, blue for an agency [K043 K044]', async () => {
      const individualOf = (image: Uint8Array) =>
        codeOf(() => individualAppearance({ image, time: '', fontBytes }))
      expect(await individualOf(disc([20, 20, 20]))).to.equal('APPEARANCE_COLOUR_WRONG')
      expect(await individualOf(disc([200, 20, 20]))).to.equal('APPEARANCE_COLOUR_WRONG')
      expect(await individualOf(disc([0, 120, 60]))).to.equal('APPEARANCE_COLOUR_WRONG')
      for (const blue of [
        [10, 20, 60],
        [0, 0, 255],
        [60, 110, 220],
        [30, 144, 255],
      ] as const)
        expect(await individualOf(disc(blue)), String(blue)).to.equal('no error')
      expect(await codeOf(() => readInk(disc([20, 40, 180]), 'red'))).to.equal('APPEARANCE_COLOUR_WRONG')
      for (const red of [
        [255, 0, 0],
        [180, 20, 40],
        [230, 60, 50],
      ] as const)
        expect(await codeOf(() => readInk(disc(red), 'red')), String(red)).to.equal('no error')
    })

    it('on a ground that is not transparent', async () => {
      const white = disc([20, 40, 180], [255, 255, 255, 255])
      expect(await codeOf(() => readInk(white, 'blue'))).to.equal('APPEARANCE_NOT_TRANSPARENT')
      const veil = disc([20, 40, 180], [255, 255, 255, 200])
      expect(await codeOf(() => readInk(veil, 'blue'))).to.equal('APPEARANCE_NOT_TRANSPARENT')
    })

    it('with nothing in them, too coarse, or out of round', async () => {
      expect(
        await codeOf(() =>
          readInk(
            picture(() => [0, 0, 0, 0]),
            'blue',
          ),
        ),
      ).to.equal('IMAGE_UNSUPPORTED')
      expect(await codeOf(() => readInk(Buffer.from('GIF89a'), 'blue'))).to.equal('IMAGE_UNSUPPORTED')
      const image = signaturePicture(100, 60, 10)
      expect(await codeOf(() => individualAppearance({ image, time: '', fontBytes }))).to.equal(
        'APPEARANCE_SIZE_WRONG',
      )
      const prepared = addLetterFields(await makePlainLetter(empty), [{ name: agencySignature, place: seal }])
      const place = (picture: Uint8Array, diameterMm = 36) =>
        codeOf(() => sealAppearance(prepared, { image: picture, diameterMm }))
      const oval = picture((x, y) =>
        Math.hypot(x - 150, (y - 150) * 1.3) < 120 ? [220, 0, 0, 255] : [0, 0, 0, 0],
      )
      expect(await place(oval)).to.equal('APPEARANCE_SIZE_WRONG')
      expect(await place(sealPicture(150, 10))).to.equal('APPEARANCE_SIZE_WRONG')
      expect(await place(round, 42), 'larger than its field').to.equal('APPEARANCE_SIZE_WRONG')
      expect(await codeOf(() => sealAppearance(Buffer.from('x'), { image: round }))).to.equal('PDF_NOT_A_PDF')
      const none = await makePlainLetter(empty)
      expect(await codeOf(() => sealAppearance(none, { image: round }))).to.equal('PDF_FIELD_NOT_FOUND')
    })
  })

  describe('on separate files and copies', () => {
    const time = new Date('2020-03-05T07:25:16Z')

    it('tell the time of Việt Nam as ISO 8601 has its zone [K047 K053]', () => {
      expect(signingTimeText(time)).to.equal('05.03.2020 14:25:16 +07:00')
      expect(signingTimeText(new Date('2025-12-31T17:00:00Z'))).to.equal('01.01.2026 00:00:00 +07:00')
      expect(annexMark('15/QĐ-BNV', time, fontBytes).lines).to.deep.equal([
        '15/QĐ-BNV; 05.03.2020 14:25:16 +07:00',
      ])
      expect(copyMark('SAO Y', 'UBND xã Hải Minh', time, fontBytes).lines.join(' ')).to.equal(
        'SAO Y, UBND xã Hải Minh, 05.03.2020 14:25:16 +07:00',
      )
    })

    for (const [label, page] of pages) {
      it(`are black text of size 10 in the top right corner of ${label}, and no picture [K047 K053]`, async function () {
        requireProgram(this, 'pdftotext')
        const pdf = await makePlainLetter(page)
        const appearance = annexMark('15/QĐ-BNV', time, fontBytes)
        const place = markPlace(pdf, appearance)
        const signed = await signField(pdf, signers.agency, 'Mark', { appearance, place })
        // Nothing of the letter stands in the upper 18 mm.
        const black = inkOf(signed, (color, _x, y) => isBlack(color) && y < (18 / 25.4) * dpi)
        expect(210 - black.right).to.be.closeTo(10 + 2 / mm, 0.6)
        expect(black.top).to.be.within(6, 10)
        // Thin strokes at the ends are too faint to count at this resolution.
        expect(black.width).to.be.closeTo((markSize(appearance).width - 4.2) / mm, 1.2)
        const words = wordsOf(signed)
        expect(words).to.contain('15/QĐ-BNV; 05.03.2020 14:25:16 +07:00')
        expect(draw(signed, 1, dpi)).to.satisfy(
          (raster: ReturnType<typeof draw>) => inkBox(raster, isRed) === undefined,
        )
      })
    }

    it('are set in a font with the widths of Times New Roman, embedded, upright', async function () {
      requireProgram(this, 'pdffonts')
      const pdf = await makePlainLetter(empty)
      const appearance = copyMark(
        'TRÍCH SAO',
        'Ủy ban nhân dân xã Hải Minh, huyện Hải Hậu, tỉnh Nam Định',
        time,
        fontBytes,
      )
      expect(appearance.lines.length).to.be.greaterThan(1)
      const signed = await signField(pdf, signers.agency, 'Mark', {
        appearance,
        place: markPlace(pdf, appearance),
      })
      const fonts = inFolder({ 'file.pdf': signed }, (cwd) =>
        execFileSync('pdffonts', ['file.pdf'], { cwd, encoding: 'utf8' }),
      )
      const rows = fonts.split('\n').filter((row) => row.includes('Tinos'))
      expect(rows.length).to.be.greaterThan(0)
      for (const row of rows) expect(row).to.match(/\byes\b/)
      expect(
        rows.some((row) => /\+Tinos(?:-Regular)?\s/.test(row)),
        fonts,
      ).to.equal(true)
    })
  })
})

function wordsOf(pdf: Uint8Array): string {
  return inFolder({ 'file.pdf': pdf }, (cwd) => {
    execFileSync('pdftotext', ['-layout', 'file.pdf', 'out.txt'], { cwd })
    return readFileSync(join(cwd, 'out.txt'), 'utf8')
  })
}
