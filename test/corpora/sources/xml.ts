import { verifyXml } from '../../../signing/index.ts'
import { readCsv, toDer } from '../../support/corpora.ts'
import { compare, type LabelledCase, verdictOfReport } from '../labelled-case.ts'
import { type Read, verdictOrError } from '../verdict-or-error.ts'
import { policyAt } from './pdf-attacks.ts'

/** Signature wrapping, structure, canonical form, transforms and key attacks of XML, with controls. */
export function* xmlAttacks(read: Read): Generator<LabelledCase> {
  const source = 'xml-attacks-synth'
  for (const row of readCsv(read(`${source}/index.csv`))) {
    const trustAnchors = row.trust ? [toDer(read(`${source}/${row.trust}`))] : []
    const ours = verdictOrError(() =>
      verdictOfReport(verifyXml(read(`${source}/${row.file}`), policyAt(row.at, trustAnchors))),
    )
    yield compare(
      source,
      row.file ?? '',
      { verdict: row.verdict ?? '', cryptoIntact: row.crypto_intact ?? '' },
      ours,
    )
  }
}
