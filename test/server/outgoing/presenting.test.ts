import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { makeLetter } from '../../../fixtures/documents/letter.ts'
import { communeLetter } from '../../../fixtures/documents/sample-letters.ts'
import { agencySettings } from '../../../server/documents/agency-settings.ts'
import { readerOf } from '../../../server/documents/document-access-store.ts'
import { listWaiting } from '../../../server/documents/presentation-store.ts'
import { readDetails } from '../../../server/documents/read-document.ts'
import { addSignature } from '../../../server/outgoing/add-signature.ts'
import { changeSettings, readAgencySettings } from '../../../server/outgoing/change-settings.ts'
import { checkDocument } from '../../../server/outgoing/check-document.ts'
import { commentDocument } from '../../../server/outgoing/comment-document.ts'
import { readHistory } from '../../../server/outgoing/document-history.ts'
import { draftChange } from '../../../server/outgoing/draft-metadata.ts'
import { editDraft } from '../../../server/outgoing/edit-draft.ts'
import {
  endAuthorisation,
  grantAuthorisation,
  newAuthorisation,
} from '../../../server/outgoing/grant-authorisation.ts'
import { issueDocument } from '../../../server/outgoing/issue-document.ts'
import { numberDocument } from '../../../server/outgoing/number-document.ts'
import { presentDocument } from '../../../server/outgoing/present-document.ts'
import { returnDocument } from '../../../server/outgoing/return-document.ts'
import { reviseDraft } from '../../../server/outgoing/revise-draft.ts'
import { individualSignatureField } from '../../../signing/index.ts'
import { addPerson, insertAccount, letterFor, type TestPerson } from '../documents/people.ts'
import {
  download,
  expectCode,
  letter,
  logOf,
  NOW,
  openTestNode,
  signAsAgency,
  signLetter,
  type TestNode,
  toDraft,
} from '../documents/support.ts'

describe('documents: presented, signed in turn, returned', () => {
  let node: TestNode
  let first: TestPerson
  let second: TestPerson
  let stranger: TestPerson
  before(async () => {
    node = await openTestNode()
    first = await addPerson(node, node.one, { name: 'Người ký 1', title: 'Chủ tịch', role: 'signer' })
    second = await addPerson(node, node.one, { name: 'Người ký 2', title: 'Phó Chủ tịch', role: 'signer' })
    stranger = await addPerson(node, node.one, { name: 'Người ký 3', title: 'Ủy viên', role: 'leader' })
    await insertAccount(node, node.one.clerk, 'clerk')
  })
  after(() => node.close())

  const titles = new Map([
    ['Người ký 2', 'Phó Chủ tịch'],
    ['Người ký 3', 'Ủy viên'],
  ])
  const signers = (...people: TestPerson[]) =>
    people.map(({ actor }) => {
      const position = titles.get(actor.displayName)
      return { user: actor.login, ...(position === undefined ? {} : { position }) }
    })
  const present = (id: string, ...people: TestPerson[]) =>
    presentDocument(node.context, node.services, node.one.clerk, { id, signers: signers(...people) })
  const signedBy = async (id: string, person: TestPerson, position: number, actor = person.actor) => {
    const pdf = await download(node, node.one.clerk, id)
    const bytes = await signLetter(pdf, person.certificate, individualSignatureField(position))
    return addSignature(node.context, node.services, actor, { id, bytes })
  }
  const giveBack = (id: string, actor = first.actor, remark = 'Sửa trích yếu') =>
    returnDocument(node.context, actor, { id, remark })
  const details = (id: string) => readDetails(node.context, node.one.clerk, id)
  const waiting = (person: TestPerson) =>
    node.database.db.asAgency(person.actor, (trx) => listWaiting(trx, readerOf(person.actor)))
  const presented = async (count: 1 | 2, subject?: string) => {
    const id = await toDraft(node, node.one, await letterFor(count, subject))
    await present(id, ...(count === 1 ? [first] : [second, first]))
    return id
  }
  const revise = (id: string, bytes: Uint8Array, actor = node.one.clerk) =>
    reviseDraft(node.context, node.services, actor, { id, bytes, scanDeclared: true })

  it('goes from person to person in order, is signed when the last has signed, and is issued [N019 K100 N230]', async () => {
    const id = await presented(2)
    expect((await waiting(second)).find((one) => one.id === id)).to.include({ position: 1, turn: true })
    expect((await waiting(first)).find((one) => one.id === id)).to.include({ position: 2, turn: false })
    await expectCode(signedBy(id, first, 2), 'SIGNING_OUT_OF_ORDER')
    expect(await signedBy(id, second, 1)).to.include({ state: 'presented', revision: 2 })
    expect((await waiting(first)).find((one) => one.id === id)).to.include({ turn: true })
    await expectCode(signedBy(id, second, 2), 'SIGNING_OUT_OF_ORDER')
    await expectCode(numberDocument(node.context, node.services, node.one.clerk, id), 'DOCUMENT_STATE_WRONG')
    expect(await signedBy(id, first, 2)).to.include({ state: 'signed', revision: 3 })
    expect(await waiting(first)).to.deep.equal([])
    await numberDocument(node.context, node.services, node.one.clerk, id)
    const bytes = await signAsAgency(await download(node, node.one.clerk, id), node.one.agency)
    await issueDocument(node.context, node.services, node.one.clerk, { id, bytes })
    const { document, revisions, presentations, outgoing } = await details(id)
    expect(document.state).to.equal('issued')
    expect(revisions.map((one) => one.kind)).to.deep.equal([
      'draft',
      'individual',
      'individual',
      'fill',
      'issued',
    ])
    expect(presentations).to.have.length(1)
    expect(presentations[0]).to.include({ outcome: 'signed', revision: 1 })
    expect(presentations[0]?.signers.map((one) => one.signedRevision)).to.deep.equal([2, 3])
    expect(outgoing?.signedAt?.toISOString()).to.equal(NOW.toISOString())
  })

  it('is signed by nobody but those it was presented to, each with the certificate of their own [N230 K098]', async () => {
    const id = await presented(1)
    await expectCode(signedBy(id, stranger, 1), 'SIGNER_NOT_NAMED')
    await expectCode(signedBy(id, first, 1, stranger.actor), 'SIGNER_NOT_NAMED')
    await expectCode(signedBy(id, second, 1, first.actor), 'SIGNER_WRONG')
    const namesake = { ...first.actor, displayName: 'Người ký 9' }
    await expectCode(signedBy(id, first, 1, namesake), 'SIGNER_WRONG')
    expect(await signedBy(id, first, 1)).to.include({ state: 'signed' })
  })

  it('is presented to users of the agency who may sign, the named signer among them, a field for each', async () => {
    const one = await toDraft(node)
    const two = await toDraft(node, node.one, await letterFor(2))
    await expectCode(present(one, second, first), 'SIGNERS_DIFFER')
    await expectCode(present(two, first), 'SIGNERS_DIFFER')
    await expectCode(present(two, first, first), 'SIGNER_TWICE')
    await expectCode(present(two, second, stranger), 'SIGNER_NOT_AMONG')
    const unknown = [{ user: 'khong.co' }, { user: node.one.clerk.login }, { user: randomUUID() }]
    for (const user of unknown) {
      const request = { id: one, signers: [user] }
      await expectCode(
        presentDocument(node.context, node.services, node.one.clerk, request),
        'SIGNER_UNKNOWN',
      )
    }
    const odd = { id: one, signers: [{ user: first.actor.userId, competence: 'CV. ỦY BAN' }] }
    await expectCode(presentDocument(node.context, node.services, node.one.clerk, odd), 'COMPETENCE_WRONG')
    expect((await details(one)).document.state).to.equal('draft')
    await present(one, first)
    await expectCode(present(one, first), 'DOCUMENT_STATE_WRONG')
  })

  it('is not signed straight from the draft where several are to sign', async () => {
    const id = await toDraft(node, node.one, await letterFor(2))
    const leader = { actor: node.one.leader, certificate: node.one.individual }
    await expectCode(signedBy(id, leader, 1), 'SIGNERS_DIFFER')
  })

  it('is returned with a remark that stays with its version, changed and presented again [N018 K069]', async () => {
    const id = await presented(1)
    await expectCode(giveBack(id, first.actor, 'Độ mật: MẬT'), 'SECRET_MARK_FOUND')
    expect(await giveBack(id)).to.deep.equal({ id, state: 'draft', outcome: 'returned', revision: 1 })
    await revise(id, await letter('bản đã sửa'))
    await present(id, first)
    await signedBy(id, first, 1)
    const { revisions, presentations, document } = await details(id)
    expect(document.state).to.equal('signed')
    expect(revisions.map((one) => [one.kind, one.name])).to.deep.equal([
      ['draft', 'du-thao.pdf'],
      ['draft', 'du-thao-2.pdf'],
      ['individual', 'da-ky.pdf'],
    ])
    expect(revisions.every((one) => one.addedBy !== null)).to.equal(true)
    expect(presentations.map((one) => [one.revision, one.outcome, one.remark])).to.deep.equal([
      [1, 'returned', 'Sửa trích yếu'],
      [2, 'signed', null],
    ])
  })

  it('loses its signatures with any change: those before count no more and the new version is signed anew [N020]', async () => {
    const id = await presented(2)
    await signedBy(id, second, 1)
    const changed = await revise(id, await letterFor(2, 'bản khác'))
    expect(changed).to.include({ state: 'draft', revision: 3, signaturesCancelled: 1 })
    await present(id, second, first)
    await expectCode(signedBy(id, first, 2), 'SIGNING_OUT_OF_ORDER')
    await signedBy(id, second, 1)
    await signedBy(id, first, 2)
    const { presentations } = await details(id)
    expect(presentations.map((one) => one.outcome)).to.deep.equal(['superseded', 'signed'])
    // Signed by all, and still no number: a change takes it back once more.
    await revise(id, await letterFor(2, 'lại khác'))
    expect((await details(id)).outgoing?.signedAt).to.equal(null)
    await expectCode(numberDocument(node.context, node.services, node.one.clerk, id), 'DOCUMENT_STATE_WRONG')
  })

  it('returned after a signature it begins again with the same bytes and without the signature', async () => {
    const id = await presented(1)
    await signedBy(id, first, 1)
    expect(await giveBack(id, node.one.clerk, 'Sai thể thức')).to.include({ outcome: 'withdrawn' })
    const { revisions, document } = await details(id)
    expect(document.state).to.equal('draft')
    expect(revisions.map((one) => one.kind)).to.deep.equal(['draft', 'individual', 'draft'])
    expect(revisions[2]?.sha256).to.equal(revisions[0]?.sha256)
    await present(id, first)
    expect(await signedBy(id, first, 1)).to.include({ state: 'signed', revision: 4 })
    await numberDocument(node.context, node.services, node.one.clerk, id)
    const bytes = await signAsAgency(await download(node, node.one.clerk, id), node.one.agency)
    await issueDocument(node.context, node.services, node.one.clerk, { id, bytes })
    await expectCode(giveBack(id), 'DOCUMENT_STATE_WRONG')
    await expectCode(revise(id, await letter()), 'DOCUMENT_STATE_WRONG')
  })

  it('takes no new version that bears a mark of secrecy: nothing is stored but a trace without content [K079]', async () => {
    const id = await presented(1)
    const secret = await makeLetter({ ...communeLetter, body: [{ text: 'Độ mật: Tối mật' }], created: NOW })
    await expectCode(revise(id, secret), 'SECRET_MARK_FOUND')
    const { document, revisions } = await details(id)
    expect(document.state).to.equal('presented')
    expect(revisions).to.have.length(1)
    const kinds = (await logOf(node, node.one)).filter((one) => one.text.includes(id)).map((one) => one.kind)
    expect(kinds).to.include('document.refused-secret')
  })

  describe('checks', () => {
    before(async () => {
      const { version } = await readAgencySettings(node.context, node.one.leader)
      const settings = agencySettings.parse({ requiredChecks: ['content', 'form'] })
      await changeSettings(node.context, node.one.leader, settings, version)
    })
    after(async () => {
      const { version } = await readAgencySettings(node.context, node.one.leader)
      await changeSettings(node.context, node.one.leader, agencySettings.parse({}), version)
    })
    const check = (id: string, kind: 'content' | 'form', passed = true) =>
      checkDocument(
        node.context,
        kind === 'content' ? stranger.actor : node.one.clerk,
        passed ? { id, kind, passed } : { id, kind, passed, remark: 'Sai lề trái' },
      )

    it('are asked for before the signature, on the version that is signed [N002 N021 N022]', async () => {
      const id = await presented(1)
      await expectCode(signedBy(id, first, 1), 'CHECK_MISSING')
      await check(id, 'content')
      await expectCode(signedBy(id, first, 1), 'CHECK_MISSING')
      await check(id, 'form')
      expect(await signedBy(id, first, 1)).to.include({ state: 'signed' })
      const { checks } = await readHistory(node.context, node.one.clerk, id, { after: '0', limit: 100 })
      expect(checks.map((one) => [one.kind, one.checkedByName, one.passed])).to.deep.equal([
        ['content', 'Người ký 3', true],
        ['form', 'clerk', true],
      ])
    })

    it('count for that version alone; one that fails takes the document back with its remark', async () => {
      const id = await presented(1)
      await check(id, 'content')
      expect(await check(id, 'form', false)).to.include({ state: 'draft', passed: false })
      expect((await details(id)).presentations.at(-1)).to.include({
        outcome: 'returned',
        remark: 'Sai lề trái',
      })
      await revise(id, await letter('lề đã sửa'))
      await check(id, 'form')
      await present(id, first)
      await expectCode(signedBy(id, first, 1), 'CHECK_MISSING')
      await check(id, 'content')
      expect(await signedBy(id, first, 1)).to.include({ state: 'signed' })
    })

    it('count no more when what is said of the draft was changed', async () => {
      const id = await toDraft(node)
      await check(id, 'content')
      await check(id, 'form')
      node.setClock(new Date(NOW.getTime() + 60_000))
      try {
        const { version } = (await details(id)).document
        const change = draftChange.parse({ subject: 'Trích yếu khác' })
        await editDraft(node.context, node.one.clerk, { id, change, ifMatch: version })
        await present(id, first)
        await expectCode(signedBy(id, first, 1), 'CHECK_MISSING')
      } finally {
        node.setClock(NOW)
      }
    })
  })

  describe('TUQ.', () => {
    const byAuthorisation = async () => {
      const id = await toDraft(node)
      const { version } = (await details(id)).document
      const signer = { name: 'Người ký 1', position: 'Chủ tịch', competence: 'TUQ. CHỦ TỊCH' }
      await editDraft(node.context, node.one.clerk, { id, change: { signer }, ifMatch: version })
      return id
    }
    const authorise = (more: object = {}, actor = stranger.actor) =>
      grantAuthorisation(
        node.context,
        actor,
        newAuthorisation.parse({
          prefix: 'TUQ.',
          holder: first.actor.login,
          basis: '12/GUQ-UBND ngày 02 tháng 01 năm 2026',
          scope: 'Công văn về hộ tịch',
          kinds: ['Công văn'],
          validFrom: '2026-01-01',
          validTo: '2026-01-31',
          ...more,
        }),
      )

    it('needs a written authorisation in force for the kind, on the day it is presented and signed [N025]', async () => {
      const id = await byAuthorisation()
      await expectCode(present(id, first), 'AUTHORISATION_MISSING')
      await authorise({ kinds: ['Quyết định'] })
      await authorise({ validFrom: '2025-01-01', validTo: '2026-01-04' })
      await expectCode(present(id, first), 'AUTHORISATION_MISSING')
      const { id: right } = await authorise()
      await present(id, first)
      const pdf = await download(node, node.one.clerk, id)
      const bytes = await signLetter(pdf, first.certificate, individualSignatureField(1))
      const add = () => addSignature(node.context, node.services, first.actor, { id, bytes })
      node.setClock(new Date('2026-02-01T08:00:00+07:00'))
      await expectCode(add(), 'AUTHORISATION_MISSING').finally(() => node.setClock(NOW))
      await endAuthorisation(node.context, stranger.actor, right)
      await expectCode(add(), 'AUTHORISATION_MISSING')
      await authorise()
      expect(await add()).to.include({ state: 'signed' })
    })

    it('is not passed on, nor given to oneself, nor without an end [N026]', async () => {
      await authorise({ holder: stranger.actor.login }, node.one.leader)
      await expectCode(authorise({ holder: second.actor.login }), 'AUTHORISATION_PASSED_ON')
      await expectCode(authorise({ holder: stranger.actor.login }), 'AUTHORISATION_PASSED_ON')
      expect(
        newAuthorisation.safeParse({
          prefix: 'TUQ.',
          holder: 'a',
          basis: 'b',
          scope: 'c',
          validFrom: '2026-01-01',
        }).success,
      ).to.equal(false)
    })
  })

  it('keeps every step with who and when, remarks and comments among them [K001 K069]', async () => {
    const id = await presented(1)
    await commentDocument(node.context, second.actor, { id, comment: 'x' }).then(
      () => expect.fail('somebody commented who may not read'),
      (error: { code?: string }) => expect(error.code).to.equal('NOT_FOUND'),
    )
    await commentDocument(node.context, stranger.actor, { id, comment: 'Đồng ý', revision: 1 })
    await expectCode(
      commentDocument(node.context, stranger.actor, { id, comment: 'x', revision: 9 }),
      'NOT_FOUND',
    )
    await signedBy(id, first, 1)
    const history = await readHistory(node.context, node.one.clerk, id, { after: '0', limit: 4 })
    const rest = await readHistory(node.context, node.one.clerk, id, {
      after: history.next ?? '',
      limit: 100,
    })
    const steps = [...history.steps, ...rest.steps].filter((one) => one.kind !== 'document.read')
    expect(steps.map((one) => [one.kind, one.by?.name])).to.deep.equal([
      ['document.drafted', 'clerk'],
      ['document.file-uploaded', 'clerk'],
      ['document.quarantine-ended', 'clerk'],
      ['document.presented', 'clerk'],
      ['document.commented', 'Người ký 3'],
      ['document.signed-individual', 'Người ký 1'],
    ])
    expect(history.comments.map((one) => [one.comment, one.revision, one.authorName])).to.deep.equal([
      ['Đồng ý', 1, 'Người ký 3'],
    ])
    await expectCode(readHistory(node.context, second.actor, id, { after: '0', limit: 10 }), 'NOT_FOUND')
    await expectCode(readHistory(node.context, node.two.clerk, id, { after: '0', limit: 10 }), 'NOT_FOUND')
  })

  it('the agency signs after the individuals and never alone; an API token only where it is made for that [K037 N084 K036]', async () => {
    const id = await presented(1)
    const bytes = await signAsAgency(await download(node, node.one.clerk, id), node.one.agency)
    const issue = (actor = node.one.clerk, file = bytes) =>
      issueDocument(node.context, node.services, actor, { id, bytes: file })
    await expectCode(issue(), 'AGENCY_SIGNATURE_ALONE')
    await signedBy(id, first, 1)
    await numberDocument(node.context, node.services, node.one.clerk, id)
    const numbered = await signAsAgency(await download(node, node.one.clerk, id), node.one.agency)
    const token = { ...node.one.clerk, byApiToken: true as const, tokenId: randomUUID() }
    await expectCode(issue(token, numbered), 'TOKEN_NOT_FOR_ISSUE')
    await issue({ ...token, scopes: ['document.issue', 'document.read-all'] }, numbered)
    const issued = (await logOf(node, node.one)).find(
      (one) => one.kind === 'document.issued' && one.text.includes(id),
    )
    expect(issued?.text).to.include(token.tokenId).and.to.include(node.one.clerk.userId)
  })
})
