import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import pg from 'pg'
import type { NodeContext } from '../../../server/context.ts'
import type { Logger } from '../../../server/log.ts'
import { runningAlerts } from '../../../server/operations/alert-store.ts'
import { openContacts } from '../../../server/operations/contacts.ts'
import { type FactSources, gatherFacts } from '../../../server/operations/gather-facts.ts'
import { watchAlerts } from '../../../server/operations/watch-alerts.ts'
import { cloneDatabase, type TestDatabase } from '../../support/database.ts'
import { testNodeKey } from '../../support/node-key.ts'
import { limits } from '../directory/network.ts'

describe('the watch over alerts', () => {
  let database: TestDatabase
  let folder: string
  let sources: FactSources
  const lines: { level: string; fields: Record<string, unknown> }[] = []
  const log: Logger = {
    debug() {},
    info: (fields, text) => lines.push({ level: 'info', fields: { ...fields, text } }),
    warn: (fields) => lines.push({ level: 'warn', fields: { ...fields } }),
    error: (fields) => lines.push({ level: 'error', fields: { ...fields } }),
    child: () => log,
  }
  const execute = async (sql: string, values: unknown[] = []) => {
    const client = new pg.Client({ connectionString: database.superuserUrl })
    await client.connect()
    const { rows } = await client.query(sql, values)
    await client.end()
    return rows
  }
  before(async () => {
    database = await cloneDatabase()
    folder = mkdtempSync(join(tmpdir(), 'congvan-watch-'))
    const context: NodeContext = {
      nodeId: 'tinh',
      publicUrl: 'http://127.0.0.1:1',
      clock: () => new Date(),
      db: database.db,
      queue: { async put() {}, async work() {}, async stop() {} },
      log,
      limits,
    }
    const { provider: key } = testNodeKey('tinh')
    sources = { context, key, trust: { anchors: [], untrusted: [], crls: [] }, folders: [] }
    for (const peer of ['xa', 'huyen']) {
      await execute(
        `insert into peers (node_id, base_url, relation, enabled, pinned_fingerprint, added_at)
         values ($1, 'http://127.0.0.1:1', 'child', true, $2, now())`,
        [peer, 'b'.repeat(64)],
      )
    }
  })
  after(async () => {
    await database.drop()
    rmSync(folder, { recursive: true })
  })

  const failSince = (minutes: number) =>
    execute(
      `insert into peer_breakers (peer, state, failures, opened_at, probe_at, changed_at)
       values ('xa', 'open', 7, now() - $1 * interval '1 minute', now(), now())
       on conflict (peer) do update set opened_at = excluded.opened_at`,
      [minutes],
    )
  const codes = () =>
    lines.splice(0).map(({ level, fields }) => [level, fields.alert, fields.subject, fields.text])

  it('tells begin, worsening and end once, whichever and however many processes look', async () => {
    await watchAlerts(sources)
    expect(codes()).to.deep.equal([])
    await failSince(6)
    await Promise.all([watchAlerts(sources), watchAlerts(sources), watchAlerts(sources)])
    const begun = 'the node xa has been failing for 6m (breaker open)'
    expect(codes()).to.deep.equal([['warn', 'PEER_FAILING', 'xa', begun]])
    await watchAlerts(sources)
    expect(codes()).to.deep.equal([])
    await failSince(61)
    await watchAlerts(sources)
    const worse = 'the node xa has been failing for 61m (breaker open)'
    expect(codes()).to.deep.equal([['error', 'PEER_FAILING', 'xa', worse]])
    expect(await database.db.asNode(runningAlerts)).to.have.length(1)
    await execute("update peer_breakers set state = 'closed', opened_at = null, probe_at = null")
    await Promise.all([watchAlerts(sources), watchAlerts(sources)])
    expect(codes()).to.deep.equal([['info', 'PEER_FAILING', 'xa', 'alert ended']])
    expect(await database.db.asNode(runningAlerts)).to.deep.equal([])
  })

  it('counts the jobs of a day that were given up, and forgets them after it', async () => {
    const dead = async () => (await gatherFacts(sources)).jobs.filter((one) => one.dead > 0)
    expect(await dead()).to.deep.equal([])
    await execute(
      "insert into pgboss.job (name, data) values ('relay-send-dead', '{}'), ('relay-send-dead', '{}')",
    )
    expect(await dead()).to.deep.equal([{ queue: 'relay-send', waiting: 0, active: 0, dead: 2 }])
    await execute(
      "update pgboss.job set created_on = now() - interval '25 hours' where name = 'relay-send-dead'",
    )
    expect(await dead()).to.deep.equal([])
  })

  it('knows how far the clock of a peer is ahead by when it signed its answer, and when it was last heard', async () => {
    const at = new Date('2026-03-02T01:00:00.400Z')
    const { answered, asked } = openContacts({ ...sources.context, clock: () => at })
    answered('huyen', new Date('2026-03-02T01:01:40Z'))
    asked('huyen')
    // Within half a minute nothing is written again.
    answered('huyen', new Date('2026-03-02T01:00:00Z'))
    for (let tries = 0; tries < 100; tries += 1) {
      const rows = await execute(
        'select 1 from peer_contacts where last_answer_at is not null and last_request_at is not null',
      )
      if (rows.length > 0) break
    }
    const { peers } = await gatherFacts(sources)
    const huyen = peers.find((one) => one.peer === 'huyen')
    expect(huyen?.lastAnswerAt).to.deep.equal(at)
    expect(huyen?.lastRequestAt).to.deep.equal(at)
    expect(huyen?.clockAheadSeconds).to.equal(100.1)
    await watchAlerts(sources)
    expect(codes()).to.deep.equal([
      [
        'warn',
        'CLOCK_OFF',
        'huyen',
        'the clock of huyen differs by 100 s from this node’s (120 are allowed)',
      ],
    ])
  })
})
