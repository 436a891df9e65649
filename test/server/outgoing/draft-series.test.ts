import { expect } from 'chai'
import type { Knex } from 'knex'
import { readDetails } from '../../../server/documents/read-document.ts'
import { addSignature } from '../../../server/outgoing/add-signature.ts'
import { draftDocument } from '../../../server/outgoing/draft-document.ts'
import { type DraftChange, draftChange, draftMetadata } from '../../../server/outgoing/draft-metadata.ts'
import { editDraft } from '../../../server/outgoing/edit-draft.ts'
import { endQuarantine } from '../../../server/outgoing/end-quarantine.ts'
import { issueDocument } from '../../../server/outgoing/issue-document.ts'
import { readIssuedForDispatch } from '../../../server/outgoing/issued-document.ts'
import { numberDocument } from '../../../server/outgoing/number-document.ts'
import { uploadDraft } from '../../../server/outgoing/upload-draft.ts'
import { readRegister } from '../../../server/registers/register-store.ts'
import { seriesRules } from '../../../server/registers/series.ts'
import { setSeries } from '../../../server/registers/set-series.ts'
import { buildMessage } from '../../../server/relay/build-message.ts'
import { insertAccount } from '../documents/people.ts'
import {
  download,
  expectCode,
  letter,
  metadata,
  NOW,
  openTestNode,
  signAsAgency,
  signAsIndividual,
  type TestNode,
} from '../documents/support.ts'

const council = 'Hội đồng Thi đua - Khen thưởng'
const given = {
  specialised: [{ series: 'gpxd', kind: 'Giấy phép xây dựng', symbol: 'GPXD-*', digits: 4 }],
  councils: [{ series: 'hd-thi-dua', name: council }],
}

describe('documents: what decides the series of a draft', () => {
  let node: TestNode
  let version = 0

  before(async () => {
    node = await openTestNode()
    await insertAccount(node, node.one.clerk, 'clerk')
    await decide(given)
  })
  after(() => node.close())

  const decide = async (rules: unknown, more = {}) => {
    const set = await setSeries(node.context, node.one.clerk, {
      year: 2026,
      rules: seriesRules.parse(rules),
      decision: 'Quyết định số 01/QĐ-UBND ngày 02/01/2026',
      ifMatch: version,
      ...more,
    })
    version = set.version
  }
  const draft = (more: object) =>
    draftDocument(node.context, node.one.clerk, draftMetadata.parse({ ...metadata, ...more }))
  const details = (id: string) => readDetails(node.context, node.one.clerk, id)
  const edit = async (id: string, change: DraftChange) => {
    const ifMatch = (await details(id)).document.version
    return editDraft(node.context, node.one.clerk, { id, change: draftChange.parse(change), ifMatch })
  }
  const signed = async (more: object) => {
    const { context, services, one } = node
    const { id } = await draft(more)
    await uploadDraft(context, services, one.clerk, { id, bytes: await letter() })
    await endQuarantine(context, services, one.clerk, { id, stateSecret: false })
    const bytes = await signAsIndividual(await download(node, one.leader, id), one.individual)
    await addSignature(context, services, one.leader, { id, bytes })
    return id
  }
  const number = (id: string) => numberDocument(node.context, node.services, node.one.clerk, id)
  const issue = async (id: string) => {
    await number(id)
    const bytes = await signAsAgency(await download(node, node.one.clerk, id), node.one.agency)
    await issueDocument(node.context, node.services, node.one.clerk, { id, bytes })
    return node.database.db.asAgency({ agencyId: node.one.agencyId }, (trx) => readIssuedForDispatch(trx, id))
  }

  it('is kept with the draft, shown with it and changed like the rest of it', async () => {
    const { id } = await draft({ kind: 'quyết định', symbol: 'QĐ-HĐTĐKT', council: council.toUpperCase() })
    expect((await details(id)).outgoing).to.include({ council, normative: false })
    await edit(id, { subject: 'Về việc khen thưởng' })
    expect((await details(id)).outgoing).to.include({ council })
    await edit(id, { council: null, symbol: '2026/QĐ-UBND', normative: true })
    expect((await details(id)).outgoing).to.include({ council: null, normative: true })
    await expectCode(edit(id, { normative: false }), 'SYMBOL_WRONG')
    await expectCode(edit(id, { council }), 'COUNCIL_NOT_NORMATIVE')
    await expectCode(edit(id, { kind: 'Công văn', symbol: 'UBND-VP' }), 'KIND_NOT_NORMATIVE')
    await expectCode(draft({ council: 'Ban Chỉ đạo' }), 'SERIES_UNKNOWN')
    await expectCode(draft({ council: 'Hội đồng MẬT' }), 'SECRET_MARK_FOUND')
    await expectCode(draft({ kind: 'Nghị định', symbol: '2026/NĐ-CP' }), 'KIND_CENTRAL_ONLY')
  })

  it('gives each its number: the agency, a council, a legal normative document, a sector’s kind [K008 K038 N032]', async () => {
    const numbers = []
    for (const more of [
      { kind: 'Quyết định', symbol: 'QĐ-UBND' },
      { kind: 'Quyết định', symbol: 'QĐ-HĐTĐKT', council },
      { kind: 'Quyết định', symbol: '2026/QĐ-UBND', normative: true },
      { kind: 'Giấy phép xây dựng', symbol: 'GPXD-UBND' },
      { kind: 'Nghị quyết', symbol: 'NQ-UBND' },
    ])
      numbers.push((await number(await signed(more))).number)
    expect(numbers).to.deep.equal([
      '01/QĐ-UBND',
      '01/QĐ-HĐTĐKT',
      '01/2026/QĐ-UBND',
      '0001/GPXD-UBND',
      '02/NQ-UBND',
    ])
    const symbols = await node.database.db.asAgency({ agencyId: node.one.agencyId }, async (trx) => {
      const read = (series: `outgoing:${string}`) => readRegister(trx, series, 2026)
      return [await read('outgoing:hd-thi-dua'), await read('outgoing:qppl-quyet-dinh')].map((lines) =>
        lines.map((one) => one.symbol),
      )
    })
    expect(symbols).to.deep.equal([['QĐ-HĐTĐKT'], ['2026/QĐ-UBND']])
  })

  it('says in its message whether it is legal normative, and keeps number and symbol whole', async () => {
    const sent = await issue(await signed({ kind: 'Quyết định', symbol: '2026/QĐ-UBND', normative: true }))
    expect(sent.documentCode).to.match(/^H40\.12\.3,2026\/01\/05,\d+\/2026\/QĐ-UBND$/)
    const administrative = await issue(await signed({ kind: 'Quyết định', symbol: 'QĐ-UBND' }))
    const own = {
      id: node.one.agencyId,
      code: 'H40.12.3',
      codes: [],
      name: 'Ủy ban',
      level: 'commune',
    } as const
    const agency = { ...own, parentId: null, hostingNode: 'nut-thu', closedOn: null, successors: [] }
    const times = { now: NOW, notAfter: NOW }
    const [one, other] = [sent, administrative].map((of) =>
      buildMessage(of, agency, [{ code: 'H40.12.4', agency }], times),
    )
    expect(one).to.deep.include({
      code: { codeNumber: sent.codeNumber, codeNotation: '2026/QĐ-UBND' },
      documentType: { type: 1, typeName: 'Quyết định' },
    })
    expect(other?.documentType).to.deep.equal({ type: 2, typeName: 'Quyết định' })
  })

  it('is held against the rules again when the number is bound', async () => {
    const ofCouncil = await signed({ kind: 'Quyết định', symbol: 'QĐ-HĐTĐKT', council })
    const permit = await signed({ kind: 'Giấy phép xây dựng', symbol: 'GPXD-UBND' })
    const normative = await signed({ kind: 'Quyết định', symbol: '2026/QĐ-UBND', normative: true })
    const changeReason = 'Giải thể hội đồng, ngành đổi mẫu ký hiệu'
    await decide({ specialised: [{ ...given.specialised[0], symbol: 'GPXD-*-*' }] }, { changeReason })
    await expectCode(number(ofCouncil), 'SERIES_UNKNOWN')
    await expectCode(number(permit), 'SYMBOL_NOT_PRESCRIBED')
    expect((await details(permit)).document).to.include({ state: 'signed', codeNumber: null })
    node.setClock(new Date('2027-01-04T09:00:00+07:00'))
    await expectCode(number(normative), 'SYMBOL_YEAR_WRONG')
    node.setClock(NOW)
    await decide(given, { changeReason })
    expect((await number(permit)).number).to.match(/^\d{4}\/GPXD-UBND$/)
  })

  it('is frozen from the first signature on, whoever writes', async () => {
    const id = await signed({ kind: 'Quyết định', symbol: 'QĐ-HĐTĐKT', council })
    await expectCode(edit(id, { council: null }), 'DOCUMENT_STATE_WRONG')
    for (const change of [{ issuing_council: null }, { issuing_council: null, normative: true }]) {
      const written = node.database.db.asAgency({ agencyId: node.one.agencyId }, (trx: Knex) =>
        trx('documents').where({ id }).update(change),
      )
      const error = await written.then(
        () => undefined,
        (caught: { code?: string }) => caught.code,
      )
      expect(error).to.equal('42501')
    }
  })
})
