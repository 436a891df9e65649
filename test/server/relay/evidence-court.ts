/** One genuine bundle, and a judge of what was made of it. */
import { expect } from 'chai'
import type { EvidenceFindingCode } from '../../../server/relay/evidence/findings.ts'
import { type EvidenceReport, verifyEvidence } from '../../../server/relay/evidence/verify-evidence.ts'
import { Forgery } from './evidence-forger.ts'
import { type Journey, makeJourney } from './evidence-journey.ts'

export interface Court {
  readonly journey: Journey
  /** The genuine bundle. */
  readonly zip: Uint8Array
  judge(bytes: Uint8Array): Promise<EvidenceReport>
  /** Judges a changed bundle. */
  found(change: (forgery: Forgery) => unknown): Promise<EvidenceReport>
  /** Judges a changed bundle; what is found must be exactly this. */
  expectFound(
    change: (forgery: Forgery) => unknown,
    verdict: EvidenceReport['verdict'],
    ...codes: EvidenceFindingCode[]
  ): Promise<void>
}

export const codesOf = (report: EvidenceReport) => [...new Set(report.findings.map((one) => one.code))].sort()

export async function openCourt(): Promise<Court> {
  const journey = await makeJourney()
  const { network, root } = journey
  const { pki } = network
  const given = { anchors: [pki.root], untrusted: [pki.governmentCa], crls: [], roots: [root] }
  const zip = await journey.bundle()
  const judge = (bytes: Uint8Array) => verifyEvidence(bytes, given, network.now())
  const found = async (change: (forgery: Forgery) => unknown) => {
    const forgery = new Forgery(zip)
    await change(forgery)
    return judge(await forgery.pack())
  }
  return {
    journey,
    zip,
    judge,
    found,
    async expectFound(change, verdict, ...codes) {
      const report = await found(change)
      expect(codesOf(report)).to.deep.equal(codes.sort())
      expect(report.verdict).to.equal(verdict)
    },
  }
}
