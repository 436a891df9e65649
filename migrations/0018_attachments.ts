import type { Knex } from 'knex'
import type { DatabaseRoles } from '../server/db.ts'
import { enableTenancy } from './0001_tenancy.ts'

const SHA256 = `~ '^[0-9a-f]{64}$'`

/**
 * The separate files of a document, where a received one comes from, copies, who may decide them, and what was
 * passed on.
 *
 * The main file is not here: it grows by revisions, and its newest revision is position 1 of a document's files. So
 * documents that were there before have all their files already and nothing is carried over.
 */
export async function up(knex: Knex, roles: DatabaseRoles): Promise<void> {
  await documentFiles(knex)
  await provenance(knex)
  await copies(knex)
  await forwards(knex)
  await enableTenancy(knex, roles, 'document_files', 'select, insert, update, delete')
  await enableTenancy(knex, roles, 'document_provenance', 'select, insert')
  await enableTenancy(knex, roles, 'copy_authorities', 'select, insert, update')
  await enableTenancy(knex, roles, 'document_copies', 'select, insert, delete')
  await enableTenancy(knex, roles, 'document_forwards', 'select, insert')
}

async function documentFiles(knex: Knex): Promise<void> {
  await knex.raw(`
    create table document_files (
      agency_id uuid not null,
      document_id uuid not null,
      position integer not null check (position between 2 and 100),
      kind text not null check (kind in ('attachment', 'annex')),
      name text not null check (length(name) between 1 and 800),
      content_type text not null check (length(content_type) between 3 and 200),
      sha256 text not null check (sha256 ${SHA256}),
      length bigint not null check (length >= 0),
      added_by uuid,
      added_at timestamptz not null,
      signed_sha256 text check (signed_sha256 ${SHA256}),
      signed_length bigint check (signed_length > 0),
      signed_by uuid,
      signed_at timestamptz,
      signature_field text,
      signer_subject text,
      signer_fingerprint text check (signer_fingerprint ${SHA256}),
      indication text,
      sub_indication text,
      findings jsonb not null default '[]',
      report jsonb,
      primary key (agency_id, document_id, position),
      foreign key (agency_id, document_id) references documents (agency_id, id),
      check ((signed_sha256 is null) = (signed_length is null))
    )
  `)
  await knex.raw(`
    comment on column document_files.sha256 is
      'The bytes as they were attached or received; signed_sha256 are those with the signature of the own agency'
  `)
  await knex.raw(`
    create function document_files_guard() returns trigger language plpgsql as $$
    declare holding text;
    begin
      select d.state into holding from documents d
        where d.agency_id = coalesce(new.agency_id, old.agency_id)
          and d.id = coalesce(new.document_id, old.document_id);
      if tg_op <> 'UPDATE' then
        if holding not in ('quarantined', 'draft')
           and not (tg_op = 'INSERT' and holding = 'arrived') then
          raise exception 'the files of a document are those of its draft or its arrival' using errcode = '42501';
        end if;
        return coalesce(new, old);
      end if;
      if (new.agency_id, new.document_id, new.position, new.kind, new.name, new.content_type, new.sha256,
          new.length, new.added_by, new.added_at)
         is distinct from
         (old.agency_id, old.document_id, old.position, old.kind, old.name, old.content_type, old.sha256,
          old.length, old.added_by, old.added_at) then
        raise exception 'a file of a document is never changed' using errcode = '42501';
      end if;
      if (new.signed_sha256, new.signed_length) is distinct from (old.signed_sha256, old.signed_length)
         and (old.signed_sha256 is not null or holding <> 'numbered') then
        raise exception 'a file is signed once, between numbering and issue' using errcode = '42501';
      end if;
      return new;
    end $$
  `)
  await knex.raw(`
    create trigger document_files_guard before insert or update or delete on document_files
    for each row execute function document_files_guard()
  `)
}

/** What the envelope of a received document says of its way and its kind; one row for each arrival. */
async function provenance(knex: Knex): Promise<void> {
  await knex.raw(`
    create table document_provenance (
      agency_id uuid not null,
      document_id uuid not null,
      trace jsonb not null,
      origin_code text check (length(origin_code) between 1 and 35),
      copy_form text check (copy_form in ('sao-y', 'sao-luc', 'trich-sao')),
      copy_part text check (length(copy_part) <= 4000),
      source_document_code text check (length(source_document_code) <= 1000),
      missing jsonb not null default '[]',
      primary key (agency_id, document_id),
      foreign key (agency_id, document_id) references documents (agency_id, id)
    )
  `)
  await knex.raw(`
    comment on column document_provenance.origin_code is
      'The agency that sent the document first, where another one has passed it on; null otherwise'
  `)
}

async function copies(knex: Knex): Promise<void> {
  await knex.raw(`
    create table copy_authorities (
      agency_id uuid not null,
      id uuid not null,
      user_id uuid,
      name text not null check (length(name) between 1 and 50),
      position text not null check (length(position) between 1 and 100),
      competence text check (length(competence) between 1 and 100),
      valid_from date not null,
      valid_to date check (valid_to > valid_from),
      granted_by uuid not null,
      granted_at timestamptz not null,
      primary key (agency_id, id)
    )
  `)
  await knex.raw(`
    comment on table copy_authorities is
      'Who may decide and sign copies, and when: valid_to is the first day on which he may no longer (NĐ 30/2020 art 27.1)'
  `)
  await knex.raw(`
    create table document_copies (
      agency_id uuid not null,
      id uuid not null,
      form text not null check (form in ('sao-y', 'sao-luc', 'trich-sao')),
      source_medium text not null check (source_medium in ('paper', 'electronic')),
      result_medium text not null check (result_medium in ('paper', 'electronic')),
      document_id uuid,
      source_document_id uuid,
      source_copy_id uuid,
      source_sha256 text check (source_sha256 ${SHA256}),
      source jsonb not null,
      part text check (length(part) between 1 and 4000),
      copies integer not null check (copies between 1 and 999),
      authority_id uuid not null,
      decided_by text not null,
      decided_on date not null,
      made_by uuid not null,
      made_at timestamptz not null,
      year integer,
      number integer check (number > 0),
      notation text,
      primary key (agency_id, id),
      unique (agency_id, document_id),
      foreign key (agency_id, document_id) references documents (agency_id, id),
      foreign key (agency_id, source_document_id) references documents (agency_id, id),
      foreign key (agency_id, source_copy_id) references document_copies (agency_id, id),
      foreign key (agency_id, authority_id) references copy_authorities (agency_id, id),
      check ((result_medium = 'electronic') = (document_id is not null)),
      check ((form = 'trich-sao') = (part is not null)),
      check ((result_medium = 'paper') = (number is not null))
    )
  `)
  await knex.raw(`
    create function document_copies_guard() returns trigger language plpgsql as $$
    begin
      if not exists (
        select from documents d
        where d.agency_id = old.agency_id and d.id = old.document_id and d.state = 'quarantined'
      ) then
        raise exception 'a copy outside quarantine is never removed' using errcode = '42501';
      end if;
      return old;
    end $$
  `)
  await knex.raw(`
    create trigger document_copies_guard before delete on document_copies
    for each row execute function document_copies_guard()
  `)
  await knex.raw('create index document_copies_by_time on document_copies (agency_id, made_at desc, id desc)')
  await knex.raw(`
    create index document_copies_of on document_copies (agency_id, source_document_id, made_at)
  `)
}

async function forwards(knex: Knex): Promise<void> {
  await knex.raw(`
    create table document_forwards (
      agency_id uuid not null,
      id uuid not null,
      document_id uuid not null,
      envelope_sha256 text not null check (envelope_sha256 ${SHA256}),
      recipients jsonb not null,
      forwarded_by uuid not null,
      forwarded_at timestamptz not null,
      override_reason text check (length(override_reason) between 1 and 500),
      primary key (agency_id, id),
      foreign key (agency_id, document_id) references documents (agency_id, id)
    )
  `)
  await knex.raw(`
    create index document_forwards_of on document_forwards (agency_id, document_id, forwarded_at)
  `)
}

export async function down(knex: Knex): Promise<void> {
  for (const table of [
    'document_forwards',
    'document_copies',
    'copy_authorities',
    'document_provenance',
    'document_files',
  ]) {
    await knex.raw('drop table ??', [table])
  }
  await knex.raw('drop function document_copies_guard()')
  await knex.raw('drop function document_files_guard()')
}
