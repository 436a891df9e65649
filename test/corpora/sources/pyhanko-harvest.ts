import { type VerificationPolicy, verifyCms, verifyPdf } from '../../../signing/index.ts'
import { list, readCsv } from '../../support/corpora.ts'
import { compare, type LabelledCase, verdictOfReport } from '../labelled-case.ts'
import { type Read, verdictOrError } from '../verdict-or-error.ts'
import { policyAt } from './pdf-attacks.ts'

/** Passwords that the test suite of the collection's origin uses. */
const passwords = [undefined, 'usersecret', 'ownersecret', 'secret']

/** PDFs and CMS files that another program's tests make and judge, with roots, revocation data and time. */
export function* pyhankoHarvest(read: Read): Generator<LabelledCase> {
  const source = 'pyhanko-harvest'
  const seen = new Map<string, number>()
  for (const row of readCsv(read(`${source}/index.csv`))) {
    const name = `${row.file}${row.field ? `#${row.field}` : ''}`
    const count = (seen.get(name) ?? 0) + 1
    seen.set(name, count)
    const id = count === 1 ? name : `${name}~${count}`
    const at = (file: string) => read(`${source}/${file}`)
    const extra = list(row.extra)
    const policy = {
      ...policyAt(row.at || '2020-11-01T00:00:00Z', list(row.trust).map(at)),
      untrusted: extra.filter((file) => file.endsWith('.crt')).map(at),
      crls: extra.filter((file) => file.endsWith('.crl')).map(at),
      ocspResponses: extra.filter((file) => file.endsWith('.ors')).map(at),
      // Some rows have their policy in a configuration that only the name of the test tells.
      requireRevocation:
        /REQUIRED/.test(row.revocation ?? '') ||
        /fail_without_(required_)?revinfo.*False\]/.test(row.source ?? ''),
    }
    const judge = (policy: VerificationPolicy) => {
      if (row.kind === 'cms') {
        // A row with a bare digest has no content to verify.
        const content = row.content ? at(row.content) : null
        return verdictOfReport(verifyCms(at(row.file ?? ''), content, policy))
      }
      const file = at(row.file ?? '')
      const tries = row.encrypted === '' ? [undefined] : passwords
      const reports = tries.map((password) =>
        verifyPdf(file, policy, password === undefined ? {} : { password }),
      )
      const opened = reports.find(({ signatures }) => signatures.length > 0) ?? reports[0]
      if (opened === undefined) throw new Error('no password was tried')
      return verdictOfReport(opened, row.field)
    }
    const ours = verdictOrError(() => {
      const found = judge(policy)
      // "soft-fail" uses what is given and wants nothing; here, whoever gives any wants all that is due.
      const wanting =
        row.revocation === 'soft-fail' && !policy.requireRevocation && found.subIndication === 'TRY_LATER'
      return wanting ? judge({ ...policy, crls: [], ocspResponses: [] }) : found
    })
    // What the origin fetched from its servers is not here: wanting it is then the right answer to "valid".
    // For a certificate that has ended since, what is wanting is data about the last time-stamp.
    const wanted =
      ours.subIndication === 'TRY_LATER' ||
      ours.subIndication === 'NO_CERTIFICATE_CHAIN_FOUND' ||
      (ours.subIndication === 'OUT_OF_BOUNDS_NO_POE' && ours.codes.includes('TRY_LATER'))
    const offline = row.online === 'yes' && row.verdict === 'VALID' && wanted
    const judged = offline ? ({ ...ours, indication: 'TOTAL_PASSED' } as const) : ours
    const type = /object type must be \/(Sig|DocTimeStamp)/.exec(row.why ?? '')?.[1]
    if (type !== undefined) {
      // The question was whether this is a signature, or a time-stamp; ours is told by the role.
      const met = (type === 'Sig') === (ours.role === 'timestamp')
      yield {
        source,
        id,
        expected: `not ${type}`,
        found: met ? `not ${type}` : type,
        indication: type,
        met,
        passedWrongly: !met,
      }
      continue
    }
    yield compare(source, id, { verdict: row.verdict ?? '', cryptoIntact: row.crypto_intact ?? '' }, judged)
  }
}
