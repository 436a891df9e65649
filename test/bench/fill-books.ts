/**
 * Fills a database with the books of a province for `bench -- registers`: its agencies, three years of documents and
 * their entries. Words follow a distribution like that of real subjects: a few stand in every third document, most in
 * one of thousands. Written by the superuser, past the triggers that an application could not pass, and then indexed.
 */
import type pg from 'pg'

export const YEARS = [2024, 2025, 2026] as const
export const YEAR = 2026
/** The agency with half of all documents; lists and searches are measured as its clerk. */
export const BUSY_AGENCY = '00000000-0000-4000-8000-000000000000'
export const PROVINCE_AGENCIES = 256
/** One more agency, with a book of exactly so many rows to be printed. */
export const PRINTING_AGENCY = '00000000-0000-4000-8000-000000000fff'
export const PRINTED_ROWS = 10_000

/** A month's documents of an agency of the province: `uuid` from a number. */
const uuid = (expression: string) =>
  `('00000000-0000-4000-8000-' || lpad(to_hex(${expression}), 12, '0'))::uuid`

const kinds = [
  'Công văn',
  'Báo cáo',
  'Quyết định',
  'Thông báo',
  'Kế hoạch',
  'Tờ trình',
  'Giấy mời',
  'Chỉ thị',
]
/** Frequent words of subjects, the most frequent first; rare ones are made from numbers. */
const frequent =
  'về việc triển khai thực hiện báo cáo kết quả công tác kế hoạch năm tỉnh huyện xã ủy ban nhân dân hướng dẫn tổ chức quản lý xây dựng kiểm tra đất đai giáo dục y tế tài chính ngân sách nông nghiệp môi trường phòng chống thiên tai bão lụt cải cách hành chính chuyển đổi số dân tộc tôn giáo lao động việc làm thi đua khen thưởng'.split(
    ' ',
  )

const list = (words: readonly string[]) => `array[${words.map((word) => `'${word}'`).join(',')}]`

/** @param size how many documents in all */
export async function fillBooks(client: pg.Client, size: number): Promise<void> {
  const run = async (...statements: string[]) => {
    for (const statement of statements) await client.query(statement)
  }
  await run(
    "set session_replication_role = 'replica'",
    "set maintenance_work_mem = '1GB'",
    "set synchronous_commit = 'off'",
    'select setseed(0.4)',
    `insert into agencies select ${uuid('n')} from generate_series(0, ${PROVINCE_AGENCIES - 1}) n`,
    `insert into agency_codes (agency_id, code, generation, valid_from, issuer)
     select ${uuid('n')}, case n when 0 then 'H40' else 'H40.' || n end, 'qd20', '2020-09-15', 'nut-thu'
     from generate_series(0, ${PROVINCE_AGENCIES - 1}) n`,
    `insert into agency_terms (agency_id, valid_from, name, name_folded, level, parent_id, hosting_node, issuer)
     select ${uuid('n')}, '2020-09-15', 'Cơ quan thử ' || n, 'co quan thu ' || n,
       case when n = 0 then 'province' when n < 60 then 'district' else 'commune' end,
       case when n > 0 then '${BUSY_AGENCY}'::uuid end, 'nut-thu', 'nut-thu'
     from generate_series(0, ${PROVINCE_AGENCIES - 1}) n`,
    `create temporary table made as
     select n, ${uuid(`case when random() < 0.5 then 0 else floor(random() * ${PROVINCE_AGENCIES})::int end`)} as agency_id,
       gen_random_uuid() as id, random() < 0.4 as outgoing,
       timestamptz '${YEARS[0]}-01-01 08:00+07' + (n * (interval '1005 days' / ${size})) as at,
       (${list(kinds)})[1 + floor(power(random(), 2) * ${kinds.length})::int] as kind,
       random() as chance
     from generate_series(1, ${size}) n`,
    'alter table made add column subject text, add column words tsvector',
    // Each word with its form without diacritics is made once, and the words of a subject by PostgreSQL's own parser:
    // `congvan_words` would take a quarter of an hour for a million of them.
    `create temporary table vocabulary as
     select i, word, congvan_fold(word) as folded from unnest(${list(frequent)}) with ordinality as one (word, i)`,
    `update made m set subject = s.subject, words = to_tsvector('simple', s.subject) || to_tsvector('simple', s.folded)
     from (
       select n, string_agg(coalesce(v.word, 'vần' || rare), ' ') as subject,
         string_agg(coalesce(v.folded, 'van' || rare), ' ') as folded
       from (
         select n, case when i <= 7 then 1 + floor(power(random(), 3) * ${frequent.length})::int end as often,
           floor(power(random(), 2) * 20000)::int as rare
         from made, generate_series(1, 9) i) drawn
       left join vocabulary v on v.i = drawn.often
       group by n) s
     where s.n = m.n`,
    `alter table made add column number integer`,
    `update made m set number = s.number from (
       select n, row_number() over (partition by agency_id, outgoing, extract(year from at at time zone 'Asia/Ho_Chi_Minh')
         order by n) as number from made) s where s.n = m.n`,
  )
  await indexedLast(client, ['documents', 'register_numbers', 'document_search'], async () => {
    await run(documents, registers, registerNumbers, searchWords)
  })
  await run(facts, ...printedBook)
  await run('drop table made, vocabulary', "set session_replication_role = 'origin'", 'vacuum analyze')
}

const day = "(at at time zone 'Asia/Ho_Chi_Minh')::date"

const documents = `
  insert into documents (agency_id, id, direction, state, kind, subject, code_number, code_notation,
    promulgation_date, place, urgency, due_date, signer_name, recipients, document_code, created_by, created_at,
    updated_at, envelope_sha256, sender_code, sender_name, recipient_code, indication, sender_matches,
    incoming_year, incoming_number, signed_at, issued_at, dispatched_at, registered_at, handling_due, handler_name,
    transmission)
  select agency_id, id, case when outgoing then 'outgoing' else 'incoming' end,
    case when outgoing then 'dispatched'
         when chance < 0.9 then 'completed' when chance < 0.95 then 'processing' else 'accepted' end,
    kind, subject, lpad(number::text, greatest(2, length(number::text)), '0'), 'UBND-VP', ${day}, 'Nam Định',
    case when chance < 0.9 then 0 else 1 end, ${day} + 10, 'Người ký ' || (n % 200), '[]',
    'H40,' || to_char(at, 'YYYY/MM/DD') || ',' || n || '/UBND-VP', null, at, at,
    case when not outgoing then encode(sha256(n::text::bytea), 'hex') end,
    case when not outgoing then 'H40.' || (n % 255 + 1) end,
    case when not outgoing then 'Cơ quan thử ' || (n % 255 + 1) end,
    case when not outgoing then 'H40' end,
    case when not outgoing then 'TOTAL_PASSED' end, case when not outgoing then true end,
    case when not outgoing then extract(year from ${day})::int end,
    case when not outgoing then number end,
    case when outgoing then at end, case when outgoing then at end,
    case when outgoing then at + interval '1 hour' end,
    case when not outgoing then at + interval '2 hours' end, case when not outgoing then ${day} + 10 end,
    case when not outgoing then 'Phòng ' || (n % 12) end,
    case when chance < 0.2 then 'parallel' else 'electronic' end
  from made`

const registers = `
  insert into registers (agency_id, year, series, last_number, last_date)
  select agency_id, extract(year from ${day})::int, case when outgoing then 'outgoing:general' else 'incoming' end,
    max(number), max(${day})
  from made group by 1, 2, 3`

const registerNumbers = `
  insert into register_numbers (agency_id, year, series, number, symbol, date, document_id, assigned_at, kind,
    subject, signer, author, document_number, document_symbol, document_date, recipients, unit, deadline,
    handed_over_at, words)
  select agency_id, extract(year from ${day})::int, case when outgoing then 'outgoing:general' else 'incoming' end,
    number, case when outgoing then 'UBND-VP' else '' end, ${day}, id, at, kind, subject, 'Người ký ' || (n % 200),
    case when not outgoing then 'Cơ quan thử ' || (n % 255 + 1) end,
    case when not outgoing then n::text end, case when not outgoing then 'UBND-VP' end,
    case when not outgoing then ${day} end,
    case when outgoing then 'Cơ quan thử ' || (n % 255 + 1) end,
    case when not outgoing then 'Phòng ' || (n % 12) end, case when not outgoing then ${day} + 10 end,
    at + interval '3 hours',
    array_to_tsvector(array['#' || agency_id || ':' || case when outgoing then 'outgoing' else 'incoming' end || ':'
      || extract(year from ${day})::int]) || to_tsvector('simple', number || ' UBND VP ' || kind) || words
  from made`

const searchWords = `
  insert into document_search (agency_id, document_id, created_at, words)
  select d.agency_id, d.id, d.created_at,
    congvan_document_marks(d.agency_id, d.created_at)
      || to_tsvector('simple', d.kind || ' ' || d.code_number || ' UBND VP ' || d.signer_name) || m.words
  from documents d join made m on m.agency_id = d.agency_id and m.id = d.id`

/** What \`congvan_count_document\` writes for documents in these states, for all of them at once. */
const facts = `
  insert into document_facts (agency_id, document_id, direction, day, kind, urgent, electronic_only, individual,
    agency, signed_on, registered_on, due_on, completed_on)
  select agency_id, id, direction,
    (case direction when 'incoming' then created_at else dispatched_at end at time zone 'Asia/Ho_Chi_Minh')::date,
    kind, urgency > 0, case direction when 'outgoing' then transmission = 'electronic' end, false, false,
    case direction when 'outgoing' then (signed_at at time zone 'Asia/Ho_Chi_Minh')::date end,
    (registered_at at time zone 'Asia/Ho_Chi_Minh')::date, handling_due,
    case when state = 'completed' then (updated_at at time zone 'Asia/Ho_Chi_Minh')::date end
  from documents`

/** A book to be printed: texts as long as those of real entries. */
const printedBook = [
  `insert into agencies values ('${PRINTING_AGENCY}')`,
  `insert into agency_codes (agency_id, code, generation, valid_from, issuer)
   values ('${PRINTING_AGENCY}', 'H40.999', 'qd20', '2020-09-15', 'nut-thu')`,
  `insert into agency_terms (agency_id, valid_from, name, name_folded, level, parent_id, hosting_node, issuer)
   values ('${PRINTING_AGENCY}', '2020-09-15', 'Cơ quan in sổ', 'co quan in so', 'commune', '${BUSY_AGENCY}',
     'nut-thu', 'nut-thu')`,
  `insert into registers (agency_id, year, series, last_number, last_date)
   values ('${PRINTING_AGENCY}', ${YEAR}, 'incoming', ${PRINTED_ROWS}, '${YEAR}-12-20')`,
  `insert into register_numbers (agency_id, year, series, number, symbol, date, document_id, assigned_at, kind,
     subject, author, document_number, document_symbol, document_date, unit, deadline, handed_over_at)
   select '${PRINTING_AGENCY}', ${YEAR}, 'incoming', n, '', date '${YEAR}-01-02' + n / 30, gen_random_uuid(),
     timestamptz '${YEAR}-01-02 09:00+07' + n / 30 * interval '1 day', 'Công văn',
     'Về việc triển khai thực hiện kế hoạch công tác và báo cáo kết quả thực hiện nhiệm vụ năm, số ' || n,
     'Ủy ban nhân dân xã thử nghiệm số ' || n % 100, n::text, 'UBND-VP', date '${YEAR}-01-02' + n / 30,
     'Phòng Kinh tế', date '${YEAR}-01-12' + n / 30, timestamptz '${YEAR}-01-02 10:00+07' + n / 30 * interval '1 day'
   from generate_series(1, ${PRINTED_ROWS}) n`,
]

/** A million rows are written faster without the indexes that nothing needs meanwhile. */
async function indexedLast(
  client: pg.Client,
  tables: readonly string[],
  work: () => Promise<void>,
): Promise<void> {
  const { rows } = await client.query<{ name: string; definition: string }>(
    `select c.relname as name, pg_get_indexdef(i.indexrelid) as definition
     from pg_index i join pg_class c on c.oid = i.indexrelid
     where i.indrelid = any (cast($1 as regclass[])) and not i.indisunique`,
    [tables],
  )
  for (const { name } of rows) await client.query(`drop index ${name}`)
  await work()
  for (const { definition } of rows) await client.query(definition)
}
