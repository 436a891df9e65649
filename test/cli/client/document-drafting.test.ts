import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { jsonLines, runHere } from '../run-congvan.ts'
import { type FakeNode, startFakeNode } from './fake-node.ts'

const ID = '7b0d6c1e-1111-4222-8333-444455556666'

describe('cli: document present, return, check, edit, revise, late, history', () => {
  let node: FakeNode
  let folder: string
  let token: string
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'congvan-drafting-'))
    token = join(folder, 'token')
    writeFileSync(token, 'cv_x')
    writeFileSync(join(folder, 'hai.pdf'), '%PDF-1.7 x')
    node = await startFakeNode(({ method, path }) => {
      const { pathname, searchParams } = new URL(path, 'http://x')
      if (pathname.endsWith('/late')) {
        const second = searchParams.get('cursor') === 'next'
        const item = {
          id: ID,
          state: 'signed',
          subject: second ? 'hai' : 'một',
          code: { number: null, notation: 'UBND-VP' },
          dueOn: '2026-01-12',
          responsible: [{ name: 'Văn thư' }],
        }
        return { json: { items: [item], next: second ? null : 'next', warning: { years: [2026] } } }
      }
      if (pathname.endsWith('/history')) {
        const step = {
          at: '2026-01-05T02:00:00.000Z',
          kind: 'document.drafted',
          by: { name: 'Văn thư' },
          facts: {},
        }
        return { json: { steps: [step], next: searchParams.get('after') === '7' ? null : '7' } }
      }
      if (pathname.endsWith('/to-sign')) return { json: { items: [] } }
      if (pathname.endsWith('/versions')) {
        return { json: { id: ID, state: 'draft', revision: 3, signaturesCancelled: 1 } }
      }
      const state = pathname.endsWith('/present') ? 'presented' : 'draft'
      return { json: { id: ID, state, version: method === 'PATCH' ? 5 : 4 } }
    })
  })
  after(async () => {
    await node.close()
    rmSync(folder, { recursive: true, force: true })
  })
  beforeEach(() => {
    node.seen.length = 0
  })

  const run = (...args: string[]) => runHere(['document', ...args, '--node', node.url, '--token-file', token])
  const sent = (method: string) =>
    node.seen
      .filter((one) => one.method === method)
      .map((one) => [one.path, JSON.parse(one.body.toString() || '{}')])

  it('present to several in the order in which they are named', async () => {
    const { exit, stdout } = await run('present', ID, '--signer', 'pct', '--signer', 'ct', '--note', 'gấp')
    expect([exit, stdout]).to.deep.equal([0, `${ID} (đã trình ký)\n`])
    expect(sent('POST')).to.deep.equal([
      [`/documents/${ID}/present`, { signers: [{ user: 'pct' }, { user: 'ct' }], note: 'gấp' }],
    ])
    expect((await run('present', ID)).exit).to.equal(64)
  })

  it('return and check with a verdict on either content or form', async () => {
    await run('return', ID, '--remark', 'Sửa')
    await run('check', ID, '--form')
    await run('check', ID, '--content', '--failed', '--remark', 'Sai căn cứ')
    expect(sent('POST')).to.deep.equal([
      [`/documents/${ID}/return`, { remark: 'Sửa' }],
      [`/documents/${ID}/form-check`, { passed: true }],
      [`/documents/${ID}/content-check`, { passed: false, remark: 'Sai căn cứ' }],
    ])
    expect((await run('check', ID)).exit).to.equal(64)
    expect((await run('check', ID, '--form', '--content')).exit).to.equal(64)
  })

  it('edit on top of the version that was read', async () => {
    expect((await run('edit', ID, '--urgency', '2', '--to', 'G22')).exit).to.equal(0)
    const [patch] = node.seen.filter((one) => one.method === 'PATCH')
    expect(patch?.headers['if-match']).to.equal('"4"')
    expect(JSON.parse(String(patch?.body))).to.deep.equal({ urgency: 2, recipients: ['G22'] })
    expect((await run('edit', ID)).exit).to.equal(64)
  })

  it('revise only what was declared to hold no state secret', async () => {
    const file = join(folder, 'hai.pdf')
    expect((await run('revise', ID, file)).exit).to.equal(64)
    expect(node.seen).to.deep.equal([])
    const { exit, stdout } = await run('revise', ID, file, '--no-state-secret')
    expect([exit, stdout]).to.deep.equal([0, `${ID} → 3 (dự thảo)\n`])
    const upload = node.seen.find((one) => one.method === 'POST')
    expect(upload?.path).to.equal(`/documents/${ID}/versions?stateSecret=false&scanDeclared=false`)
    expect(upload?.headers['if-match']).to.equal('"4"')
    expect(String(upload?.body)).to.equal('%PDF-1.7 x')
  })

  it('late lists page after page and tells when the calendar is incomplete; history tells who and when', async () => {
    const late = await run('late')
    expect(
      late.stdout
        .split('\n')
        .filter(Boolean)
        .map((line) => line.split('\t')),
    ).to.deep.equal([
      ['2026-01-12', ID, '…/UBND-VP', 'một', 'đã ký cá nhân', 'Văn thư'],
      ['2026-01-12', ID, '…/UBND-VP', 'hai', 'đã ký cá nhân', 'Văn thư'],
    ])
    expect(late.stderr).to.equal('congvan: Chưa có lịch ngày làm việc năm 2026: danh sách có thể sai\n')
    const history = await run('history', ID, '--json')
    expect(jsonLines(history.stdout)[0]?.steps).to.have.length(2)
    expect((await run('to-sign')).exit).to.equal(0)
  })
})
