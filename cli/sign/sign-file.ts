import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { basename, dirname, extname, join } from 'node:path'
import { CongvanError } from '../../server/errors.ts'
import {
  type DocumentPermission,
  defaultLock,
  defaultSignatureField,
  type FieldLock,
  type FieldPlace,
  type KeyProvider,
  listFields,
  roleOf,
  type SignatureAppearance,
  signCms,
  signPdf,
  signXades,
  type TimestampProvider,
} from '../../signing/index.ts'
import type { CommandContext } from '../command.ts'
import { readInput } from '../read-input.ts'
import { sniffFormat } from '../sniff-format.ts'
import { writeNewFile } from '../write-new-file.ts'

/** What is the same for all files of a command. */
export interface SigningJob {
  readonly key: KeyProvider
  readonly timestamp: TimestampProvider | undefined
  /** Undefined: by what the file is. */
  readonly format: 'pades' | 'xades' | 'cades' | undefined
  readonly field: string | undefined
  readonly reason: string | undefined
  readonly location: string | undefined
  /** `null`: lock nothing; `undefined`: as the document's kind wants. */
  readonly lock: FieldLock | null | undefined
  readonly certify: DocumentPermission | undefined
  readonly place: FieldPlace | undefined
  readonly appearance: SignatureAppearance | undefined
  /** Of encrypted PDFs. */
  readonly password: string | undefined
  readonly out: string | undefined
  readonly suffix: string | undefined
}

export interface SignedFile {
  readonly file: string
  readonly output: string
  /** The PDF field; the Id of an XML signature; null for a `.p7s`. */
  readonly field: string | null
  /** SHA-256 of the signed file, hexadecimal. */
  readonly sha256: string
}

/**
 * Signs one file into a new one: a PDF as PAdES, an XML as XAdES enveloped over the whole document, and with `cades`
 * any file as CAdES in a `.p7s` of its own beside it.
 */
export async function signFile(file: string, job: SigningJob, context: CommandContext): Promise<SignedFile> {
  // Told before the key is used, and before the file is read; `writeNewFile` makes sure again. PAdES and XAdES go to
  // the same place.
  const intended = outputPath(file, job.format ?? 'pades', job)
  if (existsSync(intended)) throw new CongvanError('FILE_EXISTS', { file: intended })
  const bytes = await readInput(file, context)
  const format = job.format ?? (sniffFormat(bytes) === 'xml' ? 'xades' : 'pades')
  const output = outputPath(file, format, job)
  const { signed, field } = await sign(format, bytes, job, context)
  await writeNewFile(output, signed, context.language)
  return { file, output, field, sha256: createHash('sha256').update(signed).digest('hex') }
}

async function sign(
  format: 'pades' | 'xades' | 'cades',
  bytes: Uint8Array,
  job: SigningJob,
  context: CommandContext,
): Promise<{ signed: Uint8Array; field: string | null }> {
  const common = {
    key: job.key,
    signingTime: context.io.now(),
    ...(job.timestamp === undefined ? {} : { timestamp: job.timestamp }),
  }
  switch (format) {
    case 'pades':
      return signDocument(bytes, job, common)
    case 'xades': {
      const field = job.field ?? `sig-${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}`
      return {
        signed: await signXades({ form: 'enveloped', xml: bytes }, { ...common, signatureId: field }),
        field,
      }
    }
    case 'cades': {
      const mimeType = sniffFormat(bytes) === 'pdf' ? { mimeType: 'application/pdf' } : {}
      return { signed: await signCms(bytes, { ...common, ...mimeType }), field: null }
    }
  }
}

async function signDocument(
  pdf: Uint8Array,
  job: SigningJob,
  common: { key: KeyProvider; signingTime: Date; timestamp?: TimestampProvider },
): Promise<{ signed: Uint8Array; field: string }> {
  const { key, reason, location, certify, place, appearance } = job
  const password = job.password === undefined ? {} : { password: job.password }
  const { names, signatureFields } = listFields(pdf, password)
  const field = job.field ?? defaultSignatureField(roleOf(key.certificate), signatureFields)
  const lock = job.lock === undefined ? defaultLock(field, names, signatureFields) : job.lock
  const signed = await signPdf(pdf, {
    ...common,
    ...password,
    field,
    ...(reason === undefined ? {} : { reason }),
    ...(location === undefined ? {} : { location }),
    ...(lock === undefined || lock === null ? {} : { lock }),
    ...(certify === undefined ? {} : { certify }),
    ...(place === undefined ? {} : { place }),
    ...(appearance === undefined ? {} : { appearance }),
  })
  return { signed, field }
}

/** A `.p7s` is named after its file, so that `verify` finds the two together. */
function outputPath(file: string, format: 'pades' | 'xades' | 'cades', { out, suffix }: SigningJob): string {
  const folder = out ?? dirname(file)
  if (format === 'cades') return join(folder, `${basename(file)}${suffix ?? ''}.p7s`)
  const extension = extname(file)
  const added = suffix ?? (out === undefined ? '-signed' : '')
  return join(folder, `${basename(file, extension)}${added}${extension}`)
}
