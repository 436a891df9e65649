/** Whatever the input file: its bytes stay, and what is appended is taken by us and by others. */
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import { makeTimestampAuthority, type TimestampAuthority } from '../../../fixtures/pki/timestamp-authority.ts'
import type { KeyProvider } from '../../../signing/keys/key-provider.ts'
import { type SigningOptions, signPdf, signPdfRevision } from '../../../signing/pdf/sign-pdf.ts'
import { verifyPdf } from '../../../signing/pdf/verify-pdf.ts'
import { requireProgram } from '../../support/programs.ts'
import { policyOf, seedTime } from '../cms/signatures.ts'
import { inFolder, pdfsigReport, qpdfComplaints } from './checkers.ts'
import { codeOf } from './code-of.ts'
import { type OddPdfOptions, oddField, oddPdf, plainPdf } from './odd-pdf.ts'
import { makeSigners, type Signers } from './signers.ts'
import { fontBytes, smallPdf } from './small-pdf.ts'

/** What `mutool` has to complain about while it reads and draws all pages; empty when nothing. */
function mutoolComplaints(pdf: Uint8Array): string {
  return inFolder({ 'file.pdf': pdf }, (cwd) => {
    const args = ['draw', '-q', '-F', 'txt', '-o', 'out.txt', 'file.pdf']
    const { status, stderr } = spawnSync('mutool', args, { cwd, encoding: 'utf8' })
    const complaints = stderr.split('\n').filter((line) => line !== '' && !line.includes('ICC support'))
    return status === 0 && complaints.length === 0 ? '' : `${status} ${complaints.join('\n')}`
  })
}

function viaQpdf(pdf: Uint8Array, ...options: string[]): Uint8Array {
  return inFolder({ 'in.pdf': pdf }, (cwd) => {
    execFileSync('qpdf', [...options, 'in.pdf', 'out.pdf'], { cwd, stdio: 'ignore' })
    return readFileSync(join(cwd, 'out.pdf'))
  })
}

describe('signing files of every structure', () => {
  let signers: Signers
  let rsa: Signers
  let authority: TimestampAuthority
  let keys: readonly KeyProvider[]

  before(async () => {
    signers = await makeSigners()
    rsa = await makeSigners('RSA-2048', { rsaPadding: 'pkcs1' })
    authority = makeTimestampAuthority({ pki: signers.pki, clock: () => seedTime })
    const pss = await makeSigners('RSA-2048')
    keys = [signers.individual, rsa.individual, pss.individual]
    trust = [signers.pki.root, rsa.pki.root, pss.pki.root]
  })
  let trust: readonly Uint8Array[] = []

  const policy = () => policyOf(signers.pki, { trustAnchors: trust })

  async function signAndCheck(pdf: Uint8Array, options: Partial<SigningOptions> = {}): Promise<Uint8Array> {
    const signed = await signPdf(pdf, {
      key: signers.individual,
      field: 'Signature1',
      signingTime: seedTime,
      name: 'Người ký 1',
      ...options,
    })
    expect(Buffer.compare(signed.subarray(0, pdf.length), pdf), 'earlier bytes').to.equal(0)
    const { password } = options
    const report = verifyPdf(signed, policy(), password === undefined ? {} : { password })
    const [first] = report.signatures
    expect(report.indication, JSON.stringify([report.errors, first?.changes, first?.warnings])).to.equal(
      'TOTAL_PASSED',
    )
    expect(report.signatures.at(-1)?.coverage).to.equal('whole-file')
    return signed
  }

  const random: fc.Arbitrary<OddPdfOptions> = fc.record({
    eol: fc.constantFrom('\n', '\r', '\r\n'),
    crossReference: fc.constantFrom('table', 'stream', 'hybrid'),
    compressed: fc.constantFrom('nothing', 'form', 'everything'),
    acroForm: fc.constantFrom('none', 'direct', 'indirect'),
    annotations: fc.constantFrom('none', 'direct', 'indirect'),
    pages: fc.integer({ min: 1, max: 4 }),
    nested: fc.boolean(),
    updates: fc.integer({ min: 0, max: 3 }),
    tail: fc.constantFrom('', '\n', '\r', '\r\n', ' \n\n', '\0\0\n'),
    generation: fc.constantFrom(0, 3),
    gap: fc.boolean(),
    filler: fc.uint8Array({ maxLength: 200 }),
  })

  /** Every level and kind of signature. */
  const levels: readonly ((page: number) => Partial<SigningOptions>)[] = [
    () => ({}),
    () => ({ timestamp: authority.provider }),
    () => ({ certify: 2, lock: { action: 'All' } }),
    (page) => ({
      place: { page, left: 10, bottom: 10, width: 120, height: 40 },
      appearance: { fontBytes, lines: ['Ký bởi: cơ quan'] },
    }),
  ]

  it('keeps every earlier byte and passes, at every level, by every algorithm', async () => {
    await fc.assert(
      fc.asyncProperty(
        random,
        fc.nat(levels.length - 1),
        fc.nat(2),
        fc.boolean(),
        async (options, level, key, own) => {
          const pdf = oddPdf(options)
          const chosen = levels[level]?.(options.pages) ?? {}
          const field =
            own && options.acroForm !== 'none' && options.annotations !== 'none' ? oddField : 'Signature1'
          const signer = keys[key] ?? signers.individual
          const signed = await signAndCheck(pdf, { ...chosen, field, key: signer })
          if ('lock' in chosen) return
          // A second signature of another key in an invisible field leaves the first one standing.
          await signAndCheck(signed, { field: 'Signature2', key: signers.agency })
        },
      ),
      { numRuns: 150 },
    )
  })

  const shapes: readonly (readonly [string, Partial<OddPdfOptions>])[] = [
    ['a table, CR only, no final newline', { eol: '\r', tail: '' }],
    ['a table, CRLF, updated twice', { eol: '\r\n', updates: 2, acroForm: 'direct' }],
    ['a stream, nothing packed', { crossReference: 'stream', annotations: 'indirect' }],
    [
      'a stream, catalog, pages and form packed',
      { crossReference: 'stream', compressed: 'everything', acroForm: 'indirect', annotations: 'indirect' },
    ],
    [
      'a stream, packed and updated',
      {
        crossReference: 'stream',
        compressed: 'everything',
        updates: 2,
        acroForm: 'direct',
        annotations: 'direct',
      },
    ],
    [
      'a hybrid, the form packed',
      { crossReference: 'hybrid', compressed: 'form', acroForm: 'indirect', annotations: 'direct' },
    ],
    ['zeros after the end', { tail: '\0\0\n' }],
    ['generations and gaps', { generation: 3, gap: true, nested: true, pages: 3 }],
  ]
  for (const [label, shape] of shapes) {
    it(`is taken by pdfsig, qpdf and mutool: ${label}`, async function () {
      for (const program of ['pdfsig', 'certutil', 'qpdf', 'mutool']) requireProgram(this, program)
      const pdf = oddPdf(shape)
      expect(qpdfComplaints(pdf), 'the input').to.equal('')
      const once = await signAndCheck(pdf, { key: rsa.individual, timestamp: authority.provider })
      const twice = await signAndCheck(once, { key: rsa.agency, field: 'Signature2' })
      expect(qpdfComplaints(twice)).to.equal('')
      expect(mutoolComplaints(twice)).to.equal('')
      const report = pdfsigReport(twice, rsa.pki.root)
      expect(report.match(/Signature is Valid/g)).to.have.length(2)
      expect(report.match(/Certificate is Trusted/g)).to.have.length(2)
    })
  }

  it('signs linearised files', async function () {
    for (const program of ['pdfsig', 'certutil', 'qpdf']) requireProgram(this, program)
    for (const streams of ['generate', 'disable']) {
      const pdf = viaQpdf(await smallPdf({ pages: 3 }), '--linearize', `--object-streams=${streams}`)
      const signed = await signAndCheck(pdf, { key: rsa.individual, field: 'congvan.signature.individual' })
      expect(qpdfComplaints(signed).replace(/WARNING.*linearization.*\n?/gi, '')).not.to.match(
        /error|damaged/i,
      )
      expect(pdfsigReport(signed, rsa.pki.root)).to.contain('Signature is Valid')
    }
  })

  const ciphers = [
    ['RC4, 40 bits', ['--allow-weak-crypto', '--encrypt', '', 'owner', '40', '--']],
    ['RC4, 128 bits', ['--allow-weak-crypto', '--encrypt', '', 'owner', '128', '--use-aes=n', '--']],
    ['AES, 128 bits', ['--allow-weak-crypto', '--encrypt', '', 'owner', '128', '--use-aes=y', '--']],
    ['AES, 256 bits', ['--encrypt', '', 'owner', '256', '--']],
    ['AES, 256 bits, with a password', ['--encrypt', 'người dùng', 'owner', '256', '--']],
  ] as const
  for (const [label, args] of ciphers) {
    for (const streams of ['generate', 'disable']) {
      it(`signs encrypted files with their own key: ${label}, object streams ${streams}`, async function () {
        for (const program of ['pdfsig', 'certutil', 'qpdf']) requireProgram(this, program)
        const pdf = viaQpdf(await smallPdf(), ...args, `--object-streams=${streams}`)
        const password = args[args.indexOf('--encrypt') + 1] ?? ''
        const opened = password === '' ? {} : { password }
        if (password !== '') {
          expect(await codeOf(() => signAndCheck(pdf))).to.equal('PDF_ENCRYPTED')
          expect(await codeOf(() => signAndCheck(pdf, { password: 'x' }))).to.equal('PDF_PASSWORD_WRONG')
        }
        const signed = await signAndCheck(pdf, {
          ...opened,
          key: rsa.individual,
          field: 'congvan.signature.individual',
          reason: 'Lý do phải mã hóa',
          appearance: { fontBytes, lines: ['Chữ trong ô'] },
        })
        expect(Buffer.from(signed).includes('(Lý do')).to.equal(false)
        // Another program deciphers what was appended, and finds the text and the reason in it.
        const plain = viaQpdf(
          signed,
          ...(password === '' ? [] : [`--password=${password}`]),
          '--decrypt',
          '--qdf',
        )
        const reason = Buffer.from('\ufeffLý do phải mã hóa', 'utf16le').swap16()
        const text = Buffer.from(plain).toString('latin1')
        expect(
          text.includes(reason.toString('latin1')) || text.includes(reason.toString('hex')),
          'reason',
        ).to.equal(true)
        expect(text).to.contain(' Tj')
        if (password === '') expect(pdfsigReport(signed, rsa.pki.root)).to.contain('Signature is Valid')
      })
    }
  }

  it('answers the revision alone where that is asked for', async () => {
    const pdf = oddPdf(plainPdf)
    const options = { key: rsa.individual, field: 'Signature1', signingTime: seedTime }
    const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
    const revision = await signPdfRevision(pdf, options)
    expect(digest(Buffer.concat([pdf, revision]))).to.equal(digest(await signPdf(pdf, options)))
  })

  it('refuses by name what cannot be signed without doubt', async () => {
    const pdf = Buffer.from(oddPdf(plainPdf))
    const cases: readonly (readonly [string, Uint8Array])[] = [
      ['no end', pdf.subarray(0, -6)],
      [
        'no cross-reference',
        Buffer.from(pdf.toString('latin1').replace(/startxref\n\d+/, 'startxref\n7'), 'latin1'),
      ],
      ['no header', pdf.subarray(5)],
      [
        'a page tree that runs in a circle',
        Buffer.from(pdf.toString('latin1').replace('/Kids [8 0 R]', '/Kids [2 0 R]'), 'latin1'),
      ],
    ]
    for (const [what, bytes] of cases)
      expect(await codeOf(() => signAndCheck(bytes)), what).to.equal('PDF_MALFORMED')
  })
})
