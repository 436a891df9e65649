import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { makeTestPki, type TestPki } from '../../../fixtures/pki/make-pki.ts'
import { jsonLines } from '../run-congvan.ts'
import { type FakeNode, problem, startFakeNode } from './fake-node.ts'
import { runWith } from './node-process.ts'

describe('congvan: bad input on this side', () => {
  let pki: TestPki
  let node: FakeNode
  let folder: string
  let env: Record<string, string>
  before(async () => {
    pki = await makeTestPki({ seedTime: new Date() })
    node = await startFakeNode(() => problem(409, 'DOCUMENT_IN_QUARANTINE'))
    folder = mkdtempSync(join(tmpdir(), 'congvan-bad-'))
    writeFileSync(join(folder, 'token'), 'cv_x')
    writeFileSync(join(folder, 'right'), 'mật khẩu đúng')
    writeFileSync(join(folder, 'wrong'), 'mật khẩu sai')
    env = { HOME: folder, CONGVAN_NODE: node.url, CONGVAN_TOKEN_FILE: join(folder, 'token') }
  })
  after(async () => {
    await node.close()
    rmSync(folder, { recursive: true, force: true })
  })
  beforeEach(() => {
    node.seen.length = 0
  })

  const file = (name: string, content: Uint8Array | string = '') => {
    writeFileSync(join(folder, name), content)
    return join(folder, name)
  }
  const sign = (key: string, password: string, ...more: string[]) =>
    runWith(
      ['document', 'sign', randomUUID(), '--key', key, '--password-file', join(folder, password), ...more],
      env,
    )

  it('a wrong password of a key, or no key at all, ends before anything is asked of the node', async () => {
    const key = file('key.p12', pki.samples.individual.pkcs12('mật khẩu đúng'))
    const wrong = await sign(key, 'wrong')
    expect([wrong.exit, wrong.stdout]).to.deep.equal([77, ''])
    expect(wrong.stderr).to.equal('congvan: Sai mật khẩu của tệp khóa PKCS#12\n')
    const english = await sign(key, 'wrong', '--lang', 'en', '--json')
    expect(jsonLines(english.stderr)).to.deep.equal([
      { error: { code: 'KEY_WRONG_PASSWORD', message: 'wrong password for the PKCS#12 key file' } },
    ])
    const broken = await sign(file('broken.p12', 'không phải khóa'), 'right')
    expect([broken.exit, broken.stderr]).to.satisfy(
      ([exit, told]: [number, string]) => exit === 65 && told.startsWith('congvan: Tệp khóa PKCS#12 bị hỏng'),
    )
    const missing = await sign(join(folder, 'none.p12'), 'right')
    expect([missing.exit, missing.stderr.includes('không có tệp này')]).to.deep.equal([66, true])
    expect(node.seen).to.deep.equal([])
  })

  it('what a node refuses is told of each document, and the worst is the exit code', async () => {
    const key = file('key.p12', pki.samples.individual.pkcs12('mật khẩu đúng'))
    const { exit, stdout, stderr } = await sign(key, 'right')
    expect([exit, stdout]).to.deep.equal([65, ''])
    expect(stderr).to.contain('Văn bản còn trong vùng cách ly').and.contain('→ văn thư cam kết')
    const ids = [randomUUID(), randomUUID()]
    const shown = await runWith(['document', 'show', ...ids, '--json'], env)
    expect(shown.exit).to.equal(65)
    const codes = jsonLines(shown.stdout).map((one) => [one.id, (one.error as { code: string }).code])
    expect(codes).to.deep.equal(ids.map((id) => [id, 'DOCUMENT_IN_QUARANTINE']))
  })

  it('an id is no path: nothing but the document is asked for', async () => {
    await runWith(['document', 'show', '../../healthz', 'a/b?x=1#y'], env)
    expect(node.seen.map((one) => one.path)).to.deep.equal([
      '/documents/..%2F..%2Fhealthz',
      '/documents/a%2Fb%3Fx%3D1%23y',
    ])
  })

  it('an XML file with one text of 1 GB is refused by its size, not read', async () => {
    const big = file('big.xml', '<?xml version="1.0"?><a><b>')
    truncateSync(big, 1024 ** 3)
    const before = process.memoryUsage.rss()
    const { exit, stdout } = await runWith(['verify', big, '--json'], env)
    expect(exit).to.equal(3)
    const [report] = jsonLines(stdout) as {
      indication: string
      errors: { code: string; message: string }[]
    }[]
    expect(report?.indication).to.equal('INDETERMINATE')
    expect(report?.errors.map((one) => one.code)).to.deep.equal(['INPUT_TOO_LARGE'])
    expect(report?.errors[0]?.message).to.contain('vượt quá giới hạn')
    expect(process.memoryUsage.rss() - before).to.be.lessThan(512 * 1024 ** 2)
  })
})
