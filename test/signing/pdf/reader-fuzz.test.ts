/** Files broken at random: always a verdict or an error of ours. The seed is fixed; `FUZZ_RUNS` asks for more runs. */
import { expect } from 'chai'
import fc from 'fast-check'
import { encrypted } from '../../../fixtures/documents/broken.ts'
import { SigningError } from '../../../signing/errors.ts'
import { letterFields } from '../../../signing/pdf/letter-fields.ts'
import { verifyPdf } from '../../../signing/pdf/verify-pdf.ts'
import { policyOf } from '../cms/signatures.ts'
import { issueLetter, makeSigners, type Signers, signField } from './signers.ts'
import { smallPdf } from './small-pdf.ts'

const password = 'mật khẩu'

const runs = Number(process.env.FUZZ_RUNS ?? 700)

/** What syntax is made of, to be put where it does not belong. */
const words = [
  'obj',
  'endobj',
  'stream',
  'endstream',
  'xref',
  'trailer',
  'startxref',
  '%%EOF',
  '<<',
  '>>',
  '[',
  ']',
  '(',
  ')',
  '<',
  '>',
  '/',
  '#',
  '%',
  ' 0 R',
  '-1',
  '0',
  '99999999999',
  '1 0 R',
  '2 0 R',
  '/Prev 1',
  '/Size 1',
  '/XRefStm 9',
  '/Kids [1 0 R]',
  '/Parent 1 0 R',
  '/Length 1 0 R',
  '/Type /ObjStm',
  '/Encrypt 1 0 R',
  '/Root 2 0 R',
  '\0',
  '\r\n',
] as const

type Edit =
  | { readonly kind: 'put'; readonly at: number; readonly bytes: Uint8Array; readonly over: boolean }
  | { readonly kind: 'move'; readonly at: number; readonly from: number; readonly length: number }
  | { readonly kind: 'cut'; readonly at: number; readonly length: number }

const place = fc.double({ min: 0, max: 1, noNaN: true })
const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.record({
    kind: fc.constant('put' as const),
    at: place,
    over: fc.boolean(),
    bytes: fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 4 }),
      fc.constantFrom(...words).map((word) => Uint8Array.from(Buffer.from(word, 'latin1'))),
    ),
  }),
  fc.record({ kind: fc.constant('move' as const), at: place, from: place, length: fc.nat(300) }),
  fc.record({ kind: fc.constant('cut' as const), at: place, length: fc.nat(60) }),
)

function applied(pdf: Uint8Array, { at, ...change }: Edit): Uint8Array {
  const start = Math.floor(at * pdf.length)
  const [before, after] = [pdf.subarray(0, start), pdf.subarray(start)]
  if (change.kind === 'cut') return Buffer.concat([before, after.subarray(change.length)])
  if (change.kind === 'move') {
    const from = Math.floor(change.from * pdf.length)
    return Buffer.concat([before, pdf.subarray(from, from + change.length), after])
  }
  const { bytes, over } = change
  return Buffer.concat([before, bytes, over ? after.subarray(bytes.length) : after])
}

describe('verifying PDFs broken at random', () => {
  let signers: Signers
  const samples = new Map<string, Uint8Array>()

  before(async () => {
    signers = await makeSigners()
    const { individualSignature } = letterFields
    for (const objectStreams of [false, true]) {
      const pdf = await smallPdf({ objectStreams })
      const kind = objectStreams ? 'object streams' : 'a table'
      samples.set(`${kind}, signed`, await signField(pdf, signers.individual, individualSignature))
      samples.set(`${kind}, issued`, (await issueLetter(pdf, signers)).issued)
      samples.set(`${kind}, encrypted`, await encrypted(pdf, password))
    }
  })

  for (const kind of ['a table', 'object streams'].flatMap((one) => [
    `${one}, signed`,
    `${one}, issued`,
    `${one}, encrypted`,
  ])) {
    it(`gives a verdict or an error of its own: ${kind}`, function () {
      this.timeout(60_000)
      const sample = samples.get(kind) ?? new Uint8Array(0)
      const policy = policyOf(signers.pki)
      const verdicts = new Set<string>()
      fc.assert(
        fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
          const broken = edits.reduce(applied, sample)
          try {
            const report = verifyPdf(broken, policy, { password })
            verdicts.add(report.indication)
            const isWhole = Buffer.compare(broken, sample) === 0
            // Whatever passes is what was signed: the edits may only have come to nothing.
            if (report.indication === 'TOTAL_PASSED')
              expect(isWhole || isPadded(broken, sample)).to.equal(true)
          } catch (error) {
            expect(error).to.be.instanceOf(SigningError)
          }
        }),
        { numRuns: Math.ceil(runs / 6), seed: 20_260_105 },
      )
      expect(verdicts.has('TOTAL_FAILED')).to.equal(true)
    })
  }
})

/** White space and NUL after the end are no change of the document. */
function isPadded(broken: Uint8Array, sample: Uint8Array): boolean {
  const same = Buffer.compare(broken.subarray(0, sample.length), sample) === 0
  return same && broken.subarray(sample.length).every((byte) => [0, 9, 10, 12, 13, 32].includes(byte))
}
