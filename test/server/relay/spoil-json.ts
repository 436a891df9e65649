/** Ways to spoil the JSON of a request, chosen by fast-check so that a seed repeats them and a failure shrinks. */
import fc from 'fast-check'
import { hostileTexts } from '../edxml/spoil.ts'

/** Values that no field expects, beside the hostile texts. */
const hostileValues: readonly unknown[] = [
  null,
  true,
  -1,
  0,
  0.5,
  1e308,
  2 ** 53,
  -(2 ** 63),
  [],
  {},
  [[]],
  ['H40', 'H40'],
  ['xb', 'xa'],
  ['tinh', 'xa'],
  { length: -1 },
  { toString: 1 },
]

/** One change; the number is taken modulo the places that there are. */
export interface JsonEdit {
  readonly way: 'replace' | 'remove' | 'twice' | 'add' | 'cut'
  readonly at: number
  readonly with: unknown
}

export const jsonEdits: fc.Arbitrary<JsonEdit[]> = fc.array(
  fc.record({
    way: fc.constantFrom('replace', 'replace', 'remove', 'twice', 'add', 'cut'),
    at: fc.nat(10_000),
    with: fc.oneof(
      fc.constantFrom(...hostileValues),
      fc.constantFrom(...hostileTexts),
      fc.uuid(),
      fc.integer(),
    ),
  }),
  { maxLength: 2 },
)

/** Names that an object inherits: added as its own. */
const inherited = ['__proto__', 'constructor', 'toString', 'extra']

interface Place {
  readonly holder: Record<string, unknown> | unknown[]
  readonly key: string
}

/** The value as JSON text, with the changes made to it. */
export function spoilJson(value: unknown, edits: readonly JsonEdit[]): string {
  const root = { value: structuredClone(value) }
  for (const edit of edits) spoilOnce(placesIn(root), edit)
  return JSON.stringify(root.value) ?? ''
}

function spoilOnce(places: readonly Place[], { way, at, with: other }: JsonEdit): void {
  const place = places[at % places.length]
  if (place === undefined) return
  const { holder, key } = place
  const old = Reflect.get(holder, key)
  if (way === 'replace') put(holder, key, other)
  else if (way === 'cut') put(holder, key, typeof old === 'string' ? old.slice(0, at % old.length) : other)
  else if (way === 'remove') Reflect.deleteProperty(holder, key)
  else if (Array.isArray(holder)) holder.push(way === 'twice' ? structuredClone(old) : other)
  else put(holder, way === 'twice' ? `${key} ` : (inherited[at % inherited.length] ?? key), other)
}

/** As an own property, whatever its name. */
function put(holder: object, key: string, value: unknown): void {
  Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true })
}

function placesIn(holder: Record<string, unknown> | unknown[]): Place[] {
  return Object.entries(holder).flatMap(([key, value]) => [
    { holder, key },
    ...(typeof value === 'object' && value !== null ? placesIn(value as Record<string, unknown>) : []),
  ])
}
