import { z } from 'zod'
import type { NodeContext } from '../context.ts'
import { uuidParams } from '../http/mount.ts'
import { asUser, type Route, route } from '../http/route.ts'
import { acceptDocument } from './accept-document.ts'
import { documentStates } from './document.ts'
import type { DocumentServices } from './document-services.ts'
import { assignDocument, completeDocument, startProcessing } from './process-document.ts'
import { refusalReasonCodes, refuseDocument } from './refuse-document.ts'
import { verifyIncoming } from './verify-incoming.ts'

const tag = 'documents'

const processed = z.strictObject({ id: z.uuid(), state: z.enum(documentStates) })
const words = (max: number) => z.string().trim().min(1).max(max)

/**
 * What a recipient's clerk does with an incoming document; each act tells the sender its status. Verification runs by
 * itself on arrival; the clerk can ask for it where its jobs were lost.
 */
export function incomingRoutes(context: NodeContext, services: DocumentServices): Route[] {
  return [
    route({
      method: 'post',
      path: '/documents/:id/verification',
      access: { permission: 'document.accept' },
      summary: {
        vi: 'Kiểm tra chữ ký số của văn bản đến chưa được kiểm tra',
        en: 'Verify an incoming document that was not verified yet',
      },
      tag,
      params: uuidParams,
      body: z.strictObject({}),
      response: z.strictObject({
        state: z.enum(documentStates),
        indication: z.string().nullable(),
        subIndication: z.string().nullable(),
      }),
      handle: ({ actor, params }) =>
        verifyIncoming(context, services, { agencyId: asUser(actor).agencyId, documentId: params.id }),
    }),
    route({
      method: 'post',
      path: '/documents/:id/accept',
      access: { permission: 'document.accept' },
      summary: {
        vi: 'Tiếp nhận, vào sổ văn bản đến (03)',
        en: 'Accept and register an incoming document (03)',
      },
      tag,
      params: uuidParams,
      body: z.strictObject({ acceptIndeterminate: z.boolean().default(false) }),
      response: z.strictObject({
        id: z.uuid(),
        state: z.literal('accepted'),
        incomingNumber: z.int(),
        year: z.int(),
        date: z.iso.date(),
      }),
      handle: ({ actor, params, body }) =>
        acceptDocument(context, services, asUser(actor), { id: params.id, ...body }),
    }),
    route({
      method: 'post',
      path: '/documents/:id/refuse',
      access: { permission: 'document.refuse' },
      summary: {
        vi: 'Từ chối tiếp nhận, trả lại kèm lý do (02)',
        en: 'Refuse and return with a reason (02)',
      },
      tag,
      params: uuidParams,
      body: z.strictObject({
        reason: z.enum(refusalReasonCodes),
        text: z.string().trim().max(400).default(''),
      }),
      response: z.strictObject({ id: z.uuid(), state: z.literal('refused') }),
      handle: ({ actor, params, body }) =>
        refuseDocument(context, services, asUser(actor), { id: params.id, ...body }),
    }),
    route({
      method: 'post',
      path: '/documents/:id/assign',
      access: { permission: 'document.assign' },
      summary: { vi: 'Phân công xử lý (04)', en: 'Assign (04)' },
      tag,
      params: uuidParams,
      body: z.strictObject({
        lead: words(200),
        cooperating: z.array(words(200)).max(50).default([]),
        instruction: z.string().trim().max(1000).default(''),
        dueDate: z.iso.date().nullable().default(null),
      }),
      response: processed,
      handle: ({ actor, params, body }) =>
        assignDocument(context, services, asUser(actor), { id: params.id, ...body }),
    }),
    route({
      method: 'post',
      path: '/documents/:id/processing',
      access: { permission: 'document.process' },
      summary: { vi: 'Bắt đầu xử lý (05)', en: 'Start processing (05)' },
      tag,
      params: uuidParams,
      body: z.strictObject({}),
      response: processed,
      handle: ({ actor, params }) => startProcessing(context, services, asUser(actor), params.id),
    }),
    route({
      method: 'post',
      path: '/documents/:id/complete',
      access: { permission: 'document.process' },
      summary: { vi: 'Hoàn thành xử lý (06)', en: 'Complete (06)' },
      tag,
      params: uuidParams,
      body: z.strictObject({}),
      response: processed,
      handle: ({ actor, params }) => completeDocument(context, services, asUser(actor), params.id),
    }),
  ]
}
