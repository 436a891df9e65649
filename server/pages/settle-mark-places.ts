/** Where number, date and the signatures still missing will stand on a PDF that was signed in another program. */
import {
  assertNoInk,
  assertRoomForMark,
  type FieldPlace,
  type IssueMark,
  individualSignatureField,
  issueMarkField,
  issueMarkSizes,
  laterSignatureField,
  type PageInk,
  readPageInk,
  type TypesetFonts,
} from '../../signing/index.ts'
import { type CheckedPlace, requireFreePlaces } from './check-places.ts'
import { findMarkPlace } from './find-mark-place.ts'
import type { MarkPlaces } from './mark-places.ts'
import { requireNoPrintedNumber } from './number-places.ts'
import { type PageText, type PageTextReader, readPageText } from './page-text.ts'
import { boxAt, type GivenPlace, type GivenPlaces } from './prepare-letter.ts'
import { findIndividualPlaces, type LetterSigner } from './signer-places.ts'

export interface MarkPreparation {
  /** What the box has to show, as wide as it gets. */
  readonly mark: IssueMark
  readonly fonts: TypesetFonts
  /** Those who sign, in their order, and how many of them have signed. */
  readonly signers: readonly LetterSigner[]
  readonly signed: number
  readonly reader: PageTextReader
  /** Told by the clerk; otherwise a free box is sought. */
  readonly numberBox?: GivenPlace
  readonly places?: Pick<GivenPlaces, 'individuals'>
}

/**
 * @throws CongvanError `PLACE_NOT_FOUND`, `PLACE_AMBIGUOUS`, `PLACE_COVERS_TEXT`, `PLACE_OFF_PAGE`, `PAGE_TEXT_UNREADABLE`
 * @throws SigningError as `assertRoomForMark`
 */
export async function settleMarkPlaces(bytes: Uint8Array, preparation: MarkPreparation): Promise<MarkPlaces> {
  const { mark, fonts, signers, signed, numberBox, reader } = preparation
  const pages = await readPageText(bytes, { reader })
  const [first] = pages
  // The page cannot be changed any more: it would show two numbers.
  if (first !== undefined) requireNoPrintedNumber(first)
  const number: CheckedPlace =
    numberBox === undefined
      ? findMarkPlace(first, first === undefined ? [] : readPageInk(bytes, 1), issueMarkSizes(mark, fonts))
      : boxAt(pages, issueMarkField, numberBox)
  const later = laterPlaces(pages, preparation)
  requireFreePlaces(pages, [number, ...later])
  assertRoomForMark(bytes, placeOf(number), mark, fonts)
  const inks = new Map<number, readonly PageInk[]>()
  for (const [i, place] of later.entries()) {
    const ink = inks.get(place.page) ?? readPageInk(bytes, place.page)
    inks.set(place.page, ink)
    assertNoInk(bytes, placeOf(place), laterSignatureField(signed + i + 1), ink)
  }
  return {
    number: placeOf(number),
    individuals: signers.map((_, i) => {
      const place = i < signed ? undefined : later[i - signed]
      return place === undefined ? null : placeOf(place)
    }),
  }
}

/** Of those who are still to sign, in their order: told, or found between their title and their name. */
function laterPlaces(
  pages: readonly PageText[],
  { signers, signed, places = {} }: MarkPreparation,
): CheckedPlace[] {
  const told = signers.map((_, i) => places.individuals?.[i] ?? undefined)
  const missing = signers.some((_, i) => i >= signed && told[i] === undefined)
  const found = missing ? findIndividualPlaces(pages, signers) : []
  return signers.flatMap((_, i) => {
    if (i < signed) return []
    const given = told[i]
    const place = given === undefined ? found[i] : boxAt(pages, individualSignatureField(i + 1), given)
    return place === undefined ? [] : [place]
  })
}

function placeOf({ page, box }: CheckedPlace): FieldPlace {
  return { page, ...box }
}
