import type { Knex } from 'knex'
import type { DatabaseRoles } from '../server/db.ts'
import { enableTenancy } from './0001_tenancy.ts'
import { dropOfDefiner, giveToDefiner } from './0011_search.ts'

/**
 * What becomes of a delivery is asked down its way before it is called expired (`branch_questions`); and when the
 * certificates end with which agencies sign (`agency_certificates`).
 *
 * Only added to: a process of the version before leaves the new columns empty, asks nobody and is asked nothing.
 */
export async function up(knex: Knex, roles: DatabaseRoles): Promise<void> {
  await createQuestions(knex, roles)
  await createCertificates(knex, roles)
}

async function createQuestions(knex: Knex, roles: DatabaseRoles): Promise<void> {
  await knex.raw('alter table branches add column reviewed_at timestamptz')
  await knex.raw(`comment on column branches.reviewed_at is
    'Origin: when it was looked, after notAfter, whether each delivery of the branch has ended; null = not yet'`)
  await knex.raw(`
    create index branches_to_review on branches (not_after)
    where previous_peer is null and next_hop is not null and state in ('committing', 'done') and reviewed_at is null
  `)
  await knex.raw(`
    create table branch_questions (
      branch_id uuid primary key references branches (id),
      peer text not null,
      state text not null check (state in ('queued', 'done', 'failed')),
      attempt integer not null default 0,
      failures integer not null default 0,
      run_after timestamptz not null,
      give_up_at timestamptz not null,
      never text[] not null default '{}',
      waits_for text,
      outcome text,
      reason text,
      urgency smallint not null default 0 check (urgency between 0 and 4),
      created_at timestamptz not null,
      settled_at timestamptz,
      check ((settled_at is null) = (state = 'queued'))
    )
  `)
  await knex.raw(`comment on table branch_questions is
    'After notAfter: the next hop is asked what became of the deliveries of a branch that have not ended here'`)
  await knex.raw(`comment on column branch_questions.never is
    'Recipients of whom the next hop said that it is not consigned and never will be, with a sealed RelayFailure here'`)
  await knex.raw(`comment on column branch_questions.waits_for is
    'The node on the way that has not said yet; null = it has not been asked'`)
  await knex.raw(
    "create index branch_questions_waiting on branch_questions (run_after) where state = 'queued'",
  )
  await knex.raw('grant select, insert, update on branch_questions to ??', [roles.node])
}

/** How long a certificate that signs no more counts as in use: who has left must not be warned of for ever. */
const IN_USE_DAYS = 90
const CERTIFICATES = 'congvan_certificate_ends(timestamptz)'

async function createCertificates(knex: Knex, roles: DatabaseRoles): Promise<void> {
  await knex.raw('alter table document_revisions add column signer_ends_at timestamptz')
  await knex.raw(`comment on column document_revisions.signer_ends_at is
    'When the certificate of the signature that the revision added ends; null in revisions of an earlier version'`)
  await knex.raw(`
    create table agency_certificates (
      agency_id uuid not null,
      fingerprint text not null check (fingerprint ~ '^[0-9a-f]{64}$'),
      role text not null check (role in ('individual', 'agency')),
      subject text not null,
      ends_at timestamptz not null,
      last_used_on date not null,
      primary key (agency_id, fingerprint)
    )
  `)
  await knex.raw(`comment on table agency_certificates is
    'The certificates with which people and agencies have signed here, and the last day on which they did'`)
  await enableTenancy(knex, roles, 'agency_certificates', 'select, insert, update')
  await knex.raw(`
    create function agency_certificates_keep() returns trigger language plpgsql as $$
    begin
      insert into agency_certificates as c (agency_id, fingerprint, role, subject, ends_at, last_used_on)
      values (new.agency_id, new.signer_fingerprint,
        case new.kind when 'individual' then 'individual' else 'agency' end, coalesce(new.signer_subject, ''),
        new.signer_ends_at, (new.added_at at time zone 'Asia/Ho_Chi_Minh')::date)
      on conflict (agency_id, fingerprint) do update set last_used_on = excluded.last_used_on
        -- Once a day: who signs at the same time does not wait for another.
        where c.last_used_on < excluded.last_used_on;
      return null;
    end $$
  `)
  await knex.raw(`
    create trigger agency_certificates_keep after insert on document_revisions
    for each row when (new.kind in ('individual', 'issued') and new.signer_fingerprint is not null
      and new.signer_ends_at is not null)
    execute function agency_certificates_keep()
  `)
  await createEnds(knex, roles)
}

/** For the node, which reads no agency's table: how many certificates an agency signs with, and the first end. */
async function createEnds(knex: Knex, roles: DatabaseRoles): Promise<void> {
  const { definer } = roles
  await knex.raw('create policy definer_ends on agency_certificates for select to ?? using (true)', [definer])
  await knex.raw(
    'grant select (agency_id, role, subject, ends_at, last_used_on) on agency_certificates to ??',
    [definer],
  )
  await knex.raw(`
    create function ${CERTIFICATES.replace('(', '(as_of ')}
    returns table (agency_id uuid, role text, certificates integer, first_end timestamptz)
    language plpgsql stable security definer set search_path = public, pg_temp as $$
    begin
      if current_setting('role') <> '${roles.node.replaceAll("'", "''")}' then
        raise exception 'certificates of agencies outside the node' using errcode = '42501';
      end if;
      return query
        -- A person's later certificate takes the place of the one before; an agency has one at a time.
        select k.agency_id, k.role, count(*)::integer, min(k.ends) from (
          select c.agency_id, c.role, max(c.ends_at) as ends from agency_certificates c
          where c.last_used_on > (as_of at time zone 'Asia/Ho_Chi_Minh')::date - ${IN_USE_DAYS}
          group by c.agency_id, c.role, case c.role when 'agency' then '' else c.subject end) k
        group by k.agency_id, k.role;
    end $$
  `)
  await knex.raw(`grant execute on function ${CERTIFICATES} to ??`, [roles.node])
  await giveToDefiner(knex, roles, [CERTIFICATES])
}

export async function down(knex: Knex, roles: DatabaseRoles): Promise<void> {
  await dropOfDefiner(knex, roles, [CERTIFICATES])
  await knex.raw('drop trigger agency_certificates_keep on document_revisions')
  await knex.raw('drop function agency_certificates_keep()')
  await knex.raw('drop table agency_certificates')
  await knex.raw('alter table document_revisions drop column signer_ends_at')
  await knex.raw('drop table branch_questions')
  await knex.raw('drop index branches_to_review')
  await knex.raw('alter table branches drop column reviewed_at')
}
