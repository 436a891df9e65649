import type { Knex } from 'knex'

/**
 * Where number, date and the signatures still missing will stand on a draft that was signed in another program: boxes
 * of their own, since such a file has no fields for them.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table document_revisions
      add column mark_places jsonb
        check (mark_places is null or kind = 'draft' and jsonb_typeof(mark_places) = 'object')
  `)
  await knex.raw(`
    comment on column document_revisions.mark_places is
      'Of a draft signed elsewhere: {number: box, individuals: [box or null, …]}, a box being {page, left, bottom, width, height} in points as the page is seen; null for every other revision'
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('alter table document_revisions drop column mark_places')
}
