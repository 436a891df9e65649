/** Labelled files of other makers, where the folder with them stands beside the project. */
import { existsSync, readFileSync } from 'node:fs'
import { expect } from 'chai'
import { SigningError } from '../../../signing/errors.ts'
import { verifyPdf } from '../../../signing/pdf/verify-pdf.ts'
import type { VerificationReport } from '../../../signing/report.ts'
import { readCsv } from '../../support/corpora.ts'

const corpora = new URL('../../../../shared/corpora/', import.meta.url)

/**
 * Files whose later revisions this verifier fails though the other one does not: a string that nothing leads to, a
 * trailer without a catalog, an update for some readers only, and evidence taken out of the security store that an
 * earlier signature did not have.
 */
const strict: ReadonlySet<string> = new Set([
  'pdf/b9a8c88d1fddc9c7.pdf',
  'pdf/5e277e30209273ed.pdf',
  'pdf/ecb388d6de933e55.pdf',
  'pdf/b3e3ce435a07bef0.pdf',
  'pdf/3c65a92d1d4cf7ce.pdf',
  'pdf/5b3df7bdc0e45fbb.pdf',
])

function verify(file: URL, trust: readonly Uint8Array[], at: string): VerificationReport {
  return verifyPdf(readFileSync(file), {
    trustAnchors: trust,
    untrusted: [],
    crls: [],
    ocspResponses: [],
    time: new Date(at),
    requireRevocation: false,
    legacy: false,
    profile: 'any',
  })
}

describe('labelled PDFs', () => {
  before(function () {
    if (existsSync(corpora)) return
    process.stderr.write(`      skipped: the labelled files are not at ${corpora.pathname}\n`)
    this.skip()
  })

  it('lets no attack pass and fails no control', () => {
    const folder = new URL('pdf-attacks-synth/', corpora)
    const pem = readFileSync(new URL('ca.pem', folder), 'latin1')
    const root = Buffer.from(pem.replace(/-----[^-]+-----/g, ''), 'base64')
    const rows = readCsv(readFileSync(new URL('index.csv', folder)))
    expect(rows.length).to.be.greaterThan(30)
    for (const { file = '', verdict, crypto_intact: intact, at = '' } of rows) {
      const report = verify(new URL(file, folder), [root], at)
      if (verdict === 'VALID') expect(report.indication, file).to.equal('TOTAL_PASSED')
      else expect(report.indication, file).not.to.equal('TOTAL_PASSED')
      const [first] = report.signatures
      // Where the signer's certificate is not at hand there is nothing to check the value with.
      if (first === undefined || first.cryptoIntact === null || intact === 'n/a') continue
      expect(String(first.cryptoIntact), file).to.equal(intact)
    }
  })

  it('agrees with another verifier about changes and cryptography wherever both have an opinion', function () {
    this.timeout(120_000)
    const folder = new URL('pyhanko-harvest/', corpora)
    const rows = readCsv(readFileSync(new URL('index.csv', folder))).filter(
      (row) => row.kind === 'pdf' && row.encrypted === '',
    )
    const disagreements: string[] = []
    let compared = 0
    for (const row of rows) {
      const { file = '', field, trust = '', at = '', custom } = row
      if (custom !== '' || row.crypto_intact === 'n/a') continue
      const anchors = trust.split(/[ ;]/).filter(Boolean)
      const roots = anchors.map((name) => readFileSync(new URL(name, folder)))
      const report = verify(new URL(file, folder), roots, at || '2020-11-01T00:00:00Z')
      const found = report.signatures.find((signature) => signature.field === field)
      const unsupported = found?.warnings.some(({ code }) => code === 'ALGORITHM_UNSUPPORTED') === true
      if (found === undefined || unsupported) continue
      compared += 1
      if (found.cryptoIntact !== null && String(found.cryptoIntact) !== row.crypto_intact)
        disagreements.push(`${file} ${field}: cryptography`)
      if (row.sub === 'MODIFIED' && found.changesAfter !== 'forbidden')
        disagreements.push(`${file} ${field}: changes`)
      const isPermitted = ['LTA_UPDATES', 'FORM_FILLING'].includes(row.modification_level ?? '')
      if (row.verdict === 'VALID' && isPermitted && !strict.has(file) && found.changesAfter === 'forbidden')
        disagreements.push(`${file} ${field}: permitted changes`)
      if (row.verdict === 'VALID' && row.modification_level === 'NONE' && found.changesAfter !== 'none') {
        disagreements.push(`${file} ${field}: no changes`)
      }
    }
    expect(compared).to.be.greaterThan(300)
    expect(disagreements).to.deep.equal([])
  })

  it('ends with a verdict or an error of its own on files of odd structure', () => {
    const folder = new URL('pyhanko-static/pdf/', corpora)
    for (const name of [
      'minimal-startxref-hopeless.pdf',
      'broken-objstream1.pdf',
      'broken-objstream6.pdf',
      'minimal-startxref-obo1.pdf',
    ]) {
      try {
        expect(verify(new URL(name, folder), [], '2026-01-01T00:00:00Z').indication, name).not.to.equal(
          'TOTAL_PASSED',
        )
      } catch (error) {
        expect(error, name).to.be.instanceOf(SigningError)
      }
    }
  })
})
