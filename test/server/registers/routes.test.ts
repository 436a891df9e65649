import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import type { Actor, AgencyRole, UserActor } from '../../../server/actor.ts'
import { hiddenAmong } from '../../../server/documents/document-list-store.ts'
import { registerRoutes } from '../../../server/registers/routes.ts'
import { type Asking, type ServedRoutes, serveRoutes } from '../../support/serve-routes.ts'
import { bookFonts, openRegisterNode, type RegisterNode } from './support.ts'

describe('registers: routes', () => {
  let node: RegisterNode
  let served: ServedRoutes
  let clerk: UserActor
  let stranger: UserActor
  before(async () => {
    node = await openRegisterNode('2026-01-05T09:00:00+07:00')
    served = await serveRoutes(node.context, registerRoutes(node.context, bookFonts(), hiddenAmong))
    clerk = await node.addAgency('Ủy ban nhân dân xã thử nghiệm')
    stranger = await node.addAgency('Ủy ban nhân dân xã khác')
    for (let n = 1; n <= 5; n += 1) {
      await node.enter(clerk, { symbol: 'QĐ-UBND', kind: 'Quyết định', subject: `Việc thứ ${n}` })
    }
  })
  after(async () => {
    await served.close()
    await node.database.drop()
  })

  const as = (...roles: AgencyRole[]): UserActor => ({ ...clerk, userId: randomUUID(), roles })
  const get = (path: string, actor: Actor | undefined = clerk) => served.ask(actor, 'GET', path)
  const refused = async (status: number, code: string, ...asked: Parameters<typeof served.ask>) => {
    const { status: answered, body } = await served.ask(...asked)
    expect([answered, body.code], `${asked[1]} ${asked[2]}: ${body.detail}`).to.deep.equal([status, code])
    return body
  }

  it('page through a book, the newest first, without losing or repeating a line', async () => {
    const seen: string[] = []
    let cursor = ''
    for (;;) {
      const { status, body } = await get(`/registers/outgoing?limit=2${cursor}`)
      expect(status).to.equal(200)
      const { items, next } = body as { items: { printed: string }[]; next: string | null }
      seen.push(...items.map((one) => one.printed))
      if (next === null) break
      expect(next).to.match(/^[\w-]+$/)
      cursor = `&cursor=${next}`
    }
    expect(seen).to.deep.equal(['05', '04', '03', '02', '01'])
    const found = await get('/registers/outgoing?q=viec+thu+3&kind=Quyết+định')
    expect((found.body.items as { subject: string }[]).map((one) => one.subject)).to.deep.equal([
      'Việc thứ 3',
    ])
  })

  it('refuse what is no book, year, series, cursor, limit or word', async () => {
    for (const path of [
      '/registers/secret',
      '/registers/outgoing?year=1999',
      '/registers/outgoing?series=drop+table',
      '/registers/outgoing?cursor=x',
      `/registers/outgoing?cursor=${Buffer.from(`2026-01-05T00:00:00.000Z ${randomUUID()}`).toString('base64url')}`,
      '/registers/outgoing?limit=0',
      '/registers/outgoing?limit=201',
      '/registers/outgoing?from=2026-02-30',
      '/registers/outgoing?order=up',
      '/registers/outgoing/26/csv',
      '/registers/corrections?year=2026&series=outgoing:general',
    ])
      await refused(400, 'INPUT_INVALID', clerk, 'GET', path)
    await refused(400, 'SEARCH_EMPTY', clerk, 'GET', '/registers/outgoing?q=%2D%2D')
  })

  it('export a book as CSV, XLSX and PDF, and no fourth form', async () => {
    const csv = await get('/registers/outgoing/2026/csv')
    expect(csv.headers.get('content-type')).to.match(/^text\/csv/)
    expect(csv.bytes.toString('utf8')).to.include('Nơi nhận văn bản').and.include('05/QĐ-UBND')
    const xlsx = await get('/registers/outgoing/2026/xlsx')
    expect(xlsx.bytes.subarray(0, 2).toString()).to.equal('PK')
    const pdf = await get('/registers/outgoing/2026/pdf')
    expect(pdf.headers.get('content-type')).to.equal('application/pdf')
    expect(pdf.bytes.subarray(0, 5).toString()).to.equal('%PDF-')
    expect((await get('/registers/outgoing/2026/docx')).status).to.equal(404)
  })

  it('correct a field with a reason, keep the old value, and refuse everything else', async () => {
    const correction = {
      year: 2026,
      series: 'outgoing:general',
      number: 2,
      field: 'keptBy',
      value: 'Văn thư',
      reason: 'Ghi thiếu',
    }
    const made = await served.ask(clerk, 'POST', '/registers/corrections', { json: correction })
    expect(made.status).to.equal(201)
    expect(made.body).to.include({ field: 'keptBy', oldValue: null, newValue: 'Văn thư' })
    const { body } = await get('/registers/corrections?year=2026&series=outgoing:general&number=2')
    expect(body.items).to.deep.equal([made.body])
    for (const wrong of [
      { field: 'number' },
      { field: 'date' },
      { reason: '' },
      { number: 0 },
      { series: 'x' },
      { field: 'copies', value: 'hai' },
      { more: 1 },
    ]) {
      const json = { ...correction, ...wrong }
      await refused(400, 'INPUT_INVALID', clerk, 'POST', '/registers/corrections', { json })
    }
    const unknown = { json: { ...correction, number: 77 } }
    await refused(404, 'REGISTER_ENTRY_UNKNOWN', clerk, 'POST', '/registers/corrections', unknown)
    await refused(404, 'REGISTER_ENTRY_UNKNOWN', stranger, 'POST', '/registers/corrections', {
      json: correction,
    })
  })

  it('cut the series on top of the version that was read, and not otherwise [N156]', async () => {
    const leader = as('leader')
    const rules = { councils: [{ series: 'hd', name: 'Hội đồng' }] }
    const decision = { year: 2026, rules, decision: 'Quyết định số 01/QĐ-UBND ngày 02/01/2026' }
    const put = (asking: Asking, actor: Actor = leader) =>
      served.ask(actor, 'PUT', '/registers/series', asking)
    expect((await put({ json: decision })).body).to.include({ status: 428, code: 'PRECONDITION_REQUIRED' })
    expect((await put({ json: decision, ifMatch: '"3"' })).body).to.include({ code: 'VERSION_STALE' })
    const clash = { ...decision, rules: { councils: [{ series: 'general', name: 'Hội đồng' }] } }
    expect((await put({ json: clash, ifMatch: '"0"' })).body).to.include({
      status: 422,
      code: 'SERIES_RULE_INVALID',
    })
    const done = await put({ json: decision, ifMatch: '"0"' })
    expect([done.status, done.headers.get('etag')]).to.deep.equal([200, '"1"'])
    const { body } = await get('/registers/series?year=2026')
    expect(body).to.include({ version: 1 })
    expect(body.history).to.have.length(1)
    expect((await get('/registers/series', stranger)).body).to.include({ version: 0 })
  })

  it('close no running year, and open nothing of a book to others than its readers', async () => {
    await refused(409, 'REGISTER_YEAR_RUNNING', clerk, 'POST', '/registers/outgoing/2026/close')
    expect((await get('/registers/outgoing', stranger)).body).to.deep.equal({ items: [], next: null })
    await refused(401, 'NOT_AUTHENTICATED', undefined, 'GET', '/registers')
    for (const role of ['specialist', 'signer', 'administrator'] as const) {
      await refused(403, 'NOT_PERMITTED', as(role), 'GET', '/registers/outgoing')
    }
    for (const role of ['leader', 'auditor'] as const) {
      expect((await get('/registers/outgoing', as(role))).status, role).to.equal(200)
      await refused(403, 'NOT_PERMITTED', as(role), 'POST', '/registers/outgoing/2025/close')
      await refused(403, 'NOT_PERMITTED', as(role), 'POST', '/registers/corrections', { json: {} })
    }
    await refused(403, 'NOT_PERMITTED', clerk, 'PUT', '/registers/series', { json: {}, ifMatch: '"0"' })
  })
})
