/** Certification, locks, seed values and named empty fields (ISO 32000-2, 12.7.5.5 and 12.8.2). */
import { expect } from 'chai'
import { makeTimestampAuthority } from '../../../fixtures/pki/timestamp-authority.ts'
import { addSignatureFields } from '../../../signing/pdf/add-fields.ts'
import { RevisionWriter } from '../../../signing/pdf/append-writer.ts'
import { fillTextFields } from '../../../signing/pdf/fill-fields.ts'
import { findSignatures } from '../../../signing/pdf/find-signatures.ts'
import { findField, readForm, rectangleOf } from '../../../signing/pdf/form.ts'
import { letterFields } from '../../../signing/pdf/letter-fields.ts'
import { listFields } from '../../../signing/pdf/list-fields.ts'
import {
  isReference,
  type PdfDict,
  pdfArray,
  pdfDict,
  pdfName,
  pdfText,
  withEntries,
} from '../../../signing/pdf/objects.ts'
import { openPdf } from '../../../signing/pdf/pdf-file.ts'
import { serialize } from '../../../signing/pdf/serialize.ts'
import { type SigningOptions, signPdf } from '../../../signing/pdf/sign-pdf.ts'
import { verifyPdf } from '../../../signing/pdf/verify-pdf.ts'
import { requireProgram } from '../../support/programs.ts'
import { policyOf, seedTime } from '../cms/signatures.ts'
import { pdfsigReport, qpdfComplaints } from './checkers.ts'
import { codeOf } from './code-of.ts'
import { makeSigners, type Signers } from './signers.ts'
import { fontBytes, smallPdf } from './small-pdf.ts'

const { individualSignature, agencySignature } = letterFields

/** The document with the field's dictionary changed by a revision, as another program prepares a form. */
function withField(pdf: Uint8Array, name: string, changes: Parameters<typeof withEntries>[1]): Uint8Array {
  const file = openPdf(pdf)
  const field = findField(readForm(file.latest), name)
  if (field === undefined) throw new Error(`no field ${name}`)
  const writer = new RevisionWriter(file)
  writer.set(field.reference, withEntries(field.dict, changes))
  return writer.build().bytes
}

function fieldDict(pdf: Uint8Array, name: string): PdfDict {
  return findField(readForm(openPdf(pdf).latest), name)?.dict ?? pdfDict({})
}

describe('signing with certification, locks and seed values', () => {
  let signers: Signers
  let pdf: Uint8Array

  before(async () => {
    signers = await makeSigners()
    pdf = await smallPdf()
  })

  const options = (changes: Partial<SigningOptions> = {}): SigningOptions => ({
    key: signers.individual,
    field: individualSignature,
    signingTime: seedTime,
    ...changes,
  })
  const verdicts = (bytes: Uint8Array) =>
    verifyPdf(bytes, policyOf(signers.pki)).signatures.map(({ indication, changesAfter }) => [
      indication,
      changesAfter,
    ])

  for (const certify of [1, 2, 3] as const) {
    it(`certifies with permission ${certify}, and the verifier says what may follow`, async function () {
      const signed = await signPdf(pdf, options({ certify }))
      const { latest } = openPdf(signed)
      const [signature] = findSignatures(openPdf(signed)).signatures
      expect(serialize(latest.catalog.entries.get('Perms') ?? null)).to.match(/^<< \/DocMDP \d+ 0 R >>$/)
      expect(serialize(signature?.dict?.entries.get('Reference') ?? null)).to.equal(
        `[<< /Type /SigRef /TransformMethod /DocMDP /TransformParams << /Type /TransformParams /V /1.2 /P ${certify} >> >>]`,
      )
      expect(verdicts(signed)).to.deep.equal([['TOTAL_PASSED', 'none']])
      const second = { key: signers.agency, field: agencySignature }
      const fill = () => fillTextFields(signed, { fields: { [letterFields.number]: '12' }, fontBytes })
      if (certify === 1) {
        expect(await codeOf(() => signPdf(signed, options(second)))).to.equal('PDF_NO_CHANGES_PERMITTED')
        expect(await codeOf(fill)).to.equal('PDF_NO_CHANGES_PERMITTED')
      } else {
        expect(verdicts(await signPdf(signed, options(second)))).to.deep.equal([
          ['TOTAL_PASSED', 'permitted'],
          ['TOTAL_PASSED', 'none'],
        ])
        expect(verdicts(await fill())).to.deep.equal([['TOTAL_PASSED', 'permitted']])
      }
      for (const program of ['pdfsig', 'certutil', 'qpdf']) requireProgram(this, program)
      expect(qpdfComplaints(signed)).to.equal('')
      expect(pdfsigReport(signed, signers.pki.root)).to.contain('Signature is Valid')
    })
  }

  it('keeps what else the catalog says of permissions', async () => {
    const file = openPdf(pdf)
    const writer = new RevisionWriter(file)
    const root = file.latest.trailer.entries.get('Root')
    if (!isReference(root)) throw new Error('no catalog')
    const usage = writer.add(pdfDict({ Test: 1 }))
    writer.set(root, withEntries(file.latest.catalog, { Perms: pdfDict({ UR3: usage }) }))
    const signed = await signPdf(writer.build().bytes, options({ certify: 2 }))
    expect(serialize(openPdf(signed).latest.catalog.entries.get('Perms') ?? null)).to.match(
      /^<< \/UR3 \d+ 0 R \/DocMDP \d+ 0 R >>$/,
    )
  })

  it('certifies nothing that is signed already', async () => {
    const signed = await signPdf(pdf, options())
    const second = options({ key: signers.agency, field: agencySignature, certify: 2 })
    expect(await codeOf(() => signPdf(signed, second))).to.equal('PDF_CERTIFICATION_NOT_FIRST')
  })

  for (const lock of [
    { action: 'All' },
    { action: 'Include', fields: ['congvan.date'] },
    { action: 'Exclude', fields: ['congvan.number', agencySignature] },
    { action: 'Include', fields: ['congvan.date'], permission: 2 },
    { action: 'Include', fields: ['congvan.date'], permission: 1 },
  ] as const) {
    it(`locks ${JSON.stringify(lock)}, in what may be done and in what is found done`, async () => {
      const signed = await signPdf(pdf, options({ lock }))
      const all = lock.action === 'All' || ('permission' in lock && lock.permission === 1)
      const fill = async (name: string) =>
        codeOf(() =>
          fillTextFields(signed, { fields: { [name]: name.endsWith('date') ? 'ngày 1' : '1' }, fontBytes }),
        )
      expect(await fill(letterFields.date)).to.equal(all ? 'PDF_NO_CHANGES_PERMITTED' : 'PDF_FIELD_LOCKED')
      expect(await fill(letterFields.number)).to.equal(all ? 'PDF_NO_CHANGES_PERMITTED' : 'no error')
      // The same fills by a writer that obeys nothing are found by the verifier.
      const forced = async (name: string, value: string) => {
        const unlocked = await fillTextFields(pdf, { fields: { [name]: value }, fontBytes })
        const source = openPdf(unlocked)
        const target = new RevisionWriter(openPdf(signed))
        const field = findField(readForm(source.latest), name)
        const place = findField(readForm(openPdf(signed).latest), name)
        if (field === undefined || place === undefined) throw new Error('no field')
        target.set(place.reference, withEntries(place.dict, { V: field.value }))
        return verdicts(target.build().bytes)[0]
      }
      expect(await forced(letterFields.date, 'ngày 1')).to.deep.equal(['TOTAL_FAILED', 'forbidden'])
      const dict = serialize(openPdf(signed).latest.entry(fieldDict(signed, individualSignature), 'Lock'))
      expect(dict).to.contain('/Type /SigFieldLock').and.contain(`/Action /${lock.action}`)
      expect(dict.includes('/P ')).to.equal('permission' in lock)
    })
  }

  it('obeys the lock that a form prescribes, and its permission', async () => {
    const Lock = pdfDict({ Type: pdfName('SigFieldLock'), Action: pdfName('All'), P: 1 })
    const form = withField(pdf, agencySignature, { Lock })
    const by = options({ key: signers.agency, field: agencySignature })
    const signed = await signPdf(form, by)
    expect(await codeOf(() => signPdf(signed, options()))).to.equal('PDF_NO_CHANGES_PERMITTED')
    const conflict = (lock: SigningOptions['lock']) =>
      codeOf(() => signPdf(form, { ...by, ...(lock === undefined ? {} : { lock }) }))
    expect(await conflict({ action: 'All', permission: 2 })).to.equal('PDF_FIELD_LOCK_CONFLICT')
    expect(await conflict({ action: 'All', permission: 1 })).to.equal('no error')
  })

  describe('seed values', () => {
    const sign = (SV: PdfDict, changes: Partial<SigningOptions> = {}) =>
      signPdf(withField(pdf, individualSignature, { SV }), options(changes))
    const names = (...list: string[]) => pdfArray(list.map(pdfName))
    const texts = (...list: string[]) => pdfArray(list.map(pdfText))
    const derText = (bytes: Uint8Array) => ({ kind: 'string', bytes, hex: true }) as const

    it('that are hints hinder nothing', async () => {
      const SV = pdfDict({ SubFilter: names('adbe.x509.rsa_sha1'), Reasons: texts('khác'), Ff: 0 })
      expect(await codeOf(() => sign(SV))).to.equal('no error')
    })

    it('that are demands are met or name what is missing', async () => {
      const cert = signers.pki.samples.individual.certificate
      const cases: readonly (readonly [string, PdfDict, Partial<SigningOptions>, boolean])[] = [
        ['Filter', pdfDict({ Filter: pdfName('Adobe.PPKLite'), Ff: 1 }), {}, true],
        ['Filter', pdfDict({ Filter: pdfName('Entrust.PPKEF'), Ff: 1 }), {}, false],
        [
          'SubFilter',
          pdfDict({ SubFilter: names('adbe.pkcs7.detached', 'ETSI.CAdES.detached'), Ff: 2 }),
          {},
          true,
        ],
        ['SubFilter', pdfDict({ SubFilter: names('adbe.pkcs7.sha1'), Ff: 2 }), {}, false],
        ['V', pdfDict({ V: 3, Ff: 4 }), {}, true],
        ['V', pdfDict({ V: 9, Ff: 4 }), {}, false],
        [
          'Reasons',
          pdfDict({ Reasons: texts('Ký ban hành', 'Ký duyệt'), Ff: 8 }),
          { reason: 'Ký duyệt' },
          true,
        ],
        ['Reasons', pdfDict({ Reasons: texts('Ký ban hành'), Ff: 8 }), {}, false],
        ['Reasons', pdfDict({ Reasons: texts('.'), Ff: 8 }), {}, true],
        ['Reasons', pdfDict({ Reasons: texts('.'), Ff: 8 }), { reason: 'x' }, false],
        ['Reasons', pdfDict({ Ff: 8 }), { reason: 'x' }, false],
        ['LegalAttestation', pdfDict({ LegalAttestation: texts('x'), Ff: 16 }), {}, false],
        ['AddRevInfo', pdfDict({ AddRevInfo: true, Ff: 32 }), {}, false],
        ['DigestMethod', pdfDict({ DigestMethod: texts('SHA1', 'SHA256'), Ff: 64 }), {}, true],
        ['DigestMethod', pdfDict({ DigestMethod: texts('SHA512'), Ff: 64 }), {}, false],
        ['LockDocument', pdfDict({ LockDocument: pdfName('true'), Ff: 128 }), {}, false],
        ['LockDocument', pdfDict({ LockDocument: pdfName('true'), Ff: 128 }), { certify: 1 }, true],
        ['TimeStamp', pdfDict({ TimeStamp: pdfDict({ URL: pdfText('http://x'), Ff: 1 }) }), {}, false],
        ['Cert/Subject', pdfDict({ Cert: pdfDict({ Subject: pdfArray([derText(cert)]), Ff: 1 }) }), {}, true],
        [
          'Cert/Subject',
          pdfDict({ Cert: pdfDict({ Subject: pdfArray([derText(signers.pki.root)]), Ff: 1 }) }),
          {},
          false,
        ],
        [
          'Cert/Issuer',
          pdfDict({ Cert: pdfDict({ Issuer: pdfArray([derText(signers.pki.root)]), Ff: 2 }) }),
          {},
          true,
        ],
        ['Cert/Issuer', pdfDict({ Cert: pdfDict({ Issuer: pdfArray([derText(cert)]), Ff: 2 }) }), {}, false],
        [
          'Cert/OID',
          pdfDict({
            Cert: pdfDict({ Issuer: pdfArray([derText(signers.pki.root)]), OID: texts('1.2.3'), Ff: 4 }),
          }),
          {},
          false,
        ],
        ['Cert/OID', pdfDict({ Cert: pdfDict({ OID: texts('1.2.3'), Ff: 4 }) }), {}, true],
        ['MDP', pdfDict({ MDP: pdfDict({ P: 0 }) }), { certify: 2 }, false],
        ['MDP', pdfDict({ MDP: pdfDict({ P: 2 }) }), { certify: 3 }, false],
      ]
      for (const [entry, SV, changes, met] of cases) {
        let found = 'no error'
        try {
          await sign(SV, changes)
        } catch (error) {
          found = error instanceof Error ? error.message : ''
        }
        const label = `${entry} ${serialize(SV).slice(0, 80)}`
        if (met) expect(found, label).to.equal('no error')
        else expect(found, label).to.contain(`demands a /${entry} `)
      }
    })

    it('about time-stamps are met by one', async () => {
      const authority = makeTimestampAuthority({ pki: signers.pki, clock: () => seedTime })
      const SV = pdfDict({ TimeStamp: pdfDict({ URL: pdfText('http://x'), Ff: 1 }) })
      expect(await codeOf(() => sign(SV, { timestamp: authority.provider }))).to.equal('no error')
    })

    it('make the signature a certification', async () => {
      const signed = await sign(pdfDict({ MDP: pdfDict({ P: 2 }) }))
      expect(serialize(openPdf(signed).latest.catalog.entries.get('Perms') ?? null)).to.contain('/DocMDP')
      expect(verdicts(signed)).to.deep.equal([['TOTAL_PASSED', 'none']])
    })
  })

  describe('named empty fields', () => {
    const fields = [
      { name: 'Người ký', place: { page: 2, left: 20, bottom: 30, width: 100, height: 40 } },
      {
        name: 'Seal',
        place: { page: -1, left: 150, bottom: 30, width: 60, height: 60 },
        lock: { action: 'All' },
      },
      { name: 'Hidden' },
    ] as const

    for (const kind of ['form', 'no form', 'object streams'] as const) {
      it(`are made where asked and signed later: ${kind}`, async function () {
        const original = await smallPdf({
          pages: 2,
          fields: kind === 'form',
          objectStreams: kind === 'object streams',
        })
        const prepared = addSignatureFields(original, fields)
        expect(Buffer.compare(prepared.subarray(0, original.length), original)).to.equal(0)
        const { signatureFields } = listFields(prepared)
        expect(signatureFields.filter(({ name }) => !name.includes('.'))).to.deep.equal(
          fields.map(({ name }) => ({ name, signed: false })),
        )
        const { latest } = openPdf(prepared)
        expect(rectangleOf(latest, fieldDict(prepared, 'Người ký'))).to.deep.equal({
          left: 20,
          bottom: 30,
          width: 100,
          height: 40,
        })
        const one = await signPdf(prepared, options({ field: 'Người ký' }))
        const two = await signPdf(one, options({ key: signers.agency, field: 'Hidden' }))
        const three = await signPdf(two, options({ key: signers.agency, field: 'Seal' }))
        expect(verdicts(three)).to.deep.equal([
          ['TOTAL_PASSED', 'permitted'],
          ['TOTAL_PASSED', 'permitted'],
          ['TOTAL_PASSED', 'none'],
        ])
        expect(await codeOf(() => signPdf(three, options({ field: 'More' })))).to.equal(
          'PDF_NO_CHANGES_PERMITTED',
        )
        requireProgram(this, 'qpdf')
        expect(qpdfComplaints(three)).to.equal('')
      })
    }

    it('are refused where they cannot be, by name', async () => {
      const place = { page: 1, left: 0, bottom: 0, width: 300, height: 200 }
      const cases: readonly (readonly [string, Parameters<typeof addSignatureFields>[1]])[] = [
        ['PDF_FIELD_EXISTS', [{ name: 'A' }, { name: 'A' }]],
        ['PDF_FIELD_NOT_FOUND', [{ name: 'a.b' }]],
        ['PDF_FIELD_NOT_FOUND', [{ name: '' }]],
        ['PDF_FIELD_NOT_FOUND', [{ name: 'congvan' }]],
        ['PDF_PAGE_NOT_FOUND', [{ name: 'A', place: { ...place, page: 2 } }]],
        ['PDF_PAGE_NOT_FOUND', [{ name: 'A', place: { ...place, page: 0 } }]],
        ['PDF_PAGE_NOT_FOUND', [{ name: 'A', place: { ...place, page: 1.5 } }]],
        ['PDF_PLACE_OUTSIDE_PAGE', [{ name: 'A', place: { ...place, left: 1 } }]],
        ['PDF_PLACE_OUTSIDE_PAGE', [{ name: 'A', place: { ...place, height: 0 } }]],
        ['PDF_PLACE_OUTSIDE_PAGE', [{ name: 'A', place: { ...place, bottom: Number.NaN } }]],
        ['no error', [{ name: 'A', place }]],
      ]
      for (const [code, wrong] of cases) {
        expect(await codeOf(() => addSignatureFields(pdf, wrong)), JSON.stringify(wrong)).to.equal(code)
      }
      const signed = await signPdf(pdf, options())
      expect(await codeOf(() => addSignatureFields(signed, [{ name: 'A' }]))).to.equal(
        'PDF_NO_CHANGES_PERMITTED',
      )
    })
  })
})
