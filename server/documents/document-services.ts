import type { VerificationPolicy } from '../../signing/index.ts'
import type { FileStore } from '../files/file-store.ts'
import type { PageTextReader } from '../pages/page-text.ts'
import type { StatusAnnouncer } from './status-announcer.ts'

/** What the node believes in when it judges signatures: DER, read from its trust folder. */
export interface TrustStore {
  readonly anchors: readonly Uint8Array[]
  /** Certificates that may complete a path, with no trust in themselves. */
  readonly untrusted: readonly Uint8Array[]
  readonly crls: readonly Uint8Array[]
}

/** TrueType fonts, in which number and date are written on the page. */
export interface FillFonts {
  readonly number: Uint8Array
  /** The date line stands in italics (NĐ 30/2020 Phụ lục I, Phần I, II.4). */
  readonly date: Uint8Array
}

/** What the use cases of documents need beside the node's context. */
export interface DocumentServices {
  readonly files: FileStore
  readonly trust: TrustStore
  readonly fillFonts: FillFonts
  /** Reads what stands on the pages: marks of secrecy, places of signatures, text to be searched. */
  readonly pageText: PageTextReader
  readonly announce: StatusAnnouncer
}

/** The policy by which the node judges a document now. */
export function policyAt(
  trust: TrustStore,
  time: Date,
  profile: VerificationPolicy['profile'],
): VerificationPolicy {
  return {
    trustAnchors: trust.anchors,
    untrusted: trust.untrusted,
    crls: trust.crls,
    ocspResponses: [],
    time,
    requireRevocation: true,
    legacy: false,
    profile,
  }
}
