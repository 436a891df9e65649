/**
 * Checks a value against a JSON Schema (draft 2020-12) as far as the API description uses it. A keyword that is not
 * known here is an error, so that nothing is taken for checked which is not.
 */
export type Schema = Readonly<Record<string, unknown>>

const ignored = new Set(['description', 'title', 'default', 'examples', 'deprecated', 'readOnly'])

type Check = (schema: Schema, value: unknown, where: string, root: unknown) => string[]

const checks: Readonly<Record<string, Check>> = {
  $ref: (schema, value, where, root) => validate(resolveRef(String(schema.$ref), root), value, where, root),
  type: (schema, value, where) => {
    const wanted = [schema.type].flat().map(String)
    return wanted.some((type) => isOfType(value, type)) ? [] : [`${where}: ${typeof value} is no ${wanted}`]
  },
  const: (schema, value, where) => (value === schema.const ? [] : [`${where}: is not ${schema.const}`]),
  enum: (schema, value, where) => (listOf(schema.enum).includes(value) ? [] : [`${where}: not in enum`]),
  anyOf: (schema, value, where, root) => {
    const tried = listOf(schema.anyOf).map((one) => validate(one as Schema, value, where, root))
    return tried.some((problems) => problems.length === 0) ? [] : [`${where}: none of anyOf: ${tried.join()}`]
  },
  properties: (schema, value, where, root) =>
    Object.entries(schema.properties as Record<string, Schema>).flatMap(([name, one]) =>
      isObject(value) && name in value ? validate(one, value[name], `${where}.${name}`, root) : [],
    ),
  required: (schema, value, where) =>
    listOf(schema.required)
      .filter((name) => !isObject(value) || !(String(name) in value))
      .map((name) => `${where}.${name}: missing`),
  additionalProperties: (schema, value, where, root) => {
    const known = Object.keys((schema.properties as object | undefined) ?? {})
    const others = isObject(value) ? Object.keys(value).filter((name) => !known.includes(name)) : []
    if (schema.additionalProperties === false) return others.map((name) => `${where}.${name}: not described`)
    const rest = schema.additionalProperties as Schema
    return others.flatMap((name) => validate(rest, (value as Schema)[name], `${where}.${name}`, root))
  },
  items: (schema, value, where, root) =>
    Array.isArray(value)
      ? value.flatMap((one, index) => validate(schema.items as Schema, one, `${where}[${index}]`, root))
      : [],
  pattern: (schema, value, where) =>
    typeof value !== 'string' || new RegExp(String(schema.pattern), 'u').test(value)
      ? []
      : [`${where}: "${value}" does not match ${schema.pattern}`],
  format: (schema, value, where) => {
    const form = formats[String(schema.format)]
    if (form === undefined) return [`${where}: unknown format ${schema.format}`]
    return typeof value !== 'string' || form.test(value)
      ? []
      : [`${where}: "${value}" is no ${schema.format}`]
  },
  minimum: (schema, value, where) => bound(Number(value) >= Number(schema.minimum), where, 'minimum'),
  maximum: (schema, value, where) => bound(Number(value) <= Number(schema.maximum), where, 'maximum'),
  minLength: (schema, value, where) =>
    bound([...String(value)].length >= Number(schema.minLength), where, 'minLength'),
  maxLength: (schema, value, where) =>
    bound([...String(value)].length <= Number(schema.maxLength), where, 'maxLength'),
  minItems: (schema, value, where) =>
    bound(listOf(value).length >= Number(schema.minItems), where, 'minItems'),
  maxItems: (schema, value, where) =>
    bound(listOf(value).length <= Number(schema.maxItems), where, 'maxItems'),
}

const formats: Readonly<Record<string, RegExp>> = {
  uuid: /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/,
  date: /^\d{4}-\d{2}-\d{2}$/,
  // RFC 3986, appendix B, without the white space and control characters that no URI has.
  'uri-reference': /^[^\s\p{Cc}]*$/u,
  'date-time': /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/,
}

/** Everything that is wrong with the value, each problem with its place; empty when it fits. */
export function validate(schema: Schema, value: unknown, where: string, root: unknown): string[] {
  return Object.keys(schema).flatMap((keyword) => {
    if (ignored.has(keyword)) return []
    const check = checks[keyword]
    return check === undefined ? [`${where}: unknown keyword ${keyword}`] : check(schema, value, where, root)
  })
}

/** What `#/components/…` points to. @throws Error when it points to nothing */
export function resolveRef(ref: string, root: unknown): Schema {
  let at: unknown = root
  for (const step of ref.replace(/^#\//, '').split('/')) at = isObject(at) ? at[step] : undefined
  if (!ref.startsWith('#/') || !isObject(at)) throw new Error(`${ref} points to nothing`)
  return at
}

function isOfType(value: unknown, type: string): boolean {
  switch (type) {
    case 'null':
      return value === null
    case 'array':
      return Array.isArray(value)
    case 'object':
      return isObject(value)
    case 'integer':
      return Number.isInteger(value)
    default:
      return typeof value === type
  }
}

function bound(holds: boolean, where: string, keyword: string): string[] {
  return holds ? [] : [`${where}: ${keyword}`]
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
