/**
 * A PDF as bytes and revisions. Objects are parsed when asked for and kept by their place, so that looking at ten
 * revisions of a file costs one parse of what they share. The bytes are never changed.
 */
import { SigningError } from '../errors.ts'
import { decodeStream } from './filters.ts'
import { Lexer, latin1Text, malformed } from './lexer.ts'
import { pdfLimits } from './limits.ts'
import { type IndirectObject, isDict, isInteger, isName, type PdfDict } from './objects.ts'
import { parseIndirectObject, parseValue } from './parser.ts'
import { ReferenceCounts } from './reference-counts.ts'
import { type Revision, readRevisions } from './revision.ts'
import { Snapshot } from './snapshot.ts'

/** Whether the bytes claim to be a PDF: `%PDF-` at the start or `%%EOF` anywhere (design 7). */
export function looksLikePdf(bytes: Uint8Array): boolean {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return startsWithHeader(bytes) || buffer.includes('%%EOF')
}

function startsWithHeader(bytes: Uint8Array): boolean {
  return latin1Text(bytes, 0, 5) === '%PDF-'
}

/**
 * Opens a PDF.
 *
 * @throws SigningError `INPUT_TOO_LARGE`, `PDF_NOT_A_PDF`, `PDF_MALFORMED` (`position` is the byte at fault),
 *   `PDF_ENCRYPTED`. Objects that nobody asked for are not looked at; asking for a broken one throws then.
 */
export function openPdf(bytes: Uint8Array): PdfFile {
  if (bytes.length > pdfLimits.fileBytes) {
    throw new SigningError('INPUT_TOO_LARGE', { limit: pdfLimits.fileBytes })
  }
  if (!looksLikePdf(bytes)) throw new SigningError('PDF_NOT_A_PDF')
  if (!startsWithHeader(bytes)) throw malformed(0, '"%PDF-" is expected')
  const file = new PdfFile(bytes, readRevisions(bytes))
  if (file.revisions.some((revision) => revision.section.trailer.entries.has('Encrypt'))) {
    throw new SigningError('PDF_ENCRYPTED')
  }
  return file
}

interface ObjectStream {
  readonly data: Uint8Array
  readonly numbers: readonly number[]
  readonly offsets: readonly number[]
}

export class PdfFile {
  readonly bytes: Uint8Array
  readonly revisions: readonly Revision[]
  readonly #snapshots = new Map<number, Snapshot>()
  readonly #objects = new Map<number, IndirectObject>()
  readonly #streams = new Map<IndirectObject, ObjectStream>()
  readonly #streamObjects = new Map<ObjectStream, Map<number, IndirectObject>>()
  /** Objects being parsed, so that a stream whose length is itself is refused. */
  readonly #parsing = new Set<number>()
  #decodedBytes = 0
  #visits = 0
  #counts: ReferenceCounts | undefined

  constructor(bytes: Uint8Array, revisions: readonly Revision[]) {
    this.bytes = bytes
    this.revisions = revisions
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
    if (this.#visits > pdfLimits.visits) throw malformed(0, 'too many objects in too many revisions')
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

  /** The object whose header stands at `offset`, as `snapshot` reads it. */
  objectAt(offset: number, snapshot: Snapshot): IndirectObject {
    const known = this.#objects.get(offset)
    if (known !== undefined) return known
    if (offset <= 0 || offset >= this.bytes.length)
      throw malformed(offset, 'offset of an object outside the file')
    if (this.#parsing.has(offset)) throw malformed(offset, 'the length of a stream leads back to the stream')
    this.#parsing.add(offset)
    try {
      const lexer = new Lexer(this.bytes, offset)
      lexer.skipWhitespace()
      let direct = true
      const object = parseIndirectObject(lexer, (length) => {
        if (isInteger(length)) return length >= 0 ? length : undefined
        direct = false
        const resolved = snapshot.resolve(length)
        return isInteger(resolved) && resolved >= 0 ? resolved : undefined
      })
      // A length that is an object of its own may differ from revision to revision.
      if (direct) this.#objects.set(offset, object)
      return object
    } finally {
      this.#parsing.delete(offset)
    }
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
      const value = parseValue(new Lexer(stream.data, offset))
      object = { number, generation: 0, value, stream: undefined, span: undefined }
      objects.set(index, object)
    }
    return object
  }

  #objectStream(container: IndirectObject): ObjectStream {
    const known = this.#streams.get(container)
    if (known !== undefined) return known
    const position = container.span?.start ?? 0
    const { value: dict, stream } = container
    if (stream === undefined || !isDict(dict) || !isName(dict.entries.get('Type'), 'ObjStm')) {
      throw malformed(position, `object ${container.number} is not an object stream`)
    }
    const data = decodeStream(dict, this.bytes.subarray(stream.start, stream.end), position)
    this.#decodedBytes += data.length
    if (this.#decodedBytes > pdfLimits.decodedTotalBytes)
      throw malformed(position, 'object streams are too large')
    const parsed = readHeader(dict, data, position)
    this.#streams.set(container, parsed)
    return parsed
  }
}

function readHeader(dict: PdfDict, data: Uint8Array, position: number): ObjectStream {
  const count = dict.entries.get('N')
  const first = dict.entries.get('First')
  if (!isInteger(count) || !isInteger(first) || count < 0 || first < 0 || first > data.length) {
    throw malformed(position, 'N or First of an object stream is out of range')
  }
  const lexer = new Lexer(data, 0, first)
  const numbers: number[] = []
  const offsets: number[] = []
  for (let i = 0; i < count; i += 1) {
    lexer.skipSpace()
    numbers.push(lexer.integer('object number in an object stream'))
    lexer.skipSpace()
    offsets.push(first + lexer.integer('offset in an object stream'))
  }
  return { data, numbers, offsets }
}
