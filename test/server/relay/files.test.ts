import { createHash } from 'node:crypto'
import { expect } from 'chai'
import { makeLetter } from '../../../fixtures/documents/letter.ts'
import { communeLetter } from '../../../fixtures/documents/sample-letters.ts'
import { grantCopyAuthority } from '../../../server/copies/copy-authorities.ts'
import { copyRequest } from '../../../server/copies/copy-request.ts'
import { issueCopy } from '../../../server/copies/issue-copy.ts'
import { makeCopy } from '../../../server/copies/make-copy.ts'
import { uploadCopy } from '../../../server/copies/upload-copy.ts'
import { readDetails } from '../../../server/documents/read-document.ts'
import { readFile, readFileList } from '../../../server/documents/read-files.ts'
import { openSealedDocument } from '../../../server/edxml/seal.ts'
import { endQuarantine } from '../../../server/outgoing/end-quarantine.ts'
import { dispatchDocument } from '../../../server/relay/dispatch.ts'
import { forwardDocument } from '../../../server/relay/forward-document.ts'
import { provenanceOf } from '../../../server/relay/message-files.ts'
import { trackDocument } from '../../../server/relay/track.ts'
import { nodeKeyFingerprint } from '../../../signing/index.ts'
import { scan } from '../copies/scans.ts'
import { expectCode } from '../documents/support.ts'
import { issueDocument as leaveIssued, type Network, openNetwork } from './network.ts'
import {
  accept,
  issue,
  type Office,
  type OwnFile,
  openOffice,
  plainPdf,
  received,
  sign,
  stampInternal,
  verify,
} from './office.ts'

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

describe('relay: documents of several files', () => {
  let network: Network
  let commune: Office
  let province: Office
  let centre: Office
  before(async () => {
    network = await openNetwork([
      { id: 'tw', parent: null, agencies: [{ code: 'G22', name: 'Văn phòng thử nghiệm' }] },
      { id: 'tinh', parent: 'tw', agencies: [{ code: 'H40', name: 'Ủy ban nhân dân tỉnh thử nghiệm' }] },
      { id: 'xa', parent: 'tinh', agencies: [{ code: 'H40.12.3', name: 'Ủy ban nhân dân xã thử nghiệm' }] },
    ])
    commune = await openOffice(network, 'H40.12.3')
    province = await openOffice(network, 'H40')
    centre = await openOffice(network, 'G22')
  })
  after(() => network?.close())

  const deps = (office: Office) => network.agency(office.code).node.deps
  const dispatch = (office: Office, documentId: string, ...recipients: string[]) =>
    dispatchDocument(deps(office), office.clerk, { documentId, recipients })

  async function filesOf(office: Office, id: string) {
    const files = await readFileList(office.context, office.clerk, id)
    return Promise.all(
      files.map(async (file) => {
        const place = { id, position: file.position }
        const { bytes } = await readFile(office.context, office.services.files, office.clerk, place)
        return { ...file, bytes }
      }),
    )
  }

  async function ownFiles(): Promise<OwnFile[]> {
    const csv = Buffer.from('stt,ten\n1,Hải Minh\n')
    return [
      { kind: 'annex', name: 'phu-luc-1.pdf', bytes: await plainPdf('Phu luc I') },
      { kind: 'attachment', name: 'so-lieu.csv', bytes: csv },
      { kind: 'annex', name: 'phu-luc-2.pdf', bytes: await plainPdf('Phu luc II') },
      { kind: 'attachment', name: 'so-lieu-2.csv', bytes: csv },
    ]
  }

  it('brings every file to the recipient over three nodes, byte for byte, each verified [K046 K080 N095]', async () => {
    const { id } = await issue(commune, await ownFiles())
    const { envelope } = await dispatch(commune, id, 'G22')
    await network.settle()
    const arrived = await received(centre, envelope)
    expect((await verify(centre, arrived)).state).to.equal('verified')
    const [sent, came] = [await filesOf(commune, id), await filesOf(centre, arrived)]
    expect(came.map((one) => [one.position, one.kind, one.name, one.contentType])).to.deep.equal([
      [1, 'main', '01-UBND-VP.pdf', 'application/pdf'],
      [2, 'annex', 'phu-luc-1.pdf', 'application/pdf'],
      [3, 'attachment', 'so-lieu.csv', 'text/csv'],
      [4, 'annex', 'phu-luc-2.pdf', 'application/pdf'],
      [5, 'attachment', 'so-lieu-2.csv', 'text/csv'],
    ])
    for (const [index, one] of came.entries()) {
      expect(Buffer.compare(one.bytes, sent[index]?.bytes ?? Buffer.alloc(0)), one.name).to.equal(0)
      expect(sha256(one.bytes)).to.equal(one.sha256)
    }
    const [stored] = await network
      .node('tw')
      .rows('select convert_from(bytes, $1) xml from envelopes', ['UTF8'])
    expect(String(stored?.xml)).to.contain(
      '<Appendixes><Appendix>Phụ lục I</Appendix><Appendix>Phụ lục II</Appendix></Appendixes>',
    )
    const judged = await readFileList(centre.context, centre.clerk, arrived)
    expect(judged.slice(1).map((one) => [one.indication, one.findings])).to.deep.equal([
      ['TOTAL_PASSED', []],
      ['NO_SIGNATURE', []],
      ['TOTAL_PASSED', []],
      ['NO_SIGNATURE', []],
    ])
    expect((await accept(centre, arrived)).state).to.equal('accepted')
  })

  it('passes a received document on as it came, with the trace of its first sender', async () => {
    const { id } = await issue(commune, (await ownFiles()).slice(0, 2))
    const sentOut = await dispatch(commune, id, 'H40')
    await network.settle()
    const first = await received(province, sentOut.envelope)
    const forward = (more: { overrideReason?: string } = {}) =>
      forwardDocument(deps(province), province.clerk, { documentId: first, recipients: ['G22'], ...more })
    await expectCode(forward(), 'FORWARD_NOT_ALLOWED')
    await verify(province, first)
    await expectCode(forward(), 'FORWARD_NOT_ALLOWED')
    await accept(province, first)
    const { envelope } = await forward()
    await network.settle()
    const second = await received(centre, envelope)
    await verify(centre, second)
    const [sent, came] = [await filesOf(commune, id), await filesOf(centre, second)]
    expect(came.map((one) => one.sha256)).to.deep.equal(sent.map((one) => one.sha256))
    for (const [index, one] of came.entries()) {
      expect(Buffer.compare(one.bytes, sent[index]?.bytes ?? Buffer.alloc(0))).to.equal(0)
    }
    const [row] = await network.node('tw').rows(
      `select sender_code, document_code, code_number, origin_code, trace from documents
       join document_provenance on document_id = id where id = $1`,
      [second],
    )
    const [original] = await network
      .node('xa')
      .rows('select document_code, code_number from documents where id = $1', [id])
    expect(row).to.include({ ...original, sender_code: 'H40', origin_code: 'H40.12.3' })
    const trace = row?.trace as { organId: string }[]
    expect(trace.map((one) => one.organId)).to.deep.equal(['H40.12.3', 'H40'])
    // The signatures are those of who sent it first: that is what was announced, and so no alarm.
    const [judged] = await network
      .node('tw')
      .rows('select state, sender_matches from documents where id = $1', [second])
    expect(judged).to.deep.equal({ state: 'verified', sender_matches: true })
    await accept(centre, second)
    await network.settle()
    const [delivery] = await trackDocument(province.context, province.clerk, first)
    expect(delivery).to.include({ envelope, recipient: 'G22', state: 'accepted' })
    await expectCode(forward(), 'DISPATCH_INVALID')
    await expectCode(
      forwardDocument(deps(commune), commune.clerk, { documentId: id, recipients: ['G22'] }),
      'FORWARD_NOT_ALLOWED',
    )
  })

  it('sends a copy that the recipient judges as one, and passes it on as one [K033 K102 N040]', async () => {
    const { context, services, clerk } = commune
    const { id: authorityId } = await grantCopyAuthority(context, commune.leader, {
      name: 'Người ký 1',
      position: 'Chủ tịch',
      competence: null,
      userId: null,
      validFrom: '2025-01-01',
      validTo: null,
    })
    const paper = {
      kind: 'Quyết định',
      subject: 'Về việc thử nghiệm sao văn bản',
      number: '15',
      symbol: 'QĐ-UBND',
      date: '2019-06-29',
      agency: 'Ủy ban nhân dân xã thử nghiệm',
      signer: { name: 'Người ký 2' },
    }
    const request = { form: 'sao-y', from: 'paper', to: 'electronic', source: { paper }, authorityId }
    const { documentId } = await makeCopy(context, clerk, copyRequest.parse(request))
    const id = documentId ?? ''
    const bytes = await scan()
    await uploadCopy(context, services, clerk, { id, bytes })
    await endQuarantine(context, services, clerk, { id, stateSecret: false, scanDeclared: true })
    const signed = await sign(commune, bytes, commune.agency, 'CoQuan')
    await issueCopy(context, services, clerk, { id, bytes: signed })
    const { envelope } = await dispatch(commune, id, 'H40')
    await network.settle()
    const came = await received(province, envelope)
    expect((await verify(province, came)).indication).to.equal('TOTAL_PASSED')
    const details = await readDetails(province.context, province.clerk, came)
    expect(details.origin.copy).to.deep.include({
      form: 'sao-y',
      formName: 'SAO Y',
      source: '15/QĐ-UBND',
      label: { vi: 'bản sao, giá trị như bản chính', en: 'copy, of the same value as the original' },
    })
    expect(details.document.codeNotation).to.equal('QĐ-UBND')
    await accept(province, came)
    const again = await forwardDocument(deps(province), province.clerk, {
      documentId: came,
      recipients: ['G22'],
    })
    await network.settle()
    const last = await received(centre, again.envelope)
    expect((await verify(centre, last)).indication).to.equal('TOTAL_PASSED')
    const { origin } = await readDetails(centre.context, centre.clerk, last)
    expect(origin.copy?.form).to.equal('sao-y')
    expect(origin.forwardedFrom).to.deep.equal({ code: 'H40.12.3', name: 'Ủy ban nhân dân xã thử nghiệm' })
  })

  it('does not take for a copy what is none: one signature is not enough then [K102]', async () => {
    const pdf = await sign(province, await plainPdf('Thong bao'), province.agency, 'CoQuan')
    const { id } = await leaveIssued(network, province.code, pdf)
    const { envelope } = await dispatch(province, id, 'G22')
    await network.settle()
    const verdict = await verify(centre, await received(centre, envelope))
    expect([verdict.indication, verdict.subIndication]).to.deep.equal([
      'INDETERMINATE',
      'SIG_CONSTRAINTS_FAILURE',
    ])
  })

  it('passes nothing on that is for internal circulation without a reason, which is noted [K050]', async () => {
    const pdf = await makeLetter({ ...communeLetter, created: network.now() })
    const marked = await stampInternal(pdf, province.services.fillFonts.number)
    const { id } = await issue(commune, [], marked)
    const { envelope } = await dispatch(commune, id, 'H40')
    await network.settle()
    const came = await received(province, envelope)
    await verify(province, came)
    await accept(province, came)
    const request = { documentId: came, recipients: ['G22'] }
    await expectCode(forwardDocument(deps(province), province.clerk, request), 'INTERNAL_CIRCULATION')
    const overrideReason = 'Chánh Văn phòng cho phép'
    await forwardDocument(deps(province), province.clerk, { ...request, overrideReason })
    const { origin } = await readDetails(province.context, province.clerk, came)
    expect(origin.forwards.map((one) => [one.recipients, one.overrideReason])).to.deep.equal([
      [['G22'], overrideReason],
    ])
    const rows = await network
      .node('tinh')
      .rows(
        "select convert_from(entry, 'UTF8') entry from log_entries where kind = 'document.forwarded' and convert_from(entry, 'UTF8') like $1",
        [`%${came}%`],
      )
    expect(rows).to.have.length(1)
    expect(String(rows[0]?.entry)).to.contain('"override":true').and.not.to.contain(overrideReason)
  })

  it('says which annexes a message lists and does not bring, and lets nobody accept that silently [N252]', async () => {
    const { id } = await issue(commune, (await ownFiles()).slice(0, 1))
    const { envelope } = await dispatch(commune, id, 'H40')
    await network.settle()
    const came = await received(province, envelope)
    const rows = await network
      .node('tinh')
      .rows('select convert_from(bytes, $1) xml from envelopes where sha256 = $2', ['UTF8', envelope])
    const { message } = openSealedDocument(Buffer.from(String(rows[0]?.xml)), {
      keyFingerprints: [nodeKeyFingerprint(network.node('xa').key.certificate)],
    })
    const less = { ...message, attachments: message.attachments.slice(0, 1) }
    expect(provenanceOf(less).missing).to.deep.equal(['Phụ lục'])
    expect(provenanceOf(message).missing).to.deep.equal([])
    await network
      .node('tinh')
      .rows('update document_provenance set missing = $1 where document_id = $2', ['["Phụ lục II"]', came])
    await verify(province, came)
    await expectCode(accept(province, came), 'DOCUMENT_INCOMPLETE')
    await expectCode(
      forwardDocument(deps(province), province.clerk, { documentId: came, recipients: ['G22'] }),
      'FORWARD_NOT_ALLOWED',
    )
  })

  it('passes on once, whenever the process is killed and asked again', async () => {
    const { id } = await issue(commune, [])
    const { envelope } = await dispatch(commune, id, 'H40')
    await network.settle()
    const came = await received(province, envelope)
    await verify(province, came)
    await accept(province, came)
    const { fuse } = network.node('tinh')
    const ask = (key: string, recipient: string) => {
      const actor = { ...province.clerk, idempotency: { key, requestSha256: 'a' } }
      return forwardDocument(deps(province), actor, { documentId: came, recipients: [recipient] })
    }
    for (const [mode, recipient] of [
      ['before', 'G22'],
      ['after', 'H40.12.3'],
    ] as const) {
      fuse.armed = { at: fuse.count + 1, mode }
      await expectCode(ask(mode, recipient), 'DATABASE_UNAVAILABLE')
      const answer = await ask(mode, recipient)
      expect(await ask(mode, recipient)).to.deep.equal(answer)
      const { origin } = await readDetails(province.context, province.clerk, came)
      const sent = origin.forwards.filter((one) => one.recipients[0] === recipient)
      expect(sent.map((one) => one.envelope)).to.deep.equal([answer.envelope])
    }
  })
})
