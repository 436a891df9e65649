import { createHash, X509Certificate } from 'node:crypto'
import { expect } from 'chai'
import { documentRoutes } from '../../../server/documents/routes.ts'
import { incomingRoutes } from '../../../server/incoming/incoming-routes.ts'
import { type ServedRoutes, serveRoutes } from '../../support/serve-routes.ts'
import { download, openTestNode, type TestNode, toIssued } from '../documents/support.ts'
import { Incoming } from './incoming-support.ts'

describe('documents: routes of incoming work', () => {
  let node: TestNode
  let incoming: Incoming
  let served: ServedRoutes
  before(async () => {
    node = await openTestNode()
    incoming = new Incoming(node, await download(node, node.one.clerk, await toIssued(node)))
    const { context, services } = node
    served = await serveRoutes(context, [
      ...incomingRoutes(context, services),
      ...documentRoutes(context, services),
    ])
  })
  after(async () => {
    await served.close()
    await node.close()
  })

  const actorOf = (who: 'clerk' | 'leader' | 'stranger') =>
    who === 'stranger' ? node.one.clerk : node.two[who]
  const ask = (
    who: 'clerk' | 'leader' | 'stranger',
    method: string,
    path: string,
    json?: unknown,
    ifMatch: string | null = null,
  ) => served.ask(actorOf(who), method, path, { json, ifMatch })
  const etagOf = async (id: string) =>
    (await ask('clerk', 'GET', `/documents/${id}`)).headers.get('etag') ?? 'none'

  it('accept, refuse, assign and reassign on top of the version that was read, if one is named [N156]', async () => {
    const id = await incoming.verified()
    const path = `/documents/${id}`
    const read = await etagOf(id)
    const field = { subject: 'Về việc báo cáo' }
    expect((await ask('clerk', 'PUT', `${path}/registration`, field, read)).status).to.equal(200)
    const order = { lead: 'Văn phòng' }
    const stale = { status: 412, code: 'VERSION_STALE' }
    const late = async (verb: string, body: object, etag: string) =>
      expect((await ask('clerk', 'POST', `${path}/${verb}`, body, etag)).body, verb).to.include(stale)
    await late('accept', {}, read)
    await late('refuse', { reason: 'wrong-recipient' }, read)
    expect((await incoming.row(id)).state).to.equal('verified')
    const now = await etagOf(id)
    expect((await ask('clerk', 'POST', `${path}/accept`, {}, now)).body).to.include({ state: 'accepted' })
    await late('assign', order, now)
    expect(incoming.told(id)).to.deep.equal(['03'])
    const accepted = await etagOf(id)
    const assigned = await ask('leader', 'POST', `${path}/assign`, order, accepted)
    expect(assigned.body).to.include({ state: 'assigned' })
    const reason = 'Đúng chức năng'
    expect(
      (await ask('leader', 'POST', `${path}/reassign`, { ...order, lead: 'Địa chính', reason }, accepted))
        .body,
    ).to.include(stale)
    const again = await ask('leader', 'POST', `${path}/reassign`, { lead: 'Địa chính', reason })
    expect(again.status, 'without If-Match').to.equal(200)
    expect((await ask('clerk', 'POST', `${path}/accept`, {}, 'W/"1"')).status).to.equal(400)
  })

  it('give the certificates and CRLs that the verdict rests on, by the hashes of the report, to readers only', async () => {
    const id = await incoming.verified()
    const path = `/documents/${id}`
    const { body } = await ask('clerk', 'GET', `${path}/report`)
    const policy = body.policy as Record<'anchors' | 'untrusted' | 'crls', string[]>
    expect([policy.anchors.length, policy.untrusted.length, policy.crls.length]).to.deep.equal([1, 1, 2])
    const fetched = async (part: string, hash: string) => {
      const answer = await ask('clerk', 'GET', `${path}/trust/${part}/${hash}`)
      expect(answer.status, JSON.stringify(answer.body)).to.equal(200)
      expect(createHash('sha256').update(answer.bytes).digest('hex')).to.equal(hash)
      return { type: answer.headers.get('content-type'), bytes: answer.bytes }
    }
    const [anchor = ''] = policy.anchors
    const root = await fetched('certificates', anchor)
    expect(root.type).to.equal('application/pkix-cert')
    expect(new X509Certificate(root.bytes).subject).to.equal(new X509Certificate(node.pki.root).subject)
    for (const hash of policy.crls) {
      expect((await fetched('crls', hash)).type).to.equal('application/pkix-crl')
    }
    const refused = async (who: 'clerk' | 'stranger', part: string, hash: string) =>
      (await ask(who, 'GET', `${path}/trust/${part}/${hash}`)).body
    expect(await refused('stranger', 'certificates', anchor)).to.include({ code: 'NOT_FOUND' })
    expect(await refused('clerk', 'crls', anchor)).to.include({ code: 'NOT_FOUND' })
    // Kept on the node and no part of this verdict: a hash is no way to fetch it.
    const file = (await ask('clerk', 'GET', path)).body.revisions as { sha256: string }[]
    expect(await refused('clerk', 'certificates', file[0]?.sha256 ?? '')).to.include({ code: 'NOT_FOUND' })
    expect(await refused('clerk', 'certificates', 'A1')).to.include({ code: 'INPUT_INVALID' })
  })
})
