import { deflateSync } from 'node:zlib'
import { expect } from 'chai'
import { SigningError } from '../../../signing/errors.ts'
import { forbidden, harmless } from '../../../signing/pdf/change.ts'
import { compareRevision } from '../../../signing/pdf/compare-revisions.ts'
import { decodeStream } from '../../../signing/pdf/filters.ts'
import { readForm } from '../../../signing/pdf/form.ts'
import { judgeChanges } from '../../../signing/pdf/judge-changes.ts'
import { pdfArray, pdfDict, pdfName } from '../../../signing/pdf/objects.ts'
import { openPdf } from '../../../signing/pdf/pdf-file.ts'
import { readSecurityStore } from '../../../signing/pdf/security-store.ts'

/** A file written by hand: its objects, in one revision after another. */
class HandWritten {
  #text = '%PDF-1.7\n'
  #entries = ''
  #previous = ''
  readonly offsets = new Map<number, number>()

  get length(): number {
    return this.#text.length
  }

  object(number: number, body: string): this {
    this.entry(number, this.#text.length)
    this.#text += `${number} 0 obj\n${body}\nendobj\n`
    return this
  }

  stream(number: number, dict: string, data: Uint8Array, length: string = String(data.length)): this {
    const text = Buffer.from(data).toString('latin1')
    return this.object(number, `<< ${dict} /Length ${length} >>\nstream\n${text}\nendstream`)
  }

  entry(number: number, offset: number): this {
    this.offsets.set(number, offset)
    this.#entries += `${number} 1\n${String(offset).padStart(10, '0')} 00000 n \n`
    return this
  }

  /** Ends a revision by a table. */
  end(size = 101, more = ''): this {
    const at = this.#text.length
    this.#text += `xref\n0 1\n0000000000 65535 f \n${this.#entries}trailer\n`
    return this.#finish(`<< /Size ${size} /Root 1 0 R ${more}${this.#previous}>>`, at)
  }

  /** Ends a revision by a stream, whose entries the test gives as bytes of 1, 4 and 4. */
  endByStream(number: number, dict: string, rows: readonly (readonly number[])[]): this {
    const at = this.#text.length
    const data = Buffer.alloc(rows.length * 9)
    for (const [i, [type = 0, second = 0, third = 0]] of rows.entries()) {
      data[i * 9] = type
      data.writeUInt32BE(second, i * 9 + 1)
      data.writeUInt32BE(third, i * 9 + 5)
    }
    const raw = deflateSync(data).toString('latin1')
    const entries = `/Type /XRef /W [1 4 4] /Root 1 0 R /Filter /FlateDecode ${dict} ${this.#previous}`
    this.#text += `${number} 0 obj\n<< ${entries} /Length ${raw.length} >>\nstream\n${raw}\nendstream\nendobj`
    return this.#finish('', at)
  }

  #finish(trailer: string, at: number): this {
    this.#text += `${trailer}\nstartxref\n${at}\n%%EOF\n`
    this.#previous = `/Prev ${at} `
    this.#entries = ''
    return this
  }

  get bytes(): Uint8Array {
    return Buffer.from(this.#text, 'latin1')
  }
}

function document(catalog = ''): HandWritten {
  return new HandWritten()
    .object(1, `<< /Type /Catalog /Pages 2 0 R ${catalog} >>`)
    .object(2, '<< /Type /Pages /Kids [] /Count 0 >>')
}

function reasonOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (error instanceof SigningError) return error.message
    throw error
  }
  return 'no error'
}

describe('PDFs that are small and would be large', () => {
  describe('security store', () => {
    it('decodes each stream once, in whatever list it stands', () => {
      const pdf = document('/DSS << /Certs [4 0 R 4 0 R 5 0 R] /CRLs [4 0 R] >>')
        .stream(4, '/Filter /FlateDecode', deflateSync(Buffer.from('one')))
        .stream(5, '', Buffer.from('two'))
      const store = readSecurityStore(openPdf(pdf.end().bytes).latest)
      expect(store?.certificates?.map((one) => Buffer.from(one).toString())).to.deep.equal(['one', 'two'])
      expect(store?.crls).to.deep.equal([])
    })

    it('leaves out what is more than 16 MB in total', () => {
      const large = deflateSync(Buffer.alloc(15 * 1024 * 1024))
      const pdf = document('/DSS << /Certs [4 0 R 5 0 R 6 0 R] >>')
        .stream(4, '/Filter /FlateDecode', large)
        .stream(5, '/Filter /FlateDecode', large)
        .stream(6, '', Buffer.from('after'))
      const store = readSecurityStore(openPdf(pdf.end().bytes).latest)
      expect(store?.certificates?.map((one) => one.length)).to.deep.equal([15 * 1024 * 1024])
    })

    it('finds what was taken out of a long list, and nothing where it was only put in another order', () => {
      const numbers = Array.from({ length: 20_000 }, (_, i) => `${i + 100} 0 R`)
      const changed = (items: readonly string[]): string[] => {
        const pdf = document('/DSS 8 0 R')
          .object(8, `<< /Certs [${numbers.join(' ')}] >>`)
          .stream(100, '', Buffer.from('x'))
          .end()
        const file = openPdf(pdf.object(8, `<< /Certs [${items.join(' ')}] >>`).end().bytes)
        return compareRevision(file, 1).map((one) => (one.kind === 'forbidden' ? one.code : one.kind))
      }
      expect(changed([...numbers].reverse())).to.deep.equal(['security-store'])
      expect(changed(numbers.slice(1))).to.deep.equal(['SECURITY_STORE_CHANGED'])
    })
  })

  describe('object streams', () => {
    /** A document whose object 3 is at place 0 of object stream 4. */
    function packed(header: string, data: string, entries: string): Uint8Array {
      const pdf = document().stream(4, entries, Buffer.from(header + data))
      const at = pdf.length
      const rows = [1, 2].map((number) => [1, pdf.offsets.get(number) ?? 0, 0])
      rows.push([2, 4, 0], [1, pdf.offsets.get(4) ?? 0, 0], [1, at, 0])
      return pdf.endByStream(5, '/Size 6 /Index [1 5]', rows).bytes
    }
    const third = (bytes: Uint8Array) => openPdf(bytes).latest.object(3)?.value

    it('reads one as it should be', () => {
      expect(third(packed('3 0 6 3 ', '12 34', '/Type /ObjStm /N 2 /First 8'))).to.equal(12)
    })

    it('refuses more objects than the header has room for', () => {
      const bytes = packed('3 0 6 3 ', '12 34', '/Type /ObjStm /N 3 /First 8')
      expect(reasonOf(() => third(bytes))).to.include('N of an object stream is too large')
    })

    it('refuses offsets that do not ascend and objects that overlap', () => {
      const same = packed('3 0 6 0 ', '12 34', '/Type /ObjStm /N 2 /First 8')
      expect(reasonOf(() => third(same))).to.include('do not ascend')
      const over = packed('3 0 6 2 ', '[1 2]', '/Type /ObjStm /N 2 /First 8')
      expect(reasonOf(() => third(over))).to.include('array without an end')
    })

    it('refuses more decoded bytes than a file of its size has', () => {
      const data = deflateSync(Buffer.concat([Buffer.from('3 0 12'), Buffer.alloc(8 * 1024 * 1024, ' ')]))
      const bytes = packed(data.toString('latin1'), '', '/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode')
      expect(bytes.length).to.be.lessThan(64 * 1024)
      expect(reasonOf(() => third(bytes))).to.include('too long')
    })
  })

  describe('cross-reference streams', () => {
    const entries = { Type: pdfName('XRef'), W: pdfArray([1, 2, 1]), Size: 3, Filter: pdfName('FlateDecode') }

    it('unpacks no more than the entries, with a predictor or without', () => {
      const plain = pdfDict(entries)
      expect(decodeStream(plain, deflateSync(Buffer.alloc(12)), 0)).to.have.length(12)
      expect(reasonOf(() => decodeStream(plain, deflateSync(Buffer.alloc(40)), 0))).to.include('too long')
      const predicted = pdfDict({ ...entries, DecodeParms: pdfDict({ Predictor: 15, Columns: 4 }) })
      expect(decodeStream(predicted, deflateSync(Buffer.alloc(15)), 0)).to.have.length(12)
      expect(reasonOf(() => decodeStream(predicted, deflateSync(Buffer.alloc(40)), 0))).to.include('too long')
    })

    it('refuses more entries than objects could stand in the file', () => {
      const rows = Array.from({ length: 4000 }, () => [0, 0, 0])
      const pdf = document()
      rows[1] = [1, pdf.offsets.get(1) ?? 0, 0]
      const bytes = pdf.endByStream(99, `/Size ${rows.length}`, rows).bytes
      expect(reasonOf(() => openPdf(bytes))).to.include('too many cross-reference entries')
    })
  })

  describe('cross-reference streams and /Size', () => {
    const ended = (entries: string, extra: readonly (readonly number[])[] = []): Uint8Array => {
      const pdf = document()
      const rows = [1, 2].map((number) => [1, pdf.offsets.get(number) ?? 0, 0])
      return pdf.endByStream(3, entries, [...rows, [1, pdf.length, 0], ...extra]).bytes
    }

    it('may leave out the stream itself, which is no part of the document, and nothing else', () => {
      expect(openPdf(ended('/Size 4 /Index [1 3]')).latest.numbers()).to.deep.equal([1, 2, 3])
      expect(openPdf(ended('/Size 3 /Index [1 3]')).latest.numbers()).to.deep.equal([1, 2, 3])
      expect(reasonOf(() => openPdf(ended('/Size 2 /Index [1 3]')))).to.include('object 2 is beyond Size')
    })

    it('counts the entries of a hybrid file before its stream is unpacked', () => {
      const stream = deflateSync(Buffer.alloc(9 * 4000))
      const pdf = document()
      const at = pdf.length
      const dict = '/Type /XRef /W [1 4 4] /Size 4000 /Root 1 0 R /Filter /FlateDecode'
      const text = Buffer.from(pdf.stream(3, dict, stream).end().bytes).toString('latin1')
      const hybrid = text.replace('/Root 1 0 R >>', `/Root 1 0 R /XRefStm ${at} >>`)
      expect(reasonOf(() => openPdf(Buffer.from(hybrid, 'latin1')))).to.include(
        'too many cross-reference entries',
      )
    })
  })

  describe('values', () => {
    /** How many of a value an object stream of one object holds before it is refused; the file has under 50 kB. */
    const refusal = (item: string): string => {
      const count = Math.floor((4 * 1024 * 1024) / item.length)
      const data = deflateSync(Buffer.from(`3 0 [${item.repeat(count)}]`))
      const pdf = document().stream(4, '/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode', data)
      const rows = [1, 2].map((number) => [1, pdf.offsets.get(number) ?? 0, 0])
      rows.push([2, 4, 0], [1, pdf.offsets.get(4) ?? 0, 0], [1, pdf.length, 0])
      const { bytes } = pdf.endByStream(5, '/Size 6 /Index [1 5]', rows)
      expect(bytes.length).to.be.lessThan(50_000)
      return reasonOf(() => openPdf(bytes).latest.object(3))
    }

    it('are counted by what they take up, so that a small file does not become a large one', () => {
      for (const item of ['[]', '()', '<</A 1>>']) {
        expect(refusal(item), item).to.include('too many values')
      }
      expect(refusal('1 0 R ')).to.equal('no error')
    })

    it('are counted across all the trailers of a file', () => {
      const ended = (times: number, items: number): Uint8Array => {
        const pdf = document()
        for (let i = 0; i < times; i += 1) pdf.end(100, `/X [${'<<>>'.repeat(items)}] `)
        return pdf.bytes
      }
      expect(openPdf(ended(3, 1000)).revisions).to.have.length(3)
      expect(openPdf(ended(1, 100_000)).revisions).to.have.length(1)
      expect(reasonOf(() => openPdf(ended(4, 100_000)))).to.include('too many values')
    })
  })

  describe('forms', () => {
    it('refuses a full name of more than 1 kB', () => {
      const form = (length: number) =>
        document('/AcroForm << /Fields [7 0 R] >>')
          .object(7, `<< /T (${'A'.repeat(length)}) /Kids [8 0 R] >>`)
          .object(8, '<< /T (b) /FT /Tx >>')
          .end().bytes
      expect(readForm(openPdf(form(1022)).latest)?.fields).to.have.length(1)
      expect(reasonOf(() => readForm(openPdf(form(1023)).latest))).to.include('too long')
    })
  })

  describe('objects in all revisions together', () => {
    it('end the reading of a form once they are too many, and not field by field', () => {
      const fields = Array.from({ length: 50 }, (_, i) => i + 20)
      const pdf = document(`/AcroForm << /Fields [${fields.map((one) => `${one} 0 R`).join(' ')}] >>`)
      for (const one of fields) pdf.object(one, `<< /T (f${one}) /FT /Tx >>`)
      const file = openPdf(pdf.end().bytes)
      expect(reasonOf(() => file.countVisits(5_000_000))).to.include('too many objects')
      const faults: SigningError[] = []
      expect(reasonOf(() => readForm(file.latest, (fault) => faults.push(fault)))).to.include(
        'too many objects',
      )
      expect(faults).to.deep.equal([])
    })
  })

  describe('changes after a signature', () => {
    const locks = { documentPermission: undefined, fieldLocks: [] }
    const updates = (count: number) =>
      Array.from({ length: count }, (_, i) => harmless('PAGE_UPDATED', `page ${i}`))

    it('are listed while there are few', () => {
      const judged = judgeChanges(updates(200), locks)
      expect(judged.changes).to.have.length(200)
      expect(judged.omitted).to.equal(undefined)
    })

    it('are all looked at while they are permitted, and counted where they are not listed', () => {
      const judged = judgeChanges(updates(1200), locks)
      expect(judged.changesAfter).to.equal('permitted')
      expect(judged.changes).to.have.length(200)
      expect(judged.omitted).to.deep.equal({
        code: 'CHANGES_NOT_LISTED',
        message: '1000 further changes are permitted and not listed',
      })
    })

    it('tell the one that is forbidden, however late it comes, and end there', () => {
      let taken = 0
      const changes = function* () {
        yield* updates(1000)
        yield forbidden('PAGE_CHANGED', 'the page changed')
        for (const change of updates(1000)) {
          taken += 1
          yield change
        }
      }
      const judged = judgeChanges(changes(), locks)
      expect(judged.changesAfter).to.equal('forbidden')
      expect(judged.changes.at(-1)?.code).to.equal('PAGE_CHANGED')
      expect(judged.changes).to.have.length(201)
      expect(judged.omitted?.code).to.equal('CHANGES_NOT_LISTED')
      expect(taken).to.be.at.most(1)
    })

    it('are listed up to the same number when the first one is forbidden', () => {
      const judged = judgeChanges([forbidden('ROOT_CHANGED', 'another catalog'), ...updates(500)], locks)
      expect(judged.changesAfter).to.equal('forbidden')
      expect(judged.changes[0]?.code).to.equal('ROOT_CHANGED')
      expect(judged.changes).to.have.length(200)
    })
  })

  describe('objects read again and again', () => {
    it('keeps a stream whose length is an object of its own, and reads it anew for another length', () => {
      const pdf = document().object(8, '1').stream(9, '', Buffer.from('x'), '8 0 R').end()
      const file = openPdf(
        pdf
          .entry(9, pdf.offsets.get(9) ?? 0)
          .end()
          .object(8, '3')
          .end().bytes,
      )
      expect(file.at(0).object(9)).to.equal(file.at(1).object(9))
      expect(reasonOf(() => file.at(2).object(9))).to.include('endstream')
    })

    it('refuses objects that lie inside one another without end', () => {
      const depth = 40
      const pdf = document()
      const parts = Array.from({ length: depth }, (_, i) => `${i + 10} 0 obj (`)
      const at = pdf.length
      pdf.object(9, `(${parts.join('')}${') endobj'.repeat(depth)})`)
      let start = at + '9 0 obj\n('.length
      for (const [i, part] of parts.entries()) {
        pdf.entry(i + 10, start)
        start += part.length
      }
      const file = openPdf(pdf.end().bytes)
      expect(reasonOf(() => file.latest.numbers().map((one) => file.latest.object(one)))).to.include(
        'overlap',
      )
    })
  })
})
