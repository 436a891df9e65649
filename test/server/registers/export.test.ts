import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { expect } from 'chai'
import { makeTestPki } from '../../../fixtures/pki/make-pki.ts'
import type { UserActor } from '../../../server/actor.ts'
import { bookColumns } from '../../../server/registers/book.ts'
import { closeRegister } from '../../../server/registers/close-register.ts'
import { type ExportFormat, exportRegister } from '../../../server/registers/export-register.ts'
import { recordHandling } from '../../../server/registers/follow-store.ts'
import type { Book } from '../../../server/registers/register.ts'
import { cancelNumber } from '../../../server/registers/register-store.ts'
import { wrapText } from '../../../server/registers/table-text.ts'
import { asKeyProvider, signPdf, verifyPdf } from '../../../signing/index.ts'
import { pdfsig, prepareBench } from '../../signing/matrix/programs.ts'
import { requireProgram } from '../../support/programs.ts'
import { bookFonts, openRegisterNode, type RegisterNode } from './support.ts'

/** NĐ 30/2020 Phụ lục IV, I, VI and VIII, word for word. */
const headings = {
  outgoing:
    'Số, ký hiệu văn bản|Ngày tháng văn bản|Tên loại và trích yếu nội dung văn bản|Người ký|Nơi nhận văn bản|Đơn vị, người nhận bản lưu|Số lượng bản|Ngày chuyển|Ký nhận|Ghi chú',
  incoming:
    'Ngày đến|Số đến|Tác giả|Số, ký hiệu văn bản|Ngày tháng văn bản|Tên loại và trích yếu nội dung văn bản|Đơn vị hoặc người nhận|Ngày chuyển|Ký nhận|Ghi chú',
  handling:
    'Số đến|Tên loại, số, ký hiệu, ngày, tháng và tên cơ quan, tổ chức ban hành văn bản|Đơn vị hoặc người nhận|Thời hạn giải quyết|Tiến độ giải quyết|Số, ký hiệu văn bản trả lời|Ghi chú',
} as const

/** No document is restricted here; see `mask.test.ts`. */
const means = { fonts: bookFonts(), hiddenAmong: async () => new Set<string>() }

describe('registers: export', () => {
  let node: RegisterNode
  let actor: UserActor
  let folder: string

  before(async () => {
    node = await openRegisterNode('2027-01-04T09:00:00+07:00')
    folder = mkdtempSync(join(tmpdir(), 'congvan-registers-'))
    actor = await node.addAgency('Ủy ban nhân dân xã thử nghiệm')
    const stranger = await node.addAgency('Ủy ban nhân dân xã khác')
    await node.enter(stranger, { at: '2026-05-05T08:00:00+07:00', subject: 'V/v của cơ quan khác' })
    for (let n = 1; n <= 60; n += 1) {
      const at = new Date(Date.parse('2026-01-05T08:00:00+07:00') + n * 86_400_000).toISOString()
      const subject = n === 3 ? '=HYPERLINK("http://xau.example","bấm")' : `V/v việc thứ ${n}, "nháy"; phẩy`
      await node.enter(actor, { at, subject })
      const { documentId } = await node.enter(actor, { at, series: 'incoming', unit: `Phòng ${n}` })
      if (n === 1) {
        await node.database.db.asAgency({ agencyId: actor.agencyId }, (trx) =>
          recordHandling(trx, {
            documentId,
            answer: '07/UBND-VP',
            progress: 'Hoàn thành',
            deadline: '2026-02-01',
          }),
        )
      }
    }
    const given = await node.enter(actor, { at: '2026-12-30T08:00:00+07:00' })
    await node.database.db.asAgency({ agencyId: actor.agencyId }, (trx) =>
      cancelNumber(trx, given.documentId, 'Không ban hành nữa', new Date()),
    )
  })
  after(async () => {
    await node.database.drop()
    rmSync(folder, { recursive: true, force: true })
  })

  const exported = async (book: Book, format: ExportFormat): Promise<Buffer> => {
    const { body } = await exportRegister(node.context, means, actor, { book, year: 2026, format })
    return body instanceof Uint8Array ? Buffer.from(body) : buffer(body as Readable)
  }
  const textOf = (pdf: Uint8Array, ...options: string[]) => {
    writeFileSync(join(folder, 'book.pdf'), pdf)
    return spawnSync('pdftotext', [...options, 'book.pdf', '-'], { cwd: folder, encoding: 'utf8' }).stdout
  }

  it('has the columns of the decree, in its order and under its headings [K056 K058 K059]', () => {
    for (const book of ['outgoing', 'incoming', 'handling'] as const) {
      expect(bookColumns[book].map((one) => one.heading).join('|'), book).to.equal(headings[book])
    }
  })

  it('as CSV is UTF-8 with a byte order mark, numbered, in order, with cancelled numbers and their reason', async () => {
    const text = (await exported('outgoing', 'csv')).toString('utf8')
    expect(text.charCodeAt(0)).to.equal(0xfeff)
    const lines = text.slice(1).trimEnd().split('\r\n')
    expect(lines).to.have.length(63)
    expect(lines[0]).to.match(/^"Số, ký hiệu văn bản",Ngày tháng văn bản,/)
    expect(lines[1]).to.equal('(1),(2),(3),(4),(5),(6),(7),(8),(9),(10)')
    expect(lines.slice(2).map((line) => line.split('/')[0])).to.deep.equal(
      Array.from({ length: 61 }, (_, n) => String(n + 1).padStart(2, '0')),
    )
    expect(lines[2]).to.equal(
      '01/UBND-VP,06/01/2026,"Công văn V/v việc thứ 1, ""nháy""; phẩy",Người ký 1,,,,,,',
    )
    expect(lines.at(-1)).to.match(/^61\/UBND-VP,30\/12\/2026,.*Hủy số: Không ban hành nữa$/)
    expect(text).not.to.include('của cơ quan khác')
  })

  it('guards a spreadsheet from what looks like a formula', async () => {
    const lone = await node.addAgency('Ủy ban nhân dân xã ba')
    await node.enter(lone, {
      series: 'incoming',
      author: '=1+1',
      unit: '@SUM(A1)',
      at: '2026-02-02T08:00:00+07:00',
    })
    const request = { book: 'incoming', year: 2026, format: 'csv' } as const
    const { body } = await exportRegister(node.context, means, lone, request)
    const text = (await buffer(body as Readable)).toString('utf8')
    expect(text).to.include(",'=1+1,").and.to.include(",'@SUM(A1),")
  })

  it('fills the book of handling from the answer [K059]', async () => {
    const lines = (await exported('handling', 'csv')).toString('utf8').split('\r\n')
    expect(lines[2]).to.equal(
      '01,Công văn 15/QĐ-STN ngày 02/01/2026 Sở thử nghiệm,Phòng 1,01/02/2026,Hoàn thành,07/UBND-VP,',
    )
  })

  it('as XLSX holds the same cells as texts', async function () {
    requireProgram(this, 'unzip')
    writeFileSync(join(folder, 'book.xlsx'), await exported('outgoing', 'xlsx'))
    const part = (name: string) =>
      spawnSync('unzip', ['-p', 'book.xlsx', name], { cwd: folder, encoding: 'utf8' }).stdout
    const words = `${part('xl/sharedStrings.xml')}${part('xl/worksheets/sheet1.xml')}`
    for (const heading of headings.outgoing.split('|')) expect(words).to.include(heading)
    expect(words).to.include('=HYPERLINK(').and.to.include('Từ số 01 đến số 61')
    expect(part('xl/worksheets/sheet1.xml')).not.to.match(/<f[ >]/)
  })

  it('as PDF has cover, first page, headings on every page and page numbers [K012 K024 N101]', async function () {
    requireProgram(this, 'pdftotext')
    await closeRegister(node.context, actor, { book: 'incoming', year: 2026 })
    const text = textOf(await exported('incoming', 'pdf'), '-layout')
    const pages = text.split('\f').slice(0, -1)
    expect(pages.length).to.be.greaterThan(4)
    for (const page of pages.slice(0, 2)) {
      expect(page).to.include('ỦY BAN NHÂN DÂN XÃ THỬ NGHIỆM')
      expect(page).to.include('SỔ ĐĂNG KÝ VĂN BẢN ĐẾN')
      expect(page).to.include('NĂM 2026')
      expect(page).to.include('Từ số 01 đến số 60')
      expect(page).to.include('Từ ngày 06/01/2026 đến ngày 06/03/2026')
    }
    expect(pages[1]).to.include('Tổng số 60 dòng đăng ký. Đóng sổ ngày 04/01/2027.')
    for (const [index, page] of pages.slice(2).entries()) {
      expect(page).to.match(/\(1\)\s+\(2\)\s+\(3\)\s+\(4\)\s+\(5\)\s+\(6\)\s+\(7\)\s+\(8\)\s+\(9\)\s+\(10\)/)
      expect(page)
        .to.include('Ký nhận')
        .and.to.include(`Trang ${index + 3}`)
    }
    for (let n = 1; n <= 60; n += 1) expect(text).to.match(new RegExp(`Phòng ${n}\\s`))
  })

  it('as PDF is well-formed, with its fonts inside, and can be signed', async function () {
    requireProgram(this, 'pdfsig')
    requireProgram(this, 'certutil')
    requireProgram(this, 'qpdf')
    const pki = await makeTestPki({ seedTime: new Date('2026-01-05T08:00:00+07:00') })
    const clerk = await pki.issueAgency({ organization: 'Ủy ban nhân dân xã', agencyCode: 'H40.12.3' })
    const pdf = await exported('outgoing', 'pdf')
    const signed = await signPdf(pdf, {
      field: 'chu-ky-dong-so',
      signingTime: new Date('2026-01-06T09:00:00+07:00'),
      key: asKeyProvider(clerk),
    })
    writeFileSync(join(folder, 'signed.pdf'), signed)
    expect(spawnSync('qpdf', ['--check', 'signed.pdf'], { cwd: folder }).status).to.equal(0)
    const fonts = spawnSync('pdffonts', ['signed.pdf'], { cwd: folder, encoding: 'utf8' }).stdout
    expect(fonts.match(/Tinos.*yes yes yes/g)).to.have.length(2)
    expect(pdfsig(prepareBench(folder, pki.root), signed)).to.equal(null)
    const report = verifyPdf(signed, {
      time: new Date('2026-01-07T09:00:00+07:00'),
      trustAnchors: [pki.root],
      untrusted: [pki.governmentCa],
      crls: [],
      ocspResponses: [],
      requireRevocation: false,
      legacy: false,
      profile: 'any',
    })
    expect(report.indication).to.equal('TOTAL_PASSED')
  })

  it('prints Vietnamese as it is, and a line longer than a page on several [K056]', async function () {
    requireProgram(this, 'pdftotext')
    const lone = await node.addAgency('Ủy ban nhân dân xã bốn')
    const subject = `V/v ${Array.from({ length: 400 }, (_, n) => `nghiệp${n}`).join(' ')}`.slice(0, 1990)
    await node.enter(lone, { at: '2026-02-02T08:00:00+07:00', subject })
    await node.enter(lone, {
      at: '2026-02-02T08:00:00+07:00',
      subject: 'V/v ĐƯỜNG THUỶ: ẳ ẵ ặ ỡ ỹ'.normalize('NFD'),
    })
    const request = { book: 'outgoing', year: 2026, format: 'pdf' } as const
    const { body } = await exportRegister(node.context, means, lone, request)
    const text = textOf(await buffer(body as Readable))
    const seen = text.replaceAll(/\s+/g, ' ')
    for (const word of subject.split(' ').slice(0, -1)) expect(seen).to.include(word)
    expect(seen).to.include('ĐƯỜNG THUỶ: ẳ ẵ ặ ỡ ỹ')
  })

  it('breaks lines between words, and words that are too wide where it has to', () => {
    const measure = (text: string) => [...text].length
    expect(wrapText('một hai  ba\nbốn', 7, measure)).to.deep.equal(['một hai', 'ba', 'bốn'])
    expect(wrapText('x'.repeat(10), 4, measure)).to.deep.equal(['xxxx', 'xxxx', 'xx'])
    expect(wrapText('', 4, measure)).to.deep.equal([])
  })
})
