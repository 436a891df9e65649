/**
 * Text of a table in a PDF, letter by letter. pdfkit shapes every word anew and keeps each one that it has seen, which
 * for a book of ten thousand entries is most of the time and of the memory; Vietnamese in NFC has one glyph a letter
 * and needs no shaping.
 */

/** The part of pdfkit's embedded font that is used here; pdfkit itself writes text through the same two. */
interface EmbeddedFont {
  readonly id: string
  readonly ascender: number
  /** Glyph numbers of a text in hexadecimal, and how far each moves on in thousandths of the size. */
  encode(text: string): [string[], { readonly advanceWidth: number }[]]
  ref(): PDFKit.PDFKitReference
}

interface Letter {
  readonly code: string
  readonly width: number
}

export interface Glyphs {
  /** Points. */
  measure(text: string): number
  /** The operators that show a text with its upper edge at `y`, in the page's own coordinates (downwards). */
  show(text: string, x: number, y: number): string
  /** Makes the font known to the page that is written now. */
  usePage(): void
}

/** A registered face in one size. */
export function openGlyphs(doc: PDFKit.PDFDocument, face: string, size: number): Glyphs {
  doc.font(face)
  const font = (doc as unknown as { readonly _font: EmbeddedFont })._font
  const letters = new Map<string, Letter>()
  const rise = (font.ascender / 1000) * size
  const letterOf = (text: string): Letter => {
    const known = letters.get(text)
    if (known !== undefined) return known
    const [codes, positions] = font.encode(text)
    const width = positions.reduce((sum, one) => sum + one.advanceWidth, 0)
    const letter = { code: codes.join(''), width: (width * size) / 1000 }
    letters.set(text, letter)
    return letter
  }
  return {
    measure(text) {
      let width = 0
      for (const one of text) width += letterOf(one).width
      return width
    },
    show(text, x, y) {
      let codes = ''
      for (const one of text) codes += letterOf(one).code
      return `BT /${font.id} ${size} Tf 1 0 0 -1 ${x.toFixed(2)} ${(y + rise).toFixed(2)} Tm <${codes}> Tj ET\n`
    },
    usePage() {
      const page = doc.page as unknown as { readonly fonts: Record<string, PDFKit.PDFKitReference> }
      page.fonts[font.id] ??= font.ref()
    },
  }
}
