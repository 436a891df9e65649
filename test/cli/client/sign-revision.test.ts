import { createHash, createPrivateKey, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { expect } from 'chai'
import { ApiClient } from '../../../cli/client/api-client.ts'
import { issueDocument, signDocument } from '../../../cli/client/sign-revision.ts'
import { makeLetter } from '../../../fixtures/documents/letter.ts'
import { communeLetter } from '../../../fixtures/documents/sample-letters.ts'
import { makeTestPki, type TestPki } from '../../../fixtures/pki/make-pki.ts'
import { CongvanError } from '../../../server/errors.ts'
import {
  addLetterFields,
  asKeyProvider,
  certificateSubject,
  fillTextFields,
  individualSignatureField,
  letterFields,
  listFields,
  SigningError,
  signPdf,
} from '../../../signing/index.ts'
import { pdfArray } from '../../../signing/pdf/objects.ts'
import { forge } from '../../signing/pdf/forge.ts'
import { type FakeNode, startFakeNode } from './fake-node.ts'

const ID = randomUUID()

function font(face: '400Regular' | '400Regular_Italic'): Uint8Array {
  const require = createRequire(import.meta.url)
  return readFileSync(require.resolve(`@expo-google-fonts/tinos/${face}/Tinos_${face}.ttf`))
}

/** What the node has; a test changes what it gives out. */
interface Held {
  state: string
  revisions: { kind: string; bytes: Uint8Array; given?: Uint8Array; subject?: string }[]
  number: string
}

describe('cli/client: signing what a node gives out', () => {
  let pki: TestPki
  let node: FakeNode
  let held: Held
  let draft: Uint8Array
  let signed: Uint8Array
  before(async () => {
    pki = await makeTestPki({ seedTime: new Date() })
    draft = await makeLetter({ ...communeLetter, created: new Date() })
    signed = await signPdf(draft, {
      key: asKeyProvider(pki.samples.individual),
      field: letterFields.individualSignature,
      signingTime: new Date(),
    })
    node = await startFakeNode(({ method, path }) => {
      const url = new URL(path, 'http://x')
      if (url.pathname.endsWith('/file')) {
        const revision = held.revisions[Number(url.searchParams.get('revision')) - 1]
        return { bytes: revision?.given ?? revision?.bytes ?? new Uint8Array() }
      }
      if (method === 'GET' && url.pathname.endsWith('/files')) return { json: { files: [] } }
      if (method === 'GET') return { json: details() }
      if (path.endsWith('/number')) {
        return { json: { id: ID, state: 'numbered', number: held.number, date: '2026-03-02' } }
      }
      const state = path.endsWith('/issue') ? 'issued' : 'signed'
      return { json: { id: ID, state, sha256: '0'.repeat(64), indication: 'TOTAL_PASSED' } }
    })
  })
  after(() => node.close())
  beforeEach(() => {
    node.seen.length = 0
    held = { state: 'draft', revisions: [{ kind: 'draft', bytes: draft }], number: '05/UBND-VP' }
  })

  const client = () => new ApiClient({ url: node.url, token: 'cv_x', retries: 0 })
  const uploads = () => node.seen.filter((one) => one.method === 'POST' && !one.path.endsWith('/number'))

  function details(): object {
    return {
      id: ID,
      direction: 'outgoing',
      state: held.state,
      kind: 'Công văn',
      subject: 'x',
      code: { number: null, notation: 'UBND-VP' },
      promulgationDate: null,
      documentCode: null,
      createdAt: new Date().toISOString(),
      incoming: null,
      revisions: held.revisions.map(({ kind, bytes, subject }, index) => ({
        revision: index + 1,
        kind,
        sha256: createHash('sha256').update(bytes).digest('hex'),
        name: 'x.pdf',
        ...(subject === undefined ? {} : { signature: { subject } }),
      })),
    }
  }

  async function fill(number: string, bytes = signed): Promise<Uint8Array> {
    return fillTextFields(bytes, {
      fields: { [letterFields.number]: number, [letterFields.date]: 'ngày 02 tháng 3 năm 2026' },
      fontBytes: font('400Regular'),
      fontBytesByField: { [letterFields.date]: font('400Regular_Italic') },
    })
  }

  function numbered(filled: Uint8Array): void {
    held.state = 'signed'
    held.revisions = [
      { kind: 'draft', bytes: draft },
      { kind: 'individual', bytes: signed },
      { kind: 'fill', bytes: filled },
    ]
  }

  async function codeOf(act: Promise<unknown>): Promise<string> {
    const error: unknown = await act.then(
      () => undefined,
      (caught: unknown) => caught,
    )
    if (error instanceof CongvanError || error instanceof SigningError) return error.code
    throw new Error(`no error of ours: ${String(error)}`)
  }

  const sign = (issued = pki.samples.individual) =>
    signDocument(client(), ID, asKeyProvider(issued), new Date())
  const issue = (issued = pki.samples.agency) =>
    issueDocument(client(), ID, asKeyProvider(issued), new Date())

  it('signs the bytes that the node lists, appends only, and sends no key', async () => {
    await sign()
    const [upload] = uploads()
    expect(upload?.path).to.equal(`/documents/${ID}/signatures`)
    expect(upload?.body.subarray(0, draft.length).equals(draft)).to.equal(true)
    const der = Buffer.from(pki.samples.individual.privateKeyPkcs8)
    const { d = '' } = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }).export({ format: 'jwk' })
    const secret = Buffer.from(d, 'base64url')
    expect(secret).to.have.length(32)
    for (const { body } of node.seen) expect(body.includes(secret)).to.equal(false)
  })

  it('signs nothing that is not what the node lists', async () => {
    const [first] = held.revisions
    if (first !== undefined)
      first.given = await makeLetter({ ...communeLetter, subject: 'Việc khác', created: new Date() })
    expect(await codeOf(sign())).to.equal('DOWNLOAD_DAMAGED')
    expect(uploads()).to.deep.equal([])
  })

  it('signs no draft with a field that could cover its text', async () => {
    const wide = forge(draft, ({ field, change }) => {
      change(field(letterFields.agencySignature).reference, { Rect: pdfArray([0, 0, 595, 842]) })
    })
    held.revisions = [{ kind: 'draft', bytes: wide }]
    let code = ''
    try {
      await signDocument(client(), ID, asKeyProvider(pki.samples.individual), new Date())
    } catch (error) {
      code = error instanceof SigningError ? error.code : ''
    }
    expect(code).to.equal('PDF_FIELD_BOX_WRONG')
    expect(uploads()).to.deep.equal([])
  })

  it('signs with no key that is for something else, has ended or has not begun', async () => {
    const { agency, expired, notYetValid, wrongUse, node: nodeKey } = pki.samples
    expect(await codeOf(sign(agency))).to.equal('KEY_ROLE_WRONG')
    expect(await codeOf(sign(expired))).to.equal('CERTIFICATE_EXPIRED')
    expect(await codeOf(sign(notYetValid))).to.equal('CERTIFICATE_NOT_YET_VALID')
    expect(await codeOf(sign(wrongUse))).to.equal('CERTIFICATE_WRONG_USE')
    expect(await codeOf(sign(nodeKey))).to.equal('KEY_ROLE_WRONG')
    numbered(await fill('05'))
    expect(await codeOf(issue(pki.samples.individual))).to.equal('KEY_ROLE_WRONG')
    expect(uploads()).to.deep.equal([])
  })

  it('signs in turn: not what it signed before, and anew what was changed since', async () => {
    const key = asKeyProvider(pki.samples.individual)
    const { commonName } = certificateSubject(pki.samples.individual.certificate)
    const two = addLetterFields(draft, [
      {
        name: individualSignatureField(2),
        place: { page: 1, left: 60, bottom: 40, width: 120, height: 50 },
      },
    ])
    const other = pki.issueIndividual({
      organization: 'Cơ quan thử',
      agencyCode: 'H40',
      commonName: 'Người ký 2',
      title: 'Phó',
    })
    const first = await signPdf(two, {
      key: asKeyProvider(other),
      field: individualSignatureField(1),
      signingTime: new Date(),
    })
    held.state = 'presented'
    held.revisions = [
      { kind: 'draft', bytes: two },
      { kind: 'individual', bytes: first, subject: 'CN=Người ký 2,O=Cơ quan thử' },
    ]
    await signDocument(client(), ID, key, new Date())
    expect(uploads()).to.have.length(1)
    const { signatureFields } = listFields(new Uint8Array(uploads()[0]?.body ?? []))
    expect(signatureFields.filter((field) => field.signed).map((field) => field.name)).to.deep.equal([
      individualSignatureField(1),
      individualSignatureField(2),
    ])
    held.revisions.push({ kind: 'individual', bytes: first, subject: `CN=${commonName},O=x` })
    await signDocument(client(), ID, key, new Date())
    expect(uploads()).to.have.length(1)
    held.state = 'draft'
    held.revisions.push({ kind: 'draft', bytes: draft })
    await signDocument(client(), ID, key, new Date())
    expect(uploads()).to.have.length(2)
  })

  it('says that a document is signed already instead of signing it again', async () => {
    held.state = 'signed'
    held.revisions.push({ kind: 'individual', bytes: signed })
    const sha256 = createHash('sha256').update(signed).digest('hex')
    expect(await sign()).to.deep.equal({ id: ID, state: 'signed', sha256 })
    expect(uploads()).to.deep.equal([])
  })

  it('issues what was signed with exactly the number and date that the node told', async () => {
    const filled = await fill('05')
    numbered(filled)
    expect(await issue()).to.include({ state: 'issued', number: '05/UBND-VP' })
    const [upload] = uploads()
    expect(upload?.body.subarray(0, filled.length).equals(filled)).to.equal(true)
  })

  it('puts the agency’s signature on nothing that the node changed besides', async () => {
    const filled = await fill('05')
    const turned = (bytes: Uint8Array) =>
      forge(bytes, ({ page, change }) => change(page.reference, { Rotate: 90 }))
    const other = await signPdf(
      await makeLetter({ ...communeLetter, subject: 'Việc khác', created: new Date() }),
      {
        key: asKeyProvider(pki.samples.individual),
        field: letterFields.individualSignature,
        signingTime: new Date(),
      },
    )
    for (const [what, bytes, number] of [
      ['another number than told', await fill('06'), '05/UBND-VP'],
      ['a number that only begins alike', await fill('0'), '05/UBND-VP'],
      ['a page turned after the fill', turned(filled), '05/UBND-VP'],
      ['a page turned before the fill', await fill('05', turned(signed)), '05/UBND-VP'],
      ['no fill at all', signed, '05/UBND-VP'],
      ['another signed document', await fill('05', other), '05/UBND-VP'],
    ] as const) {
      numbered(bytes)
      held.number = number
      expect(await codeOf(issue()), what).to.be.oneOf([
        'PDF_UNEXPECTED_CHANGES',
        'DOWNLOAD_DAMAGED',
        'PDF_MALFORMED',
      ])
    }
    expect(uploads()).to.deep.equal([])
  })
})
