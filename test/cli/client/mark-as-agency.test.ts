import { createHash, randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { PDFDocument } from 'pdf-lib'
import { ApiClient } from '../../../cli/client/api-client.ts'
import { finishCopy } from '../../../cli/client/copies.ts'
import { signAnnexes } from '../../../cli/client/sign-annexes.ts'
import { makeTestPki, type TestPki } from '../../../fixtures/pki/make-pki.ts'
import { asKeyProvider, fieldPlaces, verifyPdf } from '../../../signing/index.ts'
import { scan } from '../../server/copies/scans.ts'
import { type FakeNode, startFakeNode } from './fake-node.ts'

const ID = randomUUID()
const NOW = new Date('2026-01-05T09:00:00+07:00')
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

interface HeldFile {
  readonly kind: string
  readonly name: string
  readonly contentType: string
  bytes: Uint8Array
  signed: boolean
}

describe('cli/client: the agency’s mark on annexes and copies', () => {
  let pki: TestPki
  let node: FakeNode
  let files: HeldFile[]
  let state: string
  let uploads: { path: string; bytes: Uint8Array }[]
  /** How many millimetres lower the node wants the next mark. */
  let lower: number | string | undefined
  /** What the node gives out instead of what its list names. */
  let given: Uint8Array | undefined

  before(async () => {
    pki = await makeTestPki({ seedTime: NOW })
    node = await startFakeNode(({ method, path, body }) => {
      const { pathname } = new URL(path, 'http://x')
      const position = /\/files\/(\d+)$/.exec(pathname)?.[1]
      if (position !== undefined) return { bytes: given ?? files[Number(position) - 1]?.bytes ?? body }
      if (pathname.endsWith('/files')) return { json: { files: files.map(listed) } }
      if (method === 'GET') return { json: { id: ID, state } }
      if (pathname.endsWith('/declaration')) state = 'draft'
      else uploads.push({ path: pathname, bytes: body })
      if (lower !== undefined) {
        const params = { text: 'PHỤ LỤC', down: lower }
        lower = undefined
        const problem = { type: 'about:blank', title: 'x', status: 422, code: 'MARK_COVERS_TEXT', params }
        return { status: 422, json: problem }
      }
      const signed = /\/files\/(\d+)\/signature$/.exec(pathname)?.[1]
      const file = files[Number(signed) - 1]
      if (file !== undefined) file.signed = true
      const answer = { sha256: sha256(body), indication: 'TOTAL_PASSED' }
      return { json: { id: ID, state: 'issued', position: Number(signed ?? 1), ...answer } }
    })
  })
  after(() => node.close())
  beforeEach(() => {
    uploads = []
    given = undefined
    lower = undefined
    state = 'quarantined'
  })

  function listed({ kind, name, contentType, bytes, signed }: HeldFile, index: number) {
    const signature = signed ? { subject: 'CN=x', indication: 'TOTAL_PASSED' } : null
    const facts = { sha256: sha256(bytes), length: bytes.length, indication: null, findings: [] }
    return { position: index + 1, kind, name, contentType, signature, ...facts }
  }

  async function plainPdf(): Promise<Uint8Array> {
    const pdf = await PDFDocument.create()
    pdf.addPage([595, 842])
    return pdf.save()
  }

  const client = () => new ApiClient({ url: node.url, token: 'x', retries: 0 })

  function judge(bytes: Uint8Array) {
    const trust = { trustAnchors: [pki.root], untrusted: [pki.governmentCa], crls: [], ocspResponses: [] }
    const rules = { time: NOW, requireRevocation: false, legacy: false, profile: 'scanned-copy' as const }
    return verifyPdf(bytes, { ...trust, ...rules })
  }

  it('signs every separate PDF once, with a mark in the upper right corner of its first page [K046 K047]', async () => {
    const pdf = { contentType: 'application/pdf', signed: false }
    files = [
      { kind: 'main', name: 'a.pdf', bytes: await plainPdf(), ...pdf },
      { kind: 'annex', name: 'phu-luc.pdf', bytes: await plainPdf(), ...pdf },
      {
        kind: 'attachment',
        name: 'b.csv',
        bytes: Buffer.from('a,b'),
        contentType: 'text/csv',
        signed: false,
      },
      { kind: 'attachment', name: 'c.pdf', bytes: await plainPdf(), ...pdf },
    ]
    const key = asKeyProvider(pki.samples.agency)
    expect(await signAnnexes(client(), ID, '05/UBND-VP', key, NOW)).to.deep.equal([2, 4])
    expect(await signAnnexes(client(), ID, '05/UBND-VP', key, NOW)).to.deep.equal([])
    expect(uploads.map((one) => one.path)).to.deep.equal(
      [2, 4].map((position) => `/documents/${ID}/files/${position}/signature`),
    )
    for (const { bytes } of uploads) {
      const { indication, signatures } = judge(bytes)
      expect([indication, signatures.map((one) => one.role)]).to.deep.equal(['TOTAL_PASSED', ['agency']])
      const [field] = fieldPlaces(bytes)
      expect(field?.place?.page).to.equal(1)
      const { left = 0, bottom = 0, width = 0, height = 0 } = field?.place ?? {}
      // A4 is 595 by 842 points: within 15 mm of the right and 10 mm of the upper edge.
      expect(595 - (left + width)).to.be.within(0, 43)
      expect(842 - (bottom + height)).to.be.within(0, 29)
    }
  })

  it('puts the mark lower where text stands in the corner, once, and gives up where no place is free', async () => {
    const annex = async () => [
      {
        kind: 'annex',
        name: 'b.pdf',
        bytes: await plainPdf(),
        contentType: 'application/pdf',
        signed: false,
      },
    ]
    const key = asKeyProvider(pki.samples.agency)
    files = await annex()
    lower = 11
    expect(await signAnnexes(client(), ID, '05/UBND-VP', key, NOW)).to.deep.equal([1])
    const [first = 0, second = 0] = uploads.map(({ bytes }) => fieldPlaces(bytes)[0]?.place?.bottom ?? 0)
    expect(first - second).to.be.closeTo((11 * 72) / 25.4, 0.01)
    files = await annex()
    lower = '-'
    const refused = await signAnnexes(client(), ID, '05/UBND-VP', key, NOW).catch((error: unknown) => error)
    expect(refused).to.have.property('code', 'MARK_COVERS_TEXT')
    expect(uploads).to.have.length(3)
  })

  it('signs nothing but what the node’s list names, and with no key but the agency’s', async () => {
    files = [
      { kind: 'main', name: 'a.pdf', bytes: await plainPdf(), contentType: 'application/pdf', signed: false },
      {
        kind: 'annex',
        name: 'b.pdf',
        bytes: await plainPdf(),
        contentType: 'application/pdf',
        signed: false,
      },
    ]
    const sign = (key: typeof pki.samples.agency) =>
      signAnnexes(client(), ID, '05/UBND-VP', asKeyProvider(key), NOW).then(
        () => 'signed',
        (error: unknown) => (error as { code?: string }).code,
      )
    expect(await sign(pki.samples.individual)).to.equal('KEY_ROLE_WRONG')
    given = await scan()
    expect(await sign(pki.samples.agency)).to.equal('DOWNLOAD_DAMAGED')
    expect(uploads).to.deep.equal([])
  })

  it('makes an electronic copy: scan, declaration, mark with form, agency and time [K053 N168]', async () => {
    const file = await scan()
    files = [
      { kind: 'main', name: 'ban-sao.pdf', bytes: file, contentType: 'application/pdf', signed: false },
    ]
    const made = {
      id: randomUUID(),
      documentId: ID,
      formName: 'SAO Y' as const,
      agency: 'Ủy ban nhân dân xã thử nghiệm',
      madeBy: 'Văn thư',
      block: null,
    }
    const key = asKeyProvider(pki.samples.agency)
    const { state: end } = await finishCopy(client(), made, file, key, NOW)
    expect(end).to.equal('issued')
    expect(uploads.map((one) => one.path.split('/').at(-1))).to.deep.equal(['scan', 'copy-signature'])
    const signed = uploads[1]?.bytes ?? new Uint8Array()
    expect(Buffer.compare(signed.subarray(0, file.length), file)).to.equal(0)
    expect(judge(signed).indication).to.equal('TOTAL_PASSED')
    expect(Buffer.from(signed).toString('latin1')).to.contain('/Reason')
    // Asked again after a lost answer, it finds the copy issued and signs nothing.
    state = 'issued'
    await finishCopy(client(), made, file, key, NOW)
    expect(uploads).to.have.length(2)
  })
})
