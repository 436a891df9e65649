/** The part that only outgoing documents have, and their presentations, as clients of the API see them. */
import { z } from 'zod'
import type { OutgoingPart } from './outgoing-store.ts'
import type { PaperDispatch } from './paper-dispatch-store.ts'
import type { Presentation } from './presentation-store.ts'

const time = z.iso.datetime()
const person = z.strictObject({ userId: z.uuid(), name: z.string() })

const signerView = z.strictObject({
  position: z.int(),
  userId: z.uuid(),
  name: z.string(),
  title: z.string().nullable(),
  competence: z.string().nullable(),
  authorisationId: z.uuid().nullable(),
  signedRevision: z.int().nullable(),
  signedAt: time.nullable(),
})

export const presentationView = z.strictObject({
  round: z.int(),
  revision: z.int(),
  presentedBy: person,
  presentedAt: time,
  note: z.string().nullable(),
  outcome: z.enum(['returned', 'withdrawn', 'superseded', 'signed', 'cancelled']).nullable(),
  remark: z.string().nullable(),
  closedBy: person.nullable(),
  closedAt: time.nullable(),
  signers: z.array(signerView),
})

export function viewPresentation(one: Presentation): z.input<typeof presentationView> {
  return {
    round: one.round,
    revision: one.revision,
    presentedBy: { userId: one.presentedBy, name: one.presentedByName },
    presentedAt: one.presentedAt.toISOString(),
    note: one.note,
    outcome: one.outcome,
    remark: one.remark,
    closedBy: one.closedBy === null ? null : { userId: one.closedBy, name: one.closedByName ?? '' },
    closedAt: one.closedAt?.toISOString() ?? null,
    signers: one.signers.map((signer) => ({
      ...signer,
      signedAt: signer.signedAt?.toISOString() ?? null,
    })),
  }
}

/** What only an outgoing document has. */
export const outgoingView = z.strictObject({
  /** The advisory body in whose name it is issued; null: the agency itself. */
  council: z.string().nullable(),
  /** Whether it is a legal normative document. */
  normative: z.boolean(),
  inReplyTo: z.uuid().nullable(),
  /** What was planned and has gone out on paper, together; null: electronically only. */
  paper: z
    .strictObject({ recipients: z.array(z.string()), copies: z.int(), reason: z.string().nullable() })
    .nullable(),
  /** Each time that it went out on paper. */
  paperDispatches: z.array(
    z.strictObject({
      recipients: z.array(z.string()),
      copies: z.int(),
      reason: z.string().nullable(),
      by: person.nullable(),
      at: time,
    }),
  ),
  keptBy: z.string().nullable(),
  keptCopies: z.int(),
  draftingUnit: z.string().nullable(),
  draftingAssignedBy: z.string().nullable(),
  signedAt: time.nullable(),
  issuedAt: time.nullable(),
  dispatchedAt: time.nullable(),
  /** The presentation that is open or was the last. */
  presentation: presentationView.nullable(),
})

export function viewOutgoing(
  outgoing: OutgoingPart,
  presentations: readonly Presentation[],
  paperDispatches: readonly PaperDispatch[],
): z.input<typeof outgoingView> {
  const last = presentations.at(-1)
  return {
    council: outgoing.council,
    normative: outgoing.normative,
    inReplyTo: outgoing.inReplyTo,
    paper: outgoing.paper === null ? null : { ...outgoing.paper, recipients: [...outgoing.paper.recipients] },
    paperDispatches: paperDispatches.map((one) => ({
      ...one,
      recipients: [...one.recipients],
      at: one.at.toISOString(),
    })),
    keptBy: outgoing.keptBy,
    keptCopies: outgoing.keptCopies,
    draftingUnit: outgoing.draftingUnit,
    draftingAssignedBy: outgoing.draftingAssignedBy,
    signedAt: outgoing.signedAt?.toISOString() ?? null,
    issuedAt: outgoing.issuedAt?.toISOString() ?? null,
    dispatchedAt: outgoing.dispatchedAt?.toISOString() ?? null,
    presentation: last === undefined ? null : viewPresentation(last),
  }
}
