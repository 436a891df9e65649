/** A document time-stamp: a revision that says when the document existed (ISO 32000-2, 12.8.5, EN 319 142-1 clause 5.4.3). */
import { signatureAlgorithm } from '../algorithms.ts'
import type { TimestampProvider } from '../cms/timestamp-provider.ts'
import { SigningError } from '../errors.ts'
import { RevisionWriter } from './append-writer.ts'
import { writeContents } from './byte-range.ts'
import { type Form, readForm } from './form.ts'
import { FormRevision } from './form-revision.ts'
import { pdfDict, pdfName } from './objects.ts'
import { openPdf } from './pdf-file.ts'
import { fieldToSign, placeSignature } from './signature-field.ts'
import { buildSignatureRevision } from './signature-revision.ts'

export interface DocumentTimestampOptions {
  readonly timestamp: TimestampProvider
  /** Name of the field; default the first free one of `Timestamp1`, `Timestamp2` and so on. It shows nothing. */
  readonly field?: string
  /** Of the document; default SHA-256. */
  readonly digest?: 'SHA-256' | 'SHA-384' | 'SHA-512'
  /** Bytes reserved for the token; default what those in use need, and once more as many as a longer one has. */
  readonly tokenSize?: number
  /** Of an encrypted document. */
  readonly password?: string
}

const usualTokenSize = 12 * 1024

/**
 * Appends a document time-stamp. It may follow signatures that lock everything, since it changes nothing of the
 * document (ISO 32000-2, table 257).
 *
 * @throws SigningError as `openPdf`; `PDF_FIELD_ALREADY_SIGNED`, `PDF_FIELD_NOT_FOUND`, `SIGNATURE_TOO_LARGE`; what the
 *   provider throws
 */
export async function addDocumentTimestamp(
  pdf: Uint8Array,
  options: DocumentTimestampOptions,
): Promise<Uint8Array> {
  const { timestamp, tokenSize } = options
  const { digest } = signatureAlgorithm('ECDSA', options.digest ?? 'SHA-256')
  const stamp = async (size: number): Promise<Uint8Array> => {
    const file = openPdf(pdf, options.password === undefined ? {} : { password: options.password })
    const snapshot = file.latest
    const form = readForm(snapshot)
    const field = options.field ?? freeName(form)
    fieldToSign(form, field)
    const writer = new RevisionWriter(file)
    const changes = new FormRevision(writer, snapshot, form)
    const reference = writer.allocate()
    const none = { lock: undefined, appearance: undefined, place: undefined }
    placeSignature(writer, changes, snapshot, form, { field, value: reference, ...none })
    changes.write()
    const entries = pdfDict({
      Type: pdfName('DocTimeStamp'),
      Filter: pdfName('Adobe.PPKLite'),
      SubFilter: pdfName('ETSI.RFC3161'),
    })
    const built = buildSignatureRevision(writer, pdf, { reference, entries, size }, digest)
    const token = await timestamp.timestamp({ algorithm: digest, value: built.digest })
    writeContents(built.bytes, built.byteRange, token, pdf.length)
    return Buffer.concat([pdf, built.bytes])
  }
  try {
    return await stamp(tokenSize ?? usualTokenSize)
  } catch (error) {
    const tooLarge = error instanceof SigningError && error.code === 'SIGNATURE_TOO_LARGE'
    if (!tooLarge || tokenSize !== undefined) throw error
    return await stamp(Number(error.params.size) + 256)
  }
}

function freeName(form: Form | undefined): string {
  const taken = new Set(form?.fields.map(({ name }) => name))
  let count = 1
  while (taken.has(`Timestamp${count}`)) count += 1
  return `Timestamp${count}`
}
