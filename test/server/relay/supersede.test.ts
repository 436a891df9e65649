/** Replacing and correcting documents: both sides know which stands for which (NĐ 30/2020 art 18.3). */
import { expect } from 'chai'
import { readDetails } from '../../../server/documents/read-document.ts'
import { dispatchDocument, dispatching, sendOut } from '../../../server/relay/dispatch.ts'
import { replacementOf } from '../../../server/relay/message-business.ts'
import type { Superseding } from '../../../server/relay/supersede.ts'
import { runJob } from './network.ts'
import { issue, type Office, openOffice, received } from './office.ts'
import { codeOf, openRecallTree, SENDER, type Tree } from './recall-support.ts'

describe('a document in the place of another', function () {
  this.timeout(120_000)
  let tree: Tree
  before(async () => {
    tree = await openRecallTree()
  })
  after(() => tree?.network.close())

  const sendAs = async (supersedes: Superseding, to: readonly string[]) => {
    const { id } = await issue(tree.sender, [])
    const request = { documentId: id, recipients: to, supersedes }
    return { id, sent: await dispatchDocument(tree.deps(SENDER), tree.sender.clerk, request) }
  }

  const relationsAt = async ({ context, clerk }: Office, id: string) =>
    (await readDetails(context, clerk, id)).relations

  it('replaces it: both are linked on both sides [K016]', async () => {
    const { network, sender, centre } = tree
    const old = await tree.send(['G22'])
    await network.settle()
    const oldThere = await tree.arrived(centre, old.sent.envelope)
    const anew = await sendAs({ replaces: [old.id], reason: 'Sai nội dung' }, ['G22'])
    await network.settle()
    const newThere = await tree.arrived(centre, anew.sent.envelope)
    for (const [office, older, newer] of [
      [sender, old.id, anew.id],
      [centre, oldThere, newThere],
    ] as const) {
      const { replaces } = await relationsAt(office, newer)
      expect(replaces.map((one) => [one.id, one.kindDiffers])).to.deep.equal([[older, false]])
      const { replacedBy } = await relationsAt(office, older)
      expect(replacedBy.map((one) => one.id)).to.deep.equal([newer])
      const { document } = await readDetails(office.context, office.clerk, older)
      expect(document.replacedBy).to.equal(newer)
    }
    const { document } = await readDetails(centre.context, centre.clerk, newThere)
    expect(document.businessType).to.equal(3)
  })

  it('is linked also where it overtook what it replaces', async () => {
    const { network, centre } = tree
    const old = await tree.send(['G22'])
    await network.node('xa').runJobs()
    const held = await network.node('huyen').takeJobs()
    const anew = await sendAs({ replaces: [old.id] }, ['G22'])
    await network.settle()
    const newThere = await tree.arrived(centre, anew.sent.envelope)
    expect((await relationsAt(centre, newThere)).replaces.map((one) => one.id)).to.deep.equal([null])
    for (const job of held) await runJob(tree.deps('H40.12'), job)
    await network.settle()
    const oldThere = await tree.arrived(centre, old.sent.envelope)
    expect((await relationsAt(centre, newThere)).replaces.map((one) => one.id)).to.deep.equal([oldThere])
    expect((await relationsAt(centre, oldThere)).replacedBy.map((one) => one.id)).to.deep.equal([newThere])
  })

  it('corrects it by a công văn: both are linked on both sides [K017]', async () => {
    const { network, sender, centre } = tree
    const old = await tree.send(['G22'])
    await network.settle()
    const oldThere = await tree.arrived(centre, old.sent.envelope)
    const letter = await sendAs({ corrects: old.id }, ['G22'])
    await network.settle()
    const letterThere = await tree.arrived(centre, letter.sent.envelope)
    for (const [office, older, newer] of [
      [sender, old.id, letter.id],
      [centre, oldThere, letterThere],
    ] as const) {
      expect((await relationsAt(office, newer)).corrects.map((one) => one.id)).to.deep.equal([older])
      expect((await relationsAt(office, older)).correctedBy).to.deep.equal([newer])
    }
    // What is corrected stays in force.
    const { document } = await readDetails(centre.context, centre.clerk, oldThere)
    expect(document.replacedBy).to.equal(null)
  })

  it('has the form of what it replaces, and is a công văn where it corrects [K016 K017]', async () => {
    const { network } = tree
    const old = await tree.send(['G22'])
    await network.settle()
    // A decision in the place of the old letter: the test changes what cannot be changed through the program.
    const xa = network.node('xa')
    const asDecision = async (id: string) => {
      await xa.rows('alter table documents disable trigger documents_guard')
      await xa.rows("update documents set kind = 'Quyết định' where id = $1", [id])
      await xa.rows('alter table documents enable trigger documents_guard')
    }
    const { id } = await issue(tree.sender, [])
    await asDecision(id)
    const ask = (supersedes: Superseding) =>
      codeOf(
        dispatchDocument(tree.deps(SENDER), tree.sender.clerk, {
          documentId: id,
          recipients: ['G22'],
          supersedes,
        }),
      )
    expect(await ask({ replaces: [old.id] })).to.equal('REPLACEMENT_KIND_DIFFERS')
    expect(await ask({ corrects: old.id })).to.equal('CORRECTION_NOT_LETTER')
    expect(await ask({ replaces: [id] })).to.equal('LINKED_DOCUMENT_WRONG')
  })

  it('of another form is shown with a warning by the recipient, not refused [K016]', async () => {
    const { network, centre, sender } = tree
    const old = await tree.send(['G22'])
    await network.settle()
    const oldThere = await tree.arrived(centre, old.sent.envelope)
    const tw = network.node('tw')
    await tw.rows('alter table documents disable trigger documents_guard')
    await tw.rows("update documents set kind = 'Quyết định' where id = $1", [oldThere])
    await tw.rows('alter table documents enable trigger documents_guard')
    const anew = await sendAs({ replaces: [old.id] }, ['G22'])
    await network.settle()
    const newThere = await tree.arrived(centre, anew.sent.envelope)
    expect((await relationsAt(centre, newThere)).replaces.map((one) => one.kindDiffers)).to.deep.equal([true])
    expect((await readDetails(centre.context, centre.clerk, newThere)).document.state).to.equal('verified')
    expect((await relationsAt(sender, anew.id)).replaces.map((one) => one.kindDiffers)).to.deep.equal([false])
  })

  it('counts only from the issuer', async () => {
    const { network, centre } = tree
    const old = await tree.send(['G22'])
    await network.settle()
    const oldThere = await tree.arrived(centre, old.sent.envelope)
    const { document } = await readDetails(tree.sender.context, tree.sender.clerk, old.id)
    const stranger = await openOffice(network, 'H40')
    const { id } = await issue(stranger, [])
    const order = { documentId: id, recipients: ['G22'] }
    const sending = {
      ...dispatching(tree.deps('H40'), stranger.clerk, order),
      business: async () => replacementOf([document.documentCode ?? ''], undefined),
    }
    const sent = await sendOut(tree.deps('H40'), stranger.clerk, order, sending)
    await network.settle()
    const there = await received(centre, sent.envelope)
    await tree.arrived(centre, sent.envelope)
    expect((await relationsAt(centre, there)).replaces.map((one) => one.id)).to.deep.equal([null])
    expect((await relationsAt(centre, oldThere)).replacedBy).to.deep.equal([])
  })
})
