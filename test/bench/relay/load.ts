/** Work done by several at once: as fast as they can, or at a given pace. */
export interface LoadResult {
  readonly count: number
  /** By the second. */
  readonly rate: number
  /** Milliseconds that 95 of 100 stay below. */
  readonly p95: number
}

/** All of the items, `atOnce` at a time. */
export async function flatOut<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<void>,
): Promise<LoadResult> {
  const left = [...items]
  const times: number[] = []
  const start = performance.now()
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let item = left.shift(); item !== undefined; item = left.shift()) {
        const since = performance.now()
        await work(item)
        times.push(performance.now() - since)
      }
    }),
  )
  return summary(times, performance.now() - start)
}

/** One item each `1 / rate` seconds, whether the last one is done or not: what a clerk waits for at that load. */
export async function paced<T>(
  items: readonly T[],
  rate: number,
  work: (item: T) => Promise<void>,
): Promise<LoadResult> {
  const times: number[] = []
  const start = performance.now()
  await Promise.all(
    items.map(async (item, index) => {
      const due = start + (index * 1000) / rate
      await new Promise((accept) => setTimeout(accept, Math.max(0, due - performance.now())))
      await work(item)
      times.push(performance.now() - due)
    }),
  )
  return summary(times, performance.now() - start)
}

function summary(times: readonly number[], ms: number): LoadResult {
  const sorted = times.toSorted((a, b) => a - b)
  const p95 = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.95))] ?? 0
  return { count: sorted.length, rate: (sorted.length * 1000) / ms, p95 }
}
