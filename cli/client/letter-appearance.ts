/** What signatures on a letter show, drawn on this machine: the fonts are those that a node draws with. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import {
  datePartFields,
  individualAppearance,
  letterFields,
  type SignatureAppearance,
  signingTimeText,
} from '../../signing/index.ts'

/** A face metric-compatible with Times New Roman. */
export function letterFont(face: '400Regular' | '400Regular_Italic'): Uint8Array {
  const file = createRequire(import.meta.url).resolve(`@expo-google-fonts/tinos/${face}/Tinos_${face}.ttf`)
  return readFileSync(file)
}

/** The faces in which a node fills in number and date (NĐ 30/2020 Phụ lục I: the date line in italics). */
export function fillFonts() {
  const italic = letterFont('400Regular_Italic')
  const dateFields = [letterFields.date, ...Object.values(datePartFields)]
  return {
    fontBytes: letterFont('400Regular'),
    fontBytesByField: Object.fromEntries(dateFields.map((name) => [name, italic])),
  }
}

/** What the person’s box shows: a picture of the handwriting, or name and time of signing. */
export function individualPicture(
  image: Uint8Array | undefined,
  name: string | undefined,
  now: Date,
): SignatureAppearance {
  const time = signingTimeText(now)
  const fontBytes = letterFont('400Regular')
  return individualAppearance({ name, time, fontBytes, ...(image === undefined ? {} : { image }) })
}
