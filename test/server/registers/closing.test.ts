import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import type { Knex } from 'knex'
import type { UserActor } from '../../../server/actor.ts'
import type { AgencyTransaction } from '../../../server/db.ts'
import { listEntries } from '../../../server/registers/book-store.ts'
import { closeRegister } from '../../../server/registers/close-register.ts'
import { correctEntry, readCorrections } from '../../../server/registers/correction-store.ts'
import { recordDispatch, recordHandling } from '../../../server/registers/follow-store.ts'
import type { Book } from '../../../server/registers/register.ts'
import { cancelNumber } from '../../../server/registers/register-store.ts'
import { expectCode } from '../documents/support.ts'
import { openRegisterNode, type RegisterNode } from './support.ts'

describe('registers: entries, corrections and closed books', () => {
  let node: RegisterNode
  let actor: UserActor
  const as = <T>(work: (trx: AgencyTransaction) => Promise<T>) =>
    node.database.db.asAgency({ agencyId: actor.agencyId }, work)
  const entries = (book: Book, year = 2026) => as((trx) => listEntries(trx, { book, year, limit: 100 }))
  const close = (book: Book, year: number) => closeRegister(node.context, actor, { book, year })

  before(async () => {
    node = await openRegisterNode('2026-01-05T09:00:00+07:00')
  })
  after(() => node.database.drop())
  beforeEach(async () => {
    node.setClock('2026-01-05T09:00:00+07:00')
    actor = await node.addAgency('Ủy ban nhân dân xã thử nghiệm')
  })

  it('refuse an entry that lacks what the book must show [N034 N048]', async () => {
    await expectCode(node.enter(actor, { subject: '  ' }), 'REGISTER_FIELD_MISSING')
    await expectCode(node.enter(actor, { series: 'incoming', author: '' }), 'REGISTER_FIELD_MISSING')
    expect(await node.enter(actor, {})).to.include({ number: 1 })
  })

  it('take no date in the future, of another year or before the last [N031 K006]', async () => {
    await node.enter(actor, { at: '2026-03-02T08:00:00+07:00' })
    const at = '2026-03-05T08:00:00+07:00'
    await expectCode(node.enter(actor, { at, date: '2026-03-06' }), 'DATE_IN_FUTURE')
    await expectCode(node.enter(actor, { at, date: '2025-12-31' }), 'DATE_IN_OTHER_YEAR')
    await expectCode(node.enter(actor, { at, date: '2026-03-01' }), 'DATE_BEFORE_LAST')
    expect(await node.enter(actor, { at, date: '2026-03-02' })).to.include({ number: 2 })
    await expectCode(node.enter(actor, { at: '2026-03-01T08:00:00+07:00' }), 'DATE_BEFORE_LAST')
  })

  it('begin a year by the clock of Việt Nam in any zone of the machine [K006]', () => {
    const script = `
      const { vietnamDay } = await import('${new URL('../../../server/directory/agency-entry.ts', import.meta.url)}')
      const { nextNumber } = await import('${new URL('../../../server/registers/register.ts', import.meta.url)}')
      const day = (text) => vietnamDay(new Date(text))
      const none = { lastNumber: 0, lastDate: null }
      const before = day('2025-12-31T16:59:59Z')
      const after = day('2025-12-31T17:00:00Z')
      console.log(JSON.stringify([nextNumber(none, before, before).date, nextNumber(none, after, after).date]))`
    for (const TZ of ['UTC', 'Asia/Ho_Chi_Minh', 'America/Los_Angeles']) {
      const args = ['--input-type=module', '--no-warnings', '-e', script]
      const said = execFileSync(process.execPath, args, { env: { ...process.env, TZ }, encoding: 'utf8' })
      expect(JSON.parse(said), TZ).to.deep.equal(['2025-12-31', '2026-01-01'])
    }
  })

  it('number one series for all copies on paper [K054 N099]', async () => {
    const copies = { series: 'copies', kind: 'Bản sao' } as const
    expect(await node.enter(actor, { ...copies, symbol: 'SY-UBND' })).to.include({ printed: '01' })
    expect(await node.enter(actor, { ...copies, symbol: 'TrS-UBND' })).to.include({ printed: '02' })
    expect((await entries('copies')).map((one) => `${one.printed}/${one.symbol}`)).to.deep.equal([
      '02/TrS-UBND',
      '01/SY-UBND',
    ])
    expect(await node.enter(actor, {})).to.include({ number: 1 })
  })

  it('show what became of a document, and keep the day of the first dispatch', async () => {
    const out = await node.enter(actor, {})
    const dispatch = (at: string, recipients: string[]) =>
      as((trx) =>
        recordDispatch(trx, { documentId: out.documentId, at: new Date(at), recipients, copies: 2 }),
      )
    await dispatch('2026-01-05T23:30:00+07:00', ['UBND xã A', 'UBND xã B'])
    await dispatch('2026-01-09T08:00:00+07:00', ['UBND xã B', 'Sở C'])
    expect((await entries('outgoing'))[0]).to.include({
      recipients: 'UBND xã A; UBND xã B; Sở C',
      handedOverOn: '2026-01-05',
      copies: 2,
    })
    const { documentId } = await node.enter(actor, { series: 'incoming' })
    const handle = (more: object) => as((trx) => recordHandling(trx, { documentId, ...more }))
    await handle({
      unit: 'Phòng A',
      deadline: '2026-01-20',
      handedOverAt: new Date('2026-01-06T08:00:00+07:00'),
    })
    await handle({ progress: 'Hoàn thành', answer: '05/UBND-VP' })
    expect((await entries('handling'))[0]).to.include({
      unit: 'Phòng A',
      deadline: '2026-01-20',
      progress: 'Hoàn thành',
      answer: '05/UBND-VP',
      handedOverOn: '2026-01-06',
    })
  })

  it('keep the old value of a correction with who, when and why [N012]', async () => {
    const { series, year, number } = await node.enter(actor, { subject: 'V/v sai' })
    const key = { series, year, number }
    const at = new Date('2026-01-06T08:00:00+07:00')
    const correct = (subject: string) =>
      as((trx) =>
        correctEntry(trx, {
          ...key,
          agencyId: actor.agencyId,
          field: 'subject',
          value: subject,
          reason: 'Gõ nhầm',
          by: actor.userId,
          at,
        }),
      )
    await correct('V/v đúng')
    await correct('V/v đúng hơn')
    expect((await entries('outgoing'))[0]?.subject).to.equal('V/v đúng hơn')
    const kept = await as((trx) => readCorrections(trx, key))
    expect(kept.map((one) => one.oldValue)).to.deep.equal(['V/v sai', 'V/v đúng'])
    expect(kept[0]).to.include({
      reason: 'Gõ nhầm',
      correctedBy: actor.userId,
      correctedAt: at.toISOString(),
    })
    const found = (text: string) => as((trx) => listEntries(trx, { book: 'outgoing', year, text, limit: 5 }))
    expect(await found('dung hon')).to.have.length(1)
    expect(await found('sai')).to.have.length(0)
    const stranger = await node.addAgency('Ủy ban nhân dân xã khác')
    actor = stranger
    await expectCode(correct('của người khác'), 'REGISTER_ENTRY_UNKNOWN')
  })

  it('close when the year has ended and not before, once [K012 K024]', async () => {
    await node.enter(actor, { at: '2025-12-31T23:59:59+07:00' })
    await expectCode(close('outgoing', 2026), 'REGISTER_YEAR_RUNNING')
    expect(await close('outgoing', 2025)).to.include({ entries: 1, closedBy: actor.userId })
    await expectCode(close('outgoing', 2025), 'REGISTER_CLOSED')
    node.setClock('2026-12-31T23:59:59+07:00')
    await expectCode(close('outgoing', 2026), 'REGISTER_YEAR_RUNNING')
    node.setClock('2027-01-01T00:00:00+07:00')
    expect(await close('outgoing', 2026)).to.include({ entries: 0 })
  })

  it('change in nothing once they are closed, whoever asks [K012]', async () => {
    const at = '2025-12-30T08:00:00+07:00'
    const out = await node.enter(actor, { at })
    const { documentId } = await node.enter(actor, { at, series: 'incoming' })
    await close('outgoing', 2025)
    await close('incoming', 2025)
    await expectCode(node.enter(actor, { at }), 'REGISTER_CLOSED')
    await expectCode(
      as((trx) => cancelNumber(trx, out.documentId, 'Không ban hành', new Date())),
      'REGISTER_CLOSED',
    )
    const change = { documentId: out.documentId, at: new Date(), recipients: ['UBND xã A'] }
    expect(await as((trx) => recordDispatch(trx, change))).to.equal(false)
    const handling = { documentId, unit: 'Phòng B', progress: 'Đang xử lý' }
    expect(await as((trx) => recordHandling(trx, handling))).to.equal(false)
    // The book of handling is still open and goes on.
    expect((await entries('handling', 2025))[0]).to.include({ unit: null, progress: 'Đang xử lý' })
    await close('handling', 2025)
    expect(await as((trx) => recordHandling(trx, { documentId, progress: 'Xong' }))).to.equal(false)
    expect((await entries('handling', 2025))[0]?.progress).to.equal('Đang xử lý')
    for (const statement of [
      'update register_numbers set subject = ? where document_id = ?',
      'update register_numbers set progress = ? where document_id = ?',
    ]) {
      const error: unknown = await as((trx) => trx.raw(statement, ['khác', documentId])).catch(
        (caught: unknown) => caught,
      )
      expect(String(error), statement).to.match(/is closed/)
    }
  })

  it('are frozen when the agency itself is closed, and can be closed then', async () => {
    await node.enter(actor, {})
    await node.database.db.asNode((trx: Knex) =>
      trx('agency_closures').insert({ agency_id: actor.agencyId, closed_on: '2026-01-10' }),
    )
    expect(await node.enter(actor, { at: '2026-01-09T08:00:00+07:00' })).to.include({ number: 2 })
    await expectCode(node.enter(actor, { at: '2026-01-10T08:00:00+07:00' }), 'REGISTER_CLOSED')
    await expectCode(close('outgoing', 2026), 'REGISTER_YEAR_RUNNING')
    node.setClock('2026-01-10T09:00:00+07:00')
    expect(await close('outgoing', 2026)).to.include({ entries: 2 })
  })

  it('give one hundred who ask at once the numbers 1 to 100 [K007 K023]', async () => {
    const given = await Promise.all(
      Array.from({ length: 100 }, (_, n) =>
        node.enter(actor, { series: n % 2 === 0 ? 'incoming' : 'outgoing:general' }),
      ),
    )
    for (const series of ['incoming', 'outgoing:general']) {
      const numbers = given.filter((one) => one.series === series).map((one) => one.number)
      expect(numbers.sort((a, b) => a - b)).to.deep.equal(Array.from({ length: 50 }, (_, n) => n + 1))
    }
  })

  it('browse, filter and search page by page, and show nothing of another agency [K056 K058]', async () => {
    for (let n = 1; n <= 25; n += 1) {
      await node.enter(actor, {
        series: 'incoming',
        at: `2026-02-${String(1 + Math.floor(n / 2)).padStart(2, '0')}T08:00:00+07:00`,
        kind: n % 5 === 0 ? 'Quyết định' : 'Công văn',
        subject: n % 3 === 0 ? 'V/v thẩm định giá đất' : 'V/v việc khác',
        unit: `Phòng ${n % 2}`,
      })
    }
    const stranger = await node.addAgency('Ủy ban nhân dân xã khác')
    await node.enter(stranger, { series: 'incoming', subject: 'V/v thẩm định giá đất' })
    const query = { book: 'incoming', year: 2026, limit: 100 } as const
    const numbers = async (more: object) =>
      (await as((trx) => listEntries(trx, { ...query, ...more }))).map((one) => one.number)
    const all = Array.from({ length: 25 }, (_, n) => 25 - n)
    expect(await numbers({})).to.deep.equal(all)
    expect(await numbers({ text: 'tham dinh' })).to.deep.equal(all.filter((n) => n % 3 === 0))
    expect(await numbers({ text: 'thầm định' })).to.deep.equal([])
    expect(await numbers({ text: '07' })).to.deep.equal([7])
    expect(await numbers({ text: '15/QĐ-STN' })).to.deep.equal(all)
    expect(await numbers({ text: 'tham dinh', unit: 'Phòng 1' })).to.deep.equal([21, 15, 9, 3])
    expect(await numbers({ kind: 'Quyết định' })).to.deep.equal([25, 20, 15, 10, 5])
    expect(await numbers({ unit: 'Phòng 1', from: '2026-02-03', to: '2026-02-04' })).to.deep.equal([7, 5])
    for (const more of [{}, { text: 'gia dat' }]) {
      const seen: number[] = []
      let before: { date: string; series: 'incoming'; number: number } | undefined
      while (true) {
        const page = await as((trx) =>
          listEntries(trx, { ...query, ...more, limit: 4, ...(before && { before }) }),
        )
        seen.push(...page.map((one) => one.number))
        const last = page.at(-1)
        if (last === undefined || page.length < 4) break
        before = { date: last.date, series: 'incoming', number: last.number }
      }
      expect(seen).to.deep.equal(await numbers(more))
    }
  })

  it('refuse to remove an entry or to revive a cancelled number', async () => {
    const { documentId } = await node.enter(actor, {})
    await as((trx) => cancelNumber(trx, documentId, 'Không ban hành', new Date()))
    for (const [statement, words] of [
      [
        "update register_numbers set status = 'assigned', cancelled_at = null, cancel_reason = null",
        /never changed/,
      ],
      ['delete from register_numbers', /permission denied/],
      [
        `insert into register_closures values ('${randomUUID()}', 2026, 'outgoing', '${randomUUID()}', now(), 0)`,
        /row-level security/,
      ],
    ] as const) {
      const error: unknown = await as((trx) => trx.raw(statement)).catch((caught: unknown) => caught)
      expect(String(error), statement).to.match(words)
    }
  })
})
