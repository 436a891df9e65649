import { expect } from 'chai'
import type { Actor, OperatorActor, UserActor } from '../../../server/actor.ts'
import { statisticsRoutes } from '../../../server/statistics/routes.ts'
import { type ServedRoutes, serveRoutes } from '../../support/serve-routes.ts'
import { type Office, openOffice } from '../documents/access-support.ts'

const operator: OperatorActor = { kind: 'operator', userId: null, login: 'console' }
const PERIOD = 'from=2026-01-01&to=2026-03-31'

describe('statistics: routes', () => {
  let office: Office
  let served: ServedRoutes
  let clerk: UserActor
  before(async () => {
    office = await openOffice()
    served = await serveRoutes(office.context, statisticsRoutes(office.context))
    clerk = await office.hire(await office.found('H40.5'), 'clerk')
  })
  after(async () => {
    await served.close()
    await office.database.drop()
  })

  const get = (path: string, actor: Actor | undefined = clerk) => served.ask(actor, 'GET', path)
  const refused = async (status: number, code: string, path: string, actor?: Actor) => {
    const answer = await served.ask(actor, 'GET', path)
    expect([answer.status, answer.body.code], `${path}: ${answer.body.detail}`).to.deep.equal([status, code])
    return answer.body
  }

  it('count an agency’s own documents, or for the operator those of the node', async () => {
    const own = await get(`/statistics?${PERIOD}`)
    expect(own.status).to.equal(200)
    expect(own.body).to.include({ from: '2026-01-01', to: '2026-03-31', by: 'month', agencies: 1 })
    const all = await get(`/statistics?${PERIOD}&by=level`, operator)
    expect(all.body).to.include({ by: 'level', agencies: 1 })
    expect((await get(`/statistics?${PERIOD}&branch=H40.5`, operator)).status).to.equal(200)
  })

  it('give the same as a table in CSV', async () => {
    const csv = await get(`/statistics/export?${PERIOD}&by=kind`)
    expect([csv.status, csv.headers.get('content-type')]).to.deep.equal([200, 'text/csv; charset=utf-8'])
    expect(csv.headers.get('content-disposition')).to.include('statistics-2026-01-01-2026-03-31.csv')
  })

  it('refuse a period, a grouping or a branch that is none', async () => {
    for (const path of ['/statistics', '/statistics/export']) {
      for (const query of [
        '',
        'from=2026-01-01',
        'from=2026-02-30&to=2026-03-01',
        'from=2026-01-01T00:00:00Z&to=2026-03-01',
        `${PERIOD}&by=signer`,
        `${PERIOD}&agency=H40`,
        `${PERIOD}&branch=`,
        // An agency asks for its own only.
        `${PERIOD}&branch=H40`,
      ])
        await refused(400, 'INPUT_INVALID', `${path}?${query}`, clerk)
      for (const query of ['from=2026-03-01&to=2026-01-01', 'from=2000-01-01&to=2026-01-01']) {
        const { status, code } = await refused(400, 'STATISTICS_PERIOD_WRONG', `${path}?${query}`, clerk)
        expect([status, code]).to.deep.equal([400, 'STATISTICS_PERIOD_WRONG'])
      }
      await refused(404, 'AGENCY_CODE_UNKNOWN', `${path}?${PERIOD}&branch=H99`, operator)
    }
  })

  it('answer who may read statistics and nobody else', async () => {
    await refused(401, 'NOT_AUTHENTICATED', `/statistics?${PERIOD}`)
    for (const role of ['specialist', 'signer'] as const) {
      await refused(403, 'NOT_PERMITTED', `/statistics?${PERIOD}`, { ...clerk, roles: [role] })
      await refused(403, 'NOT_PERMITTED', `/statistics/export?${PERIOD}`, { ...clerk, roles: [role] })
    }
    for (const role of ['leader', 'auditor', 'administrator'] as const) {
      expect((await get(`/statistics?${PERIOD}`, { ...clerk, roles: [role] })).status, role).to.equal(200)
    }
  })
})
