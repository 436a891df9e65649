/**
 * Signs a PDF by an appended revision: PAdES baseline B and T (ETSI EN 319 142-1 clause 6.3).
 *
 * The signing time stands in the dictionary's `/M` and not in the CMS. Three jobs are kept apart: what is signed
 * (`prepareSignature`), who holds the key (a `KeyProvider`, or anyone who answers a signature value), and who writes
 * the file (`completeSignature`).
 */
import { signatureAlgorithm } from '../algorithms.ts'
import { buildSignedAttributes } from '../cms/signed-data.ts'
import type { TimestampProvider } from '../cms/timestamp-provider.ts'
import { SigningError } from '../errors.ts'
import type { KeyProvider } from '../keys/key-provider.ts'
import { parseCertificate } from '../x509/certificate.ts'
import { RevisionWriter } from './append-writer.ts'
import { digestByteRange, writeContents } from './byte-range.ts'
import { pdfDate } from './dates.ts'
import { type Form, isSigned, readForm } from './form.ts'
import { FormRevision } from './form-revision.ts'
import type { DocumentPermission, FieldLock } from './letter-fields.ts'
import { assertUnlocked } from './locks.ts'
import { type PdfValue, pdfDict, pdfName, pdfText } from './objects.ts'
import type { FieldPlace } from './page-place.ts'
import { openPdf } from './pdf-file.ts'
import { isGap, type PreparedSignature } from './prepared-signature.ts'
import { obeySeedValues } from './seed-values.ts'
import type { SignatureAppearance } from './signature-appearance.ts'
import { type SignedRevision, signatureCms, timestampedCms } from './signature-cms.ts'
import { signatureReferences } from './signature-dict.ts'
import { fieldToSign, lockToWrite, placeSignature } from './signature-field.ts'
import { buildSignatureRevision, type SignatureRevision } from './signature-revision.ts'

export interface SignatureOptions {
  /**
   * Fully qualified name of the field: an empty signature field of the document, or the name (without a period) of
   * one that is to be created.
   */
  readonly field: string
  /** Claimed time of signing; whole seconds count. The library has no clock. */
  readonly signingTime: Date
  /** The signer's name, the reason and the place, for readers that show them. */
  readonly name?: string
  readonly reason?: string
  readonly location?: string
  /**
   * Certifies the document (DocMDP, ISO 32000-2, 12.8.2.2): what it permits from now on. Only for the first signature.
   * Default: what the field's seed values prescribe, otherwise no certification.
   */
  readonly certify?: DocumentPermission
  /** What the signature locks; default what the field prescribes. */
  readonly lock?: FieldLock
  /** Where a new field stands; without it the new field is invisible. A field of the document has its own place. */
  readonly place?: FieldPlace
  /** What the field's box shows; default nothing. Not used where the field has no box. */
  readonly appearance?: SignatureAppearance
  /** Bytes reserved for the CMS; default enough for the certificates, a signature value and `timestampSize`. */
  readonly contentsSize?: number
  /** Bytes reserved for a time-stamp token, if there is to be one. */
  readonly timestampSize?: number
  /** Of an encrypted document: the user's or the owner's; one without a password needs none. It stays encrypted. */
  readonly password?: string
}

/** The signer's side of a preparation: everything of a `KeyProvider` but the key. */
export type SignerIdentity = Pick<KeyProvider, 'certificate' | 'chain' | 'algorithm'>

/** Room for a token with the certificates of its authority; those in use have 2,000 to 9,000 bytes. */
const usualTimestampSize = 12 * 1024

/**
 * Appends the revision with the signature's place and computes what is to be signed.
 *
 * @throws SigningError `PDF_NOT_A_PDF`, `PDF_MALFORMED`, `PDF_ENCRYPTED`, `PDF_PASSWORD_WRONG`,
 *   `PDF_FIELD_NOT_FOUND`, `PDF_FIELD_ALREADY_SIGNED`, `PDF_FIELD_LOCKED`, `PDF_FIELD_LOCK_CONFLICT`, `PDF_NO_CHANGES_PERMITTED`,
 *   `PDF_CERTIFICATION_NOT_FIRST`, `PDF_SEED_VALUE_CONFLICT`, `PDF_PAGE_NOT_FOUND`, `PDF_PLACE_OUTSIDE_PAGE`,
 *   `PDF_TEXT_NOT_ENCODABLE`, `IMAGE_UNSUPPORTED`
 */
export function prepareSignature(
  pdf: Uint8Array,
  options: SignatureOptions & { readonly signer: SignerIdentity },
): PreparedSignature {
  const { bytes: revision, digestAlgorithm, signatureScheme, ...rest } = prepareRevision(pdf, options)
  return {
    ...rest,
    field: options.field,
    bytes: Buffer.concat([pdf, revision]),
    digestAlgorithm: digestAlgorithm.name,
    signatureScheme,
    originalLength: pdf.length,
  }
}

/**
 * Puts the signature into the prepared document, with a time-stamp over its value where a provider is given.
 *
 * @param signatureValue as a `KeyProvider` answers it over `prepared.signedAttributes`
 * @throws SigningError `PREPARED_SIGNATURE_MISMATCH` when the document was altered since or the value is not one of
 *   the certificate's key; `SIGNATURE_TOO_LARGE` (`prepareSignature` takes `timestampSize`); what the provider throws
 */
export function completeSignature(prepared: PreparedSignature, signatureValue: Uint8Array): Uint8Array
export function completeSignature(
  prepared: PreparedSignature,
  signatureValue: Uint8Array,
  options: { readonly timestamp: TimestampProvider },
): Promise<Uint8Array>
export function completeSignature(
  prepared: PreparedSignature,
  signatureValue: Uint8Array,
  options?: { readonly timestamp: TimestampProvider },
): Uint8Array | Promise<Uint8Array> {
  const signed = checked(prepared)
  const finish = (cms: Uint8Array): Uint8Array => {
    const bytes = Uint8Array.from(prepared.bytes)
    writeContents(bytes, prepared.byteRange, cms)
    return bytes
  }
  if (options === undefined) return finish(signatureCms(signed, signatureValue))
  return timestampedCms(signed, signatureValue, options.timestamp).then(finish)
}

/** The preparation as it must have been made from these bytes. */
function checked(prepared: PreparedSignature): SignedRevision {
  const mismatch = (reason: string): never => {
    throw new SigningError('PREPARED_SIGNATURE_MISMATCH', { reason })
  }
  const { scheme, digest } = signatureAlgorithm(prepared.signatureScheme, prepared.digestAlgorithm)
  if (!isGap(prepared.byteRange, 0, prepared.bytes.length)) mismatch('the byte range was altered')
  const found = digestByteRange(prepared.bytes, prepared.byteRange, digest)
  if (Buffer.compare(found, prepared.digest) !== 0) mismatch('the document was altered')
  const { certificate, chain, signedAttributes } = prepared
  const expected = buildSignedAttributes({ messageDigest: found, certificate, chain, digest })
  if (Buffer.compare(expected, signedAttributes) !== 0) mismatch('the signed attributes were altered')
  return { certificate, chain, signedAttributes, signatureScheme: scheme, digestAlgorithm: digest }
}

/** How a document is signed in one step. */
export interface SigningOptions extends SignatureOptions {
  readonly key: KeyProvider
  /** Time-stamps the signature value (PAdES B-T). A token larger than its room makes the key sign once more. */
  readonly timestamp?: TimestampProvider
}

/**
 * Prepares, signs by the key and completes.
 * @throws SigningError as `prepareSignature`, the key and the time-stamp provider
 */
export async function signPdf(pdf: Uint8Array, options: SigningOptions): Promise<Uint8Array> {
  return Buffer.concat([pdf, await signPdfRevision(pdf, options)])
}

/**
 * As `signPdf`, answering only what follows the bytes of the document. The signed file is the two, one after the other:
 * whoever writes a large file need not hold it twice.
 */
export async function signPdfRevision(pdf: Uint8Array, options: SigningOptions): Promise<Uint8Array> {
  const { key, timestamp, ...rest } = options
  const signOnce = async (timestampSize: number): Promise<Uint8Array> => {
    const revision = prepareRevision(pdf, { ...rest, timestampSize, signer: key })
    const value = await key.sign(revision.signedAttributes)
    const cms =
      timestamp === undefined
        ? signatureCms(revision, value)
        : await timestampedCms(revision, value, timestamp)
    writeContents(revision.bytes, revision.byteRange, cms, pdf.length)
    return revision.bytes
  }
  const size = options.timestampSize ?? (timestamp === undefined ? 0 : usualTimestampSize)
  try {
    return await signOnce(size)
  } catch (error) {
    const tooLarge = error instanceof SigningError && error.code === 'SIGNATURE_TOO_LARGE'
    if (!tooLarge || timestamp === undefined || options.contentsSize !== undefined) throw error
    // The next token of the same authority has about the same length as this one.
    return await signOnce(size + Number(error.params.size) - Number(error.params.reserved) + 256)
  }
}

export interface PreparedRevision extends SignatureRevision, SignedRevision {}

/** The revision alone, its `/Contents` still zero; the same input gives the same bytes. */
export function prepareRevision(
  pdf: Uint8Array,
  options: SignatureOptions & { readonly signer: SignerIdentity },
): PreparedRevision {
  const { signer, field: name } = options
  const { certificate, chain, algorithm } = signer
  const file = openPdf(pdf, options.password === undefined ? {} : { password: options.password })
  const snapshot = file.latest
  const form = readForm(snapshot)
  const field = fieldToSign(form, name)
  assertUnlocked(snapshot, form, name)
  const lock = lockToWrite(snapshot, field, options.lock)
  const certify = obeySeedValues(snapshot, field, {
    filter: 'Adobe.PPKLite',
    subFilter: 'ETSI.CAdES.detached',
    digest: algorithm.digest.name,
    reason: options.reason,
    timestamp: (options.timestampSize ?? 0) > 0,
    // It goes into the security store of PAdES, never into the CMS.
    revocationInside: false,
    certify: options.certify,
    lock,
    certificate,
    others: chain,
  })
  if (certify !== undefined) assertFirst(form)
  const writer = new RevisionWriter(file)
  const changes = new FormRevision(writer, snapshot, form)
  const value = writer.allocate()
  const { appearance, place } = options
  placeSignature(writer, changes, snapshot, form, { field: name, value, lock, appearance, place })
  if (certify !== undefined) {
    const permissions = snapshot.dictEntry(snapshot.catalog, 'Perms')?.entries ?? []
    changes.setCatalogEntry('Perms', pdfDict({ ...Object.fromEntries(permissions), DocMDP: value }))
  }
  changes.write()
  const text = (value: string | undefined): PdfValue | undefined => {
    return value === undefined ? undefined : pdfText(value)
  }
  const entries = pdfDict({
    Type: pdfName('Sig'),
    Filter: pdfName('Adobe.PPKLite'),
    SubFilter: pdfName('ETSI.CAdES.detached'),
    M: pdfText(pdfDate(options.signingTime)),
    Name: text(options.name),
    Reason: text(options.reason),
    Location: text(options.location),
    Reference: signatureReferences(certify, lock, snapshot.trailer.entries.get('Root') ?? null),
  })
  const size = options.contentsSize ?? contentsSizeFor(signer) + (options.timestampSize ?? 0)
  const built = buildSignatureRevision(writer, pdf, { reference: value, entries, size }, algorithm.digest)
  const signedAttributes = buildSignedAttributes({
    messageDigest: built.digest,
    certificate,
    chain,
    digest: algorithm.digest,
  })
  return {
    ...built,
    certificate,
    chain,
    signedAttributes,
    digestAlgorithm: algorithm.digest,
    signatureScheme: algorithm.scheme,
  }
}

/** A certification speaks of the document as its author left it (12.8.2.2.1). */
function assertFirst(form: Form | undefined): void {
  const signed = form?.fields.find(isSigned)
  if (signed !== undefined) throw new SigningError('PDF_CERTIFICATION_NOT_FIRST', { field: signed.name })
}

/** Certificates, their names in the attributes, the signature value and some room. */
function contentsSizeFor({ certificate, chain }: SignerIdentity): number {
  const certificates = [certificate, ...chain].map(parseCertificate)
  const embedded = certificates.reduce(
    (sum, { der, issuer }) => sum + der.length + issuer.raw.length + 128,
    0,
  )
  const [own] = certificates
  // A signature value is no longer than the key's modulus, or not by much than a point of its curve.
  const value = Math.max(256, own?.publicKeyInfo.length ?? 0)
  return 1024 + embedded + (own?.issuer.raw.length ?? 0) + value
}
