/**
 * The two days of the lunar calendar (âm lịch) that a calendar of holidays is held against: the first day of Tết and
 * the tenth of the third month. Pure. A lunar month begins on the day of the new moon in Việt Nam (+07:00); the month
 * of the winter solstice is the eleventh; of thirteen months between two solstices, the first without a major solar
 * term is the leap one. Positions by J. Meeus, Astronomical Algorithms, chapters 25 and 49: good to a few minutes.
 */

/** Việt Nam, hours ahead of UTC. */
const VIETNAM = 7
const DAY_MS = 86_400_000
/** 1970-01-01T00:00Z as a Julian day. */
const UNIX_EPOCH_JD = 2_440_587.5
const J2000 = 2_451_545
/** Terrestrial time less universal time around the year 2020, days; the change since 1980 is below half a minute. */
const DELTA_T = 70 / 86_400
const MEAN_MONTH = 29.530588861

/** The first day of the lunar year (mùng 1 Tết) that begins in a year, `YYYY-MM-DD`. */
export function lunarNewYear(year: number, zone = VIETNAM): string {
  return dayText(monthStart(year, 1, zone))
}

/** The tenth of the third lunar month (Giỗ Tổ Hùng Vương), `YYYY-MM-DD`. */
export function hungKingsDay(year: number, zone = VIETNAM): string {
  return dayText(monthStart(year, 3, zone) + 9)
}

/** The day on which a month of the lunar year begins; `month` below 11. Days are counted from 1970-01-01. */
function monthStart(year: number, month: number, zone: number): number {
  const eleventh = solsticeMonth(year - 1, zone)
  const months = Math.round(
    (newMoonDay(solsticeMonth(year, zone), zone) - newMoonDay(eleventh, zone)) / 29.53,
  )
  const leap = months === 13 ? leapMonth(eleventh, zone) : Number.POSITIVE_INFINITY
  const plain = eleventh + 1 + month
  return newMoonDay(plain >= leap ? plain + 1 : plain, zone)
}

/** The number of the lunation that holds the winter solstice of a year. */
function solsticeMonth(year: number, zone: number): number {
  const lastDay = Math.floor(Date.UTC(year, 11, 31) / DAY_MS)
  let k = Math.floor((lastDay + UNIX_EPOCH_JD - 2_451_550.09766) / MEAN_MONTH) + 1
  while (newMoonDay(k, zone) > lastDay) k -= 1
  // The sun has reached 270° when this month begins: then the solstice lies in the month before.
  return solarTerm(newMoonDay(k, zone), zone) >= 9 ? k - 1 : k
}

/** The first month after the eleventh in which the sun enters no major term. */
function leapMonth(eleventh: number, zone: number): number {
  let k = eleventh + 1
  while (solarTerm(newMoonDay(k, zone), zone) !== solarTerm(newMoonDay(k + 1, zone), zone)) k += 1
  return k
}

/** Which twelfth of its way the sun has reached when a day begins; 9 from the winter solstice on. */
function solarTerm(day: number, zone: number): number {
  return Math.floor(solarLongitude(day + UNIX_EPOCH_JD - zone / 24 + DELTA_T) / 30)
}

/** The day, in the zone, on which lunation `k` begins; 0 is that of 6 January 2000. */
function newMoonDay(k: number, zone: number): number {
  return Math.floor(newMoon(k) - DELTA_T - UNIX_EPOCH_JD + zone / 24)
}

/** The moment of a new moon, Julian day in terrestrial time (Meeus 49.1 and the table of page 351). */
function newMoon(k: number): number {
  const t = k / 1236.85
  const mean = 2_451_550.09766 + MEAN_MONTH * k + 0.00015437 * t ** 2 - 0.00000015 * t ** 3
  const sun = 2.5534 + 29.1053567 * k - 0.0000014 * t ** 2
  const moon = 201.5643 + 385.81693528 * k + 0.0107582 * t ** 2
  const latitude = 160.7108 + 390.67050284 * k - 0.0016118 * t ** 2
  const node = 124.7746 - 1.56375588 * k + 0.0020672 * t ** 2
  const e = 1 - 0.002516 * t - 0.0000074 * t ** 2
  const terms: readonly (readonly [number, number])[] = [
    [-0.4072, moon],
    [0.17241 * e, sun],
    [0.01608, 2 * moon],
    [0.01039, 2 * latitude],
    [0.00739 * e, moon - sun],
    [-0.00514 * e, moon + sun],
    [0.00208 * e ** 2, 2 * sun],
    [-0.00111, moon - 2 * latitude],
    [-0.00057, moon + 2 * latitude],
    [0.00056 * e, 2 * moon + sun],
    [-0.00042, 3 * moon],
    [0.00042 * e, sun + 2 * latitude],
    [0.00038 * e, sun - 2 * latitude],
    [-0.00024 * e, 2 * moon - sun],
    [-0.00017, node],
  ]
  return terms.reduce((sum, [size, angle]) => sum + size * sine(angle), mean)
}

/** The apparent longitude of the sun, degrees from 0 to 360 (Meeus chapter 25). */
function solarLongitude(julianDay: number): number {
  const t = (julianDay - J2000) / 36_525
  const anomaly = 357.52911 + 35_999.05029 * t - 0.0001537 * t ** 2
  const centre =
    (1.914602 - 0.004817 * t) * sine(anomaly) +
    (0.019993 - 0.000101 * t) * sine(2 * anomaly) +
    0.000289 * sine(3 * anomaly)
  const node = 125.04 - 1934.136 * t
  const longitude =
    280.46646 + 36_000.76983 * t + 0.0003032 * t ** 2 + centre - 0.00569 - 0.00478 * sine(node)
  return ((longitude % 360) + 360) % 360
}

function sine(degrees: number): number {
  return Math.sin((degrees * Math.PI) / 180)
}

function dayText(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10)
}
