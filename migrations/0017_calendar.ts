import type { Knex } from 'knex'
import type { DatabaseRoles } from '../server/db.ts'

/**
 * The calendar of working days: holidays and swapped days, a whole year at a time. Weekends are not rows. It is the
 * node's; every agency reads it.
 */
export async function up(knex: Knex, roles: DatabaseRoles): Promise<void> {
  await knex.raw(`
    create table calendar_years (
      year integer primary key check (year between 1945 and 2999),
      version integer not null check (version > 0),
      imported_at timestamptz not null
    )
  `)
  await knex.raw(`
    create table calendar_days (
      day date primary key,
      year integer not null references calendar_years (year),
      kind text not null check (kind in ('holiday', 'swapped-off', 'swapped-working')),
      occasion text not null check (occasion in
        ('new-year', 'tet', 'hung-kings', 'reunification', 'labour', 'national-day', 'compensatory', 'swap',
         'other')),
      name text not null check (length(name) between 1 and 200),
      counterpart date check (counterpart <> day),
      source text not null check (length(source) between 1 and 300),
      check (extract(year from day) = year),
      check (kind = 'holiday' or counterpart is not null),
      check ((kind = 'holiday') = (occasion <> 'swap')),
      check ((extract(isodow from day) >= 6) or kind <> 'swapped-working'),
      check ((extract(isodow from day) <= 5) or kind <> 'swapped-off')
    )
  `)
  await knex.raw('create index calendar_days_of_year on calendar_days (year, day)')
  await knex.raw(`
    comment on column calendar_days.counterpart is
      'Of a swap: the day it was swapped with; of a compensatory day: the holiday on a weekend that it makes up for'
  `)
  for (const table of ['calendar_years', 'calendar_days']) {
    await knex.raw('grant select on ?? to ??', [table, roles.tenant])
    await knex.raw('grant select, insert, update, delete on ?? to ??', [table, roles.node])
  }
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table calendar_days')
  await knex.raw('drop table calendar_years')
}
