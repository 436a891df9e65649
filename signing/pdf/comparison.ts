/**
 * Two neighbouring revisions, and whether parts of them say the same.
 *
 * The document is compared part by part, from the catalog on: each part in the manner of what it is. An object that
 * plays two parts is compared in both, so that the stricter one decides. What no changed object can be reached from is
 * the same without being looked at.
 */
import { SigningError } from '../errors.ts'
import { type DocumentStructure, structureOf } from './document-structure.ts'
import { decodeStream } from './filters.ts'
import { malformed } from './lexer.ts'
import { pdfLimits } from './limits.ts'
import {
  type IndirectObject,
  isArray,
  isDict,
  isReference,
  type PdfDict,
  type PdfReference,
  type PdfValue,
  sameValue,
} from './objects.ts'
import { leadingTo } from './reach.ts'
import type { ReferenceCounts } from './reference-counts.ts'
import type { Snapshot } from './snapshot.ts'

/** An object that existed and says something else now. */
export interface ModifiedObject {
  readonly before: IndirectObject
  readonly after: IndirectObject
}

export interface RevisionDifference {
  readonly before: Snapshot
  readonly after: Snapshot
  /** Of the older revision. */
  readonly references: ReferenceCounts
  readonly modified: ReadonlyMap<number, ModifiedObject>
  /** Numbers that no object had before. */
  readonly added: ReadonlySet<number>
  /** Numbers that no object has any more. */
  readonly removed: ReadonlySet<number>
}

/** What an older revision is made of. */
export interface DocumentParts {
  readonly structure: DocumentStructure
  /** Object numbers of catalog, page tree, annotations, fields and widgets. */
  readonly all: ReadonlySet<number>
  /** Of widgets of fields, and of fields that are their own widgets. */
  readonly widgets: ReadonlySet<number>
}

/**
 * What a value is compared as. `drawn`: a page or an appearance draws with it, and nothing in it may differ. `told`: it
 * may name objects that are compared in a manner of their own (pages, annotations, fields, the catalog); those count as
 * the same when they have the same number.
 */
export type Manner = 'drawn' | 'told'

/** Decoded bytes that may be spent on streams which were written in another way. */
const mostDecoded = 16 * 1024 * 1024

export class Comparison {
  readonly before: Snapshot
  readonly after: Snapshot
  readonly references: ReferenceCounts
  readonly modified: ReadonlyMap<number, ModifiedObject>
  readonly added: ReadonlySet<number>
  readonly removed: ReadonlySet<number>
  /** Objects that are compared in a manner of their own. */
  readonly parts: ReadonlySet<number>
  /** Widgets of form fields; they are among the parts. */
  readonly widgets: ReadonlySet<number>
  /** Page tree and form of the older revision. */
  readonly structure: DocumentStructure
  #structureAfter: DocumentStructure | undefined
  /** Modified objects whose every difference has been judged. */
  readonly judged = new Set<number>()
  #isRewritten = false
  readonly #changed: ReadonlySet<number>
  readonly #assumed = new Set<string>()
  #drawing: ReadonlySet<number> | undefined
  #telling: ReadonlySet<number> | undefined
  #culprit: number | undefined
  #decodedBytes = 0

  constructor(difference: RevisionDifference, parts: DocumentParts) {
    this.before = difference.before
    this.after = difference.after
    this.references = difference.references
    this.modified = difference.modified
    this.added = difference.added
    this.removed = difference.removed
    this.parts = parts.all
    this.widgets = parts.widgets
    this.structure = parts.structure
    const dangling = [...difference.added].filter((number) => difference.references.isReferred(number))
    this.#changed = new Set([...difference.modified.keys(), ...difference.removed, ...dangling])
  }

  /** Page tree and form of the newer revision. */
  get structureAfter(): DocumentStructure {
    this.#structureAfter ??= structureOf(this.after)
    return this.#structureAfter
  }

  /** Whether the object, or anything that it leads to, changed. */
  isTouched(number: number, manner: Manner = 'drawn'): boolean {
    return manner === 'drawn' ? this.#touchedDrawing.has(number) : this.#touchedTelling.has(number)
  }

  get #touchedDrawing(): ReadonlySet<number> {
    if (this.#drawing === undefined) {
      const found = leadingTo(
        this.#changed,
        this.references,
        (referrer, number) => !this.#isUpward(referrer, number),
      )
      this.before.file.countVisits(found.size)
      this.#drawing = found
    }
    return this.#drawing
  }

  /** A part that changed is judged as that part, not by everyone who names it. */
  get #touchedTelling(): ReadonlySet<number> {
    if (this.#telling === undefined) {
      const found = leadingTo(this.#changed, this.references, (_, number) => !this.parts.has(number))
      this.before.file.countVisits(found.size)
      this.#telling = found
    }
    return this.#telling
  }

  /**
   * Whether a part of the document names another one only as what it stands in: a page its node, a widget its page, a
   * field its parent. Nothing is drawn by that, and the other part is compared on its own.
   */
  #isUpward(referrer: number, number: number): boolean {
    if (!this.parts.has(referrer) || !this.parts.has(number)) return false
    const dict = this.before.object(referrer)?.value
    if (!isDict(dict)) return false
    for (const [key, value] of dict.entries) {
      if (
        key === 'Parent' || key === 'P' ? !isReference(value) && names(value, number) : names(value, number)
      )
        return false
    }
    return true
  }

  /** Whether something was found to say the same though it is written in another way. */
  get isRewritten(): boolean {
    return this.#isRewritten
  }

  /** The modified object because of which `same` last said no; undefined where the values themselves differ. */
  get culprit(): number | undefined {
    return this.#culprit
  }

  /**
   * Whether two values say the same, references followed.
   *
   * @param key under which they stand: an appearance may be given anew with what it showed before, as signing does
   */
  same(old: PdfValue | undefined, now: PdfValue | undefined, manner: Manner, key?: string): boolean {
    this.#culprit = undefined
    const judged: number[] = []
    const pending: [PdfValue, PdfValue, number | undefined][] = [[old ?? null, now ?? null, undefined]]
    for (let pair = pending.pop(); pair !== undefined; pair = pending.pop()) {
      if (this.#sameStep(pair, manner, pending, judged)) continue
      this.#culprit ??= pair[2]
      // What was assumed of the parts of something that differs has not been looked at to the end.
      this.#assumed.clear()
      return false
    }
    for (const number of judged) this.judged.add(number)
    if (judged.length > 0 || (key !== 'AP' && !sameValue(old ?? null, now ?? null))) this.#isRewritten = true
    return true
  }

  #sameStep(
    [old, now, holder]: [PdfValue, PdfValue, number | undefined],
    manner: Manner,
    pending: [PdfValue, PdfValue, number | undefined][],
    judged: number[],
  ): boolean {
    if (isReference(old) || isReference(now))
      return this.#sameTargets(old, now, manner, pending, judged, holder)
    if (isArray(old)) {
      if (!isArray(now) || now.items.length !== old.items.length) return false
      for (const [i, item] of old.items.entries()) pending.push([item, now.items[i] ?? null, holder])
      return true
    }
    if (!isDict(old)) return sameValue(old, now)
    if (!isDict(now) || now.duplicates !== undefined) return false
    for (const key of keysOf(old, now)) {
      pending.push([old.entries.get(key) ?? null, now.entries.get(key) ?? null, holder])
    }
    return true
  }

  #sameTargets(
    old: PdfValue,
    now: PdfValue,
    manner: Manner,
    pending: [PdfValue, PdfValue, number | undefined][],
    judged: number[],
    holder: number | undefined,
  ): boolean {
    const isSame = isReference(old) && isReference(now) && sameValue(old, now)
    if (isSame) {
      if (!this.isTouched(old.number, manner)) return true
      if (manner === 'told' && this.parts.has(old.number)) return true
    }
    const key = `${manner} ${nameOf(old)} ${nameOf(now)}`
    if (isReference(old) && isReference(now)) {
      if (this.#assumed.has(key)) return true
      this.#assumed.add(key)
    }
    this.before.file.countVisits(1)
    const [a, b] = [objectOf(this.before, old), objectOf(this.after, now)]
    const number = isReference(old) && this.modified.has(old.number) ? old.number : holder
    if (a.stream !== undefined || b.stream !== undefined) {
      if (a.object === undefined || b.object === undefined || !this.#sameStream(a.object, b.object)) {
        this.#culprit = number
        return false
      }
      const isDecoded = isDict(a.value) && isDict(b.value) && !haveSameFilters(a.value, b.value)
      // Filters that are not written anew can change all the same, where they are objects of their own.
      const left = isDecoded ? ['Length', 'DL', 'Filter', 'DecodeParms'] : ['Length', 'DL']
      pending.push([without(a.value, left), without(b.value, left), number])
    } else pending.push([a.value, b.value, number])
    if (isSame && this.modified.has(old.number)) judged.push(old.number)
    return true
  }

  /** Whether the data is the same, be it compressed in another way; filters and lengths say nothing beyond it. */
  #sameStream(a: IndirectObject, b: IndirectObject): boolean {
    if (a === b) return true
    if (a.stream === undefined || b.stream === undefined || !isDict(a.value) || !isDict(b.value)) return false
    const { file } = this.before
    const [old, now] = [file.streamData(a), file.streamData(b)]
    if (old === undefined || now === undefined) return false
    const [one, other] = [a.value, b.value]
    if (haveSameFilters(one, other)) return Buffer.compare(old, now) === 0
    // The data may stand in another file, or be decoded by what some readers take for abbreviations (table 92).
    if (['F', 'DP'].some((key) => one.entries.has(key) || other.entries.has(key))) return false
    try {
      return (
        Buffer.compare(this.#decode(one, old, a.stream.start), this.#decode(other, now, b.stream.start)) === 0
      )
    } catch (error) {
      if (error instanceof SigningError) return false
      throw error
    }
  }

  #decode(dict: PdfDict, raw: Uint8Array, position: number): Uint8Array {
    const left = mostDecoded - this.#decodedBytes
    if (left <= 0) throw malformed(position, 'too much to decode')
    const data = decodeStream(dict, raw, position, left)
    this.#decodedBytes += data.length + 1
    return data
  }

  /** The keys whose values differ. */
  differences(old: PdfDict, now: PdfDict, mannerOf: (key: string) => Manner): string[] {
    return [...keysOf(old, now)].filter(
      (key) => !this.same(old.entries.get(key), now.entries.get(key), mannerOf(key), key),
    )
  }

  /** Counts what a value of the older revision is made of as judged: it may be replaced as a whole. */
  judgeAll(value: PdfValue | undefined): void {
    const seen = new Set<number>()
    const pending: PdfValue[] = [value ?? null]
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      if (isArray(next)) for (const item of next.items) pending.push(item)
      else if (isDict(next)) for (const item of next.entries.values()) pending.push(item)
      else if (isReference(next)) {
        const { number } = next
        if (seen.has(number) || this.parts.has(number) || !this.isTouched(number)) continue
        seen.add(number)
        this.before.file.countVisits(1)
        this.judge(number)
        pending.push(this.before.target(next)?.value ?? null)
      }
    }
  }

  judge(number: number): void {
    if (this.modified.has(number)) this.judged.add(number)
  }
}

export function keysOf(a: PdfDict | undefined, b: PdfDict | undefined): ReadonlySet<string> {
  return new Set([...(a?.entries.keys() ?? []), ...(b?.entries.keys() ?? [])])
}

function nameOf(value: PdfValue): string {
  return isReference(value) ? `${value.number}.${value.generation}` : '-'
}

/** What a value is or leads to; `object` where it is an object of its own. */
function objectOf(
  snapshot: Snapshot,
  value: PdfValue,
): { value: PdfValue; object: IndirectObject | undefined; stream: IndirectObject['stream'] } {
  let current: PdfValue = value
  let object: IndirectObject | undefined
  for (let step = 0; isReference(current); step += 1) {
    if (step >= pdfLimits.referenceChain) throw malformed(0, 'a chain of references is too long')
    object = snapshot.target(current as PdfReference)
    current = object?.value ?? null
  }
  return { value: current, object, stream: object?.stream }
}

/** What tells where the data of a stream is and how it is decoded. */
const filterKeys = ['Filter', 'DecodeParms', 'F', 'FFilter', 'FDecodeParms', 'DP', 'Crypt']

function haveSameFilters(a: PdfDict, b: PdfDict): boolean {
  return filterKeys.every((key) => sameValue(a.entries.get(key), b.entries.get(key)))
}

function without(value: PdfValue, keys: readonly string[]): PdfValue {
  if (!isDict(value)) return value
  const entries = new Map(value.entries)
  for (const key of keys) entries.delete(key)
  const { duplicates } = value
  return duplicates === undefined ? { kind: 'dict', entries } : { kind: 'dict', entries, duplicates }
}

/** Whether a value names the object, by itself or in what it holds. */
function names(value: PdfValue, number: number): boolean {
  if (isReference(value)) return value.number === number
  if (isArray(value)) return value.items.some((item) => names(item, number))
  return isDict(value) && [...value.entries.values()].some((item) => names(item, number))
}
