import type { Knex } from 'knex'
import type { DatabaseRoles } from '../server/db.ts'
import { enableTenancy } from './0001_tenancy.ts'

/**
 * Peers that fail are left alone for a while (`peer_breakers`); urgent documents go first; what a recipient has had is
 * known by its content, whatever envelope or attempt series brought it.
 *
 * Only added to: a process of the version before leaves the new columns at their defaults, which mean what it did.
 */
export async function up(knex: Knex, roles: DatabaseRoles): Promise<void> {
  await createBreakers(knex, roles)
  await addUrgency(knex)
  await addAnnouncementTries(knex)
  await createConsignedContents(knex, roles)
}

async function createBreakers(knex: Knex, roles: DatabaseRoles): Promise<void> {
  await knex.raw(`
    create table peer_breakers (
      peer text primary key,
      state text not null default 'closed' check (state in ('closed', 'open', 'half-open')),
      failures integer not null default 0 check (failures >= 0),
      opened_at timestamptz,
      probe_at timestamptz,
      probe_until timestamptz,
      probe_owner text,
      last_failure_at timestamptz,
      last_success_at timestamptz,
      last_outcome text,
      changed_at timestamptz not null,
      check ((state = 'closed') = (opened_at is null)),
      check ((state = 'open') = (probe_at is not null)),
      check ((state = 'half-open') = (probe_until is not null)),
      check ((state = 'half-open') = (probe_owner is not null))
    )
  `)
  await knex.raw(`comment on table peer_breakers is
    'The circuit breaker of each peer that has failed, shared by all processes; no row = closed'`)
  await knex.raw(
    `comment on column peer_breakers.failures is 'Failures in a row that speak of the peer as a whole'`,
  )
  await knex.raw(`comment on column peer_breakers.probe_at is 'open: when the next probe is due'`)
  await knex.raw(`comment on column peer_breakers.probe_until is
    'half-open: until when, by the clock of the database, probe_owner has the only try; past it another may take it over'`)
  await knex.raw('grant select, insert, update on peer_breakers to ??', [roles.node])
}

async function addUrgency(knex: Knex): Promise<void> {
  for (const table of ['branches', 'returns']) {
    await knex.raw(
      'alter table ?? add column urgency smallint not null default 0 check (urgency between 0 and 4)',
      [table],
    )
  }
  await knex.raw(`comment on column branches.urgency is
    'Priority of the document: 0 ordinary, 1 khẩn, 2 thượng khẩn, 3 hỏa tốc, 4 hỏa tốc hẹn giờ'`)
  await knex.raw(`
    create index branches_to_peer on branches (next_hop, urgency desc, run_after)
    where state in ('queued', 'committing') and next_hop is not null
  `)
  await knex.raw(
    `create index returns_to_peer on returns (peer, urgency desc, run_after) where state = 'queued'`,
  )
}

async function addAnnouncementTries(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table announcements
      add column failures integer not null default 0,
      add column run_after timestamptz,
      add column reason text
  `)
  await knex.raw(`comment on column announcements.run_after is
    'When an announcement that could not be sealed is tried again; null = it has not failed'`)
  await knex.raw(
    'create index announcements_unsealed on announcements (occurred_at) where message_sha256 is null',
  )
}

async function createConsignedContents(knex: Knex, roles: DatabaseRoles): Promise<void> {
  await knex.raw(`
    create table consigned_contents (
      agency_id uuid not null,
      from_code text not null,
      document_code text not null,
      business smallint not null check (business between 0 and 99),
      content_sha256 text not null check (content_sha256 ~ '^[0-9a-f]{64}$'),
      envelope_sha256 text not null check (envelope_sha256 ~ '^[0-9a-f]{64}$'),
      latest_envelope_sha256 text not null check (latest_envelope_sha256 ~ '^[0-9a-f]{64}$'),
      latest_series integer not null check (latest_series > 0),
      latest_recipient text not null,
      consigned_at timestamptz not null,
      primary key (agency_id, from_code, document_code, business, content_sha256)
    )
  `)
  await knex.raw(`comment on table consigned_contents is
    'What an agency has been given, once for sender, DocumentId, business type and content. envelope_sha256 brought it; latest_* is the newest attempt series that did, which the statuses answer.'`)
  await knex.raw(`comment on column consigned_contents.content_sha256 is
    'Over its files and what it asks (server/relay/content-hash.ts)'`)
  await knex.raw(
    'create index consigned_contents_envelope on consigned_contents (agency_id, envelope_sha256)',
  )
  await enableTenancy(knex, roles, 'consigned_contents', 'select, insert, update')
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table consigned_contents')
  await knex.raw('drop index announcements_unsealed')
  await knex.raw(`
    alter table announcements drop column failures, drop column run_after, drop column reason
  `)
  await knex.raw('drop index returns_to_peer')
  await knex.raw('drop index branches_to_peer')
  for (const table of ['branches', 'returns']) {
    await knex.raw('alter table ?? drop column urgency', [table])
  }
  await knex.raw('drop table peer_breakers')
}
