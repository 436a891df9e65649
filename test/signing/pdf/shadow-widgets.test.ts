/** Fields, annotations and filters prepared before signing, or added later, to show something else by a small change. */
import { deflateSync } from 'node:zlib'
import { expect } from 'chai'
import {
  isArray,
  isReference,
  type PdfReference,
  type PdfValue,
  pdfArray,
  pdfDict,
  pdfName,
  pdfText,
} from '../../../signing/pdf/objects.ts'
import { signPdf } from '../../../signing/pdf/sign-pdf.ts'
import { verifyPdf } from '../../../signing/pdf/verify-pdf.ts'
import { policyOf, seedTime } from '../cms/signatures.ts'
import { type Forgery, forge } from './forge.ts'
import { boxOf, type FormOptions, fillNote, formFont, ordinaryForm, textAppearance } from './ordinary-form.ts'
import { makeSigners, type Signers } from './signers.ts'

const page = pdfArray([0, 0, 300, 200])
const cover = '1 g 0 0 300 200 re f'
const prepare = (act: (forgery: Forgery) => void, options: FormOptions = {}) =>
  ordinaryForm(options).then((pdf) => forge(pdf, act))

describe('what is drawn over a signed page by a permitted change', () => {
  let signers: Signers

  before(async () => {
    signers = await makeSigners()
  })

  async function changesOf(
    prepared: Uint8Array | Promise<Uint8Array>,
    act: (forgery: Forgery) => void,
  ): Promise<string[]> {
    const key = signers.individual
    const signed = await signPdf(await prepared, { key, field: 'Sig1', signingTime: seedTime })
    const [first] = verifyPdf(forge(signed, act), policyOf(signers.pki)).signatures
    if (first === undefined) throw new Error('no signature')
    expect(first.indication).to.equal(first.changesAfter === 'forbidden' ? 'TOTAL_FAILED' : 'TOTAL_PASSED')
    return [first.changesAfter, ...new Set(first.changes.map(({ code }) => code))].sort()
  }

  const wrong = ['FIELD_CHANGED', 'forbidden']

  it('is no text field as large as the page, drawn with or without its value', async () => {
    const prepared = ordinaryForm({ note: { Rect: page } })
    const draw =
      (value: string, content: string) =>
      ({ writer, field, change }: Forgery) =>
        change(field('note').reference, {
          V: pdfText(value),
          AP: pdfDict({ N: writer.addStream(boxOf([0, 0, 300, 200]), Buffer.from(content)) }),
        })
    expect(await changesOf(prepared, draw('x', '/Im Do'))).to.deep.equal(wrong)
    expect(await changesOf(prepared, draw('', cover))).to.deep.equal(wrong)
    const third = ordinaryForm({ note: { Rect: pdfArray([0, 130, 300, 200]) } })
    expect(await changesOf(third, draw('x', '/Im Do'))).to.deep.equal(wrong)
    expect(await changesOf(third, (forgery) => fillNote(forgery, 'x'))).to.deep.equal([
      'FIELD_FILLED',
      'permitted',
    ])
  })

  it('is no state that a field or a large button was prepared with', async () => {
    const states = (name: string, entries: Record<string, PdfValue>) => (forgery: Forgery) => {
      const form = (content: string) =>
        forgery.writer.addStream(boxOf([0, 0, 300, 200]), Buffer.from(content))
      const normal = pdfDict({ Yes: form(cover), Off: form('q Q') })
      forgery.change(forgery.field(name).reference, {
        AP: pdfDict({ N: normal }),
        AS: pdfName('Off'),
        ...entries,
      })
    }
    const show = (name: string, entries: Record<string, PdfValue>) => (forgery: Forgery) =>
      forgery.change(forgery.field(name).reference, { AS: pdfName('Yes'), ...entries })
    expect(await changesOf(prepare(states('note', {})), show('note', {}))).to.deep.equal(wrong)
    const large = prepare(states('check', { Rect: page }))
    expect(await changesOf(large, show('check', { V: pdfName('Yes') }))).to.deep.equal(wrong)
  })

  it('is no new field that takes the page, nor an empty one that viewers paint', async () => {
    const add = (entries: Record<string, PdfValue>) => (forgery: Forgery) => {
      const { writer, snapshot, page, root, change } = forgery
      const form = snapshot.catalog.entries.get('AcroForm')
      const dict = snapshot.dictEntry(snapshot.catalog, 'AcroForm')
      const field = writer.add(
        pdfDict({
          Subtype: pdfName('Widget'),
          FT: pdfName('Sig'),
          T: pdfText('New'),
          Rect: pdfArray([250, 10, 290, 50]),
          ...entries,
        }),
      )
      const fields = (dict === undefined ? undefined : snapshot.arrayEntry(dict, 'Fields'))?.items ?? []
      change(isReference(form) ? form : root, { Fields: pdfArray([...fields, field]) })
      const items = snapshot.arrayEntry(page.dict, 'Annots')?.items ?? []
      change(page.reference, { Annots: pdfArray([...items, field]) })
    }
    expect(await changesOf(ordinaryForm(), add({}))).to.deep.equal(['SIGNATURE_FIELD_ADDED', 'permitted'])
    expect(await changesOf(ordinaryForm(), add({ Rect: page }))).to.deep.equal(['FIELD_ADDED', 'forbidden'])
    const painted = { MK: pdfDict({ BG: pdfArray([1]) }) }
    expect(await changesOf(ordinaryForm(), add(painted))).to.deep.equal([
      'VISIBLE_SIGNATURE_FIELD_ADDED',
      'forbidden',
    ])
  })

  it('is no note with an appearance and no link with a frame', async () => {
    const annotate =
      (subtype: string, more: (forgery: Forgery) => Record<string, PdfValue>) => (forgery: Forgery) => {
        const { writer, snapshot, page, change } = forgery
        const items = snapshot.arrayEntry(page.dict, 'Annots')?.items ?? []
        const rect = pdfArray([20, 145, 40, 165])
        const dict = pdfDict({ Subtype: pdfName(subtype), Rect: rect, ...more(forgery) })
        change(page.reference, { Annots: pdfArray([...items, writer.add(dict)]) })
      }
    const refused = ['ANNOTATION_NOT_PERMITTED', 'forbidden']
    const icon = ({ writer }: Forgery) => ({
      AP: pdfDict({ N: writer.addStream(boxOf([0, 0, 20, 20]), Buffer.from(cover)) }),
    })
    expect(await changesOf(ordinaryForm(), annotate('Text', icon))).to.deep.equal(refused)
    const frames: readonly Record<string, PdfValue>[] = [
      {},
      { Border: pdfArray([0, 0, 500]) },
      { BS: pdfDict({ W: 500 }) },
      { BS: pdfDict({ W: 500 }), Border: pdfArray([0, 0, 0]) },
      { Border: pdfArray([0, 0, pdfText('500')]) },
    ]
    for (const frame of frames) {
      expect(
        await changesOf(
          ordinaryForm(),
          annotate('Link', () => frame),
        ),
      ).to.deep.equal(refused)
    }
    const plain = annotate('Link', () => ({ Border: pdfArray([0, 0, 0]) }))
    expect(await changesOf(ordinaryForm(), plain)).to.deep.equal(['ANNOTATION_CHANGED', 'permitted'])
    // To readers that keep names as C strings this is the key AP.
    const named = annotate('Text', (forgery) => ({ 'AP\0': icon(forgery).AP }))
    expect(await changesOf(ordinaryForm(), named)).to.deep.equal(['REVISION_UNREADABLE', 'forbidden'])
  })

  describe('by viewers that draw fields anew', () => {
    const need =
      (value: boolean) =>
      ({ snapshot, change }: Forgery) => {
        const form = snapshot.catalog.entries.get('AcroForm')
        if (isReference(form)) change(form, { NeedAppearances: value })
      }
    const fillAndRedraw = (forgery: Forgery) => {
      need(true)(forgery)
      fillNote(forgery, '5')
    }
    const refused = ['FIELD_FILLED', 'FORM_CHANGED', 'forbidden']

    it('is no other text than the one shown, nor none', async () => {
      const shows = (name: string, text: string) => (forgery: Forgery) =>
        forgery.change(forgery.field(name).reference, { AP: textAppearance(forgery, text) })
      expect(await changesOf(prepare(shows('other', '100')), fillAndRedraw)).to.deep.equal(refused)
      const redrawn: FormOptions = { note: { V: pdfText('100') }, form: { NeedAppearances: true } }
      expect(await changesOf(prepare(shows('note', '900'), redrawn), need(false))).to.deep.equal([
        'FORM_CHANGED',
        'forbidden',
      ])
      expect(await changesOf(prepare(shows('note', '100'), redrawn), need(false))).to.deep.equal([
        'FORM_REDRAWN',
        'permitted',
      ])
    })

    it('is no caption of a button and no widget that the form does not know', async () => {
      const button = (caption: string) => (forgery: Forgery) =>
        forgery.change(forgery.field('check').reference, {
          Ff: 1 << 16,
          AS: undefined,
          MK: pdfDict({ CA: pdfText(caption) }),
          AP: textAppearance(forgery, 'Print'),
        })
      expect(await changesOf(prepare(button('Pay')), fillAndRedraw)).to.deep.equal(refused)
      expect(await changesOf(prepare(button('Print')), fillAndRedraw)).to.deep.equal([
        'FIELD_FILLED',
        'FORM_REDRAWN',
        'permitted',
      ])
      const stray = (forgery: Forgery) => {
        const { writer, snapshot, page, change } = forgery
        const items = snapshot.arrayEntry(page.dict, 'Annots')?.items ?? []
        const entries = { Subtype: pdfName('Widget'), FT: pdfName('Tx'), V: pdfText('900') }
        const rect = pdfArray([130, 120, 190, 140])
        const widget = pdfDict({ ...entries, Rect: rect, AP: textAppearance(forgery, '100') })
        change(page.reference, { Annots: pdfArray([...items, writer.add(widget)]) })
      }
      expect(await changesOf(prepare(stray), fillAndRedraw)).to.deep.equal(refused)
    })
  })

  it('is no value that is painted over, taken off the print or told in rich text', async () => {
    const shown = (forgery: Forgery) =>
      forgery.change(forgery.field('note').reference, { AP: textAppearance(forgery, '1900') })
    const prepared = prepare(shown, { note: { V: pdfText('1900') } })
    const painted = (forgery: Forgery) => {
      const resources = pdfDict({ Font: pdfDict({ Helv: formFont(forgery) }) })
      const content = Buffer.from('BT /Helv 10 Tf (1900) Tj ET 1 g 0 0 9 16 re f')
      const form = forgery.writer.addStream(boxOf([0, 0, 100, 16], resources), content)
      forgery.change(forgery.field('note').reference, { AP: pdfDict({ N: form }) })
    }
    expect(await changesOf(prepared, painted)).to.deep.equal(wrong)
    const entries: readonly Record<string, PdfValue>[] = [{ F: 0 }, { RV: pdfText('<p>900</p>') }]
    for (const entry of entries) {
      const act = ({ field, change }: Forgery) => change(field('note').reference, entry)
      expect(await changesOf(prepared, act), Object.keys(entry)[0]).to.deep.equal(wrong)
    }
  })

  it('is nothing that a reference of a wrong generation misses, which some readers follow all the same', async () => {
    let content: PdfReference | undefined
    const contentOf = (text: string) => `<< /Length ${text.length} >>\nstream\n${text}\nendstream`
    const prepared = prepare(({ writer, page, change }) => {
      content = writer.allocate()
      writer.setSyntax(content, contentOf('q Q'))
      const first = page.dict.entries.get('Contents') ?? null
      const list = isArray(first) ? first.items : [first]
      change(page.reference, { Contents: pdfArray([...list, { ...content, generation: 1 }]) })
    })
    const act = ({ writer }: Forgery) => {
      if (content !== undefined) writer.setSyntax(content, contentOf(cover))
    }
    expect(await changesOf(prepared, act)).to.include.members(['OBJECT_CHANGED', 'forbidden'])
    const noted = ({ writer, snapshot, page, change }: Forgery) => {
      const form = writer.addStream(boxOf([0, 0, 300, 200]), Buffer.from(cover))
      const appearance = { ...writer.add(pdfDict({ N: form })), generation: 1 }
      const note = pdfDict({ Subtype: pdfName('Text'), Rect: pdfArray([0, 0, 9, 9]), AP: appearance })
      const items = snapshot.arrayEntry(page.dict, 'Annots')?.items ?? []
      change(page.reference, { Annots: pdfArray([...items, writer.add(note)]) })
    }
    expect(await changesOf(ordinaryForm(), noted)).to.include.members(['OBJECT_CHANGED', 'forbidden'])
  })

  describe('by the filters of its content', () => {
    /** Without the predictor two operators that are none; with it one that paints. */
    const rows = ['0 0 1 rg ', '0 0 90  ', '90      r', 'e f      ']
    const data = deflateSync(Buffer.from(rows.map((row) => `\0${row.padEnd(9)}`).join(''), 'latin1'))
    const contentOf = (entries: string) =>
      `<< /Length ${data.length * 2} /Filter [/ASCIIHexDecode /FlateDecode] ${entries} >>
stream
${data.toString('hex')}
endstream`

    let content: PdfReference | undefined
    const withContent = (entries: (information: number) => string) => (forgery: Forgery) => {
      const { writer, snapshot, page, change } = forgery
      const information = snapshot.trailer.entries.get('Info')
      if (!isReference(information)) throw new Error('no document information')
      change(information, { Predictor: 12, Columns: 9 })
      content = writer.allocate()
      writer.setSyntax(content, contentOf(entries(information.number)))
      const old = snapshot.entry(page.dict, 'Contents')
      const first = page.dict.entries.get('Contents') ?? null
      change(page.reference, { Contents: pdfArray([...(isArray(old) ? old.items : [first]), content]) })
    }

    it('is nothing that the document information tells of them', async () => {
      const prepared = prepare(withContent((number) => `/DecodeParms [null ${number} 0 R]`))
      const act = ({ snapshot, change }: Forgery) => {
        const information = snapshot.trailer.entries.get('Info')
        if (isReference(information)) change(information, { Predictor: undefined })
      }
      expect(await changesOf(prepared, act)).to.include.members(['OBJECT_CHANGED', 'forbidden'])
    })

    it('is nothing that abbreviations tell of them', async () => {
      const abbreviated = '/DP [null << /Predictor 12 /Columns 9 >>]'
      const prepared = prepare(withContent(() => `/DecodeParms [null null] ${abbreviated}`))
      const act = ({ writer }: Forgery) => {
        if (content !== undefined) writer.setSyntax(content, contentOf(abbreviated))
      }
      expect(await changesOf(prepared, act)).to.include.members(['OBJECT_CHANGED', 'forbidden'])
    })
  })
})
