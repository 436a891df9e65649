/**
 * One figure of a benchmark: what we do and the raw cost that bounds it, taken turn by turn in the same run, so that
 * other work on the machine falls on both alike. Targets are ratios; absolute figures inform.
 */
export interface Measure {
  readonly name: string
  readonly value: number
  readonly unit: string
  /** The bounding cost in the same unit, measured in the same run. */
  readonly raw: number
  readonly ratio: number
  /** What is to be reached; the ratio's unit, or that of the value where `raw` bounds nothing. */
  readonly target: string
  readonly met: boolean
}

export type Work = () => unknown | Promise<unknown>

const ROUNDS = 7
const ROUND_MS = 700

/** How often a second the work is done, over at least `ROUND_MS`. */
async function rate(work: Work): Promise<number> {
  const start = process.hrtime.bigint()
  let count = 0
  let elapsed = 0
  while (elapsed < ROUND_MS) {
    await work()
    count += 1
    elapsed = Number(process.hrtime.bigint() - start) / 1e6
  }
  return (count * 1000) / elapsed
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}

export interface RatioOptions {
  readonly name: string
  readonly work: Work
  readonly raw: Work
  /** Least ratio of work done to raw work done in the same time; absent = only told. */
  readonly atLeast?: number
}

/** Rates by the second. The ratio is the median of the rounds' ratios, each of two neighbouring slices of time. */
export async function measureRate(options: RatioOptions): Promise<Measure> {
  const { name, work, raw, atLeast } = options
  for (let i = 0; i < 20; i += 1) await work()
  const values: number[] = []
  const raws: number[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    raws.push(await rate(raw))
    values.push(await rate(work))
  }
  const ratio = median(values.map((value, i) => value / (raws[i] ?? Number.NaN)))
  return {
    name,
    value: rounded(median(values)),
    unit: '1/s',
    raw: rounded(median(raws)),
    ratio: rounded(ratio),
    target: atLeast === undefined ? 'none' : `ratio >= ${atLeast}`,
    met: atLeast === undefined || ratio >= atLeast,
  }
}

export interface CostOptions {
  readonly name: string
  readonly work: Work
  readonly raw: Work
  /** Greatest ratio of the work's time to the raw time. */
  readonly atMost: number
  readonly rounds?: number
}

/** Seconds for work that takes long; the ratio is the median of the rounds'. */
export async function measureCost(options: CostOptions): Promise<Measure> {
  const { name, work, raw, atMost, rounds = 3 } = options
  const values: number[] = []
  const raws: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    raws.push(await seconds(raw))
    values.push(await seconds(work))
  }
  const ratio = median(values.map((value, i) => value / (raws[i] ?? Number.NaN)))
  return {
    name,
    value: rounded(median(values)),
    unit: 's',
    raw: rounded(median(raws)),
    ratio: rounded(ratio),
    target: `ratio < ${atMost}`,
    met: ratio < atMost,
  }
}

async function seconds(work: Work): Promise<number> {
  const start = process.hrtime.bigint()
  await work()
  return Number(process.hrtime.bigint() - start) / 1e9
}

/** A figure with a bound of its own and no raw cost, such as memory. */
export function measureBound(name: string, value: number, unit: string, atMost: number): Measure {
  return {
    name,
    value: rounded(value),
    unit,
    raw: atMost,
    ratio: rounded(value / atMost),
    target: `value < ${atMost} ${unit}`,
    met: value < atMost,
  }
}

export function rounded(value: number): number {
  return Number(value.toPrecision(4))
}
