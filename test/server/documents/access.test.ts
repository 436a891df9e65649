import { expect } from 'chai'
import type { UserActor } from '../../../server/actor.ts'
import { grantAccess, lockReadable } from '../../../server/documents/document-access-store.ts'
import {
  listAccess,
  permitDocument,
  readHistory,
  restrictDocument,
  withdrawDocument,
} from '../../../server/documents/permit-document.ts'
import { listPage, readDetails } from '../../../server/documents/read-document.ts'
import { arrived, type Office, openOffice, START } from './access-support.ts'
import { errorOf, expectCode } from './support.ts'

describe('documents: who sees what', () => {
  let office: Office
  let [one, two] = ['', '']
  let clerk: UserActor
  let leader: UserActor
  let specialist: UserActor
  let other: UserActor
  let stranger: UserActor

  before(async () => {
    office = await openOffice()
    one = await office.found('H40.1')
    two = await office.found('H40.2')
    clerk = await office.hire(one, 'clerk')
    leader = await office.hire(one, 'leader')
    specialist = await office.hire(one, 'specialist')
    other = await office.hire(one, 'specialist')
    stranger = await office.hire(two, 'clerk', 'leader')
  })
  after(() => office.database.drop())

  const reason = 'Quy chế công tác văn thư'
  const seenBy = async (actor: UserActor) =>
    (await listPage(office.context, actor, { limit: 200 })).items.map((document) => document.id)
  const details = (actor: UserActor, id: string) => readDetails(office.context, actor, id)

  it('shows the drafter, the clerk and the leader a document, and no other specialist a trace of it [K065]', async () => {
    const id = await office.write(one, { createdBy: specialist.userId })
    for (const actor of [clerk, leader, specialist]) {
      expect(await seenBy(actor), actor.roles.join()).to.include(id)
      expect((await details(actor, id)).document.id).to.equal(id)
    }
    expect(await seenBy(other)).to.deep.equal([])
    const refused = await errorOf(details(other, id))
    const unknown = await errorOf(details(other, '00000000-0000-4000-8000-000000000000'))
    // The same answer as for a document that does not exist: nothing tells that there is one.
    expect(refused.code).to.equal('NOT_FOUND')
    expect(refused.params).to.deep.equal({ what: `document ${id}` })
    expect(unknown.code).to.equal('NOT_FOUND')
    await expectCode(
      office.context.db.asAgency(other, (trx) => lockReadable(trx, other, id)),
      'NOT_FOUND',
    )
  })

  it('never shows another agency anything, whatever the role [K065]', async () => {
    const id = await office.write(one)
    expect(await seenBy(stranger)).to.deep.equal([])
    await expectCode(details(stranger, id), 'NOT_FOUND')
    await expectCode(
      permitDocument(office.context, stranger, { documentId: id, user: stranger.login, reason }),
      'NOT_FOUND',
    )
    await expectCode(
      restrictDocument(office.context, stranger, { documentId: id, restricted: true, reason }),
      'NOT_FOUND',
    )
  })

  it('permits and withdraws by name, once, with a reason, in the log and on the list of changes [K065 K066 N153]', async () => {
    const id = await office.write(one)
    const permit = { documentId: id, user: other.login, reason }
    const first = await permitDocument(office.context, clerk, permit)
    expect(first).to.deep.equal({ documentId: id, userId: other.userId, changed: true })
    expect((await permitDocument(office.context, clerk, permit)).changed).to.equal(false)
    expect(await seenBy(other)).to.deep.equal([id])
    const { access } = await listAccess(office.context, leader, id)
    expect(access.map(({ userId, as, reason: why, by }) => ({ userId, as, why, by }))).to.deep.equal([
      { userId: other.userId, as: 'permitted', why: reason, by: clerk.userId },
    ])
    const withdrawn = await withdrawDocument(office.context, leader, { ...permit, reason: 'Đã xong việc' })
    expect(withdrawn).to.deep.equal({
      documentId: id,
      userId: other.userId,
      withdrawn: ['permitted'],
      throughDossier: false,
    })
    expect(await seenBy(other)).to.deep.equal([])
    await expectCode(details(other, id), 'NOT_FOUND')
    await expectCode(withdrawDocument(office.context, leader, permit), 'ACCESS_NOT_GIVEN')
    const changes = await office.context.db.asAgency(clerk, (trx) =>
      trx('right_changes')
        .where({ subject: `document:${id}` })
        .orderBy('kind')
        .pluck('kind'),
    )
    expect(changes).to.deep.equal(['document-permitted', 'document-withdrawn'])
    const entries = await logOf(id)
    expect(entries.map((entry) => entry.kind)).to.include.members([
      'document.permitted',
      'document.permit-withdrawn',
    ])
    expect(entries.some((entry) => entry.text.includes(reason))).to.equal(false)
  })

  it('permits nobody who has no role in the agency', async () => {
    const id = await office.write(one)
    for (const user of [stranger.login, stranger.userId, 'khong-co']) {
      await expectCode(
        permitDocument(office.context, clerk, { documentId: id, user, reason }),
        'USER_NOT_OF_AGENCY',
      )
    }
  })

  it('restricts a document to named people, whatever the role of the others [K065]', async () => {
    const id = await office.write(one, { createdBy: specialist.userId })
    const done = await restrictDocument(office.context, clerk, { documentId: id, restricted: true, reason })
    expect(done).to.deep.equal({ id, restricted: true, version: 2 })
    for (const actor of [clerk, specialist]) expect(await seenBy(actor)).to.include(id)
    expect(await seenBy(leader)).to.not.include(id)
    await expectCode(details(leader, id), 'NOT_FOUND')
    await permitDocument(office.context, clerk, { documentId: id, user: leader.login, reason })
    expect(await seenBy(leader)).to.include(id)
    expect(
      (await listPage(office.context, leader, { limit: 9, restricted: true })).items.map((d) => d.id),
    ).to.include(id)
    await restrictDocument(office.context, leader, { documentId: id, restricted: false, reason })
    const another = await office.hire(one, 'leader')
    expect(await seenBy(another)).to.include(id)
  })

  it('leaves a restricted document somebody who may see it', async () => {
    const id = await office.write(one)
    await restrictDocument(office.context, clerk, { documentId: id, restricted: true, reason })
    await expectCode(
      withdrawDocument(office.context, clerk, { documentId: id, user: clerk.login, reason }),
      'ACCESS_LAST_READER',
    )
    expect((await details(clerk, id)).document.restricted).to.equal(true)
  })

  it('refuses a restriction made on top of an older version', async () => {
    const id = await office.write(one)
    await restrictDocument(office.context, clerk, { documentId: id, restricted: true, reason, ifMatch: 1 })
    await expectCode(
      restrictDocument(office.context, clerk, { documentId: id, restricted: false, reason, ifMatch: 1 }),
      'VERSION_STALE',
    )
  })

  it('keeps what is in quarantine to its drafter, and lets nobody in', async () => {
    const id = await office.write(one, { createdBy: specialist.userId, state: 'quarantined' })
    expect(await seenBy(specialist)).to.include(id)
    for (const actor of [clerk, leader, other]) {
      expect(await seenBy(actor)).to.not.include(id)
      await expectCode(details(actor, id), 'NOT_FOUND')
    }
    await office.context.db.asAgency(other, (trx) =>
      grantAccess(trx, {
        agencyId: one,
        documentId: id,
        userId: other.userId,
        as: 'assignee',
        by: null,
        at: START,
      }),
    )
    await expectCode(details(other, id), 'NOT_FOUND')
    expect(await seenBy(other)).to.not.include(id)
    const drafting = { ...specialist, roles: ['specialist', 'clerk'] } satisfies UserActor
    await expectCode(
      permitDocument(office.context, drafting, { documentId: id, user: other.login, reason }),
      'DOCUMENT_IN_QUARANTINE',
    )
  })

  it('confines an API token to its scopes: without document.read-all it sees what its owner was given', async () => {
    const id = await office.write(one)
    const token = { ...clerk, scopes: ['document.read'] } satisfies UserActor
    expect(await seenBy(clerk)).to.include(id)
    expect(await seenBy(token)).to.not.include(id)
    await expectCode(details(token, id), 'NOT_FOUND')
  })

  it('keeps who opened what, when and from where; the log holds no address [N147]', async () => {
    const id = await office.write(one)
    await readDetails(office.context, clerk, id, '192.0.2.7')
    await readDetails(office.context, leader, id)
    const page = await readHistory(office.context, leader, { documentId: id, limit: 1 })
    const rest = await readHistory(office.context, leader, {
      documentId: id,
      limit: 9,
      after: page.next ?? never(),
    })
    const all = [...page.items, ...rest.items].map(({ userId, part, remoteAddress }) => [
      userId,
      part,
      remoteAddress,
    ])
    expect(all).to.have.deep.members([
      [clerk.userId, 'metadata', '192.0.2.7'],
      [leader.userId, 'metadata', null],
    ])
    expect(rest.next).to.equal(null)
    const entries = (await logOf(id)).filter((entry) => entry.kind === 'document.read')
    expect(entries).to.have.length(2)
    expect(entries.some((entry) => entry.text.includes('192.0.2.7'))).to.equal(false)
    for (const change of ['update document_reads set part = part', 'delete from document_reads']) {
      const act = office.context.db.asAgency(clerk, (trx) => trx.raw(change))
      expect(String(await act.catch((error: unknown) => error)), change).to.match(/permission denied/)
    }
    await expectCode(readHistory(office.context, stranger, { documentId: id, limit: 9 }), 'NOT_FOUND')
  })

  it('names of documents that seem to be the same only those that one may see [K065]', async () => {
    const same = {
      ...arrived('G22'),
      codeNumber: '7',
      codeNotation: 'BTC-VP',
      promulgationDate: '2026-01-05',
    }
    const [open, hidden, mine] = [
      await office.write(one, same),
      await office.write(one, { ...same, ...arrived('G22') }),
      await office.write(one, { ...same, ...arrived('G22') }),
    ]
    await restrictDocument(office.context, leader, { documentId: hidden, restricted: true, reason })
    expect((await details(clerk, mine)).duplicates).to.deep.equal([open])
    expect((await details(leader, mine)).duplicates).to.have.members([open, hidden])
  })

  async function logOf(id: string): Promise<{ kind: string; text: string }[]> {
    const rows: { kind: string; entry: Buffer }[] = await office.context.db.asAgency(
      { agencyId: one },
      (trx) => trx('log_entries').orderBy('position').select('kind', 'entry'),
    )
    return rows
      .map((row) => ({ kind: row.kind, text: row.entry.toString('utf8') }))
      .filter((entry) => entry.text.includes(`document:${id}`))
  }
})

function never(): never {
  throw new Error('there is no further page')
}
