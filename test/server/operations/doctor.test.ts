import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import pg from 'pg'
import { readConfig } from '../../../server/config.ts'
import { type Diagnosis, examineNode, makeNodeKey } from '../../../server/main.ts'
import { describeFinding, doctorTexts, finding } from '../../../server/operations/doctor-findings.ts'
import { runHere } from '../../cli/run-congvan.ts'
import { APPLICATION } from '../../support/database.ts'
import { type ApiNode, NODE_ID, startApiNode } from '../api/node.ts'

describe('doctor', () => {
  let node: ApiNode
  let environment: Record<string, string>
  before(async () => {
    node = await startApiNode({ logins: [] })
    environment = {
      CONGVAN_NODE_ID: NODE_ID,
      CONGVAN_DATA: join(node.folder, 'data'),
      CONGVAN_TRUST: join(node.folder, 'trust'),
      DATABASE_URL: node.database.url,
      CONGVAN_OWNER_DATABASE_URL: node.database.ownerUrl,
    }
  })
  after(() => node.close())

  const examine = (more: Record<string, string> = {}) =>
    examineNode({ ...environment, ...more }, { language: 'en' })
  /**
   * What is not well. The PostgreSQL of the tests writes without waiting for the disk, which the doctor rightly finds.
   */
  const troubles = ({ findings }: Diagnosis) =>
    findings
      .filter((one) => one.severity !== 'ok' && one.code !== 'DATABASE_NOT_DURABLE')
      .map((one) => `${one.severity} ${one.area} ${one.code}`)
  const execute = async (sql: string, values: unknown[] = []) => {
    const client = new pg.Client({ connectionString: node.database.superuserUrl })
    await client.connect()
    try {
      return (await client.query(sql, values)).rows
    } finally {
      await client.end()
    }
  }

  it('finds nothing wrong with a node that runs, but that its database does not wait for the disk', async () => {
    const found = await examine()
    expect(troubles(found)).to.deep.equal([])
    const lax = found.findings.filter((one) => one.code === 'DATABASE_NOT_DURABLE')
    expect(lax.map((one) => one.params.setting)).to.include('fsync')
    expect(lax[0]?.remedy).to.match(/set \w+ = on/)
    expect(found.errors).to.equal(lax.length)
    expect(new Set(found.findings.map((one) => one.area)).size).to.equal(10)
  })

  it('tells every problem of the configuration, and looks at nothing that rests on it', async () => {
    const found = await examineNode({ CONGVAN_PORT: 'x', CONGVAN_LIMIT: '1' }, { language: 'vi' })
    const [first] = found.findings
    expect(first?.text)
      .to.contain('CONGVAN_PORT')
      .and.to.contain('CONGVAN_LIMIT')
      .and.to.contain('CONGVAN_NODE_ID')
    expect(found.findings.filter((one) => one.severity === 'skipped').map((one) => one.area)).to.deep.equal([
      'files',
      'key',
      'database',
      'trust',
      'directory',
      'processes',
      'peers',
      'alerts',
    ])
  })

  it('says that the database is away, and looks at the rest all the same', async () => {
    const url = new URL(node.database.url)
    url.port = '1'
    const away = await examine({ DATABASE_URL: url.href, CONGVAN_NODE_KEY_FILE: '/khong/co' })
    expect(troubles(away)).to.deep.equal([
      'error key KEY_UNUSABLE',
      'error database DATABASE_AWAY',
      'skipped directory NOT_LOOKED_AT',
      'skipped processes NOT_LOOKED_AT',
      'skipped peers NOT_LOOKED_AT',
      'skipped alerts NOT_LOOKED_AT',
    ])
    const [reason] = away.findings.filter((one) => one.code === 'DATABASE_AWAY')
    expect(reason?.text).to.contain('ECONNREFUSED')
    url.port = new URL(node.database.url).port
    url.password = 'sai'
    const refused = await examine({ DATABASE_URL: url.href })
    expect(refused.findings.find((one) => one.code === 'DATABASE_AWAY')?.text).to.contain('password')
    expect(JSON.stringify(refused)).not.to.contain('sai@')
  })

  it('finds secrets that others can read, trust that is empty or broken, and folders that are not there', async () => {
    const key = join(node.folder, 'data', 'node-key.pem')
    chmodSync(key, 0o644)
    const open = await examine()
    chmodSync(key, 0o600)
    expect(troubles(open)).to.include('error files FILE_OPEN_TO_OTHERS')
    expect(open.findings.find((one) => one.code === 'FILE_OPEN_TO_OTHERS')?.remedy).to.equal(
      `chmod 600 ${key}`,
    )
    const empty = mkdtempSync(join(tmpdir(), 'congvan-doctor-'))
    expect(troubles(await examine({ CONGVAN_TRUST: empty }))).to.deep.equal(['warning trust TRUST_EMPTY'])
    writeFileSync(join(empty, 'hong.crl'), 'x')
    expect(troubles(await examine({ CONGVAN_TRUST: empty }))).to.include('warning trust TRUST_UNREADABLE')
    const missing = join(empty, 'khong-co')
    const fresh = await examineNode({ CONGVAN_NODE_ID: 'moi', CONGVAN_DATA: missing }, { language: 'vi' })
    expect(troubles(fresh).slice(0, 4)).to.deep.equal([
      'error files FOLDER_MISSING',
      'error key KEY_UNUSABLE',
      'warning database DATABASE_NEVER_STARTED',
      'warning trust TRUST_EMPTY',
    ])
    // To look makes nothing.
    expect(existsSync(missing)).to.equal(false)
    rmSync(empty, { recursive: true })
  })

  it('finds what would let agencies see each other’s data, and a schema of another version, and mends neither', async () => {
    await execute('alter table documents no force row level security')
    await execute(`alter role ${APPLICATION} bypassrls`)
    const found = await examine()
    await execute(`alter role ${APPLICATION} nobypassrls`)
    await execute('alter table documents force row level security')
    expect(troubles(found)).to.deep.equal([
      'error database ROLE_TOO_MIGHTY',
      'error database TABLE_UNPROTECTED',
    ])
    const [last] = await execute(
      'delete from schema_migrations where id = (select max(id) from schema_migrations) returning *',
    )
    expect(troubles(await examine())[0]).to.equal('error database SCHEMA_OLD')
    expect(troubles(await examine())[0]).to.equal('error database SCHEMA_OLD')
    await execute('insert into schema_migrations (id, name, batch, migration_time) values ($1, $2, $3, $4)', [
      last.id,
      '9999_moi.ts',
      last.batch,
      last.migration_time,
    ])
    expect(troubles(await examine())[0]).to.equal('error database SCHEMA_NEW')
    await execute('update schema_migrations set name = $1 where id = $2', [last.name, last.id])
    expect(troubles(await examine())).to.deep.equal([])
  })

  it('reckons whether the processes together may want more connections than PostgreSQL has', async () => {
    const found = await examine({ CONGVAN_DATABASE_POOL: '200' })
    expect(troubles(found)).to.deep.equal(['warning database CONNECTIONS_FEW'])
    // One process runs; its queue has five connections beside the pool, and two watch.
    expect(found.findings.find((one) => one.code === 'CONNECTIONS_FEW')?.params).to.include({ wanted: 207 })
  })

  it('tries the way to each neighbour and names the step that fails, beside alerts and the directory', async () => {
    await execute(
      `insert into peers (node_id, base_url, relation, enabled, pinned_fingerprint, added_at) values
       ('xa', 'http://127.0.0.1:1', 'child', true, $1, now()), ('tw', 'https://tw.invalid', 'parent', false, $1, now())`,
      ['b'.repeat(64)],
    )
    await execute(
      `insert into peer_breakers (peer, state, failures, opened_at, probe_at, changed_at)
       values ('xa', 'open', 7, now() - interval '2 hours', now(), now())`,
    )
    const found = await examine()
    expect(troubles(found)).to.deep.equal([
      'error directory ROOT_NOT_PINNED',
      'error directory URL_LOCAL',
      'warning peers SWITCHED_OFF',
      'error peers NAME_UNKNOWN',
      'error peers CONNECTION_REFUSED',
      'error alerts PEER_FAILING',
    ])
    const refused = found.findings.find((one) => one.code === 'CONNECTION_REFUSED')
    expect(refused?.text).to.equal('xa: the host 127.0.0.1 refuses connections at port 1')
    expect(refused?.remedy).to.contain('is the other node running')
    await execute('delete from peer_breakers')
    await execute('delete from peers')
  })

  it('ends with 1 for errors and 2 for warnings alone, and tells the same as JSON', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'congvan-doctor-'))
    const env = { CONGVAN_NODE_ID: 'moi', CONGVAN_DATA: join(folder, 'data') }
    expect((await runHere(['doctor', '--lang', 'en'], { env })).exit).to.equal(1)
    await makeNodeKey(readConfig(env), new Date(), 1)
    const told = await runHere(['doctor', '--json'], { env })
    expect(told.exit, told.stdout + told.stderr).to.equal(2)
    const { ok, errors, warnings } = JSON.parse(told.stdout)
    expect({ ok, errors, warnings }).to.deep.equal({ ok: true, errors: 0, warnings: 2 })
    const text = await runHere(['doctor', '--lang', 'en'], { env })
    expect(text.stdout)
      .to.contain('WARNING  database: there is no database yet')
      .and.to.contain('→ run congvan serve')
    expect(text.stderr).to.equal('congvan: 0 errors, 2 warnings\n')
    rmSync(folder, { recursive: true })
  })

  it('leaves no gap in any text, in either language', () => {
    const names =
      'most problems found wanted folder file mode reason setting value role why table paths pinned fingerprint versions url'
    const params = Object.fromEntries(names.split(' ').map((name) => [name, 'x']))
    for (const code of Object.keys(doctorTexts) as (keyof typeof doctorTexts)[]) {
      for (const language of ['vi', 'en'] as const) {
        const { text, remedy } = describeFinding(finding('files', 'error', code, params), language)
        expect(text + remedy, code).not.to.match(/[{}]/)
      }
    }
  })
})
