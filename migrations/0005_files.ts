import type { Knex } from 'knex'
import type { DatabaseRoles } from '../server/db.ts'

/**
 * Stored files and who holds them. They are the node's: a tenant that could look up a hash would learn what others
 * have. A file without a hold belongs to nobody and may be erased; its row is written before its bytes are, so
 * that an upload which came to nothing can be found.
 */
export async function up(knex: Knex, roles: DatabaseRoles): Promise<void> {
  await knex.raw(`
    create table files (
      sha256 text primary key check (sha256 ~ '^[0-9a-f]{64}$'),
      length bigint not null check (length >= 0),
      uploaded_at timestamptz not null
    )
  `)
  await knex.raw(`
    create table file_holds (
      sha256 text not null references files (sha256),
      holder text not null check (holder ~ '^[a-z]+:[0-9a-f-]{1,64}$'),
      held_at timestamptz not null,
      primary key (sha256, holder)
    )
  `)
  await knex.raw(
    `comment on column file_holds.holder is 'document:<uuid>, envelope:<sha256> or trust:<sha256>'`,
  )
  await knex.raw('create index file_holds_by_holder on file_holds (holder)')
  await knex.raw('grant select, insert, update, delete on files to ??', [roles.node])
  await knex.raw('grant select, insert, delete on file_holds to ??', [roles.node])
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table file_holds')
  await knex.raw('drop table files')
}
