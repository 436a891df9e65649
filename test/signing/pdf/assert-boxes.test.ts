import { expect } from 'chai'
import { makeLetter } from '../../../fixtures/documents/letter.ts'
import { communeLetter } from '../../../fixtures/documents/sample-letters.ts'
import { SigningError } from '../../../signing/errors.ts'
import { assertLetterBoxes } from '../../../signing/pdf/assert-boxes.ts'
import { letterFields } from '../../../signing/pdf/letter-fields.ts'
import { pdfArray, pdfReference } from '../../../signing/pdf/objects.ts'
import { type Forgery, forge } from './forge.ts'

const { number, date, individualSignature, agencySignature } = letterFields

describe('boxes of the fields of a letter', () => {
  let letter: Uint8Array
  before(async () => {
    letter = await makeLetter({ ...communeLetter, created: new Date('2026-03-02T08:00:00Z') })
  })

  function codeOf(act: (forgery: Forgery) => void): string {
    try {
      assertLetterBoxes(forge(letter, act))
    } catch (error) {
      if (error instanceof SigningError) return error.code
      throw error
    }
    return 'no error'
  }

  function withRect(name: string, rect: readonly number[]): string {
    return codeOf(({ field, change }) => change(field(name).reference, { Rect: pdfArray([...rect]) }))
  }

  it('takes those of a letter, and boxes as large as they may be on A4', () => {
    assertLetterBoxes(letter)
    expect(withRect(number, [0, 0, 297, 40])).to.equal('no error')
    expect(withRect(agencySignature, [10, 10, 310, 210])).to.equal('no error')
  })

  it('refuses a fill or a signature that is higher or wider', () => {
    expect(withRect(number, [0, 0, 60, 41])).to.equal('PDF_FIELD_BOX_WRONG')
    expect(withRect(date, [299, 0, 0, 20])).to.equal('PDF_FIELD_BOX_WRONG')
    expect(withRect(individualSignature, [0, 0, 301, 100])).to.equal('PDF_FIELD_BOX_WRONG')
    expect(withRect(agencySignature, [0, 201, 100, 0])).to.equal('PDF_FIELD_BOX_WRONG')
  })

  it('refuses a field that no page shows, that another page claims, or that is shown twice', () => {
    const wrong = 'PDF_FIELD_BOX_WRONG'
    expect(codeOf(({ page, change }) => change(page.reference, { Annots: pdfArray([]) }))).to.equal(wrong)
    const elsewhere = ({ field, change }: Forgery) =>
      change(field(number).reference, { P: pdfReference(field(date).reference.number) })
    expect(codeOf(elsewhere)).to.equal(wrong)
    const twice = ({ snapshot, page, field, change }: Forgery) => {
      const items = snapshot.arrayEntry(page.dict, 'Annots')?.items ?? []
      change(page.reference, { Annots: pdfArray([...items, field(agencySignature).reference]) })
    }
    expect(codeOf(twice)).to.equal(wrong)
  })
})
