import type { Knex } from 'knex'

/**
 * What lies in quarantine has no words to be found by: it may hold a state secret, and its metadata too are written
 * into the index only when the quarantine has ended.
 */
export async function up(knex: Knex): Promise<void> {
  await replaceTrigger(knex, {
    first: `
      if new.state = 'quarantined' then
        delete from document_search s where s.agency_id = new.agency_id and s.document_id = new.id;
        return null;
      end if;`,
    unchanged: "tg_op = 'UPDATE' and old.state <> 'quarantined'",
  })
  await withRowsOfAll(knex, () =>
    knex.raw(`
      delete from document_search s using documents d
      where d.agency_id = s.agency_id and d.id = s.document_id and d.state = 'quarantined'
    `),
  )
}

async function replaceTrigger(
  knex: Knex,
  { first, unchanged }: { readonly first: string; readonly unchanged: string },
): Promise<void> {
  await knex.raw(`
    create or replace function documents_search() returns trigger language plpgsql as $$
    begin${first}
      if ${unchanged} and congvan_document_text(old) = congvan_document_text(new) then return null; end if;
      insert into document_search as s (agency_id, document_id, created_at, words)
      values (new.agency_id, new.id, new.created_at,
              congvan_document_marks(new.agency_id, new.created_at) || congvan_words(congvan_document_text(new)))
      on conflict (agency_id, document_id) do update
      set words = excluded.words || s.content;
      return null;
    end $$
  `)
}

/** The owner sees the rows only while their security is not forced on it. */
async function withRowsOfAll(knex: Knex, work: () => PromiseLike<unknown>): Promise<void> {
  const tables = ['documents', 'document_search']
  for (const table of tables) await knex.raw('alter table ?? no force row level security', [table])
  await work()
  for (const table of tables) await knex.raw('alter table ?? force row level security', [table])
}

export async function down(knex: Knex): Promise<void> {
  await replaceTrigger(knex, { first: '', unchanged: "tg_op = 'UPDATE'" })
  await withRowsOfAll(knex, () =>
    knex.raw(`
      insert into document_search (agency_id, document_id, created_at, words)
      select d.agency_id, d.id, d.created_at,
             congvan_document_marks(d.agency_id, d.created_at) || congvan_words(congvan_document_text(d))
      from documents d where d.state = 'quarantined'
      on conflict do nothing
    `),
  )
}
