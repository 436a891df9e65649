import { expect } from 'chai'
import { lockDocument } from '../../../server/documents/document-store.ts'
import { readDetails } from '../../../server/documents/read-document.ts'
import { CongvanError } from '../../../server/errors.ts'
import { completeDocument, startProcessing } from '../../../server/handling/process-document.ts'
import { acceptDocument } from '../../../server/incoming/accept-document.ts'
import { refuseDocument } from '../../../server/incoming/refuse-document.ts'
import { addSignature } from '../../../server/outgoing/add-signature.ts'
import { cancelDocument } from '../../../server/outgoing/cancel-document.ts'
import { issueDocument } from '../../../server/outgoing/issue-document.ts'
import { markDispatched } from '../../../server/outgoing/issued-document.ts'
import { numberDocument } from '../../../server/outgoing/number-document.ts'
import { readRegister } from '../../../server/registers/register-store.ts'
import { Incoming } from '../incoming/incoming-support.ts'
import {
  download,
  openTestNode,
  signAsAgency,
  signAsIndividual,
  type TestNode,
  toDraft,
  toIssued,
  toNumbered,
  toSigned,
} from './support.ts'

/** What became of acts that were begun together: how many were done, and the codes of the others. */
async function together(...acts: Promise<unknown>[]): Promise<{ done: number; codes: string[] }> {
  const ends = await Promise.allSettled(acts)
  const refused = ends.filter((one) => one.status === 'rejected').map((one): unknown => one.reason)
  const codes = refused.map((error) => {
    if (error instanceof CongvanError) return error.code
    throw error
  })
  return { done: acts.length - refused.length, codes }
}

describe('documents: two clerks at once', () => {
  let node: TestNode
  let incoming: Incoming
  before(async function () {
    this.timeout(60_000)
    node = await openTestNode()
    const id = await toIssued(node)
    incoming = new Incoming(node, await download(node, node.one.clerk, id))
  })
  after(() => node.close())

  it('accept or refuse an incoming document once, and its sender is told one word', async () => {
    const { context, services, two } = node
    for (let round = 0; round < 3; round += 1) {
      const id = await incoming.verified()
      const acceptance = { id, acceptIndeterminate: true }
      const refusal = { id, reason: 'wrong-recipient', text: '' } as const
      const ends = await together(
        acceptDocument(context, services, two.clerk, acceptance),
        refuseDocument(context, services, two.clerk, refusal),
        acceptDocument(context, services, two.clerk, acceptance),
        refuseDocument(context, services, two.clerk, refusal),
      )
      expect(ends).to.deep.equal({ done: 1, codes: Array(3).fill('DOCUMENT_STATE_WRONG') })
      const { state } = await incoming.row(id)
      expect(incoming.told(id)).to.deep.equal([state === 'accepted' ? '03' : '02'])
    }
  })

  it('complete a document once', async () => {
    const { context, services, two } = node
    const id = await incoming.accepted()
    await incoming.assign(id)
    await startProcessing(context, services, two.leader, id)
    const done = { id, noAnswerReason: 'Để biết' }
    const ends = await together(...[1, 2, 3].map(() => completeDocument(context, services, two.leader, done)))
    expect(ends).to.deep.equal({ done: 1, codes: ['DOCUMENT_STATE_WRONG', 'DOCUMENT_STATE_WRONG'] })
    expect(incoming.told(id)).to.deep.equal(['03', '04', '05', '06'])
  })

  it('number or give up a signed document: the book says what the document says [K007]', async () => {
    const { context, services, one } = node
    for (let round = 0; round < 3; round += 1) {
      const id = await toSigned(node)
      await together(
        numberDocument(context, services, one.clerk, id),
        cancelDocument(context, one.clerk, { id, reason: 'Không gửi nữa' }),
        numberDocument(context, services, one.clerk, id),
      )
      const { state } = (await readDetails(context, one.clerk, id)).document
      const lines = await context.db.asAgency({ agencyId: one.agencyId }, (trx) =>
        readRegister(trx, 'outgoing:general', 2026),
      )
      const mine = lines.filter((line) => line.documentId === id).map((line) => line.status)
      expect(state).to.equal('cancelled')
      expect(mine.filter((status) => status !== 'cancelled')).to.deep.equal([])
      expect(mine.length).to.be.at.most(1)
      expect(lines.map((line) => line.number)).to.deep.equal(lines.map((_, index) => index + 1))
    }
  })

  it('sign or give up a draft, issue or give up a numbered one: one of the two', async () => {
    const { context, services, one } = node
    const draft = await toDraft(node)
    const signed = await signAsIndividual(await download(node, one.leader, draft), one.individual)
    const cancel = (id: string) => cancelDocument(context, one.clerk, { id, reason: 'Không gửi nữa' })
    const sign = () => addSignature(context, services, one.leader, { id: draft, bytes: signed })
    const first = await together(sign(), sign())
    expect(first.done).to.equal(1)
    const numbered = await toNumbered(node)
    const bytes = await signAsAgency(await download(node, one.clerk, numbered), one.agency)
    const issue = () => issueDocument(context, services, one.clerk, { id: numbered, bytes })
    const second = await together(issue(), cancel(numbered), issue())
    expect(second.done).to.equal(1)
    const { state } = (await readDetails(context, one.clerk, numbered)).document
    expect(state).to.be.oneOf(['issued', 'cancelled'])
  })

  it('send an answer on while the document that it answers is completed, without waiting for each other', async function () {
    this.timeout(15_000)
    const { context, services, two } = node
    const answer = await toIssued(node, two)
    const agency = { agencyId: two.agencyId }
    await context.db.asAgency(agency, (trx) => markDispatched(trx, answer, context.clock()))
    const id = await incoming.accepted()
    await incoming.assign(id)
    await startProcessing(context, services, two.leader, id)
    await context.db.asAgency(agency, async (trx) => {
      // As the dispatch to further recipients does: the answer first, then what it answers.
      await lockDocument(trx, answer)
      await completeDocument(context, services, two.leader, { id, answer })
      expect((await lockDocument(trx, id)).state).to.equal('completed')
    })
  })
})
