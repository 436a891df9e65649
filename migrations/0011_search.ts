import type { Knex } from 'knex'
import type { DatabaseRoles } from '../server/db.ts'
import { enableTenancy } from './0001_tenancy.ts'

/**
 * Searching an agency's documents by words, with and without diacritics.
 *
 * Under row-level security only leakproof operators are conditions of an index, and `@@` is none. So the search runs
 * in a function of a role of its own, which sees the rows of all agencies and itself keeps to the agency of the
 * transaction; nobody may take that role.
 */
export async function up(knex: Knex, roles: DatabaseRoles): Promise<void> {
  await createDefiner(knex, roles)
  await createFolding(knex)
  await createSearch(knex, roles)
  await createSearchFunctions(knex, roles)
  await carryOver(knex)
}

/** The role that owns the few functions which must see more than one agency's transaction does. */
async function createDefiner(knex: Knex, { definer }: DatabaseRoles): Promise<void> {
  const { rows } = await knex.raw('select 1 from pg_roles where rolname = ?', [definer])
  if (rows.length === 0) await knex.raw('create role ?? nologin', [definer])
  await knex.raw('grant usage on schema public to ??', [definer])
}

/**
 * Gives functions to the definer role and their use to the tenant role alone. The migrating role is a member of the
 * definer only while it hands them over: as a member it would see what the definer sees.
 */
export async function giveToDefiner(
  knex: Knex,
  roles: DatabaseRoles,
  signatures: readonly string[],
): Promise<void> {
  await knex.raw('grant ?? to current_user', [roles.definer])
  await knex.raw('grant create on schema public to ??', [roles.definer])
  for (const signature of signatures) {
    await knex.raw(`revoke all on function ${signature} from public`)
    await knex.raw(`grant execute on function ${signature} to ??`, [roles.tenant])
    await knex.raw(`alter function ${signature} owner to ??`, [roles.definer])
  }
  await knex.raw('revoke create on schema public from ??', [roles.definer])
  await knex.raw('revoke ?? from current_user', [roles.definer])
}

/** Takes functions away that `giveToDefiner` gave. */
export async function dropOfDefiner(
  knex: Knex,
  roles: DatabaseRoles,
  signatures: readonly string[],
): Promise<void> {
  await knex.raw('grant ?? to current_user', [roles.definer])
  for (const signature of signatures) await knex.raw(`drop function ${signature}`)
  await knex.raw('revoke ?? from current_user', [roles.definer])
}

/** What lies between words: all that is neither a letter nor a digit in ASCII, and the punctuation of Unicode. */
const BETWEEN_WORDS =
  '[\\u0001-\\u002f\\u003a-\\u0040\\u005b-\\u0060\\u007b-\\u00bf\\u2000-\\u206f\\u3000-\\u303f]+'

async function createFolding(knex: Knex): Promise<void> {
  // Lower case in ASCII only: the collation of the database decides nothing here.
  await knex.raw(`
    create function congvan_normal(text) returns text language sql immutable strict parallel safe as $$
      select normalize(regexp_replace(
        translate(lower(normalize($1, NFD) collate "C"), 'Đ', 'đ'),
        '([ou])([\\u0300\\u0301\\u0303\\u0309\\u0323])([aey])', '\\1\\3\\2', 'g'), NFC)
    $$
  `)
  await knex.raw(`
    comment on function congvan_normal(text) is
      'Lower case, NFC, and the tone mark of oa, oe, uy in one place: hoà and hòa are one word'
  `)
  await knex.raw(`
    create function congvan_fold(text) returns text language sql immutable strict parallel safe as $$
      select regexp_replace(
        translate(lower(normalize($1, NFD) collate "C"), 'Đđ', 'dd'), '[\\u0300-\\u036f]', '', 'g')
    $$
  `)
  await knex.raw(`comment on function congvan_fold(text) is 'Lower case without diacritics, đ as d'`)
  // At most 16,383 words, the highest position that a tsvector keeps.
  await knex.raw(`
    create function congvan_words(text) returns tsvector language sql immutable parallel safe as $$
      select coalesce(string_agg(
        '''' || left(word, 80) || ''':' || place || ' ''' || left(folded, 80) || ''':' || place, ' '), '')::tsvector
      from unnest(
        regexp_split_to_array(congvan_normal($1), '${BETWEEN_WORDS}'),
        regexp_split_to_array(congvan_fold($1), '${BETWEEN_WORDS}')
      ) with ordinality as split (word, folded, place)
      where word <> '' and folded <> '' and place <= 16383
    $$
  `)
  await knex.raw(`
    comment on function congvan_words(text) is
      'Each word as it is written and without diacritics, both at the place where it stands'
  `)
}

async function createSearch(knex: Knex, roles: DatabaseRoles): Promise<void> {
  await knex.raw(`
    create table document_search (
      agency_id uuid not null,
      document_id uuid not null,
      created_at timestamptz not null,
      content tsvector not null default '',
      words tsvector not null,
      primary key (agency_id, document_id),
      foreign key (agency_id, document_id) references documents (agency_id, id) on delete cascade
    )
  `)
  await knex.raw(`
    comment on column document_search.words is
      'Words of the metadata and the content, and a mark that no word can be: #agency:month'
  `)
  await enableTenancy(knex, roles, 'document_search', 'select, insert, update, delete')
  // Entries that wait in a list of their own would be read through by every search.
  await knex.raw(
    'create index document_search_words on document_search using gin (words) with (fastupdate = off)',
  )
  await knex.raw(`
    create function congvan_document_marks(agency uuid, at timestamptz) returns tsvector
    language sql stable parallel safe as $$
      select array_to_tsvector(array[
        '#' || agency || ':' || to_char(at at time zone 'UTC', 'YYYYMM')
      ])
    $$
  `)
  await knex.raw(`
    create function congvan_document_text(documents) returns text language sql stable parallel safe as $$
      select concat_ws(' | ', $1.kind, $1.subject,
        coalesce($1.code_number || '/', '') || $1.code_notation, $1.place, $1.signer_name, $1.signer_position,
        $1.signer_competence, $1.sender_name, $1.sender_code, $1.document_code, $1.incoming_number,
        (select string_agg(one, ' | ') from jsonb_array_elements_text($1.recipients) one))
    $$
  `)
  await knex.raw(`
    create function documents_search() returns trigger language plpgsql as $$
    begin
      if tg_op = 'UPDATE' and congvan_document_text(old) = congvan_document_text(new) then return null; end if;
      insert into document_search as s (agency_id, document_id, created_at, words)
      values (new.agency_id, new.id, new.created_at,
              congvan_document_marks(new.agency_id, new.created_at) || congvan_words(congvan_document_text(new)))
      on conflict (agency_id, document_id) do update
      set words = excluded.words || s.content;
      return null;
    end $$
  `)
  await knex.raw(`
    create trigger documents_search after insert or update on documents
    for each row execute function documents_search()
  `)
}

const SEARCH =
  'congvan_search(tsquery, boolean, text, text, timestamptz, timestamptz, timestamptz, uuid, integer)'
const MATCHING = 'congvan_matching(tsquery, uuid[])'

/**
 * `congvan_search` yields the newest matches first and does a bounded amount of work for each page of them. It looks
 * through the newest documents one by one, which ends the search for common words. What is rare there is looked up in
 * the index: at once where the planner's statistics expect few matches, and otherwise month by month, so that a word
 * that was common once is not read in all years. A prefix gathers all its words with each look-up, which is much: it
 * is looked up once.
 */
async function createSearchFunctions(knex: Knex, roles: DatabaseRoles): Promise<void> {
  await knex.raw(`
    create function congvan_search(query tsquery, has_prefix boolean, only_direction text, only_state text,
      from_time timestamptz, to_time timestamptz, after_time timestamptz, after_id uuid, wanted integer)
    returns table (id uuid, created_at timestamptz)
    language plpgsql volatile security definer set search_path = public, pg_temp
    set enable_hashjoin = off set enable_mergejoin = off set jit = off as $$
    declare
      newest constant integer := 1000;
      agency constant uuid := congvan_agency();
      filter text := ' and d.state <> ''quarantined''';
      found_now integer := 0;
      seen integer;
      edge_time timestamptz;
      edge_id uuid;
      oldest timestamptz;
      block timestamptz;
      few constant integer := 30000;
      plan json;
      mark text;
    begin
      if agency is null then raise exception 'a search outside an agency' using errcode = '42501'; end if;
      if only_direction is not null then filter := filter || format(' and d.direction = %L', only_direction); end if;
      if only_state is not null then filter := filter || format(' and d.state = %L', only_state); end if;
      if from_time is not null then filter := filter || format(' and d.created_at >= %L', from_time); end if;
      edge_time := least(coalesce(after_time, 'infinity'), coalesce(to_time, 'infinity'));
      edge_id := case when after_time = edge_time then after_id
                      else '00000000-0000-0000-0000-000000000000' end;
      for id, created_at, seen in execute format(
        'with newest as materialized (
           select d.id, d.created_at, row_number() over () as place from (
             select d.id, d.created_at from documents d
             where d.agency_id = $1 and (d.created_at, d.id) < ($2, $3) %s
             order by d.created_at desc, d.id desc limit $4) d),
         hit as (
           select n.id, n.created_at, n.place from newest n
           join document_search s on s.agency_id = $1 and s.document_id = n.id
           where s.words @@ $5 order by n.created_at desc, n.id desc limit $6)
         select h.id, h.created_at, 0 from hit h
         union all (select n.id, n.created_at, n.place::integer from newest n order by n.place desc limit 1)', filter)
        using agency, edge_time, edge_id, newest, query, wanted
      loop
        if seen > 0 then
          edge_time := created_at; edge_id := id;
        else
          found_now := found_now + 1;
          return next;
        end if;
      end loop;
      -- The last row tells how far the first look went; all there is, or enough of it, ends the search.
      if seen is null or seen < newest or found_now >= wanted then return; end if;
      -- What matches is put in order first and looked up in documents one by one, until there is enough; "is not
      -- distinct from" keeps the planner from reading all that the agency has instead of the index of words.
      filter := 'select d.id, d.created_at from (
             select s.document_id, s.created_at from document_search s
             where s.words @@ $2 and s.agency_id is not distinct from $1
               and (s.created_at, s.document_id) < ($3, $4)
             order by s.created_at desc, s.document_id desc offset 0) h
           join documents d on d.agency_id = $1 and d.id = h.document_id
           where true' || filter || ' order by h.created_at desc, h.document_id desc limit $5';
      -- EXPLAIN is what makes this function volatile; nothing is written.
      execute format('explain (format json) select from document_search s where s.words @@ %L::tsquery', query)
        into plan;
      if has_prefix or (plan->0->'Plan'->>'Plan Rows')::float8 < few then
        for id, created_at in execute filter using agency, query, edge_time, edge_id, wanted - found_now loop
          found_now := found_now + 1;
          return next;
        end loop;
      else
        select d.created_at into oldest from documents d
        where d.agency_id = agency order by d.created_at, d.id limit 1;
        oldest := date_trunc('month', greatest(oldest, coalesce(from_time, oldest)), 'UTC');
        block := date_trunc('month', edge_time, 'UTC');
        while block >= oldest and found_now < wanted loop
          mark := format('#%s:%s', agency, to_char(block at time zone 'UTC', 'YYYYMM'));
          for id, created_at in execute filter
            using agency, query && quote_literal(mark)::tsquery, edge_time, edge_id, wanted - found_now
          loop
            found_now := found_now + 1;
            return next;
          end loop;
          block := block - interval '1 month';
        end loop;
      end if;
    end $$
  `)
  await knex.raw(`
    create function congvan_matching(query tsquery, ids uuid[]) returns table (id uuid)
    language sql stable security definer set search_path = public, pg_temp as $$
      select s.document_id from unnest(ids) one (id)
      join document_search s on s.agency_id = congvan_agency() and s.document_id = one.id
      where s.words @@ query
    $$
  `)
  const { definer } = roles
  await knex.raw('create policy definer_search on document_search for select to ?? using (true)', [definer])
  await knex.raw('create policy definer_documents on documents for select to ?? using (true)', [definer])
  await knex.raw('grant select (agency_id, document_id, created_at, words) on document_search to ??', [
    definer,
  ])
  await knex.raw('grant select (agency_id, id, direction, state, created_at) on documents to ??', [definer])
  await giveToDefiner(knex, roles, [SEARCH, MATCHING])
}

/** Documents from before: the owner sees the rows only while their security is not forced on it. */
async function carryOver(knex: Knex): Promise<void> {
  for (const table of ['documents', 'document_search']) {
    await knex.raw('alter table ?? no force row level security', [table])
  }
  await knex.raw(`
    insert into document_search (agency_id, document_id, created_at, words)
    select d.agency_id, d.id, d.created_at,
           congvan_document_marks(d.agency_id, d.created_at) || congvan_words(congvan_document_text(d))
    from documents d
  `)
  for (const table of ['documents', 'document_search']) {
    await knex.raw('alter table ?? force row level security', [table])
  }
}

export async function down(knex: Knex, roles: DatabaseRoles): Promise<void> {
  await dropOfDefiner(knex, roles, [SEARCH, MATCHING])
  await knex.raw('drop policy definer_documents on documents')
  await knex.raw('revoke all on documents from ??', [roles.definer])
  await knex.raw('drop trigger documents_search on documents')
  await knex.raw('drop function documents_search()')
  await knex.raw('drop function congvan_document_text(documents)')
  await knex.raw('drop function congvan_document_marks(uuid, timestamptz)')
  await knex.raw('drop table document_search')
  await knex.raw('drop function congvan_words(text)')
  await knex.raw('drop function congvan_fold(text)')
  await knex.raw('drop function congvan_normal(text)')
  await knex.raw('revoke usage on schema public from ??', [roles.definer])
}
