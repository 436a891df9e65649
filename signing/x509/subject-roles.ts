/**
 * What a certificate's subject says about its holder: a person with authority, an agency, or a time-stamping
 * authority. The profile of the public-duty CA's certificates, above all the field that carries the agency code,
 * is not published; so the answer comes from tables that configuration may replace.
 *
 * | role       | subject                                                                                  |
 * |------------|------------------------------------------------------------------------------------------|
 * | timestamp  | extended key usage id-kp-timeStamping (RFC 3161 section 2.3)                              |
 * | individual | `title` (2.5.4.12), the office held; NĐ 23/2025 asks for title and organisation by name   |
 * | individual | `givenName` or `surname`: only a person has one                                          |
 * | agency     | `CN` equals `O`, no `title`                                                              |
 * | unknown    | anything else, among them nodes (`CN` = node id)                                          |
 *
 * The agency code is looked for in `organizationIdentifier` (2.5.4.97).
 */
import type { SignatureRole } from '../report.ts'
import { type Certificate, parseCertificate } from './certificate.ts'
import { ATTRIBUTE, nameTexts, prepare } from './name.ts'

/** One line of the table: all conditions given must hold. The first line that fits decides. */
export interface RoleRule {
  readonly role: 'individual' | 'agency' | 'timestamp'
  /** Attribute types (dotted decimal) of which at least one is in the subject. */
  readonly anyOf?: readonly string[]
  /** Attribute types of which none is in the subject. */
  readonly noneOf?: readonly string[]
  /** Two attribute types that have a text in common, compared as RFC 4518 does. */
  readonly equal?: readonly [string, string]
  /** An attribute type of which a text matches the regular expression (flag `u`). */
  readonly matches?: { readonly type: string; readonly pattern: string }
  /** A key purpose that must be among those of the certificate. */
  readonly extendedKeyUsage?: string
}

/** Where an agency code stands: the attribute, and a pattern whose first group is the code; default the whole text. */
export interface AgencyCodeRule {
  readonly type: string
  readonly pattern?: string
}

const TIME_STAMPING = '1.3.6.1.5.5.7.3.8'

export const defaultRoleRules: readonly RoleRule[] = [
  { role: 'timestamp', extendedKeyUsage: TIME_STAMPING },
  { role: 'individual', anyOf: [ATTRIBUTE.title] },
  { role: 'individual', anyOf: [ATTRIBUTE.givenName, ATTRIBUTE.surname] },
  { role: 'agency', equal: [ATTRIBUTE.commonName, ATTRIBUTE.organization], noneOf: [ATTRIBUTE.title] },
]

export const defaultAgencyCodeRules: readonly AgencyCodeRule[] = [{ type: ATTRIBUTE.organizationIdentifier }]

/**
 * The role of the holder by the first rule that fits.
 * @param certificate parsed, or DER
 * @throws SigningError `CERTIFICATE_MALFORMED`
 */
export function roleOf(
  certificate: Certificate | Uint8Array,
  rules: readonly RoleRule[] = defaultRoleRules,
): SignatureRole {
  const parsed = certificate instanceof Uint8Array ? parseCertificate(certificate) : certificate
  return rules.find((rule) => fits(rule, parsed))?.role ?? 'unknown'
}

/**
 * The agency code in the subject by the first rule that finds one; null without.
 * @throws SigningError `CERTIFICATE_MALFORMED`
 */
export function agencyCodeOf(
  certificate: Certificate | Uint8Array,
  rules: readonly AgencyCodeRule[] = defaultAgencyCodeRules,
): string | null {
  const { subject } = certificate instanceof Uint8Array ? parseCertificate(certificate) : certificate
  for (const { type, pattern } of rules) {
    for (const text of nameTexts(subject, type)) {
      const code = pattern === undefined ? text : new RegExp(pattern, 'u').exec(text)?.[1]
      if (code) return code
    }
  }
  return null
}

function fits(rule: RoleRule, { subject, extensions }: Certificate): boolean {
  const { anyOf, noneOf, equal, matches, extendedKeyUsage } = rule
  const has = (type: string) => nameTexts(subject, type).length > 0
  if (anyOf !== undefined && !anyOf.some(has)) return false
  if (noneOf?.some(has)) return false
  if (equal !== undefined) {
    const [left, right] = equal.map((type) => nameTexts(subject, type).map(prepare))
    if (!left?.some((text) => right?.includes(text))) return false
  }
  if (matches !== undefined) {
    const pattern = new RegExp(matches.pattern, 'u')
    if (!nameTexts(subject, matches.type).some((text) => pattern.test(text))) return false
  }
  return extendedKeyUsage === undefined || (extensions.extendedKeyUsage ?? []).includes(extendedKeyUsage)
}
