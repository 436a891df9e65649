import type { Knex } from 'knex'
import type { DatabaseRoles } from '../server/db.ts'
import { enableTenancy } from './0001_tenancy.ts'
import { dropOfDefiner, giveToDefiner } from './0011_search.ts'

/**
 * What statistics count: one narrow row for each document that was sent or received, kept by triggers in the
 * transaction of the act itself, and one for each certificate that was seen in a month.
 *
 * A row holds no content. A document that shows a mark of secrecy, one in quarantine and one that was not sent has none.
 * An agency counts its own rows; the operator counts those of several agencies at once, by functions that answer sums
 * alone.
 */
export async function up(knex: Knex, roles: DatabaseRoles): Promise<void> {
  await createFacts(knex, roles)
  await createSightings(knex, roles)
  await createTriggers(knex)
  await createCounting(knex, roles)
  await countWhatIsThere(knex)
}

/** Bits of `document_facts.flags` and when they stand; `server/statistics/flags.ts` reads them. */
const FLAGS: Readonly<Record<number, string>> = {
  1: "direction = 'outgoing'",
  2: 'coalesce(electronic_only, false)',
  4: 'coalesce(not electronic_only, false)',
  8: 'individual',
  16: 'agency',
  32: 'refusal is not null',
  // Dispatched after a signature, or registered: there is something that was in time or late.
  64: `case direction when 'outgoing' then signed_on is not null else registered_on is not null end`,
  // In time whatever the calendar: the same day, or the next day for what is not urgent.
  128: `coalesce(case direction when 'outgoing' then day - signed_on else registered_on - day end
          <= case when urgent then 0 else 1 end, false)`,
  // In time only if no working day lay between.
  256: `coalesce(not urgent
          and case direction when 'outgoing' then day - signed_on else registered_on - day end > 1, false)`,
  512: 'due_on is not null',
  1024: 'coalesce(completed_on <= due_on, false)',
  2048: 'coalesce(completed_on > due_on, false)',
  // Neither registered nor returned yet; to be handled by a day and not completed yet.
  4096: "direction = 'incoming' and registered_on is null and refusal is null",
  8192: 'due_on is not null and completed_on is null',
}
const UNSETTLED = 256 + 4096 + 8192
const flags = Object.entries(FLAGS)
  .map(([bit, condition]) => `case when ${condition} then ${bit} else 0 end`)
  .join(' + ')

const DAY = (moment: string) => `(${moment} at time zone 'Asia/Ho_Chi_Minh')::date`

async function createFacts(knex: Knex, roles: DatabaseRoles): Promise<void> {
  await knex.raw(`
    create table document_facts (
      agency_id uuid not null,
      document_id uuid not null,
      direction text not null check (direction in ('outgoing', 'incoming')),
      day date not null,
      kind text not null,
      urgent boolean not null,
      electronic_only boolean,
      individual boolean not null,
      agency boolean not null,
      signed_on date,
      registered_on date,
      due_on date,
      completed_on date,
      refusal text,
      since date generated always as (case direction when 'outgoing' then signed_on else day end) stored,
      acted_on date generated always as (case direction when 'outgoing' then day else registered_on end) stored,
      flags integer not null generated always as (${flags}) stored,
      primary key (agency_id, document_id),
      foreign key (agency_id, document_id) references documents (agency_id, id)
    )
  `)
  await knex.raw(`comment on column document_facts.day is
    'Ngày gửi of an outgoing document (its first dispatch), ngày đến of an incoming one, in Việt Nam'`)
  await knex.raw(`comment on column document_facts.individual is
    'Signed by a person: the draft of an outgoing document; for an incoming one a signature that did not fail'`)
  await knex.raw(`comment on column document_facts.since is
    'From when dispatch (signature) or registration (arrival) has to follow; acted_on: when it did'`)
  await knex.raw(`comment on column document_facts.flags is
    'All of a row that is counted and depends neither on the calendar nor on today, as the bits of FLAGS'`)
  // A year of a province is read from this index alone; the two others hold what has to be looked at row by row.
  await knex.raw(`
    create index document_facts_by_day on document_facts (agency_id, day) include (kind, flags)
  `)
  await knex.raw(`
    create index document_facts_unsettled on document_facts (agency_id, day)
    include (kind, flags, urgent, since, acted_on, due_on) where flags & ${UNSETTLED} <> 0
  `)
  await knex.raw('alter table document_facts set (autovacuum_vacuum_scale_factor = 0.02)')
  await enableTenancy(knex, roles, 'document_facts', 'select, insert, update, delete')
}

async function createSightings(knex: Knex, roles: DatabaseRoles): Promise<void> {
  await knex.raw(`
    create table certificate_sightings (
      agency_id uuid not null,
      month date not null check (extract(day from month) = 1),
      side text not null check (side in ('own', 'received')),
      role text not null check (role in ('individual', 'agency')),
      certificate text not null check (certificate ~ '^[0-9a-f]{64}$'),
      primary key (agency_id, month, side, role, certificate)
    )
  `)
  await knex.raw(`comment on column certificate_sightings.certificate is
    'SHA-256 of the certificate on own documents; on received ones SHA-256 of its issuer and serial number'`)
  await enableTenancy(knex, roles, 'certificate_sightings', 'select, insert')
}

async function createTriggers(knex: Knex): Promise<void> {
  await knex.raw(`
    create function congvan_count_document(d documents) returns void
    language plpgsql as $$
    declare
      report jsonb;
    begin
      if d.state <> 'dispatched' and d.direction = 'outgoing' or d.secret_mark is not null then
        delete from document_facts f where f.agency_id = d.agency_id and f.document_id = d.id;
        return;
      end if;
      if d.direction = 'incoming' and d.state <> 'arrived' then
        select r.report into report from document_reports r
        where r.agency_id = d.agency_id and r.document_id = d.id
        order by r.made_at desc, r.revision desc limit 1;
      end if;
      insert into document_facts as f (agency_id, document_id, direction, day, kind, urgent, electronic_only,
        individual, agency, signed_on, registered_on, due_on, completed_on, refusal)
      values (d.agency_id, d.id, d.direction,
        case d.direction when 'incoming' then ${DAY('d.created_at')}
          else ${DAY('coalesce(d.dispatched_at, d.updated_at)')} end,
        d.kind, d.urgency > 0,
        case d.direction when 'outgoing' then d.transmission = 'electronic' end,
        case d.direction when 'outgoing'
          then exists (select from document_revisions r where r.agency_id = d.agency_id
                         and r.document_id = d.id and r.kind = 'individual')
          else congvan_signed_by(report, 'individual') end,
        case d.direction when 'outgoing'
          then exists (select from document_revisions r where r.agency_id = d.agency_id
                         and r.document_id = d.id and r.kind = 'issued')
          else congvan_signed_by(report, 'agency') end,
        case d.direction when 'outgoing' then ${DAY('d.signed_at')} end,
        ${DAY('d.registered_at')}, d.handling_due,
        case when d.state = 'completed' then ${DAY('d.updated_at')} end,
        d.refusal_reason)
      on conflict (agency_id, document_id) do update set
        kind = excluded.kind, urgent = excluded.urgent, electronic_only = excluded.electronic_only,
        individual = excluded.individual, agency = excluded.agency, signed_on = excluded.signed_on,
        registered_on = excluded.registered_on, due_on = excluded.due_on,
        completed_on = case when excluded.completed_on is not null
          then coalesce(f.completed_on, excluded.completed_on) end,
        refusal = excluded.refusal;
    end $$
  `)
  await knex.raw(`
    create function congvan_signed_by(report jsonb, wanted text) returns boolean language sql immutable
    as $$
      select exists (
        select from jsonb_array_elements(coalesce(report, '{}'::jsonb) -> 'signatures') as s
        where s ->> 'role' = wanted and s ->> 'indication' <> 'TOTAL_FAILED')
    $$
  `)
  await knex.raw(`
    create function congvan_certificates_in(report jsonb) returns table (role text, certificate text)
    language sql immutable as $$
      select distinct s ->> 'role', encode(sha256(convert_to(
        (s -> 'signer' ->> 'issuer') || ' ' || (s -> 'signer' ->> 'serial'), 'UTF8')), 'hex')
      from jsonb_array_elements(report -> 'signatures') as s
      where s ->> 'role' in ('individual', 'agency') and s ->> 'indication' <> 'TOTAL_FAILED'
        and s -> 'signer' ->> 'serial' is not null and s -> 'signer' ->> 'issuer' is not null
      -- In one order, so that two documents with the same certificates never wait for each other.
      order by 1, 2
    $$
  `)
  await knex.raw(`
    create function document_facts_keep() returns trigger language plpgsql as $$
    begin
      perform congvan_count_document(new);
      if new.direction = 'incoming' and new.secret_mark is null and tg_op = 'UPDATE' then
        if old.state = 'arrived' and new.state <> 'arrived' then
          insert into certificate_sightings (agency_id, month, side, role, certificate)
          select new.agency_id, date_trunc('month', r.made_at at time zone 'Asia/Ho_Chi_Minh')::date, 'received',
            c.role, c.certificate
          from document_reports r cross join congvan_certificates_in(r.report) as c
          where r.agency_id = new.agency_id and r.document_id = new.id
          on conflict do nothing;
        end if;
      end if;
      return null;
    end $$
  `)
  // What is not yet sent is counted nowhere, and so costs nothing.
  await knex.raw(`
    create trigger document_facts_first after insert on documents
    for each row when (new.direction = 'incoming' or new.state = 'dispatched')
    execute function document_facts_keep()
  `)
  await knex.raw(`
    create trigger document_facts_keep after update on documents
    for each row when (
      (new.direction = 'incoming' or new.state = 'dispatched' or old.state = 'dispatched')
      and (old.state, old.transmission, old.dispatched_at, old.registered_at, old.handling_due, old.secret_mark,
           old.refusal_reason)
        is distinct from
          (new.state, new.transmission, new.dispatched_at, new.registered_at, new.handling_due, new.secret_mark,
           new.refusal_reason))
    execute function document_facts_keep()
  `)
  await knex.raw(`
    create function certificate_sightings_keep() returns trigger language plpgsql as $$
    begin
      insert into certificate_sightings (agency_id, month, side, role, certificate)
      values (new.agency_id, date_trunc('month', new.added_at at time zone 'Asia/Ho_Chi_Minh')::date, 'own',
        case new.kind when 'individual' then 'individual' else 'agency' end, new.signer_fingerprint)
      on conflict do nothing;
      return null;
    end $$
  `)
  await knex.raw(`
    create trigger certificate_sightings_keep after insert on document_revisions
    for each row when (new.kind in ('individual', 'issued') and new.signer_fingerprint is not null)
    execute function certificate_sightings_keep()
  `)
}

/** What documents are told apart by. Days are put together to months, and agencies to levels, by who asks. */
const keys = { day: 'f.day', agency: 'f.agency_id', kind: 'f.kind' }

const functions = [
  ...Object.keys(keys).flatMap((by) => [
    `congvan_flags_by_${by}(uuid[], date, date)`,
    `congvan_unsettled_by_${by}(uuid[], date, date, date, date[], date[])`,
  ]),
  'congvan_refusals(uuid[], date, date)',
  'congvan_certificates(uuid[], date, date)',
]

async function createCounting(knex: Knex, roles: DatabaseRoles): Promise<void> {
  const { definer } = roles
  for (const [table, columns] of [
    ['document_facts', 'agency_id, day, kind, flags, urgent, since, acted_on, due_on, refusal'],
    ['certificate_sightings', 'agency_id, month, side, role, certificate'],
  ] as const) {
    await knex.raw('create policy definer_counts on ?? for select to ?? using (true)', [table, definer])
    await knex.raw(`grant select (${columns}) on ?? to ??`, [table, definer])
  }
  await createScope(knex, roles)
  for (const [by, key] of Object.entries(keys)) await createSums(knex, by, key)
  await createRefusals(knex)
  await createCertificates(knex)
  for (const signature of functions) {
    await knex.raw(`grant execute on function ${signature} to ??`, [roles.node])
  }
  await giveToDefiner(knex, roles, functions)
}

/** An agency's transaction counts that agency, whatever it asks for; only the node's counts several. */
async function createScope(knex: Knex, roles: DatabaseRoles): Promise<void> {
  await knex.raw(`
    create function congvan_counted(asked uuid[]) returns uuid[] language plpgsql stable as $$
    begin
      if congvan_agency() is not null then return array[congvan_agency()]; end if;
      if current_setting('role') <> '${roles.node.replaceAll("'", "''")}' then
        raise exception 'statistics outside an agency' using errcode = '42501';
      end if;
      return asked;
    end $$
  `)
}

/** Answers sums by a key; the plan is made for the values asked for, since a day and a decade want different ones. */
const COUNTING = `
    language plpgsql stable security definer
    set search_path = public, pg_temp set plan_cache_mode = force_custom_plan set work_mem = '32MB' as $$`

async function createSums(knex: Knex, by: string, key: string): Promise<void> {
  await knex.raw(`
    create function congvan_flags_by_${by}(asked uuid[], from_day date, to_day date)
    returns table (key text, flags integer, documents bigint) ${COUNTING}
    declare
      agencies constant uuid[] := congvan_counted(asked);
    begin
      return query
        select c.k::text, c.flags, c.n from (
          select ${key} as k, f.flags, count(*) as n from document_facts f
          where f.agency_id = any(agencies) and f.day between from_day and to_day
          group by ${key}, f.flags) c;
    end $$
  `)
  await knex.raw(`
    create function congvan_unsettled_by_${by}(asked uuid[], from_day date, to_day date, as_of date,
      days date[], due_days date[])
    returns table (key text, dispatched_in_time bigint, registered_in_time bigint, waiting_late bigint,
                   overdue bigint) ${COUNTING}
    declare
      agencies constant uuid[] := congvan_counted(asked);
    begin
      return query
        select ${key}::text,
          count(*) filter (where f.flags & 257 = 257 and f.acted_on <= c.due),
          count(*) filter (where f.flags & 257 = 256 and f.acted_on <= c.due),
          count(*) filter (where f.flags & 4096 <> 0 and as_of > case when f.urgent then f.day else c.due end),
          count(*) filter (where f.flags & 8192 <> 0 and f.due_on < as_of)
        from document_facts f
        left join unnest(days, due_days) as c (day, due) on c.day = f.since
        where f.agency_id = any(agencies) and f.day between from_day and to_day and f.flags & ${UNSETTLED} <> 0
        group by ${key};
    end $$
  `)
}

async function createRefusals(knex: Knex): Promise<void> {
  await knex.raw(`
    create function congvan_refusals(asked uuid[], from_day date, to_day date)
    returns table (reason text, refused bigint) ${COUNTING}
    declare
      agencies constant uuid[] := congvan_counted(asked);
    begin
      return query
        select f.refusal, count(*) from document_facts f
        where f.agency_id = any(agencies) and f.day between from_day and to_day and f.refusal is not null
        group by f.refusal;
    end $$
  `)
  await knex.raw(`
    create index document_facts_refused on document_facts (agency_id, day) include (refusal)
    where refusal is not null
  `)
}

async function createCertificates(knex: Knex): Promise<void> {
  await knex.raw(`
    create function congvan_certificates(asked uuid[], from_day date, to_day date)
    returns table (side text, role text, certificates bigint) ${COUNTING}
    declare
      agencies constant uuid[] := congvan_counted(asked);
    begin
      return query
        select c.side, c.role, count(*) from (
          select distinct s.side, s.role, s.certificate from certificate_sightings s
          where s.agency_id = any(agencies)
            and s.month between date_trunc('month', from_day::timestamp)::date and to_day) c
        group by c.side, c.role;
    end $$
  `)
}

async function countWhatIsThere(knex: Knex): Promise<void> {
  const tables = [
    'documents',
    'document_reports',
    'document_revisions',
    'document_facts',
    'certificate_sightings',
  ]
  for (const table of tables) await knex.raw('alter table ?? no force row level security', [table])
  await knex.raw(`
    select congvan_count_document(d) from documents d where d.direction = 'incoming' or d.state = 'dispatched'
  `)
  await knex.raw(`
    insert into certificate_sightings (agency_id, month, side, role, certificate)
    select distinct agency_id, date_trunc('month', added_at at time zone 'Asia/Ho_Chi_Minh')::date, 'own',
      case kind when 'individual' then 'individual' else 'agency' end, signer_fingerprint
    from document_revisions
    where kind in ('individual', 'issued') and signer_fingerprint is not null
  `)
  await knex.raw(`
    insert into certificate_sightings (agency_id, month, side, role, certificate)
    select d.agency_id, date_trunc('month', r.made_at at time zone 'Asia/Ho_Chi_Minh')::date, 'received', c.role,
      c.certificate
    from document_reports r
    join documents d on d.agency_id = r.agency_id and d.id = r.document_id and d.secret_mark is null
    cross join congvan_certificates_in(r.report) as c
    on conflict do nothing
  `)
  for (const table of tables) await knex.raw('alter table ?? force row level security', [table])
}

export async function down(knex: Knex, roles: DatabaseRoles): Promise<void> {
  await dropOfDefiner(knex, roles, functions)
  await knex.raw('drop function congvan_counted(uuid[])')
  await knex.raw('drop trigger certificate_sightings_keep on document_revisions')
  await knex.raw('drop trigger document_facts_keep on documents')
  await knex.raw('drop trigger document_facts_first on documents')
  await knex.raw('drop function certificate_sightings_keep()')
  await knex.raw('drop function document_facts_keep()')
  await knex.raw('drop function congvan_count_document(documents)')
  await knex.raw('drop function congvan_certificates_in(jsonb)')
  await knex.raw('drop function congvan_signed_by(jsonb, text)')
  await knex.raw('drop table certificate_sightings')
  await knex.raw('drop table document_facts')
}
