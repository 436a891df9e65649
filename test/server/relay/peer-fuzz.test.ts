/**
 * The endpoints between nodes against an authenticated peer that keeps no rules, and against what claims to be one.
 * Whatever comes, the answer is signed, its code is one that a sender knows what to make of, and what was stored stays.
 *
 * `CONGVAN_FUZZ_SEED` repeats a run, `CONGVAN_FUZZ_RUNS` asks for another number of requests.
 */
import { expect } from 'chai'
import fc from 'fast-check'
import { findPeer } from '../../../server/directory/peer-store.ts'
import { sha256 } from '../../../server/http/content-digest.ts'
import { signRequest } from '../../../server/http/message-signature.ts'
import { type PeerCall, peerProblemOf } from '../../../server/http/peer-client.ts'
import { dispatchDocument } from '../../../server/relay/dispatch.ts'
import { isNamedFault } from '../../../server/relay/retry.ts'
import { hostileTexts, textEdits } from '../edxml/spoil.ts'
import { issueDocument, type TestNode } from './network.ts'
import { type Kind, kinds, openWorld, type Plan, plans, unspoiled, type World } from './peer-fuzz-world.ts'

const seed = Number(process.env.CONGVAN_FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31))
const numRuns = Number(process.env.CONGVAN_FUZZ_RUNS ?? 600)
/** After this no further request is made, for each of the two properties. */
const BUDGET_MS = 9_000

/** What asking leaves behind whatever the answer: nonces of proven requests, how a peer does, files that nobody holds. */
const besides = new Set(['peer_nonces', 'peer_breakers', 'peer_contacts', 'files'])
/** What the law and the peers rely on: no byte of it may change by a request that is refused. */
const relied = ['envelopes', 'branches', 'branch_recipients', 'deliveries', 'delivery_events', 'receipts']
const alsoRelied = [
  'receipt_recipients',
  'status_messages',
  'documents',
  'returns',
  'recall_orders',
  'log_entries',
]

describe(`relay: fuzz of the endpoints between nodes (seed ${seed})`, function () {
  this.timeout(BUDGET_MS + 60_000)
  let world: World
  let footprint: () => Promise<object>
  const told = new Map<string, number>()
  before(async () => {
    world = await openWorld()
    footprint = await footprintOf(world.tinh)
  })
  after(() => world?.close())

  /** The code of the answer; throws where the answer is not a signed one with a code that a sender knows. */
  async function ask(plan: Plan): Promise<string> {
    const from = world.network.node(plan.from)
    const peer = await from.context.db.asNode((trx) => findPeer(trx, 'tinh', world.network.now()))
    if (peer === undefined) throw new Error(`tinh is no peer of ${plan.from}`)
    const call = await world.requestOf(plan)
    let code: string
    try {
      const { body, contentType } = await from.deps.peers.request(peer, call)
      if (contentType === 'application/json') world.learn(plan, JSON.parse(Buffer.from(body).toString()))
      code = 'taken'
    } catch (error) {
      const problem = peerProblemOf(error)
      if (problem === undefined)
        throw new Error(`${call.method} ${call.path}: ${String(error)}`, { cause: error })
      code = problem.code
      expect(isNamedFault(code), `${call.path}: no sender knows ${code}`).to.equal(true)
      expect(problem.status, `${call.path}: ${code}`).to.be.within(400, 499)
    }
    const key = `${plan.kind} ${code}`
    told.set(key, (told.get(key) ?? 0) + 1)
    return code
  }

  it('takes what is valid', async () => {
    const from: Partial<Record<Kind, Plan['from']>> = { receipt: 'tw', status: 'tw' }
    for (const kind of kinds.filter((one) => one !== 'path')) {
      // 5: of the events, the one that says that the content was consigned; here for the second time.
      const plan = { from: from[kind] ?? 'xa', kind, pick: 2, ...unspoiled }
      expect(await ask(plan), kind).to.equal('taken')
    }
  })

  it('answers any other request by a signed fault that its sender knows, and changes nothing', async () => {
    let before = await footprint()
    const look = async (plan: Plan) => {
      const code = await ask(plan)
      const now = await footprint()
      if (code !== 'taken') expect(now, code).to.deep.equal(before)
      before = now
    }
    let last = Promise.resolve()
    await fc.assert(
      fc.asyncProperty(plans, (plan) => {
        last = look(plan)
        return last
      }),
      { seed, numRuns, interruptAfterTimeLimit: BUDGET_MS, markInterruptAsFailure: false },
    )
    // The time limit leaves the last request under way.
    await last
    const summary = [...told].map(([key, count]) => `${key}: ${count}`).join('\n')
    // A fuzz that is turned away at the door finds nothing.
    expect(new Set([...told.keys()].map((key) => key.split(' ')[1])).size, summary).to.be.greaterThan(4)
  })

  it('refuses what is not proven, keeps nothing of it, not even its nonce', async () => {
    const tinh = world.tinh
    const nonces = async () => (await tinh.rows('select count(*)::int as count from peer_nonces'))[0]?.count
    const before = [await footprint(), await nonces()]
    const field = fc.constantFrom('signature', 'signature-input', 'content-digest', 'node-key')
    const twist = fc.record({
      field,
      way: fc.constantFrom('spoil', 'replace', 'remove', 'other'),
      edits: textEdits,
    })
    await fc.assert(
      fc.asyncProperty(twist, fc.nat(hostileTexts.length), async ({ field: name, way, edits }, pick) => {
        const body = Buffer.from('{}')
        const signed = await signAs(world.network.node('xa'), tinh, body)
        const other = await signAs(world.network.node('xb'), tinh, Buffer.from('[]'))
        const old = signed[name] ?? ''
        const values = {
          spoil: spoilHeader(old, edits),
          replace: header(hostileTexts[pick] ?? ''),
          other: other[name],
        }
        const value = way === 'remove' ? undefined : values[way]
        fc.pre(value !== old)
        const { [name]: _, ...rest } = signed
        const headers = value === undefined ? rest : { ...rest, [name]: value }
        const answer = await fetch(`${tinh.context.publicUrl}/relay/v1/messages`, {
          method: 'POST',
          headers,
          body,
        })
        const { code } = (await answer.json()) as { code: string }
        expect([answer.status, code]).to.deep.equal([401, 'PEER_NOT_AUTHENTICATED'])
      }),
      { seed, numRuns: 300, interruptAfterTimeLimit: BUDGET_MS, markInterruptAsFailure: false },
    )
    expect([await footprint(), await nonces()]).to.deep.equal(before)
  })

  it('refuses whatever is sent a second time with the same signature', async () => {
    const tinh = world.tinh
    for (const kind of ['offer', 'with-files', 'commit', 'receipt'] as const) {
      const from = kind === 'receipt' ? 'tw' : 'xa'
      const call = await world.requestOf({ from, kind, pick: 2, ...unspoiled })
      const url = `${tinh.context.publicUrl}${call.path}`
      const body = Buffer.from(call.body as Uint8Array)
      const headers = await signAs(world.network.node(from), tinh, body, call)
      const first = await fetch(url, { method: 'POST', headers, body })
      expect([kind, first.status]).to.deep.equal([kind, 200])
      const before = await footprint()
      for (const again of [body, Buffer.from('{}')]) {
        const second = await fetch(url, { method: 'POST', headers, body: again })
        expect([second.status, ((await second.json()) as { code: string }).code]).to.deep.equal([
          401,
          'PEER_NOT_AUTHENTICATED',
        ])
      }
      expect(await footprint()).to.deep.equal(before)
    }
  })

  it('relays a document right afterwards, with all its receipts', async () => {
    const { network } = world
    const { id } = await issueDocument(network, 'H40.12.3')
    const { clerk, node } = network.agency('H40.12.3')
    const { envelope } = await dispatchDocument(node.deps, clerk, {
      documentId: id,
      recipients: ['G22', 'H40'],
    })
    await network.settle()
    const states = await node.rows(
      'select recipient, state from deliveries where envelope_sha256 = $1 order by recipient',
      [envelope],
    )
    expect(states).to.deep.equal([
      { recipient: 'G22', state: 'arrived' },
      { recipient: 'H40', state: 'arrived' },
    ])
  })
})

/** Rows of all tables by number, and of those that others rely on by content. */
async function footprintOf(node: TestNode): Promise<() => Promise<object>> {
  const names = await node.rows(
    `select table_name as name from information_schema.tables
     where table_schema = 'public' and table_type = 'BASE TABLE' order by 1`,
  )
  const tables = names.map((row) => String(row.name)).filter((name) => !besides.has(name))
  const content = new Set([...relied, ...alsoRelied])
  const missing = [...content].filter((name) => !tables.includes(name))
  if (missing.length > 0) throw new Error(`no such tables: ${missing.join(', ')}`)
  const sql = tables
    .map((name) => {
      const hash = content.has(name) ? `md5(coalesce(string_agg(t::text, '' order by t::text), ''))` : `''`
      return `select '${name}' as name, count(*)::int as count, ${hash} as hash from ${name} t`
    })
    .join(' union all ')
  return async () =>
    Object.fromEntries((await node.rows(sql)).map((row) => [row.name, [row.count, row.hash]]))
}

function signAs(
  from: TestNode,
  to: TestNode,
  body: Uint8Array,
  call: Pick<PeerCall, 'path'> = { path: '/relay/v1/messages' },
): Promise<Record<string, string>> {
  const { nodeId, publicUrl } = to.context
  if (nodeId === from.id) throw new Error('a node does not ask itself')
  return signRequest(
    { nodeId: from.id, key: from.key, now: to.context.clock() },
    { method: 'POST', url: `${publicUrl}${call.path}`, contentDigest: sha256(body) },
  )
}

function spoilHeader(value: string, edits: readonly { way: number; at: number; with: string }[]): string {
  return edits.reduce((text, { way, at, with: other }) => {
    const place = at % Math.max(text.length, 1)
    if (way % 3 === 0) return text.slice(0, place)
    if (way % 3 === 1) return text.slice(0, place) + header(other) + text.slice(place)
    return text.slice(0, place) + (text[place] === 'A' ? 'B' : 'A') + text.slice(place + 1)
  }, value)
}

/** What a header may carry at all; clients and servers of HTTP refuse the rest themselves. */
function header(text: string): string {
  return text.replace(/[^\x21-\x7e]/g, '').slice(0, 2_000)
}
