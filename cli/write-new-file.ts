import { randomBytes } from 'node:crypto'
import { link, open, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { CongvanError } from '../server/errors.ts'
import type { Language } from '../signing/index.ts'
import { systemCode, systemReason } from './system-reason.ts'

/**
 * Writes a file that must not exist yet, whole or not at all.
 *
 * The bytes go to a hidden file beside it and to the disk; then a hard link gives them their name, which unlike a
 * rename fails when the name is taken. A crash before the link leaves `.congvan-….tmp` and no output; after it, a
 * complete output and perhaps that second name.
 *
 * @throws CongvanError `FILE_EXISTS`, `STORAGE_FULL`, `STORAGE_FAILED`
 */
export async function writeNewFile(file: string, bytes: Uint8Array, language: Language): Promise<void> {
  const folder = dirname(file)
  const temporary = join(folder, `.congvan-${randomBytes(8).toString('hex')}.tmp`)
  try {
    await writeDurably(temporary, bytes)
    await link(temporary, file)
    await syncFolder(folder)
  } catch (error) {
    throw storageError(error, file, language)
  } finally {
    await unlink(temporary).catch((error: unknown) => {
      // Not made at all, or the disk's failure is told already.
      if (systemCode(error) === undefined) throw error
    })
  }
}

async function writeDurably(file: string, bytes: Uint8Array): Promise<void> {
  const handle = await open(file, 'wx', 0o666)
  try {
    await handle.writeFile(bytes)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Makes the new name itself durable; some file systems know no fsync of a folder, and need none. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } catch (error) {
    const code = systemCode(error)
    if (code !== 'EINVAL' && code !== 'EISDIR' && code !== 'EPERM') throw error
  } finally {
    await handle.close()
  }
}

function storageError(error: unknown, file: string, language: Language): unknown {
  const code = systemCode(error)
  if (code === undefined) return error
  if (code === 'EEXIST') return new CongvanError('FILE_EXISTS', { file }, { cause: error })
  if (code === 'ENOSPC' || code === 'EDQUOT') return new CongvanError('STORAGE_FULL', {}, { cause: error })
  const reason = `${file}: ${systemReason(error, language)}`
  return new CongvanError('STORAGE_FAILED', { reason }, { cause: error })
}
