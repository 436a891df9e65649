import { expect } from 'chai'
import fc from 'fast-check'
import type { UserActor } from '../../../server/actor.ts'
import { documentKinds } from '../../../server/registers/document-kinds.ts'
import { chooseIncomingSeries } from '../../../server/registers/register-store.ts'
import {
  fitsPattern,
  incomingSeriesOf,
  isAddition,
  ruleProblem,
  type SeriesRules,
  seriesOf,
  seriesRules,
} from '../../../server/registers/series.ts'
import { readRuleHistory, readSeriesRules } from '../../../server/registers/series-store.ts'
import { setSeries } from '../../../server/registers/set-series.ts'
import { expectCode } from '../documents/support.ts'
import { openRegisterNode, type RegisterNode } from './support.ts'

const rules = (given: unknown): SeriesRules => seriesRules.parse(given)

describe('registers: how series are cut', () => {
  it('is one series, one a kind or one a group, as the head decides [N033]', () => {
    expect(seriesOf(rules({}), { kind: 'Quyết định' })).to.equal('outgoing:general')
    const perKind = rules({ cut: 'per-kind' })
    expect(seriesOf(perKind, { kind: 'Quyết định' })).to.equal('outgoing:quyet-dinh')
    expect(seriesOf(perKind, { kind: 'giấy uỷ quyền' })).to.equal('outgoing:giay-uy-quyen')
    const grouped = rules({
      cut: 'per-group',
      groups: [{ series: 'qd-ct', title: 'Quyết định, chỉ thị', kinds: ['Quyết định', 'Chỉ thị'] }],
    })
    expect(seriesOf(grouped, { kind: 'quyết định' })).to.equal('outgoing:qd-ct')
    expect(seriesOf(grouped, { kind: 'Báo cáo' })).to.equal('outgoing:general')
  })

  it('keeps kinds without an abbreviation together: their symbols look alike', () => {
    const perKind = rules({ cut: 'per-kind' })
    const [letter, note] = ['Công văn', 'Thư công'].map((kind) => seriesOf(perKind, { kind }))
    expect(letter).to.equal(note)
    const named = documentKinds.filter((kind) => kind.abbreviation !== null)
    expect(new Set(named.map(({ name }) => seriesOf(perKind, { kind: name }))).size).to.equal(27)
  })

  it('gives every kind of legal normative document its own series, whatever else is decided [K008]', () => {
    for (const cut of ['general', 'per-kind', 'per-group'] as const) {
      expect(seriesOf(rules({ cut }), { kind: 'Nghị định' })).to.equal('outgoing:qppl-nghi-dinh')
      expect(seriesOf(rules({ cut }), { kind: 'Thông tư' })).to.equal('outgoing:qppl-thong-tu')
      const normative = seriesOf(rules({ cut }), { kind: 'Quyết định', normative: true })
      expect(normative).to.equal('outgoing:qppl-quyet-dinh')
      expect(seriesOf(rules({ cut }), { kind: 'Quyết định' })).not.to.equal(normative)
    }
  })

  it('gives a council its own series, and none to one that is not named [K038]', () => {
    const given = rules({ councils: [{ series: 'hd-thi-dua', name: 'Hội đồng Thi đua' }] })
    expect(seriesOf(given, { kind: 'Quyết định', council: 'hội đồng thi đua' })).to.equal(
      'outgoing:hd-thi-dua',
    )
    expect(seriesOf(given, { kind: 'Quyết định', council: 'Ban Chỉ đạo' })).to.equal(undefined)
  })

  it('takes specialised kinds with their symbol, and registers apart what law registers apart [N032 N004]', () => {
    const given = rules({
      specialised: [{ series: 'gpxd', kind: 'Giấy phép xây dựng', symbol: 'GPXD-*', digits: 4 }],
      separate: [{ series: 'don-thu', title: 'Sổ đơn thư', book: 'incoming', kinds: ['Đơn khiếu nại'] }],
    })
    expect(seriesOf(given, { kind: 'Giấy phép xây dựng' })).to.equal('outgoing:gpxd')
    expect(incomingSeriesOf(given, 'đơn khiếu nại')).to.equal('incoming:don-thu')
    expect(incomingSeriesOf(given, 'Công văn')).to.equal('incoming')
    expect(fitsPattern('GPXD-UBND', 'GPXD-*')).to.equal(true)
    expect(fitsPattern('GPXD', 'GPXD-*')).to.equal(false)
    expect(fitsPattern('XGPXD-UBND', 'GPXD-*')).to.equal(false)
  })

  it('is refused where a name or a kind stands twice', () => {
    const twice = { series: 'a', title: 'A', kinds: ['Quyết định', 'quyết định'] }
    expect(ruleProblem(rules({ cut: 'per-group', groups: [twice] }))?.field).to.equal('groups.0')
    expect(ruleProblem(rules({ councils: [{ series: 'general', name: 'X' }] }))?.field).to.equal(
      'councils.0.series',
    )
    expect(ruleProblem(rules({ councils: [{ series: 'x', name: 'X' }] }))).to.equal(undefined)
  })

  it('knows an addition from another cut', () => {
    const before = rules({ councils: [{ series: 'x', name: 'X' }] })
    const more = { councils: [...before.councils, { series: 'y', name: 'Y' }] }
    expect(isAddition(before, rules(more))).to.equal(true)
    expect(isAddition(before, rules({}))).to.equal(false)
    expect(isAddition(before, rules({ ...more, cut: 'per-kind' }))).to.equal(false)
  })
})

describe('registers: deciding on series', () => {
  let node: RegisterNode
  let actor: UserActor
  const decision = 'Quyết định số 01/QĐ-UBND ngày 02/01/2026'

  before(async () => {
    node = await openRegisterNode('2026-01-05T09:00:00+07:00')
  })
  after(() => node.database.drop())
  beforeEach(async () => {
    actor = await node.addAgency('Ủy ban nhân dân xã thử nghiệm')
  })

  const decide = (given: unknown, more = {}) =>
    setSeries(node.context, actor, { year: 2026, rules: rules(given), decision, ifMatch: 0, ...more })
  const choose = async (kind: string, year = 2026) => {
    const read = await node.database.db.asAgency({ agencyId: actor.agencyId }, (trx) =>
      readSeriesRules(trx, year),
    )
    const series = seriesOf(read.rules, { kind })
    if (series === undefined) throw new Error(`${kind} has no series`)
    return series
  }

  it('stands with who, when and by what rule, holds in later years and not in earlier ones [N033]', async () => {
    const stored = await decide({ cut: 'per-kind' })
    expect(stored).to.include({ version: 1, decision, decidedBy: actor.userId })
    expect(await choose('Báo cáo')).to.equal('outgoing:bao-cao')
    expect(await choose('Báo cáo', 2027)).to.equal('outgoing:bao-cao')
    expect(await choose('Báo cáo', 2025)).to.equal('outgoing:general')
    await expectCode(decide({}), 'VERSION_STALE')
    const entries = await node.database.db.asAgency({ agencyId: actor.agencyId }, (trx) =>
      trx('log_entries').where({ kind: 'register.series-set' }),
    )
    expect(entries).to.have.length(1)
  })

  it('is refused once numbers were given, unless a reason is; then no number is given twice [N033 K007]', async () => {
    for (let n = 0; n < 3; n += 1) await node.enter(actor, { symbol: 'QĐ-UBND', kind: 'Quyết định' })
    await expectCode(decide({ cut: 'per-kind' }), 'SERIES_IN_USE')
    const stored = await decide({ cut: 'per-kind' }, { changeReason: 'Theo kết luận thanh tra' })
    expect(stored).to.include({ startAfter: 3, changeReason: 'Theo kết luận thanh tra' })
    const series = await choose('Quyết định')
    expect(await node.enter(actor, { series, symbol: 'QĐ-UBND' })).to.include({ number: 4 })
    await decide({}, { ifMatch: 1, changeReason: 'Trở lại cách cũ' })
    expect(await node.enter(actor, { symbol: 'QĐ-UBND' })).to.include({ number: 5 })
    const history = await node.database.db.asAgency({ agencyId: actor.agencyId }, (trx) =>
      readRuleHistory(trx, 2026),
    )
    expect(history.map((one) => one.rules.cut)).to.deep.equal(['per-kind', 'general'])
  })

  it('may add a council within the year: it begins at 01 and disturbs nobody [K038]', async () => {
    await node.enter(actor, {})
    await decide({ councils: [{ series: 'hd', name: 'Hội đồng' }] })
    const council = await node.enter(actor, { series: 'outgoing:hd', symbol: 'QĐ-HĐ' })
    expect(council).to.include({ number: 1 })
    expect(await node.enter(actor, {})).to.include({ number: 2 })
  })

  it('prints the digits that a sector prescribes, and keeps separate registers apart [N032 N004]', async () => {
    await decide({
      specialised: [{ series: 'gpxd', kind: 'Giấy phép xây dựng', symbol: 'GPXD-*', digits: 4 }],
      separate: [{ series: 'don-thu', title: 'Sổ đơn thư', book: 'incoming', kinds: ['Đơn'] }],
    })
    const series = await choose('Giấy phép xây dựng')
    const permit = { series, symbol: 'GPXD-UBND', kind: 'Giấy phép xây dựng' }
    expect(await node.enter(actor, permit)).to.include({ number: 1, printed: '0001' })
    const scope = { agencyId: actor.agencyId }
    const apart = await node.database.db.asAgency(scope, (trx) => chooseIncomingSeries(trx, 2026, 'Đơn'))
    await node.enter(actor, { series: apart })
    expect(await node.enter(actor, { series: 'incoming' })).to.include({ number: 1 })
  })

  it('is another agency’s own matter', async () => {
    await decide({ cut: 'per-kind' })
    const stranger = await node.addAgency('Ủy ban nhân dân xã khác')
    const seen = await node.database.db.asAgency({ agencyId: stranger.agencyId }, (trx) =>
      readSeriesRules(trx, 2026),
    )
    expect(seen.version).to.equal(0)
  })

  it('never lets two series of any cut give one số and ký hiệu twice [K007]', async function () {
    this.timeout(60_000)
    const kinds = ['Quyết định', 'Báo cáo', 'Công văn', 'Thư công'] as const
    const symbols = { 'Quyết định': 'QĐ-U', 'Báo cáo': 'BC-U', 'Công văn': 'U-VP', 'Thư công': 'U-VP' }
    const cuts = [
      {},
      { cut: 'per-kind' },
      { cut: 'per-group', groups: [{ series: 'g', title: 'G', kinds: ['Báo cáo'] }] },
    ]
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(fc.constantFrom(...kinds), fc.nat({ max: 2 })), { maxLength: 12 }),
        async (acts) => {
          actor = await node.addAgency('Ủy ban nhân dân xã')
          const given = new Set<string>()
          let version = 0
          for (const act of acts) {
            if (typeof act === 'number') {
              await decide(cuts[act], { ifMatch: version, changeReason: 'thử' })
              version += 1
              continue
            }
            const number = await node.enter(actor, {
              kind: act,
              symbol: symbols[act],
              series: await choose(act),
            })
            const code = `${number.printed}/${number.symbol}`
            expect(given.has(code), code).to.equal(false)
            given.add(code)
          }
        },
      ),
      { numRuns: 12 },
    )
  })
})
