/**
 * Number and date in the agency signature's own appearance, for a PDF that was signed elsewhere and has no fields for
 * them (design 4, number and date on the page).
 *
 * What the decree asks for cannot all be had here: boxes 3 and 4 of the letter are page content, which nobody may
 * change after the first signature; a signature field has one widget and that one rectangle (ISO 32000-2, 12.7.5.5); and
 * a field that is new after a signature may not lie over it, so that the seal cannot cover the left third of the person's
 * picture (NĐ 30/2020 Phụ lục I, Phần I, II.8a). The decree knows one form of an agency's signature that says the number
 * itself: on files that go with a document, on the first page, black upright text of size 10 with số và ký hiệu and the
 * time by ISO 8601, and no picture (II.8b). That form is taken, and what it has beyond II.8b is set as the letter sets
 * it: "Số: 15/QĐ-UBND" upright and the line of place and date in italics on the same line with it, both of size 13 (II.3c,
 * II.4c). The seal's picture is shown beside the text, in its real size, where the clerk gives one and the box has the
 * room; by itself it is left out.
 */
import { SigningError } from '../errors.ts'
import { padding } from './appearance.ts'
import { type Form, findField, isSigned, readForm } from './form.ts'
import type { Ink } from './ink.ts'
import { signingTimeText } from './letter-marks.ts'
import { assertUnlocked, readLocks } from './locks.ts'
import { measureFont } from './measure-font.ts'
import { isDict, pdfDict } from './objects.ts'
import { assertNoInk } from './page-ink.ts'
import { type FieldPlace, placeOnPage } from './page-place.ts'
import { openPdf } from './pdf-file.ts'
import type { SignatureOptions } from './sign-pdf.ts'
import type { Snapshot } from './snapshot.ts'
import type { TypesetAppearance, TypesetFonts, TypesetText } from './typeset-appearance.ts'

/** The agency's field on such a document. It has no period: nobody but a form's maker adds below `congvan`. */
export const issueMarkField = 'congvan-issue'

/** The field of who signs here at that place in the order, after others have signed elsewhere; likewise without period. */
export function laterSignatureField(position: number): string {
  return `congvan-sign-${position}`
}

/** What the box says. */
export interface IssueMark {
  /** Số và ký hiệu: `15/QĐ-UBND`. */
  readonly code: string
  /** `Hà Nội, ngày 05 tháng 02 năm 2026`. */
  readonly placeAndDate: string
  /** Name of the agency that issues. */
  readonly agency: string
}

export interface MarkSeal {
  /** Red, on a transparent ground (`readInk`). */
  readonly picture: Ink
  /** Its real diameter. */
  readonly diameterMm: number
}

/** Sizes in points: number and date as in the head of a letter, the rest as II.8b has it. */
const sizes = { head: 13, rest: 10 } as const
/** Least room between number and date on one line, and between seal and text. */
const gap = 14
const mm = 72 / 25.4
/** Longest side of a picture of a seal: 60 mm at 800 pixels an inch. Who compares has to pack it once more. */
export const mostSealPixels = 2048

interface Size {
  readonly width: number
  readonly height: number
}

/**
 * The smallest boxes that the text fits in, the widest one first: number and date on one line, and below each other.
 * A time takes the same room whatever it is.
 */
export function issueMarkSizes(mark: IssueMark, fonts: TypesetFonts): readonly [wide: Size, narrow: Size] {
  const layout = new Layout(mark, new Date(0), fonts)
  const size = (width: number): Size => ({ width: width + 0.2, height: layout.heightAt(width) + 0.2 })
  return [size(layout.wide), size(layout.narrow)]
}

/**
 * How the agency signs so that its signature shows number and date. Both sides call this: who signs, and who compares.
 *
 * @param place a box on the document that is free (`assertRoomForMark`)
 * @throws SigningError `MARK_BOX_TOO_SMALL`, `APPEARANCE_SIZE_WRONG` for a seal larger than the box
 */
export function issueMarkOptions(
  place: FieldPlace,
  mark: IssueMark,
  signingTime: Date,
  fonts: TypesetFonts,
  seal?: MarkSeal,
): Pick<SignatureOptions, 'field' | 'place' | 'lock' | 'signingTime' | 'appearance'> {
  return {
    field: issueMarkField,
    place,
    // The agency's signature ends the document.
    lock: { action: 'All' },
    signingTime,
    appearance: markAppearance(place, mark, signingTime, fonts, seal),
  }
}

/**
 * Whether the agency can sign in that box: nothing forbids another signature, and the box is on the page, free of
 * pictures, lines and annotations, and large enough. Text in it is found by who reads the page's text.
 *
 * @throws SigningError `PDF_NO_CHANGES_PERMITTED`, `PDF_FIELD_LOCKED`, `PDF_FIELD_EXISTS`, `PDF_PAGE_NOT_FOUND`,
 *   `PDF_PLACE_OUTSIDE_PAGE`, `PDF_BOX_NOT_EMPTY`, `MARK_BOX_TOO_SMALL`, `PDF_TEXT_NOT_ENCODABLE`, and as `openPdf`
 */
export function assertRoomForMark(
  pdf: Uint8Array,
  place: FieldPlace,
  mark: IssueMark,
  fonts: TypesetFonts,
): void {
  assertMarkPermitted(pdf)
  const snapshot = openPdf(pdf).latest
  placeOnPage(snapshot, place, issueMarkField)
  assertNoInk(pdf, place, issueMarkField)
  markAppearance(place, mark, new Date(0), fonts)
}

/**
 * Whether the signatures of a document let somebody sign in new fields that are seen. A certification of any level does
 * not: by it fields may be signed, not made (ISO 32000-2, table 257).
 *
 * @param fields names of the fields to be made; default the agency's
 * @throws SigningError `PDF_NO_CHANGES_PERMITTED`, `PDF_FIELD_LOCKED`, `PDF_FIELD_EXISTS`, and as `openPdf`
 */
export function assertMarkPermitted(pdf: Uint8Array, fields: readonly string[] = [issueMarkField]): void {
  const snapshot = openPdf(pdf).latest
  const form = readForm(snapshot)
  for (const field of fields) {
    if (findField(form, field) !== undefined) throw new SigningError('PDF_FIELD_EXISTS', { field })
    assertUnlocked(snapshot, form, field)
  }
  assertNotCertified(snapshot, form)
}

function assertNotCertified(snapshot: Snapshot, form: Form | undefined): void {
  for (const field of form?.fields.filter(isSigned) ?? []) {
    const signature = snapshot.resolve(field.value)
    const locks = readLocks(snapshot, field.dict, isDict(signature) ? signature : pdfDict({}))
    if (locks.documentPermission !== undefined)
      throw new SigningError('PDF_NO_CHANGES_PERMITTED', { field: field.name })
  }
}

function markAppearance(
  place: FieldPlace,
  mark: IssueMark,
  time: Date,
  fonts: TypesetFonts,
  seal?: MarkSeal,
): TypesetAppearance {
  const diameter = seal === undefined ? 0 : seal.diameterMm * mm
  const beside = seal === undefined ? 0 : diameter + gap / 2
  const layout = new Layout(mark, time, fonts)
  const width = place.width - beside
  if (width < layout.narrow || place.height < layout.heightAt(width)) {
    if (seal !== undefined && place.width >= layout.narrow) throw noRoomForSeal(seal, place)
    throw tooSmall(place, issueMarkSizes(mark, fonts))
  }
  if (seal !== undefined && diameter > place.height) throw noRoomForSeal(seal, place)
  if (seal !== undefined && Math.max(seal.picture.width, seal.picture.height) > mostSealPixels)
    throw tooFine()
  const texts = layout.texts(beside + padding, width - 2 * padding, place.height)
  if (seal === undefined) return { fonts, texts }
  const at = { left: 0, bottom: (place.height - diameter) / 2, width: diameter, height: diameter }
  return { fonts, texts, seal: { picture: seal.picture, at } }
}

/** The lines of a mark and their measures; widths and heights are those of the box, with its padding. */
class Layout {
  /** Least width of a box with number and date on one line, and below each other. */
  readonly wide: number
  readonly narrow: number
  readonly #number: string
  readonly #date: string
  readonly #tail: readonly string[]
  readonly #fonts: {
    readonly upright: ReturnType<typeof measureFont>
    readonly italic: ReturnType<typeof measureFont>
  }

  constructor({ code, placeAndDate, agency }: IssueMark, time: Date, fonts: TypesetFonts) {
    this.#fonts = { upright: measureFont(fonts.upright), italic: measureFont(fonts.italic) }
    this.#number = `Số: ${code}`.normalize('NFC')
    this.#date = placeAndDate.normalize('NFC')
    this.#tail = [...`${agency},`.normalize('NFC').split(/\s+/), signingTimeText(time)]
    const { upright, italic } = this.#fonts
    // A number that is bound and cannot be shown would be lost.
    for (const text of [this.#number, ...this.#tail]) upright.assertGlyphs(text)
    italic.assertGlyphs(this.#date)
    const [number, date] = [upright.width(this.#number, sizes.head), italic.width(this.#date, sizes.head)]
    const words = this.#tail.map((word) => upright.width(word, sizes.rest))
    this.wide = Math.max(number + gap + date, ...words) + 2 * padding
    this.narrow = Math.max(number, date, ...words) + 2 * padding
  }

  heightAt(width: number): number {
    return this.#heightOf(width >= this.wide, this.#tailLines(width - 2 * padding).length) + 2 * padding
  }

  /** @param width of the room without padding */
  texts(left: number, width: number, boxHeight: number): TypesetText[] {
    const { upright, italic } = this.#fonts
    const wide = width + 2 * padding >= this.wide
    const tail = this.#tailLines(width)
    let top = boxHeight - (boxHeight - this.#heightOf(wide, tail.length)) / 2
    const centred = (text: string, face: 'upright' | 'italic', size: number): number =>
      left + (width - this.#fonts[face].width(text, size)) / 2
    const line = (size: number, face: 'upright' | 'italic') => {
      const baseline = top - this.#fonts[face].ascent(size)
      top -= this.#fonts[face].lineHeight(size)
      return baseline
    }
    const head = sizes.head
    const texts: TypesetText[] = []
    const baseline = line(head, 'upright')
    const number = { text: this.#number, face: 'upright', size: head, baseline } as const
    const date = { text: this.#date, face: 'italic', size: head } as const
    if (wide) {
      texts.push({ ...number, left })
      texts.push({ ...date, left: left + width - italic.width(this.#date, head), baseline })
    } else {
      texts.push({ ...number, left: centred(this.#number, 'upright', head) })
      texts.push({ ...date, left: centred(this.#date, 'italic', head), baseline: line(head, 'italic') })
    }
    for (const text of tail) {
      const at = wide ? left + width - upright.width(text, sizes.rest) : centred(text, 'upright', sizes.rest)
      texts.push({ text, face: 'upright', size: sizes.rest, left: at, baseline: line(sizes.rest, 'upright') })
    }
    return texts
  }

  #heightOf(wide: boolean, tailLines: number): number {
    const { upright, italic } = this.#fonts
    const second = wide ? 0 : italic.lineHeight(sizes.head)
    return upright.lineHeight(sizes.head) + second + tailLines * upright.lineHeight(sizes.rest)
  }

  /** Agency and time in as few lines as their width allows; neither a word nor the time is broken. */
  #tailLines(width: number): string[] {
    const lines: string[] = []
    for (const part of this.#tail) {
      const last = lines.at(-1)
      const longer = last === undefined ? part : `${last} ${part}`
      if (last !== undefined && this.#fonts.upright.width(longer, sizes.rest) <= width)
        lines[lines.length - 1] = longer
      else lines.push(part)
    }
    return lines
  }
}

function tooSmall(place: Size, [wide, narrow]: readonly [Size, Size]): SigningError {
  // The form that the box is nearer to.
  const needed = place.height < narrow.height || place.width >= wide.width ? wide : narrow
  const inMm = (points: number): number => Math.ceil((points / mm) * 10) / 10
  return new SigningError('MARK_BOX_TOO_SMALL', {
    width: Math.floor((place.width / mm) * 10) / 10,
    height: Math.floor((place.height / mm) * 10) / 10,
    neededWidth: inMm(needed.width),
    neededHeight: inMm(needed.height),
  })
}

function noRoomForSeal({ diameterMm }: MarkSeal, { width, height }: Size): SigningError {
  const [w, h] = [width, height].map((points) => Math.floor((points / mm) * 10) / 10)
  return new SigningError('APPEARANCE_SIZE_WRONG', {
    reason: `the box of ${w} by ${h} mm has no room for a seal of ${diameterMm} mm beside number and date`,
    reasonVi: `ô ${w} x ${h} mm không đủ chỗ cho dấu ${diameterMm} mm bên cạnh số và ngày`,
  })
}

function tooFine(): SigningError {
  return new SigningError('APPEARANCE_SIZE_WRONG', {
    reason: `the picture of the seal has more than ${mostSealPixels} pixels a side`,
    reasonVi: `ảnh con dấu có cạnh dài hơn ${mostSealPixels} điểm ảnh`,
  })
}
