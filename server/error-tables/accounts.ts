import type { ErrorEntry } from './entry.ts'

/** Accounts, sign-in, rights and rates. */
export const accountsErrors = {} as const satisfies Record<string, ErrorEntry>
