import type { NodeTransaction } from '../db.ts'
import { CongvanError, type ErrorParams, type OwnErrorCode } from '../errors.ts'

/** What a peer offered: the terms, and until the commit the envelope itself. */
export interface Offer {
  readonly id: string
  readonly peer: string
  /** The peer's name for the branch. */
  readonly branch: string
  readonly series: number
  readonly envelopeSha256: string
  /** Hash of everything that was agreed, see `protocol.ts`. */
  readonly termsSha256: string
  readonly recipients: readonly string[]
  /** Nodes so far, origin first, the peer last. */
  readonly path: readonly string[]
  readonly previousReceipt: string | null
  readonly notAfter: Date
  /** Null once it is committed or refused. */
  readonly envelope: Uint8Array | null
  readonly committedAt: Date | null
  /** The fault with which it was refused for good. */
  readonly refusal: Refusal | null
}

export interface Refusal {
  readonly code: OwnErrorCode
  readonly params: ErrorParams
}

export interface ManifestFile {
  readonly sha256: string
  readonly length: number
}

export interface OfferFile extends ManifestFile {
  readonly received: number
  readonly complete: boolean
}

interface OfferRow {
  readonly id: string
  readonly peer: string
  readonly branch: string
  readonly series: number
  readonly envelope_sha256: string
  readonly terms_sha256: string
  readonly envelope: Buffer | null
  readonly recipients: string[]
  readonly path: string[]
  readonly previous_receipt: string | null
  readonly not_after: Date
  readonly committed_at: Date | null
  readonly refusal: Refusal | null
}

function toOffer(row: OfferRow): Offer {
  return {
    id: row.id,
    peer: row.peer,
    branch: row.branch,
    series: row.series,
    envelopeSha256: row.envelope_sha256,
    termsSha256: row.terms_sha256,
    envelope: row.envelope,
    recipients: row.recipients,
    path: row.path,
    previousReceipt: row.previous_receipt,
    notAfter: row.not_after,
    committedAt: row.committed_at,
    refusal: row.refusal,
  }
}

/** Stores an offer with its files; when the branch was offered before, on whatever terms, nothing is written. */
export async function insertOffer(
  trx: NodeTransaction,
  offer: Offer,
  files: readonly ManifestFile[],
  now: Date,
): Promise<void> {
  const stored = trx('offers')
    .insert({
      id: offer.id,
      peer: offer.peer,
      branch: offer.branch,
      series: offer.series,
      envelope_sha256: offer.envelopeSha256,
      terms_sha256: offer.termsSha256,
      envelope: offer.envelope === null ? null : Buffer.from(offer.envelope),
      recipients: [...offer.recipients],
      path: [...offer.path],
      previous_receipt: offer.previousReceipt,
      not_after: offer.notAfter,
      offered_at: now,
    })
    .onConflict(['peer', 'branch', 'series'])
    .ignore()
  // Where the branch was offered before there is no offer of this id, and so no file of it.
  const named = trx.raw(
    `insert into offer_files (offer_id, sha256, length)
     select o.id, f.sha256, f.length
     from offers o, unnest(cast(:hashes as text[]), cast(:lengths as bigint[])) as f (sha256, length)
     where o.id = :id`,
    { id: offer.id, hashes: files.map((one) => one.sha256), lengths: files.map((one) => one.length) },
  )
  await Promise.all([stored, named])
}

/**
 * The offer of a branch, if it was made before, locked until the transaction ends.
 *
 * @throws CongvanError `RELAY_COLLISION` when it was made on other terms
 */
export async function lockOfferByBranch(
  trx: NodeTransaction,
  wanted: Pick<Offer, 'peer' | 'branch' | 'series' | 'termsSha256'>,
): Promise<Offer | undefined> {
  const row = await trx('offers')
    .where({ peer: wanted.peer, branch: wanted.branch, series: wanted.series })
    .forUpdate()
    .first<OfferRow | undefined>('*')
  if (row === undefined) return undefined
  if (row.terms_sha256 !== wanted.termsSha256)
    throw new CongvanError('RELAY_COLLISION', { id: wanted.branch })
  return toOffer(row)
}

/** An offer of this very peer; another's is not there for it. */
export async function findOffer(trx: NodeTransaction, id: string, peer: string): Promise<Offer | undefined> {
  const row = await trx('offers').where({ id, peer }).first<OfferRow | undefined>('*')
  return row === undefined ? undefined : toOffer(row)
}

/** As `findOffer`, with the row locked until the transaction ends: two commits at once follow each other. */
export async function lockOffer(trx: NodeTransaction, id: string, peer: string): Promise<Offer | undefined> {
  const row = await trx('offers').where({ id, peer }).forUpdate().first<OfferRow | undefined>('*')
  return row === undefined ? undefined : toOffer(row)
}

export async function filesOfOffer(trx: NodeTransaction, offerId: string): Promise<OfferFile[]> {
  const rows: { sha256: string; length: string; received: string; complete: boolean }[] = await trx(
    'offer_files',
  )
    .where({ offer_id: offerId })
    .orderBy('sha256')
    .select('sha256', 'length', 'received', 'complete')
  return rows.map((row) => ({ ...row, length: Number(row.length), received: Number(row.received) }))
}

/** Notes how much of a file is durably on disk. */
export async function updateReceived(
  trx: NodeTransaction,
  offerId: string,
  sha256: string,
  received: number,
): Promise<void> {
  await trx('offer_files').where({ offer_id: offerId, sha256 }).update({ received, complete: false })
}

/** Notes that length and hash of the whole hold and that the peer has proven to hold the file. */
export async function completeFile(
  trx: NodeTransaction,
  offer: Pick<Offer, 'id' | 'peer'>,
  file: ManifestFile,
  now: Date,
): Promise<void> {
  await Promise.all([
    trx('offer_files')
      .where({ offer_id: offer.id, sha256: file.sha256 })
      .update({ received: file.length, complete: true }),
    insertPeerFiles(trx, offer.peer, [file.sha256], now),
  ])
}

/** Closes an offer: its envelope has moved to `envelopes`. @returns when it was made */
export async function closeOffer(trx: NodeTransaction, id: string, now: Date): Promise<Date> {
  const [row] = await trx('offers')
    .where({ id })
    .update({ envelope: null, committed_at: now })
    .returning<{ offered_at: Date }[]>('offered_at')
  return row?.offered_at ?? now
}

/**
 * Refuses an offer for good: no process of this node takes it any more. The caller holds its row's lock and knows
 * that it is open.
 */
export async function refuseOffer(
  trx: NodeTransaction,
  id: string,
  { code, params }: Refusal,
): Promise<void> {
  await trx('offers')
    .where({ id })
    .update({ envelope: null, refusal: JSON.stringify({ code, params }) })
}

/** The offers of a peer that are neither committed nor refused, and the size of their envelopes in bytes. */
export async function openOffers(
  trx: NodeTransaction,
  peer: string,
): Promise<{ count: number; bytes: number }> {
  const row = await trx('offers')
    .where({ peer })
    .whereNotNull('envelope')
    .first<{ count: string; bytes: string }>(
      trx.raw('count(*) as count, coalesce(sum(length(envelope)), 0) as bytes'),
    )
  return { count: Number(row.count), bytes: Number(row.bytes) }
}

/** Refuses for good what is open and whose `notAfter` was before a moment; the row stays, the envelope goes. */
export async function refuseExpiredOffers(trx: NodeTransaction, before: Date): Promise<void> {
  await trx.raw(
    `update offers set envelope = null, refusal = jsonb_build_object('code', 'RELAY_EXPIRED',
       'params', jsonb_build_object('notAfter', to_char(not_after at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')))
     where envelope is not null and not_after < :before`,
    { before },
  )
}

/** Remembers that a peer holds files: it uploaded them here or was sent them from here. */
export async function insertPeerFiles(
  trx: NodeTransaction,
  peer: string,
  sha256s: readonly string[],
  since: Date,
): Promise<void> {
  if (sha256s.length === 0) return
  await trx('peer_files')
    .insert(sha256s.map((sha256) => ({ peer, sha256, since })))
    .onConflict(['peer', 'sha256'])
    .ignore()
}

/** Which of the files this very peer has proven to hold. */
export async function filesKnownFrom(
  trx: NodeTransaction,
  peer: string,
  sha256s: readonly string[],
): Promise<Set<string>> {
  const rows = await trx('peer_files')
    .where({ peer })
    .whereIn('sha256', [...sha256s])
    .pluck<string[]>('sha256')
  return new Set(rows)
}
