import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import type { Knex } from 'knex'
import { Secret, TOTP } from 'otpauth'
import { type ApiNode, agencies, PASSWORD, type Sending, send, startApiNode } from '../api/node.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const REASON = 'Quyết định số 12/QĐ-UBND'

/** The time as it stands, on a whole step of the second factor, so that no test runs over a step's edge. */
const NOW = new Date(Math.floor(Date.now() / 30_000) * 30_000)

describe('auth: accounts over HTTP', () => {
  let node: ApiNode
  before(async () => {
    node = await startApiNode({
      logins: [
        'operator',
        'both',
        'commune-administrator',
        'commune-leader',
        'commune-auditor',
        'district-administrator',
      ],
    })
  })
  after(() => node.close())
  beforeEach(() => node.setClock())

  const ask = (method: string, path: string, options: Sending = {}) => send(node.url, method, path, options)
  const signIn = (login: string, more: object = {}) =>
    ask('POST', '/session', { json: { login, password: PASSWORD, ...more } })
  const me = (token: string) => ask('GET', '/me', { token })
  const clockAt = (ms: number) => node.setClock(new Date(NOW.getTime() + ms))
  const codes = ({ status, body }: { status: number; body: Record<string, unknown> }) => [status, body.code]
  const asNode = <T>(work: (trx: Knex) => Promise<T>): Promise<T> =>
    node.services.context.db.asNode((trx) => work(trx))

  async function newUser(
    role: 'clerk' | 'leader' | 'specialist' = 'clerk',
    agencyCode: string = agencies.commune.code,
  ) {
    const login = `tk.${randomUUID().slice(0, 8)}`
    const { id } = await node.services.console.addUser({
      login,
      displayName: 'Tài khoản thử',
      password: PASSWORD,
      operator: false,
      grants: [{ agencyCode, role }],
    })
    return { id, login }
  }

  async function signedIn(role: 'clerk' | 'leader' | 'specialist' = 'clerk') {
    const user = await newUser(role)
    const { body } = await signIn(user.login)
    return { ...user, token: String(body.token) }
  }

  /** Kinds and facts of the log's entries on a subject, in any agency, oldest first. */
  async function entriesOf(subject: string): Promise<{ kind: string; facts: Record<string, unknown> }[]> {
    const token = await node.token('commune-auditor')
    const { text } = await ask('GET', '/log', { token })
    return text
      .trim()
      .split('\n')
      .map((line) => JSON.parse((JSON.parse(line) as { entry: string }).entry))
      .filter((entry: { subject: string }) => entry.subject === subject)
  }

  it('keeps of a password only a hash, at the cost that the node’s configuration sets, also of a new one', async () => {
    const hashOf = (id: string) => asNode((trx) => trx('users').where({ id }).first('password_hash'))
    const { id, token } = await signedIn()
    const set = /^\$scrypt\$ln=(\d+),r=8,p=1\$[\w-]{22}\$[\w-]{43}$/
    const cost = String(node.services.context.limits.passwordLogCost)
    const first = set.exec((await hashOf(id)).password_hash)
    expect(first?.[1]).to.equal(cost)
    const json = { present: PASSWORD, password: `${PASSWORD} khác` }
    expect((await ask('POST', '/me/password', { token, json })).status).to.equal(200)
    const second = set.exec((await hashOf(id)).password_hash)
    expect(second?.[1]).to.equal(cost)
    expect(second?.[0]).not.to.equal(first?.[0])
  })

  describe('lock-out', () => {
    it('locks a login after five failures, known or not, and longer each time [N150]', async () => {
      const { login } = await newUser()
      for (const name of [login, `khong.${randomUUID().slice(0, 8)}`]) {
        clockAt(0)
        for (let i = 0; i < 5; i++)
          expect(codes(await signIn(name, { password: 'sai' }))).to.deep.equal([401, 'SIGN_IN_FAILED'])
        const locked = await signIn(name, { password: 'sai' })
        expect(codes(locked)).to.deep.equal([429, 'ACCOUNT_LOCKED'])
        expect(locked.body.params).to.deep.equal({ seconds: 60 })
        expect(locked.headers.get('retry-after')).to.equal('60')
        expect(codes(await signIn(name)), 'the right password too').to.deep.equal([429, 'ACCOUNT_LOCKED'])
        clockAt(60 * SECOND)
        expect(codes(await signIn(name, { password: 'sai' }))).to.deep.equal([401, 'SIGN_IN_FAILED'])
        expect((await signIn(name)).body.params).to.deep.equal({ seconds: 120 })
      }
    })

    it('begins anew after a sign-in, and after a day', async () => {
      const { login } = await newUser()
      clockAt(0)
      for (let i = 0; i < 4; i++) await signIn(login, { password: 'sai' })
      expect((await signIn(login)).status).to.equal(201)
      for (let i = 0; i < 4; i++) expect((await signIn(login, { password: 'sai' })).status).to.equal(401)
      clockAt(25 * 60 * MINUTE)
      for (let i = 0; i < 4; i++) expect((await signIn(login, { password: 'sai' })).status).to.equal(401)
    })

    it('looks at no more guesses of a crowd than of one after the other', async () => {
      const { login } = await newUser()
      clockAt(0)
      const answers = await Promise.all(Array.from({ length: 12 }, () => signIn(login, { password: 'sai' })))
      const looked = answers.filter((one) => one.body.code === 'SIGN_IN_FAILED')
      const locked = answers.filter((one) => one.body.code === 'ACCOUNT_LOCKED')
      expect([looked.length, locked.length]).to.deep.equal([5, 7])
    })

    it('is lifted by an administrator, and logged [N150]', async () => {
      const { id, login } = await newUser()
      clockAt(0)
      for (let i = 0; i < 6; i++) await signIn(login, { password: 'sai' })
      const token = await node.token('commune-administrator')
      const account = await ask('GET', `/users/${id}`, { token })
      expect(account.body.lockedUntil).to.equal(new Date(NOW.getTime() + 60 * SECOND).toISOString())
      const json = { reason: 'nhầm bàn phím' }
      expect((await ask('POST', `/users/${id}/unlock`, { token, json })).body).to.deep.equal({
        unlocked: true,
      })
      expect((await signIn(login)).status).to.equal(201)
      expect((await entriesOf(`user:${id}`)).map((one) => one.kind)).to.include('user.unlocked')
    })

    it('counts guesses at the password of an open session as well', async () => {
      const { token, login } = await signedIn()
      clockAt(0)
      const guess = () =>
        ask('POST', '/me/password', { token, json: { present: 'sai', password: 'một mật khẩu mới' } })
      for (let i = 0; i < 5; i++) expect(codes(await guess())).to.deep.equal([403, 'PASSWORD_WRONG'])
      expect(codes(await guess())).to.deep.equal([429, 'ACCOUNT_LOCKED'])
      expect(codes(await signIn(login))).to.deep.equal([429, 'ACCOUNT_LOCKED'])
    })
  })

  describe('second factor', () => {
    const codeOf = (secret: string, ms = 0) =>
      TOTP.generate({ secret: Secret.fromBase32(secret), timestamp: NOW.getTime() + ms })

    async function enrolled() {
      const user = await signedIn()
      clockAt(0)
      const { token } = user
      const begun = await ask('POST', '/me/second-factor', { token, json: { password: PASSWORD } })
      expect(begun.status).to.equal(201)
      const secret = String(begun.body.secret)
      const code = codeOf(secret)
      const on = await ask('POST', '/me/second-factor/confirmation', { token, json: { code } })
      expect(on.status, on.text).to.equal(200)
      return { ...user, secret, recovery: on.body.recoveryCodes as string[] }
    }

    it('is asked for once a code of it was shown, and not before', async () => {
      const { token, login } = await signedIn()
      clockAt(0)
      const begun = await ask('POST', '/me/second-factor', { token, json: { password: PASSWORD } })
      expect((await signIn(login)).status, 'not confirmed yet').to.equal(201)
      const wrong = {
        token,
        json: { code: '000000' === codeOf(String(begun.body.secret)) ? '000001' : '000000' },
      }
      expect(codes(await ask('POST', '/me/second-factor/confirmation', wrong))).to.deep.equal([
        401,
        'OTP_WRONG',
      ])
      const code = codeOf(String(begun.body.secret))
      expect(
        (await ask('POST', '/me/second-factor/confirmation', { token, json: { code } })).status,
      ).to.equal(200)
      expect(codes(await signIn(login))).to.deep.equal([401, 'OTP_REQUIRED'])
      expect(codes(await signIn(login, { password: 'sai' })), 'the password first').to.deep.equal([
        401,
        'SIGN_IN_FAILED',
      ])
      const again = await ask('POST', '/me/second-factor', { token, json: { password: PASSWORD } })
      expect(codes(again)).to.deep.equal([409, 'TOTP_ENROLLED'])
    })

    it('takes a code once: neither the one that confirmed nor one that signed in opens anything again', async () => {
      const { login, secret } = await enrolled()
      expect(codes(await signIn(login, { otp: codeOf(secret) }))).to.deep.equal([401, 'OTP_USED'])
      const next = codeOf(secret, 30 * SECOND)
      expect((await signIn(login, { otp: next })).status).to.equal(201)
      expect(codes(await signIn(login, { otp: next }))).to.deep.equal([401, 'OTP_USED'])
      clockAt(60 * SECOND)
      const crowd = await Promise.all(
        [1, 2, 3].map(() => signIn(login, { otp: codeOf(secret, 60 * SECOND) })),
      )
      expect(crowd.filter((one) => one.status === 201)).to.have.length(1)
    })

    it('locks after guesses, and asking for the code in between forgives none of them', async () => {
      const { login, secret } = await enrolled()
      const wrong = ['111111', '222222', '333333'].filter((one) => one !== codeOf(secret, 30 * SECOND))
      for (let i = 0; i < 5; i++) {
        expect(codes(await signIn(login, { otp: wrong[i % 2] })), String(i)).to.deep.equal([401, 'OTP_WRONG'])
        if (i < 4) expect(codes(await signIn(login))).to.deep.equal([401, 'OTP_REQUIRED'])
      }
      expect(codes(await signIn(login, { otp: codeOf(secret, 30 * SECOND) }))).to.deep.equal([
        429,
        'ACCOUNT_LOCKED',
      ])
    })

    it('opens by a recovery code, each once; kept are only their hashes, and the secret sealed', async () => {
      const { id, login, secret, recovery } = await enrolled()
      expect(recovery).to.have.length(10)
      const [first = '', second = ''] = recovery
      expect((await signIn(login, { otp: first.toUpperCase() })).status).to.equal(201)
      expect(codes(await signIn(login, { otp: first }))).to.deep.equal([401, 'OTP_WRONG'])
      expect((await signIn(login, { otp: second.replaceAll('-', ' ') })).status).to.equal(201)
      const rows = await asNode(async (trx) => [
        await trx('users').where({ id }).first(),
        await trx('user_recovery_codes').select(),
        await trx('idempotency_keys').select(),
      ])
      const text = JSON.stringify(rows)
      const raw = Buffer.from(Secret.fromBase32(secret).bytes)
      expect(text).not.to.contain(secret).and.not.to.contain(first)
      const [user] = rows as [{ totp_secret: Buffer }]
      expect(user.totp_secret.includes(raw)).to.equal(false)
    })

    it('goes by password and code, or by an administrator when the phone is lost', async () => {
      const one = await enrolled()
      const take = (code: string, password = PASSWORD) =>
        ask('POST', '/me/second-factor/removal', { token: one.token, json: { password, code } })
      expect(codes(await take(codeOf(one.secret)))).to.deep.equal([401, 'OTP_USED'])
      expect(codes(await take(codeOf(one.secret, 30 * SECOND), 'sai'))).to.deep.equal([403, 'PASSWORD_WRONG'])
      expect((await take(codeOf(one.secret, 30 * SECOND))).body).to.deep.equal({ enrolled: false })
      expect((await signIn(one.login)).status).to.equal(201)

      const lost = await enrolled()
      const token = await node.token('commune-administrator')
      const json = { reason: 'mất điện thoại' }
      const path = `/users/${lost.id}/second-factor/removal`
      expect((await ask('POST', path, { token, json })).body).to.deep.equal({ reset: true })
      expect((await me(lost.token)).status, 'its sessions end').to.equal(401)
      expect((await signIn(lost.login)).status).to.equal(201)
      expect(codes(await ask('POST', path, { token, json }))).to.deep.equal([409, 'TOTP_NOT_ENROLLED'])
    })

    it('is begun with the password, shown once, and by no API token', async () => {
      const { token } = await signedIn()
      const begin = (options: Sending) => ask('POST', '/me/second-factor', options)
      expect(codes(await begin({ token, json: { password: 'sai' } }))).to.deep.equal([403, 'PASSWORD_WRONG'])
      const key = randomUUID()
      expect((await begin({ token, key, json: { password: PASSWORD } })).status).to.equal(201)
      expect(codes(await begin({ token, key, json: { password: PASSWORD } }))).to.deep.equal([
        409,
        'SECRET_SHOWN_ALREADY',
      ])
      const made = await ask('POST', '/tokens', { token, json: { label: 'x', days: 1 } })
      const byToken = await begin({ token: String(made.body.token), json: { password: PASSWORD } })
      expect(codes(byToken)).to.deep.equal([403, 'NOT_PERMITTED'])
    })
  })

  describe('sessions', () => {
    it('end when nobody uses them for two hours', async () => {
      const { token } = await signedIn()
      // In use at 0:00 and 1:59; stale two hours later.
      clockAt(119 * MINUTE)
      expect((await me(token)).status).to.equal(200)
      clockAt((119 + 120) * MINUTE)
      expect((await me(token)).status).to.equal(200)
      clockAt((119 + 241) * MINUTE)
      const stale = await me(token)
      expect(codes(stale)).to.deep.equal([401, 'SESSION_IDLE'])
      expect(stale.body.params).to.deep.equal({ minutes: 120 })
    })

    it('are listed with where they come from, and end one by one or all but one', async () => {
      const { token, login } = await signedIn()
      const other = String((await signIn(login)).body.token)
      const third = String((await signIn(login)).body.token)
      const made = await ask('POST', '/tokens', { token, json: { label: 'kịch bản', days: 3 } })
      const { body } = await ask('GET', '/tokens', { token })
      const items = body.items as {
        id: string
        kind: string
        current: boolean
        madeFrom: string
        label: string
      }[]
      expect(items.map((one) => one.kind).sort()).to.deep.equal(['api', 'session', 'session', 'session'])
      expect(items.filter((one) => one.current)).to.have.length(1)
      for (const one of items) expect(one.madeFrom).to.match(/127\.0\.0\.1$/)
      expect(JSON.stringify(items)).not.to.contain(token).and.not.to.contain(String(made.body.token))

      expect((await ask('DELETE', '/session', { token: other })).body).to.deep.equal({ ended: true })
      expect((await me(other)).status).to.equal(401)
      expect((await ask('DELETE', '/tokens?kind=session', { token })).body).to.deep.equal({ ended: 1 })
      expect((await me(third)).status).to.equal(401)
      expect((await me(String(made.body.token))).status).to.equal(200)
      expect((await ask('DELETE', '/tokens', { token })).body).to.deep.equal({ ended: 1 })
      expect((await me(String(made.body.token))).status).to.equal(401)
      expect((await me(token)).status).to.equal(200)
    })

    it('of others end when the password changes; the new one is to differ', async () => {
      const { token, login } = await signedIn()
      const other = String((await signIn(login)).body.token)
      const change = (password: string) =>
        ask('POST', '/me/password', { token, json: { present: PASSWORD, password } })
      expect(codes(await change(PASSWORD.normalize('NFD')))).to.deep.equal([400, 'INPUT_INVALID'])
      expect(codes(await change('ngắn'))).to.deep.equal([400, 'INPUT_INVALID'])
      expect((await change('một mật khẩu khác hẳn')).body).to.deep.equal({ ended: 1 })
      expect([(await me(other)).status, (await me(token)).status]).to.deep.equal([401, 200])
      expect((await signIn(login)).status).to.equal(401)
      expect((await signIn(login, { password: 'một mật khẩu khác hẳn' })).status).to.equal(201)
    })
  })

  describe('API tokens', () => {
    it('reach no further than their scopes, nor than their owner now', async () => {
      const { token, id } = await signedIn()
      const make = (scopes: string[]) =>
        ask('POST', '/tokens', { token, json: { label: 'hẹp', days: 1, scopes } })
      const narrow = String((await make(['document.read', 'register.read'])).body.token)
      expect((await ask('GET', '/documents', { token: narrow })).status).to.equal(200)
      expect(codes(await ask('GET', '/members', { token: narrow }))).to.deep.equal([403, 'NOT_PERMITTED'])
      expect((await me(narrow)).body.permissions).to.deep.equal(['document.read', 'register.read'])
      expect(codes(await make(['user.manage']))).to.deep.equal([403, 'SCOPE_NOT_YOURS'])
      expect(codes(await make(['trời']))).to.deep.equal([400, 'INPUT_INVALID'])
      expect((await ask('GET', '/members', { token })).status).to.equal(200)
      await asNode((trx) => trx('memberships').where({ user_id: id }).update({ role: 'auditor' }))
      expect(codes(await ask('GET', '/documents', { token: narrow }))).to.deep.equal([403, 'NOT_PERMITTED'])
    })

    it('change no password, and end none but themselves', async () => {
      const { token } = await signedIn()
      const made = await ask('POST', '/tokens', { token, json: { label: 'x', days: 1 } })
      const own = String(made.body.token)
      const json = { present: PASSWORD, password: 'một mật khẩu khác hẳn' }
      expect(codes(await ask('POST', '/me/password', { token: own, json }))).to.deep.equal([
        403,
        'NOT_PERMITTED',
      ])
      expect(codes(await ask('DELETE', '/tokens', { token: own }))).to.deep.equal([403, 'NOT_PERMITTED'])
      expect((await ask('DELETE', `/tokens/${made.body.id}`, { token: own })).body).to.deep.equal({
        revoked: true,
      })
      expect((await me(own)).status).to.equal(401)
    })
  })

  describe('one-time passwords', () => {
    it('open an account for nothing but choosing another one, for three days [N190]', async () => {
      const login = `moi.${randomUUID().slice(0, 8)}`
      const administrator = await node.token('commune-administrator')
      const json = { login, displayName: 'Người mới', grants: [{ role: 'specialist', reason: REASON }] }
      const key = randomUUID()
      const made = await ask('POST', '/users', { token: administrator, json, key })
      expect(made.status, made.text).to.equal(201)
      const given = String(made.body.oneTimePassword)
      const again = await ask('POST', '/users', { token: administrator, json, key })
      expect(codes(again)).to.deep.equal([409, 'SECRET_SHOWN_ALREADY'])

      const session = await signIn(login, { password: given })
      expect(session.body).to.deep.include({ roles: ['specialist'], mustChangePassword: true })
      const token = String(session.body.token)
      expect((await me(token)).body.restriction).to.equal('change-password')
      for (const path of ['/documents', '/members', '/agencies']) {
        expect(codes(await ask('GET', path, { token })), path).to.deep.equal([
          403,
          'PASSWORD_CHANGE_REQUIRED',
        ])
      }
      const changed = await ask('POST', '/me/password', {
        token,
        json: { present: given, password: PASSWORD },
      })
      expect(changed.status, changed.text).to.equal(200)
      expect((await ask('GET', '/members', { token })).status).to.equal(200)

      const late = `tre.${randomUUID().slice(0, 8)}`
      const other = await ask('POST', '/users', { token: administrator, json: { ...json, login: late } })
      node.setClock(new Date(Date.now() + 72 * 60 * MINUTE + 1000))
      const expired = await signIn(late, { password: String(other.body.oneTimePassword) })
      expect(codes(expired)).to.deep.equal([401, 'PASSWORD_EXPIRED'])
    })

    it('are given anew by an administrator: all that was open ends [N150]', async () => {
      const { id, login, token } = await signedIn()
      const made = await ask('POST', '/tokens', { token, json: { label: 'x', days: 1 } })
      const administrator = await node.token('commune-administrator')
      const reset = await ask('POST', `/users/${id}/password`, {
        token: administrator,
        json: { reason: 'quên' },
      })
      expect(reset.status, reset.text).to.equal(200)
      expect([(await me(token)).status, (await me(String(made.body.token))).status]).to.deep.equal([401, 401])
      expect((await signIn(login)).status).to.equal(401)
      const session = await signIn(login, { password: String(reset.body.oneTimePassword) })
      expect(session.body.mustChangePassword).to.equal(true)
      const entry = (await entriesOf(`user:${id}`)).find((one) => one.kind === 'user.password-reset')
      expect(entry?.facts).to.deep.include({ ended: 2, byRoles: ['administrator'] })
    })
  })

  describe('rights', () => {
    const grant = async (
      by: 'operator' | 'commune-administrator' | 'district-administrator',
      id: string,
      json: object,
    ) => ask('POST', `/users/${id}/roles`, { token: await node.token(by), json })
    const revoke = async (by: 'operator' | 'commune-administrator', id: string, json: object) =>
      ask('POST', `/users/${id}/roles/revocation`, { token: await node.token(by), json })

    it('are given on a rule, for a time, and logged with who gave them and as what [N153 N154]', async () => {
      const { id, login, token } = await signedIn('specialist')
      clockAt(0)
      const from = new Date(NOW.getTime() + 60 * MINUTE).toISOString()
      const to = new Date(NOW.getTime() + 90 * MINUTE).toISOString()
      const json = { role: 'clerk', reason: REASON, validFrom: from, validTo: to }
      expect((await grant('commune-administrator', id, json)).body).to.deep.equal({ changed: true })
      expect((await grant('commune-administrator', id, json)).body).to.deep.equal({ changed: false })
      const roles = async () => (await me(token)).body.roles
      expect(await roles()).to.deep.equal(['specialist'])
      clockAt(61 * MINUTE)
      expect(await roles()).to.deep.equal(['clerk', 'specialist'])
      clockAt(90 * MINUTE)
      expect(await roles()).to.deep.equal(['specialist'])
      clockAt(0)
      const administrator = await node.token('commune-administrator')
      const found = await ask('GET', `/users?reason=${encodeURIComponent(REASON)}&q=${login}`, {
        token: administrator,
      })
      const [account] = found.body.items as {
        login: string
        roles: { role: string; reason: string; grantedBy: string }[]
      }[]
      expect(account?.login).to.equal(login)
      const held = account?.roles.find((one) => one.role === 'clerk')
      expect(held).to.include({ reason: REASON, validFrom: from, validTo: to })
      expect(held?.grantedBy).to.be.a('string')
      const entry = (await entriesOf(`user:${id}`)).find(
        (one) => one.kind === 'user.role-granted' && one.facts.role === 'clerk',
      )
      expect(entry?.facts).to.deep.include({
        reason: REASON,
        byRoles: ['administrator'],
        validFrom: from,
        validTo: to,
      })
    })

    it('of a post are taken together and listed, and its sessions end [N155 N221]', async () => {
      const { id, token } = await signedIn('specialist')
      await grant('commune-administrator', id, { role: 'signer', reason: REASON })
      const taken = await revoke('commune-administrator', id, { reason: 'chuyển công tác' })
      expect(
        (taken.body.revoked as { role: string; reason: string }[]).map((one) => [one.role, one.reason]),
      ).to.deep.equal([
        ['signer', REASON],
        ['specialist', ''],
      ])
      expect((await me(token)).status).to.equal(401)
      const kinds = (await entriesOf(`user:${id}`)).map((one) => one.kind)
      expect(kinds.filter((one) => one === 'user.role-revoked')).to.have.length(2)
    })

    it('are nobody’s to give to oneself, nor to take from oneself', async () => {
      const token = await node.token('commune-administrator')
      const { body } = await me(token)
      const id = String(body.userId)
      const own = [
        await grant('commune-administrator', id, { role: 'clerk', reason: REASON }),
        await revoke('commune-administrator', id, { reason: 'x' }),
        await ask('POST', `/users/${id}/disable`, { token, json: { reason: 'x' } }),
        await ask('POST', `/users/${id}/password`, { token, json: { reason: 'x' } }),
      ]
      for (const answer of own) expect(codes(answer)).to.deep.equal([403, 'RIGHTS_OF_ONESELF'])
    })

    it('of another agency are out of reach, and its people unknown', async () => {
      const { id } = await newUser('clerk', agencies.district.code)
      const token = await node.token('commune-administrator')
      expect(codes(await grant('commune-administrator', id, { role: 'clerk' }))).to.deep.equal([
        404,
        'NOT_FOUND',
      ])
      for (const path of ['disable', 'enable', 'unlock', 'password', 'second-factor/removal']) {
        expect(
          codes(await ask('POST', `/users/${id}/${path}`, { token, json: { reason: 'x' } })),
          path,
        ).to.deep.equal([404, 'NOT_FOUND'])
      }
      expect(codes(await ask('GET', `/users/${id}`, { token }))).to.deep.equal([404, 'NOT_FOUND'])
      const own = await newUser()
      const foreign = { role: 'clerk', agencyCode: agencies.district.code }
      expect(codes(await grant('commune-administrator', own.id, foreign))).to.deep.equal([
        403,
        'NOT_PERMITTED',
      ])
      expect((await grant('operator', own.id, foreign)).status).to.equal(200)
      expect(codes(await grant('operator', own.id, { role: 'clerk' }))).to.deep.equal([400, 'INPUT_INVALID'])
    })

    it('in two agencies make an account the operator’s: neither administrator takes it over', async () => {
      const { id } = await newUser()
      await grant('operator', id, { role: 'clerk', agencyCode: agencies.district.code })
      for (const by of ['commune-administrator', 'district-administrator'] as const) {
        const token = await node.token(by)
        for (const path of ['disable', 'password', 'second-factor/removal']) {
          const answer = await ask('POST', `/users/${id}/${path}`, { token, json: { reason: 'x' } })
          expect(codes(answer), path).to.deep.equal([403, 'ACCOUNT_OF_OTHERS_TOO'])
        }
        const seen = await ask('GET', `/users/${id}`, { token })
        expect(seen.body.roles, 'of the own agency only').to.have.length(1)
      }
      const token = await node.token('operator')
      expect((await ask('POST', `/users/${id}/disable`, { token, json: { reason: 'x' } })).status).to.equal(
        200,
      )
    })

    it('end with the account, at once; it opens again without them coming back [N221]', async () => {
      const { id, login, token } = await signedIn()
      const administrator = await node.token('commune-administrator')
      const act = (path: string) =>
        ask('POST', `/users/${id}/${path}`, { token: administrator, json: { reason: 'nghỉ việc' } })
      expect((await act('disable')).body).to.deep.equal({ disabled: true, ended: 1 })
      expect((await me(token)).status).to.equal(401)
      expect(codes(await signIn(login))).to.deep.equal([401, 'SIGN_IN_FAILED'])
      const members = async () => {
        const { body } = await ask('GET', `/members?q=${login}`, { token: administrator })
        return (body.items as { login: string }[]).length
      }
      expect(await members()).to.equal(0)
      expect((await act('enable')).body).to.deep.equal({ disabled: false })
      expect((await me(token)).status).to.equal(401)
      expect((await signIn(login)).status).to.equal(201)
      expect(await members()).to.equal(1)
      const kinds = (await entriesOf(`user:${id}`)).map((one) => one.kind)
      expect(kinds).to.include.members(['user.disabled', 'user.enabled'])
    })

    it('that change wait on the leader’s list until they are confirmed or undone [K066]', async () => {
      const { id, token } = await signedIn('specialist')
      const leader = await node.token('commune-leader')
      await grant('commune-administrator', id, { role: 'clerk', reason: REASON })
      const open = async () => {
        const items: { id: string; userId: string; right: string; kind: string; by: string | null }[] = []
        for (let cursor = ''; ; ) {
          const { body } = await ask('GET', `/right-changes?limit=2${cursor}`, { token: leader })
          items.push(...(body.items as typeof items))
          if (body.next === null) return items.filter((one) => one.userId === id)
          cursor = `&cursor=${body.next}`
        }
      }
      const settle = (change: string, how: string, by = leader) =>
        ask('POST', `/right-changes/${change}/${how}`, { token: by })
      const [first, second] = await open()
      expect([first?.right, second?.right]).to.deep.equal(['specialist', 'clerk'])
      expect((await settle(first?.id ?? '', 'confirmation')).body).to.deep.equal({
        id: first?.id,
        outcome: 'confirmed',
      })
      expect(codes(await settle(first?.id ?? '', 'reversal'))).to.deep.equal([409, 'RIGHT_CHANGE_SETTLED'])
      const stranger = await node.token('commune-administrator')
      expect(codes(await settle(second?.id ?? '', 'reversal', stranger))).to.deep.equal([
        403,
        'NOT_PERMITTED',
      ])
      expect((await me(token)).body.roles).to.deep.equal(['clerk', 'specialist'])
      expect((await settle(second?.id ?? '', 'reversal')).status).to.equal(200)
      expect((await me(token)).body.roles).to.deep.equal(['specialist'])
      expect(await open()).to.deep.equal([])

      await revoke('commune-administrator', id, { role: 'specialist', reason: 'nhầm' })
      expect((await me(token)).status).to.equal(401)
      const [taken] = await open()
      expect(taken?.kind).to.equal('role-revoked')
      expect((await settle(taken?.id ?? '', 'reversal')).status).to.equal(200)
      expect(await open()).to.deep.equal([])
      const kinds = (await entriesOf(`user:${id}`)).map((one) => one.kind)
      expect(kinds).to.include.members(['right.confirmed', 'right.reverted'])
    })

    it('are not settled by who changed them [K066]', async () => {
      const two = await newUser('leader')
      const administrator = await node.token('commune-administrator')
      await grant('operator', two.id, { role: 'administrator', agencyCode: agencies.commune.code })
      const both = String((await signIn(two.login)).body.token)
      const { id } = await newUser('specialist')
      const json = { role: 'signer', reason: REASON }
      expect((await ask('POST', `/users/${id}/roles`, { token: both, json })).status).to.equal(200)
      expect((await ask('GET', `/users/${id}`, { token: administrator })).status).to.equal(200)
      const rows = await node.database.db.asAgency(
        { agencyId: String((await me(both)).body.agencyId) },
        (trx) =>
          trx('right_changes').where({ user_id: id, right_name: 'signer' }).select<{ id: string }[]>('id'),
      )
      const own = await ask('POST', `/right-changes/${rows[0]?.id}/confirmation`, { token: both })
      expect(codes(own)).to.deep.equal([403, 'RIGHT_CHANGE_OWN'])
    })

    it('are neither confirmed nor taken back by whose rights they are [K066]', async () => {
      const { id, token } = await signedIn('leader')
      await grant('commune-administrator', id, { role: 'signer', reason: REASON })
      await revoke('commune-administrator', id, { role: 'signer', reason: 'nhầm' })
      const { body } = await ask('GET', '/right-changes?limit=200', { token })
      const changes = (body.items as { id: string; userId: string }[]).filter((one) => one.userId === id)
      expect(changes).to.have.length(3)
      for (const change of changes) {
        for (const how of ['confirmation', 'reversal']) {
          const answer = await ask('POST', `/right-changes/${change.id}/${how}`, { token })
          expect(codes(answer)).to.deep.equal([403, 'RIGHT_CHANGE_OWN'])
        }
      }
      expect((await me(token)).body.roles).to.deep.equal(['leader'])
    })

    it('that end with the last role end the sessions too: a role given anew opens none of them [N155]', async () => {
      const { id, token } = await signedIn('specialist')
      await revoke('commune-administrator', id, { role: 'specialist', reason: 'chuyển công tác' })
      const leader = await node.token('commune-leader')
      const { body } = await ask('GET', '/right-changes?limit=200', { token: leader })
      const taken = (body.items as { id: string; userId: string; kind: string }[]).find(
        (one) => one.userId === id && one.kind === 'role-revoked',
      )
      const undone = await ask('POST', `/right-changes/${taken?.id}/reversal`, { token: leader })
      expect(undone.status).to.equal(200)
      expect((await me(token)).status).to.equal(401)
    })
  })

  describe('lists', () => {
    it('show the people of the own agency only, page by page', async () => {
      const token = await node.token('commune-administrator')
      const district = await newUser('clerk', agencies.district.code)
      const seen: { login: string }[] = []
      for (let position = ''; ; ) {
        const { body } = await ask('GET', `/users?limit=3${position}`, { token })
        seen.push(...(body.items as { login: string }[]))
        if (body.next === null) break
        position = `&after=${body.next}`
      }
      const logins = seen.map((one) => one.login)
      expect(logins).to.deep.equal([...new Set(logins)].sort())
      expect(logins).to.include.members(['commune-administrator', 'commune-leader', 'both'])
      expect(logins).not.to.include.members([district.login]).and.not.to.include('operator')
      const operator = await ask('GET', `/users?q=${district.login}`, { token: await node.token('operator') })
      expect((operator.body.items as unknown[]).length).to.equal(1)
      const leaders = await ask('GET', '/members?role=leader', { token })
      for (const one of leaders.body.items as { roles: string[] }[]) expect(one.roles).to.include('leader')
      const wild = await ask('GET', '/members?q=%25', { token })
      expect(wild.body.items, 'a sign of the pattern is a sign').to.deep.equal([])
    })
  })
})
