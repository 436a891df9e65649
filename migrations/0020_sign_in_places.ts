import type { Knex } from 'knex'
import type { DatabaseRoles } from '../server/db.ts'

/**
 * Where an account has been signed in from, so that failures of strangers elsewhere do not keep its owner out; what
 * lets an attempt take back exactly what it counted; and how a right was before it was changed, so that undoing the
 * change makes it just so again.
 */
export async function up(knex: Knex, roles: DatabaseRoles): Promise<void> {
  await knex.raw(`
    create table sign_in_places (
      place text primary key check (place ~ '^[0-9a-f]{64}$'),
      user_id uuid not null references users (id),
      address text not null check (address ~ '^[0-9a-f]{64}$'),
      first_at timestamptz not null,
      last_at timestamptz not null
    )
  `)
  await knex.raw(`
    comment on table sign_in_places is
      'Hashes, by the account key, of login and address together (place) and of the address alone: no address itself'
  `)
  await knex.raw('create index sign_in_places_of_user on sign_in_places (user_id, last_at desc)')
  await knex.raw('create index sign_in_places_by_address on sign_in_places (address)')
  await knex.raw('create index sign_in_places_by_time on sign_in_places (last_at)')
  await knex.raw('grant select, insert, update, delete on sign_in_places to ??', [roles.node])
  await knex.raw(`
    alter table sign_in_failures
      add column series uuid not null default gen_random_uuid(),
      add column in_hand uuid,
      add column together integer not null default 0 check (together >= 0),
      add column together_series uuid
  `)
  for (const [column, meaning] of Object.entries(columns)) {
    await knex.raw(`comment on column sign_in_failures.${column} is '${meaning}'`)
  }
  await knex.raw('alter table right_changes add column before jsonb')
  await knex.raw(`
    comment on column right_changes.before is
      'The right as it was, in the form of who undoes it; null: there was none, or the change is older than this column'
  `)
  await knex.raw(`
    comment on table sign_in_failures is
      'login:<SHA-256 of what was typed>, whether there is such an account or not; place:<of the login>:<keyed hash of login and address>; address:<where from>'
  `)
}

const columns = {
  series:
    'Another one whenever the count begins anew: an attempt takes back nothing from a count that it is not in',
  in_hand: 'The attempt that holds blocked_until while it is being looked at; null when that is a lock',
  together:
    'How many failures of this place stand in the count of its login too, of the series together_series',
} as const

export async function down(knex: Knex): Promise<void> {
  await knex.raw('alter table right_changes drop column before')
  await knex.raw("delete from sign_in_failures where key like 'place:%'")
  await knex.raw(`
    alter table sign_in_failures
      drop column series, drop column in_hand, drop column together, drop column together_series
  `)
  await knex.raw(`
    comment on table sign_in_failures is
      'login:<SHA-256 of what was typed>, whether there is such an account or not, and address:<where from>'
  `)
  await knex.raw('drop table sign_in_places')
}
