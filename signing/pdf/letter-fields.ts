import type { SignatureRole } from '../report.ts'

/**
 * The form fields of a letter made for this system, and what each signature on it locks (design 4).
 *
 * All four exist before the first signature, so that later revisions add values and appearances only. Names are
 * fully qualified (ISO 32000-2, 12.7.4.2): `congvan` and `congvan.signature` are non-terminal fields.
 */
export const letterFields = {
  /** Text field: the number of the document, without the symbol (`05`). */
  number: 'congvan.number',
  /** Text field: the date as printed after the place (`ngày 05 tháng 01 năm 2026`). */
  date: 'congvan.date',
  /** Signature field in box 7c of NĐ 30/2020/NĐ-CP Phụ lục I: the person with authority. */
  individualSignature: 'congvan.signature.individual',
  /** Signature field in box 8: the agency. */
  agencySignature: 'congvan.signature.agency',
} as const

/** The two fields that the issuing system fills between the two signatures. */
export const fillFields: readonly string[] = [letterFields.number, letterFields.date]

/** What may stand in those fields: no control characters, nothing that turns the direction of writing. */
export const fillPatterns: Readonly<Record<string, RegExp>> = {
  [letterFields.number]: /^[0-9A-Za-z./-]{1,30}$/,
  [letterFields.date]: /^[\p{L}\p{M}0-9 ,]{1,60}$/u,
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
 * the role; on a document without such fields a new one, `Signature1` and so on.
 */
export function defaultSignatureField(role: SignatureRole, fields: readonly SignatureFieldState[]): string {
  const own =
    role === 'agency'
      ? letterFields.agencySignature
      : role === 'individual'
        ? letterFields.individualSignature
        : undefined
  if (own !== undefined && fields.some((field) => field.name === own && !field.signed)) return own
  const taken = new Set(fields.map((field) => field.name))
  let count = 1
  while (taken.has(`Signature${count}`)) count += 1
  return `Signature${count}`
}

/**
 * What a signature in `field` locks by default; `undefined` where nothing is to be locked.
 *
 * On a letter the individual's signature leaves open the two fills and every signature field still unsigned but
 * its own; the agency's signature ends the document and locks all. Elsewhere nobody knows what is still to come,
 * so nothing is locked.
 *
 * @param formFields fully qualified names of all terminal fields of the document
 */
export function defaultLock(
  field: string,
  formFields: readonly string[],
  signatureFields: readonly SignatureFieldState[],
): FieldLock | undefined {
  if (field === letterFields.agencySignature) return { action: 'All' }
  if (field !== letterFields.individualSignature) return undefined
  const fills = fillFields.filter((name) => formFields.includes(name))
  const unsigned = signatureFields.filter((other) => !other.signed && other.name !== field)
  const open = [...fills, ...unsigned.map((other) => other.name)]
  return open.length === 0 ? { action: 'All' } : { action: 'Exclude', fields: open }
}
