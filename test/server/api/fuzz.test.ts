/**
 * Every operation of the description, by everybody, with requests that fit it and requests with something wrong:
 * whatever comes, the answer is one that the description knows, and never a failure of ours. Operations come from the
 * description of the running node, so a new route is in from its first day.
 *
 * `CONGVAN_FUZZ_SEED` repeats a run, `CONGVAN_FUZZ_RUNS` asks for more requests of each operation.
 */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { expect } from 'chai'
import fc from 'fast-check'
import { draftDocument } from '../../../cli/client/draft-document.ts'
import { makeLetter } from '../../../fixtures/documents/letter.ts'
import { communeLetter } from '../../../fixtures/documents/sample-letters.ts'
import { agencyRoles } from '../../../server/actor.ts'
import { type ApiNode, agencies, PASSWORD, send, startApiNode } from './node.ts'
import { type Description, type Operation, readDescription } from './openapi.ts'
import { hostileText, spoiled, valid } from './schema-arbitrary.ts'
import { letterDraft } from './steps.ts'

const seed = Number(process.env.CONGVAN_FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31))
const runs = Number(process.env.CONGVAN_FUZZ_RUNS ?? 8)
/** After this no further round begins. */
const BUDGET_MS = 30_000
const LEAST_ROUNDS = 2

/** Everybody who asks: each role in two agencies, and the operator. */
const people: readonly string[] = [
  'operator',
  ...Object.keys(agencies).flatMap((agency) => agencyRoles.map((role) => `${agency}-${role}`)),
]

interface Call {
  /** One of `people`, or `nobody` without a token, or `forged` with one that nobody gave. */
  readonly person: string
  readonly path: Readonly<Record<string, unknown>>
  readonly query: Readonly<Record<string, unknown>>
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: unknown
  /** What is done to the request as a whole. */
  readonly twist: 'none' | 'no-key' | 'no-json' | 'unknown-query' | 'bad-match'
}

interface Described {
  readonly name: string
  readonly method: string
  readonly template: string
  readonly operation: Operation
}

/** Operations that end the caller's own sign-in; they come last. */
const endsSession = /^(delete \/api\/v1\/(session|tokens)$|post \/api\/v1\/me\/)/

describe(`api: fuzz (seed ${seed})`, function () {
  this.timeout(BUDGET_MS + 60_000)
  let node: ApiNode
  let description: Description
  let operations: Described[]
  let pool: Pool
  let accounts = 0
  const tokens = new Map<string, string>()

  before(async () => {
    node = await startApiNode({
      logins: ['commune-clerk'],
      environment: { CONGVAN_REQUESTS_PER_MINUTE: '0', CONGVAN_REQUESTS_PER_MINUTE_PER_ADDRESS: '0' },
    })
    description = await readDescription(node.url)
    operations = Object.entries(description.paths)
      .flatMap(([template, methods]) =>
        Object.entries(methods).map(([method, operation]) => ({
          name: `${method} ${template}`,
          method: method.toUpperCase(),
          template,
          operation,
        })),
      )
      .toSorted((a, b) => Number(endsSession.test(a.name)) - Number(endsSession.test(b.name)))
    pool = new Pool()
    for (const person of people) await signIn(person)
    const clerk = await node.client('commune-clerk')
    const pdf = await makeLetter({ ...communeLetter, created: new Date() })
    const { id } = await draftDocument(clerk, pdf, letterDraft)
    pool.add('uuid', id)
  })
  after(() => node.close())

  it('answers as described, whoever asks whatever', async () => {
    const ajv = new Ajv2020({ strict: false, allErrors: false, validateFormats: true })
    formats.default(ajv)
    ajv.addSchema({ ...description, $id: 'api' })
    const answers = new Answers(ajv)
    const end = Date.now() + BUDGET_MS
    const failures: string[] = []
    const failed = new Set<Described>()
    // Round by round, so that every operation is asked however slow the machine is.
    for (let round = 0; round < runs && (round < LEAST_ROUNDS || Date.now() < end); round += 1) {
      for (const one of operations.filter((other) => !failed.has(other))) {
        const [call] = fc.sample(callOf(one, description), { seed: seed + round, numRuns: 1 })
        if (call === undefined) throw new Error('nothing was made')
        const problems = answers.hold(one, await perform(one, call), call)
        if (problems.length === 0) continue
        failed.add(one)
        failures.push(`${one.name} ${JSON.stringify(call)}: ${problems.join('; ')}`)
      }
    }
    expect(failures.length, failures.join('\n')).to.equal(0)
    const missed = operations.map((one) => one.name).filter((name) => !answers.seen.has(name))
    expect(missed, 'operations without an answer').to.deep.equal([])
    // A fuzz that is turned away at the door finds nothing: some requests must have got through.
    expect(answers.succeeded.size, [...answers.succeeded].join(', ')).to.be.greaterThan(
      operations.length / 10,
    )
  })

  async function perform(one: Described, call: Call): Promise<Held> {
    const token = call.person === 'forged' ? 'x'.repeat(43) : tokens.get(call.person)
    const path = one.template.replace(/\{(\w+)\}/g, (_, name: string) =>
      encodeURIComponent(wellFormed(String(pool.resolve(call.path[name] ?? 'x'))) || 'x'),
    )
    const url = new URL(node.url + path)
    for (const [name, value] of Object.entries(call.query)) {
      for (const item of [value].flat()) url.searchParams.append(name, wellFormed(String(pool.resolve(item))))
    }
    if (call.twist === 'unknown-query') url.searchParams.set('khong-co', '1')
    const headers = new Headers()
    if (token !== undefined) headers.set('authorization', `Bearer ${token}`)
    if (call.twist !== 'no-key' && one.method === 'POST') headers.set('idempotency-key', crypto.randomUUID())
    for (const [name, value] of Object.entries(call.headers)) {
      if (name !== 'Idempotency-Key') headers.set(name, String(value).replace(/[^\x20-\x7e]/g, ''))
    }
    if (call.twist === 'bad-match') headers.set('if-match', '"x"')
    const json = one.operation.requestBody?.content['application/json'] !== undefined
    const body =
      one.operation.requestBody === undefined
        ? undefined
        : call.twist === 'no-json'
          ? '{"a":'
          : json
            ? JSON.stringify(pool.resolve(call.body) ?? null)
            : String(call.body)
    const response = await fetch(url, {
      method: one.method,
      headers,
      ...(body === undefined ? {} : { body }),
    })
    const text = await response.text()
    const type = (response.headers.get('content-type') ?? '').split(';')[0] ?? ''
    const value = /json$/.test(type) ? (JSON.parse(text) as unknown) : undefined
    if (response.ok) pool.harvest(value)
    if (response.status === 401 && tokens.has(call.person)) await signIn(call.person)
    return { status: response.status, type, value, text }
  }

  /**
   * Makes a person an account and signs it in; again when the fuzz has signed it out, disabled it or given it another
   * password.
   */
  async function signIn(person: string): Promise<void> {
    accounts += 1
    const login = `fuzz-${accounts}`
    const [agency = '', name] = person.split('-')
    const role = agencyRoles.find((one) => one === name)
    const place = Object.entries(agencies).find(([key]) => key === agency)?.[1]
    await node.services.console.addUser({
      login,
      displayName: `Tài khoản ${person}`,
      password: PASSWORD,
      operator: person === 'operator',
      grants: role === undefined || place === undefined ? [] : [{ agencyCode: place.code, role }],
    })
    const { body } = await send(node.url, 'POST', '/session', { json: { login, password: PASSWORD } })
    tokens.set(person, String(body.token))
  }
})

interface Held {
  readonly status: number
  readonly type: string
  readonly value: unknown
  readonly text: string
}

/** Answers held against the description. */
class Answers {
  readonly seen = new Set<string>()
  readonly succeeded = new Set<string>()
  private readonly ajv: Ajv2020
  private readonly compiled = new Map<string, ValidateFunction>()

  constructor(ajv: Ajv2020) {
    this.ajv = ajv
  }

  hold(one: Described, { status, type, value, text }: Held, call: Call): string[] {
    this.seen.add(one.name)
    if (status >= 500) return [`${status}: ${text}`]
    if (status < 300) this.succeeded.add(one.name)
    const described = one.operation.responses[status]
    if (described === undefined) return [`${status} is not described: ${text.slice(0, 300)}`]
    if (status === 304 || status === 204) return text === '' ? [] : [`${status} with a body`]
    if (described.content[type] === undefined) return [`${status} is of type ${type}`]
    if (/^(nobody|forged)$/.test(call.person) && one.operation.security?.length && status !== 401) {
      return [`${status} for ${call.person}`]
    }
    if (value === undefined) return []
    const pointer = [
      'paths',
      one.template,
      one.method.toLowerCase(),
      'responses',
      String(status),
      'content',
      type,
      'schema',
    ]
    const ref = `api#/${pointer.map((step) => encodeURIComponent(step.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/')}`
    const validate = this.compiled.get(ref) ?? this.ajv.compile({ $ref: ref })
    this.compiled.set(ref, validate)
    return validate(value)
      ? []
      : (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message}`)
  }
}

/** What the node has told of so far, by what it is. */
class Pool {
  private readonly values = new Map<string, string[]>([
    ['uuid', []],
    ['code', ['H40', 'H40.19', 'H40.19.6', 'H40.99', 'G22']],
    ['sha256', []],
    ['next', []],
  ])

  add(kind: string, value: string): void {
    const known = this.values.get(kind) ?? []
    if (!known.includes(value)) known.push(value)
    this.values.set(kind, known)
  }

  harvest(value: unknown, name = ''): void {
    if (typeof value === 'string') {
      if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(value)) this.add('uuid', value)
      else if (/^[0-9a-f]{64}$/.test(value)) this.add('sha256', value)
      else if (name === 'code') this.add('code', value)
      else if (name === 'next') this.add('next', value)
      return
    }
    if (typeof value !== 'object' || value === null) return
    for (const [key, one] of Object.entries(value)) this.harvest(one, key)
  }

  /** The value with `@kind:n` replaced by what was harvested; younger ones come first. */
  resolve(value: unknown): unknown {
    if (typeof value === 'string') {
      const [, kind = '', n] = /^@(uuid|code|sha256|next):(\d+)$/.exec(value) ?? []
      if (n === undefined) return value
      const known = this.values.get(kind) ?? []
      const fallback = kind === 'uuid' ? '11111111-1111-4111-8111-111111111111' : 'a'.repeat(64)
      return known.at(-1 - (Number(n) % Math.max(known.length, 1))) ?? fallback
    }
    if (Array.isArray(value)) return value.map((one) => this.resolve(one))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, this.resolve(one)]))
  }
}

function callOf({ operation }: Described, root: Description): fc.Arbitrary<Call> {
  const among = (where: string) =>
    fc.record(
      Object.fromEntries(
        operation.parameters
          .filter((one) => one.in === where)
          .map((one) => [
            one.name,
            fc.oneof(
              { weight: 12, arbitrary: valid(one.schema, root, one.name) },
              { weight: 1, arbitrary: where === 'header' ? fc.constant('"7"') : hostileText },
            ),
          ]),
      ),
      {
        requiredKeys: operation.parameters
          .filter((one) => one.in === where && one.required)
          .map((one) => one.name),
      },
    )
  const schema = operation.requestBody?.content['application/json']?.schema
  const good = schema === undefined ? fc.string() : valid(schema, root)
  const roles = (operation as unknown as { 'x-roles'?: readonly string[] })['x-roles'] ?? []
  const fitting = people.filter((person) =>
    roles.some((role) => person === role || person.endsWith(`-${role}`)),
  )
  return fc.record({
    person: fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(...(fitting.length === 0 ? people : fitting)) },
      { weight: 3, arbitrary: fc.constantFrom(...people) },
      { weight: 1, arbitrary: fc.constantFrom('nobody', 'forged') },
    ),
    path: among('path'),
    query: among('query'),
    headers: among('header'),
    body: fc.oneof({ weight: 3, arbitrary: good }, { weight: 2, arbitrary: spoiled(good) }),
    twist: fc.oneof(
      { weight: 12, arbitrary: fc.constant('none' as const) },
      { weight: 1, arbitrary: fc.constantFrom('no-key', 'no-json', 'unknown-query', 'bad-match') },
    ),
  })
}

/** URLs cannot carry half of a surrogate pair. */
function wellFormed(text: string): string {
  return text.toWellFormed()
}
