/** Whether a field that the form did not have may be there: signature fields may, and no others. */
import { forbidden, type RevisionChange } from './change.ts'
import type { Comparison } from './comparison.ts'
import { isFormOf } from './field-appearance.ts'
import { type Form, type FormField, isBlankForm, isSeen } from './form.ts'
import { isPlainLock, judgeSignatureIn } from './judge-signature-field.ts'
import { isDict, isName, isString, type PdfDict, textOf } from './objects.ts'
import type { Snapshot } from './snapshot.ts'
import { isSignatureBox } from './widget-box.ts'

/** Entries of a signature field and its widget that neither act nor draw beyond their own box. */
const fieldKeys: ReadonlySet<string> = new Set([
  ...['Type', 'Subtype', 'FT', 'T', 'TU', 'TM', 'Ff', 'V', 'Lock', 'SV', 'DA', 'Q', 'Kids'],
  ...['Rect', 'P', 'F', 'AP', 'AS', 'NM', 'M', 'MK', 'BS', 'Border', 'H', 'Parent', 'DR', 'C'],
])

export function judgeNewField(comparison: Comparison, field: FormField): RevisionChange {
  const { added, after } = comparison
  const parts = [field, ...field.widgets]
  const plain = parts.every(({ reference, dict }) => {
    const known = [...dict.entries.keys()].every((key) => fieldKeys.has(key))
    return known && dict.duplicates === undefined && added.has(reference.number)
  })
  const shapely = field.widgets.every(({ dict }) => {
    // A field of its own with no place on any page needs no widget.
    const isWidget = isName(after.entry(dict, 'Subtype'), 'Widget') || !dict.entries.has('Rect')
    return isWidget && hasRightType(dict) && (!dict.entries.has('AP') || isFormOf(comparison, dict))
  })
  const locked = field.dict.entries.has('Lock') && !isPlainLock(comparison, field)
  if (field.type !== 'Sig' || !hasName(comparison, field.dict) || !plain || !shapely || locked) {
    return forbidden('FIELD_ADDED', `field "${field.name}" was added`)
  }
  if (field.value !== null) {
    const unusual = parts.some(({ dict }) => dict.entries.has('DR') || dict.entries.has('C'))
    return judgeSignatureIn(comparison, field, { created: true, plain: !unusual })
  }
  if (!field.widgets.every((widget) => isSignatureBox(after, widget)))
    return forbidden('FIELD_ADDED', `the new field "${field.name}" takes too much of its page`)
  const drawn = field.widgets.some(({ dict }) => isDrawn(after, dict))
  return { kind: 'signature-field', field: field.name, visible: isSeen(after, field), drawn }
}

/** By an appearance, or by a viewer that makes one out of ground and caption (table 192). */
function isDrawn(after: Snapshot, widget: PdfDict): boolean {
  const [appearance, look] = [after.entry(widget, 'AP'), after.entry(widget, 'MK')]
  const isPainted = isDict(look) && ['BG', 'CA', 'I'].some((key) => after.entry(look, key) !== null)
  return isPainted || (isDict(appearance) && !isBlankForm(after, appearance.entries.get('N')))
}

function hasRightType(dict: PdfDict): boolean {
  const type = dict.entries.get('Type')
  return type === undefined || isName(type, 'Annot')
}

/** A partial name is a string without periods (12.7.4.2). */
function hasName({ after }: Comparison, dict: PdfDict): boolean {
  const name = after.entry(dict, 'T')
  return isString(name) && name.bytes.length > 0 && !textOf(name).includes('.')
}

const parentKeys: ReadonlySet<string> = new Set(['T', 'TU', 'TM', 'FT', 'Ff', 'Kids', 'Parent'])

/** New fields may stand beneath new ones that only give them a name. */
export function* judgeNewParents(
  comparison: Comparison,
  old: Form | undefined,
  now: Form | undefined,
): Generator<RevisionChange> {
  for (const number of now?.parents ?? []) {
    if (old?.parents.has(number)) continue
    const object = comparison.after.object(number)
    const dict = object?.value
    const known = isDict(dict) && [...dict.entries.keys()].every((key) => parentKeys.has(key))
    const isNew = comparison.added.has(number) && object?.stream === undefined
    if (!known || !isNew || dict.duplicates !== undefined || !hasName(comparison, dict))
      yield forbidden('FIELD_ADDED', `field object ${number} was added above others`)
  }
}
