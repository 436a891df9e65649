import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import type { UserActor } from '../../../server/actor.ts'
import { hiddenAmong } from '../../../server/documents/document-list-store.ts'
import { insertDocument } from '../../../server/documents/document-store.ts'
import type { EntryPosition } from '../../../server/registers/book-store.ts'
import { readBookPage } from '../../../server/registers/read-book.ts'
import { assignNumber } from '../../../server/registers/register-store.ts'
import { type Answer, type ApiNode, agencies, PASSWORD, send, startApiNode } from '../api/node.ts'

const MASKED = '[hạn chế]'
const YEAR = 2026
const OPEN = 'Về việc công khai ngân sách'
/** Words that stand in no other entry. */
const SUBJECT = 'Về việc xử lý kỷ luật viên chức Quỳnh'
const RECIPIENTS = 'Phòng Nội vụ Zeta'

interface Entry {
  readonly number: number
  readonly printed: string
  readonly date: string
  readonly documentId: string
  readonly kind: string
  readonly subject: string
  readonly recipients: string | null
  readonly author: string | null
  readonly unit: string | null
  readonly note: string | null
  readonly masked: boolean
}

describe('registers: what is restricted to others', () => {
  let node: ApiNode
  let agencyId = ''
  let document = ''
  let arrivedDocument = ''
  before(async () => {
    node = await startApiNode({ logins: ['operator', 'commune-clerk', 'commune-leader', 'commune-auditor'] })
    const token = await node.token('commune-clerk')
    agencyId = String((await send(node.url, 'GET', '/me', { token })).body.agencyId)
    await enter({ subject: OPEN, recipients: ['Các xã'] })
    document = await enter({ subject: SUBJECT, recipients: [RECIPIENTS], note: 'gửi riêng ông Quỳnh' })
    await enter({ subject: `${OPEN} quý II`, recipients: ['Các xã'] })
    arrivedDocument = await enter({ subject: SUBJECT, author: 'Sở Nội vụ', unit: 'Bà Zeta' }, 'incoming')
    for (const id of [document, arrivedDocument]) {
      const json = { restricted: true, reason: 'Hồ sơ nhân sự' }
      const done = await send(node.url, 'POST', `/documents/${id}/restriction`, { token, json })
      expect(done.status, done.text).to.equal(200)
      // The clerk keeps the book, and is none of those who read the document.
      await node.database.db.asAgency({ agencyId }, async (trx) => {
        const withdrawal = { withdrawn_at: new Date(), withdraw_reason: 'xong', withdrawn_by: randomUUID() }
        await trx('document_access').where({ document_id: id }).update(withdrawal)
      })
    }
  })
  after(() => node.close())

  /** An issued or arrived document and its line in the book. */
  async function enter(
    entry: { subject: string; recipients?: string[]; note?: string; author?: string; unit?: string },
    series: 'outgoing:general' | 'incoming' = 'outgoing:general',
  ): Promise<string> {
    const id = randomUUID()
    const at = new Date(`${YEAR}-03-02T09:00:00+07:00`)
    await node.database.db.asAgency({ agencyId }, async (trx) => {
      await insertDocument(trx, {
        id,
        agencyId,
        direction: 'outgoing',
        state: 'draft',
        kind: 'Công văn',
        subject: entry.subject,
        codeNumber: null,
        codeNotation: 'UBND-VP',
        promulgationDate: null,
        place: null,
        urgency: 0,
        dueDate: null,
        signer: { name: 'Người ký 1', position: null, competence: null },
        recipients: [],
        documentCode: null,
        createdBy: null,
        createdAt: at,
        incoming: null,
      })
      await assignNumber(trx, {
        agencyId,
        series,
        symbol: series === 'incoming' ? '' : 'UBND-VP',
        documentId: id,
        now: at,
        entry: { kind: 'Công văn', signer: 'Người ký 1', ...entry },
      })
    })
    return id
  }

  const read = async (who: 'clerk' | 'leader' | 'auditor', path: string): Promise<Answer> => {
    const answer = await send(node.url, 'GET', path, { token: await node.token(`commune-${who}`) })
    expect(answer.status, answer.text).to.equal(200)
    return answer
  }
  const entries = async (who: 'clerk' | 'leader' | 'auditor', path: string) =>
    (await read(who, path)).body.items as Entry[]
  const lines = (found: Entry[]) => found.map((one) => one.documentId)

  it('stands in its line with number, day, kind and agency; subject and recipients are withheld [K065]', async () => {
    const book = await entries('leader', `/registers/outgoing?year=${YEAR}`)
    expect(book.map((one) => one.printed)).to.deep.equal(['03', '02', '01'])
    const [, masked] = book
    expect(masked).to.include({
      documentId: document,
      date: `${YEAR}-03-02`,
      kind: 'Công văn',
      subject: MASKED,
      recipients: MASKED,
      note: MASKED,
      masked: true,
    })
    expect(book.filter((one) => one.masked)).to.have.length(1)
    for (const name of ['incoming', 'handling']) {
      const [arrived] = await entries('leader', `/registers/${name}?year=${YEAR}`)
      expect(arrived).to.include({ author: 'Sở Nội vụ', subject: MASKED, unit: MASKED, recipients: null })
    }
  })

  it('is shown in whole to the clerk who keeps the book and to the auditor, who read the document no more by it', async () => {
    for (const who of ['clerk', 'auditor'] as const) {
      const [, line] = await entries(who, `/registers/outgoing?year=${YEAR}`)
      expect(line).to.include({ subject: SUBJECT, recipients: RECIPIENTS, masked: false })
      const opened = await send(node.url, 'GET', `/documents/${document}`, {
        token: await node.token(`commune-${who}`),
      })
      expect(opened.status).to.be.oneOf([403, 404])
    }
  })

  it('is found by no word and no unit of what is withheld, also by halves and page by page [K065]', async () => {
    for (const q of ['Quỳnh', 'ky luat', 'Zeta', 'quy']) {
      const found = await entries('leader', `/registers/outgoing?year=${YEAR}&q=${encodeURIComponent(q)}`)
      expect(lines(found), q).not.to.include(document)
    }
    expect(lines(await entries('clerk', `/registers/outgoing?year=${YEAR}&q=ky+luat`))).to.deep.equal([
      document,
    ])
    const unit = encodeURIComponent('Bà Zeta')
    expect(await entries('leader', `/registers/incoming?year=${YEAR}&unit=${unit}`)).to.deep.equal([])
    expect(await entries('clerk', `/registers/incoming?year=${YEAR}&unit=${unit}`)).to.have.length(1)
    const seen: string[] = []
    for (let cursor = ''; ; ) {
      const { body } = await read('leader', `/registers/outgoing?year=${YEAR}&q=cong+van&limit=1${cursor}`)
      seen.push(...(body.items as Entry[]).map((one) => one.printed))
      if (body.next === null) break
      expect(Buffer.from(String(body.next), 'base64url').toString()).not.to.match(/ 2$/)
      cursor = `&cursor=${body.next}`
    }
    expect(seen).to.deep.equal(['03', '01'])
  })

  it('is withheld in an export, and no book to be signed is made with gaps', async () => {
    const leader = (await read('leader', `/registers/outgoing/${YEAR}/csv`)).text
    expect(leader).to.include(`02/UBND-VP,02/03/${YEAR},Công văn ${MASKED}`).and.include(OPEN)
    for (const word of ['Quỳnh', 'Zeta']) expect(leader).not.to.include(word)
    expect((await read('auditor', `/registers/outgoing/${YEAR}/csv`)).text).to.include(SUBJECT)
    const token = await node.token('commune-leader')
    const pdf = await send(node.url, 'GET', `/registers/outgoing/${YEAR}/pdf`, { token })
    expect([pdf.status, pdf.body.code]).to.deep.equal([403, 'REGISTER_NOT_WHOLE'])
    await read('clerk', `/registers/outgoing/${YEAR}/pdf`)
    const copies = await send(node.url, 'GET', `/registers/copies/${YEAR}/pdf`, { token })
    expect(copies.status, 'a book without such lines is whole').to.equal(200)
  })

  it('is withheld in the corrections of its line', async () => {
    const json = {
      year: YEAR,
      series: 'outgoing:general',
      number: 2,
      field: 'recipients',
      value: `${RECIPIENTS}; Văn phòng`,
      reason: 'thiếu Văn phòng',
    }
    const token = await node.token('commune-clerk')
    expect((await send(node.url, 'POST', '/registers/corrections', { token, json })).status).to.equal(201)
    const kind = {
      ...json,
      field: 'kind',
      value: 'Công văn',
      reason: 'thư về bà Zeta, không phải quyết định',
    }
    expect((await send(node.url, 'POST', '/registers/corrections', { token, json: kind })).status).to.equal(
      201,
    )
    const path = `/registers/corrections?year=${YEAR}&series=outgoing:general&number=2`
    expect((await read('leader', path)).text).not.to.match(/Zeta|Văn phòng/)
    expect((await read('clerk', path)).text).to.include('Zeta')
  })

  it('is shown to whom the document is permitted, and withheld again when that ends', async () => {
    const { id, login } = await (async () => {
      const name = `ld.${randomUUID().slice(0, 8)}`
      const made = await node.services.console.addUser({
        login: name,
        displayName: 'Lãnh đạo thử',
        password: PASSWORD,
        operator: false,
        grants: [{ agencyCode: agencies.commune.code, role: 'leader' }],
      })
      return { ...made, login: name }
    })()
    const { body } = await send(node.url, 'POST', '/session', { json: { login, password: PASSWORD } })
    const seen = async () => {
      const book = await send(node.url, 'GET', `/registers/outgoing?year=${YEAR}`, {
        token: String(body.token),
      })
      return (book.body.items as Entry[]).find((one) => one.documentId === document)?.masked
    }
    expect(await seen()).to.equal(true)
    const right = {
      agency_id: agencyId,
      document_id: document,
      document_created_at: new Date(),
      user_id: id,
      granted_as: 'permitted',
      granted_at: new Date(),
    }
    const run = (
      work: (trx: Parameters<Parameters<typeof node.database.db.asAgency>[1]>[0]) => Promise<unknown>,
    ) => node.database.db.asAgency({ agencyId }, work)
    await run((trx) => trx('document_access').insert(right))
    expect(await seen()).to.equal(false)
    await run((trx) =>
      trx('document_access')
        .where({ document_id: document, user_id: id })
        .update({ withdrawn_at: new Date(), withdraw_reason: 'xong', withdrawn_by: id }),
    )
    expect(await seen()).to.equal(true)
  })

  it('is withheld where its number was cancelled or its handling is told', async () => {
    await node.database.db.asAgency({ agencyId }, async (trx) => {
      const cancelled = { status: 'cancelled', cancelled_at: new Date(), cancel_reason: 'ông Quỳnh đã nghỉ' }
      await trx('register_numbers').where({ document_id: document }).update(cancelled)
      const progress = 'Đang xử lý: chờ ông Quỳnh giải trình'
      await trx('register_numbers').where({ document_id: arrivedDocument }).update({ progress })
    })
    for (const book of ['outgoing', 'handling']) {
      for (const path of [`/registers/${book}?year=${YEAR}`, `/registers/${book}/${YEAR}/csv`]) {
        expect((await read('leader', path)).text, path).not.to.include('Quỳnh')
        expect((await read('clerk', path)).text, path).to.include('Quỳnh')
      }
    }
  })

  it('bounds the work of a page, which then ends at a line that is no hit but seen [K065]', async function () {
    this.timeout(60_000)
    const hidden = 2_050
    const year = YEAR - 1
    const { context } = node.services
    const leader = { kind: 'user', agencyId, userId: randomUUID(), roles: ['leader'] } as unknown as UserActor
    await node.database.db.asAgency({ agencyId }, async (trx) => {
      const last = { last_number: hidden + 2, last_date: `${year}-03-02` }
      await trx('registers').insert({ agency_id: agencyId, year, series: 'outgoing:general', ...last })
      await trx.raw(
        `with made as (
           insert into documents (agency_id, id, direction, state, kind, subject, code_notation, urgency, signer_name,
             restricted, created_at, updated_at)
           select :agencyId, gen_random_uuid(), 'outgoing', 'draft', 'Công văn', :subject, 'UBND-VP', 0, 'Người ký 1',
             n between 2 and :hidden + 1, timestamptz '2025-03-02 08:00:00+07' + make_interval(secs => n), now()
           from generate_series(1, :hidden + 2) n returning id, created_at)
         insert into register_numbers (agency_id, year, series, number, symbol, date, document_id, assigned_at, kind,
           subject)
         select :agencyId, :year, 'outgoing:general', extract(epoch from d.created_at
             - timestamptz '2025-03-02 08:00:00+07')::integer, 'UBND-VP', date '2025-03-02', d.id, now(), 'Công văn',
           :subject
         from made d`,
        { agencyId, year, subject: SUBJECT, hidden },
      )
    })
    const page = (before?: EntryPosition) =>
      context.db.asAgency(leader, (trx) =>
        readBookPage(trx, leader, hiddenAmong, {
          book: 'outgoing',
          year,
          text: 'ky luat',
          limit: 5,
          ...(before === undefined ? {} : { before }),
        }),
      )
    const first = await page()
    expect(first.items.map((one) => one.number)).to.deep.equal([hidden + 2])
    const { next } = first
    if (next === null) throw new Error('there is more')
    expect(next.number, 'just before the next line that is seen').to.equal(2)
    const second = await page(next)
    expect(second.items.map((one) => one.number)).to.deep.equal([1])
    expect(second.next).to.equal(null)
  })
})
