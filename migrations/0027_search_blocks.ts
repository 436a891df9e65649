import type { Knex } from 'knex'
import type { DatabaseRoles } from '../server/db.ts'
import { giveToDefiner } from './0011_search.ts'

/**
 * Searches whose time does not grow with the books: `congvan_search` and `congvan_search_register` as before, with the
 * same answers, but for the way they take.
 *
 * What is rare by the planner's statistics is looked up at once. Otherwise the newest documents are looked through one
 * by one, and a little on from there where the share that matched promises a full page soon; then it is looked up, a
 * month first and then twice as many each time, so that words
 * which are each common and rare together are not read in all years for one page.
 *
 * An unfinished word gathers the documents of all words that begin so with each look-up. Where these are many, the
 * finished words alone are looked up, and the unfinished one is compared in what they find; where they are few, it is
 * looked up once.
 */
export async function up(knex: Knex, roles: DatabaseRoles): Promise<void> {
  await replaceOfDefiner(knex, roles, SEARCH, searchDocuments)
  await replaceOfDefiner(knex, roles, SEARCH_REGISTER, searchRegister)
}

const SEARCH =
  'congvan_search(tsquery, boolean, text, text, timestamptz, timestamptz, timestamptz, uuid, integer)'
const SEARCH_REGISTER =
  'congvan_search_register(tsquery, text, integer, text, text, text, date, date, date, text, integer, integer)'

/** The body of a function of the definer role, which alone may replace it. */
async function replaceOfDefiner(
  knex: Knex,
  roles: DatabaseRoles,
  signature: string,
  create: string,
): Promise<void> {
  await knex.raw('grant ?? to current_user', [roles.definer])
  await knex.raw(`drop function ${signature}`)
  await knex.raw('revoke ?? from current_user', [roles.definer])
  await knex.raw(create)
  await giveToDefiner(knex, roles, [signature])
}

const searchDocuments = `
  create function congvan_search(query tsquery, has_prefix boolean, only_direction text, only_state text,
    from_time timestamptz, to_time timestamptz, after_time timestamptz, after_id uuid, wanted integer)
  returns table (id uuid, created_at timestamptz)
  language plpgsql volatile security definer set search_path = public, pg_temp
  set enable_hashjoin = off set enable_mergejoin = off set jit = off as $$
  declare
    at_most constant integer := 3000;
    rare constant integer := 1000;
    few constant integer := 5000;
    many constant integer := 10000;
    agency constant uuid := congvan_agency();
    filter text := ' and d.state <> ''quarantined''';
    look integer := 1000;
    looked integer := 0;
    found_now integer := 0;
    seen integer;
    edge_time timestamptz;
    edge_id uuid;
    oldest timestamptz;
    block timestamptz;
    months integer := 1;
    finished tsquery := query;
    parts text[];
    lookup text;
    explained constant text := 'explain (format json) select from document_search s where s.words @@ %L::tsquery';
    plan json;
    expected_rows float8;
    finished_rows float8;
    gathers boolean;
    marks text;
  begin
    if agency is null then raise exception 'a search outside an agency' using errcode = '42501'; end if;
    if only_direction is not null then filter := filter || format(' and d.direction = %L', only_direction); end if;
    if only_state is not null then filter := filter || format(' and d.state = %L', only_state); end if;
    if from_time is not null then filter := filter || format(' and d.created_at >= %L', from_time); end if;
    edge_time := least(coalesce(after_time, 'infinity'), coalesce(to_time, 'infinity'));
    edge_id := case when after_time = edge_time then after_id
                    else '00000000-0000-0000-0000-000000000000' end;
    -- What matches is put in order first and looked up in documents one by one, until there is enough; "is not
    -- distinct from" keeps the planner from reading all that the agency has instead of the index of words.
    lookup := 'select d.id, d.created_at from (
           select s.document_id, s.created_at from document_search s
           where s.words @@ $2 and (s.words @@ $6) is true and s.agency_id is not distinct from $1
             and (s.created_at, s.document_id) < ($3, $4)
           order by s.created_at desc, s.document_id desc offset 0) h
         join documents d on d.agency_id = $1 and d.id = h.document_id
         where true' || filter || ' order by h.created_at desc, h.document_id desc limit $5';
    -- EXPLAIN is what makes this function volatile; nothing is written.
    execute format(explained, query) into plan;
    expected_rows := (plan->0->'Plan'->>'Plan Rows')::float8;
    if has_prefix then
      parts := regexp_match(query::text, '^(.*) & (''[^'']+'':\\*)$');
      if parts is not null then
        execute format(explained, parts[1]) into plan;
        finished_rows := (plan->0->'Plan'->>'Plan Rows')::float8;
        execute format(explained, parts[2]) into plan;
        if finished_rows < rare or (plan->0->'Plan'->>'Plan Rows')::float8 >= many then
          finished := parts[1]::tsquery;
          expected_rows := finished_rows;
        end if;
      end if;
    end if;
    -- How many words begin so is not known to the statistics: with an unfinished word nothing is taken for rare.
    gathers := has_prefix and finished = query;
    if expected_rows < rare and not gathers then
      return query execute lookup using agency, finished, edge_time, edge_id, wanted, query;
      return;
    end if;
    while look > 0 loop
      seen := null;
      for id, created_at, seen in execute format(
        'with newest as materialized (
           select d.id, d.created_at, row_number() over () as place from (
             select d.id, d.created_at from documents d
             where d.agency_id = $1 and (d.created_at, d.id) < ($2, $3) %s
             order by d.created_at desc, d.id desc limit $4) d),
         hit as (
           select n.id, n.created_at, n.place from newest n
           join document_search s on s.agency_id = $1 and s.document_id = n.id
           where (s.words @@ $5) is true order by n.created_at desc, n.id desc limit $6)
         select h.id, h.created_at, 0 from hit h
         union all (select n.id, n.created_at, n.place::integer from newest n order by n.place desc limit 1)', filter)
        using agency, edge_time, edge_id, look, query, wanted - found_now
      loop
        if seen > 0 then
          edge_time := created_at; edge_id := id;
        else
          found_now := found_now + 1;
          return next;
        end if;
      end loop;
      -- The last row tells how far the look went; all there is, or enough of it, ends the search.
      if seen is null or seen < look or found_now >= wanted then return; end if;
      looked := looked + look;
      look := case when found_now = 0 then 0
                   else ceil((wanted - found_now) * 1.25 * looked / found_now)::integer end;
      if looked + look > at_most then look := 0; end if;
    end loop;
    if gathers or expected_rows < few then
      return query execute lookup using agency, finished, edge_time, edge_id, wanted - found_now, query;
      return;
    end if;
    select d.created_at into oldest from documents d
    where d.agency_id = agency order by d.created_at, d.id limit 1;
    oldest := date_trunc('month', greatest(oldest, coalesce(from_time, oldest)), 'UTC');
    block := date_trunc('month', edge_time, 'UTC');
    while block >= oldest and found_now < wanted loop
      select string_agg(quote_literal(format('#%s:%s', agency, to_char(month at time zone 'UTC', 'YYYYMM'))), '|')
        into marks
      from generate_series(0, months - 1) back, lateral (select block - back * interval '1 month') m (month)
      where month >= oldest;
      for id, created_at in execute lookup
        using agency, finished && marks::tsquery, edge_time, edge_id, wanted - found_now, query
      loop
        found_now := found_now + 1;
        return next;
      end loop;
      block := block - months * interval '1 month';
      months := months * 2;
    end loop;
  end $$
`

const searchRegister = `
  create function congvan_search_register(query tsquery, of_book text, of_year integer, only_series text,
    only_kind text, only_unit text, from_date date, to_date date, before_date date, before_series text, before_number integer, wanted integer)
  returns table (series text, number integer, date date)
  language plpgsql stable security definer set search_path = public, pg_temp set jit = off as $$
  declare
    at_most constant integer := 10000;
    agency constant uuid := congvan_agency();
    filter text := '';
    look integer := 2000;
    looked integer := 0;
    found_now integer := 0;
    seen integer;
    edge_date date := coalesce(before_date, 'infinity');
    edge_series text := coalesce(before_series, '');
    edge_number integer := coalesce(before_number, 0);
  begin
    if agency is null then raise exception 'a search outside an agency' using errcode = '42501'; end if;
    if only_series is not null then filter := filter || format(' and n.series = %L', only_series); end if;
    if only_kind is not null then filter := filter || format(' and n.kind = %L', only_kind); end if;
    if only_unit is not null then filter := filter || format(' and n.unit = %L', only_unit); end if;
    if from_date is not null then filter := filter || format(' and n.date >= %L', from_date); end if;
    if to_date is not null then filter := filter || format(' and n.date <= %L', to_date); end if;
    while look > 0 loop
      seen := null;
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
        using agency, of_book, of_year, edge_date, edge_series, edge_number, look, query, wanted - found_now
      loop
        if seen > 0 then
          edge_date := date; edge_series := series; edge_number := number;
        else
          found_now := found_now + 1;
          return next;
        end if;
      end loop;
      if seen is null or seen < look or found_now >= wanted then return; end if;
      looked := looked + look;
      look := case when found_now = 0 then 0
                   else ceil((wanted - found_now) * 1.25 * looked / found_now)::integer end;
      if looked + look > at_most then look := 0; end if;
    end loop;
    return query execute format(
      'select n.series, n.number, n.date from register_numbers n
       where n.agency_id = $1 and n.book = $2 and n.year = $3 and n.words @@ $4
         and (n.date, n.series, n.number) < ($5, $6, $7) %s
       order by n.date desc, n.series desc, n.number desc limit $8', filter)
      using agency, of_book, of_year,
        query && quote_literal(format('#%s:%s:%s', agency, of_book, of_year))::tsquery,
        edge_date, edge_series, edge_number, wanted - found_now;
  end $$
`

/** The earlier way gives the same answers: the searches that stand serve the earlier program as well. */
export async function down(): Promise<void> {}
