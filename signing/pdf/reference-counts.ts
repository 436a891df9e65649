/** Which objects refer to which, at one revision after another. */
import { isDict, isName, type PdfReference, type PdfValue } from './objects.ts'
import type { Snapshot } from './snapshot.ts'

/** Stands for the trailer among the numbers of those who refer to an object. */
export const trailerNumber = -1

/**
 * References from all objects in use and the trailer of one revision. Reading them reads the whole document once; going
 * on to the next revision costs what that revision changed.
 */
export class ReferenceCounts {
  /** For each object the one that refers to it, or several. */
  readonly #referrers = new Map<number, number | Set<number>>()
  /** Numbers that something referred to by another generation than 0. */
  readonly #regenerated = new Set<number>()
  #snapshot: Snapshot

  /** @throws SigningError `PDF_MALFORMED` when an object of the revision cannot be read */
  constructor(snapshot: Snapshot) {
    this.#snapshot = snapshot
    this.#add(trailerNumber, snapshot.trailer)
    for (const number of snapshot.numbers()) this.#add(number, snapshot.object(number)?.value ?? null)
  }

  get revision(): number {
    return this.#snapshot.revision
  }

  /** The numbers of the objects that refer to the object; `trailerNumber` is the trailer. */
  referrers(number: number): Iterable<number> {
    const found = this.#referrers.get(number)
    return found === undefined ? [] : typeof found === 'number' ? [found] : found
  }

  isReferred(number: number): boolean {
    return this.#referrers.has(number)
  }

  /**
   * Whether something refers to the number though no object has it. Such a reference reads as null now; a later
   * revision that defines the object changes what the document shows without touching any object that was signed.
   */
  isDangling(number: number): boolean {
    return this.isReferred(number) && this.#snapshot.lookup(number) === undefined
  }

  /**
   * Whether something refers to the object by a generation that it does not have: nothing by the standard (7.3.10), and
   * the object to readers that do not look at generations.
   */
  isMisnamed(number: number, generation: number): boolean {
    if (generation === 0 && !this.#regenerated.has(number)) return false
    for (const source of this.referrers(number)) {
      const value = source === trailerNumber ? this.#snapshot.trailer : this.#snapshot.object(source)?.value
      const found = referencesIn(value ?? null)
      this.#snapshot.file.countVisits(found.length)
      if (found.some((one) => one.number === number && one.generation !== generation)) return true
    }
    return false
  }

  /**
   * Goes on to the next revision; false when that cannot be done step by step, because an object stream was replaced
   * and with it objects that the revision does not name.
   */
  advance(next: Snapshot): boolean {
    const changed = [...(next.file.revisions[next.revision]?.entries.keys() ?? [])]
    const before = changed.map((number) => this.#snapshot.object(number)?.value ?? null)
    if (before.some((value) => isDict(value) && isName(value.entries.get('Type'), 'ObjStm'))) return false
    this.#remove(trailerNumber, this.#snapshot.trailer)
    this.#add(trailerNumber, next.trailer)
    for (const [i, number] of changed.entries()) {
      const [old = null, now] = [before[i], next.object(number)?.value ?? null]
      // An entry that repeats an older one leads to the very same object.
      if (old === now) continue
      this.#remove(number, old)
      this.#add(number, now)
    }
    this.#snapshot = next
    return true
  }

  #add(source: number, value: PdfValue): void {
    for (const { number: target, generation } of referencesIn(value)) {
      if (generation !== 0) this.#regenerated.add(target)
      const known = this.#referrers.get(target)
      if (known === undefined) this.#referrers.set(target, source)
      else if (typeof known !== 'number') known.add(source)
      else if (known !== source) this.#referrers.set(target, new Set([known, source]))
    }
  }

  #remove(source: number, value: PdfValue): void {
    for (const { number: target } of referencesIn(value)) {
      const known = this.#referrers.get(target)
      if (known === source) this.#referrers.delete(target)
      else if (known instanceof Set) {
        known.delete(source)
        if (known.size === 0) this.#referrers.delete(target)
      }
    }
  }
}

/** The references that a value holds. */
export function referencesIn(value: PdfValue, found: PdfReference[] = []): PdfReference[] {
  if (typeof value !== 'object' || value === null) return found
  if (value.kind === 'reference') found.push(value)
  else if (value.kind === 'array') for (const item of value.items) referencesIn(item, found)
  else if (value.kind === 'dict') for (const item of value.entries.values()) referencesIn(item, found)
  return found
}
