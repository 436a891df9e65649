/** What changed in the form: its dictionary, its fields, and the fields that were added. */
import { forbidden, type RevisionChange } from './change.ts'
import { compareFormDicts } from './compare-form-dicts.ts'
import { comparePages } from './compare-pages.ts'
import type { Comparison } from './comparison.ts'
import type { Form, FormField } from './form.ts'
import { judgeField } from './judge-field.ts'
import { judgeNewField, judgeNewParents } from './judge-new-field.ts'
import { isArray, isDict, isReference, type PdfDict, type PdfValue, sameValue } from './objects.ts'

export function* compareForms(comparison: Comparison): Generator<RevisionChange> {
  const old = comparison.structure.form
  const now = comparison.structureAfter.form
  const known = new Map((old?.fields ?? []).map((field) => [field.reference.number, field]))
  const current = new Map((now?.fields ?? []).map((field) => [field.reference.number, field]))
  const created = [...current.values()].filter((field) => !known.has(field.reference.number))
  const changes: RevisionChange[] = []
  for (const [number, field] of known) {
    const counterpart = current.get(number)
    if (counterpart === undefined) changes.push(forbidden('FIELD_CHANGED', `field "${field.name}" is gone`))
    else changes.push(...compareField(comparison, field, counterpart))
  }
  const filled = new Set(changes.flatMap((change) => (change.kind === 'fill' ? [change.field] : [])))
  yield* compareFormDicts(comparison, old, now, filled)
  yield* changes
  yield* compareParents(comparison, old)
  const names = new Set((old?.fields ?? []).map((field) => field.name))
  for (const field of created) {
    if (names.has(field.name)) yield forbidden('FIELD_ADDED', `a second field "${field.name}" was added`)
    else yield judgeNewField(comparison, field)
    names.add(field.name)
  }
  yield* judgeNewParents(comparison, old, now)
  yield* comparePages(
    comparison,
    new Set(created.flatMap((field) => field.widgets.map((widget) => widget.reference.number))),
  )
}

function* compareField(comparison: Comparison, old: FormField, now: FormField): Generator<RevisionChange> {
  const numbers = [old, ...old.widgets].map(({ reference }) => reference.number)
  if (numbers.some((number) => comparison.isTouched(number))) {
    yield* compareAncestors(comparison, old)
    if (old.name !== now.name || old.type !== now.type) {
      yield forbidden('FIELD_CHANGED', `field "${old.name}" has another name or type`)
    }
    yield* judgeField(comparison, old, now)
  } else if (!sameValue(old.value, now.value) || old.name !== now.name || old.type !== now.type) {
    yield forbidden('FIELD_CHANGED', `field "${old.name}" changed through an ancestor`)
  }
}

/** Whom a field calls its parent is compared even where the tree does not lead there. */
function* compareAncestors(comparison: Comparison, { name, dict }: FormField): Generator<RevisionChange> {
  const seen = new Set<number>()
  for (let parent = dict.entries.get('Parent') ?? null; isReference(parent) && !seen.has(parent.number); ) {
    seen.add(parent.number)
    if (!comparison.parts.has(parent.number)) {
      if (!comparison.same(parent, parent, 'told'))
        yield forbidden('FIELD_CHANGED', `field "${name}" changed through an ancestor`)
      return
    }
    const holder: PdfValue = comparison.before.resolve(parent)
    parent = isDict(holder) ? (holder.entries.get('Parent') ?? null) : null
  }
}

/** Fields that have fields beneath them: nothing of them may change. */
function* compareParents(comparison: Comparison, old: Form | undefined): Generator<RevisionChange> {
  const { before, after } = comparison
  for (const number of old?.parents ?? []) {
    if (!comparison.isTouched(number)) continue
    const [dict, now] = [before, after].map((snapshot) => snapshot.object(number))
    if (!isDict(dict?.value) || !isDict(now?.value) || now.stream !== undefined) continue
    const differing = comparison.differences(dict.value, now.value, () => 'told')
    if (differing.length === 0 && sameKids(comparison, dict.value, now.value)) comparison.judge(number)
    else yield forbidden('FIELD_CHANGED', `/${differing.join(' /')} of field object ${number} changed`)
  }
}

function sameKids({ before, after }: Comparison, old: PdfDict, now: PdfDict): boolean {
  const [kids, current] = [before.entry(old, 'Kids'), after.entry(now, 'Kids')]
  if (!isArray(kids) || !isArray(current)) return false
  return (
    kids.items.length === current.items.length &&
    kids.items.every((kid, i) => sameValue(kid, current.items[i]))
  )
}
