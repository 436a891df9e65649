import { createHash } from 'node:crypto'
import type { NodeContext } from '../context.ts'
import { registerFile } from './file-hold-store.ts'
import type { FileStore, StoredFile } from './file-store.ts'

/**
 * Stores bytes that a use case is about to refer to. Outside any transaction of the use case: the disk may be slow.
 * Killed after it, the file belongs to nobody and is swept after a day.
 *
 * @param limit bytes
 * @throws CongvanError `INPUT_TOO_LARGE`, `STORAGE_FULL`, `STORAGE_FAILED`
 */
export async function storeFile(
  context: NodeContext,
  files: FileStore,
  bytes: Uint8Array,
  limit = context.limits.fileBytes,
): Promise<StoredFile> {
  const file = { sha256: createHash('sha256').update(bytes).digest('hex'), length: bytes.length }
  await context.db.asNode((trx) => registerFile(trx, file, context.clock()))
  return files.put(bytes, limit)
}
