import type { Schema } from '../api/json-schema.ts'
import { resolveRef } from '../api/json-schema.ts'

/** Texts for the patterns of the API: the first that fits is sent. */
const texts = [
  'x',
  'ab',
  'H40.19',
  '1',
  'incoming',
  'outgoing',
  'mot-ten',
  '0'.repeat(64),
  '12:00',
  '000.00.00.H40',
]

/**
 * The smallest value that a schema describes, with an id of the caller's choice wherever an id may stand: also where
 * it may be left out, so that every reference in a body points to where nobody is to reach.
 *
 * @throws Error for a schema that this does not know how to fill
 */
export function sample(schema: Schema, id: string, root: unknown): unknown {
  if (typeof schema.$ref === 'string') return sample(resolveRef(schema.$ref, root), id, root)
  if ('const' in schema) return schema.const
  if (Array.isArray(schema.enum)) return schema.enum[0]
  for (const key of ['anyOf', 'oneOf', 'allOf'] as const) {
    const one = (schema[key] as Schema[] | undefined)?.find((other) => other.type !== 'null')
    if (one !== undefined) return sample(one, id, root)
  }
  const type = Array.isArray(schema.type) ? schema.type.find((one) => one !== 'null') : schema.type
  switch (type) {
    case 'object':
      return sampleObject(schema, id, root)
    case 'array':
      return Array.from({ length: Number(schema.minItems ?? 0) }, () =>
        sample(schema.items as Schema, id, root),
      )
    case 'integer':
    case 'number':
      return Math.max(Number(schema.minimum ?? 1), 1)
    case 'boolean':
      return true
    case 'string':
      return sampleText(schema, id)
    default:
      return null
  }
}

function sampleObject(schema: Schema, id: string, root: unknown): Record<string, unknown> {
  const required = (schema.required ?? []) as string[]
  const properties = Object.entries((schema.properties ?? {}) as Record<string, Schema>)
  const kept = properties.filter(([name, one]) => required.includes(name) || mayBeId(one))
  return Object.fromEntries(kept.map(([name, one]) => [name, sample(one, id, root)]))
}

function mayBeId(schema: Schema): boolean {
  const others = [...((schema.anyOf ?? []) as Schema[]), ...((schema.oneOf ?? []) as Schema[])]
  return schema.format === 'uuid' || others.some(mayBeId)
}

function sampleText(schema: Schema, id: string): string {
  switch (schema.format) {
    case 'uuid':
      return id
    case 'date':
      return '2026-12-01'
    case 'date-time':
      return '2026-12-01T00:00:00Z'
    default: {
      const pattern = new RegExp(String(schema.pattern ?? ''), 'u')
      const found = texts.find((one) => pattern.test(one) && one.length >= Number(schema.minLength ?? 0))
      return found ?? 'x'.repeat(Number(schema.minLength ?? 1))
    }
  }
}
