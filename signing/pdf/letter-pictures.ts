/**
 * What the signatures on a letter show (NĐ 30/2020 Phụ lục I, Phần I, II.7d and II.8a): the blue picture of an
 * individual's handwriting in the middle between title and name, the red picture of the agency's seal at its real size
 * over the left third of it.
 */
import { SigningError } from '../errors.ts'
import { placeOf } from './field-places.ts'
import { decodeStream } from './filters.ts'
import { findField, isSigned, type Rectangle, readForm } from './form.ts'
import { type Ink, readInk } from './ink.ts'
import { individualPosition, letterFields } from './letter-fields.ts'
import { isDict, isReference } from './objects.ts'
import type { FieldPlace } from './page-place.ts'
import { openPdf } from './pdf-file.ts'
import type { InkAppearance, SignatureAppearance } from './signature-appearance.ts'
import type { Snapshot } from './snapshot.ts'

/** Fewest pixels of a picture: coarser ones do not look like ink on paper. */
const fewestPixels = { signature: 120, seal: 200 } as const
/** How far from round a seal may be. */
const outOfRound = 0.04
/** Millimetres by which a field may be smaller than the seal that goes into it. */
const tooSmall = 0.5
const mm = 72 / 25.4

export interface IndividualAppearanceOptions {
  /** PNG, blue on a transparent ground; without one the box names signer and time in blue. */
  readonly image?: Uint8Array
  readonly name?: string | undefined
  /** When it is signed, as `signingTimeText` writes it. */
  readonly time: string
  /** A TrueType font with the letters of name and time. */
  readonly fontBytes: Uint8Array
}

/**
 * What an individual's signature shows.
 * @throws SigningError `IMAGE_UNSUPPORTED`, `APPEARANCE_NOT_TRANSPARENT`, `APPEARANCE_COLOUR_WRONG`,
 *   `APPEARANCE_SIZE_WRONG`
 */
export function individualAppearance(options: IndividualAppearanceOptions): SignatureAppearance {
  const { image, name, time, fontBytes } = options
  if (image === undefined) {
    const lines = [...(name === undefined ? [] : [name]), time]
    return { fontBytes, lines, colour: 'blue', align: 'centre' }
  }
  const { width } = readInk(image, 'blue')
  if (width < fewestPixels.signature) throw tooCoarse(width, fewestPixels.signature)
  return { ink: image, colour: 'blue' }
}

export interface SealOptions {
  /** PNG, red on a transparent ground. */
  readonly image: Uint8Array
  /** The real diameter of the seal in millimetres; default the height of its field, which was made for it. */
  readonly diameterMm?: number
}

export interface PlacedSeal {
  readonly appearance: InkAppearance
  /**
   * The share of the individual's picture that the seal covers from the left; null where no individual's signature
   * stands under it. The decree says about a third.
   */
  readonly covered: number | null
  /** Whether that is more than `sealTolerance` from a third. */
  readonly deviates: boolean
}

/** How far the covered share may be from a third. */
export const sealTolerance = 0.1

/**
 * What the agency's signature on a letter shows: the seal in its field, over the left third of the picture of the
 * individual's signature that the field overlaps, as far as the field reaches.
 *
 * @param pdf the document that the agency signs next
 * @throws SigningError `IMAGE_UNSUPPORTED`, `APPEARANCE_NOT_TRANSPARENT`, `APPEARANCE_COLOUR_WRONG`;
 *   `APPEARANCE_SIZE_WRONG` for a seal that is not round, has too few pixels or is larger than its field;
 *   `PDF_FIELD_NOT_FOUND` where the document has no visible field for it; and as `openPdf`
 */
export function sealAppearance(pdf: Uint8Array, { image, diameterMm }: SealOptions): PlacedSeal {
  readSeal(image)
  const snapshot = openPdf(pdf).latest
  const box = placeOf(snapshot, letterFields.agencySignature)
  if (box === undefined)
    throw new SigningError('PDF_FIELD_NOT_FOUND', { field: letterFields.agencySignature })
  const diameter = diameterMm === undefined ? box.height : diameterMm * mm
  if (Math.min(box.width, box.height) < diameter - tooSmall * mm)
    throw largerThanField(Math.round((diameter / mm) * 10) / 10, box)
  const picture = pictureUnder(snapshot, box)
  const room = { x: Math.max(0, box.width - diameter), y: Math.max(0, box.height - diameter) }
  const size = { width: Math.min(diameter, box.width), height: Math.min(diameter, box.height) }
  const wanted =
    picture === undefined
      ? { left: room.x / 2, bottom: room.y / 2 }
      : {
          left: picture.left + picture.width / 3 - diameter - box.left,
          bottom: picture.bottom + (picture.height - diameter) / 2 - box.bottom,
        }
  const at = {
    left: Math.min(Math.max(0, wanted.left), room.x),
    bottom: Math.min(Math.max(0, wanted.bottom), room.y),
    ...size,
  }
  const reach = box.left + at.left + at.width
  const covered = picture === undefined ? null : (reach - picture.left) / picture.width
  const deviates = covered !== null && Math.abs(covered - 1 / 3) > sealTolerance
  return { appearance: { ink: image, colour: 'red', at }, covered, deviates }
}

/**
 * The ink of a picture of a seal: red on a transparent ground, round, and fine enough.
 * @throws SigningError `IMAGE_UNSUPPORTED`, `APPEARANCE_NOT_TRANSPARENT`, `APPEARANCE_COLOUR_WRONG`,
 *   `APPEARANCE_SIZE_WRONG`
 */
export function readSeal(image: Uint8Array): Ink {
  const ink = readInk(image, 'red')
  const { width, height } = ink
  if (Math.min(width, height) < fewestPixels.seal) throw tooCoarse(Math.min(width, height), fewestPixels.seal)
  if (Math.abs(width - height) > outOfRound * Math.max(width, height)) throw notRound(width, height)
  return ink
}

/** The picture of the last individual's signature that a box overlaps, as it stands on that page. */
function pictureUnder(snapshot: Snapshot, box: FieldPlace): Rectangle | undefined {
  const form = readForm(snapshot)
  const signed = (form?.fields ?? []).filter(
    (field) => individualPosition(field.name) !== undefined && isSigned(field),
  )
  const under = signed.flatMap(({ name }) => {
    const place = placeOf(snapshot, name)
    return place !== undefined && place.page === box.page && overlap(place, box) ? [{ name, place }] : []
  })
  const last = under.at(-1)
  if (last === undefined) return undefined
  const drawn = drawnIn(snapshot, last.name)
  const { left, bottom, width, height } = last.place
  if (drawn === undefined) return { left, bottom, width, height }
  return { ...drawn, left: left + drawn.left, bottom: bottom + drawn.bottom }
}

const number = String.raw`(-?\d+(?:\.\d+)?)`
const drawing = new RegExp(`q\\n${number} 0 0 ${number} ${number} ${number} cm\\n/Im0 Do`)
const mostContent = 4096

/** Where in its box an appearance of this library draws its picture, as the box is seen. */
function drawnIn(snapshot: Snapshot, field: string): Rectangle | undefined {
  const widget = findField(readForm(snapshot), field)?.widgets[0]
  const normal = widget === undefined ? undefined : snapshot.dictEntry(widget.dict, 'AP')?.entries.get('N')
  const form = isReference(normal) ? snapshot.target(normal) : undefined
  if (form?.stream === undefined || !isDict(form.value)) return undefined
  const raw = snapshot.file.streamData(form)
  if (raw === undefined) return undefined
  const content = Buffer.from(decodeStream(form.value, raw, form.stream.start, mostContent)).toString(
    'latin1',
  )
  const found = drawing.exec(content)?.slice(1).map(Number)
  if (found === undefined) return undefined
  const [width = 0, height = 0, left = 0, bottom = 0] = found
  return { left, bottom, width, height }
}

function overlap(a: Rectangle, b: Rectangle): boolean {
  return (
    a.left < b.left + b.width &&
    b.left < a.left + a.width &&
    a.bottom < b.bottom + b.height &&
    b.bottom < a.bottom + a.height
  )
}

function tooCoarse(found: number, least: number): SigningError {
  return new SigningError('APPEARANCE_SIZE_WRONG', {
    reason: `its ink is ${found} pixels wide, at least ${least} are needed`,
    reasonVi: `nét vẽ chỉ rộng ${found} điểm ảnh, cần ít nhất ${least}`,
  })
}

function notRound(width: number, height: number): SigningError {
  return new SigningError('APPEARANCE_SIZE_WRONG', {
    reason: `a seal is round, this one is ${width} by ${height} pixels`,
    reasonVi: `con dấu phải tròn, ảnh này ${width} x ${height} điểm ảnh`,
  })
}

function largerThanField(diameterMm: number, { width, height }: Rectangle): SigningError {
  const room = Math.floor((Math.min(width, height) / mm) * 10) / 10
  return new SigningError('APPEARANCE_SIZE_WRONG', {
    reason: `the seal of ${diameterMm} mm does not fit the field, which has ${room} mm`,
    reasonVi: `dấu ${diameterMm} mm không vừa ô chữ ký ${room} mm`,
  })
}
