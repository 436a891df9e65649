import type { SignatureRole } from '../report.ts'

/**
 * The form fields of a letter made for this system, and what each signature on it locks (design 4).
 *
 * All of them exist before the first signature, so that later revisions add values and appearances only. Names are
 * fully qualified (ISO 32000-2, 12.7.4.2): `congvan` and `congvan.signature` are non-terminal fields.
 */
export const letterFields = {
  /** Text field: the number of the document, without the symbol (`05`). */
  number: 'congvan.number',
  /** Text field: the date as printed after the place (`ngày 05 tháng 01 năm 2026`). */
  date: 'congvan.date',
  /** Signature field in box 7c of NĐ 30/2020/NĐ-CP Phụ lục I: the person with authority, of several the first. */
  individualSignature: 'congvan.signature.individual',
  /** Signature field in box 8: the agency. */
  agencySignature: 'congvan.signature.agency',
} as const

/**
 * Fields for the parts of the date, on a page that has the words of the date line printed: `ngày    tháng    năm 20  `.
 * They take the place of `letterFields.date`; a part that is printed has no field.
 */
export const datePartFields = {
  day: 'congvan.date.day',
  month: 'congvan.date.month',
  year: 'congvan.date.year',
  /** The last two digits, where `20` is printed. */
  shortYear: 'congvan.date.short-year',
} as const

const mostSigners = 20

/**
 * The signature field of the person who signs at that place in the order; the first one's is the field of a letter
 * that one person signs.
 *
 * @param position 1 for the first, at most 20
 * @throws RangeError for any other number
 */
export function individualSignatureField(position: number): string {
  if (!Number.isInteger(position) || position < 1 || position > mostSigners) {
    throw new RangeError(`a letter has signers 1 to ${mostSigners}, not ${position}`)
  }
  return position === 1 ? letterFields.individualSignature : `${letterFields.individualSignature}-${position}`
}

const individualFields: readonly string[] = Array.from({ length: mostSigners }, (_, i) =>
  individualSignatureField(i + 1),
)

/** The place in the order of signers that a field is for; undefined for a field that is no individual's. */
export function individualPosition(field: string): number | undefined {
  const index = individualFields.indexOf(field)
  return index < 0 ? undefined : index + 1
}

/** The fields that the issuing system fills between the individuals' signatures and the agency's. */
export const fillFields: readonly string[] = [
  letterFields.number,
  letterFields.date,
  ...Object.values(datePartFields),
]

/** Those of them that a document has. */
export function fillsOf(names: readonly string[]): string[] {
  return fillFields.filter((name) => names.includes(name))
}

/** Number and date as they are printed (NĐ 30/2020 Phụ lục I, Phần I, II.3 and II.4): `05`; `05`, `01`, `2026`. */
export interface PrintedFills {
  readonly number: string
  readonly day: string
  readonly month: string
  readonly year: string
}

/** What the fields of a document are filled with, by name. */
export function fillValues(names: readonly string[], printed: PrintedFills): Record<string, string> {
  const { number, day, month, year } = printed
  const values: Readonly<Record<string, string>> = {
    [letterFields.number]: number,
    [letterFields.date]: `ngày ${day} tháng ${month} năm ${year}`,
    [datePartFields.day]: day,
    [datePartFields.month]: month,
    [datePartFields.year]: year,
    [datePartFields.shortYear]: year.slice(-2),
  }
  return Object.fromEntries(fillsOf(names).map((name) => [name, values[name] ?? '']))
}

/** What may stand in those fields: no control characters, nothing that turns the direction of writing. */
export const fillPatterns: Readonly<Record<string, RegExp>> = {
  [letterFields.number]: /^[0-9A-Za-z./-]{1,30}$/,
  [letterFields.date]: /^[\p{L}\p{M}0-9 ,]{1,60}$/u,
  [datePartFields.day]: /^[0-9]{1,2}$/,
  [datePartFields.month]: /^[0-9]{1,2}$/,
  [datePartFields.year]: /^[0-9]{4}$/,
  [datePartFields.shortYear]: /^[0-9]{2}$/,
}

/** What later revisions may do (ISO 32000-2, table 257): 1 nothing, 2 fill in forms and sign, 3 annotate besides. */
export type DocumentPermission = 1 | 2 | 3

/** What a signature locks: the values of a FieldMDP transform (ISO 32000-2, 12.8.2.4). */
export type FieldLock = (
  | { readonly action: 'All' }
  | { readonly action: 'Include' | 'Exclude'; readonly fields: readonly string[] }
) & {
  /** What the document still permits from this signature on: `/P` of the field's `/Lock` (table 236, PDF 2.0). */
  readonly permission?: DocumentPermission
}

/** A signature field of a document as it stands. */
export interface SignatureFieldState {
  readonly name: string
  readonly signed: boolean
}

/**
 * The field that a signature goes into when the signer names none: the first one left unsigned of those meant for
 * the role, of individuals' fields in their order; on a document without such fields a new one, `Signature1` and so on.
 */
export function defaultSignatureField(role: SignatureRole, fields: readonly SignatureFieldState[]): string {
  const meant =
    role === 'agency' ? [letterFields.agencySignature] : role === 'individual' ? individualFields : []
  const own = meant.find((name) => fields.some((field) => field.name === name && !field.signed))
  if (own !== undefined) return own
  const taken = new Set(fields.map((field) => field.name))
  let count = 1
  while (taken.has(`Signature${count}`)) count += 1
  return `Signature${count}`
}

/**
 * What a signature in `field` locks by default; `undefined` where nothing is to be locked.
 *
 * On a letter each individual's signature leaves open the fills and every signature field still unsigned but its own,
 * so that the next one may sign; the agency's signature ends the document and locks all. Elsewhere nobody knows what
 * is still to come, so nothing is locked.
 *
 * @param formFields fully qualified names of all terminal fields of the document
 */
export function defaultLock(
  field: string,
  formFields: readonly string[],
  signatureFields: readonly SignatureFieldState[],
): FieldLock | undefined {
  if (field === letterFields.agencySignature) return { action: 'All' }
  if (individualPosition(field) === undefined) return undefined
  const unsigned = signatureFields.filter((other) => !other.signed && other.name !== field)
  const open = [...fillsOf(formFields), ...unsigned.map((other) => other.name)]
  return open.length === 0 ? { action: 'All' } : { action: 'Exclude', fields: open }
}
