/** What this node itself states about its own part of the directory; `publish-part.ts` signs it. */
import type { NodeTransaction } from '../db.ts'
import type { AgencyEntry } from './agency-entry.ts'
import type { KeyEntry, NodeEntry, PartEntries, Tombstone } from './part.ts'

/** A node without a parent peer is the root of what it sees. */
export async function isRootNode(trx: NodeTransaction): Promise<boolean> {
  const parent = await trx('peers').where('relation', 'parent').first<object | undefined>('node_id')
  return parent === undefined
}

/** What this node itself states, signed already or not. */
export async function ownEntries(trx: NodeTransaction, ownNode: string): Promise<PartEntries> {
  const agencies: { entry: AgencyEntry }[] = await trx('directory_own_agencies').select('entry')
  const tombstones: { kind: Tombstone['kind']; id: string; removed_at: Date }[] = await trx(
    'directory_own_tombstones',
  ).select('kind', 'id', 'removed_at')
  return {
    nodes: await ownNodes(trx, ownNode),
    agencies: agencies.map((row) => row.entry),
    tombstones: tombstones.map((row) => ({
      kind: row.kind,
      id: row.id,
      removedAt: row.removed_at.toISOString(),
    })),
  }
}

/** The nodes this one signs for; a root stands among them even before its key is entered. */
async function ownNodes(trx: NodeTransaction, ownNode: string): Promise<NodeEntry[]> {
  const rows: { node_id: string; public_url: string | null }[] = await trx('directory_own_nodes').select(
    'node_id',
    'public_url',
  )
  const keys: { node_id: string; fingerprint: string; valid_from: Date; valid_to: Date | null }[] = await trx(
    'directory_own_node_keys',
  ).select('node_id', 'fingerprint', 'valid_from', 'valid_to')
  const isRoot = await isRootNode(trx)
  const nodes = rows
    .filter((row) => isRoot || row.node_id !== ownNode)
    .map((row) => ({
      id: row.node_id,
      url: row.public_url,
      keys: keys
        .filter((key) => key.node_id === row.node_id)
        .map(
          (key): KeyEntry => ({
            fingerprint: key.fingerprint,
            validFrom: key.valid_from.toISOString(),
            validTo: key.valid_to?.toISOString() ?? null,
          }),
        ),
    }))
  const missing = isRoot && !nodes.some((node) => node.id === ownNode)
  return missing ? [...nodes, { id: ownNode, url: null, keys: [] }] : nodes
}

export async function saveOwnAgencies(
  trx: NodeTransaction,
  changed: readonly AgencyEntry[],
  removed: readonly string[],
  now: Date,
): Promise<void> {
  await trx.raw(
    `insert into directory_own_agencies (id, entry)
     select (entry ->> 'id')::uuid, entry from jsonb_array_elements(?::jsonb) as entry
     on conflict (id) do update set entry = excluded.entry`,
    [JSON.stringify(changed)],
  )
  if (removed.length === 0) return
  await trx('directory_own_agencies')
    .whereIn('id', [...removed])
    .delete()
  await trx('directory_own_tombstones').insert(removed.map((id) => ({ kind: 'agency', id, removed_at: now })))
}

export async function saveNodeTombstones(
  trx: NodeTransaction,
  ids: readonly string[],
  now: Date,
): Promise<void> {
  if (ids.length === 0) return
  await trx('directory_own_tombstones').insert(ids.map((id) => ({ kind: 'node', id, removed_at: now })))
}

export async function saveOwnNode(trx: NodeTransaction, nodeId: string, url: string | null): Promise<void> {
  await trx('directory_own_nodes').insert({ node_id: nodeId, public_url: url }).onConflict('node_id').merge()
}

/** A key that is there already keeps its beginning; an end may be set. */
export async function saveOwnNodeKey(
  trx: NodeTransaction,
  nodeId: string,
  key: { readonly fingerprint: string; readonly validFrom: Date; readonly validTo: Date | null },
): Promise<void> {
  await trx('directory_own_node_keys')
    .insert({
      node_id: nodeId,
      fingerprint: key.fingerprint,
      valid_from: key.validFrom,
      valid_to: key.validTo,
    })
    .onConflict(['node_id', 'fingerprint'])
    .merge(['valid_to'])
}

/**
 * Ends every other key of a node that is open still. One that has not begun yet ends as soon as it begins: a key that
 * was published is never taken out again.
 */
export async function endOtherNodeKeys(
  trx: NodeTransaction,
  nodeId: string,
  fingerprint: string,
  at: Date,
): Promise<void> {
  await trx.raw(
    `update directory_own_node_keys
     set valid_to = greatest(cast(:at as timestamptz), valid_from + interval '1 millisecond')
     where node_id = :nodeId and fingerprint <> :fingerprint and (valid_to is null or valid_to > :at)`,
    { nodeId, fingerprint, at },
  )
}
