/** The second half of XAdES signing: from the signature value to the file. */
import { createHash } from 'node:crypto'
import { signatureAlgorithm, verifyData } from '../algorithms.ts'
import { timestampOver } from '../cms/sign-timestamp.ts'
import type { TimestampProvider } from '../cms/timestamp-provider.ts'
import { SigningError } from '../errors.ts'
import { parseCertificate } from '../x509/certificate.ts'
import { writeCanonical } from './canonical-writer.ts'
import { ecdsaValueForXml } from './ecdsa-value.ts'
import { XADES, XMLDSIG } from './names.ts'
import { base64, ds, timestampElement, xadesIds } from './sign-elements.ts'
import type { PreparedXades } from './sign-prepare.ts'

/**
 * Puts the value into the prepared file and, with a provider, a time-stamp over the canonical SignatureValue
 * (ETSI EN 319 132-1 clause 5.3): XAdES-B-T.
 *
 * @param signatureValue as a `KeyProvider` answers it over `prepared.signedInfo`
 * @throws SigningError `PREPARED_SIGNATURE_MISMATCH` when the file was altered since or the value is not one of the
 *   certificate's key; `ALGORITHM_UNSUPPORTED`; and what the time-stamp provider throws
 */
export async function completeXades(
  prepared: PreparedXades,
  signatureValue: Uint8Array,
  options: { readonly timestamp?: TimestampProvider | undefined } = {},
): Promise<Uint8Array> {
  const { bytes, signedInfo, valueAt, unsignedAt } = prepared
  if (Buffer.compare(createHash('sha256').update(bytes).digest(), prepared.sha256) !== 0) {
    throw new SigningError('PREPARED_SIGNATURE_MISMATCH', { reason: 'the document was altered' })
  }
  const algorithm = signatureAlgorithm(prepared.signatureScheme, prepared.digestAlgorithm)
  const key = parseCertificate(prepared.certificate).publicKey()
  if (key === undefined || !verifyData(algorithm, key, signedInfo, signatureValue)) {
    throw new SigningError('PREPARED_SIGNATURE_MISMATCH', { reason: 'the value is not of the signer’s key' })
  }
  const value = base64(algorithm.scheme === 'ECDSA' ? ecdsaValueForXml(signatureValue, key) : signatureValue)
  const unsigned =
    options.timestamp === undefined
      ? ''
      : writeCanonical(
          timestampElement(
            await timestampOver(
              Buffer.from(
                writeCanonical(ds('SignatureValue', { Id: xadesIds(prepared.signatureId).value }, [value])),
              ),
              algorithm,
              options.timestamp,
            ),
          ),
          new Map([
            ['ds', XMLDSIG],
            ['xades', XADES],
          ]),
        )
  return Buffer.concat([
    bytes.subarray(0, valueAt),
    Buffer.from(value),
    bytes.subarray(valueAt, unsignedAt),
    Buffer.from(unsigned),
    bytes.subarray(unsignedAt),
  ])
}
