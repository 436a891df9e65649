import { createHook } from 'node:async_hooks'
import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import type { Knex } from 'knex'
import { beginAttempt, failAttempt, succeedAttempt, takeBackAttempt } from '../../../server/auth/attempt.ts'
import { forgetFailures, sweepFailures } from '../../../server/auth/failure-store.ts'
import { type Answer, type ApiNode, agencies, PASSWORD, readAnswer, send, startApiNode } from '../api/node.ts'

const SECOND = 1_000
const DAY = 86_400_000
const NOW = new Date(Math.floor(Date.now() / 1000) * 1000)

const OFFICE = '203.0.113.10'
const HOME = '2001:db8:7:1::5'
/** As many places as wanted that nobody was ever signed in from. */
const strangers = (count: number) => Array.from({ length: count }, (_, i) => `198.51.100.${i + 1}`)

describe('auth: lock-out by place', () => {
  let node: ApiNode
  before(async () => {
    // The address comes from the proxy in front, as on a node that is open to the world.
    node = await startApiNode({
      logins: ['operator', 'commune-administrator'],
      environment: { CONGVAN_BEHIND_PROXY: 'nginx' },
    })
  })
  after(() => node.close())
  beforeEach(() => node.setClock(NOW))

  const clockAt = (ms: number) => node.setClock(new Date(NOW.getTime() + ms))
  const codes = ({ status, body }: Answer) => [status, body.code]
  const from = async (address: string, path: string, json: object, token?: string): Promise<Answer> =>
    readAnswer(
      await fetch(`${node.url}/api/v1${path}`, {
        method: 'POST',
        headers: {
          'x-forwarded-for': address,
          'idempotency-key': randomUUID(),
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
        body: JSON.stringify(json),
      }),
    )
  const signIn = (login: string, address: string, password = PASSWORD) =>
    from(address, '/session', { login, password })
  const asNode = <T>(work: (trx: Knex) => Promise<T>): Promise<T> =>
    node.services.context.db.asNode((trx) => work(trx))

  async function newUser() {
    const login = `tk.${randomUUID().slice(0, 8)}`
    const { id } = await node.services.console.addUser({
      login,
      displayName: 'Tài khoản thử',
      password: PASSWORD,
      operator: false,
      grants: [{ agencyCode: agencies.commune.code, role: 'clerk' }],
    })
    return { id, login }
  }

  async function knownAt(...places: string[]) {
    const user = await newUser()
    let token = ''
    for (const place of places) {
      const session = await signIn(user.login, place)
      expect(session.status, session.text).to.equal(201)
      token = String(session.body.token)
    }
    return { ...user, token }
  }

  const lockFromOutside = async (login: string) => {
    for (const address of strangers(5)) {
      expect(codes(await signIn(login, address, 'sai')), address).to.deep.equal([401, 'SIGN_IN_FAILED'])
    }
  }

  it('strangers of many addresses together lock a login for strangers, and its owner is not kept out', async () => {
    const { login } = await knownAt(OFFICE, HOME)
    await lockFromOutside(login)
    expect(codes(await signIn(login, '192.0.2.1')), 'the right password from a new place').to.deep.equal([
      429,
      'ACCOUNT_LOCKED',
    ])
    expect((await signIn(login, OFFICE)).status).to.equal(201)
    expect((await signIn(login, '2001:db8:7:1:ffff::9')).status, 'the same /64').to.equal(201)
    expect(codes(await signIn(login, '2001:db8:7:2::5')), 'another /64').to.deep.equal([
      429,
      'ACCOUNT_LOCKED',
    ])
    const still = await signIn(login, '192.0.2.1')
    expect([...codes(still), still.body.params], 'the owner’s coming lifts no lock of others').to.deep.equal([
      429,
      'ACCOUNT_LOCKED',
      { seconds: 60 },
    ])
    clockAt(60 * SECOND)
    expect(codes(await signIn(login, '192.0.2.1', 'sai'))).to.deep.equal([401, 'SIGN_IN_FAILED'])
    expect((await signIn(login, '192.0.2.1')).body.params, 'and forgives none of them').to.deep.equal({
      seconds: 120,
    })
  })

  it('a known place has its own limit while the login is locked, and a lock of its own', async () => {
    const { id, login } = await knownAt(OFFICE, HOME)
    await lockFromOutside(login)
    for (let i = 0; i < 5; i++) {
      expect(codes(await signIn(login, OFFICE, 'sai')), String(i)).to.deep.equal([429, 'ACCOUNT_LOCKED'])
    }
    expect(codes(await signIn(login, OFFICE)), 'the right one too').to.deep.equal([429, 'ACCOUNT_LOCKED'])
    expect((await signIn(login, HOME)).status, 'another known place is another').to.equal(201)
    const administrator = await node.token('commune-administrator')
    const unlock = await send(node.url, 'POST', `/users/${id}/unlock`, {
      token: administrator,
      json: { reason: 'nhầm bàn phím' },
    })
    expect(unlock.body).to.deep.equal({ unlocked: true })
    expect((await signIn(login, OFFICE)).status).to.equal(201)
  })

  it('a stolen machine guesses no more often than anybody: its failures lock too, longer each time', async () => {
    const { login } = await knownAt(OFFICE)
    for (let i = 0; i < 5; i++) {
      expect(codes(await signIn(login, OFFICE, 'sai'))).to.deep.equal([401, 'SIGN_IN_FAILED'])
    }
    expect((await signIn(login, OFFICE)).body.params).to.deep.equal({ seconds: 60 })
    clockAt(60 * SECOND)
    await signIn(login, OFFICE, 'sai')
    expect((await signIn(login, OFFICE)).body.params).to.deep.equal({ seconds: 120 })
  })

  it('shows nobody whether there is such a login, nor from where it is used', async () => {
    const { login } = await knownAt(OFFICE)
    const { login: elsewhere } = await knownAt(HOME)
    const nobody = `khong.${randomUUID().slice(0, 8)}`
    const seen: string[][] = []
    for (const name of [login, elsewhere, nobody]) {
      clockAt(0)
      const answers: string[] = []
      const tell = async (address: string) => {
        const { status, body, headers } = await signIn(name, address, 'sai')
        answers.push(JSON.stringify([status, body, headers.get('retry-after')]))
      }
      for (const address of strangers(3)) await tell(address)
      for (let i = 0; i < 9; i++) await tell(OFFICE)
      await tell('192.0.2.1')
      clockAt(60 * SECOND)
      for (const address of [OFFICE, OFFICE, '192.0.2.1', OFFICE]) await tell(address)
      seen.push(answers)
    }
    expect(seen[0]).to.deep.equal(seen[2])
    expect(seen[1]).to.deep.equal(seen[2])
  })

  it('takes as long for an unknown login at such an address: one scrypt key for either', async () => {
    const { login } = await knownAt(OFFICE)
    const nobody = `khong.${randomUUID().slice(0, 8)}`
    for (const name of [login, nobody]) await lockFromOutside(name)
    let derived = 0
    const hook = createHook({
      init(_id, type) {
        if (type === 'SCRYPTREQUEST') derived += 1
      },
    }).enable()
    try {
      for (const [name, address, keys] of [
        [login, OFFICE, 1],
        [nobody, OFFICE, 1],
        [login, '192.0.2.77', 0],
        [nobody, '192.0.2.77', 0],
      ] as const) {
        derived = 0
        expect(codes(await signIn(name, address, 'sai'))).to.deep.equal([429, 'ACCOUNT_LOCKED'])
        expect(derived, `${name} ${address}`).to.equal(keys)
      }
    } finally {
      hook.disable()
    }
  })

  it('strangers keep nobody who is signed in from changing the password; that forgets all other places', async () => {
    const { login, token } = await knownAt(HOME, OFFICE)
    await lockFromOutside(login)
    const json = { present: PASSWORD, password: 'một mật khẩu khác hẳn' }
    const change = (password: string) => from(OFFICE, '/me/password', { ...json, present: password }, token)
    expect(codes(await change('sai'))).to.deep.equal([403, 'PASSWORD_WRONG'])
    expect((await change(PASSWORD)).status).to.equal(200)
    expect(codes(await signIn(login, HOME, json.password))).to.deep.equal([429, 'ACCOUNT_LOCKED'])
    expect((await signIn(login, OFFICE, json.password)).status).to.equal(201)
  })

  it('guesses at the password of an open session end at the limit of the place, locked login or not', async () => {
    const { login, token } = await knownAt(OFFICE)
    await lockFromOutside(login)
    const guess = () => from(OFFICE, '/me/password', { present: 'sai', password: 'một mật khẩu mới' }, token)
    for (let i = 0; i < 5; i++) expect(codes(await guess())).to.deep.equal([403, 'PASSWORD_WRONG'])
    expect(codes(await guess())).to.deep.equal([429, 'ACCOUNT_LOCKED'])
    expect(codes(await signIn(login, OFFICE))).to.deep.equal([429, 'ACCOUNT_LOCKED'])
  })

  it('guesses at the code that turns a second factor on end there too', async () => {
    const { token } = await knownAt(OFFICE)
    expect((await from(OFFICE, '/me/second-factor', { password: PASSWORD }, token)).status).to.be.within(
      200,
      201,
    )
    const confirm = () => from(OFFICE, '/me/second-factor/confirmation', { code: 'abcdef' }, token)
    for (let i = 0; i < 5; i++) expect((await confirm()).body.code).to.equal('OTP_WRONG')
    expect(codes(await confirm())).to.deep.equal([429, 'ACCOUNT_LOCKED'])
  })

  for (const path of ['password', 'disable', 'second-factor/removal'] as const) {
    it(`an administrator’s ${path} forgets every place`, async () => {
      const { id } = await knownAt(OFFICE, HOME)
      if (path === 'second-factor/removal') {
        await asNode((trx) =>
          trx('users')
            .where({ id })
            .update({ totp_secret: Buffer.alloc(40) }),
        )
      }
      const places = () => asNode((trx) => trx('sign_in_places').where({ user_id: id }).select())
      expect(await places()).to.have.length(2)
      const token = await node.token('commune-administrator')
      const done = await send(node.url, 'POST', `/users/${id}/${path}`, { token, json: { reason: 'x' } })
      expect(done.status, done.text).to.equal(200)
      expect(await places()).to.have.length(0)
    })
  }

  it('keeps twenty places of an account for ninety days, and no address in any of them', async () => {
    const { id, login } = await newUser()
    const { context, accounts } = node.services
    for (let i = 1; i <= 22; i++) {
      const now = new Date(NOW.getTime() + i * SECOND)
      const guess = { login, address: `203.0.113.${100 + i}` }
      await context.db.asNode(async (trx) => {
        const attempt = await beginAttempt(trx, accounts, guess, now)
        if ('code' in attempt) throw new Error(attempt.code)
        await succeedAttempt(trx, accounts, attempt, { ...guess, userId: id, now })
      })
    }
    clockAt(30 * SECOND)
    const rows = await asNode((trx) => trx('sign_in_places').where({ user_id: id }).select())
    expect(rows).to.have.length(20)
    expect(JSON.stringify(rows)).not.to.contain('203.0.113')
    const failures = await asNode((trx) => trx('sign_in_failures').whereLike('key', 'place:%').select())
    expect(JSON.stringify(failures)).not.to.match(/\d+\.\d+\.\d+\.\d+/)
    await lockFromOutside(login)
    expect(codes(await signIn(login, '203.0.113.102')), 'the oldest went').to.deep.equal([
      429,
      'ACCOUNT_LOCKED',
    ])
    expect((await signIn(login, '203.0.113.103')).status).to.equal(201)
    clockAt(91 * DAY)
    await lockFromOutside(login)
    expect(codes(await signIn(login, '203.0.113.122')), 'ninety days later').to.deep.equal([
      429,
      'ACCOUNT_LOCKED',
    ])
  })

  it('knows a place only after a sign-in in whole, and no place of what is no address', async () => {
    const { login } = await newUser()
    for (const address of ['unknown', '']) expect((await signIn(login, address)).status).to.equal(201)
    await lockFromOutside(login)
    expect(codes(await signIn(login, 'unknown'))).to.deep.equal([429, 'ACCOUNT_LOCKED'])
  })

  it('counts an address that tries locked logins only, and a /64 as one', async () => {
    const { login } = await newUser()
    await lockFromOutside(login)
    for (let i = 0; i < 100; i++) await signIn(login, `2001:db8:9:9::${i}`, 'sai')
    expect(codes(await signIn('ai-do', '2001:db8:9:9:a:b:c:d', 'sai'))).to.deep.equal([429, 'ADDRESS_LOCKED'])
  })

  for (const [what, change] of [
    ['closed', { disabled_at: NOW }],
    ['given another password', { password_hash: '$scrypt$ln=15,r=8,p=1$AAAA$AAAA' }],
  ] as const) {
    it(`opens no session behind an account that was ${what} while the password was looked at`, async () => {
      const { id, login } = await newUser()
      const { db } = node.services.context
      let answer: Promise<Answer> | undefined
      await db.asNode(async (trx) => {
        await trx('users').where({ id }).update(change)
        answer = signIn(login, OFFICE)
        // Not committed yet: the sign-in sees the account as it was, and waits for it in the end.
        for (let waiting = false; !waiting; ) {
          const { rows } = await db.asNode((other) =>
            other.raw<{ rows: unknown[] }>(
              'select from pg_locks where not granted and pid <> pg_backend_pid()',
            ),
          )
          waiting = rows.length > 0
        }
      })
      const refused = await answer
      expect(refused && codes(refused)).to.deep.equal([401, 'SIGN_IN_FAILED'])
      const open = await asNode((trx) => trx('tokens').where({ user_id: id }).select())
      expect(open).to.deep.equal([])
      expect(await asNode((trx) => trx('sign_in_places').where({ user_id: id }).select())).to.deep.equal([])
    })
  }

  describe('what an attempt takes back', () => {
    const { attempts, lockSeconds } = { attempts: 5, lockSeconds: 60 }
    const run = <T>(work: Parameters<typeof node.services.context.db.asNode<T>>[0]) =>
      node.services.context.db.asNode(work)
    const begin = async (login: string, address: string, now = NOW) => {
      const attempt = await run((trx) => beginAttempt(trx, node.services.accounts, { login, address }, now))
      if ('code' in attempt) throw new Error(attempt.code)
      return attempt
    }
    const count = async (login: string) => {
      const { createHash } = await import('node:crypto')
      const key = `login:${createHash('sha256').update(login).digest('hex')}`
      return asNode((trx) => trx('sign_in_failures').where({ key }).first('failures', 'blocked_until'))
    }

    it('is its own count, and no lock that another one brought meanwhile', async () => {
      const { id, login } = await newUser()
      const begun = []
      for (const address of strangers(attempts - 1)) begun.push(await begin(login, address))
      const owner = await begin(login, OFFICE)
      for (const one of begun) await run((trx) => failAttempt(trx, node.services.accounts, one, NOW))
      const locked = await count(login)
      expect(locked?.failures).to.equal(attempts)
      expect(locked?.blocked_until).to.deep.equal(new Date(NOW.getTime() + lockSeconds * SECOND))
      await run((trx) =>
        succeedAttempt(trx, node.services.accounts, owner, { login, address: OFFICE, userId: id, now: NOW }),
      )
      expect(await count(login)).to.deep.equal({
        failures: attempts - 1,
        blocked_until: locked?.blocked_until,
      })
    })

    it('is the place that it holds while it is looked at, and not that of another one', async () => {
      const { login } = await newUser()
      for (const address of strangers(4)) {
        const one = await begin(login, address)
        await run((trx) => failAttempt(trx, node.services.accounts, one, NOW))
      }
      const first = await begin(login, '192.0.2.1')
      const later = new Date(NOW.getTime() + 5 * SECOND)
      const second = await begin(login, '192.0.2.2', later)
      await run((trx) => takeBackAttempt(trx, first))
      expect(await count(login)).to.deep.equal({
        failures: 5,
        blocked_until: new Date(later.getTime() + 5 * SECOND),
      })
      await run((trx) => takeBackAttempt(trx, second))
      expect(await count(login)).to.deep.equal({ failures: 4, blocked_until: null })
    })

    it('is nothing of a count that began anew since', async () => {
      const { id, login } = await newUser()
      const old = await begin(login, OFFICE)
      const token = await node.token('commune-administrator')
      await send(node.url, 'POST', `/users/${id}/unlock`, { token, json: { reason: 'x' } })
      await begin(login, OFFICE)
      await run((trx) => takeBackAttempt(trx, old))
      expect((await count(login))?.failures).to.equal(1)
    })

    it('is nothing that the owner’s coming has taken back already', async () => {
      const { id, login } = await newUser()
      for (const address of strangers(2)) {
        const one = await begin(login, address)
        await run((trx) => failAttempt(trx, node.services.accounts, one, NOW))
      }
      const owner = await begin(login, OFFICE)
      const beside = await begin(login, OFFICE)
      await run((trx) =>
        succeedAttempt(trx, node.services.accounts, owner, { login, address: OFFICE, userId: id, now: NOW }),
      )
      await run((trx) => takeBackAttempt(trx, beside))
      expect(await count(login)).to.deep.equal({ failures: 2, blocked_until: null })
    })

    it('waits for no sweep of what is forgotten, nor a sweep for it', async () => {
      const { login } = await newUser()
      await begin(login, OFFICE)
      await run(async (trx) => {
        await trx('sign_in_failures').forUpdate().select('key')
        await run(async (other) => {
          await other.raw("set local lock_timeout = '2s'")
          await sweepFailures(other, new Date(NOW.getTime() + 2 * DAY))
        })
      })
      expect((await count(login))?.failures).to.equal(1)
    })

    it('is forgotten by an administrator in the order in which an attempt counts', async () => {
      const { login } = await newUser()
      for (const address of strangers(3)) await begin(login, address)
      let forgotten: Promise<boolean> | undefined
      await run(async (trx) => {
        await trx('sign_in_failures').whereLike('key', 'login:%').forUpdate().select('key')
        forgotten = run((other) => forgetFailures(other, login))
        for (let waiting = false; !waiting; ) {
          const { rows } = await run((other) =>
            other.raw<{ rows: unknown[] }>(
              'select from pg_locks where not granted and pid <> pg_backend_pid()',
            ),
          )
          waiting = rows.length > 0
        }
        await trx('sign_in_failures').whereLike('key', 'place:%').forUpdate().noWait().select('key')
      })
      expect(await forgotten).to.equal(true)
    })

    it('is looked at no more often in a crowd than one after the other, at a known place of a locked login too', async () => {
      const { login } = await knownAt(OFFICE)
      for (const address of strangers(attempts)) {
        await run((trx) => beginAttempt(trx, node.services.accounts, { login, address }, NOW))
      }
      const crowd = await Promise.all(
        Array.from({ length: 12 }, () =>
          run((trx) => beginAttempt(trx, node.services.accounts, { login, address: OFFICE }, NOW)),
        ),
      )
      expect(crowd.filter((one) => !('code' in one))).to.have.length(attempts)
    })

    it('leaves the counts of a crowd whole, whatever the order', async () => {
      const { login } = await newUser()
      const answers = await Promise.all([
        ...strangers(3).map((address) => signIn(login, address, 'sai')),
        signIn(login, OFFICE),
      ])
      expect(answers.map((one) => one.status).sort()).to.deep.equal([201, 401, 401, 401])
      expect((await count(login))?.failures).to.equal(3)
    })
  })
})
