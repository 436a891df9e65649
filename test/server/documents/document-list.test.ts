import { expect } from 'chai'
import type { UserActor } from '../../../server/actor.ts'
import type { DocumentFilter, ListPosition } from '../../../server/documents/document-list-store.ts'
import type { NewDocument } from '../../../server/documents/document-store.ts'
import { readCursor, writeCursor } from '../../../server/documents/page-cursor.ts'
import { permitDocument, restrictDocument } from '../../../server/documents/permit-document.ts'
import { listPage } from '../../../server/documents/read-document.ts'
import { arrived, type Office, openOffice, START } from './access-support.ts'

describe('documents: lists', () => {
  let office: Office
  let agencyId = ''
  let clerk: UserActor
  let specialist: UserActor
  let leader: UserActor
  const written: { id: string; given: Partial<NewDocument>; createdAt: Date }[] = []

  before(async () => {
    office = await openOffice()
    agencyId = await office.found('H40.7')
    clerk = await office.hire(agencyId, 'clerk')
    leader = await office.hire(agencyId, 'leader')
    specialist = await office.hire(agencyId, 'specialist')
    const subjects = ['Về việc phòng cháy chữa cháy', 'Kế hoạch tuyển dụng', 'Báo cáo quý']
    for (let index = 0; index < 24; index += 1) {
      const given: Partial<NewDocument> = {
        ...(index % 2 === 0 ? arrived(index % 4 === 0 ? 'G22' : 'H41') : {}),
        kind: ['Công văn', 'Quyết định', 'Báo cáo'][index % 3] ?? '',
        subject: subjects[index % 3] ?? '',
        urgency: index % 5 === 0 ? 2 : 0,
        promulgationDate:
          index % 6 === 5 ? null : `2026-01-${String(1 + ((index * 7) % 28)).padStart(2, '0')}`,
        // Two at the same moment: the order is still one.
        createdAt: new Date(START.getTime() + Math.floor(index / 2) * 3_600_000 * 5),
        createdBy: index % 3 === 1 ? specialist.userId : null,
      }
      const id = await office.write(agencyId, given)
      written.push({ id, given, createdAt: given.createdAt ?? START })
    }
  })
  after(() => office.database.drop())

  /** Page after page of three, each page's end going through the cursor that a client holds. */
  async function all(actor: UserActor, filter: DocumentFilter): Promise<string[]> {
    const ids: string[] = []
    let after: ListPosition | undefined
    for (let pages = 0; pages < 20; pages += 1) {
      const page = await listPage(office.context, actor, {
        ...filter,
        limit: 3,
        ...(after === undefined ? {} : { after }),
      })
      ids.push(...page.items.map((one) => one.id))
      if (page.next === null) return ids
      after = readCursor(writeCursor(page.next), page.next.order)
    }
    throw new Error('the list does not end')
  }

  const newest = (test: (given: Partial<NewDocument>, createdAt: Date) => boolean) =>
    written
      .filter((one) => test(one.given, one.createdAt))
      .toSorted((a, b) => b.createdAt.getTime() - a.createdAt.getTime() || (a.id < b.id ? 1 : -1))
      .map((one) => one.id)

  it('shows each document once, newest first, whatever the pages are', async () => {
    expect(await all(clerk, {})).to.deep.equal(newest(() => true))
  })

  it('filters by direction, state, kind, sender, urgency and time, and by several at once', async () => {
    const from = new Date(START.getTime() + 3_600_000 * 20)
    const before = new Date(START.getTime() + 3_600_000 * 45)
    const cases: [DocumentFilter, Parameters<typeof newest>[0]][] = [
      [{ direction: 'incoming' }, (given) => given.direction === 'incoming'],
      [{ state: 'arrived' }, (given) => given.state === 'arrived'],
      [{ kind: 'Báo cáo' }, (given) => given.kind === 'Báo cáo'],
      [{ sender: 'G22' }, (given) => given.incoming?.senderCode === 'G22'],
      [{ urgency: 2 }, (given) => given.urgency === 2],
      [{ from, before }, (_, at) => at >= from && at < before],
      [
        { direction: 'outgoing', kind: 'Quyết định', urgency: 0 },
        (given) => given.direction !== 'incoming' && given.kind === 'Quyết định' && given.urgency === 0,
      ],
    ]
    for (const [filter, test] of cases) {
      const expected = newest(test)
      expect(expected, JSON.stringify(filter)).to.not.deep.equal([])
      expect(await all(clerk, filter), JSON.stringify(filter)).to.deep.equal(expected)
    }
  })

  it('follows the dates of the documents when it is filtered by them', async () => {
    const [datedFrom, datedTo] = ['2026-01-08', '2026-01-22']
    const date = (one: (typeof written)[number]) => one.given.promulgationDate ?? ''
    const expected = written
      .filter((one) => date(one) >= datedFrom && date(one) <= datedTo)
      .toSorted((a, b) => (date(a) < date(b) || (date(a) === date(b) && a.id < b.id) ? 1 : -1))
    expect(await all(clerk, { datedFrom, datedTo })).to.deep.equal(expected.map((one) => one.id))
  })

  it('finds words with and without diacritics, among what one may see alone [K065 K071]', async () => {
    const hits = newest((given) => given.subject === 'Kế hoạch tuyển dụng')
    expect(await all(clerk, { q: 'tuyen dung' })).to.deep.equal(hits)
    expect(await all(clerk, { q: 'tuyển dụng', kind: 'Quyết định' })).to.deep.equal(hits)
    expect(await all(specialist, { q: 'tuyen dung' })).to.deep.equal(hits)
    // What the specialist drafted is a third of all, and bears one subject.
    for (const q of ['phong chay', 'bao cao quy']) {
      expect(await all(clerk, { q })).to.have.length(8)
      expect(await all(specialist, { q })).to.deep.equal([])
    }
    const [hidden = ''] = newest((given) => given.subject === 'Báo cáo quý')
    const reason = 'Nhân sự'
    await restrictDocument(office.context, clerk, { documentId: hidden, restricted: true, reason })
    expect(await all(leader, { q: 'bao cao quy' })).to.have.length(7)
    expect(await all(clerk, { q: 'bao cao quy' })).to.have.length(8)
    await permitDocument(office.context, clerk, { documentId: hidden, user: specialist.login, reason })
    expect(await all(specialist, { q: 'bao cao quy' })).to.deep.equal([hidden])
  })

  it('refuses a cursor of another list', () => {
    const cursor = writeCursor({ order: 'created', at: START, id: '00000000-0000-4000-8000-000000000000' })
    expect(() => readCursor(cursor, 'dated'))
      .to.throw()
      .with.property('code', 'INPUT_INVALID')
    expect(() => readCursor('AAAA', 'created'))
      .to.throw()
      .with.property('code', 'INPUT_INVALID')
  })
})
