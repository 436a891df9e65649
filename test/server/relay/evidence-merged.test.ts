import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import type { CodeEntry, TermEntry } from '../../../server/directory/agency-entry.ts'
import { signPart } from '../../../server/directory/part.ts'
import { sealReceipt } from '../../../server/edxml/receipt.ts'
import { partHelpers } from '../../../server/relay/evidence/derived-files.ts'
import { verifyEvidence } from '../../../server/relay/evidence/verify-evidence.ts'
import { asKeyProvider } from '../../../signing/index.ts'
import { type Court, codesOf, openCourt } from './evidence-court.ts'
import { Forgery } from './evidence-forger.ts'
import { evidenceOf, sendTo } from './evidence-journey.ts'
import { issue } from './office.ts'

/** Genuine evidence that is put together so that it says what none of it says alone. */
describe('relay: evidence put together from what does not belong together', () => {
  let court: Court
  before(async function () {
    // Four databases and a journey through them: long on a busy machine.
    this.timeout(180_000)
    court = await openCourt()
  })
  after(() => court?.journey.close())

  const hashOf = (file: string) => file.replace(/^.*\/|\.xml$/g, '')

  async function consignment(
    forgery: Forgery,
    recipient: string,
    node: string,
    more: object = {},
    key = court.journey.network.node(node).key,
    sealedAt = court.journey.network.now(),
  ) {
    const { network, sent } = court.journey
    const time = network.now()
    const { xml } = await sealReceipt(
      {
        event: 'ContentConsignment',
        time,
        issuingNode: node,
        envelopeSha256: sent.envelope,
        series: 1,
        branchId: randomUUID(),
        recipients: [recipient],
        previousReceiptSha256: hashOf(forgery.receipt('H40.12', 'SubmissionAcceptance')),
        ...more,
      },
      { key, sealedAt },
    )
    return { xml, key }
  }

  it('the deliveries of another document do not become deliveries of this one', async () => {
    const { network, office } = court.journey
    const { id } = await issue(office, [])
    await sendTo(network, office, id, ['H40.12'])
    const other = new Forgery(await evidenceOf(network, office, id))
    const report = await court.found((one) => {
      for (const [name, bytes] of other.files) if (name.includes('/')) one.files.set(name, bytes)
      for (const list of ['envelopes', 'files', 'deliveries'] as const) {
        ;(one.index[list] as unknown[]).push(...other.index[list])
      }
    })
    expect(codesOf(report)).to.include('ENVELOPE_FOREIGN')
    expect(report.verdict).to.equal('FALSE')
  })

  it('one delivery told of twice, each time with another end', () =>
    court.expectFound(
      async (one) => {
        const real = one.delivery('H40.12')
        const submitted = hashOf(one.receipt('H40.12', 'SubmissionAcceptance'))
        const facts = { event: 'ContentConsignmentFailure' }
        const { xml, key } = await consignment(one, 'H40.12', 'huyen', facts)
        const failed = one.add('receipts', 'H40.12', xml, key)
        real.receipts.splice(real.receipts.indexOf(failed), 1)
        one.index.deliveries.push({ ...real, receipts: [submitted, failed], statuses: [] })
      },
      'FALSE',
      'DELIVERY_TWICE',
    ))

  it('a recipient to whom the envelope was not addressed', async () => {
    const report = await court.found((one) => {
      one.index.deliveries.push({ ...one.delivery('H40.12'), recipient: 'H99', receipts: [], statuses: [] })
    })
    expect(codesOf(report)).to.include('RECIPIENT_FOREIGN')
    expect(report.verdict).to.equal('FALSE')
  })

  describe('a recipient that another node hosts since', () => {
    type Agency = { codes: CodeEntry[]; terms: TermEntry[] }
    const MOVED = '2025-04-01'

    /** From then on `tinh` hosts the district itself, as the root says; until then `huyen`, as before. */
    async function move(forgery: Forgery) {
      let moved: Agency | undefined
      await resign(forgery, 'tinh', (agencies) => {
        const found = agencies.find((one) => one.codes.some(({ code }) => code === 'H40.12'))
        if (found === undefined) throw new Error('no district')
        moved = structuredClone(found)
        for (const one of [...found.codes, ...found.terms]) Object.assign(one, { validTo: MOVED })
      })
      await resign(forgery, 'tw', (agencies) => {
        if (moved === undefined) return
        for (const one of [...moved.codes, ...moved.terms]) Object.assign(one, { validFrom: MOVED })
        for (const one of moved.terms) Object.assign(one, { hostingNode: 'tinh' })
        agencies.push(moved)
      })
    }

    async function resign(forgery: Forgery, issuer: string, change: (agencies: Agency[]) => void) {
      const file = `directory/${issuer}-1.jws`
      const [, payload = ''] = forgery.text(file).split('.')
      const { format: _, ...content } = JSON.parse(Buffer.from(payload, 'base64url').toString())
      change(content.agencies)
      const part = await signPart(content, court.journey.network.node(issuer).key)
      const helpers = partHelpers(part.bytes)
      forgery.files.set(file, part.bytes)
      forgery.files.set(`directory/${issuer}-1.pem`, helpers.key)
      forgery.files.set(`directory/${issuer}-1.sig`, helpers.signature)
      const entry = forgery.index.directory.find((one) => one.file === file)
      if (entry !== undefined) entry.sha256 = part.sha256
    }

    it('is proven by who hosted it then', () => court.expectFound(move, 'PROVEN'))

    for (const [sealed, sealedAt] of [
      ['then', undefined],
      ['since', new Date('2025-04-02T09:00:00+07:00')],
    ] as const) {
      it(`is not proven by who hosts it since and says that it did then, sealed ${sealed}`, async () => {
        const { network, root } = court.journey
        const forgery = new Forgery(court.zip)
        await move(forgery)
        const { xml, key } = await consignment(forgery, 'H40.12', 'tinh', {}, undefined, sealedAt)
        forgery.remove(forgery.receipt('H40.12', 'ContentConsignment'))
        forgery.add('receipts', 'H40.12', xml, key)
        const { pki } = network
        const given = { anchors: [pki.root], untrusted: [pki.governmentCa], crls: [], roots: [root] }
        const later = new Date('2025-04-03T09:00:00+07:00')
        const report = await verifyEvidence(await forgery.pack(), given, later)
        expect(codesOf(report)).to.deep.equal(['NODE_NOT_HOST'])
        expect(report.verdict).to.equal('FALSE')
      })
    }
  })

  it('a certified node that the directory does not know has no say on the way', () =>
    court.expectFound(
      async (one) => {
        const key = asKeyProvider(court.journey.network.pki.issueNode({ nodeId: 'la' }))
        const { xml } = await consignment(one, 'H40.12', 'la', { event: 'RelayRejection' }, key)
        one.remove(one.receipt('H40.12', 'ContentConsignment'))
        one.add('receipts', 'H40.12', xml, key)
      },
      'INCOMPLETE',
      'NODE_OFF_ROUTE',
    ))
})
