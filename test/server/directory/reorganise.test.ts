import { expect } from 'chai'
import fc from 'fast-check'
import { addDays } from '../../../server/calendar/working-days.ts'
import { type AgencyEntry, entryProblems, isValidOn } from '../../../server/directory/agency-entry.ts'
import { changeCode, changeTerms, close, found } from '../../../server/directory/reorganise.ts'
import { idOf } from './entries.ts'

const FIRST = '2021-01-01'
const newborn = found({
  id: idOf('H40.1'),
  codes: ['H40.1'],
  name: 'Sở Thử nghiệm',
  level: 'province',
  parentId: idOf('H40'),
  hostingNode: 'tinh',
  on: FIRST,
})

/** What an agency is on a day. */
const state = (entry: AgencyEntry, on: string) => {
  const term = entry.terms.find((one) => isValidOn(one, on))
  return {
    codes: entry.codes.filter((one) => isValidOn(one, on)).map((one) => one.code),
    name: term?.name,
    level: term?.level,
    parentId: term?.parentId,
    hostingNode: term?.hostingNode,
  }
}

describe('directory: an entry over time', () => {
  it('keeps what was, and says what is from a day on', () => {
    const renamed = changeTerms(newborn, { name: 'Sở Mới' }, '2022-03-01')
    expect(renamed.terms.map(({ name, validFrom, validTo }) => [name, validFrom, validTo])).to.deep.equal([
      ['Sở Thử nghiệm', FIRST, '2022-03-01'],
      ['Sở Mới', '2022-03-01', null],
    ])
    const recoded = changeCode(renamed, '000.00.01.H40', '2022-03-01')
    expect(state(recoded, '2022-03-01').codes).to.have.members(['H40.1', '000.00.01.H40'])
    const again = changeCode(recoded, 'H40.2', '2023-01-01')
    expect(state(again, '2022-12-31').codes).to.have.members(['H40.1', '000.00.01.H40'])
    expect(state(again, '2023-01-01').codes).to.have.members(['H40.2', '000.00.01.H40'])
    const closed = close(again, '2025-07-01', [idOf('H41')])
    expect(state(closed, '2025-06-30')).to.deep.include({ name: 'Sở Mới', hostingNode: 'tinh' })
    expect(state(closed, '2025-07-01')).to.deep.include({ codes: [], name: undefined })
    expect(closed).to.deep.include({ closedOn: '2025-07-01', successors: [idOf('H41')] })
    for (const one of [renamed, recoded, again, closed]) expect(entryProblems(one)).to.deep.equal([])
  })

  it('holds until a change that is planned already, in what that change touches', () => {
    const planned = changeTerms(newborn, { name: 'Tên đã định' }, '2024-01-01')
    const both = changeTerms(planned, { name: 'Tên trước đó', parentId: idOf('H41') }, '2023-01-01')
    expect(state(both, '2022-12-31')).to.include({ name: 'Sở Thử nghiệm', parentId: idOf('H40') })
    expect(state(both, '2023-06-01')).to.include({ name: 'Tên trước đó', parentId: idOf('H41') })
    expect(state(both, '2024-01-01')).to.include({ name: 'Tên đã định', parentId: idOf('H41') })
    const code = changeCode(changeCode(newborn, 'H40.9', '2024-01-01'), 'H40.5', '2023-01-01')
    expect(['2022-12-31', '2023-01-01', '2024-01-01'].map((on) => state(code, on).codes)).to.deep.equal([
      ['H40.1'],
      ['H40.5'],
      ['H40.9'],
    ])
    expect(entryProblems(code)).to.deep.equal([])
  })

  it('undoes itself when it says again what was before', () => {
    const there = changeTerms(newborn, { name: 'Tên khác' }, '2022-01-01')
    expect(changeTerms(there, { name: 'Sở Thử nghiệm' }, '2022-01-01')).to.deep.equal(newborn)
  })

  const on = fc.integer({ min: 1, max: 2000 }).map((n) => addDays(FIRST, n))
  const act = fc.oneof(
    fc.record({ kind: fc.constant('name' as const), on, value: fc.constantFrom('Sở A', 'Sở B', 'Sở C') }),
    fc.record({ kind: fc.constant('node' as const), on, value: fc.constantFrom('tinh', 'xa') }),
    fc.record({
      kind: fc.constant('code' as const),
      on,
      value: fc.constantFrom('H40.2', 'H40.3', '000.00.02.H40'),
    }),
  )
  const perform = (
    entry: AgencyEntry,
    one: { kind: 'name' | 'node' | 'code'; on: string; value: string },
  ) => {
    if (one.kind === 'code') return changeCode(entry, one.value, one.on)
    return changeTerms(entry, one.kind === 'name' ? { name: one.value } : { hostingNode: one.value }, one.on)
  }

  it('stays sound, changes nothing before the day, and holds on the day, whatever acts came before', () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 8 }), act, on, (before, last, asked) => {
        const entry = before.reduce(perform, newborn)
        const after = perform(entry, last)
        expect(entryProblems(after)).to.deep.equal([])
        if (asked < last.on) expect(state(after, asked)).to.deep.equal(state(entry, asked))
        const now = state(after, last.on)
        if (last.kind === 'code') expect(now.codes).to.include(last.value)
        else expect(last.kind === 'name' ? now.name : now.hostingNode).to.equal(last.value)
        // Every day has exactly one term from the first day on.
        expect(after.terms.filter((one) => isValidOn(one, asked))).to.have.length(1)
      }),
    )
  })

  it('is nowhere from the day of its closing on, and as it was before', () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 8 }), on, on, (before, day, asked) => {
        const entry = before.reduce(perform, newborn)
        const closed = close(entry, day, [])
        expect(entryProblems(closed)).to.deep.equal([])
        if (asked < day) expect(state(closed, asked)).to.deep.equal(state(entry, asked))
        else expect(state(closed, asked)).to.deep.include({ codes: [], name: undefined })
      }),
    )
  })
})
