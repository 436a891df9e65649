/**
 * From a certificate up to a trust anchor: all paths are built that names and signatures allow, each is judged by
 * RFC 5280 section 6.1 (`path-rules.ts`), and the best verdict counts (ETSI EN 319 102-1 clause 5.2.6).
 *
 * An anchor may be any CA, also the issuing one, also the certificate itself. Self-issued loops, meshes of
 * cross-certificates and long chains end at fixed limits.
 */
import type { Finding, SubIndication } from '../report.ts'
import { type Certificate, parseCertificate, tryParseCertificate } from './certificate.ts'
import type { Purpose } from './certificate-use.ts'
import { judgePath, type PathVerdict } from './path-rules.ts'
import { readRevocationData } from './revocation.ts'
import { checkSignature, type SignatureCheck } from './verify-signature.ts'

export interface PathInput {
  /** The certificate in question, DER. */
  readonly certificate: Uint8Array
  /** Certificates that may stand between, DER, in any order, with no trust in themselves. */
  readonly intermediates: readonly Uint8Array[]
  readonly trustAnchors: readonly Uint8Array[]
  readonly crls: readonly Uint8Array[]
  readonly ocspResponses: readonly Uint8Array[]
  /** The moment at which the path is judged. */
  readonly time: Date
  /** Revocation is wanted when this is true or any CRL or OCSP response is given. */
  readonly requireRevocation: boolean
  readonly purpose: Purpose
}

export interface PathJudgement {
  readonly indication: 'TOTAL_PASSED' | 'INDETERMINATE' | 'TOTAL_FAILED'
  readonly subIndication: SubIndication | null
  /** The path judged, DER, from the certificate to the anchor; empty when none was found. */
  readonly path: readonly Uint8Array[]
  readonly warnings: readonly Finding[]
}

/** Certificates in a path with the anchor; real ones have two to four. */
const LONGEST_PATH = 12
/** Signature checks in one search: a mesh of cross-certificates must not stop the process. */
const MOST_CHECKS = 200
/** Complete paths that are judged. */
const MOST_PATHS = 40

/**
 * Judges a certificate for a purpose at a time.
 * @throws SigningError `CERTIFICATE_MALFORMED` for the certificate in question; broken others are left out
 */
export function validateCertificatePath(input: PathInput): PathJudgement {
  const certificate = parseCertificate(input.certificate)
  // Validity is given in whole seconds and includes the last one (RFC 5280 section 4.1.2.5).
  const time = new Date(Math.floor(input.time.getTime() / 1000) * 1000)
  const revocation = readRevocationData(input.crls, input.ocspResponses)
  const revocationWanted = input.requireRevocation || input.crls.length > 0 || input.ocspResponses.length > 0
  const search = findPaths(certificate, parseAll(input.intermediates), parseAll(input.trustAnchors))
  const verdicts = search.paths.map((path) =>
    judgePath(path, {
      time,
      purpose: input.purpose,
      revocation: revocationWanted ? revocation : undefined,
    }),
  )
  const best = bestOf(verdicts)
  const warnings: Finding[] = [...(best?.warnings ?? [])]
  if (revocation.unreadable > 0) {
    warnings.push({
      code: 'REVOCATION_DATA_UNREADABLE',
      message: `${revocation.unreadable} CRL or OCSP response could not be read`,
    })
  }
  if (search.exhausted) {
    warnings.push({ code: 'PATH_SEARCH_LIMITED', message: 'the search for paths ended at its limit' })
  }
  if (best === undefined) {
    const message = search.unsupported
      ? 'a signature on the way to an anchor uses an algorithm that is not supported'
      : 'no path to a trust anchor'
    warnings.push({ code: 'NO_CERTIFICATE_CHAIN_FOUND', message })
    return { indication: 'INDETERMINATE', subIndication: 'NO_CERTIFICATE_CHAIN_FOUND', path: [], warnings }
  }
  const { indication, subIndication, path } = best
  return { indication, subIndication, path: path.map(({ der }) => der), warnings }
}

/** One step of a path: a certificate and how its issuer's signature on it was found. */
export interface PathStep extends Certificate {
  /** Undefined for the anchor, whose own signature proves nothing. */
  readonly issuerSignature: SignatureCheck | undefined
}

interface Search {
  readonly paths: (readonly PathStep[])[]
  exhausted: boolean
  unsupported: boolean
}

function findPaths(
  target: Certificate,
  intermediates: readonly Certificate[],
  anchors: readonly Certificate[],
): Search {
  const search: Search = { paths: [], exhausted: false, unsupported: false }
  const anchorPrints = new Set(anchors.map(({ fingerprint }) => fingerprint))
  const bySubject = Map.groupBy([...anchors, ...intermediates], ({ subjectKey }) => subjectKey)
  let checks = 0

  function extend(below: readonly PathStep[], current: Certificate): void {
    if (anchorPrints.has(current.fingerprint)) {
      search.paths.push([...below, { ...current, issuerSignature: undefined }])
      return
    }
    if (below.length + 1 >= LONGEST_PATH) return
    for (const issuer of candidates(current, bySubject.get(current.issuerKey) ?? [])) {
      // The same name and key twice adds nothing to a path (RFC 5280 section 6.1: no certificate twice).
      const seen = [...below, current].some((one) => isSameEntity(one, issuer))
      if (seen) continue
      if (checks >= MOST_CHECKS || search.paths.length >= MOST_PATHS) {
        search.exhausted = true
        return
      }
      checks += 1
      const found = checkSignature(current, issuer.publicKey())
      if (found === 'unsupported') search.unsupported = true
      if (found === 'broken' || found === 'unsupported') continue
      extend([...below, { ...current, issuerSignature: found }], issuer)
    }
  }

  extend([], target)
  return search
}

/** Issuers by name, those whose key identifier fits first, anchors before others. Identifiers are hints only. */
function candidates(certificate: Certificate, named: readonly Certificate[]): readonly Certificate[] {
  const wanted = certificate.extensions.authorityKeyIdentifier
  const fits = ({ extensions: { subjectKeyIdentifier } }: Certificate) =>
    wanted !== undefined &&
    subjectKeyIdentifier !== undefined &&
    Buffer.compare(wanted, subjectKeyIdentifier) === 0
  return [...named.filter(fits), ...named.filter((one) => !fits(one))]
}

function isSameEntity(a: Certificate, b: Certificate): boolean {
  return a.subjectKey === b.subjectKey && Buffer.compare(a.publicKeyInfo, b.publicKeyInfo) === 0
}

/** Broken certificates among those offered are no obstacle; repeated ones count once. */
function parseAll(ders: readonly Uint8Array[]): readonly Certificate[] {
  const parsed = ders.flatMap((der) => tryParseCertificate(der) ?? [])
  return [...new Map(parsed.map((one) => [one.fingerprint, one])).values()]
}

/**
 * A pass, if there is one. A proven failure outranks what is only undecided; among the undecided the one counts that
 * came closest to a pass.
 */
function bestOf(verdicts: readonly PathVerdict[]): PathVerdict | undefined {
  return verdicts.toSorted((a, b) => a.rank - b.rank)[0]
}
