import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { agencyFiles, readAllAgencies } from '../../../fixtures/agencies/read.ts'
import type { NodeContext } from '../../../server/context.ts'
import {
  type Agency,
  findAgencyByCode,
  findAgencyById,
  listAgencies,
  requireOpenAgency,
} from '../../../server/directory/agency-store.ts'
import { importAgencies } from '../../../server/directory/import-agencies.ts'
import { nodeHostedAgency } from '../../../server/directory/node-store.ts'
import type { CongvanError } from '../../../server/errors.ts'
import { openLog } from '../../../server/log.ts'
import type { JobData } from '../../../server/queue.ts'
import { cloneDatabase, type TestDatabase } from '../../support/database.ts'
import { agency, asJsonFile, idOf } from './entries.ts'
import { limits, operator } from './network.ts'

const header =
  'id,code,codeGeneration,validFrom,validTo,name,level,parentId,hostingNode,codeProvenance,closedOn,successors'
const [idA, idB, idC] = ['A', 'B', 'C'].map(idOf) as [string, string, string]

/** What an import writes, the log and the stored answers apart, which nobody may empty. */
const filled = [
  'directory_own_agencies',
  'directory_own_tombstones',
  'agency_successors',
  'agency_closures',
  'agency_terms',
  'agency_codes',
  'agencies',
  'directory_nodes',
]

describe('directory import and lookup', () => {
  let database: TestDatabase
  let context: NodeContext
  let jobs: JobData[]

  before(async () => {
    database = await cloneDatabase()
  })
  after(() => database.drop())

  beforeEach(async () => {
    await database.db.asNode(async (trx) => {
      for (const table of filled) await trx(table).delete()
    })
    jobs = []
    context = {
      nodeId: 'tw',
      publicUrl: 'http://127.0.0.1:1',
      clock: () => new Date('2025-03-01T08:00:00Z'),
      db: database.db,
      queue: {
        put: async (_trx, _name, data) => {
          jobs.push(data)
        },
        work: async () => {},
        stop: async () => {},
      },
      log: openLog({ level: 'silent' }),
      limits,
    }
  })

  const csv = (...lines: string[]) => Buffer.from([header, ...lines].join('\n'))
  const load = (content: Uint8Array, more: { dryRun?: boolean; skipOtherNodes?: boolean } = {}) =>
    importAgencies(context, operator, { format: 'csv', content, dryRun: false, ...more })
  const loadJson = (...args: Parameters<typeof asJsonFile>) =>
    importAgencies(context, operator, { format: 'json', content: asJsonFile(...args), dryRun: false })
  const byCode = (code: string, date: string) =>
    database.db.asNode((trx) => findAgencyByCode(trx, code, date))

  it('takes the fixture of the centre, and finds it by either code and day', async () => {
    const content = readFileSync(agencyFiles.centre)
    const report = await load(content)
    expect(report.changes).to.have.length(4)
    expect(report.changes.every((one) => one.change === 'created')).to.equal(true)
    const office = await byCode('G22', '2025-03-01')
    expect(office).to.include({
      code: 'G22',
      name: 'Văn phòng Chính phủ',
      level: 'central',
      parentId: null,
      hostingNode: 'tw',
      closedOn: null,
    })
    expect(office?.codes.map((one) => one.code)).to.deep.equal(['000.00.00.G22', 'G22'])
    expect((await byCode('000.00.00.G22', '2025-03-01'))?.id).to.equal(office?.id)
    expect((await byCode('000.00.00.G22', '2018-01-01'))?.code).to.equal('000.00.00.G22')
    expect(await byCode('G22', '2018-01-01')).to.equal(undefined)
    expect(await byCode('000.00.00.G22', '2016-06-30')).to.equal(undefined)
    const again = await load(content)
    expect(again).to.deep.include({ changes: [], unchanged: 4 })
    expect(jobs).to.deep.equal([{ task: 'publish' }])
  })

  it('shows the directory to an agency, and lets it change nothing', async () => {
    await load(readFileSync(agencyFiles.centre))
    const found = await database.db.asAgency({ agencyId: idA }, (trx) =>
      findAgencyByCode(trx, 'G22', '2025-03-01'),
    )
    expect(found?.code).to.equal('G22')
    const error = await failure(
      database.db.asAgency({ agencyId: idA }, (trx) => trx('agency_codes').delete()),
    )
    expect(String(error)).to.match(/permission denied/)
  })

  it('says with a dry run what would happen, and changes nothing', async () => {
    const content = readFileSync(agencyFiles.centre)
    const preview = await load(content, { dryRun: true })
    expect(preview.changes).to.have.length(4)
    expect(await byCode('G22', '2025-03-01')).to.equal(undefined)
    expect(jobs).to.deep.equal([])
    expect((await load(content)).changes).to.deep.equal(preview.changes)
  })

  it('tells every problem of a file at once, with line and field, and imports nothing', async () => {
    const error = await failure(
      load(
        csv(
          `${idA},G22,qd20,2020-09-15,,Văn phòng,central,,tw,,,`,
          `${idA},G23,qd20,2021-01-01,,Văn phòng,central,,tw,,,`,
          `not-a-uuid,G1,qd20,2020-13-15,,,nowhere,,TW,,,`,
          `${idB},h40,qd20,2020-09-15,2020-01-01,Tỉnh,province,${idOf('?')},tinh,,,`,
          `${idC},G22,qd20,2022-01-01,,Bộ,central,${idC},tw,,,${idB}`,
          'too,short',
        ),
      ),
    )
    expect(error.code).to.equal('DIRECTORY_IMPORT_INVALID')
    const lines = String(error.params.problems).split('\n')
    for (const wanted of [
      /row 2, 3, code: .*G22.*G23/,
      /row 4, id:/,
      /row 4, validFrom:/,
      /row 4, name:/,
      /row 4, level:/,
      /row 4, hostingNode:/,
      /row 5, code: .*lower-case/,
      /row 5, validTo:/,
      /row 5, parentId: .*unknown/,
      /row 6, parentId: .*itself/,
      /row 6, successors: .*not closed/,
      /row 7, row: .*columns/,
    ]) {
      expect(
        lines.filter((line) => wanted.test(line)),
        String(wanted),
      ).to.have.length(1)
    }
    expect(error.params.count).to.equal(lines.length)
    expect(await byCode('G22', '2025-03-01')).to.equal(undefined)
  })

  it('refuses a code that another agency bears at the time, in the file or in the directory', async () => {
    await loadJson([agency('G22', 'tw')])
    const other = { ...agency('G22', 'tw'), id: idB }
    const error = await failure(loadJson([other]))
    expect(String(error.params.problems)).to.match(new RegExp(`G22 .*${idOf('G22')}`))
    const both = await failure(loadJson([agency('G01', 'tw'), { ...agency('G01', 'tw'), id: idC }]))
    expect(both.params.count).to.equal(1)
  })

  it('refuses agencies of a node that it does not sign for, or leaves them out when asked', async () => {
    const all = await readAllAgencies()
    const content = readFileSync(agencyFiles.namDinh)
    const error = await failure(load(content))
    expect(String(error.params.problems)).to.match(/hostingNode: .*tinh/)
    const report = await load(content, { skipOtherNodes: true })
    expect(report.changes).to.deep.equal([])
    const elsewhere = new Set(all.filter((row) => row.hostingNode !== 'tw').map((row) => row.id))
    expect(report.skipped).to.equal(elsewhere.size)
  })

  it('refuses a wrong header, an unclosed quote, bytes that are no UTF-8 and JSON of another shape', async () => {
    const wrong: [Uint8Array, 'csv' | 'json', RegExp][] = [
      [Buffer.from('id,code\n'), 'csv', /row 1, validFrom: .*missing/],
      [Buffer.from(`${header},extra\n`), 'csv', /row 1, extra: .*unknown/],
      [Buffer.from(`${header}\n"`), 'csv', /row 2, row: .*quote/],
      [Buffer.from([0xff, 0xfe, 0x41]), 'csv', /UTF-8/],
      [Buffer.from('{'), 'json', /file: /],
      [Buffer.from('{"agencies":{}}'), 'json', /agencies/],
      [Buffer.from('{"agencies":[{"id":1}]}'), 'json', /agencies\.0, id:/],
    ]
    for (const [content, format, reason] of wrong) {
      const error = await failure(importAgencies(context, operator, { format, content, dryRun: false }))
      expect(error.code).to.equal('DIRECTORY_IMPORT_INVALID')
      expect(String(error.params.problems)).to.match(reason)
    }
  })

  it('refuses parents that go round', async () => {
    const one = agency('G01', 'tw', { parentId: idOf('G02') })
    const two = agency('G02', 'tw', { parentId: idOf('G01') })
    const error = await failure(loadJson([one, two]))
    expect(String(error.params.problems)).to.match(/a loop of parents/)
    expect(error.params.count).to.equal(2)
  })

  it('gives a code to its bearer of the day, and names the successors of a closed agency', async () => {
    await load(
      csv(
        `${idA},H15,qd20,2020-09-15,2025-07-01,Ủy ban nhân dân tỉnh Cũ,province,,tw,,2025-07-01,${idB} ${idC}`,
        `${idB},H15,qd20,2025-07-01,,Ủy ban nhân dân tỉnh Mới,province,,tw,,,`,
        `${idB},H16,qd20,2020-09-15,2025-07-01,Ủy ban nhân dân tỉnh Mới,province,,tw,,,`,
        `${idC},H17,qd20,2020-09-15,,Ủy ban nhân dân tỉnh Khác,province,,tw,,,`,
        `${idOf('D')},H18,qd20,2020-09-15,2025-07-01,Huyện đã đóng,district,,tw,,2025-07-01,${idB}`,
      ),
    )
    expect((await byCode('H15', '2025-06-30'))?.id).to.equal(idA)
    expect((await byCode('H15', '2025-07-01'))?.id).to.equal(idB)
    const open = (code: string, date: string) =>
      database.db.asNode((trx) => requireOpenAgency(trx, code, date))
    expect((await open('H15', '2025-07-01')).name).to.equal('Ủy ban nhân dân tỉnh Mới')
    const closed = await failure(open('H18', '2025-07-01'))
    expect(closed.code).to.equal('AGENCY_CLOSED')
    expect(closed.params).to.deep.equal({
      code: 'H18',
      date: '2025-07-01',
      successors: 'H15 Ủy ban nhân dân tỉnh Mới',
    })
    expect((await open('H18', '2025-06-30')).id).to.equal(idOf('D'))
    expect((await failure(open('H16', '2025-07-01'))).code).to.equal('AGENCY_CODE_UNKNOWN')
    expect((await failure(open('H99', '2025-07-01'))).code).to.equal('AGENCY_CODE_UNKNOWN')
    expect((await failure(open('h15', '2025-07-01'))).code).to.equal('AGENCY_CODE_MALFORMED')
    const last = await database.db.asNode((trx) => findAgencyById(trx, idA, '2026-01-01'))
    expect(last).to.include({ code: 'H15', closedOn: '2025-07-01', name: 'Ủy ban nhân dân tỉnh Cũ' })
    expect(last?.successors.map((one) => one.code)).to.deep.equal(['H17', 'H15'])
    expect(await database.db.asNode((trx) => findAgencyById(trx, idA, '2020-09-14'))).to.equal(undefined)
  })

  it('knows a name, a parent and a hosting node by the day', async () => {
    await loadJson([
      agency('G01', 'tw', {
        terms: [
          {
            name: 'Tên cũ',
            level: 'central',
            parentId: null,
            hostingNode: 'tw',
            validFrom: '2020-09-15',
            validTo: '2025-03-01',
          },
          {
            name: 'Tên mới',
            level: 'central',
            parentId: idOf('G02'),
            hostingNode: 'tw',
            validFrom: '2025-03-01',
            validTo: null,
          },
        ],
      }),
      agency('G02', 'tw'),
    ])
    expect((await byCode('G01', '2025-02-28'))?.name).to.equal('Tên cũ')
    expect(await byCode('G01', '2025-03-01')).to.include({ name: 'Tên mới', parentId: idOf('G02') })
    // 28 February 18:00 UTC is 1 March in Viet Nam.
    const hosted = (node: string, at: string) =>
      database.db.asNode((trx) => nodeHostedAgency(trx, node, 'G01', new Date(at)))
    expect(await hosted('tw', '2025-02-28T18:00:00Z')).to.equal(true)
    expect(await hosted('tinh', '2025-02-28T18:00:00Z')).to.equal(false)
    expect(await hosted('tw', '2020-09-14T16:59:59Z')).to.equal(false)
    expect(await hosted('tw', '2020-09-14T17:00:00Z')).to.equal(true)
  })

  it('lists by words without diacritics, code, parent and node, page by page', async () => {
    await loadJson([
      agency('H40', 'tw', { name: 'Ủy ban nhân dân tỉnh Nam Định' }),
      agency('H40.1', 'tw', { name: 'Sở Nội vụ', parentId: idOf('H40') }),
      agency('H40.2', 'tw', { name: 'Sở Y tế', parentId: idOf('H40') }),
      agency('H41', 'tw', { name: 'Ủy ban nhân dân tỉnh Nghệ An', validTo: '2025-01-01' }),
    ])
    const list = (filter: Partial<Parameters<typeof listAgencies>[1]>) =>
      database.db.asNode((trx) => listAgencies(trx, { date: '2025-03-01', limit: 100, ...filter }))
    const codes = (found: readonly Agency[]) => found.map((one) => one.code)
    expect(codes(await list({}))).to.deep.equal(['H40.1', 'H40.2', 'H40'])
    expect(codes(await list({ q: 'nam dinh' }))).to.deep.equal(['H40'])
    expect(codes(await list({ q: 'NHÂN DÂN' }))).to.deep.equal(['H40'])
    expect(codes(await list({ q: 'nhan dan', date: '2024-12-31' }))).to.deep.equal(['H40', 'H41'])
    expect(codes(await list({ q: 'H40.' }))).to.deep.equal(['H40.1', 'H40.2'])
    expect(codes(await list({ q: '%' }))).to.deep.equal([])
    expect(codes(await list({ parentId: idOf('H40') }))).to.deep.equal(['H40.1', 'H40.2'])
    expect(codes(await list({ hostingNode: 'tinh' }))).to.deep.equal([])
    const first = await list({ limit: 2 })
    const second = await list({ limit: 2, after: first[1]?.id ?? '' })
    expect(codes([...first, ...second])).to.deep.equal(['H40.1', 'H40.2', 'H40'])
  })

  it('takes an entry out for good', async () => {
    await loadJson([agency('G01', 'tw'), agency('G02', 'tw')])
    const report = await loadJson([], [idOf('G01')])
    expect(report.changes.map((one) => one.change)).to.deep.equal(['removed'])
    expect(await byCode('G01', '2025-03-01')).to.equal(undefined)
    expect((await byCode('G02', '2025-03-01'))?.code).to.equal('G02')
    const back = await failure(loadJson([agency('G01', 'tw')]))
    expect(String(back.params.problems)).to.match(/never comes back/)
    expect(String((await failure(loadJson([], [idOf('G03')]))).params.problems)).to.match(/remove, id/)
  })

  it('answers a repeated request with the first one’s report and imports once', async () => {
    const content = asJsonFile([agency('G01', 'tw')])
    const actor = { ...operator, idempotency: { key: 'import-0001', requestSha256: 'a' } }
    const logged = () =>
      database.db.asNode(async (trx) => {
        const entries = await trx('log_entries').where('kind', 'directory.imported').select('id')
        return entries.length
      })
    const before = await logged()
    const run = () => importAgencies(context, actor, { format: 'json', content, dryRun: false })
    const [one, two] = await Promise.all([run(), run()])
    expect(one).to.deep.equal(two)
    expect(one.changes).to.have.length(1)
    expect(await logged()).to.equal(before + 1)
  })
})

async function failure(act: Promise<unknown>): Promise<CongvanError> {
  const error = await act.then(
    () => undefined,
    (caught: unknown) => caught,
  )
  expect(error).to.be.instanceOf(Error)
  return error as CongvanError
}
