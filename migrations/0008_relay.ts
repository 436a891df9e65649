import type { Knex } from 'knex'
import type { DatabaseRoles } from '../server/db.ts'
import { enableTenancy } from './0001_tenancy.ts'

const SHA256 = "~ '^[0-9a-f]{64}$'"

/**
 * What travels between nodes (design 3). Envelopes, offers, branches, receipts and statuses are the node's;
 * deliveries and their history are the sending agency's.
 *
 * Two unique keys carry the design: `branch_recipients` has one row for (envelope, series, recipient), so a
 * delivery is taken once however often it is offered; `receipt_recipients` has one terminal row for the same
 * three, so a delivery ends once.
 */
export async function up(knex: Knex, roles: DatabaseRoles): Promise<void> {
  await envelopes(knex)
  await offers(knex)
  await branches(knex)
  await evidence(knex)
  await wayBack(knex)
  for (const [table, privileges] of nodeTables) {
    await knex.raw(`grant ${privileges} on ?? to ??`, [table, roles.node])
  }
  await deliveries(knex, roles)
}

/** Evidence is never changed or removed, so the node's role has no right to. */
const nodeTables: readonly (readonly [string, string])[] = [
  ['envelopes', 'select, insert, update'],
  ['offers', 'select, insert, update, delete'],
  ['offer_files', 'select, insert, update, delete'],
  ['peer_files', 'select, insert'],
  ['branches', 'select, insert, update'],
  ['branch_recipients', 'select, insert, update'],
  ['receipts', 'select, insert'],
  ['receipt_recipients', 'select, insert'],
  ['offer_receipts', 'select, insert'],
  ['status_messages', 'select, insert'],
  ['announcements', 'select, insert, update'],
  ['returns', 'select, insert, update'],
]

async function envelopes(knex: Knex): Promise<void> {
  await knex.raw(`
    create table envelopes (
      sha256 text primary key check (sha256 ${SHA256}),
      bytes bytea,
      origin_node text not null,
      from_code text not null,
      document_id text not null,
      sealed_at timestamptz not null,
      seal_key text not null check (seal_key ${SHA256}),
      not_after timestamptz not null,
      sender_agency uuid,
      sender_document uuid,
      stored_at timestamptz not null,
      check ((sender_agency is null) = (sender_document is null))
    )
  `)
  await knex.raw(`comment on table envelopes is
    'Sealed edXML exactly as made or received; bytes become null when content is removed. sender_*: made here.'`)
}

async function offers(knex: Knex): Promise<void> {
  await knex.raw(`
    create table offers (
      id uuid primary key,
      peer text not null,
      branch uuid not null,
      series integer not null check (series > 0),
      envelope_sha256 text not null check (envelope_sha256 ${SHA256}),
      terms_sha256 text not null check (terms_sha256 ${SHA256}),
      envelope bytea,
      recipients text[] not null,
      path text[] not null,
      previous_receipt text,
      not_after timestamptz not null,
      offered_at timestamptz not null,
      committed_at timestamptz,
      refusal jsonb,
      unique (peer, branch, series),
      check (committed_at is null or refusal is null),
      check ((envelope is null) = (committed_at is not null or refusal is not null))
    )
  `)
  await knex.raw('create index offers_open on offers (peer) where envelope is not null')
  await knex.raw(`comment on table offers is
    'What a peer offered. The envelope stands here until the commit, which moves it to envelopes, or until the refusal (code and params of the fault), which is final.'`)
  await knex.raw(`
    create table offer_files (
      offer_id uuid not null references offers (id) on delete cascade,
      sha256 text not null check (sha256 ${SHA256}),
      length bigint not null check (length >= 0),
      received bigint not null default 0 check (received between 0 and length),
      complete boolean not null default false,
      primary key (offer_id, sha256)
    )
  `)
  await knex.raw(`
    create table peer_files (
      peer text not null,
      sha256 text not null check (sha256 ${SHA256}),
      since timestamptz not null,
      primary key (peer, sha256)
    )
  `)
  await knex.raw(`comment on table peer_files is
    'Which peer has proven to hold a file: it uploaded it here or was sent it from here. A hash alone proves nothing.'`)
}

async function branches(knex: Knex): Promise<void> {
  await knex.raw(`
    create table branches (
      id uuid primary key,
      envelope_sha256 text not null references envelopes (sha256),
      series integer not null check (series > 0),
      next_hop text,
      previous_peer text,
      previous_branch uuid,
      path text[] not null,
      previous_receipt text,
      not_after timestamptz not null,
      state text not null check (state in ('queued', 'committing', 'done', 'failed')),
      attempt integer not null default 0,
      run integer not null default 0,
      failures integer not null default 0,
      run_after timestamptz not null,
      outcome text,
      reason text,
      created_at timestamptz not null,
      settled_at timestamptz,
      check ((previous_peer is null) = (previous_branch is null)),
      check ((settled_at is null) = (state in ('queued', 'committing')))
    )
  `)
  await knex.raw(`comment on table branches is
    'The recipients of an envelope that one hop carries. next_hop null: they are hosted here. previous_*: where it came from, null at the origin.'`)
  await knex.raw('create index branches_of_envelope on branches (envelope_sha256, series)')
  await knex.raw(
    "create index branches_waiting on branches (run_after) where state in ('queued', 'committing')",
  )
  await knex.raw(`
    create table branch_recipients (
      envelope_sha256 text not null references envelopes (sha256),
      series integer not null,
      recipient text not null,
      branch_id uuid not null references branches (id),
      primary key (envelope_sha256, series, recipient)
    )
  `)
  await knex.raw('create index branch_recipients_of_branch on branch_recipients (branch_id)')
}

async function evidence(knex: Knex): Promise<void> {
  await knex.raw(`
    create table receipts (
      sha256 text primary key check (sha256 ${SHA256}),
      event text not null,
      node text not null,
      envelope_sha256 text not null references envelopes (sha256),
      series integer not null,
      reason text,
      previous_receipt text,
      occurred_at timestamptz not null,
      stored_at timestamptz not null,
      xml bytea not null
    )
  `)
  await knex.raw('create index receipts_of_envelope on receipts (envelope_sha256, series)')
  await knex.raw("create index relay_failures on receipts (stored_at) where event = 'RelayFailure'")
  await knex.raw(`
    create table receipt_recipients (
      receipt_sha256 text not null references receipts (sha256),
      envelope_sha256 text not null,
      series integer not null,
      recipient text not null,
      terminal boolean not null,
      primary key (receipt_sha256, recipient)
    )
  `)
  await knex.raw(
    'create unique index one_terminal_receipt on receipt_recipients (envelope_sha256, series, recipient) where terminal',
  )
  await knex.raw(`
    create table offer_receipts (
      offer_id uuid not null references offers (id),
      position integer not null,
      receipt_sha256 text not null references receipts (sha256),
      primary key (offer_id, position)
    )
  `)
  await knex.raw(`
    create table status_messages (
      sha256 text primary key check (sha256 ${SHA256}),
      envelope_sha256 text not null references envelopes (sha256),
      series integer not null,
      recipient text not null,
      code text not null check (code ~ '^[0-9]{2}$'),
      description text,
      occurred_at timestamptz not null,
      stored_at timestamptz not null,
      xml bytea not null
    )
  `)
  await knex.raw('create index status_messages_of_envelope on status_messages (envelope_sha256, series)')
}

async function wayBack(knex: Knex): Promise<void> {
  await knex.raw(`
    create table announcements (
      id uuid primary key,
      envelope_sha256 text not null references envelopes (sha256),
      series integer not null,
      recipient text not null,
      status jsonb not null,
      occurred_at timestamptz not null,
      message_sha256 text,
      sealed_at timestamptz,
      check ((message_sha256 is null) = (sealed_at is null))
    )
  `)
  await knex.raw(`comment on table announcements is
    'What a clerk here did, to be sealed once and sent back. message_sha256: the sealed status.'`)
  await knex.raw(`
    create table returns (
      id uuid primary key,
      peer text not null,
      kind text not null check (kind in ('receipt', 'status')),
      message_sha256 text not null,
      state text not null check (state in ('queued', 'done', 'failed')),
      attempt integer not null default 0,
      failures integer not null default 0,
      run_after timestamptz not null,
      give_up_at timestamptz not null,
      outcome text,
      reason text,
      created_at timestamptz not null,
      settled_at timestamptz,
      unique (peer, message_sha256),
      check ((settled_at is null) = (state = 'queued'))
    )
  `)
  await knex.raw("create index returns_waiting on returns (run_after) where state = 'queued'")
}

async function deliveries(knex: Knex, roles: DatabaseRoles): Promise<void> {
  await knex.raw(`
    create table deliveries (
      agency_id uuid not null,
      id uuid not null,
      document_id uuid not null,
      envelope_sha256 text not null check (envelope_sha256 ${SHA256}),
      series integer not null check (series > 0),
      recipient text not null,
      recipient_agency_id uuid not null,
      transport text not null,
      handling text not null,
      state text not null,
      not_after timestamptz not null,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      primary key (agency_id, id),
      unique (agency_id, envelope_sha256, series, recipient),
      unique (agency_id, document_id, series, recipient_agency_id)
    )
  `)
  await enableTenancy(knex, roles, 'deliveries', 'select, insert, update')
  await knex.raw(`
    create table delivery_events (
      agency_id uuid not null,
      delivery_id uuid not null,
      message_sha256 text not null check (message_sha256 ${SHA256}),
      position bigint generated always as identity,
      kind text not null check (kind in ('receipt', 'status')),
      code text not null,
      node text not null,
      reason text,
      previous_receipt text,
      occurred_at timestamptz not null,
      received_at timestamptz not null,
      primary key (agency_id, delivery_id, message_sha256),
      foreign key (agency_id, delivery_id) references deliveries (agency_id, id)
    )
  `)
  await enableTenancy(knex, roles, 'delivery_events', 'select, insert')
}

export async function down(knex: Knex): Promise<void> {
  const tables = ['delivery_events', 'deliveries', 'returns', 'announcements', 'status_messages']
  const evidenceTables = ['offer_receipts', 'receipt_recipients', 'receipts']
  const forward = ['branch_recipients', 'branches', 'peer_files', 'offer_files', 'offers', 'envelopes']
  for (const table of [...tables, ...evidenceTables, ...forward]) {
    await knex.raw('drop table ??', [table])
  }
}
