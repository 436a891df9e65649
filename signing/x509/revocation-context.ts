import type { Certificate } from './certificate.ts'
import type { Crl } from './crl.ts'
import type { OcspResponse } from './ocsp.ts'
import type { WorkBudget } from './work-budget.ts'

/** Parsed lists and responses, each read once; broken ones are counted and left out. */
export interface RevocationData {
  readonly crls: readonly Crl[]
  readonly ocspResponses: readonly OcspResponse[]
  readonly unreadable: number
}

/** The certificate whose status is asked, the one above it in the path, and the moment in question. */
export interface RevocationQuestion {
  readonly certificate: Certificate
  readonly issuer: Certificate
  readonly time: Date
}

/** What answering needs besides; made for one path, since signers must lead to the anchor of that path. */
export interface RevocationContext {
  readonly data: RevocationData
  readonly budget: WorkBudget
  /** Only responses with this nonce count; undefined asks for none. */
  readonly ocspNonce: Uint8Array | undefined
  /** Certificates on offer, anchors included, whose subject has this `nameKey`. */
  bySubject(subjectKey: string): readonly Certificate[]
  /** Whether a certificate of a CRL issuer has a valid path to the same anchor, revocation included. */
  isTrustedCrlIssuer(certificate: Certificate, time: Date): boolean
  /**
   * Whether an OCSP responder stands, whose signature on a response made at that time holds: below `issuer` by a
   * certificate for the purpose, judged like any other, or configured as an anchor of its own.
   */
  isTrustedResponder(responder: Certificate, issuer: Certificate, producedAt: Date): boolean
}
