/** How an examination looks to clients of the API. */
import { z } from 'zod'
import { aspects, type Examination } from './examination.ts'
import { overallWord, wordsOf } from './examination-words.ts'

const overall = z.enum(['valid', 'invalid', 'undecided'])
const words = z.strictObject({ vi: z.string(), en: z.string() })
const text = z.string().nullable()

export const examinationView = z.strictObject({
  overall,
  /** Hợp lệ, không hợp lệ, chưa đủ căn cứ. */
  word: words,
  aspects: z.strictObject({ authenticity: overall, integrity: overall, completeness: overall }),
  findings: z.array(
    z.strictObject({
      aspect: z.enum(aspects),
      code: z.string(),
      weight: z.enum(['failure', 'doubt', 'notice']),
      message: words,
    }),
  ),
  signatures: z.array(
    z.strictObject({
      id: z.string(),
      field: text,
      role: z.enum(['individual', 'agency', 'timestamp', 'unknown']),
      name: text,
      title: text,
      organization: text,
      agencyCode: text,
      serial: text,
      /** Names from the issuer up to the anchor. */
      chain: z.array(z.string()),
      validity: z.strictObject({ from: z.iso.datetime(), to: z.iso.datetime() }).nullable(),
      /** From the signer's certificate upwards; null: it could not be checked. */
      revocation: z
        .array(
          z.strictObject({
            status: z.enum(['good', 'revoked', 'unknown']),
            source: z.enum(['crl', 'ocsp']).nullable(),
            thisUpdate: z.iso.datetime().nullable(),
          }),
        )
        .nullable(),
      signingTime: z.strictObject({ at: z.string(), source: z.enum(['timestamp', 'claimed']) }).nullable(),
      authority: z.strictObject({ kind: z.enum(['public-duty', 'public', 'other', 'unknown']), name: text }),
    }),
  ),
  pages: z.int().nullable(),
})

export function viewExamination(one: Examination): z.input<typeof examinationView> {
  return {
    overall: one.overall,
    word: overallWord(one),
    aspects: one.aspects,
    findings: one.findings.map((finding) => ({
      aspect: finding.aspect,
      code: finding.code,
      weight: finding.weight,
      message: wordsOf(finding),
    })),
    signatures: one.signatures.map((signature) => ({
      ...signature,
      chain: [...signature.chain],
      revocation: signature.revocation === null ? null : [...signature.revocation],
    })),
    pages: one.pages,
  }
}
