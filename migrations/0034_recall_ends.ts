import type { Knex } from 'knex'
import type { DatabaseRoles } from '../server/db.ts'
import { enableTenancy } from './0001_tenancy.ts'
import { dropOfDefiner, giveToDefiner } from './0011_search.ts'

/**
 * What follows from a recall besides sealed content: paper copies are sent back (NĐ 30/2020 art 18.4a), every attempt
 * series that brought the content is known, and nobody is late to register what was given up.
 *
 * Only added to: what a process of the version before leaves at its default means what it meant to it.
 */
export async function up(knex: Knex, roles: DatabaseRoles): Promise<void> {
  await createPaperReturns(knex, roles)
  await knex.raw(`alter table consigned_contents add column further_envelopes text[] not null default '{}'`)
  await knex.raw(`comment on column consigned_contents.further_envelopes is
    'Envelopes that brought the same content again, in the order in which they came; envelope_sha256 is the first'`)
  await countRecalled(knex, roles)
}

async function createPaperReturns(knex: Knex, roles: DatabaseRoles): Promise<void> {
  await knex.raw('alter table incoming_requests add column asks_paper boolean not null default false')
  await knex.raw(`comment on column incoming_requests.asks_paper is
    'The recall speaks of paper copies, which whoever has one sends back'`)
  await knex.raw(`
    create index incoming_requests_paper on incoming_requests (agency_id, target_id)
    where asks_paper and target_id is not null
  `)
  await knex.raw(`
    create table paper_returns (
      agency_id uuid not null,
      document_id uuid not null,
      position bigint generated always as identity,
      party text not null check (length(party) between 1 and 200),
      copies integer not null check (copies between 0 and 100000),
      returned_on date,
      recorded_by uuid not null,
      recorded_by_name text not null,
      recorded_at timestamptz not null,
      primary key (agency_id, document_id, position),
      foreign key (agency_id, document_id) references documents (agency_id, id),
      check ((copies = 0) = (returned_on is null))
    )
  `)
  await knex.raw(`comment on table paper_returns is
    'Paper of recalled documents. Own document: came back from party. Received document: sent back to party, the sender; copies 0 = none was received'`)
  await enableTenancy(knex, roles, 'paper_returns', 'select, insert')
}

/** What documents are told apart by in the sums of migration 0016. */
const keys = { day: 'f.day', agency: 'f.agency_id', kind: 'f.kind' }
const sums = Object.keys(keys).map(
  (by) => `congvan_unsettled_by_${by}(uuid[], date, date, date, date[], date[])`,
)
const UNSETTLED = 256 + 4096 + 8192

/**
 * A document that was given up before it was registered waits for nothing any more. It was late only if it should have
 * been registered before its issuer asked for it.
 */
async function countRecalled(knex: Knex, roles: DatabaseRoles): Promise<void> {
  await knex.raw('alter table document_facts add column recalled_on date')
  await knex.raw(`comment on column document_facts.recalled_on is
    'Of a received document that was given up to its issuer: the day of the first recall'`)
  await knex.raw('grant select (recalled_on) on document_facts to ??', [roles.definer])
  await createIndex(knex, ', recalled_on')
  await knex.raw(`
    create function congvan_recalled_on(d documents) returns date language sql stable as $$
      select (coalesce(min(r.requested_at), d.updated_at) at time zone 'Asia/Ho_Chi_Minh')::date
      from incoming_requests r
      where r.agency_id = d.agency_id and r.target_id = d.id and r.business_type = 1
    $$
  `)
  await knex.raw(`
    create function document_facts_recall() returns trigger language plpgsql as $$
    begin
      update document_facts f set recalled_on = congvan_recalled_on(new)
      where f.agency_id = new.agency_id and f.document_id = new.id and f.recalled_on is null;
      return null;
    end $$
  `)
  // After document_facts_keep, which a change of state in the same statement calls first: triggers run by their names.
  await knex.raw(`
    create trigger document_facts_recall after update of recall on documents
    for each row when (new.direction = 'incoming' and new.recall = 'agreed' and old.recall is distinct from new.recall)
    execute function document_facts_recall()
  `)
  await replaceSums(knex, roles, 'coalesce(f.recalled_on, as_of)')
  await carryOver(knex)
}

async function carryOver(knex: Knex): Promise<void> {
  const tables = ['documents', 'incoming_requests', 'document_facts']
  for (const table of tables) await knex.raw('alter table ?? no force row level security', [table])
  await knex.raw(`
    update document_facts f set recalled_on = congvan_recalled_on(d)
    from documents d
    where d.agency_id = f.agency_id and d.id = f.document_id and d.direction = 'incoming' and d.recall = 'agreed'
  `)
  for (const table of tables) await knex.raw('alter table ?? force row level security', [table])
}

/** The index from which what has to be looked at row by row is read alone. */
async function createIndex(knex: Knex, more: string): Promise<void> {
  await knex.raw('drop index document_facts_unsettled')
  await knex.raw(`
    create index document_facts_unsettled on document_facts (agency_id, day)
    include (kind, flags, urgent, since, acted_on, due_on${more}) where flags & ${UNSETTLED} <> 0
  `)
}

/** @param asOf SQL: the day on which it is asked whether a document that waits is late */
async function replaceSums(knex: Knex, roles: DatabaseRoles, asOf: string): Promise<void> {
  await dropOfDefiner(knex, roles, sums)
  for (const [by, key] of Object.entries(keys)) {
    await knex.raw(`
      create function congvan_unsettled_by_${by}(asked uuid[], from_day date, to_day date, as_of date,
        days date[], due_days date[])
      returns table (key text, dispatched_in_time bigint, registered_in_time bigint, waiting_late bigint,
                     overdue bigint)
      language plpgsql stable security definer
      set search_path = public, pg_temp set plan_cache_mode = force_custom_plan set work_mem = '32MB' as $$
      declare
        agencies constant uuid[] := congvan_counted(asked);
      begin
        return query
          select ${key}::text,
            count(*) filter (where f.flags & 257 = 257 and f.acted_on <= c.due),
            count(*) filter (where f.flags & 257 = 256 and f.acted_on <= c.due),
            count(*) filter (where f.flags & 4096 <> 0
              and ${asOf} > case when f.urgent then f.day else c.due end),
            count(*) filter (where f.flags & 8192 <> 0 and f.due_on < as_of)
          from document_facts f
          left join unnest(days, due_days) as c (day, due) on c.day = f.since
          where f.agency_id = any(agencies) and f.day between from_day and to_day and f.flags & ${UNSETTLED} <> 0
          group by ${key};
      end $$
    `)
  }
  for (const signature of sums) await knex.raw(`grant execute on function ${signature} to ??`, [roles.node])
  await giveToDefiner(knex, roles, sums)
}

export async function down(knex: Knex, roles: DatabaseRoles): Promise<void> {
  await replaceSums(knex, roles, 'as_of')
  await knex.raw('drop trigger document_facts_recall on documents')
  await knex.raw('drop function document_facts_recall()')
  await knex.raw('drop function congvan_recalled_on(documents)')
  await createIndex(knex, '')
  await knex.raw('alter table document_facts drop column recalled_on')
  await knex.raw('alter table consigned_contents drop column further_envelopes')
  await knex.raw('drop table paper_returns')
  await knex.raw('drop index incoming_requests_paper')
  await knex.raw('alter table incoming_requests drop column asks_paper')
}
