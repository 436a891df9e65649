import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export const vectorFolder = join(import.meta.dirname, 'vectors')

export interface Vector {
  readonly name: string
  readonly message: unknown
  readonly sha256: string
  /** The encoded bytes, from the file that is laid out for reading (see the folder's README). */
  readonly xml: string
}

export function vectors(prefix: 'document' | 'status' | 'receipt'): Vector[] {
  return readdirSync(vectorFolder)
    .filter((file) => file.startsWith(`${prefix}-`) && file.endsWith('.json'))
    .map((file) => {
      const name = file.slice(0, -'.json'.length)
      const { sha256, message } = readJson(file) as { sha256: string; message: unknown }
      const [declaration, ...lines] = readFileSync(join(vectorFolder, `${name}.xml`), 'utf8').split('\n')
      return {
        name,
        sha256,
        message,
        xml: `${declaration}\n${lines.map((line) => line.replace(/^ +/, '')).join('')}`,
      }
    })
}

/** JSON in which ISO 8601 moments become dates. */
export function readJson(file: string): unknown {
  return JSON.parse(readFileSync(join(vectorFolder, file), 'utf8'), (_key, value: unknown) =>
    typeof value === 'string' && /^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/.test(value) ? new Date(value) : value,
  )
}
