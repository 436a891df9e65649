/**
 * What is found on an incoming document before it is accepted: authenticity, integrity and completeness as separate
 * findings, and one word over all of them (NĐ 30/2020 art 21.2; QĐ 28/2018 art 9). Pure.
 */
import type { SignatureReport, VerificationReport } from '../../signing/index.ts'
import { vietnamDay } from '../directory/agency-entry.ts'
import type { AgencySettings } from './agency-settings.ts'
import type { SignatureFacts } from './signature-facts.ts'

export const aspects = ['authenticity', 'integrity', 'completeness'] as const
export type Aspect = (typeof aspects)[number]

/** `failure` decides against the document, `doubt` leaves it undecided, `notice` is for the clerk to know. */
export type Weight = 'failure' | 'doubt' | 'notice'

export interface ExaminationFinding {
  readonly aspect: Aspect
  /** Stable; its words are in `examination-words.ts`. */
  readonly code: ExaminationCode
  readonly weight: Weight
  readonly params: Readonly<Record<string, string>>
}

/** Hợp lệ, không hợp lệ, chưa đủ căn cứ. */
export type Overall = 'valid' | 'invalid' | 'undecided'

export interface Examination {
  readonly overall: Overall
  readonly aspects: Readonly<Record<Aspect, Overall>>
  readonly findings: readonly ExaminationFinding[]
  /** In the order of signing. */
  readonly signatures: readonly SignatureFacts[]
  /** Of the main file; null where its pages cannot be read. */
  readonly pages: number | null
}

/** Each code with the aspect that it belongs to and its weight. */
export const examinationCodes = {
  FILE_UNREADABLE: ['integrity', 'failure'],
  CHANGED_AFTER_SIGNING: ['integrity', 'failure'],
  SIGNATURE_BROKEN: ['integrity', 'failure'],
  NOT_SIGNED: ['authenticity', 'failure'],
  SIGNATURE_INVALID: ['authenticity', 'failure'],
  SIGNATURE_UNCERTAIN: ['authenticity', 'doubt'],
  REVOCATION_UNCHECKED: ['authenticity', 'doubt'],
  SIGNED_OUT_OF_ORDER: ['authenticity', 'doubt'],
  SENDER_NOT_SIGNER: ['authenticity', 'doubt'],
  AGENCY_UNNAMED: ['authenticity', 'doubt'],
  AGENCIES_DIFFER: ['authenticity', 'notice'],
  SIGNER_DIFFERS: ['authenticity', 'notice'],
  TITLE_DIFFERS: ['authenticity', 'notice'],
  PUBLIC_CA_TOO_LATE: ['authenticity', 'notice'],
  OTHER_CA: ['authenticity', 'notice'],
  NUMBER_DIFFERS: ['authenticity', 'doubt'],
  NUMBER_NOT_FOUND: ['authenticity', 'notice'],
  INDIVIDUAL_MISSING: ['completeness', 'doubt'],
  AGENCY_MISSING: ['completeness', 'doubt'],
  SCANNED_COPY: ['completeness', 'notice'],
  FILE_MISSING: ['completeness', 'doubt'],
  ANNEX_UNSIGNED: ['completeness', 'doubt'],
  FILE_INVALID: ['integrity', 'failure'],
  FILE_UNUSUAL: ['completeness', 'notice'],
  FIELD_MISSING: ['completeness', 'doubt'],
  TEXT_UNREADABLE: ['completeness', 'notice'],
  SECRET_MARK: ['completeness', 'failure'],
} as const satisfies Record<string, readonly [Aspect, Weight]>
export type ExaminationCode = keyof typeof examinationCodes

export function finding(
  code: ExaminationCode,
  params: Readonly<Record<string, string>> = {},
): ExaminationFinding {
  const [aspect, weight] = examinationCodes[code]
  return { aspect, code, weight, params }
}

/** One word over findings: the gravest decides. */
export function overallOf(findings: readonly Pick<ExaminationFinding, 'weight'>[]): Overall {
  if (findings.some((one) => one.weight === 'failure')) return 'invalid'
  return findings.some((one) => one.weight === 'doubt') ? 'undecided' : 'valid'
}

/** Puts findings together to what is archived with the report. */
export function conclude(
  findings: readonly ExaminationFinding[],
  signatures: readonly SignatureFacts[],
  pages: number | null,
): Examination {
  const of = (aspect: Aspect) => overallOf(findings.filter((one) => one.aspect === aspect))
  return {
    overall: overallOf(findings),
    aspects: {
      authenticity: of('authenticity'),
      integrity: of('integrity'),
      completeness: of('completeness'),
    },
    findings,
    signatures,
    pages,
  }
}

/** What the signatures say by themselves. */
export function signatureFindings(report: VerificationReport, isCopy: boolean): ExaminationFinding[] {
  const { signatures } = report
  if (signatures.length === 0) {
    if (report.indication === 'NO_SIGNATURE') return [finding('NOT_SIGNED')]
    return [finding('FILE_UNREADABLE', { reason: report.errors[0]?.code ?? report.indication })]
  }
  const found = [...signatures.flatMap(findingsOf), ...roleFindings(signatures, isCopy)]
  const explained = found.some((one) => one.weight === 'failure')
  if (report.indication !== 'TOTAL_FAILED' || explained) return found
  return [...found, finding('FILE_UNREADABLE', { reason: report.errors[0]?.code ?? report.indication })]
}

function findingsOf(one: SignatureReport): ExaminationFinding[] {
  const params = { signature: one.id, reason: one.subIndication ?? one.indication }
  if (one.cryptoIntact === false) return [finding('SIGNATURE_BROKEN', params)]
  if (one.changesAfter === 'forbidden') return [finding('CHANGED_AFTER_SIGNING', params)]
  if (one.indication === 'TOTAL_FAILED') return [finding('SIGNATURE_INVALID', params)]
  if (one.indication === 'TOTAL_PASSED') return []
  return [finding(one.subIndication === 'TRY_LATER' ? 'REVOCATION_UNCHECKED' : 'SIGNATURE_UNCERTAIN', params)]
}

/** A person with authority, then the agency; an agency alone makes an electronic copy of paper (art 25.1c). */
function roleFindings(signatures: readonly SignatureReport[], isCopy: boolean): ExaminationFinding[] {
  const roles = signatures.map((one) => one.role)
  const person = roles.lastIndexOf('individual')
  const agency = roles.lastIndexOf('agency')
  if (agency < 0) return [finding('AGENCY_MISSING')]
  if (person < 0) return [finding(isCopy ? 'SCANNED_COPY' : 'INDIVIDUAL_MISSING')]
  return person > agency ? [finding('SIGNED_OUT_OF_ORDER')] : []
}

export interface Claimed {
  readonly senderCode: string
  readonly senderName: string | null
  readonly signerName: string
  readonly signerPosition: string | null
}

/** What the certificates say against what the message says (Luật GDĐT art 22.3; NB165 arts 8.1, 8.2). */
export function certificateFindings(
  facts: readonly SignatureFacts[],
  claimed: Claimed,
  senderMatches: boolean | null,
  rules: Pick<AgencySettings, 'publicDutySince'>,
): ExaminationFinding[] {
  const found: ExaminationFinding[] = []
  const agencies = facts.filter((one) => one.role === 'agency')
  const people = facts.filter((one) => one.role === 'individual')
  const codes = [...new Set(agencies.map((one) => one.agencyCode))]
  if (senderMatches === false) {
    const code = codes.filter((one) => one !== null).join(', ')
    if (code === '') found.push(finding('AGENCY_UNNAMED', { sender: claimed.senderCode }))
    else found.push(finding('SENDER_NOT_SIGNER', { sender: claimed.senderCode, signer: code }))
  }
  for (const one of people) {
    const params = { signature: one.id }
    if (one.agencyCode !== null && codes.length > 0 && !codes.includes(one.agencyCode)) {
      found.push(finding('AGENCIES_DIFFER', { ...params, found: one.agencyCode }))
    }
  }
  found.push(...personFindings(people, claimed))
  for (const one of facts) found.push(...authorityFindings(one, rules.publicDutySince))
  return found
}

/** Of several who signed, the one named in the message; a message names one alone. */
function personFindings(people: readonly SignatureFacts[], claimed: Claimed): ExaminationFinding[] {
  const last = people.at(-1)
  if (last === undefined) return []
  const named = people.find((one) => same(one.name, claimed.signerName)) ?? last
  const found: ExaminationFinding[] = []
  const params = { signature: named.id }
  if (!same(named.name, claimed.signerName)) {
    found.push(
      finding('SIGNER_DIFFERS', { ...params, expected: claimed.signerName, found: named.name ?? '-' }),
    )
  }
  if (claimed.signerPosition !== null && !same(named.title, claimed.signerPosition)) {
    found.push(
      finding('TITLE_DIFFERS', { ...params, expected: claimed.signerPosition, found: named.title ?? '-' }),
    )
  }
  return found
}

function authorityFindings(one: SignatureFacts, since: string): ExaminationFinding[] {
  if (one.role !== 'individual' && one.role !== 'agency') return []
  const params = { signature: one.id, authority: one.authority.name ?? '-' }
  if (one.authority.kind === 'other') return [finding('OTHER_CA', params)]
  const day = one.signingTime === null ? null : vietnamDay(new Date(one.signingTime.at))
  const late = one.authority.kind === 'public' && (day === null || day >= since)
  return late ? [finding('PUBLIC_CA_TOO_LATE', { ...params, since })] : []
}

function same(one: string | null, other: string): boolean {
  const plain = (text: string) => text.normalize('NFC').trim().replace(/\s+/g, ' ').toLocaleLowerCase('vi')
  return one !== null && plain(one) === plain(other)
}

/**
 * Whether the number and symbol on the page are those of the message: `Số: 15/QĐ-UBND` on the first page.
 *
 * @param rows what the first page shows, row by row; null where it cannot be read
 * @param filled what stands in the field of the number, where the file has one: no text of the page shows it
 */
export function numberFindings(
  rows: readonly string[] | null,
  filled: string | null,
  code: { readonly number: string | null; readonly notation: string },
): ExaminationFinding[] {
  if (rows === null) return []
  const expected = `${code.number ?? ''}/${code.notation}`
  const shown = rows.flatMap((row) =>
    [...row.matchAll(NUMBER_LINE)].flatMap(([, number = '', symbol = '']) => {
      const digits = number === '' ? filled : number
      return digits === null ? [] : [`${digits}/${symbol}`]
    }),
  )
  if (shown.some((one) => sameCode(one, expected))) return []
  const [other] = shown
  return other === undefined
    ? [finding('NUMBER_NOT_FOUND', { expected })]
    : [finding('NUMBER_DIFFERS', { expected, found: other })]
}

/**
 * Box 3 of the letterhead: `Số: 15/QĐ-UBND`, the number perhaps set apart from its slash or in a field of its own; the
 * symbol of a legal normative document has the year before it, `Số: 01/2026/QĐ-UBND`.
 */
const NUMBER_LINE = /(?:^|\s)Số\s*:\s*(\d{0,11})\s*\/\s*([\p{L}\p{N}&.-]+(?:\/[\p{L}\p{N}&.-]+)*)/giu

/** `05/UBND-VP` and `5/UBND-VP` are one number. */
function sameCode(one: string, other: string): boolean {
  const plain = (code: string) =>
    code
      .normalize('NFC')
      .replace(/\s+/g, '')
      .replace(/^0+(?=\d)/, '')
      .toLowerCase()
  return plain(one) === plain(other)
}
