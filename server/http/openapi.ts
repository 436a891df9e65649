/** OpenAPI 3.1 from the very objects that serve the requests: what is described is what is checked. */
import { z } from 'zod'
import { roles } from '../actor.ts'
import { permissionsOf } from '../auth/permissions.ts'
import { errorCodes } from '../errors.ts'
import { isBytes } from './mount.ts'
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
    ...(one.access === 'public' ? {} : { security: [{ bearer: [] }] }),
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
        content:
          raw === undefined
            ? { 'application/json': { schema: schemaOf(one.response as z.ZodType, 'output') } }
            : { [raw]: { schema: { type: 'string', format: 'binary' } } },
      },
      default: {
        description: 'Lỗi / problem (RFC 9457)',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  }
}

function operationId(one: Route): string {
  const words = one.path.split(/[/:]/).filter((word) => word !== '')
  return one.method + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')
}

function parameters(schema: z.ZodType | undefined, where: 'path' | 'query'): Json[] {
  if (schema === undefined) return []
  const described = schemaOf(schema, 'input') as { properties?: Record<string, Json>; required?: string[] }
  return Object.entries(described.properties ?? {}).map(([name, property]) => ({
    name,
    in: where,
    required: where === 'path' || (described.required ?? []).includes(name),
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

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    target: 'draft-2020-12',
    io,
    unrepresentable: 'any',
  })
  return rest
}

function problemSchema(): Json {
  return {
    type: 'object',
    required: ['type', 'status', 'code', 'title'],
    properties: {
      type: { type: 'string' },
      status: { type: 'integer' },
      code: { type: 'string', enum: errorCodes() },
      title: { type: 'string' },
      hint: { type: 'string' },
      params: { type: 'object', additionalProperties: { type: ['string', 'number'] } },
    },
  }
}
