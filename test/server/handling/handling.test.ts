import { expect } from 'chai'
import fc from 'fast-check'
import type { UserActor } from '../../../server/actor.ts'
import { agencySettings } from '../../../server/documents/agency-settings.ts'
import { writeSettings } from '../../../server/documents/agency-settings-store.ts'
import { withdrawDocument } from '../../../server/documents/permit-document.ts'
import { readDetails } from '../../../server/documents/read-document.ts'
import { reassignDocument } from '../../../server/handling/assign-document.ts'
import { extendDeadline, instructHandling, remindHandling } from '../../../server/handling/direct-handling.ts'
import { listTasks, type TaskList } from '../../../server/handling/list-tasks.ts'
import {
  completeDocument,
  contributeToDocument,
  startProcessing,
} from '../../../server/handling/process-document.ts'
import { readHandling } from '../../../server/handling/read-handling.ts'
import { refuseDocument } from '../../../server/incoming/refuse-document.ts'
import { dyingNode, Killed } from '../documents/faults.ts'
import {
  download,
  errorOf,
  expectCode,
  logOf,
  NOW,
  openTestNode,
  type TestNode,
  toIssued,
} from '../documents/support.ts'
import { addPerson, Incoming, order } from '../incoming/incoming-support.ts'

describe('documents: handling', () => {
  let node: TestNode
  let incoming: Incoming
  let specialist: UserActor
  let other: UserActor
  before(async () => {
    node = await openTestNode()
    incoming = new Incoming(node, await download(node, node.one.clerk, await toIssued(node)))
    specialist = await addPerson(node, node.two, 'specialist')
    other = await addPerson(node, node.two, 'specialist')
  })
  after(() => node.close())

  const start = (id: string, actor: UserActor) => startProcessing(node.context, node.services, actor, id)
  const complete = (id: string, actor: UserActor, noAnswerReason?: string) =>
    completeDocument(node.context, node.services, actor, { id, noAnswerReason })
  const bookOf = (id: string) =>
    node.database.db.asAgency({ agencyId: node.two.agencyId }, (trx) =>
      trx('register_numbers')
        .where({ document_id: id })
        .first('unit', 'deadline', 'progress', 'answer', 'handed_over_at'),
    )

  it('has one lead, others that co-operate, each with a deadline, and the books follow [N054 K058 N159]', async () => {
    const id = await incoming.accepted()
    const assigned = await incoming.assign(id, {
      lead: { user: specialist.login, dueDate: '2026-01-12' },
      cooperating: [{ unit: 'Phòng Tư pháp' }, { user: other.userId, dueDate: '2026-01-09' }],
    })
    expect(assigned).to.include({ state: 'assigned', dueDate: '2026-01-12', dueDateSource: 'given' })
    const { parties } = await readHandling(node.context, specialist, id)
    expect(parties.map(({ position, name, dueDate }) => ({ position, name, dueDate }))).to.deep.equal([
      { position: 0, name: specialist.displayName, dueDate: '2026-01-12' },
      { position: 1, name: 'Phòng Tư pháp', dueDate: '2026-01-12' },
      { position: 2, name: other.displayName, dueDate: '2026-01-09' },
    ])
    const book = await bookOf(id)
    expect(book.unit).to.match(new RegExp(`^${specialist.displayName}; Phòng Tư pháp`))
    expect(book).to.include({ deadline: '2026-01-12', progress: 'đã phân công' })
    expect(book.handed_over_at).to.deep.equal(NOW)
    await start(id, specialist)
    expect(await bookOf(id)).to.include({ progress: 'đang xử lý' })
    await complete(id, specialist, 'Văn bản để biết')
    expect(await bookOf(id)).to.include({ progress: 'hoàn thành: Văn bản để biết' })
    expect(incoming.told(id)).to.deep.equal(['03', '04', '05', '06'])
  })

  it('opens the document to those assigned and to nobody else of the agency [N053]', async () => {
    const id = await incoming.accepted()
    await expectCode(readDetails(node.context, specialist, id), 'NOT_FOUND')
    await expectCode(readHandling(node.context, specialist, id), 'NOT_FOUND')
    await expectCode(start(id, specialist), 'NOT_FOUND')
    await incoming.assign(id, { lead: { user: specialist.login } })
    expect((await readDetails(node.context, specialist, id)).document.id).to.equal(id)
    await expectCode(readDetails(node.context, other, id), 'NOT_FOUND')
    await expectCode(readDetails(node.context, node.one.clerk, id), 'NOT_FOUND')
  })

  it('is given to nobody without an incoming number, and gets no deadline before [N049 N045]', async () => {
    const id = await incoming.verified()
    await expectCode(incoming.assign(id), 'DOCUMENT_STATE_WRONG')
    const extension = { id, position: 0, dueDate: '2026-02-01', reason: 'x' }
    await expectCode(extendDeadline(node.context, node.two.leader, extension), 'DOCUMENT_STATE_WRONG')
    await expectCode(start(id, node.two.clerk), 'DOCUMENT_STATE_WRONG')
    expect(incoming.told(id)).to.deep.equal([])
  })

  it('is not assigned to strangers, to those who may not process, to one twice, or until a day that has passed', async () => {
    const id = await incoming.accepted()
    const auditor = await addPerson(node, node.two, 'auditor')
    const stranger = await addPerson(node, node.one, 'specialist')
    const lead = (user: string) => incoming.assign(id, { lead: { user } })
    await expectCode(lead('nobody.at.all'), 'ASSIGNEE_UNKNOWN')
    await expectCode(lead(stranger.login), 'ASSIGNEE_UNKNOWN')
    await expectCode(lead(auditor.login), 'ASSIGNEE_NOT_ENTITLED')
    const twice = { lead: { unit: 'Văn phòng' }, cooperating: [{ unit: 'VĂN PHÒNG' }] }
    await expectCode(incoming.assign(id, twice), 'ASSIGNEE_TWICE')
    const past = { lead: { unit: 'Văn phòng', dueDate: '2026-01-04' } }
    const error = await errorOf(incoming.assign(id, past))
    expect(error).to.deep.include({
      code: 'DEADLINE_PAST',
      params: { date: '2026-01-04', today: '2026-01-05' },
    })
    expect((await incoming.row(id)).state).to.equal('accepted')
    expect(incoming.told(id)).to.deep.equal(['03'])
  })

  it('is begun and completed by the person who leads alone', async () => {
    const id = await incoming.accepted()
    await incoming.assign(id, { lead: { user: specialist.login }, cooperating: [{ user: other.login }] })
    for (const actor of [other, node.two.leader, node.two.clerk]) {
      expect((await errorOf(start(id, actor))).code).to.equal('ASSIGNEE_WRONG')
    }
    await start(id, specialist)
    await expectCode(complete(id, other, 'x'), 'ASSIGNEE_WRONG')
    await expectCode(complete(id, specialist), 'ANSWER_MISSING')
    await contributeToDocument(node.context, other, { id, text: 'Đã góp ý' })
    await expectCode(contributeToDocument(node.context, other, { id, text: 'lần nữa' }), 'PARTY_UNKNOWN')
    await complete(id, specialist, 'Không yêu cầu trả lời')
    expect(incoming.told(id)).to.deep.equal(['03', '04', '05', '06'])
  })

  it('goes to others with a reason, and who had it is relieved of it [N125 N206]', async () => {
    const id = await incoming.accepted()
    await incoming.assign(id, { lead: { user: specialist.login } })
    await start(id, specialist)
    const again = { ...order(id), lead: { user: other.login }, reason: 'Chuyển đúng lĩnh vực' }
    const moved = await reassignDocument(node.context, node.two.leader, again)
    expect(moved.state).to.equal('processing')
    const { parties, notes } = await readHandling(node.context, other, id)
    expect(parties.filter((one) => one.ended === null).map((one) => one.name)).to.deep.equal([
      other.displayName,
    ])
    expect(notes.map((one) => one.text)).to.include('Chuyển đúng lĩnh vực')
    await expectCode(complete(id, specialist, 'x'), 'ASSIGNEE_WRONG')
    await complete(id, other, 'Để biết')
    expect(incoming.told(id)).to.deep.equal(['03', '04', '05', '06'])
    const kinds = (await logOf(node, node.two)).filter((one) => one.text.includes(id)).map((one) => one.kind)
    expect(kinds).to.include('document.reassigned')
  })

  it('keeps instructions, extensions and reminders, which nobody can change [N056 N125]', async () => {
    const id = await incoming.accepted()
    const lead = { unit: 'Văn phòng', dueDate: '2026-01-12' }
    await incoming.assign(id, { lead, instruction: 'Tham mưu trả lời' })
    const { context, two } = node
    await instructHandling(context, two.leader, { id, text: 'Xin ý kiến Sở Nội vụ' })
    const extend = (dueDate: string) =>
      extendDeadline(context, two.leader, { id, position: 0, dueDate, reason: 'Chờ số liệu' })
    await expectCode(extend('2026-01-12'), 'DEADLINE_NOT_LATER')
    expect(await extend('2026-01-20')).to.include({ dueDate: '2026-01-20' })
    expect((await incoming.row(id)).incoming?.handlingDue).to.equal('2026-01-20')
    expect(await bookOf(id)).to.include({ deadline: '2026-01-20' })
    await expectCode(remindHandling(context, two.leader, { id, position: 3, text: '' }), 'PARTY_UNKNOWN')
    expect(await remindHandling(context, two.leader, { id, text: 'Sắp đến hạn' })).to.include({ reminded: 1 })
    const { notes } = await readHandling(context, two.leader, id)
    expect(notes.map(({ kind, text, oldDue, newDue }) => [kind, text, oldDue, newDue])).to.have.deep.members([
      ['instruction', 'Tham mưu trả lời', null, null],
      ['instruction', 'Xin ý kiến Sở Nội vụ', null, null],
      ['extension', 'Chờ số liệu', '2026-01-12', '2026-01-20'],
      ['reminder', 'Sắp đến hạn', null, null],
    ])
    for (const change of ['update handling_notes set text = $$x$$', 'delete from handling_notes']) {
      const refused: unknown = await node.database.db
        .asAgency({ agencyId: two.agencyId }, (trx) => trx.raw(change))
        .catch((error: unknown) => error)
      expect(String(refused)).to.match(/permission denied/)
    }
  })

  it('has the sender’s deadline, else the agency’s default by kind, and a shorter one when it is urgent [N059 N060]', async () => {
    const settings = agencySettings.parse({ handlingDays: { 'công văn': 10 }, urgentHandlingDays: 2 })
    const change = { agencyId: node.two.agencyId, settings, version: 0, by: node.two.leader.userId, at: NOW }
    await node.database.db.asAgency({ agencyId: node.two.agencyId }, (trx) => writeSettings(trx, change))
    const due = async (message: object) => {
      const { dueDate, dueDateSource } = await incoming.assign(await incoming.accepted({ message }))
      return [dueDate, dueDateSource]
    }
    // 2026-01-05 is a Monday; the calendar of the year was not imported, so weekends alone are off.
    expect(await due({})).to.deep.equal(['2026-01-19', 'default'])
    expect(await due({ dueDate: '2026-01-08' })).to.deep.equal(['2026-01-08', 'message'])
    expect(await due({ dueDate: '2025-12-30' })).to.deep.equal(['2026-01-19', 'default'])
    expect(await due({ otherInfo: { priority: 2 } })).to.deep.equal(['2026-01-07', 'default'])
    expect(await due({ otherInfo: { priority: 2 }, dueDate: '2026-01-30' })).to.deep.equal([
      '2026-01-07',
      'default',
    ])
  })

  it('lists what is overdue, due soon and mine, the most urgent first, page by page [N006 N058 N060]', async () => {
    const me = await addPerson(node, node.two, 'specialist')
    const made: string[] = []
    for (const [priority, dueDate] of [
      [0, '2026-01-06'],
      [3, '2026-01-08'],
      [0, '2026-01-05'],
      [1, '2026-01-30'],
    ] as const) {
      const id = await incoming.accepted({ message: { otherInfo: { priority } } })
      await incoming.assign(id, { lead: { user: me.login, dueDate } })
      made.push(id)
    }
    const [first = '', express = '', second = '', urgent = ''] = made
    expect(await pages('mine', me)).to.deep.equal([express, urgent, second, first])
    const own = new Set(made)
    const of = async (list: TaskList) => (await pages(list, node.two.leader)).filter((id) => own.has(id))
    expect(await of('due-soon')).to.deep.equal([express, second, first])
    node.setClock(new Date('2026-01-09T08:00:00+07:00'))
    expect(await of('overdue')).to.deep.equal([express, second, first])
    expect(await pages('overdue', me)).to.deep.equal([express, second, first])
    expect(await pages('overdue', specialist)).not.to.include(first)
    expect(await pages('mine', other)).not.to.include(first)
    await start(first, me)
    await complete(first, me, 'xong')
    expect(await pages('mine', me)).to.deep.equal([express, urgent, second])
    // Whose right to see it was withdrawn is told of it no more.
    const withdrawal = { documentId: urgent, user: me.login, reason: 'chuyển công tác' }
    await withdrawDocument(node.context, node.two.leader, withdrawal)
    expect(await pages('mine', me)).to.deep.equal([express, second])
  })

  it('lists what was not registered or handed over by the end of the next working day, urgent things at once [N005 K026 K027]', async () => {
    node.setClock(new Date('2026-01-08T16:00:00+07:00'))
    const thursday = await incoming.verified()
    const registered = await incoming.accepted()
    node.setClock(new Date('2026-01-09T23:59:00+07:00'))
    const friday = await incoming.verified()
    const express = await incoming.verified({ message: { otherInfo: { priority: 3 } } })
    const made = new Set([thursday, registered, friday, express])
    const at = async (time: string, list: TaskList) => {
      node.setClock(new Date(time))
      return (await pages(list, node.two.clerk)).filter((id) => made.has(id))
    }
    expect(await at('2026-01-09T23:59:30+07:00', 'late-registration')).to.deep.equal([])
    expect(await at('2026-01-10T01:00:00+07:00', 'late-registration')).to.deep.equal([express, thursday])
    expect(await at('2026-01-12T23:59:00+07:00', 'late-registration')).to.deep.equal([express, thursday])
    expect(await at('2026-01-13T00:00:01+07:00', 'late-registration')).to.deep.equal([
      express,
      thursday,
      friday,
    ])
    expect(await at('2026-01-09T23:59:30+07:00', 'late-handover')).to.deep.equal([])
    expect(await at('2026-01-10T00:00:01+07:00', 'late-handover')).to.deep.equal([registered])
  })

  it('says that a list may be wrong where the calendar of the year was not imported', async () => {
    const page = await listTasks(node.context, node.two.clerk, 'late-handover', {
      after: undefined,
      limit: 1,
    })
    expect(page.warning).to.deep.equal({ code: 'CALENDAR_INCOMPLETE', years: [2026] })
  })

  it('tells each status once whatever people try, in whatever order [K064 N045]', async function () {
    this.timeout(60_000)
    const acts = {
      accept: (id: string) => incoming.accept(id),
      refuse: (id: string) =>
        refuseDocument(node.context, node.services, node.two.clerk, { id, reason: 'incomplete', text: '' }),
      assign: (id: string) => incoming.assign(id, { lead: { unit: 'Văn phòng' } }),
      reassign: (id: string) =>
        reassignDocument(node.context, node.two.leader, { ...order(id), reason: 'x' }),
      start: (id: string) => start(id, node.two.clerk),
      complete: (id: string) => complete(id, node.two.clerk, 'x'),
      remind: (id: string) => remindHandling(node.context, node.two.leader, { id, text: '' }),
    }
    const names = Object.keys(acts) as (keyof typeof acts)[]
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...names), { minLength: 3, maxLength: 12 }),
        async (sequence) => {
          const id = await incoming.verified()
          for (const name of sequence) {
            await acts[name](id).catch((error: { code?: string }) => {
              expect(error.code, name).to.equal('DOCUMENT_STATE_WRONG')
            })
          }
          const whole = ['03', '04', '05', '06']
          const told = incoming.told(id)
          expect(told).to.deep.equal(told[0] === '02' ? ['02'] : whole.slice(0, told.length))
          const { parties } = await readHandling(node.context, node.two.clerk, id)
          const leads = parties.filter((one) => one.position === 0 && one.ended === null)
          const { state } = await incoming.row(id)
          expect(leads).to.have.length(state === 'assigned' || state === 'processing' ? 1 : 0)
        },
      ),
      { numRuns: 8 },
    )
  })

  it('is there whole or not at all when the process dies, and asked again it has happened once', async () => {
    for (const moment of ['before', 'after'] as const) {
      const id = await incoming.accepted()
      const actor = { ...node.two.leader, idempotency: { key: `assign-${id}`, requestSha256: 'a' } }
      const dying = new Incoming(dyingNode(node, 1, moment).node, incoming.bytes)
      const killed: unknown = await dying.assign(id, {}, actor).catch((error: unknown) => error)
      expect(killed).to.be.instanceOf(Killed)
      const answer = await incoming.assign(id, {}, actor)
      expect(await incoming.assign(id, {}, actor)).to.deep.equal(answer)
      expect(incoming.told(id)).to.deep.equal(['03', '04'])
      const { parties } = await readHandling(node.context, node.two.clerk, id)
      expect(parties).to.have.length(1)
    }
  })

  async function pages(list: TaskList, actor: UserActor): Promise<string[]> {
    const seen: string[] = []
    let after: Parameters<typeof listTasks>[3]['after']
    do {
      const page = await listTasks(node.context, actor, list, { after, limit: 2 })
      seen.push(...page.items.map((one) => one.document.id))
      after = page.next ?? undefined
    } while (after !== undefined)
    expect(new Set(seen).size).to.equal(seen.length)
    return seen
  }
})
