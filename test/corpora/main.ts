/**
 * Runs every case of the labelled collections that lie beside the repository and prints, by source, what their labels
 * ask for and what we found: `npm run -s test:corpora -- [SOURCE] [--list | --write]`.
 *
 * Fails when a case labelled invalid or an attack is passed, when fewer than 98 % of the labels are met, or when
 * `test/signing/corpora-differences.md` does not list exactly the differences that there are. `--write` writes
 * that list anew and keeps its reasons; `--list` prints the differences.
 */
import { existsSync, writeFileSync } from 'node:fs'
import { corporaFolder } from '../support/corpora.ts'
import { differencesFile, groupKey, writeDifferences } from './differences.ts'
import type { LabelledCase } from './labelled-case.ts'
import { compareWithList, runSources, sourceNames } from './run.ts'

/** The share of labels to be met (the project's own aim). */
const LEAST_SHARE = 0.98

const head = `# Where our verdicts differ from the labels of other collections

Made by "npm run test:corpora -- --write", which keeps the reasons and fails when the list is not exact. A heading
says: collection, its label → our verdict with the finding that decided. Cases are named as in the collection's index.
`

function table(cases: readonly LabelledCase[]): string {
  const lines: string[] = []
  for (const [source, group] of Map.groupBy(cases, (one) => one.source)) {
    const met = group.filter((one) => one.met).length
    const wrongly = group.filter((one) => one.passedWrongly).length
    const share = ((100 * met) / group.length).toFixed(1)
    lines.push(`${source}: ${met} of ${group.length} labels met (${share} %), ${wrongly} passed wrongly`)
    const counts = Map.groupBy(group, ({ expected, found }) => `${expected} → ${found}`)
    for (const [key, { length }] of [...counts].toSorted())
      lines.push(`${String(length).padStart(7)}  ${key}`)
  }
  return lines.join('\n')
}

function main(args: readonly string[]): number {
  if (!existsSync(corporaFolder)) {
    process.stdout.write(`skipped: the labelled collections are not at ${corporaFolder}\n`)
    return 0
  }
  const only = args.find((arg) => !arg.startsWith('--'))
  const names = sourceNames.filter((name) => only === undefined || name.includes(only))
  const cases = runSources(names)
  process.stdout.write(`${table(cases)}\n`)
  const differences = cases.filter(({ met }) => !met)
  const wrongly = cases.filter(({ passedWrongly }) => passedWrongly)
  const share = 1 - differences.length / cases.length
  process.stdout.write(
    `all: ${cases.length - differences.length} of ${cases.length} (${(100 * share).toFixed(2)} %), ${wrongly.length} passed wrongly\n`,
  )
  if (args.includes('--list')) {
    for (const one of differences) process.stdout.write(`${groupKey(one)}  ${one.id}\n`)
  }
  if (args.includes('--write')) writeFileSync(differencesFile, writeDifferences(differences, head))
  const { unlisted, gone } = compareWithList(cases, names)
  for (const key of unlisted) process.stdout.write(`not listed: ${key}\n`)
  for (const key of gone) process.stdout.write(`listed, but no difference any more: ${key}\n`)
  for (const { source, id } of wrongly) process.stdout.write(`PASSED WRONGLY: ${source} ${id}\n`)
  return wrongly.length + unlisted.length + gone.length > 0 || share < LEAST_SHARE ? 1 : 0
}

process.exitCode = main(process.argv.slice(2))
