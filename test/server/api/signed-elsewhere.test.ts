/** A letter signed in another program, from the clerk's commands over real HTTP to the recipient's examination. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import type { ApiClient } from '../../../cli/client/api-client.ts'
import { detailsForm, pageForm } from '../../../cli/client/forms.ts'
import { issueDocument, signDocument } from '../../../cli/client/sign-revision.ts'
import { signaturePicture } from '../../../fixtures/documents/letter-pictures.ts'
import { makePlainLetter } from '../../../fixtures/documents/plain-letter.ts'
import { asKeyProvider, issueMarkField, signPdf } from '../../../signing/index.ts'
import { jsonLines, runHere } from '../../cli/run-congvan.ts'
import { pageText, pdfsigReport } from '../../signing/pdf/checkers.ts'
import { draw, inkBox } from '../../signing/pdf/pictures.ts'
import { requireProgram } from '../../support/programs.ts'
import { signByOthers } from './foreign-signer.ts'
import { type ApiNode, agencies, PASSWORD, startApiNode } from './node.ts'
import { Listener, readDescription } from './openapi.ts'
import { until } from './steps.ts'

const mm = 72 / 25.4
const chairman = { title: ['TM. ỦY BAN NHÂN DÂN', 'CHỦ TỊCH'], name: 'Người ký 1', middle: 150 }

describe('api: a document signed in another program', () => {
  let node: ApiNode
  let listener: Listener
  let clerk: ApiClient
  let signed: Uint8Array
  let id: string
  const file = (name: string) => join(node.folder, name)

  before(async function () {
    requireProgram(this, 'openssl')
    node = await startApiNode({ logins: ['commune-clerk', 'commune-leader', 'district-clerk'] })
    listener = new Listener(node.url, await readDescription(node.url))
    clerk = await node.client('commune-clerk')
    await node.services.console.addUser({
      login: 'commune-deputy',
      displayName: 'Người ký 2',
      password: PASSWORD,
      operator: false,
      grants: [{ agencyCode: agencies.commune.code, role: 'signer' }],
    })
    writeFileSync(file('token'), await node.token('commune-clerk'))
    writeFileSync(file('key.p12'), node.communeKeys.agency.pkcs12('mật khẩu'))
    writeFileSync(file('password'), 'mật khẩu')
    const letter = await makePlainLetter({ signers: [chairman] })
    signed = await signByOthers(letter, node.communeKeys.individual, [365, 165, 485, 215])
    writeFileSync(file('da-ky.pdf'), signed)
  })
  after(() => node?.close())

  const congvan = async (...args: string[]) => {
    const done = await runHere([...args, '--node', node.url, '--token-file', file('token'), '--json'])
    return { ...done, answer: jsonLines(done.stdout)[0] ?? {} }
  }
  const draft = (...more: string[]) =>
    congvan(
      ...[
        'document',
        'draft',
        file('da-ky.pdf'),
        '--kind',
        'Công văn',
        '--subject',
        'Báo cáo gửi, nhận văn bản',
      ],
      ...['--symbol', 'UBND-VP', '--urgency', '0', '--place', 'Hải Minh', '--signer-name', 'Người ký 1'],
      ...['--signer-position', 'Chủ tịch', '--to', agencies.district.code, '--no-state-secret', ...more],
    )

  it('is refused with a box on the text of the letter, and with one that cannot be read', async () => {
    const covered = await draft('--number-box', '1,30,85,150,20')
    expect(covered.exit).to.equal(65)
    expect(covered.answer).to.have.nested.property('error.code', 'PLACE_COVERS_TEXT')
    for (const box of ['2,10,5,150,12', '1,10,5,150', 'trên cùng'])
      expect((await draft('--number-box', box)).exit, box).to.equal(64)
  })

  it('is drafted with a box for number and date, and is signed once it is presented', async () => {
    const drafted = await draft('--number-box', '1,40,5,155,13')
    expect(drafted.exit, drafted.stderr).to.equal(0)
    id = String(drafted.answer.id)
    const presented = await congvan('document', 'present', id, '--signer', 'commune-leader')
    expect(presented.exit, presented.stderr).to.equal(0)
    expect(presented.answer).to.include({ state: 'signed' })
    const { state, revisions } = await clerk.get(`/documents/${id}`, detailsForm)
    expect(state).to.equal('signed')
    expect(revisions.map(({ kind }) => kind)).to.deep.equal(['draft', 'individual'])
  })

  it('is issued by the clerk’s own key: the box shows number and date, the rest of the page is as it was', async function () {
    for (const program of ['pdftoppm', 'pdfsig', 'certutil', 'mutool']) requireProgram(this, program)
    const issued = await congvan(
      'document',
      'issue',
      id,
      '--key',
      file('key.p12'),
      '--password-file',
      file('password'),
    )
    expect(issued.exit, issued.stderr).to.equal(0)
    expect(issued.answer).to.include({ state: 'issued', number: '01/UBND-VP' })
    const again = await congvan(
      'document',
      'issue',
      id,
      '--key',
      file('key.p12'),
      '--password-file',
      file('password'),
    )
    expect(again.answer, 'run again').to.include({ state: 'issued', sha256: issued.answer.sha256 })
    await congvan('document', 'download', id, '--out', node.folder)
    const bytes = readFileSync(file(`${id}.pdf`))
    expect(Buffer.compare(bytes.subarray(0, signed.length), signed)).to.equal(0)
    const text = pageText(bytes).normalize('NFC')
    expect(text)
      .to.contain('Số: 01/UBND-VP')
      .and.match(/Hải Minh, ngày \d\d tháng \d\d? năm \d{4}/)
    expect(text)
      .to.contain(agencies.commune.name)
      .and.match(/\d\d\.\d\d\.\d{4} \d\d:\d\d:\d\d \+07:00/)
    const [before, after] = [draw(signed, 1, 144), draw(bytes, 1, 144)]
    const changed = inkBox(after, (color, x, y) => before.at(x, y).some((part, i) => part !== color[i]))
    if (changed === undefined) throw new Error('nothing is shown')
    expect(changed.left / 2).to.be.at.least(40 * mm - 0.5)
    expect(changed.right / 2).to.be.at.most(195 * mm + 0.5)
    expect(changed.bottom / 2).to.be.at.least((297 - 18) * mm - 0.5)
    expect(changed.top / 2).to.be.at.most((297 - 5) * mm + 0.5)
    const said = pdfsigReport(bytes, node.pki.root)
    expect(said.match(/Signature is Valid/g)).to.have.length(2)
    const verified = await runHere([
      ...['verify', file(`${id}.pdf`), '--trust', join(node.folder, 'trust', 'root.crt')],
      ...['--crl', join(node.folder, 'trust'), '--profile', 'issued', '--json'],
    ])
    const [report] = jsonLines(verified.stdout) as { indication?: string; signatures?: { field: string }[] }[]
    expect(report?.indication, verified.stdout).to.equal('TOTAL_PASSED')
    expect(report?.signatures?.map(({ field }) => field)).to.deep.equal(['Chữ ký 1', issueMarkField])
    expect(verified.exit).to.equal(0)
  })

  it('arrives, and the recipient finds its number where the agency’s signature shows it', async () => {
    const sent = await congvan('send', id, '--to', agencies.district.code, '--yes')
    expect(sent.exit, sent.stderr).to.equal(0)
    const district = await node.client('district-clerk')
    const received = await until('the letter at the district', async () => {
      const { items } = await district.get('/documents', pageForm, { query: { direction: 'incoming' } })
      return items.find((one) => one.state === 'verified')
    })
    expect(received.incoming).to.include({ indication: 'TOTAL_PASSED', senderMatches: true })
    const answer = await fetch(`${node.url}/api/v1/documents/${received.id}/report`, {
      headers: { authorization: `Bearer ${await node.token('district-clerk')}` },
    })
    const { examination } = (await answer.json()) as {
      examination: { overall: string; findings: { code: string }[] }
    }
    const codes = examination.findings.map(({ code }) => code)
    expect(codes).not.to.include('NUMBER_NOT_FOUND').and.not.to.include('NUMBER_DIFFERS')
    expect(examination.overall).to.equal('valid')
  })

  it('waits for who is still to sign: the client signs where the node says, in a picture between title and name', async function () {
    requireProgram(this, 'pdftoppm')
    const { code: agencyCode, name: organization } = agencies.commune
    const deputy = { commonName: 'Người ký 2', title: 'Phó Chủ tịch', organization, agencyCode }
    const page = await makePlainLetter({
      signers: [{ title: ['KT. CHỦ TỊCH', 'PHÓ CHỦ TỊCH'], name: 'Người ký 2', middle: 60 }, chairman],
    })
    const byDeputy = await signPdf(page, {
      key: asKeyProvider(node.pki.issueIndividual(deputy)),
      field: 'Signature1',
      signingTime: new Date(),
    })
    writeFileSync(file('hai.pdf'), byDeputy)
    const order = ['--sign-order', 'Người ký 2', '--sign-order', 'Người ký 1']
    const drafted = await congvan(
      ...['document', 'draft', file('hai.pdf'), '--kind', 'Công văn', '--subject', 'Hai người ký'],
      ...[
        '--symbol',
        'UBND-VP',
        '--urgency',
        '0',
        '--signer-name',
        'Người ký 1',
        '--to',
        agencies.district.code,
      ],
      ...['--no-state-secret', ...order],
    )
    expect(drafted.exit, drafted.stderr).to.equal(0)
    const two = String(drafted.answer.id)
    const presented = await congvan(
      ...['document', 'present', two, '--signer', 'commune-deputy', '--signer', 'commune-leader'],
    )
    expect(presented.answer, presented.stderr).to.include({ state: 'presented' })
    const leader = await node.client('commune-leader')
    const image = signaturePicture()
    const key = asKeyProvider(node.communeKeys.individual)
    expect(await signDocument(leader, two, key, new Date(), image)).to.include({ state: 'signed' })
    const again = await signDocument(leader, two, key, new Date(), image)
    expect(again, 'run again').to.include({ state: 'signed' })
    const bytes = await clerk.getBytes(`/documents/${two}/file`)
    const blue = inkBox(draw(bytes), ([r, g, b]) => b > r + 60 && b > g + 40)
    if (blue === undefined) throw new Error('no signature is seen')
    expect((blue.left + blue.right) / 2 / mm).to.be.closeTo(150, 1.5)
    const agencyKey = asKeyProvider(node.communeKeys.agency)
    expect(await issueDocument(clerk, two, agencyKey, new Date())).to.include({ number: '02/UBND-VP' })
  })

  it('has every answer as the description says', async () => {
    await listener.end()
  })
})
