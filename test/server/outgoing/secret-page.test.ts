/** Plain PDFs on their way in: marks of secrecy on the page, scans, and dates that are printed already. */
import { expect } from 'chai'
import {
  makePlainLetter,
  makeScan,
  type PlainLetterOptions,
} from '../../../fixtures/documents/plain-letter.ts'
import { readDetails } from '../../../server/documents/read-document.ts'
import { addSignature } from '../../../server/outgoing/add-signature.ts'
import { draftDocument } from '../../../server/outgoing/draft-document.ts'
import { endQuarantine } from '../../../server/outgoing/end-quarantine.ts'
import { numberDocument } from '../../../server/outgoing/number-document.ts'
import { uploadDraft } from '../../../server/outgoing/upload-draft.ts'
import type { GivenPlaces } from '../../../server/pages/prepare-letter.ts'
import { datePartFields, letterFields, listFields } from '../../../signing/index.ts'
import {
  download,
  expectCode,
  logOf,
  metadata,
  openTestNode,
  signAsIndividual,
  type TestNode,
} from '../documents/support.ts'

const letter: PlainLetterOptions = {
  signers: [{ title: ['TM. ỦY BAN NHÂN DÂN', 'CHỦ TỊCH'], name: 'Người ký 1', middle: 150 }],
}
const mark = (text: string) => ({ text, x: 52, y: 67, size: 14, bold: true })

describe('documents: what the first page shows', () => {
  let node: TestNode

  before(async () => {
    node = await openTestNode()
  })
  after(() => node.close())

  async function uploaded(pdf: Uint8Array, places?: GivenPlaces): Promise<string> {
    const { context, services, one } = node
    const { id } = await draftDocument(context, one.clerk, metadata)
    await uploadDraft(context, services, one.clerk, { id, bytes: pdf, ...(places && { places }) })
    return id
  }

  const declare = (id: string, scanDeclared = false) =>
    endQuarantine(node.context, node.services, node.one.clerk, { id, stateSecret: false, scanDeclared })

  for (const text of ['MẬT', 'TỐI MẬT', 'TUYỆT MẬT']) {
    it(`erases a draft with ${text} in box 10a, whatever was declared, and logs nothing of it [K079 N036 K010 K013 K105]`, async () => {
      const id = await uploaded(await makePlainLetter({ ...letter, more: [mark(text)] }))
      const before = (await logOf(node, node.one)).length
      await expectCode(declare(id, true), 'SECRET_MARK_FOUND')
      await expectCode(readDetails(node.context, node.one.clerk, id), 'NOT_FOUND')
      const entries = (await logOf(node, node.one)).slice(before)
      expect(entries.map(({ kind }) => kind)).to.deep.equal(['document.refused-secret'])
      for (const entry of entries) expect(entry.text).to.not.match(/MẬT|mật|báo cáo/u)
    })
  }

  it('lets a draft pass that speaks of secrets in sentences', async () => {
    const id = await uploaded(
      await makePlainLetter({
        ...letter,
        body: ['Thực hiện Luật Bảo vệ bí mật nhà nước, độ mật gồm tuyệt mật, tối mật, mật;', 'mật ong.'],
      }),
    )
    expect(await declare(id)).to.deep.include({ state: 'draft' })
  })

  it('wants the declaration for a scan said in so many words; it may be said later', async () => {
    const places: GivenPlaces = {
      number: { page: 1, x: 50, y: 42, w: 20, h: 6 },
      date: { page: 1, x: 110, y: 42, w: 60, h: 6 },
      individuals: [{ page: 1, x: 127, y: 212, w: 46, h: 22 }],
      agency: { page: 1, x: 100, y: 205, w: 40, h: 40 },
    }
    const scan = await makeScan()
    const id = await uploaded(scan, places)
    await expectCode(declare(id), 'SCAN_NOT_DECLARED')
    expect(await declare(id, true)).to.deep.include({ state: 'draft' })
    const { id: other } = await draftDocument(node.context, node.one.clerk, metadata)
    await expectCode(
      uploadDraft(node.context, node.services, node.one.clerk, { id: other, bytes: scan }),
      'PLACE_NOT_FOUND',
    )
  })

  describe('of the date', () => {
    async function signed(date: string): Promise<string> {
      const { context, services, one } = node
      const id = await uploaded(await makePlainLetter({ ...letter, date }))
      await declare(id)
      const bytes = await signAsIndividual(await download(node, one.leader, id), one.individual)
      await addSignature(context, services, one.leader, { id, bytes })
      return id
    }

    it('keeps what is printed and fills in the rest', async () => {
      const id = await signed('Hải Minh, ngày      tháng 01 năm 2026')
      const { date } = await numberDocument(node.context, node.services, node.one.clerk, id)
      expect(date).to.equal('2026-01-05')
      const { names } = listFields(await download(node, node.one.clerk, id))
      expect(names).to.include.members([letterFields.number, datePartFields.day])
      expect(names).to.not.include(datePartFields.month)
    })

    it('binds no number while another month or year is printed', async () => {
      for (const line of [
        'Hải Minh, ngày      tháng 02 năm 2026',
        'Hải Minh, ngày      tháng      năm 2025',
      ]) {
        const id = await signed(line)
        await expectCode(
          numberDocument(node.context, node.services, node.one.clerk, id),
          'DATE_PRINTED_DIFFERS',
        )
        expect((await readDetails(node.context, node.one.clerk, id)).document.state).to.equal('signed')
      }
    })
  })
})
