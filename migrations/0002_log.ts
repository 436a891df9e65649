import type { Knex } from 'knex'
import type { DatabaseRoles } from '../server/db.ts'
import { enableTenancy } from './0001_tenancy.ts'

/**
 * The append-only log (nhật ký trao đổi). `entry` holds the canonical bytes; the other columns repeat parts of
 * them for searching. Nobody may update or delete a row: the rights are not granted, and a trigger refuses even
 * the owner. Salts of personal data stand apart, so that erasing one makes a commitment unreadable for good.
 */
export async function up(knex: Knex, roles: DatabaseRoles): Promise<void> {
  await knex.raw(`
    create table log_entries (
      id uuid primary key,
      position bigint generated always as identity,
      agency_id uuid,
      kind text not null,
      occurred_at timestamptz not null,
      entry bytea not null,
      leaf_hash bytea not null check (length(leaf_hash) = 32),
      -- The transaction that wrote it: an export stops before those that still run, and so never skips one.
      written_by xid8 not null default pg_current_xact_id(),
      inserted_at timestamptz not null default clock_timestamp()
    )
  `)
  await knex.raw('create index log_entries_by_time on log_entries (agency_id, occurred_at, position)')
  await enableTenancy(knex, roles, 'log_entries', 'select, insert')
  await knex.raw(
    'create policy node_entries on log_entries to ?? using (agency_id is null) with check (agency_id is null)',
    [roles.node],
  )
  await knex.raw('grant select, insert on log_entries to ??', [roles.node])
  await knex.raw(`
    create function log_entries_frozen() returns trigger language plpgsql
    as $$ begin raise exception 'log entries are never changed or removed' using errcode = '42501'; end $$
  `)
  await knex.raw(`
    create trigger log_entries_frozen before update or delete or truncate on log_entries
    for each statement execute function log_entries_frozen()
  `)

  await knex.raw(`
    create table log_salts (
      entry_id uuid not null references log_entries (id),
      field text not null,
      agency_id uuid,
      salt bytea not null check (length(salt) = 32),
      value text not null,
      primary key (entry_id, field)
    )
  `)
  await knex.raw(`
    comment on table log_salts is
      'What a salted commitment in an entry hides. A row may be deleted (erasure); the entry and its proof stay.'
  `)
  await enableTenancy(knex, roles, 'log_salts', 'select, insert, delete')
  await knex.raw(
    'create policy node_salts on log_salts to ?? using (agency_id is null) with check (agency_id is null)',
    [roles.node],
  )
  await knex.raw('grant select, insert, delete on log_salts to ??', [roles.node])
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table log_salts')
  await knex.raw('drop table log_entries')
  await knex.raw('drop function log_entries_frozen()')
}
