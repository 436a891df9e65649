/** Small signed documents of every level and structure, for changes of their bytes. */
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeTimestampAuthority } from '../../../fixtures/pki/timestamp-authority.ts'
import type { KeyProvider } from '../../../signing/keys/key-provider.ts'
import { readSignedBytes } from '../../../signing/pdf/byte-range.ts'
import { addDocumentTimestamp } from '../../../signing/pdf/document-timestamp.ts'
import { findSignatures } from '../../../signing/pdf/find-signatures.ts'
import { pdfDict } from '../../../signing/pdf/objects.ts'
import { openPdf } from '../../../signing/pdf/pdf-file.ts'
import { type SigningOptions, signPdf } from '../../../signing/pdf/sign-pdf.ts'
import type { VerificationPolicy } from '../../../signing/policy.ts'
import { policyOf, seedTime } from '../cms/signatures.ts'
import { inFolder } from './checkers.ts'
import { type OddPdfOptions, oddField, oddPdf } from './odd-pdf.ts'
import { makePng } from './pictures.ts'
import { issueLetter, makeSigners } from './signers.ts'
import { smallPdf } from './small-pdf.ts'

export interface MutationSample {
  readonly name: string
  readonly bytes: Uint8Array
  readonly policy: VerificationPolicy
  readonly password: { readonly password?: string }
  /** Takes several times as long to verify as a document with one signature. */
  readonly heavy: boolean
  /** A signature has a time-stamp, which it does not cover itself. */
  readonly stamped: boolean
  /** Offsets of the values of all `/Contents`, from the first digit to the `>`. */
  readonly contents: readonly (readonly [start: number, end: number])[]
  /** Offsets around which structure stands. */
  readonly hot: readonly number[]
}

/** Every sample is signed to its last byte, so that any change anywhere is one of signed bytes. */
export async function makeSamples(): Promise<readonly MutationSample[]> {
  const signers = await makeSigners()
  const rsa = await makeSigners('RSA-2048')
  const authority = makeTimestampAuthority({ pki: signers.pki, clock: () => seedTime })
  // The issuing CA is the anchor, so that no certificate but the signer's need stand in the file.
  const short = (key: KeyProvider): KeyProvider => ({ ...key, chain: [] })
  const policy = policyOf(signers.pki, {
    trustAnchors: [signers.pki.governmentCa, rsa.pki.governmentCa, signers.pki.root, rsa.pki.root],
  })
  const sign = (pdf: Uint8Array, options: Partial<SigningOptions> = {}) =>
    signPdf(pdf, { key: short(signers.agency), field: 'S', signingTime: seedTime, ...options })
  const odd = (changes: Partial<OddPdfOptions>, options: Partial<SigningOptions> = {}) =>
    sign(oddPdf(changes), options)
  const packed = { crossReference: 'stream', compressed: 'everything' } as const
  const form = { acroForm: 'indirect', annotations: 'indirect' } as const
  const image = makePng({ width: 4, height: 4, type: 6, pixel: (x, y) => [x * 60, y * 60, 0, 128] })

  const made: [name: string, bytes: Uint8Array, password?: string][] = [
    ['B-B, table', await odd({})],
    ['B-B, RSA-PSS, CR only', await odd({ eol: '\r', tail: '' }, { key: short(rsa.agency) })],
    ['B-B, stream, all packed, own field', await odd({ ...packed, ...form }, { field: oddField })],
    ['B-B, hybrid', await odd({ crossReference: 'hybrid', compressed: 'form', ...form })],
    ['B-T', await odd({ updates: 1 }, { timestamp: authority.provider, timestampSize: 3072 })],
    ['certified, locked', await odd({ ...form }, { certify: 1, lock: { action: 'All', permission: 1 } })],
    [
      'visible picture',
      await odd(
        { nested: true, pages: 2 },
        {
          place: { page: 2, left: 10, bottom: 10, width: 40, height: 20 },
          appearance: { image },
        },
      ),
    ],
    ['two signatures', await sign(await odd({}), { field: 'T', key: short(signers.individual) })],
    ['issued letter', (await issueLetter(await smallPdf(), signers)).issued],
    [
      'document time-stamp',
      await addDocumentTimestamp(await odd({}), { timestamp: authority.provider, tokenSize: 4096 }),
    ],
  ]
  if (spawnSync('sh', ['-c', 'command -v qpdf'], { stdio: 'ignore' }).status === 0) {
    const encrypted = inFolder({ 'in.pdf': oddPdf({ ...form }) }, (cwd) => {
      execFileSync(
        'qpdf',
        ['--allow-weak-crypto', '--encrypt', 'u', 'o', '128', '--use-aes=y', '--', 'in.pdf', 'out.pdf'],
        {
          cwd,
          stdio: 'ignore',
        },
      )
      return readFileSync(join(cwd, 'out.pdf'))
    })
    made.push(['encrypted', await sign(encrypted, { password: 'u' }), 'u'])
  }
  return made.map(([name, bytes, password]) => ({
    name,
    bytes,
    policy,
    heavy: ['two signatures', 'issued letter', 'document time-stamp'].includes(name),
    stamped: name === 'B-T',
    password: password === undefined ? {} : { password },
    ...placesOf(bytes, password),
  }))
}

function placesOf(bytes: Uint8Array, password: string | undefined): Pick<MutationSample, 'contents' | 'hot'> {
  const file = openPdf(bytes, password === undefined ? {} : { password })
  const contents = findSignatures(file).signatures.map(({ dict }): readonly [number, number] => {
    const { range } = readSignedBytes(bytes, dict ?? pdfDict({}))
    if (range === undefined) throw new Error('no signature')
    return [range[1] + 1, range[2] - 1]
  })
  const hot = [
    ...Buffer.from(bytes)
      .toString('latin1')
      .matchAll(/ obj|xref|trailer|%%EOF|\/ByteRange|\/Root|\/Fields|\/AP/g),
  ]
  return { contents, hot: [...hot.map(({ index }) => index), ...contents.flat()] }
}
