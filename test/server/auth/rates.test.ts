import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { sweepAccounts } from '../../../server/auth/sweep-accounts.ts'
import { type ApiNode, agencies, PASSWORD, send, startApiNode } from '../api/node.ts'

const DAY = 86_400_000

describe('auth: how often, and for how long', () => {
  let node: ApiNode
  before(async () => {
    node = await startApiNode({
      logins: ['operator', 'commune-clerk', 'commune-leader'],
      environment: {
        CONGVAN_REQUESTS_PER_MINUTE: '20',
        CONGVAN_REQUESTS_PER_MINUTE_PER_ADDRESS: '150',
        CONGVAN_SIGN_IN_ATTEMPTS_PER_ADDRESS: '6',
        CONGVAN_SECOND_FACTOR_ROLES: 'leader',
      },
    })
    for (const login of ['operator', 'commune-clerk', 'commune-leader'] as const) await node.token(login)
  })
  after(() => node.close())
  afterEach(() => node.setClock())

  const me = (token: string | undefined) => send(node.url, 'GET', '/me', { token })
  const signIn = (login: string, password = PASSWORD) =>
    send(node.url, 'POST', '/session', { json: { login, password } })

  it('asks the roles that the configuration names to enrol a second factor before anything else', async () => {
    const token = await node.token('commune-leader')
    const list = await send(node.url, 'GET', '/documents', { token })
    expect([list.status, list.body.code]).to.deep.equal([403, 'SECOND_FACTOR_REQUIRED'])
    expect((await me(token)).body.restriction).to.equal('enrol-second-factor')
    const begun = await send(node.url, 'POST', '/me/second-factor', { token, json: { password: PASSWORD } })
    expect(begun.status, begun.text).to.equal(201)
    expect((await me(await node.token('commune-clerk'))).body.restriction).to.equal(null)
  })

  it('locks an address after failures with whatever logins, and the right password there too', async () => {
    node.setClock(new Date(Date.now() + DAY))
    for (let i = 0; i < 6; i++) {
      expect((await signIn(`ai-do.${i}`, 'sai')).body.code, String(i)).to.equal('SIGN_IN_FAILED')
    }
    const locked = await signIn('commune-clerk')
    expect([locked.status, locked.body.code]).to.deep.equal([429, 'ADDRESS_LOCKED'])
    expect(Number(locked.headers.get('retry-after'))).to.be.within(1, 60)
  })

  it('lets a user ask so often in a minute, over all sessions, and others go on', async () => {
    const token = await node.token('operator')
    const other = await node.token('commune-clerk')
    const answers = await Promise.all(Array.from({ length: 25 }, () => me(token)))
    const refused = answers.filter((one) => one.status === 429)
    expect(refused.length).to.be.within(5, 6)
    const [first] = refused
    expect(first?.body.code).to.equal('TOO_MANY_REQUESTS')
    expect(Number(first?.headers.get('retry-after'))).to.be.within(1, 60)
    expect(first?.headers.get('content-type')).to.match(/^application\/problem\+json/)
    expect((await me(other)).status).to.equal(200)
  })

  it('lets an address ask so often in a minute, signed in or not', async () => {
    const answers = await Promise.all(Array.from({ length: 160 }, () => me(undefined)))
    const codes = answers.map((one) => one.status)
    expect(codes.filter((one) => one === 429).length).to.be.greaterThan(5)
    expect(codes.filter((one) => one === 401).length).to.be.greaterThan(50)
  })

  it('keeps idempotency keys for thirty days and tokens for thirty after their end, and no longer', async () => {
    const { context } = node.services
    const key = (name: string, agency_id: string | null, days: number) =>
      sql(
        `insert into idempotency_keys (scope, key, agency_id, request_sha256, created_at)
         values ($1, $2, $3, 'x', now() - make_interval(days => $4))`,
        ['thử', name, agency_id, days],
      )
    const sql = async (text: string, values: unknown[]) => {
      const { default: pg } = await import('pg')
      const client = new pg.Client({ connectionString: node.database.superuserUrl })
      await client.connect()
      try {
        return (await client.query(text, values)).rows as { name: string }[]
      } finally {
        await client.end()
      }
    }
    const agency = randomUUID()
    for (const [name, days] of [
      ['cu', 31],
      ['moi', 29],
    ] as const) {
      await key(`${name}-nut`, null, days)
      await key(`${name}-co-quan`, agency, days)
    }
    await sweepAccounts(context)
    const left = await sql('select key as name from idempotency_keys where scope = $1 order by 1', ['thử'])
    expect(left.map((one) => one.name)).to.deep.equal(['moi-co-quan', 'moi-nut'])

    const { id } = await node.services.console.addUser({
      login: `het.${randomUUID().slice(0, 8)}`,
      displayName: 'Tài khoản thử',
      password: PASSWORD,
      operator: false,
      grants: [{ agencyCode: agencies.commune.code, role: 'clerk' }],
    })
    const token = (end: number) =>
      sql(
        `insert into tokens (id, token_sha256, user_id, kind, label, created_at, expires_at)
         values ($1, $2, $3, 'api', $4, now() - interval '90 days', now() + make_interval(days => $5))`,
        [randomUUID(), randomUUID(), id, `hết ${end}`, end],
      )
    for (const end of [-31, -29, 1]) await token(end)
    const swept = await sweepAccounts(context)
    expect(swept.tokens).to.equal(1)
    const kept = await sql('select label as name from tokens where user_id = $1 order by 1', [id])
    expect(kept.map((one) => one.name)).to.deep.equal(['hết -29', 'hết 1'])
  })

  it('lets the node remove no key of these days, of its own or of an agency', async () => {
    const before = await node.services.context.db.asNode((trx) =>
      trx('idempotency_keys').count<{ count: string }[]>('* as count'),
    )
    expect(Number(before[0]?.count)).to.be.greaterThan(0)
    const removed = await node.services.context.db.asNode((trx) => trx('idempotency_keys').delete())
    expect(removed).to.equal(0)
  })
})
