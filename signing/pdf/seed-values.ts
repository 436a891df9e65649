/**
 * What the maker of a form demands of the signature in a field: its seed values (ISO 32000-2, 12.7.5.5, table 237). A
 * demand marked as required is met by who signs and asked for by who verifies; hints are left alone.
 */
import { SigningError } from '../errors.ts'
import type { FormField } from './form.ts'
import type { DocumentPermission, FieldLock } from './letter-fields.ts'
import { isArray, isDict, isName, isString, type PdfDict, type PdfValue, textOf } from './objects.ts'
import {
  metIf,
  type SeedAnswer,
  type SeededCertificate,
  seedFlags,
  unmetCertificateSeeds,
} from './seed-certificate.ts'
import type { Snapshot } from './snapshot.ts'

/** A signature that is made or about to be made, as far as seed values speak of it. */
export interface SeededSignature extends SeededCertificate {
  readonly filter: string | undefined
  readonly subFilter: string | undefined
  /** Name of the digest of the document; null where it is not known. */
  readonly digest: string | null
  readonly reason: string | undefined
  /** Whether a time-stamp over the signature value is there. */
  readonly timestamp: boolean
  /** Whether the signature value itself carries revocation data. */
  readonly revocationInside: boolean
  /** What the signature permits if it certifies the document (DocMDP). */
  readonly certification: number | undefined
  /** Whether nothing at all may change any more. */
  readonly locksDocument: boolean
}

/** A demand by the path of its entry, e.g. `Cert/Issuer`. */
export interface UnmetSeed {
  readonly entry: string
  readonly answer: Exclude<SeedAnswer, 'met'>
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

type FlaggedEntry = keyof typeof requiredBits

/** Entries of this version and older ones are read here; 3 is that of PDF 2.0. */
const KNOWN_VERSION = 3

/**
 * The demands in `/SV` of a field that a signature does not meet, in the order of the table.
 * @param field the field's dictionary in the revision of `snapshot`
 * @throws SigningError `PDF_MALFORMED`
 */
export function unmetSeeds(
  snapshot: Snapshot,
  field: PdfDict,
  signature: SeededSignature,
): readonly UnmetSeed[] {
  const seed = snapshot.entry(field, 'SV')
  if (seed === null) return []
  if (!isDict(seed)) return [{ entry: 'SV', answer: 'unknown' }]
  const flags = seedFlags(snapshot, seed)
  const answers: [string, SeedAnswer][] = []
  for (const [entry, bit] of Object.entries(requiredBits) as [FlaggedEntry, number][]) {
    if ((flags & bit) !== 0)
      answers.push([entry, answerTo(snapshot, entry, snapshot.entry(seed, entry), signature)])
  }
  const stamp = snapshot.dictEntry(seed, 'TimeStamp')
  const wantsStamp = stamp !== undefined && (seedFlags(snapshot, stamp) & 1) !== 0
  if (wantsStamp) answers.push(['TimeStamp', metIf(signature.timestamp)])
  const certificate = snapshot.dictEntry(seed, 'Cert')
  if (certificate !== undefined) answers.push(...unmetCertificateSeeds(snapshot, certificate, signature))
  answers.push(['MDP', answerToPermission(prescribedPermission(snapshot, seed), signature)])
  return answers.flatMap(([entry, answer]) => (answer === 'met' ? [] : [{ entry, answer }]))
}

/**
 * The certification that the field prescribes, or the one that was asked for.
 *
 * @throws SigningError `PDF_SEED_VALUE_CONFLICT` naming the entry that the signature does not satisfy, or that is
 *   required and not understood
 */
export function obeySeedValues(
  snapshot: Snapshot,
  field: FormField | undefined,
  wanted: Omit<SeededSignature, 'certification' | 'locksDocument'> & {
    readonly certify: DocumentPermission | undefined
    readonly lock: FieldLock | undefined
  },
): DocumentPermission | undefined {
  const seed = field === undefined ? undefined : snapshot.dictEntry(field.dict, 'SV')
  if (field === undefined || seed === undefined) return wanted.certify
  const prescribed = prescribedPermission(snapshot, seed)
  const certification = wanted.certify ?? (isPermission(prescribed) ? prescribed : undefined)
  const locksDocument = certification === 1 || wanted.lock?.permission === 1
  const [unmet] = unmetSeeds(snapshot, field.dict, { ...wanted, certification, locksDocument })
  if (unmet !== undefined) {
    throw new SigningError('PDF_SEED_VALUE_CONFLICT', { field: field.name, entry: unmet.entry })
  }
  return certification
}

function answerTo(
  snapshot: Snapshot,
  entry: FlaggedEntry,
  value: PdfValue,
  signature: SeededSignature,
): SeedAnswer {
  const items = isArray(value) ? value.items.map((item) => snapshot.resolve(item)) : []
  const texts = items.flatMap((item) => (isString(item) ? [textOf(item)] : isName(item) ? [item.name] : []))
  if (entry === 'Reasons') {
    // None, or a single period: the signature shall have no reason.
    const none = texts.length === 0 || (texts.length === 1 && texts[0] === '.')
    return metIf(none ? !signature.reason : texts.includes(signature.reason ?? ''))
  }
  // A demand without a value demands nothing.
  if (value === null) return 'met'
  switch (entry) {
    case 'Filter':
      return isName(value) ? metIf(value.name === signature.filter) : 'unknown'
    case 'SubFilter':
      return metIf(texts.includes(signature.subFilter ?? ''))
    case 'V':
      return typeof value === 'number' && value <= KNOWN_VERSION ? 'met' : 'unknown'
    case 'LegalAttestation': {
      const legal = snapshot.dictEntry(snapshot.catalog, 'Legal')
      const attestation = legal === undefined ? null : snapshot.entry(legal, 'Attestation')
      return metIf(isString(attestation) && texts.includes(textOf(attestation)))
    }
    case 'AddRevInfo':
      return metIf(value !== true || signature.revocationInside)
    case 'DigestMethod': {
      const { digest } = signature
      return digest === null
        ? 'unknown'
        : metIf(texts.some((name) => plainDigest(name) === plainDigest(digest)))
    }
    case 'LockDocument':
      if (isName(value, 'true')) return metIf(signature.locksDocument)
      return isName(value, 'false')
        ? metIf(!signature.locksDocument)
        : isName(value, 'auto')
          ? 'met'
          : 'unknown'
    case 'AppearanceFilter':
      // Which of a program's appearances bears the name is told by nothing in the file.
      return 'unknown'
  }
}

/** `SHA256` and `SHA-256` are the same. */
function plainDigest(name: string): string {
  return name.replaceAll('-', '').toUpperCase()
}

/** `/P` of `/MDP`; undefined where nothing is prescribed. */
function prescribedPermission(snapshot: Snapshot, seed: PdfDict): PdfValue | undefined {
  const mdp = snapshot.dictEntry(seed, 'MDP')
  return mdp === undefined ? undefined : snapshot.entry(mdp, 'P')
}

/** 0 asks for a signature that does not certify, 1 to 3 for a certification that permits just that. */
function answerToPermission(
  prescribed: PdfValue | undefined,
  { certification }: SeededSignature,
): SeedAnswer {
  if (prescribed === undefined) return 'met'
  if (prescribed === 0) return metIf(certification === undefined)
  return isPermission(prescribed) ? metIf(certification === prescribed) : 'unknown'
}

function isPermission(value: PdfValue | undefined): value is DocumentPermission {
  return value === 1 || value === 2 || value === 3
}
