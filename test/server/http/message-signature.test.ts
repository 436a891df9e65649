import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import { expect } from 'chai'
import fc from 'fast-check'
import { verifySignature } from 'http-message-sig'
import { CongvanError } from '../../../server/errors.ts'
import { formatContentDigest, parseContentDigest, sha256 } from '../../../server/http/content-digest.ts'
import {
  type Fields,
  signRequest,
  signResponse,
  verifyRequest,
  verifyResponse,
} from '../../../server/http/message-signature.ts'
import { type TestNodeKey, testNodeKey } from '../../support/node-key.ts'

/** RFC 9421 appendix B.1.3. */
const rfcKey = createPublicKey(`-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqIVYZVLCrPZHGHjP17CTW0/+D9Lf
w0EkjqF7xB4FivAxzic30tMM4GF+hR6Dxh71Z50VGGdldkkDXZCnTNnoXQ==
-----END PUBLIC KEY-----`)

function rfcOptions(key: KeyObject, now: number) {
  const algorithm = 'ecdsa-p256-sha256'
  return {
    policy: {
      algorithms: [algorithm],
      requiredComponents: ['@status'],
      requiredParameters: ['created'],
      now,
    },
    resolveVerifier: () => ({
      algorithm,
      verify: (data: Uint8Array, signature: Uint8Array) =>
        verify('sha256', data, { key, dsaEncoding: 'ieee-p1363' }, signature),
    }),
  }
}

const fields = (entries: Readonly<Record<string, string>>) =>
  Object.entries(entries).map(([name, value]) => ({ name, value }))

describe('message signatures: the vectors of RFC 9421 hold in the library beneath', () => {
  const b24 = {
    kind: 'response' as const,
    status: 200,
    fields: fields({
      'content-type': 'application/json',
      'content-digest':
        'sha-512=:mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYhvlCFJ41QJgJc4GTsPp29l5oGX69wWdXymyU0rjJuahq4l5aGgfLQ==:',
      'content-length': '23',
      'signature-input':
        'sig-b24=("@status" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-ecc-p256"',
      signature:
        'sig-b24=:wNmSUAhwb5LxtOtOpNa6W5xj067m5hFrj0XQ4fvpaCLx0NKocgPquLgyahnzDnDAUy5eCdlYUEkLIj+32oiasw==:',
    }),
  }
  const reqres = {
    kind: 'response' as const,
    status: 503,
    fields: fields({
      'content-type': 'application/json',
      'content-digest':
        'sha-512=:0Y6iCBzGg5rZtoXS95Ijz03mslf6KAMCloESHObfwnHJDbkkWWQz6PhhU9kxsTbARtY2PTBOzq24uJFpHsMuAg==:',
      'signature-input':
        'reqres=("@status" "content-digest" "content-type" "@authority";req "@method";req "@path";req "content-digest";req);created=1618884479;keyid="test-key-ecc-p256"',
      signature:
        'reqres=:dMT/A/76ehrdBTD/2Xx8QuKV6FoyzEP/I9hdzKN8LQJLNgzU4W767HK05rx1i8meNQQgQPgQp8wq2ive3tV5Ag==:',
    }),
    request: {
      kind: 'request' as const,
      method: 'POST',
      targetUri: 'https://example.com/foo?param=Value&Pet=dog',
      fields: fields({
        'content-digest':
          'sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:',
      }),
    },
  }

  it('B.2.4: an answer signed with ecdsa-p256-sha256', async () => {
    const { components } = await verifySignature(b24, rfcOptions(rfcKey, 1_618_884_473))
    expect(components).to.have.length(4)
  })

  it('section 2.4: an answer bound to its request with ;req', async () => {
    const { components } = await verifySignature(reqres, rfcOptions(rfcKey, 1_618_884_479))
    expect(components).to.have.length(7)
  })

  it('refuses both when the status or the request is another', async () => {
    await expectRejected(verifySignature({ ...b24, status: 201 }, rfcOptions(rfcKey, 1_618_884_473)))
    const otherRequest = { ...reqres.request, targetUri: 'https://example.com/bar' }
    await expectRejected(
      verifySignature({ ...reqres, request: otherRequest }, rfcOptions(rfcKey, 1_618_884_479)),
    )
  })
})

describe('message signatures: the profile between nodes', () => {
  const now = new Date('2025-03-01T08:00:00Z')
  const url = 'http://127.0.0.1:8080/relay/v1/offers?a=1&b=%20'
  let key: TestNodeKey
  let other: TestNodeKey
  before(async () => {
    key = testNodeKey('xa')
    other = testNodeKey('huyen')
  })

  const options = (keys?: readonly string[], at = now) => ({
    now: at,
    clockSkewSeconds: 120,
    keysOf: async (nodeId: string) => (nodeId === 'xa' ? (keys ?? [key.fingerprint]) : []),
  })
  const request = { method: 'POST', url }
  const by = () => ({ nodeId: 'xa', key: key.provider, now })
  const signed = async (body = 'body'): Promise<Record<string, string>> =>
    signRequest(by(), { ...request, contentDigest: sha256(Buffer.from(body)) })
  const asFields = (headers: Readonly<Record<string, string>>): Fields => Object.entries(headers)

  it('proves node, key, digest and nonce of a request', async () => {
    const headers = await signed()
    const verified = await verifyRequest({ ...request, fields: asFields(headers) }, options())
    expect(verified.nodeId).to.equal('xa')
    expect(verified.keyFingerprint).to.equal(key.fingerprint)
    expect(verified.created).to.deep.equal(now)
    expect(verified.usableUntil).to.deep.equal(new Date('2025-03-01T08:02:00Z'))
    expect(Buffer.from(verified.contentDigest)).to.deep.equal(sha256(Buffer.from('body')))
    expect(headers['signature-input']).to.contain('"@method" "@authority" "@path" "@query" "content-digest"')
    expect(headers['signature-input']).to.contain('tag="congvan-relay-v1"')
  })

  it('never repeats a nonce', async () => {
    const nonces = await Promise.all(
      Array.from({ length: 50 }, async () => {
        return (await verifyRequest({ ...request, fields: asFields(await signed()) }, options())).nonce
      }),
    )
    expect(new Set(nonces).size).to.equal(50)
  })

  it('refuses the same signature for another method, authority, path, query or digest', async () => {
    const headers = await signed()
    const fields = asFields(headers)
    const moved = [
      { method: 'PUT', url, fields },
      { method: 'POST', url: url.replace('8080', '8081'), fields },
      { method: 'POST', url: url.replace('127.0.0.1', 'localhost'), fields },
      { method: 'POST', url: url.replace('offers', 'commits'), fields },
      { method: 'POST', url: url.replace('a=1', 'a=2'), fields },
      { method: 'POST', url: url.replace(/\?.*/, ''), fields },
      {
        method: 'POST',
        url,
        fields: asFields({ ...headers, 'content-digest': formatContentDigest(sha256(Buffer.from('x'))) }),
      },
    ]
    for (const message of moved) await expectRefused(verifyRequest(message, options()))
  })

  it('refuses every single changed byte of the signature fields', async () => {
    const headers = await signed()
    const names = ['signature', 'signature-input', 'node-key', 'content-digest']
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...names),
        fc.nat(),
        fc.integer({ min: 33, max: 126 }),
        async (name, at, to) => {
          const value = headers[name] ?? ''
          const index = at % value.length
          fc.pre(value.charCodeAt(index) !== to)
          const changed = value.slice(0, index) + String.fromCharCode(to) + value.slice(index + 1)
          // Base64 has spare bits before its padding: another last digit may spell the same bytes.
          fc.pre(!(name !== 'signature-input' && /^.?=*:$/.test(value.slice(index + 1))))
          // The label is no part of what is signed; both fields carry it, so one alone must not change.
          await expectRefused(
            verifyRequest({ ...request, fields: asFields({ ...headers, [name]: changed }) }, options()),
          )
        },
      ),
      { numRuns: 300 },
    )
  })

  it('refuses a request that lacks a field, or has it twice', async () => {
    const headers = await signed()
    for (const name of Object.keys(headers)) {
      const without = asFields(headers).filter(([one]) => one !== name)
      await expectRefused(verifyRequest({ ...request, fields: without }, options()))
      const value = headers[name] ?? ''
      await expectRefused(
        verifyRequest({ ...request, fields: [...asFields(headers), [name, value]] }, options()),
      )
    }
  })

  it('refuses two signatures in one field, and other components, parameters or tags', async () => {
    const headers = await signed()
    const second = await signed()
    const input = headers['signature-input'] ?? ''
    const changes: Record<string, string>[] = [
      {
        signature: `${headers.signature}, b${second.signature?.slice(7)}`,
        'signature-input': `${input}, b${second['signature-input']?.slice(7)}`,
      },
      { 'signature-input': input.replace(' "@query"', '') },
      { 'signature-input': input.replace('"@query"', '"@query" "@query"') },
      { 'signature-input': input.replace('"@method" "@authority"', '"@authority" "@method"') },
      { 'signature-input': input.replace('"content-digest"', '"content-digest" "date"') },
      { 'signature-input': input.replace('congvan-relay-v1', 'web-bot-auth') },
      { 'signature-input': input.replace(/;tag="[^"]*"/, '') },
      { 'signature-input': input.replace(/;nonce="[^"]*"/, '') },
      { 'signature-input': input.replace(/;created=\d+/, '') },
      { 'signature-input': `${input};alg="ecdsa-p256-sha256"` },
    ]
    for (const change of changes) {
      await expectRefused(
        verifyRequest({ ...request, fields: asFields({ ...headers, ...change }) }, options()),
      )
    }
  })

  it('refuses a signature older or newer than the allowed clock difference', async () => {
    const fields = asFields(await signed())
    const at = (seconds: number) => options(undefined, new Date(now.getTime() + seconds * 1000))
    await verifyRequest({ ...request, fields }, at(119))
    await verifyRequest({ ...request, fields }, at(-119))
    await expectRefused(verifyRequest({ ...request, fields }, at(122)))
    await expectRefused(verifyRequest({ ...request, fields }, at(-122)))
  })

  it('refuses a key that is not the node’s, and another node’s key under its name', async () => {
    const fields = asFields(await signed())
    await expectRefused(verifyRequest({ ...request, fields }, options([other.fingerprint])))
    await expectRefused(verifyRequest({ ...request, fields }, options([])))
    const forged = await signRequest(
      { nodeId: 'xa', key: other.provider, now },
      { ...request, contentDigest: sha256(Buffer.from('body')) },
    )
    await expectRefused(verifyRequest({ ...request, fields: asFields(forged) }, options()))
    const keyid = forged['signature-input']?.replace(other.fingerprint, key.fingerprint) ?? ''
    const renamed = { ...forged, 'signature-input': keyid }
    await expectRefused(verifyRequest({ ...request, fields: asFields(renamed) }, options()))
  })

  it('lets a failure of the key lookup through as what it is', async () => {
    const fields = asFields(await signed())
    const away = async () => Promise.reject(new CongvanError('DATABASE_UNAVAILABLE'))
    const error = await caught(verifyRequest({ ...request, fields }, { ...options(), keysOf: away }))
    expect((error as CongvanError).code).to.equal('DATABASE_UNAVAILABLE')
  })

  it('binds an answer to its request and its status', async () => {
    const asked = await signed()
    const signature = asked.signature ?? ''
    const answer = await signResponse(
      by(),
      { status: 200, contentDigest: sha256(Buffer.from('ok')) },
      { ...request, signature },
    )
    const fields = asFields(answer)
    const verified = await verifyResponse({ status: 200, fields }, { ...request, signature }, options())
    expect(verified.nodeId).to.equal('xa')
    await expectRefused(verifyResponse({ status: 201, fields }, { ...request, signature }, options()))
    const otherSignature = (await signed()).signature ?? ''
    await expectRefused(
      verifyResponse({ status: 200, fields }, { ...request, signature: otherSignature }, options()),
    )
    await expectRefused(
      verifyResponse({ status: 200, fields }, { ...request, method: 'PUT', signature }, options()),
    )
    // A request's signature is no answer's, and the other way round.
    await expectRefused(
      verifyResponse({ status: 200, fields: asFields(asked) }, { ...request, signature }, options()),
    )
    await expectRefused(verifyRequest({ ...request, fields }, options()))
  })
})

describe('content digest', () => {
  it('is SHA-256 of zero bytes for no body', () => {
    expect(formatContentDigest(sha256(new Uint8Array()))).to.equal(
      'sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:',
    )
  })

  it('reads back what it writes and nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (digest) => {
        expect(Buffer.from(parseContentDigest(formatContentDigest(digest)) ?? [])).to.deep.equal(
          Buffer.from(digest),
        )
      }),
    )
    for (const text of [
      '',
      'sha-512=:AA==:',
      'sha-256=:AA==:',
      'sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=:',
    ]) {
      expect(parseContentDigest(text), text).to.equal(undefined)
    }
  })
})

async function caught(act: Promise<unknown>): Promise<unknown> {
  return act.then(
    () => undefined,
    (error: unknown) => error,
  )
}

async function expectRejected(act: Promise<unknown>): Promise<void> {
  expect(await caught(act)).to.be.instanceOf(Error)
}

async function expectRefused(act: Promise<unknown>): Promise<void> {
  const error = await caught(act)
  expect(error).to.be.instanceOf(CongvanError)
  expect((error as CongvanError).code).to.equal('PEER_NOT_AUTHENTICATED')
}
