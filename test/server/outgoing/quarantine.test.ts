import { randomUUID } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { encrypted, notAPdf, truncated } from '../../../fixtures/documents/broken.ts'
import { makeLetter } from '../../../fixtures/documents/letter.ts'
import { communeLetter } from '../../../fixtures/documents/sample-letters.ts'
import type { UserActor } from '../../../server/actor.ts'
import { listPage, readBytes, readDetails } from '../../../server/documents/read-document.ts'
import { openFileStore } from '../../../server/files/file-store.ts'
import { sweepFiles } from '../../../server/files/sweep-files.ts'
import { draftDocument } from '../../../server/outgoing/draft-document.ts'
import { draftMetadata } from '../../../server/outgoing/draft-metadata.ts'
import { endQuarantine } from '../../../server/outgoing/end-quarantine.ts'
import { uploadDraft } from '../../../server/outgoing/upload-draft.ts'
import {
  errorOf,
  expectCode,
  letter,
  logOf,
  metadata,
  NOW,
  openTestNode,
  signAsIndividual,
  type TestNode,
  toDraft,
} from '../documents/support.ts'

describe('documents: quarantine', () => {
  let node: TestNode
  beforeEach(async () => {
    node = await openTestNode()
  })
  afterEach(() => node.close())

  const draft = (actor = node.one.clerk, more: object = {}) =>
    draftDocument(node.context, actor, draftMetadata.parse({ ...metadata, ...more }))
  const upload = (id: string, bytes: Uint8Array, actor = node.one.clerk) =>
    uploadDraft(node.context, node.services, actor, { id, bytes })
  const declare = (id: string, stateSecret = false, actor = node.one.clerk) =>
    endQuarantine(node.context, node.services, actor, { id, stateSecret })
  const storedFiles = () =>
    readdirSync(join(node.folder, 'files'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => entry.name)
  const rows = (table: string) =>
    node.database.db.asAgency({ agencyId: node.one.agencyId }, (trx) => trx(table).select('*'))

  it('ends with the clerk’s declaration; then the draft can be read, byte for byte', async () => {
    const pdf = await letter()
    const { id } = await draft()
    await upload(id, pdf)
    expect(await declare(id)).to.deep.equal({ id, state: 'draft' })
    const read = await readBytes(node.context, node.services.files, node.one.leader, id)
    expect(Buffer.from(read.bytes).equals(pdf)).to.equal(true)
    expect((await logOf(node, node.one)).map((entry) => entry.kind)).to.deep.equal([
      'document.drafted',
      'document.file-uploaded',
      'document.quarantine-ended',
      'document.read',
    ])
  })

  it('hides the document from everybody but who drafted it, and its bytes from all', async () => {
    const { id } = await draft()
    await upload(id, await letter())
    const other: UserActor = { ...node.one.clerk, userId: randomUUID() }
    for (const actor of [other, node.one.leader]) {
      await expectCode(readDetails(node.context, actor, id), 'NOT_FOUND')
      await expectCode(readBytes(node.context, node.services.files, actor, id), 'NOT_FOUND')
      await expectCode(upload(id, await letter(), actor), 'NOT_FOUND')
      await expectCode(declare(id, false, actor), 'NOT_FOUND')
      expect((await listPage(node.context, actor, { limit: 10 })).items).to.deep.equal([])
    }
    expect((await readDetails(node.context, node.one.clerk, id)).document.state).to.equal('quarantined')
    await expectCode(
      readBytes(node.context, node.services.files, node.one.clerk, id),
      'DOCUMENT_IN_QUARANTINE',
    )
    expect((await listPage(node.context, node.one.clerk, { limit: 10 })).items).to.have.length(1)
  })

  it('erases a document that the clerk declares secret and leaves a log entry without content', async () => {
    const { id } = await draft(node.one.clerk, { subject: 'chuyện riêng của biên giới' })
    await upload(id, await letter())
    expect(await declare(id, true)).to.deep.equal({ id, state: 'erased' })
    expect(storedFiles()).to.deep.equal([])
    expect(await rows('documents')).to.deep.equal([])
    expect(await rows('document_revisions')).to.deep.equal([])
    const entries = await logOf(node, node.one)
    expect(entries.map((entry) => entry.kind)).to.deep.equal([
      'document.drafted',
      'document.file-uploaded',
      'document.refused-secret',
    ])
    for (const { text } of entries) {
      expect(JSON.parse(text)).to.deep.include({ facts: {}, commitments: {} })
      expect(text).not.to.include('biên giới')
    }
    const holds = await node.database.db.asNode((trx) => trx('file_holds').select('*'))
    expect(holds).to.deep.equal([])
  })

  it('keeps a file that another document has too', async () => {
    const kept = await toDraft(node, node.two)
    const { id } = await draft()
    await upload(id, await letter())
    await declare(id, true)
    const read = await readBytes(node.context, node.services.files, node.two.clerk, kept)
    expect(Buffer.from(read.bytes).equals(await letter())).to.equal(true)
  })

  it('stores nothing of a draft whose metadata carry a mark of secrecy [N015]', async () => {
    const error = await errorOf(draft(node.one.clerk, { subject: 'MẬT - báo cáo tình hình biên giới' }))
    expect(error).to.deep.include({
      code: 'SECRET_MARK_FOUND',
      params: { field: 'subject', mark: 'MẬT' },
    })
    expect(await rows('documents')).to.deep.equal([])
    const [entry] = await logOf(node, node.one)
    expect(entry?.kind).to.equal('document.refused-secret')
    expect(entry?.text).not.to.include('biên giới')
  })

  it('refuses a secret draft the same way when the request is repeated, with one log entry', async () => {
    const actor = { ...node.one.clerk, idempotency: { key: 'secret-1', requestSha256: 'a' } }
    for (let round = 0; round < 2; round += 1) {
      await expectCode(draft(actor, { subject: '(Tối mật) báo cáo' }), 'SECRET_MARK_FOUND')
    }
    expect(await logOf(node, node.one)).to.have.length(1)
    const answers = JSON.stringify(await rows('idempotency_keys'))
    expect(answers).not.to.include('báo cáo')
  })

  it('keeps no content in answers stored for repeated requests', async () => {
    const claim = (key: string) => ({ ...node.one.clerk, idempotency: { key, requestSha256: 'a' } })
    const { id } = await draft(claim('draft-1'), { subject: 'nội dung chưa kiểm tra' })
    await upload(id, await letter(), claim('upload-1'))
    const stored = JSON.stringify((await rows('idempotency_keys')).map((row) => row.response))
    expect(stored).not.to.include('nội dung')
    expect(stored).not.to.match(/[0-9a-f]{64}/)
  })

  it('leaves everything as it was when the disk is full, and goes on when there is room again', async () => {
    const filling = await openFileStore({
      folder: node.folder,
      now: NOW,
      openForWriting: async (path) => {
        const [file, full] = [await open(path, 'wx'), await open('/dev/full', 'w')]
        const close = async () => void (await Promise.all([file.close(), full.close()]))
        return { write: full.write.bind(full), sync: () => file.sync(), close }
      },
    })
    const services = { ...node.services, files: filling }
    const actor = { ...node.one.clerk, idempotency: { key: 'upload-full', requestSha256: 'a' } }
    const { id } = await draft()
    const bytes = await letter()
    await expectCode(uploadDraft(node.context, services, actor, { id, bytes }), 'STORAGE_FULL')
    expect((await readDetails(node.context, node.one.clerk, id)).revisions).to.deep.equal([])
    expect(storedFiles()).to.deep.equal([])
    expect(await upload(id, bytes, actor)).to.deep.equal({ id, state: 'quarantined' })
  })

  it('does not end without a file', async () => {
    const { id } = await draft()
    await expectCode(declare(id), 'DOCUMENT_FILE_MISSING')
  })

  it('lets the drafter replace the file, and erases the first one', async () => {
    const { id } = await draft()
    await upload(id, await letter('bản thứ nhất'))
    await upload(id, await letter('bản thứ hai'))
    await upload(id, await letter('bản thứ hai'))
    expect(storedFiles()).to.have.length(1)
    await declare(id)
    const read = await readBytes(node.context, node.services.files, node.one.clerk, id)
    expect(Buffer.from(read.bytes).equals(await letter('bản thứ hai'))).to.equal(true)
    await expectCode(upload(id, await letter()), 'DOCUMENT_STATE_WRONG')
    await expectCode(declare(id), 'DOCUMENT_STATE_WRONG')
  })

  it('answers a repeated upload or declaration as the first time, also when the document has moved on', async () => {
    const claim = (key: string) => ({ ...node.one.clerk, idempotency: { key, requestSha256: 'a' } })
    const { id } = await draft(claim('draft-2'))
    expect(await draft(claim('draft-2'))).to.deep.equal({ id, state: 'quarantined' })
    const first = await upload(id, await letter(), claim('upload-2'))
    const ended = await declare(id, false, claim('declare-2'))
    expect(await upload(id, await letter(), claim('upload-2'))).to.deep.equal(first)
    expect(await declare(id, false, claim('declare-2'))).to.deep.equal(ended)
  })

  it('refuses what is no PDF, is encrypted, is cut off, is signed already or has its number printed [N203]', async () => {
    const { id } = await draft()
    const pdf = await letter()
    const assigned = await makeLetter({
      ...communeLetter,
      created: NOW,
      assigned: { number: '05', date: 'ngày 05 tháng 01 năm 2026' },
    })
    await expectCode(upload(id, notAPdf()), 'PDF_NOT_A_PDF')
    await expectCode(upload(id, await encrypted(pdf, 'mat-khau')), 'PDF_ENCRYPTED')
    await expectCode(upload(id, truncated(pdf)), 'PDF_MALFORMED')
    await expectCode(upload(id, await signAsIndividual(pdf, node.one.individual)), 'DRAFT_ALREADY_SIGNED')
    await expectCode(upload(id, assigned), 'PLACE_NOT_FOUND')
    expect(storedFiles()).to.deep.equal([])
    expect((await readDetails(node.context, node.one.clerk, id)).revisions).to.deep.equal([])
  })

  it('refuses metadata that no register would take', async () => {
    await expectCode(draft(node.one.clerk, { kind: 'Thông điệp' }), 'DOCUMENT_KIND_UNKNOWN')
    await expectCode(draft(node.one.clerk, { symbol: 'QĐ-UBND' }), 'SYMBOL_WRONG')
    await expectCode(draft(node.one.clerk, { recipients: ['mã lạ'] }), 'AGENCY_CODE_MALFORMED')
    await expectCode(draft(node.one.clerk, { recipients: ['G22', 'G22'] }), 'RECIPIENT_TWICE')
    expect(draftMetadata.safeParse({ ...metadata, subject: 'x'.repeat(501) }).success).to.equal(false)
    expect(draftMetadata.safeParse({ ...metadata, subject: 'hai\ndòng' }).success).to.equal(false)
    expect(draftMetadata.safeParse({ ...metadata, secrecy: 1 }).success).to.equal(false)
  })

  it('sweeps an upload that came to nothing after a day, and no file that is in use', async () => {
    const id = await toDraft(node)
    const lost = await letter('bản không được nhận')
    const { id: other } = await draft()
    const broken = { ...node.services, files: { ...node.services.files, has: async () => false } }
    await expectCode(
      uploadDraft(node.context, broken, node.one.clerk, { id: other, bytes: lost }),
      'STORAGE_DAMAGED',
    )
    expect(storedFiles()).to.have.length(2)
    expect(await sweepFiles(node.context, node.services.files)).to.equal(0)
    node.setClock(new Date(NOW.getTime() + 25 * 60 * 60 * 1000))
    expect(await sweepFiles(node.context, node.services.files)).to.equal(1)
    expect(storedFiles()).to.have.length(1)
    const read = await readBytes(node.context, node.services.files, node.one.clerk, id)
    expect(read.bytes).to.have.length((await letter()).length)
  })
})
