import type { Knex } from 'knex'

/**
 * What besides its kind decides the series of an outgoing document (NĐ 30/2020 art 15.1, Phụ lục I, II.3a): the
 * advisory body that issues it in its own name, and whether it is a legal normative document. Who signs has approved
 * both: from the first signature on they change no more.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table documents
      add column issuing_council text check (length(issuing_council) between 1 and 200),
      add column normative boolean not null default false,
      add constraint documents_council_not_normative check (issuing_council is null or not normative)
  `)
  await knex.raw(`
    create function documents_series_guard() returns trigger language plpgsql as $$
    begin
      if old.state not in ('quarantined', 'draft')
         and (new.issuing_council, new.normative) is distinct from (old.issuing_council, old.normative) then
        raise exception 'what decides the series of a document is not changed once it is presented or signed'
          using errcode = '42501';
      end if;
      return new;
    end $$
  `)
  await knex.raw(`
    create trigger documents_series_guard before update on documents
    for each row execute function documents_series_guard()
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop trigger documents_series_guard on documents')
  await knex.raw('drop function documents_series_guard()')
  await knex.raw(`
    alter table documents
      drop constraint documents_council_not_normative,
      drop column normative,
      drop column issuing_council
  `)
}
