/**
 * No field stands over text, over another field or off its page. The seal alone lies over an individual's picture, and
 * may touch the title and the name around that picture: at its real size of 36 mm it is higher than the room that a
 * letter has between them. Pure.
 */
import { issueMarkField, letterFields } from '../../signing/index.ts'
import { CongvanError } from '../errors.ts'
import type { FoundPlace } from './number-places.ts'
import type { PageText } from './page-text.ts'
import { overlaps, type TextBox, type TextLine, type TextRun } from './text-lines.ts'

const mm = 72 / 25.4
/** How far a box may reach into that of a text, in points: the measures of a PDF are no finer. */
const tolerance = 1

export interface CheckedPlace extends FoundPlace {
  /** It stands in a printed line on purpose, in a gap of it. */
  readonly inLine?: boolean
  /** Lines that a seal at its real size cannot but touch: title and name between which it stands. */
  readonly mayTouch?: readonly TextLine[]
  /** The ink is a round seal of the box's height, which may stand anywhere along the box. */
  readonly round?: boolean
}

/**
 * @throws CongvanError `PLACE_OFF_PAGE`, `PLACE_COVERS_TEXT`
 */
export function requireFreePlaces(pages: readonly PageText[], places: readonly CheckedPlace[]): void {
  for (const place of places) {
    const page = pages.find((one) => one.page === place.page)
    if (page === undefined) continue
    requireOnPage(page, place)
    const runs = page.lines.flatMap((line) => line.runs)
    const covered = runs.find((run) => run.text.trim() !== '' && covers(place, run))
    if (covered !== undefined) throw overText(place, covered.text.trim())
    const other = places.find((one) => one !== place && one.page === place.page && collide(one, place))
    if (other !== undefined) throw overText(place, `[${nameOf(other.field).en}]`)
  }
}

function requireOnPage(page: PageText, place: CheckedPlace): void {
  const { left, bottom, width, height } = place.box
  const inside =
    left >= 0 &&
    bottom >= 0 &&
    left + width <= page.width &&
    bottom + height <= page.height &&
    width > 0 &&
    height > 0
  if (inside) return
  const { en, vi } = nameOf(place.field)
  throw new CongvanError('PLACE_OFF_PAGE', {
    field: en,
    fieldVi: vi,
    page: page.page,
    width: Math.round((page.width * page.unit) / mm),
    height: Math.round((page.height * page.unit) / mm),
  })
}

function covers(place: CheckedPlace, run: TextRun): boolean {
  if (place.mayTouch?.some((line) => line.runs.includes(run)) === true) return false
  const ink = inkOf(run)
  if (place.inLine === true && Math.abs(run.box.bottom - place.box.bottom) < run.size) return false
  if (!overlaps(place.box, ink, tolerance)) return false
  return place.round !== true || touchesSeal(place.box, ink)
}

/** The text of the first run that a box would lie over. */
export function textUnder(page: PageText, box: TextBox): string | undefined {
  const runs = page.lines.flatMap((line) => line.runs)
  return runs.find((run) => run.text.trim() !== '' && overlaps(box, inkOf(run), tolerance))?.text.trim()
}

/** What of a run is ink: from below the baseline to the height of capitals. */
function inkOf(run: TextRun): TextBox {
  if (!run.upright) return run.box
  const lead = run.text.length - run.text.trimStart().length
  const tail = run.text.length - run.text.trimEnd().length
  const blank = run.box.width / Math.max(1, run.text.length)
  return {
    left: run.box.left + lead * blank,
    bottom: run.baseline - run.size * 0.22,
    width: Math.max(0, run.box.width - (lead + tail) * blank),
    height: run.size * 0.97,
  }
}

/** Whether a circle of the box's height, at its left end, at its right end or between, reaches into another box. */
function touchesSeal({ left, bottom, width, height }: TextBox, other: TextBox): boolean {
  const radius = height / 2
  const middle = bottom + radius
  const dy = middle - Math.min(Math.max(middle, other.bottom), other.bottom + other.height)
  const first = left + radius
  const last = left + width - radius
  // The nearest of all centres between the two ends.
  const right = other.left + other.width
  const nearest = last < other.left ? other.left - last : first > right ? first - right : 0
  return Math.hypot(nearest, dy) < radius - tolerance
}

/** The seal is to lie over an individual's picture; all else stands apart. */
function collide(a: CheckedPlace, b: CheckedPlace): boolean {
  const seal = [a, b].find(({ field }) => field === letterFields.agencySignature)
  const isOverPerson = seal !== undefined && [a, b].some(({ field }) => isIndividual(field))
  return !isOverPerson && overlaps(a.box, b.box, tolerance)
}

function isIndividual(field: string): boolean {
  return field.startsWith(letterFields.individualSignature)
}

function overText(place: CheckedPlace, text: string): CongvanError {
  const { en, vi } = nameOf(place.field)
  return new CongvanError('PLACE_COVERS_TEXT', {
    field: en,
    fieldVi: vi,
    page: place.page,
    text: text.length > 60 ? `${text.slice(0, 60)}…` : text,
  })
}

/** What people call a field. */
export function nameOf(field: string): { readonly en: string; readonly vi: string } {
  if (field === letterFields.agencySignature)
    return { en: 'the signature of the agency', vi: 'chữ ký của cơ quan' }
  if (field === issueMarkField) return { en: 'number and date', vi: 'số và ngày' }
  if (field === letterFields.number) return { en: 'the number', vi: 'số văn bản' }
  if (!isIndividual(field)) return { en: 'the date', vi: 'ngày, tháng, năm' }
  const position = Number(field.slice(letterFields.individualSignature.length + 1) || 1)
  return { en: `the signature of signer ${position}`, vi: `chữ ký của người ký thứ ${position}` }
}
