/** Which revisions belong to the version of a draft that counts now. Pure. */

import { CongvanError } from '../errors.ts'
import type { CheckKind } from './agency-settings.ts'
import type { Check } from './check-store.ts'
import type { Revision } from './revision-store.ts'

export interface CurrentVersion {
  /** The draft as it was uploaded last. */
  readonly base: Revision
  /** The newest revision: the base, or the base with signatures and fill. */
  readonly latest: Revision
  /** The individuals' signatures on it, in order. What was signed before a newer draft counts no more. */
  readonly signatures: readonly Revision[]
}

/**
 * A new draft begins a new version: signatures on an earlier one are history (NĐ 30/2020 art 11.2).
 *
 * @throws CongvanError `DOCUMENT_FILE_MISSING`
 */
export function currentVersion(revisions: readonly Revision[]): CurrentVersion {
  const from = revisions.findLastIndex((one) => one.kind === 'draft')
  const [base, ...after] = from < 0 ? [] : revisions.slice(from)
  if (base === undefined) throw new CongvanError('DOCUMENT_FILE_MISSING')
  return {
    base,
    latest: after.at(-1) ?? base,
    signatures: after.filter((one) => one.kind === 'individual'),
  }
}

/**
 * The latest word of a check on these very bytes, said after the last change of file or metadata; `undefined` when
 * there is none.
 */
export function currentCheck(
  checks: readonly Check[],
  kind: CheckKind,
  revisions: readonly Revision[],
  contentChangedAt: Date | null,
): Check | undefined {
  const { base } = currentVersion(revisions)
  const same = new Set(revisions.filter((one) => one.sha256 === base.sha256).map((one) => one.revision))
  return checks.findLast(
    (one) =>
      one.kind === kind &&
      same.has(one.revision) &&
      (contentChangedAt === null || one.checkedAt >= contentChangedAt),
  )
}

const checkNames: Readonly<Record<CheckKind, { readonly check: string; readonly checkVi: string }>> = {
  content: { check: 'content', checkVi: 'kiểm tra nội dung' },
  form: { check: 'form', checkVi: 'kiểm tra thể thức, kỹ thuật trình bày' },
}

/** @throws CongvanError `CHECK_MISSING` for the first required check that has not passed on this version */
export function requireChecks(
  required: readonly CheckKind[],
  checks: readonly Check[],
  revisions: readonly Revision[],
  contentChangedAt: Date | null,
): void {
  for (const kind of required) {
    if (currentCheck(checks, kind, revisions, contentChangedAt)?.passed !== true) {
      throw new CongvanError('CHECK_MISSING', checkNames[kind])
    }
  }
}
