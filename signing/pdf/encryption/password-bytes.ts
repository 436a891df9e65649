/** Passwords as bytes (ISO 32000-2, 7.6.4.3). Writers differ in how they encode other than ASCII, so several are tried. */
import { pdfDocBytes } from '../objects.ts'

/** Up to revision 4: PDFDocEncoding, or else what writers on today's systems take, UTF-8. */
export function legacyPasswords(password: string): readonly Uint8Array[] {
  const utf8 = Buffer.from(password, 'utf8')
  const encoded = pdfDocBytes(password)
  return encoded === undefined || Buffer.compare(encoded, utf8) === 0 ? [utf8] : [encoded, utf8]
}

/** Most bytes of a password that count from revision 5 on (algorithm 2.A). */
const most = 127

/** From revision 5 on: UTF-8 after SASLprep (RFC 4013), or as it was typed. */
export function unicodePasswords(password: string): readonly Uint8Array[] {
  const prepared = Buffer.from(saslPrep(password), 'utf8').subarray(0, most)
  const typed = Buffer.from(password, 'utf8').subarray(0, most)
  return Buffer.compare(prepared, typed) === 0 ? [prepared] : [prepared, typed]
}

/** The mapping and normalization of RFC 4013, 2.1 and 2.2; what it prohibits is left to the comparison of hashes. */
function saslPrep(text: string): string {
  return text
    .replace(/[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000]/g, ' ')
    .replace(/\u00ad|\u034f|\u1806|[\u180b-\u180d]|\u200c|\u200d|\u2060|[\ufe00-\ufe0f]|\ufeff/g, '')
    .normalize('NFKC')
}
