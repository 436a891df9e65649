import { SigningError, type SigningErrorCode } from '../../../signing/errors.ts'

/** The code with which a call refuses; `null` when it does not. */
export function refusalOf(call: () => unknown): SigningErrorCode | null {
  try {
    call()
  } catch (error) {
    if (error instanceof SigningError) return error.code
    throw error
  }
  return null
}
