import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import type { AgencyTransaction } from '../../../server/db.ts'
import { GENERAL_SERIES, type Series } from '../../../server/registers/register.ts'
import {
  assignNumber,
  cancelNumber,
  findNumber,
  readRegister,
} from '../../../server/registers/register-store.ts'
import { cloneDatabase, type TestDatabase } from '../../support/database.ts'
import { expectCode } from '../documents/support.ts'

describe('register store', () => {
  let test: TestDatabase
  const now = new Date('2026-01-05T09:00:00+07:00')

  before(async () => {
    test = await cloneDatabase()
  })
  after(() => test.drop())

  const request = (
    agencyId: string,
    documentId: string,
    more: { symbol?: string; series?: Series } = {},
  ) => ({
    agencyId,
    documentId,
    series: more.series ?? GENERAL_SERIES,
    symbol: more.symbol ?? 'UBND-VP',
    entry: { kind: 'Công văn', subject: 'V/v thử sổ', signer: 'Người ký 1', author: 'UBND xã thử' },
    now,
  })
  const number = (agencyId: string, documentId: string, more = {}) =>
    test.db.asAgency({ agencyId }, (trx) => assignNumber(trx, request(agencyId, documentId, more)))

  it('gives 50 documents at once the numbers 1 to 50, each once', async () => {
    const agencyId = randomUUID()
    const documents = Array.from({ length: 50 }, () => randomUUID())
    const given = await Promise.all(documents.map((id) => number(agencyId, id)))
    expect(given.map((one) => one.number).sort((a, b) => a - b)).to.deep.equal(
      Array.from({ length: 50 }, (_, index) => index + 1),
    )
    const lines = await test.db.asAgency({ agencyId }, (trx) => readRegister(trx, GENERAL_SERIES, 2026))
    expect(new Set(lines.map((line) => line.documentId))).to.deep.equal(new Set(documents))
  })

  it('gives one document one number, however many ask at once', async () => {
    const [agencyId, documentId] = [randomUUID(), randomUUID()]
    const given = await Promise.all(Array.from({ length: 10 }, () => number(agencyId, documentId)))
    expect(new Set(given.map((one) => one.number))).to.deep.equal(new Set([1]))
    expect(given.filter((one) => !one.reused)).to.have.length(1)
  })

  it('leaves no gap when transactions fail between the others', async () => {
    const agencyId = randomUUID()
    const acts = Array.from({ length: 30 }, (_, index) =>
      test.db
        .asAgency({ agencyId }, async (trx) => {
          const given = await assignNumber(trx, request(agencyId, randomUUID()))
          if (index % 3 === 0) throw new Error('failed after the number was given')
          return given.number
        })
        .catch(() => 0),
    )
    const given = (await Promise.all(acts)).filter((one) => one > 0).sort((a, b) => a - b)
    expect(given).to.deep.equal(Array.from({ length: 20 }, (_, index) => index + 1))
  })

  it('keeps a cancelled number with its reason and never gives it again', async () => {
    const [agencyId, documentId] = [randomUUID(), randomUUID()]
    await number(agencyId, documentId)
    const cancel = (trx: AgencyTransaction) => cancelNumber(trx, documentId, 'Không ban hành', now)
    expect(await test.db.asAgency({ agencyId }, cancel)).to.equal(true)
    expect(await test.db.asAgency({ agencyId }, cancel)).to.equal(false)
    expect(await test.db.asAgency({ agencyId }, (trx) => findNumber(trx, documentId))).to.equal(undefined)
    expect((await number(agencyId, randomUUID())).number).to.equal(2)
    const lines = await test.db.asAgency({ agencyId }, (trx) => readRegister(trx, GENERAL_SERIES, 2026))
    expect(lines.map((line) => [line.number, line.status, line.cancelReason])).to.deep.equal([
      [1, 'cancelled', 'Không ban hành'],
      [2, 'assigned', null],
    ])
  })

  it('begins each year and each series with 1, and counts incoming documents apart', async () => {
    const agencyId = randomUUID()
    const at = (series: Series, moment: string) =>
      test.db.asAgency({ agencyId }, (trx) =>
        assignNumber(trx, {
          ...request(agencyId, randomUUID(), { series, symbol: series === 'incoming' ? '' : 'UBND-VP' }),
          now: new Date(moment),
        }),
      )
    expect(await at(GENERAL_SERIES, '2025-12-31T23:59:59+07:00')).to.include({ number: 1, year: 2025 })
    expect(await at(GENERAL_SERIES, '2026-01-01T00:00:00+07:00')).to.include({
      number: 1,
      year: 2026,
      date: '2026-01-01',
    })
    expect(await at('incoming', '2026-01-01T08:00:00+07:00')).to.include({ number: 1, series: 'incoming' })
    expect(await at('incoming', '2026-01-01T08:00:00+07:00')).to.include({ number: 2 })
  })

  it('refuses số and ký hiệu that another series gave in the same year, and changes nothing', async () => {
    const agencyId = randomUUID()
    await number(agencyId, randomUUID())
    const clash = number(agencyId, randomUUID(), { series: 'outgoing:van-phong' })
    await expectCode(clash, 'NUMBER_TAKEN')
    const other = { series: 'outgoing:van-phong' as const, symbol: 'QĐ-UBND' }
    expect(await number(agencyId, randomUUID(), other)).to.include({ number: 1 })
  })

  it('shows an agency neither the numbers nor the series of another', async () => {
    const [one, two, documentId] = [randomUUID(), randomUUID(), randomUUID()]
    await number(one, documentId)
    const seen = await test.db.asAgency({ agencyId: two }, async (trx) => ({
      lines: await readRegister(trx, GENERAL_SERIES, 2026),
      number: await findNumber(trx, documentId),
      cancelled: await cancelNumber(trx, documentId, 'của cơ quan khác', now),
      series: await trx('registers').select('*'),
    }))
    expect(seen).to.deep.equal({ lines: [], number: undefined, cancelled: false, series: [] })
    expect((await number(two, randomUUID())).number).to.equal(1)
  })

  it('refuses to change a number that was given', async () => {
    const [agencyId, documentId] = [randomUUID(), randomUUID()]
    await number(agencyId, documentId)
    const act = test.db.asAgency({ agencyId }, (trx) =>
      trx('register_numbers').where({ document_id: documentId }).update({ number: 9 }),
    )
    const error: unknown = await act.then(
      () => undefined,
      (caught: unknown) => caught,
    )
    expect(String(error)).to.match(/permission denied/)
  })
})
