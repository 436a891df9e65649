/** Text of pages with its places, compared with poppler; and PDFs that nobody should be able to hang a node with. */
import { execFileSync } from 'node:child_process'
import { constants, deflateSync } from 'node:zlib'
import { expect } from 'chai'
import { PDFDocument, PDFName } from 'pdf-lib'
import { encrypted } from '../../../fixtures/documents/broken.ts'
import { makeLetter } from '../../../fixtures/documents/letter.ts'
import { makePlainLetter, makeScan } from '../../../fixtures/documents/plain-letter.ts'
import { communeLetter } from '../../../fixtures/documents/sample-letters.ts'
import { CongvanError } from '../../../server/errors.ts'
import { openPageTextReader, plainText, readPageText } from '../../../server/pages/page-text.ts'
import { assembleLines, overlaps } from '../../../server/pages/text-lines.ts'
import { inFolder } from '../../signing/pdf/checkers.ts'
import { requireProgram } from '../../support/programs.ts'
import { type OpenedReader, openReader, runOf } from './page-texts.ts'

describe('text of pages', () => {
  let reader: OpenedReader
  let plain: Uint8Array

  before(async () => {
    reader = openReader()
    plain = await makePlainLetter({ signers: [] })
  })
  after(() => reader.close())

  async function reasonOf(bytes: Uint8Array, limits = {}): Promise<unknown> {
    try {
      await reader.read(bytes, limits)
      return 'read'
    } catch (error) {
      if (!(error instanceof CongvanError)) throw error
      expect(error.code).to.equal('PAGE_TEXT_UNREADABLE')
      return error.params.reason
    }
  }

  it('has every line of every page, where poppler finds its words', async function () {
    requireProgram(this, 'pdftotext')
    const pdf = await makeLetter({ ...communeLetter, created: new Date(0), formFields: false })
    const pages = await reader.read(pdf)
    expect(pages.map(({ page }) => page)).to.deep.equal([1, 2])
    const html = inFolder({ 'file.pdf': pdf }, (cwd) =>
      execFileSync('pdftotext', ['-bbox', 'file.pdf', '-'], { cwd, encoding: 'utf8' }),
    )
    const words = html
      .split('<page ')
      .slice(1)
      .map((page) =>
        [...page.matchAll(/xMin="([\d.]+)" yMin="[\d.]+" xMax="([\d.]+)" yMax="[\d.]+">([^<]+)</g)].map(
          ([, left, right, text]) => ({
            left: Number(left),
            right: Number(right),
            text: (text ?? '').normalize('NFC'),
          }),
        ),
      )
    for (const [i, page] of pages.entries()) {
      const own = words[i] ?? []
      const text = page.lines.map((line) => line.text).join(' ')
      expect(text.split(' ').toSorted()).to.deep.equal(own.map((word) => word.text).toSorted())
      for (const line of page.lines.filter(({ text: shown }) => !shown.includes(' '))) {
        const near = own.some(
          (word) =>
            word.text === line.text &&
            Math.abs(word.left - line.box.left) < 1.5 &&
            Math.abs(word.right - line.box.left - line.box.width) < 1.5,
        )
        expect(near, line.text).to.equal(true)
      }
    }
    expect(plainText(pages)).to.contain('Ủy ban nhân dân xã Hải Minh kính báo cáo'.normalize('NFC'))
  })

  it('is the same whether a program shows lines or pieces of words, upright or turned', async () => {
    const [base] = await reader.read(plain)
    for (const options of [
      { pieces: 1 },
      { pieces: 3 },
      { rotate: 90 as const },
      { rotate: 180 as const, offset: [40, 70] as const, crop: 9 },
      { rotate: 270 as const, crop: 5 },
    ]) {
      const [page] = await reader.read(await makePlainLetter({ signers: [], ...options }))
      expect(page?.width).to.be.closeTo(base?.width ?? 0, 0.1)
      expect(page?.lines.map(({ text }) => text)).to.deep.equal(base?.lines.map(({ text }) => text))
      for (const [i, line] of page?.lines.entries() ?? []) {
        const box = base?.lines[i]?.box
        expect(line.box.left, line.text).to.be.closeTo(box?.left ?? 0, 0.6)
        expect(line.box.bottom, line.text).to.be.closeTo(box?.bottom ?? 0, 0.6)
        expect(line.box.width, line.text).to.be.closeTo(box?.width ?? 0, 0.8)
      }
    }
  })

  it('parts columns, joins letters with their diacritics, and is in NFC', () => {
    const lines = assembleLines([
      runOf({ text: 'Số:', x: 40, y: 46, width: 6 }),
      runOf({ text: '/UBND-VP', x: 60, y: 46, width: 20 }),
      runOf({ text: 'Ha\u0309i', x: 110, y: 46, width: 7 }),
      runOf({ text: 'Minh', x: 118.2, y: 46.1, width: 9 }),
      runOf({ text: '   ', x: 128, y: 46, width: 9 }),
    ])
    expect(lines.map(({ text }) => text)).to.deep.equal(['Số:', '/UBND-VP', 'Hải Minh'])
  })

  it('counts boxes that only touch as apart', () => {
    const box = { left: 0, bottom: 0, width: 10, height: 10 }
    expect(overlaps(box, { ...box, left: 10 })).to.equal(false)
    expect(overlaps(box, { ...box, left: 9 })).to.equal(true)
    expect(overlaps(box, { ...box, left: 9 }, 2)).to.equal(false)
  })

  it('is empty on a scan', async () => {
    const pages = await reader.read(await makeScan())
    expect(pages.map(({ lines }) => lines)).to.deep.equal([[]])
  })

  it('ends at the limits of pages and characters without an error', async () => {
    const pdf = await makeLetter({ ...communeLetter, created: new Date(0), formFields: false })
    expect((await reader.read(pdf, { pages: 1 })).map(({ page }) => page)).to.deep.equal([1])
    const short = await reader.read(pdf, { characters: 100 })
    expect(plainText(short).length).to.be.lessThan(plainText(await reader.read(pdf)).length)
  })

  it('is remembered for the same bytes, and for no others', async () => {
    const own = openPageTextReader()
    const pages = await own.read(plain)
    // Its thread has ended: whatever is read now starts another.
    await own.close()
    let threads = 0
    const count = () => {
      threads += 1
    }
    process.on('worker', count)
    try {
      expect(await own.read(Uint8Array.from(plain))).to.deep.equal(pages)
      expect(threads).to.equal(0)
      await own.read(await makeScan())
      expect(threads).to.equal(1)
    } finally {
      process.off('worker', count)
      await own.close()
    }
  })

  it('can be had without a pool, by a thread of its own', async () => {
    const [page] = await readPageText(plain, { pages: 1 })
    expect(page?.lines.length).to.be.greaterThan(10)
  })

  describe('of hostile files', () => {
    /** A page whose content unpacks to so many megabytes of text operators. */
    async function bomb(megabytes: number): Promise<Uint8Array> {
      const pdf = await PDFDocument.create({ updateMetadata: false })
      const page = pdf.addPage([200, 200])
      const piece = Buffer.alloc(1 << 20, 'BT (a) Tj ET q Q \n')
      const [head, block] = [2, 0].map((from) => {
        const packed = deflateSync(piece, { finishFlush: constants.Z_FULL_FLUSH })
        return from === 2 ? packed.subarray(0, 2) : packed.subarray(2)
      })
      const data = Buffer.concat([head ?? piece, ...Array.from({ length: megabytes }, () => block ?? piece)])
      const stream = pdf.context.stream(data, { Filter: 'FlateDecode' })
      page.node.set(PDFName.of('Contents'), pdf.context.register(stream))
      return pdf.save({ useObjectStreams: false })
    }

    it('is a clear answer: broken, encrypted, too large', async () => {
      expect(await reasonOf(Buffer.from('%PDF-1.7 nothing'))).to.equal('broken')
      expect(await reasonOf(new Uint8Array(0))).to.equal('broken')
      expect(await reasonOf(plain.subarray(0, 400))).to.equal('broken')
      expect(await reasonOf(await encrypted(plain, 'mật khẩu'))).to.equal('encrypted')
      expect(await reasonOf(plain, { fileBytes: 100 })).to.equal('size')
    })

    it('ends after its time or its memory, and the next file is read', async () => {
      expect(await reasonOf(plain, { milliseconds: 0 })).to.equal('time')
      expect(await reasonOf(await bomb(1_500), { milliseconds: 4_000 })).to.be.oneOf([
        'time',
        'memory',
        'broken',
      ])
      expect(await reasonOf(plain)).to.equal('read')
    })

    it('takes nothing from outside and writes nothing into the bytes it is given', async () => {
      const copy = Uint8Array.from(plain)
      await reader.read(copy)
      expect(Buffer.compare(copy, plain)).to.equal(0)
    })
  })
})
