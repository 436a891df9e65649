/**
 * What no change of bytes may achieve (issue 3): a CMS signature passes only while what it signs - the content, the
 * signed attributes, the signer's certificate - and the signature value stand in it as they were, byte for byte. A
 * time-stamp proves a time only while its token does. RFC 5652 allows BER and digests the DER of the same values, so
 * the one other thing that may pass is a file whose DER has them all. How often is in `effort`.
 */
import { expect } from 'chai'
import { makeTimestampAuthority } from '../../../fixtures/pki/timestamp-authority.ts'
import { ATTRIBUTE_OID } from '../../../signing/cms/oids.ts'
import { parseSignedData } from '../../../signing/cms/parse-signed-data.ts'
import { signCms } from '../../../signing/cms/sign-cms.ts'
import { verifyCms } from '../../../signing/cms/verify-cms.ts'
import type { VerificationPolicy } from '../../../signing/policy.ts'
import { berToDer } from '../../../signing/x509/ber.ts'
import { type Mutation, mutate, type Span, spanOf } from '../fuzz/mutate.ts'
import { effort, type Random, seededRandom } from '../fuzz/random.ts'
import { type KeyKind, makeSigners, type Signers } from '../matrix/signers.ts'
import { policyOf } from './signatures.ts'

interface Sample {
  readonly name: string
  readonly cms: Uint8Array
  /** Null where it is enclosed. */
  readonly content: Uint8Array | null
  /** What is covered, and the value that covers it; each stands in the file once. */
  readonly covered: Readonly<Record<string, Uint8Array>>
  readonly token: Uint8Array | undefined
}

const { rounds, seed } = effort(30_000)
/** A new signature over new content after so many changes. */
const PER_SAMPLE = 150
const kinds = ['P-256', 'RSA-2048', 'Ed25519'] as const satisfies readonly KeyKind[]

function standsIn(bytes: Buffer, piece: Uint8Array): boolean {
  if (bytes.includes(Buffer.from(piece))) return true
  try {
    return Buffer.from(berToDer(bytes)).includes(Buffer.from(piece))
  } catch {
    return false
  }
}

describe('changed bytes of a CMS signature', () => {
  let signers: Signers
  let policy: VerificationPolicy

  before(async () => {
    signers = await makeSigners(new Date('2026-03-02T08:00:00Z'))
    policy = policyOf(signers.pki, { time: signers.now })
  })

  async function makeSample(random: Random): Promise<Sample> {
    const kind = random.pick(kinds)
    const rsaPadding = random.pick(['pss', 'pkcs1'] as const)
    const detached = random.below(2) === 0
    const stamped = random.below(3) === 0
    const content = random.bytes(1 + random.below(400))
    const { provider: timestamp } = makeTimestampAuthority({ pki: signers.pki, clock: () => signers.now })
    const key = signers.provider(kind, { rsaPadding })
    const cms = await signCms(content, {
      key,
      signingTime: signers.now,
      detached,
      ...(stamped && { timestamp }),
    })
    const [signer] = parseSignedData(cms).signers
    if (signer?.signedAttributesDer === undefined) throw new Error('no signed attributes')
    const token = signer.unsignedAttributes.find(({ type }) => type === ATTRIBUTE_OID.signatureTimestamp)
    return {
      name: `${kind} ${rsaPadding}, ${detached ? 'detached' : 'enclosed'}, ${stamped ? 'B-T' : 'B-B'}`,
      cms,
      content: detached ? content : null,
      covered: {
        // Under another tag in the file, so without it.
        attributes: signer.signedAttributesDer.subarray(1),
        certificate: key.certificate,
        value: signer.signature,
        ...(detached ? {} : { content }),
      },
      token: token?.values[0]?.raw,
    }
  }

  /** Three in four changes hit what is covered, where no excuse counts. */
  function change(sample: Sample, random: Random): Mutation & { within: string | undefined } {
    const names = Object.keys(sample.covered)
    const within = names[random.below(names.length + (names.length + 2) / 3)]
    const piece = within === undefined ? undefined : sample.covered[within]
    const span: Span | undefined = piece && spanOf(sample.cms, piece)
    return { ...mutate(sample.cms, random, span), within }
  }

  it(`never passes with a change of what is signed, in ${rounds} changes`, async function () {
    this.timeout(0)
    const random = seededRandom(seed)
    let sample = await makeSample(random)
    const counts = { changes: 0, within: 0, passed: 0 }
    for (let round = 0; counts.changes < rounds; round += 1) {
      if (round % PER_SAMPLE === 0) {
        sample = await makeSample(random)
        expect(verifyCms(sample.cms, sample.content, policy).indication, sample.name).to.equal('TOTAL_PASSED')
      }
      const { what, bytes, within } = change(sample, random)
      if (bytes.equals(sample.cms)) continue
      counts.changes += 1
      const report = verifyCms(bytes, sample.content, policy)
      const changed = Object.values(sample.covered).filter((piece) => !bytes.includes(Buffer.from(piece)))
      if (changed.length > 0) counts.within += 1
      const told = `seed ${seed}, ${sample.name}: ${what} in ${within ?? 'the file'}`
      if (report.indication === 'TOTAL_PASSED') {
        counts.passed += 1
        for (const piece of changed) expect(standsIn(bytes, piece), told).to.equal(true)
      }
      for (const { provenTime } of report.signatures) {
        if (provenTime !== null)
          expect(sample.token !== undefined && standsIn(bytes, sample.token), told).to.equal(true)
      }
    }
    process.stdout.write(
      `      ${counts.changes} changes, ${counts.within} of them in what is signed, ${counts.passed} harmless ones passed\n`,
    )
    expect(counts.within).to.be.greaterThan(rounds / 2)
  })

  it('never passes with another content beside it', async () => {
    const random = seededRandom(seed + 1)
    let sample = await makeSample(random)
    while (sample.content === null) sample = await makeSample(random)
    for (let round = 0; round < rounds / 100; round += 1) {
      const { what, bytes } = mutate(sample.content, random)
      if (bytes.equals(sample.content)) continue
      const { indication, subIndication } = verifyCms(sample.cms, bytes, policy)
      expect(`${indication}/${subIndication}`, what).to.equal('TOTAL_FAILED/HASH_FAILURE')
    }
  })
})
