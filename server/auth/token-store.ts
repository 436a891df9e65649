import { type Permission, permissions } from '../actor.ts'
import type { NodeTransaction } from '../db.ts'

export interface NewToken {
  readonly id: string
  readonly tokenSha256: string
  readonly userId: string
  readonly agencyId: string | null
  readonly kind: 'session' | 'api'
  readonly label: string
  readonly createdAt: Date
  readonly expiresAt: Date
  /** The address that asked for it. */
  readonly madeFrom: string
  /** What it is confined to; null: not confined. */
  readonly scopes: readonly Permission[] | null
}

export interface StoredToken extends Omit<NewToken, 'tokenSha256'> {
  readonly lastUsedAt: Date | null
  readonly lastUsedFrom: string
}

export async function insertToken(trx: NodeTransaction, token: NewToken): Promise<void> {
  await trx('tokens').insert({
    id: token.id,
    token_sha256: token.tokenSha256,
    user_id: token.userId,
    agency_id: token.agencyId,
    kind: token.kind,
    label: token.label,
    created_at: token.createdAt,
    expires_at: token.expiresAt,
    made_from: token.madeFrom.slice(0, 100),
    scopes: token.scopes,
  })
}

interface TokenRow {
  id: string
  user_id: string
  agency_id: string | null
  kind: 'session' | 'api'
  label: string
  created_at: Date
  expires_at: Date
  made_from: string
  scopes: string[] | null
  last_used_at: Date | null
  last_used_from: string
}

const columns = [
  'id',
  'user_id',
  'agency_id',
  'kind',
  'label',
  'created_at',
  'expires_at',
  'made_from',
  'scopes',
  'last_used_at',
  'last_used_from',
] as const

function fromRow(row: TokenRow): StoredToken {
  return {
    id: row.id,
    userId: row.user_id,
    agencyId: row.agency_id,
    kind: row.kind,
    label: row.label,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    madeFrom: row.made_from,
    // A permission that this program no longer knows opens nothing.
    scopes: row.scopes === null ? null : permissions.filter((one) => row.scopes?.includes(one)),
    lastUsedAt: row.last_used_at,
    lastUsedFrom: row.last_used_from,
  }
}

/** The token with this digest unless it was revoked; it may have expired. */
export async function findToken(trx: NodeTransaction, tokenSha256: string): Promise<StoredToken | undefined> {
  const row = await trx('tokens')
    .where({ token_sha256: tokenSha256 })
    .whereNull('revoked_at')
    .first<TokenRow | undefined>(columns)
  return row === undefined ? undefined : fromRow(row)
}

/** Notes a use. Whoever asks often is noted once in a while only; see `authenticate.ts`. */
export async function touchToken(
  trx: NodeTransaction,
  id: string,
  use: { readonly at: Date; readonly from: string },
): Promise<void> {
  await trx('tokens')
    .where({ id })
    .update({ last_used_at: use.at, last_used_from: use.from.slice(0, 100) })
}

/** Sessions and tokens of one person that still live, newest first; all that there are: people have few. */
export async function listTokens(trx: NodeTransaction, userId: string, now: Date): Promise<StoredToken[]> {
  const rows = await trx('tokens')
    .where({ user_id: userId })
    .whereNull('revoked_at')
    .where('expires_at', '>', now)
    .orderBy([
      { column: 'created_at', order: 'desc' },
      { column: 'id', order: 'desc' },
    ])
    .limit(1_000)
    .select<TokenRow[]>(columns)
  return rows.map(fromRow)
}

export interface Revoked {
  readonly id: string
  readonly agencyId: string | null
  readonly kind: 'session' | 'api'
}

/** Ends sessions and tokens of a person: one, those of a kind, or all; but for one that is kept. */
export async function revokeTokens(
  trx: NodeTransaction,
  userId: string,
  which: {
    readonly id?: string | undefined
    readonly kind?: 'session' | 'api' | undefined
    readonly keep?: string | undefined
    readonly agencyId?: string | undefined
  },
  now: Date,
): Promise<Revoked[]> {
  const query = trx('tokens').where({ user_id: userId }).whereNull('revoked_at')
  if (which.id !== undefined) query.where({ id: which.id })
  if (which.kind !== undefined) query.where({ kind: which.kind })
  if (which.agencyId !== undefined) query.where({ agency_id: which.agencyId })
  if (which.keep !== undefined) query.whereNot({ id: which.keep })
  const rows = await query
    .update({ revoked_at: now })
    .returning<{ id: string; agency_id: string | null; kind: 'session' | 'api' }[]>([
      'id',
      'agency_id',
      'kind',
    ])
  return rows.map((row) => ({ id: row.id, agencyId: row.agency_id, kind: row.kind }))
}

/** Removes what ended before `before`: until then its owner is told that it expired. */
export async function sweepTokens(trx: NodeTransaction, before: Date): Promise<number> {
  return trx('tokens')
    .where('expires_at', '<', before)
    .orWhere((revoked) => revoked.where('revoked_at', '<', before))
    .delete()
}
