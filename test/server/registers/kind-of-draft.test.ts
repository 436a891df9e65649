import { expect } from 'chai'
import { describeError } from '../../../server/errors.ts'
import {
  type DraftKindGround,
  type DraftKindQuestion,
  kindOfDraft,
} from '../../../server/registers/kind-of-draft.ts'
import { seriesRules } from '../../../server/registers/series.ts'
import { errorOf, expectCode } from '../documents/support.ts'

const ground: DraftKindGround = {
  rules: seriesRules.parse({
    specialised: [{ series: 'gpxd', kind: 'Giấy phép xây dựng', symbol: 'GPXD-*', digits: 4 }],
    councils: [{ series: 'hd-thi-dua', name: 'Hội đồng Thi đua - Khen thưởng' }],
    separate: [{ series: 'ho-tich', title: 'Hộ tịch', book: 'outgoing', kinds: ['Trích lục'] }],
  }),
  years: [2026, 2027],
  central: true,
  shortName: 'UBND',
}
const of = (kind: string, symbol: string, more: Partial<DraftKindQuestion> = {}, on = ground) =>
  kindOfDraft({ kind, symbol, council: null, normative: false, ...more }, on)
const refused = (code: string, ...asked: Parameters<typeof of>) =>
  expectCode(new Promise((done) => done(of(...asked))), code)

describe('registers: the kind of a draft and its series', () => {
  it('knows the administrative kinds, under any spelling, and no other', async () => {
    expect(of('giấy uỷ quyền', 'GUQ-UBND')).to.deep.equal({
      name: 'Giấy ủy quyền',
      council: null,
      normative: false,
      series: 'outgoing:general',
    })
    await refused('DOCUMENT_KIND_UNKNOWN', 'Thông điệp', 'TĐ-UBND')
    await refused('SYMBOL_WRONG', 'Quyết định', 'UBND-VP')
  })

  // Quoted by the law itself: 30/2020/NĐ-CP, 01/2019/TT-BNV, 20/2020/QĐ-TTg, 64/2025/QH15.
  it('wants the year of issue in the symbol of a legal normative document, a series for each kind [K008]', async () => {
    const at = (year: number): DraftKindGround => ({ ...ground, years: [year] })
    for (const [kind, symbol, year, series] of [
      ['Nghị định', '2020/NĐ-CP', 2020, 'outgoing:qppl-nghi-dinh'],
      ['Thông tư', '2019/TT-BNV', 2019, 'outgoing:qppl-thong-tu'],
      ['Luật', '2025/QH15', 2025, 'outgoing:qppl-luat'],
    ] as const) {
      expect(of(kind, symbol, {}, at(year))).to.include({ normative: true, series })
      await refused('SYMBOL_YEAR_WRONG', kind, symbol, {}, at(year + 1))
      await refused('SYMBOL_YEAR_WRONG', kind, symbol.slice(5), {}, at(year))
    }
    const decision = of('quyết định', '2020/QĐ-TTg', { normative: true }, at(2020))
    expect(decision).to.include({ name: 'Quyết định', normative: true, series: 'outgoing:qppl-quyet-dinh' })
    expect(of('Quyết định', 'QĐ-TTg')).to.include({ normative: false, series: 'outgoing:general' })
    await refused('SYMBOL_WRONG', 'Quyết định', '2026/QĐ-UBND')
    await refused('SYMBOL_WRONG', 'Quyết định', '2026/NQ-HĐND', { normative: true })
    await refused('SYMBOL_WRONG', 'Nghị định', '2026/QĐ-UBND')
  })

  it('lets a kind be normative only where it can be, and those of the centre only there', async () => {
    await refused('KIND_NOT_NORMATIVE', 'Công văn', 'UBND-VP', { normative: true })
    await refused('KIND_CENTRAL_ONLY', 'Nghị định', '2026/NĐ-CP', {}, { ...ground, central: false })
    const commune = of('Nghị quyết', '2026/NQ-HĐND', { normative: true }, { ...ground, central: false })
    expect(commune.series).to.equal('outgoing:qppl-nghi-quyet')
  })

  it('takes a council of the agency by its name, with its own symbol, and no other [K038]', async () => {
    const council = 'hội đồng thi đua  - khen thưởng'
    expect(of('Quyết định', 'QĐ-HĐTĐKT', { council })).to.include({
      council: 'Hội đồng Thi đua - Khen thưởng',
      series: 'outgoing:hd-thi-dua',
    })
    await refused('SERIES_UNKNOWN', 'Quyết định', 'QĐ-BCĐ', { council: 'Ban Chỉ đạo' })
    for (const [kind, symbol] of [
      ['Quyết định', 'QĐ-UBND'],
      ['Công văn', 'UBND-VP'],
    ] as const)
      await refused('COUNCIL_SYMBOL_WRONG', kind, symbol, { council })
    // The agency's abbreviation elsewhere than in the issuer's place is the field or the unit.
    expect(of('Công văn', 'HĐTĐ-UBND', { council }).series).to.equal('outgoing:hd-thi-dua')
    await refused('COUNCIL_NOT_NORMATIVE', 'Quyết định', '2026/QĐ-HĐTĐKT', { council, normative: true })
  })

  it('takes specialised kinds with the symbol that their sector prescribes [N032]', async () => {
    expect(of('giấy phép xây dựng', 'GPXD-UBND')).to.include({
      name: 'Giấy phép xây dựng',
      series: 'outgoing:gpxd',
    })
    await refused('SYMBOL_NOT_PRESCRIBED', 'Giấy phép xây dựng', 'GP-UBND')
    expect(of('Trích lục', 'TLKS-UBND')).to.include({ series: 'outgoing:ho-tich' })
    await refused('SYMBOL_WRONG', 'Trích lục', 'TL KS')
  })

  it('tells a symbol that is right', async () => {
    const error = await errorOf(new Promise((done) => done(of('Quyết định', 'QĐ-UBND', { normative: true }))))
    expect(describeError(error, 'vi').message).to.match(/năm ban hành, ví dụ đúng: 2026\/QĐ-UBND/)
  })
})
