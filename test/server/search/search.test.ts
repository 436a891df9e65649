import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import fc from 'fast-check'
import pg from 'pg'
import type { AgencyTransaction } from '../../../server/db.ts'
import { parseSearch, searchVector, wordsOf } from '../../../server/search/search-query.ts'
import { matchingDocuments, searchDocuments, setContentText } from '../../../server/search/search-store.ts'
import { cloneDatabase, type TestDatabase } from '../../support/database.ts'
import { expectCode } from '../documents/support.ts'

describe('search', () => {
  let test: TestDatabase
  const agencyId: string = randomUUID()
  const other = randomUUID()
  const as = <T>(work: (trx: AgencyTransaction) => Promise<T>, agency: string = agencyId) =>
    test.db.asAgency({ agencyId: agency }, work)

  interface Draft {
    readonly subject: string
    readonly agency?: string
    readonly state?: string
    readonly at?: string
    readonly number?: string
  }

  const insert = async ({ subject, agency = agencyId, state = 'draft', at, number }: Draft) => {
    const id: string = randomUUID()
    await as<unknown>(
      (trx) =>
        trx('documents').insert({
          agency_id: agency,
          id,
          direction: 'outgoing',
          state,
          kind: 'Công văn',
          subject,
          code_number: number ?? null,
          code_notation: 'UBND-VP',
          urgency: 0,
          signer_name: 'Người ký 1',
          created_at: new Date(at ?? '2026-03-01T08:00:00+07:00'),
          updated_at: new Date(),
        }),
      agency,
    )
    return id
  }
  const find = async (text: string, more = {}) =>
    (await as((trx) => searchDocuments(trx, { text, limit: 50, ...more }))).map((one) => one.id)

  before(async () => {
    test = await cloneDatabase()
  })
  after(() => test.drop())

  it('keeps no word of what lies in quarantine, and those of what left it', async () => {
    const words = (id: string) =>
      as((trx) => trx('document_search').where({ document_id: id }).pluck('words'))
    const id = await insert({ subject: 'V/v cách ly tuyệt đối', state: 'quarantined' })
    const change = (columns: object) => as((trx) => trx('documents').where({ id }).update(columns))
    await change({ subject: 'V/v cách ly tương đối' })
    await as((trx) => setContentText(trx, agencyId, id, 'nội dung cách ly'))
    expect(await words(id)).to.deep.equal([])
    await change({ state: 'draft' })
    expect(await find('cách ly tương đối')).to.deep.equal([id])
    await as((trx) => setContentText(trx, agencyId, id, 'nội dung cách ly'))
    expect(await find('nội dung cách ly')).to.deep.equal([id])
  })

  it('finds words with and without diacritics, those with them only as they are written [K071]', async () => {
    const exact = await insert({ subject: 'V/v thẩm quyền cấp phép khai thác' })
    const near = await insert({ subject: 'V/v thăm quyên góp khai thác' })
    expect(await find('thẩm quyền')).to.deep.equal([exact])
    expect(await find('tham quyen')).to.have.members([exact, near])
    expect(await find('THẨM QUYỀN')).to.deep.equal([exact])
    expect(await find('thẩm quyền'.normalize('NFD'))).to.deep.equal([exact])
    expect(await find('thẩm khai')).to.deep.equal([exact])
  })

  it('takes both places of the tone mark for one word', async () => {
    const old = await insert({ subject: 'Kế hoạch phòng bệnh thuỷ đậu, bảo đảm hoà giải' })
    const recent = await insert({ subject: 'Kế hoạch phòng bệnh thủy đậu, bảo đảm hòa giải' })
    for (const text of ['thuỷ đậu hoà giải', 'thủy đậu hòa giải', 'thuy dau hoa giai']) {
      expect(await find(text), text).to.have.members([old, recent])
    }
  })

  it('finds phrases in quotation marks, and numbers with their symbol as they are', async () => {
    const one = await insert({ subject: 'Phê duyệt kế hoạch đầu tư công', number: '07' })
    const two = await insert({ subject: 'Đầu năm: phê duyệt công tác kế hoạch, tư vấn', number: '70' })
    expect(await find('"kế hoạch đầu tư"')).to.deep.equal([one])
    expect(await find('"ke hoach đầu tư"')).to.deep.equal([one])
    expect(await find('kế hoạch phê duyệt đầu tư')).to.have.members([one, two])
    expect(await find('07/UBND-VP')).to.deep.equal([one])
    expect(await find('7/UBND-VP')).to.deep.equal([])
  })

  it('completes the last word, unless it is quoted, a number, or a space follows', async () => {
    const id = await insert({ subject: 'Xyzabc về nhiệm vụ 2031' })
    expect(await find('nhiệm xyza')).to.deep.equal([id])
    expect(await find('"xyza"')).to.deep.equal([])
    expect(await find('xyza ')).to.deep.equal([])
    expect(await find('xyzabc 203')).to.deep.equal([])
  })

  it('never finds another agency’s documents, nor those in quarantine [K071]', async () => {
    const foreign = await insert({ subject: 'Wqkz riêng tư', agency: other })
    const mine = await insert({ subject: 'Wqkz của mình' })
    await insert({ subject: 'Wqkz chưa kiểm tra', state: 'quarantined' })
    expect(await find('wqkz')).to.deep.equal([mine])
    const among = await as((trx) => matchingDocuments(trx, 'wqkz', [foreign, mine]))
    expect([...among]).to.deep.equal([mine])
    // The name of another agency's month, as the index has it, is no word that can be asked for.
    expect(await find(`wqkz #${other}:202603`)).to.deep.equal([])
  })

  it('refuses a tenant’s own look past the function', async () => {
    const rows = await as((trx) => trx('document_search').whereNot('agency_id', agencyId).select('*'))
    expect(rows).to.deep.equal([])
    const error: unknown = await test.db
      .asNode((trx) =>
        trx.raw("select * from congvan_search('x', false, null, null, null, null, null, null, 1)"),
      )
      .catch((caught: unknown) => caught)
    expect(String(error)).to.match(/permission denied/)
  })

  it('follows changes of the metadata, and finds the text of the file until it is taken away', async () => {
    const id = await insert({ subject: 'Chủ đề ban đầu qwzx' })
    await as((trx) => setContentText(trx, agencyId, id, 'Nội dung tệp có chữ hiếm plmokn trong bài'))
    expect(await find('plmokn')).to.deep.equal([id])
    await as((trx) => trx('documents').where({ id }).update({ subject: 'Chủ đề khác vbnmty' }))
    expect(await find('qwzx')).to.deep.equal([])
    expect(await find('vbnmty plmokn')).to.deep.equal([id])
    await as((trx) => setContentText(trx, agencyId, id, ''))
    expect(await find('plmokn')).to.deep.equal([])
    expect(await find('vbnmty')).to.deep.equal([id])
  })

  it('takes a hostile text: long, without spaces, with NUL and half a letter', async () => {
    const id = await insert({ subject: 'Tệp lạ ghjkty' })
    const text = `${'ế'.repeat(50_000)}\0\ud800 '\\ ${Array.from({ length: 30_000 }, (_, n) => `ừ${n}`).join(' ')}`
    await as((trx) => setContentText(trx, agencyId, id, text))
    expect(await find('ghjkty')).to.deep.equal([id])
  })

  it('yields the newest first, page by page, beyond the newest thousand', async function () {
    this.timeout(60_000)
    const agency = randomUUID()
    await as(async (trx) => {
      await trx.raw(
        `insert into documents (agency_id, id, direction, state, kind, subject, code_notation, urgency, signer_name,
           created_at, updated_at)
         select ?, gen_random_uuid(), 'outgoing', 'draft', 'Công văn',
           case when i % 250 = 0 then 'hiếm gặp' else 'thường thấy' end, 'UBND-VP', 0, 'Người ký 1',
           timestamptz '2025-06-01' - i * interval '4 hours', now()
         from generate_series(1, 2500) i`,
        [agency],
      )
    }, agency)
    for (const text of ['hiếm gặp', 'hiem ga']) {
      const seen: string[] = []
      let after: { createdAt: Date; id: string } | undefined
      while (true) {
        const page = await as(
          (trx) => searchDocuments(trx, { text, limit: 5, ...(after === undefined ? {} : { after }) }),
          agency,
        )
        seen.push(...page.map((one) => one.createdAt.toISOString()))
        after = page.at(-1)
        if (page.length < 5) break
      }
      expect(seen, text).to.have.length(10)
      expect(seen).to.deep.equal(seen.toSorted().toReversed())
    }
  })

  it('finds what was common long ago, in order, however the months are gone through', async function () {
    this.timeout(60_000)
    const agency = randomUUID()
    await as(async (trx) => {
      await trx.raw(
        `insert into documents (agency_id, id, direction, state, kind, subject, code_notation, urgency, signer_name,
           created_at, updated_at)
         select ?, gen_random_uuid(), 'outgoing', case when i % 3 = 0 then 'cancelled' else 'draft' end, 'Công văn',
           case when i between 1400 and 2500 then 'từng phổ biến' when i % 40 = 0 then 'vừa phải' else 'khác' end,
           'UBND-VP', 0, 'Người ký 1', timestamptz '2025-06-01' - i * interval '9 hours', now()
         from generate_series(1, 2800) i`,
        [agency],
      )
    }, agency)
    // By the planner's statistics the words are many: they are looked up in months, and not at once.
    const owner = new pg.Client({ connectionString: test.superuserUrl })
    await owner.connect()
    await owner.query('analyze document_search')
    await owner.end()
    const from = new Date('2022-01-17T05:00:00+07:00')
    const to = new Date('2023-08-11T15:00:00+07:00')
    for (const [text, subject, more] of [
      ['tung ', 'từng phổ biến', {}],
      ['từng ', 'từng phổ biến', { state: 'draft', from, to }],
      ['vừa phải ', 'vừa phải', { from }],
    ] as const) {
      const expected = await as(async (trx) => {
        const query = trx('documents').where({ agency_id: agency, subject }).orderBy('created_at', 'desc')
        if ('state' in more) query.where({ state: more.state })
        if ('from' in more) query.where('created_at', '>=', more.from)
        if ('to' in more) query.where('created_at', '<', more.to)
        return (await query.select<{ id: string }[]>('id')).map((one) => one.id)
      }, agency)
      expect(expected.length, text).to.be.above(20)
      const seen: string[] = []
      let after: { createdAt: Date; id: string } | undefined
      while (true) {
        const page = await as(
          (trx) =>
            searchDocuments(trx, { text, limit: 170, ...more, ...(after === undefined ? {} : { after }) }),
          agency,
        )
        seen.push(...page.map((one) => one.id))
        after = page.at(-1)
        if (page.length < 170) break
      }
      expect(seen, text).to.deep.equal(expected)
    }
  })

  it('refuses a search without a word', async () => {
    await expectCode(find(' "…" / '), 'SEARCH_EMPTY')
  })

  it('splits and folds words as the database does', async () => {
    const letters = fc.constantFrom(...'aàảoòỏôuùủưyỳỷđĐẾế AOU/-"_.,;2026 thoả hòa ĐƯỜNG “–” Ⅳ'.split(''))
    const texts = fc.sample(fc.string({ unit: letters, maxLength: 30 }), 150)
    texts.push('Ⅳ\u0300 \u0301\u0302 x', 'Đ'.repeat(100), `${'a '.repeat(16_400)}cuối`)
    const { rows } = await as((trx) =>
      trx.raw<{ rows: { words: string[] }[] }>(
        `select array(select distinct lexeme from unnest(congvan_words(one)) order by lexeme) as words
         from unnest(cast(? as text[])) with ordinality as given (one, place) order by place`,
        [texts],
      ),
    )
    for (const [index, text] of texts.entries()) {
      const stored = new Set(rows[index]?.words)
      for (const word of wordsOf(text).slice(0, 16_383)) {
        expect(stored.has(word), `${text}: ${word}`).to.equal(true)
      }
    }
    const { rows: vectors } = await as((trx) =>
      trx.raw<{ rows: { same: boolean; text: string }[] }>(
        `select cast(made as tsvector) = congvan_words(text) as same, text
         from unnest(cast(? as text[]), cast(? as text[])) as given (text, made)`,
        [texts, texts.map(searchVector)],
      ),
    )
    expect(vectors.filter((one) => !one.same).map((one) => one.text)).to.deep.equal([])
  })

  it('makes a query that PostgreSQL reads, whatever is typed', async () => {
    const typed = fc.sample(fc.string({ unit: 'grapheme', maxLength: 40 }), 200)
    await as(async (trx) => {
      for (const text of typed) {
        if (wordsOf(text).length === 0) continue
        await trx.raw('select cast(? as tsquery)', [parseSearch(text).tsquery])
      }
    })
  })
})
