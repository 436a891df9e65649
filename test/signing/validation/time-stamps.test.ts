import { expect } from 'chai'
import { makeTestPki, type TestPki } from '../../../fixtures/pki/make-pki.ts'
import { digest as digestOf } from '../../../signing/algorithms.ts'
import { judgeTimestamp } from '../../../signing/cms/judge-timestamp.ts'
import { ATTRIBUTE_OID } from '../../../signing/cms/oids.ts'
import { attribute } from '../../../signing/cms/signed-data.ts'
import { verifyCms } from '../../../signing/cms/verify-cms.ts'
import type { VerificationPolicy } from '../../../signing/policy.ts'
import type { SignatureReport } from '../../../signing/report.ts'
import { octetString } from '../../../signing/x509/der-write.ts'
import { policyOf, seedTime } from '../cms/signatures.ts'
import { content, DAY, type Stamped, signStamped, token } from './stamped-signatures.ts'

const day = (days: number) => new Date(seedTime.getTime() + days * DAY)

describe('signatures with time-stamps (EN 319 102-1 clause 5.5)', () => {
  let pki: TestPki
  let stranger: TestPki

  before(async () => {
    pki = await makeTestPki({ seedTime })
    stranger = await makeTestPki({ seedTime, label: 'lạ' })
  })

  const person = { commonName: 'Người ký 1', title: 'Chủ tịch', organization: 'Xã 1', agencyCode: 'H40.1.1' }
  /** From a day before the seed time to ten days after it. */
  const shortLived = () => pki.issueIndividual({ ...person, notAfter: day(10) })

  async function judge(
    issued: ReturnType<typeof shortLived>,
    stamped: Stamped,
    changes: Partial<VerificationPolicy> = {},
  ): Promise<SignatureReport> {
    const cms = await signStamped(pki, issued, stamped)
    const [signature] = verifyCms(cms, content, policyOf(pki, changes)).signatures
    return signature ?? expect.fail('no signature')
  }

  const verdict = ({ indication, subIndication }: SignatureReport) =>
    subIndication === null ? indication : `${indication}/${subIndication}`
  const codes = ({ warnings }: SignatureReport) => warnings.map(({ code }) => code)

  it('pass with a certificate that expired after the proven time', async () => {
    const signature = await judge(shortLived(), { overSignature: [{ at: day(5) }] }, { time: day(400) })
    expect(verdict(signature)).to.equal('TOTAL_PASSED')
    expect(signature).to.deep.include({ level: 'CAdES-B-T', provenTime: day(5).toISOString() })
    expect(codes(signature)).to.include('JUDGED_AT_PROVEN_TIME')
    const without = await judge(shortLived(), {}, { time: day(400) })
    expect([verdict(without), without.provenTime, without.level]).to.deep.equal([
      'INDETERMINATE/OUT_OF_BOUNDS_NO_POE',
      null,
      'CAdES-B-B',
    ])
    const tooLate = await judge(shortLived(), { overSignature: [{ at: day(20) }] }, { time: day(400) })
    expect(verdict(tooLate)).to.equal('INDETERMINATE/OUT_OF_BOUNDS_NO_POE')
  })

  it('take the earliest of several', async () => {
    const stamps = [{ at: day(20) }, { at: day(5) }, { at: day(7) }]
    const signature = await judge(shortLived(), { overSignature: stamps }, { time: day(400) })
    expect([verdict(signature), signature.provenTime]).to.deep.equal(['TOTAL_PASSED', day(5).toISOString()])
  })

  it('pass when the certificate was revoked after the proven time, and not when before', async () => {
    const revokedAt = async (revoked: number, stampedAt: number) => {
      const issued = pki.issueIndividual(person)
      pki.revoke(issued, day(revoked))
      const changes = { time: day(100), crls: pki.crls() }
      return verdict(await judge(issued, { overSignature: [{ at: day(stampedAt) }] }, changes))
    }
    expect(await revokedAt(30, 20)).to.equal('TOTAL_PASSED')
    expect(await revokedAt(30, 40)).to.equal('INDETERMINATE/REVOKED_NO_POE')
  })

  it('fail when a content time-stamp proves that they were made after revocation or expiry', async () => {
    const revoked = pki.issueIndividual(person)
    pki.revoke(revoked, day(30))
    const changes = { time: day(100), crls: pki.crls() }
    const overContent = [{ at: day(40) }]
    expect(verdict(await judge(revoked, { overContent }, changes))).to.equal('TOTAL_FAILED/REVOKED')
    expect(verdict(await judge(revoked, { overContent: [{ at: day(20) }] }, changes))).to.equal(
      'INDETERMINATE/REVOKED_NO_POE',
    )
    const expired = await judge(shortLived(), { overContent }, { time: day(100) })
    expect(verdict(expired)).to.equal('TOTAL_FAILED/EXPIRED')
  })

  it('fail when they are proven to be older than the certificate', async () => {
    const issued = pki.issueIndividual({ ...person, notBefore: day(3) })
    const signature = await judge(issued, { overSignature: [{ at: day(1) }] }, { time: day(20) })
    expect(verdict(signature)).to.equal('TOTAL_FAILED/NOT_YET_VALID')
  })

  it('are left open when the times contradict each other', async () => {
    const times = { overContent: [{ at: day(6) }], overSignature: [{ at: day(5) }] }
    const signature = await judge(shortLived(), times, { time: day(8) })
    expect(verdict(signature)).to.equal('INDETERMINATE/TIMESTAMP_ORDER_FAILURE')
    // A second on either side is within what the authorities promise.
    const near = {
      overContent: [{ at: new Date(day(5).getTime() + 1500) }],
      overSignature: [{ at: day(5) }],
    }
    expect(verdict(await judge(shortLived(), near, { time: day(8) }))).to.equal('TOTAL_PASSED')
  })

  it('say so when the signer claims a time after the proven one, or before what he signed existed [K086]', async () => {
    const late = { claimed: day(6), overSignature: [{ at: day(5) }] }
    expect(codes(await judge(shortLived(), late, { time: day(8) }))).to.include(
      'CLAIMED_TIME_AFTER_PROVEN_TIME',
    )
    const early = { claimed: day(3), overContent: [{ at: day(5) }] }
    expect(codes(await judge(shortLived(), early, { time: day(8) }))).to.include(
      'CLAIMED_TIME_BEFORE_CONTENT_TIMESTAMP',
    )
    const fitting = { claimed: day(5), overContent: [{ at: day(4) }], overSignature: [{ at: day(6) }] }
    expect(codes(await judge(shortLived(), fitting, { time: day(8) }))).to.deep.equal([
      'REVOCATION_NOT_CHECKED',
    ])
  })

  it('are left open when a time-stamp that was signed with the content is over other data', async () => {
    const overContent = [{ at: day(5), over: Buffer.from('khác') }]
    const signature = await judge(shortLived(), { overContent }, { time: day(8) })
    expect(verdict(signature)).to.equal('INDETERMINATE/SIG_CONSTRAINTS_FAILURE')
    expect(codes(signature)[0]).to.equal('CONTENT_TIMESTAMP_CONTRADICTS')
  })

  const unproven: readonly (readonly [string, () => Stamped])[] = [
    ['over other data', () => ({ overSignature: [{ at: day(5), over: Buffer.from('khác') }] })],
    ['of an authority without trust', () => ({ overSignature: [{ at: day(5), pki: stranger }] })],
    [
      'of a key for documents',
      () => ({ overSignature: [{ at: day(5), authority: pki.samples.individual }] }),
    ],
    [
      'of a time at which the authority had no certificate',
      () => ({
        overSignature: [{ at: day(5), authority: pki.issueTimestampAuthority({ notBefore: day(6) }) }],
      }),
    ],
  ]
  for (const [what, stamped] of unproven) {
    it(`take nothing from a time-stamp ${what}, and lose nothing by it`, async () => {
      const now = await judge(shortLived(), stamped(), { time: day(8) })
      expect([verdict(now), now.provenTime]).to.deep.equal(['TOTAL_PASSED', null])
      expect(codes(now)).to.include('TIMESTAMP_NOT_PROVEN')
      const later = await judge(shortLived(), stamped(), { time: day(400) })
      expect(verdict(later)).to.equal('INDETERMINATE/OUT_OF_BOUNDS_NO_POE')
    })
  }

  it('are not judged at a time after the one that was asked for', async () => {
    const issued = pki.issueIndividual({ ...person, notBefore: day(3) })
    const signature = await judge(issued, { overSignature: [{ at: day(5) }] }, { time: seedTime })
    expect(signature.indication).to.equal('INDETERMINATE')
  })

  it('fail when what should be a content time-stamp is none', async () => {
    const nonsense = octetString(Buffer.from('không phải dấu thời gian'))
    const signed = await judge(shortLived(), {
      signed: [attribute(ATTRIBUTE_OID.contentTimestamp, nonsense)],
    })
    expect(verdict(signed)).to.equal('TOTAL_FAILED/FORMAT_FAILURE')
    const unsigned = await judge(shortLived(), {
      unsigned: () => [attribute(ATTRIBUTE_OID.signatureTimestamp, nonsense)],
    })
    expect([verdict(unsigned), unsigned.level]).to.deep.equal(['TOTAL_PASSED', 'CAdES-B-B'])
  })

  it('are proven by an imprint of SHA-1 up to the date of the table, and by SHA-3', async () => {
    const weak = { overSignature: [{ at: day(5), digest: 'SHA-1' as const }] }
    const before = await judge(shortLived(), weak, { time: day(400) })
    expect(verdict(before)).to.equal('TOTAL_PASSED')
    expect(codes(before)).to.include('WEAK_TIMESTAMP_IMPRINT')
    const authority = pki.issueTimestampAuthority({ notAfter: day(3000) })
    const long = { overSignature: [{ at: day(5), digest: 'SHA-1' as const, authority }] }
    const past = await judge(shortLived(), long, { time: new Date('2030-03-06T00:00:00Z') })
    expect(verdict(past)).to.equal('INDETERMINATE/OUT_OF_BOUNDS_NO_POE')
    const sha3 = { overSignature: [{ at: day(5), digest: 'SHA3-256' as const }] }
    expect(verdict(await judge(shortLived(), sha3, { time: day(400) }))).to.equal('TOTAL_PASSED')
  })

  it('prove the same time or none after a change of any byte of the time-stamp', async () => {
    const issued = shortLived()
    const cms = await signStamped(pki, issued, { overSignature: [{ at: day(5) }] })
    const policy = policyOf(pki, { time: day(8), untrusted: [pki.governmentCa, issued.certificate] })
    const start = Buffer.from(cms).lastIndexOf(Buffer.from('060b2a864886f70d010910020e', 'hex'))
    expect(start).to.be.greaterThan(0)
    const found = new Set<string | null>()
    for (let at = start; at < cms.length; at += 7) {
      const changed = Uint8Array.from(cms)
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8))
      const [signature] = verifyCms(changed, content, policy).signatures
      found.add(signature?.provenTime ?? null)
    }
    expect([...found].filter((one) => one !== null && one !== day(5).toISOString())).to.deep.equal([])
  })

  describe('a time-stamp itself', () => {
    const data = Buffer.from('dữ liệu')

    async function stamp(changes: Partial<VerificationPolicy>, provenTime?: Date) {
      const authority = pki.issueTimestampAuthority({ notAfter: day(10) })
      return judgeTimestamp({
        token: await token(pki, { at: day(5), authority }, data),
        dataDigest: (algorithm) => digestOf(algorithm, data),
        policy: policyOf(pki, changes),
        provenTime,
      })
    }

    it('outlives its certificate where something later proves that it existed', async () => {
      const now = await stamp({ time: day(8) })
      expect(now).to.deep.include({ indication: 'TOTAL_PASSED', imprintHolds: true, accuracy: 1000 })
      expect(now.time?.toISOString()).to.equal(day(5).toISOString())
      expect((await stamp({ time: day(20) })).subIndication).to.equal('OUT_OF_BOUNDS_NO_POE')
      expect((await stamp({ time: day(20) }, day(9))).indication).to.equal('TOTAL_PASSED')
      expect((await stamp({ time: day(20) }, day(11))).subIndication).to.equal('OUT_OF_BOUNDS_NO_POE')
    })

    it('that is broken or about something else is a verdict', () => {
      for (const bytes of [new Uint8Array(), Buffer.from('3000', 'hex'), Buffer.from('rác')]) {
        const { subIndication } = judgeTimestamp({ token: bytes, dataDigest: null, policy: policyOf(pki) })
        expect(subIndication).to.equal('FORMAT_FAILURE')
      }
    })

    it('over what is not at hand proves nothing', async () => {
      const judged = judgeTimestamp({
        token: await token(pki, { at: day(5) }, data),
        dataDigest: null,
        policy: policyOf(pki),
      })
      expect([judged.indication, judged.subIndication, judged.imprintHolds]).to.deep.equal([
        'INDETERMINATE',
        'SIGNED_DATA_NOT_FOUND',
        null,
      ])
    })
  })
})
