import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { type ApiNode, type Login, PASSWORD, send, startApiNode } from './node.ts'
import { readDescription } from './openapi.ts'
import { letterDraft } from './steps.ts'

const { declaredFreeOfSecrets: _, ...metadata } = letterDraft

describe('api: idempotency keys over HTTP', () => {
  let node: ApiNode
  before(async () => {
    node = await startApiNode({
      logins: ['operator', 'both', 'commune-clerk', 'district-clerk', 'commune-leader'],
    })
  })
  after(() => node.close())

  const draft = async (login: Login, key: string | null, json: unknown = metadata) =>
    send(node.url, 'POST', '/documents', { token: await node.token(login), key, json })
  async function count(login: Login): Promise<number> {
    const { body } = await send(node.url, 'GET', '/documents?limit=200', { token: await node.token(login) })
    return (body.items as unknown[]).length
  }

  it('are asked for by every POST but the sign-in, and nothing is done without one', async () => {
    const before = await count('commune-clerk')
    const { paths } = await readDescription(node.url)
    const posts = Object.keys(paths).filter((path) => paths[path]?.post !== undefined)
    expect(posts.length).to.be.greaterThan(15)
    for (const path of posts) {
      const filled = path.replace('/api/v1', '').replace('{id}', randomUUID()).replace('{nodeId}', 'nut-khac')
      const codes = new Set<unknown>()
      for (const login of ['commune-clerk', 'commune-leader', 'operator'] as const) {
        const json = path.endsWith('/documents') ? metadata : {}
        const token = await node.token(login)
        codes.add((await send(node.url, 'POST', filled, { token, json, key: null })).body.code)
      }
      codes.delete('NOT_PERMITTED')
      const expected = path === '/api/v1/session' ? 'INPUT_INVALID' : 'IDEMPOTENCY_KEY_MISSING'
      expect([...codes], path).to.deep.equal([expected])
    }
    expect(await count('commune-clerk')).to.equal(before)
    const { status, body } = await draft('commune-clerk', null)
    expect([status, body.detail]).to.deep.equal([400, 'Yêu cầu POST thiếu tiêu đề Idempotency-Key'])
  })

  it('are 8 to 100 visible characters', async () => {
    for (const key of ['short', 'a'.repeat(101), 'with a space']) {
      const { status, body } = await draft('commune-clerk', key)
      expect([status, body.code], key).to.deep.equal([400, 'INPUT_INVALID'])
      expect((body.params as { field: string }).field).to.equal('Idempotency-Key')
    }
    expect((await draft('commune-clerk', 'a'.repeat(100))).status).to.equal(201)
  })

  it('let the same request act once and answer the same, one after the other', async () => {
    const before = await count('commune-clerk')
    const key = randomUUID()
    const first = await draft('commune-clerk', key)
    const second = await draft('commune-clerk', key)
    expect([second.status, second.text]).to.deep.equal([first.status, first.text])
    expect(await count('commune-clerk')).to.equal(before + 1)
  })

  it('let the same request act once when it comes ten times at the same moment', async () => {
    const before = await count('commune-clerk')
    const key = randomUUID()
    const answers = await Promise.all(Array.from({ length: 10 }, () => draft('commune-clerk', key)))
    expect(new Set(answers.map((one) => one.text)).size).to.equal(1)
    expect(answers.map((one) => one.status)).to.deep.equal(Array(10).fill(201))
    expect(await count('commune-clerk')).to.equal(before + 1)
  })

  it('are refused for another body or another path', async () => {
    const key = randomUUID()
    const { body } = await draft('commune-clerk', key)
    const other = await draft('commune-clerk', key, { ...metadata, subject: 'Việc khác' })
    expect([other.status, other.body.code]).to.deep.equal([422, 'IDEMPOTENCY_KEY_REUSED'])
    expect(other.body.detail).to.equal('Khóa Idempotency-Key đã dùng cho một yêu cầu khác')
    const token = await node.token('commune-clerk')
    const path = `/documents/${body.id}/declaration`
    const elsewhere = await send(node.url, 'POST', path, { token, key, json: { stateSecret: true } })
    expect([elsewhere.status, elsewhere.body.code]).to.deep.equal([422, 'IDEMPOTENCY_KEY_REUSED'])
    const { status } = await send(node.url, 'GET', `/documents/${body.id}`, { token })
    expect(status, 'the document is still there').to.equal(200)
  })

  it('of two people do not meet, nor those of one person in two agencies', async () => {
    const key = randomUUID()
    const inDistrict = await send(node.url, 'POST', '/session', {
      json: { login: 'both', password: PASSWORD, agencyCode: 'H40.19' },
    })
    const answers = [
      await draft('commune-clerk', key),
      await draft('district-clerk', key),
      await draft('both', key),
      await send(node.url, 'POST', '/documents', {
        token: String(inDistrict.body.token),
        key,
        json: metadata,
      }),
    ]
    expect(answers.map((one) => one.status)).to.deep.equal([201, 201, 201, 201])
    expect(new Set(answers.map((one) => one.body.id)).size).to.equal(4)
  })

  it('stay free when the request failed, so that the corrected one may use them', async () => {
    const key = randomUUID()
    const wrong = await draft('commune-clerk', key, { ...metadata, kind: 'Không có loại này' })
    expect([wrong.status, wrong.body.code]).to.deep.equal([422, 'DOCUMENT_KIND_UNKNOWN'])
    expect((await draft('commune-clerk', key)).status).to.equal(201)
  })

  it('hold for the operator, and for accounts: one login, one answer', async () => {
    const key = randomUUID()
    const token = await node.token('operator')
    const json = {
      login: 'mot.lan',
      displayName: 'Một lần',
      password: PASSWORD,
      grants: [{ agencyCode: 'H40.19.6', role: 'auditor' }],
    }
    const answers = await Promise.all(
      [1, 2, 3].map(() => send(node.url, 'POST', '/users', { token, key, json })),
    )
    expect(answers.map((one) => one.status)).to.deep.equal([201, 201, 201])
    expect(new Set(answers.map((one) => one.text)).size).to.equal(1)
    const other = await send(node.url, 'POST', '/users', { token, key, json: { ...json, login: 'hai.lan' } })
    expect([other.status, other.body.code]).to.deep.equal([422, 'IDEMPOTENCY_KEY_REUSED'])
  })
})
