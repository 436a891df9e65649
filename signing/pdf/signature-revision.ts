/** The revision that holds a signature: appended, its byte range filled in, its digest taken. */
import { createDigest, type DigestAlgorithm } from '../algorithms.ts'
import type { RevisionWriter } from './append-writer.ts'
import { type ByteRange, byteRangePlaceholder, contentsPlaceholder, writeByteRange } from './byte-range.ts'
import type { PdfDict, PdfReference } from './objects.ts'
import { signatureSyntax } from './signature-dict.ts'

export interface SignatureRevision {
  /** The bytes that follow those of the document; `/Contents` still zero. */
  readonly bytes: Uint8Array
  /** In the whole file. */
  readonly byteRange: ByteRange
  /** Digest of the bytes in the byte range. */
  readonly digest: Uint8Array
  /** Digest of the document as it was. */
  readonly originalDigest: Uint8Array
}

export interface SignatureValue {
  readonly reference: PdfReference
  readonly entries: PdfDict
  /** Bytes reserved for the CMS. */
  readonly size: number
}

/**
 * Writes the signature dictionary last and the revision with it.
 * @param original the bytes of the document, read once and not copied
 */
export function buildSignatureRevision(
  writer: RevisionWriter,
  original: Uint8Array,
  { reference, entries, size }: SignatureValue,
  algorithm: DigestAlgorithm,
): SignatureRevision {
  const syntax = signatureSyntax(writer, reference, entries, size)
  writer.setSyntax(reference, syntax)
  const { bytes, offsets } = writer.append()
  const header = `${reference.number} ${reference.generation} obj\n`.length
  const body = (offsets.get(reference.number) ?? 0) + header
  const byteRange = writeByteRange(
    bytes,
    body + syntax.indexOf(byteRangePlaceholder),
    body + syntax.indexOf(contentsPlaceholder(size)),
    size,
    original.length,
  )
  const hash = createDigest(algorithm).update(original)
  const originalDigest = hash.copy().digest()
  hash.update(bytes.subarray(0, byteRange[1] - original.length))
  hash.update(bytes.subarray(byteRange[2] - original.length))
  return { bytes, byteRange, digest: hash.digest(), originalDigest }
}
