import type { ErrorEntry } from './entry.ts'

/** Registers, series, years and searching. */
export const registersErrors = {} as const satisfies Record<string, ErrorEntry>
