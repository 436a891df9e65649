/**
 * Small PDFs of every structure that ISO 32000-2 allows, by a writer of its own: what the library must sign without
 * changing a byte.
 */
import { deflateSync } from 'node:zlib'

export interface OddPdfOptions {
  readonly eol: '\n' | '\r' | '\r\n'
  readonly crossReference: 'table' | 'stream' | 'hybrid'
  /** What stands in object streams, where the cross-reference allows them. */
  readonly compressed: 'nothing' | 'form' | 'everything'
  readonly acroForm: 'none' | 'direct' | 'indirect'
  readonly annotations: 'none' | 'direct' | 'indirect'
  readonly pages: number
  /** The page tree has a node for each page. */
  readonly nested: boolean
  /** Updates appended to the first revision, each writing the information dictionary anew. */
  readonly updates: number
  /** What follows the last `%%EOF`. */
  readonly tail: '' | '\n' | '\r' | '\r\n' | ' \n\n' | '\0\0\n'
  /** Of the catalog, where it does not stand in an object stream. */
  readonly generation: number
  /** An entry for object numbers that are not in use. */
  readonly gap: boolean
  /** Bytes of the first page's contents. */
  readonly filler: Uint8Array
}

export const plainPdf: OddPdfOptions = {
  eol: '\n',
  crossReference: 'table',
  compressed: 'nothing',
  acroForm: 'none',
  annotations: 'none',
  pages: 1,
  nested: false,
  updates: 0,
  tail: '\n',
  generation: 0,
  gap: false,
  filler: new Uint8Array(0),
}

interface OddObject {
  readonly generation: number
  readonly body: Buffer
  /** Streams never stand in an object stream. */
  readonly stream: boolean
}

type Entry =
  | { readonly kind: 'free' }
  | { readonly kind: 'offset'; readonly offset: number; readonly generation: number }
  | { readonly kind: 'compressed'; readonly container: number; readonly index: number }

const identifier = '<00112233445566778899aabbccddeeff>'
const fieldName = 'Approval'

/** The name of the empty signature field that a document with annotations and a form has. */
export const oddField = fieldName

class Builder {
  readonly #options: OddPdfOptions
  readonly #objects = new Map<number, OddObject>()
  #out: Buffer[] = []
  #length = 0
  #next = 1
  #highest = 0

  constructor(options: OddPdfOptions) {
    this.#options = options
  }

  allocate(): number {
    this.#next += 1
    return this.#next - 1
  }

  set(number: number, body: string, generation = 0): void {
    this.#objects.set(number, { generation, body: Buffer.from(body, 'latin1'), stream: false })
  }

  setStream(number: number, entries: string, data: Uint8Array): void {
    this.#objects.set(number, { generation: 0, body: this.#streamBody(entries, data), stream: true })
  }

  #streamBody(entries: string, data: Uint8Array): Buffer {
    const { eol } = this.#options
    // The keyword is never followed by a lone CR (7.3.8.1).
    const start = eol === '\r' ? '\n' : eol
    const head = `<< ${entries} /Length ${data.length} >>${eol}stream${start}`
    return Buffer.concat([Buffer.from(head, 'latin1'), data, Buffer.from(`${eol}endstream`, 'latin1')])
  }

  write(text: string | Uint8Array): void {
    const part = typeof text === 'string' ? Buffer.from(text, 'latin1') : Buffer.from(text)
    this.#out.push(part)
    this.#length += part.length
  }

  /** Writes all objects that were set and the section that names them; answers its offset. */
  writeRevision(root: string, previous: number | undefined): number {
    const { eol, crossReference, compressed, gap } = this.#options
    const entries = new Map<number, Entry>()
    if (previous === undefined) entries.set(0, { kind: 'free' })
    if (gap) entries.set(this.allocate(), { kind: 'free' })
    const packed =
      crossReference === 'table' || compressed === 'nothing'
        ? []
        : [...this.#objects].filter(
            ([, { stream, generation, body }]) =>
              !stream && generation === 0 && (compressed === 'everything' || body.includes('/FT')),
          )
    if (packed.length > 0) this.#pack(packed, entries)
    for (const [number, { generation, body }] of this.#objects) {
      if (entries.has(number)) continue
      entries.set(number, { kind: 'offset', offset: this.#length, generation })
      this.write(`${number} ${generation} obj${eol}`)
      this.write(body)
      this.write(`${eol}endobj${eol}`)
    }
    this.#objects.clear()
    const trailer = (size: number, more = '') =>
      `/Size ${size} /Root ${root} /ID [${identifier} ${identifier}]${previous === undefined ? '' : ` /Prev ${previous}`}${more}`
    if (crossReference === 'stream') return this.#writeStream(entries, trailer)
    let hybrid = ''
    if (crossReference === 'hybrid' && packed.length > 0) {
      const hidden = new Map([...entries].filter(([, { kind }]) => kind === 'compressed'))
      hybrid = ` /XRefStm ${this.#writeStream(hidden, (size) => `/Size ${size}`)}`
    }
    const offset = this.#length
    const size = this.#sizeWith(entries)
    this.write(`xref${eol}${this.#table(entries)}trailer${eol}<< ${trailer(size, hybrid)} >>${eol}`)
    return offset
  }

  /** One more than the highest number of this section and those before it. */
  #sizeWith(entries: ReadonlyMap<number, Entry>): number {
    this.#highest = Math.max(this.#highest, ...entries.keys())
    return this.#highest + 1
  }

  #pack(packed: readonly (readonly [number, OddObject])[], entries: Map<number, Entry>): void {
    const container = this.allocate()
    let at = 0
    const header = packed.map(([number, { body }], index) => {
      entries.set(number, { kind: 'compressed', container, index })
      const pair = `${number} ${at}`
      at += body.length + 1
      return pair
    })
    const head = Buffer.from(`${header.join(' ')} `, 'latin1')
    const data = Buffer.concat([head, ...packed.flatMap(([, { body }]) => [body, Buffer.from(' ')])])
    const dict = `/Type /ObjStm /N ${packed.length} /First ${head.length} /Filter /FlateDecode`
    this.setStream(container, dict, deflateSync(data))
  }

  #table(entries: ReadonlyMap<number, Entry>): string {
    const { eol } = this.#options
    const end = eol === '\r\n' ? '\r\n' : ` ${eol}`
    return runs([...entries.keys()])
      .map((run) => {
        const lines = run.map((number) => {
          const entry = entries.get(number)
          if (entry?.kind !== 'offset') return `0000000000 65535 f${end}`
          return `${String(entry.offset).padStart(10, '0')} ${String(entry.generation).padStart(5, '0')} n${end}`
        })
        return `${run[0]} ${run.length}${eol}${lines.join('')}`
      })
      .join('')
  }

  #writeStream(entries: Map<number, Entry>, trailer: (size: number) => string): number {
    const { eol } = this.#options
    const number = this.allocate()
    const offset = this.#length
    entries.set(number, { kind: 'offset', offset, generation: 0 })
    const numbers = [...entries.keys()].sort((a, b) => a - b)
    const rows = Buffer.alloc(numbers.length * 7)
    numbers.forEach((one, i) => {
      const entry = entries.get(one)
      const [type, second, third] =
        entry?.kind === 'offset'
          ? [1, entry.offset, entry.generation]
          : entry?.kind === 'compressed'
            ? [2, entry.container, entry.index]
            : [0, 0, 65535]
      rows.writeUInt8(type, i * 7)
      rows.writeUInt32BE(second, i * 7 + 1)
      rows.writeUInt16BE(third, i * 7 + 5)
    })
    const index = runs(numbers).flatMap((run) => [run[0], run.length])
    const size = this.#sizeWith(entries)
    const dict = `/Type /XRef /W [1 4 2] /Index [${index.join(' ')}] /Filter /FlateDecode ${trailer(size)}`
    this.write(`${number} 0 obj${eol}`)
    this.write(this.#streamBody(dict, deflateSync(rows)))
    this.write(`${eol}endobj${eol}`)
    return offset
  }

  finish(section: number, tail: string): void {
    const { eol } = this.#options
    this.write(`startxref${eol}${section}${eol}%%EOF${tail}`)
  }

  get bytes(): Uint8Array {
    return Buffer.concat(this.#out)
  }
}

function runs(numbers: readonly number[]): number[][] {
  const found: number[][] = []
  for (const number of [...numbers].sort((a, b) => a - b)) {
    const last = found.at(-1)
    if (last !== undefined && last.at(-1) === number - 1) last.push(number)
    else found.push([number])
  }
  return found
}

export function oddPdf(changes: Partial<OddPdfOptions>): Uint8Array {
  const options = { ...plainPdf, ...changes }
  const { eol } = options
  const builder = new Builder(options)
  builder.write(`%PDF-1.7${eol}%\xe2\xe3\xcf\xd3${eol}`)
  const [catalog, tree, information, font] = [1, 2, 3, 4].map(() => builder.allocate())
  const generation = options.crossReference === 'table' ? options.generation : 0
  const root = `${catalog} ${generation} R`

  const hasField = options.acroForm !== 'none' && options.annotations !== 'none'
  const field = builder.allocate()
  const form = builder.allocate()
  const annotations = builder.allocate()
  const kids: number[] = []
  for (let i = 0; i < options.pages; i += 1) {
    const [page = 0, contents = 0, node = 0] = [builder.allocate(), builder.allocate(), builder.allocate()]
    const parent = options.nested ? node : tree
    const listed = `[${i === 0 && hasField ? `${field} 0 R` : ''}]`
    if (i === 0 && options.annotations === 'indirect') builder.set(annotations, listed)
    const annots =
      i > 0 || options.annotations === 'none'
        ? ''
        : ` /Annots ${options.annotations === 'direct' ? listed : `${annotations} 0 R`}`
    const resources = `<< /Font << /F1 ${font} 0 R >> >>`
    builder.set(
      page,
      `<< /Type /Page /Parent ${parent} 0 R /Contents ${contents} 0 R /Resources ${resources}${annots} >>`,
    )
    const text = Buffer.from(`BT /F1 12 Tf 20 150 Td (Page ${i + 1}) Tj ET${eol}%`, 'latin1')
    const data = deflateSync(Buffer.concat([text, i === 0 ? options.filler : new Uint8Array(0)]))
    builder.setStream(contents, '/Filter /FlateDecode', data)
    if (options.nested)
      builder.set(node, `<< /Type /Pages /Parent ${tree} 0 R /Kids [${page} 0 R] /Count 1 >>`)
    kids.push(options.nested ? node : page)
    if (i === 0 && hasField)
      builder.set(
        field,
        `<< /Type /Annot /Subtype /Widget /FT /Sig /T (${fieldName}) /F 4 /Rect [20 20 120 60] /P ${page} 0 R >>`,
      )
  }
  const formDict = `<< /Fields [${hasField ? `${field} 0 R` : ''}] >>`
  if (options.acroForm === 'indirect') builder.set(form, formDict)
  const acroForm =
    options.acroForm === 'none'
      ? ''
      : ` /AcroForm ${options.acroForm === 'direct' ? formDict : `${form} 0 R`}`
  builder.set(catalog ?? 0, `<< /Type /Catalog /Pages ${tree} 0 R${acroForm} >>`, generation)
  const list = kids.map((kid) => `${kid} 0 R`).join(' ')
  builder.set(
    tree ?? 0,
    `<< /Type /Pages /Kids [${list}] /Count ${options.pages} /MediaBox [0 0 300 200] /Rotate 0 >>`,
  )
  builder.set(font ?? 0, '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>')
  builder.set(information ?? 0, '<< /Title (0) >>')

  let section = builder.writeRevision(root, undefined)
  for (let i = 1; i <= options.updates; i += 1) {
    builder.finish(section, eol)
    builder.set(information ?? 0, `<< /Title (${i}) >>`)
    section = builder.writeRevision(root, section)
  }
  builder.finish(section, options.tail)
  return builder.bytes
}
