/** Whether the changes after a signature are such as the signature allows. */
import type { ChangesAfter, Finding } from '../report.ts'
import type { RevisionChange } from './change.ts'
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
      return permitted('TIMESTAMP_ADDED', `a time-stamp was added in field "${change.field}"`)
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
 * A certification lets others sign in the fields it knows. A new field with a place on the page can cover what was
 * certified, so it is no signing in that sense; after a plain signature it is permitted and reported.
 */
function judgeSignature(
  change: Extract<RevisionChange, { kind: 'signature' }>,
  locks: SignatureLocks,
): JudgedChange {
  if (!change.created || !change.visible) {
    return permitted('SIGNATURE_ADDED', `a signature was added in field "${change.field}"`)
  }
  const message = `a signature was added in the new visible field "${change.field}"`
  return { forbidden: locks.documentPermission !== undefined, code: 'VISIBLE_SIGNATURE_FIELD_ADDED', message }
}

function permitted(code: string, message: string): JudgedChange {
  return { forbidden: false, code, message }
}
