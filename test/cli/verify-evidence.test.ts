import { X509Certificate } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { dispatchDocument, trackDocument } from '../../cli/client/deliveries.ts'
import { draftDocument } from '../../cli/client/draft-document.ts'
import { issueDocument, signDocument } from '../../cli/client/sign-revision.ts'
import { makeLetter } from '../../fixtures/documents/letter.ts'
import { communeLetter } from '../../fixtures/documents/sample-letters.ts'
import { asKeyProvider } from '../../signing/index.ts'
import { type ApiNode, agencies, startApiNode } from '../server/api/node.ts'
import { letterDraft, until } from '../server/api/steps.ts'
import { Forgery } from '../server/relay/evidence-forger.ts'
import { runWith } from './client/node-process.ts'
import { congvan, jsonLines } from './run-congvan.ts'

/** From the clerk who writes the evidence down to the court that has nothing but the file. */
describe('congvan track --evidence and verify-evidence', function () {
  this.timeout(180_000)
  let node: ApiNode
  let folder: string
  let documentId: string
  let env: Record<string, string>
  const file = (name: string) => join(folder, name)
  const judge = (...args: string[]) => congvan(['verify-evidence', ...args])

  before(async () => {
    node = await startApiNode({ logins: ['commune-clerk', 'commune-leader'] })
    folder = mkdtempSync(join(tmpdir(), 'congvan-evidence-'))
    const clerk = await node.client('commune-clerk')
    const leader = await node.client('commune-leader')
    const draft = { ...letterDraft, recipients: [agencies.district.code] }
    documentId = (
      await draftDocument(clerk, await makeLetter({ ...communeLetter, created: new Date() }), draft)
    ).id
    await signDocument(leader, documentId, asKeyProvider(node.communeKeys.individual), new Date())
    await issueDocument(clerk, documentId, asKeyProvider(node.communeKeys.agency), new Date())
    writeFileSync(file('token'), await node.token('commune-clerk'), { mode: 0o600 })
    env = { CONGVAN_NODE: node.url, CONGVAN_TOKEN_FILE: file('token'), HOME: folder }
    const { pki } = node
    const pem = [pki.root, pki.governmentCa].map((der) => new X509Certificate(der).toString())
    writeFileSync(file('ca.pem'), pem.join(''))
  })
  after(async () => {
    await node?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const track = (...args: string[]) => runWith(['track', ...args], env)

  it('tells that there is none before the document was sent', async () => {
    const ended = await track(documentId, '--evidence', file('early.zip'), '--lang', 'en')
    expect(ended.stderr).to.match(/never dispatched/)
    expect(ended.exit).to.equal(65)
    expect(existsSync(file('early.zip'))).to.equal(false)
  })

  it('writes the evidence of one document, and never over a file', async () => {
    const clerk = await node.client('commune-clerk')
    await dispatchDocument(clerk, documentId, [agencies.district.code])
    await until('the consignment', async () => {
      const [one] = await trackDocument(clerk, documentId)
      return one?.terminal ?? undefined
    })
    const ended = await track(documentId, '--evidence', file('out.zip'), '--json')
    expect(ended.exit, ended.stderr).to.equal(0)
    const [line] = jsonLines(ended.stdout)
    expect(line?.evidence).to.deep.equal({
      file: file('out.zip'),
      files: new Forgery(readFileSync(file('out.zip'))).files.size,
      length: readFileSync(file('out.zip')).length,
    })
    const again = await track(documentId, '--evidence', file('out.zip'))
    expect(again.exit).to.equal(73)
    const two = await track(documentId, documentId, '--evidence', file('two.zip'))
    expect(two.exit).to.equal(64)
  })

  it('0: the node’s own certificate as the root and the authority of the signers prove everything', () => {
    const [certificate = ''] = [...new Forgery(readFileSync(file('out.zip'))).files].flatMap(
      ([name, bytes]) => (name.startsWith('certificates/') ? [Buffer.from(bytes).toString()] : []),
    )
    writeFileSync(file('node.pem'), certificate)
    const ended = judge(file('out.zip'), '--trust', file('ca.pem'), '--root', file('node.pem'), '--json')
    expect(ended.stderr).to.equal('')
    expect(ended.exit, ended.stdout).to.equal(0)
    const [report] = jsonLines(ended.stdout) as { verdict: string; root: { fingerprint: string } }[]
    expect(report).to.deep.include({ verdict: 'PROVEN', findings: [] })
    const shown = report?.root.fingerprint.toUpperCase().match(/../g)?.join(':') ?? ''
    expect(judge(file('out.zip'), '--trust', file('ca.pem'), '--root', shown).exit).to.equal(0)
    expect(judge(file('out.zip'), '--trust', file('ca.pem'), '--trust', file('node.pem')).exit).to.equal(0)
  })

  it('says in a clerk’s words what is proven', () => {
    const args = [file('out.zip'), '--trust', file('ca.pem'), '--root', file('node.pem')]
    const { stdout } = judge(...args)
    expect(stdout).to.match(/ĐƯỢC CHỨNG MINH/)
    expect(stdout).to.include(`Nơi nhận: ${agencies.district.name} (${agencies.district.code})`)
    expect(stdout).to.match(/\+07:00 {2}ĐÃ ĐẾN: nút nut-thu đã đặt văn bản trước văn thư nơi nhận/)
    expect(judge(...args, '--lang', 'en').stdout).to.match(/ARRIVED: laid before the recipient’s clerk/)
  })

  it('1: something is false, and all of it is told', async () => {
    const forgery = new Forgery(readFileSync(file('out.zip')))
    forgery.damage(forgery.index.files[0]?.file ?? '')
    forgery.files.set('document/them.pdf', Buffer.from('x'))
    writeFileSync(file('false.zip'), await forgery.pack())
    const args = [file('false.zip'), '--trust', file('ca.pem'), '--root', file('node.pem')]
    const ended = judge(...args, '--json')
    expect(ended.exit).to.equal(1)
    const [report] = jsonLines(ended.stdout) as { findings: { code: string }[] }[]
    expect(report?.findings.map((one) => one.code)).to.deep.equal([
      'FILE_UNLISTED',
      'FILE_CHANGED',
      'SIGNATURE_FALSE',
    ])
    expect(judge(...args).stdout).to.match(/CÓ ĐIỀU SAI[\s\S]*\[SAI\] document\/them\.pdf/)
  })

  it('2: nothing is false, but the root is not known', () => {
    const ended = judge(file('out.zip'), '--trust', file('ca.pem'), '--json')
    expect(ended.exit).to.equal(2)
    const [report] = jsonLines(ended.stdout) as { findings: { code: string }[] }[]
    expect(report?.findings.map((one) => one.code)).to.include('DIRECTORY_NOT_TRUSTED')
  })

  it('2: an authority alone: says what holds by it, what is open, and what to give besides', () => {
    const { stdout, exit } = judge(file('out.zip'), '--trust', file('ca.pem'))
    expect(exit).to.equal(2)
    expect(stdout).to.match(/CHƯA ĐỦ CĂN CỨ/)
    for (const line of [
      '[ĐÚNG] Các tệp đủ và còn nguyên',
      '[ĐÚNG] Chữ ký số của người ký và của cơ quan trên văn bản',
      '[ĐÚNG] Dấu niêm phong của mọi gói tin, biên nhận, trạng thái',
      '[ĐÚNG] Diễn biến với từng nơi nhận',
      // This node has signed its own certificate, as `cert node-key` makes it.
      '[CHƯA ĐỦ] Khóa đã niêm phong là của đúng các nút được nêu tên',
      '[CHƯA ĐỦ] Các nút ấy có quyền',
    ]) {
      expect(stdout).to.include(line)
    }
    const [, fingerprint = ''] = /thêm --root ([0-9a-f]{64}) hoặc/.exec(stdout) ?? []
    expect(judge(file('out.zip'), '--trust', file('ca.pem'), '--root', fingerprint).exit).to.equal(0)
    // The literal command is enough where the one file has the root's certificate too.
    writeFileSync(
      file('all.pem'),
      `${readFileSync(file('ca.pem'), 'utf8')}\n${readFileSync(file('node.pem'), 'utf8')}`,
    )
    const all = judge(file('out.zip'), '--trust', file('all.pem'))
    expect(all.exit, all.stdout).to.equal(0)
    expect(all.stdout).to.match(/ĐƯỢC CHỨNG MINH/)
  })

  it('3: what is no bundle, or not there', () => {
    expect(judge(file('ca.pem')).exit).to.equal(3)
    expect(judge(file('nowhere.zip')).exit).to.equal(3)
    writeFileSync(file('cut.zip'), readFileSync(file('out.zip')).subarray(0, -1))
    expect(judge(file('cut.zip'), '--lang', 'en').stderr).to.match(/is no complete ZIP file/)
  })

  it('64: no file, no root that is one', () => {
    expect(judge().exit).to.equal(64)
    expect(judge(file('out.zip'), '--root', 'abc').exit).to.equal(64)
    const both = judge(file('out.zip'), '--root', file('ca.pem'), '--lang', 'en')
    expect(both.stderr).to.match(/authority's certificate/)
    expect(both.exit).to.equal(64)
  })
})
