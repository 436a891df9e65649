/** What is left to be read of a document that was given up to its issuer, over every operation that reads. */
import { createHash, randomBytes } from 'node:crypto'
import { expect } from 'chai'
import type { ApiClient } from '../../../cli/client/api-client.ts'
import { dispatchDocument, trackDocument } from '../../../cli/client/deliveries.ts'
import type { Document } from '../../../cli/client/forms.ts'
import { operations, queries } from '../auth/walk-table.ts'
import { arrivedLetter, issueLetter } from './letters.ts'
import { type ApiNode, agencies, type Login, type Sending, send, startApiNode } from './node.ts'
import { until } from './steps.ts'

/** The books keep their lines (Phụ lục VI, III.8c: số đến stays used); everything else says nothing of it. */
const books = /^\/registers\//

describe('api: a document that was recalled', function () {
  this.timeout(180_000)
  const mark = `thuhoi${randomBytes(6).toString('hex')}`
  let node: ApiNode
  let clerk: ApiClient
  let id: string
  let incoming: Document
  let sha256: string
  let dossier: string
  before(async () => {
    node = await startApiNode()
    clerk = await node.client('commune-clerk')
  })
  after(() => node.close())

  const as = async (login: Login, method: string, path: string, options: Sending = {}) =>
    send(node.url, method, path, { token: await node.token(login), ...options })

  async function found(word: string): Promise<string[]> {
    const query = `q=${encodeURIComponent(word)}&direction=incoming`
    const { body } = await as('district-clerk', 'GET', `/documents?${query}`)
    return (body.items as { id: string }[]).map((one) => one.id)
  }

  it('is recalled and given up over HTTP, and its issuer reads the answer [K018]', async () => {
    const subject = `Về việc ${mark}`
    const issued = await issueLetter(node, subject)
    id = issued.id
    sha256 = issued.sha256
    await dispatchDocument(clerk, id, [agencies.district.code])
    incoming = await arrivedLetter(node, subject)
    const path = `/documents/${incoming.id}`
    expect((await as('district-clerk', 'POST', `${path}/accept`, { json: {} })).status).to.equal(200)
    const opened = await as('district-clerk', 'POST', '/dossiers', {
      json: { year: 2026, notation: 'HS-01', title: 'Hồ sơ thử nghiệm', retentionYears: 5 },
    })
    expect(opened.status, opened.text).to.equal(201)
    dossier = String(opened.body.id)
    const filing = { json: { documentId: incoming.id } }
    const filed = await as('district-clerk', 'POST', `/dossiers/${dossier}/documents`, filing)
    expect(filed.status, filed.text).to.equal(201)
    expect(await found(mark)).to.include(incoming.id)
    const assigned = await as('district-clerk', 'POST', `${path}/assign`, { json: { lead: 'Phòng Nội vụ' } })
    expect(assigned.status).to.equal(200)
    const notice = await issueLetter(node, 'Về việc thu hồi văn bản')
    const recalled = await as('commune-clerk', 'POST', `/documents/${id}/recall`, {
      json: { notice: notice.id, reason: 'Ban hành sai thẩm quyền' },
    })
    expect(recalled.status, recalled.text).to.equal(201)
    expect(recalled.body).to.deep.include({ notified: [agencies.district.code], cancelled: [] })
    await arrivedLetter(node, 'Về việc thu hồi văn bản')
    const held = await as('district-clerk', 'POST', `${path}/processing`, { json: {} })
    expect([held.status, held.body.code]).to.deep.equal([409, 'RECALL_PENDING'])
    const agreed = await as('district-clerk', 'POST', `${path}/recall-agreement`, { json: {} })
    expect([agreed.status, agreed.body.recall], agreed.text).to.deep.equal([200, 'agreed'])
    const delivery = await until('the answer at the commune', async () => {
      const [one] = await trackDocument(clerk, id)
      return one?.recall?.answer == null ? undefined : one
    })
    expect(delivery.recall?.answer?.code).to.equal('15')
  })

  it('is opened by no operation that reads, whoever of the agency asks [K018]', async () => {
    const reading = Object.keys(operations).filter((one) => one.startsWith('GET '))
    let asked = 0
    for (const route of reading) {
      const [, template = ''] = route.split(' ')
      if (books.test(template)) continue
      const path = template
        .replace('/dossiers/{id}', `/dossiers/${dossier}`)
        .replace('{id}', incoming.id)
        .replace('{position}', '1')
        .replace('{sha256}', sha256)
        .replace('{year}', '2026')
        .replace('{code}', agencies.district.code)
      const query = queries[route]
      for (const login of ['district-clerk', 'district-leader', 'district-auditor'] as const) {
        const url = `${node.url}/api/v1${path}${query === undefined ? '' : `?${query}`}`
        const response = await fetch(url, { headers: { authorization: `Bearer ${await node.token(login)}` } })
        const bytes = Buffer.from(await response.arrayBuffer())
        asked += 1
        expect(createHash('sha256').update(bytes).digest('hex'), route).not.to.equal(sha256)
        expect(bytes.includes(mark), `${route} as ${login} tells of it`).to.equal(false)
      }
    }
    expect(asked).to.be.greaterThan(60)
  })

  it('is refused with a code that says why, and is found by no word', async () => {
    const path = `/documents/${incoming.id}`
    for (const one of [`${path}/file`, `${path}/files/1`, `${path}/report`, `${path}/registration`]) {
      const { status, body } = await as('district-clerk', 'GET', one)
      expect([status, body.code], one).to.deep.equal([409, 'DOCUMENT_RECALLED'])
    }
    const acts: [string, object][] = [
      [`${path}/forward`, { recipients: [agencies.commune.code] }],
      [`${path}/processing`, {}],
      [`${path}/recall-refusal`, { reason: 'Thôi' }],
    ]
    for (const [one, json] of acts) {
      const { status, body } = await as('district-clerk', 'POST', one, { json })
      expect([status, body.code], one).to.deep.equal([409, 'DOCUMENT_RECALLED'])
    }
    for (const word of [mark, 'UBND-VP']) expect(await found(word), word).not.to.include(incoming.id)
  })

  it('stays in lists and in the book, marked as what it is [K075]', async () => {
    const { body } = await as('district-clerk', 'GET', '/documents?direction=incoming')
    const row = (body.items as { id: string; recall: string; subject: string }[]).find(
      (one) => one.id === incoming.id,
    )
    expect(row).to.include({ recall: 'agreed', subject: '(không hiển thị: văn bản đã bị thu hồi)' })
    const year = new Date(Date.now() + 7 * 3_600_000).getUTCFullYear()
    const book = await as('district-clerk', 'GET', `/registers/incoming/${year}/csv`)
    expect(book.text).to.contain('Đã thu hồi theo văn bản')
    const outgoing = await as('commune-clerk', 'GET', `/registers/outgoing/${year}/csv`)
    expect(outgoing.text).to.contain('Đã thu hồi theo văn bản')
    const { body: own } = await as('commune-clerk', 'GET', `/documents/${id}`)
    expect(own.recall).to.equal('ordered')
  })
})
