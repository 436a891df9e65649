/** What a form demands of the signature in a field, asked of signatures by programs that do not obey (table 237). */
import { expect } from 'chai'
import { makeTimestampAuthority } from '../../../fixtures/pki/timestamp-authority.ts'
import { RevisionWriter } from '../../../signing/pdf/append-writer.ts'
import { findSignatures } from '../../../signing/pdf/find-signatures.ts'
import { findField, readForm } from '../../../signing/pdf/form.ts'
import { letterFields } from '../../../signing/pdf/letter-fields.ts'
import {
  isDict,
  type PdfDict,
  pdfArray,
  pdfDict,
  pdfName,
  pdfText,
  withEntries,
} from '../../../signing/pdf/objects.ts'
import { openPdf } from '../../../signing/pdf/pdf-file.ts'
import { type SigningOptions, signPdf } from '../../../signing/pdf/sign-pdf.ts'
import { verifyPdf } from '../../../signing/pdf/verify-pdf.ts'
import { policyOf, seedTime, sign } from '../cms/signatures.ts'
import { makeSigners, type Signers } from './signers.ts'
import { smallPdf } from './small-pdf.ts'

const field = letterFields.individualSignature
/** Flags of which none is defined, to be overwritten: the library's own signer obeys. */
const open = 1024

describe('seed values of a signed field', () => {
  let signers: Signers
  let pdf: Uint8Array

  before(async () => {
    signers = await makeSigners()
    pdf = await smallPdf()
  })

  /** The document with the field changed by a revision of its own. */
  function withField(bytes: Uint8Array, changes: Parameters<typeof withEntries>[1]): Uint8Array {
    const file = openPdf(bytes)
    const found = findField(readForm(file.latest), field)
    if (found === undefined) throw new Error(`no field ${field}`)
    const writer = new RevisionWriter(file)
    writer.set(found.reference, withEntries(found.dict, changes))
    return writer.build().bytes
  }

  /** Signs the form, puts the flags into its seed values that nobody obeyed, and signs those bytes. */
  async function disobey(
    SV: PdfDict,
    changes: readonly (readonly [string, string])[],
    options: Partial<SigningOptions> = {},
  ): Promise<Uint8Array> {
    const form = withField(pdf, { SV })
    const signed = Buffer.from(
      await signPdf(form, { key: signers.individual, field, signingTime: seedTime, ...options }),
    )
    for (const [from, to] of changes) {
      expect([signed.includes(from), to.length]).to.deep.equal([true, from.length])
      // The field stands in the file twice: as it was prepared, and with its signature.
      for (let at = signed.indexOf(from); at >= 0; at = signed.indexOf(from, at + 1)) {
        signed.write(to, at, 'latin1')
      }
    }
    const [dict] = findSignatures(openPdf(signed)).signatures.map((one) => one.dict)
    const range = dict?.entries.get('ByteRange')
    if (range === null || typeof range !== 'object' || range.kind !== 'array')
      throw new Error('no byte range')
    const [, start = 0, second = 0] = range.items.map(Number)
    const cms = await sign(
      signers.individual,
      Buffer.concat([signed.subarray(0, start), signed.subarray(second)]),
    )
    if (options.timestamp === undefined) {
      signed.write(
        Buffer.from(cms)
          .toString('hex')
          .padEnd(second - start - 2, '0'),
        start + 1,
        'latin1',
      )
    }
    return signed
  }

  const flags = (value: number) => [`/Ff ${open}`, `/Ff ${String(value).padStart(4, '0')}`] as const
  const found = (bytes: Uint8Array) => {
    const [one] = verifyPdf(bytes, policyOf(signers.pki)).signatures
    const seeds = one?.warnings.filter(({ code }) => code.startsWith('SEED_VALUE')) ?? []
    return {
      verdict: String(one?.subIndication ?? one?.indication),
      seeds: seeds.map(({ code, message }) => `${code} ${/\/([A-Za-z/]+)/.exec(message)?.[1]}`),
    }
  }
  const names = (...list: string[]) => pdfArray(list.map(pdfName))
  const texts = (...list: string[]) => pdfArray(list.map(pdfText))
  const der = (bytes: Uint8Array) => pdfArray([{ kind: 'string', bytes, hex: true }])
  const seed = (entries: Parameters<typeof pdfDict>[0]) => pdfDict({ ...entries, Ff: open })

  const met: ReturnType<typeof found> = { verdict: 'TOTAL_PASSED', seeds: [] }
  const violated = (entry: string) => ({
    verdict: 'SIG_CONSTRAINTS_FAILURE',
    seeds: [`SEED_VALUE_VIOLATED ${entry}`],
  })
  const unknown = (entry: string) => ({
    verdict: 'SIG_CONSTRAINTS_FAILURE',
    seeds: [`SEED_VALUE_NOT_EVALUATED ${entry}`],
  })

  interface Case {
    readonly what: string
    readonly SV: PdfDict
    readonly flag: number
    readonly options?: Partial<SigningOptions>
    readonly expected: ReturnType<typeof found>
  }

  const cases: readonly Case[] = [
    {
      what: 'another handler',
      SV: seed({ Filter: pdfName('Other') }),
      flag: 1,
      expected: violated('Filter'),
    },
    { what: 'the handler', SV: seed({ Filter: pdfName('Adobe.PPKLite') }), flag: 1, expected: met },
    {
      what: 'another format',
      SV: seed({ SubFilter: names('adbe.pkcs7.detached') }),
      flag: 2,
      expected: violated('SubFilter'),
    },
    {
      what: 'one of two formats',
      SV: seed({ SubFilter: names('adbe.pkcs7.detached', 'ETSI.CAdES.detached') }),
      flag: 2,
      expected: met,
    },
    { what: 'a version to come', SV: seed({ V: 4 }), flag: 4, expected: unknown('V') },
    { what: 'the version of PDF 2.0', SV: seed({ V: 3 }), flag: 4, expected: met },
    {
      what: 'a reason that was given',
      SV: seed({ Reasons: texts('Ký duyệt', 'Ký ban hành') }),
      flag: 8,
      options: { reason: 'Ký ban hành' },
      expected: met,
    },
    {
      what: 'another reason',
      SV: seed({ Reasons: texts('Ký duyệt') }),
      flag: 8,
      options: { reason: 'Ký ban hành' },
      expected: violated('Reasons'),
    },
    { what: 'a reason, of none', SV: seed({ Reasons: texts('x') }), flag: 8, expected: violated('Reasons') },
    { what: 'no reason', SV: seed({}), flag: 8, options: { reason: 'x' }, expected: violated('Reasons') },
    {
      what: 'no reason by a period',
      SV: seed({ Reasons: texts('.') }),
      flag: 8,
      options: { reason: 'x' },
      expected: violated('Reasons'),
    },
    { what: 'no reason, of none', SV: seed({ Reasons: texts('.') }), flag: 8, expected: met },
    {
      what: 'an attestation',
      SV: seed({ LegalAttestation: texts('x') }),
      flag: 16,
      expected: violated('LegalAttestation'),
    },
    { what: 'revocation data', SV: seed({ AddRevInfo: true }), flag: 32, expected: violated('AddRevInfo') },
    { what: 'no revocation data', SV: seed({ AddRevInfo: false }), flag: 32, expected: met },
    {
      what: 'another digest',
      SV: seed({ DigestMethod: texts('SHA512') }),
      flag: 64,
      expected: violated('DigestMethod'),
    },
    { what: 'the digest', SV: seed({ DigestMethod: texts('SHA1', 'SHA256') }), flag: 64, expected: met },
    {
      what: 'a locked document',
      SV: seed({ LockDocument: pdfName('true') }),
      flag: 128,
      options: { certify: 2 },
      expected: violated('LockDocument'),
    },
    {
      what: 'a locked document, by certification',
      SV: seed({ LockDocument: pdfName('true') }),
      flag: 128,
      options: { certify: 1 },
      expected: met,
    },
    {
      what: 'a locked document, by the field',
      SV: seed({ LockDocument: pdfName('true') }),
      flag: 128,
      options: { lock: { action: 'All', permission: 1 } },
      expected: met,
    },
    {
      what: 'an open document',
      SV: seed({ LockDocument: pdfName('false') }),
      flag: 128,
      options: { certify: 1 },
      expected: violated('LockDocument'),
    },
    { what: 'the signer to choose', SV: seed({ LockDocument: pdfName('auto') }), flag: 128, expected: met },
    {
      what: 'an appearance',
      SV: seed({ AppearanceFilter: pdfText('x') }),
      flag: 256,
      expected: unknown('AppearanceFilter'),
    },
  ]

  for (const { what, SV, flag, options, expected } of cases) {
    it(`demand ${what}: ${expected.seeds[0] ?? 'met'}; as a hint they demand nothing`, async () => {
      expect(found(await disobey(SV, [flags(flag)], options))).to.deep.equal(expected)
      expect(found(await disobey(SV, [], options))).to.deep.equal(met)
    })
  }

  it('demand a time-stamp, which is there or not', async () => {
    const SV = pdfDict({ TimeStamp: pdfDict({ URL: pdfText('http://x'), Ff: open }) })
    expect(found(await disobey(SV, [flags(1)]))).to.deep.equal(violated('TimeStamp'))
    const { provider } = makeTimestampAuthority({ pki: signers.pki, clock: () => seedTime })
    const obeyed = withField(pdf, {
      SV: pdfDict({ TimeStamp: pdfDict({ URL: pdfText('http://x'), Ff: 1 }) }),
    })
    const stamped = await signPdf(obeyed, {
      key: signers.individual,
      field,
      signingTime: seedTime,
      timestamp: provider,
    })
    expect(found(stamped)).to.deep.equal(met)
  })

  for (const [prescribed, certify, expected] of [
    [0, undefined, met],
    [2, 2, met],
    [2, undefined, violated('MDP')],
    [0, 1, violated('MDP')],
    [3, 2, violated('MDP')],
    [7, undefined, unknown('MDP')],
  ] as const) {
    it(`prescribe permission ${prescribed} to a certification of ${certify ?? 'none'}`, async () => {
      const SV = pdfDict({ MDP: pdfDict({ P: certify ?? 0 }) })
      const change = [`/MDP << /P ${certify ?? 0}`, `/MDP << /P ${prescribed}`] as const
      const bytes = await disobey(SV, [change], certify === undefined ? {} : { certify })
      expect(found(bytes)).to.deep.equal(expected)
    })
  }

  it('demand things of the certificate', async () => {
    const { pki } = signers
    const { certificate } = pki.samples.individual
    const text = (pattern: string) => texts(pattern)
    const rows: readonly (readonly [string, PdfDict, number, boolean])[] = [
      ['Subject', pdfDict({ Subject: der(certificate), Ff: open }), 1, true],
      ['Subject', pdfDict({ Subject: der(pki.samples.agency.certificate), Ff: open }), 1, false],
      ['Issuer', pdfDict({ Issuer: der(pki.root), Ff: open }), 2, true],
      ['Issuer', pdfDict({ Issuer: der(certificate), Ff: open }), 2, false],
      ['OID', pdfDict({ Issuer: der(pki.root), OID: text('1.2.3'), Ff: open }), 4, false],
      ['SubjectDN', pdfDict({ SubjectDN: pdfArray([pdfDict({ C: pdfText('vn') })]), Ff: open }), 8, true],
      ['SubjectDN', pdfDict({ SubjectDN: pdfArray([pdfDict({ C: pdfText('XX') })]), Ff: open }), 8, false],
      ['KeyUsage', pdfDict({ KeyUsage: text('X1'), Ff: open }), 32, true],
      ['KeyUsage', pdfDict({ KeyUsage: text('XX1'), Ff: open }), 32, false],
      ['KeyUsage', pdfDict({ KeyUsage: text('XXXXX0'), Ff: open }), 32, true],
    ]
    for (const [entry, Cert, flag, isMet] of rows) {
      const bytes = await disobey(pdfDict({ Cert }), [flags(flag)])
      expect(found(bytes), `${entry} ${isMet}`).to.deep.equal(isMet ? met : violated(`Cert/${entry}`))
    }
    const strange = pdfDict({ SubjectDN: pdfArray([pdfDict({ strange: pdfText('x') })]), Ff: open })
    expect(found(await disobey(pdfDict({ Cert: strange }), [flags(8)]))).to.deep.equal(
      unknown('Cert/SubjectDN'),
    )
  })

  it('count as they were signed: none is added or taken away later', async () => {
    const plain = await signPdf(pdf, { key: signers.individual, field, signingTime: seedTime })
    const added = withField(plain, { SV: pdfDict({ Filter: pdfName('Other'), Ff: 1 }) })
    expect(found(added).seeds).to.deep.equal([])
    const bad = await disobey(seed({ Filter: pdfName('Other') }), [flags(1)])
    const taken = withField(bad, { SV: undefined })
    const dict = findField(readForm(openPdf(taken).latest), field)?.dict
    expect(isDict(dict) && dict.entries.has('SV')).to.equal(false)
    expect(found(taken).seeds).to.deep.equal(['SEED_VALUE_VIOLATED Filter'])
    expect(found(taken).verdict).not.to.equal('TOTAL_PASSED')
  })

  it('that are no dictionary leave the signature undecided', async () => {
    const bad = withField(pdf, { SV: pdfText('what') })
    const signed = await signPdf(bad, { key: signers.individual, field, signingTime: seedTime })
    expect(found(signed)).to.deep.equal(unknown('SV'))
  })
})
