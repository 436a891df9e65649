/** Document time-stamps of later revisions as proofs of what came before them (EN 319 102-1 clause 5.6.2). */
import { expect } from 'chai'
import { makeTestPki, type TestPki } from '../../../fixtures/pki/make-pki.ts'
import { makeTimestampAuthority } from '../../../fixtures/pki/timestamp-authority.ts'
import { asKeyProvider } from '../../../signing/keys/pkcs8.ts'
import { addDocumentTimestamp } from '../../../signing/pdf/document-timestamp.ts'
import { signPdf } from '../../../signing/pdf/sign-pdf.ts'
import { verifyPdf } from '../../../signing/pdf/verify-pdf.ts'
import { policyOf, seedTime } from '../cms/signatures.ts'
import { smallPdf } from '../pdf/small-pdf.ts'

const DAY = 86_400_000
const day = (days: number) => new Date(seedTime.getTime() + days * DAY)

describe('document time-stamps as proofs', () => {
  let pki: TestPki
  let signed: Uint8Array

  const person = { commonName: 'Người ký 1', title: 'Chủ tịch', organization: 'Xã 1', agencyCode: 'H40.1.1' }

  before(async () => {
    pki = await makeTestPki({ seedTime })
    const key = asKeyProvider(pki.issueIndividual({ ...person, notAfter: day(10) }))
    signed = await signPdf(await smallPdf(), { key, field: 'Chữ ký', signingTime: day(1) })
  })

  /** A document time-stamp by an authority whose certificate ends on the given day. */
  const stamped = (pdf: Uint8Array, at: Date, notAfter: Date): Promise<Uint8Array> => {
    const certificate = pki.issueTimestampAuthority({ notAfter })
    const { provider } = makeTimestampAuthority({ pki, clock: () => at, certificate })
    return addDocumentTimestamp(pdf, { timestamp: provider })
  }

  const verdicts = (pdf: Uint8Array, time: Date) =>
    verifyPdf(pdf, policyOf(pki, { time })).signatures.map(
      ({ indication, subIndication, level, provenTime }) =>
        [subIndication ?? indication, level, provenTime?.slice(0, 10) ?? null] as const,
    )

  it('let a signature pass whose certificate expired since', async () => {
    const pdf = await stamped(signed, day(5), day(100))
    expect(verdicts(pdf, day(20))).to.deep.equal([
      ['TOTAL_PASSED', 'PAdES-B-T', '2026-03-07'],
      ['TOTAL_PASSED', 'PAdES-DTS', '2026-03-07'],
    ])
    expect(verdicts(signed, day(20))).to.deep.equal([['OUT_OF_BOUNDS_NO_POE', 'PAdES-B-B', null]])
    // Stamped too late: the certificate had expired already.
    const late = await stamped(signed, day(15), day(100))
    expect(verdicts(late, day(20))[0]?.[0]).to.equal('OUT_OF_BOUNDS_NO_POE')
  })

  it('renew each other, the next one while the one before is good', async () => {
    const first = await stamped(signed, day(5), day(50))
    const second = await stamped(first, day(40), day(400))
    expect(verdicts(first, day(200)).map(([verdict]) => verdict)).to.deep.equal([
      'OUT_OF_BOUNDS_NO_POE',
      'OUT_OF_BOUNDS_NO_POE',
    ])
    expect(verdicts(second, day(200))).to.deep.equal([
      ['TOTAL_PASSED', 'PAdES-B-T', '2026-03-07'],
      ['TOTAL_PASSED', 'PAdES-DTS', '2026-03-07'],
      ['TOTAL_PASSED', 'PAdES-DTS', '2026-04-11'],
    ])
    const broken = await stamped(first, day(60), day(400))
    expect(verdicts(broken, day(200)).map(([verdict]) => verdict)).to.deep.equal([
      'OUT_OF_BOUNDS_NO_POE',
      'OUT_OF_BOUNDS_NO_POE',
      'TOTAL_PASSED',
    ])
  })

  it('prove nothing when they do not hold, and nothing about what came after them', async () => {
    const pdf = Buffer.from(await stamped(signed, day(5), day(100)))
    // The value of the token's signature: the last bytes before the padding of /Contents.
    const at = pdf.lastIndexOf('/Contents')
    const end = pdf.indexOf('0000000000', at + 2000)
    const digit = end - 20
    pdf[digit] = pdf[digit] === 0x31 ? 0x32 : 0x31
    const [signature, timestamp] = verdicts(pdf, day(20))
    expect(timestamp?.[0]).not.to.equal('TOTAL_PASSED')
    expect(signature?.[0]).to.equal('OUT_OF_BOUNDS_NO_POE')

    const before = await stamped(await smallPdf(), day(2), day(100))
    const key = asKeyProvider(pki.issueIndividual({ ...person, notAfter: day(10) }))
    const after = await signPdf(before, { key, field: 'Chữ ký', signingTime: day(3) })
    const [first, second] = verdicts(after, day(20))
    expect(first?.slice(0, 2)).to.deep.equal(['TOTAL_PASSED', 'PAdES-DTS'])
    expect(second).to.deep.equal(['OUT_OF_BOUNDS_NO_POE', 'PAdES-B-B', null])
  })

  it('stand in the order of the revisions, or contradict each other', async () => {
    const first = await stamped(signed, day(5), day(100))
    const second = await stamped(first, day(3), day(100))
    expect(verdicts(second, day(8)).map(([verdict, , time]) => [verdict, time])).to.deep.equal([
      ['TOTAL_PASSED', '2026-03-05'],
      ['TIMESTAMP_ORDER_FAILURE', null],
      ['TOTAL_PASSED', '2026-03-05'],
    ])
  })
})
