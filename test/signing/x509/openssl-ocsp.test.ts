import { expect } from 'chai'
import { validateCertificatePath } from '../../../signing/x509/path.ts'
import { list, readCsv, requireCorpus, toDer } from '../../support/corpora.ts'

/** Rows labelled valid that stay undecided here, with the reason. */
const differences: Readonly<Record<string, string>> = {
  delegated_with_intermediate_success: 'no answer about the CA in the middle is given',
  delegated_success:
    'the responder has neither id-pkix-ocsp-nocheck nor a status of its own; RFC 6960 section 4.2.2.2.1 leaves it to policy',
}

describe('OCSP: vectors of OpenSSL', () => {
  it('never takes a forged, misdirected or stale answer, and the direct good ones', function () {
    const read = requireCorpus(this, 'x509/openssl-ocsp')
    const rows = readCsv(read('index.csv'))
    const unmet: string[] = []
    const undecided = new Set<string>()
    for (const row of rows) {
      const { indication, subIndication } = validateCertificatePath({
        certificate: toDer(read(row.cert ?? '')),
        intermediates: list(row.other).map((file) => toDer(read(file))),
        trustAnchors: [toDer(read(row.root ?? ''))],
        crls: [],
        // Base64 without armour.
        ocspResponses: list(row.ocsps).map((file) =>
          Buffer.from(Buffer.from(read(file)).toString('latin1'), 'base64'),
        ),
        time: new Date(row.moment ?? ''),
        requireRevocation: true,
        purpose: 'any',
      })
      if ((row.expected === 'VALID') !== (indication === 'TOTAL_PASSED')) unmet.push(row.name ?? '')
      if (indication !== 'TOTAL_PASSED') undecided.add(`${indication}/${subIndication}`)
    }
    expect(rows).to.have.length(29)
    expect(unmet).to.deep.equal(Object.keys(differences))
    expect([...undecided], 'what is not proven is to be tried later').to.deep.equal([
      'INDETERMINATE/TRY_LATER',
    ])
  })
})
