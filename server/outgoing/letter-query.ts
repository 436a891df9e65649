/** What goes with the bytes of a draft, in the query of the request: who signs in which order, and places of fields. */
import { z } from 'zod'
import { type GivenPlace, type GivenPlaces, givenPlace, givenPlaces } from '../pages/prepare-letter.ts'
import type { LetterSigner } from '../pages/signer-places.ts'
import { line } from './draft-metadata.ts'

const mostCharacters = 8_000

/** A value as JSON text; what is no JSON is left as it is, so that the schema behind refuses it. */
const json = z
  .string()
  .max(mostCharacters)
  .transform((text): unknown => {
    try {
      return JSON.parse(text)
    } catch {
      return text
    }
  })

const signers = z
  .array(z.strictObject({ name: line(50), position: line(100).optional() }))
  .min(1)
  .max(20)

/** Số và ngày stand on the first page. */
const numberBox = givenPlace.extend({ page: z.literal(1) })

/**
 * `signers=[{"name":"…"}]`, `places={"individuals":[{"page":1,"x":110,"y":230,"w":45,"h":20}]}`, and of a PDF signed in
 * another program `numberBox={"page":1,"x":85,"y":6,"w":110,"h":11}`: JSON texts, measures in millimetres.
 */
export const letterQuery = {
  signers: json.pipe(signers).optional(),
  places: json.pipe(givenPlaces).optional(),
  numberBox: json.pipe(numberBox).optional(),
}

/** As `uploadDraft` takes them. */
export function letterParts(query: {
  readonly signers?: z.output<typeof signers> | undefined
  readonly places?: GivenPlaces | undefined
  readonly numberBox?: GivenPlace | undefined
}): { signers?: readonly LetterSigner[]; places?: GivenPlaces; numberBox?: GivenPlace } {
  return {
    ...(query.signers === undefined
      ? {}
      : {
          signers: query.signers.map(({ name, position }) => ({
            name,
            ...(position === undefined ? {} : { position }),
          })),
        }),
    ...(query.places === undefined ? {} : { places: query.places }),
    ...(query.numberBox === undefined ? {} : { numberBox: query.numberBox }),
  }
}
