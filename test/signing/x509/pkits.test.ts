import { expect } from 'chai'
import { SigningError } from '../../../signing/errors.ts'
import { validateCertificatePath } from '../../../signing/x509/path.ts'
import { Confusion, list, readCsv, requireCorpus } from './corpora.ts'

/** NIST PKITS 1.0.1: its moment lies within the validity of all its good certificates. */
const moment = new Date('2013-01-01T00:00:00Z')

describe('path validation: NIST PKITS', () => {
  it('lets no bad path pass and most good ones', function () {
    const read = requireCorpus(this, 'x509/pkits')
    const confusion = new Confusion()
    const falsePasses: string[] = []
    for (const row of readCsv(read('index.csv'))) {
      // Rows with parameters ask for policies by the caller, which this library does not take.
      if (row.params !== '') continue
      const found = judge(row, read)
      confusion.add(row.expected ?? '', found)
      if (row.expected === 'INVALID' && found === 'TOTAL_PASSED') falsePasses.push(row.name ?? '')
    }
    confusion.print('PKITS: expected → found')
    expect(falsePasses).to.deep.equal([])
    // The others need policies, indirect or partial CRLs, DSA, or a CRL signed by another key of the CA.
    expect(confusion.count('VALID', 'TOTAL_PASSED')).to.be.at.least(53)
  })
})

function judge(row: Readonly<Record<string, string>>, read: (file: string) => Uint8Array): string {
  try {
    const { indication, subIndication } = validateCertificatePath({
      certificate: read(row.cert ?? ''),
      intermediates: list(row.other).map(read),
      trustAnchors: [read(row.root ?? '')],
      crls: [...list(row.crls), 'crls/TrustAnchorRootCRL.crl'].map(read),
      ocspResponses: [],
      time: moment,
      requireRevocation: true,
      purpose: 'any',
    })
    return subIndication ?? indication
  } catch (error) {
    if (error instanceof SigningError) return error.code
    throw error
  }
}
