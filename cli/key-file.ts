import { type KeyProvider, loadPkcs12 } from '../signing/index.ts'
import type { CommandContext } from './command.ts'
import { readInput } from './read-input.ts'
import { readSecret } from './read-secret.ts'

/** A PKCS#12 file holds a key and a few certificates. */
const LIMIT = 1024 * 1024

/**
 * Opens a person's or agency's PKCS#12 file on this machine; its password comes from a file or the keyboard.
 *
 * @throws CongvanError `FILE_UNREADABLE`; SigningError `KEY_WRONG_PASSWORD`, `KEY_FILE_MALFORMED`, …
 */
export async function loadKeyFile(
  file: string,
  passwordFile: string | undefined,
  context: CommandContext,
): Promise<KeyProvider> {
  const bytes = await readInput(file, context, LIMIT)
  return loadPkcs12(bytes, await readSecret(passwordFile, context))
}
