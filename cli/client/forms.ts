/** What the client reads of a node's answers. Unknown members are left alone: a newer node may say more. */
import { z } from 'zod'

export const documentForm = z.object({
  id: z.uuid(),
  direction: z.enum(['outgoing', 'incoming']),
  state: z.string(),
  kind: z.string(),
  subject: z.string(),
  code: z.object({ number: z.string().nullable(), notation: z.string() }),
  promulgationDate: z.string().nullable(),
  documentCode: z.string().nullable(),
  createdAt: z.string(),
  incoming: z
    .object({
      senderCode: z.string(),
      senderName: z.string().nullable(),
      indication: z.string().nullable(),
      subIndication: z.string().nullable(),
      number: z.int().nullable(),
      // Older nodes do not say these.
      senderMatches: z.boolean().nullish(),
      handlingDue: z.string().nullish(),
      secretMark: z.string().nullish(),
    })
    .nullable(),
  urgency: z.int().optional(),
  dueDate: z.string().nullish(),
  // Older nodes know no recall.
  recall: z.string().nullish(),
  replacedBy: z.string().nullish(),
})
export type Document = z.output<typeof documentForm>

const box = z.object({
  page: z.int(),
  left: z.number(),
  bottom: z.number(),
  width: z.number(),
  height: z.number(),
})

const other = z.string().nullable()

const relationsForm = z.looseObject({
  replaces: z.array(z.object({ code: z.string(), id: other, kindDiffers: z.boolean() })),
  corrects: z.array(z.object({ code: z.string(), id: other })),
  replacedBy: z.array(z.object({ id: other, kindDiffers: z.boolean() })),
  correctedBy: z.array(other),
  updates: z.array(z.object({ code: z.string(), id: other })).optional(),
  updatedBy: z.array(other).optional(),
  requests: z.array(
    z.object({
      type: z.string(),
      state: z.string(),
      reason: z.string().nullish(),
      change: z.object({ dueDate: z.string().nullish() }).nullish(),
      asksPaper: z.boolean().optional(),
    }),
  ),
  paperReturns: z
    .array(z.object({ party: z.string(), copies: z.int(), on: z.string().nullable() }))
    .optional(),
  asks: z
    .object({ type: z.string(), state: z.string(), code: z.string(), notTheIssuer: z.boolean() })
    .nullable(),
})

export const detailsForm = documentForm.extend({
  /** What only an outgoing document has. Older nodes say less of it. */
  outgoing: z.looseObject({ council: z.string().nullish(), normative: z.boolean().optional() }).nullish(),
  /** How it stands to other documents; older nodes do not say it. */
  relations: relationsForm.optional(),
  revisions: z.array(
    z.object({
      revision: z.int(),
      kind: z.string(),
      sha256: z.string(),
      name: z.string(),
      signature: z.object({ subject: z.string() }).nullish(),
      places: z.object({ individuals: z.array(box.nullable()) }).nullish(),
    }),
  ),
})
export type DocumentDetails = z.output<typeof detailsForm>

/** What is shown of a document before it is sent. */
export const summaryForm = documentForm.extend({ urgency: z.int(), recipients: z.array(z.string()) })

export const pageForm = z.object({ items: z.array(documentForm), next: z.string().nullable() })
export const stateForm = z.object({ id: z.uuid(), state: z.string() })
export const numberedForm = stateForm.extend({
  number: z.string(),
  date: z.string(),
  mark: z
    .object({
      text: z.object({ code: z.string(), placeAndDate: z.string(), agency: z.string() }),
      place: box,
      sealDiameterMm: z.number(),
    })
    .optional(),
})
export type Numbered = z.output<typeof numberedForm>
export const revisionForm = stateForm.extend({ sha256: z.string(), indication: z.string() })
export const acceptedForm = stateForm.extend({ incomingNumber: z.int() })
export const revisionOfFile = z.object({ position: z.int(), sha256: z.string(), indication: z.string() })
