import type { SignatureRole, SubIndication, VerificationReport } from '../../signing/index.ts'

/** What a label asks for, and what we found, of one case of a collection. */
export interface LabelledCase {
  /** Name of the collection, e.g. `pyhanko-harvest`. */
  readonly source: string
  /** Unique within the source. */
  readonly id: string
  /** The label: VALID, INVALID, INDETERMINATE, INTACT, WARN, … */
  readonly expected: string
  /** Our verdict in words: the label's own word where it is met, else indication, sub-indication and first reason. */
  readonly found: string
  /** Our indication alone, with the fact where that is what differs; it changes less often than `found`. */
  readonly indication: string
  readonly met: boolean
  /** We passed what the label calls invalid or an attack: never without a reason that is listed. */
  readonly passedWrongly: boolean
}

/** A verdict of ours, of a file or of one signature in it. */
export interface OurVerdict {
  readonly indication: VerificationReport['indication']
  readonly subIndication: SubIndication | null
  readonly cryptoIntact: boolean | null
  /** Codes of what was found, the deciding one first. */
  readonly codes: readonly string[]
  /** Whether a change or partial coverage was reported, which is what WARN asks for. */
  readonly reported: boolean
  readonly role?: SignatureRole
}

const judged: Readonly<Record<string, string>> = {
  VALID: 'TOTAL_PASSED',
  INVALID: 'TOTAL_FAILED',
  INDETERMINATE: 'INDETERMINATE',
}

/**
 * Compares a verdict with a label in the sense of the collections' own words: VALID, INVALID and INDETERMINATE are
 * verdicts of EN 319 102-1; INTACT asks that the cryptography holds and nothing is called invalid; WARN that it
 * holds and that what is odd is reported.
 */
export function compare(
  source: string,
  id: string,
  label: { readonly verdict: string; readonly cryptoIntact: string },
  ours: OurVerdict,
): LabelledCase {
  const passed = ours.indication === 'TOTAL_PASSED'
  const holds = label.verdict === 'INTACT' || label.verdict === 'WARN'
  const verdictMet = holds
    ? ours.cryptoIntact === true &&
      (label.verdict === 'WARN' ? ours.reported || !passed : ours.indication !== 'TOTAL_FAILED')
    : ours.indication === judged[label.verdict] ||
      // A file in which no signature can be found at all is not one that passes for signed.
      (label.verdict === 'INVALID' && ours.indication === 'NO_SIGNATURE')
  const factMet =
    (label.cryptoIntact !== 'true' && label.cryptoIntact !== 'false') ||
    ours.cryptoIntact === null ||
    String(ours.cryptoIntact) === label.cryptoIntact
  const fact = factMet ? '' : ` (cryptoIntact ${ours.cryptoIntact})`
  const words = [ours.subIndication ?? ours.indication, ours.codes[0] ?? '']
  return {
    source,
    id,
    expected: label.verdict,
    found: verdictMet && factMet ? label.verdict : `${words.filter(Boolean).join(' ')}${fact}`,
    indication: `${ours.indication}${fact}`,
    met: verdictMet && factMet,
    passedWrongly: passed && label.verdict === 'INVALID',
  }
}

/** The verdict on a whole file, or on the signature of one field. */
export function verdictOfReport(report: VerificationReport, field = ''): OurVerdict {
  const one = field === '' ? undefined : report.signatures.find((signature) => signature.field === field)
  const signatures = one === undefined ? report.signatures : [one]
  const errors = report.errors.map(({ code }) => code)
  const found = signatures.flatMap(({ changes, changesAfter, warnings }) => [
    ...(changesAfter === 'forbidden' ? changes.map(({ code }) => code) : []),
    ...warnings.map(({ code }) => code),
  ])
  return {
    indication: one?.indication ?? report.indication,
    subIndication: one === undefined ? report.subIndication : one.subIndication,
    cryptoIntact: signatures[0]?.cryptoIntact ?? null,
    ...(signatures[0] && { role: signatures[0].role }),
    codes: one === undefined ? [...errors, ...found] : [...found, ...errors],
    reported:
      errors.length > 0 ||
      signatures.some(
        ({ changesAfter, coverage, warnings }) =>
          changesAfter !== 'none' || coverage !== 'whole-file' || warnings.length > 0,
      ),
  }
}
