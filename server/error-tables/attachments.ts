import type { ErrorEntry } from './entry.ts'

/** Annex files, copies, forwarding. */
export const attachmentsErrors = {} as const satisfies Record<string, ErrorEntry>
