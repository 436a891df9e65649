import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import fc from 'fast-check'
import type { UserActor } from '../../../server/actor.ts'
import { findOpenDossier, setRestricted } from '../../../server/documents/document-access-store.ts'
import { lockDocument } from '../../../server/documents/document-store.ts'
import { permitDocument, restrictDocument } from '../../../server/documents/permit-document.ts'
import { listPage, readDetails } from '../../../server/documents/read-document.ts'
import { closeDossier } from '../../../server/dossiers/close-dossier.ts'
import { checkForClosing, type FiledDocument } from '../../../server/dossiers/dossier.ts'
import { editDossier, fileDocument, removeDocument } from '../../../server/dossiers/keep-dossier.ts'
import { openDossier } from '../../../server/dossiers/open-dossier.ts'
import {
  permitDossier,
  restrictDossier,
  withdrawFromDossier,
} from '../../../server/dossiers/permit-dossier.ts'
import { listDossierPage, readDossierDetails } from '../../../server/dossiers/read-dossier.ts'
import { arrived, type Office, openOffice } from '../documents/access-support.ts'
import { expectCode } from '../documents/support.ts'

const reason = 'Theo phân công'

describe('dossiers', () => {
  let office: Office
  let agencyId = ''
  let clerk: UserActor
  let leader: UserActor
  let specialist: UserActor
  let colleague: UserActor
  let stranger: UserActor
  let notation = 0

  before(async () => {
    office = await openOffice()
    agencyId = await office.found('H40.5')
    clerk = await office.hire(agencyId, 'clerk')
    leader = await office.hire(agencyId, 'leader')
    specialist = await office.hire(agencyId, 'specialist')
    colleague = await office.hire(agencyId, 'specialist')
    stranger = await office.hire(await office.found('H40.6'), 'clerk', 'leader')
  })
  after(() => office.database.drop())

  const open = async (actor: UserActor, restricted = false): Promise<string> => {
    notation += 1
    const { id } = await openDossier(office.context, actor, {
      year: 2026,
      notation: `${String(notation).padStart(2, '0')}.VP`,
      title: 'Công tác văn thư năm 2026',
      retentionYears: null,
      inCatalogue: false,
      language: 'vi',
      restricted,
    })
    return id
  }
  const received = (date: string) =>
    office.write(agencyId, { ...arrived('G22'), codeNumber: '7', promulgationDate: date })
  const file = (actor: UserActor, dossierId: string, documentId: string) =>
    fileDocument(office.context, actor, { dossierId, documentId, note: null })
  const show = (actor: UserActor, id: string) => readDossierDetails(office.context, actor, id)
  const permit = (user: UserActor, dossierId: string, role: 'reader' | 'keeper' = 'reader') =>
    permitDossier(office.context, leader, { dossierId, user: user.login, role, reason })

  it('has a code of agency, year and notation, once a year, and the five items of one outside the catalogue [N066 N131]', async () => {
    const given = {
      year: 2026,
      notation: '90.TCCB',
      title: 'Hồ sơ tuyển dụng',
      retentionYears: 20,
      inCatalogue: false,
      language: 'vi',
      startedOn: '2026-01-05',
      restricted: false,
    }
    const { id, code } = await openDossier(office.context, specialist, given)
    expect(code).to.equal('H40.5.2026.90.TCCB')
    await expectCode(openDossier(office.context, clerk, given), 'DOSSIER_EXISTS')
    const { dossier, role } = await show(specialist, id)
    expect(role).to.equal('keeper')
    expect(dossier).to.deep.include({
      title: given.title,
      notation: given.notation,
      retentionYears: 20,
      maker: specialist.userId,
      startedOn: '2026-01-05',
      inCatalogue: false,
      state: 'open',
    })
  })

  it('holds one document in dossiers of several people without copying it [K067 N162]', async () => {
    const id = await received('2026-02-01')
    await permitDocument(office.context, clerk, { documentId: id, user: specialist.login, reason })
    const [mine, theirs] = [await open(specialist), await open(clerk)]
    await file(specialist, mine, id)
    await file(clerk, theirs, id)
    await expectCode(file(clerk, theirs, id), 'DOCUMENT_IN_DOSSIER')
    const holding = await listDossierPage(office.context, leader, { documentId: id, limit: 9 })
    expect(holding.items.map((one) => one.id)).to.have.members([mine, theirs])
    const copies = await office.context.db.asAgency(clerk, (trx) =>
      trx('documents').where({ id }).select('id'),
    )
    expect(copies).to.have.length(1)
  })

  it('orders documents by their dates, whenever they were filed, and numbers them without gap [N064 N131]', async () => {
    const dossier = await open(clerk)
    const dates = ['2026-03-01', '2026-01-20', '2026-02-11']
    const ids: string[] = []
    for (const date of dates) {
      const id = await received(date)
      ids.push(id)
      await file(clerk, dossier, id)
    }
    const order = async () =>
      (await show(clerk, dossier)).documents.map((one) => [one.ordinal, ids.indexOf(one.documentId)])
    expect(await order()).to.deep.equal([
      [1, 1],
      [2, 2],
      [3, 0],
    ])
    await removeDocument(office.context, clerk, { dossierId: dossier, documentId: ids[2] ?? '', reason })
    expect(await order()).to.deep.equal([
      [1, 1],
      [2, 0],
    ])
  })

  it('lets members see what is in it and nobody else, now and later, until it ends [K065]', async () => {
    const dossier = await open(clerk)
    const [first, second] = [await received('2026-02-02'), await received('2026-02-03')]
    await file(clerk, dossier, first)
    for (const hidden of [colleague, stranger]) {
      await expectCode(show(hidden, dossier), 'NOT_FOUND')
      expect((await listDossierPage(office.context, hidden, { limit: 9 })).items).to.deep.equal([])
    }
    await permit(colleague, dossier)
    await file(clerk, dossier, second)
    const seen = await listPage(office.context, colleague, { limit: 9 })
    expect(seen.items.map((one) => one.id)).to.have.members([first, second])
    expect((await show(colleague, dossier)).documents).to.have.length(2)
    await expectCode(file(colleague, dossier, first), 'DOSSIER_NOT_YOURS')
    await removeDocument(office.context, clerk, { dossierId: dossier, documentId: second, reason })
    await expectCode(readDetails(office.context, colleague, second), 'NOT_FOUND')
    await withdrawFromDossier(office.context, leader, { dossierId: dossier, user: colleague.login, reason })
    await expectCode(show(colleague, dossier), 'NOT_FOUND')
    await expectCode(readDetails(office.context, colleague, first), 'NOT_FOUND')
    expect((await listPage(office.context, colleague, { limit: 9 })).items).to.deep.equal([])
    const changes = await office.context.db.asAgency(clerk, (trx) =>
      trx('right_changes')
        .where({ subject: `dossier:${dossier}` })
        .orderBy('kind')
        .pluck('kind'),
    )
    expect(changes).to.deep.equal(['dossier-permitted', 'dossier-withdrawn'])
  })

  it('files nothing that the keeper may not see, and nothing for another agency [K065]', async () => {
    const id = await received('2026-02-02')
    const mine = await open(specialist)
    await expectCode(file(specialist, mine, id), 'NOT_FOUND')
    await expectCode(file(stranger, mine, id), 'NOT_FOUND')
    await expectCode(
      permitDossier(office.context, stranger, {
        dossierId: mine,
        user: stranger.login,
        role: 'keeper',
        reason,
      }),
      'NOT_FOUND',
    )
  })

  it('keeps restricted documents in restricted dossiers, so that no member sees what they were not named for', async () => {
    const id = await received('2026-02-02')
    const [plain, closed] = [await open(clerk), await open(clerk, true)]
    await file(clerk, plain, id)
    const restrict = () =>
      restrictDocument(office.context, clerk, { documentId: id, restricted: true, reason })
    await expectCode(restrict(), 'DOSSIER_OPEN_TO_ALL')
    await removeDocument(office.context, clerk, { dossierId: plain, documentId: id, reason })
    await restrict()
    await expectCode(file(clerk, plain, id), 'DOSSIER_OPEN_TO_ALL')
    await file(clerk, closed, id)
    await expectCode(show(leader, closed), 'NOT_FOUND')
    await expectCode(
      restrictDossier(office.context, clerk, { id: closed, restricted: false, reason }),
      'DOSSIER_HOLDS_RESTRICTED',
    )
    await permitDossier(office.context, clerk, {
      dossierId: closed,
      user: leader.login,
      role: 'reader',
      reason,
    })
    expect((await readDetails(office.context, leader, id)).document.id).to.equal(id)
  })

  it('is not opened to all while a document that it holds is being restricted', async () => {
    const id = await received('2026-02-03')
    const dossier = await open(clerk, true)
    await file(clerk, dossier, id)
    let opening: Promise<unknown> = Promise.resolve()
    await office.context.db.asAgency({ agencyId }, async (trx) => {
      // As `restrictDocument` does: the document first, then a look at the dossiers that hold it.
      await lockDocument(trx, id)
      expect(await findOpenDossier(trx, id)).to.equal(undefined)
      let ended = false
      opening = restrictDossier(office.context, clerk, { id: dossier, restricted: false, reason }).then(
        () => undefined,
        (error: unknown) => error,
      )
      void opening.then(() => {
        ended = true
      })
      while (!ended && !(await someoneWaits())) await new Promise((next) => setImmediate(next))
      await setRestricted(trx, id, true, office.context.clock())
    })
    expect(await opening).to.have.property('code', 'DOSSIER_HOLDS_RESTRICTED')
  })

  /** Whether a transaction of this database waits for a lock. */
  async function someoneWaits(): Promise<boolean> {
    return office.context.db.asNode(async (trx) => {
      const { rows } = await trx.raw<{ rows: { waits: boolean }[] }>(
        'select exists (select from pg_locks where not granted) as waits',
      )
      return rows[0]?.waits === true
    })
  }

  it('closes when its checklist holds, fixes the order and changes no more [N068 N069 N071 N131]', async () => {
    const dossier = await open(clerk)
    const close = () => closeDossier(office.context, clerk, { id: dossier })
    await expectCode(close(), 'DOSSIER_NOT_READY')
    const draft = await office.write(agencyId)
    const [one, two] = [await received('2026-02-05'), await received('2026-02-04')]
    for (const id of [draft, one, two]) await file(clerk, dossier, id)
    expect((await show(clerk, dossier)).problems).to.deep.equal([{ code: 'DRAFT', documentIds: [draft] }])
    await expectCode(close(), 'DOSSIER_NOT_READY')
    await removeDocument(office.context, clerk, { dossierId: dossier, documentId: draft, reason })
    await expectCode(
      closeDossier(office.context, clerk, { id: dossier, endedOn: '2026-12-31' }),
      'INPUT_INVALID',
    )
    await expectCode(closeDossier(office.context, leader, { id: dossier }), 'DOSSIER_NOT_YOURS')
    expect(await close()).to.deep.include({ state: 'closed', documents: 2, endedOn: '2026-03-02' })
    const { documents } = await show(clerk, dossier)
    expect(documents.map((filed) => [filed.ordinal, filed.documentId])).to.deep.equal([
      [1, two],
      [2, one],
    ])
    await expectCode(file(clerk, dossier, draft), 'DOSSIER_CLOSED')
    await expectCode(
      removeDocument(office.context, clerk, { dossierId: dossier, documentId: one, reason }),
      'DOSSIER_CLOSED',
    )
    await expectCode(editDossier(office.context, clerk, { id: dossier, title: 'Khác' }), 'DOSSIER_CLOSED')
    for (const change of [
      `update dossier_documents set remove_reason = 'x', removed_at = now() where dossier_id = '${dossier}'`,
      `update dossiers set title = 'Khác' where id = '${dossier}'`,
    ]) {
      const act = office.context.db.asAgency(clerk, (trx) => trx.raw(change))
      expect(String(await act.catch((error: unknown) => error))).to.match(/closed dossier is never changed/)
    }
  })

  it('refuses a change of title made on top of an older version, and keeps the old title in the log alone as a commitment', async () => {
    const dossier = await open(clerk)
    const edit = (title: string) => editDossier(office.context, clerk, { id: dossier, title, ifMatch: 1 })
    expect(await edit('Tiêu đề khác')).to.deep.equal({ id: dossier, version: 2 })
    await expectCode(edit('Tiêu đề thứ ba'), 'VERSION_STALE')
  })

  it('leaves a dossier somebody who keeps it', async () => {
    const dossier = await open(specialist)
    const leave = () =>
      withdrawFromDossier(office.context, leader, { dossierId: dossier, user: specialist.login, reason })
    await expectCode(leave(), 'ACCESS_LAST_READER')
    await permit(colleague, dossier, 'keeper')
    await leave()
    await expectCode(show(specialist, dossier), 'NOT_FOUND')
  })

  it('lists the dossiers of one maker page after page [N133]', async () => {
    const maker = await office.hire(agencyId, 'specialist')
    const ids = [await open(maker), await open(maker), await open(maker)]
    const seen: string[] = []
    for (let after: { createdAt: Date; id: string } | undefined; seen.length < 9; ) {
      const page = await listDossierPage(office.context, clerk, {
        maker: maker.userId,
        limit: 2,
        ...(after === undefined ? {} : { after }),
      })
      seen.push(...page.items.map((one) => one.id))
      if (!page.next) break
      after = page.next
    }
    expect(seen).to.have.members(ids)
    expect(seen).to.have.length(3)
  })
})

describe('dossiers: checklist of closing', () => {
  const filed = (state: FiledDocument['state'], sha256: string, date: string | null): FiledDocument => ({
    documentId: randomUUID(),
    ordinal: 1,
    code: { number: '1', notation: 'UBND' },
    date,
    kind: 'Công văn',
    subject: 'Về việc thử nghiệm',
    author: null,
    state,
    restricted: false,
    note: null,
    filedBy: randomUUID(),
    filedAt: new Date(0),
    sha256,
  })

  it('names each document that stands against closing, and is empty only when none does [N069]', () => {
    const document = fc.record({
      state: fc.constantFrom('draft', 'dispatched', 'completed', 'processing', 'accepted' as const),
      sha256: fc.constantFrom('a', 'b', 'c', 'd'),
      date: fc.constantFrom(null, '2026-01-05'),
    })
    fc.assert(
      fc.property(fc.array(document, { minLength: 1, maxLength: 6 }), (given) => {
        const documents = given.map(({ state, sha256, date }) =>
          filed(state as FiledDocument['state'], sha256, date),
        )
        const named = new Set(checkForClosing(documents).flatMap((problem) => problem.documentIds))
        for (const one of documents) {
          const twin = documents.some((other) => other !== one && other.sha256 === one.sha256)
          const bad = ['draft', 'processing'].includes(one.state) || one.date === null || twin
          expect(named.has(one.documentId)).to.equal(bad)
        }
      }),
    )
  })
})
