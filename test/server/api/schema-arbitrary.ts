/**
 * Values made from a JSON schema (draft 2020-12): such that should be accepted, and such with one thing wrong. Where an
 * identifier is wanted, `@name:n` stands for the n-th that the node gave so far.
 */
import fc from 'fast-check'
import { resolveRef, type Schema } from './json-schema.ts'

/** Deeper than any request. */
const MAX_DEPTH = 8

const hostileTexts = [
  '',
  ' ',
  "'; drop table documents; --",
  '%_\\',
  '<script>alert(1)</script>',
  '../../etc/passwd',
  'a'.repeat(5000),
  '\u0000',
  '\ud800',
  'Đ\u0323ặ\u0301',
  '\u202e',
  '9'.repeat(400),
]

const words = ['Công văn', 'Báo cáo', 'UBND', 'Tờ trình về việc thử', 'TM.', 'x', 'hello', 'Nguyễn']

/** A value that fits the schema as far as a schema can say. */
export function valid(schema: Schema, root: unknown, name = '', depth = 0): fc.Arbitrary<unknown> {
  if (typeof schema.$ref === 'string') return valid(resolveRef(schema.$ref, root), root, name, depth + 1)
  if ('const' in schema) return fc.constant(schema.const)
  if (Array.isArray(schema.enum)) return fc.constantFrom(...schema.enum)
  const forms = [schema.anyOf, schema.oneOf].flatMap((one) => (Array.isArray(one) ? (one as Schema[]) : []))
  if (forms.length > 0) return fc.oneof(...forms.map((one) => valid(one, root, name, depth + 1)))
  const types = [schema.type].flat().filter((one) => typeof one === 'string')
  if (types.length > 1) {
    return fc.oneof(...types.map((type) => valid({ ...schema, type }, root, name, depth + 1)))
  }
  switch (types[0]) {
    case 'object':
      return objectOf(schema, root, depth)
    case 'array':
      return depth > MAX_DEPTH
        ? fc.constant([])
        : fc.array(valid((schema.items ?? {}) as Schema, root, name, depth + 1), {
            minLength: Number(schema.minItems ?? 0),
            maxLength: Math.min(Number(schema.maxItems ?? 3), Number(schema.minItems ?? 0) + 3),
          })
    case 'integer':
      return fc.integer(bounds(schema))
    case 'number':
      return fc.double({ ...bounds(schema), noNaN: true })
    case 'boolean':
      return fc.boolean()
    case 'null':
      return fc.constant(null)
    case 'string':
      return textOf(schema, name)
    default:
      return fc.constantFrom<unknown>('x', 1, true, null)
  }
}

function objectOf(schema: Schema, root: unknown, depth: number): fc.Arbitrary<unknown> {
  const properties = (schema.properties ?? {}) as Record<string, Schema>
  if (depth > MAX_DEPTH) return fc.constant({})
  const required = Array.isArray(schema.required) ? schema.required.map(String) : []
  const model = Object.fromEntries(
    Object.entries(properties).map(([key, one]) => [key, valid(one, root, key, depth + 1)]),
  )
  return fc.record(model, { requiredKeys: required.filter((key) => key in model) })
}

function bounds(schema: Schema): { min: number; max: number } {
  const least = Number(
    schema.minimum ?? (schema.exclusiveMinimum === undefined ? -2 : Number(schema.exclusiveMinimum) + 1),
  )
  const most = Number(schema.maximum ?? Math.max(least, 50))
  // Small numbers find more than numbers near 2^53.
  const [min, max] = [Math.max(least, -1_000_000), Math.min(most, 1_000_000)]
  return { min, max: Math.max(min, max) }
}

function textOf(schema: Schema, name: string): fc.Arbitrary<string> {
  const { format, pattern } = schema
  if (format === 'uuid') return fc.nat(50).map((n) => `@uuid:${n}`)
  if (format === 'date') {
    return fc
      .integer({ min: -40, max: 40 })
      .map((days) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10))
  }
  if (format === 'date-time') {
    return fc
      .integer({ min: -40, max: 40 })
      .map((days) => new Date(Date.now() + days * 86_400_000).toISOString())
  }
  if (/code/i.test(name)) return fc.nat(50).map((n) => `@code:${n}`)
  if (/cursor|after|next/i.test(name))
    return fc.oneof(
      fc.nat(20).map((n) => `@next:${n}`),
      fc.string(),
    )
  if (typeof pattern === 'string') {
    if (/\{64\}/.test(pattern)) return fc.nat(50).map((n) => `@sha256:${n}`)
    try {
      return fc.stringMatching(new RegExp(pattern))
    } catch {
      return fc.string()
    }
  }
  const [minLength, maxLength] = [Number(schema.minLength ?? 0), Number(schema.maxLength ?? 60)]
  const unit = 'grapheme' as const
  return fc.oneof(
    fc.constantFrom(...words).map((word) => word.padEnd(minLength, '-').slice(0, maxLength)),
    fc.string({ minLength, maxLength: Math.min(maxLength, minLength + 40), unit }),
  )
}

/** What may be wrong with a body. */
export function spoiled(value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const junk = fc.oneof(
    fc.constantFrom<unknown>(...hostileTexts, null, [], {}, -1, 0.5, 1e300, true, [[]], { a: { b: [] } }),
    fc.jsonValue({ maxDepth: 2 }),
  )
  return fc
    .tuple(value, fc.nat(1000), fc.constantFrom('replace', 'drop', 'add', 'whole'), junk)
    .map(([one, n, how, bad]) => {
      if (how === 'whole' || typeof one !== 'object' || one === null) return bad
      const places = placesIn(one)
      const place = places[n % Math.max(places.length, 1)]
      if (how === 'add' || place === undefined) return { ...one, [`x${n}`]: bad }
      return changed(one, place, how === 'drop' ? undefined : bad)
    })
}

function placesIn(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, one]) => [[...path, key], ...placesIn(one, [...path, key])])
}

function changed(value: unknown, [key = '', ...rest]: readonly string[], bad: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map((one, index) =>
      String(index) === key ? (rest.length === 0 ? bad : changed(one, rest, bad)) : one,
    )
  }
  const { [key]: old, ...others } = value as Record<string, unknown>
  const next = rest.length === 0 ? bad : changed(old, rest, bad)
  return next === undefined ? others : { ...others, [key]: next }
}

export const hostileText = fc.oneof(fc.constantFrom(...hostileTexts), fc.string({ unit: 'binary' }))
