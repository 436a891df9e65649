import { z } from 'zod'
import type { NodeContext } from '../context.ts'
import type { DocumentServices } from '../documents/document-services.ts'
import { uuidParams } from '../http/mount.ts'
import { asUser, bytesBody, type Route, route } from '../http/route.ts'
import { markPlaces } from '../pages/mark-places.ts'
import { addSignature } from './add-signature.ts'
import { cancelDocument } from './cancel-document.ts'
import { draftDocument } from './draft-document.ts'
import { draftMetadata } from './draft-metadata.ts'
import { draftRoutes } from './draft-routes.ts'
import { endQuarantine } from './end-quarantine.ts'
import { fileRoutes } from './file-routes.ts'
import { issueDocument } from './issue-document.ts'
import { letterParts, letterQuery } from './letter-query.ts'
import { numberDocument } from './number-document.ts'
import { settingsRoutes } from './settings-routes.ts'
import { uploadDraft } from './upload-draft.ts'

const tag = 'documents'
const PDF = 'application/pdf'

const signed = {
  id: z.uuid(),
  revision: z.int(),
  sha256: z.string(),
  indication: z.string(),
  subIndication: z.string().nullable(),
}

/** Outgoing documents below `/api/v1`: settings of the agency, drafting, signing, numbering and issuing. */
export function outgoingRoutes(context: NodeContext, services: DocumentServices): Route[] {
  return [
    ...settingsRoutes(context),
    ...draftRoutes(context, services),
    ...issuingRoutes(context, services),
    ...fileRoutes(context, services),
  ]
}

function issuingRoutes(context: NodeContext, services: DocumentServices): Route[] {
  const pdf = bytesBody(PDF, context.limits.fileBytes)
  return [
    route({
      method: 'post',
      path: '/documents',
      access: { permission: 'document.draft' },
      summary: {
        vi: 'Tạo dự thảo văn bản đi (vào vùng cách ly)',
        en: 'Draft an outgoing document (in quarantine)',
      },
      tag,
      body: draftMetadata,
      response: z.strictObject({ id: z.uuid(), state: z.literal('quarantined') }),
      status: 201,
      handle: ({ actor, body }) => draftDocument(context, asUser(actor), body),
    }),
    route({
      method: 'post',
      path: '/documents/:id/file',
      access: { permission: 'document.draft' },
      summary: {
        vi: 'Tải tệp PDF lên: chưa ký, hoặc đã được cá nhân ký bằng phần mềm khác',
        en: 'Upload the PDF: unsigned, or signed by individuals in another program',
      },
      tag,
      params: uuidParams,
      query: z.strictObject(letterQuery),
      body: pdf,
      response: z.strictObject({ id: z.uuid(), state: z.literal('quarantined') }),
      handle: ({ actor, params, query, body }) =>
        uploadDraft(context, services, asUser(actor), { id: params.id, bytes: body, ...letterParts(query) }),
    }),
    route({
      method: 'post',
      path: '/documents/:id/declaration',
      access: { permission: 'document.draft' },
      summary: {
        vi: 'Cam kết văn bản có hay không có bí mật nhà nước; kết thúc cách ly',
        en: 'Declare whether it holds a state secret; ends the quarantine',
      },
      tag,
      params: uuidParams,
      body: z.strictObject({ stateSecret: z.boolean(), scanDeclared: z.boolean().default(false) }),
      response: z.strictObject({ id: z.uuid(), state: z.enum(['draft', 'erased']) }),
      handle: ({ actor, params, body }) =>
        endQuarantine(context, services, asUser(actor), { id: params.id, ...body }),
    }),
    route({
      method: 'post',
      path: '/documents/:id/signatures',
      access: { permission: 'document.sign' },
      summary: {
        vi: 'Tải bản đã được người có thẩm quyền ký số lên',
        en: 'Upload the revision signed by the person with authority',
      },
      tag,
      params: uuidParams,
      body: pdf,
      response: z.strictObject({ ...signed, state: z.enum(['presented', 'signed']) }),
      status: 201,
      handle: ({ actor, params, body }) =>
        addSignature(context, services, asUser(actor), { id: params.id, bytes: body }),
    }),
    route({
      method: 'post',
      path: '/documents/:id/number',
      access: { permission: 'document.number' },
      summary: {
        vi: 'Cấp số, ngày và ghi lên văn bản',
        en: 'Assign number and date and write them on the page',
      },
      tag,
      params: uuidParams,
      body: z.strictObject({}),
      response: z.strictObject({
        id: z.uuid(),
        state: z.literal('numbered'),
        number: z.string(),
        date: z.iso.date(),
        revision: z.int(),
        sha256: z.string(),
        /** Of a document signed elsewhere: what the agency's signature has to show, and where. */
        mark: z
          .strictObject({
            text: z.strictObject({ code: z.string(), placeAndDate: z.string(), agency: z.string() }),
            place: markPlaces.shape.number,
            /** Real diameter of the agency's seal. */
            sealDiameterMm: z.number(),
          })
          .optional(),
      }),
      handle: ({ actor, params }) => numberDocument(context, services, asUser(actor), params.id),
    }),
    route({
      method: 'post',
      path: '/documents/:id/issue',
      access: { permission: 'document.issue' },
      summary: {
        vi: 'Tải bản có chữ ký số của cơ quan lên; phát hành',
        en: 'Upload the revision signed by the agency; issues the document',
      },
      tag,
      params: uuidParams,
      body: pdf,
      response: z.strictObject({ ...signed, state: z.literal('issued'), documentCode: z.string() }),
      status: 201,
      handle: ({ actor, params, body }) =>
        issueDocument(context, services, asUser(actor), { id: params.id, bytes: body }),
    }),
    route({
      method: 'post',
      path: '/documents/:id/cancel',
      access: { permission: 'document.draft' },
      summary: { vi: 'Hủy văn bản chưa phát hành', en: 'Cancel a document that is not issued yet' },
      tag,
      params: uuidParams,
      body: z.strictObject({ reason: z.string().trim().min(1).max(500) }),
      response: z.strictObject({
        id: z.uuid(),
        state: z.literal('cancelled'),
        numberCancelled: z.boolean(),
      }),
      handle: ({ actor, params, body }) => cancelDocument(context, asUser(actor), { id: params.id, ...body }),
    }),
  ]
}
