/** What changed in the dictionary of the form (ISO 32000-2, 12.7.3). */
import { forbidden, harmless, type RevisionChange } from './change.ts'
import { type Comparison, keysOf } from './comparison.ts'
import { showsItsCaption, showsItsValue } from './field-appearance.ts'
import { type Form, type FormField, signatureFlags } from './form.ts'
import { inheritedEntry } from './inherited-entry.ts'
import {
  isArray,
  isDict,
  isInteger,
  isName,
  isReference,
  isString,
  type PdfDict,
  type PdfValue,
  sameValue,
  textOf,
} from './objects.ts'
import type { Snapshot } from './snapshot.ts'

/** @param filled full names of the fields that the same revision filled */
export function* compareFormDicts(
  comparison: Comparison,
  old: Form | undefined,
  now: Form | undefined,
  filled: ReadonlySet<string>,
): Generator<RevisionChange> {
  if (old === undefined && now === undefined) return
  if (now === undefined) {
    yield forbidden('FORM_CHANGED', 'the form was removed')
    return
  }
  if (now.acroForm.duplicates !== undefined) yield forbidden('FORM_CHANGED', 'a key of the form stands twice')
  if (old?.reference !== undefined) comparison.judge(old.reference.number)
  for (const key of keysOf(old?.acroForm, now.acroForm)) {
    yield* compareEntry(comparison, old, now, key, filled)
  }
  const kept = sameValue(now.acroForm.entries.get('SigFlags'), old?.acroForm.entries.get('SigFlags'))
  if (!kept && !isInteger(now.acroForm.entries.get('SigFlags')))
    yield forbidden('FORM_CHANGED', 'the flags of the form are no number')
  const flags = signatureFlags(comparison.before, old?.acroForm)
  if ((signatureFlags(comparison.after, now.acroForm) & flags) !== flags) {
    yield forbidden('FORM_CHANGED', 'flags of the form were taken away')
  }
  if (old !== undefined && !isExtended(comparison, old.acroForm, now.acroForm)) {
    yield forbidden('FORM_CHANGED', 'fields of the form were removed or reordered')
  }
}

function* compareEntry(
  comparison: Comparison,
  old: Form | undefined,
  now: Form,
  key: string,
  filled: ReadonlySet<string>,
): Generator<RevisionChange> {
  if (key === 'Fields' || key === 'SigFlags') return
  const [value, current] = [old?.acroForm.entries.get(key), now.acroForm.entries.get(key)]
  if (comparison.same(value, current, key === 'DR' ? 'drawn' : 'told')) return
  const changed = `/${key} of the form changed`
  if (key === 'NeedAppearances') yield* compareNeedAppearances(comparison, old, now, filled)
  else if (key === 'DR' && addsResources(comparison, old, now)) yield* addedDefaults(old, changed)
  else if (key === 'DA' && value === undefined && isString(comparison.after.resolve(current)))
    yield* addedDefaults(old, changed)
  else yield forbidden('FORM_CHANGED', changed)
}

/** A first form may bring the defaults that its fields draw with; they mean nothing to signature fields. */
function* addedDefaults(old: Form | undefined, message: string): Generator<RevisionChange> {
  if (old !== undefined) yield harmless('FORM_DEFAULTS_ADDED', message)
}

/**
 * A viewer that draws fields anew shows their values: that changes nothing where every field that the revision did not
 * fill shows its value already. Drawing by the appearances as they are is what they were signed as.
 */
function* compareNeedAppearances(
  comparison: Comparison,
  old: Form | undefined,
  now: Form,
  filled: ReadonlySet<string>,
): Generator<RevisionChange> {
  const { before, after } = comparison
  const needed = after.entry(now.acroForm, 'NeedAppearances')
  const others = (old?.fields ?? []).filter(({ name }) => !filled.has(name))
  if (needed === false || needed === null) {
    // Fields that have no appearance, or another one, were drawn by the viewer and are not drawn like that any more.
    if (!showValues(before, others)) yield forbidden('FORM_CHANGED', '/NeedAppearances of the form changed')
    else if (old !== undefined) yield harmless('FORM_REDRAWN', 'fields are drawn by their appearances')
    return
  }
  const allShown = showValues(before, others) && !hasOtherWidgets(comparison)
  if (needed === true && allShown && (filled.size > 0 || old === undefined)) {
    if (old !== undefined) yield harmless('FORM_REDRAWN', 'fields are to be drawn anew')
    else yield { kind: 'rewritten', message: 'the new form has its fields drawn by viewers' }
  } else yield forbidden('FORM_CHANGED', '/NeedAppearances of the form changed')
}

function isText({ type, value }: FormField): boolean {
  return (type === 'Tx' || type === 'Ch') && value !== null
}

/** Whether a viewer that draws fields by their values and captions draws what their appearances show. */
function showValues(snapshot: Snapshot, fields: readonly FormField[]): boolean {
  return fields.every((field) => {
    const isEmpty = field.widgets.every(({ dict }) => snapshot.entry(dict, 'AP') === null)
    if (field.type === 'Btn')
      return isEmpty || field.widgets.every(({ dict }) => showsItsCaption(snapshot, dict))
    if (field.type !== 'Tx' && field.type !== 'Ch') return true
    return (field.value === null && isEmpty) || showsItsValue(snapshot, field) === 'shown'
  })
}

/** Widgets on pages that belong to no field of the form: some viewers draw them anew as well. */
function hasOtherWidgets({ before, structure, widgets }: Comparison): boolean {
  return [...structure.pages.values()].some(({ dict, kids }) => {
    const annotations = kids === undefined ? (before.arrayEntry(dict, 'Annots')?.items ?? []) : []
    before.file.countVisits(annotations.length)
    return annotations.some((item) => {
      const annotation = before.resolve(item)
      const isKnown = isReference(item) && widgets.has(item.number)
      return !isKnown && isDict(annotation) && isName(before.entry(annotation, 'Subtype'), 'Widget')
    })
  })
}

/** How deep the default resources are: their kinds, and the names of each kind. */
const resourceLevels = 2

/**
 * Whether resources that were there are as they were, and the names of new ones are of no field that has a value
 * already: such a field would be drawn with them when it is drawn anew.
 */
function addsResources(comparison: Comparison, old: Form | undefined, now: Form): boolean {
  const names = new Set<string>()
  const [value, current] = [old?.acroForm.entries.get('DR'), now.acroForm.entries.get('DR')]
  if (!isSuperset(comparison, value, current, resourceLevels, names)) return false
  const { before } = comparison
  return (old?.fields ?? []).filter(isText).every((field) => {
    const style = fontOf(inheritedEntry(before, field.dict, 'DA') ?? old?.acroForm.entries.get('DA') ?? null)
    return style === undefined || !names.has(style)
  })
}

function isSuperset(
  comparison: Comparison,
  old: PdfValue | undefined,
  now: PdfValue | undefined,
  levels: number,
  names: Set<string>,
): boolean {
  if (comparison.same(old, now, 'drawn')) return true
  const [value, current] = [comparison.before.resolve(old), comparison.after.resolve(now)]
  if (levels === 0) return value === null
  // The kind /ProcSet is a list that nobody reads any more.
  if (value === null && isArray(current)) return true
  if (!isDict(current) || current.duplicates !== undefined) return false
  if (isReference(now) && comparison.after.target(now)?.stream !== undefined) return false
  if (value !== null && !isDict(value)) return false
  if (isReference(old)) comparison.judge(old.number)
  for (const key of keysOf(value ?? undefined, current)) {
    if (value?.entries.has(key) !== true && levels === 1) names.add(key)
    const [one, other] = [value?.entries.get(key), current.entries.get(key)]
    if (!isSuperset(comparison, one, other, levels - 1, names)) return false
  }
  return true
}

/** The name of the font in a default appearance string (12.7.4.3). */
function fontOf(value: PdfValue): string | undefined {
  return isString(value) ? /\/([^\s/[\]<>()]+)\s+[\d.+-]+\s+Tf/.exec(textOf(value))?.[1] : undefined
}

/** Fields may be added behind those that are there; what is added is judged as a field. */
function isExtended(comparison: Comparison, old: PdfDict, now: PdfDict): boolean {
  const { before, after } = comparison
  const [fields, current] = [before.entry(old, 'Fields'), after.entry(now, 'Fields')]
  const reference = old.entries.get('Fields')
  if (isReference(reference)) comparison.judge(reference.number)
  if (fields === null) return current === null || isArray(current)
  if (!isArray(fields) || !isArray(current)) return false
  return (
    fields.items.every((item, i) => sameValue(item, current.items[i])) &&
    current.items.slice(fields.items.length).every(isReference)
  )
}
