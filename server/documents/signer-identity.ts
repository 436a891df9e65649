/**
 * Whether a certificate is that of the signer whom a document names. The certificate itself is judged by
 * `signature-check.ts`; this is about who it says it belongs to.
 */
import { X509Certificate } from 'node:crypto'
import { agencyCodeOf, roleOf } from '../../signing/index.ts'
import { CongvanError } from '../errors.ts'

/** The codes under which an agency may be named in a certificate. */
export type AgencyCodes = ReadonlySet<string>

/**
 * The person who signs is the one named on the document, in the office named there, of this agency (NĐ 30/2020
 * art 13; title and agency in the certificate agree with those on the document).
 *
 * @param certificate DER
 * @throws CongvanError `SIGNER_WRONG` naming what differs
 */
export function requireNamedSigner(
  certificate: Uint8Array,
  signer: { readonly name: string; readonly position: string | null },
  codes: AgencyCodes,
): void {
  requireRole(certificate, 'individual')
  requireAgency(certificate, codes)
  const subject = new X509Certificate(certificate).toLegacyObject().subject as unknown as Subject
  requireText('commonName', 'họ tên', signer.name, textsOf(subject.CN))
  if (signer.position !== null) requireText('title', 'chức vụ', signer.position, textsOf(subject.title))
}

/**
 * The person whom the certificate names is the one who is signed in (NB165 art 6.6): nobody hands in what another has
 * signed. The name of an account is therefore the name in its owner's certificate.
 *
 * @param certificate DER
 * @throws CongvanError `SIGNER_WRONG` with the field `account`
 */
export function requireOwnCertificate(certificate: Uint8Array, displayName: string): void {
  const subject = new X509Certificate(certificate).toLegacyObject().subject as unknown as Subject
  requireText('account', 'họ tên người đang đăng nhập', displayName, textsOf(subject.CN))
}

/** Whether a certificate bears the name of a signer. @param certificate DER */
export function isOfSigner(certificate: Uint8Array, signer: { readonly name: string }): boolean {
  const subject = new X509Certificate(certificate).toLegacyObject().subject as unknown as Subject
  return textsOf(subject.CN).some((text) => comparable(text) === comparable(signer.name))
}

/** Whether two texts name the same person, whatever their case and spacing. */
export function isSameName(one: string, other: string): boolean {
  return comparable(one) === comparable(other)
}

/**
 * The agency's own certificate.
 *
 * @throws CongvanError `SIGNER_WRONG`
 */
export function requireOwnAgency(certificate: Uint8Array, codes: AgencyCodes): void {
  requireRole(certificate, 'agency')
  requireAgency(certificate, codes)
}

/** As `node:crypto` gives it: a list where an attribute occurs several times. */
type Subject = Readonly<Record<string, string | string[] | undefined>>

function textsOf(value: string | string[] | undefined): string[] {
  return value === undefined ? [] : [value].flat()
}

const roleNames: Readonly<Record<string, string>> = {
  individual: 'chứng thư cá nhân',
  agency: 'chứng thư cơ quan',
  timestamp: 'chứng thư dấu thời gian',
  unknown: 'không rõ loại',
}

function requireRole(certificate: Uint8Array, role: 'individual' | 'agency'): void {
  const found = roleOf(certificate)
  if (found === role) return
  throw new CongvanError('SIGNER_WRONG', {
    field: 'role',
    fieldVi: 'loại chứng thư',
    expected: role,
    expectedVi: roleNames[role] ?? role,
    found,
    foundVi: roleNames[found] ?? found,
  })
}

function requireAgency(certificate: Uint8Array, codes: AgencyCodes): void {
  const found = agencyCodeOf(certificate)
  if (found !== null && codes.has(found)) return
  throw wrong('agency code', 'mã cơ quan', [...codes].join(', '), found ?? '-')
}

function requireText(field: string, fieldVi: string, expected: string, found: readonly string[]): void {
  if (found.some((text) => comparable(text) === comparable(expected))) return
  throw wrong(field, fieldVi, expected, found.join(', ') || '-')
}

function wrong(field: string, fieldVi: string, expected: string, found: string): CongvanError {
  return new CongvanError('SIGNER_WRONG', {
    field,
    fieldVi,
    expected,
    expectedVi: expected,
    found,
    foundVi: found,
  })
}

/** Names are compared in NFC, whatever their case and spacing. */
function comparable(text: string): string {
  return text.normalize('NFC').trim().replace(/\s+/g, ' ').toLocaleLowerCase('vi')
}
