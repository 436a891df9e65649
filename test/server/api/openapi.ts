/** The description of a running node's API, and the answers of that node held against it. */
import { expect } from 'chai'
import { type Schema, validate } from './json-schema.ts'

export interface Operation {
  readonly operationId: string
  readonly security?: readonly Record<string, unknown>[]
  readonly parameters: readonly {
    readonly name: string
    readonly in: string
    readonly required: boolean
    readonly schema: Schema
  }[]
  readonly requestBody?: { readonly content: Record<string, { readonly schema: Schema }> }
  readonly responses: Record<string, { readonly content: Record<string, { readonly schema: Schema }> }>
}

export interface Description {
  readonly openapi: string
  readonly info: Record<string, unknown>
  readonly paths: Record<string, Record<string, Operation>>
  readonly components: {
    readonly schemas: Record<string, Schema>
    readonly securitySchemes: Record<string, unknown>
  }
}

export async function readDescription(url: string): Promise<Description> {
  return (await (await fetch(`${url}/openapi.json`)).json()) as Description
}

/** Answers that went over the wire while it listened, by the operation that they belong to. */
export class Listener {
  readonly operations = new Map<string, number>()
  readonly problems: string[] = []
  private readonly original = globalThis.fetch
  private readonly pending: Promise<void>[] = []

  constructor(url: string, description: Description) {
    globalThis.fetch = async (input, init) => {
      const response = await this.original(input, init)
      const target = new URL(String(input))
      if (target.origin === url && target.pathname.startsWith('/api/v1')) {
        const sent = { method: init?.method ?? 'GET', path: target.pathname, body: init?.body }
        this.pending.push(this.hold(sent, response.clone(), description))
      }
      return response
    }
  }

  /** Ends listening, and fails when an answer was not as described. */
  async end(): Promise<void> {
    globalThis.fetch = this.original
    await Promise.all(this.pending)
    expect(this.problems).to.deep.equal([])
  }

  private async hold(
    { method, path, body }: { method: string; path: string; body: unknown },
    response: Response,
    description: Description,
  ): Promise<void> {
    const text = await response.text()
    const found = findOperation(description, method, path)
    if (found === undefined) {
      if (response.status !== 404) this.problems.push(`${method} ${path}: ${response.status}, not described`)
      return
    }
    const { name, operation } = found
    const described = operation.responses[response.status] ?? operation.responses.default
    if (response.ok && operation.responses[response.status] === undefined) {
      this.problems.push(`${name}: ${response.status} is not described`)
    }
    const type = (response.headers.get('content-type') ?? '').split(';')[0] ?? ''
    const content = described?.content[type]
    if (content === undefined) this.problems.push(`${name}: ${response.status} is of type ${type}`)
    else if (/json$/.test(type)) {
      this.problems.push(...validate(content.schema, JSON.parse(text), name, description))
    }
    if (!response.ok) return
    this.operations.set(name, (this.operations.get(name) ?? 0) + 1)
    const wanted = operation.requestBody?.content['application/json']
    if (wanted !== undefined) {
      const json: unknown = JSON.parse(Buffer.from(body as Uint8Array).toString('utf8'))
      this.problems.push(...validate(wanted.schema, json, `body of ${name}`, description))
    }
  }
}

function findOperation(
  description: Description,
  method: string,
  path: string,
): { name: string; operation: Operation } | undefined {
  for (const [template, methods] of Object.entries(description.paths)) {
    // A path without a parameter wins over one with, as the first that matches does in the server.
    const operation = methods[method.toLowerCase()]
    const form = new RegExp(`^${template.replace(/\{\w+\}/g, '[^/]+')}$`)
    if (operation !== undefined && form.test(path)) return { name: `${method} ${template}`, operation }
  }
  return undefined
}

/** Every `$ref` in a description, wherever it stands. */
export function refsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, one]) =>
    key === '$ref' && typeof one === 'string' ? [one] : refsIn(one),
  )
}
