import { expect } from 'chai'
import { letterQueryOf } from '../../cli/letter-options.ts'
import { CongvanError } from '../../server/errors.ts'

const none = { signOrder: [], placeOf: [] }

describe('cli: who signs a draft, and where', () => {
  it('is nothing where no option says it', () => {
    expect(letterQueryOf(none, 'vi')).to.deep.equal({})
  })

  it('goes with the upload as the node reads it', () => {
    const query = letterQueryOf(
      {
        signOrder: ['Người ký 1', 'Người ký 2'],
        placeOf: ['number=1,50,42,20,6', 'agency=-1,100,200.5,40,40', 'signer-2=2,120,210,46,22'],
      },
      'vi',
    )
    expect(JSON.parse(query.signers ?? '')).to.deep.equal([{ name: 'Người ký 1' }, { name: 'Người ký 2' }])
    expect(JSON.parse(query.places ?? '')).to.deep.equal({
      number: { page: 1, x: 50, y: 42, w: 20, h: 6 },
      agency: { page: -1, x: 100, y: 200.5, w: 40, h: 40 },
      individuals: [null, { page: 2, x: 120, y: 210, w: 46, h: 22 }],
    })
  })

  it('has the box for number and date of a PDF that was signed in another program', () => {
    const query = letterQueryOf({ ...none, numberBox: '1,40,5.5,155,13' }, 'vi')
    expect(Object.keys(query)).to.deep.equal(['numberBox'])
    expect(JSON.parse(query.numberBox ?? '')).to.deep.equal({ page: 1, x: 40, y: 5.5, w: 155, h: 13 })
    for (const numberBox of ['2,40,5,155,13', '1,40,5,155', '1,-4,5,155,13', '1,40,5,155,13,1', '', 'x'])
      expect(() => letterQueryOf({ ...none, numberBox }, 'vi'), numberBox)
        .to.throw(CongvanError)
        .with.property('code', 'USAGE')
  })

  it('is refused where it cannot be read', () => {
    for (const text of [
      'number',
      'number=1,2,3',
      'seal=1,2,3,4,5',
      'signer-0=1,2,3,4,5',
      'date=1,2,3,4,5,6',
      'date=a,1,1,1,1',
    ]) {
      expect(() => letterQueryOf({ ...none, placeOf: [text] }, 'vi'), text)
        .to.throw(CongvanError)
        .with.property('code', 'USAGE')
    }
  })
})
