/**
 * A font in a new revision: a subset of the glyphs that are shown, as a composite font with identity encoding
 * (ISO 32000-2, 9.7) and a map back to Unicode, so that text can be searched and copied.
 */
import { createHash } from 'node:crypto'
import { deflateSync } from 'node:zlib'
import * as fontkit from '@cantoo/fontkit'
import { SigningError } from '../errors.ts'
import type { RevisionWriter } from './append-writer.ts'
import { type PdfReference, type PdfValue, pdfArray, pdfDict, pdfName } from './objects.ts'

export interface EmbeddedFont {
  readonly reference: PdfReference
  /** The text as a hexadecimal string for the `Tj` operator. */
  encode(text: string): string
  /** Width of the text in points at a font size. */
  width(text: string, size: number): number
  /** Height above and depth below the baseline, as shares of the font size; both positive. */
  readonly ascent: number
  readonly descent: number
}

interface SubsetGlyph {
  readonly index: number
  readonly advance: number
}

/**
 * Adds the font to the revision.
 *
 * @param fontBytes a TrueType font whose licence permits embedding
 * @param texts everything that will be shown in it; each text is shown in NFC
 * @throws SigningError `PDF_TEXT_NOT_ENCODABLE` naming the first character without a glyph
 */
export function embedFont(
  writer: RevisionWriter,
  fontBytes: Uint8Array,
  texts: readonly string[],
): EmbeddedFont {
  const font = openFont(fontBytes)
  const perThousand = 1000 / font.unitsPerEm
  const subset = font.createSubset()
  const glyphs = new Map<string, SubsetGlyph>()
  for (const character of texts.map((text) => text.normalize('NFC')).join('')) {
    if (glyphs.has(character)) continue
    const codePoint = character.codePointAt(0) ?? 0
    const glyph = font.hasGlyphForCodePoint(codePoint) ? font.glyphForCodePoint(codePoint) : null
    if (glyph === null) throw new SigningError('PDF_TEXT_NOT_ENCODABLE', { character })
    glyphs.set(character, { index: subset.includeGlyph(glyph), advance: glyph.advanceWidth * perThousand })
  }
  const data = subset.encode()
  const glyphsOf = (text: string): SubsetGlyph[] =>
    [...text.normalize('NFC')].map((character) => {
      const glyph = glyphs.get(character)
      if (glyph === undefined) throw new RangeError(`"${character}" is not in the subset`)
      return glyph
    })
  return {
    reference: writeFont(writer, font, data, glyphs),
    encode: (text) =>
      `<${glyphsOf(text)
        .map((glyph) => hex4(glyph.index))
        .join('')}>`,
    width: (text, size) => (glyphsOf(text).reduce((sum, glyph) => sum + glyph.advance, 0) * size) / 1000,
    ascent: font.ascent / font.unitsPerEm,
    descent: Math.abs(font.descent) / font.unitsPerEm,
  }
}

function openFont(bytes: Uint8Array): fontkit.Font {
  const opened = fontkit.create(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
  if (!('createSubset' in opened)) throw new RangeError('a font collection cannot be embedded')
  return opened
}

function writeFont(
  writer: RevisionWriter,
  font: fontkit.Font,
  data: Uint8Array,
  glyphs: ReadonlyMap<string, SubsetGlyph>,
): PdfReference {
  const perThousand = (value: number): number => Math.round((value * 1000) / font.unitsPerEm)
  const baseFont = pdfName(`${subsetTag(data)}+${(font.postscriptName ?? 'Font').replace(/[^!-~]/g, '')}`)
  const file = writer.addStream(
    pdfDict({ Length1: data.length, Filter: pdfName('FlateDecode') }),
    deflateSync(data),
  )
  const descriptor = writer.add(
    pdfDict({
      Type: pdfName('FontDescriptor'),
      FontName: baseFont,
      // Symbolic: the subset has no encoding but glyph numbers (table 121).
      Flags: 4,
      FontBBox: pdfArray([font.bbox.minX, font.bbox.minY, font.bbox.maxX, font.bbox.maxY].map(perThousand)),
      ItalicAngle: font.italicAngle,
      Ascent: perThousand(font.ascent),
      Descent: perThousand(font.descent),
      CapHeight: perThousand(font.capHeight),
      StemV: 80,
      FontFile2: file,
    }),
  )
  const descendant = writer.add(
    pdfDict({
      Type: pdfName('Font'),
      Subtype: pdfName('CIDFontType2'),
      BaseFont: baseFont,
      CIDSystemInfo: pdfDict({ Registry: ascii('Adobe'), Ordering: ascii('Identity'), Supplement: 0 }),
      FontDescriptor: descriptor,
      CIDToGIDMap: pdfName('Identity'),
      W: pdfArray(widths(glyphs)),
    }),
  )
  const toUnicode = writer.addStream(
    pdfDict({ Filter: pdfName('FlateDecode') }),
    deflateSync(Buffer.from(toUnicodeMap(glyphs), 'latin1')),
  )
  return writer.add(
    pdfDict({
      Type: pdfName('Font'),
      Subtype: pdfName('Type0'),
      BaseFont: baseFont,
      Encoding: pdfName('Identity-H'),
      DescendantFonts: pdfArray([descendant]),
      ToUnicode: toUnicode,
    }),
  )
}

/** Six letters that depend on the subset alone (9.9.2), so that the same text gives the same bytes. */
function subsetTag(data: Uint8Array): string {
  const hash = createHash('sha256').update(data).digest()
  return [...hash.subarray(0, 6)].map((byte) => String.fromCharCode(0x41 + (byte % 26))).join('')
}

function widths(glyphs: ReadonlyMap<string, SubsetGlyph>): PdfValue[] {
  return byIndex(glyphs).flatMap(([, glyph]): PdfValue[] => [
    glyph.index,
    pdfArray([Math.round(glyph.advance * 1000) / 1000]),
  ])
}

/** A CMap as in ISO 32000-2, 9.10.3; at most 100 entries stand in one block. */
function toUnicodeMap(glyphs: ReadonlyMap<string, SubsetGlyph>): string {
  const lines = byIndex(glyphs).map(([character, glyph]) => {
    const utf16 = Buffer.from(character, 'utf16le').swap16().toString('hex')
    return `<${hex4(glyph.index)}> <${utf16}>`
  })
  const blocks: string[] = []
  for (let i = 0; i < lines.length; i += 100) {
    const block = lines.slice(i, i + 100)
    blocks.push(`${block.length} beginbfchar\n${block.join('\n')}\nendbfchar`)
  }
  return [
    '/CIDInit /ProcSet findresource begin',
    '12 dict begin',
    'begincmap',
    '/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def',
    '/CMapName /Adobe-Identity-UCS def',
    '/CMapType 2 def',
    '1 begincodespacerange\n<0000> <ffff>\nendcodespacerange',
    ...blocks,
    'endcmap',
    'CMapName currentdict /CMap defineresource pop',
    'end',
    'end',
    '',
  ].join('\n')
}

/** Two characters may share a glyph; the first one stands for it. */
function byIndex(glyphs: ReadonlyMap<string, SubsetGlyph>): [string, SubsetGlyph][] {
  const seen = new Set<number>()
  return [...glyphs]
    .filter(([, glyph]) => !seen.has(glyph.index) && seen.add(glyph.index))
    .sort(([, a], [, b]) => a.index - b.index)
}

function ascii(text: string): PdfValue {
  return { kind: 'string', bytes: Buffer.from(text, 'latin1'), hex: false }
}

function hex4(value: number): string {
  return value.toString(16).padStart(4, '0')
}
