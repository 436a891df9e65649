/** Where the content of a page paints pictures, lines and areas (ISO 32000-2, 8.5 and 8.9). */
import type { Rectangle } from './form.ts'
import { malformed } from './lexer.ts'
import { isArray, isDict, isName, isReference, type PdfDict, type PdfReference } from './objects.ts'
import { contentOf, identity, type Matrix, matrixOf, times } from './page-pictures.ts'
import type { Snapshot } from './snapshot.ts'

export interface ContentInk {
  readonly what: 'picture' | 'drawing'
  /** In default user space. */
  readonly box: Rectangle
}

const limits = {
  contentBytes: 8 * 1024 * 1024,
  // Of the page and all forms, each as often as it is drawn: some seconds, while a node does nothing else.
  allContentBytes: 8 * 1024 * 1024,
  forms: 8,
  stack: 1_000,
  found: 50_000,
} as const

/**
 * @throws SigningError `PDF_MALFORMED` for content that is too long or nested to be followed
 */
export function readContentInk(
  snapshot: Snapshot,
  content: string,
  resources: PdfDict,
): readonly ContentInk[] {
  const reader = new InkReader(snapshot)
  reader.read(content, resources, identity, 0)
  return reader.found
}

interface Point {
  readonly x: number
  readonly y: number
}

/** What of the graphics state decides where and whether something shows. */
interface State {
  readonly matrix: Matrix
  readonly lineWidth: number
  /** Whether it paints white, and whether the colour space is one in which ones are white. */
  readonly fill: { readonly white: boolean; readonly additive: boolean }
  readonly stroke: { readonly white: boolean; readonly additive: boolean }
  /** Whether colours are mixed with what is below, so that white may show (11.3.5). */
  readonly blended: boolean
}

/** All of the page: what cannot be placed may be anywhere. */
const everywhere: Rectangle = { left: -1e6, bottom: -1e6, width: 2e6, height: 2e6 }

/** As `token` of scanned pages, but a string only begins: it may hold brackets in brackets (7.3.4.2). */
const token = /%[^\r\n]*|\(|<<|>>|<[^<>]*>|[[\]{}]|\/[^\s()<>[\]{}/%]*|[^\s()<>[\]{}/%]+/g

const black = { white: false, additive: false } as const

class InkReader {
  readonly found: ContentInk[] = []
  readonly #snapshot: Snapshot
  readonly #forms = new Map<number, string>()
  #length = 0

  constructor(snapshot: Snapshot) {
    this.#snapshot = snapshot
  }

  read(content: string, resources: PdfDict, start: Matrix, depth: number): void {
    // Also a form without content costs something each time it is drawn.
    this.#length += content.length + 64
    if (this.#length > limits.allContentBytes) throw malformed(0, 'a page draws too much to look at')
    let state: State = { matrix: start, lineWidth: 1, fill: black, stroke: black, blended: false }
    const stack: State[] = []
    let path: Point[][] = []
    let operands: string[] = []
    let inImage = false
    const scanner = new RegExp(token.source, 'g')
    // NUL is white space in PDF alone (7.2.3).
    const text = content.replaceAll('\0', ' ')
    const numbers = (count: number): number[] => operands.slice(-count).map(Number)
    const at = (x = 0, y = 0): Point => applied(state.matrix, x, y)
    const point = ([x = 0, y = 0] = numbers(2)): Point => at(x, y)
    const open = (point: Point): void => void path.push([point])
    const extend = (...points: Point[]): void => {
      const last = path.at(-1)
      if (last === undefined) path.push(points)
      else last.push(...points)
    }
    for (let match = scanner.exec(text); match !== null; match = scanner.exec(text)) {
      const [word] = match
      if (word.startsWith('%')) continue
      if (word === '(') {
        scanner.lastIndex = endOfString(text, match.index)
        // Others may go on where we see no more.
        if (scanner.lastIndex === text.length) this.#add('drawing', everywhere)
        continue
      }
      if (/^[-+.\d/[\]<]/.test(word) || word === '>>') {
        // What is no number may be read by others as one, or as a number and an operator.
        if (/^[-+.\d]/.test(word) && !Number.isFinite(Number(word))) this.#add('drawing', everywhere)
        operands.push(word)
        if (operands.length > 100) operands = operands.slice(-10)
        continue
      }
      switch (word) {
        case 'q':
          if (stack.length >= limits.stack) throw malformed(0, 'graphics states are nested too deeply')
          stack.push(state)
          break
        case 'Q':
          state = stack.pop() ?? { ...state, matrix: start }
          break
        case 'cm': {
          const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = numbers(6)
          if (operands.length >= 6) state = { ...state, matrix: times([a, b, c, d, e, f], state.matrix) }
          break
        }
        case 'gs':
          state = this.#graphicsState(operands.at(-1), state, resources)
          break
        case 'w':
          state = { ...state, lineWidth: Math.abs(numbers(1)[0] ?? 1) }
          break
        case 'm':
          open(point())
          break
        case 'l':
          extend(point())
          break
        case 'c': {
          const [x = 0, y = 0, x2 = 0, y2 = 0, x3 = 0, y3 = 0] = numbers(6)
          extend(at(x, y), at(x2, y2), at(x3, y3))
          break
        }
        case 'v':
        case 'y': {
          const [x = 0, y = 0, x2 = 0, y2 = 0] = numbers(4)
          extend(at(x, y), at(x2, y2))
          break
        }
        case 're': {
          const [x = 0, y = 0, w = 0, h = 0] = numbers(4)
          path.push([at(x, y), at(x + w, y), at(x + w, y + h), at(x, y + h), at(x, y)])
          break
        }
        case 'h': {
          const first = path.at(-1)?.[0]
          if (first !== undefined) extend(first)
          break
        }
        case 'f':
        case 'F':
        case 'f*':
          this.#fill(path, state)
          path = []
          break
        case 'S':
        case 's':
          this.#stroke(path, state, word === 's')
          path = []
          break
        case 'B':
        case 'B*':
        case 'b':
        case 'b*':
          this.#fill(path, state)
          this.#stroke(path, state, word.startsWith('b'))
          path = []
          break
        case 'n':
          path = []
          break
        case 'g':
        case 'rg':
        case 'k':
        case 'cs':
        case 'sc':
        case 'scn':
          state = { ...state, fill: this.#colour(word, operands, state.fill, resources) }
          break
        case 'G':
        case 'RG':
        case 'K':
        case 'CS':
        case 'SC':
        case 'SCN':
          state = { ...state, stroke: this.#colour(word.toLowerCase(), operands, state.stroke, resources) }
          break
        case 'sh':
          // A shading fills all that the clip leaves.
          this.#add('drawing', everywhere)
          break
        case 'Do':
          this.#draw(operands.at(-1), resources, state.matrix, depth)
          break
        case 'BI':
          inImage = true
          break
        case 'ID': {
          if (!inImage) break
          inImage = false
          this.#add('picture', boxOf(unitSquare.map(([x, y]) => at(x, y))))
          const end = /\sEI(?=\s|$)/g
          end.lastIndex = scanner.lastIndex
          const found = end.exec(text)
          if (found === null) this.#add('drawing', everywhere)
          scanner.lastIndex = found === null ? text.length : found.index + found[0].length
          break
        }
      }
      operands = []
    }
  }

  #add(what: ContentInk['what'], box: Rectangle): void {
    if (this.found.length >= limits.found) throw malformed(0, 'a page shows too much to look at')
    const isPlaced = [box.left, box.bottom, box.width, box.height].every(Number.isFinite)
    this.found.push({ what, box: isPlaced ? box : everywhere })
  }

  #fill(path: readonly (readonly Point[])[], { fill, blended }: State): void {
    if (fill.white && !blended) return
    for (const part of path) if (part.length > 1) this.#add('drawing', boxOf(part))
  }

  /** Line by line: the inside of a frame is free. */
  #stroke(path: readonly (readonly Point[])[], state: State, closed: boolean): void {
    const { stroke, matrix, lineWidth, blended } = state
    if (stroke.white && !blended) return
    const [a, b, c, d] = matrix
    const half = Math.max(0.25, (lineWidth * Math.max(Math.hypot(a, b), Math.hypot(c, d))) / 2)
    for (const part of path) {
      const points = closed && part[0] !== undefined ? [...part, part[0]] : part
      for (const [i, to] of points.entries()) {
        const from = points[i - 1]
        if (from === undefined) continue
        const { left, bottom, width, height } = boxOf([from, to])
        this.#add('drawing', {
          left: left - half,
          bottom: bottom - half,
          width: width + 2 * half,
          height: height + 2 * half,
        })
      }
    }
  }

  #colour(
    word: string,
    operands: readonly string[],
    former: State['fill'],
    resources: PdfDict,
  ): State['fill'] {
    const values = operands.map(Number)
    if (word === 'g' || word === 'rg') return { ...black, white: values.every((value) => value === 1) }
    if (word === 'k') return { ...black, white: values.every((value) => value === 0) }
    if (word === 'cs') return { white: false, additive: this.#isAdditive(operands.at(-1), resources) }
    return {
      ...former,
      white: former.additive && values.length === 3 && values.every((value) => value === 1),
    }
  }

  /** Whether three ones are white: RGB, plain or by a profile, and not inks of its own. */
  #isAdditive(name: string | undefined, resources: PdfDict): boolean {
    if (name === '/DeviceRGB') return true
    const spaces = this.#snapshot.dictEntry(resources, 'ColorSpace')
    const space = spaces === undefined ? null : this.#snapshot.entry(spaces, name?.slice(1) ?? '')
    if (isName(space, 'DeviceRGB')) return true
    const family = isArray(space) ? this.#snapshot.resolve(space.items[0]) : null
    return isName(family, 'ICCBased') || isName(family, 'CalRGB')
  }

  /** Line width and blend mode out of an `ExtGState` (table 57). */
  #graphicsState(name: string | undefined, former: State, resources: PdfDict): State {
    const states = this.#snapshot.dictEntry(resources, 'ExtGState')
    const dict = states === undefined ? undefined : this.#snapshot.dictEntry(states, keyOf(name))
    if (dict === undefined) return former
    const width = this.#snapshot.entry(dict, 'LW')
    const mode = this.#snapshot.entry(dict, 'BM')
    const plain = isName(mode, 'Normal') || isName(mode, 'Compatible')
    return {
      ...former,
      ...(typeof width === 'number' ? { lineWidth: Math.abs(width) } : {}),
      ...(mode === null ? {} : { blended: !plain }),
    }
  }

  #draw(name: string | undefined, resources: PdfDict, matrix: Matrix, depth: number): void {
    const reference = this.#snapshot.dictEntry(resources, 'XObject')?.entries.get(keyOf(name))
    const object = isReference(reference) ? this.#snapshot.target(reference) : undefined
    if (object === undefined || !isDict(object.value)) return
    this.#snapshot.file.countVisits(1)
    if (!isName(this.#snapshot.entry(object.value, 'Subtype'), 'Form')) {
      this.#add('picture', boxOf(unitSquare.map(([x, y]) => applied(matrix, x, y))))
      return
    }
    if (depth >= limits.forms) throw malformed(0, 'forms are nested too deeply')
    const own = this.#snapshot.dictEntry(object.value, 'Resources') ?? resources
    const { number } = reference as PdfReference
    const content = this.#forms.get(number) ?? contentOf(this.#snapshot, object, limits.contentBytes)
    this.#forms.set(number, content)
    this.read(content, own, times(matrixOf(this.#snapshot, object.value), matrix), depth + 1)
  }
}

const unitSquare = [
  [0, 0],
  [1, 0],
  [1, 1],
  [0, 1],
] as const

/** A name without its solidus, `#20` as the character that it stands for (7.3.5). */
function keyOf(name = ''): string {
  return name
    .slice(1)
    .replace(/#([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
}

/** Where a string ends that begins with the bracket at `start`; the end of the content where it does not end. */
function endOfString(content: string, start: number): number {
  let depth = 0
  const bracket = /\\[\s\S]|[()]/g
  bracket.lastIndex = start
  for (let match = bracket.exec(content); match !== null; match = bracket.exec(content)) {
    if (match[0] === '(') depth += 1
    else if (match[0] === ')') depth -= 1
    if (depth === 0) return bracket.lastIndex
  }
  return content.length
}

function applied([a, b, c, d, e, f]: Matrix, x: number, y: number): Point {
  return { x: a * x + c * y + e, y: b * x + d * y + f }
}

/** Point by point: a path may have more of them than a call has room for arguments. */
function boxOf(points: readonly Point[]): Rectangle {
  let [left, bottom, right, top] = [Infinity, Infinity, -Infinity, -Infinity]
  for (const { x, y } of points) {
    left = Math.min(left, x)
    bottom = Math.min(bottom, y)
    right = Math.max(right, x)
    top = Math.max(top, y)
  }
  return { left, bottom, width: right - left, height: top - bottom }
}
