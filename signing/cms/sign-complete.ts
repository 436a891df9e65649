/** The second half of CAdES signing: from the signature value to the whole. */
import { digest as digestOf, signatureAlgorithm, verifyData } from '../algorithms.ts'
import { SigningError } from '../errors.ts'
import { parseCertificate } from '../x509/certificate.ts'
import { parseDer } from '../x509/der.ts'
import { onlyChild, readOctetString, readOid } from '../x509/der-values.ts'
import { ATTRIBUTE_OID } from './oids.ts'
import type { PreparedCms } from './sign-prepare.ts'
import { signatureTimestamp } from './sign-timestamp.ts'
import { assembleSignedData } from './signed-data.ts'
import type { TimestampProvider } from './timestamp-provider.ts'

/**
 * Puts the signature value into the prepared signature and, with a provider, a time-stamp over the value.
 *
 * The value is checked against the certificate and enclosed content against the signed digest before anything is
 * written, so that a mix-up of stored preparations cannot leave a broken signature.
 *
 * @param signatureValue as a `KeyProvider` answers it over `prepared.signedAttributes`
 * @returns DER of a `ContentInfo`
 * @throws SigningError `PREPARED_SIGNATURE_MISMATCH`, and what the time-stamp provider throws
 */
export async function completeCms(
  prepared: PreparedCms,
  signatureValue: Uint8Array,
  options: { readonly timestamp?: TimestampProvider | undefined } = {},
): Promise<Uint8Array> {
  const { signedAttributes, content, certificate, chain } = prepared
  const algorithm = signatureAlgorithm(prepared.signatureScheme, prepared.digestAlgorithm)
  const key = parseCertificate(certificate).publicKey()
  if (key === undefined || !verifyData(algorithm, key, signedAttributes, signatureValue)) {
    throw new SigningError('PREPARED_SIGNATURE_MISMATCH', { reason: 'the value is not of the signer’s key' })
  }
  if (content !== null && !holdsDigest(signedAttributes, digestOf(algorithm.digest, content))) {
    throw new SigningError('PREPARED_SIGNATURE_MISMATCH', { reason: 'the content was altered' })
  }
  const unsignedAttributes =
    options.timestamp === undefined
      ? []
      : [await signatureTimestamp(signatureValue, algorithm, options.timestamp)]
  return assembleSignedData({
    signedAttributes,
    signature: signatureValue,
    algorithm,
    certificate,
    chain,
    unsignedAttributes,
    ...(content === null ? {} : { content }),
  })
}

/** Whether message-digest has this value. */
function holdsDigest(signedAttributes: Uint8Array, digest: Uint8Array): boolean {
  return parseDer(signedAttributes).children.some(({ children: [type, values] }) => {
    if (type === undefined || values === undefined || readOid(type) !== ATTRIBUTE_OID.messageDigest)
      return false
    return Buffer.compare(readOctetString(onlyChild(values)), digest) === 0
  })
}
