/**
 * One signer of a `SignedData`: which certificate signed, whether digest and signature value hold over the content
 * and the signed attributes as received, and whether the algorithms are good enough (ETSI EN 319 102-1 clauses
 * 5.2.2, 5.2.3, 5.2.7 and 5.2.8).
 */
import type { KeyObject } from 'node:crypto'
import {
  type DigestAlgorithm,
  type DigestPurpose,
  digestAcceptableUntil,
  digestGoesWith,
  keyStrength,
  type SignatureAlgorithm,
  type VerifyOptions,
  verifyData,
  verifyParts,
} from '../algorithms.ts'
import { SigningError } from '../errors.ts'
import type { Finding } from '../report.ts'
import { failed, type Objection, undecided } from '../validation/objection.ts'
import type { Weakness } from '../validation/weakness.ts'
import { type Certificate, tryParseCertificate } from '../x509/certificate.ts'
import { parseDer, TAG } from '../x509/der.ts'
import { readOid } from '../x509/der-values.ts'
import { setOf } from '../x509/der-write.ts'
import { nameKey } from '../x509/name.ts'
import { checkCost, checkSignature, isCostly } from '../x509/verify-signature.ts'
import { WorkBudget } from '../x509/work-budget.ts'
import { ATTRIBUTE_OID } from './oids.ts'
import type { ParsedSignedData, ParsedSigner } from './parse-signed-data.ts'
import { readSignedAttributes, type SignedAttributes } from './signed-attributes.ts'

export interface SignerInput {
  readonly data: ParsedSignedData
  readonly signer: ParsedSigner
  /** Digest of the signed content; null when the content is not at hand. */
  readonly contentDigest: ((digest: DigestAlgorithm) => Uint8Array) | null
  /** The content itself, for signatures without signed attributes; undefined when it is not at hand. */
  readonly contentParts?: readonly Uint8Array[] | undefined
  /** A counter-signature (RFC 5652 section 11.4): the content is a signature value and has no type. */
  readonly isCounterSignature?: boolean
  /** Where the signer's certificate may be found, DER. */
  readonly certificates: readonly Uint8Array[]
  /** What the digests of the signature serve. */
  readonly purpose: DigestPurpose
  /** Shared by all validations for one file. */
  readonly fileBudget?: WorkBudget | undefined
}

export interface SignerFacts {
  readonly cryptoIntact: boolean | null
  readonly certificate: Certificate | null
  readonly attributes: SignedAttributes
  readonly digestAlgorithm: string | null
  readonly signatureAlgorithm: string | null
  readonly objections: readonly Objection[]
  /** What is weak; it depends on the time what follows from it. */
  readonly weaknesses: readonly Weakness[]
  readonly warnings: readonly Finding[]
}

export function judgeSigner(input: SignerInput): SignerFacts {
  const { data, signer, contentDigest, purpose } = input
  const objections: Objection[] = []
  const warnings: Finding[] = []
  const attributes = readSignedAttributes(signer, input.isCounterSignature === true ? null : data.contentType)
  const { digestAlgorithm, signatureAlgorithm } = signer
  const digest = 'unknown' in digestAlgorithm ? undefined : digestAlgorithm
  const algorithm = 'unknown' in signatureAlgorithm ? undefined : signatureAlgorithm.algorithm
  const hasAttributes = signer.signedAttributesDer !== undefined
  if (hasAttributes) objections.push(...attributes.objections)
  else objections.push(...bareObjections(input))

  const digestHolds = hasAttributes ? compareDigest(attributes, digest, contentDigest) : null
  const { certificate, signatureHolds, isLimited } = findSigner(input, attributes)
  if (digestHolds === false) {
    objections.push(failed('HASH_FAILURE', 'HASH_FAILURE', 'the content is not what was signed'))
  }
  if (signatureHolds === false) {
    objections.push(failed('SIG_CRYPTO_FAILURE', 'SIG_CRYPTO_FAILURE', 'the signature value does not hold'))
  }
  if (signatureHolds === null && certificate !== null && algorithm !== undefined) {
    // Nothing may pass whose signature value was not computed, whatever the certificate is good for.
    const code = isLimited ? 'SIGNATURE_CHECKS_LIMITED' : 'ALGORITHM_UNSUPPORTED'
    const message = isLimited
      ? 'the file asks for more signature checks than are made'
      : 'the signature value could not be checked with the key of the certificate'
    objections.push(undecided('CRYPTO_CONSTRAINTS_FAILURE', code, message))
  }
  if (contentDigest === null) {
    objections.push(
      undecided('SIGNED_DATA_NOT_FOUND', 'SIGNED_DATA_NOT_FOUND', 'the signed content is not at hand'),
    )
  }
  if (certificate === null) {
    const message = 'the certificate of the signer is not at hand'
    objections.push(undecided('NO_SIGNING_CERTIFICATE_FOUND', 'NO_SIGNING_CERTIFICATE_FOUND', message))
  } else {
    objections.push(...bindingObjections(input, attributes, certificate))
  }
  if (digest === undefined) objections.push(unsupported('digest', digestAlgorithm))
  if (algorithm === undefined) objections.push(unsupported('signature', signatureAlgorithm))
  if (digest !== undefined && algorithm !== undefined && !digestGoesWith(digest, algorithm)) {
    const message = `${digest.name} for the content, ${algorithm.name} for the signature`
    objections.push(undecided('CRYPTO_CONSTRAINTS_FAILURE', 'ALGORITHM_MISMATCH', message))
  }
  if (digest !== undefined && !data.digestAlgorithms.includes(digest)) {
    const message = `${digest.name} is not among digestAlgorithms`
    objections.push(failed('FORMAT_FAILURE', 'DIGEST_ALGORITHM_NOT_DECLARED', message))
  }
  judgeVersions(input, objections, warnings)
  if (algorithm?.scheme === 'EdDSA' || algorithm?.scheme === 'ML-DSA') {
    warnings.push({
      code: 'ALGORITHM_NOT_LISTED',
      message: `${algorithm.name} is not listed in TT 15/2025/TT-BKHCN`,
    })
  }
  if (!signer.signedAttributesSorted) {
    warnings.push({
      code: 'SIGNED_ATTRIBUTES_NOT_SORTED',
      message: 'signed attributes are not in the order of DER',
    })
  }
  return {
    cryptoIntact: bothHold(digestHolds, signatureHolds, attributes, hasAttributes),
    certificate,
    attributes,
    digestAlgorithm: digest?.name ?? null,
    signatureAlgorithm: algorithm?.name ?? null,
    objections,
    weaknesses: [...weaknessesOf(certificate, [digest, algorithm?.digest], purpose)],
    warnings,
  }
}

/**
 * Version numbers follow from the contents and mean nothing besides (RFC 5652 sections 5.1 and 5.3). Some programs write
 * 1 whatever is there.
 */
function judgeVersions(
  { data, signer, purpose }: SignerInput,
  objections: Objection[],
  warnings: Finding[],
): void {
  const wrong = [data, signer].filter(({ version, dueVersion }) => version !== dueVersion)
  if (wrong.length === 0) return
  const message = 'a version number does not fit the contents'
  const isTolerated = purpose === 'document' && wrong.every(({ version }) => version === 1)
  if (isTolerated) warnings.push({ code: 'CMS_VERSION', message })
  else objections.push(undecided('SIG_CONSTRAINTS_FAILURE', 'CMS_VERSION', message))
}

/**
 * Without signed attributes the signature is over the content itself, and nothing binds type, digest and certificate.
 * Content that is itself a set of attributes may have been signed as such: whoever drops the attributes of a signature
 * and hands them out as content has a value that holds (RFC 5652 section 5.4 distinguishes them by one octet only).
 */
function* bareObjections({ contentParts }: SignerInput): Generator<Objection> {
  const message = 'nothing binds type and digest'
  yield undecided('SIG_CONSTRAINTS_FAILURE', 'NO_SIGNED_ATTRIBUTES', message)
  if (contentParts !== undefined && looksLikeAttributes(contentParts)) {
    const reason = 'the content is a set of signed attributes'
    yield failed('FORMAT_FAILURE', 'SIGNED_ATTRIBUTES_AS_CONTENT', reason)
  }
}

/** Whether the content is a DER SET that has a message-digest attribute. */
function looksLikeAttributes(parts: readonly Uint8Array[]): boolean {
  const size = parts.reduce((sum, part) => sum + part.length, 0)
  const first = parts.find((part) => part.length > 0)?.[0]
  if (first !== TAG.SET || size > MOST_ATTRIBUTES) return false
  try {
    return parseDer(Buffer.concat(parts)).children.some(({ tag, children: [type] }) => {
      return tag === TAG.SEQUENCE && type?.tag === TAG.OID && readOid(type) === ATTRIBUTE_OID.messageDigest
    })
  } catch (error) {
    if (error instanceof SigningError) return false
    throw error
  }
}

/** Bytes; signed attributes with a whole revocation archive are shorter. */
const MOST_ATTRIBUTES = 16 * 1024 * 1024

/**
 * Whether what identifies the certificates is what was signed. The signer's identifier and the embedded certificates
 * are not signed themselves; only the signing-certificate attribute ties them.
 */
function* bindingObjections(
  { data, signer, fileBudget }: SignerInput,
  { named }: SignedAttributes,
  certificate: Certificate,
): Generator<Objection> {
  const [own] = named ?? []
  if (own !== undefined && own.digest === undefined) {
    yield undecided(
      'CRYPTO_CONSTRAINTS_FAILURE',
      'ALGORITHM_UNSUPPORTED',
      'digest that names the certificate',
    )
    return
  }
  if (own !== undefined && !own.matches(certificate.der)) {
    const message = 'the certificate is not the one that the signature names'
    yield failed('FORMAT_FAILURE', 'SIGNING_CERTIFICATE_MISMATCH', message)
  }
  const { identifier } = signer
  if ('issuer' in identifier) {
    const { raw } = identifier.issuer
    const isExact = isEqual(raw, certificate.issuer.raw) || own?.issuers.some((one) => isEqual(raw, one))
    if (!isExact) {
      const message = 'the issuer is written in another way than in the certificate'
      yield undecided('SIG_CONSTRAINTS_FAILURE', 'SIGNER_IDENTIFIER', message)
    }
  }
  const embedded = data.certificates.slice(0, MOST_COMPARED)
  const isMissing = named?.some((one) => !embedded.some((der) => one.matches(der))) === true
  if (isMissing && hasForged(data, named, fileBudget)) {
    const message = 'a certificate that the signature names is missing, and one that nobody issued is there'
    yield undecided('SIG_CONSTRAINTS_FAILURE', 'EMBEDDED_CERTIFICATE_EXCHANGED', message)
  }
}

/** Embedded certificates that are compared with those named; real signatures carry fewer than ten. */
const MOST_COMPARED = 200

/**
 * Whether an embedded certificate that the signature does not name bears no signature of another embedded one. Those of
 * time-stamping authorities and OCSP responders, which signers do not name, mostly do.
 */
function hasForged(
  data: ParsedSignedData,
  named: SignedAttributes['named'],
  fileBudget: WorkBudget | undefined,
): boolean {
  const unnamed = [...data.certificates, ...data.otherCertificates]
    .slice(0, MOST_COMPARED)
    .filter((der) => named?.some((one) => one.matches(der)) !== true)
  const parsed = data.certificates.slice(0, MOST_COMPARED).flatMap((der) => tryParseCertificate(der) ?? [])
  const budget = new WorkBudget(fileBudget)
  return unnamed.some((der) => {
    const certificate = tryParseCertificate(der)
    if (certificate === undefined) return true
    const issuers = parsed.filter(({ subjectKey }) => subjectKey === certificate.issuerKey)
    return !issuers.some((issuer) => checkSignature(certificate, issuer, budget) === 'holds')
  })
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}

/** A missing or repeated message-digest means that no digest holds; what could not be checked leaves it open. */
function bothHold(
  digestHolds: boolean | null,
  signatureHolds: boolean | null,
  attributes: SignedAttributes,
  hasAttributes: boolean,
): boolean | null {
  if (!hasAttributes) return signatureHolds
  if (attributes.messageDigest === undefined) return false
  if (digestHolds === false || signatureHolds === false) return false
  return digestHolds === null || signatureHolds === null ? null : true
}

function compareDigest(
  { messageDigest }: SignedAttributes,
  digest: DigestAlgorithm | undefined,
  contentDigest: SignerInput['contentDigest'],
): boolean | null {
  if (messageDigest === undefined || digest === undefined || contentDigest === null) return null
  return Buffer.compare(contentDigest(digest), messageDigest) === 0
}

/**
 * The certificate that the signer names. Where several bear the same issuer and serial, the one that the
 * signing-certificate attribute names, else one under whose key the signature holds.
 */
function findSigner(
  { signer, certificates, contentParts, fileBudget }: SignerInput,
  { named }: SignedAttributes,
): FoundSigner {
  const budget = new WorkBudget(fileBudget)
  const check = (certificate: Certificate): FoundSigner => {
    const holds = signatureHolds(signer, certificate, contentParts, budget)
    return { certificate, signatureHolds: holds, isLimited: budget.findings().length > 0 }
  }
  const fitting = certificates
    .flatMap((der) => tryParseCertificate(der) ?? [])
    .filter((certificate) => isNamedBy(signer, certificate))
  const own =
    fitting.find(({ der }) => named?.[0]?.matches(der)) ?? (fitting.length === 1 ? fitting[0] : undefined)
  if (own !== undefined) return check(own)
  // Certificates over one key tell nothing new; and every other key costs a check.
  const byKey = new Map(fitting.toReversed().map((one) => [one.keyFingerprint, one]))
  let first: FoundSigner | undefined
  for (const [index, one] of [...byKey.values()].toReversed().entries()) {
    // Among those left may be the right one.
    if (first !== undefined && index >= MOST_TRIED) return { ...first, signatureHolds: null, isLimited: true }
    const found = check(one)
    if (found.signatureHolds === true) return found
    first ??= found
  }
  return first ?? { certificate: null, signatureHolds: null, isLimited: false }
}

interface FoundSigner {
  readonly certificate: Certificate | null
  readonly signatureHolds: boolean | null
  /** The budget for signature checks was spent. */
  readonly isLimited: boolean
}

/** Keys that are tried where several certificates are named alike; in files in use there are one or two. */
const MOST_TRIED = 8

function isNamedBy({ identifier }: ParsedSigner, certificate: Certificate): boolean {
  if ('issuer' in identifier) {
    return (
      isEqual(identifier.serial, certificate.serial) &&
      (isEqual(identifier.issuer.raw, certificate.issuer.raw) ||
        nameKey(identifier.issuer) === certificate.issuerKey)
    )
  }
  const own = certificate.extensions.subjectKeyIdentifier
  return own !== undefined && Buffer.compare(own, identifier.subjectKeyIdentifier) === 0
}

function signatureHolds(
  signer: ParsedSigner,
  certificate: Certificate,
  contentParts: SignerInput['contentParts'],
  budget: WorkBudget,
): boolean | null {
  const { signatureAlgorithm, signedAttributesDer: attributes, signature } = signer
  const key = certificate.publicKey()
  if ('unknown' in signatureAlgorithm || key === undefined || isCostly(key)) return null
  if (!budget.spend('signatures', checkCost(key))) return null
  const { algorithm, ...options } = signatureAlgorithm
  if (attributes === undefined) {
    if (contentParts === undefined) return null
    return verifyParts(algorithm, key, contentParts, signature, options)
  }
  if (verifyData(algorithm, key, attributes, signature, options)) return true
  return !signer.signedAttributesSorted && holdsSorted(algorithm, key, attributes, signature, options)
}

/** RFC 5652 section 5.4 signs the DER encoding, which is sorted, whatever order was then stored. */
function holdsSorted(
  algorithm: SignatureAlgorithm,
  key: KeyObject,
  attributes: Uint8Array,
  signature: Uint8Array,
  options: VerifyOptions,
): boolean {
  const sorted = setOf(parseDer(attributes).children.map(({ raw }) => raw))
  return verifyData(algorithm, key, sorted, signature, options)
}

function unsupported(what: string, found: object): Objection {
  const name = 'unknown' in found ? String(found.unknown) : ''
  return undecided('CRYPTO_CONSTRAINTS_FAILURE', 'ALGORITHM_UNSUPPORTED', `${what} algorithm ${name}`)
}

/** Broken digests and short keys, with the time up to which they are let pass (design 7). */
function* weaknessesOf(
  certificate: Certificate | null,
  digests: readonly (DigestAlgorithm | undefined)[],
  purpose: DigestPurpose,
): Generator<Weakness> {
  for (const digest of new Set(digests)) {
    const until = digest === undefined ? undefined : digestAcceptableUntil(digest, purpose)
    if (digest === undefined || until === undefined) continue
    yield { code: 'WEAK_DIGEST', message: `${digest.name} is broken`, acceptableUntil: until }
  }
  const key = certificate?.publicKey()
  const strength = key === undefined ? undefined : keyStrength(key)
  if (strength !== undefined && !strength.acceptable) {
    yield { code: 'WEAK_KEY', message: `key ${strength.name}`, acceptableUntil: null }
  }
}
