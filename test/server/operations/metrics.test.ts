import { writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { expect } from 'chai'
import pg from 'pg'
import { type ApiNode, NODE_ID, send, startApiNode } from '../api/node.ts'
import { figureOf, readExposition } from './exposition.ts'

interface Told {
  readonly status: number
  readonly text: string
  readonly type: string | undefined
}

/** By the plain client, which sends the header fields as they are given. */
function ask(url: string, headers: Record<string, string> = {}): Promise<Told> {
  return new Promise((resolve, reject) => {
    const asked = request(`${url}/metrics`, { headers }, (response) => {
      let text = ''
      response.on('data', (piece) => {
        text += String(piece)
      })
      response.once('end', () =>
        resolve({ status: response.statusCode ?? 0, text, type: response.headers['content-type'] }),
      )
    })
    asked.once('error', reject)
    asked.end()
  })
}

describe('metrics', () => {
  let node: ApiNode
  before(async () => {
    node = await startApiNode({ logins: ['operator', 'commune-clerk'] })
  })
  after(() => node.close())

  const read = async () => readExposition((await ask(node.url)).text)
  const execute = async (sql: string, values: unknown[] = []) => {
    const client = new pg.Client({ connectionString: node.database.superuserUrl })
    await client.connect()
    try {
      await client.query(sql, values)
    } finally {
      await client.end()
    }
  }

  it('are told at the machine itself in the format of Prometheus, each process under its name', async () => {
    const told = await ask(node.url)
    expect([told.status, told.type]).to.deep.equal([200, 'text/plain; version=0.0.4; charset=utf-8'])
    const families = readExposition(told.text)
    expect(figureOf(families, 'congvan_database_up')).to.equal(1)
    const [build] = families.get('congvan_build_info')?.samples ?? []
    expect(build?.labels).to.include({ node: NODE_ID, runtime: process.version })
    expect(build?.labels.process).to.match(/\S+\/\d+\//)
    expect(figureOf(families, 'process_resident_memory_bytes')).to.be.greaterThan(10_000_000)
    expect(figureOf(families, 'congvan_log_position')).to.be.greaterThan(0)
    expect(
      figureOf(families, 'congvan_certificate_remaining_days', { kind: 'node-certificate' }),
    ).to.be.within(364, 366)
    expect(figureOf(families, 'congvan_disk_bytes', { what: 'size' })).to.be.greaterThan(0)
    for (const name of ['relay-send', 'relay-return', 'document-verify']) {
      expect(figureOf(families, 'congvan_jobs', { queue: name, state: 'waiting' }), name).to.equal(0)
    }
  })

  it('count requests by the pattern of their route, and no path or id ever becomes a label', async () => {
    const id = '00000000-0000-4000-8000-000000000001'
    const token = await node.token('commune-clerk')
    for (const path of [`/documents/${id}`, `/documents/${id}?x=1`])
      await send(node.url, 'GET', path, { token })
    await send(node.url, 'GET', `/khong-co/${id}`, { token })
    await send(node.url, 'QUATSCH', '/documents', { token })
    const { text } = await ask(node.url)
    expect(text).not.to.contain(id)
    expect(text).not.to.contain('QUATSCH')
    const families = readExposition(text)
    const of = (route: string, status: string, method = 'GET') =>
      figureOf(families, 'congvan_http_requests_total', { method, route, status })
    expect(of('/api/v1/documents/:id', '404')).to.equal(2)
    expect(of('other', '404')).to.equal(1)
    expect(
      figureOf(families, 'congvan_http_request_seconds_count', { route: '/api/v1/documents/:id' }),
    ).to.equal(2)
  })

  it('tell what waits by queue, peer and urgency, how old it is, and the breaker of each peer', async () => {
    await execute(
      `insert into envelopes (sha256, origin_node, from_code, document_id, sealed_at, seal_key, not_after, stored_at)
       values ($1, 'khac', 'G01', 'x', now(), $1, now(), now())`,
      ['a'.repeat(64)],
    )
    await execute(
      `insert into branches (id, envelope_sha256, series, next_hop, path, not_after, state, run_after, created_at, urgency)
       select gen_random_uuid(), $1, n, 'tinh', '{}', now(), 'queued', now(), now() - n * interval '100 seconds',
         case when n < 3 then 0 else 3 end from generate_series(1, 5) n`,
      ['a'.repeat(64)],
    )
    await execute(
      `insert into peers (node_id, base_url, relation, enabled, pinned_fingerprint, added_at)
       values ('tinh', 'http://127.0.0.1:1', 'child', true, $1, now())`,
      ['b'.repeat(64)],
    )
    await execute(
      `insert into peer_breakers (peer, state, failures, opened_at, probe_at, changed_at)
       values ('tinh', 'open', 7, now() - interval '2 hours', now(), now())`,
    )
    node.setClock(new Date(Date.now() + 6_000))
    const families = await read()
    node.setClock()
    const waiting = (urgency: string) => ({ queue: 'send', peer: 'tinh', urgency })
    expect(figureOf(families, 'congvan_queue_depth', waiting('0'))).to.equal(2)
    expect(figureOf(families, 'congvan_queue_depth', waiting('3'))).to.equal(3)
    expect(figureOf(families, 'congvan_queue_oldest_seconds', waiting('0'))).to.be.within(200, 210)
    expect(figureOf(families, 'congvan_queue_oldest_seconds', waiting('3'))).to.be.within(500, 510)
    const breaker = (state: string) => figureOf(families, 'congvan_peer_breaker', { peer: 'tinh', state })
    expect([breaker('closed'), breaker('open'), breaker('half-open')]).to.deep.equal([0, 1, 0])
    expect(
      figureOf(families, 'congvan_alert', { code: 'PEER_FAILING', severity: 'error', subject: 'tinh' }),
    ).to.equal(1)
    expect(figureOf(families, 'congvan_alert', { code: 'DELIVERY_STUCK', subject: 'tinh/3' })).to.equal(1)
  })

  it('of another process of the node are told beside its own, until it has been silent for a minute', async () => {
    const figures = JSON.stringify([
      {
        name: 'congvan_sends_total',
        help: 'x',
        type: 'counter',
        aggregator: 'sum',
        values: [
          { value: 4, labels: { peer: 'tinh', what: 'branch', outcome: 'committed', process: 'may-2/1' } },
        ],
      },
    ])
    await execute(
      "insert into process_figures values ('may-2/1', now(), $1), ('hong/1', now(), '{\"a\":1}')",
      [figures],
    )
    const of = { process: 'may-2/1', outcome: 'committed' }
    expect(figureOf(await read(), 'congvan_sends_total', of)).to.equal(4)
    await execute("update process_figures set reported_at = now() - interval '61 seconds'")
    expect(figureOf(await read(), 'congvan_sends_total', of)).to.equal(undefined)
  })

  it('are refused to whoever comes through a proxy', async () => {
    for (const header of ['X-Forwarded-For', 'Forwarded', 'Via', 'X-Real-IP']) {
      const { status, text } = await ask(node.url, { [header]: '127.0.0.1' })
      expect(status, header).to.equal(403)
      expect(text).to.contain('METRICS_CLOSED').and.not.to.contain('congvan_')
    }
  })

  it('of a node that others reach by another address want the token, which is read anew each time', async () => {
    const closed = await startApiNode({
      logins: [],
      environment: { CONGVAN_PUBLIC_URL: 'https://truc.example.gov.vn' },
    })
    expect((await ask(closed.url)).status).to.equal(403)
    await closed.close()
    const file = join(node.folder, 'metrics-token')
    const first = 'mot-ma-dai-hon-16-ky-tu'
    writeFileSync(file, `${first}\n`)
    const open = await startApiNode({
      logins: [],
      environment: { CONGVAN_PUBLIC_URL: 'https://truc.example.gov.vn', CONGVAN_METRICS_TOKEN_FILE: file },
    })
    const bearer = (token: string) => ask(open.url, { Authorization: `Bearer ${token}`, Via: '1.1 proxy' })
    expect((await bearer(first)).status).to.equal(200)
    expect((await ask(open.url)).status).to.equal(401)
    expect((await bearer('x'.repeat(20))).status).to.equal(401)
    writeFileSync(file, 'ngan')
    const short = await bearer('ngan')
    expect([short.status, short.text.includes(file)]).to.deep.equal([403, false])
    await open.close()
  })
})
