import { openBooks } from './books-place.ts'
import { measureLists } from './lists.ts'
import type { Measure } from './measure.ts'
import { measureNumbers } from './numbers.ts'
import { measurePrinting, measureStatistics } from './whole-books.ts'

const SIZES = { small: 10_000, large: Number(process.env.BENCH_DOCUMENTS ?? 1_000_000) }

/** The books of a province with a million documents (issue: numbers, lists, searches, statistics, a printed year). */
export async function benchRegisters(): Promise<Measure[]> {
  const books = await openBooks(SIZES)
  try {
    return [
      ...(await measureNumbers(books.large)),
      ...(await measureLists(books)),
      ...(await measureStatistics(books.large)),
      ...(await measurePrinting(books.large)),
    ]
  } finally {
    await books.close()
  }
}
