/**
 * One signer of a `SignedData`: which certificate signed, whether digest and signature value hold over the content
 * and the signed attributes as received, and whether the algorithms are good enough (ETSI EN 319 102-1 clauses
 * 5.2.2, 5.2.3, 5.2.7 and 5.2.8).
 */
import { type DigestAlgorithm, keyStrength, verifyData } from '../algorithms.ts'
import type { Finding } from '../report.ts'
import { type Certificate, tryParseCertificate } from '../x509/certificate.ts'
import { nameKey } from '../x509/name.ts'
import { failed, type Objection, undecided } from './objection.ts'
import type { ParsedSignedData, ParsedSigner } from './parse-signed-data.ts'
import { readSignedAttributes, type SignedAttributes } from './signed-attributes.ts'

export interface SignerInput {
  readonly data: ParsedSignedData
  readonly signer: ParsedSigner
  /** Digest of the signed content; null when the content is not at hand. */
  readonly contentDigest: ((digest: DigestAlgorithm) => Uint8Array) | null
  /** Where the signer's certificate may be found, DER. */
  readonly certificates: readonly Uint8Array[]
  readonly legacy: boolean
}

export interface SignerFacts {
  readonly cryptoIntact: boolean | null
  readonly certificate: Certificate | null
  readonly attributes: SignedAttributes
  readonly digestAlgorithm: string | null
  readonly signatureAlgorithm: string | null
  readonly objections: readonly Objection[]
  readonly warnings: readonly Finding[]
}

export function judgeSigner(input: SignerInput): SignerFacts {
  const { data, signer, contentDigest, legacy } = input
  const objections: Objection[] = []
  const warnings: Finding[] = []
  const attributes = readSignedAttributes(data, signer)
  const { digestAlgorithm, signatureAlgorithm } = signer
  const digest = 'unknown' in digestAlgorithm ? undefined : digestAlgorithm
  const algorithm = 'unknown' in signatureAlgorithm ? undefined : signatureAlgorithm.algorithm
  const hasAttributes = signer.signedAttributesDer !== undefined
  if (hasAttributes) objections.push(...attributes.objections)
  else
    objections.push(
      undecided('SIG_CONSTRAINTS_FAILURE', 'NO_SIGNED_ATTRIBUTES', 'nothing binds type and digest'),
    )

  const digestHolds = hasAttributes ? compareDigest(attributes, digest, contentDigest) : null
  const { certificate, signatureHolds } = findSigner(input, attributes)
  if (digestHolds === false) {
    objections.push(failed('HASH_FAILURE', 'HASH_FAILURE', 'the content is not what was signed'))
  }
  if (signatureHolds === false) {
    objections.push(failed('SIG_CRYPTO_FAILURE', 'SIG_CRYPTO_FAILURE', 'the signature value does not hold'))
  }
  if (hasAttributes && contentDigest === null) {
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
  if (digest !== undefined && algorithm !== undefined && digest !== algorithm.digest) {
    const message = `${digest.name} for the content, ${algorithm.name} for the signature`
    objections.push(failed('FORMAT_FAILURE', 'ALGORITHM_MISMATCH', message))
  }
  if (digest !== undefined && !data.digestAlgorithms.includes(digest)) {
    const message = `${digest.name} is not among digestAlgorithms`
    objections.push(failed('FORMAT_FAILURE', 'DIGEST_ALGORITHM_NOT_DECLARED', message))
  }
  if (data.version !== data.dueVersion || signer.version !== signer.dueVersion) {
    const message = 'a version number does not fit the contents'
    objections.push(undecided('SIG_CONSTRAINTS_FAILURE', 'CMS_VERSION', message))
  }
  if (algorithm?.scheme === 'EdDSA') {
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
  objections.push(...weaknesses(certificate, [digest, algorithm?.digest], legacy))
  return {
    cryptoIntact: bothHold(digestHolds, signatureHolds, attributes, hasAttributes),
    certificate,
    attributes,
    digestAlgorithm: digest?.name ?? null,
    signatureAlgorithm: algorithm?.name ?? null,
    objections,
    warnings,
  }
}

/**
 * Whether what identifies the certificates is what was signed. The signer's identifier and the embedded certificates
 * are not signed themselves; only the signing-certificate attribute ties them.
 */
function* bindingObjections(
  { data, signer }: SignerInput,
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
  const embedded = [...data.certificates, ...data.otherCertificates]
  const isMissing = named?.some((one) => !data.certificates.some((der) => one.matches(der)))
  const isForeign = embedded.some((der) => !named?.some((one) => one.matches(der)))
  if (isMissing && isForeign) {
    const message = 'a certificate that the signature names was exchanged for another'
    yield failed('FORMAT_FAILURE', 'EMBEDDED_CERTIFICATE_EXCHANGED', message)
  }
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
  if (hasAttributes && attributes.messageDigest === undefined) return false
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
  { signer, certificates }: SignerInput,
  { named }: SignedAttributes,
): { certificate: Certificate | null; signatureHolds: boolean | null } {
  const fitting = certificates
    .flatMap((der) => tryParseCertificate(der) ?? [])
    .filter((certificate) => isNamedBy(signer, certificate))
  const [first] = fitting
  const own =
    fitting.find(({ der }) => named?.[0]?.matches(der)) ?? (fitting.length === 1 ? first : undefined)
  if (own !== undefined) return { certificate: own, signatureHolds: signatureHolds(signer, own) }
  const holder = fitting.find((one) => signatureHolds(signer, one) === true)
  if (holder !== undefined) return { certificate: holder, signatureHolds: true }
  return {
    certificate: first ?? null,
    signatureHolds: first === undefined ? null : signatureHolds(signer, first),
  }
}

function isNamedBy({ identifier }: ParsedSigner, certificate: Certificate): boolean {
  if ('issuer' in identifier) {
    return (
      Buffer.compare(identifier.serial, certificate.serial) === 0 &&
      nameKey(identifier.issuer) === certificate.issuerKey
    )
  }
  const own = certificate.extensions.subjectKeyIdentifier
  return own !== undefined && Buffer.compare(own, identifier.subjectKeyIdentifier) === 0
}

function signatureHolds(signer: ParsedSigner, certificate: Certificate): boolean | null {
  const { signatureAlgorithm, signedAttributesDer, signature } = signer
  const key = certificate.publicKey()
  if (signedAttributesDer === undefined || 'unknown' in signatureAlgorithm || key === undefined) return null
  const { algorithm, saltLength } = signatureAlgorithm
  return verifyData(
    algorithm,
    key,
    signedAttributesDer,
    signature,
    saltLength === undefined ? {} : { saltLength },
  )
}

function unsupported(what: string, found: object): Objection {
  const name = 'unknown' in found ? String(found.unknown) : ''
  return undecided('CRYPTO_CONSTRAINTS_FAILURE', 'ALGORITHM_UNSUPPORTED', `${what} algorithm ${name}`)
}

/**
 * SHA-1 and short keys never pass. Without `legacy` they are shut out for good; with it the open question is only
 * when the signature was made, which a time-stamp could answer (EN 319 102-1 clause 5.2.8.4).
 */
function* weaknesses(
  certificate: Certificate | null,
  digests: readonly (DigestAlgorithm | undefined)[],
  legacy: boolean,
): Generator<Objection> {
  const sub = legacy ? 'CRYPTO_CONSTRAINTS_FAILURE_NO_POE' : 'CRYPTO_CONSTRAINTS_FAILURE'
  const weak = digests.find((digest) => digest?.weak)
  if (weak !== undefined) yield undecided(sub, 'WEAK_DIGEST', `${weak.name} is broken`)
  const key = certificate?.publicKey()
  const strength = key === undefined ? undefined : keyStrength(key)
  if (strength !== undefined && !strength.acceptable) yield undecided(sub, 'WEAK_KEY', `key ${strength.name}`)
}
