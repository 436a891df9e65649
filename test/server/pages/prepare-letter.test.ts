/** A plain PDF made ready, signed and measured as it is drawn, and every place that is refused. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { expect } from 'chai'
import { makeLetter } from '../../../fixtures/documents/letter.ts'
import { sealPicture, signaturePicture } from '../../../fixtures/documents/letter-pictures.ts'
import {
  makePlainLetter,
  makeScan,
  type PlainLetterOptions,
} from '../../../fixtures/documents/plain-letter.ts'
import { centralDirective, communeLetter } from '../../../fixtures/documents/sample-letters.ts'
import { makeTestPki, type TestPki } from '../../../fixtures/pki/make-pki.ts'
import { type LetterPreparation, prepareLetter } from '../../../server/pages/prepare-letter.ts'
import {
  asKeyProvider,
  datePartFields,
  defaultLock,
  fieldPlaces,
  fillTextFields,
  fillValues,
  individualAppearance,
  individualSignatureField,
  letterFields,
  listFields,
  type SignatureAppearance,
  sealAppearance,
  signPdf,
  verifyPdf,
} from '../../../signing/index.ts'
import { inFolder } from '../../signing/pdf/checkers.ts'
import { draw, inkBox, type Raster } from '../../signing/pdf/pictures.ts'
import { requireProgram } from '../../support/programs.ts'
import { expectCode } from '../documents/support.ts'
import { type Line, type OpenedReader, openReader, pageOf } from './page-texts.ts'

const NOW = new Date('2026-01-05T09:00:00+07:00')
const { number, agencySignature } = letterFields
const mm = 72 / 25.4
const dpi = 100
const toMm = 25.4 / dpi
type Color = readonly [number, number, number]
const isBlue = ([r, g, b]: Color) => b > r + 60 && b > g + 40
const isRed = ([r, g, b]: Color) => r > g + 60 && r > b + 60
const blueInk = signaturePicture()
const redInk = sealPicture()

function font(face: string): Uint8Array {
  return readFileSync(
    createRequire(import.meta.url).resolve(`@expo-google-fonts/tinos/${face}/Tinos_${face}.ttf`),
  )
}

const one: PlainLetterOptions = {
  signers: [{ title: ['TM. ỦY BAN NHÂN DÂN', 'CHỦ TỊCH'], name: 'Người ký 1', middle: 150 }],
}
const two: PlainLetterOptions = {
  signers: [
    { title: ['KẾ TOÁN TRƯỞNG'], name: 'Người ký 1', middle: 65, room: 42 },
    { title: ['TM. ỦY BAN NHÂN DÂN', 'KT. CHỦ TỊCH', 'PHÓ CHỦ TỊCH'], name: 'Người ký 2', middle: 150 },
  ],
}

describe('a letter of any word processor, made ready to be signed', () => {
  let reader: OpenedReader
  let pki: TestPki
  const [regular, italic] = [font('400Regular'), font('400Regular_Italic')]

  before(async () => {
    reader = openReader()
    pki = await makeTestPki({ seedTime: NOW })
  })
  after(() => reader.close())

  const prepare = async (letter: PlainLetterOptions, rest: Partial<LetterPreparation> = {}) => {
    const signers = letter.signers.map(({ name }) => ({ name }))
    return prepareLetter(await makePlainLetter(letter), { signers, reader, ...rest })
  }

  async function sign(
    pdf: Uint8Array,
    role: 'individual' | 'agency',
    field: string,
    appearance: SignatureAppearance,
  ): Promise<Uint8Array> {
    const { names, signatureFields } = listFields(pdf)
    const lock = defaultLock(field, names, signatureFields)
    return signPdf(pdf, {
      key: asKeyProvider(pki.samples[role]),
      field,
      signingTime: NOW,
      appearance,
      ...(lock === undefined ? {} : { lock }),
    })
  }

  /** All the steps, as client and server do them. */
  async function issue(prepared: Uint8Array, signers: number): Promise<Uint8Array> {
    let pdf = prepared
    for (let i = 1; i <= signers; i += 1) {
      const appearance = individualAppearance({ image: blueInk, time: '', fontBytes: regular })
      pdf = await sign(pdf, 'individual', individualSignatureField(i), appearance)
    }
    const printed = { number: '05', day: '05', month: '01', year: '2026' }
    const dates = [letterFields.date, ...Object.values(datePartFields)]
    pdf = await fillTextFields(pdf, {
      fields: fillValues(listFields(pdf).names, printed),
      fontBytes: regular,
      fontBytesByField: Object.fromEntries(dates.map((name) => [name, italic])),
    })
    return sign(pdf, 'agency', agencySignature, sealAppearance(pdf, { image: redInk }).appearance)
  }

  function verdict(pdf: Uint8Array) {
    return verifyPdf(pdf, {
      trustAnchors: [pki.root],
      untrusted: [pki.governmentCa],
      crls: pki.crls(),
      ocspResponses: [],
      time: NOW,
      requireRevocation: true,
      legacy: false,
      profile: 'issued',
    })
  }

  /** Ink within the part of the page right of `from`, in millimetres from the left and the upper edge. */
  function inkOf(raster: Raster, isInk: (color: Color) => boolean, from = 0, to = 210) {
    const box = inkBox(raster, (color, x) => x * toMm >= from && x * toMm <= to && isInk(color))
    if (box === undefined) throw new Error('no ink of that colour')
    const [top, bottom] = [(raster.height - box.top) * toMm, (raster.height - box.bottom) * toMm]
    return { left: box.left * toMm, right: box.right * toMm, top, bottom }
  }

  function words(pdf: Uint8Array): string {
    return inFolder({ 'file.pdf': pdf }, (cwd) => {
      execFileSync('pdftotext', ['-layout', 'file.pdf', 'out.txt'], { cwd })
      return readFileSync(join(cwd, 'out.txt'), 'utf8').replace(/ +/g, ' ')
    })
  }

  const layouts: readonly (readonly [string, PlainLetterOptions])[] = [
    ['set in whole lines', one],
    ['set in pieces of two characters', { ...one, pieces: 2 }],
    [
      'with dots to be filled in',
      {
        ...one,
        number: 'Số: ........../UBND-VP',
        date: 'Hải Minh, ngày ..... tháng ..... năm 20.....',
      },
    ],
    ['with the month printed', { ...one, date: 'Hải Minh, ngày      tháng 01 năm 2026' }],
    ['turned by 90', { ...one, rotate: 90 }],
    [
      'turned by 270, off the origin, within a crop box',
      { ...one, rotate: 270, offset: [90, -40], crop: 12 },
    ],
  ]
  for (const [label, letter] of layouts) {
    it(`finds all places on a page ${label}, and what is drawn stands in them [K043 K044 K060]`, async function () {
      requireProgram(this, 'pdftoppm')
      requireProgram(this, 'pdftotext')
      const prepared = await prepare(letter)
      const before = draw(prepared, 1, dpi)
      const pdf = await issue(prepared, 1)
      expect(verdict(pdf)).to.deep.include({ indication: 'TOTAL_PASSED', errors: [] })
      const after = draw(pdf, 1, dpi)
      const blue = inkOf(after, isBlue)
      const red = inkOf(after, isRed)
      // Title at 206 mm, name at 242 mm, both about 150 mm from the left.
      expect(blue.top).to.be.greaterThan(207)
      expect(blue.bottom).to.be.lessThan(242 - 3.5)
      expect((blue.top + blue.bottom) / 2).to.be.closeTo((207.1 + 237.5) / 2, 1.2)
      const ink = (480 * Math.min(132 / 480, 62 / 180)) / mm
      expect(blue.right).to.be.closeTo(150 + ink / 2, 0.8)
      expect(red.right - red.left).to.be.closeTo(36, 0.6)
      expect(red.bottom - red.top).to.be.closeTo(36, 0.6)
      expect((red.right - (150 - ink / 2)) / ink).to.be.closeTo(1 / 3, 0.03)
      // Nothing changed outside of the fields.
      const boxes = fieldPlaces(pdf).map(({ place }) => place)
      const strange = inkBox(after, (color, x, y) => {
        if (color.every((part, i) => Math.abs(part - (before.at(x, y)[i] ?? 0)) < 40)) return false
        const [u, v] = [(x * 72) / dpi, ((after.height - y) * 72) / dpi]
        return !boxes.some(
          (box) =>
            box !== undefined &&
            u > box.left - 1.5 &&
            u < box.left + box.width + 1.5 &&
            v > box.bottom - 1.5 &&
            v < box.bottom + box.height + 1.5,
        )
      })
      expect(strange).to.equal(undefined)
      const text = words(pdf)
      if (!label.includes('dots')) {
        expect(text).to.match(/Số: ?05 ?\/UBND-VP/)
        expect(text).to.match(/Hải Minh, ngày ?05 ?tháng ?01 ?năm 2026/)
      }
    })
  }

  it('has room for two signers in columns, and the seal over the picture of the last [K043 K044]', async function () {
    requireProgram(this, 'pdftoppm')
    const pdf = await issue(await prepare(two), 2)
    expect(verdict(pdf)).to.deep.include({ indication: 'TOTAL_PASSED', errors: [] })
    const raster = draw(pdf, 1, dpi)
    const left = inkOf(raster, isBlue, 0, 95)
    expect((left.left + left.right) / 2).to.be.closeTo(65, 0.8)
    expect(left.top).to.be.greaterThan(200)
    const right = inkOf(raster, isBlue, 115)
    expect(right.right - 150).to.be.closeTo(132 / mm / 2, 0.8)
    const red = inkOf(raster, isRed)
    expect(red.right).to.be.within(125, 150)
  })

  it('adds what is missing and leaves alone what has all', async () => {
    const whole = await makeLetter({ ...communeLetter, created: NOW })
    expect(await prepareLetter(whole, { signers: [{ name: 'Người ký 1' }], reader })).to.equal(whole)
    const prepared = await prepare(two)
    expect(Buffer.from(prepared).subarray(0, 9).toString()).to.match(/^%PDF-1\.\d/)
    expect(listFields(prepared).names).to.have.members([
      number,
      datePartFields.day,
      datePartFields.month,
      individualSignatureField(1),
      individualSignatureField(2),
      agencySignature,
    ])
    const once = await prepareLetter(await makePlainLetter(two), {
      signers: [{ name: 'Người ký 1' }],
      reader,
    })
    const then = await prepareLetter(once, {
      signers: [{ name: 'Người ký 1' }, { name: 'Người ký 2' }],
      reader,
    })
    expect(listFields(then).names).to.include(individualSignatureField(2))
  })

  it('reads the letters that this project draws, without their fields', async () => {
    for (const letter of [communeLetter, centralDirective]) {
      const pdf = await makeLetter({ ...letter, created: NOW, formFields: false })
      const prepared = await prepareLetter(pdf, { signers: [{ name: letter.signerName }], reader })
      expect(listFields(prepared).names).to.have.members(Object.values(letterFields))
      const own = fieldPlaces(await makeLetter({ ...letter, created: NOW }))
      for (const { name, place } of fieldPlaces(prepared)) {
        const drawn = own.find((field) => field.name === name)?.place
        expect(place?.page, name).to.equal(drawn?.page)
        expect(middle(place), name).to.be.closeTo(middle(drawn), 14)
        expect((place?.bottom ?? 0) + (place?.height ?? 0) / 2, name).to.be.closeTo(
          (drawn?.bottom ?? 0) + (drawn?.height ?? 0) / 2,
          6,
        )
      }
    }
  })

  function middle(place: { readonly left: number; readonly width: number } | undefined): number {
    return (place?.left ?? Number.NaN) + (place?.width ?? 0) / 2
  }

  it('takes places in millimetres from the upper left, on pages counted from either end', async () => {
    const prepared = await prepare(
      { ...one, number: '', date: '' },
      {
        places: {
          number: { page: 1, x: 50, y: 42, w: 20, h: 6 },
          date: { page: -1, x: 110, y: 42, w: 60, h: 6 },
          individuals: [{ page: 1, x: 127, y: 212, w: 46, h: 22 }],
          agency: { page: 1, x: 100, y: 205, w: 40, h: 36 },
        },
      },
    )
    const at = fieldPlaces(prepared).find(({ name }) => name === individualSignatureField(1))?.place
    expect(at?.left).to.be.closeTo(127 * mm, 0.01)
    expect(at?.bottom).to.be.closeTo((297 - 234) * mm, 0.01)
    expect(listFields(prepared).names).to.have.members(Object.values(letterFields))
  })

  describe('refuses', () => {
    /** The text of the page is given here, so that no page need be drawn for it. */
    const onPage = async (
      lines: readonly Line[],
      rest: Partial<LetterPreparation> = {},
      without: readonly string[] = [],
    ) => {
      const all = [...usual.filter(({ text }) => !without.includes(text)), ...lines]
      const signers = [{ name: 'Người ký 1' }]
      return prepareLetter(plain, { signers, pages: [pageOf(all)], ...rest })
    }
    const [numberLine, dateLine, title, name] = [
      { text: 'Số:          /UBND-VP', x: 42, y: 46, width: 40 },
      { text: 'Hải Minh, ngày      tháng      năm 2026', x: 110, y: 46, width: 72 },
      { text: 'CHỦ TỊCH', x: 138, y: 206, width: 24, size: 14 },
      { text: 'Người ký 1', x: 138, y: 242, width: 24, size: 14 },
    ] as const
    const usual: Line[] = [
      numberLine,
      dateLine,
      { text: 'Trong kỳ báo cáo đã phát hành 312 văn bản điện tử', x: 30, y: 100, width: 150 },
      title,
      name,
    ]
    const box = { page: 1, x: 127, y: 212, w: 46, h: 22 }
    let plain: Uint8Array

    before(async () => {
      plain = await makePlainLetter({ signers: [] })
    })

    it('nothing of a page that has all it needs', async () => {
      expect(listFields(await onPage([])).names).to.include.members([number, agencySignature])
    })

    it('a page without the line of the number, with one printed, or with no symbol', async () => {
      const printed = ['Số: 15/UBND-VP', 'Số:          ', 'Số: /UBND-VP', 'Mã số:      /UBND', 'SỐ LIỆU']
      for (const text of printed)
        await expectCode(onPage([{ ...numberLine, text }], {}, [numberLine.text]), 'PLACE_NOT_FOUND')
      await expectCode(onPage([], {}, [numberLine.text]), 'PLACE_NOT_FOUND')
      await expectCode(onPage([{ ...numberLine, y: 66 }]), 'PLACE_AMBIGUOUS')
    })

    it('a page without the line of the date, or with no room in it', async () => {
      for (const text of ['Hải Minh', 'Hải Minh, ngày tháng năm 2026', 'Hải Minh, ngày     tháng     năm 26'])
        await expectCode(onPage([{ ...dateLine, text }], {}, [dateLine.text]), 'PLACE_NOT_FOUND')
      await expectCode(onPage([], {}, [dateLine.text]), 'PLACE_NOT_FOUND')
      await expectCode(onPage([{ ...dateLine, y: 60 }]), 'PLACE_AMBIGUOUS')
    })

    it('a signer whose name or title the pages do not show, or show twice', async () => {
      await expectCode(onPage([], { signers: [{ name: 'Người ký 9' }] }), 'PLACE_NOT_FOUND')
      const small = { ...title, text: 'Chủ tịch xã' }
      await expectCode(onPage([small], {}, [title.text]), 'PLACE_NOT_FOUND')
      await expectCode(onPage([{ ...title, y: 236 }], {}, [title.text]), 'PLACE_NOT_FOUND')
      const again = [
        { ...title, x: 50 },
        { ...name, x: 50 },
      ]
      await expectCode(onPage(again), 'PLACE_AMBIGUOUS')
      // A title in small letters is one when the metadata say so; a rank may stand before the name.
      const ranked = { ...name, text: 'Đại tá Người ký 1', x: 132, width: 36 }
      const signers = [{ name: 'Người ký 1', position: 'Chủ tịch xã' }]
      const prepared = await onPage([small, ranked], { signers }, [title.text, name.text])
      expect(listFields(prepared).names).to.include(individualSignatureField(1))
    })

    it('a box over text, whoever chose it', async () => {
      const over = { page: 1, x: 80, y: 95, w: 40, h: 20 }
      await expectCode(onPage([], { places: { individuals: [over] } }), 'PLACE_COVERS_TEXT')
      await expectCode(onPage([], { places: { agency: { ...over, h: 40 } } }), 'PLACE_COVERS_TEXT')
      await expectCode(onPage([], { places: { number: { ...over, h: 8 } } }), 'PLACE_COVERS_TEXT')
      await expectCode(onPage([], { places: { date: { ...over, w: 60, h: 8 } } }), 'PLACE_COVERS_TEXT')
      // Beside the title, inside the signature's box; and recipients that reach under the seal.
      await expectCode(onPage([{ text: 'đã ký', x: 130, y: 225, width: 6 }]), 'PLACE_COVERS_TEXT')
      const long = { text: '- Phòng Tài chính - Kế hoạch và các đơn vị khác;', x: 30, y: 225, width: 90 }
      await expectCode(onPage([long]), 'PLACE_COVERS_TEXT')
      const signers = [{ name: 'Người ký 1' }, { name: 'Người ký 2' }]
      await expectCode(onPage([], { signers, places: { individuals: [box, box] } }), 'PLACE_COVERS_TEXT')
    })

    it('a box off the page, on a page that there is not, or smaller than the seal', async () => {
      for (const off of [{ x: 180 }, { y: 290 }, { x: -1 }, { y: -3 }])
        await expectCode(onPage([], { places: { individuals: [{ ...box, ...off }] } }), 'PLACE_OFF_PAGE')
      for (const page of [2, 0, -2])
        await expectCode(onPage([], { places: { individuals: [{ ...box, page }] } }), 'PLACE_NOT_FOUND')
      await expectCode(onPage([], { places: { agency: box } }), 'PLACE_NOT_FOUND')
    })

    it('a scan without given places, and what is no PDF', async () => {
      const signers = [{ name: 'Người ký 1' }]
      await expectCode(prepareLetter(await makeScan(), { signers, reader }), 'PLACE_NOT_FOUND')
      await expectCode(prepareLetter(Buffer.from('no'), { signers, reader }), 'PDF_NOT_A_PDF')
      const signed = await signPdf(plain, {
        key: asKeyProvider(pki.samples.individual),
        field: 'Signature1',
        signingTime: NOW,
      })
      await expectCode(prepareLetter(signed, { signers, reader }), 'DRAFT_ALREADY_SIGNED')
    })
  })
})
