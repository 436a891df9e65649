import { expect } from 'chai'
import fc from 'fast-check'
import { z } from 'zod'
import { ApiClient, derivedKey } from '../../../cli/client/api-client.ts'
import { CongvanError } from '../../../server/errors.ts'
import { SigningError } from '../../../signing/index.ts'
import { type FakeNode, problem, type Reply, startFakeNode } from './fake-node.ts'

const form = z.object({ id: z.string() })

async function errorOf(act: Promise<unknown>): Promise<CongvanError | SigningError> {
  const error: unknown = await act.then(
    () => undefined,
    (caught: unknown) => caught,
  )
  if (error instanceof CongvanError || error instanceof SigningError) return error
  throw new Error(`no error of ours: ${String(error)}`, { cause: error })
}

describe('cli/client: api client', () => {
  let node: FakeNode
  let reply: Reply
  before(async () => {
    node = await startFakeNode((seen, response) => reply(seen, response))
  })
  after(() => node.close())
  beforeEach(() => {
    node.seen.length = 0
  })

  const client = (options: object = {}) => new ApiClient({ url: node.url, token: 'cv_x', ...options })

  it('sends token, language and, with every POST, an idempotency key of its own', async () => {
    reply = () => ({ json: { id: 'a' } })
    await client().post('/documents', form, { json: { a: 'ế' } })
    await client({ language: 'en' }).post('/documents', form, { bytes: Buffer.from('%PDF') })
    await client({ token: undefined }).get('/me', form, { query: { q: 'hải minh', none: undefined } })
    const [json, bytes, get] = node.seen
    expect(json?.headers).to.include({
      authorization: 'Bearer cv_x',
      'accept-language': 'vi',
      'content-type': 'application/json',
    })
    expect(json?.body.toString('utf8')).to.equal('{"a":"ế"}')
    expect(bytes?.headers).to.include({ 'accept-language': 'en', 'content-type': 'application/pdf' })
    expect(get?.headers).not.to.have.any.keys('authorization', 'idempotency-key', 'content-type')
    expect(get?.path).to.equal('/me?q=h%E1%BA%A3i+minh')
    const keys = [json?.headers['idempotency-key'], bytes?.headers['idempotency-key']]
    expect(keys[0]).to.match(/^[0-9a-f-]{36}$/)
    expect(keys[0]).not.to.equal(keys[1])
  })

  it('asks again with the same key when the answer was lost, cut, or the node cannot serve now', async () => {
    const failures: Reply[] = [
      (_seen, response) => void response.destroy(),
      (_seen, response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' })
        response.write('{"id"')
        response.destroy()
        return undefined
      },
      () => problem(503, 'DATABASE_UNAVAILABLE'),
    ]
    reply = (seen, response) => failures[node.seen.length - 1]?.(seen, response) ?? lastAnswer(response)
    const lastAnswer = (response: { destroyed: boolean }) =>
      response.destroyed || node.seen.length <= failures.length ? undefined : { json: { id: 'done' } }
    expect(await client().post('/documents', form, { json: {} })).to.deep.equal({ id: 'done' })
    expect(node.seen).to.have.length(4)
    expect(new Set(node.seen.map((one) => one.headers['idempotency-key'])).size).to.equal(1)
  }).timeout(10_000)

  it('gives up after the retries it was told, with the last failure', async () => {
    reply = () => problem(503, 'SHUTTING_DOWN')
    expect((await errorOf(client({ retries: 1 }).get('/me', form))).code).to.equal('SHUTTING_DOWN')
    expect(node.seen).to.have.length(2)
  })

  it('throws what the node threw, once, and never asks again for what is final', async () => {
    reply = () =>
      problem(409, 'DOCUMENT_STATE_WRONG', { state: 'draft', stateVi: 'dự thảo', event: 'x', eventVi: 'y' })
    const wrong = await errorOf(client().post('/x', form, { json: {} }))
    expect(wrong).to.be.instanceOf(CongvanError)
    expect(wrong).to.deep.include({ code: 'DOCUMENT_STATE_WRONG' })
    expect(wrong.params).to.include({ stateVi: 'dự thảo' })
    reply = () => problem(422, 'PDF_ENCRYPTED')
    expect(await errorOf(client().get('/x', form))).to.be.instanceOf(SigningError)
    expect(node.seen).to.have.length(2)
  })

  it('says so when an answer has no form that it knows', async () => {
    const answers: Reply[] = [
      () => ({ json: { id: 5 } }),
      () => ({ json: null }),
      () => ({ bytes: Buffer.from('<html>') }),
      () => ({ status: 500, bytes: Buffer.from('Internal Server Error') }),
      () => problem(418, 'A_CODE_OF_TOMORROW'),
      () => ({ status: 400, json: { code: 'INPUT_INVALID', params: { field: { deep: 1 } } } }),
      () => problem(400, 'toString'),
    ]
    for (const answer of answers) {
      reply = answer
      const error = await errorOf(client().get('/x', form))
      expect(error.code).to.equal('NODE_ANSWER_UNKNOWN')
      expect(error.params).to.have.property('node', node.url)
    }
  })

  it('follows no redirect: a token goes to no other place', async () => {
    reply = (_seen, response) => {
      response.setHeader('location', 'http://127.0.0.1:1/elsewhere')
      return { status: 307, json: {} }
    }
    expect((await errorOf(client({ retries: 0 }).post('/x', form, { json: {} }))).code).to.equal(
      'NODE_UNREACHABLE',
    )
  })

  it('shows what a node says and does not let the terminal obey it', async () => {
    reply = () => problem(400, 'INPUT_INVALID', { field: 'a\u001b[2Jb', reason: 'một\nhai\u009b31m\u202e' })
    const { message } = await errorOf(client().get('/x', form))
    expect(message).to.equal('invalid input at a\\u001b[2Jb: một\nhai\\u009b31m\\u202e')
  })

  it('names a node that is not there', async () => {
    const gone = await startFakeNode(() => undefined)
    await gone.close()
    const error = await errorOf(new ApiClient({ url: gone.url, retries: 0 }).get('/me', form))
    expect(error.code).to.equal('NODE_UNREACHABLE')
    expect(error.message).to.contain(`${gone.url} cannot be reached: connect ECONNREFUSED`)
  })

  it('streams an answer piece by piece, and fails where the line is cut before its end', async () => {
    reply = (_seen, response) => {
      response.writeHead(200)
      response.write('một\n')
      setImmediate(() => response.end('hai\n'))
      return undefined
    }
    const read = async () => {
      const pieces: Uint8Array[] = []
      for await (const piece of client({ retries: 0 }).getStream('/log')) pieces.push(piece)
      return Buffer.concat(pieces).toString('utf8')
    }
    expect(await read()).to.equal('một\nhai\n')
    reply = (_seen, response) => {
      response.writeHead(200)
      response.write('một\n')
      setImmediate(() => response.destroy())
      return undefined
    }
    expect((await errorOf(read())).code).to.equal('NODE_UNREACHABLE')
    reply = () => problem(403, 'NOT_PERMITTED', { permission: 'log.export', act: 'export', actVi: 'xuất' })
    expect((await errorOf(read())).code).to.equal('NOT_PERMITTED')
  })

  it('makes the same key of the same parts and another of any others', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), fc.array(fc.string()), (one, other) => {
        expect(derivedKey(...one) === derivedKey(...other)).to.equal(
          JSON.stringify(one) === JSON.stringify(other),
        )
      }),
    )
    expect(derivedKey('a', 'b')).not.to.equal(derivedKey('ab'))
    expect(derivedKey('a')).to.match(/^[0-9a-f]{64}$/)
    expect(derivedKey(Buffer.from('a'))).to.equal(derivedKey('a'))
  })
})
