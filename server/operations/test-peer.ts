import { z } from 'zod'
import { type KeyProvider, nodeKeyFingerprint } from '../../signing/index.ts'
import type { NodeContext } from '../context.ts'
import { findPeer, type Peer } from '../directory/peer-store.ts'
import { openPingAnswer, sealPing } from '../edxml/ping.ts'
import { CongvanError, isKnownError } from '../errors.ts'
import { type PeerAnswer, type PeerClient, peerProblemOf } from '../http/peer-client.ts'
import { RELAY_VERSIONS } from '../http/peer-routes.ts'
import { type PeerFindingCode, type PeerStep, peerSteps, type StepResult } from './peer-steps.ts'
import { PING_CONTENT_TYPE, PING_PATH } from './ping-route.ts'
import { probeConnection, probeTls } from './probe-connection.ts'

/** Of a node's context what a test needs: no queue, so that it goes without one. */
export type TesterContext = Pick<NodeContext, 'nodeId' | 'publicUrl' | 'db' | 'clock' | 'limits'>

export interface PeerTester {
  readonly context: TesterContext
  readonly key: KeyProvider
  readonly client: PeerClient
}

export interface PeerTest {
  readonly peer: string
  readonly url: string
  /** No step failed; warnings may stand beside. */
  readonly ok: boolean
  /** All steps, in their order. */
  readonly steps: readonly StepResult[]
}

const PATIENCE_MS = 10_000

type Outcome = Omit<StepResult, 'step' | 'ms'>

/**
 * Tries the whole way to a peer, step by step, up to a sealed ping and its sealed receipt; the first step that fails is
 * named with what to do, and what rests on it is skipped. Changes nothing here or there, but that both note the contact.
 *
 * @throws CongvanError `NOT_FOUND` for a node that is not entered here
 */
export async function testPeer(tester: PeerTester, nodeId: string): Promise<PeerTest> {
  const { context } = tester
  const peer = await context.db.asNode((trx) => findPeer(trx, nodeId, context.clock()))
  if (peer === undefined) throw new CongvanError('NOT_FOUND', { what: `peer ${nodeId}` })
  const url = new URL(peer.url)
  const talk: Talk = { answer: undefined, sentAt: 0, receivedAt: 0 }
  const runs: Record<PeerStep, () => Promise<Outcome>> = {
    entered: async () => judgeEntry(peer),
    connection: () => probeConnection(url),
    tls: () => probeTls(url, context.clock()),
    protocol: () => askVersions(peer, context, talk),
    clock: async () => judgeClock(context, talk),
    identity: () => askIdentity(tester, peer),
    authentication: async () => ({ state: 'skipped', params: {} }),
    ping: () => ping(tester, peer),
  }
  const steps: StepResult[] = []
  for (const step of peerSteps) {
    const isOver = steps.some((one) => one.state === 'failed')
    const began = performance.now()
    const outcome: Outcome = isOver ? { state: 'skipped', params: {} } : await runs[step]()
    const ms = Math.round(performance.now() - began)
    steps.push({ step, ...outcome, ...(outcome.state === 'skipped' ? {} : { ms }) })
  }
  const told = steps.map((one) => ownName(one, tester, peer))
  const ordered = withAuthentication(told)
  return { peer: nodeId, url: peer.url, ok: ordered.every((one) => one.state !== 'failed'), steps: ordered }
}

interface Talk {
  /** The unproven answer to the first question, with the time of its `Date` field. */
  answer: { readonly date: Date | undefined } | undefined
  sentAt: number
  receivedAt: number
}

function judgeEntry(peer: Peer): Outcome {
  const params = { url: peer.url, relation: peer.relation, keys: peer.keyFingerprints.join(' ') }
  if (peer.keyFingerprints.length === 0) return failed('NO_KEY', { peer: peer.nodeId })
  if (!peer.enabled) {
    return {
      state: 'warning',
      code: 'SWITCHED_OFF',
      params: { ...params, reason: peer.disabledReason ?? '' },
    }
  }
  return { state: 'passed', params }
}

const versionsForm = z.looseObject({ node: z.string().max(63), versions: z.array(z.number()).max(100) })

/** Anybody may ask it, and nothing about the answer is proven yet. */
async function askVersions(peer: Peer, context: TesterContext, talk: Talk): Promise<Outcome> {
  const url = `${new URL(peer.url).origin}/relay/v1`
  const noNode = (reason: string) => failed('NO_NODE', { url, reason })
  let text: string
  try {
    talk.sentAt = context.clock().getTime()
    const response = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(PATIENCE_MS) })
    talk.receivedAt = context.clock().getTime()
    const date = new Date(response.headers.get('date') ?? '')
    talk.answer = { date: Number.isNaN(date.getTime()) ? undefined : date }
    if (response.status !== 200) {
      await response.body?.cancel()
      return noNode(`HTTP ${response.status}`)
    }
    text = await limited(response)
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
    return noNode(cause instanceof Error ? cause.message : String(cause))
  }
  const found = versionsForm.safeParse(parseJson(text))
  if (!found.success) return noNode('no JSON of a node')
  if (found.data.node !== peer.nodeId)
    return failed('OTHER_NODE', { url, found: found.data.node, peer: peer.nodeId })
  const theirs = found.data.versions.join(', ')
  const ours = RELAY_VERSIONS.join(', ')
  const shared = found.data.versions.some((one) => RELAY_VERSIONS.some((own) => own === one))
  return shared
    ? { state: 'passed', params: { versions: theirs } }
    : failed('NO_COMMON_VERSION', { theirs, ours })
}

/** A stranger's answer is not read to the end of memory. */
async function limited(response: Response): Promise<string> {
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true })
    if (text.length > 10_000) throw new Error('the answer is too long')
  }
  return text
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** By the `Date` of the answer, which names whole seconds; a proxy may have written it. */
function judgeClock(context: TesterContext, talk: Talk): Outcome {
  const date = talk.answer?.date
  if (date === undefined) return { state: 'skipped', params: {} }
  const ahead = (date.getTime() + 500 - (talk.sentAt + talk.receivedAt) / 2) / 1000
  const seconds = Math.abs(ahead) < 1 ? 0 : Math.round(ahead)
  const allowed = context.limits.clockSkewSeconds
  const params = { seconds, allowed }
  if (Math.abs(ahead) > allowed) return failed('CLOCK_OFF', params)
  return Math.abs(ahead) > allowed / 2
    ? { state: 'warning', code: 'CLOCK_OFF', params }
    : { state: 'passed', params }
}

/** The same question, signed: the answer must be signed by a key of the peer and bound to this very question. */
async function askIdentity({ client }: PeerTester, peer: Peer): Promise<Outcome> {
  try {
    const call = { method: 'GET', path: '/relay/v1', timeoutMs: PATIENCE_MS } as const
    const { keyFingerprint } = await client.request(peer, call)
    return { state: 'passed', params: { key: keyFingerprint } }
  } catch (error) {
    return failureOf(error)
  }
}

/** One request shows two things: that the peer knows our key, and that seals are opened on both sides. */
async function ping({ context, key, client }: PeerTester, peer: Peer): Promise<Outcome> {
  const now = context.clock()
  const sealed = await sealPing({ from: context.nodeId, to: peer.nodeId, time: now }, { key, sealedAt: now })
  let answer: PeerAnswer
  try {
    answer = await client.request(peer, {
      method: 'POST',
      path: PING_PATH,
      body: sealed.xml,
      contentType: PING_CONTENT_TYPE,
      timeoutMs: PATIENCE_MS,
    })
  } catch (error) {
    return failureOf(error)
  }
  try {
    const { message } = openPingAnswer(answer.body, { keyFingerprints: peer.keyFingerprints })
    if (message.from !== peer.nodeId) return failed('ANSWER_BROKEN', { reason: `from ${message.from}` })
    if (message.pingSha256 !== sealed.sha256) return failed('ANSWER_BROKEN', { reason: 'for another ping' })
    return { state: 'passed', params: { ping: sealed.sha256 } }
  } catch (error) {
    if (!isKnownError(error)) throw error
    return failed('ANSWER_BROKEN', { reason: error.message })
  }
}

function failureOf(error: unknown): Outcome {
  const problem = peerProblemOf(error)
  if (problem?.code === 'PEER_NOT_AUTHENTICATED') {
    return failed('UNKNOWN_THERE', { reason: String(problem.params.reason ?? problem.detail) })
  }
  // A version of this program without pings: everything else has been shown.
  if (problem?.code === 'NOT_FOUND') return { state: 'warning', code: 'PING_UNKNOWN', params: {} }
  if (problem !== undefined) return failed('PING_REFUSED', { reason: `${problem.code} ${problem.detail}` })
  if (!(error instanceof CongvanError)) throw error
  const reason = String(error.params.reason ?? error.message)
  return error.code === 'PEER_ANSWER_NOT_AUTHENTIC'
    ? failed('NOT_ITS_KEY', { reason })
    : failed('AWAY', { reason })
}

function failed(code: PeerFindingCode, params: StepResult['params']): Outcome {
  return { state: 'failed', code, params }
}

/** What the other operator has to be told of this node. */
function ownName(result: StepResult, { context, key }: PeerTester, peer: Peer): StepResult {
  if (result.code === undefined) return result
  const own = {
    peer: peer.nodeId,
    own: context.nodeId,
    ownUrl: context.publicUrl,
    fingerprint: nodeKeyFingerprint(key.certificate),
    inverse: peer.relation === 'parent' ? 'child' : 'parent',
  }
  return { ...result, params: { ...own, ...result.params } }
}

/** The ping's request is where the peer proves us: its refusal is the failure of that step, not of the ping. */
function withAuthentication(steps: readonly StepResult[]): StepResult[] {
  const asked = steps.find((one) => one.step === 'ping')
  if (asked === undefined || asked.state === 'skipped') return [...steps]
  const isUnknown = asked.code === 'UNKNOWN_THERE'
  const isReached = asked.code !== 'AWAY' && asked.code !== 'NOT_ITS_KEY'
  return steps.map((one): StepResult => {
    if (one.step === 'authentication') {
      if (isUnknown) return { ...asked, step: 'authentication' }
      return { step: 'authentication', state: isReached ? 'passed' : 'skipped', params: {} }
    }
    if (one.step === 'ping' && isUnknown) return { step: 'ping', state: 'skipped', params: {} }
    return one
  })
}
