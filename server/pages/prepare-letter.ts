/**
 * Makes a PDF of any word processor ready to be numbered and signed: the fields of a letter, at the places that its
 * text tells or that are given (design 4; NĐ 30/2020 Phụ lục I, Phần I, II).
 */
import { z } from 'zod'
import {
  addLetterFields,
  datePartFields,
  individualSignatureField,
  type LetterField,
  letterFields,
  listFields,
} from '../../signing/index.ts'
import { CongvanError } from '../errors.ts'
import { type CheckedPlace, nameOf, requireFreePlaces } from './check-places.ts'
import { findDatePlaces, findNumberPlace } from './number-places.ts'
import { type PageText, type PageTextReader, readPageText } from './page-text.ts'
import {
  findIndividualPlaces,
  type IndividualPlace,
  type LetterSigner,
  sealPlaceOver,
} from './signer-places.ts'

/** A box told by a person: millimetres from the left edge and from the top of the page as it is seen. */
export const givenPlace = z.strictObject({
  /** 1 is the first page, -1 the last. */
  page: z.int().min(-5_000).max(5_000),
  x: z.number().min(-2_000).max(20_000),
  y: z.number().min(-2_000).max(20_000),
  w: z.number().positive().max(2_000),
  h: z.number().positive().max(2_000),
})
export type GivenPlace = z.output<typeof givenPlace>

export const givenPlaces = z.strictObject({
  number: givenPlace.optional(),
  /** The whole line: `ngày 05 tháng 01 năm 2026`. */
  date: givenPlace.optional(),
  /** In the order of the signers. */
  individuals: z.array(givenPlace.nullable()).max(20).optional(),
  /** In it the seal stands at its real size, over the picture that is there; no smaller than the seal. */
  agency: givenPlace.optional(),
})
export type GivenPlaces = z.output<typeof givenPlaces>

export interface LetterPreparation {
  /** Those who sign, in their order. */
  readonly signers: readonly LetterSigner[]
  /** The text of the pages, where it was read before. */
  readonly pages?: readonly PageText[]
  readonly reader?: PageTextReader
  /** Boxes that are given need not be found. */
  readonly places?: GivenPlaces
  /** Real diameter of the agency's seal; default 36. */
  readonly sealDiameterMm?: number
}

const mm = 72 / 25.4
const usualSealMm = 36

/**
 * The document with all fields of a letter, appended as one revision; the same bytes where it has them all.
 *
 * @throws CongvanError `PLACE_NOT_FOUND`, `PLACE_AMBIGUOUS`, `PLACE_COVERS_TEXT`, `PLACE_OFF_PAGE`,
 *   `PAGE_TEXT_UNREADABLE`, `DRAFT_ALREADY_SIGNED`
 * @throws SigningError `PDF_NOT_A_PDF`, `PDF_MALFORMED`, `PDF_ENCRYPTED`
 */
export async function prepareLetter(bytes: Uint8Array, preparation: LetterPreparation): Promise<Uint8Array> {
  const { names, signatureFields } = listFields(bytes)
  const missing = missingFields(names, preparation.signers.length)
  if (missing.length === 0) return bytes
  if (signatureFields.some(({ signed }) => signed)) throw new CongvanError('DRAFT_ALREADY_SIGNED')
  const reading = preparation.reader === undefined ? {} : { reader: preparation.reader }
  const pages = preparation.pages ?? (await readPageText(bytes, reading))
  const places = placesOf(missing, pages, preparation)
  requireFreePlaces(pages, places)
  return addLetterFields(bytes, places.map(fieldOf))
}

/** The fields of a letter that a document lacks; the date may be one field or several. */
export function missingFields(names: readonly string[], signers: number): string[] {
  const hasDate = [letterFields.date, ...Object.values(datePartFields)].some((name) => names.includes(name))
  const individuals = Array.from({ length: signers }, (_, i) => individualSignatureField(i + 1))
  const wanted = [letterFields.number, letterFields.date, ...individuals, letterFields.agencySignature]
  return wanted.filter((name) => !names.includes(name) && !(name === letterFields.date && hasDate))
}

function placesOf(
  missing: readonly string[],
  pages: readonly PageText[],
  { signers, places: given = {}, sealDiameterMm = usualSealMm }: LetterPreparation,
): CheckedPlace[] {
  const [first] = pages
  const places: CheckedPlace[] = []
  const lacks = (name: string): boolean => missing.includes(name)
  if (lacks(letterFields.number)) {
    if (given.number !== undefined) places.push(textAt(pages, letterFields.number, given.number))
    else places.push({ ...findNumberPlace(pageOrFail(first, letterFields.number)), inLine: true })
  }
  if (lacks(letterFields.date)) {
    if (given.date !== undefined) places.push(textAt(pages, letterFields.date, given.date))
    else
      for (const place of findDatePlaces(pageOrFail(first, letterFields.date)))
        places.push({ ...place, inLine: true })
  }
  const individuals = individualPlaces(pages, signers, given.individuals ?? [], lacks)
  places.push(...individuals.filter(({ field }) => lacks(field)))
  if (lacks(letterFields.agencySignature)) {
    const over = individuals.at(-1)
    if (given.agency !== undefined) places.push(sealAt(pages, given.agency, sealDiameterMm))
    else if (over === undefined) throw lackingSeal()
    else {
      const unit = pages.find(({ page }) => page === over.page)?.unit ?? 1
      const seal = sealPlaceOver(over, (sealDiameterMm * mm) / unit)
      places.push({ ...seal, round: true, mayTouch: over.block })
    }
  }
  return places
}

/** All individuals' boxes, since the seal may lie over one that the document has already. */
function individualPlaces(
  pages: readonly PageText[],
  signers: readonly LetterSigner[],
  given: readonly (GivenPlace | null)[],
  lacks: (name: string) => boolean,
): IndividualPlace[] {
  const told = signers.map((_, i) => {
    const place = given[i]
    return place == null ? undefined : { ...boxAt(pages, individualSignatureField(i + 1), place), block: [] }
  })
  const sought = signers.some((_, i) => told[i] === undefined && lacks(individualSignatureField(i + 1)))
  if (!sought && !lacks(letterFields.agencySignature)) return told.flatMap((place) => place ?? [])
  if (told.every((place) => place !== undefined)) return told
  const found = findIndividualPlaces(pages, signers)
  return signers.flatMap((_, i) => told[i] ?? found[i] ?? [])
}

function textAt(pages: readonly PageText[], field: string, place: GivenPlace): CheckedPlace {
  const found = boxAt(pages, field, place)
  // A line of 13 points where the box is high enough (NĐ 30/2020 Phụ lục I, Phần I, II.3b).
  return { ...found, text: { size: Math.max(4, Math.min(13, found.box.height / 1.2)), align: 'left' } }
}

/** The field is as high as the seal is, so that whoever signs knows its real size from it. */
function sealAt(pages: readonly PageText[], place: GivenPlace, diameter: number): CheckedPlace {
  const least = Math.min(place.w, place.h)
  if (least < diameter) {
    const { en, vi } = nameOf(letterFields.agencySignature)
    throw new CongvanError('PLACE_NOT_FOUND', {
      field: en,
      fieldVi: vi,
      reason: `the box of ${least} mm is smaller than the seal of ${diameter} mm`,
      reasonVi: `ô ${least} mm nhỏ hơn con dấu ${diameter} mm`,
    })
  }
  const trimmed = { ...place, y: place.y + (place.h - diameter) / 2, h: diameter }
  return { ...boxAt(pages, letterFields.agencySignature, trimmed), round: true }
}

/**
 * A box told by a person, in points of its page.
 * @throws CongvanError `PLACE_NOT_FOUND` for a page that the document has not
 */
export function boxAt(
  pages: readonly PageText[],
  field: string,
  { page, x, y, w, h }: GivenPlace,
): CheckedPlace {
  const found = page === 0 ? undefined : pages.at(page > 0 ? page - 1 : page)
  if (found === undefined) {
    const { en, vi } = nameOf(field)
    throw new CongvanError('PLACE_NOT_FOUND', {
      field: en,
      fieldVi: vi,
      reason: `there is no page ${page}`,
      reasonVi: `không có trang ${page}`,
    })
  }
  const point = mm / found.unit
  const box = {
    left: x * point,
    bottom: found.height - (y + h) * point,
    width: w * point,
    height: h * point,
  }
  return { field, page: found.page, box }
}

function fieldOf({ field, page, box, text }: CheckedPlace): LetterField {
  return { name: field, place: { page, ...box }, ...(text === undefined ? {} : { text }) }
}

function pageOrFail(page: PageText | undefined, field: string): PageText {
  if (page !== undefined) return page
  const { en, vi } = nameOf(field)
  throw new CongvanError('PLACE_NOT_FOUND', {
    field: en,
    fieldVi: vi,
    reason: 'the document has no page',
    reasonVi: 'văn bản không có trang nào',
  })
}

function lackingSeal(): CongvanError {
  const { en, vi } = nameOf(letterFields.agencySignature)
  return new CongvanError('PLACE_NOT_FOUND', {
    field: en,
    fieldVi: vi,
    reason: 'no individual signs',
    reasonVi: 'không có người ký',
  })
}
