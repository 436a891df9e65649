/** Whether what happened to a signature field is that somebody signed in it. */
import { readSignedBytes } from './byte-range.ts'
import { forbidden, harmless, type RevisionChange } from './change.ts'
import type { Comparison } from './comparison.ts'
import { coverageOf } from './coverage.ts'
import { hasStates, isFormOf, keepsVisibility } from './field-appearance.ts'
import { type FormField, isSeen, isSigned, rectangleOf } from './form.ts'
import { isDict, isInteger, isName, isReference, sameValue } from './objects.ts'
import { isCovering } from './overlay.ts'
import { isSignatureBox } from './widget-box.ts'

/** @param keys those that differ in the field or a widget of it */
export function judgeSignatureField(
  comparison: Comparison,
  old: FormField,
  now: FormField,
  keys: ReadonlySet<string>,
): RevisionChange {
  const { name } = old
  if (isSigned(old)) {
    if (keys.size === 1 && keys.has('Ff') && isProtected(comparison, old, now))
      return harmless('FIELD_PROTECTED', `field "${name}" became read-only`)
    return forbidden('SIGNATURE_CHANGED', `the signature in field "${name}" was removed or replaced`)
  }
  const allowed = [
    'V',
    'AP',
    'Lock',
    'Type',
    'M',
    'MK',
    'DA',
    'Ff',
    'AS',
    ...(keepsVisibility(old, now) ? ['F'] : []),
    ...(losesItsBox(comparison, old, now) ? ['Rect'] : []),
  ]
  const other = [...keys].filter((key) => !allowed.includes(key))
  if (other.length > 0) return forbidden('FIELD_CHANGED', `/${other.join(' /')} of field "${name}" changed`)
  if (keys.has('Lock') && (old.dict.entries.has('Lock') || !isPlainLock(comparison, now))) {
    return forbidden('FIELD_CHANGED', `the lock of field "${name}" changed`)
  }
  if (keys.has('AS') && now.widgets.some(({ dict }) => hasStates(comparison.after, dict)))
    return forbidden('FIELD_CHANGED', `the state of field "${name}" changed`)
  if (keys.has('Type') && !getsType(old, now))
    return forbidden('FIELD_CHANGED', `/Type of field "${name}" changed`)
  if (keys.has('Ff') && !isProtected(comparison, old, now))
    return forbidden('FIELD_CHANGED', `the flags of field "${name}" changed`)
  if (
    keys.has('AP') &&
    !now.widgets.every((widget, i) => isFormOf(comparison, widget.dict, old.widgets[i]?.dict))
  ) {
    return forbidden('FIELD_CHANGED', `the appearance of field "${name}" is not a new form of its own`)
  }
  if (keys.has('AP')) for (const { dict } of old.widgets) comparison.judgeAll(dict.entries.get('AP'))
  if (now.value !== null) {
    const isPlain = [...keys].every((key) => ['V', 'AP', 'Lock', 'F'].includes(key))
    const isNew = !keys.has('AP') || now.widgets.every(({ dict }) => isFormOf(comparison, dict))
    return judgeSignatureIn(comparison, now, { created: false, plain: isPlain && isNew })
  }
  return keys.size === 1 && keys.has('Type')
    ? { kind: 'rewritten', message: `field "${name}" got its type` }
    : forbidden('FIELD_CHANGED', `field "${name}" changed though nobody signed in it`)
}

/** Whether a type changed only in that a widget got the one that is its own (table 166). */
export function getsType(old: FormField, now: FormField): boolean {
  const types = (field: FormField) => [field, ...field.widgets].map(({ dict }) => dict.entries.get('Type'))
  const [before, after] = [types(old), types(now)]
  return before.every(
    (type, i) => sameValue(type, after[i]) || (type === undefined && isName(after[i], 'Annot')),
  )
}

/** Whether a field that showed nothing takes no place any more, as some programs do when they sign invisibly. */
function losesItsBox({ before, after }: Comparison, old: FormField, now: FormField): boolean {
  return (
    now.value !== null &&
    !isSeen(after, now) &&
    old.widgets.every(({ dict }) => before.entry(dict, 'AP') === null && !dict.entries.has('MK'))
  )
}

/** Whether nothing of the flags changed but that the field became read-only (table 227). */
export function isProtected({ before, after }: Comparison, old: FormField, now: FormField): boolean {
  return [old, ...old.widgets].every((part, i) => {
    const counterpart = [now, ...now.widgets][i]
    if (counterpart === undefined) return false
    const flags = before.entry(part.dict, 'Ff') ?? 0
    const current = after.entry(counterpart.dict, 'Ff') ?? 0
    return isInteger(flags) && isInteger(current) && (current | 1) === (flags | 1) && current >= flags
  })
}

/** How much of a page the signatures take that this project makes. */
const usualShare = 1 / 3

interface SigningCircumstances {
  /** The field is new as well. */
  readonly created: boolean
  readonly plain: boolean
}

export function judgeSignatureIn(
  comparison: Comparison,
  field: FormField,
  { created, plain }: SigningCircumstances,
): RevisionChange {
  const { after, added } = comparison
  const signature = after.resolve(field.value)
  const { value } = field
  const isNew = !isReference(value) || (added.has(value.number) && after.target(value)?.stream === undefined)
  if (!isDict(signature) || !isNew) {
    return forbidden('FIELD_CHANGED', `field "${field.name}" has a value that is no new signature`)
  }
  // Without an appearance a viewer draws what /MK says.
  const isLarge = (share?: number) =>
    field.widgets.some((widget) => {
      const isDrawn = ['AP', 'MK'].some((key) => widget.dict.entries.has(key))
      return isDrawn && !isSignatureBox(after, widget, share)
    })
  if (isLarge()) {
    return forbidden('FIELD_CHANGED', `the box of field "${field.name}" takes too much of its page`)
  }
  const visible = field.widgets.some((widget) => {
    const box = rectangleOf(after, widget.dict)
    return box.width > 0 && box.height > 0
  })
  if (created && visible && isCovering(comparison, field)) {
    return forbidden('SIGNATURE_COVERED', `the new field "${field.name}" lies over an earlier signature`)
  }
  const isTimestamp = isName(after.entry(signature, 'SubFilter'), 'ETSI.RFC3161')
  if (!isTimestamp) {
    const sealed = isSealed(comparison, field)
    return {
      kind: 'signature',
      field: field.name,
      created,
      visible,
      sealed,
      plain: plain && !isLarge(usualShare),
    }
  }
  return created && visible
    ? forbidden('FIELD_ADDED', `the field "${field.name}" of a time-stamp is visible`)
    : { kind: 'timestamp', field: field.name }
}

/** Whether the signature covers the revision in which it was made, to the end. */
function isSealed({ after }: Comparison, { value, reference }: FormField): boolean {
  const { file } = after
  const holder = isReference(value) ? after.target(value) : after.target(reference)
  const dict = isReference(value) ? holder?.value : value
  if (!isDict(dict) || holder?.span === undefined) return false
  // What is wrong with the contents makes the signature itself fail.
  const { range, faults } = readSignedBytes(file.bytes, dict)
  if (range === undefined || faults.some((fault) => fault.startsWith('BYTE_RANGE'))) return false
  return coverageOf(file, range).revision === after.revision
}

/** A lock (12.7.5.5, table 236) that is a dictionary and nothing else. */
export function isPlainLock({ after }: Comparison, field: FormField): boolean {
  const entry = field.dict.entries.get('Lock') ?? null
  const lock = after.resolve(entry)
  if (!isDict(lock) || lock.duplicates !== undefined) return false
  if (isReference(entry) && after.target(entry)?.stream !== undefined) return false
  const type = lock.entries.get('Type')
  const known = [...lock.entries.keys()].every((key) => ['Type', 'Action', 'Fields', 'P'].includes(key))
  return known && (type === undefined || isName(type, 'SigFieldLock'))
}
