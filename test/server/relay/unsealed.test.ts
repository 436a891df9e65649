import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import type { OperatorActor } from '../../../server/actor.ts'
import { statusAnnouncer } from '../../../server/relay/announce.ts'
import { dispatchDocument } from '../../../server/relay/dispatch.ts'
import { redrive } from '../../../server/relay/operator-acts.ts'
import { recoverLostJobs } from '../../../server/relay/recover.ts'
import { listStuck } from '../../../server/relay/stuck.ts'
import { trackDocument } from '../../../server/relay/track.ts'
import { issueDocument, type Network, openNetwork, runJob } from './network.ts'

const XA = 'H40.12.3'
const MINUTE = 60_000
const operator: OperatorActor = { kind: 'operator', userId: null, login: 'console' }

describe('relay: what a clerk did that cannot be sealed', () => {
  let network: Network
  before(async () => {
    network = await openNetwork([
      { id: 'tinh', parent: null, agencies: [{ code: 'H40', name: 'Ủy ban nhân dân tỉnh thử nghiệm' }] },
      { id: 'xa', parent: 'tinh', agencies: [{ code: XA, name: 'Ủy ban nhân dân xã thử nghiệm' }] },
    ])
  })
  after(() => network?.close())

  it('is tried again ever more seldom, shown to the operator, and goes when its cause is gone', async () => {
    const [xa, tinh] = [network.node('xa'), network.node('tinh')]
    const { clerk } = network.agency(XA)
    const { id } = await issueDocument(network, XA)
    const { envelope } = await dispatchDocument(xa.deps, clerk, { documentId: id, recipients: ['H40'] })
    await network.settle()
    const { agencyId } = network.agency('H40')
    await tinh.context.db.asAgency({ agencyId }, (trx) =>
      statusAnnouncer(tinh.context)(trx, {
        documentId: randomUUID(),
        documentCode: '-',
        envelopeSha256: envelope,
        recipientCode: 'H40',
        senderCode: XA,
        code: '03',
        description: '',
        at: network.now(),
      }),
    )
    const [kept] = await tinh.rows('select bytes from envelopes where sha256 = $1', [envelope])
    await tinh.rows('update envelopes set bytes = null where sha256 = $1', [envelope])
    /** What the queue puts by itself it has given up; what is put here is run and fails. */
    const fails = async () => {
      const jobs = await tinh.takeJobs()
      for (const job of jobs) await runJob(tinh.deps, job).catch(() => {})
      return jobs.length
    }
    expect(await fails()).to.equal(1)
    const triedAt: number[] = []
    for (let minute = 0; minute < 100; minute += 1) {
      network.advance(MINUTE)
      await recoverLostJobs(tinh.deps)
      if ((await fails()) > 0) triedAt.push(minute + 1)
    }
    // 15 min until it counts as lost, then pauses of 15, 30, 60, … min, each with jitter (three quarters here).
    expect(triedAt).to.deep.equal([16, 28, 51, 96])
    const [item] = await listStuck(tinh.context)
    expect(item).to.deep.include({
      kind: 'announcement',
      recipients: ['H40'],
      tries: 4,
      ageSeconds: 100 * 60,
    })
    await tinh.rows('update envelopes set bytes = $2 where sha256 = $1', [envelope, kept?.bytes])
    await redrive(tinh.deps, operator, item?.id ?? '')
    await network.settle()
    expect((await trackDocument(xa.context, clerk, id))[0]?.state).to.equal('accepted')
    // Evidence is as urgent as its document (khẩn).
    expect((await tinh.rows('select distinct urgency from returns')).map((row) => row.urgency)).to.deep.equal(
      [1],
    )
    expect(await listStuck(tinh.context)).to.deep.equal([])
  })
})
