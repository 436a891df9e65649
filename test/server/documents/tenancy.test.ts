import { expect } from 'chai'
import { listPage, readBytes, readDetails, readReport } from '../../../server/documents/read-document.ts'
import { startProcessing } from '../../../server/handling/process-document.ts'
import { acceptDocument } from '../../../server/incoming/accept-document.ts'
import { refuseDocument } from '../../../server/incoming/refuse-document.ts'
import { verifyIncoming } from '../../../server/incoming/verify-incoming.ts'
import { addSignature } from '../../../server/outgoing/add-signature.ts'
import { cancelDocument } from '../../../server/outgoing/cancel-document.ts'
import { issueDocument } from '../../../server/outgoing/issue-document.ts'
import { markDispatched, readIssuedForDispatch } from '../../../server/outgoing/issued-document.ts'
import { numberDocument } from '../../../server/outgoing/number-document.ts'
import { expectCode, openTestNode, type TestNode, toIssued } from './support.ts'

describe('documents: one agency and another', () => {
  let node: TestNode
  let id: string
  before(async () => {
    node = await openTestNode()
    id = await toIssued(node, node.one)
  })
  after(() => node.close())

  it('nobody of another agency can read, number, sign, issue, send or handle a document', async () => {
    const { context, services } = node
    const { clerk, leader, agencyId } = node.two
    const bytes = new Uint8Array([1])
    const acts: (() => Promise<unknown>)[] = [
      () => readDetails(context, clerk, id),
      () => readBytes(context, services.files, clerk, id),
      () => readReport(context, clerk, id),
      () => addSignature(context, services, leader, { id, bytes }),
      () => numberDocument(context, services, clerk, id),
      () => issueDocument(context, services, clerk, { id, bytes }),
      () => cancelDocument(context, clerk, { id, reason: 'x' }),
      () => acceptDocument(context, services, clerk, { id, acceptIndeterminate: true }),
      () => refuseDocument(context, services, clerk, { id, reason: 'duplicate', text: '' }),
      () => startProcessing(context, services, clerk, id),
      () => verifyIncoming(context, services, { agencyId, documentId: id }),
      () => context.db.asAgency({ agencyId }, (trx) => readIssuedForDispatch(trx, id)),
      () => context.db.asAgency({ agencyId }, (trx) => markDispatched(trx, id, context.clock())),
    ]
    for (const act of acts) await expectCode(act(), 'NOT_FOUND')
    expect((await listPage(context, clerk, { limit: 10 })).items).to.deep.equal([])
  })

  it('no table shows a row of another agency, and none is written for it', async () => {
    const { db } = node.database
    for (const table of [
      'documents',
      'document_revisions',
      'document_reports',
      'document_assignments',
      'registers',
      'register_numbers',
    ]) {
      const seen = await db.asAgency({ agencyId: node.two.agencyId }, (trx) => trx(table).select('*'))
      expect(seen, table).to.deep.equal([])
    }
    const write = db.asAgency({ agencyId: node.two.agencyId }, (trx) =>
      trx('registers').insert({ agency_id: node.one.agencyId, year: 2026, series: 'incoming' }),
    )
    expect(String(await write.catch((error: unknown) => error))).to.match(/row-level security/)
  })

  it('no agency can ask which files the node has', async () => {
    for (const table of ['files', 'file_holds']) {
      const act = node.database.db.asAgency({ agencyId: node.one.agencyId }, (trx) => trx(table).select('*'))
      expect(String(await act.catch((error: unknown) => error)), table).to.match(/permission denied/)
    }
  })

  it('two agencies count for themselves', async () => {
    const other = await toIssued(node, node.two)
    const mine = await readDetails(node.context, node.one.clerk, id)
    const theirs = await readDetails(node.context, node.two.clerk, other)
    expect([mine.document.codeNumber, theirs.document.codeNumber]).to.deep.equal(['01', '01'])
  })
})
