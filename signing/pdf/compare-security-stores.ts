/** Changes to the document security store (ISO 32000-2, 12.8.4.3): revocation data and certificates may be added. */
import { createHash } from 'node:crypto'
import { forbidden, type RevisionChange } from './change.ts'
import type { Comparison } from './comparison.ts'
import {
  isArray,
  isDict,
  isName,
  isReference,
  isString,
  type PdfDict,
  type PdfValue,
  sameValue,
} from './objects.ts'
import { serialize } from './serialize.ts'
import type { Snapshot } from './snapshot.ts'

export function* compareSecurityStores(comparison: Comparison): Generator<RevisionChange> {
  const { before, after } = comparison
  const old = before.catalog.entries.get('DSS')
  const now = after.catalog.entries.get('DSS')
  if (comparison.same(old, now, 'told')) return
  if (!isDict(after.resolve(now))) {
    yield forbidden('SECURITY_STORE_CHANGED', 'the document security store was removed')
    return
  }
  judgeStore(comparison, old)
  if (isLost(comparison, old, now)) {
    yield forbidden('SECURITY_STORE_CHANGED', 'entries of the document security store were removed')
  } else if (isWellFormed(comparison, old, now)) yield { kind: 'security-store' }
  else yield forbidden('SECURITY_STORE_CHANGED', 'the document security store has entries that are none')
}

/** Store, VRI, one signature's entry, its lists. */
const deepest = 3

/** The dictionaries and arrays that the store is made of may grow; the streams in its lists may not change. */
function judgeStore(comparison: Comparison, value: PdfValue | undefined, depth = 0): void {
  const { before } = comparison
  if (isReference(value)) {
    if (before.target(value)?.stream !== undefined) return
    comparison.judge(value.number)
  }
  const resolved = before.resolve(value)
  if (depth > deepest || !isDict(resolved)) return
  for (const item of resolved.entries.values()) judgeStore(comparison, item, depth + 1)
}

/**
 * Whether anything of the old store is missing in the new one: lists may grow, dictionaries may get entries. The
 * items of a list are streams and so references; anything else must stay where it stands. What is
 * said of one signature (an entry of `/VRI`, depth 2) is written anew by each validation, so only its key must stay.
 */
function isLost(
  comparison: Comparison,
  old: PdfValue | undefined,
  now: PdfValue | undefined,
  depth = 0,
  key = '',
): boolean {
  const before = comparison.before.resolve(old)
  const after = comparison.after.resolve(now)
  if (isArray(before)) {
    if (!isArray(after)) return true
    const kept = new Set(after.items.map(keyOf))
    const isKept = (item: PdfValue) => kept.has(keyOf(item)) && comparison.same(item, item, 'told')
    const missing = before.items.filter((item, i) =>
      isReference(item) ? !isKept(item) : !sameValue(item, after.items[i]),
    )
    // Who validates a signature again may put fresh revocation data in place of what had been fetched before.
    const isRenewed = depth === 1 && key !== 'Certs' && after.items.length >= before.items.length
    return missing.length > 0 && !isRenewed && !isWrittenAnew(comparison, missing, after.items)
  }
  if (!isDict(before) || depth >= 2) return before !== null && after === null
  return (
    !isDict(after) ||
    [...before.entries].some(([key, item]) =>
      isLost(comparison, item, after.entries.get(key), depth + 1, key),
    )
  )
}

/** Whether the data of streams that are missing stands in others. */
function isWrittenAnew(
  { before, after }: Comparison,
  missing: readonly PdfValue[],
  items: readonly PdfValue[],
): boolean {
  const digests = new Set(items.map((item) => digestOf(after, item)))
  return missing.every((item) => {
    const digest = digestOf(before, item)
    return digest !== undefined && digests.has(digest)
  })
}

function digestOf(snapshot: Snapshot, item: PdfValue): string | undefined {
  const object = isReference(item) ? snapshot.target(item) : undefined
  if (object?.stream === undefined || !isDict(object.value)) return undefined
  const data = snapshot.file.streamData(object)
  if (data === undefined) return undefined
  const filter = serialize(object.value.entries.get('Filter') ?? null)
  return `${filter} ${createHash('sha256').update(data).digest('base64')}`
}

const lists: ReadonlySet<string> = new Set(['Certs', 'CRLs', 'OCSPs'])
const listsOfSignature: ReadonlySet<string> = new Set(['Cert', 'CRL', 'OCSP'])

/** Whether what is new in the store is what a store holds (tables 261 and 262). */
function isWellFormed(
  { before, after }: Comparison,
  old: PdfValue | undefined,
  now: PdfValue | undefined,
): boolean {
  const store = plainDict(after, now)
  const known = before.resolve(old)
  if (store === undefined || !hasOnly(store, ['Type', 'VRI', ...lists], known)) return false
  for (const key of lists) {
    const former = isDict(known) ? before.arrayEntry(known, key) : undefined
    if (!isListOfStreams(after, store.entries.get(key), new Set(former?.items.map(keyOf)))) return false
  }
  const entry = store.entries.get('VRI')
  if (entry === undefined || entry === null) return true
  const all = plainDict(after, entry)
  const former = isDict(known) ? before.dictEntry(known, 'VRI') : undefined
  if (all === undefined) return false
  return [...all.entries].every(([key, value]) => {
    const formerly = former?.entries.get(key)
    if (formerly !== undefined && sameValue(formerly, value)) return true
    // The key is the SHA-1 digest of the signature's contents; some programs write it in small letters.
    return key === 'Type' || (/^[0-9A-Fa-f]{40}$/.test(key) && isSignatureEntry(after, value))
  })
}

function isSignatureEntry(after: Snapshot, value: PdfValue): boolean {
  const dict = plainDict(after, value)
  if (dict === undefined || !hasOnly(dict, ['Type', 'TU', 'TS', ...listsOfSignature], null)) return false
  const moment = after.entry(dict, 'TU')
  const stamp = dict.entries.get('TS') ?? null
  const isStream = isReference(stamp) && after.target(stamp)?.stream !== undefined
  return (
    (moment === null || isString(moment)) &&
    (stamp === null || isStream || isString(stamp)) &&
    [...listsOfSignature].every((key) => isListOfStreams(after, dict.entries.get(key), new Set()))
  )
}

function isListOfStreams(after: Snapshot, value: PdfValue | undefined, known: ReadonlySet<string>): boolean {
  const list = after.resolve(value)
  if (list === null) return true
  return (
    isArray(list) &&
    list.items.every((item) => {
      if (!isReference(item)) return false
      return known.has(keyOf(item)) || after.target(item)?.stream !== undefined
    })
  )
}

function hasOnly(dict: PdfDict, keys: readonly string[], known: PdfValue): boolean {
  const type = dict.entries.get('Type')
  if (type !== undefined && !isName(type)) return false
  return [...dict.entries.keys()].every(
    (key) => keys.includes(key) || (isDict(known) && known.entries.has(key)),
  )
}

function plainDict(snapshot: Snapshot, value: PdfValue | undefined): PdfDict | undefined {
  const dict = snapshot.resolve(value)
  const isStream = isReference(value) && snapshot.target(value)?.stream !== undefined
  return isDict(dict) && dict.duplicates === undefined && !isStream ? dict : undefined
}

function keyOf(value: PdfValue): string {
  return isReference(value) ? `${value.number} ${value.generation}` : 'direct'
}
