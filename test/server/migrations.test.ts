import { createHash, randomUUID } from 'node:crypto'
import { expect } from 'chai'
import type { Knex } from 'knex'
import { openKnex, rolesFor } from '../../server/db.ts'
import { policyAt } from '../../server/documents/document-services.ts'
import { readDetails } from '../../server/documents/read-document.ts'
import { completeDocument, startProcessing } from '../../server/handling/process-document.ts'
import { acceptDocument } from '../../server/incoming/accept-document.ts'
import { type Migration, migrate, ownMigrations, rollbackAll } from '../../server/migrate.ts'
import { issueDocument } from '../../server/outgoing/issue-document.ts'
import { listLate } from '../../server/outgoing/late-documents.ts'
import { numberDocument } from '../../server/outgoing/number-document.ts'
import { presentDocument } from '../../server/outgoing/present-document.ts'
import { listEntries } from '../../server/registers/book-store.ts'
import { countDocuments } from '../../server/statistics/count-documents.ts'
import { verifyPdf } from '../../signing/index.ts'
import { emptyDatabase, type TestDatabase } from '../support/database.ts'
import { insertAccount } from './documents/people.ts'
import {
  download,
  letter,
  NOW,
  openTestNode,
  signAsAgency,
  signAsIndividual,
  type TestAgency,
  type TestNode,
} from './documents/support.ts'

/** The last migration of version 0.1, before there was a records office. */
const LAST_OF_BEFORE = '0008_relay.ts'
const YEAR = 2026

describe('a database of the version before', () => {
  let database: TestDatabase
  let superuser: Knex
  let node: TestNode
  let files: { sha256: string; length: number }[]
  const ids = {
    draft: randomUUID(),
    signed: randomUUID(),
    dispatched: randomUUID(),
    verified: randomUUID(),
    assigned: randomUUID(),
  }

  before(async function () {
    this.timeout(60_000)
    database = await emptyDatabase()
    await migrateTo(database, LAST_OF_BEFORE)
    node = await openTestNode(database)
    superuser = openKnex({ url: database.superuserUrl, poolSize: 1 })
    await populate()
    await migrate(database.ownerUrl, database.url)
    await insertAccount(node, node.one.leader, 'leader')
  })
  after(async () => {
    await superuser.destroy()
    await node.close()
  })

  it('keeps its documents, and its people see what was theirs', async () => {
    for (const id of [ids.draft, ids.signed, ids.dispatched]) {
      const { document } = await readDetails(node.context, node.one.clerk, id)
      expect(document.subject).to.equal('Về việc thử nghiệm chuyển đổi')
      const granted = await superuser('document_access').where({ document_id: id, granted_as: 'drafter' })
      expect(granted.map((row) => row.user_id)).to.deep.equal([node.one.clerk.userId])
    }
    const found = await superuser('document_search').pluck('document_id')
    expect(found.sort()).to.deep.equal(Object.values(ids).sort())
    const act = { subject: `document:${ids.signed}`, kind: 'document.signed-individual' }
    const history = await superuser('log_entries').where(act)
    expect(history).to.have.length(1)
  })

  it('knows when they were signed, issued and sent: late ones are on the list of late ones', async () => {
    node.setClock(new Date('2026-01-12T09:00:00+07:00'))
    const late = await listLate(node.context, node.one.clerk, { list: 'to-dispatch', limit: 10 })
    expect(late.items.map((one) => [one.id, one.dueOn])).to.deep.equal([[ids.signed, '2026-01-05']])
    const sent = await superuser('documents').where({ id: ids.dispatched }).first()
    expect([sent.signed_at, sent.issued_at, sent.dispatched_at]).to.deep.equal([NOW, NOW, NOW])
    expect(sent.numbered_by).to.equal(node.one.clerk.userId)
    node.setClock(NOW)
  })

  it('goes on with its books where they were', async () => {
    const { context, services, one, two } = node
    expect(await entries(one, 'outgoing')).to.deep.equal([
      {
        number: 7,
        subject: 'Về việc thử nghiệm chuyển đổi',
        signer: 'Người ký 1',
        recipients: 'Ủy ban nhân dân xã thử nghiệm khác',
      },
    ])
    expect(await entries(two, 'incoming')).to.deep.equal([
      { number: 3, subject: 'Về việc thử nghiệm chuyển đổi', signer: 'Người ký 1', recipients: null },
    ])
    expect(await numberDocument(context, services, one.clerk, ids.signed)).to.include({
      number: '08/UBND-VP',
    })
    const bytes = await signAsAgency(await download(node, one.clerk, ids.signed), one.agency)
    expect(await issueDocument(context, services, one.clerk, { id: ids.signed, bytes })).to.include({
      state: 'issued',
    })
    const acceptance = { id: ids.verified, acceptIndeterminate: false }
    expect(await acceptDocument(context, services, two.clerk, acceptance)).to.include({ incomingNumber: 4 })
  })

  it('goes on with what is being handled, by the units that were named', async () => {
    const { context, services, two } = node
    const handling = await superuser('handling_parties')
      .where({ document_id: ids.assigned })
      .orderBy('position')
    expect(handling.map((row) => [row.name, row.ended_at])).to.deep.equal([
      ['Văn phòng', null],
      ['Địa chính', null],
    ])
    await startProcessing(context, services, two.leader, ids.assigned)
    const done = { id: ids.assigned, noAnswerReason: 'Để biết' }
    await completeDocument(context, services, two.leader, done)
    const { document } = await readDetails(context, two.clerk, ids.assigned)
    expect(document.state).to.equal('completed')
  })

  it('is counted', async () => {
    const range = { from: '2026-01-01', to: '2026-12-31', by: 'month' } as const
    const sums = await countDocuments(node.context, node.one.clerk, range)
    const total = JSON.stringify(sums.total)
    expect(sums.total.sent.documents, total).to.equal(1)
    expect(sums.total.sent.signedByIndividual, total).to.equal(1)
    const received = await countDocuments(node.context, node.two.clerk, range)
    expect(received.total.received.documents).to.equal(2)
  })

  it('goes back, with what was done since, and forward again', async function () {
    this.timeout(60_000)
    const signers = [{ user: node.one.leader.login.toLowerCase() }]
    await presentDocument(node.context, node.services, node.one.clerk, { id: ids.draft, signers })
    const later = ownMigrations().filter((name) => name > LAST_OF_BEFORE)
    const knex = openKnex({ url: database.ownerUrl, poolSize: 2 })
    try {
      for (const _ of later) await knex.migrate.down(settings(database, ownMigrations()))
    } finally {
      await knex.destroy()
    }
    const states = await superuser('documents').whereIn('id', [ids.draft, ids.assigned]).pluck('state')
    expect(states.sort()).to.deep.equal(['completed', 'draft'])
    expect(await migrate(database.ownerUrl, database.url)).to.deep.equal(later)
    const { document } = await readDetails(node.context, node.one.clerk, ids.signed)
    expect(document).to.include({ state: 'issued', codeNumber: '08' })
    await rollbackAll(database.ownerUrl, database.url)
    await migrate(database.ownerUrl, database.url)
  })

  async function entries({ agencyId }: TestAgency, book: 'outgoing' | 'incoming') {
    const found = await database.db.asAgency({ agencyId }, (trx) =>
      listEntries(trx, { book, year: YEAR, limit: 10 }),
    )
    return found.map(({ number, subject, signer, recipients }) => ({ number, subject, signer, recipients }))
  }

  /** What version 0.1 had written: rows as its stores wrote them, files that were really signed. */
  async function populate(): Promise<void> {
    const { one, two } = node
    const draft = await letter()
    const signed = await signAsIndividual(draft, one.individual)
    const issued = await signAsAgency(signed, one.agency)
    files = []
    for (const bytes of [draft, signed, issued]) files.push(await node.services.files.put(bytes, 5_000_000))
    await superuser('files').insert(files.map((file) => ({ ...file, uploaded_at: NOW })))
    await outgoing(ids.draft, 'draft', 1)
    await outgoing(ids.signed, 'signed', 2)
    await outgoing(ids.dispatched, 'dispatched', 3)
    await superuser('log_entries').insert(logEntry(`document:${ids.signed}`))
    await incoming(ids.verified, 'verified', { indication: 'TOTAL_PASSED', sender_matches: true })
    await incoming(ids.assigned, 'assigned', { incoming_year: YEAR, incoming_number: 3 })
    await superuser('document_reports').insert({
      agency_id: two.agencyId,
      document_id: ids.verified,
      revision: 1,
      made_at: NOW,
      policy: { profile: 'issued', time: NOW.toISOString(), anchors: [], untrusted: [], crls: [] },
      report: JSON.stringify(verifyPdf(issued, policyAt(node.services.trust, NOW, 'issued'))),
      sender_matches: true,
    })
    await superuser('document_assignments').insert({
      agency_id: two.agencyId,
      document_id: ids.assigned,
      id: randomUUID(),
      lead: 'Văn phòng',
      cooperating: JSON.stringify(['Địa chính']),
      due_date: '2026-01-20',
      assigned_by: two.leader.userId,
      assigned_at: NOW,
    })
    await number(one.agencyId, ids.dispatched, 'outgoing:general', 7, 'UBND-VP')
    await number(two.agencyId, ids.assigned, 'incoming', 3, '')
  }

  async function outgoing(id: string, state: string, revisions: number): Promise<void> {
    const { one } = node
    const sent = state === 'dispatched'
    await superuser('documents').insert({
      ...common(one.agencyId, id, state),
      direction: 'outgoing',
      recipients: JSON.stringify([node.two.code]),
      created_by: one.clerk.userId,
      ...(sent ? printed : {}),
    })
    const kinds = ['draft', 'individual', ...(sent ? ['fill', 'issued'] : [])].slice(0, sent ? 4 : revisions)
    for (const [index, kind] of kinds.entries()) {
      const file = files[Math.min(index, files.length - 1)]
      await superuser('document_revisions').insert({
        agency_id: one.agencyId,
        document_id: id,
        revision: index + 1,
        kind,
        ...file,
        name: 'du-thao.pdf',
        added_by: kind === 'individual' ? one.leader.userId : one.clerk.userId,
        added_at: kind === 'individual' && !sent ? new Date('2026-01-02T16:00:00+07:00') : NOW,
        ...(kind === 'individual' || kind === 'issued'
          ? { signer_fingerprint: createHash('sha256').update(kind).digest('hex') }
          : {}),
      })
      await hold(file, id)
    }
  }

  async function incoming(id: string, state: string, more: object): Promise<void> {
    const { one, two } = node
    await superuser('documents').insert({
      ...common(two.agencyId, id, state),
      direction: 'incoming',
      ...printed,
      document_code: `${one.code},2026/01/05,${id}`,
      code_number: state === 'verified' ? '12' : '11',
      envelope_sha256: createHash('sha256').update(id).digest('hex'),
      sender_code: one.code,
      sender_name: 'Ủy ban nhân dân xã thử nghiệm',
      recipient_code: two.code,
      ...more,
    })
    const row = { agency_id: two.agencyId, document_id: id, revision: 1, kind: 'received', added_at: NOW }
    await superuser('document_revisions').insert({ ...row, ...files[2], name: 'van-ban.pdf' })
    await hold(files[2], id)
  }

  async function hold(file: { sha256: string } | undefined, id: string): Promise<void> {
    const held = { sha256: file?.sha256, holder: `document:${id}`, held_at: NOW }
    await superuser('file_holds').insert(held).onConflict().ignore()
  }

  async function number(agencyId: string, documentId: string, series: string, last: number, symbol: string) {
    const key = { agency_id: agencyId, year: YEAR, series }
    await superuser('registers').insert({ ...key, last_number: last, last_date: '2026-01-05' })
    await superuser('register_numbers').insert({
      ...key,
      number: last,
      symbol,
      date: '2026-01-05',
      document_id: documentId,
      assigned_at: NOW,
    })
  }
})

describe('books as they were carried over', () => {
  let database: TestDatabase
  let superuser: Knex
  let node: TestNode

  before(async function () {
    this.timeout(60_000)
    database = await emptyDatabase()
    await migrate(database.ownerUrl, database.url)
    node = await openTestNode(database)
    superuser = openKnex({ url: database.superuserUrl, poolSize: 1 })
  })
  after(async () => {
    await superuser.destroy()
    await node.close()
  })

  /** An entry as `0012_registers.ts` made it of a document from before. */
  async function carried(
    agencyId: string,
    of: { year: number; number: number },
    more: object,
    entry: { series?: string; symbol?: string; recipients?: string },
  ) {
    const id = randomUUID()
    const document = { ...common(agencyId, id, 'dispatched'), ...printed, ...more }
    await superuser('documents').insert({ ...document, document_code: `H40.12.3,${of.year}/03/05,${id}` })
    const series = { agency_id: agencyId, year: of.year, series: entry.series ?? 'outgoing:general' }
    await superuser('registers')
      .insert({ ...series, last_number: 9 })
      .onConflict()
      .ignore()
    await superuser('register_numbers').insert({
      ...series,
      symbol: 'UBND-VP',
      date: `${of.year}-03-05`,
      document_id: id,
      assigned_at: NOW,
      ...of,
      ...entry,
    })
    return id
  }
  const entryOf = (id: string) => superuser('register_numbers').where({ document_id: id }).first()
  /** A migration and those after it are undone. */
  async function takeBack(name: string): Promise<void> {
    const knex = openKnex({ url: database.ownerUrl, poolSize: 2 })
    try {
      const later = ownMigrations().filter((one) => one >= name)
      for (const _ of later) await knex.migrate.down(settings(database, ownMigrations()))
    } finally {
      await knex.destroy()
    }
  }

  it('get names for codes and what became of documents, but for closed books and what says otherwise', async () => {
    const { one, two } = node
    const to = (...codes: string[]) => ({
      direction: 'outgoing',
      recipients: JSON.stringify(codes),
      ...printed,
    })
    const codes = `${two.code}; G99`
    await takeBack('0026_mend_books.ts')
    const open = await carried(one.agencyId, { year: 2026, number: 1 }, to(two.code, 'G99'), {
      recipients: codes,
    })
    const other = await carried(one.agencyId, { year: 2026, number: 2 }, to(two.code), {
      recipients: 'Sở Y tế',
    })
    const empty = await carried(one.agencyId, { year: 2026, number: 3 }, to(), { recipients: '; Sở Y tế' })
    const closed = await carried(one.agencyId, { year: 2025, number: 1 }, to(two.code), {
      recipients: two.code,
    })
    const closure = {
      agency_id: one.agencyId,
      year: 2025,
      closed_by: one.clerk.userId,
      closed_at: NOW,
      entries: 1,
    }
    await superuser('register_closures').insert({ ...closure, book: 'outgoing' })
    const handled = new Map<string, string>()
    for (const [number, state] of ['accepted', 'assigned', 'processing', 'completed'].entries()) {
      const arrived = {
        state,
        direction: 'incoming',
        envelope_sha256: createHash('sha256').update(state).digest('hex'),
        sender_code: two.code,
        recipient_code: one.code,
        incoming_year: 2026,
        incoming_number: number + 1,
      }
      const incoming = { series: 'incoming', symbol: '' }
      handled.set(state, await carried(one.agencyId, { year: 2026, number: number + 1 }, arrived, incoming))
    }
    expect(await migrate(database.ownerUrl, database.url)).to.include('0026_mend_books.ts')
    expect((await entryOf(open)).recipients).to.equal('Ủy ban nhân dân xã thử nghiệm khác; G99')
    expect((await entryOf(open)).words).to.include("'khác'")
    expect((await entryOf(other)).recipients).to.equal('Sở Y tế')
    expect((await entryOf(empty)).recipients).to.equal('Sở Y tế')
    expect((await entryOf(closed)).recipients).to.equal(two.code)
    const progress = []
    for (const id of handled.values()) progress.push((await entryOf(id)).progress)
    expect(progress).to.deep.equal([null, 'đã phân công', 'đang xử lý', 'hoàn thành'])
  })

  it('keep the last time that a document went out on paper, as its own row from now on', async () => {
    const { agencyId } = node.one
    await takeBack('0024_paper_dispatches.ts')
    const paper = { transmission: 'parallel', paper_copies: 3, paper_recipients: JSON.stringify(['Ông 1']) }
    const sent = { direction: 'outgoing', ...paper }
    const id = await carried(agencyId, { year: 2026, number: 8 }, sent, {})
    const planned = await carried(agencyId, { year: 2026, number: 7 }, sent, {})
    const entry = { ...logEntry(`document:${id}`), agency_id: agencyId }
    await superuser('log_entries').insert({ ...entry, kind: 'document.dispatched-on-paper' })
    await migrate(database.ownerUrl, database.url)
    const { paperDispatches } = await readDetails(node.context, node.one.clerk, id)
    expect(paperDispatches).to.deep.equal([
      { recipients: ['Ông 1'], copies: 3, reason: null, by: null, at: NOW },
    ])
    expect((await readDetails(node.context, node.one.clerk, planned)).paperDispatches).to.deep.equal([])
  })

  it('do not go back half way where the older form cannot hold them: two registers kept apart with one number', async () => {
    const { one } = node
    for (const series of ['incoming:don-thu', 'incoming:ho-so']) {
      await carried(
        one.agencyId,
        { year: 2026, number: 9 },
        { direction: 'outgoing' },
        { series, symbol: '' },
      )
    }
    // What 0012_registers.ts would do on the way back.
    const older = superuser.raw(`
      create unique index of_before on register_numbers (agency_id, year, number, symbol)
      where series <> 'incoming'`)
    expect(await older.then(() => '', String)).to.include('could not create unique index')
    const done = await superuser('schema_migrations').pluck('name')
    const refusal = await takeBack('0012_registers.ts').then(() => '', String)
    expect(refusal).to.match(/both given the number 9 of 2026.*restore a copy/)
    const newer = ownMigrations().filter((name) => name > '0026_mend_books.ts')
    const left = await superuser('schema_migrations').pluck('name')
    expect(left.sort()).to.deep.equal(done.filter((name) => !newer.includes(name)).sort())
    expect(await migrate(database.ownerUrl, database.url)).to.deep.equal(newer)
  })
})

const printed = {
  code_number: '07',
  promulgation_date: '2026-01-05',
  document_code: 'H40.12.3,2026/01/05,07/UBND-VP',
}

function common(agencyId: string, id: string, state: string) {
  return {
    agency_id: agencyId,
    id,
    state,
    kind: 'Công văn',
    subject: 'Về việc thử nghiệm chuyển đổi',
    code_notation: 'UBND-VP',
    urgency: 0,
    signer_name: 'Người ký 1',
    signer_position: 'Chủ tịch',
    created_at: NOW,
    updated_at: NOW,
  }
}

function logEntry(subject: string) {
  const entry = Buffer.from(JSON.stringify({ subject }))
  const leaf = createHash('sha256').update(entry).digest()
  return { id: randomUUID(), kind: 'document.signed-individual', occurred_at: NOW, entry, leaf_hash: leaf }
}

/** The program's own migrations, up to the one named. */
describe('migrations beside processes of the version before', () => {
  it('wait for who uses a table, and let the others go on meanwhile', async function () {
    this.timeout(60_000)
    const database = await emptyDatabase()
    const superuser = openKnex({ url: database.superuserUrl, poolSize: 3 })
    try {
      // The next one changes the table of documents.
      await migrateTo(database, '0029_relay_states.ts')
      const user = await superuser.transaction()
      await user.raw('lock table documents in row exclusive mode')
      const migrated = migrate(database.ownerUrl, database.url)
      await untilWaitedFor(superuser, 'documents')
      // Would wait as long as the user works, if the migration went on waiting before it.
      await superuser.raw('select count(*) from documents')
      await user.commit()
      expect(await migrated).to.deep.equal(ownMigrations().filter((name) => name > '0029_relay_states.ts'))
    } finally {
      await superuser.destroy()
      await database.drop()
    }
  })
})

async function untilWaitedFor(superuser: Knex, table: string): Promise<void> {
  for (;;) {
    const { rows } = await superuser.raw(
      'select 1 from pg_locks where not granted and relation = to_regclass(?)',
      [table],
    )
    if (rows.length > 0) return
  }
}

async function migrateTo(database: TestDatabase, last: string): Promise<void> {
  const knex = openKnex({ url: database.ownerUrl, poolSize: 2 })
  try {
    const names = ownMigrations().filter((name) => name <= last)
    await knex.migrate.latest(settings(database, names))
  } finally {
    await knex.destroy()
  }
}

function settings(database: TestDatabase, names: string[]): Knex.MigratorConfig {
  const roles = rolesFor(database.url)
  const migrationSource: Knex.MigrationSource<string> = {
    getMigrations: async () => names,
    getMigrationName: (name) => name,
    async getMigration(name) {
      const { up, down } = (await import(`../../migrations/${name}`)) as Migration
      return { up: (knex) => up(knex, roles), down: (knex) => down(knex, roles) }
    },
  }
  return { migrationSource, tableName: 'schema_migrations' }
}
