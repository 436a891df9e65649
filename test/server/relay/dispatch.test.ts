import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import type { UserActor } from '../../../server/actor.ts'
import { CongvanError } from '../../../server/errors.ts'
import { type DispatchResult, dispatchDocument } from '../../../server/relay/dispatch.ts'
import { issueDocument, type Network, openNetwork, type TestNode } from './network.ts'

const SENDER = 'H40.12.3'

describe('relay: dispatch', () => {
  let network: Network
  let xa: TestNode
  let clerk: UserActor
  before(async () => {
    network = await openNetwork(
      [
        { id: 'tinh', parent: null, agencies: [{ code: 'H40', name: 'Ủy ban nhân dân tỉnh thử nghiệm' }] },
        {
          id: 'xa',
          parent: 'tinh',
          agencies: [
            { code: SENDER, name: 'Ủy ban nhân dân xã thử nghiệm' },
            { code: 'H40.12.4', name: 'Ủy ban nhân dân xã thử nghiệm khác' },
            { code: 'H40.12.9', name: 'Ủy ban nhân dân xã đã đóng', closedOn: '2025-03-01' },
          ],
        },
        { id: 'lac', parent: null, agencies: [{ code: 'H41', name: 'Cơ quan không có đường đi' }] },
      ],
      { recipients: 3 },
    )
    xa = network.node('xa')
    clerk = network.agency(SENDER).clerk
    await xa.rows(
      "insert into agency_codes values ($1, '000.00.04.H40', 'qcvn102', '2020-09-15', null, null, 'xa')",
      [network.agency('H40.12.4').agencyId],
    )
  })
  after(() => network?.close())

  const dispatch = (
    documentId: string,
    recipients: string[],
    change: { notAfter?: Date; key?: string } = {},
  ) =>
    dispatchDocument(
      xa.deps,
      change.key === undefined
        ? clerk
        : { ...clerk, idempotency: { key: change.key, requestSha256: 'a'.repeat(64) } },
      { documentId, recipients, ...(change.notAfter === undefined ? {} : { notAfter: change.notAfter }) },
    )

  const counts = () =>
    xa.rows(`select (select count(*) from envelopes) envelopes, (select count(*) from deliveries) deliveries,
      (select count(*) from branches) branches, (select count(*) from receipts) receipts,
      (select count(*) from pgboss.job where name in ('relay-send', 'document-consign')) jobs,
      (select count(*) from log_entries where kind = 'document.dispatched') entries`)

  async function expectRefused(act: () => Promise<unknown>, code: string, text = /.*/): Promise<void> {
    const before = await counts()
    const error: unknown = await act().then(
      () => undefined,
      (caught: unknown) => caught,
    )
    expect(error).to.be.instanceOf(CongvanError)
    expect((error as CongvanError).code).to.equal(code)
    expect((error as CongvanError).message).to.match(text)
    expect(await counts()).to.deep.equal(before)
  }

  it('refuses recipients that are unknown, closed, malformed, doubled, too many or beyond any route', async () => {
    const { id } = await issueDocument(network, SENDER)
    await expectRefused(() => dispatch(id, ['H99']), 'AGENCY_CODE_UNKNOWN', /H99/)
    await expectRefused(() => dispatch(id, ['H40.12.9']), 'AGENCY_CLOSED', /H40.12.9/)
    await expectRefused(() => dispatch(id, ['h40']), 'AGENCY_CODE_MALFORMED')
    await expectRefused(() => dispatch(id, ['H40', 'H40']), 'DISPATCH_INVALID', /same agency/)
    await expectRefused(() => dispatch(id, ['H40.12.4', '000.00.04.H40']), 'DISPATCH_INVALID', /same agency/)
    await expectRefused(() => dispatch(id, []), 'DISPATCH_INVALID', /0 /)
    await expectRefused(() => dispatch(id, ['A', 'B', 'C', 'D']), 'DISPATCH_INVALID', /4 /)
    await expectRefused(() => dispatch(id, ['H41']), 'NO_ROUTE', /H41/)
  })

  it('refuses a time that has passed or is further away than documents may travel', async () => {
    const { id } = await issueDocument(network, SENDER)
    const at = (ms: number) => ({ notAfter: new Date(network.now().getTime() + ms) })
    await expectRefused(() => dispatch(id, ['H40'], at(0)), 'DISPATCH_INVALID', /notAfter/)
    await expectRefused(() => dispatch(id, ['H40'], at(25 * 3_600_000)), 'DISPATCH_INVALID', /notAfter/)
    const sent = await dispatch(id, ['H40'], at(3_600_000))
    expect(sent.notAfter).to.equal(at(3_600_000).notAfter.toISOString())
  })

  it('sends only the agency’s own issued documents [N198]', async () => {
    const { id } = await issueDocument(network, SENDER)
    await expectRefused(() => dispatch(randomUUID(), ['H40']), 'NOT_FOUND')
    const other = network.agency('H40.12.4').clerk
    await expectRefused(
      () => dispatchDocument(xa.deps, other, { documentId: id, recipients: ['H40'] }),
      'NOT_FOUND',
    )
    await xa.rows('alter table documents disable trigger documents_guard')
    await xa.rows("update documents set state = 'numbered' where id = $1", [id])
    await xa.rows('alter table documents enable trigger documents_guard')
    await expectRefused(() => dispatch(id, ['H40']), 'DOCUMENT_STATE_WRONG')
  })

  it('sends to further recipients later, but to none twice', async () => {
    const { id } = await issueDocument(network, SENDER)
    const first = await dispatch(id, ['H40'])
    await expectRefused(() => dispatch(id, ['H40.12.4', 'H40']), 'DISPATCH_INVALID', /sent there already/)
    const second = await dispatch(id, ['H40.12.4'])
    expect(second.envelope).not.to.equal(first.envelope)
  })

  it('answers the same request the same, whether it comes at once, later, or after it can no longer succeed', async () => {
    const { id } = await issueDocument(network, SENDER)
    const key = randomUUID()
    const before = (await counts())[0]
    const answers = await Promise.all([1, 2, 3].map(() => dispatch(id, ['H40', 'H40.12.4'], { key })))
    answers.push(await dispatch(id, ['H40', 'H40.12.4'], { key }))
    const [first] = answers
    for (const one of answers) expect(one).to.deep.equal(first)
    const after = (await counts())[0]
    const added = Object.entries(after ?? {}).map(([name, count]) => [
      name,
      Number(count) - Number(before?.[name]),
    ])
    expect(Object.fromEntries(added)).to.deep.equal({
      envelopes: 1,
      deliveries: 2,
      branches: 2,
      receipts: 2,
      jobs: 2,
      entries: 1,
    })
  })

  it('lets one of two different requests for the same recipient win', async () => {
    const { id } = await issueDocument(network, SENDER)
    const results = await Promise.allSettled([dispatch(id, ['H40']), dispatch(id, ['H40'])])
    expect(results.map((one) => one.status).sort()).to.deep.equal(['fulfilled', 'rejected'])
  })

  it('sends a document to an agency once, by whichever of its codes', async () => {
    await xa.rows(`insert into agency_codes
      select agency_id, '000.00.00.H40', 'qcvn102', valid_from, valid_to, provenance, issuer
      from agency_codes where code = 'H40'`)
    const { id } = await issueDocument(network, SENDER)
    const codeOf = (request: Promise<unknown>) =>
      request.then(
        () => 'sent',
        (error: unknown) => (error instanceof CongvanError ? error.code : String(error)),
      )
    expect(await codeOf(dispatch(id, ['H40', '000.00.00.H40']))).to.equal('DISPATCH_INVALID')
    expect(await codeOf(dispatch(id, ['H40']))).to.equal('sent')
    expect(await codeOf(dispatch(id, ['000.00.00.H40']))).to.equal('DISPATCH_INVALID')
    await xa.rows("delete from agency_codes where code = '000.00.00.H40'")
  })

  for (const mode of ['before', 'after'] as const) {
    it(`makes one envelope when it breaks ${mode} its commit and is asked again`, async () => {
      for (let at = 1, burnt = true; burnt; at += 1) {
        const { id } = await issueDocument(network, SENDER)
        const key = randomUUID()
        Object.assign(xa.fuse, { count: 0, armed: { at, mode } })
        const again = () => dispatch(id, ['H40', 'H40.12.4'], { key })
        const sent: DispatchResult = await again().catch(again)
        burnt = xa.fuse.armed === undefined
        Object.assign(xa.fuse, { armed: undefined })
        const stored = await xa.rows('select sha256 from envelopes where sender_document = $1', [id])
        expect(stored).to.deep.equal([{ sha256: sent.envelope }])
        const [row] = await xa.rows('select state from documents where id = $1', [id])
        expect(row?.state).to.equal('dispatched')
        const deliveries = await xa.rows(
          'select id from deliveries where document_id = $1 order by recipient',
          [id],
        )
        expect(deliveries.map((one) => one.id)).to.deep.equal(sent.deliveries.map((one) => one.id))
      }
    })
  }
})
