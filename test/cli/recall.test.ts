import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { type DocumentDetails, detailsForm } from '../../cli/client/forms.ts'
import { arrivedLetter, issueLetter } from '../server/api/letters.ts'
import { type ApiNode, agencies, type Login, startApiNode } from '../server/api/node.ts'
import { until } from '../server/api/steps.ts'
import { runHere } from './run-congvan.ts'

const { code: DISTRICT } = agencies.district

/** Recalling, replacing and updating as clerks type it, against a whole node. */
describe('congvan recall, send --replaces and --updates, inbox recall-agree', function () {
  this.timeout(120_000)
  let node: ApiNode
  before(async () => {
    node = await startApiNode({ logins: ['commune-clerk', 'commune-leader', 'district-clerk'] })
  })
  after(() => node.close())

  async function congvan(login: Login, ...args: string[]) {
    const file = join(node.folder, `${login}.token`)
    writeFileSync(file, await node.token(login))
    chmodSync(file, 0o600)
    return runHere([...args, '--node', node.url, '--token-file', file])
  }

  async function run(login: Login, ...args: string[]): Promise<string> {
    const { exit, stdout, stderr } = await congvan(login, ...args)
    expect(exit, stderr).to.equal(0)
    return stdout
  }

  const details = async (login: Login, id: string): Promise<DocumentDetails> =>
    (await node.client(login)).get(`/documents/${id}`, detailsForm)

  async function sent(subject: string, ...more: string[]): Promise<{ id: string; there: string }> {
    const { id } = await issueLetter(node, subject)
    await run('commune-clerk', 'send', id, '--to', DISTRICT, '--yes', ...more)
    return { id, there: (await arrivedLetter(node, subject)).id }
  }

  it('asks for a notice, is held by the recipient until it is answered, declined and then agreed to [N174]', async () => {
    const { id, there } = await sent('Về việc gửi nhầm')
    const reason = 'Gửi do lỗi kỹ thuật'
    const refused = await congvan('commune-clerk', 'recall', id, '--reason', reason)
    expect(refused.exit).to.equal(65)
    expect(refused.stderr).to.match(/cần văn bản thông báo thu hồi.*\n.*--notice ID/)
    const { id: notice } = await issueLetter(node, 'Về việc thu hồi văn bản gửi nhầm')
    const done = await run('commune-clerk', 'recall', id, '--notice', notice, '--reason', reason)
    expect(done).to.contain(`${DISTRICT}: đã gửi thông báo thu hồi`)
    const again = await run('commune-clerk', 'recall', id, '--notice', notice, '--reason', reason)
    expect(again).to.equal(done)

    const noticeThere = await arrivedLetter(node, 'Về việc thu hồi văn bản gửi nhầm')
    expect(await run('district-clerk', 'inbox')).to.match(new RegExp(`${there}.*NƠI GỬI YÊU CẦU THU HỒI`))
    expect(await run('district-clerk', 'document', 'show', noticeThere.id)).to.contain('yêu cầu thu hồi ')
    const { relations } = await details('district-clerk', there)
    expect(relations?.requests[0]).to.deep.include({ type: 'recall', state: 'open', reason })
    const held = await congvan('district-clerk', 'document', 'accept', there)
    expect([held.exit, held.stderr]).to.satisfy(
      ([exit, text]: [number, string]) => exit === 65 && text.includes('recall-agree'),
    )
    const declined = await run('district-clerk', 'inbox', 'recall-decline', there, '--reason', 'Đang dùng')
    expect(declined).to.contain('đã từ chối thu hồi')
    expect(await run('district-clerk', 'document', 'accept', there)).to.contain('số đến')
    expect(await run('district-clerk', 'inbox', 'recall-agree', there)).to.contain('ĐÃ THU HỒI')
    expect(await run('district-clerk', 'document', 'show', there)).to.contain('văn bản đã bị thu hồi')
    await until('the answer at the commune', async () => {
      const text = await run('commune-clerk', 'track', id)
      return text.includes('đồng ý thu hồi') ? text : undefined
    })
    expect(await run('commune-clerk', 'document', 'show', id)).to.contain('ĐÃ THU HỒI')
  })

  it('links what replaces, corrects and updates on both sides', async () => {
    const old = await sent('Về việc kế hoạch')
    const anew = await sent('Về việc kế hoạch (bản thay thế)', '--replaces', old.id)
    expect(await run('district-clerk', 'document', 'show', anew.there)).to.contain(`thay thế ${old.there}`)
    expect(await run('district-clerk', 'inbox')).to.match(new RegExp(`${old.there}.*đã được thay thế`))
    expect(await run('commune-clerk', 'document', 'show', old.id)).to.contain(`được thay thế bởi ${anew.id}`)
    const letter = await sent('Đính chính văn bản', '--corrects', anew.id)
    expect(await run('district-clerk', 'document', 'show', letter.there)).to.contain(
      `đính chính ${anew.there}`,
    )

    const { id: note } = await issueLetter(node, 'Về việc gia hạn', { dueDate: '2030-01-15' })
    const update = ['--updates', anew.id, '--reason', 'Gia hạn']
    const unsaid = await congvan(
      'commune-clerk',
      'send',
      note,
      '--to',
      DISTRICT,
      '--yes',
      '--updates',
      anew.id,
    )
    expect(unsaid.exit).to.equal(64)
    await run('commune-clerk', 'send', note, '--to', DISTRICT, '--yes', ...update)
    await arrivedLetter(node, 'Về việc gia hạn')
    expect(await run('district-clerk', 'document', 'show', anew.there)).to.contain(
      'nơi gửi cập nhật: thời hạn 2030-01-15',
    )
    expect(await run('district-clerk', 'inbox', 'update-agree', anew.there)).to.contain('đã cập nhật')
    const { relations } = await details('district-clerk', anew.there)
    expect(relations?.requests.map((one) => one.state)).to.deep.equal(['agreed'])
  })
})
