/** Documents prepared before they are signed, so that a permitted change shows something else (shadow attacks). */
import { expect } from 'chai'
import { SigningError } from '../../../signing/errors.ts'
import { assertExtendsBySignature } from '../../../signing/pdf/assert-revisions.ts'
import {
  isReference,
  type PdfReference,
  pdfArray,
  pdfDict,
  pdfName,
  pdfText,
  withEntries,
} from '../../../signing/pdf/objects.ts'
import { openPdf } from '../../../signing/pdf/pdf-file.ts'
import { signPdf } from '../../../signing/pdf/sign-pdf.ts'
import { verifyPdf } from '../../../signing/pdf/verify-pdf.ts'
import { policyOf, seedTime } from '../cms/signatures.ts'
import { type Forgery, forge } from './forge.ts'
import { boxOf, fillNote, formFont, ordinaryForm, textAppearance } from './ordinary-form.ts'
import { makeSigners, type Signers } from './signers.ts'
import { asText } from './small-pdf.ts'

const cover = Buffer.from('1 g 0 0 300 200 re f')

describe('documents prepared for a later change', () => {
  let signers: Signers

  before(async () => {
    signers = await makeSigners()
  })

  async function signAfter(prepare: (forgery: Forgery) => void): Promise<Uint8Array> {
    const prepared = forge(await ordinaryForm(), prepare)
    return signPdf(prepared, { key: signers.individual, field: 'Sig1', signingTime: seedTime })
  }

  function codesOf(pdf: Uint8Array): string[] {
    const report = verifyPdf(pdf, policyOf(signers.pki))
    const [first] = report.signatures
    return [report.indication, ...new Set(first?.changes.map(({ code }) => code))].sort()
  }

  function expectForbidden(pdf: Uint8Array, ...codes: readonly string[]): void {
    expect(codesOf(pdf)).to.include.members(['TOTAL_FAILED', ...codes])
  }

  it('fail where what hid something is taken away', async () => {
    let overlay: PdfReference | undefined
    const hidden = await signAfter(({ writer, snapshot, page, change }) => {
      const appearance = pdfDict({ N: writer.addStream(boxOf([0, 0, 300, 200]), cover) })
      const rect = pdfArray([0, 140, 300, 200])
      overlay = writer.add(pdfDict({ Subtype: pdfName('Stamp'), Rect: rect, AP: appearance }))
      const items = snapshot.arrayEntry(page.dict, 'Annots')?.items ?? []
      change(page.reference, { Annots: pdfArray([...items, overlay]) })
    })
    const taken = forge(hidden, ({ snapshot, page, change }) => {
      const items = snapshot.arrayEntry(page.dict, 'Annots')?.items ?? []
      change(page.reference, { Annots: pdfArray(items.slice(0, -1)) })
    })
    expectForbidden(taken, 'ANNOTATION_NOT_PERMITTED')
    const unseen = forge(hidden, ({ change }) => {
      if (overlay !== undefined) change(overlay, { F: 2 })
    })
    expectForbidden(unseen, 'ANNOTATION_NOT_PERMITTED')
    const emptied = forge(hidden, ({ writer, snapshot }) => {
      const dict = overlay === undefined ? null : snapshot.resolve(overlay)
      const appearance =
        typeof dict === 'object' && dict?.kind === 'dict' ? snapshot.dictEntry(dict, 'AP') : undefined
      const normal = appearance?.entries.get('N')
      if (isReference(normal)) writer.setStream(normal, boxOf([0, 0, 300, 200]), Buffer.from('q Q'))
    })
    expect(codesOf(emptied)).to.include('TOTAL_FAILED')
  })

  it('fail where hidden objects of the signed document take the place of shown ones', async () => {
    let other: PdfReference | undefined
    const prepared = await signAfter(({ writer, page, root, change }) => {
      other = writer.add(page.dict)
      change(root, { Stored: other })
    })
    const replaced = forge(prepared, ({ snapshot, change }) => {
      const pages = snapshot.catalog.entries.get('Pages')
      if (isReference(pages) && other !== undefined) change(pages, { Kids: pdfArray([other]) })
    })
    expectForbidden(replaced, 'PAGE_CHANGED')
    const added = forge(prepared, ({ snapshot, page, change }) => {
      const pages = snapshot.catalog.entries.get('Pages')
      if (isReference(pages) && other !== undefined)
        change(pages, { Kids: pdfArray([page.reference, other]), Count: 2 })
    })
    expectForbidden(added, 'PAGE_CHANGED')
  })

  it('fail where a field fills what a page draws with as well', async () => {
    const shared = await signAfter((forgery) => {
      const { writer, snapshot, page, field, change } = forgery
      const appearance = textAppearance(forgery, '')
      const normal = appearance.entries.get('N') ?? null
      const resources = snapshot.dictEntry(page.dict, 'Resources') ?? pdfDict({})
      change(page.reference, { Resources: withEntries(resources, { XObject: pdfDict({ P: normal }) }) })
      writer.set(field('note').reference, withEntries(field('note').dict, { AP: appearance }))
    })
    const inPlace = forge(shared, ({ writer, snapshot, field, change }) => {
      const normal = snapshot.dictEntry(field('note').dict, 'AP')?.entries.get('N')
      if (!isReference(normal)) throw new Error('no appearance')
      writer.setStream(normal, boxOf([0, 0, 300, 200]), cover)
      change(field('note').reference, { V: pdfText('x') })
    })
    expectForbidden(inPlace, 'OBJECT_CHANGED')
  })

  it('fail where a font of a locked text changes under a fill', async () => {
    const pdf = await signAfter((forgery) => fillNote(forgery, '100'))
    const swapped = forge(pdf, (forgery) => {
      const font = forgery.snapshot.resolve(formFont(forgery))
      if (typeof font !== 'object' || font?.kind !== 'dict') throw new Error('no font')
      const nines = pdfDict({ Differences: pdfArray([0x31, pdfName('nine')]) })
      forgery.writer.set(formFont(forgery), withEntries(font, { Encoding: nines }))
      forgery.change(forgery.field('other').reference, { V: pdfText('2'), AP: textAppearance(forgery, '2') })
    })
    expectForbidden(swapped, 'FORM_CHANGED')
  })

  it('fail where a page inherits from a node that the tree does not lead to', async () => {
    let node: PdfReference | undefined
    const pdf = await signAfter(({ writer, snapshot, page, field, change }) => {
      const resources = snapshot.entry(page.dict, 'Resources')
      node = writer.add(
        pdfDict({ Type: pdfName('Pages'), Kids: pdfArray([page.reference]), Resources: resources }),
      )
      change(page.reference, { Parent: node, Resources: undefined })
      // Where a fill may change everything, so that the node would pass for a part of the appearance.
      const form = writer.addStream(withEntries(boxOf([0, 0, 100, 16]), { Hook: node }), Buffer.from('q Q'))
      change(field('note').reference, { AP: pdfDict({ N: form }) })
    })
    const changed = forge(pdf, (forgery) => {
      if (node !== undefined) forgery.change(node, { Resources: pdfDict({ Font: pdfDict({}) }) })
      fillNote(forgery, 'x')
    })
    expect(codesOf(changed)).to.include('TOTAL_FAILED')
  })

  it('fail where a field becomes visible that was signed hidden', async () => {
    const pdf = await signAfter((forgery) => {
      const { reference, dict } = forgery.field('note')
      const entries = { F: 2, V: pdfText('900'), AP: textAppearance(forgery, '900') }
      forgery.writer.set(reference, withEntries(dict, entries))
    })
    expectForbidden(
      forge(pdf, ({ field, change }) => change(field('note').reference, { F: 4 })),
      'FIELD_CHANGED',
    )
  })

  it('fail where an object is freed that something still refers to, and not where nothing does', async () => {
    const pdf = await signAfter((forgery) => fillNote(forgery, '100'))
    const free = (signed: Uint8Array, number: number) => {
      const file = openPdf(signed)
      const { section } = file.revisions.at(-1) ?? {}
      const trailer = /trailer\n(<<.*?)\/Prev \d+ >>/.exec(asText(signed).slice(section?.offset))?.[1] ?? ''
      const table = `xref\n0 1\n0000000000 65535 f \n${number} 1\n0000000000 00001 f \n`
      const end = `trailer\n${trailer}/Prev ${section?.offset} >>\nstartxref\n${signed.length}\n%%EOF\n`
      return Buffer.concat([signed, Buffer.from(`${table}${end}`, 'latin1')])
    }
    const { latest } = openPdf(pdf)
    const font = latest.numbers().find((number) => {
      const value = latest.object(number)?.value
      return typeof value === 'object' && value?.kind === 'dict' && value.entries.has('BaseFont')
    })
    expectForbidden(free(pdf, font ?? 0), 'OBJECT_REMOVED')
    let unused: PdfReference | undefined
    const orphaned = await signAfter(({ writer }) => {
      unused = writer.add(pdfDict({}))
    })
    expect(codesOf(free(orphaned, unused?.number ?? 0))).to.deep.equal(['TOTAL_PASSED'])
  })
})

describe('an upload that adds a signature', () => {
  let signers: Signers

  before(async () => {
    signers = await makeSigners()
  })

  function reasonOf(previous: Uint8Array, next: Uint8Array): string {
    try {
      assertExtendsBySignature(previous, next)
    } catch (error) {
      if (error instanceof SigningError) return error.code
      throw error
    }
    return 'accepted'
  }

  /** Signs by the agency, with `act` in the same revision or before it. */
  async function upload(
    act: ((forgery: Forgery) => void) | undefined,
    place = false,
  ): Promise<[Uint8Array, Uint8Array]> {
    const options = { key: signers.individual, field: 'Sig1', signingTime: seedTime }
    const previous = await signPdf(await ordinaryForm(), options)
    const base = act === undefined ? previous : forge(previous, act)
    const field = place
      ? { field: 'New', place: { page: 1, left: 255, bottom: 10, width: 40, height: 40 } }
      : { field: 'Sig2' }
    const next = await signPdf(base, { key: signers.agency, signingTime: seedTime, ...field })
    return [previous, next]
  }

  it('is taken as it is, and not with anything that a verifier would let be', async () => {
    expect(reasonOf(...(await upload(undefined)))).to.equal('accepted')
    expect(reasonOf(...(await upload(undefined, true)))).to.equal('PDF_UNEXPECTED_CHANGES')
    expect(reasonOf(...(await upload((forgery) => fillNote(forgery, '5'))))).to.equal(
      'PDF_UNEXPECTED_CHANGES',
    )
    const [previous] = await upload(undefined)
    for (const act of [
      ({ root, change }: Forgery) => change(root, { Lang: pdfText('vi') }),
      ({ field, change }: Forgery) => change(field('note').reference, { Ff: 1 }),
      ({ writer }: Forgery) => writer.add(pdfDict({ Cert: pdfArray([]) })),
      (forgery: Forgery) => fillNote(forgery, '5'),
    ]) {
      expect(reasonOf(previous, forge(previous, act))).to.equal('PDF_UNEXPECTED_CHANGES')
    }
  })
})
