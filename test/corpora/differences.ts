import { existsSync, readFileSync } from 'node:fs'
import type { LabelledCase } from './labelled-case.ts'

/**
 * Where the project says in what it differs from the labels, and why: headings `### source: subject`, a reason, and a
 * list of cases, each with its label and our indication. Codes and sub-indications are left out, so that a better word
 * for the same verdict changes nothing there; another verdict does.
 */
export const differencesFile = new URL('../signing/corpora-differences.md', import.meta.url)

interface ListedCase {
  readonly source: string
  readonly id: string
  readonly heading: string
  /** Label and indication, e.g. `VALID → INDETERMINATE`. */
  readonly words: string
}

export interface ListedDifferences {
  /** By heading, in the order of the file. */
  readonly reasons: ReadonlyMap<string, string>
  /** By `caseKey`. */
  readonly cases: ReadonlyMap<string, ListedCase>
}

const noReason = 'No reason known: a defect.'
const unexplained = 'not explained yet'

export function caseKey({ source, id }: { readonly source: string; readonly id: string }): string {
  return `${source} ${id}`
}

export function wordsOf({ expected, indication }: LabelledCase): string {
  return `${expected} → ${indication}`
}

/** The list as it stands; empty where there is none yet. */
export function listedDifferences(): ListedDifferences {
  const reasons = new Map<string, string>()
  const cases = new Map<string, ListedCase>()
  let heading = ''
  const text = existsSync(differencesFile) ? readFileSync(differencesFile, 'utf8') : ''
  for (const line of text.split('\n')) {
    const [, id, words] = /^- `(.+?)`: (.+)$/.exec(line) ?? []
    if (line.startsWith('### ')) heading = line.slice('### '.length)
    else if (id !== undefined && words !== undefined) {
      const source = heading.slice(0, heading.indexOf(': '))
      cases.set(caseKey({ source, id }), { source, id, heading, words })
    } else if (heading !== '' && line.trim() !== '') {
      reasons.set(heading, [reasons.get(heading), line.trim()].filter(Boolean).join(' '))
    }
  }
  return { reasons, cases }
}

/** Whether the case stands in the list as we judge it, under a heading that has a reason. */
export function isExplained({ reasons, cases }: ListedDifferences, one: LabelledCase): boolean {
  const listed = cases.get(caseKey(one))
  if (listed === undefined || listed.words !== wordsOf(one)) return false
  return !(reasons.get(listed.heading) ?? noReason).startsWith('No reason')
}

/**
 * The file anew: a case that is judged as before stays under its heading, one that is new or judged otherwise comes
 * under a heading without a reason; of sources that were not run all stays.
 */
export function writeDifferences(
  differences: readonly LabelledCase[],
  names: readonly string[],
  head: string,
): string {
  const { reasons, cases } = listedDifferences()
  const groups = new Map<string, Map<string, string>>(
    [...reasons.keys()].map((heading) => [heading, new Map()]),
  )
  const put = (heading: string, id: string, words: string): void => {
    const group = groups.get(heading) ?? new Map<string, string>()
    groups.set(heading, group.set(id, words))
  }
  for (const { source, heading, id, words } of cases.values()) {
    if (!names.includes(source)) put(heading, id, words)
  }
  for (const one of differences) {
    const listed = cases.get(caseKey(one))
    const words = wordsOf(one)
    put(listed?.words === words ? listed.heading : `${one.source}: ${unexplained}`, one.id, words)
  }
  const parts = [...groups].flatMap(([heading, group]) => {
    if (group.size === 0) return []
    const lines = [...group].toSorted().map(([id, words]) => `- \`${id}\`: ${words}`)
    return [`### ${heading}\n\n${filled(reasons.get(heading) ?? noReason)}\n\n${lines.join('\n')}\n`]
  })
  return `${head}\n${parts.join('\n')}`
}

/** The words in lines of at most 118 characters. */
function filled(text: string): string {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > 118) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line].join('\n')
}
