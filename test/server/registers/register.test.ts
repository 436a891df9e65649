import { expect } from 'chai'
import fc from 'fast-check'
import { vietnamDay } from '../../../server/directory/agency-entry.ts'
import { CongvanError } from '../../../server/errors.ts'
import { documentKinds, findKind } from '../../../server/registers/document-kinds.ts'
import {
  exampleSymbol,
  nextNumber,
  printedCode,
  printedNumber,
  symbolFits,
} from '../../../server/registers/register.ts'
import { dateLine, slashedDate, yearOf } from '../../../server/registers/vietnam-date.ts'

describe('register: numbers', () => {
  it('are printed as in the examples of Phụ lục I: a leading zero below 10 [K040]', () => {
    expect(printedCode(printedNumber(15), 'QĐ-BNV')).to.equal('15/QĐ-BNV')
    expect(printedCode(printedNumber(5), 'BNV-VP')).to.equal('05/BNV-VP')
    expect(printedNumber(9)).to.equal('09')
    expect(printedNumber(10)).to.equal('10')
    expect(printedNumber(1234)).to.equal('1234')
  })

  it('begin with 1 and follow one another in the order of time', () => {
    expect(nextNumber({ lastNumber: 0, lastDate: null }, '2026-01-01', '2026-01-01')).to.deep.equal({
      number: 1,
      date: '2026-01-01',
    })
    expect(nextNumber({ lastNumber: 7, lastDate: '2026-03-02' }, '2026-03-05', '2026-03-05')).to.deep.equal({
      number: 8,
      date: '2026-03-05',
    })
  })

  const at = (lastDate: string, date: string, today: string) => () =>
    nextNumber({ lastNumber: 7, lastDate }, date, today)
  const refused = (act: () => unknown): string => {
    try {
      act()
    } catch (error) {
      return error instanceof CongvanError ? error.code : String(error)
    }
    return 'taken'
  }

  it('never go back in time, whatever the clock says [N031]', () => {
    expect(refused(at('2026-03-02', '2026-03-01', '2026-03-01'))).to.equal('DATE_BEFORE_LAST')
    expect(refused(at('2026-03-02', '2026-03-02', '2026-03-02'))).to.equal('taken')
  })

  it('bear no date in the future [N031]', () => {
    expect(refused(at('2026-03-02', '2026-03-04', '2026-03-03'))).to.equal('DATE_IN_FUTURE')
  })

  it('refuse a document of another year [K006]', () => {
    expect(refused(at('2026-01-02', '2025-12-31', '2026-01-02'))).to.equal('DATE_IN_OTHER_YEAR')
  })

  it('have no gap and no date before the last one, whatever the order of days', () => {
    const day = fc.integer({ min: 1, max: 28 }).map((one) => `2026-02-${String(one).padStart(2, '0')}`)
    fc.assert(
      fc.property(fc.array(day, { maxLength: 40 }), (days) => {
        let state: { lastNumber: number; lastDate: string | null } = { lastNumber: 0, lastDate: null }
        for (const today of days.toSorted()) {
          const next = nextNumber(state, today, today)
          expect(next.number).to.equal(state.lastNumber + 1)
          expect(state.lastDate === null || next.date >= state.lastDate).to.equal(true)
          state = { lastNumber: next.number, lastDate: next.date }
        }
      }),
    )
  })
})

describe('register: dates', () => {
  it('are those of Việt Nam, also where UTC still has the old year', () => {
    expect(vietnamDay(new Date('2025-12-31T16:59:59.999Z'))).to.equal('2025-12-31')
    expect(vietnamDay(new Date('2025-12-31T17:00:00Z'))).to.equal('2026-01-01')
    expect(yearOf(vietnamDay(new Date('2025-12-31T17:00:00Z')))).to.equal(2026)
  })

  it('do not depend on the zone of the machine', () => {
    const before = process.env.TZ
    try {
      for (const zone of ['UTC', 'Asia/Ho_Chi_Minh', 'America/Los_Angeles', 'Pacific/Kiritimati']) {
        process.env.TZ = zone
        expect(vietnamDay(new Date('2026-01-01T00:30:00+07:00')), zone).to.equal('2026-01-01')
        expect(vietnamDay(new Date('2025-12-31T23:30:00+07:00')), zone).to.equal('2025-12-31')
        expect(dateLine('2026-01-05'), zone).to.equal('ngày 05 tháng 01 năm 2026')
      }
    } finally {
      if (before === undefined) delete process.env.TZ
      else process.env.TZ = before
    }
  })

  it('are written with a leading zero for days below 10 and for January and February only [K041]', () => {
    expect(dateLine('2020-01-05')).to.equal('ngày 05 tháng 01 năm 2020')
    expect(dateLine('2019-06-29')).to.equal('ngày 29 tháng 6 năm 2019')
    expect(dateLine('2026-02-28')).to.equal('ngày 28 tháng 02 năm 2026')
    expect(dateLine('2026-03-09')).to.equal('ngày 09 tháng 3 năm 2026')
    expect(dateLine('2026-12-10')).to.equal('ngày 10 tháng 12 năm 2026')
    expect(slashedDate('2015-09-30')).to.equal('2015/09/30')
  })
})

describe('register: kinds and symbols', () => {
  it('know the 29 kinds of art 7 and 27 abbreviations, all different [K003 K055]', () => {
    const abbreviations = documentKinds.flatMap((kind) => kind.abbreviation ?? [])
    expect(documentKinds).to.have.length(29)
    expect(abbreviations).to.have.length(27)
    expect(new Set(abbreviations).size).to.equal(27)
  })

  it('find a kind in any case, in either spelling and either normal form', () => {
    expect(findKind('công văn')?.name).to.equal('Công văn')
    expect(findKind('CÔNG VĂN'.normalize('NFD'))?.name).to.equal('Công văn')
    expect(findKind('Bản thoả thuận')?.name).to.equal('Bản thỏa thuận')
    expect(findKind('Giấy uỷ quyền')?.name).to.equal('Giấy ủy quyền')
    expect(findKind('Quy định')?.abbreviation).to.equal('QyĐ')
    expect(findKind('Thông tư')).to.equal(undefined)
  })

  const kind = (name: string) => findKind(name) ?? { name, abbreviation: 'missing' }

  it('take the examples of the decree and of practice [K039]', () => {
    for (const [symbol, name] of [
      ['QĐ-BNV', 'Quyết định'],
      ['BNV-VP', 'Công văn'],
      ['UBND-VX', 'Công văn'],
      ['VPCP-TTĐT', 'Công văn'],
      ['CT-TTg', 'Chỉ thị'],
      ['TTr-STC', 'Tờ trình'],
      ['SNV-CCVC&TCPCP', 'Công văn'],
    ] as const) {
      expect(symbolFits(symbol, kind(name)), `${symbol} ${name}`).to.equal(true)
    }
  })

  it('refuse a symbol of another kind, with spaces, of one group or too long', () => {
    for (const [symbol, name] of [
      ['CT-UBND', 'Quyết định'],
      ['UBND-VP', 'Quyết định'],
      ['QĐ-UBND', 'Công văn'],
      ['Qđ-UBND', 'Quyết định'],
      ['UBND', 'Công văn'],
      ['UBND - VP', 'Công văn'],
      ['UBND/VP', 'Công văn'],
      ['UBND--VP', 'Công văn'],
      [`UBND-${'V'.repeat(26)}`, 'Công văn'],
    ] as const) {
      expect(symbolFits(symbol, kind(name)), `${symbol} ${name}`).to.equal(false)
    }
  })

  it('have an example that fits for every kind', () => {
    for (const one of documentKinds) expect(symbolFits(exampleSymbol(one), one), one.name).to.equal(true)
  })
})
