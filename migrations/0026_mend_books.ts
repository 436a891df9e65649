import type { Knex } from 'knex'

/**
 * What `0012_registers.ts` had carried over into the books in another form than the program enters it since: recipients
 * as codes instead of names, no progress of what was handled already; and Nơi nhận that began with nothing. A closed
 * book stays as it was printed, and so does what somebody has corrected. The answers of documents from before are not
 * known: nothing bound them to what they answer.
 */
export async function up(knex: Knex): Promise<void> {
  const tables = ['documents', 'register_numbers', 'register_closures', 'register_corrections']
  for (const table of tables) await knex.raw('alter table ?? no force row level security', [table])
  await knex.raw(`
    update register_numbers n set recipients = nullif(regexp_replace(n.recipients, '^(; )+', ''), '')
    where n.book in ('outgoing', 'copies') and (n.recipients like '; %' or n.recipients = '')
      and not exists (select from register_closures c
        where c.agency_id = n.agency_id and c.year = n.year and c.book = n.book)
  `)
  await knex.raw(`
    update register_numbers n set recipients = named.names
    from (
      select m.agency_id, m.document_id, string_agg(one.code, '; ' order by one.place) as codes,
        string_agg(coalesce(t.name, one.code), '; ' order by one.place) as names
      from register_numbers m
      join documents d on d.agency_id = m.agency_id and d.id = m.document_id
      cross join lateral jsonb_array_elements_text(d.recipients) with ordinality as one (code, place)
      left join lateral (
        select x.name from agency_codes k
        join agency_terms x on x.agency_id = k.agency_id and x.valid_from <= m.date
        where k.code = one.code and k.valid_from <= m.date and (k.valid_to is null or k.valid_to > m.date)
        order by x.valid_from desc limit 1) t on true
      where m.book = 'outgoing' and m.status = 'assigned' and m.recipients is not null
      group by m.agency_id, m.document_id) named
    where named.agency_id = n.agency_id and named.document_id = n.document_id and n.book = 'outgoing'
      and n.status = 'assigned' and n.recipients = named.codes and length(named.names) <= 100000
      and not exists (select from register_closures c
        where c.agency_id = n.agency_id and c.year = n.year and c.book = 'outgoing')
  `)
  await knex.raw(`
    update register_numbers n set progress = case d.state
      when 'assigned' then 'đã phân công' when 'processing' then 'đang xử lý' else 'hoàn thành' end
    from documents d
    where d.agency_id = n.agency_id and d.id = n.document_id and n.book = 'incoming' and n.status = 'assigned'
      and n.progress is null and d.state in ('assigned', 'processing', 'completed')
      and not exists (select from register_corrections x where x.agency_id = n.agency_id and x.year = n.year
        and x.series = n.series and x.number = n.number and x.field = 'progress')
      and not exists (select from register_closures c
        where c.agency_id = n.agency_id and c.year = n.year and c.book = 'handling')
  `)
  for (const table of tables) await knex.raw('alter table ?? force row level security', [table])
}

/**
 * What was mended stays. Going back further than here ends where two registers of incoming documents were kept apart
 * and both have given a number: the form before `0012_registers.ts` has room for one of them. That is said here, before
 * anything is undone, and not half way.
 */
export async function down(knex: Knex): Promise<void> {
  await knex.raw('alter table register_numbers no force row level security')
  const { rows } = await knex.raw<{ rows: { year: number; number: number }[] }>(`
    select year, number from register_numbers where series <> 'incoming'
    group by agency_id, year, number, symbol having count(*) > 1 limit 1
  `)
  await knex.raw('alter table register_numbers force row level security')
  const [row] = rows
  if (row === undefined) return
  throw new Error(
    `incoming registers kept apart have both given the number ${row.number} of ${row.year}: the schema before 0012_registers.ts cannot hold them, restore a copy of the database instead`,
  )
}
