import type { Knex } from 'knex'

/** What a receipt says in words beside its reason code, e.g. who took over from a closed recipient. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(
    'alter table delivery_events add column reason_text text check (length(reason_text) between 1 and 2000)',
  )
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('alter table delivery_events drop column reason_text')
}
