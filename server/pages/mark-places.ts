/**
 * Where number, date and the signatures still missing stand on a draft that was signed in another program and so has no
 * fields for them (design 4, number and date on the page). Pure.
 */
import { z } from 'zod'

/** In points from the lower left corner of the page as it is seen. */
const box = z.strictObject({
  /** 1 is the first. */
  page: z.int().min(1),
  left: z.number(),
  bottom: z.number(),
  width: z.number().min(0),
  height: z.number().min(0),
})

export const markPlaces = z.strictObject({
  /** The agency's signature stands in it and shows number and date; on the first page. */
  number: box,
  /**
   * The boxes of those who sign, in their order: null for whom has signed elsewhere, and for whom no place was found,
   * whose signature is not seen.
   */
  individuals: z.array(box.nullable()).min(1).max(20),
})
export type MarkPlaces = z.output<typeof markPlaces>
