import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { jsonLines, runHere } from '../run-congvan.ts'
import { type FakeNode, type Reply, startFakeNode } from './fake-node.ts'

const ID = '7b0d6c1e-1111-4222-8333-444455556666'
const bytesOf = (name: string) => Buffer.from(`DER of ${name}`)
const hashOf = (name: string) => createHash('sha256').update(bytesOf(name)).digest('hex')

describe('cli: document draft and edit by series, evidence; agency list, track', () => {
  let node: FakeNode
  let folder: string
  let token: string
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'congvan-office-'))
    token = join(folder, 'token')
    writeFileSync(token, 'cv_x')
    writeFileSync(join(folder, 'qd.pdf'), '%PDF-1.7 x')
    node = await startFakeNode(reply)
  })
  after(async () => {
    await node.close()
    rmSync(folder, { recursive: true, force: true })
  })
  beforeEach(() => {
    node.seen.length = 0
  })

  const reply: Reply = ({ method, path }) => {
    const { pathname, searchParams } = new URL(path, 'http://x')
    if (pathname === '/agencies') {
      const second = searchParams.get('cursor') === 'tiep'
      const count = Math.min(Number(searchParams.get('limit')), second ? 1 : 5)
      const agencies = Array.from({ length: count }, (_, i) => ({
        id: ID,
        code: `H40.${second ? 'cuoi' : i}`,
        name: 'Ủy ban nhân dân xã',
        level: 'commune',
        hostingNode: 'tinh',
        closedOn: null,
      }))
      return { json: { agencies, next: second ? null : 'tiep' } }
    }
    if (pathname.endsWith('/report')) {
      const policy = {
        anchors: [hashOf('root')],
        untrusted: [hashOf('root'), hashOf('ca')],
        crls: [hashOf('crl')],
      }
      return { json: { revision: 1, policy } }
    }
    if (pathname.includes('/trust/')) {
      const name = ['root', 'ca', 'crl'].find((one) => pathname.endsWith(hashOf(one))) ?? ''
      return { bytes: bytesOf(name) }
    }
    if (method === 'GET' && pathname === `/documents/${ID}`) return { json: details }
    if (pathname.endsWith('/deliveries')) return { json: { deliveries } }
    return { json: { id: ID, state: 'draft', version: method === 'PATCH' ? 5 : 4 } }
  }
  const time = '2026-01-05T02:00:00.000Z'
  const details = {
    id: ID,
    direction: 'outgoing',
    state: 'draft',
    version: 4,
    kind: 'Quyết định',
    subject: 'Khen thưởng',
    code: { number: null, notation: 'QĐ-HĐ' },
    promulgationDate: null,
    documentCode: null,
    createdAt: time,
    incoming: null,
    revisions: [],
    outgoing: { council: 'Hội đồng Thi đua', normative: false, keptCopies: 0 },
  }
  const delivery = { id: ID, documentId: ID, envelope: 'e', hops: [], receipts: [], statuses: [] }
  const deliveries = [
    {
      ...delivery,
      recipient: 'H40.01',
      state: 'undeliverable',
      terminal: {
        event: 'ContentConsignmentFailure',
        node: 'huyen',
        reason: 'AGENCY_CLOSED',
        reasonText: 'đóng từ 2025-03-11; cơ quan kế thừa: H40',
        time,
      },
    },
    {
      ...delivery,
      recipient: 'H40.02',
      state: 'refused',
      statuses: [{ code: '02', node: 'huyen', description: 'Gửi sai nơi nhận', time }],
      terminal: { event: 'ContentConsignment', node: 'huyen', reason: null, time },
    },
  ]

  const run = (...args: string[]) => runHere([...args, '--node', node.url, '--token-file', token])
  const bodyOf = (method: string) => {
    const seen = node.seen.find((one) => one.method === method)
    return JSON.parse(String(seen?.body)) as Record<string, unknown>
  }
  const draft = (...more: string[]) =>
    run(
      ...['document', 'draft', join(folder, 'qd.pdf'), '--kind', 'Quyết định', '--subject', 'x'],
      ...['--symbol', 'QĐ-HĐ', '--signer-name', 'Người ký 1', ...more],
    )

  it('says in whose name it is issued and whether it is legal normative, only where it was said', async () => {
    expect((await draft('--council', 'Hội đồng Thi đua')).exit).to.equal(0)
    expect(bodyOf('POST')).to.include({ council: 'Hội đồng Thi đua' }).and.not.have.property('normative')
    node.seen.length = 0
    expect((await draft('--normative')).exit).to.equal(0)
    expect(bodyOf('POST')).to.include({ normative: true }).and.not.have.property('council')
  })

  it('changes both and takes both back', async () => {
    for (const [options, change] of [
      [['--council', 'Ban Chỉ đạo'], { council: 'Ban Chỉ đạo' }],
      [['--no-council'], { council: null }],
      [['--normative'], { normative: true }],
      [['--no-normative', '--symbol', 'QĐ-UBND'], { normative: false, symbol: 'QĐ-UBND' }],
      [['--subject', 'y'], { subject: 'y' }],
    ] as const) {
      node.seen.length = 0
      const done = await run('document', 'edit', ID, ...options)
      expect(done.exit, done.stderr).to.equal(0)
      expect(bodyOf('PATCH')).to.deep.equal(change)
    }
  })

  it('shows in whose name it is issued', async () => {
    const shown = await run('document', 'show', ID)
    expect(shown.stdout, shown.stderr).to.match(/QĐ-HĐ\tKhen thưởng\t.*\tHội đồng Thi đua\n$/)
    const [json] = jsonLines((await run('document', 'show', ID, '--json')).stdout)
    expect(json?.outgoing).to.include({ council: 'Hội đồng Thi đua', normative: false })
  })

  it('lists agencies page by page up to the limit, and says when there are more', async () => {
    const some = await run('agency', 'list', 'xã', '--limit', '3')
    expect(some.stdout.trim().split('\n')).to.have.length(3)
    expect(some.stderr).to.include('--limit')
    const all = await run('agency', 'list', '--limit', '1000', '--json')
    expect(
      jsonLines(all.stdout)
        .map((one) => one.code)
        .slice(-2),
    ).to.deep.equal(['H40.4', 'H40.cuoi'])
    expect(all.stderr).to.equal('')
    expect((await run('agency', 'list', '--limit', '0')).exit).to.equal(64)
  })

  it('tells in words why a delivery failed or was refused', async () => {
    const { stdout } = await run('track', ID)
    expect(stdout).to.include('AGENCY_CLOSED: đóng từ 2025-03-11; cơ quan kế thừa: H40')
    expect(stdout).to.include('Gửi sai nơi nhận')
    const json = (await run('track', ID, '--json')).stdout
    expect(json).to.include('"reasonText":"đóng từ 2025-03-11')
  })

  it('downloads the report with what it rests on, each once, and overwrites nothing', async () => {
    const out = mkdtempSync(join(folder, 'out-'))
    const done = await run('document', 'evidence', ID, '--out', out, '--json')
    expect(done.exit, done.stderr).to.equal(0)
    const names = [`${hashOf('root').slice(0, 16)}.crt`, `${hashOf('ca').slice(0, 16)}.crt`]
    const wanted = ['report.json', ...names, `${hashOf('crl').slice(0, 16)}.crl`].map((one) => `${ID}-${one}`)
    expect(readdirSync(out).sort()).to.deep.equal(wanted.sort())
    expect(readFileSync(join(out, `${ID}-${names[1]}`))).to.deep.equal(bytesOf('ca'))
    const again = await run('document', 'evidence', ID, '--out', out)
    expect(again.exit).not.to.equal(0)
    expect(again.stderr).to.include('report.json')
  })
})
