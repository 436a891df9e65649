import { createHash, randomUUID } from 'node:crypto'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import express from 'express'
import type { UserActor } from '../../../server/actor.ts'
import { requirePermission } from '../../../server/auth/permissions.ts'
import { documentRoutes } from '../../../server/documents/routes.ts'
import { errorHandler } from '../../../server/http/error-handler.ts'
import { mountRoutes } from '../../../server/http/mount.ts'
import { incomingRoutes } from '../../../server/incoming/incoming-routes.ts'
import { outgoingRoutes } from '../../../server/outgoing/routes.ts'
import { letter, metadata, openTestNode, signAsAgency, signAsIndividual, type TestNode } from './support.ts'

interface Answer {
  readonly status: number
  readonly body: Record<string, unknown>
}

describe('documents: routes', () => {
  let node: TestNode
  let server: Server
  let base: string
  const actors = new Map<string, UserActor>()

  before(async () => {
    node = await openTestNode()
    actors.set('clerk', node.one.clerk)
    actors.set('leader', node.one.leader)
    actors.set('auditor', { ...node.one.clerk, userId: randomUUID(), roles: ['auditor'] })
    actors.set('stranger', node.two.clerk)
    const app = express()
    app.use(
      '/api/v1',
      mountRoutes(
        [
          ...outgoingRoutes(node.context, node.services),
          ...documentRoutes(node.context, node.services),
          ...incomingRoutes(node.context, node.services),
        ],
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

  async function send(who: string, path: string, body: unknown, key: string = randomUUID()): Promise<Answer> {
    const response = await fetch(`${base}${path}`, {
      method: 'POST',
      headers: { authorization: who, 'idempotency-key': key },
      body: body instanceof Uint8Array ? Buffer.from(body) : JSON.stringify(body),
    })
    return { status: response.status, body: (await response.json()) as Answer['body'] }
  }
  const get = (who: string, path: string) => fetch(`${base}${path}`, { headers: { authorization: who } })
  async function file(who: string, id: string): Promise<{ bytes: Uint8Array; response: Response }> {
    const response = await get(who, `/documents/${id}/file`)
    return { bytes: new Uint8Array(await response.arrayBuffer()), response }
  }

  it('carry a document from the draft to the issue', async () => {
    const drafted = await send('clerk', '/documents', metadata)
    expect(drafted.status).to.equal(201)
    const id = String(drafted.body.id)
    expect((await send('clerk', `/documents/${id}/file`, await letter())).status).to.equal(200)
    const declared = await send('clerk', `/documents/${id}/declaration`, { stateSecret: false })
    expect(declared.body).to.deep.equal({ id, state: 'draft' })

    const draft = (await file('leader', id)).bytes
    const signed = await send(
      'leader',
      `/documents/${id}/signatures`,
      await signAsIndividual(draft, node.one.individual),
    )
    expect(signed.body).to.include({ state: 'signed', revision: 2, indication: 'TOTAL_PASSED' })

    const numbered = await send('clerk', `/documents/${id}/number`, {})
    expect(numbered.body).to.include({ state: 'numbered', number: '01/UBND-VP', date: '2026-01-05' })
    const { bytes, response } = await file('clerk', id)
    const sha256 = createHash('sha256').update(bytes).digest()
    expect(sha256.toString('hex')).to.equal(numbered.body.sha256)
    expect(response.headers.get('content-digest')).to.equal(`sha-256=:${sha256.toString('base64')}:`)
    expect(response.headers.get('content-type')).to.equal('application/pdf')

    const issued = await send('clerk', `/documents/${id}/issue`, await signAsAgency(bytes, node.one.agency))
    expect(issued.status).to.equal(201)
    expect(issued.body).to.include({ state: 'issued', documentCode: 'H40.12.3,2026/01/05,01/UBND-VP' })

    const details = (await (await get('leader', `/documents/${id}`)).json()) as Record<string, unknown>
    expect(details).to.include({ id, state: 'issued', promulgationDate: '2026-01-05' })
    expect(details.revisions).to.have.length(4)
    const list = (await (await get('clerk', '/documents?direction=outgoing&limit=1')).json()) as {
      items: unknown[]
      next: string | null
    }
    expect(list).to.deep.include({ next: null })
    expect(list.items).to.have.length(1)
  })

  it('give the same answer for the same key and refuse the key for another request', async () => {
    const key = randomUUID()
    const first = await send('clerk', '/documents', metadata, key)
    expect(await send('clerk', '/documents', metadata, key)).to.deep.equal(first)
    const other = await send('clerk', '/documents', { ...metadata, subject: 'khác' }, key)
    expect(other).to.deep.include({ status: 422 })
    expect(other.body).to.include({ code: 'IDEMPOTENCY_KEY_REUSED' })
  })

  it('are closed to roles without the right', async () => {
    const id = randomUUID()
    const closed: [string, string, unknown][] = [
      ['auditor', '/documents', metadata],
      ['clerk', `/documents/${id}/signatures`, new Uint8Array([1])],
      ['leader', `/documents/${id}/number`, {}],
      ['leader', `/documents/${id}/issue`, new Uint8Array([1])],
      ['leader', `/documents/${id}/accept`, {}],
      ['leader', `/documents/${id}/refuse`, { reason: 'duplicate' }],
      ['auditor', `/documents/${id}/assign`, { lead: 'x' }],
    ]
    for (const [who, path, body] of closed) {
      const { status, body: problem } = await send(who, path, body)
      expect(status, `${who} ${path}`).to.equal(403)
      expect(problem.code).to.equal('NOT_PERMITTED')
    }
    expect((await get('auditor', '/documents')).status).to.equal(403)
    expect((await get('nobody', '/documents')).status).to.equal(401)
  })

  it('know nothing of another agency’s documents', async () => {
    const { body } = await send('clerk', '/documents', metadata)
    for (const path of ['', '/file', '/report']) {
      expect((await get('stranger', `/documents/${body.id}${path}`)).status, path).to.equal(404)
    }
    expect((await send('stranger', `/documents/${body.id}/accept`, {})).status).to.equal(404)
  })

  it('name the field or the reason of bad input, in Vietnamese', async () => {
    const missing = await send('clerk', '/documents', { ...metadata, signer: {} })
    expect(missing.status).to.equal(400)
    expect(missing.body.params).to.deep.include({ field: 'body.signer.name' })
    const secret = await send('clerk', '/documents', { ...metadata, subject: '(TỐI MẬT) báo cáo' })
    expect(secret.status).to.equal(422)
    expect(String(secret.body.detail)).to.include('Có dấu chỉ độ mật "TỐI MẬT" ở subject')
    const { body } = await send('clerk', '/documents', metadata)
    const notPdf = await send('clerk', `/documents/${body.id}/file`, Buffer.from('xin chào'))
    expect(notPdf.body).to.include({ status: 422, code: 'PDF_NOT_A_PDF', detail: 'Tệp không phải là PDF' })
    const large = await send('clerk', `/documents/${body.id}/file`, new Uint8Array(5_000_001))
    expect(large.body).to.include({ status: 413, code: 'INPUT_TOO_LARGE' })
    expect((await send('clerk', '/documents/not-an-id/number', {})).status).to.equal(400)
    for (const cursor of ['x', Buffer.from('2026-01-05 x').toString('base64url')]) {
      expect((await get('clerk', `/documents?cursor=${cursor}`)).status).to.equal(400)
    }
  })

  it('page through a list without losing or repeating a document', async () => {
    for (let count = 0; count < 5; count += 1) await send('clerk', '/documents', metadata)
    const seen: string[] = []
    let cursor = ''
    do {
      const page = (await (await get('clerk', `/documents?limit=2${cursor}`)).json()) as {
        items: { id: string }[]
        next: string | null
      }
      seen.push(...page.items.map((item) => item.id))
      cursor = page.next === null ? '' : `&cursor=${page.next}`
    } while (cursor !== '')
    expect(new Set(seen).size).to.equal(seen.length)
    expect(seen.length).to.be.greaterThan(5)
  })
})
