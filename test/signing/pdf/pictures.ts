/** Pictures for appearances, made by hand: every kind of PNG, and what a page looks like when it is drawn. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32, deflateSync } from 'node:zlib'
import { inFolder } from './checkers.ts'

export interface PngOptions {
  readonly width: number
  readonly height: number
  /** 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGB and alpha. */
  readonly type: 0 | 2 | 3 | 4 | 6
  readonly depth?: 1 | 2 | 4 | 8 | 16
  /** Sample values of a pixel, in the range of the depth. */
  readonly pixel: (x: number, y: number) => readonly number[]
  readonly palette?: readonly number[]
  readonly transparency?: readonly number[]
  /** Filter of each row, by its number; default 0. */
  readonly filter?: (row: number) => number
  readonly interlaced?: boolean
}

export function chunk(type: string, content: Uint8Array): Uint8Array {
  const out = Buffer.alloc(content.length + 12)
  out.writeUInt32BE(content.length)
  out.write(type, 4, 'latin1')
  out.set(content, 8)
  out.writeUInt32BE(crc32(out.subarray(4, 8 + content.length)), 8 + content.length)
  return out
}

export const pngSignature = Buffer.from('89504e470d0a1a0a', 'hex')

export function pngHeader(
  options: Pick<PngOptions, 'width' | 'height' | 'type' | 'depth' | 'interlaced'>,
): Uint8Array {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(options.width, 0)
  header.writeUInt32BE(options.height, 4)
  header.set([options.depth ?? 8, options.type, 0, 0, options.interlaced ? 1 : 0], 8)
  return chunk('IHDR', header)
}

const adam7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const

/** A PNG by the standard's own rules, filters and interlacing included. */
export function makePng(options: PngOptions): Uint8Array {
  const { width, height, type, depth = 8, pixel, palette, transparency } = options
  const passes = options.interlaced ? adam7 : ([[0, 0, 1, 1]] as const)
  const rows: Uint8Array[] = []
  for (const [x0, y0, dx, dy] of passes) {
    let above: Uint8Array | undefined
    let row = 0
    for (let y = y0; y < height; y += dy) {
      const samples: number[] = []
      for (let x = x0; x < width; x += dx) samples.push(...pixel(x, y))
      if (samples.length === 0) break
      const bits = samples.map((value) => value.toString(2).padStart(depth, '0')).join('')
      const packed = Uint8Array.from(bits.match(/.{1,8}/g) ?? [], (part) =>
        Number.parseInt(part.padEnd(8, '0'), 2),
      )
      const channels = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }[type]
      const filter = options.filter?.(row) ?? 0
      rows.push(Uint8Array.of(filter), filtered(packed, above, filter, Math.max(1, (channels * depth) >> 3)))
      above = packed
      row += 1
    }
  }
  return Buffer.concat([
    pngSignature,
    pngHeader(options),
    ...(palette === undefined ? [] : [chunk('PLTE', Uint8Array.from(palette))]),
    ...(transparency === undefined ? [] : [chunk('tRNS', Uint8Array.from(transparency))]),
    chunk('IDAT', deflateSync(Buffer.concat(rows))),
    chunk('IEND', new Uint8Array(0)),
  ])
}

function filtered(row: Uint8Array, above: Uint8Array | undefined, filter: number, step: number): Uint8Array {
  return row.map((value, i) => {
    const [a, b, c] = [row[i - step] ?? 0, above?.[i] ?? 0, i >= step ? (above?.[i - step] ?? 0) : 0]
    const p = a + b - c
    const [pa, pb, pc] = [Math.abs(p - a), Math.abs(p - b), Math.abs(p - c)]
    const paeth = pa <= pb && pa <= pc ? a : pb <= pc ? b : c
    return value - ([0, a, b, Math.floor((a + b) / 2), paeth][filter] ?? 0)
  })
}

export interface Raster {
  readonly width: number
  readonly height: number
  /** RGB from the top left. */
  readonly at: (x: number, y: number) => readonly [number, number, number]
}

/** A page drawn by poppler as a viewer shows it, 72 pixels an inch: a pixel a point. */
export function draw(pdf: Uint8Array, page = 1, dpi = 72): Raster {
  return inFolder({ 'file.pdf': pdf }, (cwd) => {
    const args = [
      '-r',
      String(dpi),
      '-cropbox',
      '-f',
      String(page),
      '-l',
      String(page),
      '-singlefile',
      'file.pdf',
      'page',
    ]
    execFileSync('pdftoppm', args, { cwd, stdio: 'ignore' })
    return readPpm(readFileSync(join(cwd, 'page.ppm')))
  })
}

export function readPpm(bytes: Buffer): Raster {
  const [head = '', width = '0', height = '0'] =
    /^P6\s+(\d+)\s+(\d+)\s+255\s/.exec(bytes.subarray(0, 64).toString('latin1')) ?? []
  const start = head.length
  const [w, h] = [Number(width), Number(height)]
  return {
    width: w,
    height: h,
    at: (x, y) => {
      const offset = start + (y * w + x) * 3
      return [bytes[offset] ?? 0, bytes[offset + 1] ?? 0, bytes[offset + 2] ?? 0]
    },
  }
}

export interface Ink {
  readonly left: number
  readonly bottom: number
  readonly right: number
  readonly top: number
}

/** The box around all pixels of a kind, in points from the lower left corner; undefined where there are none. */
export function inkBox(
  raster: Raster,
  isInk: (color: readonly [number, number, number], x: number, y: number) => boolean = (color) =>
    color.some((part) => part < 250),
): Ink | undefined {
  let [left, right, first, last] = [Infinity, -1, Infinity, -1]
  for (let y = 0; y < raster.height; y += 1) {
    for (let x = 0; x < raster.width; x += 1) {
      if (!isInk(raster.at(x, y), x, y)) continue
      left = Math.min(left, x)
      right = Math.max(right, x + 1)
      first = Math.min(first, y)
      last = Math.max(last, y + 1)
    }
  }
  return right < 0 ? undefined : { left, right, top: raster.height - first, bottom: raster.height - last }
}
