import { randomUUID } from 'node:crypto'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import express from 'express'
import type { UserActor } from '../../../server/actor.ts'
import { requirePermission } from '../../../server/auth/permissions.ts'
import { documentRoutes } from '../../../server/documents/routes.ts'
import { errorHandler } from '../../../server/http/error-handler.ts'
import { mountRoutes } from '../../../server/http/mount.ts'
import { outgoingRoutes } from '../../../server/outgoing/routes.ts'
import { addPerson, insertAccount, type TestPerson } from '../documents/people.ts'
import { letter, metadata, openTestNode, signAsIndividual, type TestNode } from '../documents/support.ts'

describe('documents: routes of drafting and presenting', () => {
  let node: TestNode
  let server: Server
  let base: string
  let signer: TestPerson
  const actors = new Map<string, UserActor>()

  before(async () => {
    node = await openTestNode()
    signer = await addPerson(node, node.one, { name: 'Người ký 1', title: 'Chủ tịch', role: 'signer' })
    await insertAccount(node, node.one.clerk, 'clerk')
    actors.set('clerk', node.one.clerk)
    actors.set('leader', node.one.leader)
    actors.set('signer', signer.actor)
    actors.set('specialist', { ...node.one.clerk, userId: randomUUID(), roles: ['specialist'] })
    actors.set('administrator', { ...node.one.clerk, userId: randomUUID(), roles: ['administrator'] })
    actors.set('stranger', node.two.clerk)
    const app = express()
    app.use(
      '/api/v1',
      mountRoutes(
        [...outgoingRoutes(node.context, node.services), ...documentRoutes(node.context, node.services)],
        {
          clock: node.context.clock,
          maxJsonBytes: node.context.limits.jsonBytes,
          authenticate: async (request) => actors.get(request.get('authorization') ?? ''),
          authorise(actor, access) {
            if (typeof access === 'object') requirePermission(actor, access.permission)
          },
        },
      ),
    )
    app.use(errorHandler(node.context.log))
    await new Promise<void>((resolve) => {
      server = app.listen(0, '127.0.0.1', () => resolve())
    })
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1`
  })
  after(async () => {
    await new Promise((resolve) => server.close(resolve))
    await node.close()
  })

  interface Answer {
    readonly status: number
    readonly etag: string | null
    readonly body: Record<string, unknown>
  }
  async function ask(
    who: string,
    method: string,
    path: string,
    body?: unknown,
    ifMatch?: string,
  ): Promise<Answer> {
    const response = await fetch(`${base}${path}`, {
      method,
      headers: {
        authorization: who,
        ...(method === 'POST' ? { 'idempotency-key': randomUUID() } : {}),
        ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }),
      },
      ...(body === undefined
        ? {}
        : { body: body instanceof Uint8Array ? Buffer.from(body) : JSON.stringify(body) }),
    })
    const json = (await response.json()) as Answer['body']
    return { status: response.status, etag: response.headers.get('etag'), body: json }
  }
  const bytesOf = async (who: string, id: string) => {
    const response = await fetch(`${base}/documents/${id}/file`, { headers: { authorization: who } })
    return new Uint8Array(await response.arrayBuffer())
  }
  async function drafted(who = 'clerk'): Promise<string> {
    const { body } = await ask(who, 'POST', '/documents', metadata)
    const id = String(body.id)
    await ask(who, 'POST', `/documents/${id}/file`, await letter())
    expect((await ask(who, 'POST', `/documents/${id}/declaration`, { stateSecret: false })).status).to.equal(
      200,
    )
    return id
  }

  it('change a draft only on top of its newest version [N156]', async () => {
    const id = await drafted()
    const path = `/documents/${id}`
    const { etag } = await ask('clerk', 'GET', path)
    expect(etag).to.match(/^"\d+"$/)
    expect((await ask('clerk', 'PATCH', path, { urgency: 2 })).body).to.include({
      status: 428,
      code: 'PRECONDITION_REQUIRED',
    })
    const changed = await ask('clerk', 'PATCH', path, { urgency: 2 }, etag ?? '')
    expect(changed.status).to.equal(200)
    expect(changed.etag).to.equal(`"${changed.body.version}"`).and.not.to.equal(etag)
    const stale = await ask('clerk', 'PATCH', path, { urgency: 0 }, etag ?? '')
    expect(stale.body).to.include({ status: 412, code: 'VERSION_STALE' })
    expect((await ask('clerk', 'GET', path)).body).to.include({ urgency: 2 })
    const late = await ask(
      'clerk',
      'POST',
      `${path}/present`,
      { signers: [{ user: signer.actor.login }] },
      etag ?? '',
    )
    expect(late.body).to.include({ code: 'VERSION_STALE' })
    const odd = await ask('clerk', 'PATCH', path, { number: '05' }, changed.etag ?? '')
    expect(odd.status, 'a number is given by the system alone').to.equal(400)
  })

  it('present, check, return with a remark, present again and sign; the history tells it [K069]', async () => {
    const id = await drafted('specialist')
    const present = () =>
      ask('specialist', 'POST', `/documents/${id}/present`, { signers: [{ user: signer.actor.login }] })
    expect((await ask('signer', 'GET', `/documents/${id}`)).status).to.equal(404)
    const presented = await present()
    expect(presented.body).to.deep.include({ state: 'presented', round: 1, revision: 1 })
    const waiting = await ask('signer', 'GET', '/documents/to-sign')
    expect(waiting.body.items).to.have.length(1)
    expect((await ask('leader', 'POST', `/documents/${id}/content-check`, { passed: true })).status).to.equal(
      200,
    )
    expect((await ask('clerk', 'POST', `/documents/${id}/form-check`, { passed: false })).status).to.equal(
      400,
    )
    const returned = await ask('signer', 'POST', `/documents/${id}/return`, { remark: 'Sửa\ntrích yếu' })
    expect(returned.body).to.include({ state: 'draft', outcome: 'returned' })
    const version = `/documents/${id}/versions?stateSecret=false`
    expect(
      (await ask('specialist', 'POST', `/documents/${id}/versions`, await letter('hai'))).status,
    ).to.equal(400)
    expect((await ask('specialist', 'POST', version, await letter('hai'))).body).to.include({ revision: 2 })
    await ask('specialist', 'POST', `/documents/${id}/comments`, { comment: 'Đã sửa', revision: 2 })
    expect((await present()).body).to.include({ round: 2, revision: 2 })
    const bytes = await signAsIndividual(await bytesOf('signer', id), signer.certificate)
    const signed = await ask('signer', 'POST', `/documents/${id}/signatures`, bytes)
    expect(signed.body).to.include({ state: 'signed', revision: 3 })
    const { body } = await ask('specialist', 'GET', `/documents/${id}/history?limit=200`)
    const kinds = (body.steps as { kind: string }[]).map((one) => one.kind)
    expect(kinds.filter((kind) => kind !== 'document.read')).to.deep.equal([
      'document.drafted',
      'document.file-uploaded',
      'document.quarantine-ended',
      'document.presented',
      'document.checked',
      'document.returned',
      'document.revised',
      'document.commented',
      'document.presented',
      'document.signed-individual',
    ])
    const details = await ask('clerk', 'GET', `/documents/${id}`)
    expect(details.body.outgoing).to.nested.include({
      'presentation.round': 2,
      'presentation.outcome': 'signed',
      'presentation.signers[0].name': 'Người ký 1',
    })
  })

  it('are closed to roles without the right, and to other agencies', async () => {
    const id = await drafted()
    const closed: [string, string, string, unknown][] = [
      ['signer', 'PATCH', `/documents/${id}`, {}],
      ['signer', 'POST', `/documents/${id}/present`, { signers: [{ user: 'x' }] }],
      ['specialist', 'POST', `/documents/${id}/content-check`, { passed: true }],
      ['leader', 'POST', `/documents/${id}/form-check`, { passed: true }],
      ['leader', 'POST', `/documents/${id}/paper-dispatch`, {}],
      ['specialist', 'GET', '/documents/late', undefined],
      ['administrator', 'GET', `/documents/${id}/history`, undefined],
      ['clerk', 'GET', '/documents/to-sign', undefined],
      ['clerk', 'PUT', '/settings', {}],
      ['clerk', 'POST', '/authorisations', {}],
    ]
    for (const [who, method, path, body] of closed) {
      const answer = await ask(who, method, path, body, '"1"')
      expect(answer.body.code, `${who} ${method} ${path}`).to.equal('NOT_PERMITTED')
    }
    for (const [method, path, body] of [
      ['PATCH', '', { urgency: 1 }],
      ['POST', '/present', { signers: [{ user: 'x' }] }],
      ['POST', '/return', { remark: 'x' }],
      ['POST', '/form-check', { passed: true }],
      ['POST', '/comments', { comment: 'x' }],
      ['GET', '/history', undefined],
    ] as const) {
      expect((await ask('stranger', method, `/documents/${id}${path}`, body, '"1"')).status, path).to.equal(
        404,
      )
    }
  })

  it('keep an agency’s settings and authorisations; a stale change is refused', async () => {
    const first = await ask('administrator', 'GET', '/settings')
    expect(first.etag).to.equal('"0"')
    expect((await ask('administrator', 'PUT', '/settings', {})).body).to.include({
      code: 'PRECONDITION_REQUIRED',
    })
    const settings = { requiredChecks: ['form'], shortName: 'UBND' }
    const put = await ask('administrator', 'PUT', '/settings', settings, '"0"')
    expect(put.body.settings).to.deep.include(settings)
    expect((await ask('leader', 'PUT', '/settings', settings, '"0"')).body).to.include({
      code: 'VERSION_STALE',
    })
    await ask('leader', 'PUT', '/settings', {}, '"1"')
    const granted = await ask('leader', 'POST', '/authorisations', {
      prefix: 'TL.',
      holder: signer.actor.login,
      basis: 'Quy chế làm việc số 01/QC-UBND ngày 02/01/2026',
      scope: 'Giấy mời',
      kinds: ['giấy mời'],
      validFrom: '2026-01-02',
    })
    expect(granted.status).to.equal(201)
    const list = await ask('leader', 'GET', '/authorisations')
    expect(list.body.items).to.have.length(1)
    expect(list.body.items).to.have.nested.property('[0].kinds[0]', 'Giấy mời')
    const revoke = () => ask('leader', 'POST', `/authorisations/${granted.body.id}/revoke`, {})
    expect((await revoke()).status).to.equal(200)
    expect((await revoke()).status).to.equal(404)
  })

  it('list what is late with who is responsible, page by page', async () => {
    const id = await drafted('leader')
    const bytes = await signAsIndividual(await bytesOf('leader', id), node.one.individual)
    await ask('leader', 'POST', `/documents/${id}/signatures`, bytes)
    node.setClock(new Date('2026-01-20T09:00:00+07:00'))
    try {
      const { body } = await ask('clerk', 'GET', '/documents/late?list=to-number&limit=1')
      expect(body.items).to.have.nested.property('[0].dueOn', '2026-01-05')
      expect(body.items).to.have.nested.property('[0].responsible[0].name', 'clerk')
      expect(body.warning).to.deep.equal({ code: 'CALENDAR_INCOMPLETE', years: [2026] })
      const cursor = String(body.next)
      const second = await ask('clerk', 'GET', `/documents/late?list=to-number&limit=1&cursor=${cursor}`)
      expect(second.status).to.equal(200)
      expect(second.body.items).not.to.deep.equal(body.items)
      expect((await ask('clerk', 'GET', '/documents/late?cursor=x')).status).to.equal(400)
    } finally {
      node.setClock(new Date('2026-01-05T09:00:00+07:00'))
    }
  })
})
