import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { type ApiNode, agencies, type Login, send, startApiNode } from '../server/api/node.ts'
import { jsonLines, runHere } from './run-congvan.ts'

describe('congvan agency settings, authorisation', () => {
  let node: ApiNode
  before(async () => {
    node = await startApiNode({ logins: ['commune-leader', 'commune-clerk', 'district-leader', 'both'] })
    for (const login of ['commune-leader', 'commune-clerk', 'district-leader'] as const) {
      writeFileSync(tokenFile(login), await node.token(login))
      chmodSync(tokenFile(login), 0o600)
    }
  })
  after(() => node.close())

  const tokenFile = (login: Login) => join(node.folder, `${login}.token`)
  const as = (login: Login, args: string[], stdin?: unknown) =>
    runHere([...args, '--node', node.url, '--token-file', tokenFile(login)], {
      ...(stdin === undefined ? {} : { stdin: Buffer.from(JSON.stringify(stdin)) }),
    })
  const json = async (login: Login, args: string[], stdin?: unknown) => {
    const { exit, stdout, stderr } = await as(login, [...args, '--json'], stdin)
    expect(exit, stderr).to.equal(0)
    return jsonLines(stdout)
  }
  const settings = (login: Login = 'commune-leader') => json(login, ['agency', 'settings'])

  it('shows the settings with their version; what was not decided has its default', async () => {
    const [shown] = await settings()
    expect(shown).to.include({ version: 0 })
    expect(shown?.settings).to.include({ shortName: null, urgentHandlingDays: 1 })
    const table = await as('commune-leader', ['agency', 'settings', 'show'])
    expect(table.stdout).to.match(/^urgentHandlingDays\s+1$/m)
    expect(table.stderr).to.include('phiên bản 0')
  })

  it('changes what the file names on top of the newest version, and leaves the rest', async () => {
    const set = (change: unknown) => json('commune-leader', ['agency', 'settings', 'set', '-'], change)
    expect((await set({ shortName: 'UBND' }))[0]).to.include({ version: 1 })
    const [second] = await set({ dueSoonDays: 5 })
    expect(second).to.include({ version: 2 })
    expect(second?.settings).to.include({ shortName: 'UBND', dueSoonDays: 5 })
    expect((await settings('district-leader'))[0]).to.include({ version: 0 })
  })

  it('refuses a file that is no object, a setting that is none, and who may not', async () => {
    const set = (login: Login, change: unknown) => as(login, ['agency', 'settings', 'set', '-'], change)
    expect((await set('commune-leader', [1])).exit).to.equal(64)
    const unknown = await set('commune-leader', { sealMillimetres: 36 })
    expect([unknown.exit, unknown.stderr]).to.satisfy(([exit, text]: [number, string]) => {
      return exit === 65 && text.includes('sealMillimetres')
    })
    expect((await set('commune-clerk', { dueSoonDays: 1 })).exit).to.equal(77)
    expect((await settings())[0]).to.include({ version: 2 })
  })

  it('is refused when somebody else has changed them meanwhile', async () => {
    const token = await node.token('commune-leader')
    const read = await send(node.url, 'GET', '/settings', { token })
    await json('commune-leader', ['agency', 'settings', 'set', '-'], { dueSoonDays: 4 })
    const late = await fetch(`${node.url}/api/v1/settings`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${token}`, 'if-match': `"${read.body.version}"` },
      body: JSON.stringify(read.body.settings),
    })
    expect([late.status, ((await late.json()) as { code: string }).code]).to.deep.equal([
      412,
      'VERSION_STALE',
    ])
  })

  it('records who signs TUQ., by what and until when, lists and ends it', async () => {
    const grant = (...more: string[]) => [
      ...['agency', 'authorisation', 'grant', '--prefix', 'TUQ.', '--holder', 'both', '--from', '2026-01-01'],
      ...['--basis', 'Văn bản ủy quyền số 05/UBND-VP ngày 05/01/2026', '--scope', 'Giấy mời họp', ...more],
    ]
    expect((await as('commune-leader', grant())).stderr).to.include('validTo')
    const clerk = await as('commune-leader', grant('--to', '2026-12-31'))
    expect([clerk.exit, clerk.stderr.includes('both')]).to.deep.equal([65, true])
    await node.services.console.addUser({
      login: 'pho-chu-tich',
      displayName: 'Người ký 2',
      password: 'mật khẩu chỉ để thử',
      operator: false,
      grants: [{ agencyCode: agencies.commune.code, role: 'signer' }],
    })
    const named = grant('--to', '2026-12-31', '--kind', 'giấy mời').map((one) =>
      one === 'both' ? 'pho-chu-tich' : one,
    )
    const [made] = await json('commune-leader', named)
    const id = String(made?.id)
    const [listed] = await json('commune-leader', ['agency', 'authorisation'])
    expect(listed).to.deep.include({ id, prefix: 'TUQ.', kinds: ['Giấy mời'], validTo: '2026-12-31' })
    expect((await as('commune-leader', ['agency', 'authorisation', 'list'])).stdout)
      .to.include('Người ký 2')
      .and.include('2026-01-01 – 2026-12-31')
    expect(await json('district-leader', ['agency', 'authorisation'])).to.deep.equal([])
    expect((await as('commune-leader', ['agency', 'authorisation', 'end', id])).stdout).to.include(
      'đã thu hồi',
    )
    expect((await as('commune-leader', ['agency', 'authorisation', 'end', id])).exit).to.equal(66)
    expect((await as('commune-leader', ['agency', 'authorisation', 'list'])).stdout).to.include('đã thu hồi')
  })

  it('explains itself in both languages', async () => {
    const help = async (...args: string[]) =>
      (await runHere(['agency', ...args, '--help'])).stdout.replace(/\s+/g, ' ')
    expect(await help('settings'))
      .to.include('đổi các thiết lập')
      .and.include('the others stay')
    expect(await help('authorisation', 'grant')).to.include('--holder <login> người được ký / who may sign')
  })
})
