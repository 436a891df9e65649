/** What certifications, locks and plain signatures permit: further signatures, annotations, updates of other programs. */
import { expect } from 'chai'
import {
  isReference,
  type PdfReference,
  type PdfValue,
  pdfArray,
  pdfDict,
  pdfName,
  pdfText,
} from '../../../signing/pdf/objects.ts'
import { openPdf } from '../../../signing/pdf/pdf-file.ts'
import { serialize } from '../../../signing/pdf/serialize.ts'
import { signPdf } from '../../../signing/pdf/sign-pdf.ts'
import { verifyPdf } from '../../../signing/pdf/verify-pdf.ts'
import { policyOf, seedTime } from '../cms/signatures.ts'
import { type Forgery, forge } from './forge.ts'
import { boxOf, fillNote, ordinaryForm } from './ordinary-form.ts'
import { makeSigners, type Signers } from './signers.ts'
import { smallPdf } from './small-pdf.ts'

const xmp = (inner: string, prolog = '') =>
  `<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>${prolog}<x:xmpmeta xmlns:x="adobe:ns:meta/">${inner}</x:xmpmeta>`
const rdf = '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>'

describe('changes that certifications, locks and signatures permit', () => {
  let signers: Signers
  const byLevel = new Map<number, Uint8Array>()

  before(async () => {
    signers = await makeSigners()
    for (const level of [0, 1, 2, 3] as const) {
      const options = { key: signers.individual, field: 'Sig1', signingTime: seedTime }
      byLevel.set(
        level,
        await signPdf(await ordinaryForm(), level === 0 ? options : { ...options, certify: level }),
      )
    }
  })

  /** @param level of the certification; 0 for a signature that certifies nothing */
  function signed(level: 0 | 1 | 2 | 3): Uint8Array {
    const pdf = byLevel.get(level)
    if (pdf === undefined) throw new Error('not signed')
    return pdf
  }

  function codesOf(pdf: Uint8Array): string[] {
    const [first] = verifyPdf(pdf, policyOf(signers.pki)).signatures
    if (first === undefined) throw new Error('no signature')
    return [first.changesAfter, ...new Set(first.changes.map(({ code }) => code))].sort()
  }

  function judged(pdf: Uint8Array, act: (forgery: Forgery) => void): string[] {
    return codesOf(forge(pdf, act))
  }

  describe('form filling', () => {
    it('is permitted by levels 2 and 3 and where nothing is certified', () => {
      const fill = (forgery: Forgery) => fillNote(forgery, '5')
      for (const level of [0, 2, 3] as const) {
        expect(judged(signed(level), fill), `${level}`).to.deep.equal(['FIELD_FILLED', 'permitted'])
      }
      expect(judged(signed(1), fill)).to.deep.equal(['NO_CHANGES_PERMITTED', 'forbidden'])
    })

    it('is permitted in the fields that a lock leaves open', async () => {
      for (const [lock, open] of [
        [{ action: 'Include', fields: ['other'] }, true],
        [{ action: 'Include', fields: ['note'] }, false],
        [{ action: 'Exclude', fields: ['note'] }, true],
        [{ action: 'Exclude', fields: ['other'] }, false],
        [{ action: 'All' }, false],
      ] as const) {
        const options = { key: signers.individual, field: 'Sig1', signingTime: seedTime, lock }
        const codes = judged(await signPdf(await ordinaryForm(), options), (forgery) =>
          fillNote(forgery, '5'),
        )
        expect(codes, JSON.stringify(lock)).to.deep.equal(
          open ? ['FIELD_FILLED', 'permitted'] : ['FIELD_LOCKED', 'forbidden'],
        )
      }
    })
  })

  describe('a further signature', () => {
    it('is permitted in a field that was there, unless no change is', async () => {
      for (const level of [0, 2, 3] as const) {
        const options = { key: signers.agency, field: 'Sig2', signingTime: seedTime }
        expect(codesOf(await signPdf(signed(level), options)), `${level}`).to.deep.equal([
          'SIGNATURE_ADDED',
          'permitted',
        ])
      }
    })

    it('is permitted in a new place only where nothing is certified, and not over a signature', async () => {
      const place = (left: number) => ({ page: 1, left, bottom: 10, width: 40, height: 40 })
      const sign = (level: 0 | 2 | 3, left: number) =>
        signPdf(signed(level), {
          key: signers.agency,
          field: 'New',
          signingTime: seedTime,
          place: place(left),
        })
      expect(codesOf(await sign(0, 255))).to.deep.equal(['SIGNATURE_ADDED', 'permitted'])
      expect(codesOf(await sign(0, 60))).to.deep.equal(['SIGNATURE_COVERED', 'forbidden'])
      for (const level of [2, 3] as const) {
        expect(codesOf(await sign(level, 255))).to.deep.equal(['VISIBLE_SIGNATURE_FIELD_ADDED', 'forbidden'])
      }
    })

    /** An unsigned signature field and its place on the page. */
    const addField =
      (shape: (forgery: Forgery) => { field: PdfReference; widget: PdfReference }) => (forgery: Forgery) => {
        const { snapshot, page, change } = forgery
        const { field, widget } = shape(forgery)
        const form = snapshot.catalog.entries.get('AcroForm')
        const fields = snapshot.arrayEntry(
          snapshot.dictEntry(snapshot.catalog, 'AcroForm') ?? pdfDict({}),
          'Fields',
        )
        if (!isReference(form)) throw new Error('no form')
        change(form, { Fields: pdfArray([...(fields?.items ?? []), field]) })
        const annotations = snapshot.arrayEntry(page.dict, 'Annots')?.items ?? []
        // As an object of its own, as some programs write it.
        change(page.reference, { Annots: forgery.writer.add(pdfArray([...annotations, widget])) })
      }
    const widgetOf = (rect: readonly number[], more: Record<string, PdfValue> = {}) =>
      pdfDict({
        Type: pdfName('Annot'),
        Subtype: pdfName('Widget'),
        Rect: pdfArray([...rect]),
        F: 132,
        ...more,
      })

    it('may have an empty field made for it, in one dictionary or in two, or beneath a name', () => {
      const merged = ({ writer }: Forgery) => {
        const field = writer.add(widgetOf([255, 10, 295, 50], { FT: pdfName('Sig'), T: pdfText('New') }))
        return { field, widget: field }
      }
      const split = ({ writer }: Forgery) => {
        const field = writer.allocate()
        const widget = writer.add(widgetOf([255, 10, 295, 50], { Parent: field }))
        writer.set(field, pdfDict({ FT: pdfName('Sig'), T: pdfText('New'), Kids: pdfArray([widget]) }))
        return { field, widget }
      }
      const named = ({ writer }: Forgery) => {
        const field = writer.allocate()
        const more = { FT: pdfName('Sig'), T: pdfText('New'), Parent: field }
        const widget = writer.add(widgetOf([255, 10, 295, 50], more))
        writer.set(field, pdfDict({ T: pdfText('group'), Kids: pdfArray([widget]) }))
        return { field, widget }
      }
      for (const shape of [merged, split, named]) {
        expect(judged(signed(0), addField(shape)), shape.name).to.deep.equal([
          'SIGNATURE_FIELD_ADDED',
          'permitted',
        ])
        expect(judged(signed(2), addField(shape)), shape.name).to.deep.equal([
          'VISIBLE_SIGNATURE_FIELD_ADDED',
          'forbidden',
        ])
      }
    })

    it('may have no field that is drawn while it is empty, that acts, or that is no signature field', () => {
      const shaped = (more: (forgery: Forgery) => Record<string, PdfValue>) =>
        judged(
          signed(0),
          addField((forgery) => {
            const entries = { FT: pdfName('Sig'), T: pdfText('New'), ...more(forgery) }
            const field = forgery.writer.add(widgetOf([255, 10, 295, 50], entries))
            return { field, widget: field }
          }),
        )
      const drawn = ({ writer }: Forgery) => ({
        AP: pdfDict({ N: writer.addStream(boxOf([0, 0, 40, 40]), Buffer.from('1 g 0 0 40 40 re f')) }),
      })
      expect(shaped(drawn)).to.deep.equal(['VISIBLE_SIGNATURE_FIELD_ADDED', 'forbidden'])
      for (const more of [
        { A: pdfDict({ S: pdfName('JavaScript'), JS: pdfText('x') }) },
        { FT: pdfName('Tx') },
        { T: pdfText('Sig1') },
        { T: pdfText('a.b') },
      ]) {
        const expected = 'AP' in more ? ['SIGNATURE_FIELD_ADDED', 'permitted'] : ['FIELD_ADDED', 'forbidden']
        expect(
          shaped(() => more),
          JSON.stringify(more),
        ).to.deep.equal(expected)
      }
    })
  })

  describe('an annotation', () => {
    const annotate =
      (subtype: string, more: Record<string, PdfValue> = {}) =>
      ({ writer, snapshot, page, change }: Forgery) => {
        const dict = {
          Type: pdfName('Annot'),
          Subtype: pdfName(subtype),
          Rect: pdfArray([20, 150, 200, 170]),
        }
        const items = snapshot.arrayEntry(page.dict, 'Annots')?.items ?? []
        change(page.reference, { Annots: pdfArray([...items, writer.add(pdfDict({ ...dict, ...more }))]) })
      }

    it('is permitted by a certification of level 3 and by no other', () => {
      for (const subtype of ['FreeText', 'Stamp', 'Highlight', 'Text']) {
        expect(judged(signed(3), annotate(subtype))).to.deep.equal(['ANNOTATION_CHANGED', 'permitted'])
        for (const level of [1, 2] as const) {
          expect(judged(signed(level), annotate(subtype))).to.deep.equal([
            'ANNOTATION_NOT_PERMITTED',
            'forbidden',
          ])
        }
      }
    })

    it('may be changed and taken away again at that level, widgets not', () => {
      const noted = forge(signed(3), annotate('FreeText'))
      const last = ({ snapshot, page }: Forgery) => snapshot.arrayEntry(page.dict, 'Annots')?.items ?? []
      const edit = (forgery: Forgery) => {
        const note = last(forgery).at(-1)
        if (isReference(note)) forgery.change(note, { Contents: pdfText('other') })
      }
      const remove = (count: number) => (forgery: Forgery) =>
        forgery.change(forgery.page.reference, { Annots: pdfArray(last(forgery).slice(0, -count)) })
      expect(judged(noted, edit)).to.deep.equal(['ANNOTATION_CHANGED', 'permitted'])
      expect(judged(noted, remove(1))).to.deep.equal(['ANNOTATION_CHANGED', 'permitted'])
      expect(judged(noted, remove(2))).to.include.members(['PAGE_CHANGED', 'forbidden'])
    })

    it('may be a note or a link where nothing is certified, but nothing that draws', async () => {
      expect(judged(signed(0), annotate('Text'))).to.deep.equal(['ANNOTATION_CHANGED', 'permitted'])
      for (const subtype of ['FreeText', 'Stamp', 'Square', 'Ink', 'Highlight']) {
        expect(judged(signed(0), annotate(subtype))).to.deep.equal(['ANNOTATION_NOT_PERMITTED', 'forbidden'])
      }
      const options = {
        key: signers.individual,
        field: 'Sig1',
        signingTime: seedTime,
        lock: { action: 'All' },
      } as const
      const closed = await signPdf(await ordinaryForm(), options)
      expect(judged(closed, annotate('Text'))).to.deep.equal(['ANNOTATION_NOT_PERMITTED', 'forbidden'])
    })

    it('never is one that acts, carries a file or belongs to nobody', () => {
      const script = pdfDict({ S: pdfName('JavaScript'), JS: pdfText('x') })
      for (const act of [
        annotate('Link', { A: script }),
        annotate('Text', { AA: pdfDict({ E: script }) }),
        annotate('FileAttachment'),
        annotate('RichMedia'),
        annotate('Widget'),
        annotate('Watermark'),
        annotate('Redact'),
      ]) {
        expect(judged(signed(3), act)).to.deep.equal(['PAGE_CHANGED', 'forbidden'])
      }
      const link = pdfDict({ S: pdfName('URI'), URI: pdfText('https://example.vn/') })
      expect(judged(signed(3), annotate('Link', { A: link }))).to.deep.equal([
        'ANNOTATION_CHANGED',
        'permitted',
      ])
    })
  })

  describe('an update of other programs', () => {
    it('may rewrite the catalog with what announces features, and tell of itself', () => {
      const act = ({ writer, root, change }: Forgery) => {
        const metadata = pdfDict({ Type: pdfName('Metadata'), Subtype: pdfName('XML') })
        change(root, {
          Version: pdfName('1.7'),
          Extensions: pdfDict({ ADBE: pdfDict({ BaseVersion: pdfName('1.7'), ExtensionLevel: 8 }) }),
          Metadata: writer.addStream(metadata, Buffer.from(xmp(rdf))),
          Lang: pdfText('vi'),
        })
      }
      expect(judged(signed(1), act)).to.deep.equal(['CATALOG_UPDATED', 'METADATA_UPDATED', 'permitted'])
    })

    it('may not bring metadata that is none', () => {
      const metadata = pdfDict({ Type: pdfName('Metadata'), Subtype: pdfName('XML') })
      const entity = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
      for (const text of [xmp('<a/>'), xmp(rdf, entity), '<html/>', 'x', '']) {
        const act = ({ writer, root, change }: Forgery) =>
          change(root, { Metadata: writer.addStream(metadata, Buffer.from(text)) })
        expect(judged(signed(0), act), text).to.deep.equal(['METADATA_CHANGED', 'forbidden'])
      }
    })

    for (const [key, value] of Object.entries({
      OpenAction: pdfDict({ S: pdfName('GoTo'), D: pdfArray([0]) }),
      AA: pdfDict({ WC: pdfDict({ S: pdfName('JavaScript'), JS: pdfText('x') }) }),
      Names: pdfDict({ EmbeddedFiles: pdfDict({ Names: pdfArray([]) }) }),
      OCProperties: pdfDict({ OCGs: pdfArray([]), D: pdfDict({}) }),
      StructTreeRoot: pdfDict({ Type: pdfName('StructTreeRoot') }),
      Perms: pdfDict({ DocMDP: pdfDict({}) }),
      PageLabels: pdfDict({ Nums: pdfArray([]) }),
      Outlines: pdfDict({}),
      AF: pdfArray([]),
      Collection: pdfDict({}),
      NeedsRendering: true,
    })) {
      it(`may not bring /${key}`, () => {
        const act = ({ root, change }: Forgery) => change(root, { [key]: value })
        expect(judged(signed(3), act)).to.deep.equal(['CATALOG_CHANGED', 'forbidden'])
      })
    }

    it('may write the same in another way: references for values, values for references', () => {
      const act = ({ writer, snapshot, page, root, change }: Forgery) => {
        const boxes = { MediaBox: writer.add(page.dict.entries.get('MediaBox') ?? null) }
        const annotations = snapshot.arrayEntry(page.dict, 'Annots')
        change(page.reference, {
          ...boxes,
          Resources: snapshot.entry(page.dict, 'Resources'),
          Annots: writer.add(annotations ?? null),
        })
        change(root, { AcroForm: snapshot.dictEntry(snapshot.catalog, 'AcroForm') ?? null })
      }
      expect(judged(signed(1), act)).to.deep.equal(['none'])
    })

    it('may leave objects behind that nobody could take for a part of the document', () => {
      const leftOver = (value: PdfValue) => judged(signed(1), ({ writer }) => writer.add(value))
      for (const value of [pdfDict({ Cert: pdfArray([]) }), pdfArray([])]) {
        expect(leftOver(value)).to.deep.equal(['OBJECT_UNUSED', 'permitted'])
      }
      // What validation material cannot consist of is left alone unless nothing may change.
      for (const value of [pdfText('text'), 12]) {
        expect(leftOver(value)).to.deep.equal(['NO_CHANGES_PERMITTED', 'forbidden'])
        const act = ({ writer }: Forgery) => writer.add(value)
        expect(judged(signed(2), act)).to.deep.equal(['OBJECT_UNUSED', 'permitted'])
      }
      for (const value of [
        pdfDict({ Type: pdfName('Catalog') }),
        pdfDict({ Type: pdfName('Page') }),
        pdfDict({ Kids: pdfArray([]) }),
        pdfDict({ S: pdfName('JavaScript'), JS: pdfText('x') }),
      ]) {
        expect(leftOver(value)).to.deep.equal(['OBJECT_CHANGED', 'forbidden'])
      }
    })

    it('may authenticate an encrypted file anew, and bring nothing else under that name', () => {
      const update = (bytes: Uint8Array, code: string): Uint8Array => {
        const { trailer } = openPdf(bytes).latest
        const start = Buffer.from(bytes).lastIndexOf('startxref')
        const [, previous = ''] =
          /startxref\s+(\d+)/.exec(Buffer.from(bytes.subarray(start)).toString()) ?? []
        const end = Buffer.from(bytes).at(-1) === 0x0a ? '' : '\n'
        const root = serialize(trailer.entries.get('Root') ?? null)
        const size = serialize(trailer.entries.get('Size') ?? null)
        const text = `${end}xref\n0 0\ntrailer\n<< /Root ${root} /Size ${size} /Prev ${previous} /AuthCode ${code} >>\n`
        const place = bytes.length + end.length
        return Buffer.concat([bytes, Buffer.from(`${text}startxref\n${place}\n%%EOF\n`)])
      }
      const codesAfter = (code: string) => {
        const first = update(signed(1), '<< /MACLocation /Standalone /MAC <00> >>')
        const [one] = verifyPdf(update(first, code), policyOf(signers.pki)).signatures
        return [...(one?.changes ?? []).map((change) => change.code), one?.changesAfter]
      }
      expect(codesAfter('<< /MACLocation /Standalone /MAC <01> >>')).not.to.include('OBJECT_CHANGED')
      expect(codesAfter('<< /MACLocation /Standalone /MAC <01> >>').at(-1)).not.to.equal('forbidden')
      expect(codesAfter('<< /Kids [] >>')).to.include.members(['OBJECT_CHANGED', 'forbidden'])
    })

    it('may not bring an unused object of the signed document back to life', async () => {
      let unused: PdfReference | undefined
      const prepared = forge(await smallPdf({ fields: false }), ({ writer }) => {
        unused = writer.add(pdfDict({ Certs: pdfArray([]) }))
      })
      const options = { key: signers.individual, field: 'Sig1', signingTime: seedTime }
      const pdf = await signPdf(prepared, options)
      const revived = judged(pdf, ({ writer, root, change }) => {
        if (unused === undefined) throw new Error('no object')
        writer.set(unused, pdfDict({ Certs: pdfArray([]), VRI: pdfDict({}) }))
        change(root, { DSS: unused })
      })
      expect(revived).to.include.members(['OBJECT_CHANGED', 'forbidden'])
    })

    it('may add to the security store and give its entries anew, but take nothing away', () => {
      const cert = (text: string) => (forgery: Forgery) =>
        forgery.writer.addStream(pdfDict({}), Buffer.from(text))
      const store =
        (texts: readonly string[], more: Record<string, PdfValue> = {}) =>
        (forgery: Forgery) => {
          const certs = pdfArray(texts.map((text) => cert(text)(forgery)))
          forgery.change(forgery.root, { DSS: pdfDict({ Type: pdfName('DSS'), Certs: certs, ...more }) })
        }
      const vri = { VRI: pdfDict({ ['A'.repeat(40)]: pdfDict({ TU: pdfText('D:20260101000000Z') }) }) }
      const first = forge(signed(1), store(['one', 'two'], vri))
      expect(codesOf(first)).to.deep.equal(['SECURITY_STORE_ADDED', 'permitted'])
      expect(judged(first, store(['two', 'three', 'one'], vri))).to.deep.equal([
        'SECURITY_STORE_ADDED',
        'permitted',
      ])
      for (const act of [
        store(['two', 'three'], vri),
        store(['one', 'two']),
        store(['one', 'two'], { ...vri, Other: pdfDict({}) }),
        store(['one', 'two'], { ...vri, Certs: pdfArray([pdfText('no stream')]) }),
        ({ root, change }: Forgery) => change(root, { DSS: undefined }),
      ]) {
        expect(judged(first, act)).to.include.members(['SECURITY_STORE_CHANGED', 'forbidden'])
      }
    })
  })
})
