import { expect } from 'chai'
import { SigningError } from '../../../signing/errors.ts'
import { compareRevision } from '../../../signing/pdf/compare-revisions.ts'
import { fillTextFields } from '../../../signing/pdf/fill-fields.ts'
import { letterFields } from '../../../signing/pdf/letter-fields.ts'
import {
  isReference,
  type PdfArray,
  pdfArray,
  pdfDict,
  pdfName,
  pdfReference,
  pdfText,
} from '../../../signing/pdf/objects.ts'
import { openPdf } from '../../../signing/pdf/pdf-file.ts'
import { serialize } from '../../../signing/pdf/serialize.ts'
import { signPdf } from '../../../signing/pdf/sign-pdf.ts'
import { verifyPdf } from '../../../signing/pdf/verify-pdf.ts'
import type { SignatureReport } from '../../../signing/report.ts'
import { policyOf, seedTime } from '../cms/signatures.ts'
import { type Forgery, forge } from './forge.ts'
import { makeSigners, type Signers, signField, values } from './signers.ts'
import { asText, fontBytes, replaced, smallPdf } from './small-pdf.ts'

const { number, date, individualSignature, agencySignature } = letterFields

const form = pdfDict({ Type: pdfName('XObject'), Subtype: pdfName('Form'), BBox: pdfArray([0, 0, 60, 16]) })

/** What is done to a signed document, and the codes it must be reported with. */
const attacks: readonly (readonly [string, readonly string[], (forgery: Forgery) => void])[] = [
  [
    'replaces the contents of the page',
    ['OBJECT_CHANGED'],
    ({ writer, page }) => {
      const contents = page.dict.entries.get('Contents')
      const reference =
        contents !== null && typeof contents === 'object' && contents.kind === 'array'
          ? contents.items[0]
          : contents
      if (!isReference(reference)) throw new Error('no contents')
      writer.setStream(reference, pdfDict({}), Buffer.from('BT (Pay 900 to B) Tj ET'))
    },
  ],
  [
    'gives the page other contents',
    ['PAGE_CHANGED'],
    ({ writer, page, change }) => {
      change(page.reference, { Contents: writer.addStream(pdfDict({}), Buffer.from('q Q')) })
    },
  ],
  [
    'crops the page',
    ['PAGE_CHANGED'],
    ({ page, change }) => change(page.reference, { CropBox: pdfArray([0, 0, 9, 9]) }),
  ],
  [
    'adds an annotation',
    ['ANNOTATION_NOT_PERMITTED'],
    ({ writer, snapshot, page, change }) => {
      const note = writer.add(
        pdfDict({ Type: pdfName('Annot'), Subtype: pdfName('FreeText'), Rect: pdfArray([0, 0, 99, 99]) }),
      )
      const items = snapshot.arrayEntry(page.dict, 'Annots')?.items ?? []
      change(page.reference, { Annots: pdfArray([...items, note]) })
    },
  ],
  [
    'takes an annotation away',
    ['PAGE_CHANGED'],
    ({ page, change }) => change(page.reference, { Annots: pdfArray([]) }),
  ],
  [
    'adds an action to the catalog',
    ['CATALOG_CHANGED'],
    ({ root, change }) => {
      change(root, { OpenAction: pdfDict({ S: pdfName('JavaScript'), JS: pdfText('app.alert(1)') }) })
    },
  ],
  [
    'replaces the page tree',
    ['CATALOG_CHANGED', 'PAGE_CHANGED'],
    ({ writer, root, change }) => {
      change(root, { Pages: writer.add(pdfDict({ Type: pdfName('Pages'), Kids: pdfArray([]), Count: 0 })) })
    },
  ],
  [
    'removes the form',
    ['FIELD_CHANGED', 'FORM_CHANGED'],
    ({ root, change }) => change(root, { AcroForm: undefined }),
  ],
  [
    'makes viewers draw the fields anew',
    ['FORM_CHANGED'],
    ({ snapshot, change }) => {
      const acroForm = snapshot.catalog.entries.get('AcroForm')
      if (!isReference(acroForm)) throw new Error('no form')
      change(acroForm, { NeedAppearances: true })
    },
  ],
  [
    'fills a field without showing it',
    ['FIELD_CHANGED'],
    ({ field, change }) => change(field(number).reference, { V: pdfText('7') }),
  ],
  [
    'shows another number without filling it',
    ['FIELD_CHANGED'],
    ({ writer, field, change }) => {
      change(field(number).reference, { AP: pdfDict({ N: writer.addStream(form, Buffer.from('q Q')) }) })
    },
  ],
  [
    'moves a field',
    ['FIELD_CHANGED'],
    ({ writer, field, change }) => {
      const appearance = pdfDict({ N: writer.addStream(form, Buffer.from('q Q')) })
      change(field(number).reference, { V: pdfText('7'), AP: appearance, Rect: pdfArray([0, 0, 300, 200]) })
    },
  ],
  [
    'gives a field an appearance that is not its own',
    ['FIELD_CHANGED'],
    ({ page, field, change }) => {
      const contents = page.dict.entries.get('Contents')
      const shared =
        contents !== null && typeof contents === 'object' && contents.kind === 'array'
          ? (contents.items[0] ?? null)
          : (contents ?? null)
      change(field(number).reference, { V: pdfText('7'), AP: pdfDict({ N: shared }) })
    },
  ],
  [
    'renames a field',
    ['FIELD_CHANGED'],
    ({ field, change }) => change(field(date).reference, { T: pdfText('other') }),
  ],
  [
    'changes the parent of the fields',
    ['FIELD_CHANGED', 'OBJECT_CHANGED'],
    ({ snapshot, field, change }) => {
      const parent = field(number).dict.entries.get('Parent')
      if (!isReference(parent) || snapshot.resolve(parent) === null) throw new Error('no parent')
      change(parent, { DA: pdfText('/Helv 40 Tf') })
    },
  ],
  [
    'removes the signature',
    ['SIGNATURE_CHANGED'],
    ({ field, change }) => change(field(individualSignature).reference, { V: null }),
  ],
  [
    'alters the signature dictionary',
    ['SIGNATURE_CHANGED'],
    ({ field, change }) => {
      const { value } = field(individualSignature)
      if (!isReference(value)) throw new Error('no signature')
      change(value, { Reason: pdfText('khác') })
    },
  ],
  [
    'adds a text field',
    ['FIELD_ADDED'],
    ({ writer, snapshot, page, change }) => {
      const added = writer.add(
        pdfDict({
          Subtype: pdfName('Widget'),
          FT: pdfName('Tx'),
          T: pdfText('x'),
          V: pdfText('y'),
          Rect: pdfArray([0, 0, 99, 99]),
        }),
      )
      const acroForm = snapshot.catalog.entries.get('AcroForm')
      const fields = snapshot.dictEntry(snapshot.catalog, 'AcroForm')
      if (!isReference(acroForm) || fields === undefined) throw new Error('no form')
      change(acroForm, { Fields: pdfArray([...(snapshot.arrayEntry(fields, 'Fields')?.items ?? []), added]) })
      change(page.reference, {
        Annots: pdfArray([...(snapshot.arrayEntry(page.dict, 'Annots')?.items ?? []), added]),
      })
    },
  ],
  [
    'has an object with a key that stands twice',
    ['CATALOG_CHANGED'],
    ({ writer, root }) => {
      const old = asText(writer.build().bytes)
      const catalog = new RegExp(`\\n${root.number} 0 obj\\s*<<([\\s\\S]*?)>>\\s*endobj`).exec(old)?.[1] ?? ''
      writer.setSyntax(root, `<< ${catalog} /AcroForm null ${catalog} >>`)
    },
  ],
]

describe('changes after a signature', () => {
  let signers: Signers
  let signed: Uint8Array

  before(async () => {
    signers = await makeSigners()
    signed = await signField(await smallPdf(), signers.individual, individualSignature)
  })

  function first(pdf: Uint8Array): SignatureReport {
    const [report] = verifyPdf(pdf, policyOf(signers.pki)).signatures
    if (report === undefined) throw new Error('no signature')
    return report
  }

  function codes(report: SignatureReport): string[] {
    return [...new Set(report.changes.map(({ code }) => code))].sort()
  }

  function expectForbidden(pdf: Uint8Array, ...expected: readonly string[]): void {
    const report = verifyPdf(pdf, policyOf(signers.pki))
    expect(report).to.deep.include({ indication: 'TOTAL_FAILED', subIndication: 'FORMAT_FAILURE' })
    expect(report.signatures[0]).to.deep.include({ cryptoIntact: true, changesAfter: 'forbidden' })
    expect(codes(first(pdf))).to.deep.equal([...expected].sort())
  }

  for (const [name, expected, act] of attacks) {
    it(`fails a revision that ${name}`, () => {
      expectForbidden(forge(signed, act), ...expected)
    })
  }

  it('fails an object that nothing reaches', () => {
    expectForbidden(
      forge(signed, ({ writer }) => writer.add(pdfDict({ Kids: pdfArray([]) }))),
      'OBJECT_CHANGED',
    )
  })

  it('permits another title, which no page shows, and tells of it', () => {
    const titled = forge(signed, ({ snapshot, change }) => {
      const info = snapshot.trailer.entries.get('Info')
      if (!isReference(info)) throw new Error('no information')
      change(info, { Title: pdfText('khác') })
    })
    expect(first(titled)).to.deep.include({ indication: 'TOTAL_PASSED', changesAfter: 'permitted' })
    expect(codes(first(titled))).to.deep.equal(['INFORMATION_UPDATED'])
  })

  it('lets be an object written anew as it was', () => {
    const same = forge(signed, ({ page, change }) => change(page.reference, {}))
    expect(first(same)).to.deep.include({
      indication: 'TOTAL_PASSED',
      changesAfter: 'none',
      coverage: 'revision',
    })
  })

  it('fails a revision that defines an object the signed document referred to in vain', async () => {
    const size = openPdf(await smallPdf()).latest.numbers().length + 10
    const prepared = forge(await smallPdf(), ({ page, change }) =>
      change(page.reference, { Thumb: pdfReference(size) }),
    )
    const shadow = await signField(prepared, signers.individual, individualSignature)
    const sprung = forge(shadow, ({ writer }) =>
      writer.setStream(pdfReference(size), pdfDict({}), Buffer.from('x')),
    )
    expectForbidden(sprung, 'DANGLING_REFERENCE_DEFINED', 'PAGE_CHANGED')
  })

  it('fails a cross-reference section that brings hidden objects of the signed bytes to light', async () => {
    // The signed revision holds two versions of object `number`: the newer one hides the older one.
    const original = await smallPdf()
    const contents =
      openPdf(original)
        .latest.numbers()
        .find((one) => openPdf(original).latest.object(one)?.stream !== undefined) ?? 0
    const shadow = forge(original, ({ writer }) =>
      writer.setStream(pdfReference(contents), pdfDict({}), Buffer.from('BT ET')),
    )
    const attacked = await signField(shadow, signers.individual, individualSignature)
    const entry = openPdf(original).latest.lookup(contents)
    const offset = entry?.type === 'offset' ? entry.offset : 0
    const { section } = openPdf(attacked).revisions.at(-1) ?? {}
    const trailer = /trailer\n(<<.*?)\/Prev \d+ >>/.exec(asText(attacked).slice(section?.offset))?.[1] ?? ''
    const table = `xref\n${contents} 1\n${String(offset).padStart(10, '0')} 00000 n \n`
    const update = `${table}trailer\n${trailer}/Prev ${section?.offset} >>\nstartxref\n${attacked.length}\n%%EOF\n`
    expectForbidden(
      Buffer.concat([attacked, Buffer.from(update, 'latin1')]),
      'OBJECT_CHANGED',
      'XREF_REDIRECTED',
    )
  })

  it('fails an object that gets another generation, which no reference names any more', () => {
    const moved = forge(signed, ({ writer, page }) => {
      writer.set({ ...page.reference, generation: 1 }, page.dict)
    })
    expectForbidden(moved, 'OBJECT_REMOVED', 'REVISION_UNREADABLE')
  })

  it('fails a trailer whose /Size hides objects', () => {
    const update = forge(signed, ({ page, change }) => change(page.reference, {}))
    const size = openPdf(update).latest.trailer.entries.get('Size')
    const most = Math.max(...(openPdf(update).revisions.at(-1)?.entries.keys() ?? []))
    const small = `/Size ${most + 1}`.padEnd(`/Size ${size}`.length)
    expectForbidden(replaced(update, `/Size ${size}`, small), 'OBJECT_REMOVED')
    expectForbidden(replaced(update, `/Size ${size}`, '/Size 1 '), 'REVISION_UNREADABLE')
  })

  it('fails a cross-reference that pointed behind the end of the file when it was signed', async () => {
    const original = await smallPdf()
    const file = openPdf(original)
    const section = file.revisions[0]?.section.offset ?? 0
    const number = file.latest.numbers().length + 5
    const root = serialize(file.latest.trailer.entries.get('Root') ?? null)
    const head = `xref\n${number} 1\n`
    const tail = ` 00000 n \ntrailer\n<< /Size ${number + 1} /Root ${root} /Prev ${section} >>\n`
    const end = `startxref\n${original.length}\n%%EOF\n`
    const target = original.length + head.length + 10 + tail.length + end.length
    const armed = asText(original) + head + String(target).padStart(10, '0') + tail + end
    expect(armed.length).to.equal(target)
    const payload = `${number} 0 obj\n(sprung)\nendobj\n`
    const table = `xref\n0 1\n0000000000 65535 f \ntrailer\n<< /Size ${number + 1} /Root ${root} /Prev ${original.length} >>\n`
    const sprung = `${armed}${payload}${table}startxref\n${target + payload.length}\n%%EOF\n`
    const changes = compareRevision(openPdf(Buffer.from(sprung, 'latin1')), 2)
    expect(changes.map((change) => (change.kind === 'forbidden' ? change.code : change.kind))).to.deep.equal([
      'BYTES_OUTSIDE_OBJECTS',
      'REVISION_UNREADABLE',
    ])
  })

  it('fails bytes between the objects of an update', () => {
    const updated = asText(forge(signed, ({ page, change }) => change(page.reference, {})))
    const at = updated.lastIndexOf('xref\n', updated.lastIndexOf('startxref') - 1)
    const shifted = `${updated.slice(0, at)}4 0 obj\nnull\nendobj\n${updated.slice(at)}`
    const moved = shifted.replace(/startxref\n\d+\n%%EOF\n$/, `startxref\n${at + 20}\n%%EOF\n`)
    expectForbidden(Buffer.from(moved, 'latin1'), 'BYTES_OUTSIDE_OBJECTS')
  })

  it('fails data after the last revision, though white space may stand there', () => {
    const junk = Buffer.concat([signed, Buffer.from('4 0 obj\nnull\nendobj\n')])
    expectForbidden(junk, 'REVISION_UNREADABLE')
    expect(verifyPdf(junk, policyOf(signers.pki)).errors.map(({ code }) => code)).to.deep.equal([
      'PDF_MALFORMED',
    ])
    const blank = Buffer.concat([signed, Buffer.from('\r\n  \n')])
    expect(first(blank)).to.deep.include({
      indication: 'TOTAL_PASSED',
      coverage: 'revision',
      changesAfter: 'none',
    })
  })

  it('fails a document rewritten behind its signature', () => {
    const text = asText(signed)
    // A copy of the newest section without /Prev: the file claims to have one revision only.
    const last = openPdf(signed).revisions.at(-1)?.section
    const all = openPdf(signed).latest
    const lines = all.numbers().map((one) => {
      const entry = all.lookup(one)
      return entry?.type === 'offset' ? `${one} 1\n${String(entry.offset).padStart(10, '0')} 00000 n \n` : ''
    })
    const trailer = /trailer\n(<<.*?)\/Prev \d+ >>/.exec(text.slice(last?.offset))?.[1] ?? ''
    const update = `xref\n${lines.join('')}trailer\n${trailer}>>\nstartxref\n${text.length}\n%%EOF\n`
    const report = verifyPdf(Buffer.from(text + update, 'latin1'), policyOf(signers.pki))
    expect(report.indication).to.equal('TOTAL_FAILED')
    expect(report.signatures[0]).to.deep.include({ cryptoIntact: true, coverage: 'partial' })
  })

  describe('within what the signature locks', () => {
    it('permits the fills and the signatures that are left open, and fails all others', async () => {
      const filled = await fillTextFields(signed, { fields: { [date]: values[date] }, fontBytes })
      const issued = await signField(filled, signers.agency, agencySignature)
      expect(first(issued)).to.deep.include({ indication: 'TOTAL_PASSED', changesAfter: 'permitted' })
      // The library refuses to write this fill, so it is forged.
      const late = forge(issued, ({ writer, field, change }) => {
        change(field(number).reference, {
          V: pdfText('7'),
          AP: pdfDict({ N: writer.addStream(form, Buffer.from('q Q')) }),
        })
      })
      const report = verifyPdf(late, policyOf(signers.pki))
      expect(report.signatures.map((one) => [one.field, one.changesAfter])).to.deep.equal([
        [individualSignature, 'permitted'],
        [agencySignature, 'forbidden'],
      ])
      expect(report.signatures[1]?.changes.map(({ code }) => code)).to.deep.equal(['FIELD_LOCKED'])
      expect(report.indication).to.equal('TOTAL_FAILED')
    })

    it('fails a fill of a field that the signature includes in its lock', async () => {
      const lock = { action: 'Include', fields: ['congvan'] } as const
      const locked = await signField(await smallPdf(), signers.individual, individualSignature, { lock })
      const late = forge(locked, ({ writer, field, change }) => {
        change(field(date).reference, {
          V: pdfText('7'),
          AP: pdfDict({ N: writer.addStream(form, Buffer.from('q Q')) }),
        })
      })
      expectForbidden(late, 'FIELD_LOCKED')
    })

    it('lets others sign in new fields where nothing is locked', async () => {
      const plain = await signField(await smallPdf({ fields: false }), signers.individual, 'Signature1')
      const both = await signField(plain, signers.agency, 'Signature2')
      expect(first(both)).to.deep.include({ indication: 'TOTAL_PASSED', changesAfter: 'permitted' })
      expect(codes(first(both))).to.deep.equal(['SIGNATURE_ADDED'])
    })

    /** Signed in a field whose lock also says what may happen to the document (ISO 32000-2, table 236). */
    async function signedWithPermission(permission: number): Promise<Uint8Array> {
      const Lock = pdfDict({
        Action: pdfName('Include'),
        Fields: pdfArray([pdfText('other')]),
        P: permission,
      })
      const prepared = forge(await smallPdf(), ({ field, change }) => {
        change(field(individualSignature).reference, { Lock })
      })
      return signPdf(prepared, { key: signers.individual, field: individualSignature, signingTime: seedTime })
    }

    /** A further signature, forged in so far as its value is none. */
    function withFurtherSignature(
      pdf: Uint8Array,
      rect: number[],
      { subFilter = 'ETSI.CAdES.detached', appearance = false } = {},
    ): Uint8Array {
      return forge(pdf, ({ writer, snapshot, page, change }) => {
        const value = writer.add(pdfDict({ Type: pdfName('Sig'), SubFilter: pdfName(subFilter) }))
        const drawn = appearance
          ? { AP: pdfDict({ N: writer.addStream(form, Buffer.from('q Q')) }) }
          : undefined
        const added = writer.add(
          pdfDict({
            Type: pdfName('Annot'),
            Subtype: pdfName('Widget'),
            FT: pdfName('Sig'),
            T: pdfText('Further'),
            Rect: pdfArray(rect),
            V: value,
            ...drawn,
          }),
        )
        const acroForm = snapshot.catalog.entries.get('AcroForm')
        const fields = snapshot.dictEntry(snapshot.catalog, 'AcroForm')
        if (!isReference(acroForm) || fields === undefined) throw new Error('no form')
        const extended = (array: PdfArray | undefined) => pdfArray([...(array?.items ?? []), added])
        change(acroForm, { Fields: extended(snapshot.arrayEntry(fields, 'Fields')) })
        change(page.reference, { Annots: extended(snapshot.arrayEntry(page.dict, 'Annots')) })
      })
    }

    it('fails every change where none is permitted', async () => {
      const closed = await signedWithPermission(1)
      expectForbidden(withFurtherSignature(closed, [0, 0, 0, 0]), 'NO_CHANGES_PERMITTED')
      let code = ''
      try {
        await fillTextFields(closed, { fields: values, fontBytes })
      } catch (error) {
        code = error instanceof SigningError ? error.code : ''
      }
      expect(code).to.equal('PDF_NO_CHANGES_PERMITTED')
    })

    it('never lets a new signature field be seen on the page', async () => {
      const certified = await signedWithPermission(2)
      expectForbidden(withFurtherSignature(certified, [150, 0, 249, 99]), 'VISIBLE_SIGNATURE_FIELD_ADDED')
      const invisible = first(withFurtherSignature(certified, [0, 0, 0, 0]))
      expect([invisible.changesAfter, codes(invisible)]).to.deep.equal(['permitted', ['SIGNATURE_ADDED']])
      const plain = await signField(await smallPdf(), signers.individual, individualSignature, {
        lock: { action: 'Include', fields: ['other'] },
      })
      expectForbidden(withFurtherSignature(plain, [150, 0, 249, 99]), 'VISIBLE_SIGNATURE_FIELD_ADDED')
      expectForbidden(withFurtherSignature(plain, [0, 0, 99, 99]), 'SIGNATURE_COVERED')
    })

    it('fails a new signature field of no size that has an appearance', async () => {
      const plain = await signField(await smallPdf({ fields: false }), signers.individual, 'Signature1')
      const drawn = withFurtherSignature(plain, [0, 0, 0, 0], { appearance: true })
      expectForbidden(drawn, 'VISIBLE_SIGNATURE_FIELD_ADDED')
    })

    it('permits a time-stamp in a new field that shows nothing, whatever is locked', async () => {
      const lock = { action: 'All' } as const
      const closed = await signField(await smallPdf(), signers.individual, individualSignature, { lock })
      const stamped = first(withFurtherSignature(closed, [0, 0, 0, 0], { subFilter: 'ETSI.RFC3161' }))
      expect([stamped.changesAfter, codes(stamped)]).to.deep.equal(['permitted', ['TIMESTAMP_ADDED']])
      const drawn = withFurtherSignature(closed, [0, 0, 0, 0], {
        subFilter: 'ETSI.RFC3161',
        appearance: true,
      })
      expectForbidden(drawn, 'VISIBLE_SIGNATURE_FIELD_ADDED')
    })

    it('fails a time-stamp in a field that is locked, or that has a place on the page', async () => {
      const stamp = (pdf: Uint8Array) =>
        forge(pdf, ({ writer, field, change }) => {
          const value = pdfDict({ Type: pdfName('DocTimeStamp'), SubFilter: pdfName('ETSI.RFC3161') })
          change(field(agencySignature).reference, { V: writer.add(value) })
        })
      const lock = { action: 'All' } as const
      const closed = await signField(await smallPdf(), signers.individual, individualSignature, { lock })
      expectForbidden(stamp(closed), 'FIELD_LOCKED')
      expect(codes(first(stamp(signed)))).to.deep.equal(['TIMESTAMP_ADDED'])
      const placed = forge(await smallPdf(), ({ field, change }) => {
        change(field(agencySignature).reference, { Rect: pdfArray([20, 20, 200, 100]) })
      })
      const open = await signField(placed, signers.individual, individualSignature)
      expectForbidden(stamp(open), 'VISIBLE_SIGNATURE_FIELD_ADDED')
    })
  })
})
