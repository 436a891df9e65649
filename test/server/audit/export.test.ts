import { createHash } from 'node:crypto'
import { expect } from 'chai'
import type { Knex } from 'knex'
import pg from 'pg'
import { appendLogEntry } from '../../../server/audit/audit-store.ts'
import { type ApiNode, type Login, send, startApiNode } from '../api/node.ts'

interface Line {
  readonly position: string
  readonly leafHash: string
  readonly entry: string
}

interface Entry {
  readonly agency: string | null
  readonly at: string
  readonly kind: string
  readonly facts: Record<string, unknown>
}

/** More than two pages of an export hold. */
const MANY = 1_100
const START = new Date('2026-03-02T01:00:00.000Z')

describe('audit: export over HTTP', () => {
  let node: ApiNode
  let communeId: string
  before(async () => {
    node = await startApiNode({
      logins: ['operator', 'commune-auditor', 'commune-clerk', 'district-auditor'],
    })
    const { body } = await send(node.url, 'GET', '/me', { token: await node.token('commune-auditor') })
    communeId = String(body.agencyId)
    const { context } = node.services
    const actor = { kind: 'node', nodeId: context.nodeId } as const
    await context.db.asAgency({ agencyId: communeId }, async (trx) => {
      for (let index = 0; index < MANY; index += 1) {
        const now = new Date(START.getTime() + index * 1_000)
        const act = { kind: 'delivery.status', subject: 'delivery:thử', facts: { index } } as const
        await appendLogEntry(trx, { nodeId: context.nodeId, actor, now }, communeId, act)
      }
    })
  })
  after(() => node.close())

  const get = async (login: Login, query = '') =>
    send(node.url, 'GET', `/log${query}`, { token: await node.token(login) })
  const lines = (text: string): Line[] =>
    text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line))
  const entryOf = (line: Line): Entry => JSON.parse(line.entry)
  const bounded = async (from: string | undefined, to: string | undefined) => {
    const query = new URLSearchParams({ ...(from ? { from } : {}), ...(to ? { to } : {}) })
    const { status, text } = await get('commune-auditor', `?${query}`)
    expect(status).to.equal(200)
    return lines(text)
      .map(entryOf)
      .filter((one) => one.kind === 'delivery.status')
  }

  it('streams every entry of the own agency, page after page, and of no other', async () => {
    const { status, headers, text } = await get('commune-auditor')
    expect(status).to.equal(200)
    expect(headers.get('content-type')).to.match(/^application\/jsonl/)
    expect(headers.get('content-length'), 'streamed').to.equal(null)
    expect(text.endsWith('\n')).to.equal(true)
    const all = lines(text)
    const found = all.map(entryOf)
    expect(found.filter((one) => one.kind === 'delivery.status').map((one) => one.facts.index)).to.deep.equal(
      Array.from({ length: MANY }, (_, index) => index),
    )
    expect(new Set(found.map((one) => one.agency))).to.deep.equal(new Set([communeId]))
    const positions = all.map((one) => BigInt(one.position))
    expect(positions.every((one, index) => index === 0 || one > (positions[index - 1] ?? one))).to.equal(true)
    for (const line of all) expect(Object.keys(line)).to.deep.equal(['position', 'leafHash', 'entry'])
  })

  it('lets anybody hash the entries again: SHA-256 of a zero byte and the bytes (RFC 9162)', async () => {
    for (const login of ['commune-auditor', 'operator'] as const) {
      for (const { entry, leafHash } of lines((await get(login)).text)) {
        const hash = createHash('sha256')
          .update(Buffer.of(0))
          .update(Buffer.from(entry, 'utf8'))
          .digest('hex')
        expect(leafHash).to.equal(hash)
        const keys = Object.keys(JSON.parse(entry) as object)
        expect(keys, 'canonical: keys sorted').to.deep.equal([...keys].sort())
      }
    }
  })

  it('begins with the first moment and ends before the second, in whatever zone they are written', async () => {
    const at = (index: number) => new Date(START.getTime() + index * 1_000).toISOString()
    const indexes = (entries: Entry[]) => entries.map((one) => one.facts.index)
    expect(indexes(await bounded(at(3), at(6)))).to.deep.equal([3, 4, 5])
    expect(indexes(await bounded('2026-03-02T08:00:03.000+07:00', at(5)))).to.deep.equal([3, 4])
    expect(indexes(await bounded(at(MANY - 2), undefined))).to.deep.equal([MANY - 2, MANY - 1])
    expect(indexes(await bounded(undefined, at(2)))).to.deep.equal([0, 1])
    expect(await bounded(at(6), at(6))).to.deep.equal([])
    expect(await bounded(at(6), at(3))).to.deep.equal([])
  })

  it('refuses a time without a zone, another format and unknown bounds, naming the field', async () => {
    const wrong = {
      'from=2026-03-02T08:00:00': 'from',
      'to=hôm qua': 'to',
      'format=csv': 'format',
      'since=1': '',
    }
    for (const [query, field] of Object.entries(wrong)) {
      const { status, body } = await get('commune-auditor', `?${query}`)
      expect([status, body.code], query).to.deep.equal([400, 'INPUT_INVALID'])
      const named = field === '' ? 'query' : `query.${field}`
      expect((body.params as { field: string }).field, query).to.equal(named)
    }
  })

  it('gives the operator the entries of the node and none of an agency', async () => {
    const found = lines((await get('operator')).text).map(entryOf)
    expect(new Set(found.map((one) => one.agency))).to.deep.equal(new Set([null]))
    expect(found.map((one) => one.kind)).to.include.members(['node.started', 'user.created'])
    expect(found.map((one) => one.kind)).not.to.include('delivery.status')
  })

  it('gives another agency nothing of it', async () => {
    const { text } = await get('district-auditor')
    expect(text).not.to.contain(communeId)
    expect(lines(text).map((line) => entryOf(line).kind)).not.to.include('delivery.status')
  })

  it('is an act of its own: the next export tells of this one, with its bounds', async () => {
    const from = '2026-03-02T01:00:00.000Z'
    await bounded(from, undefined)
    const exports = lines((await get('commune-auditor')).text)
      .map(entryOf)
      .filter((one) => one.kind === 'log.exported')
    expect(exports.at(-1)?.facts).to.deep.equal({ from, to: null })
  })

  it('does not end the node when the reader goes away in the middle', async () => {
    const aborted = new AbortController()
    const response = await fetch(`${node.url}/api/v1/log`, {
      headers: { authorization: `Bearer ${await node.token('commune-auditor')}` },
      signal: aborted.signal,
    })
    await response.body?.getReader().read()
    aborted.abort()
    expect((await fetch(`${node.url}/readyz`)).status).to.equal(200)
  })

  it('rests on rows that nobody changes: not the application, not the owner of the tables', async () => {
    const changes = [
      "update log_entries set kind = 'x'",
      'delete from log_entries',
      'truncate log_entries cascade',
    ]
    const { context } = node.services
    for (const change of changes) {
      const asAgency = context.db.asAgency({ agencyId: communeId }, (trx) => trx.raw(change))
      expect(await stateOf(asAgency), change).to.equal('42501')
      expect(await stateOf(context.db.asNode((trx) => trx.raw(change))), change).to.equal('42501')
      expect(await asOwner(node.database.ownerUrl, change), change).to.equal('42501')
    }
    const left = await context.db.asAgency({ agencyId: communeId }, (trx: Knex) =>
      trx('log_entries').where({ kind: 'delivery.status' }).count<{ count: string }[]>(),
    )
    expect(Number(left[0]?.count)).to.equal(MANY)
  })

  it('is for auditors and the operator only', async () => {
    expect((await get('commune-clerk')).status).to.equal(403)
    expect((await send(node.url, 'GET', '/log')).status).to.equal(401)
  })
})

async function stateOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => undefined,
    (caught: unknown) => caught,
  )
  return error instanceof Error && 'code' in error ? String(error.code) : String(error)
}

async function asOwner(url: string, change: string): Promise<string> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await stateOf(client.query(change))
  } finally {
    await client.end()
  }
}
