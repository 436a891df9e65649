/** Whether a change to a field is a fill or a signature; every other one is forbidden. */
import { forbidden, type RevisionChange } from './change.ts'
import type { RevisionPair } from './compare-revisions.ts'
import { type FormField, isSigned, rectangleOf } from './form.ts'
import { fillFields, fillPatterns } from './letter-fields.ts'
import {
  differingKeys,
  isDict,
  isInteger,
  isName,
  isReference,
  isString,
  type PdfDict,
  sameValue,
  textOf,
} from './objects.ts'
import { fitsItsBox, isFillBox, isSignatureBox } from './widget-box.ts'

/** A field of which the field or a widget was modified, as it was and as it is. */
export function judgeField(pair: RevisionPair, old: FormField, now: FormField): RevisionChange {
  const { name } = old
  if (isSigned(old) && !sameValue(old.value, now.value)) {
    return forbidden('SIGNATURE_CHANGED', `the signature in field "${name}" was removed or replaced`)
  }
  const isFill = old.type === 'Tx' && fillFields.includes(name)
  const isSignature = old.type === 'Sig' && !isSigned(old)
  const keys = changedKeys(pair, old)
  if (keys === undefined || (!isFill && !isSignature)) {
    return forbidden('FIELD_CHANGED', `field "${name}" changed`)
  }
  const allowed = isFill ? ['V', 'AP'] : ['V', 'AP', 'Lock', ...(isStillShown(pair, old) ? ['F'] : [])]
  const other = keys.filter((key) => !allowed.includes(key))
  if (other.length > 0) return forbidden('FIELD_CHANGED', `/${other.join(' /')} of field "${name}" changed`)
  if (keys.includes('Lock') && (old.dict.entries.has('Lock') || !isPlainLock(pair, now))) {
    return forbidden('FIELD_CHANGED', `the lock of field "${name}" changed`)
  }
  if (keys.includes('AP') && !now.widgets.every((widget) => hasFreshAppearance(pair, widget.dict))) {
    return forbidden('FIELD_CHANGED', `the appearance of field "${name}" is not a new form of its own`)
  }
  return isFill ? judgeFill(pair, old, now) : judgeSignature(pair, now, false)
}

/** Invisible, Hidden, NoView and ToggleNoView (ISO 32000-2, table 167): what decides whether a widget is seen. */
const visibilityFlags = 1 | 2 | 32 | 256

/** Whether changed flags of the field's widgets leave alone what is seen: programs lock a widget as they sign. */
function isStillShown({ modified }: RevisionPair, field: FormField): boolean {
  return [field, ...field.widgets].every(({ reference, dict }) => {
    const now = modified.get(reference.number)?.after.value
    const [a, b] = [
      dict.entries.get('F') ?? 0,
      isDict(now) ? (now.entries.get('F') ?? 0) : (dict.entries.get('F') ?? 0),
    ]
    return isInteger(a) && isInteger(b) && ((a ^ b) & visibilityFlags) === 0
  })
}

/** Keys that differ in the field or its widgets; undefined when it is not dictionaries that were changed. */
function changedKeys({ modified }: RevisionPair, field: FormField): string[] | undefined {
  const keys = new Set<string>()
  for (const { reference } of [field, ...field.widgets]) {
    const object = modified.get(reference.number)
    if (object === undefined) continue
    const { before, after } = object
    if (!isDict(before.value) || !isDict(after.value) || after.stream !== undefined) return undefined
    if (after.value.duplicates !== undefined || before.generation !== after.generation) return undefined
    for (const key of differingKeys(before.value, after.value)) keys.add(key)
  }
  return [...keys]
}

/** Both value and appearance must be new: one without the other would let them disagree. */
function judgeFill(pair: RevisionPair, old: FormField, now: FormField): RevisionChange {
  const value = now.dict.entries.get('V')
  const filled = isString(old.value) ? old.value.bytes.length > 0 : old.value !== null
  if (filled) return forbidden('FIELD_CHANGED', `field "${now.name}" was filled a second time`)
  if (isString(value) && fillPatterns[now.name]?.test(textOf(value)) !== true) {
    return forbidden('FIELD_CHANGED', `the value of field "${now.name}" is not of its kind`)
  }
  const [widget, another] = now.widgets
  if (widget === undefined || another !== undefined || !isFillBox(pair.after, widget)) {
    return forbidden('FIELD_CHANGED', `field "${now.name}" has no box of the size of a line`)
  }
  if (!isString(value) || sameValue(value, old.value)) {
    return forbidden('FIELD_CHANGED', `the appearance of field "${now.name}" changed without its value`)
  }
  const shown = now.widgets.every(
    (widget, i) => !sameValue(widget.dict.entries.get('AP'), old.widgets[i]?.dict.entries.get('AP')),
  )
  if (!shown)
    return forbidden('FIELD_CHANGED', `the value of field "${now.name}" changed without its appearance`)
  return { kind: 'fill', field: now.name, value: textOf(value) }
}

function judgeSignature(pair: RevisionPair, field: FormField, created: boolean): RevisionChange {
  const { after, added } = pair
  const signature = after.resolve(field.value)
  const { value } = field
  const isNew = !isReference(value) || (added.has(value.number) && after.target(value)?.stream === undefined)
  if (!isDict(signature) || !isNew) {
    return forbidden('FIELD_CHANGED', `field "${field.name}" has a value that is no new signature`)
  }
  if (!field.widgets.every((widget) => !widget.dict.entries.has('AP') || isSignatureBox(after, widget))) {
    return forbidden('FIELD_CHANGED', `the box of field "${field.name}" takes too much of its page`)
  }
  const visible = field.widgets.some((widget) => {
    const box = rectangleOf(after, widget.dict)
    return box.width > 0 && box.height > 0
  })
  const isTimestamp = isName(after.entry(signature, 'SubFilter'), 'ETSI.RFC3161')
  if (!isTimestamp) return { kind: 'signature', field: field.name, created, visible }
  return created && visible
    ? forbidden('FIELD_ADDED', `the field "${field.name}" of a time-stamp is visible`)
    : { kind: 'timestamp', field: field.name }
}

/** Entries of a signature field and its widget that neither act nor draw beyond their own box. */
const newFieldKeys: ReadonlySet<string> = new Set([
  ...['Type', 'Subtype', 'FT', 'T', 'TU', 'TM', 'Ff', 'V', 'Lock', 'SV', 'DA', 'Q', 'Kids'],
  ...['Rect', 'P', 'F', 'AP', 'AS', 'NM', 'M', 'MK', 'BS', 'Border', 'H', 'Parent'],
])

/** A field that the form did not have. */
export function judgeNewField(pair: RevisionPair, field: FormField): RevisionChange {
  const parts = [field, ...field.widgets]
  const plain = parts.every(({ reference, dict }) => {
    const known = [...dict.entries.keys()].every((key) => newFieldKeys.has(key))
    return known && dict.duplicates === undefined && pair.added.has(reference.number)
  })
  const drawn = field.widgets.every(({ dict }) => {
    const isWidget = isName(dict.entries.get('Subtype'), 'Widget')
    return isWidget && (!dict.entries.has('AP') || hasFreshAppearance(pair, dict))
  })
  const locked = field.dict.entries.has('Lock') && !isPlainLock(pair, field)
  if (field.type !== 'Sig' || field.value === null || !plain || !drawn || locked) {
    return forbidden('FIELD_ADDED', `field "${field.name}" was added`)
  }
  return judgeSignature(pair, field, true)
}

/** A lock (12.7.5.5, table 236) that is a dictionary and nothing else. */
function isPlainLock({ after }: RevisionPair, field: FormField): boolean {
  const entry = field.dict.entries.get('Lock') ?? null
  const lock = after.resolve(entry)
  if (!isDict(lock) || lock.duplicates !== undefined) return false
  if (isReference(entry) && after.target(entry)?.stream !== undefined) return false
  const type = lock.entries.get('Type')
  const known = [...lock.entries.keys()].every((key) => ['Type', 'Action', 'Fields', 'P'].includes(key))
  return known && (type === undefined || isName(type, 'SigFieldLock'))
}

/** An appearance of one new form XObject (8.10), which draws inside its widget and takes nothing from elsewhere. */
function hasFreshAppearance({ after, added }: RevisionPair, widget: PdfDict): boolean {
  const appearance = after.entry(widget, 'AP')
  if (!isDict(appearance) || appearance.duplicates !== undefined) return false
  const normal = appearance.entries.get('N')
  if (!isReference(normal) || appearance.entries.size !== 1 || !added.has(normal.number)) return false
  const form = after.target(normal)
  if (form?.stream === undefined || !isDict(form.value) || form.value.duplicates !== undefined) return false
  const foreign = ['Ref', 'OPI', 'PS', 'Subtype2', 'OC'].some(
    (key) => isDict(form.value) && form.value.entries.has(key),
  )
  return (
    isName(form.value.entries.get('Subtype'), 'Form') && !foreign && fitsItsBox(after, form.value, widget)
  )
}
