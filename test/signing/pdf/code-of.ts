import { SigningError } from '../../../signing/errors.ts'

/** The code of the `SigningError` that something throws; other errors are defects and pass through. */
export async function codeOf(run: () => unknown): Promise<string> {
  try {
    await run()
  } catch (error) {
    if (error instanceof SigningError) return error.code
    throw error
  }
  return 'no error'
}
