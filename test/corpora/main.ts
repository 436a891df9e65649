/**
 * Runs every case of the labelled collections that lie beside the repository and prints, by source, what their labels
 * ask for and what we found: `npm run -s test:corpora -- [SOURCE] [--list | --write]`.
 *
 * Fails when a case labelled invalid or an attack is passed without a reason that is listed, when fewer than 98 % of the labels are met, or when
 * `test/signing/corpora-differences.md` does not list exactly the differences that there are. `--write` writes
 * that list anew and keeps its reasons; `--list` prints the differences.
 */
import { existsSync, writeFileSync } from 'node:fs'
import { corporaFolder } from '../support/corpora.ts'
import { caseKey, differencesFile, listedDifferences, writeDifferences } from './differences.ts'
import type { LabelledCase } from './labelled-case.ts'
import { type Comparison, compareWithList, runSources, sourceNames } from './run.ts'

/** The share of labels to be met (the project's own aim). */
const LEAST_SHARE = 0.98

const head = `# Where our verdicts differ from the labels of other collections

Kept exact by "npm run test:corpora", which fails otherwise; "-- --write" writes the lists anew and keeps headings and
reasons. A heading begins with the collection; a line says the case as the collection's index names it, its label and
our indication. What is passed although its label is INVALID must stand here with a reason.
`

function table(cases: readonly LabelledCase[], { passedWrongly, passedKnowingly }: Comparison): string {
  const lines: string[] = []
  for (const [source, group] of Map.groupBy(cases, (one) => one.source)) {
    const met = group.filter((one) => one.met).length
    const count = (keys: readonly string[]) => group.filter((one) => keys.includes(caseKey(one))).length
    const share = ((100 * met) / group.length).toFixed(1)
    lines.push(
      `${source}: ${met} of ${group.length} labels met (${share} %), ${passed(count(passedKnowingly), count(passedWrongly))}`,
    )
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
  const comparison = compareWithList(cases, names, listedDifferences())
  process.stdout.write(`${table(cases, comparison)}\n`)
  const differences = cases.filter(({ met }) => !met)
  const share = 1 - differences.length / cases.length
  const { passedKnowingly, passedWrongly } = comparison
  process.stdout.write(
    `all: ${cases.length - differences.length} of ${cases.length} (${(100 * share).toFixed(2)} %), ${passed(passedKnowingly.length, passedWrongly.length)}\n`,
  )
  if (args.includes('--list')) {
    for (const { source, expected, found, id } of differences)
      process.stdout.write(`${source}: ${expected} → ${found}  ${id}\n`)
  }
  if (args.includes('--write')) writeFileSync(differencesFile, writeDifferences(differences, names, head))
  const now = compareWithList(cases, names, listedDifferences())
  for (const key of now.unlisted) process.stdout.write(`not listed: ${key}\n`)
  for (const key of now.gone) process.stdout.write(`listed, but not so any more: ${key}\n`)
  for (const key of now.passedWrongly) process.stdout.write(`PASSED WRONGLY: ${key}\n`)
  const faults = now.passedWrongly.length + now.unlisted.length + now.gone.length
  return faults > 0 || share < LEAST_SHARE ? 1 : 0
}

function passed(knowingly: number, wrongly: number): string {
  return `${wrongly} passed wrongly${knowingly > 0 ? `, ${knowingly} labelled invalid passed for a listed reason` : ''}`
}

process.exitCode = main(process.argv.slice(2))
