import { validateCertificatePath } from '../../../signing/index.ts'
import { list, readCsv, toDer } from '../../support/corpora.ts'
import { compare, type LabelledCase, type OurVerdict } from '../labelled-case.ts'
import { type Read, verdictOrError } from '../verdict-or-error.ts'

type Paths = Parameters<typeof validateCertificatePath>[0]

/**
 * A path is labelled valid or not; it has no third answer. What we do not pass we call by many names, and
 * `INDETERMINATE` is the right one for most: the label "invalid" is met by whatever is no pass.
 */
function comparePath(source: string, id: string, valid: boolean, input: Paths): LabelledCase {
  const ours = verdictOrError(() => {
    const { indication, subIndication, warnings } = validateCertificatePath(input)
    const codes = warnings.map(({ code }) => code).filter((code) => code !== subIndication)
    return { indication, subIndication, cryptoIntact: null, codes, reported: warnings.length > 0 }
  })
  const label = { verdict: valid ? 'VALID' : 'INVALID', cryptoIntact: '' }
  const refused: OurVerdict = { ...ours, indication: 'TOTAL_FAILED' }
  return compare(source, id, label, !valid && ours.indication === 'INDETERMINATE' ? refused : ours)
}

interface PkitsParameters {
  readonly user_initial_policy_set?: readonly string[]
  readonly initial_explicit_policy?: boolean
  readonly initial_policy_mapping_inhibit?: boolean
  readonly initial_any_policy_inhibit?: boolean
}

/** NIST PKITS 1.0.1 at a moment within the validity of all its good certificates. */
export function* pkits(read: Read): Generator<LabelledCase> {
  const source = 'x509/pkits'
  const at = (file: string) => read(`${source}/${file}`)
  for (const row of readCsv(at('index.csv'))) {
    const asked = JSON.parse(row.params || '{}') as PkitsParameters
    yield comparePath(source, row.name ?? '', row.expected === 'VALID', {
      certificate: at(row.cert ?? ''),
      intermediates: list(row.other).map(at),
      trustAnchors: [at(row.root ?? '')],
      crls: [...list(row.crls), 'crls/TrustAnchorRootCRL.crl'].map(at),
      ocspResponses: [],
      time: new Date('2013-01-01T00:00:00Z'),
      requireRevocation: true,
      purpose: 'any',
      ...(asked.user_initial_policy_set && { initialPolicySet: asked.user_initial_policy_set }),
      ...(asked.initial_explicit_policy && { requireExplicitPolicy: true }),
      ...(asked.initial_policy_mapping_inhibit && { inhibitPolicyMapping: true }),
      ...(asked.initial_any_policy_inhibit && { inhibitAnyPolicy: true }),
    })
  }
}

interface LimboCase {
  readonly id: string
  readonly trusted_certs: readonly string[]
  readonly untrusted_intermediates: readonly string[]
  readonly peer_certificate: string
  readonly validation_time: string | null
  readonly max_chain_depth: number | null
  readonly expected_result: 'SUCCESS' | 'FAILURE'
  readonly crls: readonly string[]
}

/** The families that concern certificates of signers; the others are about TLS servers and host names. */
const families = ['rfc5280', 'pathlen', 'crl', 'pathological']

export function* limbo(read: Read): Generator<LabelledCase> {
  const source = 'x509/limbo'
  const { testcases } = JSON.parse(Buffer.from(read(`${source}/limbo.json`)).toString()) as {
    testcases: LimboCase[]
  }
  for (const one of testcases) {
    if (!families.includes(one.id.split('::')[0] ?? '')) continue
    // A longest path that the caller chooses is not a question of this library.
    if (one.max_chain_depth !== null) continue
    yield comparePath(source, one.id, one.expected_result === 'SUCCESS', {
      certificate: toDer(one.peer_certificate),
      intermediates: one.untrusted_intermediates.map(toDer),
      trustAnchors: one.trusted_certs.map(toDer),
      crls: one.crls.map(toDer),
      ocspResponses: [],
      time: new Date(one.validation_time ?? '2024-01-01T00:00:00Z'),
      requireRevocation: false,
      purpose: 'any',
    })
  }
}

export function* opensslOcsp(read: Read): Generator<LabelledCase> {
  const source = 'x509/openssl-ocsp'
  const at = (file: string) => read(`${source}/${file}`)
  // The files with the answers are base64 without armour.
  const answer = (file: string) => Buffer.from(Buffer.from(at(file)).toString('latin1'), 'base64')
  for (const row of readCsv(at('index.csv'))) {
    yield comparePath(source, row.name ?? '', row.expected === 'VALID', {
      certificate: toDer(at(row.cert ?? '')),
      intermediates: list(row.other).map((file) => toDer(at(file))),
      trustAnchors: [toDer(at(row.root ?? ''))],
      crls: [],
      ocspResponses: list(row.ocsps).map(answer),
      time: new Date(row.moment ?? ''),
      requireRevocation: true,
      purpose: 'any',
    })
  }
}
