import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { signPart } from '../../../server/directory/part.ts'
import { type Receipt, sealReceipt } from '../../../server/edxml/receipt.ts'
import { sealStatus } from '../../../server/edxml/seal.ts'
import { partHelpers, sha256Of } from '../../../server/relay/evidence/derived-files.ts'
import type { EvidenceFindingCode } from '../../../server/relay/evidence/findings.ts'
import type { TrustGiven } from '../../../server/relay/evidence/node-trust.ts'
import { type EvidenceReport, verifyEvidence } from '../../../server/relay/evidence/verify-evidence.ts'
import { Forgery, pack } from './evidence-forger.ts'
import { evidenceOf, type Journey, makeJourney, sendTo } from './evidence-journey.ts'
import { issue } from './office.ts'

/** One genuine bundle, and what becomes of it in the hands of somebody who wants it to say something else. */
describe('relay: evidence that was tampered with', () => {
  let journey: Journey
  let zip: Uint8Array
  let given: TrustGiven

  before(async function () {
    // Four databases and a journey through them: long on a busy machine.
    this.timeout(180_000)
    journey = await makeJourney()
    zip = await journey.bundle()
    const { pki } = journey.network
    given = { anchors: [pki.root], untrusted: [pki.governmentCa], crls: [], roots: [journey.root] }
  })
  after(() => journey?.close())

  const judge = (bytes: Uint8Array) => verifyEvidence(bytes, given, journey.network.now())
  const codes = (report: EvidenceReport) => [...new Set(report.findings.map((one) => one.code))].sort()

  /** Judges a changed bundle; what is found must be exactly this. */
  async function expectFound(
    change: (forgery: Forgery) => unknown,
    verdict: EvidenceReport['verdict'],
    ...expected: EvidenceFindingCode[]
  ): Promise<EvidenceReport> {
    const forgery = new Forgery(zip)
    await change(forgery)
    const report = await judge(await forgery.pack())
    expect(codes(report)).to.deep.equal(expected.sort())
    expect(report.verdict).to.equal(verdict)
    return report
  }

  /** A receipt sealed by the key of a node of the journey. */
  async function forge(
    forgery: Forgery,
    recipient: string,
    node: string,
    facts: Partial<Receipt> & Pick<Receipt, 'event'>,
    key = journey.network.node(facts.issuingNode ?? node).key,
  ): Promise<string> {
    const time = facts.time ?? journey.network.now()
    const receipt: Receipt = {
      time,
      issuingNode: node,
      envelopeSha256: journey.sent.envelope,
      series: 1,
      branchId: randomUUID(),
      recipients: [recipient],
      previousReceiptSha256: null,
      ...facts,
    }
    const { xml } = await sealReceipt(receipt, { key, sealedAt: time })
    return forgery.add('receipts', recipient, xml, key)
  }

  const hashOf = (file: string) => file.replace(/^.*\/|\.xml$/g, '')
  const mainOf = (forgery: Forgery) => {
    const found = forgery.index.files.find((one) => one.name.endsWith('UBND-VP.pdf'))
    if (found === undefined) throw new Error('no main file')
    return found
  }

  it('packed again without a change it proves the same', () => expectFound(() => {}, 'PROVEN'))

  describe('files', () => {
    it('a changed byte of the PDF', () =>
      expectFound((one) => one.damage(mainOf(one).file), 'FALSE', 'FILE_CHANGED', 'SIGNATURE_FALSE'))

    it('another PDF under its own hash', () =>
      expectFound(
        (one) => {
          const main = mainOf(one)
          const bytes = Buffer.concat([one.files.get(main.file) ?? Buffer.alloc(0), Buffer.from('\n')])
          const sha256 = sha256Of(bytes)
          one.files.delete(main.file)
          one.files.set(`document/${sha256}.pdf`, bytes)
          Object.assign(main, { file: `document/${sha256}.pdf`, sha256, length: bytes.length })
        },
        'FALSE',
        'FILE_FOREIGN',
        'FILE_MISSING',
      ))

    it('a file that was left out', () =>
      expectFound((one) => one.files.delete(mainOf(one).file), 'INCOMPLETE', 'FILE_MISSING'))

    it('a file under another name', () =>
      expectFound((one) => Object.assign(mainOf(one), { name: 'khac.pdf' }), 'FALSE', 'FILE_RENAMED'))

    it('a file more, told of nowhere', () =>
      expectFound((one) => one.files.set('document/them.pdf', Buffer.from('x')), 'FALSE', 'FILE_UNLISTED'))

    it('a file more that the index tells of', () =>
      expectFound(
        (one) => {
          const bytes = Buffer.from('%PDF-1.7')
          const sha256 = sha256Of(bytes)
          const file = `document/${sha256}.pdf`
          one.files.set(file, bytes)
          one.index.files.push({ file, name: 'them.pdf', contentType: 'application/pdf', sha256, length: 8 })
        },
        'FALSE',
        'FILE_FOREIGN',
      ))

    it('another certificate beside the seals', () =>
      expectFound(
        (one) => {
          const [first, second] = one.index.certificates
          one.files.set(first?.file ?? '', one.files.get(second?.file ?? '') ?? Buffer.alloc(0))
        },
        'FALSE',
        'HELPER_WRONG',
      ))

    it('lists that tell of other sums', async () => {
      const forgery = new Forgery(zip)
      await forgery.pack()
      forgery.files.set('SHA256SUMS', Buffer.from(`${'0'.repeat(64)}  index.json\n`))
      const report = await judge(await pack(forgery.files))
      expect(codes(report)).to.deep.equal(['HELPER_WRONG'])
    })
  })

  describe('receipts', () => {
    it('a receipt of a node on the way that was left out', () =>
      expectFound(
        (one) => one.remove(one.receipt('G22', 'RelayAcceptance', 'tinh')),
        'INCOMPLETE',
        'CHAIN_INCOMPLETE',
      ))

    it('a receipt that only the index still tells of', () =>
      expectFound(
        (one) => one.files.delete(one.receipt('G22', 'RelayAcceptance', 'tinh')),
        'INCOMPLETE',
        'CHAIN_INCOMPLETE',
        'FILE_MISSING',
      ))

    it('the terminal receipt left out', () =>
      expectFound(
        (one) => one.remove(one.receipt('H40.12', 'ContentConsignment')),
        'INCOMPLETE',
        'NOT_ENDED',
      ))

    it('the receipt of the handover left out', () =>
      expectFound(
        (one) => one.remove(one.receipt('G22', 'ContentHandover')),
        'INCOMPLETE',
        'HANDOVER_MISSING',
      ))

    it('a recipient left out', () =>
      expectFound(
        (one) => {
          const at = one.index.deliveries.findIndex((delivery) => delivery.recipient === 'H40.12')
          const own = one.receipt('H40.12', 'ContentConsignment')
          one.remove(own)
          one.index.deliveries.splice(at, 1)
        },
        'INCOMPLETE',
        'RECIPIENT_MISSING',
      ))

    it('a changed byte of a receipt', () =>
      expectFound(
        (one) => one.damage(one.receipt('H40.12', 'ContentConsignment')),
        'FALSE',
        'FILE_CHANGED',
        'SEAL_BROKEN',
        'NOT_ENDED',
      ))

    it('the terminal receipt of another recipient in the place of his', () =>
      expectFound(
        (one) => {
          const delivery = one.delivery('H40.12')
          const own = hashOf(one.receipt('H40.12', 'ContentConsignment'))
          one.remove(`receipts/${own}.xml`)
          delivery.receipts.push(hashOf(one.receipt('G22', 'ContentConsignment')))
        },
        'FALSE',
        'RECEIPT_FOREIGN',
        'NOT_ENDED',
      ))

    it('the genuine receipt of another document', async () => {
      const { network, office } = journey
      const { id } = await issue(office, [])
      await sendTo(network, office, id, ['H40.12'])
      const other = new Forgery(await evidenceOf(network, office, id))
      const file = other.receipt('H40.12', 'ContentConsignment')
      await expectFound(
        (one) => {
          one.remove(one.receipt('H40.12', 'ContentConsignment'))
          one.add('receipts', 'H40.12', other.files.get(file) ?? Buffer.alloc(0), network.node('huyen').key)
        },
        'FALSE',
        'RECEIPT_FOREIGN',
        'NOT_ENDED',
      )
    })

    it('a consignment by a node that does not host the recipient', () =>
      expectFound(
        async (one) => {
          const previousReceiptSha256 = hashOf(one.receipt('H40.12', 'SubmissionAcceptance'))
          one.remove(one.receipt('H40.12', 'ContentConsignment'))
          await forge(one, 'H40.12', 'xa', { event: 'ContentConsignment', previousReceiptSha256 })
        },
        'FALSE',
        'NODE_NOT_HOST',
      ))

    it('a receipt in the name of another node', () =>
      expectFound(
        async (one) => {
          const previousReceiptSha256 = hashOf(one.receipt('H40.12', 'SubmissionAcceptance'))
          one.remove(one.receipt('H40.12', 'ContentConsignment'))
          const { key } = journey.network.node('xa')
          const facts = { event: 'ContentConsignment', previousReceiptSha256 } as const
          await forge(one, 'H40.12', 'huyen', facts, key)
        },
        'FALSE',
        'KEY_NOT_OF_NODE',
      ))

    it('a refusal to relay by a node that does not lie on the way', () =>
      expectFound(
        async (one) => {
          const previousReceiptSha256 = hashOf(one.receipt('H40.12', 'SubmissionAcceptance'))
          one.remove(one.receipt('H40.12', 'ContentConsignment'))
          await forge(one, 'H40.12', 'tw', { event: 'RelayRejection', previousReceiptSha256 })
        },
        'INCOMPLETE',
        'NODE_OFF_ROUTE',
      ))

    it('two ends of one delivery', () =>
      expectFound(
        async (one) => {
          const previousReceiptSha256 = hashOf(one.receipt('H40.12', 'SubmissionAcceptance'))
          await forge(one, 'H40.12', 'huyen', { event: 'ContentConsignmentFailure', previousReceiptSha256 })
        },
        'FALSE',
        'TERMINALS_CONTRADICT',
      ))

    it('accepted and refused at once', () =>
      expectFound(
        async (one) => {
          const previousReceiptSha256 = hashOf(one.receipt('G22', 'ContentConsignment'))
          await forge(one, 'G22', 'tw', { event: 'ContentHandoverFailure', previousReceiptSha256 })
        },
        'FALSE',
        'HANDOVERS_CONTRADICT',
      ))

    it('a consignment that follows nothing', () =>
      expectFound(
        async (one) => {
          one.remove(one.receipt('H40.12', 'ContentConsignment'))
          await forge(one, 'H40.12', 'huyen', { event: 'ContentConsignment' })
        },
        'FALSE',
        'CHAIN_ORDER',
      ))

    it('a receipt that follows one about other recipients', () =>
      expectFound(
        async (one) => {
          const previousReceiptSha256 = hashOf(one.receipt('G22', 'RelayAcceptance', 'tinh'))
          one.remove(one.receipt('H40.12', 'ContentConsignment'))
          await forge(one, 'H40.12', 'huyen', { event: 'ContentConsignment', previousReceiptSha256 })
        },
        'FALSE',
        'RECEIPT_FOREIGN',
      ))

    for (const [what, time] of [
      ['before its envelope was sealed', '2025-03-10T08:00:00+07:00'],
      ['after its time was over', '2025-03-12T09:00:00+07:00'],
    ] as const) {
      it(`a consignment ${what}`, () =>
        expectFound(
          async (one) => {
            const previousReceiptSha256 = hashOf(one.receipt('H40.12', 'SubmissionAcceptance'))
            one.remove(one.receipt('H40.12', 'ContentConsignment'))
            const facts = {
              event: 'ContentConsignment',
              previousReceiptSha256,
              time: new Date(time),
            } as const
            await forge(one, 'H40.12', 'huyen', facts)
          },
          'FALSE',
          'TIME_IMPLAUSIBLE',
        ))
    }
  })

  describe('statuses', () => {
    async function status(forgery: Forgery, node: string, documentId: string, statusCode = '06') {
      const { key } = journey.network.node(node)
      const sealedAt = journey.network.now()
      const { xml } = await sealStatus(
        {
          from: { organId: 'H40.12', organName: '-' },
          responseFor: {
            organId: 'H40.12.3',
            code: '01/UBND-VP',
            documentId,
            promulgationDate: '2025-03-10',
          },
          statusCode,
          timestamp: sealedAt,
        },
        { key, sealedAt },
      )
      forgery.add('statuses', 'H40.12', xml, key)
    }
    const documentId = 'H40.12.3,2025/03/10,01/UBND-VP'

    it('one more by the recipient is his to give', () =>
      expectFound((one) => status(one, 'huyen', documentId), 'PROVEN'))

    it('an answer to another document', () =>
      expectFound((one) => status(one, 'huyen', 'H40.12.3,2025/03/10,99/UBND-VP'), 'FALSE', 'STATUS_FOREIGN'))

    it('an answer sealed by the sender himself', () =>
      expectFound((one) => status(one, 'xa', documentId), 'FALSE', 'KEY_NOT_OF_NODE'))

    it('a code that is the sender’s', () =>
      expectFound((one) => status(one, 'huyen', documentId, '13'), 'FALSE', 'STATUS_CODE_WRONG'))
  })

  describe('the directory', () => {
    const replacePart = async (forgery: Forgery, file: string, issuer: string, key: string) => {
      const [, payload = ''] = forgery.text(file).split('.')
      const { format: _, ...content } = JSON.parse(Buffer.from(payload, 'base64url').toString())
      const part = await signPart({ ...content, issuer }, journey.network.node(key).key)
      const helpers = partHelpers(part.bytes)
      const base = file.replace(/\.jws$/, '')
      forgery.files.set(file, part.bytes)
      forgery.files.set(`${base}.pem`, helpers.key)
      forgery.files.set(`${base}.sig`, helpers.signature)
      const entry = forgery.index.directory.find((one) => one.file === file)
      if (entry !== undefined) entry.sha256 = part.sha256
    }

    it('a changed byte of a part', async () => {
      const report = await expectFoundAmong((one) => one.damage('directory/tinh-1.jws'))
      expect(codes(report)).to.include('DIRECTORY_PART_BROKEN')
      expect(report.verdict).to.equal('FALSE')
    })

    it('a part signed by another node', async () => {
      const report = await expectFoundAmong((one) => replacePart(one, 'directory/tinh-1.jws', 'tinh', 'xa'))
      expect(codes(report)).to.include('DIRECTORY_PART_NOT_ENTITLED')
      expect(report.verdict).to.equal('FALSE')
    })

    it('a root that made itself one proves nothing', async () => {
      const report = await expectFoundAmong((one) => replacePart(one, 'directory/tw-1.jws', 'tw', 'xa'))
      expect(report.root).to.deep.include({ node: 'tw', trusted: false })
      expect(report.verdict).to.not.equal('PROVEN')
      expect(codes(report)).to.include('DIRECTORY_NOT_TRUSTED')
    })

    it('a part that was left out leaves things unproven, not false', async () => {
      const report = await expectFoundAmong((one) => {
        for (const end of ['jws', 'pem', 'sig']) one.files.delete(`directory/huyen-1.${end}`)
        one.index.directory.splice(
          one.index.directory.findIndex((part) => part.issuer === 'huyen'),
          1,
        )
      })
      // The key of the node is still known by its certificate, which the trusted authority issued.
      expect(codes(report)).to.deep.equal(['HOST_UNKNOWN'])
      expect(report.verdict).to.equal('INCOMPLETE')
    })

    async function expectFoundAmong(change: (forgery: Forgery) => unknown): Promise<EvidenceReport> {
      const forgery = new Forgery(zip)
      await change(forgery)
      return judge(await forgery.pack())
    }
  })
})
