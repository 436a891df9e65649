import { execFileSync } from 'node:child_process'
import { expect } from 'chai'
import fc from 'fast-check'
import {
  addDays,
  addWorkingDays,
  calendarWarning,
  countWorkingDays,
  dueToDispatch,
  incompleteYears,
  isWeekend,
  isWorkingDay,
  nextWorkingDay,
  type WorkingCalendar,
} from '../../../server/calendar/working-days.ts'

const bare: WorkingCalendar = { off: new Set(), working: new Set(), completeYears: new Set() }

/** A Friday swapped with the Saturday before it, and two days of holiday in the middle of a week. */
const swapped: WorkingCalendar = {
  off: new Set(['2025-05-02', '2025-04-30', '2025-05-01']),
  working: new Set(['2025-04-26']),
  completeYears: new Set([2025]),
}

const FIRST = Date.UTC(2021, 0, 1)
const day = fc.integer({ min: 0, max: 365 * 12 }).map((n) => addDays('2021-01-01', n))
/** Calendars as imports make them: holidays on any day, swaps of a weekday with a weekend day. */
const calendar = fc
  .record({
    holidays: fc.array(day, { maxLength: 60 }),
    swaps: fc.array(fc.tuple(day, day), { maxLength: 20 }),
  })
  .map(({ holidays, swaps }): WorkingCalendar => {
    const pairs = swaps.filter(([off, work]) => !isWeekend(off) && isWeekend(work))
    return {
      off: new Set([...holidays, ...pairs.map(([off]) => off)]),
      working: new Set(pairs.map(([, work]) => work)),
      completeYears: new Set(),
    }
  })

describe('calendar: working days', () => {
  it('knows weekends, holidays and swapped days [N005]', () => {
    // 2025: 26 April a Saturday, 27 April a Sunday, 2 May a Friday.
    const week = ['2025-04-25', '2025-04-26', '2025-04-27', '2025-04-28', '2025-05-01', '2025-05-02']
    expect(week.map((one) => isWorkingDay(bare, one))).to.deep.equal([true, false, false, true, true, true])
    expect(week.map((one) => isWorkingDay(swapped, one))).to.deep.equal([
      true,
      true,
      false,
      true,
      false,
      false,
    ])
    expect(nextWorkingDay(swapped, '2025-04-25')).to.equal('2025-04-26')
    expect(nextWorkingDay(swapped, '2025-04-29')).to.equal('2025-05-05')
    expect(nextWorkingDay(bare, '2025-04-29')).to.equal('2025-04-30')
    expect(addWorkingDays(swapped, '2025-04-25', 3)).to.equal('2025-04-29')
    expect(countWorkingDays(swapped, '2025-04-25', '2025-05-05')).to.equal(4)
  })

  it('gives the same day or the next working day, and urgent things the same day [K014 K009 K026]', () => {
    // 29 April 17:30 in Việt Nam, before five days off.
    const signed = new Date('2025-04-29T10:30:00Z')
    expect(dueToDispatch(swapped, signed, 0)).to.equal('2025-05-05')
    for (const urgency of [1, 2, 3]) expect(dueToDispatch(swapped, signed, urgency)).to.equal('2025-04-29')
    // Signed on a day off: in time until the next working day all the same.
    expect(dueToDispatch(swapped, new Date('2025-05-01T02:00:00Z'), 0)).to.equal('2025-05-05')
  })

  it('counts days as they are in Việt Nam, over New Year, in whatever zone the machine stands', () => {
    const script = `
      import { dueToDispatch } from './server/calendar/working-days.ts'
      const calendar = { off: new Set(['2026-01-01']), working: new Set(), completeYears: new Set() }
      const at = (text) => dueToDispatch(calendar, new Date(text), 0)
      const urgent = dueToDispatch(calendar, new Date('2025-12-31T17:00:00Z'), 1)
      process.stdout.write([at('2025-12-31T16:59:59Z'), at('2025-12-31T17:00:00Z'), urgent].join(' '))`
    for (const TZ of ['America/Los_Angeles', 'UTC', 'Pacific/Kiritimati']) {
      const answer = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
        env: { ...process.env, TZ },
        encoding: 'utf8',
      })
      expect(answer, TZ).to.equal('2026-01-02 2026-01-02 2026-01-01')
    }
  })

  it('finds the first working day after a day, and none between', () => {
    fc.assert(
      fc.property(calendar, day, (one, from) => {
        const next = nextWorkingDay(one, from)
        expect(next > from && isWorkingDay(one, next)).to.equal(true)
        for (let at = addDays(from, 1); at < next; at = addDays(at, 1)) {
          expect(isWorkingDay(one, at)).to.equal(false)
        }
      }),
    )
  })

  it('adds days one after the other, and counts back what it added', () => {
    fc.assert(
      fc.property(calendar, day, fc.integer({ min: 0, max: 40 }), (one, from, count) => {
        const to = addWorkingDays(one, from, count)
        expect(countWorkingDays(one, from, to)).to.equal(count)
        expect(addWorkingDays(one, from, count + 1)).to.equal(nextWorkingDay(one, to))
      }),
    )
  })

  it('a swap moves one working day and loses none', () => {
    fc.assert(
      fc.property(day, day, (off, work) => {
        fc.pre(!isWeekend(off) && isWeekend(work))
        const one = { ...bare, off: new Set([off]), working: new Set([work]) }
        const [first, last] = [addDays(off < work ? off : work, -1), off < work ? work : off]
        expect(countWorkingDays(one, first, last)).to.equal(countWorkingDays(bare, first, last))
      }),
    )
  })

  it('has five working days in any seven without holidays, as the machine’s own calendar says', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 20_000 }), (n) => {
        const date = new Date(FIRST + n * 86_400_000)
        const text = date.toISOString().slice(0, 10)
        const name = date.toLocaleDateString('en', { weekday: 'short', timeZone: 'UTC' })
        expect(isWeekend(text)).to.equal(name === 'Sat' || name === 'Sun')
        expect(countWorkingDays(bare, text, addDays(text, 7))).to.equal(5)
      }),
    )
  })

  it('says which years it knows nothing of', () => {
    expect(incompleteYears(swapped, ['2025-12-31', '2027-01-01', '2026-01-01', '2026-05-05'])).to.deep.equal([
      2026, 2027,
    ])
    expect(calendarWarning(swapped, ['2025-02-01'])).to.equal(undefined)
    expect(calendarWarning(swapped, ['2026-02-01'])).to.deep.equal({
      code: 'CALENDAR_INCOMPLETE',
      years: [2026],
    })
  })

  it('refuses what is no day and no count', () => {
    expect(() => isWorkingDay(bare, '2025-13-01')).to.throw(RangeError)
    expect(() => nextWorkingDay(bare, '1/5/2025')).to.throw(RangeError)
    expect(() => addWorkingDays(bare, '2025-01-01', -1)).to.throw(RangeError)
    expect(() => addWorkingDays(bare, '2025-01-01', 1.5)).to.throw(RangeError)
  })
})
