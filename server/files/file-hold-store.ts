/**
 * Who holds which stored file. The rows are the node's; the bytes lie in the file store.
 *
 * Order: `registerFile` (a row) → `FileStore.put` (the bytes) → `holdFile` in the transaction of what needs the file.
 * A crash in between leaves a row without a hold, which `sweep-files.ts` removes with its bytes after a day.
 * A hold and an erasure of the same file wait for each other on the file's row, so that a file which a document
 * refers to is never the one being erased.
 */
import type { NodeTransaction } from '../db.ts'
import { CongvanError } from '../errors.ts'
import type { FileStore, StoredFile } from './file-store.ts'

/** `document:<uuid>`, `envelope:<sha256>`, or `trust:<sha256>` of a certificate or CRL that a verdict rests on. */
export type FileHolder = `document:${string}` | `envelope:${string}` | `trust:${string}`

/** Announces bytes that are about to be stored. */
export async function registerFile(trx: NodeTransaction, file: StoredFile, now: Date): Promise<void> {
  await trx('files')
    .insert({ sha256: file.sha256, length: file.length, uploaded_at: now })
    .onConflict('sha256')
    .merge({ uploaded_at: now })
}

/**
 * Says that `holder` needs a stored file; asking twice is the same as once.
 *
 * @throws CongvanError `STORAGE_DAMAGED` when the bytes are not there: they must be put before
 */
export async function holdFile(
  trx: NodeTransaction,
  files: FileStore,
  file: StoredFile,
  holder: FileHolder,
  now: Date,
): Promise<void> {
  await Promise.all([
    trx('files')
      .insert({ sha256: file.sha256, length: file.length, uploaded_at: now })
      .onConflict('sha256')
      .ignore(),
    // Several may take hold at once; an erasure, which deletes the row, waits for all of them, and they for it.
    trx('files').where({ sha256: file.sha256 }).forKeyShare().first('sha256'),
  ])
  if (!(await files.has(file.sha256))) {
    throw new CongvanError('STORAGE_DAMAGED', { sha256: file.sha256, reason: 'missing' })
  }
  await trx('file_holds')
    .insert({ sha256: file.sha256, holder, held_at: now })
    .onConflict(['sha256', 'holder'])
    .ignore()
}

/**
 * Gives up a hold, and erases the file if nobody else holds it. The bytes go while the row is locked and before the
 * transaction commits: rolled back or killed, a row without bytes is left, which is a file that is not there.
 *
 * @returns whether the bytes were erased
 */
export async function releaseFile(
  trx: NodeTransaction,
  files: FileStore,
  sha256: string,
  holder: FileHolder,
): Promise<boolean> {
  await lockFile(trx, sha256)
  await trx('file_holds').where({ sha256, holder }).delete()
  return eraseIfFree(trx, files, sha256)
}

/**
 * Gives up all holds of a holder and erases nothing: the sweep takes what nobody else holds. For a use case's own
 * transaction, in which no disk is waited for.
 */
export async function dropHolds(trx: NodeTransaction, holder: FileHolder): Promise<void> {
  await trx('file_holds').where({ holder }).delete()
}

/** The hashes of the files that any of these hold. */
export async function findHeldBy(trx: NodeTransaction, holders: readonly FileHolder[]): Promise<Set<string>> {
  const held = await trx('file_holds')
    .whereIn('holder', [...holders])
    .pluck<string[]>('sha256')
  return new Set(held)
}

/** Files that nobody holds and nobody has uploaded since `before`. */
export async function findUnheldFiles(trx: NodeTransaction, before: Date, limit: number): Promise<string[]> {
  return trx('files')
    .where('uploaded_at', '<', before)
    .whereNotExists(trx('file_holds').select(1).whereRaw('file_holds.sha256 = files.sha256'))
    .orderBy('uploaded_at')
    .limit(limit)
    .pluck<string[]>('sha256')
}

/** Erases a file found by `findUnheldFiles`, unless somebody has taken hold of it or uploaded it again meanwhile. */
export async function eraseUnheldFile(
  trx: NodeTransaction,
  files: FileStore,
  sha256: string,
  before: Date,
): Promise<boolean> {
  const row = await lockFile(trx, sha256)
  if (row === undefined || row.uploaded_at >= before) return false
  return eraseIfFree(trx, files, sha256)
}

function lockFile(trx: NodeTransaction, sha256: string): Promise<{ uploaded_at: Date } | undefined> {
  return trx('files').where({ sha256 }).forUpdate().first<{ uploaded_at: Date } | undefined>('uploaded_at')
}

async function eraseIfFree(trx: NodeTransaction, files: FileStore, sha256: string): Promise<boolean> {
  const held = await trx('file_holds').where({ sha256 }).first<{ holder: string } | undefined>('holder')
  if (held !== undefined) return false
  await files.erase(sha256)
  await trx('files').where({ sha256 }).delete()
  return true
}
