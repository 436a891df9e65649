/** `OCSPRequest` for one certificate (RFC 6960 section 4.1), and the nonce of the answer. */
import { createHash } from 'node:crypto'
import type { Certificate } from '../x509/certificate.ts'
import { parseDer, TAG } from '../x509/der.ts'
import { readBitStringBytes } from '../x509/der-values.ts'
import { context, nullValue, octetString, oid, sequence, tlv } from '../x509/der-write.ts'

const OID_SHA1 = '1.3.14.3.2.26'
const OID_NONCE = '1.3.6.1.5.5.7.48.1.2'

/**
 * `CertID` by SHA-1, the only one that every responder answers (RFC 5019 section 2.1.1): it is a name here, and
 * nothing is believed on the strength of it.
 */
export function certId(certificate: Certificate, issuer: Certificate): Uint8Array {
  const sha1 = (bytes: Uint8Array): Uint8Array => createHash('sha1').update(bytes).digest()
  const [, keyBits] = parseDer(issuer.publicKeyInfo).children
  if (keyBits === undefined) throw new TypeError('not a SubjectPublicKeyInfo')
  return sequence(
    sequence(oid(OID_SHA1), nullValue()),
    octetString(sha1(certificate.issuer.raw)),
    octetString(sha1(readBitStringBytes(keyBits))),
    tlv(TAG.INTEGER, certificate.serial),
  )
}

/** @param nonce 16 to 32 random bytes (RFC 8954 section 2.1) */
export function writeOcspRequest(id: Uint8Array, nonce: Uint8Array): Uint8Array {
  const extension = sequence(oid(OID_NONCE), octetString(octetString(nonce)))
  return sequence(sequence(sequence(sequence(id)), context(2, sequence(extension))))
}
