/** Each signature of a received file as the clerk's report shows it: who, from which authority, when, how far. */
import { X509Certificate } from 'node:crypto'
import {
  agencyCodeOf,
  type CarriedMaterial,
  certificateSubject,
  readSigners,
  type SignatureReport,
  type SignatureRole,
  type Signer,
  SigningError,
  type VerificationPolicy,
  validateCertificatePath,
} from '../../signing/index.ts'
import type { AgencySettings } from './agency-settings.ts'

export interface SignatureFacts {
  readonly id: string
  readonly field: string | null
  readonly role: SignatureRole
  readonly name: string | null
  readonly title: string | null
  readonly organization: string | null
  readonly agencyCode: string | null
  /** Upper-case hexadecimal. */
  readonly serial: string | null
  /** Names from the issuer up to the anchor; empty where no path was found. */
  readonly chain: readonly string[]
  /** Of the signer's certificate, ISO 8601. */
  readonly validity: { readonly from: string; readonly to: string } | null
  /** What was known of revocation, from the signer's certificate upwards; null: it could not be checked. */
  readonly revocation: readonly RevocationSource[] | null
  /** ISO 8601; `timestamp` is proven, `claimed` only said by the signer. */
  readonly signingTime: { readonly at: string; readonly source: 'timestamp' | 'claimed' } | null
  readonly authority: {
    readonly kind: 'public-duty' | 'public' | 'other' | 'unknown'
    readonly name: string | null
  }
}

export interface RevocationSource {
  readonly status: 'good' | 'revoked' | 'unknown'
  readonly source: 'crl' | 'ocsp' | null
  readonly thisUpdate: string | null
}

type AuthorityNames = Pick<AgencySettings, 'publicDutyAuthorities' | 'publicAuthorities'>

/**
 * @param known the signers of the file; what names none of them has no facts beyond its report
 * @param carried what it carries for its own verification
 */
export function signatureFacts(
  known: readonly Signer[],
  signatures: readonly SignatureReport[],
  policy: VerificationPolicy,
  carried: CarriedMaterial,
  authorities: AuthorityNames,
): SignatureFacts[] {
  const signers = new Map(known.map((one) => [one.field, one.certificate]))
  return signatures.map((one) => {
    const certificate = one.field === null ? undefined : signers.get(one.field)
    return certificate === undefined ? unnamed(one) : factsOf(one, certificate, policy, carried, authorities)
  })
}

/** The signers of a file, for all who ask about them; none of one that cannot be read. */
export function signersOf(bytes: Uint8Array): Signer[] {
  try {
    return readSigners(bytes)
  } catch (error) {
    if (!(error instanceof SigningError)) throw error
    return []
  }
}

function unnamed(one: SignatureReport): SignatureFacts {
  return {
    ...said(one),
    name: null,
    title: null,
    organization: null,
    agencyCode: one.agencyCode ?? null,
    chain: [],
    validity: null,
    revocation: null,
    authority: { kind: 'unknown', name: null },
  }
}

function said(
  one: SignatureReport,
): Pick<SignatureFacts, 'id' | 'field' | 'role' | 'serial' | 'signingTime'> {
  const { id, field, role, provenTime, claimedTime } = one
  const signingTime =
    provenTime !== null
      ? ({ at: provenTime, source: 'timestamp' } as const)
      : claimedTime !== null
        ? ({ at: claimedTime, source: 'claimed' } as const)
        : null
  return { id, field, role, serial: one.signer?.serial ?? null, signingTime }
}

function factsOf(
  one: SignatureReport,
  certificate: Uint8Array,
  policy: VerificationPolicy,
  carried: CarriedMaterial,
  authorities: AuthorityNames,
): SignatureFacts {
  const subject = certificateSubject(certificate)
  const x509 = new X509Certificate(certificate)
  const { path, revocation } = validateCertificatePath({
    certificate,
    intermediates: [...policy.untrusted, ...carried.certificates],
    trustAnchors: policy.trustAnchors,
    crls: [...policy.crls, ...carried.crls],
    ocspResponses: [...policy.ocspResponses, ...carried.ocspResponses],
    time: one.provenTime === null ? policy.time : new Date(one.provenTime),
    requireRevocation: true,
    purpose: 'any',
  })
  const chain = path.slice(1).map(nameOf)
  return {
    ...said(one),
    name: subject.commonName ?? null,
    title: subject.title ?? null,
    organization: subject.organization ?? null,
    agencyCode: agencyCodeOf(certificate),
    chain,
    validity: { from: x509.validFromDate.toISOString(), to: x509.validToDate.toISOString() },
    revocation:
      path.length === 0 || revocation === undefined
        ? null
        : revocation.map((fact) => ({
            status: fact.status,
            source: fact.source ?? null,
            thisUpdate: fact.thisUpdate?.toISOString() ?? null,
          })),
    authority: authorityOf(chain, one.signer?.issuer ?? null, authorities),
  }
}

function nameOf(certificate: Uint8Array): string {
  const { commonName, organization } = certificateSubject(certificate)
  return commonName ?? organization ?? '-'
}

function authorityOf(
  chain: readonly string[],
  issuer: string | null,
  { publicDutyAuthorities, publicAuthorities }: AuthorityNames,
): SignatureFacts['authority'] {
  const [nearest] = chain
  const name = nearest ?? issuer
  if (nearest === undefined) return { kind: 'unknown', name }
  const among = (names: readonly string[]) => {
    const known = new Set(names.map(folded))
    return chain.some((one) => known.has(folded(one)))
  }
  if (among(publicDutyAuthorities)) return { kind: 'public-duty', name }
  return { kind: among(publicAuthorities) ? 'public' : 'other', name }
}

/** The authorities write their names with diacritics and without. */
function folded(name: string): string {
  return name
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replaceAll(/[Đđ]/g, 'd')
    .trim()
    .replace(/\s+/g, ' ')
    .toLowerCase()
}
