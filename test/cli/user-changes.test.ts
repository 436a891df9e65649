import { randomUUID } from 'node:crypto'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { type ApiNode, PASSWORD, send, startApiNode } from '../server/api/node.ts'
import { runHere } from './run-congvan.ts'

const REASON = 'Quyết định số 12/QĐ-UBND'

/** The leader's list of changed rights, against a whole node. */
describe('congvan user changes', () => {
  let node: ApiNode
  let tokenFile: string
  before(async () => {
    node = await startApiNode({ logins: ['commune-clerk', 'commune-administrator', 'commune-leader'] })
    tokenFile = join(node.folder, 'leader.token')
    writeFileSync(tokenFile, await node.token('commune-leader'))
    chmodSync(tokenFile, 0o600)
  })
  after(() => node.close())

  const congvan = (...args: string[]) => runHere([...args, '--node', node.url, '--token-file', tokenFile])
  const post = async (by: 'commune-clerk' | 'commune-administrator', path: string, json: object) => {
    const answer = await send(node.url, 'POST', path, { token: await node.token(by), json })
    expect(answer.status, answer.text).to.be.within(200, 201)
    return answer.body
  }
  const open = async () => {
    const { exit, stdout, stderr } = await congvan('user', 'changes', '--json')
    expect(exit, stderr).to.equal(0)
    return stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as { id: string; kind: string; subject: string; reason: string })
  }

  it('shows roles, resets of who signs, and access to documents and dossiers; settles each [K066]', async () => {
    const login = `ky.${randomUUID().slice(0, 8)}`
    const grants = [{ role: 'signer', reason: REASON }]
    const { id } = await post('commune-administrator', '/users', {
      login,
      displayName: 'Người ký thử',
      password: PASSWORD,
      grants,
    })
    await post('commune-administrator', `/users/${id}/password`, { reason: REASON })
    const dossier = await post('commune-clerk', '/dossiers', {
      year: 2026,
      notation: '01.VP',
      title: 'Hồ sơ thử',
      retentionYears: 5,
    })
    await post('commune-clerk', `/dossiers/${dossier.id}/members`, { user: login, reason: REASON })
    const drafted = await post('commune-clerk', '/documents', {
      kind: 'Công văn',
      subject: 'Về việc thử nghiệm',
      symbol: 'UBND-VP',
      urgency: 0,
      place: 'Hải Minh',
      signer: { name: 'Người ký 1' },
      recipients: [],
    })
    const token = await node.token('commune-clerk')
    const { agencyId } = (await send(node.url, 'GET', '/me', { token })).body
    // Out of quarantine as if its file had been checked.
    await node.database.db.asAgency({ agencyId: String(agencyId) }, (trx) =>
      trx('documents').where({ id: drafted.id }).update({ state: 'draft' }),
    )
    await post('commune-clerk', `/documents/${drafted.id}/access`, { user: login, reason: REASON })

    const about = [`user:${id}`, `dossier:${dossier.id}`, `document:${drafted.id}`]
    const changes = (await open()).filter((one) => about.includes(one.subject))
    expect(changes.map((one) => [one.kind, one.reason])).to.have.deep.members([
      ['role-granted', REASON],
      ['account-password-reset', REASON],
      ['dossier-permitted', REASON],
      ['document-permitted', REASON],
    ])
    const table = await congvan('user', 'changes')
    expect(table.stdout)
      .to.include('document-permitted')
      .and.include(`document:${drafted.id}`)
      .and.include(REASON)
    for (const { id: change, kind } of changes) {
      const how = kind === 'role-granted' ? 'confirm-change' : 'revert-change'
      const done = await congvan('user', how, change)
      expect(done.exit, done.stderr).to.equal(0)
    }
    expect((await open()).filter((one) => about.includes(one.subject))).to.deep.equal([])
    const again = await congvan('user', 'revert-change', changes[0]?.id ?? '')
    expect(again.exit).not.to.equal(0)
  })
})
