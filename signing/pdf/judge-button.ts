/** Whether a change to a check box or to radio buttons is that somebody chose. */
import { forbidden, type RevisionChange } from './change.ts'
import type { Comparison } from './comparison.ts'
import { isStateFormsOf } from './field-appearance.ts'
import type { FormField } from './form.ts'
import { inheritedEntry } from './inherited-entry.ts'
import { isDict, isInteger, isName, type PdfDict } from './objects.ts'
import type { Snapshot } from './snapshot.ts'
import { isSignatureBox } from './widget-box.ts'

/** Bit 17 of a button's flags (table 229): it has no value, only an action and a picture. */
const pushButton = 1 << 16

/** How much of its page a button may take that shows another state: its states could have been prepared as pages. */
const largestShare = 1 / 16

/** Every widget whose state changed must show the value: the state of that name where it has one, Off otherwise. */
export function judgeButton(
  comparison: Comparison,
  old: FormField,
  now: FormField,
  keys: ReadonlySet<string>,
): RevisionChange {
  const { name } = old
  const { after } = comparison
  const flags = inheritedEntry(after, now.dict, 'Ff')
  const value = after.resolve(now.value)
  if ((isInteger(flags) && (flags & pushButton) !== 0) || (value !== null && !isName(value)))
    return forbidden('FIELD_CHANGED', `button "${name}" changed`)
  const drawn = keys.has('AP')
  if (drawn && (!keys.has('V') || !now.widgets.every(({ dict }) => isStateFormsOf(comparison, dict))))
    return forbidden('FIELD_CHANGED', `the appearances of button "${name}" changed`)
  const chosen = isName(value) && value.name !== 'Off' ? value.name : undefined
  let shown = !drawn
  for (const [i, widget] of now.widgets.entries()) {
    const before = old.widgets[i]
    const isSame =
      !drawn &&
      before !== undefined &&
      stateOf(comparison.before, before.dict) === stateOf(after, widget.dict)
    if (!isSame && !isSignatureBox(after, widget, largestShare))
      return forbidden('FIELD_CHANGED', `button "${name}" takes too much of its page`)
  }
  for (const [i, { dict }] of now.widgets.entries()) {
    const state = stateOf(after, dict)
    const due = chosen !== undefined && statesOf(after, dict).includes(chosen) ? chosen : undefined
    if (state === due) continue
    const before = old.widgets[i]
    if (before === undefined || stateOf(comparison.before, before.dict) !== state)
      return forbidden(
        'FIELD_APPEARANCE_MISMATCH',
        `button "${name}" does not show its value ${chosen ?? 'Off'}`,
      )
    shown = false
  }
  return { kind: 'fill', field: name, value: chosen ?? 'Off', shown }
}

/** The name of the appearance that is shown; undefined of Off. */
function stateOf(snapshot: Snapshot, widget: PdfDict): string | undefined {
  const state = snapshot.entry(widget, 'AS')
  return isName(state) && state.name !== 'Off' ? state.name : undefined
}

function statesOf(snapshot: Snapshot, widget: PdfDict): readonly string[] {
  const appearance = snapshot.entry(widget, 'AP')
  const normal = isDict(appearance) ? snapshot.entry(appearance, 'N') : null
  return isDict(normal) ? [...normal.entries.keys()] : []
}
