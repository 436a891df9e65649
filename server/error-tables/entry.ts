/** One row of the table of errors; see `server/errors.ts`. */
export interface ErrorEntry {
  readonly status: number
  readonly exit: number
  readonly vi: string
  readonly en: string
  readonly hint?: { readonly vi: string; readonly en: string }
}
