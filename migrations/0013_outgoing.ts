import type { Knex } from 'knex'
import type { DatabaseRoles } from '../server/db.ts'
import { enableTenancy } from './0001_tenancy.ts'

/**
 * What the records office does with an outgoing document before it goes out: what is said of it beside what stands
 * on the page, to whom it was presented for signing, checks, remarks, written authorisations; and an agency's settings.
 *
 * A presentation that was closed, a check and a comment are never changed: they are the history of the document
 * (NĐ 30/2020 Phụ lục VI, III.5a).
 */
export async function up(knex: Knex, roles: DatabaseRoles): Promise<void> {
  await widenDocuments(knex)
  await createSettings(knex, roles)
  await createAuthorisations(knex, roles)
  await createPresentations(knex, roles)
  await createChecks(knex, roles)
  await carryOver(knex)
  await createGuards(knex)
  await createHistory(knex)
}

/** The log knows every act on a document: its history is one walk along an index. */
async function createHistory(knex: Knex): Promise<void> {
  await knex.raw(`
    create function congvan_log_subject(entry bytea) returns text language sql immutable parallel safe strict
    as $$ select convert_from(entry, 'UTF8')::json ->> 'subject' $$
  `)
  await knex.raw(`
    alter table log_entries add column subject text generated always as (congvan_log_subject(entry)) stored
  `)
  await knex.raw('create index log_entries_of_subject on log_entries (agency_id, subject, position)')
}

const states = (outgoing: string) => `
  direction = 'outgoing' and state in (${outgoing})
  or direction = 'incoming' and state in
    ('arrived', 'verified', 'failed-verification', 'accepted', 'refused', 'assigned', 'processing', 'completed')`
const BEFORE = "'quarantined', 'draft', 'signed', 'numbered', 'issued', 'dispatched', 'cancelled'"

async function widenDocuments(knex: Knex): Promise<void> {
  await dropStateCheck(knex)
  await knex.raw(`
    alter table documents
      add constraint documents_states check (${states(`${BEFORE}, 'presented'`)}),
      add column in_reply_to uuid,
      add column transmission text not null default 'electronic' check (transmission in ('electronic', 'parallel')),
      add column paper_reason text check (length(paper_reason) between 1 and 500),
      add column paper_copies integer not null default 0 check (paper_copies between 0 and 100000),
      add column paper_recipients jsonb not null default '[]',
      add column kept_by text check (length(kept_by) between 1 and 200),
      add column kept_copies integer not null default 0 check (kept_copies between 0 and 1000),
      add column drafting_unit text check (length(drafting_unit) between 1 and 200),
      add column drafting_assigned_by text check (length(drafting_assigned_by) between 1 and 200),
      add column content_changed_at timestamptz,
      add column signed_at timestamptz,
      add column numbered_by uuid,
      add column issued_at timestamptz,
      add column dispatched_at timestamptz,
      add constraint documents_answer foreign key (agency_id, in_reply_to) references documents (agency_id, id),
      add constraint documents_paper check (transmission = 'parallel' or paper_copies = 0 and paper_reason is null)
  `)
  await knex.raw(`comment on column documents.transmission is
    'electronic: as an electronic document only; parallel: with paper beside it (NĐ 30/2020 art 19; Luật GDĐT art 42.2)'`)
  await knex.raw(`comment on column documents.content_changed_at is
    'When file or metadata of the draft were last changed: checks made before do not count any more'`)
  await knex.raw(`
    create index documents_answering on documents (agency_id, in_reply_to) where in_reply_to is not null
  `)
  await knex.raw(`
    create index documents_not_dispatched on documents (agency_id, signed_at, id)
    where direction = 'outgoing' and state in ('signed', 'numbered', 'issued')
  `)
  await knex.raw(`
    create index documents_same_code on documents (agency_id, code_number, code_notation)
    where direction = 'outgoing' and code_number is not null
  `)
}

async function dropStateCheck(knex: Knex): Promise<void> {
  const { rows } = await knex.raw(`
    select conname from pg_constraint
    where conrelid = 'documents'::regclass and contype = 'c'
      and pg_get_constraintdef(oid) like '%quarantined%'
  `)
  for (const row of rows) await knex.raw('alter table documents drop constraint ??', [row.conname])
}

async function createSettings(knex: Knex, roles: DatabaseRoles): Promise<void> {
  await knex.raw(`
    create table agency_settings (
      agency_id uuid primary key,
      settings jsonb not null,
      version integer not null default 1 check (version > 0),
      changed_by uuid not null,
      changed_at timestamptz not null
    )
  `)
  await enableTenancy(knex, roles, 'agency_settings', 'select, insert, update')
}

/** Quyền ký thay, ký thừa lệnh, ký thừa ủy quyền (NĐ 30/2020 art 13). */
async function createAuthorisations(knex: Knex, roles: DatabaseRoles): Promise<void> {
  await knex.raw(`
    create table signing_authorisations (
      agency_id uuid not null,
      id uuid not null,
      prefix text not null check (prefix in ('KT.', 'TL.', 'TUQ.')),
      holder_id uuid not null,
      holder_name text not null check (length(holder_name) between 1 and 200),
      basis text not null check (length(basis) between 1 and 300),
      basis_document uuid,
      scope text not null check (length(scope) between 1 and 1000),
      kinds jsonb not null default '[]',
      valid_from date not null,
      valid_to date check (valid_to >= valid_from),
      granted_by uuid not null,
      granted_at timestamptz not null,
      revoked_by uuid,
      revoked_at timestamptz,
      primary key (agency_id, id),
      foreign key (agency_id, basis_document) references documents (agency_id, id),
      check (prefix <> 'TUQ.' or valid_to is not null),
      check ((revoked_by is null) = (revoked_at is null))
    )
  `)
  await knex.raw(`
    comment on column signing_authorisations.basis is
      'Số, ký hiệu, ngày of the authorisation or rule; kinds: kinds of document it covers, none = every kind'
  `)
  await knex.raw('create index signing_authorisations_of on signing_authorisations (agency_id, holder_id)')
  await enableTenancy(knex, roles, 'signing_authorisations', 'select, insert')
  await knex.raw('grant update (revoked_by, revoked_at) on signing_authorisations to ??', [roles.tenant])
}

async function createPresentations(knex: Knex, roles: DatabaseRoles): Promise<void> {
  await knex.raw(`
    create table document_presentations (
      agency_id uuid not null,
      document_id uuid not null,
      round integer not null check (round > 0),
      revision integer not null,
      presented_by uuid not null,
      presented_by_name text not null,
      presented_at timestamptz not null,
      note text check (length(note) between 1 and 1000),
      outcome text check (outcome in ('returned', 'withdrawn', 'superseded', 'signed', 'cancelled')),
      remark text check (length(remark) between 1 and 1000),
      closed_by uuid,
      closed_by_name text,
      closed_at timestamptz,
      primary key (agency_id, document_id, round),
      foreign key (agency_id, document_id, revision)
        references document_revisions (agency_id, document_id, revision),
      check ((outcome is null) = (closed_at is null)),
      check (outcome is distinct from 'returned' or remark is not null)
    )
  `)
  await knex.raw(`
    create unique index one_open_presentation on document_presentations (agency_id, document_id)
    where outcome is null
  `)
  await knex.raw(`
    create table document_signers (
      agency_id uuid not null,
      document_id uuid not null,
      round integer not null,
      position smallint not null check (position between 1 and 20),
      user_id uuid not null,
      name text not null check (length(name) between 1 and 200),
      title text check (length(title) between 1 and 400),
      competence text check (length(competence) between 1 and 400),
      authorisation_id uuid,
      signed_revision integer,
      signed_at timestamptz,
      primary key (agency_id, document_id, round, position),
      foreign key (agency_id, document_id, round)
        references document_presentations (agency_id, document_id, round),
      foreign key (agency_id, authorisation_id) references signing_authorisations (agency_id, id),
      check ((signed_revision is null) = (signed_at is null))
    )
  `)
  await knex.raw(`
    create index document_signers_waiting on document_signers (agency_id, user_id)
    where signed_revision is null
  `)
  await enableTenancy(knex, roles, 'document_presentations', 'select, insert')
  await enableTenancy(knex, roles, 'document_signers', 'select, insert')
  await knex.raw(
    'grant update (outcome, remark, closed_by, closed_by_name, closed_at) on document_presentations to ??',
    [roles.tenant],
  )
  await knex.raw('grant update (signed_revision, signed_at) on document_signers to ??', [roles.tenant])
}

async function createChecks(knex: Knex, roles: DatabaseRoles): Promise<void> {
  await knex.raw(`
    create table document_checks (
      agency_id uuid not null,
      document_id uuid not null,
      id uuid not null,
      kind text not null check (kind in ('content', 'form')),
      revision integer not null,
      passed boolean not null,
      remark text check (length(remark) between 1 and 1000),
      checked_by uuid not null,
      checked_by_name text not null,
      checked_at timestamptz not null,
      position bigint generated always as identity,
      primary key (agency_id, id),
      foreign key (agency_id, document_id, revision)
        references document_revisions (agency_id, document_id, revision),
      check (passed or remark is not null)
    )
  `)
  await knex.raw('create index document_checks_of on document_checks (agency_id, document_id, position)')
  await knex.raw(`
    create table document_comments (
      agency_id uuid not null,
      document_id uuid not null,
      id uuid not null,
      revision integer,
      comment text not null check (length(comment) between 1 and 2000),
      author_id uuid not null,
      author_name text not null,
      made_at timestamptz not null,
      position bigint generated always as identity,
      primary key (agency_id, id),
      foreign key (agency_id, document_id) references documents (agency_id, id)
    )
  `)
  await knex.raw('create index document_comments_of on document_comments (agency_id, document_id, position)')
  await enableTenancy(knex, roles, 'document_checks', 'select, insert')
  await enableTenancy(knex, roles, 'document_comments', 'select, insert')
}

/**
 * When documents from before were signed, issued and dispatched: without it none of them would ever be late. The owner
 * sees rows only while security is not forced on it.
 */
async function carryOver(knex: Knex): Promise<void> {
  const tables = ['documents', 'document_revisions']
  for (const table of tables) await knex.raw('alter table ?? no force row level security', [table])
  await knex.raw(`
    update documents d set
      signed_at = case when d.state in ('signed', 'numbered', 'issued', 'dispatched') then r.signed_at end,
      numbered_by = r.numbered_by,
      issued_at = r.issued_at,
      dispatched_at = case when d.state = 'dispatched' then d.updated_at end
    from (
      select agency_id, document_id, max(added_at) filter (where kind = 'individual') as signed_at,
        (array_agg(added_by order by revision) filter (where kind = 'fill'))[1] as numbered_by,
        max(added_at) filter (where kind = 'issued') as issued_at
      from document_revisions group by agency_id, document_id) r
    where d.direction = 'outgoing' and r.agency_id = d.agency_id and r.document_id = d.id
  `)
  for (const table of tables) await knex.raw('alter table ?? force row level security', [table])
}

async function createGuards(knex: Knex): Promise<void> {
  await knex.raw(`
    create function document_presentations_guard() returns trigger language plpgsql as $$
    begin
      if old.outcome is not null then
        raise exception 'a presentation that was closed is never changed' using errcode = '42501';
      end if;
      return new;
    end $$
  `)
  await knex.raw(`
    create trigger document_presentations_guard before update on document_presentations
    for each row execute function document_presentations_guard()
  `)
  await knex.raw(`
    create function document_signers_guard() returns trigger language plpgsql as $$
    begin
      if old.signed_revision is not null then
        raise exception 'who has signed is never changed' using errcode = '42501';
      end if;
      return new;
    end $$
  `)
  await knex.raw(`
    create trigger document_signers_guard before update on document_signers
    for each row execute function document_signers_guard()
  `)
  await knex.raw(`
    create function documents_outgoing_guard() returns trigger language plpgsql as $$
    begin
      if old.direction = 'outgoing' and old.state in ('issued', 'dispatched')
         and (new.in_reply_to, new.drafting_unit, new.signed_at, new.numbered_by, new.issued_at)
           is distinct from
             (old.in_reply_to, old.drafting_unit, old.signed_at, old.numbered_by, old.issued_at) then
        raise exception 'an issued document is never changed' using errcode = '42501';
      end if;
      return new;
    end $$
  `)
  await knex.raw(`
    create trigger documents_outgoing_guard before update on documents
    for each row execute function documents_outgoing_guard()
  `)
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop index log_entries_of_subject')
  await knex.raw('alter table log_entries drop column subject')
  await knex.raw('drop function congvan_log_subject(bytea)')
  await knex.raw('drop trigger documents_outgoing_guard on documents')
  await knex.raw('drop function documents_outgoing_guard()')
  for (const table of [
    'document_comments',
    'document_checks',
    'document_signers',
    'document_presentations',
    'signing_authorisations',
    'agency_settings',
  ]) {
    await knex.raw('drop table ??', [table])
  }
  await knex.raw('drop function document_signers_guard()')
  await knex.raw('drop function document_presentations_guard()')
  await knex.raw('drop index documents_same_code')
  await knex.raw('drop index documents_not_dispatched')
  await knex.raw('drop index documents_answering')
  await dropStateCheck(knex)
  // The older program knows no presented documents: they are drafts for it.
  await knex.raw('alter table documents no force row level security')
  await knex.raw("update documents set state = 'draft' where state = 'presented'")
  await knex.raw('alter table documents force row level security')
  await knex.raw(`
    alter table documents
      add constraint documents_states check (${states(BEFORE)}),
      drop constraint documents_paper,
      drop constraint documents_answer,
      drop column dispatched_at,
      drop column issued_at,
      drop column numbered_by,
      drop column signed_at,
      drop column content_changed_at,
      drop column drafting_assigned_by,
      drop column drafting_unit,
      drop column kept_copies,
      drop column kept_by,
      drop column paper_recipients,
      drop column paper_copies,
      drop column paper_reason,
      drop column transmission,
      drop column in_reply_to
  `)
}
