import { existsSync, readFileSync } from 'node:fs'
import type { LabelledCase } from './labelled-case.ts'

/** Where the project says in what it differs from the labels, and why: headings `### key`, a reason, a list of cases. */
export const differencesFile = new URL('../signing/corpora-differences.md', import.meta.url)

/** Cases of one source, one label and one verdict of ours belong together and have one reason. */
export function groupKey({ source, expected, found }: LabelledCase): string {
  return `${source}: ${expected} → ${found}`
}

/** The reason of each group, by its key. */
export function listedDifferences(): { reasons: Map<string, string>; cases: Set<string> } {
  const reasons = new Map<string, string>()
  const cases = new Set<string>()
  let key = ''
  const text = existsSync(differencesFile) ? readFileSync(differencesFile, 'utf8') : ''
  for (const line of text.split('\n')) {
    if (line.startsWith('### ')) key = line.slice('### '.length)
    else if (line.startsWith('- `')) cases.add(`${key} ${line.slice('- `'.length, line.indexOf('`', 3))}`)
    else if (key !== '' && line.trim() !== '') {
      reasons.set(key, [reasons.get(key), line.trim()].filter(Boolean).join(' '))
    }
  }
  return { reasons, cases }
}

/** The file anew: groups by source, each with the reason it had, or none yet. */
export function writeDifferences(differences: readonly LabelledCase[], head: string): string {
  const { reasons } = listedDifferences()
  const groups = Map.groupBy(differences, groupKey)
  const parts = [...groups].toSorted().map(([key, cases]) => {
    const ids = cases.map(({ id }) => `- \`${id}\``).toSorted()
    return `### ${key}\n\n${reasons.get(key) ?? 'No reason known: a defect.'}\n\n${ids.join('\n')}\n`
  })
  return `${head}\n${parts.join('\n')}`
}
