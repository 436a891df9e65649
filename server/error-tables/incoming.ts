import type { ErrorEntry } from './entry.ts'

/** Handling of incoming documents. */
export const incomingErrors = {} as const satisfies Record<string, ErrorEntry>
