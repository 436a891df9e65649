import { verifyPdf } from '../../../signing/index.ts'
import { readCsv, toDer } from '../../support/corpora.ts'
import { compare, type LabelledCase, verdictOfReport } from '../labelled-case.ts'
import { type Read, verdictOrError } from '../verdict-or-error.ts'

/** Forgeries, incremental saving, wrapping, certification and parser abuse of PDFs, with controls. */
export function* pdfAttacks(read: Read): Generator<LabelledCase> {
  const source = 'pdf-attacks-synth'
  for (const row of readCsv(read(`${source}/index.csv`))) {
    const file = read(`${source}/${row.file}`)
    const trustAnchors = row.trust ? [toDer(read(`${source}/${row.trust}`))] : []
    const ours = verdictOrError(() => verdictOfReport(verifyPdf(file, policyAt(row.at, trustAnchors))))
    yield compare(
      source,
      row.file ?? '',
      { verdict: row.verdict ?? '', cryptoIntact: row.crypto_intact ?? '' },
      ours,
    )
  }
}

/** No anchors but those given, nothing fetched, revocation judged where there is data. */
export function policyAt(at: string | undefined, trustAnchors: readonly Uint8Array[]) {
  return {
    trustAnchors,
    untrusted: [],
    crls: [],
    ocspResponses: [],
    time: new Date(at || '2026-01-01T00:00:00Z'),
    requireRevocation: false,
    legacy: false,
    profile: 'any',
  } as const
}
