/** Whether a change to a field is a fill or a signature; every other one is forbidden. */
import { forbidden, type RevisionChange } from './change.ts'
import type { RevisionPair } from './compare-revisions.ts'
import { type FormField, isSigned, rectangleOf } from './form.ts'
import { fillFields } from './letter-fields.ts'
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
  if (keys.includes('Lock') && old.dict.entries.has('Lock')) {
    return forbidden('FIELD_CHANGED', `the lock of field "${name}" changed`)
  }
  if (keys.includes('AP') && !now.widgets.every((widget) => hasFreshAppearance(pair, widget.dict))) {
    return forbidden('FIELD_CHANGED', `the appearance of field "${name}" is not a new form of its own`)
  }
  return isFill ? judgeFill(old, now) : judgeSignature(pair, now, false)
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
function judgeFill(old: FormField, now: FormField): RevisionChange {
  const value = now.dict.entries.get('V')
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
  if (!isDict(signature) || (isReference(value) && !added.has(value.number))) {
    return forbidden('FIELD_CHANGED', `field "${field.name}" has a value that is no new signature`)
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
  if (field.type !== 'Sig' || field.value === null || !plain || !drawn) {
    return forbidden('FIELD_ADDED', `field "${field.name}" was added`)
  }
  return judgeSignature(pair, field, true)
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
  return isName(form.value.entries.get('Subtype'), 'Form') && !foreign
}
