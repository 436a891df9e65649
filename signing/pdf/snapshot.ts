/** The document as one revision shows it: which objects exist, and what references lead to. */
import { malformed } from './lexer.ts'
import { pdfLimits } from './limits.ts'
import {
  type IndirectObject,
  isArray,
  isDict,
  isReference,
  type PdfArray,
  type PdfDict,
  type PdfReference,
  type PdfValue,
} from './objects.ts'
import type { PdfFile } from './pdf-file.ts'
import type { Revision } from './revision.ts'
import type { XrefEntry } from './xref.ts'

export class Snapshot {
  readonly file: PdfFile
  readonly revision: number
  /** Object streams being opened, so that one that contains itself is refused. */
  readonly #opening = new Set<number>()

  constructor(file: PdfFile, revision: number) {
    this.file = file
    this.revision = revision
  }

  /** The trailer dictionary, or the dictionary of the cross-reference stream. */
  get trailer(): PdfDict {
    const revision = this.file.revisions[this.revision]
    if (revision === undefined) throw new RangeError(`no revision ${this.revision}`)
    return revision.section.trailer
  }

  get catalog(): PdfDict {
    const root = this.trailer.entries.get('Root')
    const catalog = this.resolve(root)
    if (!isReference(root) || !isDict(catalog)) throw malformed(this.#position, 'the document has no catalog')
    return catalog
  }

  get #position(): number {
    return this.file.revisions[this.revision]?.section.offset ?? 0
  }

  /** What the newest revision up to this one says about an object; `free` and unknown are both no object. */
  lookup(number: number): XrefEntry | undefined {
    const entry = this.#definition(number)?.entries.get(number)
    return entry?.type === 'free' ? undefined : entry
  }

  /** The newest revision up to this one that speaks of an object. */
  #definition(number: number): Revision | undefined {
    const index = this.file.definedIn(number).findLast((one) => one <= this.revision)
    return index === undefined ? undefined : this.file.revisions[index]
  }

  /** Numbers of all objects in use, ascending. */
  numbers(): number[] {
    const seen = new Set<number>()
    const used: number[] = []
    for (let index = this.revision; index >= 0; index -= 1) {
      for (const [number, entry] of this.file.revisions[index]?.entries ?? []) {
        if (seen.has(number)) continue
        seen.add(number)
        if (entry.type !== 'free') used.push(number)
      }
    }
    this.file.countVisits(seen.size)
    return used.sort((a, b) => a - b)
  }

  /** The object of that number; undefined where there is none. */
  object(number: number): IndirectObject | undefined {
    const entry = this.lookup(number)
    if (entry === undefined || entry.type === 'free') return undefined
    if (entry.type === 'offset') {
      const object = this.file.objectAt(entry.offset, this)
      if (object.number !== number || object.generation !== entry.generation) {
        throw malformed(entry.offset, `object ${number} ${entry.generation} is expected`)
      }
      // Otherwise bytes appended later could bring an object to life in a revision that was signed without it.
      if ((object.span?.end ?? Infinity) > (this.#definition(number)?.end ?? 0)) {
        throw malformed(entry.offset, `object ${number} lies behind the end of its revision`)
      }
      return object
    }
    if (this.#opening.has(entry.container)) {
      throw malformed(this.#position, `object stream ${entry.container} contains itself`)
    }
    this.#opening.add(entry.container)
    try {
      if (this.lookup(entry.container)?.type !== 'offset') {
        throw malformed(this.#position, `object stream ${entry.container} does not exist`)
      }
      const container = this.object(entry.container)
      if (container === undefined) throw malformed(this.#position, 'object stream does not exist')
      return this.file.objectInStream(container, entry.index, number)
    } finally {
      this.#opening.delete(entry.container)
    }
  }

  /** The numbers of the objects that the object stream of that number holds. */
  numbersInStream(container: number): readonly number[] {
    const object = this.lookup(container)?.type === 'offset' ? this.object(container) : undefined
    if (object === undefined) throw malformed(this.#position, `object stream ${container} does not exist`)
    return this.file.numbersInStream(object)
  }

  /** The object a reference leads to; a wrong generation leads nowhere (7.3.10). */
  target(reference: PdfReference): IndirectObject | undefined {
    const entry = this.lookup(reference.number)
    const generation = entry?.type === 'offset' ? entry.generation : 0
    return entry === undefined || generation !== reference.generation
      ? undefined
      : this.object(reference.number)
  }

  /** The value itself, or what its references lead to; a reference to nothing is null. */
  resolve(value: PdfValue | undefined): PdfValue {
    let current = value ?? null
    for (let step = 0; isReference(current); step += 1) {
      if (step >= pdfLimits.referenceChain)
        throw malformed(this.#position, 'a chain of references is too long')
      const target = this.target(current)
      current = target?.value ?? null
    }
    return current
  }

  /** The entry of a dictionary, references followed. */
  entry(dict: PdfDict, key: string): PdfValue {
    return this.resolve(dict.entries.get(key))
  }

  /** The entry if it is a dictionary. */
  dictEntry(dict: PdfDict, key: string): PdfDict | undefined {
    const value = this.entry(dict, key)
    return isDict(value) ? value : undefined
  }

  /** The entry if it is an array. */
  arrayEntry(dict: PdfDict, key: string): PdfArray | undefined {
    const value = this.entry(dict, key)
    return isArray(value) ? value : undefined
  }
}
