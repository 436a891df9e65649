import { z } from 'zod'
import type { Language, VerificationPolicy } from '../../signing/index.ts'

/** What all files of one command are judged by. Plain data: it is handed to worker threads. */
export interface VerifySettings {
  readonly policy: VerificationPolicy
  readonly language: Language
  /** Whether stack traces of unexpected errors are wanted. */
  readonly debug: boolean
  /** Password of encrypted PDFs. */
  readonly password: string | null
  /** Null: nothing is read from the network. */
  readonly online: { readonly cacheFolder: string | null } | null
}

const material = z.array(z.instanceof(Uint8Array))

/** What a worker thread accepts as settings. */
export const settingsSchema: z.ZodType<VerifySettings> = z.strictObject({
  policy: z.strictObject({
    trustAnchors: material,
    untrusted: material,
    crls: material,
    ocspResponses: material,
    time: z.date(),
    requireRevocation: z.boolean(),
    legacy: z.boolean(),
    profile: z.enum(['any', 'issued', 'scanned-copy']),
  }),
  language: z.enum(['vi', 'en']),
  debug: z.boolean(),
  password: z.string().nullable(),
  online: z.strictObject({ cacheFolder: z.string().nullable() }).nullable(),
})
