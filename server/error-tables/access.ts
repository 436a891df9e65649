import type { ErrorEntry } from './entry.ts'

/** Permissions on documents and dossiers. */
export const accessErrors = {} as const satisfies Record<string, ErrorEntry>
