import type { Knex } from 'knex'
import type { DatabaseRoles } from '../server/db.ts'
import { enableTenancy } from './0001_tenancy.ts'

/**
 * Documents of an agency, the revisions of their bytes, the reports of verification and the assignments.
 *
 * Outside quarantine nothing of a document can be removed and no revision can be changed: triggers refuse it,
 * whoever asks. What identifies an issued or received document is frozen the same way. Lengths here are wider than
 * those that the agency's own documents are held to: what arrives is kept as it came.
 */
export async function up(knex: Knex, roles: DatabaseRoles): Promise<void> {
  await createDocuments(knex)
  await createRevisions(knex)
  await createReports(knex)
  await createAssignments(knex)
  await createPendingVerifications(knex, roles)
  await createGuards(knex)
  await enableTenancy(knex, roles, 'documents', 'select, insert, update, delete')
  await enableTenancy(knex, roles, 'document_revisions', 'select, insert, delete')
  await enableTenancy(knex, roles, 'document_reports', 'select, insert')
  await enableTenancy(knex, roles, 'document_assignments', 'select, insert')
}

async function createDocuments(knex: Knex): Promise<void> {
  await knex.raw(`
    create table documents (
      agency_id uuid not null,
      id uuid not null,
      direction text not null check (direction in ('outgoing', 'incoming')),
      state text not null,
      kind text not null check (length(kind) between 1 and 400),
      subject text not null check (length(subject) between 1 and 2000),
      code_number text check (length(code_number) between 1 and 50),
      code_notation text not null check (length(code_notation) between 1 and 100),
      promulgation_date date,
      place text check (length(place) between 1 and 200),
      urgency smallint not null check (urgency between 0 and 9),
      due_date date,
      signer_name text not null check (length(signer_name) between 1 and 200),
      signer_position text check (length(signer_position) between 1 and 400),
      signer_competence text check (length(signer_competence) between 1 and 400),
      recipients jsonb not null default '[]',
      document_code text check (length(document_code) between 1 and 800),
      created_by uuid,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      envelope_sha256 text check (envelope_sha256 ~ '^[0-9a-f]{64}$'),
      sender_code text check (length(sender_code) between 1 and 35),
      sender_name text check (length(sender_name) between 1 and 800),
      recipient_code text check (length(recipient_code) between 1 and 35),
      indication text,
      sub_indication text,
      sender_matches boolean,
      incoming_year integer,
      incoming_number integer check (incoming_number > 0),
      refusal_reason text,
      refusal_text text check (length(refusal_text) <= 500),
      primary key (agency_id, id),
      check (
        direction = 'outgoing' and state in
          ('quarantined', 'draft', 'signed', 'numbered', 'issued', 'dispatched', 'cancelled')
        or direction = 'incoming' and state in
          ('arrived', 'verified', 'failed-verification', 'accepted', 'refused', 'assigned', 'processing',
           'completed')
      ),
      check (state not in ('numbered', 'issued', 'dispatched')
             or code_number is not null and promulgation_date is not null),
      check (state not in ('issued', 'dispatched') or document_code is not null),
      check (state not in ('accepted', 'assigned', 'processing', 'completed') or incoming_number is not null),
      check ((state = 'refused') = (refusal_reason is not null)),
      check ((direction = 'incoming') = (envelope_sha256 is not null)),
      check (direction = 'outgoing' or sender_code is not null and recipient_code is not null)
    )
  `)
  await knex.raw('create index documents_by_time on documents (agency_id, created_at desc, id desc)')
  await knex.raw(`
    create unique index documents_of_envelope on documents (agency_id, envelope_sha256)
    where direction = 'incoming'
  `)
  await knex.raw(`
    create unique index documents_issued on documents (agency_id, document_code)
    where direction = 'outgoing' and document_code is not null
  `)
  await knex.raw(`
    create index documents_received on documents (agency_id, normalize(document_code, NFC))
    where direction = 'incoming'
  `)
}

async function createRevisions(knex: Knex): Promise<void> {
  await knex.raw(`
    create table document_revisions (
      agency_id uuid not null,
      document_id uuid not null,
      revision integer not null check (revision > 0),
      kind text not null check (kind in ('draft', 'individual', 'fill', 'issued', 'received')),
      sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
      length bigint not null check (length > 0),
      name text not null check (length(name) between 1 and 800),
      added_by uuid,
      added_at timestamptz not null,
      signature_field text,
      signer_subject text,
      signer_fingerprint text check (signer_fingerprint ~ '^[0-9a-f]{64}$'),
      indication text,
      sub_indication text,
      primary key (agency_id, document_id, revision),
      foreign key (agency_id, document_id) references documents (agency_id, id)
    )
  `)
}

async function createReports(knex: Knex): Promise<void> {
  await knex.raw(`
    create table document_reports (
      agency_id uuid not null,
      document_id uuid not null,
      revision integer not null,
      made_at timestamptz not null,
      policy jsonb not null,
      report jsonb not null,
      sender_matches boolean,
      primary key (agency_id, document_id, revision, made_at),
      foreign key (agency_id, document_id, revision)
        references document_revisions (agency_id, document_id, revision)
    )
  `)
  await knex.raw(`
    comment on column document_reports.policy is
      'Profile, time, and the SHA-256 of every trust anchor, certificate and CRL judged with; their bytes are files'
  `)
}

async function createAssignments(knex: Knex): Promise<void> {
  await knex.raw(`
    create table document_assignments (
      agency_id uuid not null,
      document_id uuid not null,
      id uuid not null,
      lead text not null check (length(lead) between 1 and 200),
      cooperating jsonb not null default '[]',
      instruction text not null default '' check (length(instruction) <= 1000),
      due_date date,
      assigned_by uuid not null,
      assigned_at timestamptz not null,
      primary key (agency_id, id),
      foreign key (agency_id, document_id) references documents (agency_id, id)
    )
  `)
  await knex.raw(
    'create index document_assignments_of on document_assignments (agency_id, document_id, assigned_at)',
  )
}

/** The node's own list of work to do: the ids alone, and nothing of the documents. */
async function createPendingVerifications(knex: Knex, roles: DatabaseRoles): Promise<void> {
  await knex.raw(`
    create table pending_verifications (
      agency_id uuid not null,
      document_id uuid not null,
      since timestamptz not null,
      next_at timestamptz not null,
      rounds integer not null default 0 check (rounds >= 0),
      primary key (agency_id, document_id)
    )
  `)
  await knex.raw(`
    comment on table pending_verifications is
      'Documents that arrived and are not verified yet; a job of theirs that was lost is put again at next_at'
  `)
  await knex.raw('create index pending_verifications_by_time on pending_verifications (next_at)')
  await knex.raw('grant select, insert, update, delete on pending_verifications to ??', [roles.node])
}

async function createGuards(knex: Knex): Promise<void> {
  await knex.raw(`
    create function documents_guard() returns trigger language plpgsql as $$
    begin
      if tg_op = 'DELETE' then
        if old.state <> 'quarantined' then
          raise exception 'a document outside quarantine is never removed' using errcode = '42501';
        end if;
        return old;
      end if;
      if (old.direction = 'incoming' or old.state in ('issued', 'dispatched'))
         and (new.direction, new.kind, new.subject, new.code_number, new.code_notation, new.promulgation_date,
              new.place, new.urgency, new.due_date, new.signer_name, new.signer_position,
              new.signer_competence, new.document_code, new.envelope_sha256, new.sender_code)
           is distinct from
             (old.direction, old.kind, old.subject, old.code_number, old.code_notation, old.promulgation_date,
              old.place, old.urgency, old.due_date, old.signer_name, old.signer_position,
              old.signer_competence, old.document_code, old.envelope_sha256, old.sender_code) then
        raise exception 'an issued or received document is never changed' using errcode = '42501';
      end if;
      return new;
    end $$
  `)
  await knex.raw(`
    create trigger documents_guard before update or delete on documents
    for each row execute function documents_guard()
  `)
  await knex.raw(`
    create function document_revisions_guard() returns trigger language plpgsql as $$
    begin
      if tg_op = 'UPDATE' or not exists (
        select from documents d
        where d.agency_id = old.agency_id and d.id = old.document_id and d.state = 'quarantined'
      ) then
        raise exception 'a revision outside quarantine is never changed or removed' using errcode = '42501';
      end if;
      return old;
    end $$
  `)
  await knex.raw(`
    create trigger document_revisions_guard before update or delete on document_revisions
    for each row execute function document_revisions_guard()
  `)
}

export async function down(knex: Knex): Promise<void> {
  for (const table of [
    'pending_verifications',
    'document_assignments',
    'document_reports',
    'document_revisions',
    'documents',
  ]) {
    await knex.raw('drop table ??', [table])
  }
  await knex.raw('drop function document_revisions_guard()')
  await knex.raw('drop function documents_guard()')
}
