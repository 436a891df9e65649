/** Every case of the labelled collections, judged one by one. */
import { readdirSync, readFileSync } from 'node:fs'
import { corporaFolder } from '../support/corpora.ts'
import { groupKey, listedDifferences } from './differences.ts'
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

/** What the list of differences lacks, and what stands in it but is met by now. */
export function compareWithList(
  cases: readonly LabelledCase[],
  names: readonly string[],
): { readonly unlisted: readonly string[]; readonly gone: readonly string[] } {
  const listed = listedDifferences().cases
  const found = new Set(cases.filter(({ met }) => !met).map((one) => `${groupKey(one)} ${one.id}`))
  return {
    unlisted: [...found].filter((key) => !listed.has(key)),
    gone: [...listed].filter((key) => names.some((name) => key.startsWith(`${name}: `)) && !found.has(key)),
  }
}
