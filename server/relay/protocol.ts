/**
 * The JSON of `/relay/v1`, version 1. Both sides narrow what they get with these schemas; examples of every request
 * and answer stand in `test/server/relay/vectors`.
 *
 * - *offer*: a sealed envelope for the recipients of one branch. Its identity is (envelope SHA-256, series, branch)
 *   from one peer; the same identity with other terms is a collision.
 * - *file*: a file of the envelope's manifest, sent in pieces that follow each other without a gap.
 * - *commit*: answers the receipts, the same bytes however often it is asked.
 * - *message*: a receipt or status on its way back.
 * - *question*: what became of deliveries of a committed offer whose time is past; only who made the offer may ask.
 */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { MAX_RECIPIENTS } from '../edxml/envelope.ts'
import { identifier, integer, organId, sha256 } from '../edxml/values.ts'

/** The versions of the protocol that this program speaks. */
export const relayVersions = [1] as const

const instant = z.iso.datetime({ offset: true, error: 'ISO 8601 + zone' })
const base64 = z.base64().min(1)
const series = integer(1, 999_999)

/** More nodes than any setting allows; the setting itself is `limits.hops`. */
const MAX_PATH = 64

export const versionsAnswer = z.strictObject({
  node: identifier,
  versions: z.array(integer(1, 1_000)).min(1),
})

export const offerRequest = z.strictObject({
  branch: z.uuid(),
  series,
  envelope: base64,
  recipients: z.array(organId).min(1).max(MAX_RECIPIENTS),
  path: z.array(identifier).min(1).max(MAX_PATH),
  previousReceipt: sha256.nullable(),
  notAfter: instant,
})
export type OfferRequest = z.infer<typeof offerRequest>

const receipts = z
  .array(base64)
  .min(1)
  .max(MAX_RECIPIENTS + 1)

export const offerAnswer = z.discriminatedUnion('state', [
  z.strictObject({ state: z.literal('open'), offer: z.uuid(), needs: z.array(sha256) }),
  z.strictObject({ state: z.literal('committed'), offer: z.uuid(), receipts }),
])
export type OfferAnswer = z.infer<typeof offerAnswer>

/** How much of a file is there; `complete` once length and hash of the whole hold. */
export const fileAnswer = z.strictObject({
  sha256,
  length: integer(0, Number.MAX_SAFE_INTEGER),
  received: integer(0, Number.MAX_SAFE_INTEGER),
  complete: z.boolean(),
})
export type FileAnswer = z.infer<typeof fileAnswer>

export const commitRequest = z.strictObject({})
export const commitAnswer = z.strictObject({ offer: z.uuid(), receipts })
export type CommitAnswer = z.infer<typeof commitAnswer>

export const messageRequest = z.strictObject({
  kind: z.enum(['receipt', 'status']),
  message: base64,
  envelopeSha256: sha256,
  series,
  recipients: z.array(organId).min(1).max(MAX_RECIPIENTS),
})
export type MessageRequest = z.infer<typeof messageRequest>

export const messageAnswer = z.strictObject({ message: sha256 })
export type MessageAnswer = z.infer<typeof messageAnswer>

export const questionRequest = z.strictObject({
  branch: z.uuid(),
  series,
  envelopeSha256: sha256,
  recipients: z.array(organId).min(1).max(MAX_RECIPIENTS),
})
export type QuestionRequest = z.infer<typeof questionRequest>

/**
 * - `ended`: its terminal receipt is among the receipts.
 * - `never`: it is not consigned and never will be; the RelayFailure of who could not pass it on is among them.
 * - `open`: neither is known (yet); `waitsFor` is the node that has still to say.
 */
export const questionAnswer = z.strictObject({
  deliveries: z
    .array(
      z.strictObject({
        recipient: organId,
        state: z.enum(['ended', 'never', 'open']),
        waitsFor: identifier.nullable(),
      }),
    )
    .min(1)
    .max(MAX_RECIPIENTS),
  receipts: z.array(base64).max(MAX_RECIPIENTS),
})
export type QuestionAnswer = z.infer<typeof questionAnswer>

/** The problem JSON of a fault (RFC 9457), as far as a sender reads it. */
export const faultAnswer = z.looseObject({
  code: z.string().max(100),
  title: z.string().max(4_000).optional(),
  params: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
})
export type FaultAnswer = z.infer<typeof faultAnswer>

/**
 * What makes two offers the same: the SHA-256 of everything that was agreed, each part once and in a fixed order.
 */
export function termsSha256(offer: OfferRequest, envelopeSha256: string): string {
  const terms = [
    offer.branch,
    offer.series,
    envelopeSha256,
    [...offer.recipients].sort(),
    offer.path,
    offer.previousReceipt,
    new Date(offer.notAfter).toISOString(),
  ]
  return createHash('sha256').update(JSON.stringify(terms)).digest('hex')
}
