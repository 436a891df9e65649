import type { Knex } from 'knex'
import type { DatabaseRoles } from '../server/db.ts'
import { enableTenancy } from './0001_tenancy.ts'

/**
 * Recall, update, replacement and correction of documents: what a sender has ordered, what a recipient was asked for and
 * has answered, and which document stands in the place of which (NĐ 30/2020 art 18.3, 18.4; Phụ lục VI, III.8).
 *
 * Only added to: a process of the version before leaves the new columns at their defaults, which mean a new document
 * that nobody has recalled. It does not know of a recall: while both versions run, content that was sealed could still
 * be opened through it, so recalls are agreed to once every process is of this version.
 */
export async function up(knex: Knex, roles: DatabaseRoles): Promise<void> {
  await addRecall(knex)
  await createOrders(knex, roles)
  await createRequests(knex, roles)
  await createLinks(knex, roles)
  await setEnds(knex, ['contributed', 'replaced', 'completed', 'recalled'])
}

async function addRecall(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table documents
      add column business_type smallint not null default 0 check (business_type between 0 and 3),
      add column recall text check (recall in ('ordered', 'requested', 'agreed', 'declined')),
      add column replaced_by uuid,
      add constraint documents_recall_side
        check (recall is null or (direction = 'outgoing') = (recall = 'ordered'))
  `)
  await knex.raw(`comment on column documents.business_type is
    'BussinessDocType of the message that brought it: 0 new, 1 recall, 2 update, 3 replacement'`)
  await knex.raw(`comment on column documents.recall is
    'outgoing: ordered = frozen. incoming: requested = held until the clerk answers, agreed = sealed, declined'`)
  await knex.raw(`comment on column documents.replaced_by is
    'The document of this agency that the issuer has put in its place'`)
  // What is frozen or sealed stays so, whoever asks.
  await knex.raw(`
    create function documents_recall_guard() returns trigger language plpgsql as $$
    begin
      if old.recall in ('ordered', 'agreed') and new.recall is distinct from old.recall then
        raise exception 'a recall is never taken back' using errcode = '42501';
      end if;
      return new;
    end $$
  `)
  await knex.raw(`
    create trigger documents_recall_guard before update of recall on documents
    for each row execute function documents_recall_guard()
  `)
}

async function createOrders(knex: Knex, roles: DatabaseRoles): Promise<void> {
  await knex.raw(`
    create table recall_orders (
      agency_id uuid not null,
      id uuid not null,
      document_id uuid not null,
      notice_id uuid,
      envelope_sha256 text check (envelope_sha256 ~ '^[0-9a-f]{64}$'),
      reason text not null check (length(reason) between 1 and 500),
      recipients jsonb not null,
      ordered_by uuid not null,
      ordered_by_name text not null,
      ordered_at timestamptz not null,
      primary key (agency_id, id),
      foreign key (agency_id, document_id) references documents (agency_id, id),
      foreign key (agency_id, notice_id) references documents (agency_id, id),
      check ((notice_id is null) = (envelope_sha256 is null))
    )
  `)
  await knex.raw(`comment on table recall_orders is
    'What an agency has recalled of its own. recipients: [{code, way}], way cancelled = it never left, notice = asked by envelope_sha256'`)
  await knex.raw('create index recall_orders_of on recall_orders (agency_id, document_id, ordered_at)')
  await knex.raw('create index recall_orders_notice on recall_orders (agency_id, notice_id)')
  await enableTenancy(knex, roles, 'recall_orders', 'select, insert')
}

async function createRequests(knex: Knex, roles: DatabaseRoles): Promise<void> {
  await knex.raw(`
    create table incoming_requests (
      agency_id uuid not null,
      id uuid not null,
      notice_id uuid not null,
      business_type smallint not null check (business_type in (1, 2)),
      sender_code text not null,
      target_code text not null check (length(target_code) between 1 and 800),
      target_key text not null check (target_key ~ '^[0-9a-f]{64}$'),
      target_id uuid,
      reason text check (length(reason) between 1 and 2000),
      change jsonb,
      previous jsonb,
      state text not null check (state in ('waiting', 'open', 'agreed', 'declined')),
      requested_at timestamptz not null,
      decided_by uuid,
      decided_by_name text,
      decided_at timestamptz,
      decision text check (length(decision) between 1 and 500),
      primary key (agency_id, id),
      unique (agency_id, notice_id),
      foreign key (agency_id, notice_id) references documents (agency_id, id),
      foreign key (agency_id, target_id) references documents (agency_id, id),
      check ((state = 'waiting') = (target_id is null)),
      check ((state in ('agreed', 'declined')) = (decided_at is not null))
    )
  `)
  await knex.raw(`comment on table incoming_requests is
    'What a sender asks of a document that it sent: to give it up (1) or to change what was said of it (2). waiting = no document of this sender with that DocumentId is here yet'`)
  await knex.raw(
    `comment on column incoming_requests.previous is 'Of an agreed update: what stood there before'`,
  )
  await knex.raw(`
    create index incoming_requests_waiting on incoming_requests (agency_id, target_key) where state = 'waiting'
  `)
  await knex.raw(
    'create index incoming_requests_of on incoming_requests (agency_id, target_id, requested_at)',
  )
  await enableTenancy(knex, roles, 'incoming_requests', 'select, insert, update')
}

async function createLinks(knex: Knex, roles: DatabaseRoles): Promise<void> {
  await knex.raw(`
    create table document_links (
      agency_id uuid not null,
      document_id uuid not null,
      kind text not null check (kind in ('replaces', 'corrects')),
      target_code text not null check (length(target_code) between 1 and 800),
      target_key text not null check (target_key ~ '^[0-9a-f]{64}$'),
      target_id uuid,
      linked_at timestamptz,
      primary key (agency_id, document_id, kind, target_key),
      foreign key (agency_id, document_id) references documents (agency_id, id),
      foreign key (agency_id, target_id) references documents (agency_id, id),
      check ((target_id is null) = (linked_at is null))
    )
  `)
  await knex.raw(`comment on table document_links is
    'A document that replaces or corrects another of the same issuer; target_id is null while that one is not here'`)
  await knex.raw(
    'create index document_links_waiting on document_links (agency_id, target_key) where target_id is null',
  )
  await knex.raw('create index document_links_to on document_links (agency_id, target_id)')
  await enableTenancy(knex, roles, 'document_links', 'select, insert, update')
}

/** How somebody's part in handling may end. */
async function setEnds(knex: Knex, ends: readonly string[]): Promise<void> {
  const list = ends.map((one) => `'${one}'`).join(', ')
  await knex.raw(`
    alter table handling_parties
      drop constraint handling_parties_ended_as_check,
      add constraint handling_parties_ended_as_check check (ended_as in (${list}))
  `)
}

export async function down(knex: Knex): Promise<void> {
  // The older form has no word for it.
  await knex.raw('alter table handling_parties no force row level security')
  await knex.raw(`update handling_parties set ended_as = 'replaced' where ended_as = 'recalled'`)
  await knex.raw('alter table handling_parties force row level security')
  await setEnds(knex, ['contributed', 'replaced', 'completed'])
  for (const table of ['document_links', 'incoming_requests', 'recall_orders']) {
    await knex.raw('drop table ??', [table])
  }
  await knex.raw('drop trigger documents_recall_guard on documents')
  await knex.raw('drop function documents_recall_guard()')
  await knex.raw(`
    alter table documents
      drop constraint documents_recall_side, drop column business_type, drop column recall, drop column replaced_by
  `)
}
