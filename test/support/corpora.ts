import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Context } from 'mocha'

/** Labelled files that lie beside the repository where they were fetched; they are no part of it. */
export const corporaFolder = fileURLToPath(new URL('../../../shared/corpora/', import.meta.url))

/** Skips the test with a message where the collection is not present. */
export function requireCorpus(test: Context, name: string): (file: string) => Uint8Array {
  if (!existsSync(`${corporaFolder}${name}`)) {
    process.stderr.write(`      skipped: the test collection "${name}" is not present\n`)
    test.skip()
  }
  return (file) => readFileSync(`${corporaFolder}${name}/${file}`)
}

/** Rows of a CSV file (RFC 4180) as objects by the names in its first line. */
export function readCsv(bytes: Uint8Array): readonly Readonly<Record<string, string>>[] {
  const text = Buffer.from(bytes).toString('utf8').replace(/\r\n/g, '\n')
  const rows: string[][] = [[]]
  for (const match of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\n]*))(,|\n|$)/g)) {
    rows.at(-1)?.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '')
    if (match[3] === '\n') rows.push([])
    if (match[3] === '') break
  }
  const [names = [], ...records] = rows.filter((row) => row.some((cell) => cell !== ''))
  return records.map((row) => Object.fromEntries(names.map((name, i) => [name, row[i] ?? ''])))
}

/** Words in a cell. */
export function list(cell: string | undefined): readonly string[] {
  return (cell ?? '').split(/[\s;]+/).filter((word) => word !== '')
}

/** Counts of (expected, found) pairs, printed as a small table. */
export class Confusion {
  readonly #counts = new Map<string, number>()

  add(expected: string, found: string): void {
    const key = `${expected} → ${found}`
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1)
  }

  count(expected: string, found: string): number {
    return this.#counts.get(`${expected} → ${found}`) ?? 0
  }

  print(title: string): void {
    const lines = [...this.#counts]
      .toSorted()
      .map(([key, count]) => `        ${String(count).padStart(4)}  ${key}`)
    process.stdout.write(`      ${title}\n${lines.join('\n')}\n`)
  }
}

/** PEM or DER. */
export function toDer(bytes: Uint8Array | string): Uint8Array {
  const text = typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('latin1')
  const match = /-----BEGIN [^-]+-----([^-]+)-----END/.exec(text)
  if (match?.[1] === undefined) return typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes
  return Buffer.from(match[1], 'base64')
}
