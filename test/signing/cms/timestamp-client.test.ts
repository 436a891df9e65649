import { expect } from 'chai'
import { makeTestPki, type TestPki } from '../../../fixtures/pki/make-pki.ts'
import {
  makeTimestampAuthority,
  TEST_TIMESTAMP_POLICY,
  type TimestampAuthority,
  type TimestampAuthorityOptions,
} from '../../../fixtures/pki/timestamp-authority.ts'
import { digestAlgorithms, digest as digestOf } from '../../../signing/algorithms.ts'
import { parseSignedData } from '../../../signing/cms/parse-signed-data.ts'
import {
  type TimestampClientOptions,
  type TimestampTransport,
  timestampClient,
} from '../../../signing/cms/timestamp-client.ts'
import { readTimestampInfo } from '../../../signing/cms/timestamp-info.ts'
import { SigningError } from '../../../signing/errors.ts'
import { parseDer } from '../../../signing/x509/der.ts'
import { octetString, sequence, unsignedInteger } from '../../../signing/x509/der-write.ts'

const sha256 = digestAlgorithms.find(({ name }) => name === 'SHA-256') ?? expect.fail('no SHA-256')
const digest = { algorithm: sha256, value: digestOf(sha256, Buffer.from('văn bản')) }

describe('time-stamp client', () => {
  const time = new Date('2025-01-06T01:00:00Z')
  let pki: TestPki
  let authority: TimestampAuthority
  const make = (options: Partial<TimestampAuthorityOptions> = {}): TimestampAuthority =>
    makeTimestampAuthority({ pki, clock: () => time, ...options })

  before(async () => {
    pki = await makeTestPki({ seedTime: time })
    authority = make()
  })

  /** A client whose clock stands still but for the waits that it asks for. */
  function client(
    answers: Record<string, (body: Uint8Array) => Uint8Array>,
    options: Partial<TimestampClientOptions> = {},
  ) {
    let now = time.getTime()
    const waits: number[] = []
    const asked: string[] = []
    const transport: TimestampTransport = async (url, body, sent) => {
      asked.push(url)
      expect(sent.contentType).to.equal('application/timestamp-query')
      expect(sent.accept).to.equal('application/timestamp-reply')
      const answer = answers[url]
      if (answer === undefined) throw new Error('connection refused')
      return answer(body)
    }
    const provider = timestampClient({
      transport,
      servers: Object.keys(answers),
      clock: () => new Date(now),
      delay: (milliseconds, signal) => {
        // The limit on an attempt never runs out here.
        if (milliseconds === 10_000) return forever(signal)
        waits.push(milliseconds)
        now += milliseconds
        return Promise.resolve()
      },
      ...options,
    })
    return { provider, asked, waits, advance: (milliseconds: number) => (now += milliseconds) }
  }

  function forever(signal: AbortSignal): Promise<void> {
    return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('cut short'))))
  }

  async function failure(promise: Promise<unknown>): Promise<SigningError> {
    try {
      await promise
    } catch (error) {
      if (error instanceof SigningError) return error
      throw error
    }
    return expect.fail('no error')
  }

  it('answers the token of an authority, with certificate, nonce and policy asked for', async () => {
    let sent: Uint8Array = new Uint8Array()
    const { provider } = client(
      {
        'http://a/': (body) => {
          sent = body
          return authority.respond(body)
        },
      },
      { policy: TEST_TIMESTAMP_POLICY },
    )
    const token = parseSignedData(await provider.timestamp(digest))
    const info = readTimestampInfo(token.content ?? new Uint8Array())
    expect(Buffer.from(info.imprint).equals(digest.value)).to.equal(true)
    expect(info.policy).to.equal(TEST_TIMESTAMP_POLICY)
    expect(token.certificates.some((der) => Buffer.from(der).equals(authority.certificate))).to.equal(true)
    expect(Buffer.from(sent).includes(Buffer.from(info.nonce ?? []))).to.equal(true)
    expect((info.nonce ?? []).length).to.be.at.least(15)
    const second = parseSignedData(await provider.timestamp(digest)).content ?? new Uint8Array()
    expect(readTimestampInfo(second).nonce).to.not.deep.equal(info.nonce)
  })

  it('keeps the sign byte of a nonce that begins with a one bit', async () => {
    const { provider } = client(
      { 'http://a/': authority.respond },
      { randomNonce: () => Buffer.alloc(8, 0xff) },
    )
    expect(await provider.timestamp(digest)).to.be.instanceOf(Uint8Array)
    const zeros = client({ 'http://a/': authority.respond }, { randomNonce: () => Buffer.from([0, 0, 7]) })
    expect(await zeros.provider.timestamp(digest)).to.be.instanceOf(Uint8Array)
  })

  it('refuses answers that do not hold, saying why', async () => {
    const other = { algorithm: sha256, value: digestOf(sha256, Buffer.from('khác')) }
    const elsewhere: TimestampAuthority = makeTimestampAuthority({
      pki,
      clock: () => time,
      certificate: pki.samples.agency,
    })
    const expired = pki.issueTimestampAuthority({ notAfter: new Date(time.getTime() - 1000) })
    const granted = sequence(sequence(unsignedInteger(Uint8Array.of(0))))
    const tokenFor = async (wanted: typeof digest) =>
      sequence(sequence(unsignedInteger(Uint8Array.of(0))), await authority.provider.timestamp(wanted))
    const overOther = await tokenFor(other)
    const oldNonce = await tokenFor(digest)
    const cases: [string, (body: Uint8Array) => Uint8Array, RegExp][] = [
      ['another imprint', () => overOther, /imprint/],
      ['another nonce', () => oldNonce, /nonce/],
      ['no token', () => granted, /timeStampToken/],
      ['not DER', () => Buffer.from('<html>'), /byte 0/],
      [
        'something after it',
        (body) => Buffer.concat([authority.respond(body), Buffer.from([0])]),
        /after the end/,
      ],
      ['wrong use', (body) => elsewhere.respond(body), /extended key usage/],
      ['expired', (body) => make({ certificate: expired }).respond(body), /not valid at the time/],
      ['changed signature', (body) => flipped(authority.respond(body), -3), /SIG_CRYPTO_FAILURE|DER|DER_/],
      ['changed time', (body) => changedTime(authority.respond(body)), /HASH_FAILURE/],
      ['no certificate', withoutCertificates, /NO_SIGNING_CERTIFICATE_FOUND/],
      [
        'no SignedData',
        () => sequence(sequence(unsignedInteger(Uint8Array.of(0))), sequence(octetString(digest.value))),
        /contentType/,
      ],
    ]
    function withoutCertificates(body: Uint8Array): Uint8Array {
      // certReq TRUE is the last member; DER leaves the default out.
      const members = parseDer(body).children.map(({ raw }) => raw)
      return authority.respond(sequence(...members.slice(0, -1)))
    }
    for (const [name, answer, reason] of cases) {
      const { provider, asked } = client({ 'http://a/': answer }, { rounds: 1 })
      const error = await failure(provider.timestamp(digest))
      expect(error.code, name).to.equal('TIMESTAMP_UNAVAILABLE')
      expect(error.message, name).to.match(reason).and.include('http://a/: ')
      expect(asked, name).to.have.length(1)
    }
  })

  it('refuses every answer in which one bit is not as the authority made it', async () => {
    let bit = 0
    const { provider } = client(
      {
        'http://a/': (body) => {
          const answer = Uint8Array.from(authority.respond(body))
          const spread = (bit * 7919) % (answer.length * 8)
          // The last bit of the status alone may change: granted with modifications is granted.
          const at = spread === 64 ? 65 : spread
          answer[at >> 3] = (answer[at >> 3] ?? 0) ^ (1 << (at & 7))
          return answer
        },
      },
      { rounds: 1 },
    )
    for (; bit < 300; bit += 1) {
      const error = await failure(provider.timestamp(digest))
      expect(error.code, `bit ${bit}`).to.be.oneOf(['TIMESTAMP_UNAVAILABLE', 'TIMESTAMP_REJECTED'])
    }
  })

  it('goes to the next server when one fails, and stays there while the first one rests', async () => {
    const state = { dead: true }
    const { provider, asked, waits, advance } = client({
      'http://a/': (body) => {
        if (state.dead) throw new Error('connection refused')
        return authority.respond(body)
      },
      'http://b/': authority.respond,
    })
    await provider.timestamp(digest)
    expect(asked.splice(0)).to.deep.equal(['http://a/', 'http://b/'])
    await provider.timestamp(digest)
    expect(asked.splice(0)).to.deep.equal(['http://b/'])
    advance(1000)
    await provider.timestamp(digest)
    expect(asked.splice(0)).to.deep.equal(['http://a/', 'http://b/'])
    // Twice as long after the second failure.
    advance(1000)
    await provider.timestamp(digest)
    expect(asked.splice(0)).to.deep.equal(['http://b/'])
    state.dead = false
    advance(1000)
    await provider.timestamp(digest)
    await provider.timestamp(digest)
    expect(asked.splice(0)).to.deep.equal(['http://a/', 'http://a/'])
    expect(waits).to.deep.equal([])
  })

  it('waits and goes round again when all fail, then tells the last failure of each', async () => {
    let answers = 0
    const flaky = client({
      'http://a/': (body) => {
        answers += 1
        if (answers === 1) throw new Error('connection reset')
        return authority.respond(body)
      },
    })
    expect(await flaky.provider.timestamp(digest)).to.be.instanceOf(Uint8Array)
    expect(flaky.waits).to.deep.equal([1000])

    const dead = (): Uint8Array => {
      throw new Error('connection reset')
    }
    const { provider, asked, waits } = client({ 'http://a/': dead, 'http://b/': dead }, { rounds: 3 })
    const error = await failure(provider.timestamp(digest))
    expect(error.code).to.equal('TIMESTAMP_UNAVAILABLE')
    expect(error.message).to.include('http://a/: connection reset; http://b/: connection reset')
    expect(asked).to.have.length(6)
    expect(waits).to.deep.equal([1000, 2000])
  })

  it('does not ask again where the authority itself refuses', async () => {
    const { provider, asked, waits } = client(
      { 'http://a/': authority.respond, 'http://b/': authority.respond },
      { policy: '1.2.3.4' },
    )
    const error = await failure(provider.timestamp(digest))
    expect(error.code).to.equal('TIMESTAMP_REJECTED')
    expect(error.message).to.include('rejection, unacceptedPolicy')
    expect(error.messageIn('vi')).to.include('từ chối')
    expect(asked).to.deep.equal(['http://a/', 'http://b/'])
    expect(waits).to.deep.equal([])

    const mixed = client(
      { 'http://a/': authority.respond, 'http://b/': make({ policy: '1.2.3.4' }).respond },
      { policy: '1.2.3.4' },
    )
    expect(await mixed.provider.timestamp(digest)).to.be.instanceOf(Uint8Array)
  })

  it('gives up an attempt after its time, and everything when told so', async () => {
    const signals: AbortSignal[] = []
    const stuck: TimestampTransport = (_url, _body, { signal }) => {
      signals.push(signal)
      return new Promise(() => undefined)
    }
    const slow = client({ 'http://a/': authority.respond }, { transport: stuck, rounds: 1, timeout: 50 })
    const late = await failure(slow.provider.timestamp(digest))
    expect(late.message).to.include('no answer within 50 ms')
    expect(signals.map(({ aborted }) => aborted)).to.deep.equal([true])

    const whole = new AbortController()
    const stopped = client({ 'http://a/': authority.respond }, { transport: stuck, signal: whole.signal })
    const waiting = failure(stopped.provider.timestamp(digest))
    whole.abort()
    expect((await waiting).message).to.include('aborted')
  })

  it('refuses an answer larger than it asked for', async () => {
    const { provider } = client({ 'http://a/': authority.respond }, { maxBytes: 100, rounds: 1 })
    expect((await failure(provider.timestamp(digest))).message).to.include('more than 100 bytes')
  })

  it('needs a server', () => {
    expect(() => client({})).to.throw(RangeError)
  })
})

function flipped(der: Uint8Array, at: number): Uint8Array {
  const out = Uint8Array.from(der)
  const index = out.length + at
  out[index] = (out[index] ?? 0) ^ 1
  return out
}

/** One digit of `genTime`, the first GeneralizedTime in the answer. */
function changedTime(der: Uint8Array): Uint8Array {
  const out = Buffer.from(der)
  const at = out.indexOf('20250106010000Z')
  out.write('1', at + 13, 'latin1')
  return out
}
