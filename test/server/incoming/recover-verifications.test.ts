import { createHash, randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { withAgencyTables } from '../../../server/db.ts'
import { acceptDocument } from '../../../server/incoming/accept-document.ts'
import { recordArrival } from '../../../server/incoming/record-arrival.ts'
import { recoverLostVerifications } from '../../../server/incoming/recover-verifications.ts'
import { verifyIncoming } from '../../../server/incoming/verify-incoming.ts'
import { openQueue } from '../../../server/queue.ts'
import {
  expectCode,
  letter,
  NOW,
  noProvenance,
  openTestNode,
  signAsAgency,
  type TestNode,
} from '../documents/support.ts'

const MINUTE = 60_000

describe('documents: a verification whose job the queue gave up', () => {
  let node: TestNode
  let bytes: Uint8Array
  before(async () => {
    node = await openTestNode()
    bytes = await signAsAgency(await letter(), node.one.agency)
  })
  after(() => node.close())
  beforeEach(async () => {
    await node.database.db.asNode((trx) => trx('pending_verifications').delete())
    node.setClock(NOW)
    node.jobs.length = 0
  })

  const at = (minutes: number) => node.setClock(new Date(NOW.getTime() + minutes * MINUTE))
  const verify = (documentId: string, services = node.services) =>
    verifyIncoming(node.context, services, { agencyId: node.two.agencyId, documentId })
  const pending = () =>
    node.database.db.asNode((trx) => trx('pending_verifications').pluck<string[]>('document_id'))

  /** A document that arrived, its job lost. */
  async function lost(): Promise<string> {
    const file = await node.services.files.put(bytes, 5_000_000)
    const { documentId } = await node.database.db.asNode((trx) =>
      withAgencyTables(trx, node.two.agencyId, (agency) =>
        recordArrival(agency, node.context, node.services.files, {
          agencyId: node.two.agencyId,
          recipientCode: node.two.code,
          envelopeSha256: createHash('sha256').update(randomUUID()).digest('hex'),
          message: {
            from: { organId: node.one.code, organName: 'Ủy ban nhân dân xã thử nghiệm' },
            documentId: `H40.12.3,2026/01/05,${randomUUID()}`,
            code: { codeNumber: '01', codeNotation: 'UBND-VP' },
            promulgationInfo: { promulgationDate: '2026-01-05' },
            documentType: { typeName: 'Công văn' },
            subject: 'báo cáo kết quả',
            signerInfo: { fullName: 'Người ký 1' },
          },
          fileSha256: file.sha256,
          fileLength: file.length,
          fileName: '01-UBND-VP.pdf',
          separate: [],
          provenance: { ...noProvenance, copyForm: 'sao-y' },
        }),
      ),
    )
    node.jobs.length = 0
    return documentId
  }

  it('is put again after a minute, and the document can then be accepted', async () => {
    const id = await lost()
    const accept = () =>
      acceptDocument(node.context, node.services, node.two.clerk, { id, acceptIndeterminate: false })
    await expectCode(accept(), 'DOCUMENT_STATE_WRONG')
    at(0.9)
    expect(await recoverLostVerifications(node.context)).to.equal(0)
    at(1)
    expect(await recoverLostVerifications(node.context)).to.equal(1)
    expect(node.jobs).to.deep.equal([{ agencyId: node.two.agencyId, documentId: id }])
    await verify(id)
    expect(await pending()).to.deep.equal([])
    expect((await accept()).state).to.equal('accepted')
    at(600)
    expect(await recoverLostVerifications(node.context)).to.equal(0)
  })

  it('is done by the real queue, to which the node puts it under its own role', async () => {
    const id = await lost()
    at(1)
    const queue = await openQueue(node.database.url, node.context.log)
    try {
      const worked = new Promise<string>((resolve, reject) => {
        queue
          .work('document-verify', 1, async (data) => {
            await verify(String(data.documentId))
            resolve(String(data.documentId))
          })
          .catch(reject)
      })
      expect(await recoverLostVerifications({ ...node.context, queue })).to.equal(1)
      expect(await worked).to.equal(id)
      expect(await pending()).to.deep.equal([])
    } finally {
      await queue.stop(5_000)
    }
  })

  it('waits twice as long from round to round while it fails, at most an hour, and never ends', async () => {
    const id = await lost()
    const broken = { ...node.services, files: { ...node.services.files, read: () => Promise.reject('disk') } }
    const rounds: number[] = []
    for (let minute = 0; minute <= 60 * 6; minute += 1) {
      at(minute)
      if ((await recoverLostVerifications(node.context)) === 0) continue
      rounds.push(minute)
      await verify(id, broken).catch(() => undefined)
    }
    expect(rounds).to.deep.equal([1, 3, 7, 15, 31, 63, 123, 183, 243, 303])
    expect(await pending()).to.deep.equal([id])
    await verify(id)
    expect(await pending()).to.deep.equal([])
  })

  it('is put by one of several processes, and a hundred at most in a round', async () => {
    const rows = Array.from({ length: 130 }, () => ({
      agency_id: node.two.agencyId,
      document_id: randomUUID(),
      since: NOW,
      next_at: NOW,
    }))
    await node.database.db.asNode((trx) => trx('pending_verifications').insert(rows))
    const counts = await Promise.all([1, 2, 3].map(() => recoverLostVerifications(node.context)))
    expect(counts.reduce((sum, count) => sum + count, 0)).to.be.within(100, 130)
    while ((await recoverLostVerifications(node.context)) > 0);
    expect(node.jobs).to.have.length(130)
    expect(new Set(node.jobs.map((job) => job.documentId)).size).to.equal(130)
  })

  it('is struck also where the document was verified before', async () => {
    const id = await lost()
    await verify(id)
    const row = { agency_id: node.two.agencyId, document_id: id, since: NOW, next_at: NOW }
    await node.database.db.asNode((trx) => trx('pending_verifications').insert(row))
    await verify(id)
    expect(await pending()).to.deep.equal([])
  })

  it('puts nothing when its transaction fails', async () => {
    const id = await lost()
    at(1)
    const queue = { ...node.context.queue, put: () => Promise.reject(new Error('queue away')) }
    const failed = recoverLostVerifications({ ...node.context, queue })
    expect(String(await failed.catch((error: unknown) => error))).to.match(/queue away/)
    expect(await recoverLostVerifications(node.context)).to.equal(1)
    expect(node.jobs).to.deep.equal([{ agencyId: node.two.agencyId, documentId: id }])
  })

  it('is the node’s alone to see', async () => {
    const act = node.database.db.asAgency({ agencyId: node.two.agencyId }, (trx) =>
      trx('pending_verifications').select('*'),
    )
    expect(String(await act.catch((error: unknown) => error))).to.match(/permission denied/)
  })
})
