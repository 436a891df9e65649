import { expect } from 'chai'
import { evaluateAlerts } from '../../../server/operations/alerts.ts'
import { gatherFacts } from '../../../server/operations/gather-facts.ts'
import { nodeMetrics } from '../../../server/operations/node-metrics.ts'
import { type Network, openNetwork } from '../relay/network.ts'
import { issue, type Office, openOffice } from '../relay/office.ts'
import { figureOf, readExposition } from './exposition.ts'

const DAY_MS = 86_400_000
const CODE = 'H40.01'

describe('certificates with which agencies sign', () => {
  let network: Network
  let office: Office
  before(async () => {
    network = await openNetwork([
      {
        id: 'tinh',
        parent: null,
        agencies: [
          { code: CODE, name: 'Sở thử nghiệm' },
          { code: 'H40.02', name: 'Sở thử nghiệm khác' },
        ],
      },
    ])
    office = await openOffice(network, CODE)
  })
  after(() => network?.close())

  const daysOn = (days: number) => new Date(network.now().getTime() + days * DAY_MS)
  const named = { organization: `Cơ quan ${CODE}`, agencyCode: CODE }
  const agencyUntil = (days: number) => network.pki.issueAgency({ ...named, notAfter: daysOn(days) })
  const facts = () => {
    const { context, key } = network.node('tinh')
    return gatherFacts({ context, key, trust: { anchors: [], untrusted: [], crls: [] }, folders: [] })
  }
  const known = async () =>
    (await facts()).certificates
      .filter((one) => one.count !== undefined)
      .map((one) => [one.kind, one.name, one.count, one.endsAt.toISOString().slice(0, 10)])
  const alerts = async () =>
    evaluateAlerts(await facts(), { clockSkewSeconds: 120 })
      .filter((one) => /agency|individual/.test(one.subject))
      .map((one) => `${one.code} ${one.severity} ${one.subject}`)
  const day = (date: Date) => date.toISOString().slice(0, 10)

  it('are known by the agency’s code with the first end, and told of 60, 14 and 3 days before it', async () => {
    expect(await known()).to.deep.equal([])
    const first = { ...office, agency: agencyUntil(40) }
    await issue(first, [])
    await issue(first, [])
    const [agency, individual] = await known()
    expect(agency).to.deep.equal(['agency-certificate', CODE, 1, day(daysOn(40))])
    expect(individual?.slice(0, 3)).to.deep.equal(['individual-certificate', CODE, 1])
    expect(await alerts()).to.deep.equal([`CERTIFICATE_ENDS warning agency-certificate:${CODE}/60`])
    const families = readExposition(
      await nodeMetrics(await facts(), undefined, { clockSkewSeconds: 120 }).metrics(),
    )
    const labels = { kind: 'agency-certificate', name: CODE }
    expect(Math.round(figureOf(families, 'congvan_certificate_remaining_days', labels) ?? 0)).to.equal(40)
    expect(figureOf(families, 'congvan_signing_certificates', { agency: CODE, role: 'agency' })).to.equal(1)
    network.advance(37 * DAY_MS)
    expect(await alerts()).to.deep.equal([`CERTIFICATE_ENDS error agency-certificate:${CODE}/3`])
    network.advance(-37 * DAY_MS)
  })

  it('no longer count once a later one has taken their place, or nobody has signed with them for long', async () => {
    await issue({ ...office, agency: agencyUntil(400) }, [])
    expect((await known())[0]).to.deep.equal(['agency-certificate', CODE, 1, day(daysOn(400))])
    expect(await alerts()).to.deep.equal([])
    const leaving = {
      ...office,
      individual: network.pki.issueIndividual({
        ...named,
        commonName: 'Người ký 1',
        title: 'Chủ tịch',
        organization: 'Cơ quan khác tên',
        notAfter: daysOn(50),
      }),
    }
    await issue(leaving, [])
    expect((await known())[1]).to.deep.equal(['individual-certificate', CODE, 2, day(daysOn(50))])
    network.advance(90 * DAY_MS)
    expect(await known()).to.deep.equal([])
    network.advance(-90 * DAY_MS)
  })

  it('are seen by the node as counts and ends only, and by agencies each its own', async () => {
    const { db } = network.node('tinh').context
    const refusedWith = (work: Promise<unknown>) =>
      work.then(
        () => 'answered',
        (error: unknown) => String(error),
      )
    const inNode = db.asNode((trx) => trx('agency_certificates').select('*'))
    expect(await refusedWith(inNode)).to.match(/permission denied for table agency_certificates/)
    const asAgency = (code: string, sql: string) =>
      db.asAgency({ agencyId: network.agency(code).agencyId }, (trx) => trx.raw(sql))
    expect(await refusedWith(asAgency(CODE, 'select * from congvan_certificate_ends(now())'))).to.match(
      /certificates of agencies outside the node/,
    )
    const own = await asAgency(CODE, 'select count(*)::int as count from agency_certificates')
    const others = await asAgency('H40.02', 'select count(*)::int as count from agency_certificates')
    expect([own.rows[0].count, others.rows[0].count]).to.deep.equal([5, 0])
  })
})
