import { createHash } from 'node:crypto'
import type { OperatorActor } from '../actor.ts'
import { appendLogEntry } from '../audit/audit-store.ts'
import type { NodeContext } from '../context.ts'
import { CongvanError } from '../errors.ts'
import type { AgencyEntry } from './agency-entry.ts'
import { operatorClaim } from './claim.ts'
import { previewDirectory, writeDirectory } from './directory-store.ts'
import { type ImportFile, type ImportFormat, type ImportProblem, readImportFile } from './import-file.ts'
import { importProblems } from './import-problems.ts'
import { ownEntries, saveOwnAgencies } from './own-entries-store.ts'
import { type PartEntries, sameEntries } from './part.ts'
import { lockDirectory } from './part-store.ts'
import { putPublication } from './publish-part.ts'

export interface ImportInput {
  readonly format: ImportFormat
  readonly content: Uint8Array
  /** Says what would happen and changes nothing. */
  readonly dryRun: boolean
  /**
   * Leaves out agencies hosted on nodes that this one does not sign for, so that one file of a whole province can be
   * given to each of its nodes. Without it they are problems.
   */
  readonly skipOtherNodes?: boolean
}

export interface ImportChange {
  readonly id: string
  readonly code: string
  readonly name: string
  readonly change: 'created' | 'changed' | 'removed'
}

export interface ImportReport {
  readonly dryRun: boolean
  readonly changes: readonly ImportChange[]
  readonly unchanged: number
  /** Agencies left out because of `skipOtherNodes`. */
  readonly skipped: number
}

/**
 * Takes agencies into this node's part of the directory, all of the file or nothing of it. An agency of the file
 * replaces the entry with its id; agencies that the file does not name stay as they are.
 *
 * A node signs for agencies hosted on its child nodes; the root also for its own (design 3). The agencies of a node
 * that is not the root are imported at its parent.
 *
 * @throws CongvanError `DIRECTORY_IMPORT_INVALID` with every problem of the file
 */
export async function importAgencies(
  context: NodeContext,
  actor: OperatorActor,
  input: ImportInput,
): Promise<ImportReport> {
  const file = readImportFile(input.content, input.format)
  const sha256 = createHash('sha256').update(input.content).digest('hex')
  const now = context.clock()
  return context.db.asNode(async (trx) => {
    await lockDirectory(trx)
    const before = await ownEntries(trx, context.nodeId)
    const { kept, skipped } = input.skipOtherNodes ? splitByNode(file, before) : { kept: file, skipped: 0 }
    const after = replaceEntries(before, kept, now)
    const directory = await previewDirectory(trx, context.nodeId, { own: after })
    const problems = importProblems({ ownNode: context.nodeId, file: kept, before, directory })
    if (problems.length > 0) throw importInvalid(problems)
    const { changes, changed } = compare(before, kept)
    const report = {
      dryRun: input.dryRun,
      changes,
      unchanged: kept.agencies.length - changed.length,
      skipped,
    }
    if (input.dryRun || changes.length === 0) return report
    await saveOwnAgencies(trx, changed, kept.remove, now)
    await writeDirectory(trx, directory)
    await putPublication(context, trx)
    const count = (change: ImportChange['change']) => changes.filter((one) => one.change === change).length
    await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, null, {
      kind: 'directory.imported',
      subject: `node:${context.nodeId}`,
      facts: {
        sha256,
        created: count('created'),
        changed: count('changed'),
        removed: count('removed'),
      },
    })
    return report
  }, operatorClaim(actor))
}

function splitByNode(file: ImportFile, own: PartEntries): { kept: ImportFile; skipped: number } {
  const nodes = new Set(own.nodes.map((node) => node.id))
  const mine = (agency: AgencyEntry) => agency.terms.some((term) => nodes.has(term.hostingNode))
  const agencies = file.agencies.filter(mine)
  return { kept: { ...file, agencies }, skipped: file.agencies.length - agencies.length }
}

/** Removed entries are buried; an entry that does not hold together is left to its problems. */
function replaceEntries(before: PartEntries, file: ImportFile, now: Date): PartEntries {
  const gone = new Set([...file.remove, ...file.agencies.map((agency) => agency.id)])
  return {
    nodes: before.nodes,
    agencies: [...before.agencies.filter((agency) => !gone.has(agency.id)), ...file.agencies],
    tombstones: [
      ...before.tombstones,
      ...file.remove.map((id) => ({ kind: 'agency' as const, id, removedAt: now.toISOString() })),
    ],
  }
}

function compare(before: PartEntries, file: ImportFile): { changes: ImportChange[]; changed: AgencyEntry[] } {
  const old = new Map(before.agencies.map((agency) => [agency.id, agency]))
  const changed = file.agencies.filter((agency) => !sameEntry(old.get(agency.id), agency))
  return {
    changed,
    changes: [
      ...changed.map((agency) => describe(agency, old.has(agency.id) ? 'changed' : 'created')),
      ...file.remove.flatMap((id) => {
        const agency = old.get(id)
        return agency === undefined ? [] : [describe(agency, 'removed')]
      }),
    ],
  }
}

function describe(agency: AgencyEntry, change: ImportChange['change']): ImportChange {
  return {
    id: agency.id,
    code: agency.codes.at(-1)?.code ?? '',
    name: agency.terms.at(-1)?.name ?? '',
    change,
  }
}

function sameEntry(one: AgencyEntry | undefined, other: AgencyEntry): boolean {
  const alone = (agency: AgencyEntry) => ({ nodes: [], agencies: [agency], tombstones: [] })
  return one !== undefined && sameEntries(alone(one), alone(other))
}

const SHOWN = 200

function importInvalid(problems: readonly ImportProblem[]): CongvanError {
  const lines = problems
    .slice(0, SHOWN)
    .map((one) => `  - dòng/row ${one.place}, ${one.field}: ${one.reason}`)
  if (problems.length > SHOWN) lines.push(`  … +${problems.length - SHOWN}`)
  return new CongvanError('DIRECTORY_IMPORT_INVALID', {
    count: problems.length,
    problems: lines.join('\n'),
  })
}
