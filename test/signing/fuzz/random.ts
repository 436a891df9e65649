/** Random choices that a seed repeats: a failure names its seed, and the run can be had again. */
export interface Random {
  /** An integer from 0 to `below` - 1. */
  below(below: number): number
  pick<T>(from: readonly [T, ...T[]]): T
  bytes(count: number): Buffer
}

/** Mulberry32: 32 bits of state, good enough to choose places and values. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
  }
  const below = (limit: number) => Math.floor(next() * limit)
  return {
    below,
    pick: <T>(from: readonly [T, ...T[]]) => from[below(from.length)] ?? from[0],
    bytes: (count) => Buffer.from(Array.from({ length: count }, () => below(256))),
  }
}

/**
 * How many rounds a test makes: `usual`, or as many times that as `CONGVAN_MUTATIONS` says, for runs on demand.
 * The seed is `CONGVAN_SEED`, by default always the same.
 */
export function effort(usual: number): { readonly rounds: number; readonly seed: number } {
  const factor = Number(process.env.CONGVAN_MUTATIONS ?? '1')
  const seed = Number(process.env.CONGVAN_SEED ?? '20260302')
  return { rounds: Math.max(1, Math.round(usual * (factor > 0 ? factor : 1))), seed }
}
