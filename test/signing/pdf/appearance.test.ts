/** Visible signatures, measured on the page as poppler draws it: a pixel is a point, from the lower left corner. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { degrees, PDFDocument, PDFName, PDFNumber, rgb } from 'pdf-lib'
import { addSignatureFields } from '../../../signing/pdf/add-fields.ts'
import type { FieldPlace } from '../../../signing/pdf/page-place.ts'
import { signPdf } from '../../../signing/pdf/sign-pdf.ts'
import type { SignatureAppearance } from '../../../signing/pdf/signature-appearance.ts'
import { verifyPdf } from '../../../signing/pdf/verify-pdf.ts'
import { requireProgram } from '../../support/programs.ts'
import { policyOf, seedTime } from '../cms/signatures.ts'
import { inFolder, pageText, qpdfComplaints } from './checkers.ts'
import { codeOf } from './code-of.ts'
import { draw, type Ink, inkBox, makePng, type Raster } from './pictures.ts'
import { makeSigners, type Signers } from './signers.ts'
import { fontBytes } from './small-pdf.ts'

interface PageOptions {
  readonly rotate?: 0 | 90 | 180 | 270
  readonly media?: readonly [x: number, y: number, width: number, height: number]
  readonly crop?: readonly [x: number, y: number, width: number, height: number]
  /** Rotation and boxes stand on the root of the page tree. */
  readonly inherited?: boolean
  readonly background?: boolean
  readonly pages?: number
}

/** Empty pages, so that all ink is the signature's. */
async function emptyPages(options: PageOptions = {}): Promise<Uint8Array> {
  const pdf = await PDFDocument.create({ updateMetadata: false })
  const [x, y, width, height] = options.media ?? [0, 0, 300, 200]
  for (let i = 0; i < (options.pages ?? 1); i += 1) {
    const page = pdf.addPage([width, height])
    page.setMediaBox(x, y, width, height)
    if (options.background) page.drawRectangle({ x, y, width, height, color: rgb(1, 1, 0) })
    if (options.crop !== undefined) page.setCropBox(...options.crop)
    if (options.rotate !== undefined) page.setRotation(degrees(options.rotate))
    if (options.inherited) {
      for (const key of ['Rotate', 'MediaBox', 'CropBox'].map((name) => PDFName.of(name))) {
        const value = page.node.get(key)
        if (value !== undefined) pdf.catalog.Pages().set(key, value)
        page.node.delete(key)
      }
    }
  }
  return pdf.save({ useObjectStreams: false })
}

type Color = readonly [number, number, number]
const red: Color = [255, 0, 0]
const green: Color = [0, 255, 0]
const blue: Color = [0, 0, 255]
const black: Color = [0, 0, 0]

/** Four quarters of different colours: upper left red, upper right green, lower left blue, lower right black. */
const quarters = makePng({
  width: 40,
  height: 20,
  type: 2,
  pixel: (x, y) => (y < 10 ? (x < 20 ? red : green) : x < 20 ? blue : black),
})

function isNear(color: Color, wanted: Color): boolean {
  return color.every((part, i) => Math.abs(part - (wanted[i] ?? 0)) < 60)
}

function boxOf(raster: Raster, color: Color): Ink | undefined {
  return inkBox(raster, (found) => isNear(found, color))
}

function expectBox(
  found: Ink | undefined,
  wanted: readonly [number, number, number, number],
  label: string,
  within = 1.5,
) {
  const got = found === undefined ? undefined : [found.left, found.bottom, found.right, found.top]
  const near = got?.every((value, i) => Math.abs(value - (wanted[i] ?? 0)) <= within)
  expect(near, `${label}: found ${JSON.stringify(got)}, wanted ${JSON.stringify(wanted)}`).to.equal(true)
}

describe('what a visible signature shows', () => {
  let signers: Signers

  before(async function () {
    requireProgram(this, 'pdftoppm')
    signers = await makeSigners()
  })

  const sign = async (
    pdf: Uint8Array,
    appearance: SignatureAppearance,
    place?: FieldPlace,
    field = 'Seal',
  ) => {
    const signed = await signPdf(pdf, {
      key: signers.agency,
      field,
      signingTime: seedTime,
      appearance,
      ...(place === undefined ? {} : { place }),
    })
    expect(verifyPdf(signed, policyOf(signers.pki)).indication).to.equal('TOTAL_PASSED')
    return signed
  }

  // The picture is 2:1 and so is the box: inside a margin of 2 points it is 72 × 36.
  const place: FieldPlace = { page: 1, left: 30, bottom: 20, width: 76, height: 40 }
  const quartersIn = (left: number, bottom: number) =>
    [
      [red, [left + 2, bottom + 20, left + 38, bottom + 38]],
      [green, [left + 38, bottom + 20, left + 74, bottom + 38]],
      [blue, [left + 2, bottom + 2, left + 38, bottom + 20]],
      [black, [left + 38, bottom + 2, left + 74, bottom + 20]],
    ] as const

  for (const rotate of [0, 90, 180, 270] as const) {
    for (const [label, page] of [
      ['', {}],
      [', crop box', { crop: [50, 30, 180, 130] }],
      [', media box off the origin', { media: [-40, 100, 300, 200], crop: [-10, 90, 200, 180] }],
      [', inherited', { crop: [50, 30, 180, 130], inherited: true }],
    ] as const) {
      it(`stands upright at its place on a page turned by ${rotate}${label}`, async () => {
        const pdf = await emptyPages({ ...page, rotate })
        const signed = await sign(pdf, { image: quarters }, place)
        const raster = draw(signed)
        for (const [color, box] of quartersIn(place.left, place.bottom))
          expectBox(boxOf(raster, color), box, `${rotate} ${color}`)
      })
    }

    it(`stands upright in a field that the form has, turned by ${rotate}`, async () => {
      const pdf = addSignatureFields(await emptyPages({ rotate }), [{ name: 'Seal', place }])
      const raster = draw(await sign(pdf, { image: quarters }))
      for (const [color, box] of quartersIn(place.left, place.bottom))
        expectBox(boxOf(raster, color), box, `${rotate} ${color}`)
    })

    it(`shows text upright inside its box, turned by ${rotate}`, async () => {
      const lines = ['Người ký: Chủ tịch', 'Ngày 02.03.2026']
      const pdf = await emptyPages({ rotate })
      const signed = await sign(pdf, { fontBytes, lines }, place)
      const ink = inkBox(draw(signed, 1, 144))
      if (ink === undefined) throw new Error('nothing is shown')
      const [left, bottom, right, top] = [ink.left, ink.bottom, ink.right, ink.top].map((value) => value / 2)
      expect([left, bottom, right, top], 'inside the box').to.satisfy(
        ([l = 0, b = 0, r = 0, t = 0]: number[]) =>
          l >= place.left && b >= place.bottom && r <= place.left + 76 && t <= place.bottom + 40,
      )
      // Two lines of 8 points or so: wider than high, from the upper left corner.
      expect((right ?? 0) - (left ?? 0)).to.be.greaterThan(55)
      expect((top ?? 0) - (bottom ?? 0)).to.be.lessThan(30)
      expect((left ?? 0) - place.left).to.be.lessThan(4)
      expect(place.bottom + 40 - (top ?? 0)).to.be.lessThan(6)
    })
  }

  it('keeps the proportions of a picture, in the middle of its box', async () => {
    const wide = { ...place, width: 150 }
    const raster = draw(await sign(await emptyPages(), { image: quarters }, wide))
    expectBox(inkBox(raster), [30 + 75 - 36, 22, 30 + 75 + 36, 58], 'wide box')
    const high = { page: 1, left: 10, bottom: 10, width: 44, height: 150 }
    const second = draw(await sign(await emptyPages(), { image: quarters }, high))
    expectBox(inkBox(second), [12, 75, 52, 95], 'high box')
  })

  const text = { fontBytes, lines: ['Ký bởi: Ủy ban nhân dân', 'xã Hải Minh', '02.03.2026 15:00:00 +07:00'] }
  for (const [arrangement, imageBox, textBox] of [
    ['beside', [30, 20, 30 + 60, 80], [30 + 60, 20, 190, 80]],
    ['above', [30, 20 + 36, 190, 80], [30, 20, 190, 20 + 36]],
    ['behind', [30, 20, 190, 80], [30, 20, 190, 80]],
  ] as const) {
    it(`shows picture and text together, the picture ${arrangement} the text`, async function () {
      const box = { page: 1, left: 30, bottom: 20, width: 160, height: 60 }
      const image = makePng({ width: 30, height: 30, type: 2, pixel: () => red })
      const signed = await sign(await emptyPages(), { ...text, image, arrangement }, box)
      const raster = draw(signed)
      const inside = (found: Ink | undefined, [l, b, r, t]: readonly number[], label: string) => {
        const fits =
          found !== undefined &&
          [
            found.left - (l ?? 0),
            found.bottom - (b ?? 0),
            (r ?? 0) - found.right,
            (t ?? 0) - found.top,
          ].every((distance) => distance >= -0.5)
        expect(fits, `${label} ${JSON.stringify(found)}`).to.equal(true)
      }
      inside(boxOf(raster, red), imageBox, 'picture')
      inside(
        inkBox(raster, (color) => isNear(color, black)),
        textBox,
        'text',
      )
      requireProgram(this, 'mutool')
      expect(pageText(signed)).to.contain('Ủy ban nhân dân').and.contain('xã Hải Minh')
    })
  }

  it('lets the page shine through a picture as its alpha says', async () => {
    const image = makePng({
      width: 40,
      height: 20,
      type: 6,
      pixel: (x, y) => [...(y < 10 ? red : blue), x < 20 ? 0 : 128],
    })
    const raster = draw(await sign(await emptyPages({ background: true }), { image }, place))
    const at = (x: number, y: number) => raster.at(x, raster.height - 1 - y)
    expect(at(5, 5)).to.deep.equal([255, 255, 0])
    expect(isNear(at(40, 50), [255, 255, 0]), 'transparent').to.equal(true)
    expect(isNear(at(90, 50), [255, 127, 0]), `half red: ${at(90, 50)}`).to.equal(true)
    expect(isNear(at(90, 30), [127, 127, 128]), `half blue: ${at(90, 30)}`).to.equal(true)
  })

  for (const [label, args, colors] of [
    ['colour', ['-jpeg'], [red, green, blue, black]],
    ['grey', ['-jpeg', '-gray'], [[76, 76, 76], [150, 150, 150], [29, 29, 29], black]],
    // Inks are no lights: these are the colours of their mixtures.
    [
      'four colours',
      ['-jpegcmyk'],
      [
        [237, 28, 36],
        [0, 166, 81],
        [46, 49, 145],
        [35, 31, 32],
      ],
    ],
    ['progressive', ['-jpeg', '-jpegopt', 'progressive=y'], [red, green, blue, black]],
  ] as const) {
    it(`shows a JPEG of another program, ${label}, its bytes as they are`, async () => {
      const page = await emptyPages({ media: [0, 0, 80, 40] })
      const drawn = await sign(
        page,
        { image: quarters },
        { page: 1, left: 0, bottom: 0, width: 80, height: 40 },
      )
      const image = inFolder({ 'file.pdf': drawn }, (cwd) => {
        execFileSync('pdftoppm', ['-r', '144', '-singlefile', ...args, 'file.pdf', 'page'], {
          cwd,
          stdio: 'ignore',
        })
        return readFileSync(join(cwd, 'page.jpg'))
      })
      const signed = await sign(
        await emptyPages(),
        { image },
        { page: 1, left: 30, bottom: 20, width: 84, height: 44 },
      )
      expect(Buffer.from(signed).includes(image)).to.equal(true)
      const raster = draw(signed)
      const centres = [
        [30 + 22, 20 + 32],
        [30 + 62, 20 + 32],
        [30 + 22, 20 + 12],
        [30 + 62, 20 + 12],
      ] as const
      centres.forEach(([x, y], i) => {
        const found = raster.at(x, raster.height - y)
        const wanted = colors[i] ?? black
        const near = found.every((part, k) => Math.abs(part - (wanted[k] ?? 0)) < 90)
        expect(near, `${label} ${i}: ${found}`).to.equal(true)
      })
    })
  }

  it('shows every letter of Vietnamese', async function () {
    requireProgram(this, 'mutool')
    const vowels = 'aăâeêioôơuưy'
    const tones = ['', '\u0300', '\u0301', '\u0303', '\u0309', '\u0323']
    const small = [...vowels]
      .flatMap((vowel) => tones.map((tone) => (vowel + tone).normalize('NFC')))
      .join('')
    const lines = [`đ${small}`, `Đ${small.toUpperCase()}`].flatMap((line) => line.match(/.{1,40}/gu) ?? [])
    const box = { page: 1, left: 5, bottom: 5, width: 290, height: 190 }
    const signed = await sign(await emptyPages(), { fontBytes, lines }, box)
    for (const line of lines) expect(pageText(signed)).to.contain(line)
  })

  it('stands on the page that is named, from the end too, and nowhere else', async () => {
    for (const [page, index] of [
      [2, 2],
      [-1, 3],
    ] as const) {
      const signed = await sign(await emptyPages({ pages: 3 }), { image: quarters }, { ...place, page })
      expect([1, 2, 3].filter((number) => inkBox(draw(signed, number)) !== undefined)).to.deep.equal([index])
    }
  })

  it('does not appear on the other pages when all share one list of annotations', async () => {
    const pdf = await PDFDocument.load(await emptyPages({ pages: 3 }))
    const shared = pdf.context.register(pdf.context.obj([]))
    for (const page of pdf.getPages()) page.node.set(PDFName.of('Annots'), shared)
    const signed = await sign(
      await pdf.save({ useObjectStreams: false }),
      { image: quarters },
      { ...place, page: 2 },
    )
    expect([1, 2, 3].filter((number) => inkBox(draw(signed, number)) !== undefined)).to.deep.equal([2])
  })

  it('pleases qpdf and mutool with pictures, masks and fonts', async function () {
    for (const program of ['qpdf', 'mutool']) requireProgram(this, program)
    const image = makePng({ width: 9, height: 9, type: 4, pixel: (x, y) => [x * 20, y * 20] })
    const signed = await sign(await emptyPages(), { ...text, image }, place)
    expect(qpdfComplaints(signed)).to.equal('')
    const shown = inFolder({ 'file.pdf': signed }, (cwd) => {
      execFileSync('mutool', ['draw', '-q', '-r', '72', '-F', 'ppm', '-o', 'page.ppm', 'file.pdf'], { cwd })
      return readFileSync(join(cwd, 'page.ppm')).length
    })
    expect(shown).to.be.greaterThan(100_000)
  })

  it('turns pages by multiples of 90 only, whatever else they say', async () => {
    const pdf = await PDFDocument.load(await emptyPages())
    pdf.getPage(0).node.set(PDFName.of('Rotate'), PDFNumber.of(450))
    const raster = draw(await sign(await pdf.save({ useObjectStreams: false }), { image: quarters }, place))
    for (const [color, box] of quartersIn(place.left, place.bottom))
      expectBox(boxOf(raster, color), box, `${color}`)
  })

  it('refuses pictures that are none', async () => {
    const pdf = await emptyPages()
    for (const image of [
      new Uint8Array(0),
      Buffer.from('GIF89a'),
      quarters.subarray(0, 60),
      Buffer.from('ffd8ffd9', 'hex'),
    ])
      expect(await codeOf(() => sign(pdf, { image }, place))).to.equal('IMAGE_UNSUPPORTED')
  })
})
