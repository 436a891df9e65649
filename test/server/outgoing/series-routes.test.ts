import { expect } from 'chai'
import type { UserActor } from '../../../server/actor.ts'
import { documentRoutes } from '../../../server/documents/routes.ts'
import { outgoingRoutes } from '../../../server/outgoing/routes.ts'
import { seriesRules } from '../../../server/registers/series.ts'
import { setSeries } from '../../../server/registers/set-series.ts'
import { type ServedRoutes, serveRoutes } from '../../support/serve-routes.ts'
import { insertAccount } from '../documents/people.ts'
import { metadata, openTestNode, type TestNode, toIssued } from '../documents/support.ts'

describe('documents: routes of series and of paper', () => {
  let node: TestNode
  let served: ServedRoutes
  let clerk: UserActor
  before(async () => {
    node = await openTestNode()
    clerk = node.one.clerk
    await insertAccount(node, clerk, 'clerk')
    const { context, services } = node
    served = await serveRoutes(context, [
      ...outgoingRoutes(context, services),
      ...documentRoutes(context, services),
    ])
    await setSeries(context, clerk, {
      year: 2026,
      rules: seriesRules.parse({ councils: [{ series: 'hd', name: 'Hội đồng Thi đua' }] }),
      decision: 'Quyết định số 01/QĐ-UBND',
      ifMatch: 0,
    })
  })
  after(async () => {
    await served.close()
    await node.close()
  })

  const outgoingOf = async (id: string) => {
    const { body, headers } = await served.ask(clerk, 'GET', `/documents/${id}`)
    return { outgoing: body.outgoing as Record<string, unknown>, etag: headers.get('etag') }
  }

  it('take council and normative with a draft, show them, change them and empty them', async () => {
    const json = { ...metadata, kind: 'Quyết định', symbol: 'QĐ-HĐTĐ', council: 'hội đồng thi đua' }
    const made = await served.ask(clerk, 'POST', '/documents', { json })
    expect(made.status, JSON.stringify(made.body)).to.equal(201)
    const id = String(made.body.id)
    const { outgoing, etag } = await outgoingOf(id)
    expect(outgoing).to.include({ council: 'Hội đồng Thi đua', normative: false })
    const change = { council: null, normative: true, symbol: '2026/QĐ-UBND' }
    const patch = (body: object, ifMatch = etag) =>
      served.ask(clerk, 'PATCH', `/documents/${id}`, { json: body, ifMatch })
    expect((await patch({ normative: true })).body).to.include({ status: 422, code: 'COUNCIL_NOT_NORMATIVE' })
    expect((await patch({ council: null, normative: true })).body).to.include({ code: 'SYMBOL_YEAR_WRONG' })
    expect((await patch({ council: 'Ban khác' })).body).to.include({ code: 'SERIES_UNKNOWN' })
    expect((await patch({ normative: null })).body).to.include({ status: 400, code: 'INPUT_INVALID' })
    expect((await patch(change)).status).to.equal(200)
    expect((await outgoingOf(id)).outgoing).to.include({ council: null, normative: true })
  })

  it('record each time that it went out on paper, and show all of them', async () => {
    const id = await toIssued(node)
    const send = (json: object, actor = clerk) =>
      served.ask(actor, 'POST', `/documents/${id}/paper-dispatch`, { json })
    expect((await send({ recipients: ['Ông 1'], copies: 2 })).body).to.include({ copies: 2 })
    expect((await send({ recipients: ['Bà 2'], reason: 'không có mạng' })).body).to.deep.include({
      recipients: ['Bà 2'],
      copies: 1,
    })
    expect((await send({})).body).to.include({ status: 422, code: 'PAPER_RECIPIENTS_MISSING' })
    expect((await send({ recipients: [''] })).body).to.include({ status: 400 })
    expect((await send({ recipients: ['Ông 3'] }, node.two.clerk)).body).to.include({ code: 'NOT_FOUND' })
    const { outgoing } = await outgoingOf(id)
    expect(outgoing.paper).to.deep.include({ recipients: ['Ông 1', 'Bà 2'], copies: 3 })
    const times = outgoing.paperDispatches as { recipients: string[]; copies: number; by: { name: string } }[]
    expect(times.map((one) => [one.recipients, one.copies, one.by.name])).to.deep.equal([
      [['Ông 1'], 2, 'clerk'],
      [['Bà 2'], 1, 'clerk'],
    ])
  })
})
