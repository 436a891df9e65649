import type { Knex } from 'knex'
import type { DatabaseRoles } from '../server/db.ts'
import { enableTenancy } from './0001_tenancy.ts'

/**
 * Who may see which document, and dossiers (NĐ 30/2020 Phụ lục VI, III.3b, III.4; arts 28-30).
 *
 * A right is a row that is never removed: it is withdrawn. `document_created_at` repeats the document's own time, so
 * that "what this user may see, newest first" is one walk along an index however many documents the agency has.
 */
export async function up(knex: Knex, roles: DatabaseRoles): Promise<void> {
  await knex.raw('alter table documents add column restricted boolean not null default false')
  await knex.raw(`
    comment on column documents.restricted is
      'Only people with a right of their own see it, whatever their role'
  `)
  await createAccess(knex, roles)
  await createReads(knex, roles)
  await createListIndexes(knex)
  await createDossiers(knex, roles)
  await grantToThoseWhoMade(knex)
}

async function createAccess(knex: Knex, roles: DatabaseRoles): Promise<void> {
  await knex.raw(`
    create table document_access (
      agency_id uuid not null,
      id uuid not null default gen_random_uuid(),
      document_id uuid not null,
      document_created_at timestamptz not null,
      user_id uuid not null,
      granted_as text not null
        check (granted_as in ('drafter', 'signer', 'assignee', 'handler', 'permitted', 'dossier')),
      dossier_id uuid,
      granted_by uuid,
      granted_at timestamptz not null,
      reason text check (length(reason) between 1 and 500),
      withdrawn_by uuid,
      withdrawn_at timestamptz,
      withdraw_reason text check (length(withdraw_reason) between 1 and 500),
      primary key (agency_id, id),
      foreign key (agency_id, document_id) references documents (agency_id, id) on delete cascade,
      check ((granted_as = 'dossier') = (dossier_id is not null)),
      check ((withdrawn_at is null) = (withdraw_reason is null))
    )
  `)
  await knex.raw(`
    comment on column document_access.granted_by is 'Null: given by the node itself or when this table was made'
  `)
  // One right of a kind at a time; through each dossier one.
  await knex.raw(`
    create unique index document_access_live on document_access
      (agency_id, document_id, user_id, granted_as, dossier_id) nulls not distinct
    where withdrawn_at is null
  `)
  await knex.raw(`
    create index document_access_of_user on document_access
      (agency_id, user_id, document_created_at desc, document_id desc)
    where withdrawn_at is null
  `)
  await knex.raw(`
    create index document_access_by_dossier on document_access (agency_id, dossier_id, document_id)
    where withdrawn_at is null and dossier_id is not null
  `)
  await enableTenancy(knex, roles, 'document_access', 'select, insert')
  await knex.raw('grant update (withdrawn_by, withdrawn_at, withdraw_reason) on document_access to ??', [
    roles.tenant,
  ])
}

/** One index for each filter of the list of documents, all in the order of the list. */
async function createListIndexes(knex: Knex): Promise<void> {
  for (const column of ['direction', 'state', 'kind', 'sender_code', 'urgency']) {
    await knex.raw(`
      create index documents_by_${column} on documents (agency_id, ${column}, created_at desc, id desc)
    `)
  }
  await knex.raw(`
    create index documents_by_date on documents (agency_id, promulgation_date desc, id desc)
    where promulgation_date is not null
  `)
  await knex.raw(`
    create index documents_restricted on documents (agency_id, created_at desc, id desc) where restricted
  `)
  await knex.raw('create index deliveries_by_recipient on deliveries (agency_id, recipient, document_id)')
}

/** Who has read what of a document, when and from where (Phụ lục VI, III.6l): never changed or removed. */
async function createReads(knex: Knex, roles: DatabaseRoles): Promise<void> {
  await knex.raw(`
    create table document_reads (
      agency_id uuid not null,
      id uuid not null,
      document_id uuid not null,
      user_id uuid not null,
      read_at timestamptz not null,
      part text not null check (length(part) between 1 and 40),
      revision integer,
      remote_address text check (length(remote_address) <= 64),
      primary key (agency_id, id),
      foreign key (agency_id, document_id) references documents (agency_id, id)
    )
  `)
  await knex.raw(`
    create index document_reads_of on document_reads (agency_id, document_id, read_at desc, id desc)
  `)
  await enableTenancy(knex, roles, 'document_reads', 'select, insert')
}

async function createDossiers(knex: Knex, roles: DatabaseRoles): Promise<void> {
  await knex.raw(`
    create table dossiers (
      agency_id uuid not null,
      id uuid not null,
      code text not null check (length(code) between 1 and 120),
      year integer not null check (year between 2000 and 9999),
      notation text not null check (length(notation) between 1 and 60),
      title text not null check (length(title) between 1 and 1000),
      retention_years integer check (retention_years between 1 and 999),
      in_catalogue boolean not null default false,
      maker uuid not null,
      language text not null default 'vi' check (length(language) between 2 and 50),
      started_on date not null,
      ended_on date check (ended_on >= started_on),
      restricted boolean not null default false,
      state text not null default 'open' check (state in ('open', 'closed')),
      version integer not null default 1,
      created_at timestamptz not null,
      closed_at timestamptz,
      closed_by uuid,
      primary key (agency_id, id),
      unique (agency_id, year, notation),
      check ((state = 'closed') = (closed_at is not null and closed_by is not null and ended_on is not null))
    )
  `)
  await knex.raw(`comment on column dossiers.retention_years is 'Null: vĩnh viễn'`)
  await knex.raw('create index dossiers_by_time on dossiers (agency_id, created_at desc, id desc)')
  await knex.raw('create index dossiers_of_maker on dossiers (agency_id, maker, created_at desc, id desc)')
  await enableTenancy(knex, roles, 'dossiers', 'select, insert, update')
  await knex.raw(`
    create trigger dossiers_version before update on dossiers
    for each row execute function congvan_next_version()
  `)
  await knex.raw(`
    create function dossiers_guard() returns trigger language plpgsql as $$
    begin
      if old.state = 'closed'
         and (new.code, new.title, new.retention_years, new.maker, new.language, new.started_on, new.ended_on,
              new.state, new.closed_at, new.closed_by)
           is distinct from
             (old.code, old.title, old.retention_years, old.maker, old.language, old.started_on, old.ended_on,
              old.state, old.closed_at, old.closed_by) then
        raise exception 'a closed dossier is never changed' using errcode = '42501';
      end if;
      return new;
    end $$
  `)
  await knex.raw(`
    create trigger dossiers_guard before update on dossiers
    for each row execute function dossiers_guard()
  `)
  await knex.raw(`
    create table dossier_members (
      agency_id uuid not null,
      id uuid not null,
      dossier_id uuid not null,
      user_id uuid not null,
      role text not null check (role in ('reader', 'keeper')),
      granted_by uuid not null,
      granted_at timestamptz not null,
      reason text check (length(reason) between 1 and 500),
      withdrawn_by uuid,
      withdrawn_at timestamptz,
      withdraw_reason text check (length(withdraw_reason) between 1 and 500),
      primary key (agency_id, id),
      foreign key (agency_id, dossier_id) references dossiers (agency_id, id),
      check ((withdrawn_at is null) = (withdraw_reason is null))
    )
  `)
  await knex.raw(`
    create unique index dossier_members_live on dossier_members (agency_id, user_id, dossier_id)
    where withdrawn_at is null
  `)
  await knex.raw('create index dossier_members_of on dossier_members (agency_id, dossier_id)')
  await enableTenancy(knex, roles, 'dossier_members', 'select, insert')
  await knex.raw('grant update (withdrawn_by, withdrawn_at, withdraw_reason) on dossier_members to ??', [
    roles.tenant,
  ])
  await createFiled(knex, roles)
}

async function createFiled(knex: Knex, roles: DatabaseRoles): Promise<void> {
  await knex.raw(`
    create table dossier_documents (
      agency_id uuid not null,
      id uuid not null,
      dossier_id uuid not null,
      document_id uuid not null,
      ordinal integer check (ordinal > 0),
      note text check (length(note) between 1 and 500),
      filed_by uuid not null,
      filed_at timestamptz not null,
      removed_by uuid,
      removed_at timestamptz,
      remove_reason text check (length(remove_reason) between 1 and 500),
      primary key (agency_id, id),
      foreign key (agency_id, dossier_id) references dossiers (agency_id, id),
      foreign key (agency_id, document_id) references documents (agency_id, id),
      check ((removed_at is null) = (remove_reason is null))
    )
  `)
  await knex.raw(`
    comment on column dossier_documents.ordinal is
      'Set when the dossier is closed; until then the order is that of the dates of the documents'
  `)
  await knex.raw(`
    create unique index dossier_documents_live on dossier_documents (agency_id, dossier_id, document_id)
    where removed_at is null
  `)
  await knex.raw(`
    create index dossier_documents_of on dossier_documents (agency_id, document_id) where removed_at is null
  `)
  await enableTenancy(knex, roles, 'dossier_documents', 'select, insert')
  await knex.raw('grant update (ordinal, removed_by, removed_at, remove_reason) on dossier_documents to ??', [
    roles.tenant,
  ])
  await knex.raw(`
    create function dossier_documents_guard() returns trigger language plpgsql as $$
    begin
      if exists (select from dossiers d where d.agency_id = new.agency_id and d.id = new.dossier_id
                   and d.state = 'closed') then
        raise exception 'a closed dossier is never changed' using errcode = '42501';
      end if;
      return new;
    end $$
  `)
  await knex.raw(`
    create trigger dossier_documents_guard before insert or update on dossier_documents
    for each row execute function dossier_documents_guard()
  `)
}

/** Who drafted or signed before there were rights keeps seeing what is theirs. */
async function grantToThoseWhoMade(knex: Knex): Promise<void> {
  const tables = ['documents', 'document_revisions', 'document_access']
  for (const table of tables) await knex.raw('alter table ?? no force row level security', [table])
  await knex.raw(`
    insert into document_access
      (agency_id, document_id, document_created_at, user_id, granted_as, granted_at)
    select agency_id, id, created_at, created_by, 'drafter', created_at
    from documents where created_by is not null
    union all
    select distinct on (d.agency_id, d.id, r.added_by)
      d.agency_id, d.id, d.created_at, r.added_by, 'signer', r.added_at
    from document_revisions r join documents d on d.agency_id = r.agency_id and d.id = r.document_id
    where r.kind = 'individual' and r.added_by is not null
  `)
  for (const table of tables) await knex.raw('alter table ?? force row level security', [table])
}

export async function down(knex: Knex): Promise<void> {
  for (const table of [
    'dossier_documents',
    'dossier_members',
    'dossiers',
    'document_reads',
    'document_access',
  ]) {
    await knex.raw('drop table ??', [table])
  }
  await knex.raw('drop function dossier_documents_guard()')
  await knex.raw('drop function dossiers_guard()')
  for (const index of [
    'documents_by_direction',
    'documents_by_state',
    'documents_by_kind',
    'documents_by_sender_code',
    'documents_by_urgency',
    'documents_by_date',
    'documents_restricted',
    'deliveries_by_recipient',
  ]) {
    await knex.raw('drop index ??', [index])
  }
  await knex.raw('alter table documents drop column restricted')
}
