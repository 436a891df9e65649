import { randomUUID } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import express from 'express'
import type { Actor } from '../../../server/actor.ts'
import { authorise } from '../../../server/auth/authenticate.ts'
import { directoryRoutes } from '../../../server/directory/routes.ts'
import { errorHandler } from '../../../server/http/error-handler.ts'
import { mountRoutes } from '../../../server/http/mount.ts'
import { agency, asJsonFile, idOf } from './entries.ts'
import { limits, operator, startNode, type TestNode } from './network.ts'

describe('directory routes', () => {
  const clock = { now: new Date('2025-03-01T08:00:00Z') }
  const clerk: Actor = {
    kind: 'user',
    userId: randomUUID(),
    login: 'van-thu',
    displayName: 'Văn thư',
    agencyId: idOf('H40'),
    roles: ['clerk'],
  }
  let actor: Actor = operator
  let node: TestNode
  let server: Server
  let base = ''

  before(async () => {
    node = await startNode('tw', { clock })
    const app = express()
    app.use(
      '/api/v1',
      mountRoutes(directoryRoutes(node.feed), {
        clock: () => clock.now,
        maxJsonBytes: limits.jsonBytes,
        authenticate: async () => actor,
        authorise,
      }),
    )
    app.use(errorHandler(node.context.log))
    server = createServer(app)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1`
  })
  after(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    await node.close()
  })
  beforeEach(() => {
    actor = operator
  })

  const get = async (path: string) => {
    const answer = await fetch(base + path)
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
  }
  const post = async (path: string, body: Uint8Array | string) => {
    const headers = { 'idempotency-key': randomUUID(), 'accept-language': 'en' }
    const answer = await fetch(base + path, {
      method: 'POST',
      headers,
      body: Uint8Array.from(Buffer.from(body)),
    })
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
  }

  it('previews and imports, and signs what it imported before it answers', async () => {
    const file = asJsonFile([agency('G22', 'tw', { name: 'Văn phòng Chính phủ' })])
    const preview = await post('/agencies/import?format=json&dryRun=true', file)
    expect(preview.body).to.deep.include({ dryRun: true, unchanged: 0, skipped: 0 })
    expect((await get('/agencies?code=G22')).body).to.deep.equal({ agencies: [], next: null })
    const done = await post('/agencies/import?format=json', file)
    expect(done.status).to.equal(200)
    expect(done.body.changes).to.deep.equal([
      { id: idOf('G22'), code: 'G22', name: 'Văn phòng Chính phủ', change: 'created' },
    ])
    const parts = await node.database.db.asNode((trx) => trx('directory_parts').select('issuer', 'version'))
    expect(parts).to.deep.equal([{ issuer: 'tw', version: '1' }])
  })

  it('answers by code, by words and by id, on the day that is asked', async () => {
    actor = clerk
    const found = (await get('/agencies?code=G22&date=2025-01-01')).body.agencies as { code: string }[]
    expect(found.map((one) => one.code)).to.deep.equal(['G22'])
    expect((await get('/agencies?code=G22&date=2020-01-01')).body).to.deep.equal({ agencies: [], next: null })
    expect((await get('/agencies?q=van%20phong')).body.agencies).to.have.length(1)
    expect((await get(`/agencies/${idOf('G22')}`)).body).to.include({ name: 'Văn phòng Chính phủ' })
    expect((await get(`/agencies/${idOf('none')}`)).status).to.equal(404)
    expect((await get('/agencies?date=2025-02-30')).status).to.equal(400)
    expect((await get('/agencies?nonsense=1')).body).to.include({ code: 'INPUT_INVALID' })
  })

  it('lists page by page, each cursor opaque and of this list only', async () => {
    const file = asJsonFile(
      ['H40', 'H41', 'H42'].map((code) => agency(code, 'tw', { name: `Tỉnh thử nghiệm ${code}` })),
    )
    expect((await post('/agencies/import?format=json&skipOtherNodes=true', file)).status).to.equal(200)
    actor = clerk
    const page = async (query: string) => {
      const { status, body } = await get(`/agencies?q=tinh+thu+nghiem&limit=2${query}`)
      expect(status, JSON.stringify(body)).to.equal(200)
      return { codes: (body.agencies as { code: string }[]).map((one) => one.code), next: body.next }
    }
    const first = await page('')
    expect(first.codes).to.deep.equal(['H40', 'H41'])
    expect(first.next)
      .to.match(/^[\w-]+$/)
      .and.not.include(idOf('H41'))
    expect(await page(`&cursor=${first.next}`)).to.deep.equal({ codes: ['H42'], next: null })
    const document = Buffer.from(`2026-01-05T02:00:00.000Z ${idOf('H41')}`).toString('base64url')
    for (const cursor of [idOf('H41'), document, 'x']) {
      const { status, body } = await get(`/agencies?cursor=${cursor}`)
      expect([status, body.code], cursor).to.deep.equal([400, 'INPUT_INVALID'])
      expect(body.detail, cursor).to.include('query.cursor')
    }
    expect(
      (await get('/agencies?limit=3&q=tinh+thu+nghiem')).body.next,
      'the last page is the last',
    ).to.equal(null)
  })

  it('tells the problems of a file, and keeps clerks from importing', async () => {
    const bad = await post('/agencies/import?format=csv', 'id,code\n')
    expect(bad.status).to.equal(422)
    expect(bad.body.code).to.equal('DIRECTORY_IMPORT_INVALID')
    expect(String(bad.body.detail)).to.match(/missing column/)
    actor = clerk
    expect((await post('/agencies/import?format=csv', 'id,code\n')).body.code).to.equal('NOT_PERMITTED')
    expect((await get('/peers')).body.code).to.equal('NOT_PERMITTED')
  })

  it('enters and lists peers, and refuses what is no neighbour', async () => {
    const peer = {
      nodeId: 'tinh',
      url: 'https://truc.example.gov.vn',
      relation: 'child',
      keyFingerprint: 'a'.repeat(64),
    }
    expect((await post('/peers', JSON.stringify(peer))).status).to.equal(201)
    expect((await get('/peers')).body.peers).to.deep.equal([
      {
        nodeId: 'tinh',
        url: 'https://truc.example.gov.vn',
        relation: 'child',
        enabled: true,
        keyFingerprints: ['a'.repeat(64)],
      },
    ])
    const wrong: object[] = [
      { ...peer, nodeId: 'tw' },
      { ...peer, nodeId: 'TINH' },
      { ...peer, relation: 'parent' },
      { ...peer, url: 'https://user:pass@truc.example.gov.vn' },
      { ...peer, url: 'https://truc.example.gov.vn/path' },
      { ...peer, url: 'ftp://truc.example.gov.vn' },
      { ...peer, url: 'truc' },
      { ...peer, keyFingerprint: 'A'.repeat(64) },
    ]
    for (const one of wrong) {
      const answer = await post('/peers', JSON.stringify(one))
      expect(answer.status, JSON.stringify(one)).to.equal(400)
      expect(answer.body.code).to.equal('INPUT_INVALID')
    }
  })

  it('enters a child’s next key and ends the old one', async () => {
    const next = { fingerprint: 'b'.repeat(64) }
    expect((await post('/peers/tinh/keys', JSON.stringify(next))).status).to.equal(201)
    const end = { fingerprint: 'a'.repeat(64), validTo: clock.now.toISOString() }
    expect((await post('/peers/tinh/keys', JSON.stringify(end))).status).to.equal(201)
    const peers = (await get('/peers')).body.peers as { keyFingerprints: string[] }[]
    expect(peers[0]?.keyFingerprints).to.deep.equal(['b'.repeat(64)])
    const before = { fingerprint: 'b'.repeat(64), validTo: '2020-01-01T00:00:00Z' }
    expect((await post('/peers/tinh/keys', JSON.stringify(before))).status).to.equal(400)
    expect((await post('/peers/la/keys', JSON.stringify(next))).status).to.equal(404)
  })
})
