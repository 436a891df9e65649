/**
 * What one revision changed, object by object, against the revision before it.
 *
 * The rule is a short list of what may change; whatever is not on it is forbidden. A new object must be reached from
 * a listed change: what nothing reaches means nothing to this reader, but may mean something to one that repairs. And
 * an object that pages draw with may not change at all, whatever other part it plays.
 */
import { SigningError } from '../errors.ts'
import { forbidden, type RevisionChange } from './change.ts'
import { compareForms } from './compare-forms.ts'
import { compareSecurityStores } from './compare-security-stores.ts'
import {
  differingKeys,
  type IndirectObject,
  isDict,
  isInteger,
  isName,
  isReference,
  isString,
  type PdfValue,
  sameValue,
} from './objects.ts'
import type { PdfFile } from './pdf-file.ts'
import { drawnObjects, reachedAmong } from './reach.ts'
import type { ReferenceCounts } from './reference-counts.ts'
import { checkRevisionBody } from './revision-body.ts'
import type { Snapshot } from './snapshot.ts'
import { sameEntry } from './xref.ts'

/** An object that existed and says something else now. */
export interface ModifiedObject {
  readonly before: IndirectObject
  readonly after: IndirectObject
}

/** Two neighbouring revisions and what differs between them. */
export interface RevisionPair {
  readonly before: Snapshot
  readonly after: Snapshot
  /** Of the older revision. */
  readonly references: ReferenceCounts
  readonly modified: ReadonlyMap<number, ModifiedObject>
  /** Numbers that no object had before. */
  readonly added: ReadonlySet<number>
  /** Modified objects whose every difference has been judged. */
  readonly judged: Set<number>
}

/** The changes of revision `index` (1 or more); never throws for what is in the file. */
export function compareRevision(file: PdfFile, index: number): readonly RevisionChange[] {
  const revision = file.revisions[index]
  if (revision === undefined || index < 1) throw new RangeError(`no revision ${index} to compare`)
  const changes: RevisionChange[] = []
  try {
    changes.push(...checkRevisionBody(file, revision))
    const pair = collect(file, index, changes)
    changes.push(...compareTrailers(pair))
    changes.push(...compareCatalogs(pair))
    changes.push(...compareForms(pair))
    changes.push(...compareSecurityStores(pair))
    changes.push(...compareInfo(pair))
    changes.push(...compareRest(pair))
    changes.push(...checkDrawn(pair))
    changes.push(...checkUnreached(file, pair))
    return changes
  } catch (error) {
    if (!(error instanceof SigningError)) throw error
    return [...changes, forbidden('REVISION_UNREADABLE', `revision ${index + 1}: ${error.message}`)]
  }
}

function collect(file: PdfFile, index: number, changes: RevisionChange[]): RevisionPair {
  const before = file.at(index - 1)
  const after = file.at(index)
  const modified = new Map<number, ModifiedObject>()
  const added = new Set<number>()
  const start = file.revisions[index]?.start ?? 0
  // Reads every object of the older revision: one that could not be read then must not be readable now.
  const references = file.referenceCounts(index - 1)
  for (const [number, entry] of file.revisions[index]?.entries ?? []) {
    const old = before.lookup(number)
    if (entry.type === 'free') {
      if (old !== undefined) changes.push(forbidden('OBJECT_REMOVED', `object ${number} was removed`))
      continue
    }
    // An object stream of an earlier revision keeps what it holds: if it were replaced, that itself would be found.
    const place = entry.type === 'offset' ? entry : after.lookup(entry.container)
    const own = place?.type === 'offset' && place.offset >= start
    if (!own && !sameEntry(old, entry)) {
      changes.push(forbidden('XREF_REDIRECTED', `object ${number} is pointed into an earlier revision`))
    }
    if (old === undefined) {
      added.add(number)
      if (references.isDangling(number)) {
        changes.push(
          forbidden('DANGLING_REFERENCE_DEFINED', `object ${number} was referred to before it existed`),
        )
      }
      continue
    }
    const pair = { before: before.object(number), after: after.object(number) }
    if (pair.before === undefined || pair.after === undefined) continue
    if (pair.before.generation !== pair.after.generation) {
      // References to the old generation lead nowhere now.
      changes.push(forbidden('OBJECT_REMOVED', `object ${number} got another generation`))
    } else if (!sameObject(file.bytes, pair.before, pair.after)) {
      modified.set(number, { before: pair.before, after: pair.after })
    }
  }
  return { before, after, references, modified, added, judged: new Set() }
}

function sameObject(bytes: Uint8Array, a: IndirectObject, b: IndirectObject): boolean {
  if (a === b) return true
  if (!sameValue(a.value, b.value)) return false
  if (a.stream === undefined || b.stream === undefined) return a.stream === b.stream
  const raw = (span: { start: number; end: number }) => bytes.subarray(span.start, span.end)
  return Buffer.compare(raw(a.stream), raw(b.stream)) === 0
}

function* compareTrailers({ before, after }: RevisionPair): Generator<RevisionChange> {
  // A reader may take objects at or above /Size for missing (7.5.5).
  const [old, now] = [before, after].map((snapshot) => snapshot.trailer.entries.get('Size'))
  if (!isInteger(old) || !isInteger(now) || now < old) {
    yield forbidden('OBJECT_REMOVED', 'the /Size of the trailer hides objects')
  }
  if (after.trailer.duplicates?.has('Root') || !sameValue(rootOf(before), rootOf(after))) {
    yield forbidden('ROOT_CHANGED', 'the trailer names another catalog')
  }
}

function rootOf(snapshot: Snapshot) {
  return snapshot.trailer.entries.get('Root')
}

/** Form and security store are compared on their own; developer extensions (7.12) only announce features. */
const catalogKeys: ReadonlySet<string> = new Set(['AcroForm', 'DSS', 'Extensions'])

function* compareCatalogs(pair: RevisionPair): Generator<RevisionChange> {
  const root = rootOf(pair.before)
  const number = isReference(root) ? root.number : -1
  if (!pair.modified.has(number)) return
  pair.judged.add(number)
  for (const key of differingKeys(pair.before.catalog, pair.after.catalog)) {
    const value = pair.after.catalog.entries.get(key) ?? null
    const isPlain = isDict(pair.after.resolve(value)) && !isStream(pair.after, value)
    if (!catalogKeys.has(key) || (key !== 'AcroForm' && value !== null && !isPlain)) {
      yield forbidden('CATALOG_CHANGED', `/${key} of the catalog changed`)
    }
  }
  if (pair.after.catalog.duplicates !== undefined) {
    yield forbidden('CATALOG_CHANGED', 'a key of the catalog stands twice')
  }
}

function isStream(snapshot: Snapshot, value: PdfValue): boolean {
  return isReference(value) && snapshot.target(value)?.stream !== undefined
}

/** What programs write about themselves when they save (14.3.3). */
const infoKeys: ReadonlySet<string> = new Set(['ModDate', 'Producer'])

function* compareInfo({ before, after, added, judged }: RevisionPair): Generator<RevisionChange> {
  const reference = before.trailer.entries.get('Info')
  const old = before.entry(before.trailer, 'Info')
  const now = after.entry(after.trailer, 'Info')
  if (!isDict(old) || sameValue(old, now)) return
  // A writer that forgets to name it changes nothing that a page shows.
  if (now === null) return
  const current = after.trailer.entries.get('Info') ?? null
  const isPlain = isDict(now) && now.duplicates === undefined && !isStream(after, current)
  if (!isPlain || isStream(before, reference ?? null)) {
    yield forbidden('INFO_CHANGED', 'the document information is no plain dictionary')
    return
  }
  // In a new object or in its own; one that played another part before is none of the two.
  if (isReference(current) && !added.has(current.number) && !sameValue(reference, current)) {
    yield forbidden('INFO_CHANGED', 'the document information is another object that existed before')
    return
  }
  if (isReference(reference) && sameValue(reference, current)) judged.add(reference.number)
  for (const key of differingKeys(old, now)) {
    const isFirst = key === 'CreationDate' && !old.entries.has(key)
    const value = now.entries.get(key)
    if ((!infoKeys.has(key) && !isFirst) || (value !== undefined && !isString(value)))
      yield forbidden('INFO_CHANGED', `/${key} of the document information changed`)
  }
}

/** Everything that no list above has let pass. */
function* compareRest({ before, references, modified, judged }: RevisionPair): Generator<RevisionChange> {
  for (const [number, object] of modified) {
    if (judged.has(number)) continue
    const value = object.before.value
    const type = isDict(value) ? before.entry(value, 'Type') : null
    if (isName(type, 'XRef') && isXrefStream(object.after) && references.of(number) === 0) continue
    const code =
      isName(type, 'Page') || isName(type, 'Pages')
        ? 'PAGE_CHANGED'
        : isDict(value) && value.entries.has('ByteRange')
          ? 'SIGNATURE_CHANGED'
          : 'OBJECT_CHANGED'
    yield forbidden(code, `object ${number} changed`)
  }
}

/** Objects that pages and appearances draw with, and that play another part too in which they may change. */
function* checkDrawn({ before, modified, judged }: RevisionPair): Generator<RevisionChange> {
  const numbers = [...modified.keys()].filter((number) => judged.has(number))
  if (numbers.length === 0) return
  const drawn = drawnObjects(before)
  for (const number of numbers) {
    if (drawn.has(number)) {
      yield forbidden('OBJECT_CHANGED', `object ${number}, which pages draw with, changed`)
    }
  }
}

/** New objects that nothing leads to, but for what the revision itself is stored in. */
function* checkUnreached(file: PdfFile, pair: RevisionPair): Generator<RevisionChange> {
  const { after, added, modified, references } = pair
  const revision = file.revisions[after.revision]
  const roots = [after.trailer, ...[...modified.values()].map((object) => object.after.value)]
  const reached = reachedAmong(after, roots, added)
  const containers = new Set<number>()
  for (const entry of revision?.entries.values() ?? []) {
    if (entry.type === 'compressed') containers.add(entry.container)
  }
  for (const number of added) {
    if (reached.has(number) || containers.has(number) || references.isDangling(number)) continue
    if (after.object(number)?.span?.start === revision?.section.offset) continue
    yield forbidden('OBJECT_CHANGED', `object ${number} was added though nothing leads to it`)
  }
}

/** A cross-reference stream may take the number of the one before it: neither is a part of the document. */
function isXrefStream({ value, stream }: IndirectObject): boolean {
  return stream !== undefined && isDict(value) && isName(value.entries.get('Type'), 'XRef')
}
