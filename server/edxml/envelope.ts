import { z } from 'zod'
import { businessDocTypes, receiverTypes } from './codes.ts'
import { calendarDate, duplicateKeys, integer, moment, organId, sha256, text } from './values.ts'

/**
 * The messages of edXML (QCVN 102:2016/BTTTT) in the form that nodes exchange.
 *
 * - *envelope*: one sealed XML file; its identity is the SHA-256 of its bytes.
 * - *document message*: brings a document; names sender (`from`) and recipients (`to`).
 * - *status message*: says what the recipient's clerk did; it has no recipient element, its target is
 *   `responseFor.organId`. For 13 (recall requested) the sender of the document writes it, to one recipient.
 * - *organ* (cơ quan): an agency, by code and name.
 * - *document id*: an opaque text, usually `OrganId,YYYY/MM/DD,Số/KýHiệu`. It is not unique to a message: a recall,
 *   update or replacement carries that of the original.
 * - *business*: `Bussiness` in the standard, sic; absent means a new document (type 0).
 * - *trace header*: agency and time of the origin. Nodes on the way add none, since that would break the seal; hops
 *   are told by receipts.
 * - *manifest*: the attachments by name, SHA-256 and length. The files travel beside the envelope.
 *
 * Property names are those of the elements. Lengths are those of NĐ 30/2020 Phụ lục VI Part II where it has them,
 * else those that existing software checks, else our own.
 */

/** The most recipients of one envelope. */
export const MAX_RECIPIENTS = 5_000

const organization = z.strictObject({
  organId,
  organizationInCharge: text(200).exactOptional(),
  organName: text(200),
  organAdd: text(250).exactOptional(),
  email: text(100).exactOptional(),
  telephone: text(20).exactOptional(),
  fax: text(20).exactOptional(),
  website: text(200).exactOptional(),
})
export type Organization = z.infer<typeof organization>

export const documentIdText = text(200)

/** The document that a message answers. `organId` routes; the text of the id does not. */
const responseFor = z.strictObject({
  organId,
  /** Số/KýHiệu as one text. */
  code: text(42),
  documentId: documentIdText,
  promulgationDate: calendarDate,
})
export type ResponseFor = z.infer<typeof responseFor>

const staffInfo = z.strictObject({
  department: text(200),
  departmentId: text(100).exactOptional(),
  staff: text(50),
  staffId: text(100).exactOptional(),
  email: text(100).exactOptional(),
  mobile: text(20).exactOptional(),
})
export type StaffInfo = z.infer<typeof staffInfo>

const otherInfo = z.strictObject({
  /** See `priorities`; a code of another table is kept. */
  priority: integer(0, 9).exactOptional(),
  sphereOfPromulgation: text(100).exactOptional(),
  typerNotation: text(10).exactOptional(),
  promulgationAmount: integer(0, 999).exactOptional(),
  pageAmount: integer(0, 999).exactOptional(),
  /** No source shows an inner structure of this element or of `referenceCodes`: both are carried as text. */
  replyFors: text(1000).exactOptional(),
  direction: z.boolean().exactOptional(),
  referenceCodes: text(1000).exactOptional(),
  appendixes: z.array(text(250)).min(1).max(100).exactOptional(),
})
export type OtherInfo = z.infer<typeof otherInfo>

function codeOf<Code extends number>(table: Readonly<Record<Code, unknown>>) {
  return z.literal(Object.keys(table).map(Number) as Code[], {
    error: `phải là một trong / must be one of ${Object.keys(table).join(', ')}`,
  })
}

const flag = integer(0, 1)

const business = z.strictObject({
  /** Seen in messages of type 0 and 2; not a sure target of a recall. */
  documentId: documentIdText.exactOptional(),
  businessDocType: codeOf(businessDocTypes),
  businessDocReason: text(500, { multiline: true }).exactOptional(),
  /** Sources disagree on its meaning; carried as it is. */
  paper: integer(0, 9999).exactOptional(),
  /** Of an update: which part changes (1) and how the recipients do. */
  businessDocumentInfo: z
    .strictObject({
      documentInfo: flag,
      documentReceiver: flag,
      receiverList: z
        .array(z.strictObject({ organId, receiverType: codeOf(receiverTypes) }))
        .min(1)
        .max(MAX_RECIPIENTS)
        .exactOptional(),
    })
    .exactOptional(),
  /** Of a replacement: what is replaced, and for which agencies (none named: for all). */
  replacementInfoList: z
    .array(
      z.strictObject({
        documentId: documentIdText,
        organIdList: z.array(organId).min(1).max(MAX_RECIPIENTS).exactOptional(),
      }),
    )
    .min(1)
    .max(100)
    .exactOptional(),
  staffInfo: staffInfo.exactOptional(),
})
export type Business = z.infer<typeof business>

/** The name of a file as shown; never a path. */
const attachmentName = text(200).regex(
  /^(?!\.{1,2}$)[^/\\]+$/,
  'phải là tên tệp, không phải đường dẫn / must be a file name, not a path',
)

const attachment = z.strictObject({
  contentId: z
    .string()
    .regex(/^cid:[0-9A-Za-z][0-9A-Za-z-]{0,63}$/, 'phải có dạng cid:<uuid> / must have the form cid:<uuid>'),
  contentType: z
    .string()
    .regex(
      /^[a-z0-9][a-z0-9!#$&^_.+-]{0,63}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,99}$/,
      'phải là kiểu MIME viết thường / must be a media type in lower case',
    ),
  description: text(500).exactOptional(),
  attachmentName,
  sha256,
  /** In bytes. */
  length: integer(0, Number.MAX_SAFE_INTEGER),
})
export type Attachment = z.infer<typeof attachment>

/** A moment to the second, written in the time of Việt Nam without zone. */
const timestamp = moment

export const documentMessage = z
  .strictObject({
    from: organization,
    to: z.array(organization).min(1).max(MAX_RECIPIENTS),
    documentId: documentIdText,
    code: z.strictObject({ codeNumber: text(11), codeNotation: text(30) }),
    promulgationInfo: z.strictObject({ place: text(50).exactOptional(), promulgationDate: calendarDate }),
    /** Trust `typeName`: sources disagree on the two numbers. */
    documentType: z.strictObject({
      type: integer(0, 999),
      typeDetail: integer(0, 999).exactOptional(),
      typeName: text(100),
    }),
    subject: text(500),
    content: text(4000, { multiline: true }).exactOptional(),
    signerInfo: z.strictObject({
      competence: text(100).exactOptional(),
      position: text(100).exactOptional(),
      fullName: text(50),
    }),
    dueDate: calendarDate.exactOptional(),
    otherInfo: otherInfo.exactOptional(),
    responseFor: z.array(responseFor).max(100),
    /** See `steeringTypes`; another code is kept. */
    steeringType: integer(0, 9).exactOptional(),
    responseForTask: z.array(text(100)).min(1).max(100).exactOptional(),
    applicationType: text(100).exactOptional(),
    /** Free text beside the recipients proper ("Nơi nhận"). */
    toPlaces: z.array(text(150)).min(1).max(1000).exactOptional(),
    business: business.exactOptional(),
    traceHeaders: z
      .array(z.strictObject({ organId: organId.exactOptional(), timestamp }))
      .min(1)
      .max(16),
    /** No node consigns the document after this moment. */
    notAfter: moment,
    attachments: z.array(attachment).max(100),
  })
  .check((context) => {
    const { to, attachments } = context.value
    const refuse = (path: (string | number)[]) =>
      context.issues.push({
        code: 'custom',
        message: 'bị trùng / is a duplicate',
        input: context.value,
        path,
      })
    for (const at of duplicateKeys(to.map((one) => one.organId))) refuse(['to', at, 'organId'])
    for (const at of duplicateKeys(attachments.map((one) => one.contentId))) {
      refuse(['attachments', at, 'contentId'])
    }
  })
export type DocumentMessage = z.infer<typeof documentMessage>

export const statusMessage = z.strictObject({
  from: organization,
  responseFor,
  staffInfo: staffInfo.exactOptional(),
  /** See `statusCodes`; two digits of no table are kept on reading and never written. */
  statusCode: z.string().regex(/^[0-9]{2}$/, 'phải là hai chữ số / must be two digits'),
  description: text(500, { multiline: true }).exactOptional(),
  timestamp,
})
export type StatusMessage = z.infer<typeof statusMessage>

/**
 * The customary id of a document: `OrganId,YYYY/MM/DD,Số/KýHiệu`.
 *
 * @param promulgationDate `YYYY-MM-DD`
 */
export function formatDocumentId(document: {
  organId: string
  promulgationDate: string
  codeNumber: string
  codeNotation: string
}): string {
  const { organId: code, promulgationDate, codeNumber, codeNotation } = document
  return `${code},${promulgationDate.replaceAll('-', '/')},${codeNumber}/${codeNotation}`
}
