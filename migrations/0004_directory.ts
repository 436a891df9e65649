import type { Knex } from 'knex'
import type { DatabaseRoles } from '../server/db.ts'

/**
 * The directory (danh bạ): agencies with dated codes and terms, nodes with dated keys, the signed parts they are
 * derived from, this node's own entries, its peers and the nonces of their requests.
 *
 * `agencies` keeps every id for good. All other `agency_*` and `directory_node*` tables are derived: they are
 * rebuilt from `directory_parts` and `directory_own_*` in the transaction that changes those.
 */
export async function up(knex: Knex, roles: DatabaseRoles): Promise<void> {
  await derivedTables(knex)
  await sourceTables(knex)
  await peerTables(knex)
  for (const table of readByTenants) await knex.raw('grant select on ?? to ??', [table, roles.tenant])
  for (const table of tables) {
    await knex.raw('grant select, insert, update, delete on ?? to ??', [table, roles.node])
  }
}

const readByTenants = [
  'agencies',
  'agency_codes',
  'agency_terms',
  'agency_closures',
  'agency_successors',
  'directory_nodes',
  'directory_node_keys',
]
const tables = [
  ...readByTenants,
  'directory_parts',
  'directory_own_agencies',
  'directory_own_nodes',
  'directory_own_node_keys',
  'directory_own_tombstones',
  'peers',
  'peer_nonces',
]

async function derivedTables(knex: Knex): Promise<void> {
  await knex.raw('create table agencies (id uuid primary key)')
  await knex.raw(`
    create table agency_codes (
      agency_id uuid not null references agencies (id),
      code text not null check (length(code) between 1 and 35),
      generation text not null check (generation in ('qcvn102', 'qd20')),
      valid_from date not null,
      valid_to date check (valid_to > valid_from),
      provenance text,
      issuer text not null,
      primary key (code, valid_from)
    )
  `)
  await knex.raw('create index agency_codes_of_agency on agency_codes (agency_id)')
  await knex.raw(`
    create table agency_terms (
      agency_id uuid not null references agencies (id),
      valid_from date not null,
      valid_to date check (valid_to > valid_from),
      name text not null check (length(name) between 1 and 300),
      name_folded text not null,
      level text not null check (level in ('central', 'province', 'district', 'commune')),
      parent_id uuid,
      hosting_node text not null,
      issuer text not null,
      primary key (agency_id, valid_from)
    )
  `)
  await knex.raw('create index agency_terms_by_parent on agency_terms (parent_id)')
  await knex.raw('create index agency_terms_by_node on agency_terms (hosting_node)')
  await knex.raw(`
    comment on column agency_terms.name_folded is 'The name in lower case without diacritics, for searching'
  `)
  await knex.raw(`
    create table agency_closures (
      agency_id uuid primary key references agencies (id),
      closed_on date not null
    )
  `)
  await knex.raw(`
    create table agency_successors (
      agency_id uuid not null references agencies (id),
      successor_id uuid not null check (successor_id <> agency_id),
      primary key (agency_id, successor_id)
    )
  `)
  await knex.raw(`
    create table directory_nodes (
      node_id text primary key,
      parent_node_id text check (parent_node_id <> node_id),
      public_url text,
      issuer text not null
    )
  `)
  await knex.raw(`
    create table directory_node_keys (
      node_id text not null references directory_nodes (node_id) on delete cascade,
      fingerprint text not null check (fingerprint ~ '^[0-9a-f]{64}$'),
      valid_from timestamptz not null,
      valid_to timestamptz check (valid_to > valid_from),
      primary key (node_id, fingerprint, valid_from)
    )
  `)
}

async function sourceTables(knex: Knex): Promise<void> {
  await knex.raw(`
    create table directory_parts (
      issuer text not null,
      version bigint not null check (version > 0),
      part bytea not null,
      sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
      signed_at timestamptz not null,
      key_fingerprint text not null,
      is_root boolean not null,
      received_from text,
      received_at timestamptz not null,
      primary key (issuer, version)
    )
  `)
  await knex.raw(`
    comment on table directory_parts is
      'Every accepted version of every signed part, byte for byte; the newest of an issuer is in force'
  `)
  await knex.raw(`
    create table directory_own_agencies (
      id uuid primary key,
      entry jsonb not null
    )
  `)
  await knex.raw(`
    create table directory_own_nodes (
      node_id text primary key,
      public_url text
    )
  `)
  await knex.raw(`
    create table directory_own_node_keys (
      node_id text not null references directory_own_nodes (node_id),
      fingerprint text not null check (fingerprint ~ '^[0-9a-f]{64}$'),
      valid_from timestamptz not null,
      valid_to timestamptz check (valid_to > valid_from),
      primary key (node_id, fingerprint)
    )
  `)
  await knex.raw(`
    create table directory_own_tombstones (
      kind text not null check (kind in ('agency', 'node')),
      id text not null,
      removed_at timestamptz not null,
      primary key (kind, id)
    )
  `)
}

async function peerTables(knex: Knex): Promise<void> {
  await knex.raw(`
    create table peers (
      node_id text primary key check (node_id ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
      base_url text not null,
      relation text not null check (relation in ('parent', 'child')),
      enabled boolean not null default true,
      pinned_fingerprint text not null check (pinned_fingerprint ~ '^[0-9a-f]{64}$'),
      added_at timestamptz not null
    )
  `)
  await knex.raw(`
    create unique index one_parent on peers (relation) where relation = 'parent'
  `)
  await knex.raw(`
    create table peer_nonces (
      key_fingerprint text not null,
      nonce text not null check (length(nonce) <= 64),
      expires_at timestamptz not null,
      primary key (key_fingerprint, nonce)
    )
  `)
  await knex.raw('create index peer_nonces_by_expiry on peer_nonces (expires_at)')
}

export async function down(knex: Knex): Promise<void> {
  for (const table of [
    'peer_nonces',
    'peers',
    'directory_own_tombstones',
    'directory_own_node_keys',
    'directory_own_nodes',
    'directory_own_agencies',
    'directory_parts',
    'directory_node_keys',
    'directory_nodes',
    'agency_successors',
    'agency_closures',
    'agency_terms',
    'agency_codes',
    'agencies',
  ]) {
    await knex.raw('drop table ??', [table])
  }
}
