import { isAftermath } from './db.ts'

/**
 * Waits for all of some work that was begun together, such as statements that were sent together. Where several parts
 * fail, it fails as if they had been done one after the other: with the first one's error. That a part was refused only
 * because its transaction had failed already is not told while there is another reason.
 */
export async function together<T>(work: Iterable<Promise<T>>): Promise<T[]> {
  const settled = await Promise.allSettled(work)
  const failed = settled.filter((one) => one.status === 'rejected')
  const told = failed.find((one) => !isAftermath(one.reason)) ?? failed[0]
  if (told !== undefined) throw told.reason
  return settled.filter((one) => one.status === 'fulfilled').map((one) => one.value)
}
