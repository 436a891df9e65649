/**
 * Letters between operators: small JSON files that a node key has signed, handed over by mail or on a stick. Readable
 * as they are; what is signed is the canonical JSON (`audit/entry.ts`) of `format` and `letter`.
 *
 * A signature proves only that the letter comes from the holder of the key that it carries. Whether that key is the
 * node's is for the two operators to compare by voice, or for the keys that are known already.
 */
import { verify, X509Certificate } from 'node:crypto'
import { z } from 'zod'
import { type KeyProvider, nodeKeyFingerprint, SigningError } from '../../signing/index.ts'
import { type CanonicalValue, canonicalJson } from '../audit/entry.ts'
import { CongvanError } from '../errors.ts'
import { signP1363 } from '../http/node-signature.ts'

/** More than any letter of ours needs. */
export const MAX_LETTER_BYTES = 50_000

const SIGNATURE = z.base64url().length(86)
export const fingerprintForm = z.string().regex(/^[0-9a-f]{64}$/)
export const instantForm = z.iso.datetime({ precision: 3 })
export const certificateForm = z.base64().min(100).max(8_000)

/** A certificate whose key signs letters: its DER, fingerprint and public key. */
export interface LetterKey {
  readonly certificate: X509Certificate
  readonly fingerprint: string
}

/**
 * Writes a letter.
 *
 * @param by signatures by their field name, e.g. `signature`
 */
export async function writeLetter(
  format: string,
  letter: object,
  by: Readonly<Record<string, KeyProvider>>,
): Promise<Uint8Array> {
  const bytes = signedBytes(format, letter)
  const signatures: Record<string, string> = {}
  for (const [field, key] of Object.entries(by)) {
    signatures[field] = Buffer.from(await signP1363(key, bytes)).toString('base64url')
  }
  return Buffer.from(`${JSON.stringify({ format, letter, ...signatures }, null, 2)}\n`)
}

/**
 * Reads a letter's form; its signatures are checked by `requireSignature`.
 *
 * @throws CongvanError `LETTER_INVALID`
 */
export function readLetter<Form extends z.ZodType>(
  bytes: Uint8Array,
  format: string,
  form: Form,
  fields: readonly string[],
): { readonly letter: z.output<Form>; readonly signatures: Readonly<Record<string, string>> } {
  if (bytes.length > MAX_LETTER_BYTES) throw invalid(`> ${MAX_LETTER_BYTES} byte`)
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw invalid('không phải JSON mã hóa UTF-8 / no JSON in UTF-8')
  }
  const signatures = Object.fromEntries(fields.map((field) => [field, SIGNATURE]))
  const parsed = z.strictObject({ format: z.literal(format), letter: form, ...signatures }).safeParse(value)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw invalid(`${issue?.path.join('.')}: ${issue?.message}`)
  }
  const { letter, ...rest } = parsed.data as { letter: z.output<Form> } & Record<string, unknown>
  return { letter, signatures: rest as Record<string, string> }
}

/** @throws CongvanError `LETTER_INVALID` for what is no certificate of a P-256 key */
export function readLetterKey(base64: string): LetterKey {
  try {
    const certificate = new X509Certificate(Buffer.from(base64, 'base64'))
    if (certificate.publicKey.asymmetricKeyDetails?.namedCurve !== 'prime256v1') throw invalid('P-256')
    return { certificate, fingerprint: nodeKeyFingerprint(certificate.publicKey) }
  } catch (error) {
    if (error instanceof CongvanError || error instanceof SigningError) throw error
    throw invalid('chứng thư không đọc được / the certificate cannot be read')
  }
}

/** @throws CongvanError `LETTER_INVALID` when the letter was changed, or signed by another key than it says */
export function requireSignature(
  format: string,
  letter: object,
  signature: string | undefined,
  key: LetterKey,
): void {
  const bytes = signedBytes(format, letter)
  const holds = verify(
    'sha256',
    bytes,
    { key: key.certificate.publicKey, dsaEncoding: 'ieee-p1363' },
    Buffer.from(signature ?? '', 'base64url'),
  )
  if (!holds)
    throw invalid('chữ ký không đúng: tệp đã bị sửa / the signature does not hold: the file was changed')
}

function signedBytes(format: string, letter: object): Uint8Array {
  return canonicalJson({ format, letter: letter as unknown as CanonicalValue })
}

export function invalid(reason: string): CongvanError {
  return new CongvanError('LETTER_INVALID', { reason })
}
