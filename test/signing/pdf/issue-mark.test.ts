/** Number and date in the agency signature's own box, on letters that a person signed in another program. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { deflateSync } from 'node:zlib'
import { expect } from 'chai'
import { degrees, PDFDocument, PDFName, type PDFObject, type PDFPage, rgb } from 'pdf-lib'
import { sealPicture } from '../../../fixtures/documents/letter-pictures.ts'
import { makePlainLetter, type PlainLetterOptions } from '../../../fixtures/documents/plain-letter.ts'
import { buildSignedAttributes } from '../../../signing/cms/signed-data.ts'
import type { KeyProvider } from '../../../signing/keys/key-provider.ts'
import { addSignatureFields } from '../../../signing/pdf/add-fields.ts'
import { addAppearance } from '../../../signing/pdf/appearance.ts'
import { RevisionWriter } from '../../../signing/pdf/append-writer.ts'
import { assertIssueMark } from '../../../signing/pdf/assert-issue-mark.ts'
import { assertLaterSignature } from '../../../signing/pdf/assert-later-signature.ts'
import { assertExtendsBySignature } from '../../../signing/pdf/assert-revisions.ts'
import { writeContents } from '../../../signing/pdf/byte-range.ts'
import { pdfDate } from '../../../signing/pdf/dates.ts'
import { readForm } from '../../../signing/pdf/form.ts'
import { FormRevision } from '../../../signing/pdf/form-revision.ts'
import {
  assertRoomForMark,
  type IssueMark,
  issueMarkField,
  issueMarkOptions,
  issueMarkSizes,
  laterSignatureField,
} from '../../../signing/pdf/issue-mark.ts'
import type { FieldLock } from '../../../signing/pdf/letter-fields.ts'
import { readSeal } from '../../../signing/pdf/letter-pictures.ts'
import { pdfArray, pdfDict, pdfName, pdfText } from '../../../signing/pdf/objects.ts'
import { readPageInk } from '../../../signing/pdf/page-ink.ts'
import type { FieldPlace } from '../../../signing/pdf/page-place.ts'
import { readPages } from '../../../signing/pdf/pages.ts'
import { openPdf } from '../../../signing/pdf/pdf-file.ts'
import { type SigningOptions, signPdf } from '../../../signing/pdf/sign-pdf.ts'
import { signatureCms } from '../../../signing/pdf/signature-cms.ts'
import { buildSignatureRevision } from '../../../signing/pdf/signature-revision.ts'
import { readSignatureTexts } from '../../../signing/pdf/signature-texts.ts'
import { verifyPdf } from '../../../signing/pdf/verify-pdf.ts'
import { requireProgram } from '../../support/programs.ts'
import { policyOf, seedTime } from '../cms/signatures.ts'
import { pageText, pdfsigReport, qpdfComplaints } from './checkers.ts'
import { codeOf } from './code-of.ts'
import { draw, inkBox } from './pictures.ts'
import { makeSigners, type Signers } from './signers.ts'
import { fontBytes, replaced } from './small-pdf.ts'

const mm = 72 / 25.4
const italic = readFileSync(
  createRequire(import.meta.url).resolve(
    '@expo-google-fonts/tinos/400Regular_Italic/Tinos_400Regular_Italic.ttf',
  ),
)
const fonts = { upright: fontBytes, italic }
const mark: IssueMark = {
  code: '15/QĐ-UBND',
  placeAndDate: 'Hà Nội, ngày 05 tháng 02 năm 2026',
  agency: 'Ủy ban nhân dân xã Hải Minh',
}
const [wide, narrow] = issueMarkSizes(mark, fonts)
/** In the upper right corner, above the letterhead. */
const above: FieldPlace = {
  page: 1,
  left: 195 * mm - wide.width,
  bottom: 291 * mm - wide.height,
  ...wide,
}
/** Below the letter, where nothing stands. */
const below: FieldPlace = { page: 1, left: 60, bottom: 30, width: narrow.width + 10, height: narrow.height }
const person: FieldPlace = { page: 1, left: 360, bottom: 150, width: 132, height: 62 }

describe('number and date in the agency’s signature', () => {
  let signers: Signers
  let letter: Uint8Array
  let signed: Uint8Array

  before(async () => {
    signers = await makeSigners()
    letter = await makePlainLetter({ signers: [] })
    signed = await signedElsewhere(letter)
  })

  /** As another program leaves it: a field of its own, and text in it. */
  function signedElsewhere(pdf: Uint8Array, options: Partial<SigningOptions> = {}): Promise<Uint8Array> {
    const appearance = { fontBytes, lines: ['Người ký 1'] }
    const key = signers.individual
    return signPdf(pdf, {
      key,
      field: 'Signature1',
      signingTime: seedTime,
      place: person,
      appearance,
      ...options,
    })
  }

  function issue(
    pdf: Uint8Array,
    place = above,
    said: Partial<IssueMark> = {},
    more: Partial<SigningOptions> = {},
    seal?: Uint8Array,
  ): Promise<Uint8Array> {
    const shown = seal === undefined ? undefined : { picture: readSeal(seal), diameterMm: 36 }
    return signPdf(pdf, {
      key: signers.agency,
      ...issueMarkOptions(place, { ...mark, ...said }, seedTime, fonts, shown),
      ...more,
    })
  }

  const check = (pdf: Uint8Array, next: Uint8Array, place = above, said: Partial<IssueMark> = {}) =>
    codeOf(() => assertIssueMark(pdf, next, { place, mark: { ...mark, ...said }, fonts }))
  const room = (pdf: Uint8Array, place: FieldPlace, said: Partial<IssueMark> = {}) =>
    codeOf(() => assertRoomForMark(pdf, place, { ...mark, ...said }, fonts))

  describe('issued so', () => {
    it('a letter passes as issued, its page untouched, and programs of others say the same', async function () {
      for (const program of ['pdfsig', 'certutil', 'qpdf', 'mutool']) requireProgram(this, program)
      expect(await room(signed, above)).to.equal('no error')
      const issued = await issue(signed)
      const report = verifyPdf(issued, policyOf(signers.pki, { profile: 'issued' }))
      expect(report).to.deep.include({ indication: 'TOTAL_PASSED', subIndication: null, errors: [] })
      const seen = report.signatures.map((one) => [one.field, one.role, one.coverage, one.changesAfter])
      expect(seen).to.deep.equal([
        ['Signature1', 'individual', 'revision', 'permitted'],
        [issueMarkField, 'agency', 'whole-file', 'none'],
      ])
      expect(report.signatures[0]?.changes.map(({ code }) => code)).to.deep.equal(['SIGNATURE_ADDED'])
      expect(Buffer.compare(issued.subarray(0, signed.length), signed)).to.equal(0)
      expect(qpdfComplaints(issued)).to.equal('')
      const said = pdfsigReport(issued, signers.pki.root)
      expect(said.match(/Signature is Valid/g)).to.have.length(2)
      expect(said.match(/Certificate is Trusted/g)).to.have.length(2)
      const text = pageText(issued).normalize('NFC')
      expect(text).to.contain('Số: 15/QĐ-UBND').and.contain('Hà Nội, ngày 05 tháng 02 năm 2026')
      expect(text).to.contain('02.03.2026 15:00:00 +07:00')
      expect(readSignatureTexts(issued).at(-1)).to.deep.equal({
        field: issueMarkField,
        texts: [
          'Số: 15/QĐ-UBND',
          'Hà Nội, ngày 05 tháng 02 năm 2026',
          'Ủy ban nhân dân xã Hải Minh, 02.03.2026 15:00:00 +07:00',
        ],
      })
    })

    const pages: readonly (readonly [string, PlainLetterOptions])[] = [
      ['a plain page', { signers: [] }],
      ['a page turned by 90', { signers: [], rotate: 90 }],
      ['a page turned by 180', { signers: [], rotate: 180 }],
      ['a media box off the origin, within a crop box', { signers: [], offset: [200, -80], crop: 15 }],
    ]
    for (const [label, page] of pages) {
      it(`shows both inside the box and nowhere else, black and upright, on ${label}`, async function () {
        requireProgram(this, 'pdftoppm')
        const before = await signedElsewhere(await makePlainLetter(page))
        for (const [place, height] of [
          [above, 13 + 10],
          [below, 13 + 13 + 10 + 10],
        ] as const) {
          const after = await issue(before, place)
          expect(await check(before, after, place)).to.equal('no error')
          const [old, now] = [draw(before, 1, 144), draw(after, 1, 144)]
          // Two pixels a point.
          const changed = inkBox(now, (color, x, y) => old.at(x, y).some((part, i) => part !== color[i]))
          if (changed === undefined) throw new Error('nothing is shown')
          expect(changed.left / 2).to.be.within(place.left - 0.5, place.left + place.width / 2)
          expect(changed.right / 2).to.be.within(place.left + place.width / 2, place.left + place.width + 0.5)
          expect(changed.bottom / 2).to.be.at.least(place.bottom - 0.5)
          expect(changed.top / 2).to.be.at.most(place.bottom + place.height + 0.5)
          // Lines of 13 and 10 points below each other, from the tops of capitals to below the last baseline.
          expect((changed.top - changed.bottom) / 2).to.be.within(height * 0.85, height * 1.15)
          const coloured = inkBox(now, (color, x, y) => {
            return (
              old.at(x, y).some((part, i) => part !== color[i]) &&
              Math.max(...color) - Math.min(...color) > 12
            )
          })
          expect(coloured, 'black and grey only').to.equal(undefined)
        }
      })
    }

    it('has a seal of its real size beside the text where one is given, and is compared with it', async function () {
      requireProgram(this, 'pdftoppm')
      const place = { ...below, width: 36 * mm + 7 + narrow.width, height: 37 * mm }
      const after = await issue(signed, place, {}, {}, sealPicture())
      expect(await check(signed, after, place)).to.equal('no error')
      const red = inkBox(draw(after, 1, 100), ([r, g, b]) => r > g + 60 && r > b + 60)
      if (red === undefined) throw new Error('no seal')
      const scale = 25.4 / 100
      expect((red.right - red.left) * scale).to.be.closeTo(36, 0.4)
      expect((red.top - red.bottom) * scale).to.be.closeTo(36, 0.4)
      expect(await codeOf(() => issue(signed, above, {}, {}, sealPicture()))).to.equal(
        'APPEARANCE_SIZE_WRONG',
      )
    })
  })

  describe('is not put into a box', () => {
    it('off the page', async () => {
      expect(await room(signed, { ...above, left: 595 - 100 })).to.equal('PDF_PLACE_OUTSIDE_PAGE')
      expect(await room(signed, { ...above, bottom: -1 })).to.equal('PDF_PLACE_OUTSIDE_PAGE')
      expect(await room(signed, { ...above, page: 2 })).to.equal('PDF_PAGE_NOT_FOUND')
    })

    it('too small for the text in its size', async () => {
      expect(await room(signed, { ...below, width: narrow.width - 1 })).to.equal('MARK_BOX_TOO_SMALL')
      expect(await room(signed, { ...below, height: narrow.height - 1 })).to.equal('MARK_BOX_TOO_SMALL')
      expect(await room(signed, above, { agency: `${mark.agency}, huyện Hải Hậu, tỉnh Nam Định` })).to.equal(
        'MARK_BOX_TOO_SMALL',
      )
    })

    it('over a signature, a picture, a line or an area; the inside of a frame and white ground are free', async () => {
      expect(await room(signed, { ...person, width: 200, left: 300 })).to.equal('PDF_BOX_NOT_EMPTY')
      const drawn = async (draw: (page: PDFPage, pdf: PDFDocument) => unknown, rotate = 0) => {
        const pdf = await PDFDocument.create()
        const page = pdf.addPage([595, 842])
        page.setRotation(degrees(rotate))
        await draw(page, pdf)
        const bytes = await pdf.save({ useObjectStreams: false })
        return room(await signedElsewhere(bytes, { place: { ...person, left: 300 } }), below)
      }
      const inside = { x: below.left + 20, y: below.bottom + 10, width: 30, height: 12 }
      const line = { start: { x: 0, y: below.bottom + 20 }, end: { x: 595, y: below.bottom + 20 } }
      expect(await drawn(() => {})).to.equal('no error')
      expect(await drawn((page) => page.drawLine(line))).to.equal('PDF_BOX_NOT_EMPTY')
      expect(await drawn((page) => page.drawRectangle({ ...inside, color: rgb(1, 0.9, 0.9) }))).to.equal(
        'PDF_BOX_NOT_EMPTY',
      )
      expect(await drawn((page) => page.drawRectangle({ ...inside, color: rgb(1, 1, 1) }))).to.equal(
        'no error',
      )
      expect(await drawn((page) => page.drawCircle({ x: 100, y: 50, size: 30, borderWidth: 1 }))).to.equal(
        'PDF_BOX_NOT_EMPTY',
      )
      const frame = { x: 20, y: 20, width: 500, height: 800, borderWidth: 1, borderColor: rgb(0, 0, 0) }
      expect(await drawn((page) => page.drawRectangle(frame))).to.equal('no error')
      const picture = { ...inside, width: 10, height: 10 }
      expect(
        await drawn(async (page, pdf) => page.drawImage(await pdf.embedPng(sealPicture()), picture)),
      ).to.equal('PDF_BOX_NOT_EMPTY')
      // Nothing of a page drawn as a form is passed over, nor a part of it that lies elsewhere taken for ink here.
      const form = (x: number) => async (page: PDFPage, pdf: PDFDocument) => {
        const other = await PDFDocument.create()
        other.addPage([100, 100]).drawRectangle({ x: 40, y: 40, width: 20, height: 20 })
        const [embedded] = await pdf.embedPdf(await other.save())
        if (embedded === undefined) throw new Error('no page')
        page.drawPage(embedded, { x, y: below.bottom - 20 })
      }
      expect(await drawn(form(below.left + 20))).to.equal('PDF_BOX_NOT_EMPTY')
      expect(await drawn(form(below.left + below.width))).to.equal('no error')
      // The same line on a page that is shown turned runs down its right half.
      expect(await drawn((page) => page.drawLine(line), 90)).to.equal('no error')
    })

    it('over what its page draws in a way that is easily missed: in doubt there is something', async () => {
      const [x, y] = [below.left + 20, below.bottom + 10]
      const inside = `${x} ${y} 30 12 re`
      const contents = {
        'a comment between numbers': `${x} %x\n ${y} 30 12 re f`,
        'a comment within a matrix': `1 0 0 1 %c\n ${x} ${y} cm 0 0 30 12 re f`,
        'NUL as white space': `${inside}\0f`,
        'numbers that others read': `${x} ${y} 30 12-- re f`,
        'an operator joined to its number': `${x} ${y} 30 12re f`,
        'operators in brackets in a string': `BT ((x) 0 0 0 0 0 0 cm (y)) Tj ET ${inside} f`,
        'a string that does not end': `${inside} (f`,
        'data of a picture that is none': `q 1 0 0 1 900 900 cm ID Q ${inside} f`,
        'a line whose width is a state’s': `/G0 gs 0 ${y + 60} m 590 ${y + 60} l S`,
        'white mixed with what is below': `/G1 gs 1 g ${inside} f`,
        'a path of very many points': `0 0 m ${'1 1 l '.repeat(200_000)} ${x} ${y} l f`,
      }
      const states = { G0: { LW: 120 }, G1: { BM: 'Difference' } }
      const place = { ...person, left: 300 }
      const drawing = async (content: string) => {
        const pdf = await PDFDocument.create()
        const page = pdf.addPage([595, 842])
        page.node.set(PDFName.of('Resources'), pdf.context.obj({ ExtGState: states }))
        const stream = pdf.context.flateStream(Buffer.from(content, 'latin1'))
        page.node.set(PDFName.of('Contents'), pdf.context.register(stream))
        return room(await signedElsewhere(await pdf.save({ useObjectStreams: false }), { place }), below)
      }
      for (const [label, content] of Object.entries(contents))
        expect(await drawing(content), label).to.equal('PDF_BOX_NOT_EMPTY')
      expect(await drawing('%(\n BT ((a) \\) b) Tj ET 0 g 0 800 9 9 re f'), 'elsewhere').to.equal('no error')
    })

    it('over a stamp, whatever its flags say of kinds that nobody knows; what is never seen counts for nothing', async () => {
      const stamped = async (flags: number) => {
        const pdf = await PDFDocument.create()
        const page = pdf.addPage([595, 842])
        const { left, bottom } = below
        const stamp = {
          Type: 'Annot',
          Subtype: 'Stamp',
          Rect: [left, bottom, left + 40, bottom + 10],
          F: flags,
        }
        page.node.set(PDFName.of('Annots'), pdf.context.obj([pdf.context.register(pdf.context.obj(stamp))]))
        const bytes = await pdf.save({ useObjectStreams: false })
        return room(await signedElsewhere(bytes, { place: { ...person, left: 300 } }), below)
      }
      for (const flags of [0, 1, 4, 4 + 32]) expect(await stamped(flags)).to.equal('PDF_BOX_NOT_EMPTY')
      for (const flags of [2, 2 + 4, 32]) expect(await stamped(flags)).to.equal('no error')
    })

    it('on a page that is small in the file and takes long to look at', async () => {
      const made = async (entry: string, items: (pdf: PDFDocument) => PDFObject[]) => {
        const pdf = await PDFDocument.create()
        pdf.addPage([595, 842]).node.set(PDFName.of(entry), pdf.context.obj(items(pdf)))
        return codeOf(async () => readPageInk(await pdf.save({ useObjectStreams: false }), 1))
      }
      // White space of 8 MB between two filters, and nothing after the second.
      const blank = (pdf: PDFDocument) => {
        const dict = { Filter: ['FlateDecode', 'ASCIIHexDecode'] }
        const part = pdf.context.register(pdf.context.stream(deflateSync(Buffer.alloc(8_000_000, 32)), dict))
        return Array.from({ length: 40 }, () => part)
      }
      expect(await made('Contents', blank)).to.equal('PDF_MALFORMED')
      const stamps = (pdf: PDFDocument) => {
        const stamp = pdf.context.register(pdf.context.obj({ Subtype: 'Stamp', Rect: [0, 0, 1, 1] }))
        return Array.from({ length: 20_001 }, () => stamp)
      }
      expect(await made('Annots', stamps)).to.equal('PDF_MALFORMED')
    })

    it('with words that its fonts cannot show, before any number is bound to it', async () => {
      for (const said of [{ placeAndDate: 'Hà Nội 文, ngày 05 tháng 02 năm 2026' }, { agency: 'Ủy ban 文' }])
        expect(await room(signed, { ...below, width: 400, height: 80 }, said)).to.equal(
          'PDF_TEXT_NOT_ENCODABLE',
        )
    })
  })

  describe('is refused where a signature forbids it', () => {
    const locks: readonly (readonly [string, Partial<SigningOptions>, string])[] = [
      ['a lock of all fields', { lock: { action: 'All' } }, 'PDF_NO_CHANGES_PERMITTED'],
      [
        'a lock of all but others',
        { lock: { action: 'Exclude', fields: ['khac'] } satisfies FieldLock },
        'PDF_FIELD_LOCKED',
      ],
      ['a certification without changes', { certify: 1 }, 'PDF_NO_CHANGES_PERMITTED'],
      ['a certification for forms', { certify: 2 }, 'PDF_NO_CHANGES_PERMITTED'],
      ['a certification for annotations', { certify: 3 }, 'PDF_NO_CHANGES_PERMITTED'],
    ]
    for (const [label, options, code] of locks) {
      it(`by ${label}`, async () => {
        expect(await room(await signedElsewhere(letter, options), above)).to.equal(code)
      })
    }

    it('but not by a lock that leaves its field open', async () => {
      const lock: FieldLock = { action: 'Include', fields: ['Signature1'] }
      const before = await signedElsewhere(letter, { lock })
      const after = await issue(before)
      expect(await check(before, after)).to.equal('no error')
      expect(verifyPdf(after, policyOf(signers.pki, { profile: 'issued' })).indication).to.equal(
        'TOTAL_PASSED',
      )
    })

    it('where the document has a field of that name', async () => {
      const before = await signedElsewhere(addSignatureFields(letter, [{ name: issueMarkField }]))
      expect(await room(before, above)).to.equal('PDF_FIELD_EXISTS')
    })
  })

  describe('is compared by making it again: refused is', () => {
    it('another number, date, agency or place', async () => {
      const issued = await issue(signed)
      expect(await check(signed, issued)).to.equal('no error')
      for (const said of [
        { code: '16/QĐ-UBND' },
        { placeAndDate: 'Hà Nội, ngày 06 tháng 02 năm 2026' },
        { agency: 'Ủy ban nhân dân xã khác' },
      ])
        expect(await check(signed, issued, above, said)).to.equal('PDF_UNEXPECTED_CHANGES')
      expect(await check(signed, issued, { ...above, left: above.left - 1 })).to.equal(
        'PDF_UNEXPECTED_CHANGES',
      )
    })

    it('another time in the box than the signature says', async () => {
      const options = issueMarkOptions(above, mark, seedTime, fonts)
      const later = new Date(seedTime.getTime() + 60_000)
      const issued = await signPdf(signed, { key: signers.agency, ...options, signingTime: later })
      expect(await check(signed, issued)).to.equal('PDF_UNEXPECTED_CHANGES')
    })

    it('an appearance of another kind, a reason, another lock, a signature elsewhere', async () => {
      const text = { fontBytes, lines: ['Số: 15/QĐ-UBND', 'ngày 05 tháng 02 năm 2026'] }
      for (const more of [
        { appearance: text },
        { reason: 'Ban hành' },
        { lock: { action: 'Include', fields: ['x'] } satisfies FieldLock },
        { field: 'Signature2' },
      ])
        expect(await check(signed, await issue(signed, above, {}, more))).to.equal('PDF_UNEXPECTED_CHANGES')
    })

    it('another letter drawn for a code: a font that is not the agreed one', async () => {
      const options = issueMarkOptions(above, mark, seedTime, { upright: italic, italic })
      const issued = await signPdf(signed, { key: signers.agency, ...options })
      expect(await check(signed, issued)).to.equal('PDF_UNEXPECTED_CHANGES')
    })

    it('a byte changed inside of it, and a second revision', async () => {
      const issued = await issue(signed)
      const altered = replaced(issued, '/Filter /Adobe.PPKLite', '/Filter /Adobe.PPKLitf')
      expect(await check(signed, altered)).to.equal('PDF_UNEXPECTED_CHANGES')
      const twice = await signPdf(
        await issue(signed, above, {}, { lock: { action: 'Include', fields: ['x'] } }),
        {
          key: signers.agency,
          field: 'again',
          signingTime: seedTime,
        },
      )
      expect(await check(signed, twice)).to.equal('PDF_UNEXPECTED_CHANGES')
    })

    it('a later person’s signature in another place, unseen where it is to be seen, and the other way round', async () => {
      const field = laterSignatureField(2)
      const place: FieldPlace = { page: 1, left: 100, bottom: 150, width: 120, height: 50 }
      const sign = (at: FieldPlace) => signedElsewhere(signed, { field, place: at })
      const taken = (next: Uint8Array, wanted: FieldPlace | null) =>
        codeOf(() => assertLaterSignature(signed, next, field, wanted))
      const unseen = await signPdf(signed, { key: signers.individual, field, signingTime: seedTime })
      expect(await taken(await sign(place), place)).to.equal('no error')
      expect(await taken(unseen, null)).to.equal('no error')
      expect(await taken(unseen, place)).to.equal('PDF_UNEXPECTED_CHANGES')
      expect(await taken(await sign(place), null)).to.equal('PDF_UNEXPECTED_CHANGES')
      expect(await taken(await sign({ ...place, left: 101 }), place)).to.equal('PDF_UNEXPECTED_CHANGES')
      // Nine tenths of the place that is signed already.
      expect(await taken(await sign({ ...person, left: person.left + 10 }), place)).to.equal(
        'PDF_UNEXPECTED_CHANGES',
      )
    })

    it('a field with a second box, which could cover the text', async () => {
      const field = laterSignatureField(2)
      const place: FieldPlace = { page: 1, left: 100, bottom: 150, width: 120, height: 50 }
      const twice = await signInBoxes(signed, field, signers.individual, [
        [100, 150, 220, 200],
        [100, 560, 220, 610],
      ])
      const once = await signInBoxes(signed, field, signers.individual, [[100, 150, 220, 200]])
      expect(await codeOf(() => assertLaterSignature(signed, once, field, place))).to.equal('no error')
      expect(await codeOf(() => assertLaterSignature(signed, twice, field, place))).to.equal(
        'PDF_UNEXPECTED_CHANGES',
      )
    })

    it('a new visible field in any other document than one signed elsewhere', async () => {
      const issued = await issue(signed)
      const refused = await codeOf(() => assertExtendsBySignature(signed, issued, { field: issueMarkField }))
      expect(refused).to.equal('PDF_UNEXPECTED_CHANGES')
    })
  })
})

/** A signature in a new field with a widget for each box, as our own writer never makes one. */
async function signInBoxes(
  pdf: Uint8Array,
  field: string,
  key: KeyProvider,
  boxes: readonly (readonly number[])[],
): Promise<Uint8Array> {
  const file = openPdf(pdf)
  const writer = new RevisionWriter(file)
  const changes = new FormRevision(writer, file.latest, readForm(file.latest))
  const [page] = readPages(file.latest)
  if (page === undefined) throw new Error('no page')
  const [root, value] = [writer.allocate(), writer.allocate()]
  const kids = boxes.map((box) => {
    const rect = { left: 0, bottom: 0, width: 120, height: 50 }
    const widget = writer.add(
      pdfDict({
        ...{ Type: pdfName('Annot'), Subtype: pdfName('Widget'), Parent: root, P: page.reference, F: 4 },
        Rect: pdfArray(box),
        AP: pdfDict({ N: addAppearance(writer, rect, pdfDict({}), '0 g 0 0 120 50 re f') }),
      }),
    )
    changes.addWidget(widget, page)
    return widget
  })
  const named = { FT: pdfName('Sig'), T: pdfText(field) }
  writer.set(root, pdfDict({ ...named, V: value, Kids: pdfArray(kids) }))
  changes.addRoot(root)
  changes.write()
  const entries = pdfDict({
    ...{ Type: pdfName('Sig'), Filter: pdfName('Adobe.PPKLite'), SubFilter: pdfName('ETSI.CAdES.detached') },
    M: pdfText(pdfDate(seedTime)),
  })
  const { digest: digestAlgorithm, scheme: signatureScheme } = key.algorithm
  const built = buildSignatureRevision(
    writer,
    pdf,
    { reference: value, entries, size: 8192 },
    digestAlgorithm,
  )
  const { certificate, chain } = key
  const attributes = { messageDigest: built.digest, certificate, chain, digest: digestAlgorithm }
  const signedAttributes = buildSignedAttributes(attributes)
  const revision = { certificate, chain, signedAttributes, digestAlgorithm, signatureScheme }
  writeContents(
    built.bytes,
    built.byteRange,
    signatureCms(revision, await key.sign(signedAttributes)),
    pdf.length,
  )
  return Buffer.concat([pdf, built.bytes])
}
