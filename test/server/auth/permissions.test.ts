import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { type ApiNode, type Login, send, startApiNode } from '../api/node.ts'

/**
 * Who may do what, written down from the law and the issue, not from the program:
 *
 * - văn thư (clerk): registers, numbers and dates, signs for the agency, issues, sends, receives, registers what
 *   arrives (NĐ 30/2020 arts 14-16, 18, 21, 22, 32.2); drafts are brought into the system there too.
 * - lãnh đạo (leader): the person with authority signs (arts 5.1, 13) and directs the handling (art 24).
 * - auditor: exports the log, reads no document. administrator: accounts of the agency, reads no document.
 * - operator: the node and its directory; belongs to no agency and sees none of its documents.
 */
type Who = 'clerk' | 'leader' | 'auditor' | 'administrator' | 'operator'

const everybody: readonly Who[] = ['clerk', 'leader', 'auditor', 'administrator', 'operator']
const allowed: Readonly<Record<string, readonly Who[] | 'public'>> = {
  'POST /session': 'public',
  'GET /me': everybody,
  'POST /users': ['administrator', 'operator'],
  'POST /tokens': everybody,
  'DELETE /tokens/{id}': everybody,
  'GET /agencies': everybody,
  'GET /agencies/{id}': everybody,
  'POST /agencies/import': ['operator'],
  'GET /peers': ['operator'],
  'POST /peers': ['operator'],
  'POST /peers/{nodeId}/keys': ['operator'],
  'POST /documents': ['clerk'],
  'POST /documents/{id}/file': ['clerk'],
  'POST /documents/{id}/declaration': ['clerk'],
  'POST /documents/{id}/signatures': ['leader'],
  'POST /documents/{id}/number': ['clerk'],
  'POST /documents/{id}/issue': ['clerk'],
  'POST /documents/{id}/cancel': ['clerk'],
  'POST /documents/{id}/dispatch': ['clerk'],
  'GET /documents': ['clerk', 'leader'],
  'GET /documents/{id}': ['clerk', 'leader'],
  'GET /documents/{id}/file': ['clerk', 'leader'],
  'GET /documents/{id}/report': ['clerk', 'leader'],
  'GET /documents/{id}/deliveries': ['clerk', 'leader'],
  'GET /deliveries/{id}': ['clerk', 'leader'],
  'GET /deliveries/{id}/messages/{sha256}': ['clerk', 'leader'],
  'POST /documents/{id}/verification': ['clerk'],
  'POST /documents/{id}/accept': ['clerk'],
  'POST /documents/{id}/refuse': ['clerk'],
  'POST /documents/{id}/assign': ['clerk', 'leader'],
  'POST /documents/{id}/processing': ['clerk', 'leader'],
  'POST /documents/{id}/complete': ['clerk', 'leader'],
  'GET /log': ['auditor', 'operator'],
}

interface Operation {
  readonly security?: unknown
  readonly 'x-permission'?: string
  readonly 'x-roles'?: readonly string[]
}

describe('auth: permissions', () => {
  let node: ApiNode
  let operations: Map<string, Operation>
  before(async () => {
    const logins = everybody.map((who): Login => (who === 'operator' ? who : `commune-${who}`))
    node = await startApiNode({ logins })
    const description = (await (await fetch(`${node.url}/openapi.json`)).json()) as {
      paths: Record<string, Record<string, Operation>>
    }
    operations = new Map(
      Object.entries(description.paths).flatMap(([path, methods]) =>
        Object.entries(methods).map(([method, operation]): [string, Operation] => [
          `${method.toUpperCase()} ${path.replace('/api/v1', '')}`,
          operation,
        ]),
      ),
    )
  })
  after(() => node.close())

  async function call(route: string, token: string | undefined) {
    const [method = '', path = ''] = route.split(' ')
    const filled = path
      .replace('{id}', randomUUID())
      .replace('{sha256}', '0'.repeat(64))
      .replace('{nodeId}', 'nut-khac')
    // A body that no route accepts: who is allowed in gets a 400 of the body, and nothing is changed.
    const bytes = method === 'GET' ? {} : { bytes: Buffer.from('[') }
    return send(node.url, method, filled, { token, ...bytes })
  }

  it('are described for every route that there is, and for no other', () => {
    expect([...operations.keys()].sort()).to.deep.equal(Object.keys(allowed).sort())
  })

  it('are described as they are', () => {
    for (const [route, who] of Object.entries(allowed)) {
      const operation = operations.get(route)
      expect(operation?.security === undefined, route).to.equal(who === 'public')
      if (operation?.['x-permission'] !== undefined) expect(operation['x-roles'], route).to.deep.equal(who)
      else if (who !== 'public') expect(who, route).to.equal(everybody)
    }
  })

  it('let nobody in who is not signed in, but where anybody may', async () => {
    for (const [route, who] of Object.entries(allowed)) {
      const { status, body } = await call(route, undefined)
      if (who === 'public') expect(status, route).not.to.be.oneOf([401, 403])
      else expect([status, body.code], route).to.deep.equal([401, 'NOT_AUTHENTICATED'])
    }
  })

  for (const who of everybody) {
    it(`are those of the ${who}`, async () => {
      const token = await node.token(who === 'operator' ? who : `commune-${who}`)
      for (const [route, roles] of Object.entries(allowed)) {
        const { status, body } = await call(route, token)
        if (roles === 'public' || roles.includes(who)) {
          expect(status, `${route}: ${JSON.stringify(body)}`).not.to.be.oneOf([401, 403, 500])
        } else {
          expect([status, body.code], route).to.deep.equal([403, 'NOT_PERMITTED'])
          expect(body.title, route).to.match(/^Vai trò của bạn không được \p{Ll}[^()]+ \([a-z]+\.[a-z]+\)$/u)
        }
      }
    })
  }

  it('are asked for before a byte of the body is read', async () => {
    const sent = async (token: string | undefined, path: string) => {
      const big = new Uint8Array(51_000_000)
      return send(node.url, 'POST', path, { token, bytes: big })
    }
    const path = `/documents/${randomUUID()}/file`
    const nobody = await sent(undefined, path)
    expect([nobody.status, nobody.body.code]).to.deep.equal([401, 'NOT_AUTHENTICATED'])
    const auditor = await sent(await node.token('commune-auditor'), path)
    expect([auditor.status, auditor.body.code]).to.deep.equal([403, 'NOT_PERMITTED'])
    const clerk = await sent(await node.token('commune-clerk'), path)
    expect([clerk.status, clerk.body.code]).to.deep.equal([413, 'INPUT_TOO_LARGE'])
  })
})
