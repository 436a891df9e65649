import type { Knex } from 'knex'

/** What the words of a document's metadata are made of, as migration 0011 has it. */
const TEXT = `concat_ws(' | ', $1.kind, $1.subject,
        coalesce($1.code_number || '/', '') || $1.code_notation, $1.place, $1.signer_name, $1.signer_position,
        $1.signer_competence, $1.sender_name, $1.sender_code, $1.document_code, $1.incoming_number,
        (select string_agg(one, ' | ') from jsonb_array_elements_text($1.recipients) one))`

/** The columns that it reads. */
const columns = [
  'kind',
  'subject',
  'code_number',
  'code_notation',
  'place',
  'signer_name',
  'signer_position',
  'signer_competence',
  'sender_name',
  'sender_code',
  'document_code',
  'incoming_number',
  'recipients',
]

const SIGNED = `exists (
        select from jsonb_array_elements(coalesce(report, '{}'::jsonb) -> 'signatures') as s
        where s ->> 'role' = wanted and s ->> 'indication' <> 'TOTAL_FAILED')`

/**
 * What every change of a document costs besides its row: a function in SQL is planned anew for each call, one in
 * PL/pgSQL once in a connection; and a change that touches no searched column no longer calls anything. What the
 * functions make stays the same.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create or replace function congvan_document_text(documents) returns text
    language plpgsql stable parallel safe set plan_cache_mode = force_generic_plan as $$
    begin
      return ${TEXT};
    end $$
  `)
  await knex.raw(`
    create or replace function congvan_signed_by(report jsonb, wanted text) returns boolean
    language plpgsql immutable set plan_cache_mode = force_generic_plan as $$
    begin
      return ${SIGNED};
    end $$
  `)
  await knex.raw('alter function congvan_count_document(documents) set plan_cache_mode = force_generic_plan')
  const of = (row: string) => `(${columns.map((column) => `${row}.${column}`).join(', ')})`
  await knex.raw('drop trigger documents_search on documents')
  await knex.raw(`
    create trigger documents_search after update on documents
    for each row when (old.state = 'quarantined' or new.state = 'quarantined'
      or ${of('old')} is distinct from ${of('new')})
    execute function documents_search()
  `)
  // By their names both run before documents_secret, which takes the row away again.
  await knex.raw(`
    create trigger documents_search_first after insert on documents
    for each row execute function documents_search()
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop trigger documents_search_first on documents')
  await knex.raw('drop trigger documents_search on documents')
  await knex.raw(`
    create trigger documents_search after insert or update on documents
    for each row execute function documents_search()
  `)
  await knex.raw('alter function congvan_count_document(documents) reset plan_cache_mode')
  await knex.raw(`
    create or replace function congvan_signed_by(report jsonb, wanted text) returns boolean
    language sql immutable as $$
      select ${SIGNED}
    $$
  `)
  await knex.raw(`
    create or replace function congvan_document_text(documents) returns text
    language sql stable parallel safe as $$
      select ${TEXT}
    $$
  `)
}
