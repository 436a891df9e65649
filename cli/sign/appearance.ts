import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { SignatureAppearance } from '../../signing/index.ts'
import { type InputContext, readInput } from '../read-input.ts'

/** A picture of a seal or of a hand's signature. */
const MOST_IMAGE_BYTES = 8 * 1024 * 1024
/** Metrically Times New Roman, as NĐ 30/2020/NĐ-CP wants documents set; it has all Vietnamese letters. */
const FACE = '400Regular'

export interface AppearanceOptions {
  readonly image?: string | undefined
  readonly imagePlace?: 'beside' | 'above' | 'behind' | undefined
  readonly text: readonly string[]
}

/** What the signature shows; undefined when neither picture nor text is asked for. */
export async function appearanceOf(
  { image, imagePlace, text }: AppearanceOptions,
  context: InputContext,
): Promise<SignatureAppearance | undefined> {
  const picture =
    image === undefined
      ? undefined
      : {
          image: await readInput(image, context, MOST_IMAGE_BYTES),
          ...(imagePlace === undefined ? {} : { arrangement: imagePlace }),
        }
  if (text.length === 0) return picture
  const require = createRequire(import.meta.url)
  const font = require.resolve(`@expo-google-fonts/tinos/${FACE}/Tinos_${FACE}.ttf`)
  return { ...picture, fontBytes: await readFile(font), lines: text }
}
