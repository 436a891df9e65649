import { expect } from 'chai'
import { draftDocument } from '../../../cli/client/draft-document.ts'
import { signDocument } from '../../../cli/client/sign-revision.ts'
import { makeLetter } from '../../../fixtures/documents/letter.ts'
import { communeLetter } from '../../../fixtures/documents/sample-letters.ts'
import { asKeyProvider } from '../../../signing/index.ts'
import { type ApiNode, agencies, type Login, type Sending, send, startApiNode } from './node.ts'
import { letterDraft } from './steps.ts'

/** The first moment of a day in Việt Nam. */
const midnight = (day: string) => new Date(`${day}T00:00:00+07:00`)
const dayAfter = (days: number) =>
  new Date(Date.now() + days * 86_400_000 + 7 * 3_600_000).toISOString().slice(0, 10)

/** An agency is closed from a day on: up to the last second in Việt Nam it works, then it only reads. */
describe('api: agencies over time', () => {
  let node: ApiNode
  let commune: string
  let draftId: string
  const closingDay = dayAfter(1)
  before(async () => {
    node = await startApiNode({
      environment: { CONGVAN_SESSION_HOURS: '200', CONGVAN_SESSION_IDLE_MINUTES: '12000' },
      logins: ['operator', 'commune-clerk', 'commune-leader', 'commune-auditor', 'district-clerk'],
    })
    // Tokens are got now: later the clock stands still at moments of the test's choice.
    for (const login of [
      'operator',
      'commune-clerk',
      'commune-leader',
      'commune-auditor',
      'district-clerk',
    ] as const) {
      await node.token(login)
    }
  })
  after(() => node.close())

  const as = async (login: Login, method: string, path: string, options: Sending = {}) =>
    send(node.url, method, path, { token: await node.token(login), ...options })
  const { code, name } = agencies.commune

  it('previews a closing with what is in hand, and changes nothing', async () => {
    const clerk = await node.client('commune-clerk')
    const pdf = await makeLetter({ ...communeLetter, created: new Date() })
    draftId = (await draftDocument(clerk, pdf, letterDraft)).id
    await signDocument(
      await node.client('commune-leader'),
      draftId,
      asKeyProvider(node.communeKeys.individual),
      new Date(),
    )
    const found = await as('operator', 'GET', `/agencies?code=${code}`)
    commune = String((found.body.agencies as { id: string }[])[0]?.id)
    const preview = await as('operator', 'POST', `/agencies/${commune}/close?dryRun=true`, {
      json: { on: closingDay, successors: [agencies.district.code], basis: 'Nghị quyết thử nghiệm' },
    })
    expect(preview.status, preview.text).to.equal(200)
    expect(preview.body).to.deep.include({
      dryRun: true,
      work: { members: 3, outgoing: 1, incoming: 0, deliveries: 0 },
    })
    expect((await as('operator', 'GET', `/agencies/${commune}`)).body).to.include({ closedOn: null })
  })

  it('lets only the operator do it', async () => {
    for (const login of ['commune-clerk', 'commune-leader', 'district-clerk'] as const) {
      const answer = await as(login, 'POST', `/agencies/${commune}/close`, { json: { on: closingDay } })
      expect([answer.status, answer.body.code], login).to.deep.equal([403, 'NOT_PERMITTED'])
    }
  })

  it('works until the last second of the day before, then sends and gets nothing, naming its successors', async () => {
    const done = await as('operator', 'POST', `/agencies/${commune}/close`, {
      json: { on: closingDay, successors: [agencies.district.code] },
    })
    expect(done.status, done.text).to.equal(200)
    const draft = { ...letterDraft, recipients: [agencies.district.code] }
    const { declaredFreeOfSecrets: _, ...metadata } = draft
    node.setClock(new Date(midnight(closingDay).getTime() - 1000))
    const before = await as('commune-clerk', 'POST', '/documents', { json: metadata })
    expect(before.status, before.text).to.equal(201)
    node.setClock(midnight(closingDay))
    const refused: [string, object][] = [
      ['/documents', metadata],
      [`/documents/${draftId}/number`, {}],
      [`/documents/${draftId}/paper-dispatch`, { recipients: ['Ông Người nhận 1'] }],
    ]
    for (const [path, json] of refused) {
      const answer = await as('commune-clerk', 'POST', path, { json })
      expect([answer.status, answer.body.code], `${path} ${answer.text}`).to.deep.equal([
        409,
        'AGENCY_CLOSED',
      ])
      expect(answer.body.params, path).to.include({
        date: closingDay,
        successors: `${agencies.district.code} ${agencies.district.name}`,
      })
    }
    const toClosed = await as('operator', 'GET', `/agencies?code=${code}`)
    expect(toClosed.body.agencies).to.deep.equal([])
    const yesterday = await as('operator', 'GET', `/agencies?code=${code}&date=${dayAfter(0)}`)
    expect((yesterday.body.agencies as { name: string }[]).map((one) => one.name)).to.deep.equal([name])
  })

  it('is read by its people and its auditor afterwards', async () => {
    const document = await as('commune-clerk', 'GET', `/documents/${draftId}`)
    expect([document.status, document.body.state]).to.deep.equal([200, 'signed'])
    expect((await as('commune-clerk', 'GET', '/documents')).status).to.equal(200)
    expect((await as('commune-auditor', 'GET', '/log')).status).to.equal(200)
    const one = await as('district-clerk', 'GET', `/agencies/${commune}`)
    expect(one.body).to.include({ closedOn: closingDay, name })
  })

  it('tells who bore a code when, also after it passed to another agency', async () => {
    const founded = await as('operator', 'POST', '/agencies', {
      json: {
        codes: [code],
        name: 'Ủy ban nhân dân xã Thử Nghiệm',
        level: 'commune',
        on: closingDay,
      },
    })
    expect(founded.status, founded.text).to.equal(200)
    expect((founded.body.warnings as { code: string }[]).map((one) => one.code)).to.include(
      'CODE_BORNE_BEFORE',
    )
    const { body } = await as('district-clerk', 'GET', `/agency-codes/${code}`)
    const bearers = body.bearers as { agency: { name: string }; validFrom: string; validTo: string | null }[]
    expect(bearers.map((one) => one.agency.name)).to.deep.equal([name, 'Ủy ban nhân dân xã Thử Nghiệm'])
    expect(bearers.map((one) => one.validTo)).to.deep.equal([closingDay, null])
    const on = async (date: string) => {
      const { agencies: found } = (await as('district-clerk', 'GET', `/agencies?code=${code}&date=${date}`))
        .body
      return (found as { name: string }[]).map((one) => one.name)
    }
    expect(await on(dayAfter(0))).to.deep.equal([name])
    expect(await on(closingDay)).to.deep.equal(['Ủy ban nhân dân xã Thử Nghiệm'])
  })
})
