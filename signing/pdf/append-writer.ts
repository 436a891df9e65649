/**
 * Appends one revision to a PDF (ISO 32000-2, 7.5.6). What was there stays byte for byte; the new cross-reference
 * section is of the kind the last one was, so that a reader of the old bytes can read the new ones.
 */
import { latin1Text } from './lexer.ts'
import { pdfLimits } from './limits.ts'
import { resemblesObjects } from './object-words.ts'
import {
  isArray,
  isInteger,
  isReference,
  type PdfDict,
  type PdfReference,
  type PdfValue,
  pdfArray,
  pdfDict,
  pdfName,
  pdfReference,
  withEntries,
} from './objects.ts'
import { encryptorOf, type PdfFile } from './pdf-file.ts'
import type { ReferenceCounts } from './reference-counts.ts'
import { serialize } from './serialize.ts'
import { type Place, streamOf, subsections, tableOf } from './xref-writer.ts'

interface PendingObject {
  readonly reference: PdfReference
  readonly body: Uint8Array
}

/** A revision as written. */
export interface AppendedRevision {
  readonly bytes: Uint8Array
  /** Offset of each new object's header in the whole file, by object number. */
  readonly offsets: ReadonlyMap<number, number>
}

export class RevisionWriter {
  readonly #file: PdfFile
  readonly #objects = new Map<number, PendingObject>()
  readonly #encryptor: ReturnType<typeof encryptorOf>
  #nextNumber: number
  #counts: ReferenceCounts | undefined

  constructor(file: PdfFile) {
    this.#file = file
    this.#encryptor = encryptorOf(file)
    this.#nextNumber = sizeOf(file)
  }

  /**
   * A number that no object has and no reference of the file names: a reference to nothing must not come to life by
   * a new object.
   */
  allocate(): PdfReference {
    const counts = this.#referenceCounts()
    while (counts.isDangling(this.#nextNumber)) this.#nextNumber += 1
    if (this.#nextNumber >= pdfLimits.objects) throw new RangeError('too many objects')
    const reference = pdfReference(this.#nextNumber)
    this.#nextNumber += 1
    return reference
  }

  /** Whether more than one object of the file refers to the object. */
  isShared(reference: PdfReference): boolean {
    return [...this.#referenceCounts().referrers(reference.number)].length > 1
  }

  #referenceCounts(): ReferenceCounts {
    this.#counts ??= this.#file.referenceCounts(this.#file.revisions.length - 1)
    return this.#counts
  }

  /** Writes an object without a stream, new or in place of the one that has this number. */
  set(reference: PdfReference, value: PdfValue): void {
    this.setSyntax(reference, this.syntaxOf(reference, value))
  }

  /** A value as it stands in the object of that number: its strings enciphered where the file is encrypted. */
  syntaxOf(reference: PdfReference, value: PdfValue): string {
    return serialize(this.#encryptor?.encryptValue(reference, value) ?? value)
  }

  /** As `set`, from ready syntax of one character a byte; for values with places to be filled in later. */
  setSyntax(reference: PdfReference, syntax: string): void {
    this.#put(reference, Buffer.from(`${syntax}\n`, 'latin1'))
  }

  /**
   * Writes a stream; `/Length` is added. The data is taken as it is, unless its bytes happen to look like the end of
   * one object or the beginning of another: those are written in hexadecimal, since no verifier may take them.
   */
  setStream(reference: PdfReference, dict: PdfDict, data: Uint8Array): void {
    const [safe, body] =
      this.#encryptor === undefined && looksLikeObjects(data)
        ? [inHexadecimal(dict), Buffer.from(`${Buffer.from(data).toString('hex')}>`, 'latin1')]
        : [dict, this.#enciphered(reference, dict, data)]
    const entries = new Map(safe.entries).set('Length', body.length)
    const head = `${this.syntaxOf(reference, { kind: 'dict', entries })}\nstream\n`
    this.#put(reference, Buffer.concat([Buffer.from(head, 'latin1'), body, Buffer.from('\nendstream\n')]))
  }

  /** Each enciphering by AES gives other bytes, so that one is found that looks like no object. */
  #enciphered(reference: PdfReference, dict: PdfDict, data: Uint8Array): Uint8Array {
    const encryptor = this.#encryptor
    if (encryptor === undefined) return data
    let body = encryptor.encryptStream(reference, dict, data)
    for (let attempt = 0; attempt < 8 && looksLikeObjects(body); attempt += 1)
      body = encryptor.encryptStream(reference, dict, data)
    return body
  }

  add(value: PdfValue): PdfReference {
    const reference = this.allocate()
    this.set(reference, value)
    return reference
  }

  addStream(dict: PdfDict, data: Uint8Array): PdfReference {
    const reference = this.allocate()
    this.setStream(reference, dict, data)
    return reference
  }

  #put(reference: PdfReference, body: Uint8Array): void {
    // The trailer's /Size is taken from here, and an object beyond it would be missing.
    this.#nextNumber = Math.max(this.#nextNumber, reference.number + 1)
    this.#objects.set(reference.number, { reference, body })
  }

  /** The bytes of the revision alone. What was there is not copied, so that a large file costs nothing here. */
  append(): AppendedRevision {
    const last = this.#file.bytes.at(-1)
    const parts: Uint8Array[] = last === 0x0a || last === 0x0d ? [] : [Buffer.from('\n')]
    let position = this.#file.bytes.length + parts.length
    const append = (part: Uint8Array): void => {
      parts.push(part)
      position += part.length
    }
    const offsets = new Map<number, number>()
    const places: Place[] = []
    for (const [number, { reference, body }] of [...this.#objects].sort(([a], [b]) => a - b)) {
      offsets.set(number, position)
      places.push({ number, generation: reference.generation, offset: position })
      append(Buffer.from(`${number} ${reference.generation} obj\n`, 'latin1'))
      append(body)
      append(Buffer.from('endobj\n'))
    }
    const section = position
    append(this.#section(places, section))
    append(Buffer.from(`startxref\n${section}\n%%EOF\n`))
    return { bytes: Buffer.concat(parts), offsets }
  }

  /** The whole file with the revision at its end. */
  build(): AppendedRevision {
    const { bytes, offsets } = this.append()
    return { bytes: Buffer.concat([this.#file.bytes, bytes]), offsets }
  }

  #section(places: Place[], offset: number): Uint8Array {
    const last = this.#file.revisions.at(-1)?.section
    if (last === undefined) throw new RangeError('a PDF without a revision')
    if (last.kind === 'table') {
      const trailer = serialize(this.#trailer(last.trailer, last.offset, this.#nextNumber))
      return Buffer.from(`xref\n${tableOf(places)}trailer\n${trailer}\n`, 'latin1')
    }
    const { number } = this.allocate()
    const all = [...places, { number, generation: 0, offset }]
    const data = streamOf(all)
    const dict = this.#trailer(last.trailer, last.offset, this.#nextNumber)
    const entries = new Map(dict.entries)
    entries.set('Type', pdfName('XRef'))
    entries.set('W', pdfArray([1, 6, 2]))
    entries.set('Index', pdfArray(subsections(all).flatMap((run) => [run[0]?.number ?? 0, run.length])))
    entries.set('Length', data.length)
    const head = `${number} 0 obj\n${serialize({ kind: 'dict', entries })}\nstream\n`
    return Buffer.concat([Buffer.from(head, 'latin1'), data, Buffer.from('\nendstream\nendobj\n')])
  }

  /** The entries that a trailer carries over (7.5.5, table 15): everything else belongs to its own revision. */
  #trailer(last: PdfDict, previous: number, size: number): PdfDict {
    const kept = (key: string): PdfValue | undefined => last.entries.get(key)
    return pdfDict({
      Size: size,
      Root: kept('Root'),
      Info: kept('Info'),
      ID: kept('ID'),
      Encrypt: kept('Encrypt'),
      Prev: previous,
    })
  }
}

function looksLikeObjects(data: Uint8Array): boolean {
  return resemblesObjects(latin1Text(data, 0, data.length))
}

/** The stream's dictionary with `ASCIIHexDecode` (7.4.2) as the first of its filters. */
function inHexadecimal(dict: PdfDict): PdfDict {
  const listed = (key: string): readonly PdfValue[] => {
    const value = dict.entries.get(key) ?? null
    return isArray(value) ? value.items : value === null ? [] : [value]
  }
  const parameters = listed('DecodeParms')
  return withEntries(dict, {
    Filter: pdfArray([pdfName('ASCIIHexDecode'), ...listed('Filter')]),
    DecodeParms: parameters.length === 0 ? undefined : pdfArray([null, ...parameters]),
  })
}

/** One more than the highest object number, whatever the trailer says: some writers have it too small. */
function sizeOf(file: PdfFile): number {
  let size = 1
  for (const revision of file.revisions) {
    const declared = revision.section.trailer.entries.get('Size')
    if (isInteger(declared) && declared <= pdfLimits.objects) size = Math.max(size, declared)
    for (const number of revision.entries.keys()) size = Math.max(size, number + 1)
  }
  return size
}

/** The reference under a key of a dictionary, if it is one. */
export function referenceEntry(dict: PdfDict, key: string): PdfReference | undefined {
  const value = dict.entries.get(key)
  return isReference(value) ? value : undefined
}
