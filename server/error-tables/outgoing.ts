import type { ErrorEntry } from './entry.ts'

/** Drafting, presenting, checking, deadlines. */
export const outgoingErrors = {} as const satisfies Record<string, ErrorEntry>
