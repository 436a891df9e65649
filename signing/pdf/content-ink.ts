/** Where the content of a page paints pictures, lines and areas (ISO 32000-2, 8.5 and 8.9). */
import type { Rectangle } from './form.ts'
import { malformed } from './lexer.ts'
import { isArray, isDict, isName, isReference, type PdfDict } from './objects.ts'
import { contentOf, identity, type Matrix, matrixOf, times, token } from './page-pictures.ts'
import type { Snapshot } from './snapshot.ts'

export interface ContentInk {
  readonly what: 'picture' | 'drawing'
  /** In default user space. */
  readonly box: Rectangle
}

const limits = {
  contentBytes: 8 * 1024 * 1024,
  // Of the page and all forms, each as often as it is drawn.
  allContentBytes: 32 * 1024 * 1024,
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
}

const black = { white: false, additive: false } as const

class InkReader {
  readonly found: ContentInk[] = []
  readonly #snapshot: Snapshot
  #length = 0

  constructor(snapshot: Snapshot) {
    this.#snapshot = snapshot
  }

  read(content: string, resources: PdfDict, start: Matrix, depth: number): void {
    this.#length += content.length
    if (this.#length > limits.allContentBytes) throw malformed(0, 'a page draws too much to look at')
    let state: State = { matrix: start, lineWidth: 1, fill: black, stroke: black }
    const stack: State[] = []
    let path: Point[][] = []
    let operands: string[] = []
    const scanner = new RegExp(token.source, 'g')
    const numbers = (count: number): number[] => operands.slice(-count).map(Number)
    const at = (x = 0, y = 0): Point => applied(state.matrix, x, y)
    const open = (point: Point): void => void path.push([point])
    const extend = (...points: Point[]): void => {
      const last = path.at(-1)
      if (last === undefined) path.push(points)
      else last.push(...points)
    }
    for (let match = scanner.exec(content); match !== null; match = scanner.exec(content)) {
      const [word] = match
      if (/^[-+.\d/[\]<(%]/.test(word) || word === '>>') {
        operands.push(word)
        if (operands.length > 100) operands = operands.slice(-10)
        continue
      }
      const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = numbers(6)
      switch (word) {
        case 'q':
          if (stack.length >= limits.stack) throw malformed(0, 'graphics states are nested too deeply')
          stack.push(state)
          break
        case 'Q':
          state = stack.pop() ?? { ...state, matrix: start }
          break
        case 'cm':
          if (operands.length >= 6 && [a, b, c, d, e, f].every(Number.isFinite))
            state = { ...state, matrix: times([a, b, c, d, e, f], state.matrix) }
          break
        case 'w':
          state = { ...state, lineWidth: Math.abs(numbers(1)[0] ?? 1) }
          break
        case 'm':
          open(at(...pair(numbers(2))))
          break
        case 'l':
          extend(at(...pair(numbers(2))))
          break
        case 'c':
          extend(at(a, b), at(c, d), at(e, f))
          break
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
          this.#add('drawing', { left: -1e6, bottom: -1e6, width: 2e6, height: 2e6 })
          break
        case 'Do':
          this.#draw(operands.at(-1), resources, state.matrix, depth)
          break
        case 'ID': {
          this.#add('picture', boxOf(unitSquare.map(([x, y]) => at(x, y))))
          const end = /\sEI(?=\s|$)/g
          end.lastIndex = scanner.lastIndex
          const found = end.exec(content)
          scanner.lastIndex = found === null ? content.length : found.index + found[0].length
          break
        }
      }
      operands = []
    }
  }

  #add(what: ContentInk['what'], box: Rectangle): void {
    if (this.found.length >= limits.found) throw malformed(0, 'a page shows too much to look at')
    this.found.push({ what, box })
  }

  #fill(path: readonly (readonly Point[])[], { fill }: State): void {
    if (fill.white) return
    for (const part of path) if (part.length > 1) this.#add('drawing', boxOf(part))
  }

  /** Line by line: the inside of a frame is free. */
  #stroke(path: readonly (readonly Point[])[], { stroke, matrix, lineWidth }: State, closed: boolean): void {
    if (stroke.white) return
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

  #draw(name: string | undefined, resources: PdfDict, matrix: Matrix, depth: number): void {
    const key = name
      ?.slice(1)
      .replace(/#([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
    const reference = this.#snapshot.dictEntry(resources, 'XObject')?.entries.get(key ?? '')
    const object = isReference(reference) ? this.#snapshot.target(reference) : undefined
    if (object === undefined || !isDict(object.value)) return
    this.#snapshot.file.countVisits(1)
    if (!isName(this.#snapshot.entry(object.value, 'Subtype'), 'Form')) {
      this.#add('picture', boxOf(unitSquare.map(([x, y]) => applied(matrix, x, y))))
      return
    }
    if (depth >= limits.forms) throw malformed(0, 'forms are nested too deeply')
    const own = this.#snapshot.dictEntry(object.value, 'Resources') ?? resources
    const content = contentOf(this.#snapshot, object, limits.contentBytes)
    this.read(content, own, times(matrixOf(this.#snapshot, object.value), matrix), depth + 1)
  }
}

const unitSquare = [
  [0, 0],
  [1, 0],
  [1, 1],
  [0, 1],
] as const

function applied([a, b, c, d, e, f]: Matrix, x: number, y: number): Point {
  return { x: a * x + c * y + e, y: b * x + d * y + f }
}

function pair([x = 0, y = 0]: readonly number[]): [number, number] {
  return [x, y]
}

function boxOf(points: readonly Point[]): Rectangle {
  const xs = points.map(({ x }) => x)
  const ys = points.map(({ y }) => y)
  const [left, bottom] = [Math.min(...xs), Math.min(...ys)]
  return { left, bottom, width: Math.max(...xs) - left, height: Math.max(...ys) - bottom }
}
