/**
 * Signing a document that others have signed in another program, and that so has no fields for what is to come: the
 * next person signs in a new field, and the agency's signature shows number and date itself.
 */
import { CongvanError } from '../../server/errors.ts'
import {
  assertNoInk,
  assertRoomForMark,
  certificateSubject,
  type FieldPlace,
  type IssueMark,
  issueMarkOptions,
  type KeyProvider,
  laterSignatureField,
  readSeal,
  signPdf,
} from '../../signing/index.ts'
import type { DocumentDetails, Numbered } from './forms.ts'
import { individualPicture, letterFont } from './letter-appearance.ts'

/** Where somebody signs who is not the first. */
export interface LaterPlace {
  /** 1 for the first of all. */
  readonly position: number
  /** Null where the signature is not seen. */
  readonly place: FieldPlace | null
}

/** The place of the next individual on a version that was signed elsewhere; undefined on any other. */
export function laterPlaceOf({ revisions }: DocumentDetails): LaterPlace | undefined {
  const from = revisions.findLastIndex((one) => one.kind === 'draft')
  const places = revisions[from]?.places
  if (places == null) return undefined
  const position = revisions.slice(from + 1).filter((one) => one.kind === 'individual').length + 1
  return { position, place: places.individuals[position - 1] ?? null }
}

/**
 * Signs as the next individual, in a new field at the place that the node found free.
 * @throws SigningError as `signPdf`; `PDF_BOX_NOT_EMPTY`
 */
export async function signLater(
  pdf: Uint8Array,
  key: KeyProvider,
  now: Date,
  image: Uint8Array | undefined,
  { position, place }: LaterPlace,
): Promise<Uint8Array> {
  const field = laterSignatureField(position)
  const { commonName } = certificateSubject(key.certificate)
  if (place !== null) assertNoInk(pdf, place, field)
  return signPdf(pdf, {
    key,
    field,
    signingTime: now,
    ...(commonName === undefined ? {} : { name: commonName }),
    ...(place === null ? {} : { place, appearance: individualPicture(image, commonName, now) }),
  })
}

/**
 * Signs as the agency so that its box shows number and date, with a picture of the seal beside them where one is given.
 * The box is looked at here too, and what is drawn is the number that the clerk was told.
 *
 * @param numbered what the node said when it gave the number
 * @throws CongvanError `DOWNLOAD_DAMAGED` where the node's words contradict each other
 * @throws SigningError as `assertRoomForMark`, `readSeal`, `signPdf`
 */
export async function signWithMark(
  pdf: Uint8Array,
  key: KeyProvider,
  now: Date,
  { id, number, date, mark }: Numbered & { readonly mark: NonNullable<Numbered['mark']> },
  image: Uint8Array | undefined,
): Promise<Uint8Array> {
  const { text, place, sealDiameterMm } = mark
  if (text.code !== number || !saysDate(text, date)) throw new CongvanError('DOWNLOAD_DAMAGED', { id })
  const fonts = { upright: letterFont('400Regular'), italic: letterFont('400Regular_Italic') }
  assertRoomForMark(pdf, place, text, fonts)
  const { commonName } = certificateSubject(key.certificate)
  const seal = image === undefined ? undefined : { picture: readSeal(image), diameterMm: sealDiameterMm }
  return signPdf(pdf, {
    key,
    ...issueMarkOptions(place, text, now, fonts, seal),
    ...(commonName === undefined ? {} : { name: commonName }),
  })
}

/** Whether the line of place and date ends with that day, `YYYY-MM-DD`. */
function saysDate({ placeAndDate }: IssueMark, date: string): boolean {
  const said = /ngày (\d{1,2}) tháng (\d{1,2}) năm (\d{4})$/.exec(placeAndDate.normalize('NFC'))?.slice(1)
  const wanted = date.split('-').reverse()
  return said?.every((part, i) => Number(part) === Number(wanted[i])) === true
}
