import { createHash, randomUUID } from 'node:crypto'
import { expect } from 'chai'
import type { Knex } from 'knex'
import type { OperatorActor, UserActor } from '../../../server/actor.ts'
import { changeDocument } from '../../../server/documents/document-store.ts'
import { insertRequest, openRequest } from '../../../server/documents/request-store.ts'
import { countDocuments, type Grouping, groupings } from '../../../server/statistics/count-documents.ts'
import type { Figures } from '../../../server/statistics/figures.ts'
import { statisticsCsv, statisticsView, viewStatistics } from '../../../server/statistics/statistics-view.ts'
import { type Office, openOffice } from '../documents/access-support.ts'
import { expectCode } from '../documents/support.ts'

const TODAY = '2026-03-20'
const [FROM, TO] = ['2025-11-01', '2026-03-31']
/** Days off beside weekends, one of them a weekday between two others. */
const OFF = ['2026-01-01', '2026-02-16', '2026-02-17', '2026-02-18', '2026-02-19', '2026-02-20']
/** A Saturday on which one works. */
const WORKING = ['2026-02-28']

/** A small generator with a fixed seed: the same documents in every run. */
function seeded(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return Math.floor((state / 2_147_483_648) * below)
  }
}

const operator: OperatorActor = { kind: 'operator', userId: null, login: 'console' }

describe('statistics', () => {
  let office: Office
  let province = ''
  let commune = ''
  let outside = ''
  let clerk: UserActor
  let agencies: string[]

  before(async () => {
    office = await openOffice()
    office.setClock(new Date(`${TODAY}T10:00:00+07:00`))
    province = await office.found('H40', 'province')
    commune = await office.found('H40.1', 'district', province)
    outside = await office.found('H41', 'province')
    agencies = [province, commune, outside]
    clerk = await office.hire(commune, 'clerk')
    await office.database.db.asNode(async (trx: Knex) => {
      // A district until the end of the year, a commune from then on.
      await trx('agency_terms').where({ agency_id: commune }).update({ valid_to: '2026-01-01' })
      const term = await trx('agency_terms').where({ agency_id: commune }).first('*')
      await trx('agency_terms').insert({
        ...term,
        valid_from: '2026-01-01',
        valid_to: null,
        level: 'commune',
      })
      await trx('calendar_years').insert([2025, 2026].map((year) => calendarYear(year)))
      const day = (date: string) => ({
        day: date,
        year: Number(date.slice(0, 4)),
        name: 'Nghỉ',
        source: 'Thử nghiệm',
      })
      const holiday = { kind: 'holiday', occasion: 'other', counterpart: null }
      const swapped = { kind: 'swapped-working', occasion: 'swap', counterpart: '2026-02-20' }
      await trx('calendar_days').insert(OFF.map((date) => ({ ...day(date), ...holiday })))
      await trx('calendar_days').insert(WORKING.map((date) => ({ ...day(date), ...swapped })))
    })
    const random = seeded(20_260_320)
    for (const agencyId of agencies) {
      await office.context.db.asAgency({ agencyId }, async (trx) => {
        for (let made = 0; made < 70; made += 1) await makeDocument(trx, agencyId, random)
      })
    }
  })
  after(() => office.database.drop())

  for (const by of groupings) {
    it(`counts by ${by} what the tables hold, counted one by one [N086 N139]`, async () => {
      const {
        rows,
        total,
        agencies: counted,
      } = await countDocuments(office.context, operator, {
        from: FROM,
        to: TO,
        by,
      })
      expect(counted).to.equal(3)
      const raw = await readRaw(agencies)
      expect(total).to.deep.equal(recount(raw))
      const expected = new Map<string, RawDocument[]>()
      for (const one of raw) {
        const key = keyOf(one, by)
        expected.set(key, [...(expected.get(key) ?? []), one])
      }
      expect(rows.map((row) => row.key)).to.deep.equal([...expected.keys()].sort())
      for (const row of rows) {
        expect(row.figures, row.key).to.deep.equal(recount(expected.get(row.key) ?? []))
      }
      // The data has something of everything, or the comparison proves little.
      const { sent, received, onTime } = total
      for (const part of [sent, received, onTime.dispatch, onTime.registration, onTime.handling]) {
        for (const [name, value] of Object.entries(part)) expect(value, name).to.be.greaterThan(0)
      }
    })
  }

  it('shows an agency its own figures alone, whatever branch it heads [K065]', async () => {
    const leader = await office.hire(province, 'leader')
    for (const [actor, agencyId] of [
      [leader, province],
      [clerk, commune],
    ] as const) {
      const found = await countDocuments(office.context, actor, { from: FROM, to: TO, by: 'agency' })
      expect(found.total).to.deep.equal(recount(await readRaw([agencyId])))
      expect(found.rows.map((row) => row.key)).to.deep.equal([agencyId])
    }
    const asked = countDocuments(office.context, leader, { from: FROM, to: TO, by: 'agency', branch: 'H40' })
    await expectCode(asked, 'INPUT_INVALID')
  })

  it('gives an agency’s transaction no other agency’s sums, even if it asks for them', async () => {
    const ask = (trx: Knex) =>
      trx.raw<{ rows: { key: string }[] }>(
        'select key from congvan_flags_by_agency(cast(? as uuid[]), cast(? as date), cast(? as date))',
        [agencies, FROM, TO],
      )
    const { rows } = await office.context.db.asAgency({ agencyId: commune }, ask)
    expect([...new Set(rows.map((row) => row.key))]).to.deep.equal([commune])
    const without = office.context.db.asAgency({ agencyId: commune }, async (trx) => {
      await trx.raw("select set_config('congvan.agency_id', '', true)")
      return ask(trx)
    })
    expect(String(await without.catch((error: unknown) => error))).to.match(/statistics outside an agency/)
    const facts = office.context.db.asNode((trx) => trx('document_facts').select('*'))
    expect(String(await facts.catch((error: unknown) => error))).to.match(/permission denied/)
  })

  it('counts one branch for the operator: the agency and those below it', async () => {
    const { total, agencies: counted } = await countDocuments(office.context, operator, {
      from: FROM,
      to: TO,
      by: 'month',
      branch: 'H40',
    })
    expect(counted).to.equal(2)
    expect(total).to.deep.equal(recount(await readRaw([province, commune])))
    const unknown = countDocuments(office.context, operator, {
      from: FROM,
      to: TO,
      by: 'month',
      branch: 'X9',
    })
    await expectCode(unknown, 'AGENCY_CODE_UNKNOWN')
  })

  it('counts refusals by reason, and certificates in use by kind, each once [N240]', async () => {
    const { refusals, certificates } = await countDocuments(office.context, operator, {
      from: FROM,
      to: TO,
      by: 'kind',
    })
    const raw = await readRaw(agencies)
    const reasons = new Map<string, number>()
    for (const { refusal } of raw) if (refusal !== null) reasons.set(refusal, (reasons.get(refusal) ?? 0) + 1)
    expect(new Map(refusals.map((one) => [one.reason, one.documents]))).to.deep.equal(reasons)
    const own = { individual: new Set<string>(), agency: new Set<string>() }
    const received = { individual: new Set<string>(), agency: new Set<string>() }
    for (const agencyId of agencies) {
      await office.context.db.asAgency({ agencyId }, async (trx) => {
        for (const row of await trx('document_revisions').whereIn('kind', ['individual', 'issued'])) {
          own[row.kind === 'issued' ? 'agency' : 'individual'].add(row.signer_fingerprint)
        }
        const rows = await trx('document_reports as r')
          .join('documents as d', 'd.id', 'r.document_id')
          .whereNull('d.secret_mark')
          .select('r.report')
        for (const { report } of rows) {
          for (const one of report.signatures) {
            if (one.indication === 'TOTAL_FAILED' || !['individual', 'agency'].includes(one.role)) continue
            received[one.role as 'individual' | 'agency'].add(`${one.signer.issuer} ${one.signer.serial}`)
          }
        }
      })
    }
    const sizes = (of: typeof own) => ({ individual: of.individual.size, agency: of.agency.size })
    expect(certificates).to.deep.equal({ own: sizes(own), received: sizes(received) })
  })

  it('forgets a document that turns out to bear a mark of secrecy', async () => {
    const total = async () =>
      (await countDocuments(office.context, clerk, { from: FROM, to: TO, by: 'month' })).total.received
        .documents
    const before = await total()
    const id = await arrive('2026-03-10')
    expect(await total()).to.equal(before + 1)
    await office.context.db.asAgency(clerk, (trx) =>
      trx('documents').where({ id }).update({ state: 'failed-verification', secret_mark: 'MẬT' }),
    )
    expect(await total()).to.equal(before)
  })

  it('counts a day of Việt Nam whatever the machine’s zone: an arrival in the last minutes of a year', async () => {
    const only = async (day: string) =>
      (await countDocuments(office.context, clerk, { from: day, to: day, by: 'month' })).total.received
        .documents
    const [old, fresh] = [await only('2025-12-31'), await only('2026-01-01')]
    await office.write(commune, { ...incoming(), createdAt: new Date('2025-12-31T23:59:59+07:00') })
    await office.write(commune, { ...incoming(), createdAt: new Date('2026-01-01T00:00:00+07:00') })
    expect([await only('2025-12-31'), await only('2026-01-01')]).to.deep.equal([old + 1, fresh + 1])
  })

  it('refuses a period that ends before it begins or is longer than ten years', async () => {
    for (const [from, to] of [
      ['2026-02-01', '2026-01-31'],
      ['2016-01-01', '2026-01-01'],
    ] as const) {
      const asked = countDocuments(office.context, clerk, { from, to, by: 'month' })
      await expectCode(asked, 'STATISTICS_PERIOD_WRONG')
    }
  })

  it('says when a year has no calendar, instead of guessing silently', async () => {
    const asked = { from: '2024-01-01', to: '2024-02-01', by: 'month' } as const
    const { warning, total } = await countDocuments(office.context, clerk, asked)
    expect(warning).to.deep.equal({ code: 'CALENDAR_INCOMPLETE', years: [2024] })
    expect(total.sent.documents).to.equal(0)
    expect(
      viewStatistics(await countDocuments(office.context, clerk, asked)).total.sent.percentElectronicOnly,
    ).to.equal(null)
  })

  it('counts nobody late to register what was given up to its issuer, unless it was late before that', async () => {
    const late = async () =>
      (await countDocuments(office.context, clerk, { from: FROM, to: TO, by: 'month' })).total.onTime
        .registration.late
    // A Wednesday: registered by Thursday it is in time.
    const [inTime, tooLate, notice] = [
      await arrive('2026-03-04'),
      await arrive('2026-03-04'),
      await arrive('2026-03-04'),
    ]
    const before = await late()
    for (const [target, asked] of [
      [inTime, '2026-03-05'],
      [tooLate, '2026-03-06'],
    ] as const) {
      const at = new Date(`${asked}T23:30:00+07:00`)
      await office.context.db.asAgency({ agencyId: commune }, async (trx) => {
        const asking = { id: randomUUID(), noticeId: target === inTime ? notice : inTime, type: 1 } as const
        const about = { targetCode: 'x', reason: null, change: null, asksPaper: false }
        await insertRequest(trx, commune, { ...asking, ...about, senderCode: 'G22', requestedAt: at })
        await openRequest(trx, asking.id, target)
        await changeDocument(trx, target, 'arrived', { recall: 'requested' }, at)
      })
    }
    expect(await late()).to.equal(before)
    for (const target of [inTime, tooLate]) {
      await office.context.db.asAgency({ agencyId: commune }, (trx) =>
        changeDocument(trx, target, 'arrived', { recall: 'agreed' }, office.context.clock()),
      )
    }
    expect(await late()).to.equal(before - 1)
  })

  it('tells the same figures as a table, with a total [N193]', async () => {
    const found = await countDocuments(office.context, operator, { from: FROM, to: TO, by: 'kind' })
    const csv = statisticsCsv(statisticsView.parse(viewStatistics(found)))
    expect(csv.startsWith('\uFEFFTên loại,Văn bản đi,')).to.equal(true)
    const lines = csv.trimEnd().split('\r\n')
    expect(lines).to.have.length(found.rows.length + 2)
    expect(lines.at(-1)?.split(',').slice(0, 2)).to.deep.equal([
      'Tổng số',
      String(found.total.sent.documents),
    ])
    expect(new Set(lines.map((line) => line.split(',').length)).size).to.equal(1)
  })

  function incoming() {
    return {
      direction: 'incoming',
      state: 'arrived',
      incoming: {
        envelopeSha256: digest(randomUUID()),
        senderCode: 'G22',
        senderName: null,
        recipientCode: 'H40.1',
        secretMark: null,
      },
    } as const
  }

  const arrive = (day: string) =>
    office.write(commune, { ...incoming(), createdAt: new Date(`${day}T09:00:00+07:00`) })

  interface RawDocument {
    readonly agencyId: string
    readonly outgoing: boolean
    readonly kind: string
    readonly day: string
    readonly urgent: boolean
    readonly electronic: boolean
    readonly individual: boolean
    readonly agency: boolean
    readonly began: string | null
    readonly acted: string | null
    readonly refusal: string | null
    readonly due: string | null
    readonly completed: string | null
  }

  /** Every document that counts, from the tables that the acts write, one agency after another. */
  async function readRaw(ids: readonly string[]): Promise<RawDocument[]> {
    const found: RawDocument[] = []
    for (const agencyId of ids) {
      await office.context.db.asAgency({ agencyId }, async (trx) => {
        const documents = await trx('documents').select('*')
        const revisions = await trx('document_revisions').select('document_id', 'kind')
        const reports = await trx('document_reports').select('document_id', 'report')
        for (const one of documents) {
          const outgoing = one.direction === 'outgoing'
          if ((outgoing && one.state !== 'dispatched') || one.secret_mark !== null) continue
          const day = localDay(outgoing ? one.dispatched_at : one.created_at)
          if (day < FROM || day > TO) continue
          const report = reports.find((row) => row.document_id === one.id)?.report
          const signed = (role: string, kind: string) =>
            outgoing
              ? revisions.some((row) => row.document_id === one.id && row.kind === kind)
              : (report?.signatures ?? []).some(
                  (row: { role: string; indication: string }) =>
                    row.role === role && row.indication !== 'TOTAL_FAILED',
                )
          found.push({
            agencyId,
            outgoing,
            kind: one.kind,
            day,
            urgent: one.urgency > 0,
            electronic: one.transmission === 'electronic',
            individual: signed('individual', 'individual'),
            agency: signed('agency', 'issued'),
            began: outgoing ? one.signed_at && localDay(one.signed_at) : day,
            acted: outgoing ? day : one.registered_at && localDay(one.registered_at),
            refusal: one.refusal_reason,
            due: one.handling_due,
            completed: one.state === 'completed' ? localDay(one.updated_at) : null,
          })
        }
      })
    }
    return found
  }

  function recount(raw: readonly RawDocument[]): Figures {
    const sent = raw.filter((one) => one.outgoing)
    const received = raw.filter((one) => !one.outgoing)
    const size = (of: readonly RawDocument[], test: (one: RawDocument) => unknown) => of.filter(test).length
    const inTime = (one: RawDocument) =>
      one.began !== null && one.acted !== null && one.acted <= lastDay(one.began, one.urgent)
    const lateAct = (one: RawDocument) =>
      one.began !== null && one.refusal === null && (one.acted ?? TODAY) > lastDay(one.began, one.urgent)
    const lateRefused = (one: RawDocument) =>
      one.refusal !== null && one.acted !== null && one.acted > lastDay(one.began ?? '', one.urgent)
    const done = (one: RawDocument) => one.due !== null && one.completed !== null && one.completed <= one.due
    const late = (one: RawDocument) => one.due !== null && (one.completed ?? TODAY) > one.due
    return {
      sent: {
        documents: sent.length,
        electronicOnly: size(sent, (one) => one.electronic),
        parallelWithPaper: size(sent, (one) => !one.electronic),
        signedByIndividual: size(sent, (one) => one.individual),
        signedByAgency: size(sent, (one) => one.agency),
        signedByBoth: size(sent, (one) => one.individual && one.agency),
      },
      received: {
        documents: received.length,
        signedByIndividual: size(received, (one) => one.individual),
        signedByAgency: size(received, (one) => one.agency),
        signedByBoth: size(received, (one) => one.individual && one.agency),
        registered: size(received, (one) => one.acted !== null),
        refused: size(received, (one) => one.refusal !== null),
      },
      onTime: {
        dispatch: { inTime: size(sent, inTime), late: size(sent, lateAct) },
        registration: {
          inTime: size(received, inTime),
          late: size(received, lateAct) + size(received, lateRefused),
        },
        handling: {
          inTime: size(received, done),
          late: size(received, late),
          notDueYet: size(received, (one) => one.due !== null && !done(one) && !late(one)),
        },
      },
    }
  }

  function keyOf(one: RawDocument, by: Grouping): string {
    if (by === 'month') return one.day.slice(0, 7)
    if (by === 'agency') return one.agencyId
    if (by === 'kind') return one.kind
    if (one.agencyId !== commune) return 'province'
    return one.day < '2026-01-01' ? 'district' : 'commune'
  }
})

/** The same day for what is urgent, otherwise the next day that is no day off. */
function lastDay(began: string, urgent: boolean): string {
  if (urgent) return began
  const next = new Date(`${began}T12:00:00Z`)
  for (;;) {
    next.setUTCDate(next.getUTCDate() + 1)
    const day = next.toISOString().slice(0, 10)
    const weekend = [0, 6].includes(next.getUTCDay())
    if (WORKING.includes(day) || (!weekend && !OFF.includes(day))) return day
  }
}

function localDay(at: Date): string {
  return new Intl.DateTimeFormat('sv-SE', { timeZone: 'Asia/Ho_Chi_Minh' }).format(at)
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function calendarYear(year: number) {
  return { year, version: 1, imported_at: new Date(0) }
}

/** One document as the acts leave it, by chance. */
async function makeDocument(trx: Knex, agencyId: string, random: (below: number) => number): Promise<void> {
  const pick = <T>(...from: [T, ...T[]]): T => from[random(from.length)] ?? from[0]
  const dayOf = (offset: number) => new Date(Date.UTC(2025, 9, 25 + offset, 1 + random(10)))
  const born = random(155)
  const id = randomUUID()
  const common = {
    agency_id: agencyId,
    id,
    kind: pick('Công văn', 'Quyết định', 'Báo cáo'),
    subject: 'Về việc thử nghiệm',
    code_notation: 'UBND-VP',
    urgency: pick(0, 0, 0, 2),
    signer_name: 'Người ký 1',
    created_at: dayOf(born),
    updated_at: dayOf(born),
  }
  const revision = (number: number, kind: string, at: Date, fingerprint: string | null) => ({
    agency_id: agencyId,
    document_id: id,
    revision: number,
    kind,
    sha256: digest(id + kind),
    length: 1,
    name: 'van-ban.pdf',
    added_at: at,
    signature_field: fingerprint && 'congvan.signature',
    signer_subject: fingerprint && 'CN=Người ký',
    signer_fingerprint: fingerprint,
  })
  if (random(2) === 0) {
    const signed = born + random(3)
    const sent = signed + random(6)
    const transmission = pick('electronic', 'electronic', 'parallel')
    await trx('documents').insert({ ...common, direction: 'outgoing', state: 'draft', transmission })
    await trx('document_revisions').insert(revision(1, 'draft', dayOf(born), null))
    if (random(8) > 0) {
      const print = digest(`person ${random(4)}`)
      await trx('document_revisions').insert(revision(2, 'individual', dayOf(signed), print))
      await trx('documents')
        .where({ id })
        .update({ state: 'signed', signed_at: dayOf(signed) })
    }
    if (random(8) === 0) return
    if (random(8) > 0) {
      const print = digest(`agency ${agencyId}`)
      await trx('document_revisions').insert(revision(3, 'issued', dayOf(signed), print))
    }
    const numbered = { code_number: '05', promulgation_date: '2026-01-05', document_code: `H40,${id}` }
    await trx('documents')
      .where({ id })
      .update({ state: 'issued', ...numbered })
    const dispatched = { state: 'dispatched', dispatched_at: dayOf(sent), updated_at: dayOf(sent) }
    await trx('documents').where({ id }).update(dispatched)
    return
  }
  const sender = { sender_code: 'G22', recipient_code: 'H40', envelope_sha256: digest(id) }
  await trx('documents').insert({ ...common, ...sender, direction: 'incoming', state: 'arrived' })
  if (random(6) === 0) return
  await trx('document_revisions').insert(revision(1, 'received', dayOf(born), null))
  const signature = (role: string) => ({
    role,
    indication: pick('TOTAL_PASSED', 'INDETERMINATE', 'TOTAL_PASSED', 'TOTAL_FAILED'),
    signer: { subject: 'CN=Người ký', issuer: 'CN=CA', serial: `${role}-${random(5)}` },
  })
  const signatures = ['individual', 'agency', 'timestamp'].filter(() => random(5) > 0).map(signature)
  await trx('document_reports').insert({
    agency_id: agencyId,
    document_id: id,
    revision: 1,
    made_at: dayOf(born),
    policy: '{}',
    report: JSON.stringify({ format: 'pdf', indication: 'TOTAL_PASSED', signatures, errors: [] }),
  })
  await trx('documents').where({ id }).update({ state: 'verified' })
  const outcome = random(8)
  if (outcome === 0) return
  if (outcome === 1) {
    const reason = pick('wrong-recipient', 'duplicate')
    await trx('documents').where({ id }).update({ state: 'refused', refusal_reason: reason })
    return
  }
  const registered = dayOf(born + random(6))
  await trx('documents')
    .where({ id })
    .update({
      state: 'accepted',
      incoming_number: 1 + random(9999),
      incoming_year: 2026,
      registered_at: registered,
    })
  if (outcome === 2) return
  const due = dayOf(born + 5 + random(40))
    .toISOString()
    .slice(0, 10)
  await trx('documents').where({ id }).update({ state: 'assigned', handling_due: due })
  if (outcome <= 4) return
  await trx('documents').where({ id }).update({ state: 'processing' })
  await trx('documents')
    .where({ id })
    .update({ state: 'completed', updated_at: dayOf(born + 5 + random(40)) })
}
