import type { Knex } from 'knex'

/**
 * What an individual's signature covers, so that a signature made in another program counts once. The file alone does
 * not tell: its value is not signed and can be written in other ways, and a time-stamp may follow it.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table document_revisions
      add column covered_sha256 text check (covered_sha256 is null or covered_sha256 ~ '^[0-9a-f]{64}$' and kind = 'individual')
  `)
  await knex.raw(`
    comment on column document_revisions.covered_sha256 is
      'SHA-256 of the bytes that the signature of this revision covers; null where none was noted'
  `)
  await knex.raw(`
    create index document_revisions_covered on document_revisions (agency_id, covered_sha256)
    where covered_sha256 is not null
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('alter table document_revisions drop column covered_sha256')
}
