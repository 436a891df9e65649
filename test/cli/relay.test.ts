import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import express from 'express'
import { readConfig } from '../../server/config.ts'
import { errorHandler } from '../../server/http/error-handler.ts'
import { mountRoutes } from '../../server/http/mount.ts'
import { makeNodeKey } from '../../server/main.ts'
import { dispatchDocument } from '../../server/relay/dispatch.ts'
import { relayRoutes } from '../../server/relay/routes.ts'
import { trackDocument } from '../../server/relay/track.ts'
import { issueDocument, type Network, openNetwork, type TestNode } from '../server/relay/network.ts'
import { jsonLines, runHere } from './run-congvan.ts'

const XA = 'H40.12.3'
const TINH = 'H40'

/** What an operator does at the node's machine, and a clerk at a desk, about what the relay could not deliver. */
describe('congvan relay, and send --again', () => {
  let network: Network
  let xa: TestNode
  let folder: string
  let api: Server
  let env: Record<string, string>
  let desk: Record<string, string>
  before(async () => {
    network = await openNetwork([
      { id: 'tinh', parent: null, agencies: [{ code: TINH, name: 'Ủy ban nhân dân tỉnh thử nghiệm' }] },
      { id: 'xa', parent: 'tinh', agencies: [{ code: XA, name: 'Ủy ban nhân dân xã thử nghiệm' }] },
    ])
    xa = network.node('xa')
    folder = mkdtempSync(join(tmpdir(), 'congvan-relay-cli-'))
    env = {
      CONGVAN_NODE_ID: 'xa',
      CONGVAN_DATA: folder,
      DATABASE_URL: xa.database.url,
      CONGVAN_OWNER_DATABASE_URL: xa.database.ownerUrl,
    }
    await makeNodeKey(readConfig(env), network.now(), 10)
    const app = express()
    const { clerk } = network.agency(XA)
    const options = {
      clock: xa.context.clock,
      maxJsonBytes: 100_000,
      authenticate: async () => clerk,
      authorise: () => {},
    }
    app.use('/api/v1', mountRoutes(relayRoutes(xa.deps), options))
    app.use(errorHandler(xa.context.log))
    api = app.listen(0, '127.0.0.1')
    await new Promise((resolve) => api.once('listening', resolve))
    writeFileSync(join(folder, 'token'), 'only-for-tests', { mode: 0o600 })
    const { port } = api.address() as AddressInfo
    desk = { CONGVAN_NODE: `http://127.0.0.1:${port}`, CONGVAN_TOKEN_FILE: join(folder, 'token') }
  })
  after(async () => {
    await new Promise((resolve) => api.close(resolve))
    await network?.close()
    rmSync(folder, { recursive: true })
  })
  afterEach(() => network.disturb('xa', undefined))

  const run = (...args: string[]) => runHere(['relay', ...args, '--lang', 'en'], { env })
  const send = async (): Promise<string> => {
    const { id } = await issueDocument(network, XA)
    await dispatchDocument(xa.deps, network.agency(XA).clerk, { documentId: id, recipients: [TINH] })
    return id
  }
  const states = async (id: string) =>
    (await trackDocument(xa.context, network.agency(XA).clerk, id)).map((one) => [one.series, one.state])

  it('says when nothing is stuck', async () => {
    const ended = await run('stuck')
    expect([ended.exit, ended.stdout, ended.stderr]).to.deep.equal([0, '', 'congvan: nothing is stuck\n'])
  })

  it('shows what waits with its reason in words, tries it again, and cancels it with the operator’s reason', async () => {
    network.disturb('xa', () => Promise.reject(new TypeError('no line')))
    const id = await send()
    await xa.runJobs()
    const shown = await run('stuck')
    expect(shown.stdout).to.match(
      /^tinh +branch +waiting +urgent +\d+d \d+h +1× +the peer cannot be reached +H40 +[0-9a-f-]{36}\n$/,
    )
    const [item] = jsonLines((await run('stuck', '--json')).stdout) as {
      id: string
      text: string
      outcome: string
    }[]
    expect(item).to.deep.include({ outcome: 'unreachable', text: 'the peer cannot be reached' })
    const branch = item?.id ?? ''
    expect((await run('redrive', branch)).stdout).to.equal(`branch ${branch}\n`)
    expect((await run('cancel', branch)).stderr).to.match(/--reason/)
    const cancelled = await run('cancel', branch, '--reason', 'Gửi nhầm nơi nhận')
    expect([cancelled.exit, cancelled.stderr]).to.deep.equal([0, ''])
    expect(await states(id)).to.deep.equal([[1, 'undeliverable']])
    const again = await run('cancel', branch, '--reason', 'Gửi nhầm nơi nhận')
    const told = `congvan: the branch ${branch} has ended: cancelled\n`
    expect([again.exit, again.stderr]).to.deep.equal([65, told])
    const logged = await xa.rows(
      `select kind from log_entries where convert_from(entry, 'UTF8')::jsonb->>'actor' = 'console'
         and kind like 'relay.%' order by 1`,
    )
    expect(logged.map((row) => row.kind)).to.deep.equal(['relay.cancelled', 'relay.redriven'])
  })

  it('goes on with the other ids when one is of nothing', async () => {
    const id = await send()
    const [row] = await xa.rows(
      'select b.id from branches b join envelopes e on e.sha256 = b.envelope_sha256 where e.sender_document = $1',
      [id],
    )
    const nobody = '00000000-0000-4000-8000-000000000000'
    const ended = await run('redrive', nobody, String(row?.id))
    expect(ended.exit).to.not.equal(0)
    expect(ended.stderr).to.contain(nobody)
    expect(ended.stdout).to.equal(`branch ${row?.id}\n`)
    await network.settle()
  })

  it('lets the clerk send again what has failed, and only that', async () => {
    network.disturb('xa', () => Promise.reject(new TypeError('no line')))
    const id = await send()
    await xa.runJobs()
    network.advance(25 * 3_600_000)
    await xa.runJobs()
    network.disturb('xa', undefined)
    const again = () => runHere(['send', id, '--again', '--lang', 'en'], { env: desk })
    const first = await again()
    expect([first.stderr, first.stdout]).to.deep.equal(['', `${id} → ${TINH} (2)\n`])
    await network.settle()
    expect(await states(id)).to.deep.equal([
      [1, 'expired'],
      [2, 'arrived'],
    ])
    expect((await again()).stdout).to.equal(`${id} → nothing is to be sent again\n`)
    const named = await runHere(['send', id, '--again', '--to', TINH, '--lang', 'en'], { env: desk })
    expect([named.exit, named.stderr.includes('only one that ended undeliverable or expired')]).to.deep.equal(
      [65, true],
    )
    const never = await runHere(['send', id, '--again', '--to', 'H40.9', '--lang', 'en'], { env: desk })
    expect([never.exit, never.stderr.includes('it was never sent to H40.9')]).to.deep.equal([64, true])
  })
})
