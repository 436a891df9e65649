import type { Knex } from 'knex'
import type { DatabaseRoles } from '../server/db.ts'

/**
 * The processes of a node that share its database, and what only one of them does at a time. Both are kept by the
 * database's clock, so that processes whose clocks differ agree.
 */
export async function up(knex: Knex, roles: DatabaseRoles): Promise<void> {
  await knex.raw(`
    create table processes (
      id text primary key,
      host text not null,
      pid integer not null,
      version text not null,
      started_at timestamptz not null default now(),
      seen_at timestamptz not null default now()
    )
  `)
  await knex.raw(`comment on table processes is
    'Running programs of this node. Each says every few seconds that it lives; one that was killed is known by its silence.'`)
  await knex.raw(`
    create table rounds (
      name text primary key,
      owner text not null,
      claimed_at timestamptz not null default now(),
      next_at timestamptz not null
    )
  `)
  await knex.raw(`comment on table rounds is
    'Periodic work that one process does for all of them: who has claimed it last, and from when on it is anybody''s again.'`)
  for (const table of ['processes', 'rounds']) {
    await knex.raw('grant select, insert, update, delete on ?? to ??', [table, roles.node])
  }
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table rounds')
  await knex.raw('drop table processes')
}
