import { digest as digestOf } from '../algorithms.ts'
import type { KeyProvider } from '../keys/key-provider.ts'
import { assembleSignedData, buildSignedAttributes } from './signed-data.ts'

/**
 * A detached CAdES-B-B signature over any content (ETSI EN 319 122-1): what goes into a `.p7s` file.
 *
 * @param signingTime what the signer says; the library has no clock
 * @throws SigningError of the key, or `CERTIFICATE_MALFORMED`
 */
export async function signCms(
  content: Uint8Array,
  key: KeyProvider,
  options: { readonly signingTime: Date },
): Promise<Uint8Array> {
  const { algorithm, certificate, chain } = key
  const { digest } = algorithm
  const messageDigest = digestOf(digest, content)
  const { signingTime } = options
  const signedAttributes = buildSignedAttributes({ messageDigest, certificate, chain, digest, signingTime })
  const signature = await key.sign(signedAttributes)
  return assembleSignedData({ signedAttributes, signature, algorithm, certificate, chain })
}
