/** The interactive form of one revision: its fields by their full names (ISO 32000-2, 12.7). */
import { SigningError } from '../errors.ts'
import { malformed } from './lexer.ts'
import { pdfLimits } from './limits.ts'
import {
  isArray,
  isDict,
  isInteger,
  isName,
  isReference,
  isString,
  type PdfDict,
  type PdfReference,
  type PdfValue,
  textOf,
} from './objects.ts'
import type { Snapshot } from './snapshot.ts'

/** A terminal field. */
export interface FormField {
  /** Fully qualified: the partial names of its ancestors and its own, joined by periods. */
  readonly name: string
  /** `Tx`, `Sig`, `Btn`, `Ch`, own or inherited; undefined where none is given. */
  readonly type: string | undefined
  readonly reference: PdfReference
  readonly dict: PdfDict
  /** The field's value, own or inherited; null where it has none. A signature field's value is not resolved here. */
  readonly value: PdfValue
  /** Its widget annotations; the field itself where the two are merged into one dictionary. */
  readonly widgets: readonly Widget[]
}

export interface Widget {
  readonly reference: PdfReference
  readonly dict: PdfDict
}

export interface Form {
  readonly acroForm: PdfDict
  /** Where the form dictionary is an object of its own. */
  readonly reference: PdfReference | undefined
  /** Every terminal field, in the order of the tree. */
  readonly fields: readonly FormField[]
  /** Object numbers of all non-terminal fields. */
  readonly parents: ReadonlySet<number>
}

interface Inherited {
  readonly name: string
  readonly type: string | undefined
  readonly value: PdfValue
}

/**
 * The form; undefined where the document has none.
 * @param onFault told of a field that cannot be read, which is then left out; without it the fault is thrown
 * @throws SigningError `PDF_MALFORMED` when the tree is no tree: a field reached twice, or too many fields
 */
export function readForm(snapshot: Snapshot, onFault?: (fault: SigningError) => void): Form | undefined {
  const { file, revision } = snapshot
  const known = file.recentForms.find((one) => one.revision === revision)
  if (known !== undefined) return known.form
  let isWhole = true
  const form = readTree(
    snapshot,
    onFault &&
      ((fault) => {
        isWhole = false
        onFault(fault)
      }),
  )
  if (isWhole) file.recentForms.push({ revision, form })
  if (file.recentForms.length > keptForms) file.recentForms.shift()
  return form
}

/** Forms of one file that are kept: those of two neighbouring revisions, of the last one and of a signed one. */
const keptForms = 4

function readTree(snapshot: Snapshot, onFault?: (fault: SigningError) => void): Form | undefined {
  const entry = snapshot.catalog.entries.get('AcroForm')
  const acroForm = snapshot.resolve(entry)
  if (!isDict(acroForm)) return undefined
  const reader = new FieldReader(snapshot, onFault)
  reader.readAll(snapshot.entry(acroForm, 'Fields'), { name: '', type: undefined, value: null })
  return {
    acroForm,
    reference: isReference(entry) ? entry : undefined,
    fields: reader.fields,
    parents: reader.parents,
  }
}

class FieldReader {
  readonly fields: FormField[] = []
  readonly parents = new Set<number>()
  readonly #snapshot: Snapshot
  readonly #seen = new Set<number>()
  /** Where the node stands that was read last, for messages. */
  #position = 0

  readonly #onFault: ((fault: SigningError) => void) | undefined

  constructor(snapshot: Snapshot, onFault: ((fault: SigningError) => void) | undefined) {
    this.#snapshot = snapshot
    this.#onFault = onFault
  }

  readAll(kids: PdfValue, inherited: Inherited): void {
    if (kids === null) return
    if (!isArray(kids)) throw malformed(this.#position, 'the fields of the form are not an array')
    for (const kid of kids.items) {
      this.#guarded(() => {
        const node = this.#node(kid)
        if (node !== undefined) this.#read(node, inherited)
      })
    }
  }

  /** What is wrong with one field is no reason to see none of the others. */
  #guarded<T>(read: () => T): T | undefined {
    if (this.#onFault === undefined) return read()
    try {
      return read()
    } catch (fault) {
      if (!(fault instanceof SigningError) || this.#snapshot.file.isSpent) throw fault
      this.#onFault(fault)
      return undefined
    }
  }

  /** A node of the tree; a reference to nothing is skipped. Each node may be reached once only. */
  #node(value: PdfValue): Widget | undefined {
    if (!isReference(value)) throw malformed(this.#position, 'a form field is not an indirect object')
    const object = this.#snapshot.target(value)
    if (object === undefined || object.value === null) return undefined
    this.#position = object.span?.start ?? this.#position
    if (!isDict(object.value)) throw malformed(this.#position, 'a form field is not a dictionary')
    if (this.#seen.has(value.number)) throw malformed(this.#position, 'a form field is reached twice')
    if (this.#seen.size >= pdfLimits.formFields)
      throw malformed(this.#position, 'the form has too many fields')
    this.#seen.add(value.number)
    this.#snapshot.file.countVisits(1)
    return { reference: value, dict: object.value }
  }

  #read(node: Widget, parent: Inherited, depth = 0): void {
    if (depth > pdfLimits.nesting) throw malformed(this.#position, 'form fields are nested too deep')
    const { dict } = node
    const partial = this.#snapshot.entry(dict, 'T')
    const type = this.#snapshot.entry(dict, 'FT')
    const value = dict.entries.get('V')
    const own: Inherited = {
      name: isString(partial)
        ? parent.name === ''
          ? textOf(partial)
          : `${parent.name}.${textOf(partial)}`
        : parent.name,
      type: isName(type) ? type.name : parent.type,
      value: value === undefined || value === null ? parent.value : value,
    }
    if (own.name.length > pdfLimits.fieldNameLength)
      throw malformed(this.#position, 'the name of a form field is too long')
    const kids = this.#kids(dict)
    const children = kids.filter((kid) => isString(this.#snapshot.entry(kid.dict, 'T')))
    if (children.length > 0) {
      if (children.length !== kids.length)
        throw malformed(this.#position, `field "${own.name}" mixes fields and widgets`)
      this.parents.add(node.reference.number)
      for (const child of children) this.#guarded(() => this.#read(child, own, depth + 1))
      return
    }
    this.fields.push({ ...own, reference: node.reference, dict, widgets: kids.length > 0 ? kids : [node] })
  }

  #kids(dict: PdfDict): Widget[] {
    const kids = this.#snapshot.entry(dict, 'Kids')
    if (kids === null) return []
    if (!isArray(kids)) throw malformed(this.#position, 'the kids of a form field are not an array')
    return kids.items.flatMap((kid) => this.#guarded(() => this.#node(kid)) ?? [])
  }
}

/** The field of that full name. Two fields of one name are refused: nobody could say which is meant. */
export function findField(form: Form | undefined, name: string): FormField | undefined {
  const found = form?.fields.filter((field) => field.name === name) ?? []
  if (found.length > 1) throw malformed(0, `the form has two fields "${name}"`)
  return found[0]
}

/** Whether a signature field carries something as its value, be it a signature or not. */
export function isSigned(field: FormField): boolean {
  return field.type === 'Sig' && field.value !== null
}

/** A rectangle in default user space: its lower left corner and its size, in points. */
export interface Rectangle {
  readonly left: number
  readonly bottom: number
  readonly width: number
  readonly height: number
}

/** A widget's `/Rect` or another rectangle, normalised (7.9.5); of no size where it is missing or no rectangle. */
export function rectangleOf(snapshot: Snapshot, dict: PdfDict, key = 'Rect'): Rectangle {
  const numbers = (snapshot.arrayEntry(dict, key)?.items ?? []).map((item) => snapshot.resolve(item))
  const [x1, y1, x2, y2] = numbers
  if (typeof x1 !== 'number' || typeof y1 !== 'number' || typeof x2 !== 'number' || typeof y2 !== 'number') {
    return { left: 0, bottom: 0, width: 0, height: 0 }
  }
  return {
    left: Math.min(x1, x2),
    bottom: Math.min(y1, y2),
    width: Math.abs(x2 - x1),
    height: Math.abs(y2 - y1),
  }
}

/** Whether a field shows anything on a page, or could: by a box that has a size, or by an appearance that has one. */
export function isSeen(snapshot: Snapshot, field: FormField): boolean {
  return field.widgets.some(({ dict }) => {
    const { width, height } = rectangleOf(snapshot, dict)
    const appearance = snapshot.entry(dict, 'AP')
    return (width > 0 && height > 0) || (appearance !== null && !isSizeless(snapshot, appearance))
  })
}

/** Whether every appearance is a form of no size or without content, as programs give it to what shows nothing. */
function isSizeless(snapshot: Snapshot, appearance: PdfValue): boolean {
  if (!isDict(appearance)) return false
  return [...appearance.entries.values()].every((entry) => {
    if (isBlankForm(snapshot, entry)) return true
    const form = snapshot.resolve(entry)
    if (!isDict(form) || snapshot.arrayEntry(form, 'BBox')?.items.length !== 4) return false
    const { width, height } = rectangleOf(snapshot, form, 'BBox')
    return width === 0 && height === 0
  })
}

/** Whether a reference leads to what draws nothing: a stream of no bytes, or a dictionary that leads nowhere. */
export function isBlankForm(snapshot: Snapshot, value: PdfValue | undefined): boolean {
  const object = isReference(value) ? snapshot.target(value) : undefined
  const dict = object?.value
  // The data of a stream may stand in another file (7.3.8.2).
  if (object === undefined || !isDict(dict) || dict.entries.has('F')) return false
  if (object.stream !== undefined) return object.stream.start === object.stream.end
  return ![...dict.entries.values()].some((item) => isReference(item) || isDict(item))
}

/** The `/SigFlags` of a form (12.7.3); 0 where there are none. */
export function signatureFlags(snapshot: Snapshot, acroForm: PdfDict | undefined): number {
  const flags = acroForm === undefined ? 0 : snapshot.entry(acroForm, 'SigFlags')
  return isInteger(flags) ? flags : 0
}
