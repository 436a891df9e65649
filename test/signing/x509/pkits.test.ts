import { expect } from 'chai'
import { SigningError } from '../../../signing/errors.ts'
import { validateCertificatePath } from '../../../signing/x509/path.ts'
import { Confusion, list, readCsv, requireCorpus } from '../../support/corpora.ts'

/** NIST PKITS 1.0.1: its moment lies within the validity of all its good certificates. */
const moment = new Date('2013-01-01T00:00:00Z')

/** Rows whose label we do not follow, with the reason. */
const differences: Readonly<Record<string, string>> = {
  valid_dsa_signatures_test4: 'DSA of 1024 bits with SHA-1 is too weak by the table of algorithms',
  valid_dsa_parameter_inheritance_test5: 'a DSA key without parameters of its own is not taken',
}

interface Asked {
  readonly user_initial_policy_set?: readonly string[]
  readonly initial_explicit_policy?: boolean
  readonly initial_policy_mapping_inhibit?: boolean
  readonly initial_any_policy_inhibit?: boolean
}

describe('path validation: NIST PKITS', () => {
  it('meets every label, the policy inputs included, but for two rows with DSA keys', function () {
    const read = requireCorpus(this, 'x509/pkits')
    const confusion = new Confusion()
    const unmet: string[] = []
    const rows = readCsv(read('index.csv'))
    for (const row of rows) {
      const found = judge(row, read)
      confusion.add(row.expected ?? '', found)
      if ((row.expected === 'VALID') !== (found === 'TOTAL_PASSED')) unmet.push(row.name ?? '')
    }
    confusion.print('PKITS: expected → found')
    expect(rows).to.have.length(246)
    expect(unmet).to.deep.equal(Object.keys(differences))
  })
})

function judge(row: Readonly<Record<string, string>>, read: (file: string) => Uint8Array): string {
  const asked = JSON.parse(row.params || '{}') as Asked
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
      ...(asked.user_initial_policy_set && { initialPolicySet: asked.user_initial_policy_set }),
      requireExplicitPolicy: asked.initial_explicit_policy ?? false,
      inhibitPolicyMapping: asked.initial_policy_mapping_inhibit ?? false,
      inhibitAnyPolicy: asked.initial_any_policy_inhibit ?? false,
    })
    return subIndication ?? indication
  } catch (error) {
    if (error instanceof SigningError) return error.code
    throw error
  }
}
