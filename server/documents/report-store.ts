/** The only SQL of `document_reports`: every verification of a revision, whole, with what it was judged by. */
import type { VerificationReport } from '../../signing/index.ts'
import type { AgencyTransaction } from '../db.ts'
import type { Examination } from './examination.ts'

/** What a report was judged by: SHA-256 of certificates and CRLs, whose bytes lie in the file store. */
export interface ReportPolicy {
  readonly profile: string
  /** ISO 8601. */
  readonly time: string
  readonly anchors: readonly string[]
  readonly untrusted: readonly string[]
  readonly crls: readonly string[]
}

export interface StoredReport {
  readonly revision: number
  readonly madeAt: Date
  readonly policy: ReportPolicy
  readonly report: VerificationReport
  /** Whether the agency that signed is the sender; null where no agency's signature holds. */
  readonly senderMatches: boolean | null
  /** Authenticity, integrity, completeness; null in a report made before they were kept. */
  readonly examination: Examination | null
}

export async function insertReport(
  trx: AgencyTransaction,
  agencyId: string,
  documentId: string,
  stored: StoredReport,
): Promise<void> {
  await trx('document_reports').insert({
    agency_id: agencyId,
    document_id: documentId,
    revision: stored.revision,
    made_at: stored.madeAt,
    policy: JSON.stringify(stored.policy),
    report: JSON.stringify(stored.report),
    sender_matches: stored.senderMatches,
    examination: stored.examination === null ? null : JSON.stringify(stored.examination),
  })
}

/** The newest report of a document. */
export async function findLatestReport(
  trx: AgencyTransaction,
  documentId: string,
): Promise<StoredReport | undefined> {
  const row = await trx('document_reports')
    .where({ document_id: documentId })
    .orderBy([
      { column: 'made_at', order: 'desc' },
      { column: 'revision', order: 'desc' },
    ])
    .first<
      | {
          revision: number
          made_at: Date
          policy: ReportPolicy
          report: VerificationReport
          sender_matches: boolean | null
          examination: Examination | null
        }
      | undefined
    >()
  return row === undefined
    ? undefined
    : {
        revision: row.revision,
        madeAt: row.made_at,
        policy: row.policy,
        report: row.report,
        senderMatches: row.sender_matches,
        examination: row.examination,
      }
}
