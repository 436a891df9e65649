import { expect } from 'chai'
import { detailsForm, type Numbered } from '../../../cli/client/forms.ts'
import { laterPlaceOf, signWithMark } from '../../../cli/client/sign-elsewhere.ts'
import { sealPicture } from '../../../fixtures/documents/letter-pictures.ts'
import { makePlainLetter } from '../../../fixtures/documents/plain-letter.ts'
import { makeTestPki, type TestPki } from '../../../fixtures/pki/make-pki.ts'
import { asKeyProvider, readSignatureTexts, signPdf } from '../../../signing/index.ts'
import { expectCode } from '../../server/documents/support.ts'

type Mark = NonNullable<Numbered['mark']>

const NOW = new Date('2026-02-05T09:00:00+07:00')
const ID = '7b0d6c1e-1111-4222-8333-444455556666'
const mark: Mark = {
  text: { code: '15/QĐ-UBND', placeAndDate: 'Hà Nội, ngày 05 tháng 02 năm 2026', agency: 'UBND xã Hải Minh' },
  place: { page: 1, left: 60, bottom: 20, width: 340, height: 110 },
  sealDiameterMm: 36,
}

describe('cli/client: the agency’s signature that shows number and date', () => {
  let pki: TestPki
  let signed: Uint8Array
  before(async () => {
    pki = await makeTestPki({ seedTime: NOW })
    signed = await signPdf(await makePlainLetter({ signers: [] }), {
      key: asKeyProvider(pki.samples.individual),
      field: 'Signature1',
      signingTime: NOW,
      place: { page: 1, left: 365, bottom: 165, width: 120, height: 50 },
    })
  })

  const sign = (said: Partial<Numbered> = {}, change: Partial<Mark> = {}, image?: Uint8Array) => {
    const numbered = { id: ID, state: 'numbered', number: '15/QĐ-UBND', date: '2026-02-05', ...said }
    const key = asKeyProvider(pki.samples.agency)
    return signWithMark(signed, key, NOW, { ...numbered, mark: { ...mark, ...change } }, image)
  }

  it('says the number that the clerk was told, the date, the agency and the time', async () => {
    for (const image of [undefined, sealPicture()]) {
      const texts = readSignatureTexts(await sign({}, {}, image))
        .at(-1)
        ?.texts.join(' ')
      expect(texts).to.equal(
        'Số: 15/QĐ-UBND Hà Nội, ngày 05 tháng 02 năm 2026 UBND xã Hải Minh, 05.02.2026 09:00:00 +07:00',
      )
    }
  })

  it('is not made where the node says one number and has another shown, or another day', async () => {
    await expectCode(sign({ number: '16/QĐ-UBND' }), 'DOWNLOAD_DAMAGED')
    await expectCode(sign({ date: '2026-02-06' }), 'DOWNLOAD_DAMAGED')
    for (const placeAndDate of [
      'Hà Nội',
      'ngày 05 tháng 02 năm 2026, Hà Nội',
      'Hà Nội, ngày 05 tháng 12 năm 2026',
    ])
      await expectCode(sign({}, { text: { ...mark.text, placeAndDate } }), 'DOWNLOAD_DAMAGED')
  })

  it('is not made over a signature, off the page, or in a box without room for it', async () => {
    const at = (change: Partial<Mark['place']>, image?: Uint8Array) =>
      sign({}, { place: { ...mark.place, ...change } }, image)
    await expectCode(at({ left: 250, bottom: 160 }), 'PDF_BOX_NOT_EMPTY')
    await expectCode(at({ left: 300 }), 'PDF_PLACE_OUTSIDE_PAGE')
    await expectCode(at({ height: 20 }), 'MARK_BOX_TOO_SMALL')
    await expectCode(at({ height: 90 }, sealPicture()), 'APPEARANCE_SIZE_WRONG')
  })

  it('is preceded by those who are still to sign, each at the place that the node found', () => {
    const revision = (kind: string, places?: object) => ({
      revision: 1,
      kind,
      sha256: 'x',
      name: 'x.pdf',
      places,
    })
    const details = (...revisions: object[]) =>
      detailsForm.parse({
        ...{
          id: ID,
          direction: 'outgoing',
          state: 'presented',
          kind: 'Công văn',
          subject: 'x',
          incoming: null,
        },
        ...{
          code: { number: null, notation: 'X' },
          promulgationDate: null,
          documentCode: null,
          createdAt: '',
        },
        revisions,
      })
    const places = { number: mark.place, individuals: [null, mark.place, null] }
    expect(laterPlaceOf(details(revision('draft')))).to.equal(undefined)
    const base = revision('draft', places)
    const one = revision('individual')
    expect(laterPlaceOf(details(base, one))).to.deep.equal({ position: 2, place: mark.place })
    expect(laterPlaceOf(details(base, one, one))).to.deep.equal({ position: 3, place: null })
    expect(laterPlaceOf(details(base, one, revision('draft')))).to.equal(undefined)
  })
})
