/** Signed parts, every accepted version, byte for byte. */
import type { NodeTransaction } from '../db.ts'
import type { SourcePart } from './derive.ts'
import type { DecodedPart } from './part.ts'

export interface StoredPart {
  readonly issuer: string
  readonly version: number
  readonly bytes: Uint8Array
  readonly sha256: string
  readonly signedAt: Date
  readonly keyFingerprint: string
  readonly isRoot: boolean
}

interface PartRow {
  issuer: string
  version: string
  part: Buffer
  sha256: string
  signed_at: Date
  key_fingerprint: string
  is_root: boolean
}

/**
 * Lets one transaction at a time change the directory, until its end. Who reads is never held up.
 */
export async function lockDirectory(trx: NodeTransaction): Promise<void> {
  await trx.raw("select pg_advisory_xact_lock(hashtext('congvan directory'))")
}

/** The newest part of every issuer. */
export async function currentParts(trx: NodeTransaction): Promise<StoredPart[]> {
  const { rows } = await trx.raw<{ rows: PartRow[] }>(
    'select distinct on (issuer) * from directory_parts order by issuer, version desc',
  )
  return rows.map(toPart)
}

/** What this node holds, without the bytes. */
export async function listParts(
  trx: NodeTransaction,
): Promise<{ issuer: string; version: number; sha256: string }[]> {
  const { rows } = await trx.raw<{ rows: Pick<PartRow, 'issuer' | 'version' | 'sha256'>[] }>(
    'select distinct on (issuer) issuer, version, sha256 from directory_parts order by issuer, version desc',
  )
  return rows.map((row) => ({ ...row, version: Number(row.version) }))
}

/** The newest part of an issuer, or the version that is named. */
export async function findPart(
  trx: NodeTransaction,
  issuer: string,
  version?: number,
): Promise<StoredPart | undefined> {
  const query = trx('directory_parts').where('issuer', issuer).orderBy('version', 'desc')
  if (version !== undefined) query.andWhere('version', version)
  const row = await query.first<PartRow | undefined>()
  return row && toPart(row)
}

/**
 * The parts that prove a directory: the newest of every issuer named, and of the root the newest by each key that it
 * ever had, so that who knows an earlier key is led to the present one.
 */
export async function provingParts(trx: NodeTransaction, issuers: readonly string[]): Promise<StoredPart[]> {
  const { rows } = await trx.raw<{ rows: PartRow[] }>(
    `select distinct on (issuer, case when is_root then key_fingerprint end) * from directory_parts
     where issuer = any(:issuers)
     order by issuer, case when is_root then key_fingerprint end, version desc`,
    { issuers: [...issuers] },
  )
  return rows.map(toPart)
}

function toPart(row: PartRow): StoredPart {
  return {
    issuer: row.issuer,
    version: Number(row.version),
    bytes: row.part,
    sha256: row.sha256,
    signedAt: row.signed_at,
    keyFingerprint: row.key_fingerprint,
    isRoot: row.is_root,
  }
}

export async function insertPart(
  trx: NodeTransaction,
  part: DecodedPart,
  how: { readonly isRoot: boolean; readonly receivedFrom: string | null; readonly now: Date },
): Promise<void> {
  await trx('directory_parts').insert({
    issuer: part.content.issuer,
    version: part.content.version,
    part: Buffer.from(part.bytes),
    sha256: part.sha256,
    signed_at: part.content.signedAt,
    key_fingerprint: part.keyFingerprint,
    is_root: how.isRoot,
    received_from: how.receivedFrom,
    received_at: how.now,
  })
}

export function sourceOf(part: DecodedPart): SourcePart {
  const { content, keyFingerprint } = part
  return { ...content, signed: { keyFingerprint, at: content.signedAt } }
}
