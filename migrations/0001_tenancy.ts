import type { Knex } from 'knex'
import type { DatabaseRoles } from '../server/db.ts'

/**
 * The application's two roles, the helper that every policy uses, and idempotency keys.
 *
 * `congvan_agency()` is the agency of the running transaction, or null: then every policy is false and a tenant
 * query yields nothing. Roles belong to the whole cluster, so they may exist already.
 */
export async function up(knex: Knex, roles: DatabaseRoles): Promise<void> {
  for (const role of [roles.tenant, roles.node]) {
    const { rows } = await knex.raw('select 1 from pg_roles where rolname = ?', [role])
    if (rows.length === 0) await knex.raw('create role ?? nologin', [role])
    await knex.raw('grant ?? to ??', [role, roles.application])
    await knex.raw('grant usage on schema public to ??', [role])
  }
  await knex.raw('grant usage on schema public to ??', [roles.application])
  await knex.raw('grant select on schema_migrations to ??', [roles.application])

  await knex.raw(`
    create function congvan_agency() returns uuid language sql stable parallel safe
    as $$ select nullif(current_setting('congvan.agency_id', true), '')::uuid $$
  `)

  await knex.raw(`
    create table idempotency_keys (
      scope text not null check (length(scope) <= 100),
      key text not null check (length(key) between 1 and 100),
      agency_id uuid,
      request_sha256 text not null,
      response jsonb,
      created_at timestamptz not null default now(),
      primary key (scope, key)
    )
  `)
  await knex.raw(`
    comment on table idempotency_keys is
      'One row a POST request; scope is agency/user. The answer is stored in the transaction of its effect.'
  `)
  await enableTenancy(knex, roles, 'idempotency_keys', 'select, insert, update')
  // The node's own requests (operator, console) have no agency. Stored answers of agencies it cannot read.
  await knex.raw(
    'create policy node_keys on idempotency_keys to ?? using (agency_id is null) with check (agency_id is null)',
    [roles.node],
  )
  await knex.raw('grant select, insert, update on idempotency_keys to ??', [roles.node])
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table idempotency_keys')
  await knex.raw('drop function congvan_agency() cascade')
}

/**
 * Puts a table of agencies' data under forced row-level security: the tenant role sees and writes rows of its
 * agency only, and even the owner sees none (a data migration lifts FORCE inside its transaction).
 */
export async function enableTenancy(
  knex: Knex,
  roles: DatabaseRoles,
  table: string,
  privileges: string,
): Promise<void> {
  await knex.raw('alter table ?? enable row level security', [table])
  await knex.raw('alter table ?? force row level security', [table])
  await knex.raw(
    'create policy own_agency on ?? to ?? using (agency_id = congvan_agency()) with check (agency_id = congvan_agency())',
    [table, roles.tenant],
  )
  await knex.raw(`grant ${privileges} on ?? to ??`, [table, roles.tenant])
}
