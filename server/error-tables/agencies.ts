import type { ErrorEntry } from './entry.ts'

/** Agencies over time, calendar of working days. */
export const agenciesErrors = {} as const satisfies Record<string, ErrorEntry>
