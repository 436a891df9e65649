/** How often each object is referred to, at one revision after another. */
import { isDict, isName, type PdfValue } from './objects.ts'
import type { Snapshot } from './snapshot.ts'

/**
 * References from all objects in use and the trailer of one revision. Counting reads the whole document once; going on
 * to the next revision costs what that revision changed.
 */
export class ReferenceCounts {
  readonly #counts = new Map<number, number>()
  #snapshot: Snapshot

  /** @throws SigningError `PDF_MALFORMED` when an object of the revision cannot be read */
  constructor(snapshot: Snapshot) {
    this.#snapshot = snapshot
    this.#count(snapshot.trailer, 1)
    for (const number of snapshot.numbers()) this.#count(snapshot.object(number)?.value ?? null, 1)
  }

  get revision(): number {
    return this.#snapshot.revision
  }

  /** How many references lead to the object number. */
  of(number: number): number {
    return this.#counts.get(number) ?? 0
  }

  /**
   * Whether something refers to the number though no object has it. Such a reference reads as null now; a later
   * revision that defines the object changes what the document shows without touching any object that was signed.
   */
  isDangling(number: number): boolean {
    return this.of(number) > 0 && this.#snapshot.lookup(number) === undefined
  }

  /**
   * Goes on to the next revision; false when that cannot be done step by step, because an object stream was replaced
   * and with it objects that the revision does not name.
   */
  advance(next: Snapshot): boolean {
    const changed = [...(next.file.revisions[next.revision]?.entries.keys() ?? [])]
    const before = changed.map((number) => this.#snapshot.object(number)?.value ?? null)
    if (before.some((value) => isDict(value) && isName(value.entries.get('Type'), 'ObjStm'))) return false
    this.#count(this.#snapshot.trailer, -1)
    this.#count(next.trailer, 1)
    for (const [i, number] of changed.entries()) {
      const [old = null, now] = [before[i], next.object(number)?.value ?? null]
      // An entry that repeats an older one leads to the very same object.
      if (old === now) continue
      this.#count(old, -1)
      this.#count(now, 1)
    }
    this.#snapshot = next
    return true
  }

  #count(value: PdfValue, step: 1 | -1): void {
    if (typeof value !== 'object' || value === null) return
    if (value.kind === 'reference') {
      this.#counts.set(value.number, (this.#counts.get(value.number) ?? 0) + step)
    } else if (value.kind === 'array') {
      for (const item of value.items) this.#count(item, step)
    } else if (value.kind === 'dict') {
      for (const item of value.entries.values()) this.#count(item, step)
    }
  }
}
