import { CongvanError } from '../errors.ts'

/**
 * Looks, before slow work outside the transaction, whether that work is worth while. `undefined` when it is not:
 * the one transaction of the use case then says why, or, for a repeated request, gives the answer it gave before.
 */
export async function lookAhead<T>(look: () => Promise<T>): Promise<T | undefined> {
  try {
    return await look()
  } catch (error) {
    if (error instanceof CongvanError && error.code !== 'DATABASE_UNAVAILABLE') return undefined
    throw error
  }
}
