/** The appearances of widgets: whether they are forms of their own, and what they show. */
import type { Comparison } from './comparison.ts'
import { type FormField, isBlankForm } from './form.ts'
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
  textOf,
} from './objects.ts'
import { readShownText } from './shown-text.ts'
import type { Snapshot } from './snapshot.ts'
import { fitsItsBox } from './widget-box.ts'

/**
 * An appearance of one form XObject that is new, or takes the place of the one that the widget had.
 * @param former the widget as it was
 */
export function isFormOf(comparison: Comparison, widget: PdfDict, former?: PdfDict): boolean {
  const { after, before, added } = comparison
  const appearance = after.entry(widget, 'AP')
  if (!isDict(appearance) || appearance.duplicates !== undefined || appearance.entries.size !== 1)
    return false
  if (isStream(after, widget.entries.get('AP'))) return false
  const normal = appearance.entries.get('N')
  if (!isReference(normal)) return false
  if (former !== undefined && isShared(comparison, former)) return false
  const old = former === undefined ? undefined : before.dictEntry(former, 'AP')?.entries.get('N')
  const isOwn = isReference(old) && old.number === normal.number
  return (isOwn || added.has(normal.number)) && isDrawnForm(after, normal, widget)
}

/** Whether the appearances of a widget are a dictionary that something else refers to as well. */
function isShared({ references }: Comparison, widget: PdfDict): boolean {
  const appearance = widget.entries.get('AP')
  if (!isReference(appearance)) return false
  const [, another] = references.referrers(appearance.number)
  return another !== undefined
}

/** Appearances by state (12.5.5), each a form of its own; they may be those that the button had. */
export function isStateFormsOf(comparison: Comparison, widget: PdfDict): boolean {
  const { after } = comparison
  const appearance = after.entry(widget, 'AP')
  if (!isDict(appearance) || appearance.duplicates !== undefined) return false
  return [...appearance.entries.values()].every((entry) => {
    const states = after.resolve(entry)
    if (!isDict(states) || isStream(after, entry)) return false
    return [...states.entries.values()].every((form) => isReference(form) && isDrawnForm(after, form, widget))
  })
}

/** Whether the appearance that is shown depends on the state of the widget. */
export function hasStates(snapshot: Snapshot, widget: PdfDict): boolean {
  const normal = snapshot.dictEntry(widget, 'AP')?.entries.get('N') ?? null
  return normal !== null && !isStream(snapshot, normal)
}

function isDrawnForm(after: Snapshot, reference: PdfValue, widget: PdfDict): boolean {
  const form = isReference(reference) ? after.target(reference) : undefined
  const dict = form?.value
  if (isDict(dict) && dict.duplicates === undefined && isBlankForm(after, reference)) return true
  if (form?.stream === undefined || !isDict(dict) || dict.duplicates !== undefined) return false
  const foreign = ['Ref', 'OPI', 'PS', 'Subtype2', 'OC', 'F'].some((key) => dict.entries.has(key))
  return isName(dict.entries.get('Subtype'), 'Form') && !foreign && fitsItsBox(after, dict, widget)
}

function isStream(snapshot: Snapshot, value: PdfValue | undefined): boolean {
  return isReference(value) && snapshot.target(value)?.stream !== undefined
}

/** Invisible, Hidden, NoView and ToggleNoView (ISO 32000-2, table 167): what decides whether a widget is seen. */
const visibilityFlags = 1 | 2 | 32 | 256

/** Whether an annotation is printed (table 167). */
const printFlag = 4

/** Whether each widget of a field is as visible as it was; it may be printed from now on, but not cease to be. */
export function keepsVisibility(old: FormField, now: FormField): boolean {
  return old.widgets.every(({ dict }, i) => {
    const [a, b] = [dict.entries.get('F') ?? 0, now.widgets[i]?.dict.entries.get('F') ?? 0]
    return isInteger(a) && isInteger(b) && ((a ^ b) & visibilityFlags) === 0 && (a & ~b & printFlag) === 0
  })
}

/**
 * `shown`: the text of the appearance is the value. `empty`: it has no text though the field has a value. `differs`: it
 * is another text. `unknown`: it cannot be read, or need not be the value.
 */
export type Showing = 'shown' | 'empty' | 'differs' | 'unknown'

/** Bits of a text field's flags (table 230): asterisks are shown instead, or a file's name. */
const otherText = (1 << 13) | (1 << 20)

/** Whether a text or choice field shows its value in each of its widgets. */
export function showsItsValue(snapshot: Snapshot, field: FormField): Showing {
  const flags = inheritedEntry(snapshot, field.dict, 'Ff')
  if (isInteger(flags) && field.type === 'Tx' && (flags & otherText) !== 0) return 'unknown'
  // A script of the form may show the value in another way.
  const actions = inheritedEntry(snapshot, field.dict, 'AA')
  if (isDict(actions) && (actions.entries.has('F') || actions.entries.has('K'))) return 'unknown'
  const texts = acceptedTexts(snapshot, field)
  if (texts === undefined) return 'unknown'
  const found = field.widgets.map(({ dict }) => showingOf(snapshot, dict, texts, field.type === 'Ch'))
  const worst = (['differs', 'unknown', 'empty'] as const).find((one) => found.includes(one))
  return worst ?? (found.length === 0 ? 'unknown' : 'shown')
}

/** Whether the widget of a button is drawn by its state, or shows its caption (table 192) and no other text. */
export function showsItsCaption(snapshot: Snapshot, widget: PdfDict): boolean {
  if (hasStates(snapshot, widget)) return true
  const normal = snapshot.dictEntry(widget, 'AP')?.entries.get('N')
  const form = isReference(normal) ? snapshot.target(normal) : undefined
  const look = snapshot.dictEntry(widget, 'MK')
  const caption = look === undefined ? null : snapshot.entry(look, 'CA')
  const shown = form === undefined ? '' : readShownText(snapshot, form)
  return shown !== undefined && bare(shown) === (isString(caption) ? bare(textOf(caption)) : '')
}

function showingOf(
  snapshot: Snapshot,
  widget: PdfDict,
  texts: readonly string[],
  isChoice: boolean,
): Showing {
  const appearance = snapshot.entry(widget, 'AP')
  const normal = isDict(appearance) ? appearance.entries.get('N') : undefined
  const form = isReference(normal) ? snapshot.target(normal) : undefined
  if (form === undefined) return 'unknown'
  const shown = readShownText(snapshot, form)
  if (shown === undefined) return 'unknown'
  const text = bare(shown)
  if (texts.includes(text)) return 'shown'
  if (text === '') return 'empty'
  // A list box shows what was not chosen as well.
  return isChoice && texts.some((one) => text.includes(one)) ? 'unknown' : 'differs'
}

/** The texts that stand for the value, without white space; the option that a choice stands for is one. */
function acceptedTexts(snapshot: Snapshot, field: FormField): string[] | undefined {
  const value = snapshot.resolve(field.value)
  if (value === null) return ['']
  if (isString(value) && value.undecipherable !== true) {
    const options = field.type === 'Ch' ? inheritedEntry(snapshot, field.dict, 'Opt') : null
    const pairs = isArray(options) ? options.items.map((item) => snapshot.resolve(item)) : []
    // Many fields may inherit one list.
    snapshot.file.countVisits(pairs.length)
    const names = pairs.flatMap((pair) => {
      const [key, shown] = isArray(pair) ? pair.items.map((item) => snapshot.resolve(item)) : []
      return isString(key) && isString(shown) && textOf(key) === textOf(value) ? [bare(textOf(shown))] : []
    })
    return [bare(textOf(value)), ...names]
  }
  return undefined
}

/** Text as it is compared: white space and hyphens of lines that were broken say nothing. */
function bare(text: string): string {
  return text.normalize('NFKC').replace(/[\s\u00ad\u200b]/gu, '')
}
