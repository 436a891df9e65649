import type { TimestampProvider } from '../cms/timestamp-provider.ts'
import type { KeyProvider } from '../keys/key-provider.ts'
import { completeXades } from './sign-complete.ts'
import { prepareXades, type XadesOptions, type XadesSubject } from './sign-prepare.ts'

export interface SignXadesOptions extends XadesOptions {
  readonly key: KeyProvider
  /** Makes the signature XAdES-B-T. */
  readonly timestamp?: TimestampProvider
}

/**
 * Signs with XAdES baseline B-B, or B-T with a time-stamp provider (ETSI EN 319 132-1 clause 6): any XML document or
 * elements of it (enveloped), content within the signature (enveloping), octets elsewhere (detached), or another
 * signature (counter). Exclusive canonicalization throughout; what libxml2 canonicalises is what is digested.
 *
 * For the files that nodes exchange take `signXml`: its form is stricter, and only it opens with `verifySealedXml`.
 *
 * @returns the whole file. Bytes of a document outside the new signature are those that were given.
 * @throws SigningError those of `prepareXades` and `completeXades`, and whatever key and provider throw
 */
export async function signXades(subject: XadesSubject, options: SignXadesOptions): Promise<Uint8Array> {
  const { key, timestamp, ...rest } = options
  const prepared = prepareXades(subject, { ...rest, signer: key })
  return completeXades(prepared, await key.sign(prepared.signedInfo), { timestamp })
}
