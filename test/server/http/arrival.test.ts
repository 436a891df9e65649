import type { Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { expect } from 'chai'
import { type ArrivalLimits, arrivalLimits, createHttpServer } from '../../../server/http/arrival.ts'

/** Shorter than a node’s, so that the test need not wait as long as a client may. */
const SHORT: ArrivalLimits = { headersMs: 300, requestMs: 600, checkMs: 50 }

interface Cut {
  /** Bytes that the client had sent by then. */
  readonly sent: number
  /** What the server said, if anything. */
  readonly said: string
}

describe('http: requests that arrive slowly (slow loris)', () => {
  let server: Server
  let port: number
  const heard: string[] = []
  before(async () => {
    server = createHttpServer(SHORT)
    server.on('request', (request, response) => {
      request.on('error', () => {})
      request.on('end', () => {
        heard.push(String(request.url))
        response.end('đã nhận')
      })
      request.resume()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    port = (server.address() as AddressInfo).port
  })
  after(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })

  /** Sends `head` at once and then a byte every 20 ms for as long as it is let. */
  function drip(head: string): { socket: Socket; cut: Promise<Cut> } {
    const socket = connect(port, '127.0.0.1')
    let sent = 0
    let said = ''
    socket.write(head)
    const timer = setInterval(() => {
      sent += 1
      socket.write('a')
    }, 20)
    socket.setEncoding('latin1').on('data', (text: string) => {
      said += text
    })
    // A server that cuts while we write is what is wanted.
    socket.on('error', () => {})
    const cut = new Promise<Cut>((resolve) => {
      socket.on('close', () => {
        clearInterval(timer)
        resolve({ sent, said })
      })
    })
    return { socket, cut }
  }

  for (const [what, head] of [
    ['its head', 'POST /relay/v1/offers HTTP/1.1\r\nHost: a\r\nx-slow: '],
    ['its body', 'POST /relay/v1/offers HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n'],
    [
      'its body in chunks',
      'POST /relay/v1/offers HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nfffff\r\n',
    ],
  ] as const) {
    it(`are cut while a client drips ${what}, and others are served meanwhile`, async () => {
      const before = heard.length
      const slow = Array.from({ length: 50 }, () => drip(head))
      const answer = await fetch(`http://127.0.0.1:${port}/khac`)
      expect(await answer.text()).to.equal('đã nhận')
      expect(heard.slice(before)).to.deep.equal(['/khac'])
      const cuts = await Promise.all(slow.map((one) => one.cut))
      for (const { said } of cuts) expect(said).to.match(/^(HTTP\/1\.1 408 |$)/)
      // Each had begun and none had come to its end.
      expect(Math.min(...cuts.map((one) => one.sent))).to.be.greaterThan(0)
      expect(heard.slice(before)).to.deep.equal(['/khac'])
    })
  }

  it('have limits on every node', () => {
    const { headersTimeout, requestTimeout } = createHttpServer()
    expect({ headersTimeout, requestTimeout }).to.deep.equal({
      headersTimeout: arrivalLimits.headersMs,
      requestTimeout: arrivalLimits.requestMs,
    })
    expect(headersTimeout).to.be.within(1, 60_000)
    expect(requestTimeout).to.be.within(headersTimeout, 3_600_000)
  })
})
