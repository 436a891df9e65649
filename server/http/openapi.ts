/** OpenAPI 3.1 from the very objects that serve the requests: what is described is what is checked. */
import { z } from 'zod'
import { roles } from '../actor.ts'
import { permissionsOf } from '../auth/permissions.ts'
import { apiTags } from './api-tags.ts'
import { describeFields } from './field-words.ts'
import { isBytes } from './mount.ts'
import { problemResponses, problemSchema } from './problem-schema.ts'
import type { Route } from './route.ts'

type Json = { [key: string]: unknown }

export function describeApi(routes: readonly Route[], version: string): Json {
  const paths: Record<string, Json> = {}
  for (const one of routes) {
    const path = `/api/v1${one.path.replace(/:(\w+)/g, '{$1}')}`
    paths[path] = { ...paths[path], [one.method]: operation(one) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Công Văn',
      version,
      description: 'Liên thông văn bản điện tử có chữ ký số / exchange of signed official documents',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: usedTags(routes),
    paths,
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
      schemas: { Problem: problemSchema() },
    },
  }
}

function operation(one: Route): Json {
  const body = one.body
  const raw = 'raw' in one.response ? one.response.raw : undefined
  return {
    operationId: operationId(one),
    tags: [one.tag],
    summary: `${one.summary.vi} / ${one.summary.en}`,
    security: one.access === 'public' ? [] : [{ bearer: [] }],
    ...(typeof one.access === 'object'
      ? {
          'x-permission': one.access.permission,
          'x-roles': roles.filter((role) =>
            permissionsOf([role]).has(typeof one.access === 'object' ? one.access.permission : 'agency.read'),
          ),
        }
      : {}),
    parameters: [
      ...parameters(one.params, 'path'),
      ...parameters(one.query, 'query'),
      ...idempotencyKey(one),
      ...ifMatch(one),
      ...ifNoneMatch(one),
    ],
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: isBytes(body)
              ? { [body.contentType]: { schema: { type: 'string', format: 'binary' } } }
              : { 'application/json': { schema: schemaOf(body, 'input') } },
          },
        }),
    responses: {
      [one.status]: {
        description: 'OK',
        ...(hasVersion(one) ? { headers: { ETag: etagHeader } } : {}),
        content:
          raw === undefined
            ? { 'application/json': { schema: schemaOf(one.response as z.ZodType, 'output') } }
            : { [raw]: { schema: { type: 'string', format: 'binary' } } },
      },
      ...(isConditional(one)
        ? { 304: { description: 'không đổi so với If-None-Match / as it was at If-None-Match' } }
        : {}),
      ...problemResponses(one),
    },
  }
}

const etagHeader = {
  description: 'phiên bản, dùng cho If-Match và If-None-Match / the version, for If-Match and If-None-Match',
  schema: { type: 'string', pattern: '^"[0-9]{1,9}"$' },
}

/** Whether an answer carries a version at its top, and so an ETag. */
export function hasVersion(one: Route): boolean {
  return 'shape' in one.response && typeof one.response.shape === 'object' && one.response.shape !== null
    ? 'version' in one.response.shape
    : false
}

function isConditional(one: Route): boolean {
  return one.method === 'get' && hasVersion(one)
}

/** The tags of the routes, in the order of the table; one that the table lacks comes last, unexplained. */
function usedTags(routes: readonly Route[]): Json[] {
  const used = new Set(routes.map((one) => one.tag))
  const known = Object.keys(apiTags).filter((name) => used.has(name))
  return [...known, ...[...used].filter((name) => !(name in apiTags))].map((name) => {
    const text = apiTags[name]
    return { name, description: text === undefined ? name : `${text.vi} / ${text.en}` }
  })
}

function operationId(one: Route): string {
  const words = one.path.split(/[/:-]/).filter((word) => word !== '')
  return one.method + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')
}

function parameters(schema: z.ZodType | undefined, where: 'path' | 'query'): Json[] {
  if (schema === undefined) return []
  const described = schemaOf(schema, 'input') as { properties?: Record<string, Json>; required?: string[] }
  return Object.entries(described.properties ?? {}).map(([name, { description, ...property }]) => ({
    name,
    in: where,
    required: where === 'path' || (described.required ?? []).includes(name),
    ...(description === undefined ? {} : { description }),
    schema: property,
  }))
}

function idempotencyKey(one: Route): Json[] {
  if (one.method !== 'post' || one.access === 'public') return []
  return [
    {
      name: 'Idempotency-Key',
      in: 'header',
      required: true,
      schema: { type: 'string', minLength: 8, maxLength: 100 },
      description: 'Cùng khóa, cùng yêu cầu: làm một lần / same key, same request: done once',
    },
  ]
}

function ifMatch(one: Route): Json[] {
  if (one.precondition === undefined) return []
  return [
    {
      name: 'If-Match',
      in: 'header',
      required: one.precondition === 'required',
      schema: { type: 'string', pattern: '^"[0-9]{1,9}"$' },
      description: 'ETag của bản đã xem / the ETag of the version that the change is based on',
    },
  ]
}

function ifNoneMatch(one: Route): Json[] {
  if (!isConditional(one)) return []
  return [
    {
      name: 'If-None-Match',
      in: 'header',
      required: false,
      schema: { type: 'string', maxLength: 200 },
      description: 'ETag đã có; chưa đổi thì trả 304 / a known ETag: answered by 304 while nothing changed',
    },
  ]
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    target: 'draft-2020-12',
    io,
    unrepresentable: 'any',
  })
  describeFields(rest)
  return rest
}
