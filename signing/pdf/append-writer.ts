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
import type { PdfFile } from './pdf-file.ts'
import type { ReferenceCounts } from './reference-counts.ts'
import { serialize } from './serialize.ts'

interface PendingObject {
  readonly reference: PdfReference
  readonly body: Uint8Array
}

/** A revision as written. */
export interface AppendedRevision {
  readonly bytes: Uint8Array
  /** Offset of each new object's header in `bytes`, by object number. */
  readonly offsets: ReadonlyMap<number, number>
}

export class RevisionWriter {
  readonly #file: PdfFile
  readonly #objects = new Map<number, PendingObject>()
  #nextNumber: number
  #counts: ReferenceCounts | undefined

  constructor(file: PdfFile) {
    this.#file = file
    this.#nextNumber = sizeOf(file)
  }

  /**
   * A number that no object has and no reference of the file names: a reference to nothing must not come to life by
   * a new object.
   */
  allocate(): PdfReference {
    this.#counts ??= this.#file.referenceCounts(this.#file.revisions.length - 1)
    while (this.#counts.isDangling(this.#nextNumber)) this.#nextNumber += 1
    if (this.#nextNumber >= pdfLimits.objects) throw new RangeError('too many objects')
    const reference = pdfReference(this.#nextNumber)
    this.#nextNumber += 1
    return reference
  }

  /** Writes an object without a stream, new or in place of the one that has this number. */
  set(reference: PdfReference, value: PdfValue): void {
    this.setSyntax(reference, serialize(value))
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
    const [safe, body] = resemblesObjects(latin1Text(data, 0, data.length))
      ? [inHexadecimal(dict), Buffer.from(`${Buffer.from(data).toString('hex')}>`, 'latin1')]
      : [dict, data]
    const entries = new Map(safe.entries).set('Length', body.length)
    const head = `${serialize({ kind: 'dict', entries })}\nstream\n`
    this.#put(reference, Buffer.concat([Buffer.from(head, 'latin1'), body, Buffer.from('\nendstream\n')]))
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

  /** The file with the revision at its end. */
  build(): AppendedRevision {
    const { bytes } = this.#file
    const parts: Uint8Array[] = [bytes]
    let length = bytes.length
    const append = (part: Uint8Array): void => {
      parts.push(part)
      length += part.length
    }
    if (bytes.at(-1) !== 0x0a && bytes.at(-1) !== 0x0d) append(Buffer.from('\n'))
    const offsets = new Map<number, number>()
    const places: Place[] = []
    for (const [number, { reference, body }] of [...this.#objects].sort(([a], [b]) => a - b)) {
      offsets.set(number, length)
      places.push({ number, generation: reference.generation, offset: length })
      append(Buffer.from(`${number} ${reference.generation} obj\n`, 'latin1'))
      append(body)
      append(Buffer.from('endobj\n'))
    }
    append(this.#section(places, length))
    append(Buffer.from(`startxref\n${length - lastLength(parts)}\n%%EOF\n`))
    return { bytes: Buffer.concat(parts), offsets }
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
    return pdfDict({ Size: size, Root: kept('Root'), Info: kept('Info'), ID: kept('ID'), Prev: previous })
  }
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

interface Place {
  readonly number: number
  readonly generation: number
  readonly offset: number
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

/** Runs of consecutive object numbers. */
function subsections(places: readonly Place[]): Place[][] {
  const runs: Place[][] = []
  for (const place of [...places].sort((a, b) => a.number - b.number)) {
    const run = runs.at(-1)
    if (run !== undefined && (run.at(-1)?.number ?? -2) + 1 === place.number) run.push(place)
    else runs.push([place])
  }
  return runs
}

/** Entries of exactly 20 bytes (7.5.4). */
function tableOf(places: readonly Place[]): string {
  if (places.length === 0) return '0 0\n'
  return subsections(places)
    .map((run) => {
      const entries = run.map(({ offset, generation }) => {
        return `${String(offset).padStart(10, '0')} ${String(generation).padStart(5, '0')} n \n`
      })
      return `${run[0]?.number ?? 0} ${run.length}\n${entries.join('')}`
    })
    .join('')
}

/** Entries of type 1 with a 6-byte offset and a 2-byte generation (7.5.8.3), in the order of the subsections. */
function streamOf(places: readonly Place[]): Uint8Array {
  const ordered = subsections(places).flat()
  const data = Buffer.alloc(ordered.length * 9)
  ordered.forEach(({ offset, generation }, i) => {
    data.writeUInt8(1, i * 9)
    data.writeUIntBE(offset, i * 9 + 1, 6)
    data.writeUInt16BE(generation, i * 9 + 7)
  })
  return data
}

function lastLength(parts: readonly Uint8Array[]): number {
  return parts.at(-1)?.length ?? 0
}

/** The reference under a key of a dictionary, if it is one. */
export function referenceEntry(dict: PdfDict, key: string): PdfReference | undefined {
  const value = dict.entries.get(key)
  return isReference(value) ? value : undefined
}
