import type { KeyProvider } from '../keys/key-provider.ts'
import { completeCms } from './sign-complete.ts'
import { type CmsSignatureOptions, prepareCms } from './sign-prepare.ts'
import type { TimestampProvider } from './timestamp-provider.ts'

export interface SignCmsOptions extends CmsSignatureOptions {
  readonly key: KeyProvider
  /** Makes the signature CAdES-B-T: a token over the signature value becomes an unsigned attribute. */
  readonly timestamp?: TimestampProvider
}

/**
 * Signs any content with CAdES baseline B-B, or B-T with a time-stamp provider (ETSI EN 319 122-1 clause 6): what
 * goes into a `.p7s` file (detached, the default) or a `.p7m` file (content enclosed).
 *
 * @throws SigningError `ALGORITHM_UNSUPPORTED`, `CERTIFICATE_MALFORMED`, `PREPARED_SIGNATURE_MISMATCH` when the key
 *   is not that of its certificate, and whatever key and time-stamp provider throw
 */
export async function signCms(content: Uint8Array, options: SignCmsOptions): Promise<Uint8Array> {
  const { key, timestamp, ...rest } = options
  const prepared = prepareCms(content, { ...rest, signer: key })
  return completeCms(prepared, await key.sign(prepared.signedAttributes), { timestamp })
}
