/**
 * A cache of fixed size: what was used least recently goes first. It holds answers of pure functions, so that nothing
 * but time and memory depends on what is in it; a key must name everything its answer depends on.
 */
export class BoundedCache<K, V> {
  readonly #entries = new Map<K, { readonly value: V; readonly weight: number }>()
  readonly #maxEntries: number
  readonly #maxWeight: number
  #weight = 0

  /** @param maxWeight the sum of the weights given to `set`; a single heavier value is not kept at all */
  constructor(maxEntries: number, maxWeight: number = Number.POSITIVE_INFINITY) {
    this.#maxEntries = maxEntries
    this.#maxWeight = maxWeight
  }

  get size(): number {
    return this.#entries.size
  }

  get(key: K): V | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    // A Map keeps the order of insertion: the one used last stands at the end.
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    return entry.value
  }

  set(key: K, value: V, weight = 1): void {
    this.#remove(key)
    if (weight > this.#maxWeight) return
    this.#entries.set(key, { value, weight })
    this.#weight += weight
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#maxEntries && this.#weight <= this.#maxWeight) return
      this.#remove(oldest)
    }
  }

  #remove(key: K): void {
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    this.#entries.delete(key)
    this.#weight -= entry.weight
  }
}
