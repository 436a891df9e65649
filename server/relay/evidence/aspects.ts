/**
 * What a bundle is judged by, each question by itself: so that whoever gives less than everything, an authority's
 * certificate alone for instance, is told what holds by that and what is still open. Pure.
 */
import type { EvidenceFinding, EvidenceFindingCode } from './findings.ts'

/**
 * - `files`: every file is there, unchanged, and what an envelope lists.
 * - `signatures`: people and the agency have signed the document (under the authorities given).
 * - `seals`: every envelope, receipt and status is sealed, and the seal holds.
 * - `course`: receipts and statuses tell of every recipient one course of events from its beginning to its end; whether
 *   those who tell it may be believed is what `nodes` and `hosting` say.
 * - `nodes`: the keys of the seals were those of the nodes that are named.
 * - `hosting`: those nodes were entitled: they hosted sender and recipients, or lay on the way.
 */
export const evidenceAspects = ['files', 'signatures', 'seals', 'course', 'nodes', 'hosting'] as const
export type EvidenceAspect = (typeof evidenceAspects)[number]

/** `holds`: nothing is wrong or missing. `open`: nothing in it is false, but something is missing or not to be trusted. */
export type AspectVerdict = 'holds' | 'false' | 'open'

const aspectOf: Readonly<Record<EvidenceFindingCode, EvidenceAspect>> = {
  FILE_UNLISTED: 'files',
  FILE_CHANGED: 'files',
  FILE_FOREIGN: 'files',
  FILE_RENAMED: 'files',
  HELPER_WRONG: 'files',
  HOW_TO_UNKNOWN: 'files',
  FILE_MISSING: 'files',
  SEAL_BROKEN: 'seals',
  KEY_NOT_OF_NODE: 'nodes',
  KEY_NOT_TRUSTED: 'nodes',
  NODE_NOT_HOST: 'hosting',
  HOST_UNKNOWN: 'hosting',
  NODE_OFF_ROUTE: 'hosting',
  DIRECTORY_PART_BROKEN: 'hosting',
  DIRECTORY_PART_NOT_ENTITLED: 'hosting',
  DIRECTORY_MISSING: 'hosting',
  DIRECTORY_NOT_TRUSTED: 'hosting',
  ENVELOPE_FOREIGN: 'course',
  DELIVERY_TWICE: 'course',
  RECIPIENT_FOREIGN: 'course',
  RECEIPT_FOREIGN: 'course',
  CHAIN_ORDER: 'course',
  CHAIN_INCOMPLETE: 'course',
  TERMINALS_CONTRADICT: 'course',
  HANDOVERS_CONTRADICT: 'course',
  NOT_ENDED: 'course',
  RECIPIENT_MISSING: 'course',
  TIME_IMPLAUSIBLE: 'course',
  STATUS_FOREIGN: 'course',
  STATUS_CODE_WRONG: 'course',
  HANDOVER_MISSING: 'course',
  SIGNATURE_FALSE: 'signatures',
  SIGNATURE_OPEN: 'signatures',
}

/** The verdict on each question, by what was found. */
export function judgeAspects(
  findings: readonly EvidenceFinding[],
): Readonly<Record<EvidenceAspect, AspectVerdict>> {
  const verdictOn = (aspect: EvidenceAspect): AspectVerdict => {
    const found = findings.filter((one) => aspectOf[one.code] === aspect)
    if (found.some((one) => one.severity === 'false')) return 'false'
    return found.length > 0 ? 'open' : 'holds'
  }
  return {
    files: verdictOn('files'),
    signatures: verdictOn('signatures'),
    seals: verdictOn('seals'),
    course: verdictOn('course'),
    nodes: verdictOn('nodes'),
    hosting: verdictOn('hosting'),
  }
}
