/** The tables of the directory in force: derived from stored parts and own entries, replaced as a whole. */
import type { NodeTransaction } from '../db.ts'
import { foldName } from './agency-entry.ts'
import { type Directory, deriveDirectory, type SourcePart } from './derive.ts'
import { isRootNode, ownEntries } from './own-entries-store.ts'
import { type PartEntries, readStoredContent } from './part.ts'
import { currentParts, type StoredPart } from './part-store.ts'

/**
 * The directory that the stored parts and this node's own entries give; with `candidate` as if that part were
 * stored, with `own` as if those were the own entries. Writes nothing.
 */
export async function previewDirectory(
  trx: NodeTransaction,
  ownNode: string,
  instead: {
    readonly candidate?: { readonly part: SourcePart; readonly isRoot: boolean }
    readonly own?: PartEntries
  } = {},
): Promise<Directory> {
  const stored = await currentParts(trx)
  const parts = new Map<string, SourcePart>()
  for (const one of stored) {
    const signed = { keyFingerprint: one.keyFingerprint, at: one.signedAt.toISOString() }
    parts.set(one.issuer, { ...readStoredContent(one.bytes), signed })
  }
  const { candidate } = instead
  if (candidate !== undefined) parts.set(candidate.part.issuer, candidate.part)
  const own = instead.own ?? (await ownEntries(trx, ownNode))
  parts.set(ownNode, { issuer: ownNode, signed: null, ...own })
  const rootIssuer = (await isRootNode(trx))
    ? ownNode
    : candidate?.isRoot
      ? candidate.part.issuer
      : newestRoot(stored.filter((one) => one.issuer !== ownNode))
  return deriveDirectory({ rootIssuer, parts, ownNode })
}

function newestRoot(stored: readonly StoredPart[]): string | null {
  const roots = stored.filter((one) => one.isRoot)
  return roots.toSorted((a, b) => b.signedAt.getTime() - a.signedAt.getTime())[0]?.issuer ?? null
}

/** Puts a directory in force: the derived tables are replaced in this transaction, agency ids stay for good. */
export async function writeDirectory(trx: NodeTransaction, directory: Directory): Promise<void> {
  const ids = new Set([...directory.terms, ...directory.codes].map((one) => one.agencyId))
  const successors = [...directory.successors].flatMap(([id, all]) =>
    all.map((successor_id) => ({ agency_id: id, successor_id })),
  )
  for (const table of [
    'agency_codes',
    'agency_terms',
    'agency_closures',
    'agency_successors',
    'directory_node_keys',
    'directory_nodes',
  ]) {
    await trx(table).delete()
  }
  await trx.raw('insert into agencies (id) select unnest(?::uuid[]) on conflict do nothing', [[...ids]])
  await insertAll(
    trx,
    'agency_codes',
    'agency_id uuid, code text, generation text, valid_from date, valid_to date, provenance text, issuer text',
    directory.codes.map((one) => ({
      agency_id: one.agencyId,
      code: one.code,
      generation: one.generation,
      valid_from: one.validFrom,
      valid_to: one.validTo,
      provenance: one.provenance,
      issuer: one.issuer,
    })),
  )
  await insertAll(
    trx,
    'agency_terms',
    'agency_id uuid, valid_from date, valid_to date, name text, name_folded text, level text, parent_id uuid, hosting_node text, issuer text',
    directory.terms.map((one) => ({
      agency_id: one.agencyId,
      valid_from: one.validFrom,
      valid_to: one.validTo,
      name: one.name,
      name_folded: foldName(one.name),
      level: one.level,
      parent_id: one.parentId,
      hosting_node: one.hostingNode,
      issuer: one.issuer,
    })),
  )
  await insertAll(
    trx,
    'agency_closures',
    'agency_id uuid, closed_on date',
    [...directory.closures]
      .filter(([id]) => ids.has(id))
      .map(([agency_id, closed_on]) => ({ agency_id, closed_on })),
  )
  await insertAll(
    trx,
    'agency_successors',
    'agency_id uuid, successor_id uuid',
    successors.filter((one) => ids.has(one.agency_id)),
  )
  const nodes = [...directory.nodes.values()]
  await insertAll(
    trx,
    'directory_nodes',
    'node_id text, parent_node_id text, public_url text, issuer text',
    nodes.map((one) => ({
      node_id: one.id,
      parent_node_id: one.parent,
      public_url: one.url,
      issuer: one.issuer,
    })),
  )
  await insertAll(
    trx,
    'directory_node_keys',
    'node_id text, fingerprint text, valid_from timestamptz, valid_to timestamptz',
    nodes.flatMap((node) =>
      node.keys.map((key) => ({
        node_id: node.id,
        fingerprint: key.fingerprint,
        valid_from: key.validFrom,
        valid_to: key.validTo,
      })),
    ),
  )
}

/** One statement a table, however many rows. */
async function insertAll(
  trx: NodeTransaction,
  table: string,
  columns: string,
  rows: readonly object[],
): Promise<void> {
  const names = columns.split(', ').map((one) => one.split(' ')[0])
  await trx.raw(
    `insert into ${table} (${names.join(', ')})
     select ${names.join(', ')} from jsonb_to_recordset(?::jsonb) as rows (${columns})`,
    [JSON.stringify(rows)],
  )
}
