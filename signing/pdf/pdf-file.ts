/**
 * A PDF as bytes and revisions. Objects are parsed when asked for and kept by their place, so that looking at ten
 * revisions of a file costs one parse of what they share. The bytes are never changed.
 */
import { SigningError } from '../errors.ts'
import { Allowance, valueCost } from './allowance.ts'
import type { DocumentEncryption } from './encryption/document-encryption.ts'
import { openEncryption } from './encryption/open-encryption.ts'
import { decodeStream } from './filters.ts'
import type { Form } from './form.ts'
import type { Irregularity } from './irregularity.ts'
import { isDigit, Lexer, latin1Text, malformed } from './lexer.ts'
import { pdfLimits } from './limits.ts'
import { type IndirectObject, isDict, isInteger, isName, type PdfDict, type PdfValue } from './objects.ts'
import { parseIndirectObject, parseValue } from './parser.ts'
import { ReferenceCounts } from './reference-counts.ts'
import { type Revision, type Revisions, readRevisions } from './revision.ts'
import { Snapshot } from './snapshot.ts'
import { assertUnambiguous } from './unambiguous.ts'

/** Whether the bytes claim to be a PDF: `%PDF-` at the start or `%%EOF` anywhere (design 7). */
export function looksLikePdf(bytes: Uint8Array): boolean {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return startsWithHeader(bytes) || buffer.includes('%%EOF')
}

function startsWithHeader(bytes: Uint8Array): boolean {
  return latin1Text(bytes, 0, 5) === '%PDF-'
}

/** How an encrypted file is opened. */
export interface OpenOptions {
  /** The user's or the owner's password; the empty one, which opens most encrypted files, is tried in any case. */
  readonly password?: string
}

/**
 * Opens a PDF. Without options an encrypted file is refused, even where it needs no password: only who writes strings
 * and streams by `encryptorOf` may go on with it.
 *
 * @throws SigningError `INPUT_TOO_LARGE`, `PDF_NOT_A_PDF`, `PDF_MALFORMED` (`position` is the byte at fault),
 *   `PDF_ENCRYPTED`, `PDF_PASSWORD_WRONG`. Objects that nobody asked for are not looked at; asking for a broken one
 *   throws then.
 */
export function openPdf(bytes: Uint8Array, options?: OpenOptions): PdfFile {
  if (bytes.length > pdfLimits.fileBytes) {
    throw new SigningError('INPUT_TOO_LARGE', { limit: pdfLimits.fileBytes })
  }
  if (!looksLikePdf(bytes)) throw new SigningError('PDF_NOT_A_PDF')
  const allowance = new Allowance(bytes.length)
  const read = readRevisions(bytes, allowance)
  const plain = new PdfFile(bytes, read, allowance)
  const isEncrypted = read.revisions.some(({ section }) => section.trailer.entries.has('Encrypt'))
  if (isEncrypted && options === undefined)
    throw new SigningError('PDF_ENCRYPTED', { reason: 'it is not written to' })
  const file = isEncrypted
    ? new PdfFile(bytes, read, allowance, openEncryption(plain, options?.password))
    : plain
  if (read.irregularities.length > 0) assertUnambiguous(file)
  return file
}

/** By what strings and streams of a new revision are enciphered; undefined where the file is not encrypted. */
export function encryptorOf(
  file: PdfFile,
): Pick<DocumentEncryption, 'encryptValue' | 'encryptStream'> | undefined {
  return file.encryption
}

interface ObjectStream {
  readonly data: Uint8Array
  readonly numbers: readonly number[]
  readonly offsets: readonly number[]
}

export class PdfFile {
  readonly bytes: Uint8Array
  readonly revisions: readonly Revision[]
  /** What is not as the standard has it, though everybody reads it the same. */
  readonly irregularities: readonly Irregularity[]
  /** Undefined where the file is not encrypted. */
  readonly encryption: DocumentEncryption | undefined
  /** The forms that were read last, kept by `readForm`. */
  readonly recentForms: { readonly revision: number; readonly form: Form | undefined }[] = []
  readonly #allowance: Allowance
  readonly #snapshots = new Map<number, Snapshot>()
  /** By offset, and length where that is an object of its own. */
  readonly #objects = new Map<string, IndirectObject | SigningError>()
  /** The lengths of streams that are objects of their own, by the offset of the stream, and how many there were. */
  readonly #lengths = new Map<
    number,
    { readonly length: PdfValue; readonly found: Set<number | undefined> }
  >()
  /** For each object number the revisions that speak of it, ascending; made when it is first needed. */
  #definitions: Map<number, number | number[]> | undefined
  readonly #streams = new Map<IndirectObject, ObjectStream>()
  readonly #streamObjects = new Map<ObjectStream, Map<number, IndirectObject>>()
  /** Objects being parsed, so that a stream whose length is itself is refused. */
  readonly #parsing = new Set<number>()
  #decodedBytes = 0
  #parsedBytes = 0
  #visits = 0
  #counts: ReferenceCounts | undefined

  constructor(bytes: Uint8Array, read: Revisions, allowance: Allowance, encryption?: DocumentEncryption) {
    this.bytes = bytes
    this.revisions = read.revisions
    this.irregularities = read.irregularities
    this.encryption = encryption
    this.#allowance = allowance
  }

  /** The document as it was at the end of a revision. */
  at(index: number): Snapshot {
    let snapshot = this.#snapshots.get(index)
    if (snapshot === undefined) {
      snapshot = new Snapshot(this, index)
      this.#snapshots.set(index, snapshot)
    }
    return snapshot
  }

  get latest(): Snapshot {
    return this.at(this.revisions.length - 1)
  }

  /**
   * Counts work that grows with objects times revisions.
   * @throws SigningError `PDF_MALFORMED` when a file asks for more than any document needs
   */
  countVisits(objects: number): void {
    this.#visits += objects
    if (this.isSpent) throw malformed(0, 'too many objects in too many revisions')
  }

  /** Whether `countVisits` refuses all further work: then nothing is to be tried part by part. */
  get isSpent(): boolean {
    const { fixed, perByte, most } = pdfLimits.visits
    return this.#visits > Math.min(fixed + perByte * this.bytes.length, most)
  }

  /**
   * The reference counts of a revision. They are made anew or moved on from the revision before, whose counts are
   * no longer valid then; whoever goes through the revisions in order pays for one count of the whole document.
   */
  referenceCounts(index: number): ReferenceCounts {
    const known = this.#counts
    if (known?.revision === index) return known
    // An interrupted step would leave the counts between two revisions.
    this.#counts = undefined
    const counts =
      known?.revision === index - 1 && known.advance(this.at(index))
        ? known
        : new ReferenceCounts(this.at(index))
    this.#counts = counts
    return counts
  }

  /** The revisions whose cross-reference sections name the object, ascending. */
  definedIn(number: number): readonly number[] {
    this.#definitions ??= indexRevisions(this.revisions)
    const found = this.#definitions.get(number) ?? []
    return typeof found === 'number' ? [found] : found
  }

  /** The object whose header stands at `offset`, as `snapshot` reads it. */
  objectAt(offset: number, snapshot: Snapshot): IndirectObject {
    const known = this.#objects.get(`${offset}`)
    if (known instanceof SigningError) throw known
    if (known !== undefined) return known
    if (offset <= 0 || offset >= this.bytes.length)
      throw malformed(offset, 'offset of an object outside the file')
    // Readers that look for objects would find another number here.
    if (isDigit(this.bytes[offset - 1]) && isDigit(this.bytes[offset]))
      throw malformed(offset, 'the offset of an object points into a number')
    if (this.#parsing.has(offset)) throw malformed(offset, 'the length of a stream leads back to the stream')
    this.#parsing.add(offset)
    try {
      return this.#lengths.has(offset)
        ? this.#objectOfLength(offset, snapshot)
        : this.#parseObject(offset, snapshot)
    } finally {
      this.#parsing.delete(offset)
    }
  }

  /** A stream parsed before, whose length is an object of its own and may differ from revision to revision. */
  #objectOfLength(offset: number, snapshot: Snapshot): IndirectObject {
    const length = resolveLength(this.#lengths.get(offset)?.length ?? null, snapshot)
    const known = this.#objects.get(`${offset} ${length}`)
    if (known instanceof SigningError) throw known
    return known ?? this.#parseObject(offset, snapshot)
  }

  #parseObject(offset: number, snapshot: Snapshot): IndirectObject {
    // Objects share no bytes, so that all of them together are no longer than the file, read once for each length.
    if (this.#parsedBytes > pdfLimits.streamLengths * this.bytes.length)
      throw malformed(offset, 'objects overlap')
    const lexer = new Lexer(this.bytes, offset, this.bytes.length, this.#allowance)
    let key = `${offset}`
    let resolved = true
    try {
      lexer.skipWhitespace()
      const parsed = parseIndirectObject(lexer, (length) => {
        if (isInteger(length)) return length >= 0 ? length : undefined
        resolved = false
        const found = resolveLength(length ?? null, snapshot)
        resolved = true
        this.#noteLength(offset, length ?? null, found)
        key = `${offset} ${found}`
        return found
      })
      const object = this.encryption?.decryptObject(parsed) ?? parsed
      this.#objects.set(key, object)
      return object
    } catch (error) {
      // What is wrong with the length's own object is that object's fault and another one's in another revision.
      if (resolved && error instanceof SigningError) this.#objects.set(key, error)
      throw error
    } finally {
      this.#parsedBytes += lexer.position - offset
    }
  }

  #noteLength(offset: number, length: PdfValue, found: number | undefined): void {
    const noted = this.#lengths.get(offset) ?? { length, found: new Set() }
    this.#lengths.set(offset, noted)
    noted.found.add(found)
    if (noted.found.size > pdfLimits.streamLengths)
      throw malformed(offset, 'the length of a stream changes from revision to revision')
  }

  /**
   * The data of a stream with its filters still on it: as it stands in the file, or deciphered. Undefined where the
   * object is no stream.
   * @throws SigningError `PDF_MALFORMED` where it cannot be deciphered
   */
  streamData(object: IndirectObject): Uint8Array | undefined {
    const { stream, value } = object
    if (stream === undefined || !isDict(value)) return undefined
    const raw = this.bytes.subarray(stream.start, stream.end)
    const data = this.encryption === undefined ? raw : this.encryption.decryptStream(object, value, raw)
    if (data === undefined) throw malformed(stream.start, 'the data of a stream cannot be deciphered')
    return data
  }

  /** Object `number` at `index` of an object stream (7.5.7). */
  objectInStream(container: IndirectObject, index: number, number: number): IndirectObject {
    const stream = this.#objectStream(container)
    const offset = stream.offsets[index]
    const position = container.span?.start ?? 0
    if (offset === undefined || stream.numbers[index] !== number) {
      throw malformed(position, `object ${number} is not at its place in object stream ${container.number}`)
    }
    const objects = this.#streamObjects.get(stream) ?? new Map<number, IndirectObject>()
    this.#streamObjects.set(stream, objects)
    let object = objects.get(index)
    if (object === undefined) {
      const lexer = new Lexer(stream.data, offset, stream.offsets[index + 1], this.#allowance)
      lexer.spend(valueCost.object)
      const value = parseValue(lexer)
      object = { number, generation: 0, value, stream: undefined, span: undefined }
      objects.set(index, object)
    }
    return object
  }

  /** The numbers of the objects that an object stream holds. */
  numbersInStream(container: IndirectObject): readonly number[] {
    return this.#objectStream(container).numbers
  }

  #objectStream(container: IndirectObject): ObjectStream {
    const known = this.#streams.get(container)
    if (known !== undefined) return known
    const position = container.span?.start ?? 0
    const { value: dict } = container
    const raw = this.streamData(container)
    if (raw === undefined || !isDict(dict) || !isName(dict.entries.get('Type'), 'ObjStm')) {
      throw malformed(position, `object ${container.number} is not an object stream`)
    }
    const data = this.#decodeObjects(dict, raw, position)
    const parsed = readHeader(dict, data, position)
    this.#streams.set(container, parsed)
    return parsed
  }

  #decodeObjects(dict: PdfDict, raw: Uint8Array, position: number): Uint8Array {
    const most = decodedShare.fixed + decodedShare.perByte * this.bytes.length
    const left = Math.min(most, pdfLimits.decodedTotalBytes) - this.#decodedBytes
    if (left <= 0) throw malformed(position, 'object streams are too large')
    // Kept where it fails: a stream that is too long is not tried again, and none after it.
    this.#decodedBytes += left
    const data = decodeStream(dict, raw, position, left)
    this.#decodedBytes += data.length - left
    return data
  }
}

/** How many decoded bytes of object streams a file may have for its size: what real writers reach is a tenth. */
const decodedShare = { fixed: 4 * 1024 * 1024, perByte: 16 } as const

function resolveLength(length: PdfValue, snapshot: Snapshot): number | undefined {
  const resolved = snapshot.resolve(length)
  return isInteger(resolved) && resolved >= 0 ? resolved : undefined
}

function indexRevisions(revisions: readonly Revision[]): Map<number, number | number[]> {
  const definitions = new Map<number, number | number[]>()
  for (const { index, entries } of revisions) {
    for (const number of entries.keys()) {
      const known = definitions.get(number)
      if (known === undefined) definitions.set(number, index)
      else if (typeof known === 'number') definitions.set(number, [known, index])
      else known.push(index)
    }
  }
  return definitions
}

/** The pairs of number and offset that an object stream begins with; the offsets ascend (7.5.7). */
function readHeader(dict: PdfDict, data: Uint8Array, position: number): ObjectStream {
  const count = dict.entries.get('N')
  const first = dict.entries.get('First')
  if (!isInteger(count) || !isInteger(first) || count < 0 || first < 0 || first > data.length) {
    throw malformed(position, 'N or First of an object stream is out of range')
  }
  // A pair and the space after it have four bytes at least.
  if (count > pdfLimits.objects || count > (first + 1) / 4)
    throw malformed(position, 'N of an object stream is too large')
  const lexer = new Lexer(data, 0, first)
  const numbers: number[] = []
  const offsets: number[] = []
  for (let i = 0; i < count; i += 1) {
    lexer.skipSpace()
    numbers.push(lexer.integer('object number in an object stream'))
    lexer.skipSpace()
    const offset = first + lexer.integer('offset in an object stream')
    if (offset <= (offsets.at(-1) ?? -1) || offset > data.length)
      throw malformed(position, 'the offsets in an object stream do not ascend')
    offsets.push(offset)
  }
  return { data, numbers, offsets }
}
