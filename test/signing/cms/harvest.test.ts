import { expect } from 'chai'
import { verifyCms } from '../../../signing/cms/verify-cms.ts'
import { Confusion, list, readCsv, requireCorpus } from '../../support/corpora.ts'

/** Rows judged otherwise there: the issuer has characters that the other program cannot compare. */
const other = ['cms/f82ae11279a20164.p7s']

describe('CMS files of another suite', () => {
  it('have the same facts about digest and signature value', function () {
    const read = requireCorpus(this, 'pyhanko-harvest')
    const confusion = new Confusion()
    const contradictions: string[] = []
    for (const row of readCsv(read('index.csv'))) {
      // A row with a bare digest has no content to verify.
      if (row.kind !== 'cms' || row.raw_digest !== '' || other.includes(row.file ?? '')) continue
      const content = row.content === '' ? null : read(row.content ?? '')
      const report = verifyCms(read(row.file ?? ''), content, {
        trustAnchors: list(row.trust).map(read),
        untrusted: [],
        crls: [],
        ocspResponses: [],
        time: new Date(row.at ?? ''),
        requireRevocation: false,
        legacy: false,
        profile: 'any',
      })
      const found = report.signatures[0]?.cryptoIntact ?? null
      confusion.add(`intact ${row.crypto_intact}`, String(found))
      const expected = row.crypto_intact === 'true' ? true : row.crypto_intact === 'false' ? false : null
      if (expected !== null && found !== null && found !== expected) contradictions.push(row.file ?? '')
      if (row.verdict === 'INVALID' && expected === false && report.indication === 'TOTAL_PASSED') {
        contradictions.push(`${row.file} passed`)
      }
    }
    confusion.print('pyHanko CMS: expected → found')
    expect(contradictions).to.deep.equal([])
    expect(confusion.count('intact true', 'true')).to.be.at.least(40)
    expect(confusion.count('intact false', 'false')).to.be.at.least(4)
  })
})
