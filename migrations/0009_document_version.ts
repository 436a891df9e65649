import type { Knex } from 'knex'

/**
 * The version of a document's row: one more with every change, whoever makes it. It is the document's ETag, so that
 * a change made on top of a state that somebody else has changed meanwhile is refused (RFC 9110 section 13.1.1).
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw('alter table documents add column version integer not null default 1')
  await knex.raw(`
    create function congvan_next_version() returns trigger language plpgsql
    as $$ begin new.version := old.version + 1; return new; end $$
  `)
  await knex.raw(`
    create trigger documents_version before update on documents
    for each row execute function congvan_next_version()
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop trigger documents_version on documents')
  await knex.raw('drop function congvan_next_version()')
  await knex.raw('alter table documents drop column version')
}
