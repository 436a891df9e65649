/**
 * The status of one certificate from CRLs (RFC 5280 section 6.3.3): base and delta lists, indirect ones, those of some
 * reasons or some certificates only, signed by the key above in the path or by another one of the CRL's issuer.
 *
 * A list proves a certificate good for the reasons it covers when it is of the right scope, soundly signed, and either
 * current at the moment asked or issued later while the certificate had not expired. It proves it revoked even when it
 * is out of date or of a narrower scope: a revocation is not undone, and in doubt caution is right.
 */
import { SigningError } from '../errors.ts'
import type { Certificate } from './certificate.ts'
import { KEY_USAGE } from './certificate-extensions.ts'
import type { Crl, CrlEntry } from './crl.ts'
import { coveredReasons, isNamedIssuer, mayAnswerFor } from './crl-coverage.ts'
import { ALL_REASONS } from './distribution-points.ts'
import type { RevocationContext, RevocationQuestion } from './revocation-context.ts'
import {
  CERTIFICATE_HOLD,
  decisive,
  isEvidence,
  REMOVE_FROM_CRL,
  type RevocationStatus,
} from './revocation-evidence.ts'
import { checkSignature, isSound, type SignatureCheck } from './verify-signature.ts'

export function crlStatus(question: RevocationQuestion, context: RevocationContext): RevocationStatus {
  const { certificate, time } = question
  const answers: RevocationStatus[] = []
  const covering: Crl[] = []
  const combined = new Set<Crl>()
  let reasons = 0

  function weighComplete(crl: Crl, deltas: readonly Crl[]): void {
    const signer = findSigner(crl, question, context)
    if (signer === undefined) return
    const delta = newestDelta(crl, deltas, signer, context)
    if (delta !== undefined) combined.add(delta)
    const entry = findEntry(crl, delta, certificate)
    if (entry !== undefined && entry.revokedAt <= time) {
      answers.push(revoked(entry, delta ?? crl))
      return
    }
    const current = provesGood(crl, delta, signer.check, question)
    if (current === undefined) return
    reasons |= coveredReasons(crl, certificate)
    covering.push(current)
  }

  /** Without its base a delta proves nobody good, but a revocation that it names is one. */
  function weighDelta(delta: Crl): void {
    const entry = findEntry(delta, undefined, certificate)
    if (entry === undefined || entry.revokedAt > time) return
    if (findSigner(delta, question, context) !== undefined) answers.push(revoked(entry, delta))
  }

  const concerned = context.data.crls.filter((crl) => mayAnswerFor(crl, certificate))
  const deltas = concerned.filter(({ baseNumber }) => baseNumber !== undefined)
  for (const crl of concerned) if (crl.baseNumber === undefined) readable(() => weighComplete(crl, deltas))
  for (const delta of deltas) if (!combined.has(delta)) readable(() => weighDelta(delta))
  if (reasons === ALL_REASONS) {
    for (const { thisUpdate, nextUpdate } of covering) {
      answers.push({ status: 'good', source: 'crl', issuedAt: thisUpdate, nextUpdate })
    }
  }
  return decisive(answers)
}

/** Entries and their extensions are read when asked for; a broken one makes its list say nothing. */
function readable(weigh: () => void): void {
  try {
    weigh()
  } catch (error) {
    if (!(error instanceof SigningError)) throw error
  }
}

function revoked({ revokedAt, reason }: CrlEntry, { thisUpdate, nextUpdate }: Crl): RevocationStatus {
  return { status: 'revoked', source: 'crl', revokedAt, reason, issuedAt: thisUpdate, nextUpdate }
}

/**
 * Steps i to k: the delta knows better than the complete list. It removes an entry where a hold was lifted, and also
 * where the certificate expired (section 5.3.1), which undoes no revocation.
 */
function findEntry(crl: Crl, delta: Crl | undefined, certificate: Certificate): CrlEntry | undefined {
  const { issuerKey, serial, notAfter } = certificate
  const changed = delta?.find(issuerKey, serial)
  if (changed !== undefined && changed.reason !== REMOVE_FROM_CRL) return changed
  const listed = crl.find(issuerKey, serial)
  if (listed === undefined || listed.reason === REMOVE_FROM_CRL) return undefined
  const isLifted =
    changed !== undefined &&
    delta !== undefined &&
    listed.reason === CERTIFICATE_HOLD &&
    delta.thisUpdate <= notAfter &&
    !delta.hasUnknownCritical()
  return isLifted ? undefined : listed
}

/** The list whose dates count, when the absence of an entry proves something at that moment. */
function provesGood(
  crl: Crl,
  delta: Crl | undefined,
  check: SignatureCheck,
  { certificate, time }: RevocationQuestion,
): Crl | undefined {
  if (!isSound(check, crl, 'crl', time) || crl.hasUnknownCritical()) return undefined
  if (delta !== undefined && !delta.hasUnknownCritical() && isEvidence(delta, certificate, time)) return delta
  return isEvidence(crl, certificate, time) ? crl : undefined
}

interface CrlSigner {
  readonly certificate: Certificate
  readonly check: SignatureCheck
}

/**
 * Steps f and g: the key above in the path when it signed the list, otherwise another certificate of the CRL's issuer
 * with a valid path to the same anchor.
 */
function findSigner(
  crl: Crl,
  { certificate, issuer, time }: RevocationQuestion,
  context: RevocationContext,
): CrlSigner | undefined {
  const signs = (signer: Certificate): CrlSigner | undefined => {
    const { keyUsage } = signer.extensions
    if (keyUsage !== undefined && !keyUsage.has(KEY_USAGE.cRLSign)) return undefined
    const check = checkSignature(crl, signer, context.budget)
    return check === 'holds' || check === 'weak' ? { certificate: signer, check } : undefined
  }
  if (crl.issuerKey === issuer.subjectKey) {
    const found = signs(issuer)
    if (found !== undefined) return found
  }
  const moment = crl.thisUpdate > time ? crl.thisUpdate : time
  for (const other of context.bySubject(crl.issuerKey)) {
    if (other.keyFingerprint === issuer.keyFingerprint && other.subjectKey === issuer.subjectKey) continue
    const found = signs(other)
    if (found === undefined) continue
    if (isNamedForItself(other, crl, certificate) || context.isTrustedCrlIssuer(other, moment)) return found
  }
  return undefined
}

/**
 * Whether the status asked is that of the list's own signer, and its CA said in the certificate that this very issuer
 * publishes it. Its path is what is being judged; only the circle "whether the signer is revoked" is cut here.
 */
function isNamedForItself(signer: Certificate, crl: Crl, certificate: Certificate): boolean {
  return signer.fingerprint === certificate.fingerprint && isNamedIssuer(crl, certificate)
}

/** The newest delta to a complete list: same issuer, key and scope, numbers that fit (steps c and h, section 5.2.4). */
function newestDelta(
  crl: Crl,
  deltas: readonly Crl[],
  signer: CrlSigner,
  context: RevocationContext,
): Crl | undefined {
  let best: Crl | undefined
  for (const delta of deltas) {
    const { number, baseNumber } = delta
    if (delta.issuerKey !== crl.issuerKey || !isSameScope(crl, delta) || !isSameKey(crl, delta)) continue
    if (crl.number === undefined || number === undefined || baseNumber === undefined) continue
    if (crl.number < baseNumber || crl.number >= number || (best?.number ?? -1n) >= number) continue
    // A delta is believed only as far as its list is.
    if (checkSignature(delta, signer.certificate, context.budget) === signer.check) best = delta
  }
  return best
}

function isSameScope({ scope }: Crl, { scope: other }: Crl): boolean {
  if (scope === undefined || other === undefined) return scope === other
  return Buffer.compare(scope.raw, other.raw) === 0
}

function isSameKey(a: Crl, b: Crl): boolean {
  const [one, other] = [a.authorityKeyIdentifier?.keyIdentifier, b.authorityKeyIdentifier?.keyIdentifier]
  return one === undefined || other === undefined || Buffer.compare(one, other) === 0
}
