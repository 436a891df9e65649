/** The encryption of one file, with its key: strings and streams out of it and into it (ISO 32000-2, 7.6.3). */
import { createHash } from 'node:crypto'
import {
  type IndirectObject,
  isArray,
  isDict,
  isName,
  isString,
  type PdfDict,
  type PdfReference,
  type PdfValue,
} from '../objects.ts'
import { decryptAes, encryptAes } from './aes.ts'
import type { CryptMethod, EncryptionParameters } from './encryption-dictionary.ts'
import { rc4 } from './rc4.ts'

type Place = Pick<PdfReference, 'number' | 'generation'>

export class DocumentEncryption {
  readonly parameters: EncryptionParameters
  readonly #key: Uint8Array
  /** Number of the encryption dictionary, whose strings are never enciphered. */
  readonly #own: number | undefined

  constructor(parameters: EncryptionParameters, key: Uint8Array, own: number | undefined) {
    this.parameters = parameters
    this.#key = key
    this.#own = own
  }

  /** The object as it stands in the file, with its strings deciphered. Objects of object streams are not asked for. */
  decryptObject(object: IndirectObject): IndirectObject {
    const { value, stream } = object
    if (object.number === this.#own || this.parameters.strings === 'none') return object
    // The dictionary of a cross-reference stream is a trailer.
    if (stream !== undefined && isDict(value) && isName(value.entries.get('Type'), 'XRef')) return object
    return { ...object, value: mapStrings(value, this.#reader(object)) }
  }

  #reader(place: Place): (text: Uint8Array) => Uint8Array | undefined {
    const method = this.parameters.strings
    let key: Uint8Array | undefined
    return (text) => {
      key ??= this.#objectKey(place, method)
      return decipher(method, key, text)
    }
  }

  /** A stream's data before its filters are undone; undefined where it cannot be deciphered. */
  decryptStream(place: Place, dict: PdfDict, data: Uint8Array): Uint8Array | undefined {
    const method = this.#methodOf(dict)
    return method === undefined ? undefined : decipher(method, this.#objectKey(place, method), data)
  }

  /**
   * A value as it is to be written into the object of that number: every string enciphered but the `/Contents` of a
   * signature dictionary. Not for what goes into an object stream, nor for trailers.
   */
  encryptValue(place: Place, value: PdfValue): PdfValue {
    const method = this.parameters.strings
    if (method === 'none' || place.number === this.#own) return value
    const key = this.#objectKey(place, method)
    return mapStrings(value, (text) => encipher(method, key, text))
  }

  /** A stream's data, its filters applied, as it is to be written under a dictionary with those filters. */
  encryptStream(place: Place, dict: PdfDict, data: Uint8Array): Uint8Array {
    const method = this.#methodOf(dict)
    if (method === undefined)
      throw new RangeError('the stream names a crypt filter that the file does not have')
    return method === 'none' ? data : encipher(method, this.#objectKey(place, method), data)
  }

  /** The file's method for streams, or that of the crypt filter which the stream names (7.4.10). */
  #methodOf(dict: PdfDict): CryptMethod | undefined {
    const type = dict.entries.get('Type')
    if (isName(type, 'XRef')) return 'none'
    const named = cryptFilterName(dict)
    if (named !== undefined) return this.parameters.filters.get(named)
    // What version 4 says by a crypt filter of the stream itself, some writers say by this entry alone.
    if (isName(type, 'Metadata') && !this.parameters.encryptsMetadata) return 'none'
    return this.parameters.streams
  }

  /** Algorithm 1, with the mark that AES adds; AES-256 takes the file's key for all objects (algorithm 1.A). */
  #objectKey({ number, generation }: Place, method: CryptMethod): Uint8Array {
    if (method === 'aes-256' || method === 'none') return this.#key
    const place = Buffer.alloc(5)
    place.writeUIntLE(number & 0xffffff, 0, 3)
    place.writeUIntLE(generation & 0xffff, 3, 2)
    const hash = createHash('md5').update(this.#key).update(place)
    if (method === 'aes-128') hash.update('sAlT', 'latin1')
    return hash.digest().subarray(0, Math.min(this.#key.length + 5, 16))
  }
}

function decipher(method: CryptMethod, key: Uint8Array, data: Uint8Array): Uint8Array | undefined {
  if (method === 'none') return data
  return method === 'rc4' ? rc4(key, data) : decryptAes(key, data)
}

function encipher(method: CryptMethod, key: Uint8Array, data: Uint8Array): Uint8Array {
  return method === 'rc4' ? rc4(key, data) : encryptAes(key, data)
}

/** The name of the crypt filter that a stream begins with; `Identity` where it names none (table 14). */
function cryptFilterName(dict: PdfDict): string | undefined {
  const first = (key: string): PdfValue => {
    const value = dict.entries.get(key) ?? null
    return isArray(value) ? (value.items[0] ?? null) : value
  }
  if (!isName(first('Filter'), 'Crypt')) return undefined
  const parameters = first('DecodeParms')
  const name = isDict(parameters) ? parameters.entries.get('Name') : undefined
  return isName(name) ? name.name : 'Identity'
}

/** The value with every string but a signature's `/Contents` replaced (7.6.2). */
function mapStrings(value: PdfValue, map: (text: Uint8Array) => Uint8Array | undefined): PdfValue {
  if (isString(value)) {
    const bytes = map(value.bytes)
    return bytes === undefined ? { ...value, undecipherable: true } : { ...value, bytes }
  }
  if (isArray(value)) return { ...value, items: value.items.map((item) => mapStrings(item, map)) }
  if (!isDict(value)) return value
  const isSignature = value.entries.has('ByteRange')
  const entries = new Map<string, PdfValue>()
  for (const [key, item] of value.entries) {
    entries.set(key, isSignature && key === 'Contents' ? item : mapStrings(item, map))
  }
  return { ...value, entries }
}
