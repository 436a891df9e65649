import { expect } from 'chai'
import { PDFDocument } from 'pdf-lib'
import { RevisionWriter } from '../../../signing/pdf/append-writer.ts'
import { pdfDict, pdfName, pdfText, withEntries } from '../../../signing/pdf/objects.ts'
import { openPdf } from '../../../signing/pdf/pdf-file.ts'
import type { ReferenceCounts } from '../../../signing/pdf/reference-counts.ts'
import { serialize } from '../../../signing/pdf/serialize.ts'
import { requireProgram } from '../../support/programs.ts'
import { qpdfComplaints } from './checkers.ts'
import { asText, smallPdf } from './small-pdf.ts'

function appendTo(pdf: Uint8Array): Uint8Array {
  const file = openPdf(pdf)
  const writer = new RevisionWriter(file)
  const added = writer.add(pdfDict({ Type: pdfName('Test'), Text: pdfText('Số') }))
  writer.addStream(pdfDict({}), Buffer.from('stream data'))
  const root = file.latest.trailer.entries.get('Root')
  if (root === undefined || root === null || typeof root !== 'object' || root.kind !== 'reference')
    throw new Error('no root')
  writer.set(root, withEntries(file.latest.catalog, { Test: added }))
  return writer.build().bytes
}

describe('append-only writer', () => {
  for (const objectStreams of [false, true]) {
    const kind = objectStreams ? 'stream' : 'table'

    it(`leaves earlier bytes alone and adds a ${kind} to a ${kind}`, async () => {
      const original = await smallPdf({ objectStreams })
      let pdf = original
      for (let revision = 1; revision <= 3; revision += 1) {
        const next = appendTo(pdf)
        expect(Buffer.compare(next.subarray(0, pdf.length), pdf)).to.equal(0)
        pdf = next
        const file = openPdf(pdf)
        expect(file.revisions).to.have.length(revision + 1)
        expect(file.revisions.at(-1)?.section.kind).to.equal(kind)
        const { catalog, trailer } = file.latest
        expect(serialize(file.latest.resolve(catalog.entries.get('Test')))).to.contain('/Text <feff0053')
        const before = openPdf(original).latest.trailer
        for (const key of ['Root', 'Info', 'ID']) {
          expect(serialize(trailer.entries.get(key) ?? null), key).to.equal(
            serialize(before.entries.get(key) ?? null),
          )
        }
        expect(trailer.entries.get('Size')).to.equal(Math.max(...file.latest.numbers()) + 1)
      }
      const reread = await PDFDocument.load(pdf)
      expect(reread.getPageCount()).to.equal(1)
    })

    it(`pleases qpdf, ${kind}`, async function () {
      requireProgram(this, 'qpdf')
      expect(qpdfComplaints(appendTo(appendTo(await smallPdf({ objectStreams }))))).to.equal('')
    })
  }

  it('begins on a line of its own when the file does not end with one', async () => {
    const pdf = await smallPdf()
    const trimmed = pdf.subarray(0, asText(pdf).lastIndexOf('%%EOF') + 5)
    const next = appendTo(trimmed)
    expect(openPdf(next).revisions).to.have.length(2)
    expect(next[trimmed.length]).to.equal(0x0a)
  })

  it('gives no new object a number that something refers to already', async () => {
    const pdf = await smallPdf()
    const size = Number(openPdf(pdf).latest.trailer.entries.get('Size'))
    const file = openPdf(pdf)
    const writer = new RevisionWriter(file)
    const root = file.latest.trailer.entries.get('Root')
    if (root === undefined || root === null || typeof root !== 'object' || root.kind !== 'reference')
      throw new Error('no root')
    const dangling = { kind: 'reference', number: size + 1, generation: 0 } as const
    writer.set(root, withEntries(file.latest.catalog, { Missing: dangling }))
    const next = new RevisionWriter(openPdf(writer.build().bytes))
    expect([next.allocate().number, next.allocate().number]).to.deep.equal([size, size + 2])
  })

  it('is followed by reference counts that are the same step by step as anew', async () => {
    for (const objectStreams of [false, true]) {
      const pdf = appendTo(appendTo(await smallPdf({ objectStreams })))
      const stepwise = openPdf(pdf)
      for (const { index } of stepwise.revisions) {
        const counts = stepwise.referenceCounts(index)
        const anew = openPdf(pdf).referenceCounts(index)
        const numbers = Array.from({ length: 60 }, (_, number) => number)
        const all = (one: ReferenceCounts) => numbers.map((number) => [...one.referrers(number)].sort())
        expect(all(counts)).to.deep.equal(all(anew))
        expect(numbers.some((number) => counts.isReferred(number))).to.equal(true)
      }
    }
  })
})
