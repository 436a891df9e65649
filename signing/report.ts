/**
 * The words of a verification report.
 *
 * - indication, sub-indication: the verdicts of ETSI EN 319 102-1 V1.3.1 clause 5.1.3, plus `NO_SIGNATURE`
 *   for a file that carries none.
 * - facts first, policy second: `cryptoIntact` and `coverage` are facts about bytes; the indication also
 *   weighs certificates, times, algorithms and later changes.
 */
export type Indication = 'TOTAL_PASSED' | 'INDETERMINATE' | 'TOTAL_FAILED' | 'NO_SIGNATURE'

export type SubIndication =
  | 'FORMAT_FAILURE'
  | 'HASH_FAILURE'
  | 'SIG_CRYPTO_FAILURE'
  | 'REVOKED'
  | 'EXPIRED'
  | 'NOT_YET_VALID'
  | 'SIG_CONSTRAINTS_FAILURE'
  | 'CHAIN_CONSTRAINTS_FAILURE'
  | 'CERTIFICATE_CHAIN_GENERAL_FAILURE'
  | 'CRYPTO_CONSTRAINTS_FAILURE'
  | 'CRYPTO_CONSTRAINTS_FAILURE_NO_POE'
  | 'POLICY_PROCESSING_ERROR'
  | 'SIGNATURE_POLICY_NOT_AVAILABLE'
  | 'TIMESTAMP_ORDER_FAILURE'
  | 'NO_SIGNING_CERTIFICATE_FOUND'
  | 'NO_CERTIFICATE_CHAIN_FOUND'
  | 'REVOKED_NO_POE'
  | 'REVOKED_CA_NO_POE'
  | 'OUT_OF_BOUNDS_NOT_REVOKED'
  | 'OUT_OF_BOUNDS_NO_POE'
  | 'NO_POE'
  | 'TRY_LATER'
  | 'SIGNED_DATA_NOT_FOUND'
  | 'GENERIC'

export type SignatureRole = 'individual' | 'agency' | 'timestamp' | 'unknown'
export type Coverage = 'whole-file' | 'revision' | 'partial'
export type ChangesAfter = 'none' | 'permitted' | 'forbidden'

/** A stable code and a message for people; a warning never changes the indication by itself. */
export interface Finding {
  readonly code: string
  readonly message: string
}

/** What the signer says of himself and his signature; signed by him and checked by nobody. Absent where he is silent. */
export interface SignerDetails {
  /** Object identifiers of commitments, such as proof of approval (ETSI EN 319 122-1 clause 5.2.3). */
  readonly commitmentTypes?: readonly string[]
  /** Identifier of the signature policy. */
  readonly signaturePolicy?: string
  /** Where he signed. */
  readonly location?: readonly string[]
  /** Object identifiers of the attributes that he claims for himself. */
  readonly claimedAttributes?: readonly string[]
  readonly mimeType?: string
  /** What the content is, in his words. */
  readonly contentHint?: string
}

/**
 * What one reference of an XML signature covers, as octets that were digested: the only form in which a caller may
 * use signed content (names, positions and Ids in the file prove nothing).
 */
export interface CoveredContent {
  /** The reference's URI; null where it has none. */
  readonly uri: string | null
  /** The path of the element in the file (`/Order/Payment[2]`), `/` for the document, null for data from elsewhere. */
  readonly path: string | null
  /** Whether filters left out parts of what the path names, signatures aside. */
  readonly filtered: boolean
  readonly octets: Uint8Array
}

export interface SignatureReport {
  /** Stable within the file: `sig-1`, `sig-2`, … in the order of signing. */
  readonly id: string
  /** The PDF field name or the XML Id. */
  readonly field: string | null
  /** Whether digest and signature value hold over the signed bytes, whatever the trust; null = not checkable. */
  readonly cryptoIntact: boolean | null
  readonly indication: Exclude<Indication, 'NO_SIGNATURE'>
  readonly subIndication: SubIndication | null
  /** `PAdES-B-B`, `XAdES-B-B`, `CAdES-B-B`, or the bare format where the baseline level is not met. */
  readonly level: string
  readonly role: SignatureRole
  /** Names as RFC 4514 strings, the serial as upper-case hexadecimal without separators. */
  readonly signer: { readonly subject: string; readonly serial: string; readonly issuer: string } | null
  /** ISO 8601 with zone: what the signer says. */
  readonly claimedTime: string | null
  /** ISO 8601 with zone: what a time-stamp proves. */
  readonly provenTime: string | null
  readonly coverage: Coverage
  /**
   * Of a PDF: length of the signed revision, which is the beginning of the file (`signedRevision` gives it). Absent
   * where no revision is covered to its end.
   */
  readonly signedLength?: number
  /** Code of the agency in the signer's certificate; null where it names none. */
  readonly agencyCode?: string | null
  readonly changesAfter: ChangesAfter
  readonly changes: readonly Finding[]
  readonly digestAlgorithm: string | null
  readonly signatureAlgorithm: string | null
  readonly warnings: readonly Finding[]
  /**
   * Of XML signatures whose digests and value hold: the content that they cover, in the order of the references, then
   * of the entries of manifests.
   */
  readonly covered?: readonly CoveredContent[]
  /** Absent where the signer says nothing. */
  readonly details?: SignerDetails
  /** The id of the signature that this one countersigns (RFC 5652 section 11.4); absent for others. */
  readonly counterSigns?: string
}

export type FileFormat = 'pdf' | 'xml' | 'edxml' | 'cms'

/** One line of `congvan verify --json` (design 7) without the file's name. */
export interface VerificationReport {
  readonly format: FileFormat | null
  readonly indication: Indication
  readonly subIndication: SubIndication | null
  readonly signatures: readonly SignatureReport[]
  readonly errors: readonly Finding[]
  /** What is not as the standard has it in the file as a whole and changes no verdict; absent where there is nothing. */
  readonly warnings?: readonly Finding[]
}

const severity: Record<Indication, number> = {
  TOTAL_PASSED: 0,
  NO_SIGNATURE: 1,
  INDETERMINATE: 2,
  TOTAL_FAILED: 3,
}

/** The worst of the signatures' indications with its sub-indication; `NO_SIGNATURE` when there is none. */
export function worstIndication(
  signatures: readonly Pick<SignatureReport, 'indication' | 'subIndication'>[],
): { indication: Indication; subIndication: SubIndication | null } {
  let worst: { indication: Indication; subIndication: SubIndication | null } | undefined
  for (const one of signatures) {
    if (worst === undefined || severity[one.indication] > severity[worst.indication]) {
      worst = { indication: one.indication, subIndication: one.subIndication }
    }
  }
  return worst ?? { indication: 'NO_SIGNATURE', subIndication: null }
}
