import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { readBytes, readDetails } from '../../../server/documents/read-document.ts'
import { addSignature } from '../../../server/outgoing/add-signature.ts'
import { cancelDocument } from '../../../server/outgoing/cancel-document.ts'
import { draftDocument } from '../../../server/outgoing/draft-document.ts'
import { draftMetadata } from '../../../server/outgoing/draft-metadata.ts'
import { endQuarantine } from '../../../server/outgoing/end-quarantine.ts'
import { issueDocument } from '../../../server/outgoing/issue-document.ts'
import { markDispatched, readIssuedForDispatch } from '../../../server/outgoing/issued-document.ts'
import { numberDocument } from '../../../server/outgoing/number-document.ts'
import { uploadDraft } from '../../../server/outgoing/upload-draft.ts'
import { GENERAL_SERIES } from '../../../server/registers/register.ts'
import { readRegister } from '../../../server/registers/register-store.ts'
import { asKeyProvider, fillTextFields, letterFields, listFields, signPdf } from '../../../signing/index.ts'
import { requireProgram } from '../../support/programs.ts'
import {
  download,
  errorOf,
  expectCode,
  letter,
  logOf,
  metadata,
  NOW,
  openTestNode,
  signAsAgency,
  signAsIndividual,
  signLetter,
  type TestNode,
  toDraft,
  toIssued,
  toNumbered,
  toSigned,
} from '../documents/support.ts'

describe('documents: from draft to issue', () => {
  let node: TestNode
  before(async () => {
    node = await openTestNode()
  })
  after(() => node.close())

  const sign = (id: string, bytes: Uint8Array, actor = node.one.leader) =>
    addSignature(node.context, node.services, actor, { id, bytes })
  const number = (id: string, actor = node.one.clerk) =>
    numberDocument(node.context, node.services, actor, id)
  const issue = (id: string, bytes: Uint8Array, actor = node.one.clerk) =>
    issueDocument(node.context, node.services, actor, { id, bytes })
  const details = (id: string) => readDetails(node.context, node.one.clerk, id)
  const inAgency = <T>(work: Parameters<typeof node.database.db.asAgency<T>>[1]) =>
    node.database.db.asAgency({ agencyId: node.one.agencyId }, work)

  it('goes the whole way; every revision extends the one before, and the issue carries both signatures [N121]', async () => {
    const id = await toIssued(node)
    const { document, revisions } = await details(id)
    expect(document).to.include({ state: 'issued', codeNotation: 'UBND-VP', promulgationDate: '2026-01-05' })
    expect(document.documentCode).to.equal(`H40.12.3,2026/01/05,${document.codeNumber}/UBND-VP`)
    expect(revisions.map((one) => one.kind)).to.deep.equal(['draft', 'individual', 'fill', 'issued'])
    expect(revisions.map((one) => one.signature?.indication)).to.deep.equal([
      undefined,
      'TOTAL_PASSED',
      undefined,
      'TOTAL_PASSED',
    ])
    let before: Uint8Array = new Uint8Array()
    for (const { revision } of revisions) {
      const { bytes } = await readBytes(node.context, node.services.files, node.one.clerk, id, revision)
      expect(Buffer.from(bytes.subarray(0, before.length)).equals(before), `revision ${revision}`).to.equal(
        true,
      )
      before = bytes
    }
    expect(revisions.at(-1)?.name).to.equal(`${document.codeNumber}-UBND-VP.pdf`)
  })

  it('writes number and date on the page as the decree wants them', async function () {
    requireProgram(this, 'pdftotext')
    const id = await toNumbered(node)
    const { document } = await details(id)
    const pdf = join(node.folder, 'numbered.pdf')
    writeFileSync(pdf, await download(node, node.one.clerk, id))
    const { stdout } = spawnSync('pdftotext', ['-layout', pdf, '-'], { encoding: 'utf8' })
    const text = stdout.normalize('NFC').replace(/\s+/g, ' ')
    expect(text).to.match(new RegExp(`Số: ?${document.codeNumber} ?/UBND-VP`))
    expect(text).to.include('ngày 05 tháng 01 năm 2026')
  })

  it('says the same of the issued bytes as an independent program', async function () {
    requireProgram(this, 'pdfsig')
    const pdf = join(node.folder, 'issued.pdf')
    writeFileSync(pdf, await download(node, node.one.clerk, await toIssued(node)))
    const { stdout } = spawnSync('pdfsig', ['-nocert', pdf], { encoding: 'utf8' })
    expect(stdout.match(/Signature is Valid/g)).to.have.length(2)
  })

  it('logs every act; the signer stands in the log as a commitment only', async () => {
    const id = await toIssued(node)
    const entries = (await logOf(node, node.one)).filter((entry) => entry.text.includes(id))
    expect(entries.map((entry) => entry.kind).filter((kind) => kind !== 'document.read')).to.deep.equal([
      'document.drafted',
      'document.file-uploaded',
      'document.quarantine-ended',
      'document.signed-individual',
      'document.numbered',
      'document.number-filled',
      'document.issued',
    ])
    for (const { text } of entries) expect(text).not.to.include('Người ký 1')
    expect(entries.some((entry) => /"signer":"[0-9a-f]{64}"/.test(entry.text))).to.equal(true)
  })

  describe('the individual’s signature', () => {
    it('must be that of the person named, in the office named, of this agency', async () => {
      const id = await toDraft(node)
      const pdf = await download(node, node.one.leader, id)
      const person = {
        organization: 'Ủy ban nhân dân xã thử nghiệm',
        agencyCode: node.one.code,
        commonName: 'Người ký 1',
        title: 'Chủ tịch',
      }
      const wrong = [
        [node.pki.issueIndividual({ ...person, commonName: 'Người ký 9' }), 'commonName'],
        [node.pki.issueIndividual({ ...person, title: 'Phó Chủ tịch' }), 'title'],
        [node.pki.issueIndividual({ ...person, agencyCode: node.two.code }), 'agency code'],
        [node.one.agency, 'role'],
      ] as const
      for (const [certificate, field] of wrong) {
        const error = await errorOf(sign(id, await signAsIndividual(pdf, certificate)))
        expect(error).to.deep.include({ code: 'SIGNER_WRONG' })
        expect(error.params).to.include({ field })
      }
      const spelt = node.pki.issueIndividual({ ...person, commonName: 'NGƯỜI  KÝ 1'.normalize('NFD') })
      expect(await sign(id, await signAsIndividual(pdf, spelt))).to.include({ state: 'signed' })
    })

    it('must come from a certificate that the node trusts and that is valid [N009]', async () => {
      const id = await toDraft(node)
      const pdf = await download(node, node.one.leader, id)
      const strangers = await (await import('../../../fixtures/pki/make-pki.ts')).makeTestPki({
        seedTime: NOW,
        label: 'lạ',
      })
      const person = {
        organization: 'Ủy ban nhân dân xã thử nghiệm',
        agencyCode: node.one.code,
        commonName: 'Người ký 1',
        title: 'Chủ tịch',
      }
      const revoked = node.pki.issueIndividual(person)
      node.pki.revoke(revoked, new Date(NOW.getTime() - 1_000))
      const services = { ...node.services, trust: { ...node.services.trust, crls: node.pki.crls() } }
      const expired = node.pki.issueIndividual({
        ...person,
        notBefore: new Date('2024-01-01T00:00:00Z'),
        notAfter: new Date('2025-01-01T00:00:00Z'),
      })
      for (const certificate of [strangers.issueIndividual(person), revoked, expired]) {
        const bytes = await signAsIndividual(pdf, certificate)
        await expectCode(
          addSignature(node.context, services, node.one.leader, { id, bytes }),
          'SIGNATURE_REJECTED',
        )
      }
      expect((await details(id)).document.state).to.equal('draft')
    })

    it('is accepted and recorded where only revocation data is lacking', async () => {
      const id = await toDraft(node)
      const bytes = await signAsIndividual(await download(node, node.one.leader, id), node.one.individual)
      const services = { ...node.services, trust: { ...node.services.trust, crls: [] } }
      const added = await addSignature(node.context, services, node.one.leader, { id, bytes })
      expect(added).to.include({ indication: 'INDETERMINATE', subIndication: 'TRY_LATER' })
      const { revisions } = await details(id)
      expect(revisions.at(-1)?.signature).to.include({
        indication: 'INDETERMINATE',
        subIndication: 'TRY_LATER',
      })
    })

    it('must extend exactly the draft that was there', async () => {
      const id = await toDraft(node)
      const pdf = await download(node, node.one.leader, id)
      const { individual } = node.one
      const other = await signAsIndividual(await letter('một văn bản khác'), individual)
      const twice = await signAsAgency(await signAsIndividual(pdf, individual), node.one.agency)
      const filled = await fillTextFields(pdf, {
        fields: { [letterFields.number]: '07' },
        fontBytes: node.services.fillFonts.number,
      })
      const changed = await signAsIndividual(filled, individual)
      const cut = (await signAsIndividual(pdf, individual)).subarray(0, -10)
      for (const bytes of [pdf, other, twice, changed]) {
        await expectCode(sign(id, bytes), 'SIGNATURE_NOT_AN_EXTENSION')
      }
      expect(['SIGNATURE_NOT_AN_EXTENSION', 'PDF_MALFORMED']).to.include((await errorOf(sign(id, cut))).code)
      await expectCode(sign(id, Buffer.from('rác')), 'SIGNATURE_NOT_AN_EXTENSION')
    })

    it('refuses a changed byte inside the signed range [K085]', async () => {
      const id = await toDraft(node)
      const bytes = Buffer.from(
        await signAsIndividual(await download(node, node.one.leader, id), node.one.individual),
      )
      const at = bytes.lastIndexOf('/M (')
      bytes.writeUInt8(bytes.readUInt8(at + 9) ^ 1, at + 9)
      const codes = ['SIGNATURE_REJECTED', 'SIGNATURE_NOT_AN_EXTENSION']
      expect(codes).to.include((await errorOf(sign(id, bytes))).code)
    })

    it('is taken once: asked again without a key a clean error, with the key the same answer', async () => {
      const id = await toDraft(node)
      const bytes = await signAsIndividual(await download(node, node.one.leader, id), node.one.individual)
      const actor = { ...node.one.leader, idempotency: { key: 'sign-once', requestSha256: 'a' } }
      const first = await sign(id, bytes, actor)
      expect(await sign(id, bytes, actor)).to.deep.equal(first)
      await expectCode(sign(id, bytes), 'DOCUMENT_STATE_WRONG')
      expect((await details(id)).revisions).to.have.length(2)
    })

    it('is not taken in quarantine', async () => {
      const { id } = await draftDocument(node.context, node.one.clerk, metadata)
      await expectCode(sign(id, await letter()), 'NOT_FOUND')
      await expectCode(sign(id, await letter(), node.one.clerk), 'DOCUMENT_IN_QUARANTINE')
    })
  })

  describe('the number', () => {
    it('is the same when it is asked for again, by anyone and at any time', async () => {
      const id = await toSigned(node)
      const first = await number(id)
      node.setClock(new Date('2026-02-01T08:00:00+07:00'))
      try {
        expect(await number(id)).to.deep.equal(first)
        const actor = { ...node.one.clerk, idempotency: { key: 'number-1', requestSha256: 'a' } }
        expect(await number(id, actor)).to.deep.equal(first)
        expect(await number(id, actor)).to.deep.equal(first)
      } finally {
        node.setClock(NOW)
      }
      const lines = await inAgency((trx) => readRegister(trx, GENERAL_SERIES, 2026))
      expect(lines.filter((line) => line.documentId === id)).to.have.length(1)
      expect((await details(id)).revisions.filter((one) => one.kind === 'fill')).to.have.length(1)
    })

    it('is one for five who ask at once', async () => {
      const id = await toSigned(node)
      const answers = await Promise.all(Array.from({ length: 5 }, () => number(id)))
      for (const answer of answers) expect(answer).to.deep.equal(answers[0])
      expect((await details(id)).revisions).to.have.length(3)
    })

    it('is another for each of several documents numbered at once, without gap', async () => {
      const ids = [await toSigned(node), await toSigned(node), await toSigned(node), await toSigned(node)]
      const answers = await Promise.all(ids.map((id) => number(id)))
      const given = answers.map((one) => Number.parseInt(one.number, 10)).sort((a, b) => a - b)
      const first = given[0] ?? 0
      expect(given).to.deep.equal([first, first + 1, first + 2, first + 3])
    })

    it('comes after the signature and not before [K005 K004]', async () => {
      await expectCode(number(await toDraft(node)), 'DOCUMENT_STATE_WRONG')
    })

    it('stays in the register, cancelled with the reason, when the document is given up', async () => {
      const id = await toNumbered(node)
      const { document } = await details(id)
      const cancelled = await cancelDocument(node.context, node.one.clerk, { id, reason: 'Sai nội dung' })
      expect(cancelled).to.deep.equal({ id, state: 'cancelled', numberCancelled: true })
      const lines = await inAgency((trx) => readRegister(trx, GENERAL_SERIES, 2026))
      const line = lines.find((one) => one.documentId === id)
      expect(line).to.deep.include({ status: 'cancelled', cancelReason: 'Sai nội dung' })
      expect(line?.number).to.equal(Number(document.codeNumber))
      await expectCode(number(id), 'DOCUMENT_STATE_WRONG')
      const next = await toNumbered(node)
      expect(Number((await details(next)).document.codeNumber)).to.be.greaterThan(line?.number ?? 0)
    })
  })

  describe('the issue', () => {
    it('needs the agency’s own certificate [K109]', async () => {
      const id = await toNumbered(node)
      const pdf = await download(node, node.one.clerk, id)
      for (const [certificate, field] of [
        [node.two.agency, 'agency code'],
        [node.one.individual, 'role'],
      ] as const) {
        const error = await errorOf(issue(id, await signAsAgency(pdf, certificate)))
        expect(error).to.include({ code: 'SIGNER_WRONG' })
        expect(error.params).to.include({ field })
      }
    })

    it('needs number and date on the page', async () => {
      const id = await toSigned(node)
      const bytes = await signAsAgency(await download(node, node.one.clerk, id), node.one.agency)
      await expectCode(issue(id, bytes), 'DOCUMENT_STATE_WRONG')
      const broken = { ...node.services.files, put: () => Promise.reject(new Error('killed')) }
      const services = { ...node.services, files: broken }
      await numberDocument(node.context, services, node.one.clerk, id).then(
        () => expect.fail('the fill was stored'),
        () => undefined,
      )
      await expectCode(issue(id, bytes), 'DOCUMENT_FILL_MISSING')
      await number(id)
      await expectCode(issue(id, bytes), 'SIGNATURE_NOT_AN_EXTENSION')
    })

    it('refuses a page whose number was filled by somebody else', async () => {
      const id = await toNumbered(node)
      const pdf = await download(node, node.one.clerk, id)
      const refilled = await fillTextFields(pdf, {
        fields: { [letterFields.number]: '99' },
        fontBytes: node.services.fillFonts.number,
      })
      await expectCode(issue(id, await signAsAgency(refilled, node.one.agency)), 'SIGNATURE_NOT_AN_EXTENSION')
    })

    it('freezes the document: the database refuses every change of bytes and metadata [N030 N135 N165 K019]', async () => {
      const id = await toIssued(node)
      const refused = [
        () => inAgency((trx) => trx('document_revisions').where({ document_id: id }).delete()),
        () => inAgency((trx) => trx('document_revisions').where({ document_id: id }).update({ length: 1 })),
        () => inAgency((trx) => trx('documents').where({ id }).delete()),
        () => inAgency((trx) => trx('documents').where({ id }).update({ subject: 'khác' })),
        () => inAgency((trx) => trx('documents').where({ id }).update({ code_number: '99' })),
      ]
      for (const act of refused) {
        const error: unknown = await act().then(
          () => undefined,
          (caught: unknown) => caught,
        )
        expect(String(error)).to.match(/never|permission denied/)
      }
      await expectCode(
        cancelDocument(node.context, node.one.clerk, { id, reason: 'x' }),
        'DOCUMENT_STATE_WRONG',
      )
    })

    it('is done once', async () => {
      const id = await toNumbered(node)
      const bytes = await signAsAgency(await download(node, node.one.clerk, id), node.one.agency)
      const actor = { ...node.one.clerk, idempotency: { key: 'issue-once', requestSha256: 'a' } }
      const first = await issue(id, bytes, actor)
      expect(await issue(id, bytes, actor)).to.deep.equal(first)
      await expectCode(issue(id, bytes), 'DOCUMENT_STATE_WRONG')
      expect((await details(id)).revisions).to.have.length(4)
    })

    it('hands the relay what it sends, and is marked as sent once', async () => {
      const early = await toNumbered(node)
      await expectCode(
        inAgency((trx) => readIssuedForDispatch(trx, early)),
        'DOCUMENT_STATE_WRONG',
      )
      const id = await toIssued(node)
      const issued = await inAgency((trx) => readIssuedForDispatch(trx, id))
      const { document, revisions } = await details(id)
      expect(issued).to.deep.include({
        id,
        agencyId: node.one.agencyId,
        senderCode: 'H40.12.3',
        documentCode: document.documentCode,
        codeNumber: document.codeNumber,
        codeNotation: 'UBND-VP',
        promulgationDate: '2026-01-05',
        kind: 'Công văn',
        urgency: 1,
        recipients: ['G22'],
      })
      expect(issued.file).to.include({ sha256: revisions.at(-1)?.sha256, contentType: 'application/pdf' })
      for (let round = 0; round < 2; round += 1) {
        await inAgency(async (trx) => {
          await readIssuedForDispatch(trx, id)
          await markDispatched(trx, id, NOW)
        })
      }
      expect((await details(id)).document.state).to.equal('dispatched')
    })
  })

  it('keeps a draft out whose form would hold other signature fields open to anybody', async () => {
    const id = await toDraft(node)
    const pdf = await download(node, node.one.leader, id)
    const elsewhere = await signPdf(pdf, {
      field: 'khac',
      signingTime: NOW,
      key: asKeyProvider(node.one.individual),
    })
    const before = listFields(pdf).signatureFields.map((field) => field.name)
    expect(before).not.to.include('khac')
    await expectCode(sign(id, elsewhere), 'SIGNATURE_NOT_AN_EXTENSION')
    const agencyBox = await signLetter(pdf, node.one.individual, letterFields.agencySignature)
    await expectCode(sign(id, agencyBox), 'SIGNATURE_NOT_AN_EXTENSION')
  })

  it('gives a document of a named kind its symbol', async () => {
    const draft = draftMetadata.parse({ ...metadata, kind: 'quyết định', symbol: 'QĐ-UBND' })
    const { id } = await draftDocument(node.context, node.one.clerk, draft)
    await uploadDraft(node.context, node.services, node.one.clerk, { id, bytes: await letter() })
    await endQuarantine(node.context, node.services, node.one.clerk, { id, stateSecret: false })
    const bytes = await signAsIndividual(await download(node, node.one.leader, id), node.one.individual)
    await sign(id, bytes)
    expect((await number(id)).number).to.match(/^\d{2,}\/QĐ-UBND$/)
    expect((await details(id)).document.kind).to.equal('Quyết định')
  })
})
