/** How wide and high text in a font is, before anything is embedded. */
import * as fontkit from '@cantoo/fontkit'
import { SigningError } from '../errors.ts'

export interface FontMeasure {
  /** Width of a text in points at a size; it is measured in NFC, as it is shown. */
  width(text: string, size: number): number
  /**
   * Asserts that the font can show every character of a text.
   * @throws SigningError `PDF_TEXT_NOT_ENCODABLE` naming the first one that it cannot
   */
  assertGlyphs(text: string): void
  /** From one baseline to the next at a size, without lead between the lines. */
  lineHeight(size: number): number
  /** Height of a line above its baseline at a size. */
  ascent(size: number): number
}

/** @throws RangeError for a collection of fonts */
export function measureFont(bytes: Uint8Array): FontMeasure {
  const opened = fontkit.create(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
  if (!('createSubset' in opened)) throw new RangeError('a font collection cannot be embedded')
  const font: fontkit.Font = opened
  const points = (units: number, size: number): number => (units * size) / font.unitsPerEm
  return {
    width(text, size) {
      const advances = [...text.normalize('NFC')].map(
        (character) => font.glyphForCodePoint(character.codePointAt(0) ?? 0)?.advanceWidth ?? 0,
      )
      return points(
        advances.reduce((sum, advance) => sum + advance, 0),
        size,
      )
    },
    assertGlyphs(text) {
      for (const character of text.normalize('NFC'))
        if (!font.hasGlyphForCodePoint(character.codePointAt(0) ?? 0))
          throw new SigningError('PDF_TEXT_NOT_ENCODABLE', { character })
    },
    lineHeight: (size) => points(font.ascent + Math.abs(font.descent), size),
    ascent: (size) => points(font.ascent, size),
  }
}
