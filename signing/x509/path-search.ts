/**
 * From a certificate up to the trust anchors: all paths that names and signatures allow, the most promising first.
 *
 * An anchor may be any CA, also the issuing one, also the certificate itself. A search first learns from names alone
 * how far each issuer is from an anchor, so that it goes nowhere else and ends soon in a mesh of cross certificates.
 */
import { type Certificate, tryParseCertificate } from './certificate.ts'
import type { AuthorityKeyIdentifier } from './certificate-extensions.ts'
import { directoryKeys } from './distribution-points.ts'
import { checkSignature, type SignatureCheck } from './verify-signature.ts'
import type { WorkBudget } from './work-budget.ts'

/** One step of a path: a certificate and how its issuer's signature on it was found. */
export interface PathStep {
  readonly certificate: Certificate
  /** Undefined for the anchor, whose own signature proves nothing. */
  readonly issuerSignature: SignatureCheck | undefined
}

/** From the certificate in question to the anchor. */
export type CertificatePath = readonly PathStep[]

/** Certificates in a path with the anchor; real ones have two to four. */
const LONGEST_PATH = 12

/** The certificates on offer, parsed and sorted once for all searches of one validation. */
export class CertificatePool {
  readonly anchors: ReadonlyMap<string, Certificate>
  readonly #bySubject: ReadonlyMap<string, readonly Certificate[]>
  /** Certificates between an issuer's name and the nearest anchor of that name or above. */
  readonly #distance: ReadonlyMap<string, number>

  /** Broken certificates among those offered are no obstacle; repeated ones count once. */
  constructor(anchors: readonly Uint8Array[], intermediates: readonly Uint8Array[]) {
    this.anchors = new Map(parseAll(anchors).map((one) => [one.fingerprint, one]))
    const others = parseAll(intermediates).filter(({ fingerprint }) => !this.anchors.has(fingerprint))
    const all = [...this.anchors.values(), ...others]
    this.#bySubject = Map.groupBy(all, ({ subjectKey }) => subjectKey)
    this.#distance = distances(this.anchors.values(), all)
  }

  bySubject(subjectKey: string): readonly Certificate[] {
    return this.#bySubject.get(subjectKey) ?? []
  }

  /** Infinite where names lead to no anchor. */
  distance(subjectKey: string): number {
    return this.#distance.get(subjectKey) ?? Number.POSITIVE_INFINITY
  }
}

function parseAll(ders: readonly Uint8Array[]): readonly Certificate[] {
  const parsed = ders.flatMap((der) => tryParseCertificate(der) ?? [])
  return [...new Map(parsed.map((one) => [one.fingerprint, one])).values()]
}

/** Breadth first, from the anchors' names down to the names that they and those below issued for. */
function distances(anchors: Iterable<Certificate>, all: readonly Certificate[]): ReadonlyMap<string, number> {
  const issuedBy = Map.groupBy(all, ({ issuerKey }) => issuerKey)
  const found = new Map<string, number>()
  let level = [...anchors].map(({ subjectKey }) => subjectKey)
  for (let distance = 0; level.length > 0; distance += 1) {
    const reached = level.filter((name) => !found.has(name))
    for (const name of reached) found.set(name, distance)
    level = reached.flatMap((name) => (issuedBy.get(name) ?? []).map(({ subjectKey }) => subjectKey))
  }
  return found
}

export interface SearchOutcome {
  /** A signature on the way uses an algorithm or key that is not supported. */
  unsupported: boolean
}

/** Yields paths one by one, so that whoever finds a good one need not wait for the rest. */
export function* findPaths(
  target: Certificate,
  pool: CertificatePool,
  budget: WorkBudget,
  outcome: SearchOutcome,
): Generator<CertificatePath> {
  yield* extend([], target)

  function* extend(below: CertificatePath, current: Certificate): Generator<CertificatePath> {
    if (pool.anchors.has(current.fingerprint)) {
      if (budget.spend('paths')) yield [...below, { certificate: current, issuerSignature: undefined }]
      return
    }
    if (below.length + 1 >= LONGEST_PATH) return
    for (const issuer of candidates(current, pool)) {
      if (below.length + 2 + pool.distance(issuer.subjectKey) > LONGEST_PATH) continue
      // The same name and key twice adds nothing to a path (RFC 5280 section 6.1: no certificate twice).
      if (isSameEntity(current, issuer) || below.some(({ certificate }) => isSameEntity(certificate, issuer)))
        continue
      if (!budget.spend('path-steps')) return
      const issuerSignature = checkSignature(current, issuer, budget)
      if (issuerSignature === 'unsupported') outcome.unsupported = true
      if (issuerSignature === 'broken' || issuerSignature === 'unsupported') continue
      if (issuerSignature === 'unchecked') return
      yield* extend([...below, { certificate: current, issuerSignature }], issuer)
    }
  }
}

/** Issuers by name: those that the certificate's hints name first, then the nearest to an anchor. */
function candidates(certificate: Certificate, pool: CertificatePool): readonly Certificate[] {
  const named = pool.bySubject(certificate.issuerKey)
  if (named.length < 2) return named
  return named
    .map((issuer) => ({
      issuer,
      mismatch: hintMismatch(certificate, issuer),
      distance: stepsFrom(issuer, pool),
    }))
    .filter(({ distance }) => distance < LONGEST_PATH)
    .toSorted((a, b) => a.mismatch - b.mismatch || a.distance - b.distance)
    .map(({ issuer }) => issuer)
}

function stepsFrom(issuer: Certificate, pool: CertificatePool): number {
  return pool.anchors.has(issuer.fingerprint) ? 0 : 1 + pool.distance(issuer.issuerKey)
}

/**
 * How far an issuer is from what the authority key identifier names (RFC 5280 section 4.2.1.1): 0 where nothing speaks
 * against it. A hint never excludes an issuer: cross certificates and renewed ones carry other numbers.
 */
export function hintMismatch(certificate: Certificate, issuer: Certificate): 0 | 1 | 2 {
  const wanted = certificate.extensions.authorityKeyIdentifier
  const own = issuer.extensions.subjectKeyIdentifier
  if (wanted === undefined) return 0
  if (
    wanted.keyIdentifier !== undefined &&
    own !== undefined &&
    Buffer.compare(wanted.keyIdentifier, own) !== 0
  ) {
    return 2
  }
  if (wanted.serial !== undefined && Buffer.compare(wanted.serial, issuer.serial) !== 0) return 1
  const names = namedIssuers(wanted)
  return names.length > 0 && !names.includes(issuer.issuerKey) ? 1 : 0
}

const issuerNames = new WeakMap<AuthorityKeyIdentifier, readonly string[]>()

/** Asked for each pair of certificates, and names may be long. */
function namedIssuers(hint: AuthorityKeyIdentifier): readonly string[] {
  const names = issuerNames.get(hint) ?? directoryKeys(hint.issuer ?? [])
  issuerNames.set(hint, names)
  return names
}

function isSameEntity(a: Certificate, b: Certificate): boolean {
  return a.subjectKey === b.subjectKey && a.keyFingerprint === b.keyFingerprint
}
