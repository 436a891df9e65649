import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import {
  type Answer,
  type ApiNode,
  agencies,
  PASSWORD,
  type Sending,
  send,
  startApiNode,
} from '../api/node.ts'

const HOUR = 3_600_000
const NOW = new Date(Math.floor(Date.now() / 1000) * 1000)
const RULE = 'Quyết định số 12/QĐ-UBND'
type AgencyRole = 'clerk' | 'signer' | 'leader' | 'specialist'

interface Change {
  readonly id: string
  readonly kind: string
  readonly subject: string
  readonly userId: string | null
  readonly right: string
  readonly reason: string
}

describe('auth: changes of rights, confirmed or undone', () => {
  let node: ApiNode
  before(async () => {
    node = await startApiNode({
      logins: ['operator', 'commune-clerk', 'commune-administrator', 'commune-leader', 'commune-auditor'],
    })
  })
  after(() => node.close())
  beforeEach(() => node.setClock())

  const ask = (method: string, path: string, options: Sending = {}) => send(node.url, method, path, options)
  const codes = ({ status, body }: Answer) => [status, body.code]
  const post = async (
    by: 'commune-clerk' | 'commune-administrator' | 'commune-leader' | 'operator',
    path: string,
    json: object,
  ) => {
    const answer = await ask('POST', path, { token: await node.token(by), json })
    expect(answer.status, answer.text).to.be.within(200, 201)
    return answer.body
  }

  async function newUser(...roles: AgencyRole[]) {
    const login = `tk.${randomUUID().slice(0, 8)}`
    const { id } = await node.services.console.addUser({
      login,
      displayName: 'Tài khoản thử',
      password: PASSWORD,
      operator: false,
      grants: roles.map((role) => ({ agencyCode: agencies.commune.code, role })),
    })
    return { id, login }
  }
  const signIn = async (login: string, password = PASSWORD) =>
    ask('POST', '/session', { json: { login, password } })

  /** The open changes on a subject, oldest first. */
  async function open(subject: string): Promise<Change[]> {
    const items: Change[] = []
    for (let cursor = ''; ; ) {
      const token = await node.token('commune-leader')
      const { body } = await ask('GET', `/right-changes?limit=200${cursor}`, { token })
      items.push(...(body.items as Change[]))
      if (body.next === null) return items.filter((one) => one.subject === subject)
      cursor = `&cursor=${body.next}`
    }
  }

  async function newest(subject: string): Promise<Change> {
    const last = (await open(subject)).at(-1)
    if (last === undefined) throw new Error(`nothing open on ${subject}`)
    return last
  }

  const settle = async (change: Change, how: 'confirmation' | 'reversal') =>
    ask('POST', `/right-changes/${change.id}/${how}`, { token: await node.token('commune-leader') })
  const revert = async (subject: string) => {
    const change = await newest(subject)
    const answer = await settle(change, 'reversal')
    expect(answer.body, answer.text).to.deep.equal({ id: change.id, outcome: 'reverted' })
  }

  describe('of roles', () => {
    const held = async (id: string, role: string) => {
      const { body } = await ask('GET', `/users/${id}`, { token: await node.token('commune-administrator') })
      return (body.roles as { role: string }[] | undefined)?.find((one) => one.role === role)
    }
    const grant = (id: string, json: object) => post('commune-administrator', `/users/${id}/roles`, json)

    it('bring a role back as it was: until when, on what rule, by whom and since when [K066 N153]', async () => {
      node.setClock(new Date(NOW.getTime() - HOUR))
      const { id } = await newUser('specialist')
      node.setClock(NOW)
      const validFrom = new Date(NOW.getTime() - HOUR).toISOString()
      const validTo = new Date(NOW.getTime() + HOUR).toISOString()
      await grant(id, { role: 'signer', reason: RULE, validFrom, validTo })
      const before = await held(id, 'signer')
      expect(before).to.include({ reason: RULE, validFrom, validTo })
      node.setClock(new Date(NOW.getTime() + 60_000))
      await post('commune-administrator', `/users/${id}/roles/revocation`, { role: 'signer', reason: 'nhầm' })
      expect(await held(id, 'signer')).to.equal(undefined)
      await revert(`user:${id}`)
      expect(await held(id, 'signer')).to.deep.equal(before)
    })

    it('give a role that was only given anew its former time again [K066]', async () => {
      node.setClock(new Date(NOW.getTime() - HOUR))
      const { id } = await newUser('specialist')
      node.setClock(NOW)
      const validTo = new Date(NOW.getTime() + HOUR).toISOString()
      await grant(id, { role: 'signer', reason: RULE, validTo })
      const before = await held(id, 'signer')
      node.setClock(new Date(NOW.getTime() + 60_000))
      await grant(id, { role: 'signer', reason: 'không thời hạn' })
      expect((await held(id, 'signer')) as object).to.include({ validTo: null })
      await revert(`user:${id}`)
      expect(await held(id, 'signer')).to.deep.equal(before)
      await revert(`user:${id}`)
      expect(await held(id, 'signer'), 'the first grant is undone in whole').to.equal(undefined)
    })

    it('bring nothing back that was taken meanwhile, and change nothing that was given meanwhile [K066]', async () => {
      const { id } = await newUser('specialist')
      await grant(id, { role: 'signer', reason: RULE })
      await grant(id, { role: 'signer', reason: 'mới' })
      const [, first, second] = await open(`user:${id}`)
      for (const change of [first, second]) {
        if (change === undefined) throw new Error('two grants wait')
        expect((await settle(change, 'reversal')).status).to.equal(200)
        expect(await held(id, 'signer')).to.equal(undefined)
      }
      await grant(id, { role: 'clerk', reason: RULE })
      await post('commune-administrator', `/users/${id}/roles/revocation`, { role: 'clerk', reason: 'x' })
      const taken = await newest(`user:${id}`)
      await grant(id, { role: 'clerk', reason: 'cấp lại' })
      expect((await settle(taken, 'reversal')).status).to.equal(200)
      expect((await held(id, 'clerk')) as object).to.include({ reason: 'cấp lại' })
    })

    const both = async (id: string) => (await open(`user:${id}`)).slice(-2) as [Change, Change]
    const reverse = async (change: Change) => {
      const answer = await settle(change, 'reversal')
      expect(answer.status, answer.text).to.equal(200)
    }
    const revoke = (id: string, role: string) =>
      post('commune-administrator', `/users/${id}/roles/revocation`, { role, reason: 'nhầm' })

    it('bring no role back whose grant was undone itself, in whatever order [K066]', async () => {
      const { id } = await newUser('specialist')
      await grant(id, { role: 'signer', reason: RULE })
      await revoke(id, 'signer')
      const [given, taken] = await both(id)
      await reverse(given)
      await reverse(taken)
      expect(await held(id, 'signer')).to.equal(undefined)

      await grant(id, { role: 'clerk', reason: RULE })
      await settle(await newest(`user:${id}`), 'confirmation')
      await grant(id, { role: 'clerk', reason: 'thêm quyền' })
      await revoke(id, 'clerk')
      const [widened, ended] = await both(id)
      await reverse(widened)
      await reverse(ended)
      expect((await held(id, 'clerk')) as object).to.include({ reason: RULE })
    })

    it('leave what was given since and confirmed as it is [K066]', async () => {
      const { id } = await newUser('specialist')
      await grant(id, { role: 'signer', reason: RULE })
      await revoke(id, 'signer')
      const [given] = await both(id)
      await grant(id, { role: 'signer', reason: 'cấp lại' })
      await settle(await newest(`user:${id}`), 'confirmation')
      await reverse(given)
      expect((await held(id, 'signer')) as object).to.include({ reason: 'cấp lại' })

      const validTo = new Date(Date.now() + HOUR).toISOString()
      await grant(id, { role: 'signer', reason: 'không thời hạn' })
      await grant(id, { role: 'signer', reason: 'rút ngắn', validTo })
      const [widened, shortened] = await both(id)
      await settle(shortened, 'confirmation')
      await reverse(widened)
      expect((await held(id, 'signer')) as object).to.include({ reason: 'rút ngắn', validTo })
    })
  })

  describe('by a reset of an account', () => {
    const reset = (
      id: string,
      path = 'password',
      by: 'commune-administrator' | 'operator' = 'commune-administrator',
    ) => post(by, `/users/${id}/${path}`, { reason: 'quên mật khẩu' })

    it('wait on the list where the account signs, whoever did it, with the reason [K066]', async () => {
      const { id } = await newUser('signer', 'leader')
      for (const by of ['commune-administrator', 'operator'] as const) await reset(id, 'password', by)
      await node.services.context.db.asNode((trx) =>
        trx('users')
          .where({ id })
          .update({ totp_secret: Buffer.alloc(40) }),
      )
      await reset(id, 'second-factor/removal')
      await reset(id, 'disable')
      await reset(id, 'enable')
      const found = (await open(`user:${id}`)).filter((one) => one.kind.startsWith('account-'))
      expect(found.map((one) => one.kind)).to.deep.equal([
        'account-password-reset',
        'account-password-reset',
        'account-second-factor-off',
        'account-enabled',
      ])
      for (const one of found) {
        expect(one).to.include({ userId: id, right: 'leader signer', reason: 'quên mật khẩu' })
      }
      const [first] = found
      if (first === undefined) throw new Error('none')
      expect((await settle(first, 'confirmation')).status).to.equal(200)
      expect(await open(`user:${id}`)).not.to.deep.include(first)
    })

    it('do not where it signs nothing', async () => {
      const { id } = await newUser('specialist')
      await reset(id)
      expect((await open(`user:${id}`)).map((one) => one.kind)).to.deep.equal(['role-granted'])
    })

    it('undone, close the account that they opened [K066]', async () => {
      const { id, login } = await newUser('leader')
      const { oneTimePassword } = await reset(id)
      const session = await signIn(login, String(oneTimePassword))
      expect(session.status).to.equal(201)
      const own = await ask('POST', `/right-changes/${(await newest(`user:${id}`)).id}/confirmation`, {
        token: String(session.body.token),
      })
      expect(own.status, 'not by who signed in by it').to.equal(403)
      await revert(`user:${id}`)
      expect((await ask('GET', '/me', { token: String(session.body.token) })).status).to.equal(401)
      expect(codes(await signIn(login, String(oneTimePassword)))).to.deep.equal([401, 'SIGN_IN_FAILED'])
    })

    it('undone, end the roles in the agency where the account works for another one too [K066]', async () => {
      const { id, login } = await newUser('signer')
      await post('operator', `/users/${id}/roles`, { agencyCode: agencies.district.code, role: 'specialist' })
      const { oneTimePassword } = await reset(id, 'password', 'operator')
      await revert(`user:${id}`)
      const session = await signIn(login, String(oneTimePassword))
      expect(session.body).to.deep.include({ roles: ['specialist'] })
    })
  })

  describe('by leaders whose own right waits', () => {
    const made = async (role: AgencyRole) => {
      const login = `ld.${randomUUID().slice(0, 8)}`
      const json = { login, displayName: 'Người mới', password: PASSWORD, mustChangePassword: false }
      const { id } = await post('commune-administrator', '/users', {
        ...json,
        grants: [{ role, reason: RULE }],
      })
      return { id: String(id), login, token: String((await signIn(login)).body.token) }
    }
    const confirm = async (change: Change, token: string) =>
      ask('POST', `/right-changes/${change.id}/confirmation`, { token })

    it('are none: two whom an administrator made do not confirm each other [K066]', async () => {
      const one = await made('leader')
      const other = await made('leader')
      const ofOther = await newest(`user:${other.id}`)
      expect(codes(await confirm(ofOther, one.token))).to.deep.equal([403, 'RIGHT_UNCONFIRMED'])
      expect((await settle(await newest(`user:${one.id}`), 'confirmation')).status).to.equal(200)
      expect((await confirm(ofOther, one.token)).status, 'confirmed himself').to.equal(200)
    })

    it('are none: who was let into a leader’s account does not confirm what else was changed [K066]', async () => {
      const { id, login } = await newUser('leader')
      const { oneTimePassword } = await post('commune-administrator', `/users/${id}/password`, {
        reason: 'quên',
      })
      const token = String((await signIn(login, String(oneTimePassword))).body.token)
      const json = { present: oneTimePassword, password: 'một mật khẩu khác hẳn' }
      expect((await ask('POST', '/me/password', { token, json })).status).to.equal(200)
      const signer = await made('signer')
      const change = await newest(`user:${signer.id}`)
      expect(codes(await confirm(change, token))).to.deep.equal([403, 'RIGHT_UNCONFIRMED'])
      const reset = (await open(`user:${id}`)).find((one) => one.kind === 'account-password-reset')
      if (reset === undefined) throw new Error('no reset waits')
      expect((await settle(reset, 'confirmation')).status).to.equal(200)
      expect((await confirm(change, token)).status).to.equal(200)
    })

    it('stand where nobody else could confirm them', async () => {
      const token = await node.token('operator')
      const grants = [{ agencyCode: agencies.district.code, role: 'leader', reason: RULE }]
      const login = `ld.${randomUUID().slice(0, 8)}`
      const json = { login, displayName: 'Lãnh đạo duy nhất', password: PASSWORD, mustChangePassword: false }
      expect((await ask('POST', '/users', { token, json: { ...json, grants } })).status).to.equal(201)
      const other = {
        ...json,
        login: `cv.${randomUUID().slice(0, 8)}`,
        grants: [{ ...grants[0], role: 'specialist' }],
      }
      const { body } = await ask('POST', '/users', { token, json: other })
      const only = String((await signIn(login)).body.token)
      const list = await ask('GET', '/right-changes', { token: only })
      const change = (list.body.items as Change[]).find((one) => one.userId === body.id)
      if (change === undefined) throw new Error('nothing waits')
      expect((await confirm(change, only)).status).to.equal(200)
    })

    it('are none either when a leader whose right stands is given it anew [K066]', async () => {
      const agencyCode = agencies.district.code
      const leader = { agencyCode, role: 'leader', reason: RULE }
      const { id } = await node.services.console.addUser({
        login: `ld.${randomUUID().slice(0, 8)}`,
        displayName: 'Lãnh đạo',
        password: PASSWORD,
        operator: false,
        grants: [{ agencyCode, role: 'leader' }],
      })
      const add = async (grant: object) => {
        const login = `tk.${randomUUID().slice(0, 8)}`
        const json = { login, displayName: 'Người mới', password: PASSWORD, mustChangePassword: false }
        const { id: made } = await post('operator', '/users', { ...json, grants: [grant] })
        return { id: String(made), login }
      }
      const made = await add(leader)
      await post('operator', `/users/${id}/roles`, { ...leader, reason: 'cấp lại' })
      const signer = await add({ ...leader, role: 'signer' })
      const token = String((await signIn(made.login)).body.token)
      const { body } = await ask('GET', '/right-changes', { token })
      const change = (body.items as Change[]).find((one) => one.userId === signer.id)
      if (change === undefined) throw new Error('nothing waits')
      expect(codes(await confirm(change, token))).to.deep.equal([403, 'RIGHT_UNCONFIRMED'])
    })
  })

  describe('to documents', () => {
    const draft = async () => {
      const json = {
        kind: 'Công văn',
        subject: 'Về việc thử nghiệm',
        symbol: 'UBND-VP',
        urgency: 0,
        place: 'Hải Minh',
        signer: { name: 'Người ký 1' },
        recipients: [],
      }
      const id = String((await post('commune-clerk', '/documents', json)).id)
      const { agencyId } = (await ask('GET', '/me', { token: await node.token('commune-clerk') })).body
      // Out of quarantine as if its file had been checked.
      await node.database.db.asAgency({ agencyId: String(agencyId) }, (trx) =>
        trx('documents').where({ id }).update({ state: 'draft' }),
      )
      return id
    }
    const seen = async (id: string, token: string) => (await ask('GET', `/documents/${id}`, { token })).status
    const reader = async () => {
      const { id, login } = await newUser('specialist')
      return { id, login, token: String((await signIn(login)).body.token) }
    }

    it('take a permit away, and give a withdrawn right back for the causes that it had [K066]', async () => {
      const id = await draft()
      const one = await reader()
      await post('commune-clerk', `/documents/${id}/access`, { user: one.login, reason: RULE })
      expect(await seen(id, one.token)).to.equal(200)
      await revert(`document:${id}`)
      expect(await seen(id, one.token)).to.equal(404)
      await post('commune-clerk', `/documents/${id}/access`, { user: one.login, reason: RULE })
      await post('commune-clerk', `/documents/${id}/access/withdrawal`, { user: one.login, reason: 'xong' })
      expect(await seen(id, one.token)).to.equal(404)
      await revert(`document:${id}`)
      expect(await seen(id, one.token)).to.equal(200)
      const { body } = await ask('GET', `/documents/${id}/access`, {
        token: await node.token('commune-clerk'),
      })
      const now = (body.items as { userId: string; as: string; withdrawn: unknown }[]).filter(
        (right) => right.userId === one.id && right.withdrawn === null,
      )
      expect(now.map((right) => right.as)).to.deep.equal(['permitted'])
    })

    it('lift a restriction, though the leader himself may not read what is restricted, and put it back [K066]', async () => {
      const id = await draft()
      const leader = await node.token('commune-leader')
      const restrict = (restricted: boolean) =>
        post('commune-clerk', `/documents/${id}/restriction`, { restricted, reason: RULE })
      await restrict(true)
      expect(await seen(id, leader)).to.equal(404)
      await revert(`document:${id}`)
      expect(await seen(id, leader)).to.equal(200)
      await restrict(true)
      await restrict(false)
      expect(await seen(id, leader)).to.equal(200)
      await revert(`document:${id}`)
      expect(await seen(id, leader)).to.equal(404)
    })

    it('bring no right back that was undone itself, and lift nothing that was restricted since [K066]', async () => {
      const id = await draft()
      const one = await reader()
      const reverseBoth = async (subject: string) => {
        for (const change of (await open(subject)).slice(-2)) {
          expect((await settle(change, 'reversal')).status).to.equal(200)
        }
      }
      await post('commune-clerk', `/documents/${id}/access`, { user: one.login, reason: RULE })
      await post('commune-clerk', `/documents/${id}/access/withdrawal`, { user: one.login, reason: 'xong' })
      await reverseBoth(`document:${id}`)
      expect(await seen(id, one.token)).to.equal(404)

      await post('commune-clerk', `/documents/${id}/access`, { user: one.login, reason: RULE })
      const permitted = await newest(`document:${id}`)
      await post('commune-clerk', `/documents/${id}/access/withdrawal`, { user: one.login, reason: 'xong' })
      await post('commune-clerk', `/documents/${id}/access`, { user: one.login, reason: 'xem lại' })
      await settle(await newest(`document:${id}`), 'confirmation')
      await settle(permitted, 'reversal')
      expect(await seen(id, one.token), 'permitted anew and confirmed').to.equal(200)

      const leader = await node.token('commune-leader')
      const restrict = (restricted: boolean) =>
        post('commune-clerk', `/documents/${id}/restriction`, { restricted, reason: RULE })
      await restrict(true)
      const restricted = await newest(`document:${id}`)
      await restrict(false)
      await restrict(true)
      await settle(await newest(`document:${id}`), 'confirmation')
      await settle(restricted, 'reversal')
      expect(await seen(id, leader), 'restricted anew and confirmed').to.equal(404)

      const dossier = await post('commune-clerk', '/dossiers', {
        year: 2026,
        notation: `${randomUUID().slice(0, 6)}.VP`,
        title: 'Hồ sơ thử',
        retentionYears: 5,
        restricted: true,
      })
      const path = `/dossiers/${dossier.id}`
      const other = await reader()
      await post('commune-clerk', `${path}/members`, { user: other.login, role: 'reader', reason: RULE })
      await post('commune-clerk', `${path}/members/withdrawal`, { user: other.login, reason: 'xong' })
      await reverseBoth(`dossier:${dossier.id}`)
      expect((await ask('GET', path, { token: other.token })).status).to.equal(404)
    })

    it('leave a restricted document somebody who may read it', async () => {
      const id = await draft()
      const one = await reader()
      await post('commune-clerk', `/documents/${id}/restriction`, { restricted: true, reason: RULE })
      await post('commune-clerk', `/documents/${id}/access`, { user: one.login, reason: RULE })
      const permitted = await newest(`document:${id}`)
      await post('commune-clerk', `/documents/${id}/access/withdrawal`, {
        user: 'commune-clerk',
        reason: 'x',
      })
      expect(codes(await settle(permitted, 'reversal'))).to.deep.equal([409, 'ACCESS_LAST_READER'])
      expect(await seen(id, one.token)).to.equal(200)
      expect((await open(`document:${id}`)).map((change) => change.id)).to.include(permitted.id)
    })

    it('take a restricted document out of a dossier again, whose members would read it [K066]', async () => {
      const id = await draft()
      const one = await reader()
      const dossier = await post('commune-clerk', '/dossiers', {
        year: 2026,
        notation: `${randomUUID().slice(0, 6)}.VP`,
        title: 'Hồ sơ thử',
        retentionYears: 5,
        restricted: true,
      })
      await post('commune-clerk', `/dossiers/${dossier.id}/members`, { user: one.login, reason: RULE })
      await post('commune-clerk', `/documents/${id}/restriction`, { restricted: true, reason: RULE })
      await post('commune-clerk', `/dossiers/${dossier.id}/documents`, { documentId: id })
      expect(await seen(id, one.token)).to.equal(200)
      expect(await newest(`document:${id}`)).to.include({ kind: 'document-filed', userId: null })
      await revert(`document:${id}`)
      expect(await seen(id, one.token)).to.equal(404)
      const left = await ask('GET', `/dossiers/${dossier.id}`, { token: await node.token('commune-clerk') })
      expect(left.body.documents).to.deep.equal([])
    })

    it('send a member of a dossier off, or let one back in with what lies in it [K066]', async () => {
      const id = await draft()
      const dossier = await post('commune-clerk', '/dossiers', {
        year: 2026,
        notation: `${randomUUID().slice(0, 6)}.VP`,
        title: 'Hồ sơ thử',
        retentionYears: 5,
      })
      const path = `/dossiers/${dossier.id}`
      await post('commune-clerk', `${path}/documents`, { documentId: id })
      const one = await reader()
      const member = { user: one.login, role: 'reader', reason: RULE }
      await post('commune-clerk', `${path}/members`, member)
      expect(await seen(id, one.token)).to.equal(200)
      await revert(`dossier:${dossier.id}`)
      expect(await seen(id, one.token)).to.equal(404)
      await post('commune-clerk', `${path}/members`, { ...member, role: 'keeper' })
      await post('commune-clerk', `${path}/members/withdrawal`, { user: one.login, reason: 'xong' })
      await revert(`dossier:${dossier.id}`)
      expect(await seen(id, one.token)).to.equal(200)
      const back = await ask('GET', path, { token: one.token })
      expect(
        (back.body.members as { userId: string; role: string }[]).find((m) => m.userId === one.id),
      ).to.include({
        role: 'keeper',
      })
      await post('commune-clerk', `${path}/restriction`, { restricted: true, reason: RULE })
      const leader = await node.token('commune-leader')
      expect((await ask('GET', path, { token: leader })).status).to.equal(404)
      await revert(`dossier:${dossier.id}`)
      expect((await ask('GET', path, { token: leader })).status).to.equal(200)
    })
  })

  it('a token of whatever scopes lists no sessions and tokens of its owner', async () => {
    const { login } = await newUser('specialist')
    const token = String((await signIn(login)).body.token)
    for (const scopes of [['agency.read'], undefined]) {
      const made = await ask('POST', '/tokens', { token, json: { label: 'kịch bản', days: 1, scopes } })
      const answer = await ask('GET', '/tokens', { token: String(made.body.token) })
      expect(codes(answer)).to.deep.equal([403, 'NOT_PERMITTED'])
    }
    expect((await ask('GET', '/tokens', { token })).status).to.equal(200)
  })
})
