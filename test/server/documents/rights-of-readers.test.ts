import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import type { UserActor } from '../../../server/actor.ts'
import { grantAccess, readerOf } from '../../../server/documents/document-access-store.ts'
import type { DocumentServices } from '../../../server/documents/document-services.ts'
import { changeDocument, SECRET_SUBJECT } from '../../../server/documents/document-store.ts'
import { permitDocument, withdrawDocument } from '../../../server/documents/permit-document.ts'
import { insertPresentation, listWaiting } from '../../../server/documents/presentation-store.ts'
import { listPage, readBytes } from '../../../server/documents/read-document.ts'
import { readFile } from '../../../server/documents/read-files.ts'
import { insertRevision } from '../../../server/documents/revision-store.ts'
import { fileDocument } from '../../../server/dossiers/keep-dossier.ts'
import { openDossier } from '../../../server/dossiers/open-dossier.ts'
import { readDossierDetails } from '../../../server/dossiers/read-dossier.ts'
import { completeDocument } from '../../../server/handling/process-document.ts'
import { attachFile } from '../../../server/outgoing/attach-file.ts'
import { cancelDocument } from '../../../server/outgoing/cancel-document.ts'
import { editDraft } from '../../../server/outgoing/edit-draft.ts'
import { removeFile } from '../../../server/outgoing/remove-file.ts'
import { arrived, type Office, openOffice, START } from './access-support.ts'
import { errorOf, expectCode } from './support.ts'

/** Everything here is refused, or answered, from rows alone: no file is touched. */
const services = {} as DocumentServices

describe('documents: what a right to see is not', () => {
  let office: Office
  let agency = ''
  let clerk: UserActor
  let leader: UserActor
  let signer: UserActor
  let specialist: UserActor
  let other: UserActor
  before(async () => {
    office = await openOffice()
    agency = await office.found('H40.1')
    clerk = await office.hire(agency, 'clerk')
    leader = await office.hire(agency, 'leader')
    signer = await office.hire(agency, 'signer')
    specialist = await office.hire(agency, 'specialist')
    other = await office.hire(agency, 'specialist')
  })
  after(() => office.database.drop())

  const reason = 'Quy chế công tác văn thư'
  const permit = (documentId: string, { login }: UserActor) =>
    permitDocument(office.context, leader, { documentId, user: login, reason })
  const withdraw = (documentId: string, { login }: UserActor) =>
    withdrawDocument(office.context, leader, { documentId, user: login, reason })

  it('opens nothing that arrived before it was examined, to nobody, by no way [K079]', async () => {
    const id = await office.write(agency, arrived('G22'))
    const files = services.files
    for (const actor of [clerk, leader]) {
      await expectCode(readBytes(office.context, files, actor, id), 'VERIFICATION_PENDING')
      await expectCode(readFile(office.context, files, actor, { id, position: 1 }), 'VERIFICATION_PENDING')
    }
    await office.context.db.asAgency(clerk, (trx) => changeDocument(trx, id, 'verified', {}, START))
    await expectCode(readFile(office.context, files, clerk, { id, position: 1 }), 'NOT_FOUND')
  })

  it('changes, presents or cancels no draft of others [K065]', async () => {
    const id = await office.write(agency, { createdBy: specialist.userId })
    await permit(id, other)
    const { context } = office
    const attachment = {
      id,
      kind: 'attachment',
      name: 'a.pdf',
      bytes: Buffer.from('%PDF-'),
      rename: false,
      declaredFreeOfSecrets: true,
    } as const
    const change = { subject: 'khác' }
    for (const act of [
      () => cancelDocument(context, other, { id, reason }),
      () => editDraft(context, other, { id, change, ifMatch: undefined }),
      () => removeFile(context, services, other, { id, position: 2 }),
      () => attachFile(context, services, other, attachment),
    ]) {
      await expectCode(act(), 'DRAFT_NOT_YOURS')
    }
    expect(await cancelDocument(context, specialist, { id, reason })).to.include({ state: 'cancelled' })
  })

  it('tells nothing of a document that is named as the answer and may not be seen [K065]', async () => {
    const id = await office.write(agency, arrived('G22'))
    const registered = {
      incomingNumber: 1,
      incomingYear: 2026,
      registeredAt: START,
      handlerName: 'Văn phòng',
    }
    await office.context.db.asAgency(clerk, (trx) => changeDocument(trx, id, 'processing', registered, START))
    await permit(id, other)
    const hidden = await office.write(agency, { createdBy: specialist.userId })
    const refused = await errorOf(completeDocument(office.context, services, other, { id, answer: hidden }))
    expect([refused.code, refused.params]).to.deep.equal(['NOT_FOUND', { what: `document ${hidden}` }])
  })

  it('lists nothing for signing that may be seen no more [K065]', async () => {
    const id = await office.write(agency, { createdBy: specialist.userId, state: 'presented' })
    const base = { agencyId: agency, by: null, at: START }
    await office.context.db.asAgency(clerk, async (trx) => {
      await grantAccess(trx, { ...base, documentId: id, userId: signer.userId, as: 'signer' })
      await insertRevision(trx, agency, id, {
        revision: 1,
        kind: 'draft',
        sha256: '0'.repeat(64),
        length: 1,
        name: 'van-ban.pdf',
        addedBy: specialist.userId,
        addedAt: START,
        signature: null,
      })
      await insertPresentation(trx, agency, id, {
        round: 1,
        revision: 1,
        presentedBy: specialist.userId,
        presentedByName: 'Người soạn',
        presentedAt: START,
        note: null,
        signers: [
          {
            position: 1,
            userId: signer.userId,
            name: 'Người ký 1',
            title: null,
            competence: null,
            authorisationId: null,
          },
        ],
      })
    })
    const waiting = () =>
      office.context.db.asAgency(signer, async (trx) =>
        (await listWaiting(trx, readerOf(signer))).map((one) => one.id),
      )
    expect(await waiting()).to.deep.equal([id])
    await withdraw(id, signer)
    expect(await waiting()).to.deep.equal([])
  })

  it('shows the subject of what is held for its mark of secrecy in no dossier and by no search [K079]', async () => {
    const word = `mat${randomUUID().slice(0, 8)}`
    const { context } = office
    const id = await office.write(agency, { ...arrived('G22'), subject: `Về việc ${word}` })
    const { id: dossierId } = await openDossier(context, clerk, {
      year: 2026,
      notation: 'VP-01',
      title: 'Hồ sơ thử nghiệm',
      retentionYears: 5,
      inCatalogue: true,
      language: 'vi',
      restricted: false,
    })
    await fileDocument(context, clerk, { dossierId, documentId: id, note: null })
    const found = async () =>
      (await listPage(context, clerk, { q: word, limit: 9 })).items.map((one) => one.id)
    expect(await found()).to.deep.equal([id])
    await context.db.asAgency(clerk, (trx) =>
      changeDocument(trx, id, 'failed-verification', { secretMark: 'MẬT' }, START),
    )
    expect(await found()).to.deep.equal([])
    const { documents } = await readDossierDetails(context, clerk, dossierId)
    expect(documents.map((one) => one.subject)).to.deep.equal([SECRET_SUBJECT])
  })
})
