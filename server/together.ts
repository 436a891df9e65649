/**
 * Waits for all of some work that was begun together, such as statements that were sent together. Where several parts
 * fail, it fails as if they had been done one after the other: with the first one's error.
 */
export async function together<T>(work: Iterable<Promise<T>>): Promise<T[]> {
  const settled = await Promise.allSettled(work)
  return settled.map((one) => {
    if (one.status === 'rejected') throw one.reason
    return one.value
  })
}
