import { expect } from 'chai'
import { SigningError } from '../../../signing/errors.ts'
import { validateCertificatePath } from '../../../signing/x509/path.ts'
import { Confusion, requireCorpus, toDer } from './corpora.ts'

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

const families = ['rfc5280', 'pathlen', 'crl', 'pathological']

/** Rows that ask for something else than whether a path to an anchor is valid for a document. */
const notAsked: Readonly<Record<string, string>> = {
  'crl::crlnumber-missing': 'a duty of who issues the CRL',
  'pathological::nc-dos-1': 'asks for a limit; here it ends soon without one',
  'pathological::nc-dos-2': 'asks for a limit; here it ends soon without one',
  'pathological::nc-dos-3': 'asks for a limit; here it ends soon without one',
  'rfc5280::aki::critical-aki': 'a duty of who issues the certificate',
  'rfc5280::aki::leaf-missing-aki': 'a duty of who issues the certificate',
  'rfc5280::aki::intermediate-missing-aki': 'a duty of who issues the certificate',
  'rfc5280::aki::cross-signed-root-missing-aki': 'a duty of who issues the certificate',
  'rfc5280::eku::ee-wrong-eku': 'key purpose of TLS servers',
  'rfc5280::nc::permitted-dns-match-noncritical':
    'a duty of who issues the certificate; the constraint is kept',
  'rfc5280::pc::ica-noncritical-pc': 'a duty of who issues the certificate; the constraint is kept',
  'rfc5280::san::noncritical-with-empty-subject': 'a duty of who issues the certificate',
  'rfc5280::san::underscore-dns': 'host names',
  'rfc5280::san::ip-in-dns': 'host names',
  'rfc5280::serial::too-long': 'a duty of who issues the certificate',
  'rfc5280::serial::zero': 'a duty of who issues the certificate',
  'rfc5280::serial::negative': 'a duty of who issues the certificate',
  'rfc5280::ski::critical-ski': 'a duty of who issues the certificate',
  'rfc5280::ski::root-missing-ski': 'a duty of who issues the certificate',
  'rfc5280::ski::intermediate-missing-ski': 'a duty of who issues the certificate',
  'rfc5280::root-non-critical-basic-constraints': 'a duty of who issues the certificate',
  'rfc5280::leaf-ku-keycertsign': 'a duty of who issues the certificate',
  'rfc5280::ca-as-leaf-wrong-san': 'host names',
}

describe('path validation: x509-limbo', () => {
  it('lets no bad path of the families for documents pass', function () {
    const read = requireCorpus(this, 'x509/limbo')
    const { testcases } = JSON.parse(Buffer.from(read('limbo.json')).toString()) as { testcases: Case[] }
    const confusion = new Confusion()
    const falsePasses: string[] = []
    for (const one of testcases) {
      const family = one.id.split('::')[0] ?? ''
      if (!families.includes(family) || one.id in notAsked || one.max_chain_depth !== null) continue
      const found = judge(one)
      confusion.add(`${family} ${one.expected_result}`, found)
      if (one.expected_result === 'FAILURE' && found === 'TOTAL_PASSED') falsePasses.push(one.id)
    }
    confusion.print('x509-limbo: expected → found')
    expect(falsePasses).to.deep.equal([])
    // The two others constrain IP addresses, which is not judged.
    expect(confusion.count('rfc5280 SUCCESS', 'TOTAL_PASSED')).to.be.at.least(26)
    expect(confusion.count('crl SUCCESS', 'TOTAL_PASSED')).to.equal(4)
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
