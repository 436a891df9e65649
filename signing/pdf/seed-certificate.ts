/** What seed values demand of the signer's certificate (ISO 32000-2, table 238). */
import { type Certificate, tryParseCertificate } from '../x509/certificate.ts'
import { ATTRIBUTE, nameTexts, prepare } from '../x509/name.ts'
import { checkSignature } from '../x509/verify-signature.ts'
import { WorkBudget } from '../x509/work-budget.ts'
import { isArray, isDict, isInteger, isString, type PdfDict, type PdfValue, textOf } from './objects.ts'
import type { Snapshot } from './snapshot.ts'

/** The answer to one demand; `unknown` where nobody here can tell whether it is met. */
export type SeedAnswer = 'met' | 'unmet' | 'unknown'

/** `/Ff` of a seed value dictionary: 0, all hints, where it is missing. */
export function seedFlags(snapshot: Snapshot, dict: PdfDict): number {
  const flags = snapshot.entry(dict, 'Ff')
  return isInteger(flags) ? flags : 0
}

export function metIf(holds: boolean): SeedAnswer {
  return holds ? 'met' : 'unmet'
}

/** Bits of `/Ff`; the address (64) is where somebody without such a certificate may get one. */
const requiredBits = { Subject: 1, Issuer: 2, OID: 4, SubjectDN: 8, KeyUsage: 32 } as const

type CertificateEntry = keyof typeof requiredBits

export interface SeededCertificate {
  /** The signer's, DER; null where it is not known. */
  readonly certificate: Uint8Array | null
  /** Others by which a path may lead to a demanded issuer, DER. */
  readonly others: readonly Uint8Array[]
}

/** The answer to each demand on the certificate, by the path of its entry. */
export function unmetCertificateSeeds(
  snapshot: Snapshot,
  demands: PdfDict,
  { certificate: der, others }: SeededCertificate,
): [string, SeedAnswer][] {
  const flags = seedFlags(snapshot, demands)
  const certificate = der === null ? undefined : tryParseCertificate(der)
  const answers: [string, SeedAnswer][] = []
  for (const [entry, bit] of Object.entries(requiredBits) as [CertificateEntry, number][]) {
    const value = snapshot.entry(demands, entry)
    if ((flags & bit) === 0 || value === null) continue
    // Policies are asked for besides an issuer only.
    if (entry === 'OID' && itemsOf(snapshot, snapshot.entry(demands, 'Issuer')).length === 0) continue
    const answer =
      certificate === undefined
        ? 'unknown'
        : answerTo(snapshot, entry, itemsOf(snapshot, value), certificate, others)
    answers.push([`Cert/${entry}`, answer])
  }
  return answers
}

function itemsOf(snapshot: Snapshot, value: PdfValue): readonly PdfValue[] {
  return (isArray(value) ? value.items : []).map((item) => snapshot.resolve(item))
}

function answerTo(
  snapshot: Snapshot,
  entry: CertificateEntry,
  items: readonly PdfValue[],
  certificate: Certificate,
  others: readonly Uint8Array[],
): SeedAnswer {
  const strings = items.filter(isString)
  switch (entry) {
    case 'Subject':
      return metIf(strings.some(({ bytes }) => isSame(bytes, certificate.der)))
    case 'Issuer':
      return metIf(
        leadsToIssuer(
          certificate,
          strings.map(({ bytes }) => bytes),
          others,
        ),
      )
    case 'OID': {
      const policies = certificate.extensions.certificatePolicies ?? []
      return metIf(strings.length > 0 && strings.every((one) => policies.includes(textOf(one))))
    }
    case 'SubjectDN': {
      const answers = items.filter(isDict).map((names) => answerToNames(snapshot, names, certificate))
      return answers.find((one) => one === 'met') ?? answers.find((one) => one === 'unknown') ?? 'unmet'
    }
    case 'KeyUsage':
      return metIf(strings.some((one) => hasKeyUsage(certificate, textOf(one))))
  }
}

/** Whether each attribute of one wanted name is in the certificate's. */
function answerToNames(snapshot: Snapshot, names: PdfDict, { subject }: Certificate): SeedAnswer {
  let answer: SeedAnswer = 'met'
  for (const key of names.entries.keys()) {
    const type = /^\d+(\.\d+)+$/.test(key) ? key : attributeTypes[key.toLowerCase()]
    const value = snapshot.entry(names, key)
    if (type === undefined || !isString(value)) answer = 'unknown'
    else if (!nameTexts(subject, type).some((text) => prepare(text) === prepare(textOf(value))))
      return 'unmet'
  }
  return answer
}

/** By the short names in use (RFC 4519), in lower case. */
const attributeTypes: Readonly<Record<string, string>> = {
  cn: ATTRIBUTE.commonName,
  sn: ATTRIBUTE.surname,
  serialnumber: ATTRIBUTE.serialNumber,
  c: ATTRIBUTE.country,
  l: ATTRIBUTE.locality,
  st: ATTRIBUTE.state,
  street: ATTRIBUTE.street,
  o: ATTRIBUTE.organization,
  ou: ATTRIBUTE.organizationalUnit,
  title: ATTRIBUTE.title,
  givenname: ATTRIBUTE.givenName,
  gn: ATTRIBUTE.givenName,
  organizationidentifier: ATTRIBUTE.organizationIdentifier,
  uid: ATTRIBUTE.userId,
  dc: ATTRIBUTE.domainComponent,
  e: ATTRIBUTE.emailAddress,
  email: ATTRIBUTE.emailAddress,
  emailaddress: ATTRIBUTE.emailAddress,
}

/** One character a usage in the order of RFC 5280: `1` it must be there, `0` it must not, anything else is free. */
function hasKeyUsage({ extensions }: Certificate, pattern: string): boolean {
  return [...pattern].every((wanted, bit) => {
    // A certificate that says nothing may be used for all.
    const has = extensions.keyUsage?.has(bit) ?? true
    return wanted === '1' ? has : wanted === '0' ? !has : true
  })
}

/** Whether signatures lead from the certificate to one of the wanted issuers. Trust is not asked here. */
function leadsToIssuer(
  certificate: Certificate,
  wanted: readonly Uint8Array[],
  others: readonly Uint8Array[],
): boolean {
  const known = [...wanted, ...others].flatMap((der) => tryParseCertificate(der) ?? [])
  const goals = new Set(wanted.flatMap((der) => tryParseCertificate(der)?.fingerprint ?? []))
  const budget = new WorkBudget()
  const seen = new Set<string>()
  const open = [certificate]
  for (let current = open.pop(); current !== undefined; current = open.pop()) {
    for (const issuer of known) {
      if (issuer.subjectKey !== current.issuerKey || seen.has(issuer.fingerprint)) continue
      const check = checkSignature(current, issuer, budget)
      // How good the signature is, is a question of the path; here it tells who issued.
      if (check !== 'holds' && check !== 'weak' && check !== 'weak-key') continue
      if (goals.has(issuer.fingerprint)) return true
      seen.add(issuer.fingerprint)
      open.push(issuer)
    }
  }
  return false
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}
