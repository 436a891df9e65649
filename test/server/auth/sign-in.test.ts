import { createHook } from 'node:async_hooks'
import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import type { Knex } from 'knex'
import { type ApiNode, agencies, PASSWORD, type Sending, send, startApiNode } from '../api/node.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

describe('auth: signing in over HTTP', () => {
  let node: ApiNode
  before(async () => {
    node = await startApiNode({
      logins: ['operator', 'both', 'commune-clerk', 'commune-auditor', 'commune-administrator'],
    })
  })
  after(() => node.close())
  afterEach(() => node.setClock())

  const signIn = (json: unknown, language = 'vi') => send(node.url, 'POST', '/session', { json, language })
  const me = (token: string | undefined) => send(node.url, 'GET', '/me', { token })
  const ask = (method: string, path: string, options: Sending) => send(node.url, method, path, options)
  /** An account of its own, so that what a test does to it meets no other. */
  async function newClerk(): Promise<{ id: string; login: string; token: string }> {
    const login = `vt.${randomUUID().slice(0, 8)}`
    const { id } = await node.services.console.addUser({
      login,
      displayName: 'Văn thư thử',
      password: PASSWORD,
      operator: false,
      grants: [{ agencyCode: agencies.commune.code, role: 'clerk' }],
    })
    const { body } = await signIn({ login, password: PASSWORD })
    return { id, login, token: String(body.token) }
  }
  const asNode = (work: (trx: Knex) => Promise<unknown>) =>
    node.services.context.db.asNode((trx) => work(trx))

  it('opens a session for the one agency of a user, without an idempotency key', async () => {
    const { status, body } = await send(node.url, 'POST', '/session', {
      json: { login: 'commune-clerk', password: PASSWORD },
      key: null,
    })
    expect(status).to.equal(201)
    expect(body.roles).to.deep.equal(['clerk'])
    expect(body.token).to.match(/^cv_[\w-]{43}$/)
    const left = new Date(String(body.expiresAt)).getTime() - Date.now()
    expect(left).to.be.within(12 * 3_600_000 - 60_000, 12 * 3_600_000)
    const who = await me(String(body.token))
    expect(who.body).to.include({ login: 'commune-clerk', agencyId: body.agencyId, node: 'nut-thu' })
  })

  it('does not mind the case of a login, nor the Unicode form of a password', async () => {
    const answer = await signIn({ login: 'Commune-Clerk', password: PASSWORD.normalize('NFD') })
    expect(answer.status).to.equal(201)
  })

  it('gives a wrong password, an unknown login and a disabled account the same answer', async () => {
    const { id, login } = await newClerk()
    await asNode((trx) => trx('users').where({ id }).update({ disabled_at: new Date() }))
    const answers = await Promise.all([
      signIn({ login: 'commune-clerk', password: `${PASSWORD}!` }),
      signIn({ login: 'khong-co-ai', password: PASSWORD }),
      signIn({ login, password: PASSWORD }),
    ])
    for (const { status, body, headers } of answers) {
      expect(status).to.equal(401)
      expect(body).to.deep.equal({
        type: 'about:blank',
        status: 401,
        code: 'SIGN_IN_FAILED',
        title: 'Chưa đăng nhập',
        detail: 'Sai tên đăng nhập hoặc mật khẩu',
        params: {},
      })
      expect(headers.get('content-length')).to.equal(answers[0]?.headers.get('content-length'))
    }
    const english = await signIn({ login: 'khong-co-ai', password: PASSWORD }, 'en')
    expect(english.body.detail).to.equal('wrong login name or password')
  })

  it('takes as long for an unknown login as for a wrong password: one scrypt key is derived for either', async () => {
    let derived = 0
    const hook = createHook({
      init(_id, type) {
        if (type === 'SCRYPTREQUEST') derived += 1
      },
    }).enable()
    try {
      for (const login of ['commune-clerk', 'khong-co-ai']) {
        derived = 0
        await signIn({ login, password: 'một mật khẩu sai' })
        expect(derived, login).to.equal(1)
      }
    } finally {
      hook.disable()
    }
  })

  it('asks a user of two agencies which one, and opens exactly that', async () => {
    const none = await signIn({ login: 'both', password: PASSWORD })
    expect(none.status).to.equal(400)
    expect(none.body.code).to.equal('INPUT_INVALID')
    expect(none.body.detail).to.contain('tài khoản thuộc nhiều cơ quan')
    const opened = new Set<unknown>()
    for (const { code } of Object.values(agencies)) {
      const { status, body } = await signIn({ login: 'both', password: PASSWORD, agencyCode: code })
      expect(status).to.equal(201)
      const found = await ask('GET', `/agencies/${body.agencyId}`, { token: String(body.token) })
      expect(found.body.code).to.equal(code)
      opened.add(body.agencyId)
    }
    expect(opened.size).to.equal(2)
  })

  it('opens no agency that is not one’s own, be it known, unknown or malformed', async () => {
    for (const agencyCode of [agencies.district.code, 'H77.1', '../H40']) {
      const { status, body } = await signIn({ login: 'commune-clerk', password: PASSWORD, agencyCode })
      expect(status, agencyCode).to.equal(403)
      expect(body.code).to.equal('AGENCY_NOT_YOURS')
      expect(body.detail).to.equal(`Tài khoản này không có vai trò nào ở cơ quan ${agencyCode}`)
    }
    const operator = await signIn({
      login: 'operator',
      password: PASSWORD,
      agencyCode: agencies.commune.code,
    })
    expect(operator.status).to.equal(403)
  })

  it('opens the node to its operator and to nobody’s account nothing', async () => {
    const operator = await signIn({ login: 'operator', password: PASSWORD })
    expect(operator.body).to.deep.include({ agencyId: null, roles: ['operator'] })
    const { id, login } = await newClerk()
    await asNode((trx) => trx('memberships').where({ user_id: id }).delete())
    const nobody = await signIn({ login, password: PASSWORD })
    expect([nobody.status, nobody.body.code]).to.deep.equal([403, 'AGENCY_NOT_YOURS'])
  })

  it('ends a session at its hour, and not before', async () => {
    const { body } = await signIn({ login: 'commune-clerk', password: PASSWORD })
    const end = new Date(String(body.expiresAt)).getTime()
    // In use all the while: an hour apart.
    for (let at = end - 12 * HOUR + 1; at < end; at += HOUR) {
      node.setClock(new Date(at))
      expect((await me(String(body.token))).status).to.equal(200)
    }
    node.setClock(new Date(end - 1))
    expect((await me(String(body.token))).status).to.equal(200)
    node.setClock(new Date(end))
    const ended = await me(String(body.token))
    expect([ended.status, ended.body.code]).to.deep.equal([401, 'TOKEN_EXPIRED'])
    expect(ended.body.detail).to.equal(`Phiên hoặc mã truy cập đã hết hạn lúc ${body.expiresAt}`)
    expect(ended.body.hint).to.contain('congvan user sign-in')
  })

  it('takes a role away, and an account, at once', async () => {
    const { id, token } = await newClerk()
    const list = () => ask('GET', '/documents', { token })
    expect((await list()).status).to.equal(200)
    await asNode((trx) => trx('memberships').where({ user_id: id }).update({ role: 'auditor' }))
    expect((await list()).status).to.equal(403)
    await asNode((trx) => trx('memberships').where({ user_id: id }).delete())
    expect((await list()).status).to.equal(401)

    const other = await newClerk()
    await asNode((trx) => trx('users').where({ id: other.id }).update({ disabled_at: new Date() }))
    expect((await me(other.token)).status).to.equal(401)
  })

  it('knows no token that is not exactly one of its own', async () => {
    const token = await node.token('commune-clerk')
    const changed = `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`
    for (const wrong of [undefined, '', 'x', changed, token.slice(0, -1), `${token}A`, `${token} ${token}`]) {
      expect((await me(wrong)).status, wrong).to.equal(401)
    }
    const basic = await fetch(`${node.url}/api/v1/me`, {
      headers: { authorization: `Basic ${Buffer.from(`commune-clerk:${PASSWORD}`).toString('base64')}` },
    })
    expect(basic.status).to.equal(401)
    // RFC 6750 and 9110: the name of the scheme is case-insensitive.
    const lower = await fetch(`${node.url}/api/v1/me`, { headers: { authorization: `bearer ${token}` } })
    expect(lower.status).to.equal(200)
    const inQuery = await fetch(`${node.url}/api/v1/me?access_token=${token}`)
    expect(inQuery.status).to.equal(401)
  })

  it('keeps neither tokens nor passwords, only what cannot be turned back', async () => {
    const token = await node.token('commune-clerk')
    const rows = await node.services.context.db.asNode(async (trx) => {
      const rows: unknown[] = []
      for (const table of ['tokens', 'users', 'log_salts', 'idempotency_keys']) {
        rows.push(await (trx as Knex)(table).select())
      }
      return rows
    })
    const text = JSON.stringify(rows)
    expect(text).not.to.contain(token)
    expect(text).not.to.contain(PASSWORD)
    expect(text).to.contain('$scrypt$')
  })

  describe('API tokens', () => {
    it('act for the same person and agency until they expire', async () => {
      const { token } = await newClerk()
      const { status, body } = await ask('POST', '/tokens', { token, json: { label: 'kịch bản', days: 30 } })
      expect(status).to.equal(201)
      const own = String(body.token)
      const [session, script] = await Promise.all([me(token), me(own)])
      expect(script.body).to.deep.equal(session.body)
      const end = new Date(String(body.expiresAt)).getTime()
      expect(end - Date.now()).to.be.within(30 * DAY - 60_000, 30 * DAY)
      node.setClock(new Date(end - 1))
      expect((await me(own)).status).to.equal(200)
      node.setClock(new Date(end))
      const ended = await me(own)
      expect([ended.status, ended.body.code]).to.deep.equal([401, 'TOKEN_EXPIRED'])
    })

    it('make no further tokens', async () => {
      const { token } = await newClerk()
      const made = await ask('POST', '/tokens', { token, json: { label: 'kịch bản', days: 1 } })
      const again = await ask('POST', '/tokens', {
        token: String(made.body.token),
        json: { label: 'x', days: 1 },
      })
      expect([again.status, again.body.code]).to.deep.equal([403, 'NOT_PERMITTED'])
      expect(again.body.detail).to.contain('không được làm việc này bằng một mã truy cập')
    })

    it('are shown once: the same request again makes no second one and shows none', async () => {
      const { token } = await newClerk()
      const key = randomUUID()
      const json = { label: 'một lần', days: 1 }
      const first = await ask('POST', '/tokens', { token, json, key })
      const again = await ask('POST', '/tokens', { token, json, key })
      expect(first.status).to.equal(201)
      expect([again.status, again.body.code]).to.deep.equal([409, 'TOKEN_SHOWN_ALREADY'])
      expect(again.text).not.to.contain('cv_')
      expect(again.body.params).to.deep.equal({ id: first.body.id })
      const other = await ask('POST', '/tokens', { token, json: { ...json, days: 2 }, key })
      expect([other.status, other.body.code]).to.deep.equal([422, 'IDEMPOTENCY_KEY_REUSED'])
    })

    it('end when they are revoked, by their owner only', async () => {
      const { token } = await newClerk()
      const { body } = await ask('POST', '/tokens', { token, json: { label: 'thu hồi', days: 30 } })
      const path = `/tokens/${body.id}`
      const stranger = await ask('DELETE', path, { token: await node.token('commune-clerk') })
      expect(stranger.status).to.equal(404)
      expect((await me(String(body.token))).status).to.equal(200)
      const revoked = await ask('DELETE', path, { token })
      expect([revoked.status, revoked.body]).to.deep.equal([200, { revoked: true }])
      expect((await me(String(body.token))).status).to.equal(401)
      expect((await ask('DELETE', path, { token })).status).to.equal(404)
      expect((await me(token)).status, 'the session goes on').to.equal(200)
    })
  })

  describe('accounts', () => {
    const account = (change: object = {}) => ({
      login: `tk.${randomUUID().slice(0, 8)}`,
      displayName: 'Tài khoản mới',
      password: PASSWORD,
      grants: [{ agencyCode: agencies.commune.code, role: 'clerk' }],
      ...change,
    })
    const add = async (by: 'operator' | 'commune-administrator', json: object) =>
      ask('POST', '/users', { token: await node.token(by), json })

    it('are made by an administrator for the own agency only, and by the operator for any hosted here', async () => {
      const made = account()
      expect((await add('commune-administrator', made)).status).to.equal(201)
      expect((await signIn({ login: made.login, password: PASSWORD })).body.roles).to.deep.equal(['clerk'])
      const grants = [{ agencyCode: agencies.district.code, role: 'clerk' }]
      const foreign = await add('commune-administrator', account({ grants }))
      expect([foreign.status, foreign.body.code]).to.deep.equal([403, 'NOT_PERMITTED'])
      expect(foreign.body.detail).to.contain(`cấp hoặc thu vai trò ở cơ quan ${agencies.district.code}`)
      expect((await add('operator', account({ grants }))).status).to.equal(201)
      const operator = await add('commune-administrator', account({ operator: true }))
      expect(operator.status).to.equal(403)
      expect((await add('operator', account({ operator: true, grants: [] }))).status).to.equal(201)
    })

    it('are made whole or not at all', async () => {
      const both = [
        { agencyCode: agencies.commune.code, role: 'clerk' },
        { agencyCode: agencies.district.code, role: 'clerk' },
      ]
      const { login } = account()
      const half = await add('commune-administrator', account({ login, grants: both }))
      expect(half.status).to.equal(403)
      expect((await add('commune-administrator', account({ login }))).status, 'the login is free').to.equal(
        201,
      )
    })

    it('bear a login once, also when two make it at the same time', async () => {
      const one = account()
      const answers = await Promise.all([1, 2, 3].map(() => add('operator', one)))
      expect(answers.map((answer) => answer.status).sort()).to.deep.equal([201, 409, 409])
      const refused = answers.find((answer) => answer.status === 409)
      expect(refused?.body).to.include({ code: 'USER_EXISTS', detail: `Tên đăng nhập "${one.login}" đã có` })
    })

    it('name what is wrong with them', async () => {
      const wrong: [object, string, string][] = [
        [account({ login: 'có dấu' }), 'INPUT_INVALID', 'login'],
        [account({ password: 'ngắn' }), 'INPUT_INVALID', 'password'],
        [account({ displayName: ' ' }), 'INPUT_INVALID', 'displayName'],
        [account({ displayName: 'hai\ndòng' }), 'INPUT_INVALID', 'displayName'],
        [account({ grants: [{ agencyCode: 'H40', role: 'king' }] }), 'INPUT_INVALID', 'body.grants.0.role'],
        [account({ grants: [{ agencyCode: 'G99', role: 'clerk' }] }), 'AGENCY_CODE_UNKNOWN', ''],
        [account({ grants: [{ agencyCode: 'không', role: 'clerk' }] }), 'AGENCY_CODE_MALFORMED', ''],
        [account({ more: 1 }), 'INPUT_INVALID', 'body'],
      ]
      for (const [json, code, field] of wrong) {
        const { status, body } = await add('operator', json)
        expect(status, code).to.be.within(400, 422)
        expect(body.code, JSON.stringify(json)).to.equal(code)
        if (field !== '') expect((body.params as { field: string }).field).to.equal(field)
      }
    })
  })

  it('refuses texts that the database cannot keep, before it is asked', async () => {
    for (const login of ['ab\0cd', 'ab\ud800cd', '\0\0']) {
      const { status, body } = await signIn({ login, password: PASSWORD })
      expect([status, body.code], JSON.stringify(login)).to.deep.equal([400, 'INPUT_INVALID'])
      expect((body.params as { field: string }).field).to.equal('body.login')
    }
    const token = await node.token('commune-clerk')
    const query = await ask('GET', '/agencies?q=%00', { token })
    expect([query.status, query.body.code]).to.deep.equal([400, 'INPUT_INVALID'])
  })
})
