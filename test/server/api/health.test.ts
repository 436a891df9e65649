import { connect, type Socket } from 'node:net'
import { expect } from 'chai'
import { type ApiNode, readAnswer, send, startApiNode } from './node.ts'

describe('api: health and errors', () => {
  let node: ApiNode
  before(async () => {
    node = await startApiNode({ logins: ['commune-clerk'] })
  })
  after(() => node.close())

  it('says that it lives and that it is ready', async () => {
    for (const [path, body] of [
      ['/healthz', { status: 'ok' }],
      ['/readyz', { status: 'ready' }],
    ] as const) {
      const answer = await readAnswer(await fetch(`${node.url}${path}`))
      expect([answer.status, answer.body], path).to.deep.equal([200, body])
    }
  })

  it('answers an unknown path with a problem, in Vietnamese unless English is asked for first', async () => {
    const wanted = [
      [undefined, 'Không tìm thấy /api/v1/khong-co'],
      ['vi', 'Không tìm thấy /api/v1/khong-co'],
      ['vi-VN,vi;q=0.9,en;q=0.8', 'Không tìm thấy /api/v1/khong-co'],
      ['en-GB,en;q=0.9', '/api/v1/khong-co was not found'],
      ['EN', '/api/v1/khong-co was not found'],
      ['en;q=0.2, vi;q=0.8', 'Không tìm thấy /api/v1/khong-co'],
      ['vi;q=0.5,en', '/api/v1/khong-co was not found'],
      ['fr, en;q=0.3', '/api/v1/khong-co was not found'],
      ['en;q=0', 'Không tìm thấy /api/v1/khong-co'],
      ['fr', 'Không tìm thấy /api/v1/khong-co'],
    ] as const
    for (const [language, detail] of wanted) {
      const answer = await send(node.url, 'GET', '/khong-co', language === undefined ? {} : { language })
      expect(answer.status).to.equal(404)
      expect(answer.headers.get('content-type')).to.match(/^application\/problem\+json/)
      expect(answer.body, language).to.deep.equal({
        type: 'about:blank',
        status: 404,
        code: 'NOT_FOUND',
        // RFC 9457, 4.2.1: of about:blank the title is that of the status.
        title: detail.startsWith('Không') ? 'Không tìm thấy' : 'Not found',
        detail,
        params: { what: '/api/v1/khong-co' },
      })
    }
    expect((await fetch(`${node.url}/nowhere`)).status).to.equal(404)
  })

  it('tells nothing of the program in any answer', async () => {
    const token = await node.token('commune-clerk')
    const answers = [
      await readAnswer(await fetch(`${node.url}/healthz`)),
      await readAnswer(await fetch(`${node.url}/openapi.json`)),
      await readAnswer(await fetch(`${node.url}/%E0%A4%A`)),
      await readAnswer(await fetch(`${node.url}/relay/v1/offers`, { method: 'POST', body: 'x' })),
      await send(node.url, 'GET', '/me'),
      await send(node.url, 'GET', '/documents/%E0%A4%A', { token }),
      await send(node.url, 'POST', '/session', { json: { login: 'a' } }),
      await send(node.url, 'POST', '/documents', { token, bytes: Buffer.from('{"a":') }),
      await send(node.url, 'PUT', '/documents', { token, json: {} }),
    ]
    for (const { status, headers, text } of answers) {
      expect(headers.get('x-powered-by'), text).to.equal(null)
      expect(headers.get('server'), text).to.equal(null)
      expect(status, text).to.be.lessThan(500)
      expect(text).not.to.match(/node_modules|\.ts:\d|at \w+ \(|Error:/)
    }
  })

  it('keeps no answer of the API in caches, and lets no browser guess its type', async () => {
    const token = await node.token('commune-clerk')
    for (const path of ['/me', '/documents', '/documents/nein', '/khong-co']) {
      const { headers } = await send(node.url, 'GET', path, { token })
      expect(headers.get('cache-control'), path).to.equal('no-store')
      expect(headers.get('x-content-type-options'), path).to.equal('nosniff')
    }
  })

  it('answers 503 to readyz from the moment a stop begins, finishes what it has, and takes no more', async () => {
    const stopping = await startApiNode({ logins: [] })
    const { hostname, port } = new URL(stopping.url)
    // A request whose head is half sent is in hand: the server answers it after the stop has begun.
    const socket = connect(Number(port), hostname)
    const answered = readAll(socket)
    await new Promise((resolve) => socket.once('connect', resolve))
    socket.write('GET /readyz HTTP/1.1\r\nHost: nut\r\n')
    // Answered on another connection, so the first bytes above are with the server by now.
    expect((await fetch(`${stopping.url}/readyz`)).status).to.equal(200)
    const stopped = stopping.running.stop()
    socket.write('Connection: close\r\n\r\n')
    const answer = await answered
    expect(answer).to.match(/^HTTP\/1\.1 503 /)
    expect(answer).to.match(/Retry-After: \d+/i)
    expect(answer).to.contain('"code":"SHUTTING_DOWN"')
    await stopped
    expect(await fetch(`${stopping.url}/healthz`).catch(() => 'refused')).to.equal('refused')
    await stopping.close()
  })
})

function readAll(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    socket.on('data', (piece) => {
      text += String(piece)
    })
    socket.once('error', reject)
    socket.once('close', () => resolve(text))
  })
}
