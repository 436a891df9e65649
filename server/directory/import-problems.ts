import { entryProblems } from './agency-entry.ts'
import type { Directory } from './derive.ts'
import type { ImportFile, ImportProblem } from './import-file.ts'
import type { PartEntries } from './part.ts'

export interface ImportQuestion {
  readonly ownNode: string
  readonly file: ImportFile
  /** This node's entries before the import. */
  readonly before: PartEntries
  /** The directory as it would be after it. */
  readonly directory: Directory
}

/**
 * All problems of an import: those of the file itself, and those that show only against the rest of the directory:
 * nodes that this one does not sign for, codes of other agencies, unknown parents, removed ids. Pure.
 */
export function importProblems(question: ImportQuestion): ImportProblem[] {
  return [...question.file.problems, ...conflicts(question), ...links(question), ...removals(question)]
}

function placeOf(file: ImportFile, id: string): string {
  return file.places.get(id) ?? `id ${id}`
}

function conflicts({ ownNode, file, directory }: ImportQuestion): ImportProblem[] {
  // What is wrong with an entry by itself was told with the file.
  const broken = new Set(
    file.agencies.filter((agency) => entryProblems(agency).length > 0).map((agency) => agency.id),
  )
  return directory.problems
    .filter((one) => (one.issuer === ownNode || one.holder === ownNode) && !broken.has(one.id))
    .map((one) => ({ place: placeOf(file, one.id), field: one.field, reason: one.reason }))
}

function links({ file, directory }: ImportQuestion): ImportProblem[] {
  const known = new Set([...file.ids, ...directory.terms.map((term) => term.agencyId)])
  const parents = latestParents(directory)
  const problems: ImportProblem[] = []
  for (const agency of file.agencies) {
    const problem = (field: string, reason: string) =>
      problems.push({ place: placeOf(file, agency.id), field, reason })
    const parentIds = new Set(agency.terms.map((term) => term.parentId))
    for (const id of [...parentIds].filter((one) => one !== null && !known.has(one))) {
      problem('parentId', `không có cơ quan / unknown agency ${id}`)
    }
    for (const id of agency.successors.filter((one) => !known.has(one))) {
      problem('successors', `không có cơ quan / unknown agency ${id}`)
    }
    if (goesRound(agency.id, parents)) problem('parentId', 'vòng lặp / a loop of parents')
  }
  return problems
}

/** The parent in the latest term of every agency. */
function latestParents(directory: Directory): Map<string, string | null> {
  const inOrder = directory.terms.toSorted((a, b) => (a.validFrom < b.validFrom ? -1 : 1))
  return new Map(inOrder.map((term) => [term.agencyId, term.parentId]))
}

/** Whether the parents of an agency lead back to itself. */
function goesRound(id: string, parents: ReadonlyMap<string, string | null>): boolean {
  const seen = new Set<string>([id])
  for (let at = parents.get(id) ?? null; at !== null; at = parents.get(at) ?? null) {
    if (at === id) return true
    if (seen.has(at)) return false
    seen.add(at)
  }
  return false
}

function removals({ file, before }: ImportQuestion): ImportProblem[] {
  const own = new Set(before.agencies.map((agency) => agency.id))
  return file.remove
    .filter((id) => !own.has(id))
    .map((id) => ({
      place: 'remove',
      field: 'id',
      reason: `không có trong phần của nút này / not in the part of this node: ${id}`,
    }))
}
