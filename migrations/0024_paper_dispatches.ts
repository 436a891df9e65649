import type { Knex } from 'knex'
import type { DatabaseRoles } from '../server/db.ts'
import { enableTenancy } from './0001_tenancy.ts'

/**
 * Each time that a document went out on paper: to whom, how many copies, why (NĐ 30/2020 arts 17.1a, 18.5). A later one
 * stands beside those before it.
 */
export async function up(knex: Knex, roles: DatabaseRoles): Promise<void> {
  await knex.raw(`
    create table paper_dispatches (
      agency_id uuid not null,
      document_id uuid not null,
      position bigint generated always as identity,
      recipients jsonb not null check (jsonb_typeof(recipients) = 'array'),
      copies integer not null check (copies between 1 and 100000),
      reason text check (length(reason) between 1 and 500),
      dispatched_by uuid,
      dispatched_by_name text,
      dispatched_at timestamptz not null,
      primary key (agency_id, document_id, position),
      foreign key (agency_id, document_id) references documents (agency_id, id)
    )
  `)
  await enableTenancy(knex, roles, 'paper_dispatches', 'select, insert')
  await carryOver(knex)
}

/** Of a document that went out on paper before, the last time is known: its row held that one alone. */
async function carryOver(knex: Knex): Promise<void> {
  const tables = ['documents', 'log_entries', 'paper_dispatches']
  for (const table of tables) await knex.raw('alter table ?? no force row level security', [table])
  await knex.raw(`
    insert into paper_dispatches (agency_id, document_id, recipients, copies, reason, dispatched_at)
    select d.agency_id, d.id, d.paper_recipients, d.paper_copies, d.paper_reason, max(l.occurred_at)
    from documents d
    join log_entries l on l.agency_id = d.agency_id and l.subject = 'document:' || d.id
      and l.kind = 'document.dispatched-on-paper'
    where d.paper_copies > 0
    group by d.agency_id, d.id
  `)
  for (const table of tables) await knex.raw('alter table ?? force row level security', [table])
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table paper_dispatches')
}
