/**
 * What one revision changed, object by object, against the revision before it.
 *
 * The rule is a short list of what may change; whatever is not on it is forbidden. A new object must be reached from
 * a listed change: what nothing reaches means nothing to this reader, but may mean something to one that repairs. And
 * an object that pages draw with may not change at all, whatever other part it plays.
 */
import { SigningError } from '../errors.ts'
import { forbidden, type RevisionChange } from './change.ts'
import { compareCatalogs } from './compare-catalogs.ts'
import { compareForms } from './compare-forms.ts'
import { compareInformation } from './compare-information.ts'
import { compareSecurityStores } from './compare-security-stores.ts'
import {
  Comparison,
  type DocumentParts,
  keysOf,
  type ModifiedObject,
  type RevisionDifference,
} from './comparison.ts'
import { structureOf } from './document-structure.ts'
import {
  type IndirectObject,
  isDict,
  isInteger,
  isName,
  isReference,
  type PdfArray,
  type PdfValue,
  sameValue,
} from './objects.ts'
import type { PdfFile } from './pdf-file.ts'
import { referencesIn, trailerNumber } from './reference-counts.ts'
import { checkRevisionBody } from './revision-body.ts'
import type { Snapshot } from './snapshot.ts'
import { checkUnused } from './unused-objects.ts'
import { sameEntry } from './xref.ts'

/** The changes of revision `index` (1 or more); never throws for what is in the file. */
export function compareRevision(file: PdfFile, index: number): readonly RevisionChange[] {
  const revision = file.revisions[index]
  if (revision === undefined || index < 1) throw new RangeError(`no revision ${index} to compare`)
  const changes: RevisionChange[] = []
  try {
    changes.push(...checkRevisionBody(file, revision))
    const difference = collect(file, index, changes)
    const comparison = new Comparison(difference, partsOf(difference.before))
    changes.push(...compareTrailers(comparison))
    changes.push(...compareCatalogs(comparison))
    changes.push(...compareForms(comparison))
    changes.push(...compareSecurityStores(comparison))
    changes.push(...compareInformation(comparison))
    changes.push(...compareRest(comparison))
    changes.push(...checkUnused(file, comparison))
    return changes
  } catch (error) {
    if (!(error instanceof SigningError)) throw error
    return [...changes, forbidden('REVISION_UNREADABLE', `revision ${index + 1}: ${error.message}`)]
  }
}

function collect(file: PdfFile, index: number, changes: RevisionChange[]): RevisionDifference {
  const before = file.at(index - 1)
  const after = file.at(index)
  const modified = new Map<number, ModifiedObject>()
  const added = new Set<number>()
  const removed = new Set<number>()
  const start = file.revisions[index]?.start ?? 0
  // Reads every object of the older revision: one that could not be read then must not be readable now.
  const references = file.referenceCounts(index - 1)
  for (const [number, entry] of file.revisions[index]?.entries ?? []) {
    const old = before.lookup(number)
    if (entry.type === 'free') {
      if (old === undefined) continue
      removed.add(number)
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
    } else if (!sameObject(file, pair.before, pair.after)) {
      modified.set(number, { before: pair.before, after: pair.after })
      if (references.isMisnamed(number, pair.before.generation))
        changes.push(
          forbidden('OBJECT_CHANGED', `object ${number} changed, which has references that miss it`),
        )
    }
  }
  for (const number of removed) {
    // Whoever referred to it and was written anew is compared as a part of the document.
    const referrers = [...references.referrers(number)]
    if (referrers.some((one) => one !== trailerNumber && !modified.has(one) && !removed.has(one)))
      changes.push(forbidden('OBJECT_REMOVED', `object ${number} was removed`))
  }
  for (const number of [...added, ...modified.keys()]) {
    const missed = missedBy(
      after,
      modified.get(number)?.before.value ?? null,
      after.object(number)?.value ?? null,
    )
    if (missed !== undefined)
      changes.push(
        forbidden('OBJECT_CHANGED', `object ${number} has a reference that misses object ${missed}`),
      )
  }
  return { before, after, references, modified, added, removed }
}

/**
 * The number of an object that a new reference of `now` names by a generation which it does not have. Such a reference
 * is null (7.3.10), but leads to the object in readers that do not look at generations.
 */
function missedBy(after: Snapshot, old: PdfValue, now: PdfValue): number | undefined {
  const missed = referencesIn(now).filter(({ number, generation }) => {
    const entry = after.lookup(number)
    return entry !== undefined && generation !== (entry.type === 'offset' ? entry.generation : 0)
  })
  if (missed.length === 0) return undefined
  const known = new Set(referencesIn(old).map(({ number, generation }) => `${number} ${generation}`))
  return missed.find(({ number, generation }) => !known.has(`${number} ${generation}`))?.number
}

function sameObject(file: PdfFile, a: IndirectObject, b: IndirectObject): boolean {
  if (a === b) return true
  if (!sameValue(a.value, b.value)) return false
  const [before, after] = [file.streamData(a), file.streamData(b)]
  if (before === undefined || after === undefined) return before === after
  return Buffer.compare(before, after) === 0
}

/** Everything that is compared in a manner of its own: catalog, page tree, annotations and fields. */
function partsOf(snapshot: Snapshot): DocumentParts {
  const parts = new Set<number>()
  const own = new Set<number>()
  const lists = new Set<PdfArray>()
  const root = rootOf(snapshot)
  if (isReference(root)) parts.add(root.number)
  const structure = structureOf(snapshot)
  const { pages, form } = structure
  for (const { reference, dict, kids } of pages.values()) {
    parts.add(reference.number)
    const annotations = kids === undefined ? snapshot.arrayEntry(dict, 'Annots') : undefined
    if (annotations === undefined || lists.has(annotations)) continue
    lists.add(annotations)
    for (const item of annotations.items) if (isReference(item)) parts.add(item.number)
  }
  for (const number of form?.parents ?? []) parts.add(number)
  for (const { reference, widgets } of form?.fields ?? []) {
    own.add(reference.number)
    for (const widget of widgets) own.add(widget.reference.number)
  }
  for (const number of own) parts.add(number)
  return { structure, all: parts, widgets: own }
}

/** What every update writes anew, and what other rules look at. */
const trailerKeys: ReadonlySet<string> = new Set([
  ...['Root', 'Info', 'Size', 'Prev', 'ID', 'XRefStm', 'Encrypt'],
  ...['Type', 'W', 'Index', 'Length', 'Filter', 'DecodeParms', 'DL'],
])

function* compareTrailers(comparison: Comparison): Generator<RevisionChange> {
  const { before, after } = comparison
  // A reader may take objects at or above /Size for missing (7.5.5).
  const [old, now] = [before, after].map((snapshot) => snapshot.trailer.entries.get('Size'))
  if (!isInteger(old) || !isInteger(now) || now < old) {
    yield forbidden('OBJECT_REMOVED', 'the /Size of the trailer hides objects')
  }
  if (after.trailer.duplicates?.has('Root') || !sameValue(rootOf(before), rootOf(after))) {
    yield forbidden('ROOT_CHANGED', 'the trailer names another catalog')
  }
  for (const key of keysOf(before.trailer, undefined)) {
    const [value, current] = [before, after].map((snapshot) => snapshot.trailer.entries.get(key))
    if (trailerKeys.has(key) || current === undefined || comparison.same(value, current, 'told')) continue
    // Each update authenticates the encrypted file anew (ISO/TS 32004), and shows nothing by that.
    if (key === 'AuthCode' && isAuthentication(value) && isAuthentication(current)) continue
    yield forbidden('OBJECT_CHANGED', `/${key} of the trailer changed`)
  }
}

/** The message authentication code of an encrypted file, standing in the trailer itself. */
function isAuthentication(value: PdfValue | undefined): boolean {
  return isDict(value) && [...value.entries.keys()].every((key) => authenticationKeys.has(key))
}

const authenticationKeys: ReadonlySet<string> = new Set(['MACLocation', 'ByteRange', 'MAC', 'SigObjRef'])

function rootOf(snapshot: Snapshot) {
  return snapshot.trailer.entries.get('Root')
}

/** Everything that no list above has let pass. */
function* compareRest(comparison: Comparison): Generator<RevisionChange> {
  const { before, references, modified, judged } = comparison
  if (comparison.isRewritten || comparison.removed.size > 0)
    yield { kind: 'rewritten', message: 'objects were written in another way' }
  for (const [number, object] of modified) {
    // Nothing that has a part of its own is a stream: as one it could be drawn wherever something names it.
    const isStream = object.before.stream !== undefined || object.after.stream !== undefined
    if (judged.has(number) && !(isStream && comparison.parts.has(number))) continue
    const value = object.before.value
    const type = isDict(value) ? before.entry(value, 'Type') : null
    if (isName(type, 'XRef') && isXrefStream(object.after) && !references.isReferred(number)) continue
    const code =
      isName(type, 'Page') || isName(type, 'Pages')
        ? 'PAGE_CHANGED'
        : isDict(value) && value.entries.has('ByteRange')
          ? 'SIGNATURE_CHANGED'
          : 'OBJECT_CHANGED'
    yield forbidden(code, `object ${number} changed`)
  }
}

/** A cross-reference stream may take the number of the one before it: neither is a part of the document. */
function isXrefStream({ value, stream }: IndirectObject): boolean {
  return stream !== undefined && isDict(value) && isName(value.entries.get('Type'), 'XRef')
}
