import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import { addPeer, type NewPeer } from '../../../server/directory/add-peer.ts'
import { setPeerEnabled } from '../../../server/directory/switch-peer.ts'
import { openPingAnswer, sealPing } from '../../../server/edxml/ping.ts'
import { describeStep, peerFindings, peerSteps } from '../../../server/operations/peer-steps.ts'
import { PING_PATH, PINGS_PER_MINUTE } from '../../../server/operations/ping-route.ts'
import { type PeerTest, testPeer } from '../../../server/operations/test-peer.ts'
import { ATTRIBUTE } from '../../../signing/x509/name.ts'
import { KEY_USAGE, newSerial, writeCertificate } from '../../../signing/x509/write-certificate.ts'
import { testNodeKey } from '../../support/node-key.ts'
import { connect, operator, startNode, type TestClock, type TestNode } from '../directory/network.ts'

describe('peer test', () => {
  const rootKey = testNodeKey('tw')
  const clock: TestClock = { now: new Date() }
  let tw: TestNode
  let tinh: TestNode
  const servers: Server[] = []
  before(async () => {
    const options = { clock, rootFingerprint: () => rootKey.fingerprint }
    tw = await startNode('tw', { ...options, key: rootKey })
    tinh = await startNode('tinh', options)
    await connect(tw, tinh)
  })
  after(async () => {
    for (const server of servers) server.close()
    await tw.close()
    await tinh.close()
  })
  beforeEach(() => {
    clock.now = new Date()
  })

  const run = (node: TestNode, peer: string, at = clock.now) => {
    const context = { ...node.context, clock: () => at }
    return testPeer({ context, key: node.key.provider, client: node.feed.client }, peer)
  }
  /** The step that failed or warned, with its code. */
  const trouble = ({ ok, steps }: PeerTest) => [
    ok,
    ...steps.flatMap((one) => (one.code === undefined ? [] : [`${one.step} ${one.state} ${one.code}`])),
  ]
  const enter = (nodeId: string, more: Partial<NewPeer> = {}) =>
    addPeer(tw.context, operator, {
      nodeId,
      url: 'http://127.0.0.1:1',
      relation: 'child',
      keyFingerprint: 'e'.repeat(64),
      enabled: true,
      ...more,
    })
  const listen = async (server: Server): Promise<number> => {
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return (server.address() as AddressInfo).port
  }

  it('passes every step between neighbours that know each other, up to the sealed answer to a sealed ping', async () => {
    for (const [node, peer] of [
      [tw, 'tinh'],
      [tinh, 'tw'],
    ] as const) {
      const result = await run(node, peer)
      expect(trouble(result)).to.deep.equal([true])
      expect(result.steps.map((one) => one.step)).to.deep.equal([...peerSteps])
      // Beside loopback there is no TLS to be tried.
      const states = result.steps.map((one) => [one.step, one.state])
      expect(states.filter(([, state]) => state !== 'passed')).to.deep.equal([['tls', 'skipped']])
    }
  })

  it('names the first step that fails, and skips what rests on it', async () => {
    await enter('khong-nghe')
    const result = await run(tw, 'khong-nghe')
    expect(trouble(result)).to.deep.equal([false, 'connection failed CONNECTION_REFUSED'])
    const after = result.steps.slice(peerSteps.indexOf('connection') + 1)
    expect(after.map((one) => one.state)).to.deep.equal([
      'skipped',
      'skipped',
      'skipped',
      'skipped',
      'skipped',
      'skipped',
    ])
    await enter('khong-ten', { url: 'http://khong-co.invalid' })
    expect(trouble(await run(tw, 'khong-ten'))).to.deep.equal([false, 'connection failed NAME_UNKNOWN'])
  })

  it('tells somebody else at the address from the peer: another program, another node, one with another key', async () => {
    const port = await listen(createServer((_request, response) => response.end('<html>')))
    await enter('trang-web', { url: `http://127.0.0.1:${port}` })
    expect(trouble(await run(tw, 'trang-web'))).to.deep.equal([false, 'protocol failed NO_NODE'])
    await enter('nham', { url: tinh.url })
    expect(trouble(await run(tw, 'nham'))).to.deep.equal([false, 'protocol failed OTHER_NODE'])
    const mute = await listen(createServer((_request, response) => response.destroy()))
    await enter('im-lang', { url: `http://127.0.0.1:${mute}` })
    expect(trouble(await run(tw, 'im-lang'))).to.deep.equal([false, 'protocol failed NO_NODE'])
    const huyen = await startNode('huyen', { clock })
    await enter('huyen', { url: huyen.url })
    expect(trouble(await run(tw, 'huyen'))).to.deep.equal([false, 'identity failed NOT_ITS_KEY'])
    await huyen.close()
  })

  it('says with which command the other operator enters this node, where that one does not know it', async () => {
    const xa = await startNode('xa', { clock })
    await enter('xa', { url: xa.url, keyFingerprint: xa.key.fingerprint })
    const result = await run(tw, 'xa')
    expect(trouble(result)).to.deep.equal([false, 'authentication failed UNKNOWN_THERE'])
    const step = result.steps.find((one) => one.step === 'authentication')
    const remedy = step && describeStep(step, 'en').remedy
    const command = `congvan peer add tw --url ${tw.url} --relation parent --fingerprint ${tw.key.fingerprint}`
    expect(remedy).to.contain(command)
    // As soon as it is done, the way is open.
    const parent = {
      nodeId: 'tw',
      url: tw.url,
      relation: 'parent',
      keyFingerprint: tw.key.fingerprint,
    } as const
    await addPeer(xa.context, operator, { ...parent, enabled: true })
    expect(trouble(await run(tw, 'xa'))).to.deep.equal([true])
    await setPeerEnabled(xa.context, operator, 'tw', { enabled: false, reason: 'bảo trì' })
    expect(trouble(await run(tw, 'xa'))).to.deep.equal([false, 'authentication failed UNKNOWN_THERE'])
    expect(trouble(await run(xa, 'tw'))).to.deep.equal([true, 'entered warning SWITCHED_OFF'])
    await xa.close()
  })

  it('finds clocks that differ by more than peers allow, before signatures are refused for it', async () => {
    const hour = new Date(clock.now.getTime() + 3_600_000)
    const result = await run(tw, 'tinh', hour)
    expect(trouble(result)).to.deep.equal([false, 'clock failed CLOCK_OFF'])
    const params = result.steps.find((one) => one.step === 'clock')?.params
    expect(params?.seconds).to.be.within(-3_605, -3_590)
    expect(trouble(await run(tw, 'tinh', new Date(clock.now.getTime() - 90_000)))[1]).to.equal(
      'clock warning CLOCK_OFF',
    )
  })

  it('is content with a node of an older version that knows no pings', async () => {
    const old = await startNode('cu', { clock, routes: [] })
    await enter('cu', { url: old.url, keyFingerprint: old.key.fingerprint })
    const parent = {
      nodeId: 'tw',
      url: tw.url,
      relation: 'parent',
      keyFingerprint: tw.key.fingerprint,
    } as const
    await addPeer(old.context, operator, { ...parent, enabled: true })
    expect(trouble(await run(tw, 'cu'))).to.deep.equal([true, 'ping warning PING_UNKNOWN'])
    await old.close()
  })

  it('says what is wrong with a TLS certificate', async () => {
    const certificate = (validity: { from: string; to: string }) => {
      const pair = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
      const subject = [[ATTRIBUTE.commonName, 'truc.example.gov.vn']] as const
      const der = writeCertificate(
        {
          subject,
          publicKey: pair.publicKey,
          notBefore: new Date(validity.from),
          notAfter: new Date(validity.to),
          keyUsage: [KEY_USAGE.digitalSignature],
        },
        { name: subject, ...pair },
        newSerial(),
      )
      const key = pair.privateKey.export({ type: 'pkcs8', format: 'pem' })
      return { key, cert: new X509Certificate(der).toString() }
    }
    const cases = [
      [certificate({ from: '2020-01-01T00:00:00Z', to: '2040-01-01T00:00:00Z' }), 'TLS_UNTRUSTED'],
      [certificate({ from: '2020-01-01T00:00:00Z', to: '2021-01-01T00:00:00Z' }), 'TLS_EXPIRED'],
    ] as const
    for (const [at, [options, code]] of cases.entries()) {
      const port = await listen(createTlsServer(options, (_request, response) => response.end()))
      await enter(`tls-${at}`, { url: `https://127.0.0.1:${port}` })
      expect(trouble(await run(tw, `tls-${at}`)), code).to.deep.equal([false, `tls failed ${code}`])
    }
    const plain = await listen(createServer((_request, response) => response.end()))
    await enter('khong-tls', { url: `https://127.0.0.1:${plain}` })
    expect(trouble(await run(tw, 'khong-tls'))).to.deep.equal([false, 'tls failed TLS_FAILED'])
  })

  it('asks for nothing but what every text has: no gap in either language', () => {
    const params = Object.fromEntries(
      'peer own ownUrl fingerprint inverse host port seconds reason ends url found theirs ours allowed'
        .split(' ')
        .map((name) => [name, 'x']),
    )
    for (const code of Object.keys(peerFindings) as (keyof typeof peerFindings)[]) {
      for (const language of ['vi', 'en'] as const) {
        const { text, remedy } = describeStep({ step: 'ping', state: 'failed', code, params }, language)
        expect(text + remedy, code).not.to.match(/[{}]/)
      }
    }
  })

  describe('pings', () => {
    const send = async (ping: { from: string; to: string; time: Date }, key = tw.key) => {
      const { xml, sha256 } = await sealPing(ping, { key: key.provider, sealedAt: ping.time })
      const peer = { nodeId: 'tinh', url: tinh.url, keyFingerprints: [tinh.key.fingerprint] }
      const call = { method: 'POST', path: PING_PATH, body: xml } as const
      return { sha256, answer: await tw.feed.client.request(peer, call) }
    }
    const refusal = (sending: Promise<unknown>) =>
      sending.then(
        () => 'taken',
        (error: { params?: { code?: string; title?: string } }) =>
          `${error.params?.code} ${error.params?.title}`,
      )

    it('are answered by the hash of their very bytes, however often they come', async () => {
      const now = clock.now
      for (const _time of [1, 2]) {
        const { sha256, answer } = await send({ from: 'tw', to: 'tinh', time: now })
        const opened = openPingAnswer(answer.body, { keyFingerprints: [tinh.key.fingerprint] })
        expect(opened.message).to.include({ from: 'tinh', pingSha256: sha256 })
      }
    })

    it('in another name, for another node, of another time, sealed by another key or changed are refused', async () => {
      const now = clock.now
      const late = new Date(now.getTime() - 600_000)
      expect(await refusal(send({ from: 'huyen', to: 'tinh', time: now }))).to.match(/^PING_REJECTED .*huyen/)
      expect(await refusal(send({ from: 'tw', to: 'huyen', time: now }))).to.match(/^PING_REJECTED .*huyen/)
      expect(await refusal(send({ from: 'tw', to: 'tinh', time: late }))).to.match(
        /^PING_REJECTED .*its time/,
      )
      expect(await refusal(send({ from: 'tw', to: 'tinh', time: now }, testNodeKey('tw')))).to.match(
        /^PING_REJECTED/,
      )
      const peer = { nodeId: 'tinh', url: tinh.url, keyFingerprints: [tinh.key.fingerprint] }
      const { xml } = await sealPing(
        { from: 'tw', to: 'tinh', time: now },
        { key: tw.key.provider, sealedAt: now },
      )
      const changed = Buffer.from(Buffer.from(xml).toString('utf8').replace('<To>tinh', '<To>tinn'))
      for (const body of [changed, Buffer.from('<a/>'), Buffer.from(''), Buffer.alloc(30_000, 'x')]) {
        const call = { method: 'POST', path: PING_PATH, body } as const
        expect(await refusal(tw.feed.client.request(peer, call))).to.match(/^(PING_REJECTED|INPUT_TOO_LARGE)/)
      }
    })

    it('are answered so many times a minute for each peer, and then refused with the time to wait', async () => {
      const ping = { from: 'tw', to: 'tinh', time: clock.now }
      // A minute may have begun in the middle: then the refusal comes within the next.
      const answers: string[] = []
      while (answers.length <= 2 * PINGS_PER_MINUTE && !/^TOO_MANY/.test(answers.at(-1) ?? '')) {
        answers.push(await refusal(send(ping)))
      }
      expect(answers.at(-1)).to.match(/^TOO_MANY_REQUESTS /)
      expect(new Set(answers.slice(0, -1))).to.deep.equal(new Set(['taken']))
      expect(trouble(await run(tinh, 'tw')), 'the other way').to.deep.equal([true])
    })
  })
})
