/**
 * What the maker of a form demands of the signature in a field: its seed values (ISO 32000-2, 12.7.5.5, tables 237 and
 * 238). A demand marked as required is met or the field is not signed; hints are left alone.
 */
import { SigningError } from '../errors.ts'
import type { FormField } from './form.ts'
import type { DocumentPermission, FieldLock } from './letter-fields.ts'
import { isArray, isInteger, isName, isString, type PdfDict, type PdfValue, textOf } from './objects.ts'
import type { Snapshot } from './snapshot.ts'

/** The signature that is about to be made, as far as seed values speak of it. */
export interface WantedSignature {
  readonly subFilter: string
  /** Name of the digest of the document. */
  readonly digest: string
  readonly reason: string | undefined
  readonly timestamp: boolean
  readonly certify: DocumentPermission | undefined
  readonly lock: FieldLock | undefined
  /** DER, the signer's first. */
  readonly certificates: readonly Uint8Array[]
}

/** Bits of `/Ff` by the entry that they make a demand. */
const requiredBits = {
  Filter: 1,
  SubFilter: 2,
  V: 4,
  Reasons: 8,
  LegalAttestation: 16,
  AddRevInfo: 32,
  DigestMethod: 64,
  LockDocument: 128,
  AppearanceFilter: 256,
} as const

/** Bits of `/Ff` of the dictionary about certificates. */
const certificateBits = { Subject: 1, Issuer: 2, OID: 4, SubjectDN: 8, KeyUsage: 32, URL: 64 } as const

/**
 * The certification that the field prescribes, or the one that was asked for.
 *
 * @throws SigningError `PDF_SEED_VALUE_CONFLICT` naming the entry that the signature does not satisfy, or that is
 *   required and not understood
 */
export function obeySeedValues(
  snapshot: Snapshot,
  field: FormField | undefined,
  wanted: WantedSignature,
): DocumentPermission | undefined {
  const seed = field === undefined ? undefined : snapshot.dictEntry(field.dict, 'SV')
  if (field === undefined || seed === undefined) return wanted.certify
  const refuse = (entry: string): never => {
    throw new SigningError('PDF_SEED_VALUE_CONFLICT', { field: field.name, entry })
  }
  const flags = flagsOf(snapshot, seed)
  for (const [entry, bit] of Object.entries(requiredBits)) {
    const value = snapshot.entry(seed, entry)
    if ((flags & bit) !== 0 && value !== null && !meets(snapshot, entry, value, wanted)) refuse(entry)
  }
  const stamp = snapshot.dictEntry(seed, 'TimeStamp')
  if (stamp !== undefined && (flagsOf(snapshot, stamp) & 1) !== 0 && !wanted.timestamp) refuse('TimeStamp')
  const certificates = snapshot.dictEntry(seed, 'Cert')
  const unmet = certificates === undefined ? undefined : unmetCertificate(snapshot, certificates, wanted)
  if (unmet !== undefined) refuse(`Cert/${unmet}`)
  const mdp = snapshot.dictEntry(seed, 'MDP')
  const prescribed = mdp === undefined ? null : snapshot.entry(mdp, 'P')
  if (prescribed !== 0 && !isPermission(prescribed)) return wanted.certify
  if (!certificationMeets(prescribed, wanted.certify)) refuse('MDP')
  return prescribed === 0 ? undefined : prescribed
}

function flagsOf(snapshot: Snapshot, dict: PdfDict): number {
  const flags = snapshot.entry(dict, 'Ff')
  return isInteger(flags) ? flags : 0
}

function meets(snapshot: Snapshot, entry: string, value: PdfValue, wanted: WantedSignature): boolean {
  const items = isArray(value) ? value.items.map((item) => snapshot.resolve(item)) : []
  switch (entry) {
    case 'Filter':
      return isName(value, 'Adobe.PPKLite')
    case 'SubFilter':
      return items.some((item) => isName(item, wanted.subFilter))
    case 'V':
      return isInteger(value) && value <= 3
    case 'DigestMethod': {
      const names = items.map((item) => (isString(item) ? textOf(item) : isName(item) ? item.name : ''))
      return names.some((name) => name.replace('-', '').toUpperCase() === wanted.digest.replace('-', ''))
    }
    case 'Reasons': {
      const reasons = items.flatMap((item) => (isString(item) ? [textOf(item)] : []))
      // A single period, or nothing at all: the signature shall have no reason.
      const none = reasons.length === 0 || (reasons.length === 1 && reasons[0] === '.')
      return none ? wanted.reason === undefined : reasons.some((reason) => reason === wanted.reason)
    }
    case 'LockDocument':
      return isName(value, 'true') ? wanted.certify === 1 || wanted.lock?.permission === 1 : true
    case 'AddRevInfo':
      // Revocation information goes into the security store of PAdES, never into the CMS.
      return value === false
    default:
      return false
  }
}

/** The first demand on the signer's certificate that it does not meet or that is not understood. */
function unmetCertificate(snapshot: Snapshot, demands: PdfDict, wanted: WantedSignature): string | undefined {
  const flags = flagsOf(snapshot, demands)
  const [own, ...chain] = wanted.certificates
  for (const [entry, bit] of Object.entries(certificateBits)) {
    const value = snapshot.entry(demands, entry)
    // The address is where somebody without such a certificate may get one.
    if ((flags & bit) === 0 || value === null || entry === 'URL') continue
    const listed = (isArray(value) ? value.items : []).map((item) => snapshot.resolve(item))
    const names = (der: Uint8Array | undefined): boolean =>
      der !== undefined && listed.some((item) => isString(item) && Buffer.compare(item.bytes, der) === 0)
    const met = entry === 'Subject' ? names(own) : entry === 'Issuer' ? chain.some(names) : false
    if (!met) return entry
  }
  return undefined
}

/** Whether the certification is one that `/MDP` allows: 0 asks for a signature that does not certify. */
function certificationMeets(prescribed: PdfValue, wanted: DocumentPermission | undefined): boolean {
  return prescribed === 0 ? wanted === undefined : wanted === undefined || wanted === prescribed
}

function isPermission(value: PdfValue): value is DocumentPermission {
  return value === 1 || value === 2 || value === 3
}
