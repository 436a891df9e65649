import type { Knex } from 'knex'
import type { DatabaseRoles } from '../server/db.ts'
import { enableTenancy } from './0001_tenancy.ts'

/**
 * What keeps an account its owner's own: a second factor, lock-out, sessions that end when nobody uses them, tokens
 * confined to what they are for; and on what rule, by whom and for how long a role was given.
 */
export async function up(knex: Knex, roles: DatabaseRoles): Promise<void> {
  await widenUsers(knex)
  await knex.raw(`
    create table user_recovery_codes (
      user_id uuid not null references users (id),
      code_sha256 text not null check (code_sha256 ~ '^[0-9a-f]{64}$'),
      used_at timestamptz,
      primary key (user_id, code_sha256)
    )
  `)
  await knex.raw(`
    create table sign_in_failures (
      key text primary key check (length(key) <= 100),
      failures integer not null check (failures >= 0),
      last_at timestamptz not null,
      blocked_until timestamptz
    )
  `)
  await knex.raw(`
    comment on table sign_in_failures is
      'login:<SHA-256 of what was typed>, whether there is such an account or not, and address:<where from>'
  `)
  await knex.raw('create index sign_in_failures_by_time on sign_in_failures (last_at)')
  for (const table of ['user_recovery_codes', 'sign_in_failures']) {
    await knex.raw('grant select, insert, update, delete on ?? to ??', [table, roles.node])
  }
  await widenMemberships(knex)
  await knex.raw(`
    alter table tokens
      add column scopes text[],
      add column made_from text not null default '' check (length(made_from) <= 100),
      add column last_used_at timestamptz,
      add column last_used_from text not null default '' check (length(last_used_from) <= 100)
  `)
  await knex.raw(
    "comment on column tokens.scopes is 'Permissions that it is confined to; null: no confinement'",
  )
  await knex.raw('create index tokens_by_expiry on tokens (expires_at)')
  await createRightChanges(knex, roles)
  await letOldKeysGo(knex, roles)
}

async function widenUsers(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table users
      add column must_change_password boolean not null default false,
      add column password_expires_at timestamptz,
      add column totp_secret bytea check (length(totp_secret) between 29 and 200),
      add column totp_confirmed_at timestamptz,
      add column totp_last_step bigint,
      add column last_signed_in_at timestamptz,
      add constraint users_totp_whole check (totp_secret is not null or totp_confirmed_at is null)
  `)
  await knex.raw(`
    comment on column users.totp_secret is
      'Sealed by the account key, which lies in a file of the node and never in the database'
  `)
  await knex.raw(`
    comment on column users.totp_last_step is
      'The newest time step whose code was taken (RFC 6238 section 5.2): no code is taken twice'
  `)
}

async function widenMemberships(knex: Knex): Promise<void> {
  await knex.raw('alter table memberships drop constraint memberships_role_check')
  await knex.raw(`
    alter table memberships
      add constraint memberships_role_check check (
        role in ('clerk', 'signer', 'leader', 'specialist', 'auditor', 'administrator')
      ),
      add column granted_by uuid references users (id),
      add column reason text not null default '' check (length(reason) <= 500),
      add column valid_from timestamptz,
      add column valid_to timestamptz,
      add constraint memberships_time check (valid_from < valid_to)
  `)
  await knex.raw(`
    comment on column memberships.reason is
      'The rule or decision behind it (NĐ 30/2020, Phụ lục VI, IV.1b); granted_by null: at the console of the node'
  `)
  await knex.raw('create index memberships_of_user on memberships (user_id)')
  await knex.raw('create index memberships_by_reason on memberships (agency_id, reason)')
}

async function createRightChanges(knex: Knex, roles: DatabaseRoles): Promise<void> {
  await knex.raw(`
    create table right_changes (
      agency_id uuid not null,
      id uuid not null,
      kind text not null check (kind ~ '^[a-z]+(-[a-z]+)*$' and length(kind) <= 50),
      subject text not null check (length(subject) <= 100),
      user_id uuid,
      right_name text not null check (length(right_name) <= 50),
      reason text not null default '' check (length(reason) <= 500),
      changed_by uuid,
      changed_at timestamptz not null,
      outcome text check (outcome in ('confirmed', 'reverted')),
      settled_by uuid,
      settled_at timestamptz,
      primary key (agency_id, id),
      check ((outcome is null) = (settled_at is null))
    )
  `)
  await knex.raw(`
    comment on table right_changes is
      'Changes of rights, on the alert list until a person with authority settles them (Phụ lục VI, III.3c)'
  `)
  await knex.raw(`
    create index right_changes_open on right_changes (agency_id, changed_at, id) where outcome is null
  `)
  await knex.raw('create index right_changes_of on right_changes (agency_id, subject, changed_at)')
  await enableTenancy(knex, roles, 'right_changes', 'select, insert, update')
}

/**
 * Idempotency keys live for thirty days. The node may let older ones go, and no fresh one: the restrictive policy
 * says so whatever the statement asks for. A stored answer of an agency stays unreadable to the node.
 */
async function letOldKeysGo(knex: Knex, roles: DatabaseRoles): Promise<void> {
  await knex.raw('create index idempotency_keys_by_time on idempotency_keys (created_at)')
  await knex.raw('create policy node_sweeps on idempotency_keys for delete to ?? using (true)', [roles.node])
  await knex.raw(
    `create policy only_old_keys on idempotency_keys as restrictive for delete to ??
     using (created_at < now() - interval '30 days')`,
    [roles.node],
  )
  await knex.raw('grant delete on idempotency_keys to ??', [roles.node])
}

export async function down(knex: Knex, roles: DatabaseRoles): Promise<void> {
  await knex.raw('revoke delete on idempotency_keys from ??', [roles.node])
  for (const policy of ['only_old_keys', 'node_sweeps']) {
    await knex.raw('drop policy ?? on idempotency_keys', [policy])
  }
  await knex.raw('drop index idempotency_keys_by_time')
  await knex.raw('drop table right_changes')
  await knex.raw(`
    alter table tokens
      drop column scopes, drop column made_from, drop column last_used_at, drop column last_used_from
  `)
  await knex.raw('drop index tokens_by_expiry')
  // Roles that the older program does not know go with it; force is lifted, else the owner sees no row to remove.
  await knex.raw('alter table memberships no force row level security')
  await knex.raw("delete from memberships where role in ('signer', 'specialist')")
  await knex.raw('alter table memberships force row level security')
  await knex.raw('drop index memberships_by_reason')
  await knex.raw('drop index memberships_of_user')
  await knex.raw(`
    alter table memberships
      drop constraint memberships_role_check,
      drop constraint memberships_time,
      drop column granted_by, drop column reason, drop column valid_from, drop column valid_to
  `)
  await knex.raw(`
    alter table memberships add constraint memberships_role_check
      check (role in ('clerk', 'leader', 'auditor', 'administrator'))
  `)
  await knex.raw('drop table sign_in_failures')
  await knex.raw('drop table user_recovery_codes')
  await knex.raw(`
    alter table users
      drop constraint users_totp_whole,
      drop column must_change_password, drop column password_expires_at, drop column totp_secret,
      drop column totp_confirmed_at, drop column totp_last_step, drop column last_signed_in_at
  `)
}
