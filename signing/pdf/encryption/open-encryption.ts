/** Whether a file is encrypted, and its key. */
import { SigningError } from '../../errors.ts'
import { malformed } from '../lexer.ts'
import { isArray, isDict, isReference, isString, type PdfDict, sameValue } from '../objects.ts'
import type { PdfFile } from '../pdf-file.ts'
import { DocumentEncryption } from './document-encryption.ts'
import { readEncryptionDictionary } from './encryption-dictionary.ts'
import { fileKey } from './file-key.ts'

/**
 * The encryption of a file; undefined where it has none. All its revisions must be encrypted alike: readers take the
 * last trailer for all of them, and older objects would change with it.
 *
 * @param file opened without regard to encryption; only its encryption dictionary is read
 * @param password the user's or the owner's; an empty one is tried in any case
 * @throws SigningError `PDF_ENCRYPTED` where none is given and one is needed, or where the file is encrypted in a way
 *   that is not known; `PDF_PASSWORD_WRONG`; `PDF_MALFORMED`
 */
export function openEncryption(file: PdfFile, password: string | undefined): DocumentEncryption | undefined {
  const { revisions, latest } = file
  const [encrypt, identifier] = [latest.trailer.entries.get('Encrypt') ?? null, identifierOf(latest.trailer)]
  for (const { section } of revisions) {
    const isSame =
      sameValue(section.trailer.entries.get('Encrypt') ?? null, encrypt) &&
      !section.trailer.duplicates?.has('Encrypt') &&
      (encrypt === null || Buffer.compare(identifierOf(section.trailer), identifier) === 0)
    if (!isSame) throw malformed(section.offset, 'the revisions are not encrypted alike')
  }
  if (encrypt === null) return undefined
  if (isReference(encrypt) && file.definedIn(encrypt.number).length !== 1) {
    throw malformed(revisions.at(-1)?.section.offset ?? 0, 'the encryption dictionary was changed')
  }
  const dict = latest.resolve(encrypt)
  if (!isDict(dict))
    throw malformed(revisions.at(-1)?.section.offset ?? 0, 'the encryption dictionary is missing')
  const parameters = readEncryptionDictionary(dict)
  const tried = password === undefined || password === '' ? [''] : [password, '']
  for (const one of tried) {
    const key = fileKey(parameters, identifier, one)
    if (key === undefined) continue
    return new DocumentEncryption(parameters, key, isReference(encrypt) ? encrypt.number : undefined)
  }
  throw tried.length > 1
    ? new SigningError('PDF_PASSWORD_WRONG')
    : new SigningError('PDF_ENCRYPTED', { reason: 'a password is needed to open it' })
}

/** The first part of `/ID`, which stays through all revisions (14.4). */
function identifierOf(trailer: PdfDict): Uint8Array {
  const value = trailer.entries.get('ID')
  const first = isArray(value) ? value.items[0] : undefined
  return isString(first) ? first.bytes : new Uint8Array(0)
}
