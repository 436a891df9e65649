/** Every signature that any revision of a file shows. */
import { SigningError } from '../errors.ts'
import type { Finding } from '../report.ts'
import { type FormField, isSigned, readForm } from './form.ts'
import { Lexer } from './lexer.ts'
import { pdfLimits } from './limits.ts'
import { isDict, isReference, isString, type PdfDict, pdfDict, textOf } from './objects.ts'
import { orphanedByteRanges } from './orphaned-byte-ranges.ts'
import type { PdfFile } from './pdf-file.ts'
import type { Snapshot } from './snapshot.ts'

export interface FoundSignature {
  /** Full name of its field; null for a signature that no field leads to. */
  readonly field: string | null
  /** Whether the form leads to its field. */
  readonly reachable: boolean
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
  const faults = new Set<string>()
  const seen = new Set<string>()
  const owners = new Map<number, string>()
  for (const { index } of file.revisions) {
    try {
      const onFault = (fault: SigningError): void => {
        // What is wrong stays so in all later revisions.
        if (faults.has(fault.message) || faults.size >= mostFaults) return
        faults.add(fault.message)
        errors.push({ code: fault.code, message: `revision ${index + 1}: ${fault.message}` })
      }
      for (const field of readForm(file.at(index), onFault)?.fields ?? []) {
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
      if (file.isSpent) break
    }
  }
  const unreachable = findUnreachable(file, signatures)
  return {
    signatures: [...signatures, ...unreachable.signatures],
    errors: [...errors, ...unreachable.errors],
  }
}

/** Fields that are told one by one when they cannot be read. */
const mostFaults = 20

function locate(snapshot: Snapshot, field: FormField, revision: number): FoundSignature {
  const found = { field: field.name, reachable: true, fieldDict: field.dict, revision }
  const { value } = field
  const holder = isReference(value) ? snapshot.target(value) : snapshot.target(field.reference)
  const dict = isReference(value) ? holder?.value : value
  // Bytes inside an object stream are no bytes of the file, so no byte range can leave them out.
  // A stream is drawn wherever something refers to it as an image or a form, so none is a signature.
  const stands = holder?.span !== undefined && holder.stream === undefined
  return { ...found, dict: isDict(dict) && stands ? dict : undefined }
}

/**
 * Signature dictionaries that stand in the file but that the form does not lead to: what is left of a signature when
 * somebody cuts the way to it, or a field that only a page shows. The objects are read only if the bytes speak of more
 * byte ranges than were found.
 */
function findUnreachable(file: PdfFile, found: readonly FoundSignature[]): FoundSignatures {
  const errors: Finding[] = []
  if (!hasMoreByteRanges(file.bytes, found.length)) return { signatures: [], errors }
  const { latest } = file
  const known = new Set(found.map((signature) => signature.dict?.span?.start))
  const fields = new Map<number, PdfDict>()
  const cut: { number: number; field: PdfDict | undefined; dict: PdfDict }[] = []
  for (const number of latest.numbers()) {
    try {
      const object = latest.object(number)
      const value = object?.value
      if (!isDict(value)) continue
      const target = value.entries.get('V')
      if (isReference(target)) fields.set(target.number, value)
      const dict = isDict(target) ? target : value
      if (known.has(dict.span?.start) || object?.span === undefined || object.stream !== undefined) continue
      // Whatever else is broken about it; the authentication of an encrypted file (ISO/TS 32004) has one of its own.
      if (!dict.entries.has('ByteRange') || dict.entries.has('MAC')) continue
      if (isUsageRight(latest, number) || found.length + cut.length >= pdfLimits.signatures) continue
      cut.push({ number, field: dict === value ? undefined : value, dict })
    } catch (error) {
      if (!(error instanceof SigningError)) throw error
      if (errors.length < mostFaults) errors.push({ code: error.code, message: error.message })
    }
  }
  const [orphan] = orphanedByteRanges(file)
  if (orphan !== undefined) {
    const message = `the byte range at byte ${orphan} belongs to no object`
    errors.push({ code: 'SIGNATURE_UNREACHABLE', message })
  }
  const signatures = cut.map(({ number, field, dict }): FoundSignature => {
    const message = `object ${number} is a signature that no field of the form leads to`
    errors.push({ code: 'SIGNATURE_UNREACHABLE', message })
    const fieldDict = field ?? fields.get(number) ?? pdfDict({})
    const name = fieldDict.entries.get('T')
    const revision = file.definedIn(number).at(-1) ?? 0
    return { field: isString(name) ? textOf(name) : null, reachable: false, fieldDict, revision, dict }
  })
  return { signatures, errors }
}

/** Usage rights (12.8.2.3) are the reader's business and no signature on the document. */
function isUsageRight(snapshot: Snapshot, number: number): boolean {
  const permissions = snapshot.dictEntry(snapshot.catalog, 'Perms')
  return ['UR', 'UR3'].some((key) => {
    const value = permissions?.entries.get(key)
    return isReference(value) && value.number === number
  })
}

/** Longest way of writing the name. */
const longestName = 1 + 3 * 'ByteRange'.length

/**
 * Whether the bytes speak of a byte range more than `most` times, any letter of the name written as its code (7.3.5).
 * Looked for are the shortest beginnings, which the runtime finds many times faster than single bytes one by one.
 */
function hasMoreByteRanges(bytes: Uint8Array, most: number): boolean {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let count = 0
  for (const beginning of ['/B', '/#']) {
    for (let at = buffer.indexOf(beginning); at >= 0; at = buffer.indexOf(beginning, at + 1)) {
      const plain = plainLetters(bytes, at + 1)
      if (plain === byteRangeName.length) {
        count += 1
        if (count > most) return true
      } else if (bytes[at + 1 + plain] === 0x23) {
        // Only the first code of a name counts, before which the name stands as it is.
        if (new Lexer(bytes, at, at + longestName).name() === byteRangeName) return true
      }
    }
  }
  return false
}

const byteRangeName = 'ByteRange'

/** How many letters of the name stand at the place as they are. */
function plainLetters(bytes: Uint8Array, at: number): number {
  let length = 0
  while (length < byteRangeName.length && bytes[at + length] === byteRangeName.charCodeAt(length)) length += 1
  return length
}
