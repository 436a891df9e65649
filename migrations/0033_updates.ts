import type { Knex } from 'knex'

/** Links of documents that update others: what was said beside the text changes, not the text. */
export async function up(knex: Knex): Promise<void> {
  await setKinds(knex, ['replaces', 'corrects', 'updates'])
}

export async function down(knex: Knex): Promise<void> {
  // The older form has no word for it; the messages themselves still tell.
  await knex.raw('alter table document_links no force row level security')
  await knex.raw(`delete from document_links where kind = 'updates'`)
  await knex.raw('alter table document_links force row level security')
  await setKinds(knex, ['replaces', 'corrects'])
}

async function setKinds(knex: Knex, kinds: readonly string[]): Promise<void> {
  const list = kinds.map((one) => `'${one}'`).join(', ')
  await knex.raw(`
    alter table document_links
      drop constraint document_links_kind_check,
      add constraint document_links_kind_check check (kind in (${list}))
  `)
}
