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

/** What an entry is made with, in the order of the function's parameters. */
const entry = [
  ['agency_id', 'uuid'],
  ['year', 'integer'],
  ['series', 'text'],
  ['date', 'date'],
  ['digits', 'smallint'],
  ['symbol', 'text'],
  ['document_id', 'uuid'],
  ['assigned_at', 'timestamptz'],
  ['kind', 'text'],
  ['subject', 'text'],
  ['signer', 'text'],
  ['author', 'text'],
  ['document_number', 'text'],
  ['document_symbol', 'text'],
  ['document_date', 'date'],
  ['recipients', 'text'],
  ['kept_by', 'text'],
  ['copies', 'integer'],
  ['unit', 'text'],
  ['deadline', 'date'],
  ['note', 'text'],
  ['entered_by', 'uuid'],
  ['words', 'tsvector'],
] as const

const ENTER = `congvan_enter_number(${entry.map(([, type]) => type).join(', ')})`

/** As in migration 0012, but for one look at both closings where a number is entered. */
const guard = `
    create or replace function register_numbers_guard() returns trigger language plpgsql as $$
    declare
      book_closed boolean;
      agency_closed date;
    begin
      if tg_op = 'DELETE' then
        raise exception 'an entry of a register is never removed' using errcode = '42501';
      end if;
      if tg_op = 'INSERT' then
        perform pg_advisory_xact_lock_shared(
          congvan_book_lock(new.agency_id, new.year, split_part(new.series, ':', 1)));
        select exists (select from register_closures c where c.agency_id = new.agency_id and c.year = new.year
                         and c.book = split_part(new.series, ':', 1)),
               (select a.closed_on from agency_closures a where a.agency_id = new.agency_id)
          into book_closed, agency_closed;
        if book_closed then
          raise exception 'the book of % is closed', new.year using errcode = 'CV001';
        end if;
        if agency_closed <= new.date then
          raise exception 'the agency is closed' using errcode = 'CV001';
        end if;
      else
        if (new.agency_id, new.year, new.series, new.number, new.symbol, new.date, new.document_id,
            new.document_number, new.document_symbol, new.document_date, new.digits, new.assigned_at)
           is distinct from
           (old.agency_id, old.year, old.series, old.number, old.symbol, old.date, old.document_id,
            old.document_number, old.document_symbol, old.document_date, old.digits, old.assigned_at)
           or old.status = 'cancelled' and new.status <> 'cancelled' then
          raise exception 'a number that was given is never changed' using errcode = '42501';
        end if;
        if (new.kind, new.subject, new.signer, new.author, new.recipients, new.kept_by, new.copies,
            new.handed_over_at, new.receipt, new.note, new.unit, new.status, new.cancel_reason)
           is distinct from
           (old.kind, old.subject, old.signer, old.author, old.recipients, old.kept_by, old.copies,
            old.handed_over_at, old.receipt, old.note, old.unit, old.status, old.cancel_reason) then
          perform congvan_require_open(new.agency_id, new.year, old.book);
        end if;
        if old.book = 'incoming' and (new.kind, new.author, new.unit, new.deadline, new.progress, new.answer)
           is distinct from (old.kind, old.author, old.unit, old.deadline, old.progress, old.answer) then
          perform congvan_require_open(new.agency_id, new.year, 'handling');
        end if;
      end if;
      -- The number as it is and as it is printed, at the place before the symbol. A new entry may bring the words of the
      -- rest: made before the series is locked, they keep nobody waiting.
      new.words := array_to_tsvector(array[
          '#' || new.agency_id || ':' || split_part(new.series, ':', 1) || ':' || new.year])
        || format('''%s'':1 ''%s'':1', new.number,
             lpad(new.number::text, greatest(new.digits, length(new.number::text)), '0'))::tsvector
        || case when tg_op = 'INSERT' and new.words <> '' then new.words
           else congvan_words(concat_ws(' | ', new.symbol, new.kind, new.subject, new.signer, new.author,
             new.document_number || '/' || new.document_symbol, new.recipients, new.kept_by, new.unit,
             new.progress, new.answer, new.note, new.cancel_reason)) end;
      return new;
    end $$
  `

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
    create function congvan_enter_number(
      ${entry.map(([name, type]) => `new_${name} ${type}`).join(', ')})
    returns table (series text, year integer, number integer, digits smallint, symbol text, date date,
      reused boolean, entered boolean)
    language plpgsql volatile as $$
    #variable_conflict use_column
    declare taken integer;
    begin
      return query select n.series, n.year, n.number, n.digits, n.symbol, n.date, true, true
        from register_numbers n
        where n.agency_id = new_agency_id and n.document_id = new_document_id and n.status = 'assigned';
      if found then return; end if;
      for attempt in 1..2 loop
        update registers r set last_number = r.last_number + 1, last_date = new_date
          where r.agency_id = new_agency_id and r.year = new_year and r.series = new_series
            and (r.last_date is null or r.last_date <= new_date)
          returning r.last_number into taken;
        exit when found;
        -- The first number of the series, or one with a date before the last one's, or another was first just now.
        insert into registers as r (agency_id, year, series, last_number, last_date)
          values (new_agency_id, new_year, new_series, 1 + coalesce((
            select max(c.start_after) from register_series_rules c
            where c.agency_id = new_agency_id and c.year = new_year and new_series like 'outgoing:%'), 0),
            new_date)
          on conflict do nothing returning r.last_number into taken;
        exit when found;
      end loop;
      -- A date before the last one's: nothing was taken.
      if taken is null then return; end if;
      insert into register_numbers as n (number, ${entry.map(([name]) => name).join(', ')})
        values (taken, ${entry.map(([name]) => `new_${name}`).join(', ')})
        on conflict do nothing;
      return query select new_series, new_year, taken, new_digits, new_symbol, new_date, false, found;
    end $$
  `)
  await knex.raw(guard)
  await knex.raw(`revoke all on function ${ENTER} from public`)
  await knex.raw(`grant execute on function ${ENTER} to ??`, [roles.tenant])
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`drop function ${ENTER}`)
  await knex.raw(`
    create or replace function congvan_words(text) returns tsvector language sql immutable parallel safe as $$
      select ${WORDS}
    $$
  `)
}
