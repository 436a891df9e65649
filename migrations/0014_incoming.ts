import type { Knex } from 'knex'
import type { DatabaseRoles } from '../server/db.ts'
import { enableTenancy } from './0001_tenancy.ts'

/**
 * What the records office does with an incoming document: what its clerk registers of it, what was found on it before
 * acceptance, and its handling: who leads, who co-operates, until when, with what instructions and which answer.
 *
 * Instructions, extensions and reminders are only added to (NĐ 30/2020 art 23.4): no role may change or remove them.
 */
export async function up(knex: Knex, roles: DatabaseRoles): Promise<void> {
  await widenDocuments(knex)
  await addKeys(knex)
  await createTaskIndexes(knex)
  await withholdSecrets(knex)
  await knex.raw('alter table document_reports add column examination jsonb')
  await knex.raw(`
    comment on column document_reports.examination is
      'Findings of authenticity, integrity and completeness; null for a report made before they were kept'
  `)
  await createRegistrations(knex, roles)
  await createHandling(knex, roles)
}

async function widenDocuments(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table documents
      add column registered_at timestamptz,
      add column handling_due date,
      add column handler_id uuid,
      add column handler_name text check (length(handler_name) between 1 and 200),
      add column secret_mark text check (length(secret_mark) between 1 and 20),
      add column code_key text check (code_key ~ '^[0-9a-f]{64}$'),
      add column symbol_key text check (symbol_key ~ '^[0-9a-f]{64}$'),
      add column urgency_rank smallint generated always as (9 - urgency) stored,
      add constraint documents_secret check (secret_mark is null or direction = 'incoming'
        and state in ('arrived', 'failed-verification', 'refused'))
  `)
  await knex.raw(`comment on column documents.handler_name is 'The lead as assigned now: a person or a unit'`)
  await knex.raw(`
    comment on column documents.secret_mark is
      'An incoming document that shows a mark of secrecy: opened by nobody, not searched, only returned'
  `)
  await knex.raw(`comment on column documents.urgency_rank is 'The most urgent first in ascending order'`)
}

/** What shows a mark of secrecy is not searched, from the moment the mark is known. */
async function withholdSecrets(knex: Knex): Promise<void> {
  await knex.raw(`
    create function documents_secret() returns trigger language plpgsql as $$
    begin
      delete from document_search s where s.agency_id = new.agency_id and s.document_id = new.id;
      return null;
    end $$
  `)
  // By its name after documents_search, which makes the row.
  await knex.raw(`
    create trigger documents_secret after insert or update on documents
    for each row when (new.secret_mark is not null) execute function documents_secret()
  `)
}

/**
 * What finds the same document again: digests, since texts of any length and form come from outside and only plain
 * equality is answered from an index under row-level security.
 */
async function addKeys(knex: Knex): Promise<void> {
  for (const table of ['documents', 'register_numbers']) {
    await knex.raw('alter table ?? no force row level security', [table])
  }
  await knex.raw(`
    update documents set
      code_key = encode(sha256(convert_to(normalize(coalesce(document_code, ''), NFC), 'UTF8')), 'hex'),
      symbol_key = encode(sha256(convert_to(normalize(
        sender_code || ' ' || coalesce(extract(year from promulgation_date)::text, '-') || ' '
          || coalesce(code_number, '') || '/' || code_notation, NFC), 'UTF8')), 'hex')
    where direction = 'incoming'
  `)
  await knex.raw(`
    update documents d set registered_at = n.assigned_at
    from register_numbers n
    where n.agency_id = d.agency_id and n.document_id = d.id and n.series = 'incoming'
  `)
  for (const table of ['documents', 'register_numbers']) {
    await knex.raw('alter table ?? force row level security', [table])
  }
  await knex.raw('drop index documents_received')
  await knex.raw(`
    create index documents_by_code_key on documents (agency_id, code_key) where code_key is not null
  `)
  await knex.raw(`
    create index documents_by_symbol_key on documents (agency_id, symbol_key) where symbol_key is not null
  `)
}

/** Each list of tasks is one of these, the most urgent first: they hold open work alone and so stay small. */
async function createTaskIndexes(knex: Knex): Promise<void> {
  await knex.raw(`
    create index documents_unregistered on documents (agency_id, urgency_rank, created_at, id)
    where direction = 'incoming' and state in ('arrived', 'verified', 'failed-verification')
  `)
  await knex.raw(`
    create index documents_not_handed_over on documents (agency_id, urgency_rank, registered_at, id)
    where direction = 'incoming' and state = 'accepted'
  `)
  await knex.raw(`
    create index documents_in_handling on documents (agency_id, urgency_rank, handling_due, id)
    where direction = 'incoming' and state in ('assigned', 'processing')
  `)
}

async function createRegistrations(knex: Knex, roles: DatabaseRoles): Promise<void> {
  await knex.raw(`
    create table incoming_registrations (
      agency_id uuid not null,
      document_id uuid not null,
      position integer not null check (position > 0),
      fields jsonb not null,
      edited_by uuid not null,
      edited_at timestamptz not null,
      primary key (agency_id, document_id, position),
      foreign key (agency_id, document_id) references documents (agency_id, id)
    )
  `)
  await knex.raw(`
    comment on table incoming_registrations is
      'What the clerk enters in the register beside or in place of what the message says; the message stays as it came'
  `)
  await enableTenancy(knex, roles, 'incoming_registrations', 'select, insert')
}

async function createHandling(knex: Knex, roles: DatabaseRoles): Promise<void> {
  await knex.raw(`
    alter table document_assignments
      add column awaits_more_answers boolean not null default false,
      add column reason text check (length(reason) between 1 and 500)
  `)
  await knex.raw(`
    create table handling_parties (
      agency_id uuid not null,
      document_id uuid not null,
      assignment_id uuid not null,
      position smallint not null check (position between 0 and 100),
      user_id uuid,
      name text not null check (length(name) between 1 and 200),
      due_date date,
      due_order date generated always as (coalesce(due_date, date '9999-12-31')) stored,
      urgency_rank smallint not null,
      ended_at timestamptz,
      ended_as text check (ended_as in ('contributed', 'replaced', 'completed')),
      primary key (agency_id, assignment_id, position),
      foreign key (agency_id, assignment_id) references document_assignments (agency_id, id),
      foreign key (agency_id, document_id) references documents (agency_id, id),
      check ((ended_at is null) = (ended_as is null))
    )
  `)
  await knex.raw(`
    comment on column handling_parties.position is '0: the one that leads (chủ trì); from 1: those that co-operate'
  `)
  await knex.raw(`
    create unique index handling_one_lead on handling_parties (agency_id, document_id)
    where position = 0 and ended_at is null
  `)
  await knex.raw(`
    create index handling_parties_of on handling_parties (agency_id, document_id, assignment_id, position)
  `)
  await knex.raw(`
    create index handling_tasks_of on handling_parties (agency_id, user_id, urgency_rank, due_order, document_id)
    where ended_at is null and user_id is not null
  `)
  await enableTenancy(knex, roles, 'handling_parties', 'select, insert')
  await knex.raw('grant update (due_date, ended_at, ended_as) on handling_parties to ??', [roles.tenant])
  await knex.raw(`
    create table handling_notes (
      agency_id uuid not null,
      document_id uuid not null,
      id uuid not null,
      kind text not null check (kind in
        ('instruction', 'reassignment', 'extension', 'reminder', 'contribution', 'completion', 'answer')),
      text text not null default '' check (length(text) <= 2000),
      author uuid,
      author_name text not null check (length(author_name) between 1 and 100),
      made_at timestamptz not null,
      party text check (length(party) between 1 and 200),
      old_due date,
      new_due date,
      answer uuid,
      primary key (agency_id, id),
      foreign key (agency_id, document_id) references documents (agency_id, id),
      foreign key (agency_id, answer) references documents (agency_id, id)
    )
  `)
  await knex.raw('create index handling_notes_of on handling_notes (agency_id, document_id, made_at, id)')
  await enableTenancy(knex, roles, 'handling_notes', 'select, insert')
  await fillHandling(knex)
}

/** Assignments made before: each keeps its lead and co-operating ones; the newest of an open document is in force. */
async function fillHandling(knex: Knex): Promise<void> {
  const tables = ['documents', 'document_assignments', 'handling_parties']
  for (const table of tables) await knex.raw('alter table ?? no force row level security', [table])
  await knex.raw(`
    insert into handling_parties (agency_id, document_id, assignment_id, position, name, due_date, urgency_rank,
                                  ended_at, ended_as)
    select a.agency_id, a.document_id, a.id, p.position, left(p.name, 200), a.due_date, d.urgency_rank,
      case when newest and d.state in ('assigned', 'processing') then null else d.updated_at end,
      case when newest and d.state in ('assigned', 'processing') then null
           when newest then 'completed' else 'replaced' end
    from (select *, row_number() over (partition by agency_id, document_id order by assigned_at desc, id desc) = 1
            as newest from document_assignments) a
    join documents d on d.agency_id = a.agency_id and d.id = a.document_id
    cross join lateral (
      select 0 as position, a.lead as name
      union all
      select c.ordinality, c.name from jsonb_array_elements_text(a.cooperating) with ordinality as c(name, ordinality)
      where c.ordinality <= 100 and length(c.name) > 0
    ) p
  `)
  await knex.raw(`
    update documents d set handler_name = p.name, handling_due = p.due_date
    from handling_parties p
    where p.agency_id = d.agency_id and p.document_id = d.id and p.position = 0 and p.ended_as is distinct from 'replaced'
  `)
  for (const table of tables) await knex.raw('alter table ?? force row level security', [table])
}

export async function down(knex: Knex): Promise<void> {
  for (const table of ['handling_notes', 'handling_parties', 'incoming_registrations']) {
    await knex.raw('drop table ??', [table])
  }
  await knex.raw(`
    alter table document_assignments drop column reason, drop column awaits_more_answers
  `)
  await knex.raw('alter table document_reports drop column examination')
  await knex.raw('drop trigger documents_secret on documents')
  await knex.raw('drop function documents_secret()')
  await knex.raw(`
    alter table documents
      drop constraint documents_secret,
      drop column urgency_rank,
      drop column symbol_key,
      drop column code_key,
      drop column secret_mark,
      drop column handler_name,
      drop column handler_id,
      drop column handling_due,
      drop column registered_at
  `)
  await knex.raw(`
    create index documents_received on documents (agency_id, normalize(document_code, NFC))
    where direction = 'incoming'
  `)
}
