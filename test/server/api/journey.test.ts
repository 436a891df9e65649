import { createHash } from 'node:crypto'
import { expect } from 'chai'
import type { ApiClient } from '../../../cli/client/api-client.ts'
import { type Delivery, dispatchDocument, trackDocument } from '../../../cli/client/deliveries.ts'
import { draftDocument } from '../../../cli/client/draft-document.ts'
import { acceptedForm, type Document, detailsForm, pageForm, stateForm } from '../../../cli/client/forms.ts'
import { issueDocument, signDocument } from '../../../cli/client/sign-revision.ts'
import { makeLetter } from '../../../fixtures/documents/letter.ts'
import { communeLetter } from '../../../fixtures/documents/sample-letters.ts'
import { asKeyProvider } from '../../../signing/index.ts'
import { type ApiNode, agencies, type Login, type Sending, send, startApiNode } from './node.ts'
import { Listener, readDescription } from './openapi.ts'
import { letterDraft, until } from './steps.ts'

interface LogEntry {
  readonly kind: string
  readonly subject: string
  readonly commitments: Readonly<Record<string, string>>
}

/** From the draft to the recipient's last status on one node that hosts both agencies, over real HTTP. */
describe('api: a document from one agency to another of the same node', () => {
  let node: ApiNode
  let listener: Listener
  let clerk: ApiClient
  let received: Document
  let id: string
  let sha256: string
  before(async () => {
    node = await startApiNode()
    listener = new Listener(node.url, await readDescription(node.url))
    clerk = await node.client('commune-clerk')
  })
  after(() => node.close())

  const as = async (login: Login, method: string, path: string, options: Sending = {}) =>
    send(node.url, method, path, { token: await node.token(login), ...options })

  it('is drafted, signed by the person, numbered, signed for the agency and issued, keys staying here', async () => {
    const pdf = await makeLetter({ ...communeLetter, created: new Date() })
    const drafted = await draftDocument(clerk, pdf, letterDraft)
    expect(drafted.state).to.equal('draft')
    id = drafted.id
    const leader = await node.client('commune-leader')
    const signed = await signDocument(leader, id, asKeyProvider(node.communeKeys.individual), new Date())
    expect(signed).to.include({ id, state: 'signed' })
    const issued = await issueDocument(clerk, id, asKeyProvider(node.communeKeys.agency), new Date())
    expect(issued).to.include({ id, state: 'issued', number: '01/UBND-VP' })
    sha256 = issued.sha256
  })

  it('is not done twice when the same commands run again', async () => {
    const pdf = await makeLetter({ ...communeLetter, created: new Date() })
    const before = await clerk.get(`/documents/${id}`, detailsForm)
    // The letter is drawn with another time, so this is another document; the same bytes are the same one.
    const other = await draftDocument(clerk, pdf, letterDraft)
    const again = await draftDocument(clerk, pdf, letterDraft)
    expect(other.id).not.to.equal(id)
    expect(again).to.deep.equal(other)
    const issued = await issueDocument(clerk, id, asKeyProvider(node.communeKeys.agency), new Date())
    expect(issued).to.deep.equal({ id, state: 'issued', number: '01/UBND-VP', sha256 })
    const after = await clerk.get(`/documents/${id}`, detailsForm)
    expect(after.revisions).to.deep.equal(before.revisions)
    const { body } = await as('commune-clerk', 'POST', `/documents/${other.id}/cancel`, {
      json: { reason: 'Soạn nhầm' },
    })
    expect(body).to.deep.equal({ id: other.id, state: 'cancelled', numberCancelled: false })
    const anew = await draftDocument(clerk, pdf, letterDraft)
    expect(anew.id, 'one that was given up is drafted anew').not.to.equal(other.id)
    expect(anew.state).to.equal('draft')
  })

  it('is dispatched once, however often the same is asked', async () => {
    const recipients = [agencies.district.code]
    const first = await dispatchDocument(clerk, id, recipients)
    expect(first.deliveries.map((one) => [one.recipient, one.state])).to.deep.equal([
      [agencies.district.code, 'queued'],
    ])
    expect(await dispatchDocument(clerk, id, recipients)).to.deep.equal(first)
    expect(await trackDocument(clerk, id)).to.have.length(1)
  })

  it('arrives, is verified, and is byte for byte what was issued', async () => {
    const district = await node.client('district-clerk')
    received = await until('the letter at the district', async () => {
      const { items } = await district.get('/documents', pageForm, { query: { direction: 'incoming' } })
      return items.find((one) => one.state === 'verified')
    })
    expect(received.id).not.to.equal(id)
    expect(received.incoming).to.include({ senderCode: agencies.commune.code, indication: 'TOTAL_PASSED' })
    const bytes = await district.getBytes(`/documents/${received.id}/file`)
    expect(createHash('sha256').update(bytes).digest('hex')).to.equal(sha256)
    const report = await as('district-clerk', 'GET', `/documents/${received.id}/report`)
    expect((report.body.report as { signatures: unknown[] }).signatures).to.have.length(2)
  })

  it('is accepted, assigned, processed and completed, each step told to the sender', async () => {
    const district = await node.client('district-clerk')
    const path = `/documents/${received.id}`
    const accepted = await district.post(`${path}/accept`, acceptedForm, { json: {} })
    expect(accepted).to.include({ state: 'accepted', incomingNumber: 1 })
    await district.post(`${path}/assign`, stateForm, { json: { lead: 'Phòng Nội vụ' } })
    await district.post(`${path}/processing`, stateForm, { json: {} })
    const done = await district.post(`${path}/complete`, stateForm, {
      json: { noAnswerReason: 'Không yêu cầu trả lời' },
    })
    expect(done.state).to.equal('completed')
    const delivery = await until('the last status', async () => {
      const [one] = await trackDocument(clerk, id)
      return one?.state === 'completed' ? one : undefined
    })
    const codes = delivery.statuses.map((one) => one.code)
    expect(codes.sort()).to.deep.equal(['01', '03', '04', '05', '06'])
    expect(delivery.terminal?.event).to.equal('ContentConsignment')
    expect(delivery.hops).to.deep.equal([])
    await expectEvidence(delivery)
  })

  async function expectEvidence(delivery: Delivery): Promise<void> {
    expect(delivery.receipts.map((one) => one.event)).to.include.members([
      'SubmissionAcceptance',
      'ContentConsignment',
    ])
    for (const { receipt } of delivery.receipts) {
      const { status, text } = await as(
        'commune-clerk',
        'GET',
        `/deliveries/${delivery.id}/messages/${receipt}`,
      )
      expect(status).to.equal(200)
      expect(createHash('sha256').update(text).digest('hex')).to.equal(receipt)
    }
  }

  it('is seen by nobody of another agency, whoever knows its id', async () => {
    const [delivery] = await trackDocument(clerk, id)
    const evidence = delivery?.receipts[0]?.receipt
    const foreign: [Login, string][] = [
      ['district-clerk', id],
      ['district-leader', id],
      ['commune-clerk', received.id],
      ['commune-leader', received.id],
    ]
    for (const [login, document] of foreign) {
      for (const rest of ['', '/file', '/file?revision=1', '/report']) {
        const { status, body } = await as(login, 'GET', `/documents/${document}${rest}`)
        expect([status, body.code], `${login} ${rest}`).to.deep.equal([404, 'NOT_FOUND'])
      }
      const { items } = (await as(login, 'GET', '/documents?limit=200')).body as { items: { id: string }[] }
      expect(items.map((one) => one.id)).not.to.include(document)
    }
    const tracked = await as('district-clerk', 'GET', `/documents/${id}/deliveries`)
    expect([tracked.status, tracked.body.code]).to.deep.equal([404, 'NOT_FOUND'])
    for (const path of [`/deliveries/${delivery?.id}`, `/deliveries/${delivery?.id}/messages/${evidence}`]) {
      expect((await as('district-clerk', 'GET', path)).status, path).to.equal(404)
      expect((await as('commune-clerk', 'GET', path)).status, path).to.equal(200)
    }
  })

  it('can be acted on by nobody of another agency', async () => {
    const acts: [Login, string, Sending][] = [
      ['district-clerk', `/documents/${id}/dispatch`, { json: { recipients: ['G22'] } }],
      ['district-clerk', `/documents/${id}/number`, { json: {} }],
      ['district-clerk', `/documents/${id}/cancel`, { json: { reason: 'x' } }],
      ['district-clerk', `/documents/${id}/issue`, { bytes: Buffer.from('%PDF-') }],
      ['district-leader', `/documents/${id}/signatures`, { bytes: Buffer.from('%PDF-') }],
      ['commune-clerk', `/documents/${received.id}/accept`, { json: {} }],
      ['commune-clerk', `/documents/${received.id}/refuse`, { json: { reason: 'duplicate' } }],
      ['commune-clerk', `/documents/${received.id}/assign`, { json: { lead: 'x' } }],
      ['commune-clerk', `/documents/${received.id}/verification`, { json: {} }],
    ]
    const before = await clerk.get(`/documents/${id}`, detailsForm)
    for (const [login, path, options] of acts) {
      const { status, body } = await as(login, 'POST', path, options)
      expect([status, body.code], path).to.deep.equal([404, 'NOT_FOUND'])
    }
    expect(await clerk.get(`/documents/${id}`, detailsForm)).to.deep.equal(before)
  })

  it('leaves an entry for every act in the log of the agency that did it, and in no other', async () => {
    const log = async (login: Login) =>
      (await as(login, 'GET', '/log')).text
        .trim()
        .split('\n')
        .map((line) => JSON.parse((JSON.parse(line) as { entry: string }).entry) as LogEntry)
    const [commune, district, operator] = await Promise.all(
      (['commune-auditor', 'district-auditor', 'operator'] as const).map(log),
    )
    const about = (entries: LogEntry[] = [], subject: string) =>
      entries.filter((one) => one.subject === subject && one.kind !== 'document.read').map((one) => one.kind)
    expect(about(commune, `document:${id}`)).to.deep.equal([
      'document.drafted',
      'document.file-uploaded',
      'document.quarantine-ended',
      'document.signed-individual',
      'document.numbered',
      'document.number-filled',
      'document.issued',
      'document.dispatched',
    ])
    expect(about(district, `document:${received.id}`)).to.deep.equal([
      'document.arrived',
      'document.verified',
      'document.accepted',
      'document.assigned',
      'document.processing',
      'document.completed',
    ])
    const kinds = (entries: LogEntry[] = []) => new Set(entries.map((one) => one.kind))
    expect(kinds(commune)).to.include.keys('document.read', 'document.cancelled', 'delivery.receipt')
    expect(kinds(commune)).to.include.keys('delivery.status', 'user.signed-in', 'user.role-granted')
    expect(kinds(district)).to.include.keys('document.read', 'user.signed-in')
    expect(kinds(operator)).to.include.keys('node.started', 'user.created', 'directory.imported')
    // Nothing of one agency stands in the log of another or of the node, nor any name of a person in any.
    for (const entries of [district, operator]) expect(JSON.stringify(entries)).not.to.contain(id)
    for (const entries of [commune, operator]) expect(JSON.stringify(entries)).not.to.contain(received.id)
    for (const entries of [commune, district, operator]) {
      expect(JSON.stringify(entries)).not.to.match(/Người ký 1|Tài khoản|báo cáo kết quả|commune-clerk/)
    }
    const signature = commune?.find((one) => one.kind === 'document.signed-individual')
    expect(signature?.commitments).to.have.all.keys('signer', 'certificate')
  })

  it('went over the wire as /openapi.json describes it', async () => {
    for (const login of ['commune-auditor', 'operator'] as const) {
      expect((await as(login, 'GET', '/me')).status).to.equal(200)
      expect((await as(login, 'GET', '/log')).status).to.equal(200)
    }
    expect((await as('operator', 'GET', '/peers')).status).to.equal(200)
    const { agencyId } = (await as('commune-clerk', 'GET', '/me')).body
    expect((await as('commune-clerk', 'GET', `/agencies/${agencyId}`)).status).to.equal(200)
    expect((await as('commune-clerk', 'GET', '/agencies?q=hai minh')).status).to.equal(200)
    await listener.end()
    // The fuzz holds every operation against its description; these are the ones that a document's way goes by.
    const way = ['documents', 'documents/{id}', 'documents/{id}/file', 'documents/{id}/report', 'log', 'me']
    const steps = ['declaration', 'signatures', 'number', 'issue', 'dispatch', 'accept', 'assign', 'complete']
    const missed = [
      ...way.map((path) => `GET /api/v1/${path}`),
      ...steps.map((step) => `POST /api/v1/documents/{id}/${step}`),
      'GET /api/v1/deliveries/{id}/messages/{sha256}',
    ].filter((name) => !listener.operations.has(name))
    expect(missed).to.deep.equal([])
  })
})
