/** Whether the changes after a signature are such as the signature allows. */
import type { ChangesAfter, Finding } from '../report.ts'
import type { ChangeCode, LockedChange, PermittedChange, RevisionChange } from './change.ts'
import { findField, isSeen, isSigned, readForm } from './form.ts'
import { locksField, type SignatureLocks } from './locks.ts'
import type { Snapshot } from './snapshot.ts'

export interface ChangesJudgement {
  readonly changesAfter: ChangesAfter
  /** The first ones, and among them the first that is forbidden. */
  readonly changes: readonly Finding[]
  /** Tells that there are more; undefined where all are listed. */
  readonly omitted: Finding | undefined
}

/** More than anybody reads. A hostile file has thousands after each of many signatures. */
const mostListed = 200

/**
 * @param changes of all revisions after the one that was signed, in order. They are taken one by one, and no more of
 *   them once the list is full and one of them is forbidden: what comes then changes nothing.
 */
export function judgeChanges(changes: Iterable<RevisionChange>, locks: SignatureLocks): ChangesJudgement {
  const listed: Finding[] = []
  let changesAfter: ChangesAfter = 'none'
  let omitted = 0
  let isComplete = true
  for (const change of changes) {
    if (listed.length >= mostListed && changesAfter === 'forbidden') {
      isComplete = false
      break
    }
    for (const { forbidden, code, message } of judgeChange(change, locks)) {
      const isFirstForbidden = forbidden && changesAfter !== 'forbidden'
      if (isFirstForbidden) changesAfter = 'forbidden'
      else if (changesAfter === 'none') changesAfter = 'permitted'
      if (listed.length < mostListed || isFirstForbidden) listed.push({ code, message })
      else omitted += 1
    }
  }
  const message = isComplete
    ? `${omitted} further changes are permitted and not listed`
    : `further changes were not looked at after ${listed.length + omitted}, one of them forbidden`
  return {
    changesAfter,
    changes: listed,
    omitted: isComplete && omitted === 0 ? undefined : { code: 'CHANGES_NOT_LISTED', message },
  }
}

interface JudgedChange {
  readonly forbidden: boolean
  readonly code: ChangeCode
  readonly message: string
}

function judgeChange(change: RevisionChange, locks: SignatureLocks): readonly JudgedChange[] {
  switch (change.kind) {
    case 'forbidden':
      return [{ forbidden: true, code: change.code, message: change.message }]
    case 'rewritten':
      return []
    case 'harmless':
      return [permitted(change.code, change.message)]
    case 'left-over':
      // Nothing that could be a part of validation material, which alone may follow then (table 257).
      return locks.documentPermission === 1
        ? [refused('NO_CHANGES_PERMITTED', change.message)]
        : [permitted('OBJECT_UNUSED', change.message)]
    // Material for later validation is allowed whatever is locked (ETSI EN 319 142-1 clause 5.4, ISO 32000-2 12.8.2.2).
    case 'security-store':
      return [permitted('SECURITY_STORE_ADDED', 'validation material was added')]
    case 'timestamp':
      return [judgeTimestamp(change.field, locks)]
    case 'fill':
      return judgeFill(change, locks)
    case 'signature':
      return [lockedBy(change.field, locks) ?? judgeSignature(change, locks)]
    case 'signature-field':
      return [lockedBy(change.field, locks) ?? judgeSignatureField(change, locks)]
    case 'annotation':
      return [judgeAnnotation(change, locks)]
  }
}

function judgeFill(
  { field, value, shown }: Extract<RevisionChange, { kind: 'fill' }>,
  locks: SignatureLocks,
): readonly JudgedChange[] {
  const locked = lockedBy(field, locks)
  if (locked !== undefined) return [locked]
  const filled = permitted('FIELD_FILLED', `field "${field}" was filled: ${value}`)
  const unverified = `whether field "${field}" shows its value is not known`
  return shown ? [filled] : [filled, permitted('FIELD_APPEARANCE_UNVERIFIED', unverified)]
}

function lockedBy(field: string, locks: SignatureLocks): JudgedChange | undefined {
  if (locks.documentPermission === 1) {
    return refused('NO_CHANGES_PERMITTED', `field "${field}" changed though nothing may`)
  }
  if (!locks.fieldLocks.some((lock) => locksField(lock, field))) return undefined
  return refused('FIELD_LOCKED', `field "${field}" changed though it is locked`)
}

/**
 * A new field with a place on the page, or with an appearance, can cover what was signed. A certification never permits
 * it (ISO 32000-2, table 257: fields may be filled and signed, not made); after other signatures it may come with a
 * signature over all of the document, whose maker answers for what is seen.
 */
function judgeSignature(
  change: Extract<RevisionChange, { kind: 'signature' }>,
  locks: SignatureLocks,
): JudgedChange {
  const { field } = change
  const shown = change.created && (change.visible || isSeenAtTheEnd(field, locks))
  const answered = change.visible && change.sealed && locks.documentPermission === undefined
  return shown && !answered
    ? shownField(`a signature was added in the new visible field "${field}"`)
    : permitted(
        'SIGNATURE_ADDED',
        `a signature was added in ${shown ? 'the new visible ' : ''}field "${field}"`,
      )
}

/**
 * A certification permits no new field that could be seen once it is signed. One that is drawn while it is empty must be
 * signed in the end: whoever signs answers for what is seen.
 */
function judgeSignatureField(
  { field, visible, drawn }: Extract<RevisionChange, { kind: 'signature-field' }>,
  locks: SignatureLocks,
): JudgedChange {
  const last = locks.signed?.file.latest
  const answered = !drawn || (last !== undefined && isSignedField(last, field))
  return visible && (locks.documentPermission !== undefined || !answered)
    ? shownField(`the visible signature field "${field}" was added`)
    : permitted('SIGNATURE_FIELD_ADDED', `the empty signature field "${field}" was added`)
}

/**
 * A certification of level 3 permits annotations (ISO 32000-2, table 257), and no other does. Where nothing is certified
 * nor the whole form locked, notes and links may be added, but nothing that draws over the page.
 */
function judgeAnnotation(
  { action, subtype, draws }: Extract<RevisionChange, { kind: 'annotation' }>,
  locks: SignatureLocks,
): JudgedChange {
  const message = `an annotation (${subtype}) was ${action}`
  const { documentPermission: permission, fieldLocks } = locks
  const isOpen = permission === undefined && !fieldLocks.some((lock) => lock.action === 'All')
  return permission === 3 || (isOpen && action === 'added' && !draws)
    ? permitted('ANNOTATION_CHANGED', message)
    : refused('ANNOTATION_NOT_PERMITTED', message)
}

/**
 * A document time-stamp (ETSI EN 319 142-1 clause 5.4.3) may follow whatever is locked, as long as it shows nothing
 * and takes no field that was locked when the signature was made.
 */
function judgeTimestamp(field: string, locks: SignatureLocks): JudgedChange {
  const existed =
    locks.signed !== undefined && readForm(locks.signed)?.fields.some(({ name }) => name === field) === true
  const locked = existed ? lockedBy(field, locks) : undefined
  if (locked !== undefined) return locked
  return isSeenAtTheEnd(field, locks)
    ? shownField(`a time-stamp was added in the visible field "${field}"`)
    : permitted('TIMESTAMP_ADDED', `a time-stamp was added in field "${field}"`)
}

/** A field that is signed changes no more, so that the last revision shows it as the one that signed it did. */
function isSeenAtTheEnd(name: string, locks: SignatureLocks): boolean {
  const last = locks.signed?.file.latest
  const field = last === undefined ? undefined : findField(readForm(last), name)
  return last !== undefined && field !== undefined && isSeen(last, field)
}

function isSignedField(snapshot: Snapshot, name: string): boolean {
  const field = findField(readForm(snapshot), name)
  return field !== undefined && isSigned(field)
}

function shownField(message: string): JudgedChange {
  return refused('VISIBLE_SIGNATURE_FIELD_ADDED', message)
}

function refused(code: LockedChange, message: string): JudgedChange {
  return { forbidden: true, code, message }
}

function permitted(code: PermittedChange, message: string): JudgedChange {
  return { forbidden: false, code, message }
}
