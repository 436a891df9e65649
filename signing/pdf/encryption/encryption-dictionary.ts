/** What the encryption dictionary of a file says (ISO 32000-2, 7.6.2 and 7.6.4.2), read strictly. */
import { SigningError } from '../../errors.ts'
import { malformed } from '../lexer.ts'
import { isDict, isInteger, isName, isString, type PdfDict } from '../objects.ts'

/** How the bytes of strings or streams are enciphered. */
export type CryptMethod = 'none' | 'rc4' | 'aes-128' | 'aes-256'

export interface EncryptionParameters {
  /** Of the standard security handler: 2 to 6. */
  readonly revision: number
  /** Length of the file's key in bytes. */
  readonly keyBytes: number
  readonly owner: Uint8Array
  readonly user: Uint8Array
  /** The file's key wrapped by each password; from revision 5 on. */
  readonly ownerKey: Uint8Array
  readonly userKey: Uint8Array
  /** As a 32-bit number with sign. */
  readonly permissions: number
  readonly encryptsMetadata: boolean
  readonly strings: CryptMethod
  readonly streams: CryptMethod
  /** By the name of the crypt filter, for streams that name their own. */
  readonly filters: ReadonlyMap<string, CryptMethod>
}

/** @throws SigningError `PDF_ENCRYPTED` for a handler or version that is not known, `PDF_MALFORMED` */
export function readEncryptionDictionary(dict: PdfDict): EncryptionParameters {
  const position = dict.span?.start ?? 0
  const integer = (key: string): number | undefined => {
    const value = dict.entries.get(key)
    return isInteger(value) ? value : undefined
  }
  if (dict.duplicates !== undefined)
    throw malformed(position, 'a key of the encryption dictionary stands twice')
  const handler = dict.entries.get('Filter')
  if (!isName(handler, 'Standard')) {
    throw unsupported(isName(handler) ? `security handler ${handler.name}` : 'no security handler')
  }
  const version = integer('V') ?? 0
  const revision = integer('R') ?? 0
  const isKnown =
    revision >= 5 ? version === 5 && revision <= 6 : version === 4 ? revision === 4 : revision >= 2
  if (![1, 2, 4, 5].includes(version) || !isKnown) {
    throw unsupported(`version ${version}, revision ${revision} of the security handler`)
  }
  const isModern = revision >= 5
  const bytes = (key: string, length: number): Uint8Array => {
    const value = dict.entries.get(key)
    // Some writers fill the entries up with zeros.
    if (!isString(value) || value.bytes.length < length)
      throw malformed(position, `/${key} of the encryption dictionary is too short`)
    return value.bytes.subarray(0, length)
  }
  const none = new Uint8Array(0)
  const filters = version >= 4 ? readCryptFilters(dict, version, position) : new Map<string, CryptMethod>()
  const named = (key: string): CryptMethod => {
    if (version < 4) return 'rc4'
    const value = dict.entries.get(key) ?? null
    const method = value === null ? 'none' : isName(value) ? filters.get(value.name) : undefined
    if (method === undefined) throw malformed(position, `/${key} names no crypt filter`)
    return method
  }
  return {
    revision,
    keyBytes: keyBytes(version, integer('Length'), position),
    owner: bytes('O', isModern ? 48 : 32),
    user: bytes('U', isModern ? 48 : 32),
    ownerKey: isModern ? bytes('OE', 32) : none,
    userKey: isModern ? bytes('UE', 32) : none,
    permissions: permissions(integer('P'), position),
    encryptsMetadata: dict.entries.get('EncryptMetadata') !== false,
    strings: named('StrF'),
    streams: named('StmF'),
    filters,
  }
}

function unsupported(reason: string): SigningError {
  return new SigningError('PDF_ENCRYPTED', { reason: `unsupported: ${reason}` })
}

/** `Length` counts in versions 2 and 3 only: 40 to 128 bits; the crypt filters of version 4 have 128. */
function keyBytes(version: number, length: number | undefined, position: number): number {
  if (version === 5) return 32
  if (version === 4) return 16
  if (version === 1) return 5
  const bits = length ?? 40
  if (bits < 40 || bits > 128 || bits % 8 !== 0)
    throw malformed(position, '/Length of the encryption dictionary is out of range')
  return bits / 8
}

/** The lowest 32 bits; some writers write them without a sign. */
function permissions(value: number | undefined, position: number): number {
  if (value === undefined) throw malformed(position, '/P of the encryption dictionary is missing')
  return Number(BigInt.asIntN(32, BigInt(value)))
}

const methods: Readonly<Record<string, CryptMethod>> = {
  None: 'none',
  V2: 'rc4',
  AESV2: 'aes-128',
  AESV3: 'aes-256',
}

function readCryptFilters(dict: PdfDict, version: number, position: number): Map<string, CryptMethod> {
  const filters = new Map<string, CryptMethod>()
  const declared = dict.entries.get('CF') ?? null
  if (declared !== null && !isDict(declared)) throw malformed(position, '/CF is not a dictionary')
  for (const [name, filter] of declared?.entries ?? []) {
    const cfm = isDict(filter) ? (filter.entries.get('CFM') ?? null) : null
    const method = cfm === null ? 'none' : isName(cfm) ? methods[cfm.name] : undefined
    if (method === undefined) throw unsupported(`crypt filter ${name}`)
    // The length of the file's key follows from the version, and with it what it can be used for.
    if (method !== 'none' && (method === 'aes-256') !== (version === 5))
      throw malformed(position, `crypt filter ${name} does not fit version ${version}`)
    filters.set(name, method)
  }
  // The name cannot be given another meaning (7.6.6, table 26).
  return filters.set('Identity', 'none')
}
