import { createHash } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { expect } from 'chai'
import { CongvanError } from '../../../server/errors.ts'
import { sha256 } from '../../../server/http/content-digest.ts'
import { signRequest } from '../../../server/http/message-signature.ts'
import {
  createPeerClient,
  type PeerAddress,
  type PeerCall,
  peerProblemOf,
} from '../../../server/http/peer-client.ts'
import { jsonReply, type PeerRoute } from '../../../server/http/peer-routes.ts'
import { type TestNodeKey, testNodeKey } from '../../support/node-key.ts'
import { connect, startNode, type TestNode } from '../directory/network.ts'

describe('peer client and peer routes', () => {
  const clock = { now: new Date('2025-03-01T08:00:00Z') }
  const seen: string[] = []
  let parent: TestNode
  let child: TestNode
  let address: PeerAddress

  const routes: PeerRoute[] = [
    {
      method: 'post',
      path: '/echo/:word',
      body: { kind: 'bytes', maxBytes: 1_000 },
      handle: async ({ peer, params, query, body }) => {
        seen.push(Buffer.from(body).toString())
        return jsonReply({ peer, word: params.word, q: query.get('q'), length: body.length })
      },
    },
    {
      method: 'put',
      path: '/piece',
      body: { kind: 'stream', maxBytes: 3_000_000 },
      handle: async ({ stream }) => {
        const received = await buffer(stream)
        return jsonReply({ sha256: createHash('sha256').update(received).digest('hex') }, 201)
      },
    },
    {
      method: 'get',
      path: '/fault',
      body: { kind: 'none' },
      handle: async () => {
        throw new CongvanError('AGENCY_CODE_UNKNOWN', { code: 'H40', date: '2025-03-01' })
      },
    },
    {
      method: 'get',
      path: '/big',
      body: { kind: 'none' },
      handle: async () => ({ status: 200, body: new Uint8Array(100_000) }),
    },
  ]

  before(async () => {
    parent = await startNode('huyen', { clock, routes })
    child = await startNode('xa', { clock })
    await connect(parent, child)
    address = { nodeId: 'huyen', url: parent.url, keyFingerprints: [parent.key.fingerprint] }
  })
  after(async () => {
    await child.close()
    await parent.close()
  })

  const ask = (call: Partial<PeerCall>, to = address) =>
    child.feed.client.request(to, { method: 'GET', path: '/relay/v1', ...call })

  it('asks and is answered, path, query and body under signature', async () => {
    const answer = await ask({
      method: 'POST',
      path: `/relay/v1/echo/${encodeURIComponent('văn thư')}`,
      query: { q: 'a b&c=ế' },
      body: Buffer.from('hello'),
    })
    expect(JSON.parse(Buffer.from(answer.body).toString())).to.deep.equal({
      peer: 'xa',
      word: 'văn thư',
      q: 'a b&c=ế',
      length: 5,
    })
    expect(answer.keyFingerprint).to.equal(parent.key.fingerprint)
  })

  it('names the versions it speaks to anybody', async () => {
    const response = await fetch(`${parent.url}/relay/v1`)
    expect(await response.json()).to.deep.equal({ node: 'huyen', versions: [1] })
    const signed = await ask({})
    expect(JSON.parse(Buffer.from(signed.body).toString())).to.deep.equal({ node: 'huyen', versions: [1] })
  })

  it('streams a body and proves it at its end', async () => {
    const bytes = Buffer.alloc(2_500_000, 'văn bản ')
    const body = { open: () => Readable.from(chunks(bytes)), sha256: sha256(bytes), length: bytes.length }
    const answer = await ask({ method: 'PUT', path: '/relay/v1/piece', body })
    expect(answer.status).to.equal(201)
    expect(JSON.parse(Buffer.from(answer.body).toString())).to.deep.equal({
      sha256: createHash('sha256').update(bytes).digest('hex'),
    })
  })

  it('refuses a streamed body that is not the announced one, after its last byte', async () => {
    const bytes = Buffer.alloc(200_000, 1)
    const other = Buffer.from(bytes)
    other[199_999] = 2
    const body = { open: () => Readable.from(chunks(other)), sha256: sha256(bytes), length: bytes.length }
    const error = await failure(ask({ method: 'PUT', path: '/relay/v1/piece', body }))
    expect(peerProblemOf(error)?.code).to.equal('PEER_NOT_AUTHENTICATED')
    expect(peerProblemOf(error)?.params.reason).to.match(/content-digest/)
  })

  it('passes the peer’s typed fault on', async () => {
    const error = await failure(ask({ path: '/relay/v1/fault' }))
    expect(error.code).to.equal('PEER_FAULT')
    expect(error.params).to.include({ node: 'huyen', code: 'AGENCY_CODE_UNKNOWN', status: 404 })
    expect(peerProblemOf(error)?.params).to.deep.equal({ code: 'H40', date: '2025-03-01' })
  })

  it('answers an unknown path and an oversized body with a signed fault', async () => {
    expect(peerProblemOf(await failure(ask({ path: '/relay/v1/nothing' })))?.code).to.equal('NOT_FOUND')
    const large = await failure(
      ask({ method: 'POST', path: '/relay/v1/echo/x', body: new Uint8Array(1_001) }),
    )
    expect(peerProblemOf(large)?.code).to.equal('INPUT_TOO_LARGE')
  })

  it('reads no more of an answer than it was told to', async () => {
    const error = await failure(ask({ path: '/relay/v1/big', maxAnswerBytes: 50_000 }))
    expect(error.code).to.equal('INPUT_TOO_LARGE')
    expect((await ask({ path: '/relay/v1/big' })).body).to.have.length(100_000)
  })

  it('refuses a request that is sent a second time, and runs its handler once', async () => {
    const body = Buffer.from('only once')
    const url = `${parent.url}/relay/v1/echo/again`
    const headers = await signRequest(
      { nodeId: 'xa', key: child.key.provider, now: clock.now },
      { method: 'POST', url, contentDigest: sha256(body) },
    )
    const send = () => fetch(url, { method: 'POST', headers, body })
    expect((await send()).status).to.equal(200)
    const replay = await send()
    expect(replay.status).to.equal(401)
    expect(await replay.json()).to.include({ code: 'PEER_NOT_AUTHENTICATED' })
    expect(seen.filter((one) => one === 'only once')).to.have.length(1)
    const both = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const again = await signRequest(
          { nodeId: 'xa', key: child.key.provider, now: clock.now },
          { method: 'POST', url, contentDigest: sha256(body) },
        )
        const answers = await Promise.all(
          [1, 2].map(() => fetch(url, { method: 'POST', headers: again, body })),
        )
        return answers.map((one) => one.status).sort()
      }),
    )
    for (const statuses of both) expect(statuses).to.deep.equal([200, 401])
  })

  it('refuses a body other than the signed one, a stranger, a wrong key and an unsigned request', async () => {
    const url = `${parent.url}/relay/v1/echo/x`
    const signed = async (nodeId: string, key: TestNodeKey) =>
      signRequest(
        { nodeId, key: key.provider, now: clock.now },
        { method: 'POST', url, contentDigest: sha256(Buffer.from('a')) },
      )
    const send = async (headers: Record<string, string>, body: string) =>
      (await fetch(url, { method: 'POST', headers, body })).status
    const before = seen.length
    expect(await send(await signed('xa', child.key), 'b')).to.equal(401)
    expect(await send(await signed('la', child.key), 'a')).to.equal(401)
    expect(await send(await signed('xa', testNodeKey('xa')), 'a')).to.equal(401)
    expect(await send({}, 'a')).to.equal(401)
    expect(seen).to.have.length(before)
    expect(await send(await signed('xa', child.key), 'a')).to.equal(200)
  })

  it('refuses a peer that the operator has switched off', async () => {
    await parent.database.db.asNode((trx) => trx('peers').where('node_id', 'xa').update({ enabled: false }))
    const error = await failure(ask({ path: '/relay/v1/directory' }))
    expect(peerProblemOf(error)?.code).to.equal('PEER_NOT_AUTHENTICATED')
    await parent.database.db.asNode((trx) => trx('peers').where('node_id', 'xa').update({ enabled: true }))
    expect((await ask({ path: '/relay/v1/directory' })).status).to.equal(200)
  })

  it('does not believe an answer signed by another key or an answer changed on the way', async () => {
    const stranger = { ...address, keyFingerprints: [testNodeKey('huyen').fingerprint] }
    expect((await failure(ask({ path: '/relay/v1/directory' }, stranger))).code).to.equal(
      'PEER_ANSWER_NOT_AUTHENTIC',
    )
    const wrongName = { ...address, nodeId: 'tinh' }
    expect((await failure(ask({ path: '/relay/v1/directory' }, wrongName))).code).to.equal(
      'PEER_ANSWER_NOT_AUTHENTIC',
    )
    const changes: ((answer: Response, body: Buffer) => Response)[] = [
      (answer, body) => new Response(`${body} `, { status: answer.status, headers: answer.headers }),
      (answer, body) => new Response(body, { status: 202, headers: answer.headers }),
      (answer, body) => new Response(body, { status: answer.status }),
      (answer, body) => {
        const headers = new Headers(answer.headers)
        headers.set('content-digest', 'sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:')
        return new Response(body, { status: answer.status, headers })
      },
    ]
    for (const change of changes) {
      const client = createPeerClient({
        nodeId: 'xa',
        key: child.key.provider,
        clock: () => clock.now,
        fetch: async (url, init) => {
          const answer = await fetch(url, init)
          return change(answer, Buffer.from(await answer.arrayBuffer()))
        },
      })
      const error = await failure(client.request(address, { method: 'GET', path: '/relay/v1/directory' }))
      expect(error.code).to.equal('PEER_ANSWER_NOT_AUTHENTIC')
    }
  })

  it('does not take the answer to one request for the answer to another', async () => {
    let kept: Response | undefined
    const client = createPeerClient({
      nodeId: 'xa',
      key: child.key.provider,
      clock: () => clock.now,
      fetch: async (url, init) => {
        const answer = await fetch(url, init)
        const first = kept ?? answer.clone()
        kept = first.clone()
        return first
      },
    })
    await client.request(address, { method: 'GET', path: '/relay/v1/directory' })
    const error = await failure(client.request(address, { method: 'GET', path: '/relay/v1/directory' }))
    expect(error.code).to.equal('PEER_ANSWER_NOT_AUTHENTIC')
  })

  it('tells a node that is away from one that answers wrongly', async () => {
    const nobody = await closedPort()
    expect((await failure(ask({}, { ...address, url: nobody }))).code).to.equal('NODE_UNREACHABLE')
    const answers: [number, string][] = [
      [502, 'NODE_UNREACHABLE'],
      [503, 'NODE_UNREACHABLE'],
      [302, 'PEER_ANSWER_NOT_AUTHENTIC'],
      [200, 'PEER_ANSWER_NOT_AUTHENTIC'],
      [404, 'PEER_ANSWER_NOT_AUTHENTIC'],
    ]
    for (const [status, code] of answers) {
      const { server, url } = await serveStatus(status)
      expect((await failure(ask({}, { ...address, url }))).code, String(status)).to.equal(code)
      server.close()
    }
  })

  it('gives up on a node that accepts the connection and says nothing', async () => {
    const server = createServer(() => {})
    const url = await listen(server)
    const error = await failure(ask({ timeoutMs: 50 }, { ...address, url }))
    expect(error.code).to.equal('NODE_UNREACHABLE')
    expect(error.params.reason).to.equal('timeout')
    server.closeAllConnections()
    server.close()
  })
})

function* chunks(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += 60_000) yield bytes.subarray(at, at + 60_000)
}

async function failure(act: Promise<unknown>): Promise<CongvanError> {
  const error = await act.then(
    () => undefined,
    (caught: unknown) => caught,
  )
  expect(error).to.be.instanceOf(CongvanError)
  return error as CongvanError
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function closedPort(): Promise<string> {
  const server = createServer()
  const url = await listen(server)
  await new Promise((resolve) => server.close(resolve))
  return url
}

async function serveStatus(status: number): Promise<{ server: Server; url: string }> {
  const server = createServer((_request, response) => {
    response.writeHead(status, { connection: 'close', location: '/elsewhere' }).end('{}')
  })
  return { server, url: await listen(server) }
}
