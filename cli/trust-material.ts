import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describeError, isKnownError } from '../server/errors.ts'
import { type DerKind, derKind, looksLikePem, pemBlocks } from '../signing/index.ts'
import type { Bilingual, CommandContext } from './command.ts'
import { readInput } from './read-input.ts'
import { systemReason } from './system-reason.ts'
import { usageError } from './usage.ts'

type MaterialKind = Exclude<DerKind, 'cms'>

const kindNames: Readonly<Record<MaterialKind, Bilingual>> = {
  certificate: { vi: 'chứng thư số', en: 'certificate' },
  crl: { vi: 'danh sách thu hồi (CRL)', en: 'CRL' },
  ocsp: { vi: 'câu trả lời OCSP', en: 'OCSP response' },
}

/** A CRL of a whole country's certificates may have tens of megabytes. */
const maxMaterialBytes = 64 * 1024 * 1024

/**
 * Reads what `--trust`, `--untrusted`, `--crl` or `--ocsp` name: files in PEM (any number of blocks) or DER, and
 * folders, whose files are read in the order of their names. In a folder other things may lie besides (a trust
 * folder often holds certificates and CRLs); a path that yields nothing of the kind asked for is an error.
 *
 * @returns DER, in the order given
 * @throws CongvanError `USAGE` naming the option and the path
 */
export async function loadMaterial(
  option: string,
  paths: readonly string[],
  kind: MaterialKind,
  context: CommandContext,
): Promise<Uint8Array[]> {
  const all: Uint8Array[] = []
  for (const path of paths) {
    const found: Uint8Array[] = []
    for (const file of await filesOf(option, path, context)) {
      found.push(...(await materialOf(option, file, context)).filter((der) => derKind(der) === kind))
    }
    if (found.length === 0) {
      const name = kindNames[kind]
      throw usageError(
        { vi: `${option} ${path}: không có ${name.vi} nào`, en: `${option} ${path}: no ${name.en} in it` },
        context.language,
      )
    }
    all.push(...found)
  }
  return all
}

async function filesOf(option: string, path: string, context: CommandContext): Promise<string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [path]
    const entries = await readdir(path, { withFileTypes: true })
    return entries
      .filter((entry) => !entry.isDirectory() && !entry.name.startsWith('.'))
      .map((entry) => join(path, entry.name))
      .sort()
  } catch (error) {
    const reason = systemReason(error, context.language)
    throw usageError(
      { vi: `${option} ${path}: ${reason}`, en: `${option} ${path}: ${reason}` },
      context.language,
    )
  }
}

async function materialOf(option: string, file: string, context: CommandContext): Promise<Uint8Array[]> {
  try {
    const bytes = await readInput(file, context, maxMaterialBytes)
    return looksLikePem(bytes) ? pemBlocks(Buffer.from(bytes).toString('latin1')) : [bytes]
  } catch (error) {
    if (!isKnownError(error)) throw error
    const { message } = describeError(error, context.language)
    throw usageError({ vi: `${option}: ${message}`, en: `${option}: ${message}` }, context.language)
  }
}
