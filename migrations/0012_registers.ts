import type { Knex } from 'knex'
import type { DatabaseRoles } from '../server/db.ts'
import { enableTenancy } from './0001_tenancy.ts'
import { dropOfDefiner, giveToDefiner } from './0011_search.ts'

/**
 * The books (NĐ 30/2020 arts 15, 16, 22, Phụ lục IV): what stands beside each number, how an agency cuts its series
 * in a year, corrections with the old value, and closed years. A closed book is never changed, whoever asks.
 */
export async function up(knex: Knex, roles: DatabaseRoles): Promise<void> {
  await widenSeries(knex)
  await createSeriesRules(knex, roles)
  await createClosures(knex, roles)
  await createCorrections(knex, roles)
  await addColumns(knex, roles)
  await carryOver(knex)
  await createListing(knex, roles)
}

async function widenSeries(knex: Knex): Promise<void> {
  await knex.raw('alter table registers drop constraint registers_series_check')
  await knex.raw(`
    alter table registers add constraint registers_series_check check (
      series in ('incoming', 'copies') or series ~ '^(incoming|outgoing):[a-z0-9-]{1,60}$')
  `)
  await knex.raw('drop index register_numbers_unique')
  await knex.raw(`
    create unique index register_numbers_unique on register_numbers (agency_id, year, number, symbol)
    where split_part(series, ':', 1) <> 'incoming'
  `)
}

async function createSeriesRules(knex: Knex, roles: DatabaseRoles): Promise<void> {
  await knex.raw(`
    create table register_series_rules (
      agency_id uuid not null,
      year integer not null check (year between 2000 and 9999),
      version integer not null check (version > 0),
      rules jsonb not null,
      decision text not null check (length(decision) between 1 and 500),
      decided_by uuid not null,
      decided_at timestamptz not null,
      change_reason text check (length(change_reason) between 1 and 500),
      start_after integer not null default 0 check (start_after >= 0),
      primary key (agency_id, year, version)
    )
  `)
  await knex.raw(`
    comment on column register_series_rules.start_after is
      'After a change within the year a new series begins behind this number, so that no number is given twice'
  `)
  await enableTenancy(knex, roles, 'register_series_rules', 'select, insert')
}

async function createClosures(knex: Knex, roles: DatabaseRoles): Promise<void> {
  await knex.raw(`
    create table register_closures (
      agency_id uuid not null,
      year integer not null,
      book text not null check (book in ('outgoing', 'incoming', 'handling', 'copies')),
      closed_by uuid not null,
      closed_at timestamptz not null,
      entries integer not null check (entries >= 0),
      primary key (agency_id, year, book)
    )
  `)
  await enableTenancy(knex, roles, 'register_closures', 'select, insert')
}

async function createCorrections(knex: Knex, roles: DatabaseRoles): Promise<void> {
  await knex.raw(`
    create table register_corrections (
      agency_id uuid not null,
      id uuid not null,
      position bigint generated always as identity,
      year integer not null,
      series text not null,
      number integer not null,
      field text not null,
      old_value text,
      new_value text,
      reason text not null check (length(reason) between 1 and 500),
      corrected_by uuid not null,
      corrected_at timestamptz not null,
      primary key (agency_id, id),
      foreign key (agency_id, year, series, number)
        references register_numbers (agency_id, year, series, number)
    )
  `)
  await knex.raw(
    'create index register_corrections_of on register_corrections (agency_id, year, series, number, position)',
  )
  await enableTenancy(knex, roles, 'register_corrections', 'select, insert')
}

/** What an entry holds beside its number. Lengths are wide: what arrives is entered as it came. */
const texts = {
  kind: 400,
  subject: 2000,
  signer: 200,
  author: 800,
  document_number: 50,
  document_symbol: 100,
  recipients: 100_000,
  kept_by: 400,
  receipt: 400,
  note: 1000,
  unit: 800,
  progress: 400,
  answer: 400,
}

const changing = [
  'kind',
  'subject',
  'signer',
  'author',
  'recipients',
  'kept_by',
  'copies',
  'handed_over_at',
  'receipt',
  'note',
  'unit',
  'deadline',
  'progress',
  'answer',
  'status',
  'cancelled_at',
  'cancel_reason',
]

async function addColumns(knex: Knex, roles: DatabaseRoles): Promise<void> {
  const columns = Object.entries(texts).map(
    ([name, length]) => `add column ${name} text check (length(${name}) <= ${length})`,
  )
  await knex.raw(`
    alter table register_numbers ${columns.join(', ')},
      add column document_date date,
      add column copies integer check (copies >= 0),
      add column handed_over_at timestamptz,
      add column deadline date,
      add column entered_by uuid,
      add column digits smallint not null default 2 check (digits between 1 and 8),
      add column words tsvector not null default '',
      add column book text not null generated always as (split_part(series, ':', 1)) stored
  `)
  await knex.raw(`grant update (${changing.join(', ')}, words) on register_numbers to ??`, [roles.tenant])
}

/**
 * Refuses what the law forbids for good: another number, date or document in an entry, a cancelled number revived, an
 * entry removed, a closed book changed, a number for a closed agency. The shared lock lets a closing wait for those
 * who are entering, and those who come after see it closed.
 */
async function createGuard(knex: Knex): Promise<void> {
  await knex.raw(`
    create function congvan_book_lock(agency uuid, year integer, book text) returns bigint
    language sql immutable parallel safe as $$ select hashtextextended(agency || '/' || year || '/' || book, 30) $$
  `)
  await knex.raw(`
    create function congvan_require_open(agency uuid, of_year integer, of_book text) returns void
    language plpgsql as $$
    begin
      perform pg_advisory_xact_lock_shared(congvan_book_lock(agency, of_year, of_book));
      if exists (select from register_closures c
                 where c.agency_id = agency and c.year = of_year and c.book = of_book) then
        raise exception 'the book % of % is closed', of_book, of_year using errcode = 'CV001';
      end if;
    end $$
  `)
  await knex.raw(`
    create function register_numbers_guard() returns trigger language plpgsql as $$
    declare agency_closed date;
    begin
      if tg_op = 'DELETE' then
        raise exception 'an entry of a register is never removed' using errcode = '42501';
      end if;
      if tg_op = 'INSERT' then
        perform congvan_require_open(new.agency_id, new.year, split_part(new.series, ':', 1));
        select closed_on into agency_closed from agency_closures c where c.agency_id = new.agency_id;
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
  `)
  await knex.raw(`
    create trigger register_numbers_guard before insert or update or delete on register_numbers
    for each row execute function register_numbers_guard()
  `)
}

/** Numbers from before get what their documents say. The owner sees rows only while security is not forced on it. */
async function carryOver(knex: Knex): Promise<void> {
  const tables = ['documents', 'document_assignments', 'register_numbers', 'register_closures']
  for (const table of tables) await knex.raw('alter table ?? no force row level security', [table])
  await knex.raw(`
    update register_numbers n set
      kind = d.kind, subject = d.subject, signer = d.signer_name,
      author = case when d.direction = 'incoming' then coalesce(d.sender_name, d.sender_code) end,
      document_number = case when d.direction = 'incoming' then d.code_number end,
      document_symbol = case when d.direction = 'incoming' then d.code_notation end,
      document_date = case when d.direction = 'incoming' then d.promulgation_date end,
      recipients = case when d.state = 'dispatched' then
        (select string_agg(one, '; ') from jsonb_array_elements_text(d.recipients) one) end,
      handed_over_at = case when d.state = 'dispatched' then d.updated_at else a.assigned_at end,
      unit = a.lead, deadline = coalesce(a.due_date, case when d.direction = 'incoming' then d.due_date end),
      entered_by = case when d.direction = 'outgoing' then d.created_by end
    from documents d
    left join lateral (
      select x.lead, x.due_date, x.assigned_at from document_assignments x
      where x.agency_id = d.agency_id and x.document_id = d.id order by x.assigned_at desc limit 1) a on true
    where d.agency_id = n.agency_id and d.id = n.document_id
  `)
  await createGuard(knex)
  // The guard makes the words of every row it sees.
  await knex.raw("update register_numbers set words = ''")
  for (const table of tables) await knex.raw('alter table ?? force row level security', [table])
}

const SEARCH =
  'congvan_search_register(tsquery, text, integer, text, text, text, date, date, date, text, integer, integer)'

/** Browsing in the order of the book, newest first, by kind and by unit; and words, as `congvan_search` does it. */
async function createListing(knex: Knex, roles: DatabaseRoles): Promise<void> {
  for (const [name, columns] of [
    ['register_numbers_by_date', 'agency_id, book, year, date, series, number'],
    ['register_numbers_by_kind', 'agency_id, book, year, kind, date, series, number'],
    ['register_numbers_by_unit', 'agency_id, book, year, unit, date, series, number'],
  ]) {
    await knex.raw(`create index ${name} on register_numbers (${columns})`)
  }
  // Entries are written while the series is locked: the index takes them up in small heaps, which a search reads besides.
  await knex.raw(
    'create index register_numbers_words on register_numbers using gin (words) with (gin_pending_list_limit = 256)',
  )
  await knex.raw(`
    create function congvan_search_register(query tsquery, of_book text, of_year integer, only_series text,
      only_kind text, only_unit text, from_date date, to_date date, before_date date, before_series text, before_number integer, wanted integer)
    returns table (series text, number integer, date date)
    language plpgsql stable security definer set search_path = public, pg_temp set jit = off as $$
    declare
      newest constant integer := 2000;
      agency constant uuid := congvan_agency();
      filter text := '';
      found_now integer := 0;
      seen integer;
      edge_date date := coalesce(before_date, 'infinity');
      edge_series text := coalesce(before_series, '');
      edge_number integer := coalesce(before_number, 0);
      last_date date;
      last_series text;
      last_number integer;
    begin
      if agency is null then raise exception 'a search outside an agency' using errcode = '42501'; end if;
      if only_series is not null then filter := filter || format(' and n.series = %L', only_series); end if;
      if only_kind is not null then filter := filter || format(' and n.kind = %L', only_kind); end if;
      if only_unit is not null then filter := filter || format(' and n.unit = %L', only_unit); end if;
      if from_date is not null then filter := filter || format(' and n.date >= %L', from_date); end if;
      if to_date is not null then filter := filter || format(' and n.date <= %L', to_date); end if;
      for series, number, date, seen in execute format(
        'with newest as materialized (
           select n.*, row_number() over () as place from (
             select n.series, n.number, n.date, n.words from register_numbers n
             where n.agency_id = $1 and n.book = $2 and n.year = $3
               and (n.date, n.series, n.number) < ($4, $5, $6) %s
             order by n.date desc, n.series desc, n.number desc limit $7) n),
         hit as (
           select n.series, n.number, n.date from newest n where n.words @@ $8
           order by n.date desc, n.series desc, n.number desc limit $9)
         select h.series, h.number, h.date, 0 from hit h
         union all (select n.series, n.number, n.date, n.place::integer from newest n order by n.place desc limit 1)',
        filter)
        using agency, of_book, of_year, edge_date, edge_series, edge_number, newest, query, wanted
      loop
        if seen > 0 then
          last_date := date; last_series := series; last_number := number;
        else
          found_now := found_now + 1;
          return next;
        end if;
      end loop;
      if seen is null or seen < newest or found_now >= wanted then return; end if;
      return query execute format(
        'select n.series, n.number, n.date from register_numbers n
         where n.agency_id = $1 and n.book = $2 and n.year = $3 and n.words @@ $4
           and (n.date, n.series, n.number) < ($5, $6, $7) %s
         order by n.date desc, n.series desc, n.number desc limit $8', filter)
        using agency, of_book, of_year,
          query && quote_literal(format('#%s:%s:%s', agency, of_book, of_year))::tsquery,
          last_date, last_series, last_number, wanted - found_now;
    end $$
  `)
  await knex.raw('create policy definer_register on register_numbers for select to ?? using (true)', [
    roles.definer,
  ])
  await knex.raw(
    'grant select (agency_id, book, year, series, number, date, words, kind, unit) on register_numbers to ??',
    [roles.definer],
  )
  await giveToDefiner(knex, roles, [SEARCH])
}

export async function down(knex: Knex, roles: DatabaseRoles): Promise<void> {
  await dropOfDefiner(knex, roles, [SEARCH])
  await knex.raw('drop policy definer_register on register_numbers')
  await knex.raw('drop trigger register_numbers_guard on register_numbers')
  await knex.raw('drop function register_numbers_guard()')
  await knex.raw('drop function congvan_require_open(uuid, integer, text)')
  await knex.raw('drop function congvan_book_lock(uuid, integer, text)')
  for (const table of ['register_corrections', 'register_closures', 'register_series_rules']) {
    await knex.raw('drop table ??', [table])
  }
  await knex.raw(`revoke all on register_numbers from ??`, [roles.definer])
  const added = [...Object.keys(texts), 'document_date', 'copies', 'handed_over_at', 'deadline', 'entered_by']
  for (const name of ['book', 'words', 'digits', ...added]) {
    await knex.raw('alter table register_numbers drop column ??', [name])
  }
  await knex.raw('drop index register_numbers_unique')
  await knex.raw(`
    create unique index register_numbers_unique on register_numbers (agency_id, year, number, symbol)
    where series <> 'incoming'
  `)
  await knex.raw('alter table registers drop constraint registers_series_check')
  // Series of kinds that this form does not know are not checked when they are there already.
  await knex.raw(`
    alter table registers add constraint registers_series_check
    check (series = 'incoming' or series ~ '^outgoing:[a-z0-9-]{1,40}$') not valid
  `)
}
