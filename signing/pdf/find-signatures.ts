/** Every signature that any revision of a file shows. */
import { SigningError } from '../errors.ts'
import type { Finding } from '../report.ts'
import { type FormField, isSigned, readForm } from './form.ts'
import { latin1Text } from './lexer.ts'
import { pdfLimits } from './limits.ts'
import { isArray, isDict, isReference, type PdfDict } from './objects.ts'
import type { PdfFile } from './pdf-file.ts'
import type { Snapshot } from './snapshot.ts'

export interface FoundSignature {
  /** Full name of its field. */
  readonly field: string
  /** The field as it was when the signature appeared. */
  readonly fieldDict: PdfDict
  /** The revision in which it appeared. */
  readonly revision: number
  /** The signature dictionary; undefined where the field's value leads to none in the file itself. */
  readonly dict: PdfDict | undefined
}

export interface FoundSignatures {
  /** In the order in which they appeared. */
  readonly signatures: readonly FoundSignature[]
  /** What makes the file as a whole unsound. */
  readonly errors: readonly Finding[]
}

/**
 * Looks into the form of every revision, so that a signature removed later is found as well, and then for signature
 * dictionaries that no field leads to.
 */
export function findSignatures(file: PdfFile): FoundSignatures {
  const signatures: FoundSignature[] = []
  const errors: Finding[] = []
  const seen = new Set<string>()
  const owners = new Map<number, string>()
  for (const { index } of file.revisions) {
    try {
      for (const field of readForm(file.at(index))?.fields ?? []) {
        if (!isSigned(field)) continue
        const found = locate(file.at(index), field, index)
        const start = found.dict?.span?.start
        const owner = start === undefined ? field.name : (owners.get(start) ?? field.name)
        if (owner !== field.name) {
          const message = `fields "${owner}" and "${field.name}" share one signature`
          errors.push({ code: 'SIGNATURE_SHARED', message })
        }
        if (start !== undefined) owners.set(start, owner)
        const key = `${field.name}\n${found.dict?.span?.start ?? 'nowhere'}`
        if (seen.has(key)) continue
        if (signatures.length >= pdfLimits.signatures) {
          const message = `the file has more than ${pdfLimits.signatures} signatures`
          return { signatures, errors: [...errors, { code: 'SIGNATURES_TOO_MANY', message }] }
        }
        seen.add(key)
        signatures.push(found)
      }
    } catch (error) {
      if (!(error instanceof SigningError)) throw error
      errors.push({ code: error.code, message: `revision ${index + 1}: ${error.message}` })
    }
  }
  return { signatures, errors: [...errors, ...findUnreachable(file, signatures)] }
}

function locate(snapshot: Snapshot, field: FormField, revision: number): FoundSignature {
  const found = { field: field.name, fieldDict: field.dict, revision }
  const { value } = field
  const holder = isReference(value) ? snapshot.target(value) : snapshot.target(field.reference)
  const dict = isReference(value) ? holder?.value : value
  // Bytes inside an object stream are no bytes of the file, so no byte range can leave them out.
  // A stream is drawn wherever something refers to it as an image or a form, so none is a signature.
  const stands = holder?.span !== undefined && holder.stream === undefined
  return { ...found, dict: isDict(dict) && stands ? dict : undefined }
}

/**
 * Signature dictionaries that stand in the file but that no field shows: what is left of a signature when somebody
 * cuts the way to it. The objects are read only if the bytes speak of more byte ranges than were found.
 */
function findUnreachable(file: PdfFile, found: readonly FoundSignature[]): Finding[] {
  if (countByteRanges(file.bytes) <= found.length) return []
  const known = new Set(found.map((signature) => signature.dict?.span?.start))
  const findings: Finding[] = []
  for (const number of file.latest.numbers()) {
    try {
      const value = file.latest.object(number)?.value
      if (!isDict(value) || known.has(value.span?.start)) continue
      if (!isArray(value.entries.get('ByteRange')) || !value.entries.has('Contents')) continue
      if (isUsageRight(file.latest, number)) continue
      const message = `object ${number} is a signature that no field of the form leads to`
      findings.push({ code: 'SIGNATURE_UNREACHABLE', message })
    } catch (error) {
      if (!(error instanceof SigningError)) throw error
      findings.push({ code: error.code, message: error.message })
    }
  }
  return findings
}

/** Usage rights (12.8.2.3) are the reader's business and no signature on the document. */
function isUsageRight(snapshot: Snapshot, number: number): boolean {
  const permissions = snapshot.dictEntry(snapshot.catalog, 'Perms')
  return ['UR', 'UR3'].some((key) => {
    const value = permissions?.entries.get(key)
    return isReference(value) && value.number === number
  })
}

/** The name `/ByteRange`, any letter of it written as its code (7.3.5). */
const byteRangeName = new RegExp(
  `/${[...'ByteRange'].map((letter) => `(?:${letter}|#${letter.charCodeAt(0).toString(16)})`).join('')}`.replaceAll(
    '#6e',
    '#6[eE]',
  ),
  'g',
)

/** Longest way of writing the name. */
const longestName = 1 + 3 * 'ByteRange'.length

/** How often the bytes speak of a byte range; looked through in pieces, since a file may be longer than any string. */
function countByteRanges(bytes: Uint8Array): number {
  const piece = 16 * 1024 * 1024
  let count = 0
  for (let at = 0; at < bytes.length; at += piece) {
    for (const { index } of latin1Text(bytes, at, at + piece + longestName).matchAll(byteRangeName)) {
      if (index < piece) count += 1
    }
  }
  return count
}
