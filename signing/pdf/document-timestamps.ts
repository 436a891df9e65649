/** What the document time-stamps of a file prove about what came before them (ETSI EN 319 142-1 clause 5.4.3). */
import type { SignedDataJudgement } from '../cms/judge-signed-data.ts'
import { SigningError } from '../errors.ts'
import type { ProvenStamp } from '../validation/judge-times.ts'
import type { PdfFile } from './pdf-file.ts'

export interface DocumentTimestamp extends ProvenStamp {
  /** The revision that it ends and covers, with everything before. */
  readonly revision: number
  /** Whether it holds over those bytes, whatever the trust in its authority. */
  readonly intact: boolean
  /** Whether the revision has a document security store. */
  readonly coversStore: boolean
}

/** @param judged a time-stamp without faults of form, which covers its revision to the end */
export function documentTimestamp(
  file: PdfFile,
  revision: number,
  judged: SignedDataJudgement,
): DocumentTimestamp {
  const { indication, provenTime, accuracy, cryptoIntact } = judged
  return {
    indication,
    time: provenTime === null ? null : new Date(provenTime),
    accuracy,
    revision,
    intact: cryptoIntact === true,
    coversStore: hasStore(file, revision),
  }
}

function hasStore(file: PdfFile, revision: number): boolean {
  try {
    const snapshot = file.at(revision)
    return snapshot.dictEntry(snapshot.catalog, 'DSS') !== undefined
  } catch (error) {
    if (error instanceof SigningError) return false
    throw error
  }
}

/** Those that cover a signature of the given revision. */
export function laterThan(
  revision: number,
  timestamps: readonly DocumentTimestamp[],
): readonly DocumentTimestamp[] {
  return timestamps.filter((one) => one.revision > revision)
}
