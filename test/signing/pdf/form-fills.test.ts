/** Form filling as other programs do it, and what only looks like it. */
import { expect } from 'chai'
import {
  isReference,
  type PdfValue,
  pdfArray,
  pdfDict,
  pdfName,
  pdfReference,
  pdfText,
  withEntries,
} from '../../../signing/pdf/objects.ts'
import { signPdf } from '../../../signing/pdf/sign-pdf.ts'
import { verifyPdf } from '../../../signing/pdf/verify-pdf.ts'
import { policyOf, seedTime } from '../cms/signatures.ts'
import { type Forgery, forge } from './forge.ts'
import { boxOf, type FormOptions, fillNote, formFont, ordinaryForm, textAppearance } from './ordinary-form.ts'
import { makeSigners, type Signers } from './signers.ts'

describe('filling of ordinary forms', () => {
  let signers: Signers
  let signed: Uint8Array

  before(async () => {
    signers = await makeSigners()
    signed = await sign()
  })

  async function sign(options: FormOptions = {}): Promise<Uint8Array> {
    return signPdf(await ordinaryForm(options), {
      key: signers.individual,
      field: 'Sig1',
      signingTime: seedTime,
    })
  }

  /** What is said of the first signature: the judgement and the codes. */
  function changesOf(act: (forgery: Forgery) => void, pdf = signed): string[] {
    const [first] = verifyPdf(forge(pdf, act), policyOf(signers.pki)).signatures
    if (first === undefined) throw new Error('no signature')
    expect(first.indication).to.equal(first.changesAfter === 'forbidden' ? 'TOTAL_FAILED' : 'TOTAL_PASSED')
    return [first.changesAfter, ...new Set(first.changes.map(({ code }) => code))].sort()
  }

  const filled = ['FIELD_FILLED', 'permitted']
  const unverified = ['FIELD_APPEARANCE_UNVERIFIED', 'FIELD_FILLED', 'permitted']
  const wrong = ['FIELD_CHANGED', 'forbidden']
  const mismatch = ['FIELD_APPEARANCE_MISMATCH', 'forbidden']

  describe('of text', () => {
    it('is permitted once and again, in place of an appearance or in a new one', () => {
      expect(changesOf((forgery) => fillNote(forgery, '900'))).to.deep.equal(filled)
      const once = forge(signed, (forgery) => fillNote(forgery, '900'))
      expect(changesOf((forgery) => fillNote(forgery, '1 000'), once)).to.deep.equal(filled)
      const inPlace = (forgery: Forgery) => {
        const { writer, snapshot, field, change } = forgery
        const note = field('note')
        const normal = snapshot.dictEntry(note.dict, 'AP')?.entries.get('N')
        const resources = pdfDict({ Font: pdfDict({ Helv: formFont(forgery) }) })
        if (!isReference(normal)) throw new Error('no appearance')
        writer.setStream(normal, boxOf([0, 0, 100, 16], resources), Buffer.from('BT /Helv 9 Tf (50) Tj ET'))
        change(note.reference, { V: pdfText('50') })
      }
      expect(changesOf(inPlace, once)).to.deep.equal(filled)
    })

    it('fails where the appearance shows another text than the value', () => {
      expect(changesOf((forgery) => fillNote(forgery, '100', '900'))).to.deep.equal(mismatch)
      const differences = pdfDict({ Differences: pdfArray([0x31, pdfName('nine')]) })
      const font = pdfDict({
        Type: pdfName('Font'),
        Subtype: pdfName('Type1'),
        BaseFont: pdfName('Helvetica'),
      })
      const swapped = (forgery: Forgery) =>
        forgery.change(forgery.field('note').reference, {
          V: pdfText('100'),
          AP: textAppearance(
            forgery,
            '100',
            forgery.writer.add(withEntries(font, { Encoding: differences })),
          ),
        })
      expect(changesOf(swapped)).to.deep.equal(mismatch)
    })

    it('is told as unverified where nobody can read the appearance, or there is none', () => {
      const font = pdfDict({
        Type: pdfName('Font'),
        Subtype: pdfName('Type0'),
        BaseFont: pdfName('X'),
        Encoding: pdfName('Identity-H'),
      })
      const coded = (forgery: Forgery) =>
        forgery.change(forgery.field('note').reference, {
          V: pdfText('100'),
          AP: textAppearance(forgery, '100', forgery.writer.add(font)),
        })
      expect(changesOf(coded)).to.deep.equal(unverified)
      const bare = ({ field, change }: Forgery) => change(field('note').reference, { V: pdfText('100') })
      expect(changesOf(bare)).to.deep.equal(unverified)
      const scripted = pdfDict({
        F: pdfDict({ S: pdfName('JavaScript'), JS: pdfText('AFNumber_Format(2)') }),
      })
      return sign({ note: { AA: scripted } }).then((pdf) => {
        expect(changesOf((forgery) => fillNote(forgery, '100', '100.00'), pdf)).to.deep.equal(unverified)
      })
    })

    it('reads what a font of two-byte codes says of them', () => {
      const withMap = (target: string) => (forgery: Forgery) => {
        const map = `begincmap 1 begincodespacerange <0000> <ffff> endcodespacerange
1 beginbfrange <0001> <0009> <0031> endbfrange 1 beginbfchar <000a> <${target}> endbfchar endcmap`
        const font = forgery.writer.add(
          pdfDict({
            Type: pdfName('Font'),
            Subtype: pdfName('Type0'),
            Encoding: pdfName('Identity-H'),
            ToUnicode: forgery.writer.addStream(pdfDict({}), Buffer.from(map)),
          }),
        )
        const resources = pdfDict({ Font: pdfDict({ F: font }) })
        const content = Buffer.from('BT /F 10 Tf [<0001> -20 <000a000a>] TJ ET')
        forgery.change(forgery.field('note').reference, {
          V: pdfText('100'),
          AP: pdfDict({ N: forgery.writer.addStream(boxOf([0, 0, 100, 16], resources), content) }),
        })
      }
      expect(changesOf(withMap('0030'))).to.deep.equal(filled)
      expect(changesOf(withMap('0039'))).to.deep.equal(mismatch)
    })

    it('fails where only the appearance changed and does not show the value', () => {
      const once = forge(signed, (forgery) => fillNote(forgery, '100'))
      const redraw = (text: string) => (forgery: Forgery) =>
        forgery.change(forgery.field('note').reference, { AP: textAppearance(forgery, text) })
      expect(changesOf(redraw('100'), once)).to.deep.equal(filled)
      expect(changesOf(redraw('900'), once)).to.include.members(mismatch)
      const picture = ({ writer, field, change }: Forgery) =>
        change(field('note').reference, {
          AP: pdfDict({ N: writer.addStream(boxOf([0, 0, 100, 16]), Buffer.from('/Im Do')) }),
        })
      expect(changesOf(picture, once)).to.include.members(wrong)
    })

    it('fails with an appearance that was hidden in the signed document', async () => {
      let hidden: PdfValue = null
      const prepared = await sign({
        before: ({ writer, root, change }) => {
          hidden = writer.addStream(boxOf([0, 0, 100, 16]), Buffer.from('0 g 0 0 9 9 re f'))
          change(root, { Stored: hidden })
        },
      })
      const shown = ({ field, change }: Forgery) =>
        change(field('note').reference, { V: pdfText('x'), AP: pdfDict({ N: hidden }) })
      expect(changesOf(shown, prepared)).to.deep.equal(wrong)
    })

    it('fails with whatever else changes of the field', () => {
      for (const entries of [
        { Rect: pdfArray([0, 0, 300, 200]) },
        { F: 6 },
        { Ff: 1 << 13 },
        { T: pdfText('renamed') },
        { FT: pdfName('Btn') },
        { A: pdfDict({ S: pdfName('JavaScript'), JS: pdfText('x') }) },
        { MK: pdfDict({ BG: pdfArray([1]) }) },
        { Type: pdfName('Other') },
        { MaxLen: 1 },
      ]) {
        const act = (forgery: Forgery) => {
          fillNote(forgery, '5')
          const { dict, reference } = forgery.field('note')
          const more = { V: pdfText('5'), AP: textAppearance(forgery, '5'), ...entries }
          forgery.writer.set(reference, withEntries(dict, more))
        }
        expect(changesOf(act), Object.keys(entries)[0]).to.include('forbidden')
      }
    })

    it('lets a field become read-only, and nothing else of its flags', () => {
      const flags =
        (value: number) =>
        ({ field, change }: Forgery) =>
          change(field('note').reference, { Ff: value })
      expect(changesOf(flags(1))).to.deep.equal(['FIELD_PROTECTED', 'permitted'])
      expect(changesOf(flags(2))).to.deep.equal(wrong)
    })
  })

  describe('of choices and buttons', () => {
    it('is permitted where what is shown is the value', () => {
      const choose = (forgery: Forgery) =>
        forgery.change(forgery.field('choice').reference, {
          V: pdfText('b'),
          I: pdfArray([1]),
          AP: textAppearance(forgery, 'Beta'),
        })
      expect(changesOf(choose)).to.deep.equal(filled)
      const check = ({ field, change }: Forgery) =>
        change(field('check').reference, { V: pdfName('Yes'), AS: pdfName('Yes') })
      expect(changesOf(check)).to.deep.equal(filled)
      const pick = ({ field, change }: Forgery) => {
        const { reference, widgets } = field('radio')
        change(reference, { V: pdfName('two') })
        change(widgets[1]?.reference ?? reference, { AS: pdfName('two') })
      }
      expect(changesOf(pick)).to.deep.equal(filled)
    })

    it('fails where another state, option or appearance is shown than was chosen', () => {
      const shownOnly = ({ field, change }: Forgery) =>
        change(field('check').reference, { AS: pdfName('Yes') })
      expect(changesOf(shownOnly)).to.deep.equal(mismatch)
      const otherButton = ({ field, change }: Forgery) => {
        const { reference, widgets } = field('radio')
        change(reference, { V: pdfName('two') })
        change(widgets[0]?.reference ?? reference, { AS: pdfName('one') })
      }
      expect(changesOf(otherButton)).to.deep.equal(mismatch)
      const otherOption = (forgery: Forgery) =>
        forgery.change(forgery.field('choice').reference, {
          V: pdfText('b'),
          AP: textAppearance(forgery, 'Alpha'),
        })
      expect(changesOf(otherOption)).to.deep.equal(mismatch)
      const swapped = ({ snapshot, field, change }: Forgery) => {
        const states = snapshot.dictEntry(snapshot.dictEntry(field('check').dict, 'AP') ?? pdfDict({}), 'N')
        const [yes = null, off = null] = ['Yes', 'Off'].map((key) => states?.entries.get(key) ?? null)
        change(field('check').reference, { AP: pdfDict({ N: pdfDict({ Yes: off, Off: yes }) }) })
      }
      expect(changesOf(swapped)).to.deep.equal(wrong)
      const options = ({ field, change }: Forgery) =>
        change(field('choice').reference, { Opt: pdfArray([pdfText('c')]), V: pdfText('c') })
      expect(changesOf(options)).to.deep.equal(wrong)
    })
  })

  describe('of the form', () => {
    function acroForm({ snapshot }: Forgery) {
      const reference = snapshot.catalog.entries.get('AcroForm')
      const dict = snapshot.dictEntry(snapshot.catalog, 'AcroForm')
      if (!isReference(reference) || dict === undefined) throw new Error('no form')
      return { reference, dict, resources: snapshot.dictEntry(dict, 'DR') ?? pdfDict({}) }
    }

    const courier = pdfDict({
      Type: pdfName('Font'),
      Subtype: pdfName('Type1'),
      BaseFont: pdfName('Courier'),
    })

    it('permits fonts beside those that were there, and none in place of one', () => {
      const withFonts = (names: readonly string[]) => (forgery: Forgery) => {
        const { reference, resources } = acroForm(forgery)
        const fonts = forgery.snapshot.dictEntry(resources, 'Font') ?? pdfDict({})
        const added = Object.fromEntries(names.map((name) => [name, forgery.writer.add(courier)]))
        forgery.change(reference, { DR: withEntries(resources, { Font: withEntries(fonts, added) }) })
        fillNote(forgery, '900')
      }
      expect(changesOf(withFonts(['Cour']))).to.deep.equal([
        'FIELD_FILLED',
        'FORM_DEFAULTS_ADDED',
        'permitted',
      ])
      expect(changesOf(withFonts(['Helv']))).to.deep.equal(['FIELD_FILLED', 'FORM_CHANGED', 'forbidden'])
      const redefined = (forgery: Forgery) => forgery.writer.set(formFont(forgery), courier)
      expect(changesOf(redefined)).to.include('forbidden')
    })

    it('fails a font for a field that has a value and lacked its font', async () => {
      const pdf = await sign({ note: { V: pdfText('100'), DA: pdfText('/Evil 10 Tf') } })
      const act = (forgery: Forgery) => {
        const { reference, resources } = acroForm(forgery)
        const font = pdfDict({
          Font: pdfDict({ Helv: formFont(forgery), Evil: forgery.writer.add(courier) }),
        })
        forgery.change(reference, { DR: withEntries(resources, { Font: font.entries.get('Font') ?? null }) })
      }
      expect(changesOf(act, pdf)).to.deep.equal(['FORM_CHANGED', 'forbidden'])
    })

    it('lets viewers draw fields anew only with a fill, and where every other field shows its value', async () => {
      const need = (forgery: Forgery) =>
        forgery.change(acroForm(forgery).reference, { NeedAppearances: true })
      expect(changesOf(need)).to.deep.equal(['FORM_CHANGED', 'forbidden'])
      const both = (forgery: Forgery) => {
        need(forgery)
        fillNote(forgery, '900')
      }
      expect(changesOf(both)).to.deep.equal(['FIELD_FILLED', 'FORM_REDRAWN', 'permitted'])
      const hiding = forge(await ordinaryForm(), (forgery) => {
        const entries = { V: pdfText('900'), AP: textAppearance(forgery, '100') }
        forgery.change(forgery.field('other').reference, entries)
      })
      const shadow = await signPdf(hiding, { key: signers.individual, field: 'Sig1', signingTime: seedTime })
      expect(changesOf(both, shadow)).to.include.members(['FORM_CHANGED', 'forbidden'])
    })

    it('fails fields that are added, moved or taken away, and XFA', () => {
      const field = (forgery: Forgery) => {
        const { reference, dict } = acroForm(forgery)
        const added = forgery.writer.add(pdfDict({ FT: pdfName('Tx'), T: pdfText('new') }))
        const items = forgery.snapshot.arrayEntry(dict, 'Fields')?.items ?? []
        forgery.change(reference, { Fields: pdfArray([...items, added]) })
      }
      expect(changesOf(field)).to.deep.equal(['FIELD_ADDED', 'forbidden'])
      const fewer = (forgery: Forgery) => {
        const { reference, dict } = acroForm(forgery)
        forgery.change(reference, {
          Fields: pdfArray(forgery.snapshot.arrayEntry(dict, 'Fields')?.items.slice(1) ?? []),
        })
      }
      expect(changesOf(fewer)).to.include.members(['FIELD_CHANGED', 'FORM_CHANGED'])
      const xfa = (forgery: Forgery) => forgery.change(acroForm(forgery).reference, { XFA: pdfText('x') })
      expect(changesOf(xfa)).to.deep.equal(['FORM_CHANGED', 'forbidden'])
      const order = (forgery: Forgery) =>
        forgery.change(acroForm(forgery).reference, { CO: pdfArray([pdfReference(1)]) })
      expect(changesOf(order)).to.deep.equal(['FORM_CHANGED', 'forbidden'])
    })
  })
})
