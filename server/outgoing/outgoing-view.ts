/** How the work on outgoing documents looks to clients of the API. */
import { z } from 'zod'
import { checkKinds } from '../documents/agency-settings.ts'
import type { Authorisation } from '../documents/authorisation-store.ts'
import { authorisedPrefixes } from '../documents/authorisation-store.ts'
import { documentStates } from '../documents/document.ts'
import { presentationView, viewPresentation } from '../documents/outgoing-part-view.ts'
import type { WaitingDocument } from '../documents/presentation-store.ts'
import type { History } from './document-history.ts'
import type { LateDocument } from './late-documents.ts'

const time = z.iso.datetime()
const date = z.iso.date()
const person = z.strictObject({ userId: z.uuid(), name: z.string() })

export const waitingView = z.strictObject({
  items: z.array(
    z.strictObject({
      id: z.uuid(),
      kind: z.string(),
      subject: z.string(),
      urgency: z.int(),
      revision: z.int(),
      position: z.int(),
      presentedAt: time,
      presentedByName: z.string(),
      turn: z.boolean(),
    }),
  ),
})

export function viewWaiting(one: WaitingDocument) {
  return { ...one, presentedAt: one.presentedAt.toISOString() }
}

export const latePage = z.strictObject({
  items: z.array(
    z.strictObject({
      id: z.uuid(),
      state: z.enum(documentStates),
      kind: z.string(),
      subject: z.string(),
      code: z.strictObject({ number: z.string().nullable(), notation: z.string() }),
      urgency: z.int(),
      signedAt: time,
      dueOn: date,
      responsible: z.array(person),
    }),
  ),
  next: z.string().nullable(),
  /** Years without a calendar of working days that the list rests on. */
  warning: z.strictObject({ code: z.literal('CALENDAR_INCOMPLETE'), years: z.array(z.int()) }).nullable(),
})

export function viewLate(one: LateDocument): z.input<typeof latePage>['items'][number] {
  return {
    id: one.id,
    state: one.state,
    kind: one.kind,
    subject: one.subject,
    code: { number: one.codeNumber, notation: one.codeNotation },
    urgency: one.urgency,
    signedAt: one.signedAt.toISOString(),
    dueOn: one.dueOn,
    responsible: [...one.responsible],
  }
}

export const historyView = z.strictObject({
  steps: z.array(
    z.strictObject({
      at: time,
      kind: z.string(),
      by: person.nullable(),
      facts: z.record(z.string(), z.unknown()),
    }),
  ),
  next: z.string().nullable(),
  presentations: z.array(presentationView),
  checks: z.array(
    z.strictObject({
      kind: z.enum(checkKinds),
      revision: z.int(),
      passed: z.boolean(),
      remark: z.string().nullable(),
      by: person,
      at: time,
    }),
  ),
  comments: z.array(
    z.strictObject({
      id: z.uuid(),
      revision: z.int().nullable(),
      comment: z.string(),
      by: person,
      at: time,
    }),
  ),
})

export function viewHistory(history: History): z.input<typeof historyView> {
  return {
    steps: history.steps.map(({ at, kind, by, facts }) => ({ at: at.toISOString(), kind, by, facts })),
    next: history.next,
    presentations: history.presentations.map(viewPresentation),
    checks: history.checks.map((one) => ({
      kind: one.kind,
      revision: one.revision,
      passed: one.passed,
      remark: one.remark,
      by: { userId: one.checkedBy, name: one.checkedByName },
      at: one.checkedAt.toISOString(),
    })),
    comments: history.comments.map((one) => ({
      id: one.id,
      revision: one.revision,
      comment: one.comment,
      by: { userId: one.authorId, name: one.authorName },
      at: one.madeAt.toISOString(),
    })),
  }
}

export const authorisationView = z.strictObject({
  id: z.uuid(),
  prefix: z.enum(authorisedPrefixes),
  holder: person,
  basis: z.string(),
  basisDocument: z.uuid().nullable(),
  scope: z.string(),
  kinds: z.array(z.string()),
  validFrom: date,
  validTo: date.nullable(),
  grantedAt: time,
  revokedAt: time.nullable(),
})

export function viewAuthorisation(one: Authorisation): z.input<typeof authorisationView> {
  return {
    id: one.id,
    prefix: one.prefix,
    holder: { userId: one.holderId, name: one.holderName },
    basis: one.basis,
    basisDocument: one.basisDocument,
    scope: one.scope,
    kinds: [...one.kinds],
    validFrom: one.validFrom,
    validTo: one.validTo,
    grantedAt: one.grantedAt.toISOString(),
    revokedAt: one.revokedAt?.toISOString() ?? null,
  }
}
