/** Forgeries that lean on readers that repair, on objects that play two parts, and on boxes prepared in advance. */
import { expect } from 'chai'
import { assembleSignedData, buildSignedAttributes } from '../../../signing/cms/signed-data.ts'
import type { KeyProvider } from '../../../signing/keys/key-provider.ts'
import { RevisionWriter } from '../../../signing/pdf/append-writer.ts'
import {
  byteRangePlaceholder,
  contentsPlaceholder,
  digestByteRange,
  writeByteRange,
  writeContents,
} from '../../../signing/pdf/byte-range.ts'
import { fillTextFields } from '../../../signing/pdf/fill-fields.ts'
import { letterFields } from '../../../signing/pdf/letter-fields.ts'
import {
  isDict,
  isReference,
  type PdfDict,
  type PdfReference,
  type PdfValue,
  pdfArray,
  pdfDict,
  pdfName,
  pdfText,
  withEntries,
} from '../../../signing/pdf/objects.ts'
import { openPdf } from '../../../signing/pdf/pdf-file.ts'
import { verifyPdf } from '../../../signing/pdf/verify-pdf.ts'
import { policyOf } from '../cms/signatures.ts'
import { type Forgery, forge } from './forge.ts'
import { issueLetter, makeSigners, type Signers, signField } from './signers.ts'
import { asText, fontBytes, smallPdf } from './small-pdf.ts'

const { number, date, individualSignature, agencySignature } = letterFields
const cover = Buffer.from('1 1 1 rg 0 0 300 200 re f')

function formOf(box: readonly number[], extra: Record<string, PdfValue> = {}): PdfDict {
  return pdfDict({
    Type: pdfName('XObject'),
    Subtype: pdfName('Form'),
    BBox: pdfArray([...box]),
    ...extra,
  })
}

const line = formOf([0, 0, 60, 16])

function latin1(text: string): Uint8Array {
  return Buffer.from(text, 'latin1')
}

/** Signs whatever revision `act` makes; `act` is given the reference of the signature dictionary. */
async function signRevision(
  pdf: Uint8Array,
  key: KeyProvider,
  act: (forgery: Forgery, value: PdfReference) => void,
  stream?: { readonly entries: string; readonly data: string },
): Promise<Uint8Array> {
  const size = 6000
  const place = contentsPlaceholder(size)
  const head = `/Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached /M (D:20260302080000Z)`
  const length = stream === undefined ? '' : `${stream.entries} /Length ${stream.data.length}`
  const tail = stream === undefined ? '' : `\nstream\n${stream.data}\nendstream`
  const bytes = Uint8Array.from(
    forge(pdf, (forgery) => {
      const value = forgery.writer.allocate()
      const syntax = `<< ${head} /ByteRange ${byteRangePlaceholder} /Contents ${place} ${length} >>${tail}`
      forgery.writer.setSyntax(value, syntax)
      act(forgery, value)
    }),
  )
  const text = Buffer.from(bytes)
  const at = text.lastIndexOf(byteRangePlaceholder, undefined, 'latin1')
  const range = writeByteRange(bytes, at, text.lastIndexOf(place, undefined, 'latin1'), size)
  const { certificate, chain, algorithm } = key
  const messageDigest = digestByteRange(bytes, range, algorithm.digest)
  const signedAttributes = buildSignedAttributes({
    messageDigest,
    certificate,
    chain,
    digest: algorithm.digest,
  })
  const signature = await key.sign(signedAttributes)
  writeContents(
    bytes,
    range,
    assembleSignedData({ signedAttributes, signature, algorithm, certificate, chain }),
  )
  return bytes
}

/** The last trailer with another `/Info`. */
function withInfo(pdf: Uint8Array, info: number): Uint8Array {
  const text = asText(pdf)
  const at = text.lastIndexOf('trailer')
  return latin1(text.slice(0, at) + text.slice(at).replace(/\/Info \d+ 0 R/, `/Info ${info} 0 R`))
}

describe('forgeries that nobody should accept', () => {
  let signers: Signers
  let signed: Uint8Array
  let issued: Uint8Array

  before(async () => {
    signers = await makeSigners()
    ;({ signed, issued } = await issueLetter(await smallPdf(), signers))
  })

  function verdictOf(pdf: Uint8Array) {
    return verifyPdf(pdf, policyOf(signers.pki))
  }

  /** `words` must stand in a message, so that a file is refused for its own fault and not for another one. */
  function expectRefused(pdf: Uint8Array, words: RegExp): void {
    const report = verdictOf(pdf)
    expect(report).to.deep.include({ indication: 'TOTAL_FAILED', subIndication: 'FORMAT_FAILURE' })
    const findings = [...report.errors, ...report.signatures.flatMap((one) => [...one.changes])]
    expect(findings.map(({ message }) => message).join('\n')).to.match(words)
  }

  function fill(pdf: Uint8Array, text: string, form: PdfDict = line): Uint8Array {
    return forge(pdf, ({ writer, field, change }) => {
      const appearance = pdfDict({ N: writer.addStream(form, cover) })
      change(field(number).reference, { V: pdfText(text), AP: appearance })
    })
  }

  it('are none of a letter as it is issued, nor of a fill forged as ours is made', () => {
    expect(verdictOf(issued)).to.deep.include({ indication: 'TOTAL_PASSED', errors: [] })
    expect(verdictOf(fill(signed, '05')).indication).to.equal('TOTAL_PASSED')
  })

  describe('by a repair', () => {
    /** An update of one object, which only an unknown key of the trailer leads to, with its table as told. */
    function update(body: string, table: (offset: number) => string, trailer = ''): Uint8Array {
      const file = openPdf(issued)
      const { section } = file.revisions.at(-1) ?? {}
      const size = Number(file.latest.trailer.entries.get('Size'))
      const root = /\/Root (\d+ 0 R)/.exec(asText(issued))?.[1]
      const head = `${size} 0 obj\n`
      const at = issued.length
      const object = `${head}${body}\nendobj\n`
      const dict = `<< /Size ${size + 2} /Root ${root} /Prev ${section?.offset} /Extra ${size} 0 R ${trailer}>>`
      const end = `startxref\n${at + object.length}\n%%EOF\n`
      return latin1(
        `${asText(issued)}${object}xref\n0 1\n0000000000 65535 f \n${size} 1\n${table(at)}trailer\n${dict}\n${end}`,
      )
    }
    const entry = (offset: number) => `${String(offset).padStart(10, '0')} 00000 n \n`
    const hidden = '\nendstream\nendobj\n4 0 obj\n<< /Length 3 >>\nstream\nq Q\nendstream\nendobj\n'

    it('is not taken for an update that is plain', () => {
      expect(verdictOf(update('[ (plain) ]', entry)).indication).to.equal('TOTAL_PASSED')
    })

    it('are table entries that are not of 20 bytes', () => {
      for (const table of [
        (x: number) => `${x} 0 n%zz\n`,
        (x: number) => `${x} 0 n\n`,
        (x: number) => `${String(x).padStart(10, '0')} 00000 n%\n%\n`,
      ]) {
        expectRefused(update('(plain)', table), /cross-reference entry of 20 bytes/)
      }
    })

    it('are comments in the trailer', () => {
      expectRefused(update('(plain)', entry, '%x\n'), /has a comment/)
    })

    it('are objects inside the data of a stream, a string or a comment', () => {
      const stream = `<< /Length ${hidden.length} >>\nstream\n${hidden}\nendstream`
      for (const body of [stream, `(${hidden})`, `%\r%4 0 obj <<>> endobj\n(x)`]) {
        expectRefused(update(body, entry), /looks like another object/)
      }
    })

    it('are streams whose length stands elsewhere', () => {
      const late = forge(signed, ({ writer, field, change }) => {
        const length = writer.add(3)
        const stream = writer.allocate()
        writer.setSyntax(
          stream,
          `<< /Type /XObject /Subtype /Form /BBox [0 0 60 16] /Length ${length.number} 0 R >>\nstream\nq Q\nendstream`,
        )
        change(field(number).reference, { V: pdfText('05'), AP: pdfDict({ N: stream }) })
      })
      expectRefused(late, /length of stream \d+ is not in its dictionary/)
    })

    it('are objects that nothing leads to, and objects beyond the /Size of the trailer', () => {
      expectRefused(
        forge(issued, ({ writer }) => writer.add(pdfDict({ Kids: pdfArray([]) }))),
        /nothing leads to it/,
      )
      const text = asText(issued)
      const at = text.lastIndexOf('/Size')
      expectRefused(
        latin1(text.slice(0, at) + text.slice(at).replace(/\/Size \d\d/, '/Size 9 ')),
        /beyond Size/,
      )
    })

    it('are never written by our writer, whatever bytes a stream has', () => {
      const written = forge(signed, ({ writer, field, change }) => {
        const form = withEntries(line, { Filter: pdfName('ASCIIHexDecode') })
        const stream = writer.addStream(form, Buffer.from(`${Buffer.from(hidden).toString('hex')}>`))
        const plain = writer.addStream(pdfDict({}), Buffer.from(hidden))
        writer.setStream(stream, withEntries(line, { Mark: plain }), Buffer.from('q Q'))
        change(field(number).reference, { V: pdfText('05'), AP: pdfDict({ N: stream }) })
      })
      expect(verdictOf(written).indication).to.equal('TOTAL_PASSED')
      expect(asText(written)).to.contain('/ASCIIHexDecode')
      expect(new RevisionWriter(openPdf(written)).build().bytes.length).to.be.greaterThan(written.length)
    })
  })

  describe('by an object that plays two parts', () => {
    const info = (at: string) => pdfDict({ ModDate: pdfText(at) })

    it('are contents that are the document information as well', async () => {
      let contents: PdfReference | undefined
      const prepared = forge(await smallPdf(), ({ writer, page, change }) => {
        contents = writer.addStream(info('D:1'), Buffer.from('q Q'.padEnd(25)))
        change(page.reference, { Contents: contents })
      })
      const reference = contents
      if (reference === undefined) throw new Error('no contents')
      const letter = await signField(
        withInfo(prepared, reference.number),
        signers.individual,
        individualSignature,
      )
      const forged = forge(letter, ({ writer }) => writer.setStream(reference, info('D:2'), cover))
      expectRefused(forged, /no plain dictionary/)
      const upload = await signRevision(letter, signers.agency, ({ writer, field, change }, value) => {
        change(field(agencySignature).reference, { V: value })
        writer.setStream(reference, info('D:2'), cover)
      })
      expectRefused(upload, /no plain dictionary/)
    })

    it('are information objects that are left and overwritten, or written as no strings', () => {
      let fresh = 0
      const moved = forge(signed, ({ writer, snapshot }) => {
        const old = snapshot.trailer.entries.get('Info')
        const dict = snapshot.resolve(old)
        if (!isReference(old) || !isDict(dict)) throw new Error('no information')
        fresh = writer.add(withEntries(dict, { ModDate: pdfText('D:9') })).number
        writer.set(old, pdfDict({ Any: pdfText('changed') }))
      })
      expectRefused(withInfo(moved, fresh), /object \d+ changed/)
      const nested = forge(signed, ({ snapshot, change }) => {
        const old = snapshot.trailer.entries.get('Info')
        if (isReference(old)) change(old, { ModDate: pdfDict({}) })
      })
      expectRefused(nested, /ModDate of the document information/)
    })

    for (const key of ['Extensions', 'DSS']) {
      it(`is a catalog whose /${key} is drawn by a page`, async () => {
        const prepared = forge(await smallPdf(), ({ snapshot, page, root, change }) => {
          const resources = snapshot.dictEntry(page.dict, 'Resources') ?? pdfDict({})
          change(page.reference, { Resources: withEntries(resources, { XObject: root }) })
        })
        const letter = await signField(prepared, signers.individual, individualSignature)
        const forged = forge(letter, ({ writer, root, change }) => {
          change(root, { [key]: writer.addStream(formOf([0, 0, 300, 200]), cover) })
        })
        expectRefused(forged, /which pages draw with/)
        const plain = forge(signed, ({ writer, root, change }) => {
          change(root, { [key]: writer.addStream(formOf([0, 0, 300, 200]), cover) })
        })
        expectRefused(plain, new RegExp(`/${key} of the catalog changed`))
      })
    }

    it('is a signature field that a page names as its resources', async () => {
      const prepared = forge(await smallPdf(), ({ snapshot, page, field, change }) => {
        const resources = snapshot.dictEntry(page.dict, 'Resources') ?? pdfDict({})
        change(page.reference, {
          Resources: withEntries(resources, { XObject: field(agencySignature).reference }),
        })
      })
      const letter = await signField(prepared, signers.individual, individualSignature)
      expectRefused(await signField(letter, signers.agency, agencySignature), /which pages draw with/)
    })

    it('are a lock and a signature that are streams', async () => {
      const bare = await signField(await smallPdf(), signers.individual, individualSignature)
      const locked = await signRevision(bare, signers.agency, ({ writer, field, change }, value) => {
        const lock = writer.addStream(formOf([0, 0, 300, 200], { Action: pdfName('All') }), cover)
        change(field(agencySignature).reference, { V: value, Lock: lock })
      })
      expectRefused(locked, /the lock of field/)
      const stream = { entries: '/Subtype /Form /BBox [0 0 300 200]', data: 'q Q' }
      const drawn = await signRevision(
        bare,
        signers.agency,
        ({ field, change }, value) => change(field(agencySignature).reference, { V: value }),
        stream,
      )
      expectRefused(drawn, /no new signature/)
      expect(verdictOf(drawn).signatures[1]?.indication).not.to.equal('TOTAL_PASSED')
    })

    it('are flags of the form that are no number', () => {
      const forged = forge(signed, ({ writer, snapshot, change }) => {
        const acroForm = snapshot.catalog.entries.get('AcroForm')
        if (isReference(acroForm)) change(acroForm, { SigFlags: writer.add(3) })
      })
      expectRefused(forged, /flags of the form are no number/)
    })
  })

  describe('by a box', () => {
    /** A letter whose field has this box when the first signature is made. */
    async function prepared(name: string, box: readonly number[]): Promise<Uint8Array> {
      const pdf = forge(await smallPdf(), ({ field, change }) => {
        change(field(name).reference, { Rect: pdfArray([...box]) })
      })
      return signField(pdf, signers.individual, individualSignature)
    }

    it('are fills higher than a line or wider than half the page', async () => {
      for (const box of [
        [0, 0, 300, 200],
        [0, 0, 60, 41],
        [0, 0, 151, 16],
      ]) {
        expectRefused(fill(await prepared(number, box), '05'), /no box of the size of a line/)
      }
      expect(verdictOf(fill(await prepared(number, [0, 0, 150, 40]), '05')).indication).to.equal(
        'TOTAL_PASSED',
      )
    })

    it('are signatures shown on more than a third of the page', async () => {
      const show = async (box: readonly number[]) =>
        signRevision(
          await prepared(agencySignature, box),
          signers.agency,
          ({ writer, field, change }, value) => {
            const appearance = pdfDict({ N: writer.addStream(formOf(box), cover) })
            change(field(agencySignature).reference, { V: value, AP: appearance })
          },
        )
      expectRefused(await show([0, 0, 300, 200]), /takes too much of its page/)
      expect(verdictOf(await show([0, 0, 200, 100])).indication).to.equal('TOTAL_PASSED')
    })

    it('are appearances without a box of their own, or with a matrix', async () => {
      for (const form of [
        withEntries(line, { BBox: undefined }),
        formOf([0, 0, 60]),
        formOf([0, 0, 0, 0]),
        formOf([0, 0, 60, 16], { BBox: pdfName('x') }),
        formOf([0, 0, 60, 16], { Matrix: pdfArray([50, 0, 0, 50, -100, -100]) }),
      ]) {
        expectRefused(fill(signed, '05', form), /not a new form of its own/)
      }
      const identity = formOf([0, 0, 60, 16], { Matrix: pdfArray([1, 0, 0, 1, 0, 0]) })
      expect(verdictOf(fill(signed, '05', identity)).indication).to.equal('TOTAL_PASSED')
    })
  })

  describe('by a value', () => {
    it('is a second fill of the same field', async () => {
      const once = await fillTextFields(signed, { fields: { [number]: '05' }, fontBytes })
      const twice = await fillTextFields(once, { fields: { [number]: '50' }, fontBytes })
      expectRefused(twice, /filled a second time/)
      const other = await fillTextFields(once, { fields: { [date]: 'ngày 05 tháng 01 năm 2026' }, fontBytes })
      expect(verdictOf(other).indication).to.equal('TOTAL_PASSED')
    })

    it('are letters that turn the direction of writing, line ends, and too many of them', () => {
      for (const text of ['05\n50', '05\u202e50', '0'.repeat(31), 'số 5']) {
        expectRefused(fill(signed, text), /not of its kind/)
      }
    })
  })

  describe('by a signature', () => {
    it('is one that two fields share', async () => {
      const shared = await signRevision(await smallPdf(), signers.individual, ({ field, change }, value) => {
        change(field(individualSignature).reference, { V: value })
        change(field(agencySignature).reference, { V: value })
      })
      expectRefused(shared, /share one signature/)
    })

    it('is one that no field leads to, its byte range written in another way', async () => {
      const hollow = await smallPdf({ fields: false })
      const away = forge(hollow, ({ writer, root, change }) => {
        const value = writer.allocate()
        writer.setSyntax(value, '<< /Type /Sig /#42yte#52ang#65 [0 1 2 3] /Contents <00> >>')
        change(root, { Mark: value })
      })
      expectRefused(away, /a signature that no field of the form leads to/)
    })

    it('are more of them than any document has', async () => {
      const many = forge(await smallPdf(), ({ writer, snapshot, change }) => {
        const acroForm = snapshot.catalog.entries.get('AcroForm')
        if (!isReference(acroForm)) throw new Error('no form')
        const fields = Array.from({ length: 101 }, (_, i) => {
          const value = pdfDict({ Type: pdfName('Sig') })
          return writer.add(pdfDict({ FT: pdfName('Sig'), T: pdfText(`S${i}`), V: writer.add(value) }))
        })
        change(acroForm, { Fields: pdfArray(fields) })
      })
      const report = verdictOf(many)
      expect(report.signatures).to.have.lengthOf(100)
      expectRefused(many, /more than 100 signatures/)
    })
  })
})
