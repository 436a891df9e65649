/**
 * Signs a PDF by an appended revision: PAdES baseline B (ETSI EN 319 142-1 clause 6.3).
 *
 * The signing time stands in the dictionary's `/M` and not in the CMS. Three jobs are kept apart: what is signed
 * (`prepareSignature`), who holds the key (a `KeyProvider`, or anyone who answers a signature value), and who writes
 * the file (`completeSignature`).
 */
import { type DigestAlgorithm, type SignatureScheme, signatureAlgorithm, verifyData } from '../algorithms.ts'
import { assembleSignedData, buildSignedAttributes } from '../cms/signed-data.ts'
import { SigningError } from '../errors.ts'
import type { KeyProvider } from '../keys/key-provider.ts'
import { parseCertificate } from '../x509/certificate.ts'
import { RevisionWriter } from './append-writer.ts'
import {
  type ByteRange,
  byteRangePlaceholder,
  contentsPlaceholder,
  digestByteRange,
  writeByteRange,
  writeContents,
} from './byte-range.ts'
import { pdfDate } from './dates.ts'
import { readForm } from './form.ts'
import type { FieldLock } from './letter-fields.ts'
import { assertUnlocked, lockEntries } from './locks.ts'
import {
  type PdfDict,
  type PdfReference,
  type PdfValue,
  pdfArray,
  pdfDict,
  pdfName,
  pdfText,
} from './objects.ts'
import { openPdf } from './pdf-file.ts'
import { serialize } from './serialize.ts'
import { fieldToSign, lockToWrite, placeSignature, type SignatureAppearance } from './signature-field.ts'

export interface SignatureOptions {
  /**
   * Fully qualified name of the field: an empty signature field of the document, or the name (without a period) of
   * one that is to be created, invisible.
   */
  readonly field: string
  /** Claimed time of signing; whole seconds count. The library has no clock. */
  readonly signingTime: Date
  /** The signer's name, the reason and the place, for readers that show them. */
  readonly name?: string
  readonly reason?: string
  readonly location?: string
  /** What the signature locks; default what the field prescribes. */
  readonly lock?: FieldLock
  /** What the field's box shows; default nothing. Not used where the field has no box. */
  readonly appearance?: SignatureAppearance
  /** Bytes reserved for the CMS; default enough for the certificates and a signature value. */
  readonly contentsSize?: number
}

/** The signer's side of a preparation: everything of a `KeyProvider` but the key. */
export type SignerIdentity = Pick<KeyProvider, 'certificate' | 'chain' | 'algorithm'>

/**
 * A document waiting for a signature value. Plain data: it may be stored and completed later or elsewhere. The key
 * signs `signedAttributes`.
 */
export interface PreparedSignature {
  readonly field: string
  /** The whole file, `/Contents` still zero. */
  readonly bytes: Uint8Array
  readonly byteRange: ByteRange
  /** Digest of the bytes in the byte range. */
  readonly digest: Uint8Array
  readonly digestAlgorithm: DigestAlgorithm['name']
  readonly signatureScheme: SignatureScheme
  /** DER `SET OF Attribute` (RFC 5652 section 5.4). */
  readonly signedAttributes: Uint8Array
  readonly certificate: Uint8Array
  readonly chain: readonly Uint8Array[]
}

/**
 * Appends the revision with the signature's place and computes what is to be signed.
 *
 * @throws SigningError `PDF_NOT_A_PDF`, `PDF_MALFORMED`, `PDF_ENCRYPTED`, `PDF_FIELD_NOT_FOUND`,
 *   `PDF_FIELD_ALREADY_SIGNED`, `PDF_FIELD_LOCKED`, `PDF_FIELD_LOCK_CONFLICT`, `PDF_NO_CHANGES_PERMITTED`,
 *   `PDF_TEXT_NOT_ENCODABLE`
 */
export function prepareSignature(
  pdf: Uint8Array,
  options: SignatureOptions & { readonly signer: SignerIdentity },
): PreparedSignature {
  const { signer, field: name } = options
  const file = openPdf(pdf)
  const snapshot = file.latest
  const form = readForm(snapshot)
  const field = fieldToSign(form, name)
  assertUnlocked(snapshot, form, name)
  const lock = lockToWrite(snapshot, field, options.lock)
  const root = snapshot.trailer.entries.get('Root') ?? null
  const writer = new RevisionWriter(file)
  const value = writer.allocate()
  const size = options.contentsSize ?? contentsSizeFor(signer)
  const syntax = signatureSyntax(options, lock, root, size)
  writer.setSyntax(value, syntax)
  placeSignature(writer, snapshot, form, { field: name, value, lock, appearance: options.appearance })
  const { bytes, offsets } = writer.build()

  const body = (offsets.get(value.number) ?? 0) + headerLength(value)
  const byteRange = writeByteRange(
    bytes,
    body + syntax.indexOf(byteRangePlaceholder),
    body + syntax.indexOf(contentsPlaceholder(size)),
    size,
  )
  const { digest: digestAlgorithm, scheme } = signer.algorithm
  const digest = digestByteRange(bytes, byteRange, digestAlgorithm)
  const signedAttributes = buildSignedAttributes({
    messageDigest: digest,
    certificate: signer.certificate,
    chain: signer.chain,
    digest: digestAlgorithm,
  })
  return {
    field: name,
    bytes,
    byteRange,
    digest,
    digestAlgorithm: digestAlgorithm.name,
    signatureScheme: scheme,
    signedAttributes,
    certificate: signer.certificate,
    chain: signer.chain,
  }
}

/**
 * Puts the signature into the prepared document.
 *
 * @param signatureValue as a `KeyProvider` answers it over `prepared.signedAttributes`
 * @throws SigningError `PREPARED_SIGNATURE_MISMATCH` when the document was altered since or the value is not one of
 *   the certificate's key; `SIGNATURE_TOO_LARGE`
 */
export function completeSignature(prepared: PreparedSignature, signatureValue: Uint8Array): Uint8Array {
  const algorithm = signatureAlgorithm(prepared.signatureScheme, prepared.digestAlgorithm)
  const digest = digestByteRange(prepared.bytes, prepared.byteRange, algorithm.digest)
  if (Buffer.compare(digest, prepared.digest) !== 0) {
    throw new SigningError('PREPARED_SIGNATURE_MISMATCH', { reason: 'the document was altered' })
  }
  const expected = buildSignedAttributes({
    messageDigest: digest,
    certificate: prepared.certificate,
    chain: prepared.chain,
    digest: algorithm.digest,
  })
  if (Buffer.compare(expected, prepared.signedAttributes) !== 0) {
    throw new SigningError('PREPARED_SIGNATURE_MISMATCH', { reason: 'the signed attributes were altered' })
  }
  const key = parseCertificate(prepared.certificate).publicKey()
  if (key === undefined || !verifyData(algorithm, key, prepared.signedAttributes, signatureValue)) {
    throw new SigningError('PREPARED_SIGNATURE_MISMATCH', { reason: 'the value is not of the signer’s key' })
  }
  const cms = assembleSignedData({
    signedAttributes: prepared.signedAttributes,
    signature: signatureValue,
    algorithm,
    certificate: prepared.certificate,
    chain: prepared.chain,
  })
  const bytes = Uint8Array.from(prepared.bytes)
  writeContents(bytes, prepared.byteRange, cms)
  return bytes
}

/** Prepares, signs by the key and completes. @throws SigningError as `prepareSignature` and the key provider */
export async function signPdf(
  pdf: Uint8Array,
  options: SignatureOptions & { readonly key: KeyProvider },
): Promise<Uint8Array> {
  const { key, ...rest } = options
  const prepared = prepareSignature(pdf, { ...rest, signer: key })
  return completeSignature(prepared, await key.sign(prepared.signedAttributes))
}

/** Certificates, their names in the attributes, an RSA-4096 value and some room. */
function contentsSizeFor(signer: SignerIdentity): number {
  const certificates = [signer.certificate, ...signer.chain]
  const embedded = certificates.reduce((sum, certificate) => sum + certificate.length, 0)
  return 2048 + embedded + certificates.length * 512
}

function headerLength(reference: PdfReference): number {
  return `${reference.number} ${reference.generation} obj\n`.length
}

/** The signature dictionary (ISO 32000-2, table 255) with places for byte range and contents. */
function signatureSyntax(
  options: SignatureOptions,
  lock: FieldLock | undefined,
  root: PdfValue,
  size: number,
): string {
  const optionalText = (text: string | undefined): PdfValue | undefined => {
    return text === undefined ? undefined : pdfText(text)
  }
  const entries = pdfDict({
    Type: pdfName('Sig'),
    Filter: pdfName('Adobe.PPKLite'),
    SubFilter: pdfName('ETSI.CAdES.detached'),
    M: pdfText(pdfDate(options.signingTime)),
    Name: optionalText(options.name),
    Reason: optionalText(options.reason),
    Location: optionalText(options.location),
    Reference: lock === undefined ? undefined : pdfArray([fieldMdp(lock, root)]),
  })
  const rest = serialize(entries).slice('<< '.length)
  return `<< /ByteRange ${byteRangePlaceholder} /Contents ${contentsPlaceholder(size)} ${rest}`
}

function fieldMdp(lock: FieldLock, root: PdfValue): PdfDict {
  return pdfDict({
    Type: pdfName('SigRef'),
    TransformMethod: pdfName('FieldMDP'),
    TransformParams: pdfDict({ Type: pdfName('TransformParams'), V: pdfName('1.2'), ...lockEntries(lock) }),
    Data: root,
  })
}
