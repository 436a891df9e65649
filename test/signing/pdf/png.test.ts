import { deflateSync } from 'node:zlib'
import { expect } from 'chai'
import fc from 'fast-check'
import { SigningError } from '../../../signing/errors.ts'
import { readJpegHeader } from '../../../signing/pdf/jpeg.ts'
import { readPng } from '../../../signing/pdf/png.ts'
import { codeOf } from './code-of.ts'
import { chunk, makePng, type PngOptions, pngHeader, pngSignature } from './pictures.ts'

const kinds: readonly (readonly [type: PngOptions['type'], depths: readonly (1 | 2 | 4 | 8 | 16)[]])[] = [
  [0, [1, 2, 4, 8, 16]],
  [2, [8, 16]],
  [3, [1, 2, 4, 8]],
  [4, [8, 16]],
  [6, [8, 16]],
]

describe('reading a PNG (ISO/IEC 15948)', () => {
  for (const [type, depths] of kinds) {
    for (const depth of depths) {
      for (const interlaced of [false, true]) {
        it(`type ${type}, ${depth} bits${interlaced ? ', interlaced' : ''}, with every filter`, () => {
          const [width, height] = [13, 11]
          const channels = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }[type]
          const most = type === 3 ? Math.min(6, (1 << depth) - 1) : 2 ** depth - 1
          const value = (x: number, y: number, i: number) =>
            (x * 7919 + y * 104729 + i * 1299709) % (most + 1)
          const pixel = (x: number, y: number) => Array.from({ length: channels }, (_, i) => value(x, y, i))
          const palette = Array.from({ length: 7 * 3 }, (_, i) => (i * 37) % 256)
          const png = makePng({
            ...{ width, height, type, depth, pixel, interlaced, filter: (row: number) => row % 5 },
            ...(type === 3 ? { palette, transparency: [0, 100, 200] } : {}),
          })
          const image = readPng(png)
          const colors = type === 0 || type === 4 ? 1 : 3
          expect(image).to.include({ width, height, colors })
          const byte = (sample: number) =>
            depth === 16 ? sample >> 8 : Math.floor((sample * 255) / (2 ** depth - 1))
          for (let y = 0; y < height; y += 1) {
            for (let x = 0; x < width; x += 1) {
              const at = y * width + x
              const own = pixel(x, y)
              const index = own[0] ?? 0
              const wanted =
                type === 3 ? palette.slice(index * 3, index * 3 + 3) : own.slice(0, colors).map(byte)
              expect([...image.samples.subarray(at * colors, (at + 1) * colors)]).to.deep.equal(wanted)
              const alpha =
                type === 3 ? ([0, 100, 200][index] ?? 255) : channels > colors ? byte(own.at(-1) ?? 0) : 255
              expect(image.alpha?.[at] ?? 255, `alpha of ${x},${y}`).to.equal(alpha)
            }
          }
        })
      }
    }
  }

  it('makes one colour transparent where the picture says so', () => {
    const pixel = (x: number) => [x * 100]
    const image = readPng(makePng({ width: 3, height: 1, type: 0, pixel, transparency: [0, 100] }))
    expect([...(image.alpha ?? [])]).to.deep.equal([255, 0, 255])
    const deep = { width: 3, height: 1, type: 0, depth: 16, transparency: [1, 1] } as const
    expect([...(readPng(makePng({ ...deep, pixel: (x) => [0x0100 + x] })).alpha ?? [])]).to.deep.equal([
      255, 0, 255,
    ])
  })

  it('knows no transparency where every pixel is opaque', () => {
    const image = readPng(makePng({ width: 2, height: 2, type: 6, pixel: () => [1, 2, 3, 255] }))
    expect(image.alpha).to.equal(undefined)
  })

  it('refuses what is broken, too large or unpacks to more than it announces', async () => {
    const good = makePng({ width: 4, height: 4, type: 2, pixel: () => [1, 2, 3] })
    const end = chunk('IEND', new Uint8Array(0))
    const png = (options: Parameters<typeof pngHeader>[0], data: Uint8Array) =>
      Buffer.concat([pngSignature, pngHeader(options), chunk('IDAT', data), end])
    const flipped = Uint8Array.from(good)
    flipped[20] = (flipped[20] ?? 0) ^ 1
    const cases: readonly (readonly [string, Uint8Array])[] = [
      ['a wrong checksum', flipped],
      ['an end too early', good.subarray(0, -13)],
      ['no header', Buffer.concat([pngSignature, end])],
      ['too many pixels', png({ width: 100_000, height: 100_000, type: 2 }, deflateSync(Buffer.alloc(100)))],
      ['no pixels', png({ width: 0, height: 4, type: 2 }, deflateSync(Buffer.alloc(100)))],
      ['too little data', png({ width: 4, height: 4, type: 2 }, deflateSync(Buffer.alloc(10)))],
      ['a bomb', png({ width: 4, height: 4, type: 2 }, deflateSync(Buffer.alloc(50_000_000)))],
      ['no zlib', png({ width: 4, height: 4, type: 2 }, Buffer.from('nothing'))],
      [
        'an unknown filter',
        makePng({ width: 4, height: 4, type: 2, pixel: () => [1, 2, 3], filter: () => 9 }),
      ],
      [
        'a colour that the palette lacks',
        makePng({ width: 2, height: 1, type: 3, pixel: (x) => [x], palette: [1, 2, 3] }),
      ],
    ]
    for (const [what, bytes] of cases)
      expect(await codeOf(() => readPng(bytes)), what).to.equal('IMAGE_UNSUPPORTED')
  })

  it('throws nothing but its own error, whatever the bytes', () => {
    const good = makePng({ width: 5, height: 5, type: 3, pixel: (x) => [x], palette: [...Array(15).keys()] })
    const only = (run: () => unknown) => {
      try {
        run()
      } catch (error) {
        if (!(error instanceof SigningError)) throw error
      }
    }
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), fc.nat(good.length), (at, value, end) => {
        const bytes = Uint8Array.from(good)
        bytes[at] = value
        only(() => readPng(bytes))
        only(() => readPng(good.subarray(0, end)))
        only(() => readJpegHeader(Buffer.concat([Buffer.from('ffd8ff', 'hex'), bytes])))
      }),
    )
  })
})
