/** What changed in the form: its dictionary, its fields, and the fields that were added. */
import { forbidden, type RevisionChange } from './change.ts'
import { comparePages } from './compare-pages.ts'
import type { RevisionPair } from './compare-revisions.ts'
import { isExtended } from './extended-array.ts'
import { type Form, readForm, signatureFlags } from './form.ts'
import { judgeField, judgeNewField } from './judge-field.ts'
import { differingKeys, isInteger, type PdfDict, sameValue } from './objects.ts'

export function* compareForms(pair: RevisionPair): Generator<RevisionChange> {
  const { before, after, modified } = pair
  const old = readForm(before)
  const now = readForm(after)
  const known = new Map((old?.fields ?? []).map((field) => [field.reference.number, field]))
  const current = new Map((now?.fields ?? []).map((field) => [field.reference.number, field]))
  yield* compareFormDicts(pair, old, now)
  for (const [number, field] of known) {
    const parts = [number, ...field.widgets.map((widget) => widget.reference.number)]
    const counterpart = current.get(number)
    if (counterpart === undefined) yield forbidden('FIELD_CHANGED', `field "${field.name}" is gone`)
    else if (parts.some((part) => modified.has(part))) {
      for (const part of parts) pair.judged.add(part)
      yield judgeField(pair, field, counterpart)
    } else if (!sameValue(field.value, counterpart.value) || field.name !== counterpart.name) {
      yield forbidden('FIELD_CHANGED', `field "${field.name}" changed through an ancestor`)
    }
  }
  const created = [...current.values()].filter((field) => !known.has(field.reference.number))
  const names = new Set((old?.fields ?? []).map((field) => field.name))
  for (const field of created) {
    yield names.has(field.name)
      ? forbidden('FIELD_ADDED', `a second field "${field.name}" was added`)
      : judgeNewField(pair, field)
  }
  yield* comparePages(
    pair,
    new Set(created.flatMap((field) => field.widgets.map((widget) => widget.reference.number))),
  )
}

function* compareFormDicts(
  pair: RevisionPair,
  old: Form | undefined,
  now: Form | undefined,
): Generator<RevisionChange> {
  if (old === undefined && now === undefined) return
  if (now === undefined) {
    yield forbidden('FORM_CHANGED', 'the form was removed')
    return
  }
  if (now.acroForm.duplicates !== undefined) yield forbidden('FORM_CHANGED', 'a key of the form stands twice')
  // A first form may bring the defaults that its fields draw with; they mean nothing to signature fields.
  const free = new Set(old === undefined ? ['Fields', 'SigFlags', 'DA', 'DR'] : ['Fields', 'SigFlags'])
  const empty: PdfDict = { kind: 'dict', entries: new Map() }
  for (const key of differingKeys(old?.acroForm ?? empty, now.acroForm)) {
    if (!free.has(key)) yield forbidden('FORM_CHANGED', `/${key} of the form changed`)
  }
  const flagged = now.acroForm.entries.get('SigFlags')
  const kept = sameValue(flagged, old?.acroForm.entries.get('SigFlags'))
  if (!kept && !isInteger(flagged)) yield forbidden('FORM_CHANGED', 'the flags of the form are no number')
  const flags = signatureFlags(pair.before, old?.acroForm)
  if ((signatureFlags(pair.after, now.acroForm) & flags) !== flags) {
    yield forbidden('FORM_CHANGED', 'flags of the form were taken away')
  }
  if (old === undefined) return
  if (old.reference !== undefined) pair.judged.add(old.reference.number)
  if (!isExtended(pair, old.acroForm, now.acroForm, 'Fields')) {
    yield forbidden('FORM_CHANGED', 'fields of the form were removed or reordered')
  }
}
