import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import pg from 'pg'
import { openDatabase, rolesFor, withAgencyTables, withNodeTables } from '../../server/db.ts'
import { CongvanError } from '../../server/errors.ts'
import { migrate, ownMigrations, rollbackAll } from '../../server/migrate.ts'
import { together } from '../../server/together.ts'
import { cloneDatabase, emptyDatabase, type TestDatabase } from '../support/database.ts'

describe('db: tenancy', () => {
  let test: TestDatabase
  const [one, two, user] = [randomUUID(), randomUUID(), randomUUID()]

  before(async () => {
    test = await cloneDatabase()
    await test.db.asNode((trx) =>
      trx('users').insert({
        id: user,
        login: 'van-thu',
        display_name: 'Văn thư',
        password_hash: '-',
        created_at: new Date(0),
      }),
    )
    for (const agencyId of [one, two]) {
      await test.db.asAgency({ agencyId }, (trx) =>
        trx('memberships').insert({
          agency_id: agencyId,
          user_id: user,
          role: 'clerk',
          granted_at: new Date(0),
        }),
      )
    }
  })
  after(() => test.drop())

  it('shows an agency only its own rows', async () => {
    const rows = await test.db.asAgency({ agencyId: one }, (trx) => trx('memberships').select('agency_id'))
    expect(rows).to.deep.equal([{ agency_id: one }])
  })

  it('refuses a row written for another agency', async () => {
    const act = test.db.asAgency({ agencyId: one }, (trx) =>
      trx('memberships').insert({ agency_id: two, user_id: user, role: 'leader', granted_at: new Date(0) }),
    )
    await expectError(act, /row-level security/)
  })

  it('refuses a query outside an actor with an error, not with 0 rows', async () => {
    const client = new pg.Client({ connectionString: test.url })
    await client.connect()
    try {
      await expectError(client.query('select * from memberships'), /permission denied/)
      await expectError(client.query('select * from users'), /permission denied/)
    } finally {
      await client.end()
    }
  })

  it('goes on with a sound connection after one could not take its role', async () => {
    const { application, node } = rolesFor(test.url)
    const one = openDatabase({ url: test.url, poolSize: 1 })
    const owner = new pg.Client({ connectionString: test.ownerUrl })
    await owner.connect()
    try {
      await one.asNode((trx) => trx('users').select('id'))
      await owner.query(`revoke ${node} from ${application}`)
      for (const refused of [
        one.asNode((trx) => trx('users').pluck('id')),
        one.asNode(async () => undefined),
      ]) {
        await expectError(refused, /permission denied to set role/)
      }
      await owner.query(`grant ${node} to ${application}`)
      expect(await one.asNode((trx) => trx('users').pluck('id'))).to.deep.equal([user])
    } finally {
      await owner.query(`grant ${node} to ${application}`)
      await owner.end()
      await one.close()
    }
  })

  it('hides the node’s tables from an agency and restores its eyes after a step into the node', async () => {
    await expectError(
      test.db.asAgency({ agencyId: one }, (trx) => trx('tokens').select('*')),
      /permission denied/,
    )
    const seen = await test.db.asAgency({ agencyId: one }, async (trx) => {
      const users = await withNodeTables(trx, (node) => node('users').select('id'))
      const members = await trx('memberships').select('agency_id')
      return { users: users.length, members }
    })
    expect(seen).to.deep.equal({ users: 1, members: [{ agency_id: one }] })
    const inTwo = await test.db.asNode((trx) =>
      withAgencyTables(trx, two, (agency) => agency('memberships').select('agency_id')),
    )
    expect(inTwo).to.deep.equal([{ agency_id: two }])
  })

  it('lets an agency’s transaction put jobs, but take away none', async () => {
    const wipe = test.db.asAgency({ agencyId: one }, (trx) => trx.raw('delete from pgboss.job'))
    await expectError(wipe, /permission denied/)
    const settle = test.db.asNode((trx) => trx.raw("update pgboss.job set state = 'completed'"))
    await expectError(settle, /permission denied/)
  })

  it('hides an agency’s stored answers from the node', async () => {
    const claim = { key: 'answer-1', requestSha256: 'a' }
    await test.db.asAgency({ agencyId: one, userId: user, idempotency: claim }, async () => ({
      secret: true,
    }))
    const seen = await test.db.asNode((trx) => trx('idempotency_keys').where({ key: 'answer-1' }))
    expect(seen).to.deep.equal([])
  })

  it('puts every table with an agency_id under forced row-level security', async () => {
    const client = new pg.Client({ connectionString: test.superuserUrl })
    await client.connect()
    try {
      const { rows } = await client.query<{ relname: string }>(`
        select c.relname from pg_class c
        join pg_attribute a on a.attrelid = c.oid and a.attname = 'agency_id' and not a.attisdropped
        join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
        where c.relkind in ('r', 'p') and not (c.relrowsecurity and c.relforcerowsecurity)`)
      // Directory rows and tokens name an agency but are the node's: no tenant may write them at all.
      const own = rows.map((row) => row.relname)
      for (const table of own) {
        const { rows: grants } = await client.query(
          `select privilege_type from information_schema.role_table_grants
           where table_name = $1 and grantee like '%\\_tenant' and privilege_type <> 'SELECT'`,
          [table],
        )
        expect(grants, table).to.deep.equal([])
      }
    } finally {
      await client.end()
    }
  })
})

describe('db: statements that are sent together', () => {
  let test: TestDatabase
  before(async () => {
    test = await cloneDatabase()
  })
  after(() => test.drop())

  it('are carried out in their order, whichever way each is written', async () => {
    await test.db.asNode(async (trx) => {
      const insert = async (at: number) => {
        await trx('files').insert({ sha256: `${at}`.padStart(64, '0'), length: at, uploaded_at: new Date(0) })
      }
      const last = async () => Number((await trx('files').max('length as most'))[0]?.most)
      const lastRaw = async () => {
        const { rows } = await trx.raw<{ rows: { most: string }[] }>('select max(length) as most from files')
        return Number(rows[0]?.most)
      }
      const found = await Promise.all([insert(1), last(), insert(2), lastRaw(), insert(3), last(), lastRaw()])
      expect(found.filter((one) => typeof one === 'number')).to.deep.equal([1, 2, 3, 3])
    })
  })

  it('stand in the role that was taken before them', async () => {
    const agencyId = randomUUID()
    const who = (trx: { raw: (sql: string) => PromiseLike<{ rows: { role: string; agency: string }[] }> }) =>
      trx
        .raw(`select current_user as role, current_setting('congvan.agency_id') as agency`)
        .then(({ rows }) => [rows[0]?.role, rows[0]?.agency])
    const { node, tenant } = rolesFor(test.url)
    const found = await test.db.asNode(async (trx) => [
      await who(trx),
      ...(await withAgencyTables(trx, agencyId, (agency) => Promise.all([who(agency), who(agency)]))),
      await who(trx),
    ])
    expect(found).to.deep.equal([
      [node, ''],
      [tenant, agencyId],
      [tenant, agencyId],
      [node, ''],
    ])
  })

  it('are all undone when one fails, and the failure is that one’s', async () => {
    const file = (name: string) => ({ sha256: name.repeat(64), length: 1, uploaded_at: new Date(0) })
    const act = test.db.asNode((trx) =>
      Promise.all([
        trx('files').insert(file('a')),
        trx('files').insert(file('a')),
        trx('files').insert(file('b')),
      ]),
    )
    await expectError(act, /duplicate key/)
    const left = await test.db.asNode((trx) =>
      trx('files').whereIn('sha256', ['a'.repeat(64), 'b'.repeat(64)]),
    )
    expect(left).to.deep.equal([])
  })

  it('stand in one other role at a time: a second part beside the first is refused', async () => {
    const [one, two] = [randomUUID(), randomUUID()]
    const part = (agency: { raw: (sql: string) => PromiseLike<unknown> }) => agency.raw('select 1')
    const beside = test.db.asNode((trx) =>
      Promise.all([one, two].map((id) => withAgencyTables(trx, id, async (agency) => part(agency)))),
    )
    await expectError(beside, /another role already/)
    const inNode = test.db.asAgency({ agencyId: one }, (trx) =>
      Promise.all([1, 2].map(() => withNodeTables(trx, async (node) => part(node)))),
    )
    await expectError(inNode, /another role already/)
    const after = test.db.asNode(async (trx) => {
      await withAgencyTables(trx, one, () => Promise.reject(new CongvanError('NOT_FOUND'))).catch(() => {})
      await withAgencyTables(trx, two, async (agency) => part(agency))
    })
    await expectError(after, /another role already/)
  })

  it('tell of what failed first, not of the steps that were refused after it', async () => {
    const file = { sha256: 'd'.repeat(64), length: 1, uploaded_at: new Date(0) }
    const act = test.db.asNode((trx) =>
      Promise.all([
        trx('files')
          .insert([file, file])
          .then(() => {}),
        withAgencyTables(trx, randomUUID(), async (agency) => agency('memberships').select('*')),
      ]),
    )
    await expectError(act, /duplicate key/)
    const parts = test.db.asNode((trx) =>
      together<unknown>([
        trx.raw('select 1').then(() => trx('files').insert({ ...file, sha256: 'e'.repeat(64) })),
        trx('files')
          .insert([file, file])
          .then(() => undefined),
      ]),
    )
    await expectError(parts, /duplicate key/)
  })

  it('do not commit behind a step into another role that failed', async () => {
    const name = 'c'.repeat(64)
    const act = test.db.asNode(async (trx) => {
      await trx('files').insert({ sha256: name, length: 1, uploaded_at: new Date(0) })
      // PostgreSQL takes no NUL byte.
      await withAgencyTables(trx, '\0', async () => undefined)
    })
    await expectError(act, /invalid byte sequence/)
    expect(await test.db.asNode((trx) => trx('files').where({ sha256: name }))).to.deep.equal([])
  })
})

describe('db: idempotency', () => {
  let test: TestDatabase
  const actor = { agencyId: randomUUID(), userId: randomUUID() }
  before(async () => {
    test = await cloneDatabase()
  })
  after(() => test.drop())

  it('does the work once and answers the same both times', async () => {
    let runs = 0
    const request = { ...actor, idempotency: { key: 'k1', requestSha256: 'a' } }
    const work = async () => ({ number: ++runs })
    expect(await test.db.asAgency(request, work)).to.deep.equal({ number: 1 })
    expect(await test.db.asAgency(request, work)).to.deep.equal({ number: 1 })
    expect(runs).to.equal(1)
  })

  it('does the work once for two requests at the same time', async () => {
    let runs = 0
    const request = { ...actor, idempotency: { key: 'k2', requestSha256: 'a' } }
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => test.db.asAgency(request, async () => ({ number: ++runs }))),
    )
    expect(new Set(answers.map((answer) => answer.number))).to.deep.equal(new Set([1]))
    expect(runs).to.equal(1)
  })

  it('refuses the same key for another request', async () => {
    await test.db.asAgency({ ...actor, idempotency: { key: 'k3', requestSha256: 'a' } }, async () => 1)
    const other = test.db.asAgency(
      { ...actor, idempotency: { key: 'k3', requestSha256: 'b' } },
      async () => 2,
    )
    await expectError(other, CongvanError)
  })

  it('leaves the key free when the work failed', async () => {
    const request = { ...actor, idempotency: { key: 'k4', requestSha256: 'a' } }
    await expectError(
      test.db.asAgency(request, () => Promise.reject(new Error('failed half way'))),
      /half way/,
    )
    expect(await test.db.asAgency(request, async () => 'done')).to.equal('done')
  })
})

describe('migrations', () => {
  it('run once when several processes start together, and go down and up again', async () => {
    const test = await emptyDatabase()
    try {
      const runs = await Promise.all([1, 2, 3].map(() => migrate(test.ownerUrl, test.url)))
      expect(runs.map((names) => names.length).sort()).to.deep.equal([0, 0, ownMigrations().length])
      await rollbackAll(test.ownerUrl, test.url)
      expect(await migrate(test.ownerUrl, test.url)).to.have.length(ownMigrations().length)
    } finally {
      await test.drop()
    }
  })
})

async function expectError(
  act: Promise<unknown>,
  wanted: RegExp | (new (...args: never[]) => Error),
): Promise<void> {
  const error: unknown = await act.then(
    () => undefined,
    (caught: unknown) => caught,
  )
  expect(error).to.be.instanceOf(Error)
  if (wanted instanceof RegExp) expect((error as Error).message).to.match(wanted)
  else expect(error).to.be.instanceOf(wanted)
}
