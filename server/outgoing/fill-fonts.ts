import { datePartFields, type FillOptions, letterFields } from '../../signing/index.ts'
import type { FillFonts } from '../documents/document-services.ts'

/** The fields of the date, whole or in parts. */
const dateFields = [letterFields.date, ...Object.values(datePartFields)]

/** Which face number and date are written in. */
export function fillFontOptions(fonts: FillFonts): Omit<FillOptions, 'fields'> {
  const fontBytesByField = Object.fromEntries(dateFields.map((name) => [name, fonts.date]))
  return { fontBytes: fonts.number, fontBytesByField }
}
