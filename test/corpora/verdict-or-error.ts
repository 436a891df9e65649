import { SigningError } from '../../signing/index.ts'
import type { OurVerdict } from './labelled-case.ts'

/** Reads a file of the collections by its path within them. */
export type Read = (file: string) => Uint8Array

/** An error of ours is a refusal: no usable document. Any other error is a defect and ends the run. */
export function verdictOrError(judge: () => OurVerdict): OurVerdict {
  try {
    return judge()
  } catch (error) {
    if (!(error instanceof SigningError)) throw error
    return {
      indication: 'TOTAL_FAILED',
      subIndication: 'FORMAT_FAILURE',
      cryptoIntact: null,
      codes: [error.code],
      reported: true,
    }
  }
}
