import { expect } from 'chai'
import { SigningError } from '../../../signing/errors.ts'
import { validateCertificatePath } from '../../../signing/x509/path.ts'
import { Confusion, requireCorpus, toDer } from '../../support/corpora.ts'

interface Case {
  readonly id: string
  readonly trusted_certs: readonly string[]
  readonly untrusted_intermediates: readonly string[]
  readonly peer_certificate: string
  readonly validation_time: string | null
  readonly max_chain_depth: number | null
  readonly expected_result: 'SUCCESS' | 'FAILURE'
  readonly crls: readonly string[]
}

const families = ['rfc5280', 'pathlen', 'crl', 'pathological', 'cve']

/**
 * Rows labelled as failures that pass here: most are duties of who issues certificates, to which RFC 5280 section 6
 * ties no consequence in validation, the others ask about TLS and host names.
 */
const differences: Readonly<Record<string, string>> = {
  'crl::crlnumber-missing': 'a duty of who issues the CRL (section 5.2.3); only deltas need the number',
  'rfc5280::aki::leaf-missing-aki': 'a duty of who issues; the identifier is a hint',
  'rfc5280::aki::intermediate-missing-aki': 'a duty of who issues; the identifier is a hint',
  'rfc5280::aki::cross-signed-root-missing-aki': 'a duty of who issues; the identifier is a hint',
  'rfc5280::eku::ee-wrong-eku': 'key purpose of TLS servers, which was not asked',
  'rfc5280::nc::permitted-dns-match-noncritical': 'a duty of who issues; the constraint is enforced',
  'rfc5280::pc::ica-noncritical-pc': 'a duty of who issues; the constraint is enforced',
  'rfc5280::san::underscore-dns': 'host names',
  'rfc5280::san::ip-in-dns': 'host names',
  'rfc5280::serial::too-long': 'a duty of who issues; such numbers are to be handled (section 4.1.2.2)',
  'rfc5280::serial::zero': 'a duty of who issues; such numbers are to be handled (section 4.1.2.2)',
  'rfc5280::serial::negative': 'a duty of who issues; such numbers are to be handled (section 4.1.2.2)',
  'rfc5280::ski::root-missing-ski': 'a duty of who issues; the identifier is a hint',
  'rfc5280::ski::intermediate-missing-ski': 'a duty of who issues; the identifier is a hint',
  'rfc5280::root-non-critical-basic-constraints': 'a duty of who issues; the constraint is enforced',
  'rfc5280::leaf-ku-keycertsign': 'a duty of who issues; without the CA bit it signs no certificate',
  'rfc5280::ca-as-leaf-wrong-san': 'host names',
}

describe('path validation: x509-limbo', () => {
  it('meets every label of the families for documents, but for duties of who issues and host names', function () {
    const read = requireCorpus(this, 'x509/limbo')
    const { testcases } = JSON.parse(Buffer.from(read('limbo.json')).toString()) as { testcases: Case[] }
    const confusion = new Confusion()
    const unmet: string[] = []
    // A longest path that the caller chooses is not offered: paths end at twelve certificates.
    const asked = testcases.filter(
      ({ id, max_chain_depth: depth }) => families.includes(id.split('::')[0] ?? '') && (depth ?? 99) > 12,
    )
    for (const one of asked) {
      const found = judge(one)
      confusion.add(`${one.id.split('::')[0]} ${one.expected_result}`, found)
      if ((one.expected_result === 'SUCCESS') !== (found === 'TOTAL_PASSED')) unmet.push(one.id)
    }
    confusion.print('x509-limbo: expected → found')
    expect(asked.length).to.be.at.least(120)
    expect(unmet.toSorted()).to.deep.equal(Object.keys(differences).toSorted())
  })
})

function judge(one: Case): string {
  try {
    const { indication, subIndication } = validateCertificatePath({
      certificate: toDer(one.peer_certificate),
      intermediates: one.untrusted_intermediates.map(toDer),
      trustAnchors: one.trusted_certs.map(toDer),
      crls: one.crls.map(toDer),
      ocspResponses: [],
      time: new Date(one.validation_time ?? '2024-01-01T00:00:00Z'),
      requireRevocation: false,
      purpose: 'any',
    })
    return subIndication ?? indication
  } catch (error) {
    if (error instanceof SigningError) return error.code
    throw error
  }
}
