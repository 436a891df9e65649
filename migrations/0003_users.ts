import type { Knex } from 'knex'
import type { DatabaseRoles } from '../server/db.ts'
import { enableTenancy } from './0001_tenancy.ts'

/**
 * People, their roles in agencies, sessions and API tokens. Accounts and tokens are the node's: they are looked up
 * before an agency is known. Only digests of tokens are kept.
 */
export async function up(knex: Knex, roles: DatabaseRoles): Promise<void> {
  await knex.raw(`
    create table users (
      id uuid primary key,
      login text not null unique check (login ~ '^[a-z0-9._@-]{2,64}$'),
      display_name text not null check (length(display_name) between 1 and 100),
      password_hash text not null,
      is_operator boolean not null default false,
      disabled_at timestamptz,
      created_at timestamptz not null
    )
  `)
  await knex.raw(`
    create table memberships (
      agency_id uuid not null,
      user_id uuid not null references users (id),
      role text not null check (role in ('clerk', 'leader', 'auditor', 'administrator')),
      granted_at timestamptz not null,
      primary key (agency_id, user_id, role)
    )
  `)
  await enableTenancy(knex, roles, 'memberships', 'select, insert, delete')
  await knex.raw('create policy node_members on memberships to ?? using (true) with check (true)', [
    roles.node,
  ])
  await knex.raw(`
    create table tokens (
      id uuid primary key,
      token_sha256 text not null unique,
      user_id uuid not null references users (id),
      agency_id uuid,
      kind text not null check (kind in ('session', 'api')),
      label text not null default '' check (length(label) <= 100),
      created_at timestamptz not null,
      expires_at timestamptz not null,
      revoked_at timestamptz
    )
  `)
  await knex.raw('create index tokens_of_user on tokens (user_id)')
  for (const table of ['users', 'memberships', 'tokens']) {
    await knex.raw('grant select, insert, update, delete on ?? to ??', [table, roles.node])
  }
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table tokens')
  await knex.raw('drop table memberships')
  await knex.raw('drop table users')
}
