import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http'
import { gzipSync } from 'node:zlib'
import { expect } from 'chai'
import {
  type Exchange,
  ExchangeError,
  type ExchangeOptions,
  exchange,
} from '../../../cli/online/http-exchange.ts'
import { isPublicAddress } from '../../../cli/online/public-address.ts'

describe('HTTP exchange', () => {
  let server: Server
  let port: number
  let handler: RequestListener
  let seen: string[]

  before((done) => {
    server = createServer((request: IncomingMessage, response: ServerResponse) => {
      seen.push(`${request.method} ${request.headers.host}${request.url}`)
      handler(request, response)
    })
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      port = typeof address === 'object' && address !== null ? address.port : 0
      done()
    })
  })
  beforeEach(() => {
    seen = []
    handler = (_request, response) => {
      response.end('answer')
    }
  })
  after((done) => {
    server.closeAllConnections()
    server.close(() => done())
  })

  const ask = (
    url: string,
    more: Partial<Exchange> = {},
    options: Partial<ExchangeOptions> = {},
  ): Promise<Uint8Array> =>
    exchange({ url, accept: '*/*', maxBytes: 1000, ...more }, { allow: () => true, ...options })

  async function failure(promise: Promise<unknown>): Promise<string> {
    try {
      await promise
    } catch (error) {
      if (error instanceof ExchangeError) return error.message
      throw error
    }
    return expect.fail('no error')
  }

  const here = (path = '/'): string => `http://127.0.0.1:${port}${path}`

  it('gets and posts', async () => {
    let posted = ''
    handler = (request, response) => {
      expect(request.headers['accept-encoding']).to.equal('identity')
      request.on('data', (chunk) => {
        posted += String(chunk)
      })
      request.on('end', () => response.end(`${request.method} ${request.headers['content-type']}`))
    }
    expect(String(await ask(here()))).to.equal('GET undefined')
    const body = Buffer.from('request')
    expect(String(await ask(here(), { body, contentType: 'a/b' }))).to.equal('POST a/b')
    expect(posted).to.equal('request')
  })

  it('talks to no address that is not allowed, however it is written', async () => {
    const strict = { allow: isPublicAddress }
    for (const host of [
      ...['127.0.0.1', '127.1', '2130706433', '0x7f.1', '0177.0.0.1', '[::1]', '[::ffff:127.0.0.1]'],
      ...['169.254.169.254', '10.1.2.3', '[fd00:ec2::254]', '0.0.0.0', '１２７.0.0.1'],
    ]) {
      const message = await failure(ask(`http://${host}:${port}/`, {}, strict))
      expect(message, host).to.include('is not an address of the public network')
    }
    expect(seen).to.deep.equal([])
  })

  it('refuses a name one of whose addresses is not allowed, and a name without any', async () => {
    const named = (addresses: readonly string[]): Partial<ExchangeOptions> => ({
      allow: isPublicAddress,
      resolve: async () => addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    })
    for (const addresses of [['127.0.0.1'], ['8.8.8.8', '10.0.0.1'], ['2606:4700::1111', '::1']]) {
      const message = await failure(ask(`http://ca.example:${port}/`, {}, named(addresses)))
      expect(message).to.include('is not an address of the public network')
    }
    expect(await failure(ask('http://ca.example/', {}, named([])))).to.include('no address of ca.example')
    const unknown: Partial<ExchangeOptions> = {
      resolve: () => Promise.reject(Object.assign(new Error('not found'), { code: 'ENOTFOUND' })),
    }
    expect(await failure(ask('http://ca.example/', {}, unknown))).to.include('ENOTFOUND')
    expect(seen).to.deep.equal([])
  })

  it('connects to the address that was checked: a second answer of the resolver has no effect', async () => {
    let asked = 0
    const answer = await ask(
      `http://ca.example:${port}/x`,
      {},
      {
        allow: (address) => address === '127.0.0.1',
        resolve: async () => {
          asked += 1
          return [{ address: asked === 1 ? '127.0.0.1' : '127.0.0.2', family: 4 }]
        },
      },
    )
    expect(String(answer)).to.equal('answer')
    expect(asked).to.equal(1)
    expect(seen).to.deep.equal([`GET ca.example:${port}/x`])
  })

  it('follows at most three redirects and checks each address again', async () => {
    handler = (request, response) => {
      const left = Number(request.url?.slice(1))
      if (left === 0) response.end('end')
      else response.writeHead(302, { location: `/${left - 1}` }).end()
    }
    expect(String(await ask(here('/3')))).to.equal('end')
    expect(await failure(ask(here('/4')))).to.include('more than 3 redirects')
    expect(await failure(ask(here('/1'), {}, { redirects: 0 }))).to.include('more than 0 redirects')

    const only: Partial<ExchangeOptions> = { allow: (address) => address === '127.0.0.1' }
    for (const location of [`http://127.0.0.2:${port}/`, `http://[::1]:${port}/`]) {
      handler = (_request, response) => {
        response.writeHead(301, { location }).end()
      }
      expect(await failure(ask(here(), {}, only)), location).to.include('is not an address of the public')
    }
    for (const location of ['file:///etc/passwd', 'ftp://127.0.0.1/', 'http://a:b@127.0.0.1/', 'http://']) {
      handler = (_request, response) => {
        response.writeHead(301, { location }).end()
      }
      await failure(ask(here()))
    }
  })

  it('repeats a POST only where the redirect says so', async () => {
    const methods: (string | undefined)[] = []
    const body = Buffer.from('x')
    for (const status of [301, 302, 303]) {
      handler = (_request, response) => {
        response.writeHead(status, { location: '/' }).end()
      }
      expect(await failure(ask(here(), { body }))).to.include(`status ${status}`)
    }
    handler = (request, response) => {
      methods.push(request.method)
      if (request.url === '/a') response.writeHead(307, { location: '/b' }).end()
      else response.end('end')
    }
    await ask(here('/a'), { body })
    expect(methods).to.deep.equal(['POST', 'POST'])
  })

  it('refuses addresses of other kinds before anything is sent', async () => {
    for (const url of [
      'file:///etc/passwd',
      'ldap://127.0.0.1/',
      'gopher://x/',
      'http://u:p@127.0.0.1/',
      'x',
      '',
    ]) {
      await failure(ask(url))
    }
    expect(seen).to.deep.equal([])
  })

  it('refuses other states, other media types and packed answers', async () => {
    for (const status of [204, 206, 400, 404, 500]) {
      handler = (_request, response) => {
        response.writeHead(status).end()
      }
      expect(await failure(ask(here()))).to.equal(`HTTP status ${status}`)
    }
    handler = (_request, response) => {
      response.writeHead(200, { 'content-type': 'Application/Timestamp-Reply; x=y' }).end('token')
    }
    expect(String(await ask(here(), { expect: 'application/timestamp-reply' }))).to.equal('token')
    expect(await failure(ask(here(), { expect: 'application/ocsp-response' }))).to.include('timestamp-reply')
    handler = (_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(100_000)))
    }
    expect(await failure(ask(here()))).to.include('encoding gzip')
  })

  it('stops at its limit of bytes, announced or not', async () => {
    handler = (_request, response) => {
      response.end(Buffer.alloc(1001))
    }
    expect(await failure(ask(here()))).to.equal('more than 1000 bytes')
    const closed = new Promise<void>((resolve) => {
      handler = (_request, response) => {
        response.on('close', resolve)
        const more = (): void => {
          if (!response.destroyed) response.write(Buffer.alloc(64 * 1024), more)
        }
        more()
      }
    })
    expect(await failure(ask(here()))).to.equal('more than 1000 bytes')
    await closed
  })

  it('gives up in time: without an answer, in the middle of one, and while a name is looked up', async () => {
    handler = () => undefined
    expect(await failure(ask(here(), {}, { timeout: 30 }))).to.equal('no answer in time')
    handler = (_request, response) => {
      response.write('begun')
    }
    expect(await failure(ask(here(), {}, { timeout: 30 }))).to.equal('no answer in time')
    const never: Partial<ExchangeOptions> = { timeout: 30, resolve: () => new Promise(() => undefined) }
    expect(await failure(ask('http://ca.example/', {}, never))).to.equal('no answer in time')
    expect(await failure(ask(here(), { signal: AbortSignal.abort() }))).to.equal('aborted')
  })

  it('tells a refused connection and a broken one', async () => {
    expect(await failure(ask('http://127.0.0.1:1/'))).to.equal('ECONNREFUSED')
    handler = (_request, response) => {
      response.destroy()
    }
    expect(await failure(ask(here()))).to.equal('ECONNRESET')
  })
})
