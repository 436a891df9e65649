import { verifyCms, verifyPdf } from '../../../signing/index.ts'
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
      requireRevocation: row.revocation?.includes('REQUIRED') === true,
    }
    const ours = verdictOrError(() => {
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
    })
    // What the origin fetched from its servers is not here: wanting it is then the right answer to "valid".
    const offline = row.online === 'yes' && row.verdict === 'VALID' && ours.subIndication === 'TRY_LATER'
    const judged = offline ? ({ ...ours, indication: 'TOTAL_PASSED' } as const) : ours
    yield compare(source, id, { verdict: row.verdict ?? '', cryptoIntact: row.crypto_intact ?? '' }, judged)
  }
}
