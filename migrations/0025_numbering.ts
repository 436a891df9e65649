import type { Knex } from 'knex'
import type { DatabaseRoles } from '../server/db.ts'

const BETWEEN_WORDS =
  '[\\u0001-\\u002f\\u003a-\\u0040\\u005b-\\u0060\\u007b-\\u00bf\\u2000-\\u206f\\u3000-\\u303f]+'

/** The body of `congvan_words`, as migration 0011 has it. */
const WORDS = `coalesce(string_agg(
        '''' || left(word, 80) || ''':' || place || ' ''' || left(folded, 80) || ''':' || place, ' '), '')::tsvector
      from unnest(
        regexp_split_to_array(congvan_normal($1), '${BETWEEN_WORDS}'),
        regexp_split_to_array(congvan_fold($1), '${BETWEEN_WORDS}')
      ) with ordinality as split (word, folded, place)
      where word <> '' and folded <> '' and place <= 16383`

/**
 * Entering a number as one call, whose statements PostgreSQL plans once in a connection and not for every number: while
 * the row of the series is locked, every other clerk of the agency waits. It runs with the caller's rights.
 *
 * `congvan_words` becomes a function whose body is planned once as well; what it makes stays the same.
 */
export async function up(knex: Knex, roles: DatabaseRoles): Promise<void> {
  await knex.raw(`
    create or replace function congvan_words(text) returns tsvector
    language plpgsql immutable parallel safe set plan_cache_mode = force_generic_plan as $$
    begin
      return (select ${WORDS});
    end $$
  `)
  await knex.raw(`
    create function congvan_enter_number(entry jsonb, findable tsvector)
    returns table (series text, year integer, number integer, digits smallint, symbol text, date date,
      reused boolean, entered boolean)
    language plpgsql volatile set search_path = public, pg_temp as $$
    #variable_conflict use_column
    declare
      wanted register_numbers := jsonb_populate_record(null::register_numbers, entry);
      taken integer;
    begin
      return query select n.series, n.year, n.number, n.digits, n.symbol, n.date, true, true
        from register_numbers n
        where n.agency_id = wanted.agency_id and n.document_id = wanted.document_id and n.status = 'assigned';
      if found then return; end if;
      wanted.words := findable;
      wanted.status := 'assigned';
      for attempt in 1..2 loop
        update registers r set last_number = r.last_number + 1, last_date = wanted.date
          where r.agency_id = wanted.agency_id and r.year = wanted.year and r.series = wanted.series
            and (r.last_date is null or r.last_date <= wanted.date)
          returning r.last_number into taken;
        exit when found;
        -- The first number of the series, or one with a date before the last one's, or another was first just now.
        insert into registers as r (agency_id, year, series, last_number, last_date)
          values (wanted.agency_id, wanted.year, wanted.series, 1 + coalesce((
            select max(c.start_after) from register_series_rules c
            where c.agency_id = wanted.agency_id and c.year = wanted.year and wanted.series like 'outgoing:%'), 0),
            wanted.date)
          on conflict do nothing returning r.last_number into taken;
        exit when found;
      end loop;
      -- A date before the last one's: nothing was taken.
      if taken is null then return; end if;
      insert into register_numbers as n (agency_id, year, series, number, symbol, date, document_id, assigned_at,
          kind, subject, signer, author, document_number, document_symbol, document_date, recipients, kept_by, copies,
          unit, deadline, note, entered_by, digits, words)
        values (wanted.agency_id, wanted.year, wanted.series, taken, wanted.symbol, wanted.date, wanted.document_id,
          wanted.assigned_at, wanted.kind, wanted.subject, wanted.signer, wanted.author, wanted.document_number,
          wanted.document_symbol, wanted.document_date, wanted.recipients, wanted.kept_by, wanted.copies,
          wanted.unit, wanted.deadline, wanted.note, wanted.entered_by, wanted.digits, wanted.words)
        on conflict do nothing;
      return query select wanted.series, wanted.year, taken, wanted.digits, wanted.symbol, wanted.date, false, found;
    end $$
  `)
  await knex.raw('revoke all on function congvan_enter_number(jsonb, tsvector) from public')
  await knex.raw('grant execute on function congvan_enter_number(jsonb, tsvector) to ??', [roles.tenant])
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop function congvan_enter_number(jsonb, tsvector)')
  await knex.raw(`
    create or replace function congvan_words(text) returns tsvector language sql immutable parallel safe as $$
      select ${WORDS}
    $$
  `)
}
