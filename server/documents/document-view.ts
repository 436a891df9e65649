/** How documents look to clients of the API: their schemas, and how rows become them. */
import { z } from 'zod'
import { markPlaces } from '../pages/mark-places.ts'
import { documentStates } from './document.ts'
import { documentOrigin } from './document-origin.ts'
import { documentRelations } from './document-relations.ts'
import type { DocumentRow } from './document-store.ts'
import { examinationView, viewExamination } from './examination-view.ts'
import { outgoingView, viewOutgoing } from './outgoing-part-view.ts'
import type { DocumentDetails } from './read-document.ts'
import { recallStates } from './recall.ts'
import type { StoredReport } from './report-store.ts'
import type { Revision } from './revision-store.ts'

const time = z.iso.datetime()
const date = z.iso.date()

export const documentSummary = z.strictObject({
  id: z.uuid(),
  direction: z.enum(['outgoing', 'incoming']),
  state: z.enum(documentStates),
  kind: z.string(),
  subject: z.string(),
  /** Số as printed, null before it is assigned; ký hiệu. */
  code: z.strictObject({ number: z.string().nullable(), notation: z.string() }),
  promulgationDate: date.nullable(),
  place: z.string().nullable(),
  urgency: z.int(),
  dueDate: date.nullable(),
  signer: z.strictObject({
    name: z.string(),
    position: z.string().nullable(),
    competence: z.string().nullable(),
  }),
  recipients: z.array(z.string()),
  documentCode: z.string().nullable(),
  createdAt: time,
  version: z.int(),
  restricted: z.boolean(),
  /** Of the message that brought it: 0 new, 1 recall, 2 update, 3 replacement. */
  businessType: z.int(),
  /** ordered: recalled by the own agency. Received ones: requested, agreed, declined. */
  recall: z.enum(recallStates).nullable(),
  replacedBy: z.uuid().nullable(),
  incoming: z
    .strictObject({
      envelopeSha256: z.string(),
      senderCode: z.string(),
      senderName: z.string().nullable(),
      recipientCode: z.string(),
      indication: z.string().nullable(),
      subIndication: z.string().nullable(),
      senderMatches: z.boolean().nullable(),
      number: z.int().nullable(),
      year: z.int().nullable(),
      refusal: z.strictObject({ reason: z.string(), text: z.string() }).nullable(),
      registeredAt: time.nullable(),
      handlingDue: date.nullable(),
      handler: z.strictObject({ userId: z.uuid().nullable(), name: z.string() }).nullable(),
      secretMark: z.string().nullable(),
    })
    .nullable(),
})

const revisionView = z.strictObject({
  revision: z.int(),
  kind: z.enum(['draft', 'individual', 'fill', 'issued', 'received']),
  sha256: z.string(),
  length: z.int(),
  name: z.string(),
  addedAt: time,
  signature: z
    .strictObject({
      field: z.string(),
      subject: z.string(),
      indication: z.string(),
      subIndication: z.string().nullable(),
    })
    .nullable(),
  /** Of a draft signed in another program: the boxes for number and date and for those who are still to sign. */
  places: markPlaces.optional(),
})

const assignmentView = z.strictObject({
  lead: z.string(),
  cooperating: z.array(z.string()),
  instruction: z.string(),
  dueDate: date.nullable(),
  assignedAt: time,
})

export const documentDetails = documentSummary.extend({
  revisions: z.array(revisionView),
  assignments: z.array(assignmentView),
  duplicates: z.array(z.uuid()),
  outgoing: outgoingView.nullable(),
  origin: documentOrigin,
  relations: documentRelations,
})

export const documentPage = z.strictObject({
  items: z.array(documentSummary),
  next: z.string().nullable(),
})

/** The report itself is that of `congvan verify --json` without the file's name. */
export const reportView = z.strictObject({
  revision: z.int(),
  madeAt: time,
  policy: z.strictObject({
    profile: z.string(),
    time,
    anchors: z.array(z.string()),
    untrusted: z.array(z.string()),
    crls: z.array(z.string()),
  }),
  report: z.looseObject({
    indication: z.string(),
    subIndication: z.string().nullable(),
    signatures: z.array(z.looseObject({ id: z.string(), indication: z.string() })),
  }),
  senderMatches: z.boolean().nullable(),
  /** Authenticity, integrity and completeness as separate findings; null in reports made before they were kept. */
  examination: examinationView.nullable(),
})

export function viewSummary(document: DocumentRow): z.input<typeof documentSummary> {
  return {
    id: document.id,
    direction: document.direction,
    state: document.state,
    kind: document.kind,
    subject: document.subject,
    code: { number: document.codeNumber, notation: document.codeNotation },
    promulgationDate: document.promulgationDate,
    place: document.place,
    urgency: document.urgency,
    dueDate: document.dueDate,
    signer: document.signer,
    recipients: [...document.recipients],
    documentCode: document.documentCode,
    createdAt: document.createdAt.toISOString(),
    version: document.version,
    restricted: document.restricted,
    businessType: document.businessType,
    recall: document.recall,
    replacedBy: document.replacedBy,
    incoming: document.incoming,
  }
}

function viewRevision(one: Revision): z.input<typeof revisionView> {
  const { signature } = one
  return {
    revision: one.revision,
    kind: one.kind,
    sha256: one.sha256,
    length: one.length,
    name: one.name,
    addedAt: one.addedAt.toISOString(),
    signature:
      signature === null
        ? null
        : {
            field: signature.field,
            subject: signature.subject,
            indication: signature.indication,
            subIndication: signature.subIndication,
          },
    ...(one.places === undefined ? {} : { places: one.places }),
  }
}

export function viewDetails(details: DocumentDetails): z.input<typeof documentDetails> {
  return {
    ...viewSummary(details.document),
    revisions: details.revisions.map(viewRevision),
    assignments: details.assignments.map((one) => ({
      lead: one.lead,
      cooperating: [...one.cooperating],
      instruction: one.instruction,
      dueDate: one.dueDate,
      assignedAt: one.assignedAt.toISOString(),
    })),
    duplicates: [...details.duplicates],
    outgoing:
      details.outgoing === undefined
        ? null
        : viewOutgoing(details.outgoing, details.presentations, details.paperDispatches),
    origin: details.origin,
    relations: details.relations,
  }
}

export function viewReport(stored: StoredReport): z.input<typeof reportView> {
  return {
    revision: stored.revision,
    madeAt: stored.madeAt.toISOString(),
    policy: {
      profile: stored.policy.profile,
      time: stored.policy.time,
      anchors: [...stored.policy.anchors],
      untrusted: [...stored.policy.untrusted],
      crls: [...stored.policy.crls],
    },
    report: { ...stored.report, signatures: stored.report.signatures.map((one) => ({ ...one })) },
    senderMatches: stored.senderMatches,
    examination: stored.examination === null ? null : viewExamination(stored.examination),
  }
}
