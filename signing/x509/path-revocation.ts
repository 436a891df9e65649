/** Who may sign CRLs and OCSP responses for the certificates of a path: they are judged by the same rules. */
import type { Certificate } from './certificate.ts'
import { EXTENSION } from './certificate-extensions.ts'
import { OCSP_SIGNING } from './certificate-use.ts'
import { judgePath, type PathRules } from './path-rules.ts'
import { type CertificatePath, type CertificatePool, findPaths } from './path-search.ts'
import { revocationStatus } from './revocation.ts'
import type { RevocationContext, RevocationData } from './revocation-context.ts'
import { checkSignature } from './verify-signature.ts'

export interface RevocationSettings {
  readonly pool: CertificatePool
  readonly data: RevocationData
  readonly ocspNonce: Uint8Array | undefined
  /** Everything but the revocation context itself. */
  readonly rules: Omit<PathRules, 'revocation' | 'purpose'>
}

/** A list may be signed by an issuer whose own status stands on a list of another issuer, and so on: so far. */
const DEEPEST = 3

/** The context for one path; `above` names the signers whose trust is being judged right now. */
export function revocationContext(
  settings: RevocationSettings,
  path: CertificatePath,
  above: readonly string[] = [],
): RevocationContext {
  const { pool, data, ocspNonce, rules } = settings
  const anchor = path.at(-1)?.certificate
  const known = new Map<string, boolean>()

  /**
   * A signer cannot vouch for itself: asked while it is being judged, the answer is no.
   * @param role what is asked of the signer, and below whom: what holds for lists does not for responses, and what
   *   one issuer delegated no other did
   */
  function once(role: string, signer: Certificate, time: Date, judge: () => boolean): boolean {
    if (above.includes(signer.fingerprint) || above.length >= DEEPEST) return false
    const key = `${role} ${signer.fingerprint} ${time.getTime()}`
    const found = known.get(key) ?? judge()
    known.set(key, found)
    return found
  }

  return {
    data,
    budget: rules.budget,
    ocspNonce,
    bySubject: (subjectKey) => pool.bySubject(subjectKey),
    isTrustedCrlIssuer: (certificate, time) =>
      once('lists', certificate, time, () => {
        const inner = [...above, certificate.fingerprint]
        for (const found of findPaths(certificate, pool, rules.budget, { unsupported: false })) {
          const end = found.at(-1)?.certificate
          if (end?.subjectKey !== anchor?.subjectKey || end?.keyFingerprint !== anchor?.keyFingerprint)
            continue
          const at = { ...settings, rules: { ...rules, time } }
          const revocation = revocationContext(at, found, inner)
          if (judgePath(found, { ...at.rules, purpose: 'any', revocation }).indication === 'TOTAL_PASSED') {
            return true
          }
        }
        return false
      }),
    isTrustedResponder: (responder, issuer, producedAt) =>
      once(`responses below ${issuer.fingerprint}`, responder, producedAt, () => {
        if (pool.anchors.has(responder.fingerprint)) {
          return responder.extensions.extendedKeyUsage?.includes(OCSP_SIGNING) === true
        }
        const index = path.findIndex(({ certificate }) => certificate.fingerprint === issuer.fingerprint)
        if (index < 0 || responder.issuerKey !== issuer.subjectKey) return false
        const issuerSignature = checkSignature(responder, issuer, rules.budget)
        if (issuerSignature !== 'holds' && issuerSignature !== 'weak') return false
        const whole = [{ certificate: responder, issuerSignature }, ...path.slice(index)]
        const judged = judgePath(whole, {
          ...rules,
          time: producedAt,
          purpose: 'ocsp-signing',
          revocation: undefined,
        })
        if (judged.indication !== 'TOTAL_PASSED') return false
        const time = producedAt > rules.time ? producedAt : rules.time
        const inner = revocationContext(settings, path, [...above, responder.fingerprint])
        const { status } = revocationStatus({ certificate: responder, issuer, time }, inner)
        // Nobody need ask (RFC 6960 section 4.2.2.2.1); but what is known is not overlooked.
        const isExempt = responder.extensions.all.has(EXTENSION.ocspNoCheck)
        return status === 'good' || (isExempt && status === 'unknown')
      }),
  }
}
