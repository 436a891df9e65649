import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import pg from 'pg'
import { type DocumentDetails, detailsForm } from '../../cli/client/forms.ts'
import { arrivedLetter, issueLetter } from '../server/api/letters.ts'
import { type ApiNode, agencies, type Login, startApiNode } from '../server/api/node.ts'
import { until } from '../server/api/steps.ts'
import { runHere } from './run-congvan.ts'

const { code: DISTRICT } = agencies.district
/** Hosted by the same node as everybody else here. */
const CENTRE = 'G22'

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

  it('says who has paper to send back and who has closed, and records the day on both sides [N037]', async () => {
    const subject = 'Về việc bản giấy'
    const { id, there } = await sent(subject, '--to', CENTRE)
    const office = 'Sở Nội vụ thử nghiệm'
    await run(
      'commune-clerk',
      'document',
      'paper',
      id,
      '--to',
      office,
      '--copies',
      '2',
      '--reason',
      'cần bản giấy',
    )
    await until('the delivery to the centre', async () => {
      const text = await run('commune-clerk', 'track', id)
      return /đang chuyển|chờ gửi/.test(text) ? undefined : text
    })
    const pool = new pg.Pool({ connectionString: node.database.superuserUrl, max: 1 })
    await pool.query(
      `insert into agency_closures select agency_id, '2026-01-01' from agency_codes where code = $1`,
      [CENTRE],
    )
    await pool.end()
    const { id: notice } = await issueLetter(node, 'Về việc thu hồi bản giấy')
    const args = ['recall', id, '--notice', notice, '--reason', 'Sai']
    const said = await run('commune-clerk', ...args)
    expect(said).to.contain(`${DISTRICT}: đã gửi thông báo thu hồi`)
    expect(said).to.contain(`${CENTRE}: KHÔNG THU HỒI ĐƯỢC: cơ quan đã đóng từ 01/01/2026; kế thừa: –`)
    expect(said).to.contain(`${office}: có bản giấy, cần gửi lại`)
    expect(await run('commune-clerk', ...args, '--lang', 'en')).to.contain(
      `${CENTRE}: NOT RECALLED: the agency is closed since 01/01/2026; successors: –`,
    )

    await arrivedLetter(node, 'Về việc thu hồi bản giấy')
    const open = () => run('district-clerk', 'document', 'tasks', '--list', 'paper-to-return')
    expect(await open()).to.contain(there)
    expect(await run('district-clerk', 'document', 'show', there)).to.contain('PHẢI GỬI LẠI BẢN GIẤY')
    expect(await run('district-clerk', 'inbox', 'paper-sent-back', there, '--copies', '1')).to.match(
      /đã gửi lại 1 bản giấy ngày \d\d\/\d\d\/\d{4}/,
    )
    expect(await open()).not.to.contain(there)
    expect(await run('district-clerk', 'document', 'show', there)).to.contain('bản giấy gửi lại: 1 (')
    const unknown = await congvan('commune-clerk', 'document', 'paper-back', id, '--from', 'Sở Tư pháp')
    expect([unknown.exit, unknown.stderr]).to.satisfy(
      ([exit, text]: [number, string]) => exit === 65 && text.includes(office),
    )
    expect(await run('commune-clerk', 'document', 'paper-back', id, '--from', office)).to.contain(
      'còn 1 bản chưa về',
    )
    expect(await run('commune-clerk', 'document', 'show', id)).to.contain(`bản giấy gửi lại: 1 (${office}`)
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
