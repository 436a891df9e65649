/** Whether the changes after a signature are such as the signature allows. */
import type { ChangesAfter, Finding } from '../report.ts'
import type { RevisionChange } from './change.ts'
import { findField, isSeen, readForm } from './form.ts'
import { locksField, type SignatureLocks } from './locks.ts'

export interface ChangesJudgement {
  readonly changesAfter: ChangesAfter
  readonly changes: readonly Finding[]
}

/** @param changes of all revisions after the one that was signed, in order */
export function judgeChanges(changes: readonly RevisionChange[], locks: SignatureLocks): ChangesJudgement {
  const judged = changes.map((change) => judgeChange(change, locks))
  return {
    changesAfter: judged.some((one) => one.forbidden)
      ? 'forbidden'
      : judged.length > 0
        ? 'permitted'
        : 'none',
    changes: judged.map(({ code, message }) => ({ code, message })),
  }
}

interface JudgedChange extends Finding {
  readonly forbidden: boolean
}

function judgeChange(change: RevisionChange, locks: SignatureLocks): JudgedChange {
  switch (change.kind) {
    case 'forbidden':
      return { forbidden: true, code: change.code, message: change.message }
    // Material for later validation is allowed whatever is locked (ETSI EN 319 142-1 clause 5.4, ISO 32000-2 12.8.2.2).
    case 'security-store':
      return permitted('SECURITY_STORE_ADDED', 'validation material was added')
    case 'timestamp':
      return judgeTimestamp(change.field, locks)
    case 'fill':
      return (
        lockedBy(change.field, locks) ??
        permitted('FIELD_FILLED', `field "${change.field}" was filled: ${change.value}`)
      )
    case 'signature':
      return lockedBy(change.field, locks) ?? judgeSignature(change, locks)
  }
}

function lockedBy(field: string, locks: SignatureLocks): JudgedChange | undefined {
  if (locks.documentPermission === 1) {
    return {
      forbidden: true,
      code: 'NO_CHANGES_PERMITTED',
      message: `field "${field}" changed though nothing may`,
    }
  }
  if (!locks.fieldLocks.some((lock) => locksField(lock, field))) return undefined
  return { forbidden: true, code: 'FIELD_LOCKED', message: `field "${field}" changed though it is locked` }
}

/**
 * A new field with a place on the page, or with an appearance, can cover what was signed: nobody who signs in it needs
 * that, since the fields of a letter exist before its first signature.
 */
function judgeSignature(
  change: Extract<RevisionChange, { kind: 'signature' }>,
  locks: SignatureLocks,
): JudgedChange {
  const { field } = change
  const shown = change.created && (change.visible || isSeenAtTheEnd(field, locks))
  return shown
    ? shownField(`a signature was added in the new visible field "${field}"`)
    : permitted('SIGNATURE_ADDED', `a signature was added in field "${field}"`)
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

function shownField(message: string): JudgedChange {
  return { forbidden: true, code: 'VISIBLE_SIGNATURE_FIELD_ADDED', message }
}

function permitted(code: string, message: string): JudgedChange {
  return { forbidden: false, code, message }
}
