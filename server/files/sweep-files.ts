import type { NodeContext } from '../context.ts'
import { eraseUnheldFile, findUnheldFiles } from './file-hold-store.ts'
import type { FileStore } from './file-store.ts'

const AGE_MS = 24 * 60 * 60 * 1000
const PAGE = 100

/**
 * Erases files that were uploaded more than a day ago and that nothing refers to: uploads that came to nothing.
 * Several processes may do it at the same time; each file is erased under its own lock.
 *
 * @returns how many files were erased
 */
export async function sweepFiles(context: NodeContext, files: FileStore): Promise<number> {
  const before = new Date(context.clock().getTime() - AGE_MS)
  let erased = 0
  for (;;) {
    const found = await context.db.asNode((trx) => findUnheldFiles(trx, before, PAGE))
    let progress = 0
    for (const sha256 of found) {
      if (await context.db.asNode((trx) => eraseUnheldFile(trx, files, sha256, before))) progress += 1
    }
    erased += progress
    if (found.length < PAGE || progress === 0) return erased
  }
}
