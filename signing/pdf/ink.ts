/**
 * Pictures of handwritten signatures and of seals: PNG with a transparent ground, a signature blue, a seal red (NĐ
 * 30/2020 Phụ lục I, Phần I, II.7d and II.8a).
 */
import { SigningError } from '../errors.ts'
import { type PngImage, readPng } from './png.ts'
import { looksLikePng, unsupportedImage } from './png-chunks.ts'

export type InkColour = 'blue' | 'red'

/** The part of a picture that has ink, its transparent margins cut off. */
export interface Ink extends PngImage {
  readonly alpha: Uint8Array
}

/** From which opacity on a pixel shows, and from which on its colour is judged; 255 is opaque. */
const [visible, opaque] = [24, 128]
/** How much of a picture must be transparent for its ground to be so, and how much of its ink of the colour. */
const [leastTransparent, leastColoured] = [0.2, 0.8]
/** Hues in degrees, and how far from grey a colour is. */
const hues: Readonly<Record<InkColour, readonly [from: number, to: number]>> = {
  blue: [190, 265],
  red: [335, 20],
}
const leastSaturation = 0.25
/** Longest picture in bytes. */
const mostBytes = 16 * 1024 * 1024

/**
 * Reads a picture and checks that it is what the decree asks for.
 * @throws SigningError `IMAGE_UNSUPPORTED`, `APPEARANCE_NOT_TRANSPARENT`, `APPEARANCE_COLOUR_WRONG`
 */
export function readInk(bytes: Uint8Array, colour: InkColour): Ink {
  if (bytes.length > mostBytes) throw unsupportedImage(`it is longer than ${mostBytes} bytes`)
  if (!looksLikePng(bytes)) throw unsupportedImage('it is no PNG')
  const image = readPng(bytes)
  const { alpha } = image
  if (alpha === undefined) throw new SigningError('APPEARANCE_NOT_TRANSPARENT', { percent: 0 })
  const clear = alpha.reduce((sum, value) => sum + (value < visible ? 1 : 0), 0) / alpha.length
  if (clear < leastTransparent)
    throw new SigningError('APPEARANCE_NOT_TRANSPARENT', { percent: Math.round(clear * 100) })
  requireColour(image, alpha, colour)
  return trimmed(image, alpha)
}

function requireColour({ samples, colors }: PngImage, alpha: Uint8Array, colour: InkColour): void {
  let [inked, coloured] = [0, 0]
  for (const [pixel, value] of alpha.entries()) {
    if (value < opaque) continue
    inked += 1
    if (colors === 3 && isOf(colour, samples.subarray(pixel * 3, pixel * 3 + 3))) coloured += 1
  }
  if (inked === 0) throw unsupportedImage('nothing is drawn in it')
  const share = coloured / inked
  if (share >= leastColoured) return
  const { vi, en } = { blue: { vi: 'xanh', en: 'blue' }, red: { vi: 'đỏ', en: 'red' } }[colour]
  throw new SigningError('APPEARANCE_COLOUR_WRONG', {
    colour: en,
    colourVi: vi,
    percent: Math.round(share * 100),
  })
}

/** By hue and saturation of the HSV model, in which dark ink is as blue as light ink. */
function isOf(colour: InkColour, [r = 0, g = 0, b = 0]: Uint8Array): boolean {
  const most = Math.max(r, g, b)
  const spread = most - Math.min(r, g, b)
  if (most === 0 || spread / most < leastSaturation) return false
  const sixth =
    most === r ? ((g - b) / spread + 6) % 6 : most === g ? (b - r) / spread + 2 : (r - g) / spread + 4
  const hue = sixth * 60
  const [from, to] = hues[colour]
  return from <= to ? hue >= from && hue <= to : hue >= from || hue <= to
}

function trimmed({ width, height, colors, samples }: PngImage, alpha: Uint8Array): Ink {
  let [left, right, top, bottom] = [width, -1, height, -1]
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      if ((alpha[y * width + x] ?? 0) < visible) continue
      left = Math.min(left, x)
      right = Math.max(right, x)
      top = Math.min(top, y)
      bottom = Math.max(bottom, y)
    }
  }
  const [w, h] = [right - left + 1, bottom - top + 1]
  const cut = (from: Uint8Array, channels: number): Uint8Array => {
    const to = new Uint8Array(w * h * channels)
    for (let y = 0; y < h; y += 1) {
      const start = ((top + y) * width + left) * channels
      to.set(from.subarray(start, start + w * channels), y * w * channels)
    }
    return to
  }
  return { width: w, height: h, colors, samples: cut(samples, colors), alpha: cut(alpha, 1) }
}
