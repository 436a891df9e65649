/** A signature that waits for its value, stored as text and completed in another process. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { SigningError } from '../../../signing/errors.ts'
import { letterFields } from '../../../signing/pdf/letter-fields.ts'
import {
  loadPreparedSignature,
  type PreparedSignature,
  storePreparedSignature,
} from '../../../signing/pdf/prepared-signature.ts'
import { completeSignature, prepareSignature } from '../../../signing/pdf/sign-pdf.ts'
import { verifyPdf } from '../../../signing/pdf/verify-pdf.ts'
import { policyOf, seedTime } from '../cms/signatures.ts'
import { inFolder } from './checkers.ts'
import { codeOf } from './code-of.ts'
import { makeSigners, type Signers } from './signers.ts'
import { smallPdf } from './small-pdf.ts'

describe('a prepared signature in store', () => {
  let signers: Signers
  let pdf: Uint8Array
  let prepared: PreparedSignature
  let stored: string

  before(async () => {
    signers = await makeSigners()
    pdf = await smallPdf()
    const field = letterFields.individualSignature
    prepared = prepareSignature(pdf, { field, signingTime: seedTime, signer: signers.individual })
    stored = storePreparedSignature(prepared)
  })

  it('is text without the document, and comes back as it was', () => {
    expect(stored.length).to.be.lessThan(2 * (prepared.bytes.length - pdf.length) + 8000)
    expect(loadPreparedSignature(stored, pdf)).to.deep.equal(prepared)
    expect(
      Buffer.from(prepared.bytes.subarray(0, prepared.originalLength)).equals(Buffer.from(pdf)),
    ).to.equal(true)
  })

  it('is completed by another process that has the document, the text and the value', async () => {
    const value = await signers.individual.sign(prepared.signedAttributes)
    const library = (name: string): string =>
      JSON.stringify(new URL(`../../../signing/pdf/${name}.ts`, import.meta.url).href)
    const script = `
      import { readFileSync, writeFileSync } from 'node:fs'
      import { loadPreparedSignature } from ${library('prepared-signature')}
      import { completeSignature } from ${library('sign-pdf')}
      const prepared = loadPreparedSignature(readFileSync('stored.json', 'utf8'), readFileSync('in.pdf'))
      writeFileSync('out.pdf', completeSignature(prepared, readFileSync('value')))
    `
    const signed = inFolder({ 'in.pdf': pdf, 'stored.json': stored, value, 'run.ts': script }, (cwd) => {
      const run = spawnSync(process.execPath, ['run.ts'], { cwd, encoding: 'utf8' })
      if (run.status !== 0) throw new Error(run.stderr)
      return readFileSync(join(cwd, 'out.pdf'))
    })
    expect(verifyPdf(signed, policyOf(signers.pki)).indication).to.equal('TOTAL_PASSED')
    expect(signed.subarray(0, pdf.length).equals(Buffer.from(pdf))).to.equal(true)
  })

  it('is refused with another document', async () => {
    const changed = Uint8Array.from(pdf)
    changed[30] = (changed[30] ?? 0) ^ 1
    const others = [changed, pdf.subarray(0, -1), Buffer.concat([pdf, Buffer.from('\n')]), new Uint8Array(0)]
    for (const other of others) {
      expect(await codeOf(() => loadPreparedSignature(stored, other))).to.equal('PREPARED_SIGNATURE_MISMATCH')
    }
  })

  it('is refused when anything of the text was changed, at the latest with the value', async () => {
    const value = await signers.individual.sign(prepared.signedAttributes)
    const record: Record<string, unknown> = JSON.parse(stored)
    const outcome = async (changes: Record<string, unknown>): Promise<string> => {
      const text = JSON.stringify({ ...record, ...changes })
      return codeOf(() => completeSignature(loadPreparedSignature(text, pdf), value))
    }
    expect(await outcome({})).to.equal('no error')
    const revision = Buffer.from(String(record.revision), 'base64')
    revision[40] = (revision[40] ?? 0) ^ 1
    const mismatch = {
      revision: revision.toString('base64'),
      signedAttributes: Buffer.from('3000', 'hex').toString('base64'),
      digest: Buffer.alloc(32).toString('base64'),
      digestAlgorithm: 'SHA-384',
      byteRange: [0, pdf.length, pdf.length + 2, prepared.bytes.length - pdf.length - 2],
      chain: [],
    }
    for (const [key, changed] of Object.entries(mismatch)) {
      expect(await outcome({ [key]: changed }), key).to.equal('PREPARED_SIGNATURE_MISMATCH')
    }
    const malformed: Record<string, unknown[]> = {
      format: ['congvan.prepared-signature/2', null],
      byteRange: [[0, 1], [0, 1, 2, 3], [0, 0, pdf.length, 5], 'x', [0, pdf.length, 1e300, 2]],
      digestAlgorithm: ['MD5', 1],
      signatureScheme: ['none'],
      certificate: ['***', 5],
      chain: ['x', [5], ['***']],
      field: [7],
      revision: ['not base64 !'],
    }
    for (const [key, values] of Object.entries(malformed)) {
      for (const changed of values) {
        expect(await outcome({ [key]: changed }), `${key} ${changed}`).to.equal(
          'PREPARED_SIGNATURE_MALFORMED',
        )
      }
    }
    for (const text of ['', 'null', '[]', '7', '{}', '{"format"'])
      expect(await codeOf(() => loadPreparedSignature(text, pdf)), text).to.equal(
        'PREPARED_SIGNATURE_MALFORMED',
      )
  })

  it('tells what is wrong in both languages', () => {
    try {
      loadPreparedSignature(stored, new Uint8Array(0))
    } catch (error) {
      if (!(error instanceof SigningError)) throw error
      expect(error.messageIn('vi')).to.contain('không khớp')
      return
    }
    throw new Error('no error')
  })
})
