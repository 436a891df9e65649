import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { expect } from 'chai'
import type { UserActor } from '../../../server/actor.ts'
import { withAgencyTables } from '../../../server/db.ts'
import type { ListPosition } from '../../../server/documents/document-list-store.ts'
import { listPage, readBytes, readDetails, readReport } from '../../../server/documents/read-document.ts'
import { assignDocument } from '../../../server/handling/assign-document.ts'
import { completeDocument, startProcessing } from '../../../server/handling/process-document.ts'
import { acceptDocument } from '../../../server/incoming/accept-document.ts'
import { type Arrival, recordArrival } from '../../../server/incoming/record-arrival.ts'
import { refuseDocument } from '../../../server/incoming/refuse-document.ts'
import { verifyIncoming } from '../../../server/incoming/verify-incoming.ts'
import { type JobData, openQueue } from '../../../server/queue.ts'
import { readRegister } from '../../../server/registers/register-store.ts'
import {
  download,
  errorOf,
  expectCode,
  letter,
  logOf,
  noProvenance,
  openTestNode,
  signAsAgency,
  signAsIndividual,
  type TestNode,
  toIssued,
} from '../documents/support.ts'

describe('documents: incoming', () => {
  let node: TestNode
  let issued: Uint8Array
  before(async () => {
    node = await openTestNode()
    issued = await download(node, node.one.clerk, await toIssued(node))
  })
  after(() => node.close())
  beforeEach(() => {
    node.announced.length = 0
    node.jobs.length = 0
  })

  const envelope = () => createHash('sha256').update(randomBytes(8)).digest('hex')

  async function arrival(bytes: Uint8Array, more: Partial<Arrival> = {}): Promise<Arrival> {
    const file = await node.services.files.put(bytes, 5_000_000)
    return {
      agencyId: node.two.agencyId,
      recipientCode: node.two.code,
      envelopeSha256: envelope(),
      message: {
        from: { organId: node.one.code, organName: 'Ủy ban nhân dân xã thử nghiệm' },
        documentId: `H40.12.3,2026/01/05,${randomUUID()}`,
        code: { codeNumber: '01', codeNotation: 'UBND-VP' },
        promulgationInfo: { place: 'Hải Minh', promulgationDate: '2026-01-05' },
        documentType: { typeName: 'Công văn' },
        subject: 'báo cáo kết quả',
        signerInfo: { fullName: 'Người ký 1', position: 'Chủ tịch' },
        otherInfo: { priority: 1 },
      },
      fileSha256: file.sha256,
      fileLength: file.length,
      fileName: '01-UBND-VP.pdf',
      separate: [],
      provenance: noProvenance,
      ...more,
    }
  }

  const record = (one: Arrival) =>
    node.database.db.asNode((trx) =>
      withAgencyTables(trx, one.agencyId, (agency) =>
        recordArrival(agency, node.context, node.services.files, one),
      ),
    )
  const verify = (documentId: string, services = node.services) =>
    verifyIncoming(node.context, services, { agencyId: node.two.agencyId, documentId })
  const accept = (id: string, acceptIndeterminate = false, actor: UserActor = node.two.clerk) =>
    acceptDocument(node.context, node.services, actor, {
      id,
      acceptIndeterminate,
      duplicateReason: 'Văn bản thử nghiệm mang cùng số',
    })
  const details = (id: string) => readDetails(node.context, node.two.clerk, id)

  async function arrived(bytes = issued): Promise<string> {
    return (await record(await arrival(bytes))).documentId
  }
  async function verified(bytes = issued): Promise<string> {
    const id = await arrived(bytes)
    await verify(id)
    return id
  }

  it('goes the whole way, and the sender is told 03, 04, 05, 06 [K001]', async () => {
    const one = await arrival(issued)
    const { documentId: id } = await record(one)
    expect(node.jobs).to.deep.equal([{ agencyId: node.two.agencyId, documentId: id }])
    expect(await verify(id)).to.deep.equal({
      state: 'verified',
      indication: 'TOTAL_PASSED',
      subIndication: null,
    })
    const accepted = await accept(id)
    expect(accepted).to.include({ state: 'accepted', year: 2026, date: '2026-01-05' })
    const { clerk } = node.two
    await assignDocument(node.context, node.services, clerk, {
      id,
      lead: { unit: 'Công chức Văn phòng', dueDate: '2026-01-12' },
      cooperating: [{ unit: 'Công chức Địa chính' }],
      instruction: 'Tham mưu trả lời',
      awaitsMoreAnswers: false,
    })
    await startProcessing(node.context, node.services, clerk, id)
    await completeDocument(node.context, node.services, clerk, { id, noAnswerReason: 'Để biết' })
    expect((await details(id)).document.state).to.equal('completed')
    expect(node.announced.map((status) => status.code)).to.deep.equal(['03', '04', '05', '06'])
    for (const status of node.announced) {
      expect(status).to.deep.include({
        documentId: id,
        documentCode: one.message.documentId,
        envelopeSha256: one.envelopeSha256,
        recipientCode: 'H40.12.4',
        senderCode: 'H40.12.3',
      })
      expect(status.description).not.to.include('Công chức')
    }
    const { assignments } = await details(id)
    expect(assignments[0]).to.include({ lead: 'Công chức Văn phòng', dueDate: '2026-01-12' })
    const entries = (await logOf(node, node.two)).filter((entry) => entry.text.includes(id))
    expect(entries.map((entry) => entry.kind).filter((kind) => kind !== 'document.read')).to.deep.equal([
      'document.arrived',
      'document.verified',
      'document.accepted',
      'document.assigned',
      'document.processing',
      'document.completed',
    ])
    for (const { text } of entries) expect(text).not.to.include('Công chức')
  })

  it('is verified by the job that its arrival put into the queue, under the application’s own role', async () => {
    const queue = await openQueue(node.database.url, node.context.log)
    try {
      const context = { ...node.context, queue }
      const one = await arrival(issued)
      const worked = new Promise<JobData>((resolve, reject) => {
        queue
          .work('document-verify', 1, async (data) => {
            const job = { agencyId: String(data.agencyId), documentId: String(data.documentId) }
            await verifyIncoming(context, node.services, job)
            resolve(data)
          })
          .catch(reject)
      })
      const { documentId } = await node.database.db.asNode((trx) =>
        withAgencyTables(trx, one.agencyId, (agency) =>
          recordArrival(agency, context, node.services.files, one),
        ),
      )
      expect((await worked).documentId).to.equal(documentId)
      expect((await details(documentId)).document.state).to.equal('verified')
    } finally {
      await queue.stop(5_000)
    }
  })

  it('gives back the bytes that were issued [K081]', async () => {
    const id = await arrived()
    await verify(id)
    const { bytes } = await readBytes(node.context, node.services.files, node.two.clerk, id)
    expect(Buffer.from(bytes).equals(issued)).to.equal(true)
  })

  it('arrives once for an agency and an envelope, however often it comes and even at the same time', async () => {
    const one = await arrival(issued)
    const records = await Promise.all(Array.from({ length: 5 }, () => record(one)))
    expect(new Set(records.map((each) => each.documentId)).size).to.equal(1)
    expect(records.filter((each) => each.created)).to.have.length(1)
    expect(node.jobs).to.have.length(1)
    const other = await record({ ...one, agencyId: node.one.agencyId, recipientCode: node.one.code })
    expect(other.created).to.equal(true)
  })

  it('leaves nothing when the node’s transaction fails after it', async () => {
    const one = await arrival(issued)
    const failed = node.database.db.asNode(async (trx) => {
      await withAgencyTables(trx, one.agencyId, (agency) =>
        recordArrival(agency, node.context, node.services.files, one),
      )
      throw new Error('the receipt could not be stored')
    })
    expect(String(await failed.catch((error: unknown) => error))).to.match(/receipt/)
    expect((await record(one)).created).to.equal(true)
  })

  it('does not arrive without its file', async () => {
    const one = await arrival(issued)
    await expectCode(record({ ...one, fileSha256: 'ab'.repeat(32) }), 'STORAGE_DAMAGED')
    expect((await record(one)).created).to.equal(true)
  })

  it('archives the whole report and what it was judged by', async () => {
    const id = await verified()
    const { report, policy } = await readReport(node.context, node.two.clerk, id)
    expect(report.signatures.map((signature) => signature.role)).to.deep.equal(['individual', 'agency'])
    expect(policy).to.include({ profile: 'issued', time: '2026-01-05T02:00:00.000Z' })
    for (const sha256 of [...policy.anchors, ...policy.untrusted, ...policy.crls]) {
      expect(await node.services.files.has(sha256)).to.equal(true)
    }
    expect(policy.crls).to.have.length(2)
  })

  it('is verified once, however often the job comes', async () => {
    const id = await arrived()
    const all = await Promise.all([verify(id), verify(id), verify(id)])
    for (const one of all) expect(one).to.deep.equal(all[0])
    const reports = await node.database.db.asAgency({ agencyId: node.two.agencyId }, (trx) =>
      trx('document_reports').where({ document_id: id }).select('made_at'),
    )
    expect(reports).to.have.length(1)
    await accept(id)
    expect((await verify(id)).state).to.equal('accepted')
  })

  it('cannot be accepted before it is verified', async () => {
    await expectCode(accept(await arrived()), 'DOCUMENT_STATE_WRONG')
  })

  it('cannot be accepted when a byte was changed, only refused', async () => {
    const changed = Buffer.from(issued)
    const at = changed.indexOf('/Subtype')
    changed.writeUInt8(changed.readUInt8(at + 1) ^ 1, at + 1)
    const id = await verified(changed)
    expect((await details(id)).document).to.include({ state: 'failed-verification' })
    const error = await errorOf(accept(id, true))
    expect(error).to.include({ code: 'VERIFICATION_FAILED' })
    expect(error.params).to.include({ indication: 'TOTAL_FAILED' })
    await refuseDocument(node.context, node.services, node.two.clerk, {
      id,
      reason: 'signature-invalid',
      text: '',
    })
    expect(node.announced).to.have.length(1)
    expect(node.announced[0]).to.include({ code: '02', description: 'Chữ ký số không hợp lệ' })
  })

  it('fails verification without any signature, or when it is no PDF at all', async () => {
    for (const [bytes, indication] of [
      [await letter(), 'NO_SIGNATURE'],
      [Buffer.from('không phải PDF'), 'TOTAL_FAILED'],
    ] as const) {
      const id = await verified(bytes)
      expect((await details(id)).document).to.include({ state: 'failed-verification' })
      const error = await errorOf(accept(id, true))
      expect(error).to.deep.include({ code: 'VERIFICATION_FAILED' })
      expect(error.params).to.include({ indication })
    }
  })

  it('is uncertain with the individual’s signature alone, also where revocation data is lacking as well [K002]', async () => {
    const bytes = await signAsIndividual(await letter(), node.one.individual)
    const { anchors, untrusted, crls } = node.services.trust
    for (const given of [crls, []]) {
      const id = await arrived(bytes)
      await verify(id, { ...node.services, trust: { anchors, untrusted, crls: given } })
      expect((await details(id)).document.incoming?.subIndication).to.equal('SIG_CONSTRAINTS_FAILURE')
      await expectCode(accept(id), 'VERIFICATION_INDETERMINATE')
    }
  })

  it('is accepted where only revocation data is lacking, and the register’s entry says so', async () => {
    const id = await arrived()
    await verify(id, { ...node.services, trust: { ...node.services.trust, crls: [] } })
    await accept(id)
    const entry = (await logOf(node, node.two)).find(
      (one) => one.kind === 'document.accepted' && one.text.includes(id),
    )
    expect(entry?.text).to.include('"subIndication":"TRY_LATER"')
  })

  it('passes with the agency’s signature alone where the message says that it is a copy, and is uncertain else', async () => {
    const copy = await signAsAgency(await letter('bản sao y'), node.one.agency)
    const one = await arrival(copy)
    const sent = await record({ ...one, provenance: { ...one.provenance, copyForm: 'sao-y' } })
    await verify(sent.documentId)
    expect((await details(sent.documentId)).document.incoming).to.include({ indication: 'TOTAL_PASSED' })
    const stored = await readReport(node.context, node.two.clerk, sent.documentId)
    expect(stored.policy.profile).to.equal('scanned-copy')
    expect((await details(await verified(copy))).document.incoming).to.include({
      indication: 'INDETERMINATE',
      subIndication: 'SIG_CONSTRAINTS_FAILURE',
    })
  })

  describe('signed by an agency', () => {
    const sentBy = async (organId: string, promulgationDate = '2026-01-05'): Promise<string> => {
      const one = await arrival(issued)
      const from = { organId, organName: 'Ủy ban nhân dân xã thử nghiệm' }
      const message = { ...one.message, from, promulgationInfo: { promulgationDate } }
      const { documentId } = await record({ ...one, message })
      await verify(documentId)
      return documentId
    }
    const found = async (id: string) => (await details(id)).document.incoming?.senderMatches

    it('that sent it, under any code it bears, matches its sender', async () => {
      await node.database.db.asNode((trx) =>
        trx('agency_codes').insert([
          {
            agency_id: node.one.agencyId,
            code: '000.03.12.H40',
            generation: 'qcvn102',
            valid_from: '2019-01-01',
            issuer: 'nut-thu',
          },
          {
            agency_id: node.two.agencyId,
            code: 'H40.12.9',
            generation: 'qd20',
            valid_from: '2019-01-01',
            valid_to: '2020-01-01',
            issuer: 'nut-thu',
          },
        ]),
      )
      for (const code of [node.one.code, '000.03.12.H40']) {
        const id = await sentBy(code)
        expect(await found(id)).to.equal(true)
        expect((await readReport(node.context, node.two.clerk, id)).senderMatches).to.equal(true)
        expect(await accept(id)).to.include({ state: 'accepted' })
      }
    })

    it('other than the sender, is verified with a finding and accepted only when the clerk says so', async () => {
      for (const code of [node.two.code, 'H99.9']) {
        const id = await sentBy(code)
        expect((await details(id)).document).to.include({ state: 'verified' })
        expect((await details(id)).document.incoming).to.include({
          indication: 'TOTAL_PASSED',
          senderMatches: false,
        })
        expect((await readReport(node.context, node.two.clerk, id)).senderMatches).to.equal(false)
        await expectCode(accept(id), 'SENDER_NOT_SIGNER')
        expect(await accept(id, true)).to.include({ state: 'accepted' })
        const texts = (await logOf(node, node.two)).filter((entry) => entry.text.includes(id))
        for (const kind of ['document.verified', 'document.accepted']) {
          const text = texts.find((entry) => entry.kind === kind)?.text
          expect(text, kind).to.include('"senderMatches":false')
        }
      }
    })

    it('does not match by a code that the sender had given up before the day of the document', async () => {
      const copy = await signAsAgency(
        await letter('bản ký bằng mã cũ'),
        node.pki.issueAgency({ organization: 'Ủy ban nhân dân xã thử nghiệm khác', agencyCode: 'H40.12.9' }),
      )
      const one = await arrival(copy)
      const message = (promulgationDate: string) => ({
        ...one.message,
        from: { organId: node.two.code },
        promulgationInfo: { promulgationDate },
      })
      for (const [date, matches] of [
        ['2026-01-05', false],
        ['2019-12-31', true],
      ] as const) {
        const { documentId } = await record({ ...one, envelopeSha256: envelope(), message: message(date) })
        await verify(documentId)
        expect(await found(documentId), date).to.equal(matches)
      }
    })

    it('not at all, has nothing to match', async () => {
      const bytes = await signAsIndividual(await letter(), node.one.individual)
      expect(await found(await verified(bytes))).to.equal(null)
      expect(await found(await verified(Buffer.from('không phải PDF')))).to.equal(null)
    })
  })

  it('is accepted with an uncertain verdict only when the clerk says so', async () => {
    const id = await arrived()
    await verify(id, { ...node.services, trust: { anchors: [], untrusted: [], crls: [] } })
    expect((await details(id)).document.incoming).to.include({
      indication: 'INDETERMINATE',
      subIndication: 'NO_CERTIFICATE_CHAIN_FOUND',
    })
    await expectCode(accept(id), 'VERIFICATION_INDETERMINATE')
    expect(await accept(id, true)).to.include({ state: 'accepted' })
  })

  it('is refused with a reason that the sender reads, and then takes no further act', async () => {
    const id = await verified()
    const refuse = (text: string, actor: UserActor = node.two.clerk) =>
      refuseDocument(node.context, node.services, actor, { id, reason: 'other', text })
    await expectCode(refuse(''), 'REFUSAL_TEXT_MISSING')
    const actor = { ...node.two.clerk, idempotency: { key: 'refuse-1', requestSha256: 'a' } }
    const first = await refuse('Đề nghị gửi Phòng Nội vụ', actor)
    expect(await refuse('Đề nghị gửi Phòng Nội vụ', actor)).to.deep.equal(first)
    expect(node.announced).to.have.length(1)
    expect(node.announced[0]).to.include({ code: '02', description: 'Đề nghị gửi Phòng Nội vụ' })
    await expectCode(accept(id), 'DOCUMENT_STATE_WRONG')
    await expectCode(refuse('lần nữa'), 'DOCUMENT_STATE_WRONG')
    expect((await details(id)).document.incoming?.refusal).to.deep.equal({
      reason: 'other',
      text: 'Đề nghị gửi Phòng Nội vụ',
    })
  })

  it('is not assigned without an incoming number, and no step is skipped', async () => {
    const id = await verified()
    const assign = () =>
      assignDocument(node.context, node.services, node.two.clerk, {
        id,
        lead: { unit: 'Văn phòng' },
        cooperating: [],
        instruction: '',
        awaitsMoreAnswers: false,
      })
    await expectCode(assign(), 'DOCUMENT_STATE_WRONG')
    await accept(id)
    await expectCode(startProcessing(node.context, node.services, node.two.clerk, id), 'DOCUMENT_STATE_WRONG')
    await assign()
    await expectCode(
      completeDocument(node.context, node.services, node.two.clerk, { id, noAnswerReason: 'x' }),
      'DOCUMENT_STATE_WRONG',
    )
  })

  it('gets incoming numbers without gap when many are accepted at once, and one number once', async () => {
    const ids: string[] = []
    for (let count = 0; count < 6; count += 1) ids.push(await verified())
    const acts = [...ids, ...ids].map((id) => accept(id).catch((error: { code: string }) => error.code))
    const answers = await Promise.all(acts)
    expect(answers.filter((answer) => answer === 'DOCUMENT_STATE_WRONG')).to.have.length(6)
    const lines = await node.database.db.asAgency({ agencyId: node.two.agencyId }, (trx) =>
      readRegister(trx, 'incoming', 2026),
    )
    expect(lines.map((line) => line.number)).to.deep.equal(lines.map((_, index) => index + 1))
    expect(new Set(lines.map((line) => line.documentId)).size).to.equal(lines.length)
  })

  it('takes the act back when the status cannot be put on its way', async () => {
    const id = await verified()
    const announce = () => Promise.reject(new Error('queue away'))
    const act = acceptDocument(node.context, { announce }, node.two.clerk, {
      id,
      acceptIndeterminate: false,
      duplicateReason: 'Văn bản thử nghiệm mang cùng số',
    })
    expect(String(await act.catch((error: unknown) => error))).to.match(/queue away/)
    expect((await details(id)).document).to.include({ state: 'verified' })
    const { incomingNumber } = await accept(id)
    const lines = await node.database.db.asAgency({ agencyId: node.two.agencyId }, (trx) =>
      readRegister(trx, 'incoming', 2026),
    )
    expect(lines.at(-1)?.number).to.equal(incomingNumber)
    expect(lines.at(-1)?.documentId).to.equal(id)
  })

  it('warns of others with the same identifier, in either normal form, or the same number and sender', async () => {
    const one = await arrival(issued)
    const named = (documentId: string, codeNumber: string): Arrival => ({
      ...one,
      envelopeSha256: envelope(),
      message: { ...one.message, documentId, code: { codeNumber, codeNotation: 'QĐ-TTg' } },
    })
    const first = await record(named('G22,2026/01/05,77/QĐ-TTg', '77'))
    const second = await record(named('G22,2026/01/05,77/QĐ-TTg'.normalize('NFD'), '78'))
    const third = await record(named('khác', '77'))
    const fourth = await record(named('khác hẳn', '79'))
    expect((await details(first.documentId)).duplicates).to.have.members([
      second.documentId,
      third.documentId,
    ])
    expect((await details(fourth.documentId)).duplicates).to.deep.equal([])
  })

  it('is listed newest first, page by page, by direction and state', async () => {
    const seen: string[] = []
    let after: ListPosition | undefined
    do {
      const page = await listPage(node.context, node.two.clerk, {
        direction: 'incoming',
        state: 'verified',
        limit: 2,
        ...(after === undefined ? {} : { after }),
      })
      seen.push(...page.items.map((item) => item.id))
      for (const item of page.items) expect(item).to.include({ direction: 'incoming', state: 'verified' })
      after = page.next ?? undefined
    } while (after !== undefined)
    const all = await node.database.db.asAgency({ agencyId: node.two.agencyId }, (trx) =>
      trx('documents').where({ state: 'verified' }).pluck<string[]>('id'),
    )
    expect(new Set(seen)).to.deep.equal(new Set(all))
    expect(seen).to.have.length(all.length)
  })
})
