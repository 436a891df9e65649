import type { ErrorEntry } from './entry.ts'

/** Places of signatures and marks on the page. */
export const placementErrors = {} as const satisfies Record<string, ErrorEntry>
