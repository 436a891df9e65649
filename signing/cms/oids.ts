/** Content types (RFC 5652 sections 4 and 5, RFC 3161). */
export const CONTENT_TYPE = {
  data: '1.2.840.113549.1.7.1',
  signedData: '1.2.840.113549.1.7.2',
  timestampInfo: '1.2.840.113549.1.9.16.1.4',
} as const

/** Attributes of a `SignerInfo`, signed and unsigned. */
export const ATTRIBUTE_OID = {
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
  signingTime: '1.2.840.113549.1.9.5',
  /** RFC 2634: names the certificate by SHA-1. */
  signingCertificate: '1.2.840.113549.1.9.16.2.12',
  /** RFC 5035. */
  signingCertificateV2: '1.2.840.113549.1.9.16.2.47',
  /** RFC 2634 section 2.9: what the content is, in words. */
  contentHints: '1.2.840.113549.1.9.16.2.4',
  /** ETSI EN 319 122-1 clause 5.2.4.2. */
  mimeType: '0.4.0.1733.2.1',
  /** RFC 5652 section 11.4: a signature over the signature value. */
  counterSignature: '1.2.840.113549.1.9.6',
  /** ETSI EN 319 122-1 clause 5.2: what the signer says of himself and of the signature. */
  signaturePolicy: '1.2.840.113549.1.9.16.2.15',
  commitmentType: '1.2.840.113549.1.9.16.2.16',
  signerLocation: '1.2.840.113549.1.9.16.2.17',
  signerAttributes: '1.2.840.113549.1.9.16.2.18',
  signerAttributesV2: '0.4.0.19122.1.1',
  contentReference: '1.2.840.113549.1.9.16.2.10',
  contentIdentifier: '1.2.840.113549.1.9.16.2.7',
  /** ETSI EN 319 122-1 annex A and TS 101 733: validation data beside the signature. */
  certificateValues: '1.2.840.113549.1.9.16.2.23',
  revocationValues: '1.2.840.113549.1.9.16.2.24',
  archiveTimestampV2: '1.2.840.113549.1.9.16.2.48',
  archiveTimestampV3: '0.4.0.1733.2.4',
  longTermValidation: '0.4.0.1733.2.2',
  /** RFC 6211. */
  algorithmProtection: '1.2.840.113549.1.9.52',
  signatureTimestamp: '1.2.840.113549.1.9.16.2.14',
  contentTimestamp: '1.2.840.113549.1.9.16.2.20',
  /** Adobe's revocation information inside the signature (ISO 32000-1 section 12.8.3.3.2). */
  adobeRevocation: '1.2.840.113583.1.1.8',
} as const
