import { randomUUID } from 'node:crypto'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { assignNumber } from '../../server/registers/register-store.ts'
import { type ApiNode, agencies, type Login, startApiNode } from '../server/api/node.ts'
import { jsonLines, runHere } from './run-congvan.ts'

const logins = ['commune-clerk', 'commune-leader', 'commune-auditor', 'district-clerk', 'operator'] as const

describe('congvan register, dossier, stats', () => {
  let node: ApiNode
  const year = new Date(Date.now() + 7 * 3_600_000).getUTCFullYear()

  before(async () => {
    node = await startApiNode({ logins })
    for (const login of logins) {
      writeFileSync(tokenFile(login), await node.token(login))
      chmodSync(tokenFile(login), 0o600)
    }
    const { asNode, asAgency } = node.database.db
    const { code } = agencies.commune
    const { agency_id: agencyId } = await asNode((trx) => trx('agency_codes').where({ code }).first())
    for (const word of ['một', 'hai', 'ba']) {
      await asAgency({ agencyId }, (trx) =>
        assignNumber(trx, {
          agencyId,
          series: 'outgoing:general',
          documentId: randomUUID(),
          symbol: 'QĐ-UBND',
          entry: { kind: 'Quyết định', subject: `Việc thứ ${word}`, signer: 'Người ký 1' },
          now: new Date(),
        }),
      )
    }
  })
  after(() => node.close())

  const tokenFile = (login: Login) => join(node.folder, `${login}.token`)
  const as = (login: Login, ...args: string[]) =>
    runHere([...args, '--node', node.url, '--token-file', tokenFile(login)])
  const json = async (login: Login, ...args: string[]) => {
    const { exit, stdout, stderr } = await as(login, ...args, '--json')
    expect(exit, stderr).to.equal(0)
    return jsonLines(stdout)
  }
  const refused = async (exit: number, words: string, login: Login, ...args: string[]) => {
    const answer = await as(login, ...args)
    expect([answer.exit, answer.stdout], answer.stderr).to.deep.equal([exit, ''])
    expect(answer.stderr).to.include(words)
  }

  it('shows the registers of a year and their lines, the newest first, up to the limit', async () => {
    const registers = await json('commune-clerk', 'register', 'list')
    expect(registers.map((one) => one.book)).to.deep.equal(['outgoing', 'incoming', 'handling', 'copies'])
    expect(registers[0]?.series).to.deep.include.members([
      { series: 'outgoing:general', lastNumber: 3, lastDate: (await firstLine()).date },
    ])
    const lines = await json('commune-auditor', 'register', 'show', 'outgoing', '--limit', '2')
    expect(lines.map((one) => one.printed)).to.deep.equal(['03', '02'])
    const found = await as('commune-clerk', 'register', 'show', 'outgoing', '--q', 'viec thu mot')
    expect(found.stdout)
      .to.match(/^01\/QĐ-UBND\s/)
      .and.include('Quyết định Việc thứ một')
    expect(await json('district-clerk', 'register', 'show', 'outgoing')).to.deep.equal([])
  })

  const firstLine = async () =>
    (await json('commune-clerk', 'register', 'show', 'outgoing', '--limit', '1'))[0] ?? {}

  it('refuses a register, year, series or date that is none, and who may not', async () => {
    const show = ['register', 'show', 'outgoing'] as const
    await refused(64, 'outgoing, incoming', 'commune-clerk', 'register', 'show', 'mat')
    await refused(64, '--year', 'commune-clerk', ...show, '--year', '26')
    await refused(64, '--limit', 'commune-clerk', ...show, '--limit', '0')
    await refused(65, 'query.series', 'commune-clerk', ...show, '--series', 'x')
    await refused(65, 'query.from', 'commune-clerk', ...show, '--from', '30/02/2026')
    await refused(77, 'register.manage', 'commune-auditor', 'register', 'close', 'outgoing', '--year', '2020')
    await refused(65, String(year), 'commune-clerk', 'register', 'close', 'outgoing', '--year', String(year))
  })

  it('exports a register to a new file and overwrites none', async () => {
    const folder = mkdtempSync(join(node.folder, 'books-'))
    const out = (format: string) => [
      ...['register', 'export', 'outgoing', '--year', String(year), '--format', format],
      ...['--out', join(folder, `so.${format}`)],
    ]
    for (const format of ['csv', 'xlsx', 'pdf']) await json('commune-clerk', ...out(format))
    expect(readdirSync(folder).sort()).to.deep.equal(['so.csv', 'so.pdf', 'so.xlsx'])
    expect(readFileSync(join(folder, 'so.csv'), 'utf8')).to.include('03/QĐ-UBND')
    await refused(73, 'so.csv', 'commune-clerk', ...out('csv'))
    await refused(64, '--format', 'commune-clerk', ...out('docx'))
  })

  it('shows how the series are cut, and sets them for who heads the agency', async () => {
    const file = join(node.folder, 'series.json')
    const councils = [{ series: 'hd-thi-dua', name: 'Hội đồng Thi đua' }]
    writeFileSync(file, JSON.stringify({ councils }))
    const set = ['register', 'series', '--set', file]
    await refused(64, '--decision', 'commune-leader', ...set)
    const decided = [...set, '--decision', 'Quyết định số 01/QĐ-UBND']
    await refused(77, 'agency.settings', 'commune-clerk', ...decided)
    const [done] = await json('commune-leader', ...decided)
    expect(done).to.include({ version: 1, year })
    expect((await json('commune-clerk', 'register', 'series'))[0]?.rules as object).to.deep.include({
      councils,
    })
    writeFileSync(file, '{')
    await refused(64, 'JSON', 'commune-leader', ...decided)
  })

  it('opens dossiers, lists them up to the limit, and tells who may not and what is wrong', async () => {
    const open = (notation: string, ...more: string[]) => [
      ...['dossier', 'open', '--notation', notation, '--title', 'Công tác văn thư', '--year', String(year)],
      ...['--retention', '10', ...more],
    ]
    for (const notation of ['01.VP', '02.VP', '03.VP']) await json('commune-clerk', ...open(notation))
    await refused(65, '01.VP', 'commune-clerk', ...open('01.VP'))
    await refused(64, '--retention', 'commune-clerk', ...open('04.VP', '--retention', 'mãi'))
    await refused(65, 'body.notation', 'commune-clerk', ...open('-'))
    await refused(77, 'dossier.keep', 'commune-auditor', ...open('05.VP'))
    expect(await json('commune-leader', 'dossier', 'list', '--limit', '2')).to.have.length(2)
    const listed = await json('commune-clerk', 'dossier', 'list')
    expect(listed).to.have.length(3)
    expect(await json('district-clerk', 'dossier', 'list')).to.deep.equal([])
    const [id] = listed.map((one) => String(one.id))
    await refused(66, String(id), 'district-clerk', 'dossier', 'show', String(id))
    await refused(65, 'query.state', 'commune-clerk', 'dossier', 'list', '--state', 'lost')
    const shown = await as('commune-clerk', 'dossier', 'show', String(id))
    expect(shown.stdout).to.include('Công tác văn thư')
  })

  it('counts for an agency, for the operator’s node, as a table, as JSON and as CSV', async () => {
    const period = ['--from', `${year}-01-01`, '--to', `${year}-12-31`]
    const [own] = await json('commune-clerk', 'stats', ...period)
    expect(own).to.include({ by: 'month', agencies: 1 })
    const [all] = await json('operator', 'stats', ...period, '--by', 'level')
    expect(Number(all?.agencies)).to.be.greaterThan(1)
    const csv = await as('commune-leader', 'stats', ...period, '--csv')
    expect([csv.exit, csv.stdout.split('\n')[0]?.includes(',')]).to.deep.equal([0, true])
    expect((await as('commune-clerk', 'stats', ...period, '--lang', 'en')).stdout).to.include('electronic')
  })

  it('counts no period, grouping or branch that is none, and nothing of others', async () => {
    const period = ['--from', `${year}-01-01`, '--to', `${year}-12-31`]
    await refused(64, '--to', 'commune-clerk', 'stats', '--from', `${year}-01-01`)
    await refused(65, 'query.by', 'commune-clerk', 'stats', ...period, '--by', 'signer')
    await refused(65, 'query.from', 'commune-clerk', 'stats', '--from', 'x', '--to', `${year}-12-31`)
    await refused(
      65,
      `${year}-12-31`,
      'commune-clerk',
      'stats',
      '--from',
      `${year}-12-31`,
      '--to',
      `${year}-01-01`,
    )
    await refused(65, 'query.branch', 'commune-clerk', 'stats', ...period, '--branch', 'H40')
    await refused(65, 'H99', 'operator', 'stats', ...period, '--branch', 'H99')
  })
})
