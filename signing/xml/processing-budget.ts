import { SigningError } from '../errors.ts'

/**
 * What the signatures of one file may cost together, whatever their number: without it a thousand references, each
 * over the whole file, or a filter over every node for every reference, would cost the square of the file's size.
 */
export interface ProcessingBudget {
  /** Characters written into canonical forms or taken from the file again. */
  characters: number
  /** Nodes visited and namespaces compared while writing them. */
  comparisons: number
  /** Nodes that XPath expressions look at, and every sixteenth character. */
  pathNodes: number
  /** Trials of keys on signature values, in those of the common keys, and of names on certificates, 64 for one. */
  keyWork: number
}

export function processingBudget(fileBytes: number): ProcessingBudget {
  return {
    characters: 3 * 1024 * 1024 + 6 * fileBytes,
    comparisons: 500_000 + 3 * fileBytes,
    pathNodes: 300_000 + fileBytes,
    keyWork: 1000,
  }
}

/** @throws SigningError `XML_LIMIT_EXCEEDED` */
export function spend(budget: ProcessingBudget, what: keyof ProcessingBudget, amount: number): void {
  budget[what] -= amount
  if (budget[what] < 0) throw new SigningError('XML_LIMIT_EXCEEDED', { limit: `${what} to be processed` })
}
