/** Nodes of the network as the directory in force knows them: parent links, keys, what they host. */
import { CongvanError } from '../errors.ts'
import { vietnamDay } from './agency-entry.ts'
import type { Agency, DirectoryTransaction } from './agency-store.ts'
import { type NextHop, nextHop } from './routing.ts'

export type Hop = Exclude<NextHop, { kind: 'none' }>

/**
 * The next hop towards an agency, by the directory in force.
 *
 * @param date the day whose hosting node counts, `YYYY-MM-DD`; by default that of `agency` itself
 * @throws CongvanError `NO_ROUTE`
 */
export async function routeTo(
  trx: DirectoryTransaction,
  ownNodeId: string,
  agency: Pick<Agency, 'id' | 'code' | 'hostingNode'>,
  date?: string,
): Promise<Hop> {
  const hostingNode = date === undefined ? agency.hostingNode : await hostOn(trx, agency, date)
  if (hostingNode === ownNodeId) return { kind: 'deliver' }
  const parents = await parentsAbove(trx, [ownNodeId, hostingNode])
  const hop = nextHop({ ownNode: ownNodeId, hostingNode, parents })
  if (hop.kind === 'none') {
    throw new CongvanError('NO_ROUTE', { code: agency.code, reason: `${hop.reason} (${hostingNode})` })
  }
  return hop
}

async function hostOn(
  trx: DirectoryTransaction,
  agency: Pick<Agency, 'id' | 'code'>,
  date: string,
): Promise<string> {
  const row = await trx('agency_terms')
    .where('agency_id', agency.id)
    .andWhere('valid_from', '<=', date)
    .andWhere((open) => open.whereNull('valid_to').orWhere('valid_to', '>', date))
    .first<{ hosting_node: string } | undefined>('hosting_node')
  if (row === undefined) throw new CongvanError('NO_ROUTE', { code: agency.code, reason: `closed (${date})` })
  return row.hosting_node
}

/** The parent links from the named nodes up to their root; `union` ends the walk if they go round. */
async function parentsAbove(
  trx: DirectoryTransaction,
  nodeIds: readonly string[],
): Promise<Map<string, string | null>> {
  const { rows } = await trx.raw<{ rows: { node_id: string; parent_node_id: string | null }[] }>(
    `with recursive above (node_id, parent_node_id) as (
       select node_id, parent_node_id from directory_nodes where node_id = any(?)
       union
       select n.node_id, n.parent_node_id from directory_nodes n join above a on n.node_id = a.parent_node_id)
     select node_id, parent_node_id from above`,
    [[...nodeIds]],
  )
  return new Map(rows.map((row) => [row.node_id, row.parent_node_id]))
}

/**
 * The nodes whose parts of the directory prove what some nodes and agencies were: all nodes above them, and above the
 * nodes that ever hosted the agencies that ever bore the codes.
 */
export async function provingIssuers(
  trx: DirectoryTransaction,
  nodeIds: readonly string[],
  codes: readonly string[],
): Promise<string[]> {
  const { rows } = await trx.raw<{ rows: { hosting_node: string }[] }>(
    `select distinct t.hosting_node from agency_codes c join agency_terms t using (agency_id)
     where c.code = any(?)`,
    [[...codes]],
  )
  const involved = [...new Set([...nodeIds, ...rows.map((row) => row.hosting_node)])]
  const parents = await parentsAbove(trx, involved)
  return [...parents]
    .flatMap(([nodeId, parent]) => parent ?? nodeId)
    .filter((id, at, all) => all.indexOf(id) === at)
}

export interface DirectoryNode {
  readonly nodeId: string
  readonly parentNodeId: string | null
  readonly publicUrl: string | null
}

export async function findNode(
  trx: DirectoryTransaction,
  nodeId: string,
): Promise<DirectoryNode | undefined> {
  const row = await trx('directory_nodes')
    .where('node_id', nodeId)
    .first<{ parent_node_id: string | null; public_url: string | null } | undefined>(
      'parent_node_id',
      'public_url',
    )
  return row && { nodeId, parentNodeId: row.parent_node_id, publicUrl: row.public_url }
}

/** SHA-256 fingerprints of the keys that were a node's at a moment, by the directory alone. */
export async function nodeKeyFingerprints(
  trx: DirectoryTransaction,
  nodeId: string,
  at: Date,
): Promise<string[]> {
  return trx('directory_node_keys')
    .where('node_id', nodeId)
    .andWhere('valid_from', '<=', at)
    .andWhere((open) => open.whereNull('valid_to').orWhere('valid_to', '>', at))
    .orderBy('fingerprint')
    .pluck<string[]>('fingerprint')
}

/** Whether a node hosted the agency that bore a code at a moment: may it seal an envelope `From` that code? */
export async function nodeHostedAgency(
  trx: DirectoryTransaction,
  nodeId: string,
  agencyCode: string,
  at: Date,
): Promise<boolean> {
  const date = vietnamDay(at)
  const { rows } = await trx.raw<{ rows: unknown[] }>(
    `select 1 from agency_codes c join agency_terms t using (agency_id)
     where c.code = :code and t.hosting_node = :nodeId
       and c.valid_from <= :date and (c.valid_to is null or c.valid_to > :date)
       and t.valid_from <= :date and (t.valid_to is null or t.valid_to > :date)`,
    { code: agencyCode, nodeId, date },
  )
  return rows.length > 0
}
