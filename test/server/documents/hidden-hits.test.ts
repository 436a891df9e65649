import { expect } from 'chai'
import type { UserActor } from '../../../server/actor.ts'
import { readCursor, writeCursor } from '../../../server/documents/page-cursor.ts'
import { listPage } from '../../../server/documents/read-document.ts'
import { type Office, openOffice } from './access-support.ts'

/** More hits that are restricted to others than one page of a search looks through. */
const HIDDEN = 2_050

describe('documents: hits of a search that are restricted to others', () => {
  let office: Office
  let agency = ''
  let leader: UserActor
  let older = ''
  let newer = ''
  const hidden = new Set<string>()
  const times = new Set<number>()

  before(async function () {
    this.timeout(60_000)
    office = await openOffice()
    agency = await office.found('H40.1')
    leader = await office.hire(agency, 'leader')
    const subject = 'Về việc kỷ luật Quỳnh'
    older = await office.write(agency, { subject, createdAt: new Date('2026-01-01T08:00:00+07:00') })
    newer = await office.write(agency, { subject, createdAt: new Date('2026-12-01T08:00:00+07:00') })
    await office.database.db.asAgency({ agencyId: agency }, async (trx) => {
      const { rows } = await trx.raw<{ rows: { id: string; created_at: Date }[] }>(
        `insert into documents (agency_id, id, direction, state, kind, subject, code_notation, urgency, signer_name,
           restricted, created_at, updated_at)
         select ?, gen_random_uuid(), 'outgoing', 'draft', 'Công văn', ?, 'UBND-VP', 0, 'Người ký 1', true,
           timestamptz '2026-02-01 08:00:00+07' + make_interval(mins => n), now()
         from generate_series(1, ${HIDDEN}) n returning id, created_at`,
        [agency, subject],
      )
      for (const row of rows) {
        hidden.add(row.id)
        times.add(row.created_at.getTime())
      }
    })
  })
  after(() => office.database.drop())

  it('show neither themselves nor their places: a page ends at what its reader may see [K065]', async () => {
    const found: string[] = []
    let after: ReturnType<typeof readCursor> | undefined
    for (let page = 1; page <= 3; page += 1) {
      const { items, next } = await listPage(office.context, leader, {
        q: 'ky luat Quynh',
        limit: 5,
        ...(after === undefined ? {} : { after }),
      })
      found.push(...items.map((one) => one.id))
      if (next === null) break
      expect(hidden.has(next.id), 'a hidden document').to.equal(false)
      expect(next.order === 'created' && times.has(next.at.getTime()), 'the time of one').to.equal(false)
      after = readCursor(writeCursor(next), 'created')
    }
    expect(found).to.deep.equal([newer, older])
  })

  it('that are all there is end the search without a place', async () => {
    const lone = await office.found('H40.2')
    const reader = await office.hire(lone, 'leader')
    await office.database.db.asAgency({ agencyId: lone }, (trx) =>
      trx.raw(
        `insert into documents (agency_id, id, direction, state, kind, subject, code_notation, urgency, signer_name,
           restricted, created_at, updated_at)
         select ?, gen_random_uuid(), 'outgoing', 'draft', 'Công văn', 'Kỷ luật', 'UBND-VP', 0, 'Người ký 1', true,
           now() - make_interval(mins => n), now()
         from generate_series(1, ${HIDDEN}) n`,
        [lone],
      ),
    )
    const page = await listPage(office.context, reader, { q: 'ky luat', limit: 5 })
    expect(page).to.deep.equal({ items: [], next: null })
  })
})
