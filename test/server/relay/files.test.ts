import { createHash } from 'node:crypto'
import { expect } from 'chai'
import { readFile, readFileList } from '../../../server/documents/read-files.ts'
import { dispatchDocument } from '../../../server/relay/dispatch.ts'
import { forwardDocument } from '../../../server/relay/forward-document.ts'
import { trackDocument } from '../../../server/relay/track.ts'
import { expectCode } from '../documents/support.ts'
import { type Network, openNetwork } from './network.ts'
import { accept, issue, type Office, type OwnFile, openOffice, plainPdf, received, verify } from './office.ts'

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
    expect((await verify(centre, arrived)).state).to.equal('verified')
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
    await verify(centre, second)
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
})
