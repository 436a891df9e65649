import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { type ApiNode, agencies, startApiNode } from '../server/api/node.ts'
import { runHere } from './run-congvan.ts'

const example = fileURLToPath(new URL('../../fixtures/calendar/vi-du-2026.csv', import.meta.url))

/** The operator's commands on agencies and the calendar, against a whole node. */
describe('congvan agency, calendar', () => {
  let node: ApiNode
  let tokenFile: string
  before(async () => {
    node = await startApiNode({ logins: ['operator'] })
    tokenFile = join(node.folder, 'operator.token')
    writeFileSync(tokenFile, await node.token('operator'))
    chmodSync(tokenFile, 0o600)
  })
  after(() => node.close())

  const congvan = (...args: string[]) => runHere([...args, '--node', node.url, '--token-file', tokenFile])
  const json = async (...args: string[]) => {
    const { exit, stdout, stderr } = await congvan(...args, '--json')
    expect(exit, stderr).to.equal(0)
    return JSON.parse(stdout) as Record<string, unknown>
  }
  const { code, name } = agencies.commune

  it('previews, renames, and shows an agency on a day', async () => {
    const rename = ['agency', 'rename', code, '--name', 'Ủy ban nhân dân xã Mới', '--on', '2026-01-01']
    const preview = await congvan(...rename, '--dry-run')
    expect(preview.exit, preview.stderr).to.equal(0)
    expect(preview.stdout).to.include(name).and.include('Ủy ban nhân dân xã Mới')
    expect(preview.stderr).to.include('xem trước')
    const shown = async (...date: string[]) =>
      (await json('agency', 'show', code, ...date)).agency as { name: string }
    expect((await shown('--date', '2026-02-01')).name).to.equal(name)
    const done = await json(...rename)
    expect(done.changes).to.deep.equal([{ field: 'name', from: name, to: 'Ủy ban nhân dân xã Mới' }])
    expect((await shown('--date', '2025-12-31')).name).to.equal(name)
    expect((await shown('--date', '2026-02-01')).name).to.equal('Ủy ban nhân dân xã Mới')
  })

  it('founds, recodes, moves and closes', async () => {
    const on = ['--on', '2026-03-01']
    const found = await json(
      'agency',
      'found',
      '--code',
      'H40.77',
      '--name',
      'Phòng Thử',
      '--level',
      'district',
      '--parent',
      'H40',
      ...on,
    )
    expect(found.act).to.equal('found')
    expect(
      (await json('agency', 'recode', 'H40.77', '--new-code', 'H40.78', '--on', '2026-04-01')).changes,
    ).to.deep.equal([{ field: 'code', from: 'H40.77', to: 'H40.78' }])
    const moved = await json(
      'agency',
      'move',
      'H40.78',
      '--parent',
      agencies.district.code,
      '--on',
      '2026-05-01',
    )
    expect((moved.changes as { field: string }[]).map((one) => one.field)).to.deep.equal(['parentId'])
    const closed = await json('agency', 'close', 'H40.78', '--successor', 'H40', '--on', '2026-06-01')
    expect((closed.changes as { field: string }[]).map((one) => one.field)).to.include('closedOn')
    const bearers = await congvan('agency', 'show', 'H40.77')
    expect(bearers.stdout).to.include('2026-03-01 – 2026-04-01').and.include('Phòng Thử')
    const again = await congvan('agency', 'close', 'H40.78', '--on', '2026-06-02')
    expect([again.exit, again.stderr.includes('H40.78')]).to.deep.equal([66, true])
    expect((await congvan('agency', 'move', 'H40', '--on', '2026-06-01')).exit).to.equal(64)
    expect((await congvan('agency', 'rename', 'H40', '--name', 'x', '--on', 'mai')).exit).to.equal(64)
  })

  it('imports a calendar after a preview, and shows it', async () => {
    const empty = await congvan('calendar', 'show', '2026')
    expect(empty.stderr).to.include('chưa nhập lịch')
    const preview = await json('calendar', 'import', example, '--dry-run')
    expect(preview).to.include({ year: 2026, dryRun: true, version: 0 })
    const done = await congvan('calendar', 'import', example)
    expect(done.exit, done.stderr).to.equal(0)
    expect(done.stdout).to.include('2026-02-17')
    const shown = await json('calendar', 'show', '2026')
    expect(shown).to.include({ complete: true, version: 1 })
    const wrongYear = await congvan('calendar', 'import', example, '--year', '2027')
    expect(wrongYear.exit).to.equal(65)
    expect(wrongYear.stderr).to.include('dòng/row 3, day: 2026-01-01')
    expect((await congvan('calendar', 'show', 'nay')).exit).to.equal(64)
  })
})
