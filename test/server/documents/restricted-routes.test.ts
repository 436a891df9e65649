import { randomBytes, randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { send } from '../api/node.ts'
import { type Description, readDescription } from '../api/openapi.ts'
import { sample } from '../auth/walk-sample.ts'
import { everybody, holders, operations, queries, type Who } from '../auth/walk-table.ts'
import { makeWorld, type World } from '../auth/walk-world.ts'

/** What is restricted to its clerk, each in a state in which other acts are possible. */
const STATES = ['draft', 'quarantined'] as const

describe('documents: every route, on a document that is restricted to others', () => {
  let world: World
  let description: Description
  const ids = new Map<string, string>()
  const mark = `han-che-${randomBytes(6).toString('hex')}`

  before(async function () {
    this.timeout(180_000)
    world = await makeWorld()
    description = await readDescription(world.node.url)
    const token = world.tokens.commune.clerk
    for (const state of STATES) {
      const drafted = await send(world.node.url, 'POST', '/documents', {
        token,
        json: {
          kind: 'Công văn',
          subject: `Về việc ${mark}`,
          symbol: 'UBND-VP',
          urgency: 0,
          place: 'Hải Minh',
          signer: { name: 'Người ký 1' },
          recipients: [],
        },
      })
      expect(drafted.status, drafted.text).to.equal(201)
      const id = String(drafted.body.id)
      ids.set(state, id)
      await world.sql('update documents set state = $2 where id = $1', [id, state])
      if (state === 'quarantined') continue
      const restricted = await send(world.node.url, 'POST', `/documents/${id}/restriction`, {
        token,
        json: { restricted: true, reason: 'Hồ sơ nhân sự' },
      })
      expect(restricted.status, restricted.text).to.equal(200)
    }
  })
  after(() => world.close())

  const mayAsk = (route: string): readonly Who[] =>
    (holders[operations[route] ?? ''] ?? everybody).filter((who) => who !== 'operator' && who !== 'clerk')

  async function ask(route: string, path: string, who: Who, body: unknown): Promise<Response> {
    const [method = ''] = route.split(' ')
    const bytes = body instanceof Uint8Array ? body : body === undefined ? undefined : JSON.stringify(body)
    return fetch(`${world.node.url}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${world.tokens.commune[who]}`,
        'if-match': '"1"',
        ...(method === 'POST' ? { 'idempotency-key': randomUUID() } : {}),
      },
      ...(bytes === undefined ? {} : { body: bytes as NonNullable<RequestInit['body']> }),
    })
  }

  function bodyOf(route: string, id: string): unknown {
    const [method = '', path = ''] = route.split(' ')
    const operation = description.paths[`/api/v1${path}`]?.[method.toLowerCase()]
    const content = operation?.requestBody?.content
    const json = content?.['application/json']?.schema
    if (json !== undefined) return sample(json, id, description)
    return content === undefined ? undefined : Buffer.from('%PDF-1.7\n%%EOF\n')
  }

  for (const state of STATES) {
    it(`answers everybody else as if there were none, whatever they may do otherwise (${state}) [K065]`, async function () {
      this.timeout(120_000)
      const id = ids.get(state) ?? ''
      const routes = Object.keys(operations).filter((route) => route.includes('/documents/{id}'))
      expect(routes.length).to.be.greaterThan(20)
      const problems: string[] = []
      for (const route of routes) {
        const [, path = ''] = route.split(' ')
        const query = queries[route]
        const filled = path.replace('{id}', id).replace('{position}', '1').replace('{sha256}', '0'.repeat(64))
        for (const who of mayAsk(route)) {
          const url = query === undefined ? filled : `${filled}?${query}`
          const answer = await ask(route, url, who, bodyOf(route, id))
          const text = await answer.text()
          // 400 would mean that the request was not asked at all.
          if (answer.status !== 404 || text.includes(mark)) {
            problems.push(`${route} (${who}): ${answer.status} ${text.slice(0, 200)}`)
          }
        }
      }
      expect(problems).to.deep.equal([])
    })
  }

  it('shows it in no list, search or count of anybody else [K065 K071]', async function () {
    this.timeout(120_000)
    const routes = Object.keys(operations).filter(
      (route) => route.startsWith('GET ') && !route.includes('{') && operations[route] !== 'public',
    )
    const problems: string[] = []
    for (const route of routes) {
      const [, path = ''] = route.split(' ')
      const asked = [queries[route], route === 'GET /documents' ? `q=${mark}` : undefined]
      for (const query of new Set(asked)) {
        for (const who of mayAsk(route)) {
          const answer = await ask(route, query === undefined ? path : `${path}?${query}`, who, undefined)
          if ((await answer.text()).includes(mark)) problems.push(`${route} (${who})`)
        }
      }
    }
    expect(problems).to.deep.equal([])
    const token = world.tokens.commune.clerk
    const own = await send(world.node.url, 'GET', `/documents?q=${mark}`, { token })
    expect(own.text).to.include(mark)
  })
})
