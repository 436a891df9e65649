/** What the benchmarks of signing and verifying work on. */
import { randomBytes } from 'node:crypto'
import { PDFDocument } from 'pdf-lib'
import { makeLetter } from '../../fixtures/documents/letter.ts'
import { communeLetter } from '../../fixtures/documents/sample-letters.ts'
import { makeTestPki, type TestPki } from '../../fixtures/pki/make-pki.ts'
import { encodeDocument } from '../../server/edxml/encode.ts'
import { asKeyProvider, type KeyProvider, type VerificationPolicy } from '../../signing/index.ts'

export const seedTime = new Date('2026-01-05T01:00:00Z')

export interface BenchInputs {
  readonly pki: TestPki
  /** RSA-2048, PKCS#1 v1.5, the whole chain in the file. */
  readonly agency: KeyProvider
  /** The letter of the fixtures with its embedded fonts, and an attachment that makes it 100 kB. */
  readonly letter: Uint8Array
  /** An unsealed envelope to 80 recipients. */
  readonly envelope: string
  /** Root, CRLs of both CAs, revocation wanted. */
  readonly policy: VerificationPolicy
}

export async function benchInputs(): Promise<BenchInputs> {
  const pki = await makeTestPki({ seedTime, algorithm: 'RSA-2048' })
  return {
    pki,
    agency: asKeyProvider(pki.samples.agency, { rsaPadding: 'pkcs1' }),
    letter: await hundredKilobytes(await makeLetter({ ...communeLetter, created: seedTime })),
    envelope: encodeDocument(envelopeTo(80)),
    policy: {
      trustAnchors: [pki.root],
      untrusted: [],
      crls: pki.crls(),
      ocspResponses: [],
      time: seedTime,
      requireRevocation: true,
      legacy: false,
      profile: 'any',
    },
  }
}

async function hundredKilobytes(letter: Uint8Array): Promise<Uint8Array> {
  const pdf = await PDFDocument.load(letter, { updateMetadata: false })
  await pdf.attach(randomBytes(100_000 - letter.length), 'phu-luc.bin', {
    mimeType: 'application/octet-stream',
  })
  return pdf.save({ useObjectStreams: false })
}

function envelopeTo(recipients: number): Parameters<typeof encodeDocument>[0] {
  const notAfter = new Date('2026-01-12T01:30:00.000Z')
  return {
    from: { organId: 'H40.12.3', organName: 'Ủy ban nhân dân xã A' },
    to: Array.from({ length: recipients }, (_, i) => ({
      organId: `H40.12.${i + 1}`,
      organName: `Ủy ban nhân dân xã số ${i + 1}`,
    })),
    documentId: 'H40.12.3,2026/01/05,27/UBND-VP',
    code: { codeNumber: '27', codeNotation: 'UBND-VP' },
    promulgationInfo: { promulgationDate: '2026-01-05' },
    documentType: { type: 2, typeName: 'Công văn' },
    subject: 'V/v báo cáo công tác phòng, chống thiên tai',
    signerInfo: { fullName: 'Người ký 1' },
    responseFor: [],
    traceHeaders: [{ timestamp: seedTime }],
    notAfter,
    attachments: [],
  } as Parameters<typeof encodeDocument>[0]
}
