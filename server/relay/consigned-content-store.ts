import type { AgencyTransaction } from '../db.ts'
import type { ContentKey } from './content-hash.ts'
import { releaseGivenUp } from './release-envelope.ts'

/** An attempt series that brought a content to an agency. */
export interface Bringing {
  readonly envelopeSha256: string
  readonly series: number
  /** Code by which the agency was addressed. */
  readonly recipient: string
}

function rowOf(agencyId: string, key: ContentKey) {
  return {
    agency_id: agencyId,
    from_code: key.fromCode,
    document_code: key.documentCode,
    business: key.business,
    content_sha256: key.contentSha256,
  }
}

/** The envelope that brought a content to an agency first; undefined when none has. */
export async function findConsigned(
  trx: AgencyTransaction,
  agencyId: string,
  key: ContentKey,
): Promise<string | undefined> {
  const row = await trx('consigned_contents')
    .where(rowOf(agencyId, key))
    .first<{ envelope_sha256: string } | undefined>('envelope_sha256')
  return row?.envelope_sha256
}

/**
 * Notes that a content has come to an agency: the duplicate key, which commits with the delivery. Of two at the same
 * time one waits for the other's transaction. What comes again after the agency has given the content up to its issuer
 * is not held for it.
 *
 * @returns the envelope that brought it first: this one, or an earlier one
 */
export async function claimConsigned(
  trx: AgencyTransaction,
  agencyId: string,
  key: ContentKey,
  by: Bringing,
  now: Date,
): Promise<string> {
  const latest = {
    latest_envelope_sha256: by.envelopeSha256,
    latest_series: by.series,
    latest_recipient: by.recipient,
  }
  const inserted = await trx('consigned_contents')
    .insert({
      ...rowOf(agencyId, key),
      envelope_sha256: by.envelopeSha256,
      ...latest,
      consigned_at: now,
    })
    .onConflict(['agency_id', 'from_code', 'document_code', 'business', 'content_sha256'])
    .ignore()
    .returning('agency_id')
  if (inserted.length > 0) return by.envelopeSha256
  // An older series that comes late is not what the statuses answer.
  await trx('consigned_contents')
    .where(rowOf(agencyId, key))
    .where('latest_series', '<=', by.series)
    .update(latest)
  await trx('consigned_contents')
    .where(rowOf(agencyId, key))
    .whereNot('envelope_sha256', by.envelopeSha256)
    .whereRaw('not ? = any (further_envelopes)', [by.envelopeSha256])
    .update({ further_envelopes: trx.raw('array_append(further_envelopes, ?)', [by.envelopeSha256]) })
  const first = (await findConsigned(trx, agencyId, key)) ?? by.envelopeSha256
  await releaseGivenUp(trx, first, by.envelopeSha256)
  return first
}

/**
 * Every envelope, of whichever attempt series, that brought what an envelope brought first, itself among them. Of what
 * came before all were noted the newest is known.
 */
export async function envelopesBringing(trx: AgencyTransaction, envelopeSha256: string): Promise<string[]> {
  const row = await trx('consigned_contents')
    .where({ envelope_sha256: envelopeSha256 })
    .first<{ latest_envelope_sha256: string; further_envelopes: string[] } | undefined>(
      'latest_envelope_sha256',
      'further_envelopes',
    )
  if (row === undefined) return [envelopeSha256]
  return [...new Set([envelopeSha256, row.latest_envelope_sha256, ...row.further_envelopes])]
}

/** The newest attempt series of what an envelope brought first; undefined for one from before this was noted. */
export async function latestBringing(
  trx: AgencyTransaction,
  envelopeSha256: string,
): Promise<Bringing | undefined> {
  const row = await trx('consigned_contents')
    .where({ envelope_sha256: envelopeSha256 })
    .first<{ latest_envelope_sha256: string; latest_series: number; latest_recipient: string } | undefined>(
      'latest_envelope_sha256',
      'latest_series',
      'latest_recipient',
    )
  return (
    row && {
      envelopeSha256: row.latest_envelope_sha256,
      series: row.latest_series,
      recipient: row.latest_recipient,
    }
  )
}
