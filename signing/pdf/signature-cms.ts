/** The CMS of a PDF's signature, once the key has answered (ETSI EN 319 142-1 clause 6.3). */
import {
  type DigestAlgorithm,
  type SignatureAlgorithm,
  type SignatureScheme,
  signatureAlgorithm,
  verifyData,
} from '../algorithms.ts'
import { signatureTimestamp } from '../cms/sign-timestamp.ts'
import { assembleSignedData } from '../cms/signed-data.ts'
import type { TimestampProvider } from '../cms/timestamp-provider.ts'
import { SigningError } from '../errors.ts'
import { parseCertificate } from '../x509/certificate.ts'

/** What was signed and by whom. */
export interface SignedRevision {
  readonly signedAttributes: Uint8Array
  readonly certificate: Uint8Array
  readonly chain: readonly Uint8Array[]
  readonly digestAlgorithm: DigestAlgorithm
  readonly signatureScheme: SignatureScheme
}

/**
 * PAdES B-B.
 * @throws SigningError `PREPARED_SIGNATURE_MISMATCH` when the value is not one of the certificate's key
 */
export function signatureCms(signed: SignedRevision, signatureValue: Uint8Array): Uint8Array {
  return assemble(signed, checkedAlgorithm(signed, signatureValue), signatureValue, [])
}

/**
 * PAdES B-T: the token is an unsigned attribute over the signature value.
 * @throws SigningError as `signatureCms`, and what the provider throws
 */
export async function timestampedCms(
  signed: SignedRevision,
  signatureValue: Uint8Array,
  timestamp: TimestampProvider,
): Promise<Uint8Array> {
  const algorithm = checkedAlgorithm(signed, signatureValue)
  const token = await signatureTimestamp(signatureValue, algorithm, timestamp)
  return assemble(signed, algorithm, signatureValue, [token])
}

/** A wrong key or a mix-up of two documents is told here and not by whoever receives the file. */
function checkedAlgorithm(
  { signatureScheme, digestAlgorithm, certificate, signedAttributes }: SignedRevision,
  signatureValue: Uint8Array,
): SignatureAlgorithm {
  const algorithm = signatureAlgorithm(signatureScheme, digestAlgorithm.name)
  const key = parseCertificate(certificate).publicKey()
  if (key === undefined || !verifyData(algorithm, key, signedAttributes, signatureValue)) {
    throw new SigningError('PREPARED_SIGNATURE_MISMATCH', { reason: 'the value is not of the signer’s key' })
  }
  return algorithm
}

function assemble(
  { signedAttributes, certificate, chain }: SignedRevision,
  algorithm: SignatureAlgorithm,
  signature: Uint8Array,
  unsignedAttributes: readonly Uint8Array[],
): Uint8Array {
  return assembleSignedData({
    signedAttributes,
    signature,
    algorithm,
    certificate,
    chain,
    unsignedAttributes,
  })
}
