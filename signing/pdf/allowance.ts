/**
 * What the values of one file may take up in memory, all together. A megabyte of nothing but `[]`, or what an object
 * stream unpacks to, is no document but would be hundreds of megabytes of objects.
 */
import { pdfLimits } from './limits.ts'

/** About how many bytes a value takes up besides what it holds. */
export const valueCost = {
  number: 16,
  name: 72,
  reference: 56,
  string: 320,
  array: 168,
  item: 8,
  dict: 300,
  entry: 48,
  xrefEntry: 160,
  object: 200,
} as const

export class Allowance {
  #left: number

  /** @param fileBytes length of the file */
  constructor(fileBytes: number) {
    const { fixed, perByte, most } = pdfLimits.valueBytes
    this.#left = Math.min(fixed + perByte * fileBytes, most)
  }

  /** Takes something off; false when it was more than there is. */
  spend(bytes: number): boolean {
    this.#left -= bytes
    return this.#left >= 0
  }
}
