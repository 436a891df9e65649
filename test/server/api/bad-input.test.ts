import { request } from 'node:http'
import { gzipSync } from 'node:zlib'
import { expect } from 'chai'
import { encrypted, notAPdf, truncated, withDanglingStartxref } from '../../../fixtures/documents/broken.ts'
import { makeLetter } from '../../../fixtures/documents/letter.ts'
import { makeScan } from '../../../fixtures/documents/plain-letter.ts'
import { communeLetter } from '../../../fixtures/documents/sample-letters.ts'
import { type IssuedCertificate, makeTestPki } from '../../../fixtures/pki/make-pki.ts'
import { asKeyProvider, letterFields, signPdf } from '../../../signing/index.ts'
import { pdfArray, pdfDict, pdfName, pdfText } from '../../../signing/pdf/objects.ts'
import { forge } from '../../signing/pdf/forge.ts'
import { footprintOf } from './footprint.ts'
import { type ApiNode, agencies, closedAgency, type Login, type Sending, send, startApiNode } from './node.ts'
import { letterDraft } from './steps.ts'

const { declaredFreeOfSecrets: _, ...metadata } = letterDraft

/** What it is, the status and code it must be answered, how it is sent, and what its reader is told of it. */
type Case = readonly [what: string, status: number, code: string, sending: Sending, names?: string]

/** The sense of each answer in both languages, by its code. */
const words: Readonly<Record<string, readonly [vi: RegExp, en: RegExp]>> = {
  PDF_NOT_A_PDF: [/không phải là PDF/, /not a PDF/],
  PDF_ENCRYPTED: [/mã hóa.*bỏ mật khẩu/, /encrypted.*remove the password/],
  PDF_MALFORMED: [/Cấu trúc PDF bị hỏng tại byte \d+/, /broken at byte \d+/],
  PLACE_NOT_FOUND: [
    /^Không tìm thấy chỗ cho .* trên văn bản: /,
    /^no place for .* was found on the document: /,
  ],
  RECIPIENT_TWICE: [/^Nơi nhận H40 được ghi hai lần/, /^the recipient H40 is named twice/],
  DRAFT_ALREADY_SIGNED: [/đã có chữ ký số; hãy tải bản chưa ký/, /already; upload the unsigned one/],
  INPUT_TOO_LARGE: [/vượt quá giới hạn \d+ byte/, /larger than the limit of \d+ bytes/],
  INPUT_INVALID: [/^Dữ liệu không hợp lệ ở /, /^invalid input at /],
  AGENCY_CODE_MALFORMED: [/Mã định danh .* sai dạng/, /agency code .* is malformed/],
  AGENCY_CODE_UNKNOWN: [/Không có cơ quan nào mang mã "G98"/, /no agency has the code "G98"/],
  AGENCY_CLOSED: [/đã đóng từ ngày 2024-07-01/, /closed since 2024-07-01/],
  DISPATCH_INVALID: [/^Không gửi được văn bản: /, /^the document cannot be dispatched: /],
  DOCUMENT_KIND_UNKNOWN: [/Không có loại văn bản hành chính/, /no kind of administrative document/],
  SYMBOL_WRONG: [/Ký hiệu .* không đúng .* ví dụ đúng: UBND-VP/, /does not fit .*: UBND-VP/],
  SERIES_UNKNOWN: [/^Chưa có hệ thống số cho "Ban Chỉ đạo"/, /^there is no series for "Ban Chỉ đạo"/],
  SYMBOL_YEAR_WRONG: [/phải bắt đầu bằng năm ban hành/, /has to begin with the year of issue/],
  KIND_NOT_NORMATIVE: [/không phải loại văn bản quy phạm/, /no kind of legal normative document/],
  KIND_CENTRAL_ONLY: [/do cơ quan ở trung ương ban hành/, /issued at the central level only/],
  SECRET_MARK_FOUND: [/dấu chỉ độ mật "TỐI MẬT".*không được lưu/, /mark of secrecy "TỐI MẬT".*nothing/],
  SIGNATURE_REJECTED: [/^Chữ ký số không được chấp nhận/, /^the signature is not acceptable/],
  SIGNER_WRONG: [/^Chữ ký không đúng người ký: /, /^the wrong signer: /],
  SIGNATURE_NOT_AN_EXTENSION: [/cộng đúng một chữ ký/, /plus exactly one signature/],
}

describe('api: bad input', () => {
  let node: ApiNode
  let pdf: Uint8Array
  before(async () => {
    node = await startApiNode({
      environment: { CONGVAN_MAX_FILE_BYTES: '2000000' },
      logins: ['commune-clerk', 'commune-leader'],
    })
    pdf = await makeLetter({ ...communeLetter, created: new Date() })
  })
  after(() => node.close())

  const as = async (login: Login, path: string, sending: Sending) =>
    send(node.url, 'POST', path, { token: await node.token(login), ...sending })

  /** The node refuses it as it should, says so in both languages, has nothing of it afterwards, and goes on. */
  async function expectRefused(login: Login, path: string, cases: readonly Case[]): Promise<void> {
    await node.token(login)
    const before = await footprintOf(node)
    for (const [what, status, code, sending, names = ''] of cases) {
      const answer = await as(login, path, sending)
      expect([answer.status, answer.body.code], `${what}: ${answer.text}`).to.deep.equal([status, code])
      expect(answer.headers.get('content-type'), what).to.match(/^application\/problem\+json/)
      const english = await as(login, path, { ...sending, language: 'en' })
      const [vi, en] = words[code] ?? [/^$/, /^$/]
      expect(answer.body.detail, what).to.match(vi)
      expect(english.body.detail, what).to.match(en)
      for (const { body } of [answer, english]) expect(body.detail, what).to.contain(names)
      expect(answer.text + english.text, what).not.to.match(/undefined|\{\w+\}|\[object/)
    }
    expect(await footprintOf(node)).to.deep.equal(before)
    expect((await fetch(`${node.url}/readyz`)).status).to.equal(200)
  }

  async function draft(): Promise<string> {
    const { body, status } = await as('commune-clerk', '/documents', { json: metadata })
    expect(status).to.equal(201)
    return String(body.id)
  }

  /** A document with its PDF, out of quarantine. */
  async function readyToSign(): Promise<string> {
    const id = await draft()
    const steps: [string, Sending][] = [
      ['file', { bytes: pdf }],
      ['declaration', { json: { stateSecret: false } }],
    ]
    for (const [step, sending] of steps) {
      expect((await as('commune-clerk', `/documents/${id}/${step}`, sending)).status, step).to.equal(200)
    }
    return id
  }

  /** With its number and date on the page, and those bytes. */
  async function readyToIssue(): Promise<{ id: string; filled: Uint8Array }> {
    const id = await readyToSign()
    const signed = await sign(pdf, node.communeKeys.individual)
    expect((await as('commune-leader', `/documents/${id}/signatures`, { bytes: signed })).status).to.equal(
      201,
    )
    expect((await as('commune-clerk', `/documents/${id}/number`, { json: {} })).status).to.equal(200)
    const clerk = await node.client('commune-clerk')
    return { id, filled: await clerk.getBytes(`/documents/${id}/file`) }
  }

  const sign = (bytes: Uint8Array, by: IssuedCertificate, field: string = letterFields.individualSignature) =>
    signPdf(bytes, { key: asKeyProvider(by), field, signingTime: new Date() })
  const signForAgency = (bytes: Uint8Array, by: IssuedCertificate) =>
    sign(bytes, by, letterFields.agencySignature)
  /** A page turned round: a change that nobody may make. */
  const turned = (bytes: Uint8Array) =>
    forge(bytes, ({ page, change }) => change(page.reference, { Rotate: 90 }))

  /** Signed in a field whose lock permits no change of the document at all (ISO 32000-2, tables 236 and 257). */
  async function signedWithoutChanges(bytes: Uint8Array): Promise<Uint8Array> {
    const Fields = pdfArray([pdfText('x')])
    const Lock = pdfDict({ Type: pdfName('SigFieldLock'), Action: pdfName('Include'), Fields, P: 1 })
    const locked = forge(bytes, ({ field, change }) => {
      change(field(letterFields.individualSignature).reference, { Lock })
    })
    return sign(locked, node.communeKeys.individual)
  }

  it('is refused where a PDF is uploaded', async () => {
    const id = await draft()
    const withoutText = await makeScan()
    const withPassword = await encrypted(pdf, 'mat-khau')
    const closed = await signedWithoutChanges(pdf)
    await expectRefused('commune-clerk', `/documents/${id}/file`, [
      ['no PDF', 422, 'PDF_NOT_A_PDF', { bytes: notAPdf() }],
      ['nothing', 422, 'PDF_NOT_A_PDF', { bytes: new Uint8Array() }],
      ['JSON', 422, 'PDF_NOT_A_PDF', { json: {} }],
      ['encrypted', 422, 'PDF_ENCRYPTED', { bytes: withPassword }],
      ['truncated', 422, 'PDF_MALFORMED', { bytes: truncated(pdf) }],
      ['dangling startxref', 422, 'PDF_MALFORMED', { bytes: withDanglingStartxref(pdf) }],
      ['signed, no changes permitted', 422, 'DRAFT_ALREADY_SIGNED', { bytes: closed }],
      ['a scan that tells no places', 422, 'PLACE_NOT_FOUND', { bytes: withoutText }],
      ['too large', 413, 'INPUT_TOO_LARGE', { bytes: new Uint8Array(2_000_001) }, '2000000'],
    ])
    expect((await as('commune-clerk', `/documents/${id}/file`, { bytes: pdf })).status).to.equal(200)
  })

  it('is refused where JSON is wanted', async () => {
    const json = (change: object): Sending => ({ json: { ...metadata, ...change } })
    const text = (content: string | Uint8Array): Sending => ({ bytes: Buffer.from(content) })
    const open = '['.repeat(200_000)
    const decision = { kind: 'Quyết định', symbol: 'QĐ-UBND' }
    const prototype = JSON.stringify(metadata).replace('{', '{"__proto__":{"a":1},')
    await expectRefused('commune-clerk', '/documents', [
      ['no JSON', 400, 'INPUT_INVALID', text('{"kind": '), 'body: '],
      ['a PDF', 400, 'INPUT_INVALID', { bytes: pdf }, 'UTF-8'],
      ['not UTF-8', 400, 'INPUT_INVALID', text(Buffer.from('{"kind":"Công văn"}', 'latin1')), 'UTF-8'],
      ['UTF-16', 400, 'INPUT_INVALID', text(Buffer.from('{"kind":"x"}', 'utf16le')), 'UTF-8'],
      ['deeply nested, open', 400, 'INPUT_INVALID', text(open), 'UTF-8'],
      ['deeply nested', 400, 'INPUT_INVALID', text(open + ']'.repeat(200_000)), 'JSON'],
      ['nothing', 400, 'INPUT_INVALID', {}, 'body.kind, body.subject, body.symbol, body.signer'],
      ['null', 400, 'INPUT_INVALID', text('null'), 'JSON'],
      ['an unknown field', 400, 'INPUT_INVALID', json({ secrecy: 'mật' }), '"secrecy"'],
      ['a prototype', 400, 'INPUT_INVALID', text(prototype), '"__proto__"'],
      ['a number for text', 400, 'INPUT_INVALID', json({ subject: 5 }), 'body.subject: '],
      ['an empty subject', 400, 'INPUT_INVALID', json({ subject: '  ' }), 'body.subject: '],
      ['a long subject', 400, 'INPUT_INVALID', json({ subject: 'ă'.repeat(501) }), 'body.subject: '],
      ['a line break', 400, 'INPUT_INVALID', json({ subject: 'một\nhai' }), 'body.subject: '],
      ['half a letter', 400, 'INPUT_INVALID', json({ place: 'a\ud800' }), 'body.place: '],
      ['urgency 9', 400, 'INPUT_INVALID', json({ urgency: 9 }), 'body.urgency: '],
      ['a day that is none', 400, 'INPUT_INVALID', json({ dueDate: '2026-02-30' }), 'YYYY-MM-DD'],
      ['one twice', 400, 'RECIPIENT_TWICE', json({ recipients: ['H40', 'H40'] }), ' 2)'],
      ['a malformed code', 400, 'AGENCY_CODE_MALFORMED', json({ recipients: ['H40..1'] }), '"H40..1"'],
      ['too large', 413, 'INPUT_TOO_LARGE', { bytes: Buffer.alloc(1_000_001, 0x20) }, '1000000'],
      ['an unknown kind', 422, 'DOCUMENT_KIND_UNKNOWN', json({ kind: 'Thông điệp' }), '"Thông điệp"'],
      ['a wrong symbol', 422, 'SYMBOL_WRONG', json({ symbol: 'QĐ-UBND' }), '"QĐ-UBND"'],
      ['an unknown council', 422, 'SERIES_UNKNOWN', json({ council: 'Ban Chỉ đạo' }), '"Ban Chỉ đạo"'],
      ['no normative kind', 422, 'KIND_NOT_NORMATIVE', json({ normative: true }), 'Công văn'],
      ['no year', 422, 'SYMBOL_YEAR_WRONG', json({ ...decision, normative: true }), '/QĐ-UBND'],
      ['a kind of others', 422, 'KIND_CENTRAL_ONLY', json({ kind: 'Nghị định' }), 'Nghị định'],
      ['a council by number', 400, 'INPUT_INVALID', json({ council: 5 }), 'body.council: '],
      ['normative in words', 400, 'INPUT_INVALID', json({ normative: 'có' }), 'body.normative: '],
    ])
  })

  it('is told to people in their own language, field by field', async () => {
    const told = async (json: object, language: string) =>
      (await as('commune-clerk', '/documents', { json: { ...metadata, ...json }, language })).body.detail
    const fields: [object, string, string][] = [
      [{ subject: 5 }, 'phải là chữ', 'must be text'],
      [{ subject: ' ' }, 'để trống', 'empty'],
      [{ subject: undefined }, 'thiếu', 'missing'],
      [{ urgency: 9 }, 'nhiều nhất 3', 'at most 3'],
      [{ urgency: 0.5 }, 'phải là số nguyên', 'must be a whole number'],
      [{ recipients: 'H40' }, 'phải là danh sách', 'must be a list'],
      [{ signer: 'A' }, 'phải là đối tượng JSON', 'must be a JSON object'],
    ]
    for (const [json, vi, en] of fields) {
      const [name] = Object.keys(json)
      expect(await told(json, 'vi')).to.equal(`Dữ liệu không hợp lệ ở body.${name}: ${vi}`)
      expect(await told(json, 'en')).to.equal(`invalid input at body.${name}: ${en}`)
    }
  })

  it('with a mark of secrecy leaves nothing but one entry without content', async () => {
    const before = (await footprintOf(node)) as { rows: Record<string, number>; files: string[] }
    const json = { ...metadata, subject: '(TỐI MẬT) kế hoạch' }
    const { status, body } = await as('commune-clerk', '/documents', { json })
    expect([status, body.code]).to.deep.equal([422, 'SECRET_MARK_FOUND'])
    expect(body.detail).to.match(words.SECRET_MARK_FOUND?.[0] ?? /^$/)
    const { rows } = before
    const more = {
      log_entries: (rows.log_entries ?? 0) + 1,
      idempotency_keys: (rows.idempotency_keys ?? 0) + 1,
    }
    expect(await footprintOf(node)).to.deep.equal({ ...before, rows: { ...rows, ...more } })
  })

  it('is refused where the revision signed by the person is uploaded', async () => {
    const id = await readyToSign()
    const { pki, communeKeys } = node
    const otherPki = await makeTestPki({ seedTime: new Date(), label: 'khác' })
    const person = {
      commonName: 'Người ký 1',
      title: 'Chủ tịch',
      organization: agencies.commune.name,
      agencyCode: agencies.commune.code,
    }
    const day = 86_400_000
    const past = { notBefore: new Date(Date.now() - 400 * day), notAfter: new Date(Date.now() - day) }
    const expired = await sign(pdf, pki.issueIndividual({ ...person, ...past }))
    const person2 = await sign(pdf, pki.issueIndividual({ ...person, commonName: 'Người ký 2' }))
    const elsewhere = await sign(pdf, pki.issueIndividual({ ...person, agencyCode: 'H40.19' }))
    const foreign = await sign(pdf, otherPki.issueIndividual(person))
    const signed = await sign(pdf, communeKeys.individual)
    const changed = Buffer.from(signed)
    changed[600] = (changed[600] ?? 0) ^ 1
    const other = await makeLetter({ ...communeLetter, subject: 'Việc khác', created: new Date() })
    const ofOther = await sign(other, communeKeys.individual)
    const turnedBefore = await sign(turned(pdf), communeKeys.individual)
    const wrongField = await signForAgency(pdf, communeKeys.individual)
    const closed = await signedWithoutChanges(pdf)
    const byAgency = await sign(pdf, communeKeys.agency)
    await expectRefused('commune-leader', `/documents/${id}/signatures`, [
      ['an expired key', 422, 'SIGNATURE_REJECTED', { bytes: expired }],
      ['a key of an unknown CA', 422, 'SIGNATURE_REJECTED', { bytes: foreign }],
      ['another person', 422, 'SIGNER_WRONG', { bytes: person2 }, '"Người ký 2"'],
      ['of another agency', 422, 'SIGNER_WRONG', { bytes: elsewhere }, '"H40.19"'],
      ['the agency’s key', 422, 'SIGNER_WRONG', { bytes: byAgency }],
      ['not signed', 422, 'SIGNATURE_NOT_AN_EXTENSION', { bytes: pdf }],
      ['another document', 422, 'SIGNATURE_NOT_AN_EXTENSION', { bytes: ofOther }],
      ['a changed byte', 422, 'SIGNATURE_NOT_AN_EXTENSION', { bytes: changed }],
      ['changed before', 422, 'SIGNATURE_NOT_AN_EXTENSION', { bytes: turnedBefore }],
      ['changed after', 422, 'SIGNATURE_NOT_AN_EXTENSION', { bytes: turned(signed) }],
      ['the wrong field', 422, 'SIGNATURE_NOT_AN_EXTENSION', { bytes: wrongField }],
      ['no changes permitted', 422, 'SIGNATURE_NOT_AN_EXTENSION', { bytes: closed }],
      ['cut', 422, 'PDF_MALFORMED', { bytes: signed.subarray(0, -40) }],
      ['no PDF', 422, 'SIGNATURE_NOT_AN_EXTENSION', { bytes: notAPdf() }],
      ['too large', 413, 'INPUT_TOO_LARGE', { bytes: new Uint8Array(2_000_001) }],
    ])
    expect((await as('commune-leader', `/documents/${id}/signatures`, { bytes: signed })).status).to.equal(
      201,
    )
  })

  it('is refused where the revision signed for the agency is uploaded, and where it is dispatched', async () => {
    const { id, filled } = await readyToIssue()
    const { pki, communeKeys } = node
    const district = { organization: agencies.district.name, agencyCode: agencies.district.code }
    const foreign = await signForAgency(filled, pki.issueAgency(district))
    const unfilled = await signForAgency(await sign(pdf, communeKeys.individual), communeKeys.agency)
    const byPerson = await signForAgency(filled, communeKeys.individual)
    const turnedBefore = await signForAgency(turned(filled), communeKeys.agency)
    await expectRefused('commune-clerk', `/documents/${id}/issue`, [
      ['another agency', 422, 'SIGNER_WRONG', { bytes: foreign }, '"H40.19"'],
      ['the person again', 422, 'SIGNER_WRONG', { bytes: byPerson }],
      ['without the fill', 422, 'SIGNATURE_NOT_AN_EXTENSION', { bytes: unfilled }],
      ['changed before', 422, 'SIGNATURE_NOT_AN_EXTENSION', { bytes: turnedBefore }],
    ])
    const bytes = await signForAgency(filled, communeKeys.agency)
    expect((await as('commune-clerk', `/documents/${id}/issue`, { bytes })).status).to.equal(201)

    const to = (...recipients: string[]): Sending => ({ json: { recipients } })
    const codes = (count: number) => Array.from({ length: count }, (_, index) => `H40.19.${index + 100}`)
    const late: Sending = { json: { recipients: ['H40.19'], notAfter: '2020-01-01T00:00:00Z' } }
    await expectRefused('commune-clerk', `/documents/${id}/dispatch`, [
      ['an unknown agency', 404, 'AGENCY_CODE_UNKNOWN', to('G98')],
      ['a good and a bad one', 404, 'AGENCY_CODE_UNKNOWN', to('H40.19', 'G98')],
      ['a closed agency', 409, 'AGENCY_CLOSED', to(closedAgency.code), closedAgency.code],
      ['a malformed code', 400, 'AGENCY_CODE_MALFORMED', to('H40..5'), '"H40..5"'],
      ['no code at all', 400, 'INPUT_INVALID', to('mã lạ'), 'body.recipients.0'],
      ['nobody', 400, 'INPUT_INVALID', to(), 'body.recipients: '],
      ['one by both codes', 422, 'DISPATCH_INVALID', to('H40', '000.00.00.H40'), '000.00.00.H40'],
      ['1,001 recipients', 422, 'DISPATCH_INVALID', to(...codes(1_001)), '1001'],
      ['5,001 recipients', 400, 'INPUT_INVALID', to(...codes(5_001)), '5000'],
      ['a time that has passed', 422, 'DISPATCH_INVALID', late, 'notAfter'],
    ])
  })

  it('ends at the limit however it comes: of unknown length, or packed small', async () => {
    const id = await draft()
    const token = await node.token('commune-clerk')
    const before = await footprintOf(node)
    const headers = { authorization: `Bearer ${token}`, 'idempotency-key': crypto.randomUUID() }
    const path = `${node.url}/api/v1/documents/${id}/file`
    const streamed = await new Promise<number | undefined>((resolve, reject) => {
      const sending = request(path, { method: 'POST', headers }, (response) => {
        response.resume()
        resolve(response.statusCode)
      })
      sending.once('error', reject)
      for (let piece = 0; piece < 30; piece += 1) sending.write(Buffer.alloc(100_000))
      sending.end()
    })
    expect(streamed).to.equal(413)
    const bomb = gzipSync(Buffer.alloc(50_000_000))
    const packed = await fetch(path, {
      method: 'POST',
      headers: { ...headers, 'content-encoding': 'gzip' },
      body: bomb,
    })
    expect([packed.status, ((await packed.json()) as { code: string }).code]).to.deep.equal([
      413,
      'INPUT_TOO_LARGE',
    ])
    const unknown = await fetch(path, {
      method: 'POST',
      headers: { ...headers, 'content-encoding': 'zip' },
      body: 'x',
    })
    expect(unknown.status).to.equal(400)
    expect(await footprintOf(node)).to.deep.equal(before)
  })
})
