/** Updates of what was said beside the text of a document: deadline and recipients (BussinessDocType 2). */
import { expect } from 'chai'
import { readBytes, readDetails } from '../../../server/documents/read-document.ts'
import { answerUpdate } from '../../../server/incoming/answer-update.ts'
import { readRegistration } from '../../../server/incoming/register-incoming.ts'
import { dispatchDocument } from '../../../server/relay/dispatch.ts'
import { accept, issue } from './office.ts'
import { codeOf, openRecallTree, SENDER, type Tree } from './recall-support.ts'

const REASON = 'Gia hạn theo đề nghị'

describe('an update of a document over four nodes', function () {
  this.timeout(120_000)
  let tree: Tree
  before(async () => {
    tree = await openRecallTree()
  })
  after(() => tree?.network.close())

  /** A document with a deadline at the centre, registered there or not, and an update of it. */
  async function updated(
    isAccepted: boolean,
    change: { readonly reason: string; readonly added?: readonly string[] },
  ) {
    const { network, sender, centre } = tree
    const deps = tree.deps(SENDER)
    const { id } = await issue(sender, [], undefined, { dueDate: '2025-03-20' })
    const sent = await dispatchDocument(deps, sender.clerk, { documentId: id, recipients: ['G22'] })
    await network.settle()
    const incoming = await tree.arrived(centre, sent.envelope)
    if (isAccepted) await accept(centre, incoming)
    const note = await issue(sender, [], undefined, { dueDate: '2025-04-15' })
    const bringing = await dispatchDocument(deps, sender.clerk, {
      documentId: note.id,
      recipients: ['G22'],
      supersedes: { updates: id, ...change },
    })
    await network.settle()
    const noteThere = await tree.arrived(centre, bringing.envelope)
    return { id, incoming, note: note.id, noteThere }
  }

  const answer = (id: string, agree: boolean, text?: string) =>
    answerUpdate(tree.centre.context, tree.centre.services, tree.centre.clerk, { id, agree, text })

  for (const isAccepted of [false, true]) {
    it(`is agreed to ${isAccepted ? 'after' : 'before'} registration: the new deadline counts, the old one stays to be read`, async () => {
      const { network, centre, sender } = tree
      const { id, incoming, note, noteThere } = await updated(isAccepted, { reason: REASON, added: ['G23'] })
      const { context, clerk } = centre
      const [before] = (await readDetails(context, clerk, incoming)).relations.requests
      expect(before).to.deep.include({ type: 'update', state: 'open', reason: REASON, notice: noteThere })
      expect(before?.change).to.deep.equal({
        dueDate: '2025-04-15',
        receivers: [{ code: 'G23', added: true }],
      })
      expect((await readRegistration(context, clerk, incoming)).fields.dueDate).to.equal('2025-03-20')
      expect(await answer(incoming, true)).to.deep.equal({
        id: incoming,
        update: 'agreed',
        dueDate: '2025-04-15',
      })
      expect((await readRegistration(context, clerk, incoming)).fields.dueDate).to.equal('2025-04-15')
      const { relations, document } = await readDetails(context, clerk, incoming)
      expect(relations.requests[0]).to.deep.include({ state: 'agreed', previous: { dueDate: '2025-03-20' } })
      // What the message said, and the line of the book, are as they came.
      expect(document.dueDate).to.equal('2025-03-20')
      const [line] = await network
        .node('tw')
        .rows('select deadline::text from register_numbers where document_id = $1', [incoming])
      expect(line).to.deep.equal(isAccepted ? { deadline: '2025-03-20' } : undefined)
      await network.settle()
      expect((await tree.tracked(note)).G22?.codes).to.equal('01 15')
      const own = await readDetails(sender.context, sender.clerk, id)
      expect(own.relations.updatedBy).to.deep.equal([note])
      expect(await codeOf(answer(incoming, true))).to.equal('UPDATE_NOT_REQUESTED')
    })
  }

  it('is declined with a reason, and changes nothing', async () => {
    const { network, centre } = tree
    const { incoming, note } = await updated(false, { reason: REASON })
    expect(await answer(incoming, false, 'Đã quá hạn')).to.include({
      update: 'declined',
      dueDate: '2025-03-20',
    })
    await network.settle()
    expect((await tree.tracked(note)).G22?.codes).to.equal('01 16')
    const { bytes } = await readBytes(centre.context, centre.services.files, centre.clerk, incoming)
    expect(bytes.length).to.be.greaterThan(0)
  })

  it('says something new, of a document of one’s own', async () => {
    const { sender } = tree
    const { id } = await tree.send(['G22'])
    const empty = await issue(sender, [])
    const ask = (updates: string) =>
      codeOf(
        dispatchDocument(tree.deps(SENDER), sender.clerk, {
          documentId: empty.id,
          recipients: ['G22'],
          supersedes: { updates, reason: REASON },
        }),
      )
    expect(await ask(id)).to.equal('UPDATE_EMPTY')
  })
})
