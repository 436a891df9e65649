import type { Knex } from 'knex'
import type { DatabaseRoles } from '../server/db.ts'
import { enableTenancy } from './0001_tenancy.ts'

/**
 * Registers (NĐ 30/2020 arts 15, 16, 22): how far each series has come, and every number ever given. The row of a
 * series is the lock that keeps its numbers without gap; a number is never given twice and its row never goes.
 */
export async function up(knex: Knex, roles: DatabaseRoles): Promise<void> {
  await knex.raw(`
    create table registers (
      agency_id uuid not null,
      year integer not null check (year between 2000 and 9999),
      series text not null check (series = 'incoming' or series ~ '^outgoing:[a-z0-9-]{1,40}$'),
      last_number integer not null default 0 check (last_number >= 0),
      last_date date,
      primary key (agency_id, year, series)
    )
  `)
  await enableTenancy(knex, roles, 'registers', 'select, insert, update')
  await knex.raw(`
    create table register_numbers (
      agency_id uuid not null,
      year integer not null,
      series text not null,
      number integer not null check (number > 0),
      symbol text not null check (length(symbol) <= 30),
      date date not null check (extract(year from date) = year),
      document_id uuid not null,
      status text not null default 'assigned' check (status in ('assigned', 'cancelled')),
      assigned_at timestamptz not null,
      cancelled_at timestamptz,
      cancel_reason text check (length(cancel_reason) between 1 and 500),
      primary key (agency_id, year, series, number),
      foreign key (agency_id, year, series) references registers (agency_id, year, series),
      check ((status = 'cancelled') = (cancelled_at is not null and cancel_reason is not null))
    )
  `)
  await knex.raw(`
    create unique index register_numbers_of_document on register_numbers (agency_id, document_id)
    where status = 'assigned'
  `)
  // Số and ký hiệu are unique in an agency and a year, however its series are cut (art 15.1).
  await knex.raw(`
    create unique index register_numbers_unique on register_numbers (agency_id, year, number, symbol)
    where series <> 'incoming'
  `)
  await enableTenancy(knex, roles, 'register_numbers', 'select, insert')
  await knex.raw('grant update (status, cancelled_at, cancel_reason) on register_numbers to ??', [
    roles.tenant,
  ])
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table register_numbers')
  await knex.raw('drop table registers')
}
