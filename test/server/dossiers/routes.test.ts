import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import type { UserActor } from '../../../server/actor.ts'
import { dossierRoutes } from '../../../server/dossiers/routes.ts'
import { type ServedRoutes, serveRoutes } from '../../support/serve-routes.ts'
import { arrived, type Office, openOffice } from '../documents/access-support.ts'

describe('dossiers: routes', () => {
  let office: Office
  let served: ServedRoutes
  let agencyId = ''
  let clerk: UserActor
  let leader: UserActor
  let specialist: UserActor
  let stranger: UserActor
  let made = 0

  before(async () => {
    office = await openOffice()
    served = await serveRoutes(office.context, dossierRoutes(office.context))
    agencyId = await office.found('H40.5')
    clerk = await office.hire(agencyId, 'clerk')
    leader = await office.hire(agencyId, 'leader')
    specialist = await office.hire(agencyId, 'specialist')
    stranger = await office.hire(await office.found('H40.6'), 'clerk')
  })
  after(async () => {
    await served.close()
    await office.database.drop()
  })

  const ask = (...asked: Parameters<ServedRoutes['ask']>) => served.ask(...asked)
  const refused = async (status: number, code: string, ...asked: Parameters<ServedRoutes['ask']>) => {
    const { status: answered, body } = await ask(...asked)
    expect([answered, body.code], `${asked[1]} ${asked[2]}: ${body.detail}`).to.deep.equal([status, code])
  }
  const given = (more: object = {}) => {
    made += 1
    return { year: 2026, notation: `${made}.VP`, title: 'Công tác văn thư', retentionYears: 10, ...more }
  }
  const open = async (actor = specialist, more: object = {}) => {
    const { status, body } = await ask(actor, 'POST', '/dossiers', { json: given(more) })
    expect(status, JSON.stringify(body)).to.equal(201)
    return String(body.id)
  }
  const received = () =>
    office.write(agencyId, { ...arrived('G22'), codeNumber: '7', promulgationDate: '2026-02-01' })

  it('open, file, show and close a dossier, each change on top of what was read [N156]', async () => {
    const id = await open(clerk)
    const path = `/dossiers/${id}`
    await refused(428, 'PRECONDITION_REQUIRED', clerk, 'PATCH', path, { json: { title: 'Khác' } })
    const change = { json: { title: 'Khác' }, ifMatch: '"1"' }
    expect((await ask(clerk, 'PATCH', path, change)).headers.get('etag')).to.equal('"2"')
    await refused(412, 'VERSION_STALE', clerk, 'PATCH', path, change)
    await refused(412, 'VERSION_STALE', clerk, 'POST', `${path}/close`, { json: {}, ifMatch: '"1"' })
    const documentId = await received()
    const filed = await ask(clerk, 'POST', `${path}/documents`, { json: { documentId } })
    expect([filed.status, filed.body]).to.deep.equal([201, { dossierId: id, documentId }])
    const shown = await ask(clerk, 'GET', path)
    expect(shown.body).to.include({ title: 'Khác', state: 'open', role: 'keeper' })
    expect((shown.body.documents as { documentId: string }[]).map((one) => one.documentId)).to.deep.equal([
      documentId,
    ])
    const holding = await ask(clerk, 'GET', `/dossiers?document=${documentId}`)
    expect((holding.body.items as { id: string }[]).map((one) => one.id)).to.deep.equal([id])
    const closed = await ask(clerk, 'POST', `${path}/close`, {
      json: {},
      ifMatch: String(shown.headers.get('etag')),
    })
    expect(closed.body, JSON.stringify(closed.body)).to.include({ id, state: 'closed', documents: 1 })
    await refused(409, 'DOSSIER_CLOSED', clerk, 'POST', `${path}/removal`, {
      json: { documentId, reason: 'Xếp nhầm' },
    })
  })

  it('refuse bad input and name the field', async () => {
    const id = await open()
    for (const [path, json] of [
      ['/dossiers', given({ notation: '-' })],
      ['/dossiers', given({ year: 1999 })],
      ['/dossiers', given({ title: ' ' })],
      ['/dossiers', given({ retentionYears: 0 })],
      ['/dossiers', given({ secrecy: 1 })],
      [`/dossiers/${id}/documents`, { documentId: 'x' }],
      [`/dossiers/${id}/removal`, { documentId: randomUUID() }],
      [`/dossiers/${id}/close`, { endedOn: '2026-02-30' }],
      [`/dossiers/${id}/members`, { user: 'a', role: 'owner', reason: 'x' }],
      [`/dossiers/${id}/restriction`, { restricted: 'yes', reason: 'x' }],
    ] as const)
      await refused(400, 'INPUT_INVALID', clerk, 'POST', path, { json })
    await refused(400, 'INPUT_INVALID', clerk, 'POST', '/dossiers', { text: '{"year":' })
    for (const query of ['state=lost', 'year=26', 'maker=x', 'cursor=x', 'limit=201', 'q=x']) {
      await refused(400, 'INPUT_INVALID', clerk, 'GET', `/dossiers?${query}`)
    }
    await refused(400, 'INPUT_INVALID', clerk, 'GET', '/dossiers/7')
    await refused(404, 'NOT_FOUND', specialist, 'POST', `/dossiers/${id}/documents`, {
      json: { documentId: randomUUID() },
    })
  })

  it('page through a list, the newest first, without losing or repeating one', async () => {
    const maker = await office.hire(agencyId, 'specialist')
    const ids: string[] = []
    for (let n = 0; n < 5; n += 1) {
      office.setClock(new Date(Date.UTC(2026, 2, 3, 1, n)))
      ids.push(await open(maker))
    }
    const seen: string[] = []
    let cursor = ''
    for (;;) {
      const { body } = await ask(clerk, 'GET', `/dossiers?maker=${maker.userId}&limit=2${cursor}`)
      const { items, next } = body as { items: { id: string }[]; next: string | null }
      seen.push(...items.map((one) => one.id))
      if (next === null) break
      cursor = `&cursor=${next}`
    }
    expect(seen).to.deep.equal(ids.toReversed())
  })

  it('let in who may, and tell others nothing of what there is', async () => {
    const id = await open(specialist, { restricted: true })
    const path = `/dossiers/${id}`
    await refused(401, 'NOT_AUTHENTICATED', undefined, 'GET', path)
    await refused(404, 'NOT_FOUND', stranger, 'GET', path)
    await refused(404, 'NOT_FOUND', clerk, 'GET', path)
    const member = { user: clerk.login, reason: 'Theo phân công' }
    await refused(403, 'NOT_PERMITTED', specialist, 'POST', `${path}/members`, { json: member })
    const other = await office.hire(agencyId, 'administrator', 'auditor')
    await refused(403, 'NOT_PERMITTED', other, 'GET', path)
    await refused(403, 'NOT_PERMITTED', other, 'POST', '/dossiers', { json: given() })
    const shared = await open(leader)
    const invited = await ask(leader, 'POST', `/dossiers/${shared}/members`, {
      json: { user: specialist.login, reason: 'Theo phân công' },
    })
    expect([invited.status, invited.body.role, invited.body.changed]).to.deep.equal([201, 'reader', true])
    await refused(404, 'NOT_FOUND', stranger, 'POST', `/dossiers/${shared}/restriction`, {
      json: { restricted: true, reason: 'x' },
    })
  })
})
