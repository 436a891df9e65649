/** What a signature forbids to later revisions: DocMDP and FieldMDP transforms and field locks (ISO 32000-2, 12.8.2). */
import { SigningError } from '../errors.ts'
import { type Form, type FormField, isSigned } from './form.ts'
import type { FieldLock } from './letter-fields.ts'
import {
  isArray,
  isDict,
  isName,
  isString,
  type PdfDict,
  type PdfValue,
  pdfArray,
  pdfDict,
  pdfName,
  pdfText,
  textOf,
} from './objects.ts'
import type { Snapshot } from './snapshot.ts'

export interface SignatureLocks {
  /** 1: no change, 2: form filling and signing, 3: annotations besides; undefined without a certification. */
  readonly documentPermission: number | undefined
  /** Every lock that applies; a field is locked when any of them says so. */
  readonly fieldLocks: readonly FieldLock[]
  /** The document as it was signed; undefined where the locks could not be read. */
  readonly signed?: Snapshot
}

const lockEverything: FieldLock = { action: 'All' }

/**
 * The locks of a signature: the transforms of its dictionary and the `/Lock` of its field. A lock that cannot be
 * understood locks everything.
 */
export function readLocks(snapshot: Snapshot, field: PdfDict, signature: PdfDict): SignatureLocks {
  const fieldLocks: FieldLock[] = []
  const permissions: number[] = []
  const lock = snapshot.entry(field, 'Lock')
  if (lock !== null) {
    fieldLocks.push(readFieldLock(snapshot, lock))
    const permission = isDict(lock) ? snapshot.entry(lock, 'P') : null
    if (permission !== null) permissions.push(permissionOf(permission))
  }
  const references = snapshot.entry(signature, 'Reference')
  for (const item of isArray(references) ? references.items : []) {
    const reference = snapshot.resolve(item)
    if (!isDict(reference)) continue
    const method = snapshot.entry(reference, 'TransformMethod')
    const parameters = snapshot.entry(reference, 'TransformParams')
    if (isName(method, 'FieldMDP')) fieldLocks.push(readFieldLock(snapshot, parameters))
    if (isName(method, 'DocMDP')) {
      // 2 is the default (table 257).
      permissions.push(isDict(parameters) ? permissionOf(snapshot.entry(parameters, 'P') ?? 2) : 1)
    }
  }
  return {
    documentPermission: permissions.length === 0 ? undefined : Math.min(...permissions),
    fieldLocks,
    signed: snapshot,
  }
}

function permissionOf(value: PdfValue): number {
  return value === 2 || value === 3 ? value : value === null ? 2 : 1
}

function readFieldLock(snapshot: Snapshot, value: PdfValue): FieldLock {
  if (!isDict(value)) return lockEverything
  const action = snapshot.entry(value, 'Action')
  if (!isName(action) || (action.name !== 'Include' && action.name !== 'Exclude')) return lockEverything
  const fields = snapshot.arrayEntry(value, 'Fields')?.items.map((item) => snapshot.resolve(item))
  if (fields === undefined || !fields.every(isString)) return lockEverything
  return { action: action.name, fields: fields.map(textOf) }
}

/** Whether a lock holds a field. A name in the lock stands for the field and everything below it. */
export function locksField(lock: FieldLock, name: string): boolean {
  if (lock.action === 'All') return true
  const named = lock.fields.some((field) => name === field || name.startsWith(`${field}.`))
  return lock.action === 'Include' ? named : !named
}

/**
 * Refuses a change that an existing signature forbids.
 * @param name the field to be filled or signed
 * @throws SigningError `PDF_NO_CHANGES_PERMITTED`, `PDF_FIELD_LOCKED`
 */
export function assertUnlocked(snapshot: Snapshot, form: Form | undefined, name: string): void {
  for (const field of form?.fields.filter(isSigned) ?? []) {
    const signature = snapshot.resolve(field.value)
    const locks = readLocks(snapshot, field.dict, isDict(signature) ? signature : pdfDict({}))
    if (locks.documentPermission === 1 || locks.fieldLocks.some((lock) => lock.action === 'All')) {
      throw new SigningError('PDF_NO_CHANGES_PERMITTED', { field: field.name })
    }
    if (locks.fieldLocks.some((lock) => locksField(lock, name))) {
      throw new SigningError('PDF_FIELD_LOCKED', { field: name })
    }
  }
}

/** The lock as the entries of a transform or of a `/Lock` dictionary. */
export function lockEntries(lock: FieldLock): Record<string, PdfValue> {
  return lock.action === 'All'
    ? { Action: pdfName('All') }
    : { Action: pdfName(lock.action), Fields: pdfArray(lock.fields.map(pdfText)) }
}

/** The `/Lock` that the field has already, put there by whoever made the form; a signature in it must obey it. */
export function prescribedLock(snapshot: Snapshot, field: FormField): FieldLock | undefined {
  const lock = snapshot.entry(field.dict, 'Lock')
  if (lock === null) return undefined
  const permission = isDict(lock) ? snapshot.entry(lock, 'P') : null
  const locked = readFieldLock(snapshot, lock)
  return permission === 1 || permission === 2 || permission === 3 ? { ...locked, permission } : locked
}

export function sameLock(a: FieldLock, b: FieldLock): boolean {
  if (a.action === 'All' || b.action === 'All') return a.action === b.action
  const [one, other] = [new Set(a.fields), new Set(b.fields)]
  return a.action === b.action && one.size === other.size && [...one].every((field) => other.has(field))
}
