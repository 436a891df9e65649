import { expect } from 'chai'
import fc from 'fast-check'
import {
  codeSchemes,
  isWithin,
  parseAgencyCode,
  readForeignCode,
} from '../../../server/directory/agency-code.ts'
import { CongvanError } from '../../../server/errors.ts'

const upper = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'
const chars = (alphabet: string, min: number, max: number) =>
  fc.array(fc.constantFrom(...alphabet), { minLength: min, maxLength: max }).map((all) => all.join(''))
/** Any UTF-16 code unit, lone surrogates too. */
const anyUnit = fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit))
const alnum = `0123456789${upper}`
const levelOne = fc
  .tuple(fc.constantFrom(...upper.slice(0, 25)), chars('0123456789', 2, 2))
  .map(([letter, digits]) => letter + digits)
const qd20 = fc
  .tuple(levelOne, fc.array(chars(alnum, 1, 5), { maxLength: 5 }))
  .map(([first, rest]) => [first, ...rest].join('.'))
const qcvn = fc
  .tuple(chars(alnum, 3, 3), chars(alnum, 2, 2), chars(alnum, 2, 2), chars(upper, 1, 1), chars(alnum, 2, 2))
  .map(([v, z, y, m, xx]) => `${v}.${z}.${y}.${m}${xx}`)

describe('agency codes', () => {
  it('reads the examples of QCVN 102 and of real messages', () => {
    for (const text of [
      '000.00.00.H49',
      '000.00.18.G12',
      '000.00.00.G22',
      '002.00.20.H13',
      '001.00.20.JB2',
    ]) {
      expect(parseAgencyCode(text)).to.include({ text, generation: 'qcvn102', scheme: 'qcvn102' })
    }
    expect(parseAgencyCode('000.00.18.G12').groups).to.deep.equal(['G12', '18'])
    expect(parseAgencyCode('000.00.00.H49').groups).to.deep.equal(['H49'])
    expect(parseAgencyCode('002.00.20.H13').groups).to.deep.equal(['H13', '20', '00', '002'])
  })

  it('reads the forms of QĐ 20/2020: agencies, enterprises, schemes [K089]', () => {
    expect(parseAgencyCode('H49')).to.include({ generation: 'qd20', scheme: 'agency' })
    expect(parseAgencyCode('H49.12.3').groups).to.deep.equal(['H49', '12', '3'])
    expect(parseAgencyCode('G06.01')).to.include({ scheme: 'agency' })
    expect(parseAgencyCode('Z01ABC-7')).to.include({ scheme: 'scheme' })
    expect(parseAgencyCode('0100109106')).to.include({ scheme: 'enterprise' })
    expect(parseAgencyCode('0100109106-001')).to.include({ scheme: 'enterprise' })
  })

  it('refuses what follows no form, saying why [K090 K087]', () => {
    const wrong: [string, RegExp][] = [
      ['', /empty/],
      ['h49', /lower-case/],
      ['H49 ', /white space/],
      ['H4', /wanted/],
      ['H49.', /wanted/],
      ['H49..1', /wanted/],
      ['Z00X', /wanted/],
      ['Z01', /wanted/],
      ['28.22.H17', /wanted/],
      ['H49.Ủ', /wanted/],
      [`H49.${'1'.repeat(32)}`, /longer than 35/],
    ]
    for (const [text, reason] of wrong) {
      const error = refusal(() => parseAgencyCode(text))
      expect(error.code, text).to.equal('AGENCY_CODE_MALFORMED')
      expect(String(error.params.reason), text).to.match(reason)
    }
    expect(refusal(() => parseAgencyCode('000.00.00.H49', 'qd20')).code).to.equal('AGENCY_CODE_MALFORMED')
    expect(refusal(() => parseAgencyCode('H49', 'qcvn102')).code).to.equal('AGENCY_CODE_MALFORMED')
  })

  it('warns of a foreign code in no known form, and does not refuse it', () => {
    for (const text of ['28.22.H17', 'vxp.saas.03', '']) {
      const read = readForeignCode(text)
      expect(read.code).to.equal(null)
      expect(read.warning?.code).to.equal('AGENCY_CODE_MALFORMED')
    }
    expect(readForeignCode('H49').warning).to.equal(null)
  })

  it('takes new schemes as data', () => {
    const scheme = {
      name: 'axis-test',
      generation: 'qd20' as const,
      source: 'test',
      pattern: /^vxp\.saas\.\d\d$/,
      maxLength: 11,
      form: 'vxp.saas.00',
    }
    expect(parseAgencyCode('vxp.saas.03', undefined, [...codeSchemes, scheme]).scheme).to.equal('axis-test')
  })

  it('accepts every code of either form, and keeps its length limit [K087]', () => {
    fc.assert(
      fc.property(qd20, (text) => {
        if (text.length <= 35) expect(parseAgencyCode(text, 'qd20').groups.join('.')).to.equal(text)
        else refusal(() => parseAgencyCode(text, 'qd20'))
      }),
    )
    fc.assert(
      fc.property(qcvn, (text) => {
        expect(parseAgencyCode(text).generation).to.equal('qcvn102')
      }),
    )
  })

  it('never throws anything but its own error, whatever comes in', () => {
    fc.assert(
      fc.property(fc.string({ unit: anyUnit, maxLength: 60 }), (text) => {
        const { code, warning } = readForeignCode(text)
        expect(code === null).to.equal(warning !== null)
      }),
    )
  })

  it('knows which codes lie below which', () => {
    const below = (code: string, ancestor: string) =>
      isWithin(parseAgencyCode(code), parseAgencyCode(ancestor))
    expect(below('H40.19.3', 'H40.19')).to.equal(true)
    expect(below('H40.19', 'H40.19')).to.equal(true)
    expect(below('H40.190', 'H40.19')).to.equal(false)
    expect(below('H40.19', 'H40.19.3')).to.equal(false)
    expect(below('003.00.19.H40', '000.00.19.H40')).to.equal(true)
    expect(below('000.03.19.H40', '000.00.00.H40')).to.equal(true)
    expect(below('000.00.19.H41', '000.00.00.H40')).to.equal(false)
    expect(below('000.00.19.H40', 'H40')).to.equal(false)
    expect(below('Z01H40', 'H40')).to.equal(false)
    fc.assert(
      fc.property(qd20, chars(alnum, 1, 3), (text, group) => {
        fc.pre(text.length + group.length < 35)
        const parent = parseAgencyCode(text, 'qd20')
        expect(isWithin(parseAgencyCode(`${text}.${group}`, 'qd20'), parent)).to.equal(true)
        expect(isWithin(parent, parseAgencyCode(`${text}.${group}`, 'qd20'))).to.equal(false)
      }),
    )
  })
})

function refusal(act: () => unknown): CongvanError {
  try {
    act()
  } catch (error) {
    expect(error).to.be.instanceOf(CongvanError)
    return error as CongvanError
  }
  throw new Error('was not refused')
}
