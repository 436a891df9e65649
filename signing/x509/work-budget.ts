/**
 * What one validation may cost, whatever certificates and lists it is given. Meshes of cross certificates, chains of
 * CRL issuers and long lists of names all draw on one budget; when a part of it is spent, the search ends there and a
 * finding says so. The answer is then at worst undecided, never a pass that a full search would have refused.
 */
import type { Finding } from '../report.ts'

export type Work = 'path-steps' | 'signatures' | 'paths' | 'name-comparisons' | 'revocation-lists'

/** Real paths need a handful of each. */
const most: Readonly<Record<Work, number>> = {
  // Candidate issuers looked at, whether their signature was known already or not.
  'path-steps': 2_000,
  // Signature checks that were really computed; the slowest key that is taken needs some milliseconds.
  signatures: 120,
  // Complete paths that are judged, those of CRL issuers included.
  paths: 50,
  // Names × subtrees, as counted by others for the same purpose (about a million).
  'name-comparisons': 1_000_000,
  // Lists and responses weighed against a certificate.
  'revocation-lists': 5_000,
}

const explained: Readonly<Record<Work, Finding>> = {
  'path-steps': { code: 'PATH_SEARCH_LIMITED', message: 'the search for paths ended at its limit of steps' },
  signatures: {
    code: 'PATH_SEARCH_LIMITED',
    message: 'the search for paths ended at its limit of signatures',
  },
  paths: { code: 'PATH_SEARCH_LIMITED', message: 'the search for paths ended at its limit of paths' },
  'name-comparisons': {
    code: 'NAME_CONSTRAINTS_LIMITED',
    message: 'more names and name constraints than are compared',
  },
  'revocation-lists': {
    code: 'REVOCATION_SEARCH_LIMITED',
    message: 'more revocation lists and responses than are looked at',
  },
}

export class WorkBudget {
  readonly #spent = new Map<Work, number>()
  readonly #exhausted = new Set<Work>()

  /** Takes `amount`; false when it is more than is left. */
  spend(work: Work, amount = 1): boolean {
    const spent = (this.#spent.get(work) ?? 0) + amount
    if (spent > most[work]) {
      this.#exhausted.add(work)
      return false
    }
    this.#spent.set(work, spent)
    return true
  }

  /** One finding for each limit that was hit. */
  findings(): readonly Finding[] {
    return [...this.#exhausted].map((work) => explained[work])
  }
}
