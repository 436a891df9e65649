/**
 * What one side checks of a revision that the other side made (design 4, keys of people): it extends the known bytes
 * by exactly the one thing that was agreed on, and no signature that is there already forbids it.
 */
import { judgeSignedData } from '../cms/judge-signed-data.ts'
import { SigningError } from '../errors.ts'
import { type ByteRange, digestByteRange, readSignedBytes } from './byte-range.ts'
import type { RevisionChange } from './change.ts'
import { compareRevision } from './compare-revisions.ts'
import { coverageOf } from './coverage.ts'
import { appendFills, type FillOptions } from './fill-fields.ts'
import { findSignatures } from './find-signatures.ts'
import { judgeChanges } from './judge-changes.ts'
import { readLocks } from './locks.ts'
import { isName, pdfDict } from './objects.ts'
import { openPdf, type PdfFile } from './pdf-file.ts'

export interface AddedSignature {
  readonly field: string
  /** DER, without its padding. */
  readonly cms: Uint8Array
  /** The signer's certificate out of the CMS, DER. Whether it is to be trusted is another question. */
  readonly certificate: Uint8Array
  readonly byteRange: ByteRange
}

/**
 * Checks that `next` is `previous` and one revision that fills exactly these text fields, value and appearance, and
 * changes nothing else.
 *
 * The fill is made again and compared byte for byte: a font of the other side could draw any letter for any code.
 *
 * @param fields full names
 * @param fonts the faces in which the fields are to be filled
 * @returns the values by name
 * @throws SigningError `PDF_UNEXPECTED_CHANGES`, and as `openPdf`
 */
export function assertOnlyFills(
  previous: Uint8Array,
  next: Uint8Array,
  fields: readonly string[],
  fonts: Pick<FillOptions, 'fontBytes' | 'fontBytesByField'>,
): Record<string, string> {
  const { changes } = addedRevision(previous, next)
  const values: Record<string, string> = {}
  for (const change of changes) {
    if (change.kind !== 'fill') throw unexpected(describe(change))
    if (!fields.includes(change.field)) throw unexpected(`field "${change.field}" was filled`)
    values[change.field] = change.value
  }
  const missing = fields.find((field) => values[field] === undefined)
  if (missing !== undefined) throw unexpected(`field "${missing}" was not filled`)
  const own = appendFills(previous, { ...fonts, fields: values })
  if (Buffer.compare(own, next) !== 0) throw unexpected('the fields do not show their values as agreed')
  return values
}

/**
 * Checks that `next` is `previous` and one revision that adds exactly one signature over all of it and changes
 * nothing else. The signature value must hold; trust, time and algorithms are the business of `verifyPdf`.
 *
 * @param options.field full name of the field it must be in; default any
 * @param options.created whether that field may be new and seen after earlier signatures; what it shows is then for the
 *   caller to check. Default false
 * @throws SigningError `PDF_UNEXPECTED_CHANGES`, and as `openPdf`
 */
export function assertExtendsBySignature(
  previous: Uint8Array,
  next: Uint8Array,
  options: { readonly field?: string; readonly created?: boolean } = {},
): AddedSignature {
  const { file, changes } = addedRevision(
    previous,
    next,
    options.created === true ? options.field : undefined,
  )
  const [change, ...others] = changes
  if (change === undefined) throw unexpected('no signature was added')
  if (change.kind !== 'signature') throw unexpected(describe(change))
  if (others[0] !== undefined) throw unexpected(describe(others[0]))
  const { field } = change
  if (!change.plain) throw unexpected(`more than signing changed of field "${field}"`)
  if (options.field !== undefined && field !== options.field)
    throw unexpected(`the signature is in field "${field}"`)
  return { field, ...readAddedSignature(file, field) }
}

/**
 * Opens both, and compares the one revision that `next` has more.
 * @param created a field that may be new in it and seen
 */
function addedRevision(
  previous: Uint8Array,
  next: Uint8Array,
  created?: string,
): { file: PdfFile; changes: readonly RevisionChange[] } {
  if (Buffer.compare(previous, next.subarray(0, previous.length)) !== 0) {
    throw unexpected('it does not begin with the bytes of the revision before')
  }
  const before = openPdf(previous)
  const file = openPdf(next)
  const index = before.revisions.length
  const follows = file.revisions[index - 1]?.section.offset === before.revisions[index - 1]?.section.offset
  if (file.revisions.length !== index + 1 || !follows) {
    throw unexpected(`${file.revisions.length - index} revisions were added instead of one`)
  }
  const changes = compareRevision(file, index)
  const found = findSignatures(before)
  if (found.errors[0] !== undefined) throw unexpected(found.errors[0].message)
  const shown = changes.find(
    (change) => change.kind === 'signature' && change.created && change.visible && change.field !== created,
  )
  if (shown !== undefined && found.signatures.length > 0) throw unexpected(describe(shown))
  for (const signature of found.signatures) {
    // In the longer file, whose last revision shows the fields that were added.
    const snapshot = file.at(signature.revision)
    const locks = readLocks(snapshot, signature.fieldDict, signature.dict ?? pdfDict({}))
    const judged = judgeChanges(changes, locks)
    if (judged.changesAfter === 'forbidden')
      throw unexpected(judged.changes.map(({ message }) => message).join('; '))
  }
  return { file, changes }
}

function readAddedSignature(file: PdfFile, field: string): Omit<AddedSignature, 'field'> {
  const last = file.revisions.length - 1
  const { signatures, errors } = findSignatures(file)
  if (errors[0] !== undefined) throw unexpected(errors[0].message)
  const dict = signatures.find((one) => one.field === field && one.revision === last)?.dict
  if (dict === undefined) throw unexpected('the signature dictionary is out of reach')
  const { range, cms, faults } = readSignedBytes(file.bytes, dict)
  if (range === undefined || cms === undefined || faults.length > 0) throw unexpected(faults.join(', '))
  const { coverage, revision } = coverageOf(file, range)
  if (coverage !== 'whole-file' || revision !== last)
    throw unexpected('the signature does not cover the whole file')
  const subFilter = dict.entries.get('SubFilter')
  const judgement = judgeSignedData({
    cms,
    contentDigest: (algorithm) => digestByteRange(file.bytes, range, algorithm),
    policy: factsOnly,
    context: 'pdf',
    ...(isName(subFilter) ? { subFilter: subFilter.name } : {}),
  })
  if (judgement.cryptoIntact !== true || judgement.certificate === null) {
    throw unexpected('the signature does not hold over the file')
  }
  return { cms, certificate: judgement.certificate, byteRange: range }
}

/** Nothing is trusted and no time is named: only what does not depend on them is taken from the judgement. */
export const factsOnly = {
  trustAnchors: [],
  untrusted: [],
  crls: [],
  ocspResponses: [],
  time: new Date(0),
  requireRevocation: false,
  legacy: false,
  profile: 'any',
} as const

function describe(change: RevisionChange): string {
  switch (change.kind) {
    case 'forbidden':
      return change.message
    case 'fill':
      return `field "${change.field}" was filled`
    case 'signature':
      return `a signature was added in field "${change.field}"`
    case 'timestamp':
      return `a time-stamp was added in field "${change.field}"`
    case 'signature-field':
      return `a signature field "${change.field}" was added`
    case 'security-store':
      return 'validation material was added'
    case 'annotation':
      return `an annotation (${change.subtype}) was ${change.action}`
    case 'rewritten':
    case 'harmless':
    case 'left-over':
      return change.message
  }
}

export function unexpected(reason: string): SigningError {
  return new SigningError('PDF_UNEXPECTED_CHANGES', { reason })
}
