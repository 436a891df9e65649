/**
 * The pictures that the pages of a PDF show: how large they are drawn, how fine they are and whether they have colour.
 * For files that are scans, so only what scanners write is followed: pictures drawn by name, in the page's own content
 * or in forms (ISO 32000-2, 8.8 to 8.10). Nothing of a picture is decoded.
 */
import { decodeStream } from './filters.ts'
import { inheritedEntry } from './inherited-entry.ts'
import { malformed } from './lexer.ts'
import {
  type IndirectObject,
  isArray,
  isDict,
  isName,
  isReference,
  type PdfDict,
  type PdfValue,
  pdfDict,
} from './objects.ts'
import { seenPage } from './page-place.ts'
import { type Page, readPages } from './pages.ts'
import { type OpenOptions, openPdf } from './pdf-file.ts'
import type { Snapshot } from './snapshot.ts'

export interface PagePicture {
  /** Pixels an inch as it is drawn, the lower of both directions. */
  readonly dpi: number
  /** `colour`: three or more components of 8 bits or finer; `unknown` where only the picture itself would tell. */
  readonly colour: 'colour' | 'grey' | 'bilevel' | 'unknown'
  /** The share of the page's area that its frame covers, 0 to 1. */
  readonly covers: number
}

export interface PicturedPage {
  /** Of the page as a viewer shows it, in millimetres. */
  readonly widthMm: number
  readonly heightMm: number
  readonly pictures: readonly PagePicture[]
}

export interface PagePictures {
  /** Of the PDF format, as header and catalog say it: `1.7`. */
  readonly version: string
  readonly pages: readonly PicturedPage[]
}

/** Bounds that scans are far from. */
const limits = {
  contentBytes: 8 * 1024 * 1024,
  forms: 8,
  pictures: 10_000,
  pages: 2_000,
  stack: 1_000,
} as const

/** @throws SigningError as `openPdf`; `PDF_MALFORMED` for content that is written in another way than scanners do */
export function readPagePictures(pdf: Uint8Array, options: OpenOptions = {}): PagePictures {
  const file = openPdf(pdf, options)
  const snapshot = file.latest
  const pages = readPages(snapshot)
  if (pages.length > limits.pages) throw malformed(0, 'too many pages for a scan')
  return { version: versionOf(pdf, snapshot), pages: pages.map((page) => picturesOf(snapshot, page)) }
}

/** The header's, or a later one that the catalog names (7.2.2). */
function versionOf(pdf: Uint8Array, snapshot: Snapshot): string {
  const header = /%PDF-(\d\.\d)/.exec(Buffer.from(pdf.subarray(0, 1024)).toString('latin1'))?.[1] ?? '1.0'
  const named = snapshot.entry(snapshot.catalog, 'Version')
  const own = isName(named) && /^\d\.\d$/.test(named.name) ? named.name : header
  return own > header ? own : header
}

/** `a b c d e f` of 8.3.3. */
export type Matrix = readonly [number, number, number, number, number, number]
export const identity: Matrix = [1, 0, 0, 1, 0, 0]

/** What is drawn first with `inner` and then with `outer`. */
export function times([a, b, c, d, e, f]: Matrix, outer: Matrix): Matrix {
  const [A, B, C, D, E, F] = outer
  return [a * A + b * C, a * B + b * D, c * A + d * C, c * B + d * D, e * A + f * C + E, e * B + f * D + F]
}

function picturesOf(snapshot: Snapshot, page: Page): PicturedPage {
  const userUnit = snapshot.entry(page.dict, 'UserUnit')
  const unit = typeof userUnit === 'number' && userUnit > 0 ? userUnit : 1
  const seen = seenPage(snapshot, page)
  const found: { object: PdfDict; matrix: Matrix }[] = []
  const resources = inheritedEntry(snapshot, page.dict, 'Resources')
  const content = joinedContent(snapshot, page)
  walk(snapshot, content, isDict(resources) ? resources : pdfDict({}), identity, found, 0)
  const area = seen.width * seen.height
  return {
    widthMm: (seen.width * unit * 25.4) / 72,
    heightMm: (seen.height * unit * 25.4) / 72,
    pictures: found.map(({ object, matrix: [a, b, c, d] }) => {
      const pixels = (key: string) => {
        const value = snapshot.entry(object, key)
        return typeof value === 'number' ? value : 0
      }
      const inches = (x: number, y: number) => (Math.hypot(x, y) * unit) / 72
      const across = pixels('Width') / Math.max(inches(a, b), 1e-6)
      const down = pixels('Height') / Math.max(inches(c, d), 1e-6)
      return {
        dpi: Math.min(across, down),
        colour: colourOf(snapshot, object),
        covers: area > 0 ? Math.min(1, Math.abs(a * d - b * c) / area) : 0,
      }
    }),
  }
}

/** The content of a page: its parts, one after the other. @throws SigningError `PDF_MALFORMED` */
export function joinedContent(snapshot: Snapshot, page: Page): string {
  const contents = page.dict.entries.get('Contents') ?? null
  const resolved = snapshot.resolve(contents)
  const parts = isArray(resolved) ? resolved.items : [contents]
  let text = ''
  for (const part of parts) {
    const object = isReference(part) ? snapshot.target(part) : undefined
    if (object === undefined) continue
    text += `${contentOf(snapshot, object, limits.contentBytes - text.length)}\n`
  }
  return text
}

export function contentOf(snapshot: Snapshot, object: IndirectObject, most: number): string {
  const raw = snapshot.file.streamData(object)
  if (raw === undefined || !isDict(object.value)) return ''
  const position = object.stream?.start ?? 0
  if (most <= 0) throw malformed(position, 'the content of a page is too long')
  const data = decodeStream(object.value, raw, position, most)
  // As much work as many objects, where one stream is drawn again and again; what comes between two filters may be
  // as long as anything may be.
  const filters = snapshot.arrayEntry(object.value, 'Filter')?.items.length ?? 1
  const worked = filters > 1 ? limits.contentBytes : Math.max(raw.length, data.length)
  snapshot.file.countVisits(Math.ceil(worked / bytesPerVisit))
  return Buffer.from(data).toString('latin1')
}

/** A node reads as fast as this many bytes of content while it looks at an object. */
const bytesPerVisit = 1024

/** One token: a comment, string, dictionary delimiter, array delimiter, name, or word. */
export const token =
  /%[^\r\n]*|\((?:\\[\s\S]|[^\\()])*\)|<<|>>|<[^<>]*>|[[\]{}]|\/[^\s()<>[\]{}/%]*|[^\s()<>[\]{}/%]+/g

function walk(
  snapshot: Snapshot,
  content: string,
  resources: PdfDict,
  start: Matrix,
  found: { object: PdfDict; matrix: Matrix }[],
  depth: number,
): void {
  let matrix = start
  const stack: Matrix[] = []
  let operands: string[] = []
  const scanner = new RegExp(token.source, 'g')
  for (let match = scanner.exec(content); match !== null; match = scanner.exec(content)) {
    const [word] = match
    if (word === 'q') {
      if (stack.length >= limits.stack) throw malformed(0, 'graphics states are nested too deeply')
      stack.push(matrix)
    } else if (word === 'Q') {
      matrix = stack.pop() ?? start
    } else if (word === 'cm') {
      const [a = 1, b = 0, c = 0, d = 1, e = 0, f = 0] = operands.slice(-6).map(Number)
      const next: Matrix = [a, b, c, d, e, f]
      if (operands.length >= 6 && next.every(Number.isFinite)) matrix = times(next, matrix)
    } else if (word === 'Do') {
      draw(snapshot, operands.at(-1), resources, matrix, found, depth)
    } else if (word === 'ID') {
      // A picture inside the content: its data end with EI after white space; it is too small to be a scan.
      const end = /\sEI(?=\s|$)/g
      end.lastIndex = scanner.lastIndex
      const at = end.exec(content)
      scanner.lastIndex = at === null ? content.length : at.index + at[0].length
    } else {
      if (/^[-+.\d/[\]<(%]/.test(word) || word === '>>') operands.push(word)
      else operands = []
      if (operands.length > 100) operands = operands.slice(-10)
      continue
    }
    operands = []
  }
}

function draw(
  snapshot: Snapshot,
  name: string | undefined,
  resources: PdfDict,
  matrix: Matrix,
  found: { object: PdfDict; matrix: Matrix }[],
  depth: number,
): void {
  if (name === undefined || !name.startsWith('/')) return
  const key = name
    .slice(1)
    .replace(/#([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
  const reference = snapshot.dictEntry(resources, 'XObject')?.entries.get(key)
  const object = isReference(reference) ? snapshot.target(reference) : undefined
  if (object === undefined || !isDict(object.value)) return
  snapshot.file.countVisits(1)
  const dict = object.value
  const subtype = snapshot.entry(dict, 'Subtype')
  if (isName(subtype, 'Image')) {
    if (found.length >= limits.pictures) throw malformed(0, 'a page shows too many pictures')
    found.push({ object: dict, matrix })
  } else if (isName(subtype, 'Form')) {
    if (depth >= limits.forms) throw malformed(0, 'forms are nested too deeply')
    const own = snapshot.dictEntry(dict, 'Resources') ?? resources
    const content = contentOf(snapshot, object, limits.contentBytes)
    walk(snapshot, content, own, times(matrixOf(snapshot, dict), matrix), found, depth + 1)
  }
}

export function matrixOf(snapshot: Snapshot, dict: PdfDict): Matrix {
  const items = snapshot.arrayEntry(dict, 'Matrix')?.items.map((item) => snapshot.resolve(item)) ?? []
  const [a, b, c, d, e, f] = items
  return [a, b, c, d, e, f].every((one) => typeof one === 'number')
    ? ([a, b, c, d, e, f] as unknown as Matrix)
    : identity
}

function colourOf(snapshot: Snapshot, image: PdfDict): PagePicture['colour'] {
  if (snapshot.entry(image, 'ImageMask') === true) return 'bilevel'
  const bits = snapshot.entry(image, 'BitsPerComponent')
  if (bits === 1) return 'bilevel'
  const components = componentsOf(snapshot, snapshot.entry(image, 'ColorSpace'), 0)
  if (components === undefined) return 'unknown'
  if (components < 3) return 'grey'
  return typeof bits === 'number' && bits < 8 && !isIndexed(snapshot, image) ? 'unknown' : 'colour'
}

function isIndexed(snapshot: Snapshot, image: PdfDict): boolean {
  const space = snapshot.entry(image, 'ColorSpace')
  return isArray(space) && isName(snapshot.resolve(space.items[0]), 'Indexed')
}

/** How many components a colour has in a colour space (8.6); undefined where the space does not tell. */
function componentsOf(snapshot: Snapshot, space: PdfValue, depth: number): number | undefined {
  if (depth > 4) return undefined
  if (isName(space)) {
    if (space.name === 'DeviceRGB' || space.name === 'CalRGB' || space.name === 'Lab') return 3
    if (space.name === 'DeviceCMYK') return 4
    return space.name === 'DeviceGray' || space.name === 'CalGray' ? 1 : undefined
  }
  if (!isArray(space)) return undefined
  const family = snapshot.resolve(space.items[0])
  if (!isName(family)) return undefined
  const second = snapshot.resolve(space.items[1])
  if (family.name === 'ICCBased') {
    const components = isDict(second) ? snapshot.entry(second, 'N') : undefined
    return typeof components === 'number' ? components : undefined
  }
  if (family.name === 'Indexed') return componentsOf(snapshot, second, depth + 1)
  return componentsOf(snapshot, family, depth + 1)
}
