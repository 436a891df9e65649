import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { send } from '../api/node.ts'
import { type Description, type Operation, readDescription } from '../api/openapi.ts'
import { sample } from './walk-sample.ts'
import { everybody, holders, ofArrivedOnly, operations, queries, type Who } from './walk-table.ts'
import { makeWorld, type World } from './walk-world.ts'

interface Described extends Operation {
  readonly 'x-permission'?: string
  readonly 'x-roles'?: readonly string[]
}

interface Answer {
  readonly status: number
  readonly code: string | undefined
  readonly text: string
}

/** What refuses somebody, whatever it is asked for. */
const CLOSED = [401, 403]
/** Who is refused is told what the role may not do, and the permission's name. */
const REFUSAL = /"detail":"Vai trò của bạn không được \p{Ll}[^()"]+ \([a-z]+\.[a-z]+(-[a-z]+)?\)"/u

describe('auth: every route, every role, own and other agency', () => {
  let world: World
  let description: Description
  let described: Map<string, Described>
  before(async function () {
    this.timeout(180_000)
    world = await makeWorld()
    description = await readDescription(world.node.url)
    described = new Map(
      Object.entries(description.paths).flatMap(([path, methods]) =>
        Object.entries(methods).map(([method, operation]): [string, Described] => [
          `${method.toUpperCase()} ${path.replace('/api/v1', '')}`,
          operation,
        ]),
      ),
    )
  })
  after(() => world.close())

  const holdersOf = (route: string): readonly Who[] => holders[operations[route] ?? ''] ?? everybody
  const routes = () => Object.keys(operations)
  const guarded = () => routes().filter((route) => holders[operations[route] ?? ''] !== undefined)

  /** The path with ids of the one kind or the other; what takes no id of an agency's is filled with what exists. */
  function fill(route: string, idOf: (kind: string) => string): string {
    const [, path = ''] = route.split(' ')
    const kind = path.split('/')[1] ?? ''
    const query = queries[route]
    const filled = path
      .replace('{id}', idOf(kind))
      .replace('{sha256}', world.receipt)
      .replace('{nodeId}', 'nut-khac')
      .replace('{code}', 'H40.19')
      .replace('{position}', '1')
      .replace('{book}', 'outgoing')
      .replace('{year}', '2026')
    return query === undefined ? filled : `${filled}?${query}`
  }

  async function call(
    route: string,
    path: string,
    token: string | undefined,
    body?: unknown,
  ): Promise<Answer> {
    const [method = ''] = route.split(' ')
    const bytes = body instanceof Uint8Array ? body : body === undefined ? undefined : JSON.stringify(body)
    const response = await fetch(`${world.node.url}/api/v1${path}`, {
      method,
      headers: {
        'if-match': '"1"',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(method === 'POST' ? { 'idempotency-key': randomUUID() } : {}),
      },
      ...(bytes === undefined ? {} : { body: bytes }),
    })
    const text = Buffer.from(await response.arrayBuffer()).toString('utf8')
    const isProblem = response.headers.get('content-type')?.includes('problem+json')
    const code = isProblem ? (JSON.parse(text) as { code: string }).code : undefined
    return { status: response.status, code, text }
  }

  /** A body that no route takes: who is let in gets an error of the body, and nothing is changed. */
  const broken = (route: string) => (route.startsWith('GET') ? undefined : Buffer.from('['))
  const nobody = () => randomUUID()

  it('are declared, with what each asks for: none is missing, none is left over [N147]', () => {
    expect([...described.keys()].sort()).to.deep.equal(routes().sort())
    for (const [route, wanted] of Object.entries(operations)) {
      const operation = described.get(route)
      const isPublic = operation?.security === undefined || operation.security.length === 0
      expect(isPublic, route).to.equal(wanted === 'public')
      const asked = operation?.['x-permission'] ?? (isPublic ? 'public' : 'signed-in')
      expect(asked, route).to.equal(wanted)
      if (holders[wanted] !== undefined)
        expect(operation?.['x-roles'], route).to.have.members([...holdersOf(route)])
    }
  })

  it('let nobody in who is not signed in, but where anybody may', async () => {
    const problems: string[] = []
    for (const route of routes()) {
      const { status, code } = await call(route, fill(route, nobody), undefined, broken(route))
      const wanted = operations[route] === 'public' ? [400, 'INPUT_INVALID'] : [401, 'NOT_AUTHENTICATED']
      if (status !== wanted[0] || code !== wanted[1]) problems.push(`${route}: ${status} ${code}`)
    }
    expect(problems).to.deep.equal([])
  })

  for (const who of everybody) {
    it(`are open to the ${who} of an agency where they ought to be, and closed elsewhere`, async function () {
      this.timeout(120_000)
      const problems: string[] = []
      // What ends the session itself is left to the tests of sessions.
      for (const route of routes().filter((one) => one !== 'DELETE /session')) {
        const own = (kind: string) =>
          route.startsWith('GET') ? (world.owned[kind]?.[0] ?? nobody()) : nobody()
        const answer = await call(route, fill(route, own), world.tokens.commune[who], broken(route))
        const isOpen = operations[route] === 'public' || holdersOf(route).includes(who)
        const asItOught = isOpen
          ? !CLOSED.includes(answer.status) && answer.status < 500
          : answer.status === 403 && answer.code === 'NOT_PERMITTED' && REFUSAL.test(answer.text)
        if (!asItOught) problems.push(`${route}: ${answer.status} ${answer.text.slice(0, 300)}`)
      }
      expect(problems).to.deep.equal([])
    })
  }

  it('are reached by the agency’s own people under the very ids that others ask for below', async () => {
    const problems: string[] = []
    const asked = guarded().filter((one) => one.startsWith('GET') && one.includes('{id}'))
    for (const route of asked.filter((one) => !ofArrivedOnly.includes(one) && !one.includes('/agencies'))) {
      const answers: number[] = []
      for (const id of idsFor(route)) {
        for (const who of holdersOf(route).filter((one) => one !== 'operator')) {
          answers.push(
            (
              await call(
                route,
                fill(route, () => id),
                world.tokens.commune[who],
              )
            ).status,
          )
        }
      }
      if (!answers.includes(200)) problems.push(`${route}: ${answers.join(', ')}`)
    }
    expect(problems).to.deep.equal([])
  })

  it('show the operator nothing of what agencies write [N154]', async () => {
    for (const route of routes().filter(
      (one) => one.startsWith('GET') && operations[one] !== 'user.manage',
    )) {
      for (const id of idsFor(route)) {
        const { text } = await call(
          route,
          fill(route, () => id),
          world.tokens.commune.operator,
        )
        expect(text.includes(world.mark), route).to.equal(false)
      }
    }
  })

  function idsFor(route: string): readonly string[] {
    const [, path = ''] = route.split(' ')
    if (!path.includes('{id}')) return ['']
    return world.owned[path.split('/')[1] ?? ''] ?? []
  }

  /** The smallest body that a route takes, every id in it one of the other agency's. */
  function wellFormed(route: string, id: string): unknown {
    const content = described.get(route)?.requestBody?.content
    const json = content?.['application/json']?.schema
    if (json !== undefined) return sample(json, id, description)
    return content === undefined ? undefined : Buffer.from('%PDF-1.7\n%%EOF\n')
  }

  it('reach nothing of another agency, whoever asks and however well formed, and tell nothing of it [N147]', async function () {
    this.timeout(240_000)
    const before = await world.digestOfOthers()
    const [document = ''] = world.owned.documents ?? []
    const problems: string[] = []
    for (const route of guarded()) {
      const [, path = ''] = route.split(' ')
      const takesId = path.includes('{id}') && !path.startsWith('/agencies')
      if (takesId && idsFor(route).length === 0) problems.push(`${route}: no id of the other agency is known`)
      // Without an id in the path, only what reads lists is asked: what writes there writes in the own agency.
      if (!takesId && !route.startsWith('GET')) continue
      for (const who of holdersOf(route).filter((one) => one !== 'operator')) {
        for (const id of idsFor(route)) {
          const answer = await call(
            route,
            fill(route, () => id),
            world.tokens.district[who],
            wellFormed(route, document),
          )
          const seen = `${route} (${who}): ${answer.status} ${answer.text.slice(0, 200)}`
          if (answer.text.includes(world.mark)) problems.push(`leaks: ${seen}`)
          if (takesId && ![403, 404].includes(answer.status)) problems.push(seen)
          if (!takesId && answer.status >= 500) problems.push(seen)
        }
      }
    }
    expect(problems).to.deep.equal([])
    expect(await world.digestOfOthers()).to.deep.equal(before)
  })

  it('bind nothing of one’s own to what is another agency’s', async () => {
    const before = await world.digestOfOthers()
    const token = world.tokens.district.clerk
    const made = await send(world.node.url, 'POST', '/dossiers', {
      token,
      json: { year: 2026, notation: '02.VP', title: 'Hồ sơ của huyện', retentionYears: 5 },
    })
    expect(made.status, made.text).to.equal(201)
    for (const document of world.owned.documents ?? []) {
      for (const [route, path] of [
        ['POST /dossiers/{id}/documents', `/dossiers/${made.body.id}/documents`],
        ['POST /copies', '/copies'],
        ['POST /authorisations', '/authorisations'],
      ] as const) {
        const who = route === 'POST /authorisations' ? 'leader' : 'clerk'
        const answer = await call(route, path, world.tokens.district[who], wellFormed(route, document))
        expect(answer.status, `${route}: ${answer.text.slice(0, 300)}`).to.be.within(400, 422)
        expect(answer.text.includes(world.mark), route).to.equal(false)
      }
    }
    expect(await world.digestOfOthers()).to.deep.equal(before)
  })

  it('are closed to a token that was made for something else, and to an account that must change its password', async () => {
    const made = await send(world.node.url, 'POST', '/tokens', {
      token: world.tokens.commune.clerk,
      json: { label: 'chỉ danh bạ', days: 1, scopes: ['agency.read'] },
    })
    const narrow = String(made.body.token)
    await world.sql('update users set must_change_password = true where id = $1', [
      world.userIds.commune.leader,
    ])
    try {
      const problems: string[] = []
      for (const route of guarded()) {
        const path = fill(route, nobody)
        const bound = await call(route, path, world.tokens.commune.leader, broken(route))
        if (bound.code !== 'PASSWORD_CHANGE_REQUIRED')
          problems.push(`${route}: ${bound.status} ${bound.code}`)
        if (operations[route] === 'agency.read') continue
        const answer = await call(route, path, narrow, broken(route))
        if (answer.code !== 'NOT_PERMITTED') problems.push(`${route}: ${answer.status} ${answer.code}`)
      }
      expect(problems).to.deep.equal([])
    } finally {
      await world.sql('update users set must_change_password = false')
    }
  })

  it('ask who it is before a byte of the body is read', async () => {
    const big = new Uint8Array(51_000_000)
    const route = 'POST /documents/{id}/file'
    const sent = (token: string | undefined) => call(route, fill(route, nobody), token, big)
    const stranger = await sent(undefined)
    expect([stranger.status, stranger.code]).to.deep.equal([401, 'NOT_AUTHENTICATED'])
    const auditor = await sent(world.tokens.commune.auditor)
    expect([auditor.status, auditor.code]).to.deep.equal([403, 'NOT_PERMITTED'])
    const clerk = await sent(world.tokens.commune.clerk)
    expect([clerk.status, clerk.code]).to.deep.equal([413, 'INPUT_TOO_LARGE'])
  })
})
