/** Every case of the labelled collections, judged one by one. */
import { readdirSync, readFileSync } from 'node:fs'
import { corporaFolder } from '../support/corpora.ts'
import { caseKey, isExplained, type ListedDifferences, wordsOf } from './differences.ts'
import type { LabelledCase } from './labelled-case.ts'
import { limbo, opensslOcsp, pkits } from './sources/certificate-paths.ts'
import { pdfAttacks } from './sources/pdf-attacks.ts'
import { pyhankoHarvest } from './sources/pyhanko-harvest.ts'
import { wycheproof } from './sources/wycheproof.ts'
import { xmlAttacks } from './sources/xml.ts'
import { xmldsigInterop } from './sources/xmldsig-interop.ts'

/** Small files serve several cases; large ones are not kept. */
function cachedReader(): (file: string) => Uint8Array {
  const files = new Map<string, Uint8Array>()
  return (file) => {
    const known = files.get(file) ?? readFileSync(`${corporaFolder}${file}`)
    if (known.length < 100_000) files.set(file, known)
    return known
  }
}

/** By name, in the order in which they are told. */
const sources: Readonly<Record<string, (read: (file: string) => Uint8Array) => Generator<LabelledCase>>> = {
  'pdf-attacks-synth': pdfAttacks,
  'pyhanko-harvest': pyhankoHarvest,
  'xml-attacks-synth': xmlAttacks,
  'xmldsig-xmlsec': xmldsigInterop,
  'x509/pkits': pkits,
  'x509/limbo': limbo,
  'x509/openssl-ocsp': opensslOcsp,
  wycheproof: (read) => wycheproof(read, wycheproofFiles()),
}

function wycheproofFiles(): readonly string[] {
  return readdirSync(`${corporaFolder}wycheproof`)
    .filter((name) => name.endsWith('.json'))
    .toSorted()
}

export const sourceNames: readonly string[] = Object.keys(sources)

export function runSources(names: readonly string[]): readonly LabelledCase[] {
  const read = cachedReader()
  return names.flatMap((name) => [...(sources[name]?.(read) ?? [])])
}

/** What the list of differences lacks, what stands in it but is met by now, and what is passed with and without a reason. */
export interface Comparison {
  readonly unlisted: readonly string[]
  readonly gone: readonly string[]
  /** Labelled invalid and passed by us for a reason that the list gives. */
  readonly passedKnowingly: readonly string[]
  readonly passedWrongly: readonly string[]
}

/** @param names the sources that were run */
export function compareWithList(
  cases: readonly LabelledCase[],
  names: readonly string[],
  list: ListedDifferences,
): Comparison {
  const differences = cases.filter(({ met }) => !met)
  const found = new Set(differences.map((one) => `${caseKey(one)}: ${wordsOf(one)}`))
  const listed = new Map<string, string>(
    [...list.cases.values()].map((one) => [`${caseKey(one)}: ${one.words}`, one.source] as const),
  )
  const passed = cases.filter(({ passedWrongly }) => passedWrongly)
  return {
    unlisted: [...found].filter((one) => !listed.has(one)),
    gone: [...listed].flatMap(([one, source]) => (names.includes(source) && !found.has(one) ? [one] : [])),
    passedKnowingly: passed.filter((one) => isExplained(list, one)).map(caseKey),
    passedWrongly: passed.filter((one) => !isExplained(list, one)).map(caseKey),
  }
}
