import { type FillOptions, letterFields } from '../../signing/index.ts'
import type { FillFonts } from './document-services.ts'

/** Which face each of the two fields is written in. */
export function fillFontOptions(fonts: FillFonts): Omit<FillOptions, 'fields'> {
  return { fontBytes: fonts.number, fontBytesByField: { [letterFields.date]: fonts.date } }
}
