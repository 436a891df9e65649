import type { Knex } from 'knex'
import type { DatabaseRoles } from '../server/db.ts'

/**
 * What operators watch: when each peer was last heard and how its clock stands (`peer_contacts`), why a peer was
 * switched off, what each process has counted (`process_figures`), and which alerts are on (`alerts`).
 *
 * Only added to: a process of the version before neither reads nor writes any of it. None of it is evidence; all of
 * it may be emptied at any time.
 */
export async function up(knex: Knex, roles: DatabaseRoles): Promise<void> {
  await knex.raw(`
    create table peer_contacts (
      peer text primary key,
      last_answer_at timestamptz,
      last_request_at timestamptz,
      clock_ahead_ms integer,
      clock_measured_at timestamptz
    )
  `)
  await knex.raw(`comment on table peer_contacts is
    'When a peer last answered, and last asked, so that its signature held; written at most every half a minute'`)
  await knex.raw(`comment on column peer_contacts.clock_ahead_ms is
    'How far its clock is ahead of this node’s (negative: behind), to about a second, by its last answer'`)
  await knex.raw(`
    create table process_figures (
      process text primary key,
      reported_at timestamptz not null,
      figures jsonb not null
    )
  `)
  await knex.raw(`comment on table process_figures is
    'What each process of this node has counted since it started, in the JSON of prom-client; time by the database’s clock'`)
  await knex.raw(`
    create table alerts (
      code text not null,
      subject text not null,
      severity text not null check (severity in ('warning', 'error')),
      began_at timestamptz not null,
      primary key (code, subject)
    )
  `)
  await knex.raw(`comment on table alerts is
    'The alerts that are on, so that their begin and end are told once and not by every process'`)
  await knex.raw('alter table peers add column disabled_reason text, add column disabled_at timestamptz')
  for (const table of ['peer_contacts', 'process_figures', 'alerts']) {
    await knex.raw('grant select, insert, update, delete on ?? to ??', [table, roles.node])
  }
  await knex.raw('grant select on sequence log_entries_position_seq to ??', [roles.node])
}

export async function down(knex: Knex, roles: DatabaseRoles): Promise<void> {
  await knex.raw('revoke select on sequence log_entries_position_seq from ??', [roles.node])
  await knex.raw('alter table peers drop column disabled_reason, drop column disabled_at')
  for (const table of ['alerts', 'process_figures', 'peer_contacts']) await knex.raw('drop table ??', [table])
}
