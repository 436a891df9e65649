import { signPdf, signXml, type VerificationPolicy, verifyPdf, verifyXml } from '../../signing/index.ts'
import { benchInputs, seedTime } from './inputs.ts'
import { type Measure, measureBound, measureRate } from './measure.ts'
import { rawCosts } from './raw.ts'
import { measureLargePdf } from './run-large-pdf.ts'
import { sealPlace } from './seal-place.ts'

/** Verifications between which memory must not grow by more than this. */
const MANY = 100_000
const MOST_GROWTH_MB = 32

/** What verifying costs, beside one RSA-2048 signature of `node:crypto`; chain and CRLs come from the caches. */
export async function benchVerify(): Promise<Measure[]> {
  const inputs = await benchInputs()
  const { agency, letter, envelope, policy } = inputs
  const raw = rawCosts()
  const pdf = await signPdf(letter, { key: agency, field: 'dau', signingTime: seedTime })
  const xml = await signXml(envelope, { key: agency, signingTime: seedTime, ...sealPlace })
  const passed = (report: { indication: string; signatures: readonly object[] }) => {
    if (report.indication !== 'TOTAL_PASSED') throw new Error(JSON.stringify(report))
  }
  const verifyLetter = () => passed(verifyPdf(pdf, policy))
  const verifyEnvelope = () => passed(verifyXml(xml, policy))
  return [
    await measureRate({ name: 'pades-verify', work: verifyLetter, raw: raw.rsaSign, atLeast: 0.3 }),
    await measureRate({ name: 'xades-verify', work: verifyEnvelope, raw: raw.rsaSign, atLeast: 0.14 }),
    await measureRate({ name: 'rsa-2048-verify', work: raw.rsaVerify, raw: raw.rsaSign }),
    await measureRate({ name: 'p-256-verify', work: raw.ecVerify, raw: raw.rsaSign }),
    ...(await measureLargePdf('verify', inputs, 10)),
    memoryOf(pdf, policy),
  ]
}

/** The growth of memory from the 10,000th verification to the last. */
function memoryOf(pdf: Uint8Array, policy: VerificationPolicy): Measure {
  let start = 0
  for (let i = 0; i < MANY; i += 1) {
    if (i === MANY / 10) start = settledMemory()
    verifyPdf(pdf, policy)
  }
  const growth = (settledMemory() - start) / 1024 / 1024
  return measureBound('memory-growth-over-100000-verifications', Math.max(0, growth), 'MB', MOST_GROWTH_MB)
}

function settledMemory(): number {
  globalThis.gc?.()
  return process.memoryUsage().rss
}
