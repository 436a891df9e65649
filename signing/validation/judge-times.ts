/**
 * What a signature's time-stamps prove together (ETSI EN 319 102-1 clauses 5.3.4 and 5.5.4): the best signature time
 * is that of the earliest one that passed; a content time-stamp proves that the signature came after it.
 */
import type { Finding } from '../report.ts'
import { type Objection, undecided } from './objection.ts'

/** A time-stamp as far as the order of times needs it; only those that passed prove anything. */
export interface ProvenStamp {
  readonly indication: 'TOTAL_PASSED' | 'INDETERMINATE' | 'TOTAL_FAILED'
  readonly time: Date | null
  /** In milliseconds; null when the authority does not tell. */
  readonly accuracy: number | null
}

export interface SignatureTimes {
  /** The best signature time where a time-stamp proves one; undefined without. */
  readonly provenTime: Date | undefined
  /** A time before which the signature did not exist. */
  readonly provenAfter: Date | undefined
  readonly objections: readonly Objection[]
  readonly warnings: readonly Finding[]
}

/** Times without a stated accuracy are mostly given in whole seconds. */
const UNSTATED_ACCURACY = 1000

export function judgeTimes(input: {
  /** Over the content, covered by the signature. */
  readonly content: readonly ProvenStamp[]
  /** Over the signature value, or over a document that holds the signature. */
  readonly signature: readonly ProvenStamp[]
  /** Over signature and validation data, made later. */
  readonly archive?: readonly ProvenStamp[]
  /** What the signer says. */
  readonly claimed: Date | undefined
}): SignatureTimes {
  const { content, signature, archive = [], claimed } = input
  const before = passed(content)
  const after = [...passed(signature), ...passed(archive)]
  const earliest = after.toSorted((a, b) => a.time.getTime() - b.time.getTime())[0]
  const latestContent = before.toSorted((a, b) => b.time.getTime() - a.time.getTime())[0]
  const objections: Objection[] = []
  const warnings: Finding[] = []
  if (latestContent !== undefined && after.some((one) => isLater(latestContent, one))) {
    objections.push(order('a content time-stamp is later than one over the signature'))
  }
  if (passed(archive).some((late) => passed(signature).some((one) => isLater(one, late)))) {
    objections.push(order('a time-stamp over the signature is later than one over that'))
  }
  if (claimed !== undefined && earliest !== undefined) {
    const margin = earliest.accuracy ?? UNSTATED_ACCURACY
    if (claimed.getTime() > earliest.time.getTime() + margin) {
      const message = `the signer says ${claimed.toISOString()}, it existed at ${earliest.time.toISOString()}`
      warnings.push({ code: 'CLAIMED_TIME_AFTER_PROVEN_TIME', message })
    }
  }
  if (claimed !== undefined && latestContent !== undefined) {
    const margin = latestContent.accuracy ?? UNSTATED_ACCURACY
    if (claimed.getTime() < latestContent.time.getTime() - margin) {
      const message = `the signer says ${claimed.toISOString()}, it came after ${latestContent.time.toISOString()}`
      warnings.push({ code: 'CLAIMED_TIME_BEFORE_CONTENT_TIMESTAMP', message })
    }
  }
  return { provenTime: earliest?.time, provenAfter: latestContent?.time, objections, warnings }
}

interface PassedStamp {
  readonly time: Date
  readonly accuracy: number | null
}

function passed(stamps: readonly ProvenStamp[]): readonly PassedStamp[] {
  return stamps.flatMap(({ indication, time, accuracy }) =>
    indication === 'TOTAL_PASSED' && time !== null ? [{ time, accuracy }] : [],
  )
}

/** Whether `a` is later than `b` whatever the inaccuracy of both. */
function isLater(a: PassedStamp, b: PassedStamp): boolean {
  const margin = (a.accuracy ?? UNSTATED_ACCURACY) + (b.accuracy ?? UNSTATED_ACCURACY)
  return a.time.getTime() > b.time.getTime() + margin
}

function order(message: string): Objection {
  return undecided('TIMESTAMP_ORDER_FAILURE', 'TIMESTAMP_ORDER_FAILURE', message)
}
