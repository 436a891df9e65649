import { expect } from 'chai'
import type { AgencyAct } from '../../../server/directory/agency-act.ts'
import {
  findAgencyByCode,
  findAgencyById,
  isClosed,
  listBearers,
  requireNotClosed,
  requireOpenAgency,
} from '../../../server/directory/agency-store.ts'
import { importAndPublish, reorganiseAndPublish } from '../../../server/directory/operator-acts.ts'
import { reorganiseAgency } from '../../../server/directory/reorganise-agency.ts'
import type { CongvanError } from '../../../server/errors.ts'
import { agency, asJsonFile, idOf } from './entries.ts'
import { operator, startNode, type TestNode } from './network.ts'

const TODAY = '2025-06-15'

describe('directory: agencies over time', () => {
  const clock = { now: new Date(`${TODAY}T08:00:00+07:00`) }
  let node: TestNode
  const work = { members: 2, outgoing: 1, incoming: 3, deliveries: 4 }
  const readWork = async () => work

  beforeEach(async () => {
    clock.now = new Date(`${TODAY}T08:00:00+07:00`)
    node = await startNode('tw', { clock })
    await importAndPublish(node.feed, operator, {
      format: 'json',
      content: asJsonFile([
        agency('H40', 'tw', { name: 'Ủy ban nhân dân tỉnh A' }),
        agency('H41', 'tw', { name: 'Ủy ban nhân dân tỉnh B' }),
        agency('H40.1', 'tw', { name: 'Sở Cũ', parentId: idOf('H40') }),
      ]),
      dryRun: false,
    })
  })
  afterEach(() => node.close())

  const run = (act: AgencyAct, on: string, more: { dryRun?: boolean; basis?: string } = {}) =>
    reorganiseAndPublish(node.feed, readWork, operator, act, { on, basis: '', dryRun: false, ...more })
  const byCode = (code: string, date: string) =>
    node.context.db.asNode((trx) => findAgencyByCode(trx, code, date))
  const version = () =>
    node.context.db.asNode(async (trx) =>
      Number((await trx('directory_parts').max('version as v').first())?.v),
    )
  const logged = (kind: string) =>
    node.context.db.asNode(async (trx) =>
      (await trx('log_entries').where({ kind }).select<{ entry: Buffer }[]>('entry')).map(
        (row) =>
          JSON.parse(row.entry.toString('utf8')) as { subject: string; facts: Record<string, unknown> },
      ),
    )
  const failure = async (act: Promise<unknown>): Promise<CongvanError> => {
    const error = await act.then(
      () => undefined,
      (caught: unknown) => caught,
    )
    expect(error, 'refused').to.be.instanceOf(Error)
    return error as CongvanError
  }

  it('founds an agency from a day on, signs it and logs it', async () => {
    const id = idOf('new')
    const act: AgencyAct = {
      act: 'found',
      id,
      codes: ['H40.7', '000.00.07.H40'],
      name: 'Sở Mới',
      level: 'province',
      parentId: idOf('H40'),
      hostingNode: 'tw',
    }
    const before = await version()
    const preview = await run(act, '2025-07-01', { dryRun: true })
    expect(preview.changes.find((one) => one.field === 'name')).to.deep.equal({
      field: 'name',
      from: null,
      to: 'Sở Mới',
    })
    expect(await version()).to.equal(before)
    const report = await run(act, '2025-07-01', { basis: 'Nghị quyết thử nghiệm' })
    expect({ ...report, dryRun: true }).to.deep.equal(preview)
    expect(await version()).to.equal(before + 1)
    expect(await byCode('H40.7', '2025-06-30')).to.equal(undefined)
    expect(await byCode('H40.7', '2025-07-01')).to.include({ id, name: 'Sở Mới', parentId: idOf('H40') })
    expect((await byCode('000.00.07.H40', '2025-07-01'))?.id).to.equal(id)
    const [entry] = await logged('agency.founded')
    expect(entry).to.deep.include({ subject: `agency:${id}` })
    expect(entry?.facts).to.include({ on: '2025-07-01', basis: 'Nghị quyết thử nghiệm' })
  })

  it('renames and moves, each from its day on, and tells what is in hand', async () => {
    const id = idOf('H40.1')
    const renamed = await run({ act: 'rename', id, name: 'Sở Tên Mới' }, '2025-07-01')
    expect(renamed).to.deep.include({
      changes: [{ field: 'name', from: 'Sở Cũ', to: 'Sở Tên Mới' }],
      work,
      children: [],
    })
    const moved = await run({ act: 'move', id, parentId: idOf('H41') }, '2025-08-01')
    expect(moved.changes).to.deep.equal([{ field: 'parentId', from: idOf('H40'), to: idOf('H41') }])
    const at = async (date: string) => {
      const found = await byCode('H40.1', date)
      return [found?.name, found?.parentId]
    }
    expect(await at('2025-06-30')).to.deep.equal(['Sở Cũ', idOf('H40')])
    expect(await at('2025-07-01')).to.deep.equal(['Sở Tên Mới', idOf('H40')])
    expect(await at('2025-08-01')).to.deep.equal(['Sở Tên Mới', idOf('H41')])
    const parent = await run({ act: 'rename', id: idOf('H40'), name: 'Tỉnh khác' }, TODAY, { dryRun: true })
    expect(parent.children.map((one) => one.code)).to.deep.equal(['H40.1'])
    expect(parent.warnings).to.deep.equal([])
    const late = await run({ act: 'rename', id, name: 'Tên trước' }, '2025-06-01', { dryRun: true })
    expect(late.warnings.map((one) => one.code)).to.deep.equal(['IN_THE_PAST', 'CHANGES_AGAIN'])
  })

  it('gives another code, and a code to another agency once it is free', async () => {
    const id = idOf('H40.1')
    await run({ act: 'recode', id, code: 'H40.8' }, '2025-07-01')
    expect((await byCode('H40.1', '2025-06-30'))?.id).to.equal(id)
    expect(await byCode('H40.1', '2025-07-01')).to.equal(undefined)
    expect((await byCode('H40.8', '2025-07-01'))?.id).to.equal(id)
    const report = await run(
      {
        act: 'found',
        id: idOf('heir'),
        codes: ['H40.1'],
        name: 'Sở Khác',
        level: 'province',
        parentId: idOf('H40'),
        hostingNode: 'tw',
      },
      '2025-07-01',
    )
    expect(report.warnings.map((one) => one.code)).to.deep.equal(['CODE_BORNE_BEFORE'])
    expect((await byCode('H40.1', '2025-06-30'))?.name).to.equal('Sở Cũ')
    expect((await byCode('H40.1', '2025-07-01'))?.name).to.equal('Sở Khác')
    const bearers = await node.context.db.asNode((trx) => listBearers(trx, 'H40.1'))
    expect(bearers.map((one) => [one.agency.name, one.validFrom, one.validTo])).to.deep.equal([
      ['Sở Cũ', '2020-09-15', '2025-07-01'],
      ['Sở Khác', '2025-07-01', null],
    ])
  })

  it('closes an agency from a day on in Việt Nam, naming its successors', async () => {
    const id = idOf('H40.1')
    const report = await run({ act: 'close', id, successors: ['H41', idOf('H40')] }, '2025-07-01')
    expect(report).to.deep.include({ act: 'close', work })
    expect(report.changes.map((one) => one.field)).to.deep.equal([
      'code',
      'name',
      'level',
      'parentId',
      'hostingNode',
      'closedOn',
      'successors',
    ])
    const ask = (day: string) => node.context.db.asNode((trx) => isClosed(trx, id, day))
    expect([await ask('2025-06-30'), await ask('2025-07-01')]).to.deep.equal([false, true])
    await node.context.db.asNode((trx) => requireNotClosed(trx, id, '2025-06-30'))
    const closed = await failure(node.context.db.asNode((trx) => requireNotClosed(trx, id, '2025-07-01')))
    expect(closed.code).to.equal('AGENCY_CLOSED')
    expect(closed.params).to.deep.equal({
      code: 'H40.1',
      date: '2025-07-01',
      successors: 'H40 Ủy ban nhân dân tỉnh A; H41 Ủy ban nhân dân tỉnh B',
    })
    const sent = await failure(node.context.db.asNode((trx) => requireOpenAgency(trx, 'H40.1', '2025-07-01')))
    expect(sent.params).to.deep.equal(closed.params)
    expect((await node.context.db.asNode((trx) => findAgencyById(trx, id, '2026-01-01')))?.closedOn).to.equal(
      '2025-07-01',
    )
    // Its people see the closing too, through the agency's own eyes.
    expect(
      await node.context.db.asAgency({ agencyId: id }, (trx) => isClosed(trx, id, '2025-07-01')),
    ).to.equal(true)
    const [entry] = await logged('agency.closed')
    expect(entry?.subject).to.equal(`agency:${id}`)
  })

  it('refuses what cannot be, names the field, and changes nothing', async () => {
    const id = idOf('H40.1')
    const founding = {
      act: 'found',
      id: idOf('x'),
      codes: ['H40.7'],
      name: 'Sở Mới',
      level: 'province',
      parentId: idOf('H40'),
      hostingNode: 'tw',
    } as const
    const wrong: [AgencyAct, string, string, RegExp][] = [
      [{ ...founding, codes: ['H40.1'] }, TODAY, 'AGENCY_ACT_INVALID', /code: H40\.1 đang là mã/],
      [{ ...founding, codes: ['H40.7', 'H40.8'] }, TODAY, 'AGENCY_ACT_INVALID', /valid at the same time/],
      [{ ...founding, codes: ['h40'] }, TODAY, 'AGENCY_CODE_MALFORMED', /lower-case/],
      [{ ...founding, hostingNode: 'khac' }, TODAY, 'AGENCY_ACT_INVALID', /hostingNode: /],
      [{ ...founding, parentId: idOf('none') }, TODAY, 'AGENCY_ACT_INVALID', /parentId: /],
      [founding, '2035-01-01', 'AGENCY_ACT_INVALID', /on: 2035-01-01/],
      [founding, '2015-01-01', 'AGENCY_ACT_INVALID', /on: 2015-01-01/],
      [{ act: 'rename', id, name: 'Sở Cũ' }, TODAY, 'AGENCY_ACT_INVALID', /changes nothing/],
      [{ act: 'rename', id: idOf('none'), name: 'X' }, TODAY, 'NOT_FOUND', /agency/],
      [{ act: 'move', id, parentId: id }, TODAY, 'AGENCY_ACT_INVALID', /parentId: /],
      [{ act: 'move', id: idOf('H40'), parentId: id }, TODAY, 'AGENCY_ACT_INVALID', /loop of parents/],
      [{ act: 'recode', id, code: 'H41' }, TODAY, 'AGENCY_ACT_INVALID', /code: H41/],
      [{ act: 'close', id, successors: ['H99'] }, TODAY, 'AGENCY_ACT_INVALID', /successors: .*H99/],
      [{ act: 'close', id, successors: [id] }, TODAY, 'AGENCY_ACT_INVALID', /successors: /],
    ]
    const before = await version()
    for (const [act, on, code, reason] of wrong) {
      const error = await failure(run(act, on))
      expect(error.code, JSON.stringify(act)).to.equal(code)
      expect(error.message, JSON.stringify(act)).to.match(reason)
    }
    expect(await version()).to.equal(before)
    await run({ act: 'close', id, successors: [] }, '2025-07-01')
    for (const act of [
      { act: 'rename', id, name: 'Sau khi đóng' },
      { act: 'close', id, successors: ['H41'] },
    ] as const) {
      expect((await failure(run(act, '2025-07-02'))).message).to.match(/on: .*2025-07-01/)
    }
    const closedParent = { ...founding, parentId: id }
    expect((await failure(run(closedParent, '2025-07-02'))).message).to.match(/parentId: /)
  })

  it('leaves agencies of other nodes to them', async () => {
    // As a part of another node brings it.
    await node.context.db.asNode(async (trx) => {
      await trx('agencies').insert({ id: idOf('H77') })
      await trx('agency_terms').insert({
        agency_id: idOf('H77'),
        valid_from: '2020-09-15',
        name: 'Cơ quan nút khác',
        name_folded: 'co quan nut khac',
        level: 'province',
        hosting_node: 'khac',
        issuer: 'nut-tren',
      })
    })
    const error = await failure(run({ act: 'rename', id: idOf('H77'), name: 'Tên' }, TODAY))
    expect(error.code).to.equal('AGENCY_OF_OTHER_NODE')
    expect(error.params).to.deep.equal({ name: 'Cơ quan nút khác', node: 'nut-tren' })
  })

  it('acts once for a repeated request, and one after the other for two at a time', async () => {
    const id = idOf('H40.1')
    const actor = { ...operator, idempotency: { key: 'rename-0001', requestSha256: 'a' } }
    const act: AgencyAct = { act: 'rename', id, name: 'Tên một' }
    const terms = { on: '2025-07-01', basis: '', dryRun: false }
    const once = () => reorganiseAgency(node.context, readWork, actor, act, terms)
    const [one, two] = await Promise.all([once(), once()])
    expect(one).to.deep.equal(two)
    expect(await logged('agency.renamed')).to.have.length(1)
    await Promise.all([
      run({ act: 'rename', id, name: 'Tên hai' }, '2025-09-01'),
      run({ act: 'recode', id, code: 'H40.5' }, '2025-09-01'),
    ])
    expect(await byCode('H40.5', '2025-09-01')).to.include({ id, name: 'Tên hai' })
  })
})
