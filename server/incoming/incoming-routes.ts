import { z } from 'zod'
import type { NodeContext } from '../context.ts'
import { documentStates } from '../documents/document.ts'
import { requireReadable } from '../documents/document-access-store.ts'
import type { DocumentServices } from '../documents/document-services.ts'
import { handlingRoutes } from '../handling/handling-routes.ts'
import { uuidParams } from '../http/mount.ts'
import { asUser, type Route, requireVersion, route } from '../http/route.ts'
import { acceptDocument } from './accept-document.ts'
import { refusalReasonCodes, refuseDocument } from './refuse-document.ts'
import { editRegistration, type RegistrationView, readRegistration } from './register-incoming.ts'
import { registrationEdit } from './registration.ts'
import { requestRoutes } from './request-routes.ts'
import { verifyIncoming } from './verify-incoming.ts'

const tag = 'documents'

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
      async handle({ actor, params }) {
        const { agencyId, userId } = asUser(actor)
        await context.db.asAgency({ agencyId, userId }, (trx) =>
          requireReadable(trx, asUser(actor), params.id),
        )
        return verifyIncoming(context, services, { agencyId, documentId: params.id })
      },
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
      precondition: 'optional',
      params: uuidParams,
      body: z.strictObject({
        acceptIndeterminate: z.boolean().default(false),
        duplicateReason: words(500).optional(),
        incompleteReason: words(500).optional(),
        fields: registrationEdit.optional(),
      }),
      response: z.strictObject({
        id: z.uuid(),
        state: z.literal('accepted'),
        incomingNumber: z.int(),
        year: z.int(),
        date: z.iso.date(),
      }),
      handle: ({ actor, params, body, ifMatch }) =>
        acceptDocument(context, services, asUser(actor), { id: params.id, ...body, ifMatch }),
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
      precondition: 'optional',
      params: uuidParams,
      body: z.strictObject({
        reason: z.enum(refusalReasonCodes),
        text: z.string().trim().max(400).default(''),
      }),
      response: z.strictObject({ id: z.uuid(), state: z.literal('refused') }),
      handle: ({ actor, params, body, ifMatch }) =>
        refuseDocument(context, services, asUser(actor), { id: params.id, ...body, ifMatch }),
    }),
    ...registrationRoutes(context),
    ...requestRoutes(context, services),
    ...handlingRoutes(context, services),
  ]
}

const registrationView = z.strictObject({
  version: z.int(),
  /** 2 and 13, 12: by the system. */
  arrivalDate: z.iso.datetime(),
  arrivalNumber: z.int().nullable(),
  fields: z.strictObject({
    typeName: z.string(),
    codeNumber: z.string().nullable(),
    codeNotation: z.string(),
    issuedDate: z.iso.date().nullable(),
    organName: z.string().nullable(),
    subject: z.string(),
    language: z.string(),
    pageAmount: z.int().nullable(),
    description: z.string().nullable(),
    position: z.string().nullable(),
    fullName: z.string(),
    priority: z.int(),
    dueDate: z.iso.date().nullable(),
  }),
  toPlaces: z.array(z.string()),
  trace: z.array(
    z.strictObject({ at: z.iso.datetime(), kind: z.string(), by: z.string(), text: z.string() }),
  ),
})

function viewRegistration(view: RegistrationView): z.input<typeof registrationView> {
  const { document, fields, toPlaces, trace } = view
  return {
    version: document.version,
    arrivalDate: document.createdAt.toISOString(),
    arrivalNumber: document.incoming?.number ?? null,
    fields,
    toPlaces: [...toPlaces],
    trace: trace.map((one) => ({ at: one.at, kind: one.kind, by: one.authorName, text: one.text })),
  }
}

function registrationRoutes(context: NodeContext): Route[] {
  return [
    route({
      method: 'get',
      path: '/documents/:id/registration',
      access: { permission: 'document.read' },
      summary: {
        vi: 'Thông tin đăng ký văn bản đến (Phụ lục VI, Phần II, II)',
        en: 'The fields of the incoming register (Phụ lục VI, Phần II, II)',
      },
      tag,
      params: uuidParams,
      response: registrationView,
      handle: async ({ actor, params }) =>
        viewRegistration(await readRegistration(context, asUser(actor), params.id)),
    }),
    route({
      method: 'put',
      path: '/documents/:id/registration',
      access: { permission: 'document.accept' },
      summary: {
        vi: 'Nhập thông tin đăng ký, trước khi tiếp nhận',
        en: 'Enter fields of the register, before acceptance',
      },
      tag,
      precondition: 'required',
      params: uuidParams,
      body: registrationEdit,
      response: registrationView,
      handle: async ({ actor, params, body, ifMatch }) => {
        const change = { id: params.id, fields: body }
        const current = (version: number) => requireVersion(version, ifMatch)
        return viewRegistration(await editRegistration(context, asUser(actor), change, current))
      },
    }),
  ]
}
