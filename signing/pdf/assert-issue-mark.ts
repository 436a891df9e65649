/**
 * What the server checks of a revision in which the agency's signature itself shows number and date: it is made again
 * and compared byte for byte, since a font of the other side could draw any number for any code.
 */
import { signatureAlgorithm } from '../algorithms.ts'
import { type AddedSignature, assertExtendsBySignature, unexpected } from './assert-revisions.ts'
import { isoDate } from './dates.ts'
import { decodeStream } from './filters.ts'
import { findField, readForm } from './form.ts'
import {
  type IssueMark,
  issueMarkField,
  issueMarkOptions,
  type MarkSeal,
  mostSealPixels,
} from './issue-mark.ts'
import {
  isDict,
  isInteger,
  isReference,
  isString,
  type PdfDict,
  type PdfReference,
  textOf,
} from './objects.ts'
import type { FieldPlace } from './page-place.ts'
import { openPdf } from './pdf-file.ts'
import { prepareRevision } from './sign-pdf.ts'
import type { Snapshot } from './snapshot.ts'
import type { TypesetFonts } from './typeset-appearance.ts'

export interface ExpectedMark {
  readonly place: FieldPlace
  readonly mark: IssueMark
  /** The faces that both sides use. */
  readonly fonts: TypesetFonts
}

export interface AddedMark extends AddedSignature {
  /** As the signature claims it and its box shows it. */
  readonly signingTime: Date
}

/**
 * Checks that `next` is `previous` and one revision with exactly one signature in a new field at that place, which shows
 * this number, this date, the agency and the time of signing, perhaps a picture of the seal beside them, and nothing
 * else; it locks the whole form.
 *
 * All but the value of `/Contents` is made again: nothing that the revision could say or draw besides is let through.
 * Whose signature it is, and what it is worth, is the business of `verifyPdf`.
 *
 * @throws SigningError `PDF_UNEXPECTED_CHANGES`; `MARK_BOX_TOO_SMALL`; and as `openPdf`
 */
export function assertIssueMark(
  previous: Uint8Array,
  next: Uint8Array,
  { place, mark, fonts }: ExpectedMark,
): AddedMark {
  const added = assertExtendsBySignature(previous, next, { field: issueMarkField, created: true })
  const { snapshot, name, signingTime } = readSigned(next)
  const seal = sealOf(snapshot)
  const [, before, after] = added.byteRange
  const own = prepareRevision(previous, {
    ...issueMarkOptions(place, mark, signingTime, fonts, seal),
    ...(name === undefined ? {} : { name }),
    contentsSize: (after - before - 2) / 2,
    // Whoever signs chooses the algorithm; nothing of it stands outside of `/Contents`.
    signer: { certificate: added.certificate, chain: [], algorithm: signatureAlgorithm('ECDSA', 'SHA-256') },
  })
  const gap = [before - previous.length, after - previous.length] as const
  const found = next.subarray(previous.length)
  const same =
    own.bytes.length === found.length &&
    Buffer.compare(own.bytes.subarray(0, gap[0]), found.subarray(0, gap[0])) === 0 &&
    Buffer.compare(own.bytes.subarray(gap[1]), found.subarray(gap[1])) === 0
  if (!same) throw unexpected("the agency's signature does not show number and date as agreed")
  return { ...added, signingTime }
}

function readSigned(pdf: Uint8Array) {
  const snapshot = openPdf(pdf).latest
  const field = findField(readForm(snapshot), issueMarkField)
  const signature = snapshot.resolve(field?.value ?? null)
  if (!isDict(signature)) throw unexpected('the signature dictionary is out of reach')
  const time = textIn(snapshot, signature, 'M')
  const iso = time === undefined ? undefined : isoDate(time)
  if (iso === undefined) throw unexpected('the signature does not say when it was made')
  return { snapshot, name: textIn(snapshot, signature, 'Name'), signingTime: new Date(iso) }
}

function textIn(snapshot: Snapshot, dict: PdfDict, key: string): string | undefined {
  const value = snapshot.entry(dict, key)
  return isString(value) ? textOf(value) : undefined
}

const mm = 72 / 25.4

/** The seal that the box shows, its picture out of the file: its ink is the agency's own, whatever it is. */
function sealOf(snapshot: Snapshot): MarkSeal | undefined {
  const widget = findField(readForm(snapshot), issueMarkField)?.widgets[0]
  const normal = widget && snapshot.dictEntry(widget.dict, 'AP')?.entries.get('N')
  const form = isReference(normal) ? snapshot.target(normal) : undefined
  const resources = isDict(form?.value) ? snapshot.dictEntry(form.value, 'Resources') : undefined
  const image = resources && snapshot.dictEntry(resources, 'XObject')?.entries.get('Im0')
  if (!isReference(image) || !isDict(form?.value) || form.stream === undefined) return undefined
  const colour = pixelsOf(snapshot, image, 3)
  const mask = colour.dict.entries.get('SMask')
  if (!isReference(mask)) throw unexpected('the picture of the seal is not transparent')
  const alpha = pixelsOf(snapshot, mask, 1)
  const { width, height } = colour
  if (alpha.width !== width || alpha.height !== height)
    throw unexpected('the picture of the seal and its transparency differ in size')
  const raw = snapshot.file.streamData(form) ?? new Uint8Array(0)
  const content = decodeStream(form.value, raw, form.stream.start, 64 * 1024)
  const drawn = /q\n([\d.]+) 0 0 ([\d.]+) 0 [\d.]+ cm\n\/Im0 Do/.exec(Buffer.from(content).toString('latin1'))
  const diameter = Number(drawn?.[1])
  if (!(diameter > 0)) throw unexpected('the seal does not stand where it is to')
  return {
    picture: { width, height, colors: 3, samples: colour.data, alpha: alpha.data },
    diameterMm: Math.round((diameter / mm) * 100) / 100,
  }
}

function pixelsOf(snapshot: Snapshot, reference: PdfReference, channels: number) {
  const object = snapshot.target(reference)
  const dict = object?.value
  if (object?.stream === undefined || !isDict(dict))
    throw unexpected('the picture of the seal is out of reach')
  const [width, height] = [snapshot.entry(dict, 'Width'), snapshot.entry(dict, 'Height')]
  if (
    !isInteger(width) ||
    !isInteger(height) ||
    Math.max(width, height) > mostSealPixels ||
    width < 1 ||
    height < 1
  )
    throw unexpected('the picture of the seal has no usable size')
  const raw = snapshot.file.streamData(object) ?? new Uint8Array(0)
  const size = width * height * channels
  const data = decodeStream(dict, raw, object.stream.start, size)
  if (data.length !== size) throw unexpected('the picture of the seal is not as large as it says')
  return { dict, width, height, data }
}
