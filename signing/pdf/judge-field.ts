/** Whether a change to a field is a fill or a signature; every other one is forbidden. */
import { forbidden, harmless, type RevisionChange } from './change.ts'
import type { Comparison, Manner } from './comparison.ts'
import { hasStates, isFormOf, keepsVisibility, showsItsValue } from './field-appearance.ts'
import type { FormField } from './form.ts'
import { judgeButton } from './judge-button.ts'
import { getsType, isProtected, judgeSignatureField } from './judge-signature-field.ts'
import { fillFields, fillPatterns } from './letter-fields.ts'
import { isArray, isString, type PdfDict, type PdfValue, sameValue, textOf } from './objects.ts'
import { isFillBox, isSignatureBox } from './widget-box.ts'

/** The changes to a field that the form had, as it was and as it is; none where only the writing differs. */
export function* judgeField(
  comparison: Comparison,
  old: FormField,
  now: FormField,
): Generator<RevisionChange> {
  const { name } = old
  const keys = changedKeys(comparison, old, now)
  if (keys === undefined) {
    yield forbidden('FIELD_CHANGED', `field "${name}" changed`)
    return
  }
  for (const { reference } of [old, ...old.widgets]) comparison.judge(reference.number)
  if (keys.size === 0) return
  if (old.type === 'Sig') yield judgeSignatureField(comparison, old, now, keys)
  else if (old.type === 'Tx' && fillFields.includes(name)) yield judgeLetterFill(comparison, old, now, keys)
  else yield judgeFill(comparison, old, now, keys)
}

/** Keys that differ in the field or its widgets; undefined when the widgets are others or are no plain dictionaries. */
function changedKeys(
  comparison: Comparison,
  old: FormField,
  now: FormField,
): ReadonlySet<string> | undefined {
  const keys = new Set<string>()
  const parts = [old, ...old.widgets]
  const counterparts = [now, ...now.widgets]
  if (parts.length !== counterparts.length) return undefined
  for (const [i, part] of parts.entries()) {
    const counterpart = counterparts[i]
    if (counterpart === undefined || !sameValue(part.reference, counterpart.reference)) return undefined
    if (comparison.after.target(part.reference)?.stream !== undefined) return undefined
    if (counterpart.dict.duplicates !== undefined) return undefined
    for (const key of comparison.differences(part.dict, counterpart.dict, mannerOf)) {
      if (!isOwnPage(comparison, key, part.dict, counterpart.dict)) keys.add(key)
    }
  }
  return keys
}

function mannerOf(key: string): Manner {
  return key === 'AP' || key === 'MK' ? 'drawn' : 'told'
}

/** A widget may be told on which page it is; where it is shown is told by the page. */
function isOwnPage(comparison: Comparison, key: string, old: PdfDict, now: PdfDict): boolean {
  const page = now.entries.get('P') ?? null
  return (
    key === 'P' &&
    !old.entries.has('P') &&
    typeof page === 'object' &&
    page?.kind === 'reference' &&
    comparison.parts.has(page.number)
  )
}

/** What a fill writes, and what programs write beside it. */
const fillKeys: ReadonlySet<string> = new Set([
  ...['V', 'AP', 'AS', 'RV', 'I', 'TI', 'DA', 'Q', 'Ff', 'M', 'Type', 'Opt'],
])

function judgeFill(
  comparison: Comparison,
  old: FormField,
  now: FormField,
  keys: ReadonlySet<string>,
): RevisionChange {
  const { name } = old
  const other = [...keys].filter((key) => !fillKeys.has(key) && !(key === 'F' && keepsVisibility(old, now)))
  if (other.length > 0) return forbidden('FIELD_CHANGED', `/${other.join(' /')} of field "${name}" changed`)
  if (keys.has('Ff') && !isProtected(comparison, old, now))
    return forbidden('FIELD_CHANGED', `the flags of field "${name}" changed`)
  if (keys.has('Type') && !getsType(old, now))
    return forbidden('FIELD_CHANGED', `/Type of field "${name}" changed`)
  if (keys.has('Opt') && !isLongerList(comparison, old, now))
    return forbidden('FIELD_CHANGED', `the options of field "${name}" changed`)
  if (!['V', 'AP', 'AS', 'I', 'RV'].some((key) => keys.has(key))) {
    return keys.has('Ff') || ![...keys].some((key) => key === 'DA' || key === 'Q' || key === 'Opt')
      ? harmless('FIELD_PROTECTED', `field "${name}" became read-only or was dated`)
      : forbidden('FIELD_CHANGED', `field "${name}" changed though it was not filled`)
  }
  if (keys.has('RV') && !keys.has('V'))
    return forbidden('FIELD_CHANGED', `field "${name}" got another rich text for the same value`)
  comparison.judgeAll(old.dict.entries.get('V'))
  for (const { dict } of old.widgets) comparison.judgeAll(dict.entries.get('AP'))
  return old.type === 'Btn' ? judgeButton(comparison, old, now, keys) : judgeText(comparison, old, now, keys)
}

/** The value must be a text or a choice; an appearance that can be read must show it. */
function judgeText(
  comparison: Comparison,
  old: FormField,
  now: FormField,
  keys: ReadonlySet<string>,
): RevisionChange {
  const { name } = old
  const { after } = comparison
  const value = after.resolve(now.value)
  const text = plainText(comparison, value)
  if ((old.type !== 'Tx' && old.type !== 'Ch') || text === undefined)
    return forbidden('FIELD_CHANGED', `the value of field "${name}" is no text`)
  // Only buttons have appearances by state: another one could have been prepared to show another text.
  if (keys.has('AS') && now.widgets.some(({ dict }) => hasStates(after, dict)))
    return forbidden('FIELD_CHANGED', `the state of field "${name}" changed`)
  const drawn = keys.has('AP')
  if (drawn && !now.widgets.every(({ dict }, i) => isFormOf(comparison, dict, old.widgets[i]?.dict))) {
    return forbidden('FIELD_CHANGED', `the appearance of field "${name}" is not a new form of its own`)
  }
  const appearance = showsItsValue(after, now)
  if (drawn && appearance === 'differs')
    return forbidden('FIELD_APPEARANCE_MISMATCH', `field "${name}" does not show its value ${text}`)
  if (drawn && !keys.has('V') && appearance !== 'shown')
    return forbidden('FIELD_CHANGED', `the appearance of field "${name}" changed without its value`)
  const share = appearance === 'shown' ? largestText : largestUnread
  if (drawn && !now.widgets.every((widget) => isSignatureBox(after, widget, share)))
    return forbidden(
      'FIELD_CHANGED',
      `the box of field "${name}" takes too much of its page to be drawn anew`,
    )
  return { kind: 'fill', field: name, value: text, shown: appearance === 'shown' && !keys.has('RV') }
}

/**
 * How much of its page a field may take that gets another appearance: one that was prepared over the page could be
 * filled with another page. The second holds where nobody could read what is drawn.
 */
const [largestText, largestUnread] = [1 / 2, 1 / 4]

/** The value for the report; several choices are joined. Undefined where it is neither text nor choice. */
function plainText({ after }: Comparison, value: PdfValue): string | undefined {
  if (value === null) return ''
  if (isString(value)) return textOf(value)
  if (!isArray(value)) return undefined
  const items = value.items.map((item) => after.resolve(item))
  return items.every(isString) ? items.map(textOf).join(', ') : undefined
}

/** Whether the options are those that were there, with others behind them. */
function isLongerList(comparison: Comparison, old: FormField, now: FormField): boolean {
  const { before, after } = comparison
  const [list, current] = [before.entry(old.dict, 'Opt'), after.entry(now.dict, 'Opt')]
  if (!isArray(current) || old.type !== 'Ch') return false
  if (list === null) return true
  before.file.countVisits(current.items.length)
  return isArray(list) && list.items.every((item, i) => comparison.same(item, current.items[i], 'told'))
}

/**
 * Number and date of a letter are filled once, in a box of the size of a line, by a value of their kind. Both value and
 * appearance must be new: one without the other would let them disagree.
 */
function judgeLetterFill(
  comparison: Comparison,
  old: FormField,
  now: FormField,
  keys: ReadonlySet<string>,
): RevisionChange {
  const { name } = now
  const other = [...keys].filter((key) => key !== 'V' && key !== 'AP')
  if (other.length > 0) return forbidden('FIELD_CHANGED', `/${other.join(' /')} of field "${name}" changed`)
  if (keys.has('AP') && !now.widgets.every(({ dict }) => isFormOf(comparison, dict))) {
    return forbidden('FIELD_CHANGED', `the appearance of field "${name}" is not a new form of its own`)
  }
  const value = now.dict.entries.get('V')
  const filled = isString(old.value) ? old.value.bytes.length > 0 : old.value !== null
  if (filled) return forbidden('FIELD_CHANGED', `field "${name}" was filled a second time`)
  if (isString(value) && fillPatterns[name]?.test(textOf(value)) !== true) {
    return forbidden('FIELD_CHANGED', `the value of field "${name}" is not of its kind`)
  }
  const [widget, another] = now.widgets
  if (widget === undefined || another !== undefined || !isFillBox(comparison.after, widget)) {
    return forbidden('FIELD_CHANGED', `field "${name}" has no box of the size of a line`)
  }
  if (!isString(value) || sameValue(value, old.value)) {
    return forbidden('FIELD_CHANGED', `the appearance of field "${name}" changed without its value`)
  }
  if (!keys.has('AP'))
    return forbidden('FIELD_CHANGED', `the value of field "${name}" changed without its appearance`)
  const appearance = showsItsValue(comparison.after, now)
  return appearance === 'differs'
    ? forbidden('FIELD_APPEARANCE_MISMATCH', `field "${name}" does not show its value ${textOf(value)}`)
    : { kind: 'fill', field: name, value: textOf(value), shown: appearance === 'shown' }
}
