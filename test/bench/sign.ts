import { signPdf, signXml } from '../../signing/index.ts'
import { benchInputs, seedTime } from './inputs.ts'
import { type Measure, measureRate } from './measure.ts'
import { rawCosts } from './raw.ts'
import { measureLargePdf } from './run-large-pdf.ts'
import { sealPlace } from './seal-place.ts'

/** What signing costs, beside one RSA-2048 signature of `node:crypto`. */
export async function benchSign(): Promise<Measure[]> {
  const inputs = await benchInputs()
  const { agency, letter, envelope } = inputs
  const raw = rawCosts()
  return [
    await measureRate({
      name: 'pades-b-b-sign',
      work: () => signPdf(letter, { key: agency, field: 'dau', signingTime: seedTime }),
      raw: raw.rsaSign,
      atLeast: 0.2,
    }),
    await measureRate({
      name: 'xades-b-b-sign',
      work: () => signXml(envelope, { key: agency, signingTime: seedTime, ...sealPlace }),
      raw: raw.rsaSign,
      atLeast: 0.14,
    }),
    await measureRate({ name: 'p-256-sign', work: raw.ecSign, raw: raw.rsaSign }),
    ...(await measureLargePdf('sign', inputs, 15)),
  ]
}
