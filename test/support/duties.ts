/**
 * The duties of the law that touch software, each beside the tests that prove it: `node test/support/duties.ts --write`
 * makes test/duties.md from the titles of the tests, which end in the ids of the duties that they prove (`[K037 N084]`),
 * and from test/duties-left-out.csv, which says of every other one why it is left out.
 *
 * Ids: K001-K109 and N001-N254, of the list of duties drawn from NĐ 30/2020, Luật GDĐT, QĐ 20/2020 and the rules of
 * provinces.
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readCsv } from './corpora.ts'

const root = join(import.meta.dirname, '../..')
export const dutiesFile = join(root, 'test/duties.md')
const leftOutFile = join(root, 'test/duties-left-out.csv')

const ranges = [
  ['K', 109],
  ['N', 254],
] as const

/** Every id there is, in order. */
export const dutyIds: readonly string[] = ranges.flatMap(([letter, last]) =>
  Array.from({ length: last }, (_, index) => `${letter}${String(index + 1).padStart(3, '0')}`),
)

export interface Proof {
  readonly file: string
  readonly title: string
}

const TITLE = /\b(?:it|describe)\(\s*(?:'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)"|`((?:\\.|[^`\\])*)`)/g
const IDS = /\s*\[((?:[KN]\d{3}[\s,]*)+)\]$/

/** The tests that name a duty, by its id. */
export function findProofs(): ReadonlyMap<string, readonly Proof[]> {
  const proofs = new Map<string, Proof[]>()
  for (const file of globSync('test/**/*.test.ts', { cwd: root }).toSorted()) {
    for (const match of readFileSync(join(root, file), 'utf8').matchAll(TITLE)) {
      const title = match[1] ?? match[2] ?? match[3] ?? ''
      const ids = IDS.exec(title)
      if (ids === null) continue
      const proof = { file: file.slice('test/'.length), title: title.slice(0, ids.index).trim() }
      for (const id of ids[1]?.match(/[KN]\d{3}/g) ?? []) proofs.set(id, [...(proofs.get(id) ?? []), proof])
    }
  }
  return proofs
}

/** Why a duty has no test here, or is proven in part only, by its id. */
export function readLeftOut(): ReadonlyMap<string, string> {
  const rows = readCsv(readFileSync(leftOutFile))
  return new Map(
    rows.flatMap((row) => (row.ids ?? '').split(' ').map((id): [string, string] => [id, row.reason ?? ''])),
  )
}

/** The text of test/duties.md. */
export function dutiesTable(): string {
  const proofs = findProofs()
  const leftOut = readLeftOut()
  const proven = dutyIds.filter((id) => proofs.has(id)).length
  const lines = dutyIds.map((id) => {
    const tests = (proofs.get(id) ?? []).map(({ file, title }) => `\`${file}\`: ${title}`)
    const cells = [tests.join('<br>'), leftOut.get(id) ?? ''].map((cell) => cell.replaceAll('|', '\\|'))
    return `| ${id} | ${cells.join(' | ')} |`
  })
  return [
    '# Duties of the law and their tests',
    '',
    `Made by \`node test/support/duties.ts --write\`; a test compares. ${proven} of ${dutyIds.length} duties are named by a test.`,
    '',
    '| Duty | Tests | Left out, or in part: why |',
    '| --- | --- | --- |',
    ...lines,
    '',
  ].join('\n')
}

if (import.meta.main && process.argv.includes('--write')) writeFileSync(dutiesFile, dutiesTable())
