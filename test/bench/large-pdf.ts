/**
 * Signs or verifies one large PDF in a process of its own, so that its greatest memory is that of this work alone:
 * `node large-pdf.ts sign|verify FILE POLICY.json`. Prints seconds, seconds of one SHA-256 pass, and bytes of memory.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { asKeyProvider, signPdf, verifyPdf } from '../../signing/index.ts'
import { seedTime } from './inputs.ts'

interface Given {
  readonly certificate: string
  readonly chain: readonly string[]
  readonly privateKeyPkcs8: string
  readonly anchor: string
  readonly crls: readonly string[]
}

const [, , what = '', file = '', given = ''] = process.argv
const bytes = (text: string) => Buffer.from(text, 'base64')
const material = JSON.parse(readFileSync(given, 'utf8')) as Given
const pdf = readFileSync(file)

async function timed(work: () => unknown): Promise<number> {
  const start = process.hrtime.bigint()
  await work()
  return Number(process.hrtime.bigint() - start) / 1e9
}

const sha256 = () => createHash('sha256').update(pdf).digest()
const key = asKeyProvider(
  {
    certificate: bytes(material.certificate),
    chain: material.chain.map(bytes),
    privateKeyPkcs8: bytes(material.privateKeyPkcs8),
  },
  { rsaPadding: 'pkcs1' },
)
const rounds: { raw: number; work: number }[] = []
let outcome = ''
for (let round = 0; round < 3; round += 1) {
  // The result of the round before is garbage of ours, and not what signing one file takes.
  globalThis.gc?.()
  const raw = await timed(sha256)
  const work = await timed(async () => {
    if (what === 'sign') {
      const signed = await signPdf(pdf, { key, field: 'ky', signingTime: seedTime })
      outcome = signed.length > pdf.length ? 'signed' : 'nothing'
    } else {
      const report = verifyPdf(pdf, {
        trustAnchors: [bytes(material.anchor)],
        untrusted: [],
        crls: material.crls.map(bytes),
        ocspResponses: [],
        time: seedTime,
        requireRevocation: true,
        legacy: false,
        profile: 'any',
      })
      outcome = report.indication
    }
  })
  rounds.push({ raw, work })
}
const memory = process.resourceUsage().maxRSS * 1024
process.stdout.write(`${JSON.stringify({ outcome, rounds, memory })}\n`)
