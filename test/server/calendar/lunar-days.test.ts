import { expect } from 'chai'
import { hungKingsDay, lunarNewYear } from '../../../server/calendar/lunar-days.ts'

describe('calendar: lunar days', () => {
  it('gives the first day of Tết as it was kept, also where it differs from China’s', () => {
    const kept = {
      1985: '1985-01-21',
      2007: '2007-02-17',
      2020: '2020-01-25',
      2021: '2021-02-12',
      2022: '2022-02-01',
      2023: '2023-01-22',
      2024: '2024-02-10',
      2025: '2025-01-29',
      2026: '2026-02-17',
    }
    for (const [year, day] of Object.entries(kept)) expect(lunarNewYear(Number(year)), year).to.equal(day)
  })

  it('gives the tenth of the third month as it was kept [N005]', () => {
    const kept = { 2022: '2022-04-10', 2023: '2023-04-29', 2024: '2024-04-18', 2025: '2025-04-07' }
    for (const [year, day] of Object.entries(kept)) expect(hungKingsDay(Number(year)), year).to.equal(day)
  })

  it('agrees with the Chinese calendar of ICU when it reckons for Beijing', () => {
    const chinese = new Intl.DateTimeFormat('en-u-ca-chinese-nu-latn', {
      month: 'numeric',
      day: 'numeric',
      timeZone: 'UTC',
    })
    // New moons within 16 minutes of midnight there, where ICU puts the month a day off the published calendar.
    const icuIsOff = new Set([2027, 2030])
    for (let year = 1980; year < 2060; year += 1) {
      const at = (day: string) => chinese.format(new Date(`${day}T00:00:00Z`))
      if (!icuIsOff.has(year)) expect(at(lunarNewYear(year, 8)), String(year)).to.equal('1/1')
      expect(at(hungKingsDay(year, 8)), String(year)).to.equal('3/10')
    }
  })
})
