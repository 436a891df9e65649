import { expect } from 'chai'
import { makeLetter } from '../../../fixtures/documents/letter.ts'
import { communeLetter } from '../../../fixtures/documents/sample-letters.ts'
import { defaultLock, defaultSignatureField, letterFields, listFields } from '../../../signing/index.ts'

const created = new Date('2025-01-06T01:00:00Z')

describe('signing/pdf/letter-fields', () => {
  it('gives each role its own field while that is unsigned', async () => {
    const { signatureFields } = listFields(await makeLetter({ ...communeLetter, created }))
    expect(signatureFields).to.deep.equal([
      { name: letterFields.individualSignature, signed: false },
      { name: letterFields.agencySignature, signed: false },
    ])
    expect(defaultSignatureField('individual', signatureFields)).to.equal(letterFields.individualSignature)
    expect(defaultSignatureField('agency', signatureFields)).to.equal(letterFields.agencySignature)
    expect(defaultSignatureField('unknown', signatureFields)).to.equal('Signature1')
  })

  it('makes up the first free name where there is no field for the role', () => {
    const signed = [
      { name: letterFields.agencySignature, signed: true },
      { name: 'Signature1', signed: true },
      { name: 'Signature3', signed: true },
    ]
    expect(defaultSignatureField('agency', signed)).to.equal('Signature2')
    expect(defaultSignatureField('individual', [])).to.equal('Signature1')
  })

  it('lets the individual leave the fills and every other unsigned signature field open, and nothing else', () => {
    const names = [...Object.values(letterFields), 'other', 'Second', 'Done']
    const lock = defaultLock(letterFields.individualSignature, names, [
      { name: letterFields.individualSignature, signed: false },
      { name: letterFields.agencySignature, signed: false },
      { name: 'Second', signed: false },
      { name: 'Done', signed: true },
    ])
    expect(lock).to.deep.equal({
      action: 'Exclude',
      fields: [letterFields.number, letterFields.date, letterFields.agencySignature, 'Second'],
    })
  })

  it('locks all for the agency, and for an individual after whom nothing is left to do', () => {
    expect(defaultLock(letterFields.agencySignature, [], [])).to.deep.equal({ action: 'All' })
    const own = letterFields.individualSignature
    expect(defaultLock(own, [own], [{ name: own, signed: false }])).to.deep.equal({ action: 'All' })
  })

  it('locks nothing in a document of others', () => {
    expect(defaultLock('Signature1', ['Signature1'], [])).to.equal(undefined)
  })

  it('finds no fields in a document without a form', async () => {
    const plain = await makeLetter({ ...communeLetter, created, formFields: false })
    expect(listFields(plain)).to.deep.equal({ names: [], signatureFields: [], texts: new Map() })
  })
})
