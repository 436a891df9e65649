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
  // Signature checks that were really computed, in those of the common keys (`checkCost`).
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

/** What all validations for one file may cost together: its signers and their time-stamps are many. */
const mostOfFile: Readonly<Record<Work, number>> = {
  'path-steps': 20_000,
  signatures: 600,
  paths: 1_000,
  'name-comparisons': 2_000_000,
  'revocation-lists': 500_000,
}

export class WorkBudget {
  readonly #most: Readonly<Record<Work, number>>
  readonly #file: WorkBudget | undefined
  readonly #spent = new Map<Work, number>()
  readonly #exhausted = new Set<Work>()

  /** The budget of one validation. @param file the one of the file, on which it draws besides */
  constructor(file?: WorkBudget, limits: Readonly<Record<Work, number>> = most) {
    this.#file = file
    this.#most = limits
  }

  /** The budget that all validations for one file share. */
  static ofFile(): WorkBudget {
    return new WorkBudget(undefined, mostOfFile)
  }

  /** Takes `amount`; false when it is more than is left. */
  spend(work: Work, amount = 1): boolean {
    const spent = (this.#spent.get(work) ?? 0) + amount
    if (spent > this.#most[work] || this.#file?.spend(work, amount) === false) {
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
