import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { findYear, readCalendar } from '../../../server/calendar/calendar-store.ts'
import { importCalendar } from '../../../server/calendar/import-calendar.ts'
import { isWorkingDay, nextWorkingDay } from '../../../server/calendar/working-days.ts'
import type { NodeContext } from '../../../server/context.ts'
import { CongvanError } from '../../../server/errors.ts'
import { openLog } from '../../../server/log.ts'
import { cloneDatabase, type TestDatabase } from '../../support/database.ts'
import { limits, operator } from '../directory/network.ts'

const example = (year: number) =>
  readFileSync(new URL(`../../../fixtures/calendar/vi-du-${year}.csv`, import.meta.url), 'utf8')

const AGENCY = '7d5a0a5e-6d39-4b3a-9a53-8e2f0a3c1d11'

describe('calendar: import', () => {
  let database: TestDatabase
  let context: NodeContext
  before(async () => {
    database = await cloneDatabase()
    context = {
      nodeId: 'tw',
      publicUrl: 'http://127.0.0.1:1',
      clock: () => new Date('2026-01-05T08:00:00Z'),
      db: database.db,
      queue: { put: async () => {}, work: async () => {}, stop: async () => {} },
      log: openLog({ level: 'silent' }),
      limits,
    }
  })
  after(() => database.drop())
  beforeEach(async () => {
    await database.db.asNode(async (trx) => {
      await trx('calendar_days').delete()
      await trx('calendar_years').delete()
    })
  })

  const load = (year: number, text: string, more: { dryRun?: boolean; ifMatch?: number } = {}) =>
    importCalendar(context, operator, { year, content: Buffer.from(text), dryRun: false, ...more })
  const calendar = () => database.db.asAgency({ agencyId: AGENCY }, readCalendar)

  /** The problems of a file that was refused, as lines. */
  const refused = async (year: number, text: string): Promise<string[]> => {
    const error = await load(year, text).then(
      () => undefined,
      (caught: unknown) => caught,
    )
    expect(error, 'refused').to.be.instanceOf(CongvanError)
    const { code, params } = error as CongvanError
    expect(code).to.equal('CALENDAR_GAPS')
    const lines = String(params.problems).split('\n')
    expect(lines).to.have.length(Number(params.count))
    expect((await calendar()).completeYears.has(year)).to.equal(false)
    return lines
  }

  const without = (text: string, ...words: string[]) =>
    text
      .split('\n')
      .filter((line) => !words.some((word) => line.includes(word)))
      .join('\n')

  it('takes a year whole, and every agency counts with it [N005]', async () => {
    const report = await load(2026, example(2026))
    expect(report).to.include({ year: 2026, version: 1, unchanged: 0, dryRun: false })
    expect(report.changes).to.have.length(16)
    const known = await calendar()
    expect([...known.completeYears]).to.deep.equal([2026])
    expect(nextWorkingDay(known, '2026-02-13')).to.equal('2026-02-23')
    expect(isWorkingDay(known, '2026-01-10')).to.equal(true)
    expect(isWorkingDay(known, '2026-01-02')).to.equal(false)
    expect(isWorkingDay(known, '2026-04-27')).to.equal(false)
  })

  it('previews, says what changes, and counts the versions', async () => {
    const preview = await load(2026, example(2026), { dryRun: true })
    expect(preview).to.include({ dryRun: true, version: 0 })
    expect((await calendar()).completeYears.size).to.equal(0)
    const report = await load(2026, example(2026))
    expect(report.changes).to.deep.equal(preview.changes)
    expect(await load(2026, example(2026))).to.deep.include({ version: 1, changes: [], unchanged: 16 })
    const more = `${example(2026)}2026-11-24,holiday,other,Ngày nghỉ thử nghiệm,,Quyết định thử nghiệm\n`
    const changed = await load(2026, more.replace('Ngày Quốc tế lao động', 'Ngày lao động'), { ifMatch: 1 })
    expect(changed.version).to.equal(2)
    expect(changed.changes.map((one) => [one.change, one.day.day])).to.deep.equal([
      ['changed', '2026-05-01'],
      ['added', '2026-11-24'],
    ])
    const back = await load(2026, example(2026))
    expect(back.changes.map((one) => [one.change, one.day.day])).to.deep.equal([
      ['changed', '2026-05-01'],
      ['removed', '2026-11-24'],
    ])
    const stale = await load(2026, more, { ifMatch: 1 }).catch((error: unknown) => error)
    expect((stale as CongvanError).code).to.equal('VERSION_STALE')
    expect((await database.db.asNode((trx) => findYear(trx, 2026))).version).to.equal(3)
  })

  it('lets an agency read the calendar and write nothing', async () => {
    await load(2026, example(2026))
    const error = await database.db
      .asAgency({ agencyId: AGENCY }, (trx) => trx('calendar_days').delete())
      .catch((caught: unknown) => caught)
    expect(String(error)).to.match(/permission denied/)
  })

  it('refuses a year without its holidays, each named', async () => {
    const whole = example(2025)
    const gaps: [string[], RegExp][] = [
      [[',tet,'], /^ {2}- tet: thiếu Tết Nguyên đán: 2025-01-29/],
      [['mùng 1'], /^ {2}- tet: thiếu Tết Nguyên đán: 2025-01-29/],
      [['mùng 3'], /^ {2}- tet: thiếu Tết Nguyên đán: 4\/5/],
      [['2025-01-01'], /new-year: thiếu .*2025-01-01/],
      [[',hung-kings,'], /hung-kings: thiếu .*2025-04-07/],
      [[',reunification,'], /reunification: thiếu .*2025-04-30/],
      [[',labour,'], /labour: thiếu .*2025-05-01/],
      [['2025-09-02'], /national-day: thiếu .*2025-09-02/],
      [['2025-09-01'], /national-day: thiếu .*1\/2/],
    ]
    for (const [words, wanted] of gaps) {
      const lines = await refused(2025, without(whole, ...words))
      expect(lines, words.join()).to.have.length(1)
      expect(lines[0], words.join()).to.match(wanted)
    }
    expect(await refused(2025, 'day,kind,occasion,name,counterpart,source\n')).to.have.length(6)
  })

  it('refuses contradictions with row and field', async () => {
    const whole = example(2025)
    const row = (line: string) => `${whole}${line}\n`
    const wrong: [string, RegExp][] = [
      [row('2025-01-01,holiday,other,Lặp,,x'), /row 3, day: .*2025-01-01.*twice/],
      [row('2026-11-20,holiday,other,Năm khác,,x'), /row 16, day: 2026-11-20 .*2025/],
      [without(whole, '2025-04-26,swapped'), /row 12, counterpart: 2025-04-26 .*swapped-working/],
      [without(whole, '2025-05-02,swapped'), /row 10, counterpart: 2025-05-02 .*swapped-off/],
      [whole.replace(',2025-04-26,', ',,'), /row 13, counterpart: .*missing/],
      [row('2025-11-20,swapped-working,swap,Thứ năm,2025-11-21,x'), /row 16, kind: .*working day anyway/],
      [row('2025-11-22,swapped-off,swap,Thứ bảy,2025-11-23,x'), /row 16, kind: .*weekend anyway/],
      [row('2025-11-20,holiday,swap,Sai,,x'), /row 16, occasion: "swap"/],
      [row('2025-11-22,holiday,other,Cuối tuần,,x'), /row 16, day: 2025-11-22 .*no day made up/],
      [row('2025-11-24,holiday,compensatory,Bù,2025-11-20,x'), /row 16, counterpart: .*not on a weekend/],
      [row('2025-11-24,holiday,compensatory,Bù,2025-11-22,x'), /row 16, counterpart: .*no holiday/],
      [row('2025-11-24,holiday,labour,Sai ngày,,x'), /row 16, occasion: 2025-11-24 .*1 May/],
      [whole.replace('2025-04-07', '2025-04-08'), /row 9, occasion: 2025-04-08 .*2025-04-07/],
      [row('2025-12-33,holiday,other,Ngày,,x'), /row 16, day:/],
      [row('2025-12-03,holyday,other,Ngày,,x'), /row 16, kind:/],
      [row('2025-12-03,holiday,other,,,x'), /row 16, name:/],
      [row('2025-12-03,holiday,other,Ngày,,'), /row 16, source:/],
      [row('2025-12-03,holiday'), /row 16, row: .*columns/],
      [whole.replace('counterpart,', ''), /row 2, counterpart: .*missing column/],
    ]
    for (const [text, wanted] of wrong) {
      const lines = await refused(2025, text)
      expect(
        lines.some((line) => wanted.test(line)),
        `${wanted}\n${lines.join('\n')}`,
      ).to.equal(true)
    }
    await load(2025, whole)
  })

  it('keeps both halves of a swap over New Year together', async () => {
    // Wednesday 31 December 2025 swapped with Saturday 3 January 2026, as once 31 December 2018 was.
    const old = `${example(2025)}2025-12-31,swapped-off,swap,Nghỉ hoán đổi,2026-01-03,Thử nghiệm\n`
    await load(2025, old)
    const half = await refused(2026, example(2026))
    expect(half.join()).to.match(/counterpart: thiếu ngày 2026-01-03 \(swapped-working\).*2025-12-31/)
    const both = `${example(2026)}2026-01-03,swapped-working,swap,Làm bù,2025-12-31,Thử nghiệm\n`
    await load(2026, both)
    const known = await calendar()
    expect(isWorkingDay(known, '2025-12-31')).to.equal(false)
    expect(isWorkingDay(known, '2026-01-03')).to.equal(true)
    // The first half cannot be taken out behind the second one's back.
    const error = await load(2025, example(2025)).catch((caught: unknown) => caught)
    expect(String((error as CongvanError).params.problems)).to.match(/2025-12-31 \(swapped-off\)/)
  })
})
