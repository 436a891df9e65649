import { expect } from 'chai'
import { commitOffer } from '../../../server/relay/accept.ts'
import { recoverLostJobs } from '../../../server/relay/recover.ts'
import { sendBranch } from '../../../server/relay/send.ts'
import { runJob } from './network.ts'
import { deliveriesAt, historyAt, type Network, openTree, send } from './tree.ts'

const HOUR = 3_600_000

/** A promise that the test settles. */
function gate(): { readonly passed: Promise<void>; open(): void } {
  let open = () => {}
  const passed = new Promise<void>((resolve) => {
    open = resolve
  })
  return { passed, open: () => open() }
}

/** Two runs of one job, two processes of one node: what one has begun the other must not undo. */
describe('relay: the same work done twice', () => {
  let network: Network
  beforeEach(async () => {
    network = await openTree()
  })
  afterEach(() => network?.close())

  const documents = () => network.node('tinh').rows('select state from documents')

  it('does not call expired what a later run of the same job has had committed', async () => {
    await send(network, 'G22', ['H40'])
    const tw = network.node('tw')
    const [job] = await tw.takeJobs()
    if (job === undefined) throw new Error('no job')
    const [hung, offered, committed, answered] = [gate(), gate(), gate(), gate()]
    let requests = 0
    network.disturb('tw', async (url, init, forward) => {
      requests += 1
      if (requests === 1) {
        offered.open()
        await hung.passed
        throw new TypeError('the line was cut')
      }
      const answer = await forward(url, init)
      if (!url.endsWith('/commit')) return answer
      committed.open()
      await answered.passed
      return answer
    })
    const first = runJob(tw.deps, job)
    await offered.passed
    const second = runJob(tw.deps, job)
    await committed.passed
    network.advance(25 * HOUR)
    hung.open()
    await first
    expect(await historyAt(network)).to.deep.equal(['receipt:SubmissionAcceptance@tw'])
    network.advance(-25 * HOUR)
    answered.open()
    await second
    network.disturb('tw', undefined)
    await network.settle()
    expect(await deliveriesAt(network)).to.deep.equal(['H40 arrived'])
    expect(await documents()).to.have.length(1)
  })

  it('does not ask for a commit in a run that a later run has overtaken', async () => {
    await send(network, 'G22', ['H40'])
    const tw = network.node('tw')
    const [job] = await tw.takeJobs()
    if (job === undefined) throw new Error('no job')
    const [held, offered] = [gate(), gate()]
    const commits: string[] = []
    let requests = 0
    network.disturb('tw', async (url, init, forward) => {
      requests += 1
      if (url.endsWith('/commit')) commits.push(url)
      const answer = await forward(url, init)
      if (requests > 1) return answer
      offered.open()
      await held.passed
      return answer
    })
    const first = runJob(tw.deps, job)
    await offered.passed
    network.advance(25 * HOUR)
    await runJob(tw.deps, job)
    expect(await deliveriesAt(network)).to.deep.equal(['H40 expired'])
    network.advance(-25 * HOUR)
    held.open()
    await first
    expect(commits).to.deep.equal([])
    expect(await documents()).to.have.length(0)
  })

  it('asks for nothing and judges nothing once the queue has taken the run for dead', async () => {
    await send(network, 'G22', ['H40'])
    const tw = network.node('tw')
    const [job] = await tw.takeJobs()
    if (job === undefined) throw new Error('no job')
    const abort = new AbortController()
    const asked: string[] = []
    network.disturb('tw', (url, init, forward) => {
      asked.push(new URL(url).pathname.split('/').at(-1) ?? '')
      abort.abort()
      return forward(url, init)
    })
    const branch = { branch: String(job.data.branch), attempt: Number(job.data.attempt) }
    const error: unknown = await sendBranch(tw.deps, branch, { signal: abort.signal }).catch(
      (caught: unknown) => caught,
    )
    expect(error).to.have.property('name', 'AbortError')
    expect(asked).not.to.include('commit')
    network.disturb('tw', undefined)
    await runJob(tw.deps, job)
    expect(await deliveriesAt(network)).to.deep.equal(['H40 arrived'])
  })

  it('never takes an offer that another process of the node, whose clock is ahead, has called expired', async () => {
    await send(network, 'G22', ['H40'])
    const tw = network.node('tw')
    const tinh = network.node('tinh')
    network.disturb('tw', (url, init, forward) =>
      url.endsWith('/commit') ? Promise.reject(new TypeError('the line was cut')) : forward(url, init),
    )
    await tw.runJobs()
    network.disturb('tw', undefined)
    const [offer] = await tinh.rows('select id from offers')
    network.advance(24 * HOUR - 30_000)
    const { clock } = tinh.context
    Object.assign(tinh.context, { clock: () => new Date(clock().getTime() + 60_000) })
    await tw.runJobs()
    Object.assign(tinh.context, { clock })
    expect(await deliveriesAt(network)).to.deep.equal(['H40 expired'])
    const late: unknown = await commitOffer(tinh.deps, 'tw', String(offer?.id), network.now()).catch(
      (caught: unknown) => caught,
    )
    expect(late).to.have.property('code', 'RELAY_EXPIRED')
    expect(await documents()).to.have.length(0)
    expect(await tinh.rows('select envelope, refusal from offers')).to.deep.equal([
      {
        envelope: null,
        refusal: { code: 'RELAY_EXPIRED', params: { notAfter: '2025-03-11T02:00:00.000Z' } },
      },
    ])
  })

  it('lets a peer have a thousand open offers and no more, and lets their envelopes go after notAfter', async () => {
    const tw = network.node('tw')
    const tinh = network.node('tinh')
    network.disturb('tw', (url, init, forward) =>
      url.endsWith('/commit') ? Promise.reject(new TypeError('the line was cut')) : forward(url, init),
    )
    await send(network, 'G22', ['H40'])
    await tw.runJobs()
    await tinh.rows(`insert into offers
      select gen_random_uuid(), peer, gen_random_uuid(), series, envelope_sha256, terms_sha256, envelope, recipients,
        path, previous_receipt, not_after, offered_at from offers, generate_series(1, 999)`)
    network.disturb('tw', undefined)
    await send(network, 'G22', ['H40.01'])
    await tw.runJobs()
    const outcomes = () => tw.rows('select state, outcome from branches order by created_at, state')
    expect(await outcomes()).to.deep.include({ state: 'queued', outcome: 'offers-too-many' })
    network.advance(24 * HOUR + 121_000)
    await recoverLostJobs(tinh.deps)
    const [left] = await tinh.rows(
      "select count(*)::int as rows, count(envelope)::int as open, min(refusal->'params'->>'notAfter') as until from offers",
    )
    expect(left).to.deep.equal({ rows: 1000, open: 0, until: '2025-03-11T02:00:00.000Z' })
  })
})
